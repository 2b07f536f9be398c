"""Refusals of the addon, each with its own words."""

from __future__ import annotations

from addons.base.rules.tax_id import Fault
from server import ValidationError, _

_WRONG_TAX_ID = {
    ("MX", Fault.LENGTH): _(
        "The RFC %(number)s of %(name)s has %(length)s characters. An RFC has 12 (company) or 13 (person): compare it with the "
        "tax status certificate."
    ),
    ("MX", Fault.FORMAT): _(
        "The RFC %(number)s of %(name)s is not built like one: 3 or 4 letters, a date (YYMMDD) and 3 characters. "
        "Compare it with the tax status certificate."
    ),
    ("MX", Fault.CHECK_DIGIT): _(
        "The last character of the RFC %(number)s of %(name)s does not fit the others, so one of them is mistyped. Compare it "
        "with the tax status certificate."
    ),
    ("PE", Fault.LENGTH): _(
        "The RUC %(number)s of %(name)s has %(length)s characters. A RUC has 11 digits (a person may give a DNI of 8): compare "
        "it with SUNAT's RUC page."
    ),
    ("PE", Fault.FORMAT): _(
        "The RUC %(number)s of %(name)s is not built like one: 11 digits that begin with 10, 15, 17 or 20. Compare it with "
        "SUNAT's RUC page."
    ),
    ("PE", Fault.CHECK_DIGIT): _(
        "The last digit of the RUC %(number)s of %(name)s does not fit the others, so one of them is mistyped. Compare it with "
        "SUNAT's RUC page."
    ),
}


class WrongTaxId(ValidationError):
    """A tax number whose length, form or check digit is wrong in its country."""

    def __init__(self, number: str, country: str, fault: Fault, name: str | None) -> None:
        text = _WRONG_TAX_ID[country, fault]
        super().__init__(_(text.msgid, number=number, name=name or "", length=len(number)), field="vat", value=number)


class NamelessContact(ValidationError):
    """A contact without a name that is not an address of another one."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "A contact needs a name. Only an address below a contact may go without: enter a name, or choose its address "
                "type."
            ),
            field="name",
        )
