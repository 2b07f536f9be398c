"""Tax identifiers of Mexico (RFC) and Peru (RUC, DNI): cleaning and check digits.

The digits are those of `python-stdnum` (SAT's algorithm for the RFC, SUNAT's modulus 11 for the RUC). Other countries' numbers
pass as they are: their rules belong to their own addons.
"""

from __future__ import annotations

import re
from enum import Enum

from stdnum.exceptions import InvalidChecksum, InvalidLength
from stdnum.exceptions import ValidationError as StdnumError
from stdnum.mx import rfc
from stdnum.pe import ruc

#: RFC that SAT gives to sales to the public and to foreigners (Resolución Miscelánea Fiscal 2.7.1.23): no check digit to verify.
GENERIC_RFC = frozenset({"XAXX010101000", "XEXX010101000"})
_DNI = re.compile(r"[0-9]{8}")


class Fault(Enum):
    """What is wrong with a number, so that the caller can say it in words."""

    LENGTH = "length"
    FORMAT = "format"
    CHECK_DIGIT = "check digit"


def compact(number: str, country_code: str | None) -> str:
    """`number` as it is stored: upper case, and for Mexico and Peru without the spaces, dashes and dots people type."""
    number = number.strip().upper()
    if country_code in ("MX", "PE"):
        number = re.sub(r"[\s.\-_/]", "", number)
    return number


def fault(number: str, country_code: str | None, *, is_company: bool = False) -> Fault | None:
    """What is wrong with a compact `number` in a country, or None.

    Mexico: an RFC of 12 (company) or 13 (person) characters, or a generic one. Peru: a RUC of 11 digits; a person may
    give his DNI of 8 digits instead, a company may not.
    """
    try:
        if country_code == "MX":
            if number in GENERIC_RFC:
                return None
            if len(number) not in (12, 13):
                return Fault.LENGTH
            rfc.validate(number, validate_check_digits=True)
        elif country_code == "PE":
            if not is_company and _DNI.fullmatch(number):
                return None
            ruc.validate(number)
    except InvalidLength:
        return Fault.LENGTH
    except InvalidChecksum:
        return Fault.CHECK_DIGIT
    except (StdnumError, ValueError):
        return Fault.FORMAT
    return None
