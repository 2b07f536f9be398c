"""Reserving for moves before they are written: orders create their deliveries with the final state in one INSERT each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from addons.stock.rules.reserve import Allocation, Need
from addons.stock.rules.state import move_state

ZERO = Decimal(0)


@dataclass
class Plan:
    """What was promised to moves that are about to be created, by their position."""

    env: Any
    values: Sequence[dict[str, Any]]
    allocations: list[Allocation]
    #: positions of moves that need no stock (receipts, goods that are not counted): ready in full
    ready: list[int]

    def lines(self, moves: Any) -> list[dict[str, Any]]:
        """Values of the detail lines, once the moves have ids (in the order of the plan)."""
        lines = self.env["stock.move.line"]
        records = list(moves)
        rows = [
            lines._values(records[position], self.values[position]["product_qty"], values=self.values[position])
            for position in self.ready
        ]
        rows += [
            lines._values(records[allocation.key], allocation.quantity, allocation.stock, values=self.values[allocation.key])  # type: ignore[index]
            for allocation in self.allocations
        ]
        return rows


def plan(env: Any, values: Sequence[dict[str, Any]], manual: Collection[int] = ()) -> Plan:
    """Lock, decide and promise for the values of moves to be; sets `state` and `quantity` in each of them.

    :param manual: positions that a person will reserve later.
    """
    tree = env["stock.location"]._tree()
    products = env["product.product"].browse([move["product_id"] for move in values])
    needs: list[Need] = []
    ready: list[int] = []
    for position, move in enumerate(values):
        if not (move["is_storable"] and tree.keeps_stock(move["location_id"])):
            ready.append(position)
        elif position not in manual:
            needs.append(
                Need(
                    position,
                    move["product_id"],
                    tree.inside(move["location_id"]),
                    move["product_qty"],
                    step=Decimal(1) if move["has_tracking"] == "serial" else ZERO,
                    newest_first=tree.places[move["location_id"]].newest_first,
                )
            )
    allocations = env["stock.quant"]._promise(needs)
    got: dict[int, Decimal] = dict.fromkeys(range(len(values)), ZERO)
    for allocation in allocations:
        got[allocation.key] += allocation.quantity  # type: ignore[index]
    for position in ready:
        got[position] = values[position]["product_qty"]
    for position, move in enumerate(values):
        move["state"] = move_state(move["product_qty"], got[position])
        move["quantity"] = _in_move_unit(env, move, got[position], products)
    return Plan(env, values, allocations, [position for position in ready if got[position]])


def _in_move_unit(env: Any, move: Mapping[str, Any], quantity: Decimal, products: Any) -> Decimal:
    if quantity == move["product_qty"]:
        return move["product_uom_qty"]
    unit = products.browse([move["product_id"]]).product_tmpl.uom
    if unit.id == move["product_uom"]:
        return quantity
    return unit.compute_quantity(quantity, env["uom.uom"].browse([move["product_uom"]]), round=False)
