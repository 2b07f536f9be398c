"""Detail lines of moves: from which place, lot and package, for which quantity.

`quantity` is in the line's unit, `quantity_product_uom` in the product's, and `reserved_quantity` is the part of it that is
promised on the quant of the same place: the sum of it over the open lines of a place is the quant's reserved quantity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from addons.stock.exceptions import DoneIsDone, LotRequired, SerialTwice, WrongState
from addons.stock.models.move import STATES
from addons.stock.models.picking import _id, refuse_kept
from addons.stock.models.quant import Key
from addons.stock.rules.reserve import Stock
from addons.stock.rules.state import OPEN
from server import Boolean, Char, Datetime, Many2one, Model, Numeric, Selection, ValidationError, _

ZERO = Decimal(0)

#: What says where the goods of a line are; changing it moves the promise.
PLACE = frozenset({"product_id", "location_id", "lot_id", "package_id", "owner_id"})

#: What a line keeps from its making.
BOUND = frozenset({"move_id", "picking_id", "product_id", "company_id"})

#: What follows from the quantity, the reservation and the move.
KEPT = frozenset({"reserved_quantity", "quantity_product_uom", "state", "date", "reference"})


class StockMoveLine(Model, name="stock.move.line"):
    """So much of a move from one exact place to another."""

    model_label = _("Detailed move")
    rec_name = "reference"
    order = "id"
    indexes = [("product_id", "location_id")]
    checks = {"quantity_not_negative": "quantity >= 0", "reserved_not_negative": "reserved_quantity >= 0"}

    move_id = Many2one("stock.move", _("Move"), index=True, ondelete="cascade")
    picking_id = Many2one("stock.picking", _("Transfer"), index=True, ondelete="cascade")
    product_id = Many2one("product.product", _("Product"), required=True, check_company=False)
    product_uom_id = Many2one("uom.uom", _("Unit"), required=True)
    quantity = Numeric(_("Quantity"), required=True, default=ZERO, aliases=("qty_done", "reserved_uom_qty", "product_uom_qty"))
    quantity_product_uom = Numeric(_("Quantity in the product's unit"), required=True, readonly=True, default=ZERO)
    reserved_quantity = Numeric(_("Reserved"), required=True, readonly=True, default=ZERO, exportable=False)
    picked = Boolean(_("Picked"))
    location_id = Many2one("stock.location", _("From"), required=True)
    location_dest_id = Many2one("stock.location", _("To"), required=True)
    lot_id = Many2one("stock.lot", _("Lot or serial number"), index=True)
    lot_name = Char(_("New lot or serial number"))
    package_id = Many2one("stock.package", _("From package"))
    result_package_id = Many2one("stock.package", _("Into package"))
    owner_id = Many2one("res.partner", _("Owner"))
    state = Selection(STATES, _("Status"), related="move_id.state")
    date = Datetime(_("Date"), related="move_id.date")
    reference = Char(_("Reference"), related="move_id.reference")
    company_id = Many2one("res.company", _("Company"), required=True)

    # -- making ---------------------------------------------------------------------------------------------------
    def create(self, vals: Any) -> Any:
        """A line entered by a person: what is free at its place is reserved, the rest is checked on validation."""
        vals_list = [vals] if isinstance(vals, dict) else list(vals)
        refuse_kept(self, KEPT, vals_list)
        moves = self._moves_of(vals_list)
        rows = []
        for move, values in zip(moves, vals_list, strict=True):
            if move.state in ("done", "cancel"):
                raise DoneIsDone(
                    _(
                        "The move of %(product)s is closed: no detail can be added. Make a return or a new transfer.",
                        product=move.product.display_name,
                    )
                )
            rows.append(self._entered(move, values))
        lines = self._insert(rows)
        lines.sudo()._take()
        lines.sudo().mapped("move_id")._refresh()
        return lines

    def _moves_of(self, vals_list: list[dict[str, Any]]) -> list[Any]:
        """The move of each line to be; a line of a transfer without a move gets one that nobody had asked for (demand 0)."""
        moves = self.env["stock.move"]
        known = moves.browse([_id(values["move_id"]) for values in vals_list if values.get("move_id")])
        loose = [values for values in vals_list if not values.get("move_id")]
        for values in loose:
            if not values.get("picking_id") or not values.get("product_id"):
                raise ValidationError(
                    _("A detail line needs its move, or a transfer and a product. Give move_id, or picking_id and product_id.")
                )
        added = iter(
            moves.create(
                [
                    {
                        "picking_id": _id(values["picking_id"]),
                        "product_id": _id(values["product_id"]),
                        "product_uom": _id(values.get("product_uom_id")),
                        "product_uom_qty": ZERO,
                    }
                    for values in loose
                ]
            )
            if loose
            else ()
        )
        by_id = {move.id: move for move in known}
        return [by_id[_id(values["move_id"])] if values.get("move_id") else next(added) for values in vals_list]

    def _entered(self, move: Any, values: dict[str, Any]) -> dict[str, Any]:
        given = {self._aliases.get(name, name): value for name, value in values.items()}
        unit = move.product.product_tmpl.uom
        quantity = _decimal(given.get("quantity", 0))
        unit_id = _id(given.get("product_uom_id")) or move.product_uom
        row = self._values(move, ZERO)
        row.update({name: value for name, value in given.items() if value is not None})
        row["product_id"] = move.product_id
        row["product_uom_id"] = unit_id
        row["quantity"] = quantity
        row["quantity_product_uom"] = move._in_units(quantity, unit_id, unit)
        row["reserved_quantity"] = ZERO
        row["location_id"] = _id(row.get("location_id")) or move.location_id
        row["location_dest_id"] = _id(row.get("location_dest_id")) or move.location_dest_id
        return row

    def _insert(self, vals_list: list[dict[str, Any]]) -> Any:
        """Rows as they are; for code that has completed the values."""
        return super().create(vals_list) if vals_list else self.browse([])

    def _values(
        self, move: Any, quantity: Decimal, stock: Stock | None = None, values: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """A line of the move for `quantity` of the product's unit, promised on `stock` when there is one.

        :param values: the move's values when it was just created from them.
        """
        get = values.get if values is not None else move.__getitem__
        product = self.env["product.product"].browse([_id(get("product_id"))])
        return {
            "move_id": move.id,
            "picking_id": _id(get("picking_id")),
            "product_id": product.id,
            "product_uom_id": product.product_tmpl.uom_id,
            "quantity": quantity,
            "quantity_product_uom": quantity,
            "reserved_quantity": quantity if stock else ZERO,
            "location_id": stock.location_id if stock else _id(get("location_id")),
            "location_dest_id": _id(get("location_dest_id")),
            "lot_id": stock.lot_id if stock else None,
            "package_id": stock.package_id if stock else None,
            "owner_id": stock.owner_id if stock else None,
            "company_id": _id(get("company_id")),
        }

    # -- the promise ----------------------------------------------------------------------------------------------
    def _place(self) -> Key:
        """Where the goods of this line are."""
        return (self.product_id, self.location_id, self.lot_id, self.package_id, self.owner_id)

    def _target(self, package_id: int | None) -> Key:
        """Where they go."""
        return (self.product_id, self.location_dest_id, self.lot_id, package_id, self.owner_id)

    def _add(self, quantity: Decimal, reserved: bool = True) -> None:
        """More of the same place, in the product's unit."""
        self._set(self.quantity_product_uom + quantity, self.reserved_quantity + (quantity if reserved else ZERO))

    def _set(self, quantity: Decimal, reserved: Decimal) -> None:
        """Quantity and promise in the product's unit; the line's own unit follows."""
        unit = self.product.product_tmpl.uom
        own = quantity if self.product_uom_id == unit.id else unit.compute_quantity(quantity, self.product_uom, round=False)
        self._write({"quantity_product_uom": quantity, "reserved_quantity": reserved, "quantity": own})

    def _give_back(self) -> None:
        """Free what the lines had promised."""
        promised: dict[Key, Decimal] = defaultdict(Decimal)
        for line in self:
            if line.reserved_quantity:
                promised[line._place()] += line.reserved_quantity
        if promised:
            self.env["stock.quant"]._release(promised)
            self._write({"reserved_quantity": ZERO})

    def _take(self) -> None:
        """Reserve, at exactly the lines' places, what they lack and is free."""
        tree = self.env["stock.location"]._tree()
        wanted = self.filtered(
            lambda line: (
                line.move.is_storable
                and line.move.state != "draft"
                and tree.keeps_stock(line.location_id)
                and line.quantity_product_uom > line.reserved_quantity
            )
        )
        if not wanted:
            return
        quants = self.env["stock.quant"]._locked((line.product_id for line in wanted), (line.location_id for line in wanted))
        by_key = {quant._key(): quant for quant in quants}
        for line in wanted:
            quant = by_key.get(line._place())
            taken = min(quant._stock().free, line.quantity_product_uom - line.reserved_quantity) if quant else ZERO
            if taken > 0:
                quant._write({"reserved_quantity": quant.reserved_quantity + taken})
                line._write({"reserved_quantity": line.reserved_quantity + taken})

    def _free_for_count(self, counted: Sequence[tuple[Any, Decimal]]) -> None:
        """Take promises back where a count left less than was promised; the youngest lines lose first."""
        short = {
            quant._key(): quant.reserved_quantity - max(quantity, ZERO)
            for quant, quantity in counted
            if quant.reserved_quantity > max(quantity, ZERO)
        }
        if not short:
            return
        lines = self.search(
            [
                ("product_id", "in", [key[0] for key in short]),
                ("location_id", "in", [key[1] for key in short]),
                ("reserved_quantity", ">", 0),
                ("move_id.state", "in", list(OPEN)),
            ],
            order="id desc",
        )
        touched = self.env["stock.move"].browse([])
        freed: dict[Key, Decimal] = defaultdict(Decimal)
        emptied = self.browse([])
        for line in lines:
            key = line._place()
            taken = min(short.get(key, ZERO), line.reserved_quantity)
            if taken <= 0:
                continue
            short[key] -= taken
            freed[key] += taken
            touched |= line.move
            left = line.quantity_product_uom - taken
            if left:
                line._set(left, line.reserved_quantity - taken)
            else:
                emptied |= line
        self.env["stock.quant"]._release(freed)
        emptied._delete()
        touched._refresh()

    # -- writing --------------------------------------------------------------------------------------------------
    def write(self, vals: dict[str, Any]) -> Any:
        """Quantity and place may change while the move is open; the promise follows them.

        :raises DoneIsDone: afterwards.
        """
        vals = {self._aliases.get(name, name): value for name, value in vals.items()}
        refuse_kept(self, KEPT, [vals])
        for name in BOUND & set(vals):
            if any(line[name] != _id(vals[name]) for line in self):
                raise WrongState(
                    _(
                        "A detailed move stays with its move: %(field)s cannot be changed. Delete it and add another.",
                        field=self._fields[name].string,
                    )
                )
        touched = set(vals) & (PLACE | {"quantity", "product_uom_id"})
        closed = self.filtered(lambda line: line.move.state in ("done", "cancel"))
        if closed and (touched or {"location_dest_id", "result_package_id"} & set(vals)):
            raise DoneIsDone(
                _(
                    "The goods of %(product)s have moved: the detail cannot be changed. Make a return.",
                    product=closed[0].product.display_name,
                )
            )
        internal = self.sudo()
        if touched & PLACE:
            internal._give_back()
        result = super().write(vals)
        if touched & {"quantity", "product_uom_id"}:
            lowered: dict[Key, Decimal] = defaultdict(Decimal)
            for line in internal:
                quantity = line.move._in_units(line.quantity, line.product_uom_id, line.product.product_tmpl.uom)
                if line.reserved_quantity > quantity:
                    lowered[line._place()] += line.reserved_quantity - quantity
                line._write({"quantity_product_uom": quantity, "reserved_quantity": min(line.reserved_quantity, quantity)})
            if lowered:
                internal.env["stock.quant"]._release(lowered)
        if touched:
            internal._take()
            internal.mapped("move_id")._refresh()
        if "picked" in vals:
            for move in internal.mapped("move_id"):
                move._write({"picked": any(line.picked for line in move.move_line_ids)})
        return result

    def _write(self, vals: dict[str, Any]) -> Any:
        """Write as it is; for code that has made sure."""
        return super().write(vals)

    def unlink(self) -> Any:
        """Lines of open moves may be deleted; what they promised is free again.

        :raises DoneIsDone: for lines of done moves.
        """
        if any(line.move.state == "done" for line in self):
            raise DoneIsDone(_("What has moved cannot be deleted. Make a return for it."))
        internal = self.sudo()
        moves = internal.mapped("move_id")
        internal._give_back()
        result = super().unlink()
        moves._refresh()
        return result

    def _delete(self) -> None:
        """Delete without asking; the caller has taken care of the promise."""
        if self:
            super().unlink()

    # -- lots -----------------------------------------------------------------------------------------------------
    def _check_lots(self) -> None:
        """Before goods move: products with lots name them; new names make new lots where the operation type allows it.

        :raises LotRequired: when a line of such a product names none.
        :raises SerialTwice: when a serial number would stand for more than one piece.
        """
        tracked = self.filtered(lambda line: line.move.is_storable and line.move.has_tracking in ("lot", "serial"))
        if not tracked:
            return
        self._make_lots(tracked.filtered(lambda line: not line.lot_id and line.lot_name))
        tree = self.env["stock.location"]._tree()
        arriving: dict[int, Decimal] = defaultdict(Decimal)
        for line in tracked:
            if not line.lot_id:
                raise LotRequired(
                    _(
                        "%(product)s is tracked by lot or serial number. Write which one moves (lot_id, or lot_name for a "
                        "new one).",
                        product=line.product.display_name,
                    )
                )
            if line.lot.product_id != line.product_id:
                raise LotRequired(
                    _(
                        "Lot %(lot)s belongs to another product than %(product)s. Choose one of its own.",
                        lot=line.lot.name,
                        product=line.product.display_name,
                    )
                )
            if (
                line.move.has_tracking == "serial"
                and tree.keeps_stock(line.location_dest_id)
                and not tree.keeps_stock(line.location_id)
            ):
                arriving[line.lot_id] += line.quantity_product_uom
        if not arriving:
            return
        held = {
            quant.lot_id for quant in self.env["stock.quant"].search([("lot_id", "in", list(arriving)), ("quantity", ">", 0)])
        }
        for lot in self.env["stock.lot"].browse(list(arriving)):
            if arriving[lot.id] > 1 or lot.id in held:
                raise SerialTwice(
                    _(
                        "Serial number %(lot)s of %(product)s would be in stock twice. Give each piece its own number.",
                        lot=lot.name,
                        product=lot.product.display_name,
                    )
                )

    def _make_lots(self, lines: Any) -> None:
        if not lines:
            return
        lots = self.env["stock.lot"]
        wanted = {(line.product_id, line.lot_name.strip()): line for line in lines}
        found = {
            (lot.product_id, lot.name): lot.id
            for lot in lots.search([("product_id", "in", [key[0] for key in wanted]), ("name", "in", [key[1] for key in wanted])])
        }
        new = [key for key in wanted if key not in found]
        for key in new:
            kind = wanted[key].move.picking_type
            if kind and not kind.use_create_lots:
                raise LotRequired(
                    _(
                        "Lot %(lot)s does not exist, and this operation type makes no new ones. Choose an existing lot.",
                        lot=key[1],
                    )
                )
        made = lots.create(
            [
                {"product_id": product_id, "name": name, "company_id": wanted[product_id, name].company_id}
                for product_id, name in new
            ]
        )
        found.update({key: lot.id for key, lot in zip(new, made, strict=True)})
        for line in lines:
            line._write({"lot_id": found[line.product_id, line.lot_name.strip()]})


def _decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    try:
        return Decimal(repr(value)) if isinstance(value, float) else Decimal(value or 0)
    except ArithmeticError:
        raise ValidationError(_("%(value)s is no quantity. Write a number.", value=str(value))) from None
