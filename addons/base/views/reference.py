"""Countries, states, banks, currencies and exchange rates."""

from __future__ import annotations

from server import _
from server.views import Action, Field, Filter, FormView, Group, GroupBy, ListView, Menu, Notebook, Page, SearchView

ListView(
    "res.country.list",
    model="res.country",
    label=_("Countries"),
    fields=[Field("name"), Field("code"), Field("phone_code"), Field("currency_id"), Field("vat_label", optional="hide")],
)
FormView(
    "res.country.form",
    model="res.country",
    body=[
        Group("main", Field("name"), Field("code"), Field("phone_code"), Field("currency_id"), Field("vat_label")),
        Notebook("book", Page("states", _("States"), Field("state_ids", columns=[Field("name"), Field("code")]))),
    ],
)
SearchView(
    "res.country.search",
    model="res.country",
    fields=[Field("name"), Field("code")],
    group_bys=[GroupBy("currency_id", _("Currency"))],
)

ListView(
    "res.country.state.list",
    model="res.country.state",
    label=_("States"),
    fields=[Field("name"), Field("code"), Field("country_id")],
)
FormView(
    "res.country.state.form", model="res.country.state", body=[Group("main", Field("name"), Field("code"), Field("country_id"))]
)

SearchView(
    "res.country.state.search",
    model="res.country.state",
    fields=[Field("name"), Field("code"), Field("country_id")],
    group_bys=[GroupBy("country_id", _("Country"))],
)

ListView(
    "res.currency.list",
    model="res.currency",
    label=_("Currencies"),
    fields=[Field("name"), Field("symbol"), Field("full_name"), Field("rate"), Field("inverse_rate"), Field("active")],
    decorations={"muted": [("active", "=", False)]},
)
FormView(
    "res.currency.form",
    model="res.currency",
    body=[
        Group(
            "main",
            Field("name"),
            Field("full_name"),
            Field("symbol"),
            Field("position"),
            Field("rounding"),
            Field("decimal_places"),
            Field("active"),
        ),
        Notebook(
            "book",
            Page(
                "rates",
                _("Rates"),
                Field("rate_ids", columns=[Field("name"), Field("rate"), Field("inverse_company_rate"), Field("company_id")]),
            ),
        ),
    ],
)
SearchView(
    "res.currency.search",
    model="res.currency",
    fields=[Field("name"), Field("full_name")],
    filters=[Filter("archived", _("Archived"), [("active", "=", False)])],
)

ListView(
    "res.currency.rate.list",
    model="res.currency.rate",
    label=_("Exchange rates"),
    fields=[Field("name"), Field("currency_id"), Field("rate"), Field("inverse_company_rate"), Field("company_id")],
)
FormView(
    "res.currency.rate.form",
    model="res.currency.rate",
    body=[Group("main", Field("name"), Field("currency_id"), Field("rate"), Field("inverse_company_rate"), Field("company_id"))],
)

ListView(
    "res.bank.list",
    model="res.bank",
    label=_("Banks"),
    fields=[Field("name"), Field("bic"), Field("clearing_code"), Field("country_id")],
)
FormView(
    "res.bank.form",
    model="res.bank",
    body=[Group("main", Field("name"), Field("bic"), Field("clearing_code"), Field("country_id"), Field("active"))],
)

SearchView(
    "res.currency.rate.search",
    model="res.currency.rate",
    fields=[Field("currency_id"), Field("company_id")],
    group_bys=[GroupBy("currency_id", _("Currency")), GroupBy("month", _("Month"), "name:month")],
)
SearchView("res.bank.search", model="res.bank", fields=[Field("name"), Field("bic"), Field("clearing_code"), Field("country_id")])

Action("base.action_country", _("Countries"), model="res.country", views=("list", "form"))
Action("base.action_country_state", _("States"), model="res.country.state", views=("list", "form"))
Action("base.action_bank", _("Banks"), model="res.bank", views=("list", "form"))
Action("base.action_currency", _("Currencies"), model="res.currency", views=("list", "form"))
Action("base.action_currency_rate", _("Exchange rates"), model="res.currency.rate", views=("list", "form"))
Menu("base.menu_country", _("Countries"), parent="base.menu_contacts_configuration", action="base.action_country", sequence=30)
Menu(
    "base.menu_country_state",
    _("States"),
    parent="base.menu_contacts_configuration",
    action="base.action_country_state",
    sequence=40,
)
Menu("base.menu_bank", _("Banks"), parent="base.menu_contacts_configuration", action="base.action_bank", sequence=50)
Menu("base.menu_currency", _("Currencies"), parent="base.menu_contacts_configuration", action="base.action_currency", sequence=60)
Menu(
    "base.menu_currency_rate",
    _("Exchange rates"),
    parent="base.menu_contacts_configuration",
    action="base.action_currency_rate",
    sequence=70,
)
