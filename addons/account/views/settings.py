"""Accounts, journals, taxes, terms, fiscal positions."""

from __future__ import annotations

from server import _
from server.views import Action, Field, Filter, FormView, Group, GroupBy, ListView, Menu, Notebook, Page, SearchView

ListView(
    "account.account.list",
    model="account.account",
    label=_("Chart of accounts"),
    fields=[Field("code"), Field("name"), Field("account_type"), Field("reconcile"), Field("currency_id", optional="hide")],
)
FormView(
    "account.account.form",
    model="account.account",
    body=[
        Group("account", Field("code"), Field("name"), Field("account_type"), Field("reconcile"), Field("active")),
        Group(
            "more",
            Field("tax_ids", widget="tags"),
            Field("tag_ids", widget="tags"),
            Field("currency_id"),
            Field("company_id", groups="base.group_multi_company"),
        ),
        Field("note"),
    ],
)
SearchView(
    "account.account.search",
    model="account.account",
    fields=[Field("code"), Field("name")],
    filters=[
        Filter("receivable", _("Receivable"), [("account_type", "=", "asset_receivable")]),
        Filter("payable", _("Payable"), [("account_type", "=", "liability_payable")]),
        Filter("open_items", _("Open items"), [("reconcile", "=", True)]),
    ],
    group_bys=[GroupBy("account_type", _("Type"))],
)
ListView("account.account.tag.list", model="account.account.tag", label=_("Account tags"), fields=[Field("name"), Field("color")])

ListView(
    "account.journal.list",
    model="account.journal",
    label=_("Journals"),
    fields=[Field("sequence", widget="handle"), Field("name"), Field("code"), Field("type"), Field("default_account_id")],
)
FormView(
    "account.journal.form",
    model="account.journal",
    body=[
        Group(
            "journal",
            Field("name"),
            Field("type"),
            Field("code"),
            Field("default_account_id"),
            Field("currency_id"),
            Field("active"),
        ),
        Group("numbers", Field("number_pattern"), Field("number_padding"), Field("refund_sequence"), label=_("Numbers")),
        Notebook(
            Page(
                "methods",
                _("Payment methods"),
                Field("payment_method_line_ids", columns=[Field("name"), Field("code"), Field("payment_type")]),
            )
        ),
    ],
)
ListView(
    "account.number.range.list",
    model="account.number.range",
    label=_("Numbers of journals"),
    fields=[Field("journal_id"), Field("prefix"), Field("refund"), Field("last")],
)

ListView(
    "account.tax.list",
    model="account.tax",
    label=_("Taxes"),
    fields=[
        Field("sequence", widget="handle"),
        Field("name"),
        Field("type_tax_use"),
        Field("amount_type", optional="hide"),
        Field("amount"),
        Field("active"),
    ],
)
_BOOKING = [Field("repartition_type"), Field("factor_percent"), Field("account_id")]
FormView(
    "account.tax.form",
    model="account.tax",
    body=[
        Group("tax", Field("name"), Field("description"), Field("type_tax_use"), Field("tax_group_id"), Field("active")),
        Group(
            "computation",
            Field("amount_type"),
            Field("amount", invisible=[("amount_type", "=", "group")]),
            Field("price_include"),
            Field("include_base_amount"),
            Field("sequence"),
            Field("children_tax_ids", widget="tags", invisible=[("amount_type", "!=", "group")]),
        ),
        Notebook(
            Page("invoice", _("Booking on invoices"), Field("invoice_repartition_line_ids", columns=_BOOKING)),
            Page("refund", _("Booking on credit notes"), Field("refund_repartition_line_ids", columns=_BOOKING)),
        ),
    ],
)
SearchView(
    "account.tax.search",
    model="account.tax",
    fields=[Field("name")],
    filters=[
        Filter("sale", _("Sales"), [("type_tax_use", "=", "sale")]),
        Filter("purchase", _("Purchases"), [("type_tax_use", "=", "purchase")]),
    ],
    group_bys=[GroupBy("tax_group_id", _("Tax group"))],
)
ListView(
    "account.tax.group.list",
    model="account.tax.group",
    label=_("Tax groups"),
    fields=[Field("sequence", widget="handle"), Field("name"), Field("country_id")],
)

ListView(
    "account.payment.term.list",
    model="account.payment.term",
    label=_("Payment terms"),
    fields=[Field("sequence", widget="handle"), Field("name")],
)
FormView(
    "account.payment.term.form",
    model="account.payment.term",
    body=[
        Group("term", Field("name"), Field("note"), Field("company_id", groups="base.group_multi_company"), Field("active")),
        Field(
            "line_ids",
            columns=[
                Field("sequence", widget="handle"),
                Field("value"),
                Field("value_amount"),
                Field("nb_days"),
                Field("delay_type"),
                Field("days_next_month"),
            ],
        ),
    ],
)

ListView(
    "account.fiscal.position.list",
    model="account.fiscal.position",
    label=_("Fiscal positions"),
    fields=[Field("sequence", widget="handle"), Field("name"), Field("country_id"), Field("auto_apply")],
)
FormView(
    "account.fiscal.position.form",
    model="account.fiscal.position",
    body=[
        Group("position", Field("name"), Field("auto_apply"), Field("country_id"), Field("foreign"), Field("active")),
        Notebook(
            Page("taxes", _("Taxes"), Field("tax_ids", columns=[Field("tax_src_id"), Field("tax_dest_id")])),
            Page("accounts", _("Accounts"), Field("account_ids", columns=[Field("account_src_id"), Field("account_dest_id")])),
            Page("text", _("Text on documents"), Field("note")),
        ),
    ],
)

Menu(
    "account.menu_configuration",
    _("Configuration"),
    parent="account.menu_root",
    sequence=90,
    groups="account.group_account_manager",
)
for _name, _label, _model, _sequence in (
    ("accounts", _("Chart of accounts"), "account.account", 10),
    ("journals", _("Journals"), "account.journal", 20),
    ("taxes", _("Taxes"), "account.tax", 30),
    ("tax_groups", _("Tax groups"), "account.tax.group", 40),
    ("terms", _("Payment terms"), "account.payment.term", 50),
    ("positions", _("Fiscal positions"), "account.fiscal.position", 60),
    ("numbers", _("Numbers of journals"), "account.number.range", 70),
):
    _kinds = ("list",) if _name in ("tax_groups", "numbers") else ("list", "form")
    Action(f"account.action_{_name}", _label, model=_model, views=_kinds)
    Menu(
        f"account.menu_{_name}", _label, parent="account.menu_configuration", action=f"account.action_{_name}", sequence=_sequence
    )
