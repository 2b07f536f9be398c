"""Units of measure: changing quantities and prices from one unit into another. Decimals only, nothing is lost on the way.

A unit says how many of its root unit it holds (`factor`): a dozen is 12 units, a gram 0.001 kg. Units with the same root measure
the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Decimal

#: Names of the ways to round, as quantities need them: up when buying or picking must cover a demand.
ROUNDINGS = {"half_up": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_DOWN}
_TINY = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a value: `root` identifies what is measured, `factor` is the number of root units in one."""

    id: int
    root: int
    factor: Decimal
    rounding: Decimal


class IncompatibleUnits(ValueError):
    """The two units measure different things."""


def round_quantity(quantity: Decimal, step: Decimal, method: str = "half_up") -> Decimal:
    """`quantity` as a multiple of `step`; `method` is a key of `ROUNDINGS`. Noise below a billionth of a step never rounds up."""
    if step <= 0:
        return quantity
    count = quantity / step
    nearest = count.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    if abs(count - nearest) < _TINY:
        return nearest * step
    return count.quantize(Decimal(1), rounding=ROUNDINGS[method]) * step


def convert(quantity: Decimal, source: Unit, target: Unit, *, method: str | None = "half_up") -> Decimal:
    """`quantity` of `source` in `target`, rounded to the target's step; `method=None` leaves it unrounded.

    :raises IncompatibleUnits: when the units measure different things.
    """
    if source.id != target.id:
        if source.root != target.root:
            raise IncompatibleUnits(f"unit {source.id} cannot be changed into unit {target.id}")
        quantity = quantity * source.factor / target.factor
    return quantity if method is None else round_quantity(quantity, target.rounding, method)


def convert_price(price: Decimal, source: Unit, target: Unit) -> Decimal:
    """The price of one `target` when one `source` costs `price`; not rounded.

    :raises IncompatibleUnits: when the units measure different things.
    """
    if source.id == target.id:
        return price
    if source.root != target.root:
        raise IncompatibleUnits(f"unit {source.id} cannot be changed into unit {target.id}")
    return price * target.factor / source.factor
