"""Contacts, countries, currencies: what every other addon stands on."""

from server import Addon, _

addon = Addon(
    "base",
    title=_("Contacts and reference data"),
    summary=_("Contacts, addresses and tax numbers, countries and states, currencies and exchange rates"),
    data=[
        "data/groups.yaml",
        "data/res.currency.csv",
        "data/res.country.csv",
        "data/res.country.state.csv",
        "data/res.bank.csv",
        "data/company.yaml",
    ],
    demo=[
        "demo/company.yaml",
        "demo/res.currency.rate.csv",
        "demo/res.partner.category.csv",
        "demo/res.partner.csv",
        "demo/users.yaml",
    ],
)
