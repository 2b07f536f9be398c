"""GTIN check digits: GS1 General Specifications, section 7.9.

From the right, digits before the check digit weigh 3, 1, 3, 1 …; the check digit fills their sum up to a multiple of ten. The
same rule holds for GTIN-8, -12 (UPC-A), -13 (EAN) and -14.
"""

from __future__ import annotations

LENGTHS = frozenset({8, 12, 13, 14})


def check_digit(payload: str) -> int:
    """The check digit that belongs after `payload` (digits only).

    :raises ValueError: when `payload` is not made of the digits 0-9.
    """
    if not (payload.isascii() and payload.isdigit()):
        raise ValueError(f"A GTIN is made of digits, not {payload!r}.")
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(payload)))
    return -total % 10


def looks_like_gtin(barcode: str) -> bool:
    """True when a barcode is numeric and has the length of a GTIN: then its check digit has to be right. Others are the house's
    own.
    """
    return barcode.isascii() and barcode.isdigit() and len(barcode) in LENGTHS


def expected_digit(barcode: str) -> int | None:
    """The right last digit of a barcode that looks like a GTIN and has a wrong one; None when all is well."""
    if not looks_like_gtin(barcode):
        return None
    right = check_digit(barcode[:-1])
    return right if right != int(barcode[-1]) else None
