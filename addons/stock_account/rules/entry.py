"""Which account stands against the stock account, and what one entry says of many layers; plain functions on values."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

ZERO = Decimal(0)

#: Purpose of the counterpart by the kind of place where goods came from or went to.
COUNTERPART = {"customer": "stock_output", "supplier": "stock_input"}


def counterpart(usage: str | None, correction: bool) -> str:
    """Purpose of the account against the stock account.

    :param usage: kind of the place on the other side; None when no goods moved (a cost set by hand).
    :param correction: the layer repairs the value of goods that had left before they arrived: what they cost belongs to cost of
        sales.
    """
    if correction:
        return "stock_output"
    return COUNTERPART.get(usage or "", "stock_adjustment")


def balances(bookings: Iterable[tuple[int, int, Decimal]]) -> list[tuple[int, Decimal, Decimal]]:
    """Debit and credit per account of many bookings (stock account, counterpart, signed value); accounts in order of appearance,
    none with nothing.
    """
    totals: dict[int, Decimal] = {}
    for stock_account, other_account, value in bookings:
        totals[stock_account] = totals.get(stock_account, ZERO) + value
        totals[other_account] = totals.get(other_account, ZERO) - value
    return [(account, max(total, ZERO), max(-total, ZERO)) for account, total in totals.items() if total]
