"""Contacts: list, form, search and menus."""

from __future__ import annotations

from server import _
from server.views import Action, Field, Filter, FormView, Group, GroupBy, History, ListView, Menu, Notebook, Page, SearchView

ListView(
    "res.partner.list",
    model="res.partner",
    label=_("Contacts"),
    fields=[
        Field("complete_name"),
        Field("ref", optional="show"),
        Field("vat"),
        Field("email"),
        Field("phone"),
        Field("city"),
        Field("state_id", optional="show"),
        Field("country_id", optional="hide"),
        Field("category_id", optional="hide"),
        Field("company_id", optional="hide", groups="base.group_multi_company"),
    ],
    decorations={"muted": [("active", "=", False)]},
)

FormView(
    "res.partner.form",
    model="res.partner",
    body=[
        Group(
            "head",
            Field("company_type"),
            Field("name"),
            Field("parent_id", invisible=[("is_company", "=", True)]),
            Field("ref"),
            Field("category_id"),
        ),
        Group(
            "address",
            Field("type", invisible=[("parent_id", "=", False)]),
            Field("street"),
            Field("street2"),
            Field("zip"),
            Field("city"),
            Field("state_id"),
            Field("country_id"),
            label=_("Address"),
        ),
        Group("identity", Field("vat"), Field("company_registry", invisible=[("is_company", "=", False)]), label=_("Identity")),
        Group(
            "reach",
            Field("phone"),
            Field("mobile"),
            Field("email", widget="email"),
            Field("website", widget="url"),
            Field("title", invisible=[("is_company", "=", True)]),
            Field("function", invisible=[("is_company", "=", True)]),
            Field("lang"),
            label=_("Reach"),
        ),
        Notebook(
            "book",
            Page(
                "contacts",
                _("Contacts and addresses"),
                Field(
                    "child_ids",
                    columns=[Field("name"), Field("type"), Field("function"), Field("email"), Field("phone"), Field("city")],
                ),
            ),
            Page(
                "sales",
                _("Sales and purchases"),
                Group("seller", Field("user_id"), Field("company_id", groups="base.group_multi_company")),
            ),
            Page(
                "banks",
                _("Bank accounts"),
                Field("bank_ids", columns=[Field("bank_id"), Field("acc_number"), Field("currency_id")]),
            ),
            Page("notes", _("Notes"), Field("comment", nolabel=True)),
        ),
        History(),
    ],
)

SearchView(
    "res.partner.search",
    model="res.partner",
    fields=[
        Field("complete_name"),
        Field("vat"),
        Field("ref"),
        Field("email"),
        Field("phone"),
        Field("city"),
        Field("category_id"),
        Field("user_id"),
    ],
    filters=[
        Filter("companies", _("Companies"), [("is_company", "=", True)]),
        Filter("persons", _("Persons"), [("is_company", "=", False)]),
        Filter("mine", _("My contacts"), [("user_id", "=", "user.id")]),
        Filter("archived", _("Archived"), [("active", "=", False)]),
    ],
    group_bys=[GroupBy("state_id", _("State")), GroupBy("country_id", _("Country")), GroupBy("user_id", _("Salesperson"))],
)

ListView(
    "res.partner.category.list",
    model="res.partner.category",
    label=_("Contact tags"),
    fields=[Field("display_name"), Field("parent_id"), Field("color", optional="hide")],
)
FormView(
    "res.partner.category.form",
    model="res.partner.category",
    body=[Group("main", Field("name"), Field("parent_id"), Field("color"), Field("active"))],
)
SearchView(
    "res.partner.category.search",
    model="res.partner.category",
    fields=[Field("name")],
    filters=[Filter("archived", _("Archived"), [("active", "=", False)])],
)

ListView(
    "res.partner.bank.list",
    model="res.partner.bank",
    label=_("Bank accounts"),
    fields=[Field("acc_number"), Field("bank_id"), Field("partner_id"), Field("currency_id")],
)
FormView(
    "res.partner.bank.form",
    model="res.partner.bank",
    body=[
        Group("main", Field("acc_number"), Field("bank_id"), Field("partner_id"), Field("currency_id"), Field("active")),
        History(),
    ],
)

Action("base.action_partner", _("Contacts"), model="res.partner", views=("list", "form"))
Action("base.action_partner_category", _("Contact tags"), model="res.partner.category", views=("list", "form"))
Action("base.action_partner_bank", _("Bank accounts"), model="res.partner.bank", views=("list", "form"))
Menu("base.menu_contacts_root", _("Contacts"), sequence=10)
Menu("base.menu_contacts", _("Contacts"), parent="base.menu_contacts_root", action="base.action_partner", sequence=10)
Menu("base.menu_contacts_configuration", _("Configuration"), parent="base.menu_contacts_root", sequence=90)
Menu(
    "base.menu_partner_category",
    _("Tags"),
    parent="base.menu_contacts_configuration",
    action="base.action_partner_category",
    sequence=10,
)
Menu(
    "base.menu_partner_bank",
    _("Bank accounts"),
    parent="base.menu_contacts_configuration",
    action="base.action_partner_bank",
    sequence=20,
)
