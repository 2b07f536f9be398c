"""Rounding of money, and sharing a rounded total out over rows without losing a cent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

ZERO = Decimal(0)


@cache
def quantum(decimals: int) -> Decimal:
    """The smallest amount of a currency with that many decimals: `Decimal("0.01")` for 2."""
    return Decimal(1).scaleb(-decimals)


def round_half_up(amount: Decimal, decimals: int) -> Decimal:
    """`amount` rounded half away from zero, as both SAT (Mexico) and SUNAT (Peru) round."""
    return amount.quantize(quantum(decimals), ROUND_HALF_UP)


def share_out(exact: Sequence[Decimal], total: Decimal, decimals: int) -> list[Decimal]:
    """Rounded amounts that add up to exactly `total`, each as near to its exact value as that allows.

    :param exact: the unrounded amounts.
    :param total: what the rounded ones must add up to; a multiple of the smallest amount.
    :returns: one rounded amount per exact one. The cents that rounding left over go to the rows that rounding hurt most,
        one by one; earlier rows first where two are equal.
    """
    if not exact:
        return []
    unit = quantum(decimals)
    rounded = [amount.quantize(unit, ROUND_HALF_UP) for amount in exact]
    missing = int((total - sum(rounded, ZERO)) / unit)
    if missing:
        step = unit if missing > 0 else -unit
        hurt = sorted(range(len(exact)), key=lambda i: (exact[i] - rounded[i]) * (1 if missing > 0 else -1), reverse=True)
        whole, rest = divmod(abs(missing), len(exact))
        for place, index in enumerate(hurt):
            rounded[index] += step * (whole + (1 if place < rest else 0))
    return rounded
