"""Rounding to a currency and changing one currency into another: plain functions on Decimals."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

ONE = Decimal(1)


def round_to(amount: Decimal, step: Decimal) -> Decimal:
    """`amount` rounded to the nearest multiple of `step` (0.01, 0.05, 1 …), halves away from zero, as invoices do.

    :raises ValueError: when `step` is not positive.
    """
    if step <= 0:
        raise ValueError(f"A rounding step must be positive, not {step}.")
    # quantize is exact and keeps the zeros of the step for the usual powers of ten; other steps count whole steps
    if step.as_tuple().digits == (1,):
        return amount.quantize(step, rounding=ROUND_HALF_UP)
    return (amount / step).quantize(ONE, rounding=ROUND_HALF_UP) * step


def decimals_of(step: Decimal) -> int:
    """Digits after the point that a multiple of `step` needs: 0.01 → 2, 0.05 → 2, 1 → 0, 10 → 0."""
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a rounding step is a finite number"
    return max(0, -exponent)


@dataclass(frozen=True, slots=True)
class Rate:
    """The value of a currency from `date` on, as seen by a company whose money is the unit.

    `rate` is how much of the currency one unit of the company's money buys, `inverse` what one unit of the currency costs in
    the company's money. Both are kept because each country publishes one of them exactly, and 1/x of a rounded number is not it.
    """

    date: date
    rate: Decimal
    inverse: Decimal


def rate_at(rates: Sequence[Rate], day: date) -> Rate | None:
    """The rate in force on `day`: the newest not after it, or the oldest of all when the day is before the first; None without
    any.

    :param rates: of one currency and company, oldest first.
    """
    if not rates:
        return None
    index = bisect_right(rates, day, key=lambda each: each.date)
    return rates[max(0, index - 1)]


def to_company(amount: Decimal, rate: Rate) -> Decimal:
    """`amount` of a currency in the company's money, not rounded; the longer of the two published numbers is used, it is more
    exact.
    """
    return amount * rate.inverse if rate.inverse >= ONE else amount / rate.rate


def from_company(amount: Decimal, rate: Rate) -> Decimal:
    """`amount` of the company's money in the currency of `rate`, not rounded."""
    return amount / rate.inverse if rate.inverse >= ONE else amount * rate.rate
