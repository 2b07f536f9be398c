"""Matching of debits with credits on one account."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from .money import ZERO


class OpenItem(NamedTuple):
    """An open journal item: signed residuals, positive for a debit."""

    id: int
    #: in the company's currency
    residual: Decimal
    #: in the item's own currency
    residual_currency: Decimal
    currency: int


class Match(NamedTuple):
    """A debit met a credit: amounts are positive."""

    debit: int
    credit: int
    amount: Decimal
    debit_amount_currency: Decimal
    credit_amount_currency: Decimal


class Matching(NamedTuple):
    """Result of `match_items`."""

    matches: list[Match]
    #: item id → (residual, residual in its currency) afterwards; items of one currency that are settled in it, but not in the
    #: company's currency, keep the exchange difference as their residual.
    residuals: dict[int, tuple[Decimal, Decimal]]


def match_items(items: Sequence[OpenItem]) -> Matching:
    """Match debits with credits in the order given.

    When all items are in one foreign currency, amounts are matched in that currency, and what the changed rate leaves in the
    company's currency stays as residual of the settled item (to be booked as exchange difference). Otherwise amounts are matched
    in the company's currency, and each item's own currency follows in proportion.
    """
    one_currency = len({item.currency for item in items}) == 1
    left = {item.id: (item.residual, item.residual_currency) for item in items}

    def measure(item: OpenItem) -> Decimal:
        return left[item.id][1] if one_currency else left[item.id][0]

    debits = [item for item in items if (item.residual_currency if one_currency else item.residual) > 0]
    credits = [item for item in items if (item.residual_currency if one_currency else item.residual) < 0]
    matches: list[Match] = []
    at = 0
    for debit in debits:
        while at < len(credits) and measure(debit) > 0:
            credit = credits[at]
            size = min(measure(debit), -measure(credit))
            if one_currency:
                debit_company = _part(left[debit.id][0], size, left[debit.id][1])
                credit_company = -_part(left[credit.id][0], size, left[credit.id][1])
                amount = min(debit_company, credit_company)
                matches.append(Match(debit.id, credit.id, amount, size, size))
                left[debit.id] = (left[debit.id][0] - amount, left[debit.id][1] - size)
                left[credit.id] = (left[credit.id][0] + amount, left[credit.id][1] + size)
            else:
                debit_size = _part(left[debit.id][1], size, left[debit.id][0])
                credit_size = -_part(left[credit.id][1], size, left[credit.id][0])
                matches.append(Match(debit.id, credit.id, size, debit_size, credit_size))
                left[debit.id] = (left[debit.id][0] - size, left[debit.id][1] - debit_size)
                left[credit.id] = (left[credit.id][0] + size, left[credit.id][1] + credit_size)
            if not measure(credit):
                at += 1
    return Matching(matches, left)


def _part(whole: Decimal, size: Decimal, of: Decimal) -> Decimal:
    """The share `size / |of|` of `whole`, all of it when the size is all; rounded to 4 places as amounts are stored."""
    of = abs(of)
    if size == of:
        return whole
    return (whole * size / of).quantize(Decimal("0.01")) if of else ZERO
