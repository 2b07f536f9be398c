"""What goods are worth: average cost and standard price, as plain functions on values.

A `Balance` is what a company holds of a product: quantity, value in the company's currency, and the current cost of one unit.
Every change gives the exact value to book, rounded to the currency, so that the balance's value is always the sum of what was
booked (no drift), and is zero when nothing is left. Source: IAS 2, paragraphs 25-27 (weighted average) and 21 (standard cost).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
COST_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Balance:
    """Goods held: `method` is `average` or `standard`, `unit_cost` the cost at which the next unit leaves."""

    quantity: Decimal = ZERO
    value: Decimal = ZERO
    unit_cost: Decimal = ZERO
    method: str = "average"


@dataclass(frozen=True, slots=True)
class Booking:
    """One change of a balance: `quantity` and `value` are signed (negative: goods went out); `correction` repairs the value of
    goods that
    had left at a cost that turned out wrong (negative stock) or that left a rest of cents behind."""

    quantity: Decimal
    unit_cost: Decimal
    value: Decimal
    correction: Decimal
    after: Balance


def money(amount: Decimal, decimals: int) -> Decimal:
    """Rounded half up to the currency's decimals."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def cost(amount: Decimal) -> Decimal:
    """A unit cost with the six decimals it is stored with."""
    return amount.quantize(COST_STEP, ROUND_HALF_UP)


def receive(balance: Balance, quantity: Decimal, unit_cost: Decimal | None, decimals: int) -> Booking:
    """Goods come in at `unit_cost` each (None: at the current cost). At standard price the price given is ignored."""
    price = balance.unit_cost if unit_cost is None or balance.method == "standard" else unit_cost
    value = money(quantity * price, decimals)
    after_quantity = balance.quantity + quantity
    correction = ZERO
    after_cost = balance.unit_cost
    if balance.method == "average":
        if balance.quantity < 0:
            # What had been shipped before it arrived was booked at an older cost: the arrival tells the true one.
            after_cost = cost(price)
            correction = money(after_quantity * price, decimals) - (balance.value + value)
        elif after_quantity > 0:
            after_cost = cost((balance.value + value) / after_quantity)
    if after_quantity == 0:
        correction = -(balance.value + value)
    return _booked(balance, quantity, price, value, correction, after_cost)


def issue(balance: Balance, quantity: Decimal, decimals: int, unit_cost: Decimal | None = None) -> Booking:
    """Goods go out at the current cost, or (a return to the supplier) at the `unit_cost` they had come in with."""
    price = balance.unit_cost
    if balance.method == "average" and balance.quantity > 0:
        price = balance.value / balance.quantity
    current = price
    if unit_cost is not None and balance.method == "average":
        price = unit_cost
    value = money(quantity * price, decimals)
    after_quantity = balance.quantity - quantity
    if after_quantity > 0 and balance.value - value < 0:
        # A return dearer than everything that is held would leave goods of negative worth.
        price, value = current, money(quantity * current, decimals)
    after_cost = balance.unit_cost
    if balance.method == "average" and unit_cost is not None and after_quantity > 0:
        after_cost = cost((balance.value - value) / after_quantity)
    correction = -(balance.value - value) if after_quantity == 0 else ZERO
    return _booked(balance, -quantity, price, -value, correction, after_cost)


def revalue(balance: Balance, unit_cost: Decimal, decimals: int) -> Booking:
    """The cost of one unit is set by hand: what is held is worth `quantity * unit_cost` from now on."""
    value = money(balance.quantity * unit_cost, decimals) - balance.value
    return _booked(balance, ZERO, unit_cost, value, ZERO, cost(unit_cost))


def _booked(
    balance: Balance, quantity: Decimal, price: Decimal, value: Decimal, correction: Decimal, after_cost: Decimal
) -> Booking:
    after = replace(balance, quantity=balance.quantity + quantity, value=balance.value + value + correction, unit_cost=after_cost)
    return Booking(quantity, cost(price), value, correction, after)
