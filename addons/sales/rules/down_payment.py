"""How a down payment is spread over the taxes of an order.

One share per set of taxes, so that the tax on the advance is the tax of the goods it is paid for, and the deduction on the
final invoice takes back exactly what the advance charged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """One order line as the split sees it: its amount in the terms of its price (before tax, or with it when the tax is
    included in the price), its total, and its taxes."""

    amount: Decimal
    total: Decimal
    tax_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One down payment line: the price to charge and its taxes."""

    price_unit: Decimal
    tax_ids: tuple[int, ...]


def by_percentage(parts: Iterable[Part], percentage: Decimal, decimals: int) -> list[Share]:
    """Shares that ask for `percentage` (0-100] of every part. Empty parts make no share."""
    return _shares(parts, percentage / 100, decimals)


def by_amount(parts: Sequence[Part], amount: Decimal, decimals: int) -> list[Share]:
    """Shares whose total, tax included, is `amount` up to the rounding of the taxes.

    Raises ZeroDivisionError when the parts add up to nothing: the caller refuses such an order in words before.
    """
    total = sum((part.total for part in parts), ZERO)
    return _shares(parts, amount / total, decimals)


def _shares(parts: Iterable[Part], ratio: Decimal, decimals: int) -> list[Share]:
    sums: dict[tuple[int, ...], Decimal] = defaultdict(lambda: ZERO)
    for part in parts:
        sums[tuple(sorted(part.tax_ids))] += part.amount
    step = Decimal(1).scaleb(-decimals)
    shares = [Share((value * ratio).quantize(step, ROUND_HALF_UP), tax_ids) for tax_ids, value in sums.items()]
    return [share for share in shares if share.price_unit]
