"""Which stock serves which need.

Reservation is decided here on plain values, while the rows are locked by the caller: the oldest (or, on request, the newest)
stock goes first, nothing is promised twice, and what is short is simply not allocated. Quantities are in the product's unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

ZERO = Decimal(0)
EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies at one place: a quant as values. `quantity` is on hand, `reserved` is promised of it."""

    id: int
    product_id: int
    location_id: int
    quantity: Decimal
    reserved: Decimal = ZERO
    lot_id: int | None = None
    package_id: int | None = None
    owner_id: int | None = None
    in_date: datetime | None = None

    @property
    def free(self) -> Decimal:
        """What nobody was promised; never below zero."""
        return max(self.quantity - self.reserved, ZERO)


@dataclass(frozen=True, slots=True)
class Need:
    """What a move wants: `quantity` of a product from any of `locations`.

    `lot_ids` limits to these lots, `owner_id` to goods of that owner (None: our own goods only). `step` is the smallest amount
    that can be handed out (1 for pieces and serial numbers); `newest_first` takes the last arrivals first.
    """

    key: Hashable
    product_id: int
    locations: frozenset[int]
    quantity: Decimal
    lot_ids: frozenset[int] | None = None
    owner_id: int | None = None
    step: Decimal = ZERO
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class Allocation:
    """So much of that stock is promised to the need `key`."""

    key: Hashable
    stock: Stock
    quantity: Decimal


def floor_to(quantity: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `quantity` (any amount when there is no step)."""
    return (quantity / step).to_integral_value(ROUND_FLOOR) * step if step else quantity


def reserve(needs: Iterable[Need], stocks: Iterable[Stock]) -> list[Allocation]:
    """Serve the needs in the given order; the sum promised of a stock never exceeds what was free."""
    by_product: dict[int, list[Stock]] = defaultdict(list)
    for stock in stocks:
        if stock.free > 0:
            by_product[stock.product_id].append(stock)
    left = {stock.id: stock.free for group in by_product.values() for stock in group}
    for group in by_product.values():
        group.sort(key=lambda s: (s.in_date or EPOCH, s.id))
    allocations: list[Allocation] = []
    for need in needs:
        missing = floor_to(need.quantity, need.step)
        group = by_product.get(need.product_id, [])
        for stock in reversed(group) if need.newest_first else group:
            if missing <= 0:
                break
            if not _fits(stock, need):
                continue
            taken = floor_to(min(left[stock.id], missing), need.step)
            if taken > 0:
                allocations.append(Allocation(need.key, stock, taken))
                left[stock.id] -= taken
                missing -= taken
    return allocations


def _fits(stock: Stock, need: Need) -> bool:
    return (
        stock.location_id in need.locations
        and stock.owner_id == need.owner_id
        and (need.lot_ids is None or stock.lot_id in need.lot_ids)
    )


def allocated(allocations: Sequence[Allocation]) -> dict[Hashable, Decimal]:
    """Quantity promised to each need."""
    totals: dict[Hashable, Decimal] = defaultdict(Decimal)
    for allocation in allocations:
        totals[allocation.key] += allocation.quantity
    return dict(totals)
