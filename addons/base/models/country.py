"""Countries and their states, from ISO 3166; reference data that hardly ever changes."""

from __future__ import annotations

from typing import Any

from server import Char, Integer, Many2one, Model, One2many, _


class Country(Model, name="res.country"):
    """A country of ISO 3166-1."""

    model_label = _("Country")
    order = "name"
    reference = True
    unique = [("code",)]
    name_search_fields = ("name", "code")

    name = Char(_("Country name"), required=True, translate=True)
    code = Char(_("Country code"), required=True, size=2, help=_("ISO 3166-1 code of two letters."))
    code_alpha3 = Char(_("Code of three letters"), size=3)
    code_numeric = Char(_("Numeric code"), size=3)
    phone_code = Integer(_("Calling code"), aggregator="")
    currency_id = Many2one("res.currency", _("Currency"))
    state_ids = One2many("res.country.state", "country_id", _("States"))
    vat_label = Char(_("Name of the tax ID"), help=_("What people of the country call a company's tax number: RFC, RUC, NIF …"))


class CountryState(Model, name="res.country.state"):
    """A first level division of a country: a state of Mexico (SAT's code), a department of Peru (INEI's code)."""

    model_label = _("State")
    order = "country_id, name"
    reference = True
    unique = [("country_id", "code")]
    name_search_fields = ("name", "code")

    name = Char(_("State name"), required=True)
    code = Char(_("State code"), required=True)
    country_id = Many2one("res.country", _("Country"), required=True, index=True)


def by_code(env: Any, code: str) -> Any:
    """The country with an ISO code of two letters (an empty set when there is none)."""
    return env["res.country"].search([("code", "=", code.upper())], limit=1)
