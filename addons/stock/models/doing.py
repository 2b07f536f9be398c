"""Doing moves: goods leave one place and arrive at another; what is left over goes to a backorder; the value follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from addons.stock.models.move import StockMove
from addons.stock.models.quant import Key
from server import ValidationError, _

ZERO = Decimal(0)


class DoingMove(StockMove):
    """The last step of a move's life."""

    def _lines_to_do(self) -> dict[int, list[Any]]:
        """The lines that will be done, by move: the picked ones of transfers where something was picked, all of the others."""
        by_move = self._lines_by_move()
        picked_transfers = {
            move.picking_id for move in self if move.picking_id and (move.picked or any(line.picked for line in by_move[move.id]))
        }
        chosen: dict[int, list[Any]] = {}
        for move in self:
            lines = [line for line in by_move[move.id] if line.quantity_product_uom]
            if move.picking_id in picked_transfers:
                some = [line for line in lines if line.picked]
                lines = some or (lines if move.picked else [])
            chosen[move.id] = lines
        return chosen

    def _what_is_done(self, moves: Any) -> dict[int, Decimal]:
        """Quantity that doing `moves` now would move, in the product's unit."""
        return {id: sum((line.quantity_product_uom for line in lines), ZERO) for id, lines in moves._lines_to_do().items()}

    def _do(self, done: Mapping[int, Decimal], dropped: Collection[int] = ()) -> Any:
        """Move the goods of open, locked moves.

        :param done: quantity per move as told by `_what_is_done`.
        :param dropped: ids of transfers whose rest is cancelled instead of going to a backorder.
        :returns: the backorders.
        :raises NotEnoughStock, LotRequired, SerialTwice: nothing has moved then.
        """
        env = self.env
        moment = env.now()
        chosen = self._lines_to_do()
        lines = env["stock.move.line"].browse([line.id for group in chosen.values() for line in group])
        lines._check_lots()
        env["stock.quant"]._move(changes_of(env, lines), moment)
        doing = self.filtered(lambda move: bool(done.get(move.id)))
        # the rest is told from the demand, so it must be taken before the demand shrinks to what was done
        backorders = self._leave_rest(done, chosen, dropped)
        for move in doing:
            quantity = done[move.id]
            own = move._in_move_unit(quantity)
            values: dict[str, Any] = {"quantity": own, "state": "done", "picked": True, "date": moment}
            if quantity < move.product_qty:
                values.update(product_uom_qty=own, product_qty=quantity)
            move._write(values)
        doing._after(lines)
        if backorders:
            open_moves = backorders.move_ids
            open_moves.filtered(lambda move: move.picking_type.reservation_method == "at_confirm")._reserve()
            backorders._refresh_state()
        return backorders

    def _after(self, lines: Any) -> None:
        """What follows from goods having moved: other addons hear of it, the value is booked."""
        env = self.env
        env.hooks.stock_moves_done(env=env, moves=self)
        layers = env["stock.valuation.layer"]._value(self, lines)
        if layers:
            env.hooks.stock_moves_valued(env=env, layers=layers)

    # -- the rest -------------------------------------------------------------------------------------------------
    def _leave_rest(self, done: Mapping[int, Decimal], chosen: Mapping[int, Sequence[Any]], dropped: Collection[int]) -> Any:
        """Move what is not done into backorders, or cancel it; the backorders made."""
        rest = [move for move in self if done.get(move.id, ZERO) < move.product_qty]
        pickings = self.env["stock.picking"]
        idle = [move for move in self if not done.get(move.id) and not move.product_qty]  # nothing was asked, nothing was done
        if idle:
            self._drop_rest(idle, done, {move.id: list(move.move_line_ids) for move in idle})
        if not rest:
            return pickings.browse([])
        kept = {line.id for lines in chosen.values() for line in lines}
        left_lines = {move.id: [line for line in move.move_line_ids if line.id not in kept] for move in rest}
        to_backorder = [move for move in rest if move.picking_id and move.picking_id not in dropped]
        to_drop = [move for move in rest if not move.picking_id or move.picking_id in dropped]
        self._drop_rest(to_drop, done, left_lines)
        sources = pickings.browse([move.picking_id for move in to_backorder])
        backorders = sources._make_backorders()
        target = dict(zip(sources.ids, backorders.ids, strict=True))
        names = {backorder.id: backorder.name for backorder in backorders}
        whole = [move for move in to_backorder if not done.get(move.id)]
        parts = [move for move in to_backorder if done.get(move.id)]
        new = self._insert([self._rest_values(move, done[move.id], target[move.picking_id], names) for move in parts])
        for move in whole:
            picking_id = target[move.picking_id]
            move.move_line_ids._write({"picking_id": picking_id})
            move._write({"picking_id": picking_id, "reference": names[picking_id]})
        for move, twin in zip(parts, new, strict=True):
            for line in left_lines[move.id]:
                line._write({"move_id": twin.id, "picking_id": twin.picking_id})
        new._refresh()
        return backorders

    def _drop_rest(self, moves: Iterable[Any], done: Mapping[int, Decimal], left_lines: Mapping[int, Sequence[Any]]) -> None:
        moves = list(moves)
        lines = self.env["stock.move.line"].browse([line.id for move in moves for line in left_lines[move.id]])
        lines._give_back()
        lines._delete()
        self._insert(
            [
                {**self._rest_values(move, done[move.id], move.picking_id, {}), "state": "cancel"}
                for move in moves
                if done.get(move.id)
            ]
        )
        for move in moves:
            if not done.get(move.id):
                move._write({"quantity": ZERO, "state": "cancel"})

    def _rest_values(self, move: Any, done: Decimal, picking_id: int | None, names: Mapping[int, str]) -> dict[str, Any]:
        """Values of the move that carries what `move` leaves undone."""
        left = move.product_qty - done
        values = move.copy_data()[0]
        values.pop("move_line_ids", None)
        values.update(
            picking_id=picking_id,
            product_qty=left,
            product_uom_qty=move.product_uom_qty - move._in_move_unit(done),
            quantity=ZERO,
            state="confirmed",
            is_storable=move.is_storable,
            has_tracking=move.has_tracking,
            origin_returned_move_id=move.origin_returned_move_id or None,
            date=move.date,
            reference=move.reference,
        )
        if picking_id in names:
            values["reference"] = names[picking_id]
        return values

    # -- counts ---------------------------------------------------------------------------------------------------
    def _adjust(self, differences: Sequence[tuple[Any, Decimal]]) -> Any:
        """Done moves that bring quants to what was counted: (quant, difference), signed, in the product's unit."""
        if not differences:
            return self.browse([])
        env = self.env
        moment = env.now()
        loss = env.ref("stock.stock_location_inventory").id
        label = _text(env)
        rows, details = [], []
        for quant, difference in differences:
            quantity = abs(difference)
            source, target = (loss, quant.location_id) if difference > 0 else (quant.location_id, loss)
            unit_id = quant.product.product_tmpl.uom_id
            rows.append(
                {
                    "description_picking": quant.product.display_name,
                    "product_id": quant.product_id,
                    "product_uom": unit_id,
                    "product_uom_qty": quantity,
                    "product_qty": quantity,
                    "quantity": quantity,
                    "picked": True,
                    "state": "done",
                    "is_storable": True,
                    "has_tracking": "none",
                    "is_inventory": True,
                    "location_id": source,
                    "location_dest_id": target,
                    "reference": label,
                    "company_id": quant.company_id,
                    "date": moment,
                }
            )
        moves = self._insert(rows)
        for move, row, (quant, _difference) in zip(moves, rows, differences, strict=True):
            details.append(
                {
                    "move_id": move.id,
                    "picking_id": None,
                    "product_id": quant.product_id,
                    "product_uom_id": row["product_uom"],
                    "quantity": row["quantity"],
                    "quantity_product_uom": row["quantity"],
                    "reserved_quantity": ZERO,
                    "picked": True,
                    "location_id": row["location_id"],
                    "location_dest_id": row["location_dest_id"],
                    "lot_id": quant.lot_id,
                    "package_id": quant.package_id,
                    "result_package_id": quant.package_id,
                    "owner_id": quant.owner_id,
                    "company_id": quant.company_id,
                }
            )
        lines = env["stock.move.line"]._insert(details)
        env["stock.quant"]._move(changes_of(env, lines), moment)
        moves._after(lines)
        return moves


def changes_of(env: Any, lines: Iterable[Any]) -> dict[Key, tuple[Decimal, Decimal]]:
    """What done lines change on the quants: (on hand, reserved) per place."""
    tree = env["stock.location"]._tree()
    on_hand: dict[Key, Decimal] = defaultdict(Decimal)
    reserved: dict[Key, Decimal] = defaultdict(Decimal)
    for line in lines:
        if not line.move.is_storable:
            continue
        quantity = line.quantity_product_uom
        for place_id in (line.location_id, line.location_dest_id):
            if tree.places[place_id].usage == "view":
                place = env["stock.location"].browse([place_id])
                raise ValidationError(
                    _(
                        "%(location)s only groups other locations: no goods can be there. Choose one inside it.",
                        location=place.complete_name,
                    )
                )
        if tree.keeps_stock(line.location_id):
            place = line._place()
            on_hand[place] -= quantity
            reserved[place] -= min(line.reserved_quantity, quantity)
        if tree.keeps_stock(line.location_dest_id):
            on_hand[line._target(line.result_package_id)] += quantity
    return {key: (on_hand[key], reserved[key]) for key in on_hand}


def _text(env: Any) -> str:
    return _("Inventory count").render(env.lang)
