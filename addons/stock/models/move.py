"""Moves: so much of a product goes from one place to another. What is asked for, what is reserved, what was done.

`product_uom_qty` is the demand in the move's unit, `product_qty` the same in the product's; `quantity` is what is reserved or
entered and, once done, what moved. States are `draft`, `waiting`, `confirmed`, `partially_available`, `assigned`, `done`,
`cancel`. All methods work on sets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from addons.stock.exceptions import DoneIsDone, WrongState
from addons.stock.models.picking import _id, refuse_kept
from addons.stock.models.reservation import Plan, plan
from addons.stock.rules.reserve import Need
from addons.stock.rules.state import OPEN, move_state
from server import (
    Boolean,
    Char,
    Datetime,
    Integer,
    Many2many,
    Many2one,
    Model,
    Numeric,
    One2many,
    Selection,
    Text,
    ValidationError,
    _,
    depends,
)

ZERO = Decimal(0)

#: Changing one of these on a move that is no draft would tell another story than the reservation.
#: What follows from what is done with a move.
KEPT = frozenset({"state", "product_qty", "is_storable", "has_tracking", "is_inventory", "origin_returned_move_id"})
PLACES = frozenset({"product_id", "location_id", "location_dest_id", "company_id"})

STATES = [
    ("draft", _("New")),
    ("waiting", _("Waiting for another move")),
    ("confirmed", _("Waiting")),
    ("partially_available", _("Partly available")),
    ("assigned", _("Available")),
    ("done", _("Done")),
    ("cancel", _("Cancelled")),
]

TRACKING = [("none", _("By quantity")), ("lot", _("By lots")), ("serial", _("By serial number"))]


class StockMove(Model, name="stock.move"):
    """The movement of one product."""

    model_label = _("Stock move")
    rec_name = "description_picking"
    order = "sequence, id"
    checks = {"demand_not_negative": "product_uom_qty >= 0", "quantity_not_negative": "quantity >= 0"}
    indexes = [("product_id", "state"), ("company_id", "state", "date")]

    sequence = Integer(_("Sequence"), default=10)
    description_picking = Text(_("Description"), aliases=("name",))
    product_id = Many2one("product.product", _("Product"), required=True)
    product_uom_qty = Numeric(_("Demand"), required=True, default=Decimal(1))
    product_uom = Many2one("uom.uom", _("Unit"), required=True)
    product_qty = Numeric(_("Demand in the product's unit"), readonly=True, copy=False)
    quantity = Numeric(
        _("Quantity"),
        required=True,
        default=ZERO,
        copy=False,
        aliases=("quantity_done", "reserved_availability"),
        help=_("Reserved or entered; what moved, once done."),
    )
    picked = Boolean(_("Picked"), copy=False, help=_("When some moves of a transfer are picked, only these are done."))
    state = Selection(
        STATES,
        _("Status"),
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    is_storable = Boolean(_("Kept in stock"), readonly=True, copy=False)
    has_tracking = Selection(
        [("none", _("By quantity")), ("lot", _("By lots")), ("serial", _("By serial number"))],
        _("Tracking"),
        readonly=True,
        copy=False,
    )
    picking_id = Many2one("stock.picking", _("Transfer"), index=True, ondelete="cascade", copy=False)
    picking_type_id = Many2one("stock.picking.type", _("Operation type"))
    location_id = Many2one("stock.location", _("From"), required=True)
    location_dest_id = Many2one("stock.location", _("To"), required=True)
    move_line_ids = One2many("stock.move.line", "move_id", _("Details"))
    partner_id = Many2one("res.partner", _("Contact"))
    date = Datetime(_("Date"), default=lambda env: env.now(), required=True, help=_("Planned for; once done, when it was done."))
    date_deadline = Datetime(_("Deadline"))
    origin = Char(_("Source document"))
    reference = Char(_("Reference"), copy=False)
    group_id = Many2one("procurement.group", _("Procurement group"))
    priority = Selection([("0", _("Normal")), ("1", _("Urgent"))], _("Priority"), default="0")
    price_unit = Numeric(
        _("Unit cost"),
        digits=(16, 6),
        help=_("Cost of one of the product's units that comes in, in the company's currency; empty: the current cost."),
    )
    lot_ids = Many2many("stock.lot", _("Lots and serial numbers"), compute="_compute_lot_ids")
    origin_returned_move_id = Many2one("stock.move", _("Return of"), readonly=True, copy=False, index=True)
    returned_move_ids = One2many("stock.move", "origin_returned_move_id", _("Returns"))
    is_inventory = Boolean(_("From a count"), readonly=True, copy=False)
    company_id = Many2one("res.company", _("Company"), required=True)

    @depends("move_line_ids.lot_id")
    def _compute_lot_ids(self) -> None:
        for move in self:
            move.lot_ids = move.move_line_ids.mapped("lot_id")

    # -- making ---------------------------------------------------------------------------------------------------
    def create(self, vals: Any) -> Any:
        """Places, unit, company and dates come from the transfer and the product when they are not given.

        A move added to a transfer that is already promised is promised at once.
        """
        vals_list = [vals] if isinstance(vals, dict) else list(vals)
        refuse_kept(self, KEPT, vals_list)
        pickings = self.env["stock.picking"].browse(
            [_id(values.get("picking_id")) for values in vals_list if values.get("picking_id")]
        )
        completed, entered = [], []
        for values in vals_list:
            picking = pickings.browse([_id(values["picking_id"])]) if values.get("picking_id") else None
            if picking and picking.state in ("done", "cancel"):
                raise WrongState(_("Transfer %(name)s is closed: nothing can be added. Make a new one.", name=picking.name))
            completed.append({**(self._from_picking(picking) if picking else {}), **values})
        completed = self._complete(completed)
        for values in completed:
            entered.append(values.pop("quantity", None))
        moves = self._insert(completed)
        for move, quantity in zip(moves, entered, strict=True):
            if quantity:
                move.write({"quantity": quantity})
        late = moves.filtered(lambda move: move.state == "draft" and move.picking_id and move.picking.state != "draft")
        if late:
            late.sudo()._confirm()
        return moves

    def _insert(self, vals_list: list[dict[str, Any]]) -> Any:
        """Rows as they are; for code that has completed the values."""
        return super().create(vals_list) if vals_list else self.browse([])

    def _from_picking(self, picking: Any) -> dict[str, Any]:
        """What a move takes from its transfer, a record or the values of one."""
        get = picking.get if isinstance(picking, Mapping) else picking.__getitem__
        taken = {
            name: get(name)
            for name in ("location_id", "location_dest_id", "company_id", "picking_type_id", "origin", "group_id", "partner_id")
        }
        taken["reference"] = get("name")
        taken["date"] = get("scheduled_date") or self.env.now()
        taken["priority"] = get("priority") or "0"
        return taken

    def _complete(self, vals_list: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Values with unit, demand in the product's unit and description; products are read once for all.

        :raises ValidationError: for a service, which cannot be moved, or a move without places.
        """
        vals_list = list(vals_list)
        products = self.env["product.product"].browse(
            [_id(values.get("product_id")) for values in vals_list if values.get("product_id")]
        )
        by_id = {product.id: product for product in products}
        completed = []
        for given in vals_list:
            values = {self._aliases.get(name, name): value for name, value in given.items()}
            product = by_id.get(_id(values.get("product_id")))
            if product is None:
                raise ValidationError(_("A move needs a product. Give product_id."))
            template = product.product_tmpl
            if template.type == "service":
                raise ValidationError(
                    _("%(product)s is a service: it cannot be moved. Leave it out of the transfer.", product=product.display_name)
                )
            unit = template.uom
            values["product_uom"] = _id(values.get("product_uom")) or unit.id
            demand = _decimal(values.get("product_uom_qty", 1))
            values["product_uom_qty"] = demand
            values["product_qty"] = self._in_units(demand, values["product_uom"], unit)
            values["is_storable"] = template.is_storable
            values["has_tracking"] = template.tracking or "none"
            values.setdefault("description_picking", product.display_name)
            values.setdefault("company_id", self.env.company_id)
            if not values.get("location_id") or not values.get("location_dest_id"):
                raise ValidationError(
                    _(
                        "The move of %(product)s needs a place it comes from and one it goes to. Give location_id and "
                        "location_dest_id.",
                        product=product.display_name,
                    )
                )
            completed.append(values)
        return completed

    def _in_units(self, quantity: Decimal, unit_id: int, product_unit: Any) -> Decimal:
        """`quantity` of the unit in the product's unit."""
        if unit_id == product_unit.id:
            return quantity
        return self.env["uom.uom"].browse([unit_id]).compute_quantity(quantity, product_unit)

    def _in_move_unit(self, quantity: Decimal) -> Decimal:
        """`quantity` of the product's unit in this move's unit; exact when all of the demand is there."""
        if quantity == self.product_qty:
            return self.product_uom_qty
        unit = self.product.product_tmpl.uom if self.product_uom_qty != self.product_qty else None
        if unit is None or unit.id == self.product_uom:
            return quantity
        return unit.compute_quantity(quantity, self.env["uom.uom"].browse([self.product_uom]), round=False)

    def _return_values(self) -> dict[str, Any]:
        """Further values of the move that brings this one's goods back; addons extend it."""
        return {}

    # -- confirming and reserving ---------------------------------------------------------------------------------
    def _keeps_stock_at_source(self, tree: Any) -> bool:
        """True when the goods must be taken from counted stock."""
        return self.is_storable and tree.keeps_stock(self.location_id)

    def _confirm(self) -> None:
        """Promise draft moves, reserve those whose operation type reserves at once."""
        self._write({"state": "confirmed"})
        self.filtered(
            lambda move: (
                not move.picking_type_id or move.picking_type.reservation_method == "at_confirm" or not move._needs_reservation()
            )
        )._reserve()
        self.mapped("picking_id")._refresh_state()

    def _needs_reservation(self) -> bool:
        return self._keeps_stock_at_source(self.env["stock.location"]._tree())

    def _plan_reservation(
        self, vals_list: Sequence[dict[str, Any]], headers: Sequence[dict[str, Any]], groups: Sequence[Sequence[Any]]
    ) -> Plan:
        """Reserve for moves that do not exist yet; their values get `state` and `quantity`, the plan gives the detail lines."""
        manual = set()
        position = 0
        for header, group in zip(headers, groups, strict=True):
            if self.env["stock.picking.type"].browse([header["picking_type_id"]]).reservation_method != "at_confirm":
                manual |= set(range(position, position + len(group)))
            position += len(group)
        return plan(self.env, vals_list, manual)

    def _reserve(self) -> None:
        """Reserve what is missing and free, oldest stock first; the states of moves and transfers follow."""
        env = self.env
        tree = env["stock.location"]._tree()
        by_move = self._lines_by_move()
        needs: list[Need] = []
        ready: list[dict[str, Any]] = []
        for move in self:
            missing = move.product_qty - _total(by_move[move.id])
            if missing <= 0:
                continue
            if move._keeps_stock_at_source(tree):
                needs.append(move._need(move.id, missing, tree))
            else:
                ready.append(env["stock.move.line"]._values(move, missing))
        rows = list(ready)
        known = {(line.move_id, line._place()): line for lines in by_move.values() for line in lines}
        moves = {move.id: move for move in self}
        for allocation in env["stock.quant"]._promise(needs):
            stock = allocation.stock
            line = known.get(
                (allocation.key, (stock.product_id, stock.location_id, stock.lot_id, stock.package_id, stock.owner_id))
            )
            if line is not None:
                line._add(allocation.quantity)
            else:
                rows.append(env["stock.move.line"]._values(moves[allocation.key], allocation.quantity, stock))
        env["stock.move.line"]._insert(rows)
        self._refresh()

    def _need(self, key: Any, quantity: Decimal, tree: Any) -> Need:
        """What this move still wants, for the rules."""
        serial = self.has_tracking == "serial"
        owner = self.picking.owner_id if self.picking_id else None
        return Need(
            key,
            self.product_id,
            tree.inside(self.location_id),
            quantity,
            owner_id=owner,
            step=Decimal(1) if serial else ZERO,
            newest_first=tree.places[self.location_id].newest_first,
        )

    def _lines_by_move(self) -> dict[int, list[Any]]:
        by_move: dict[int, list[Any]] = {move.id: [] for move in self}
        for line in self.mapped("move_line_ids"):
            by_move[line.move_id].append(line)
        return by_move

    def _refresh(self) -> None:
        """Quantity and state from the detail lines; then the transfers' states."""
        by_move = self._lines_by_move()
        for move in self:
            if move.state in ("done", "cancel"):
                continue
            total = _total(by_move[move.id])
            values: dict[str, Any] = {"quantity": move._in_move_unit(total)}
            if move.state != "draft":
                values["state"] = move_state(move.product_qty, total)
            move._write(values)
        self.mapped("picking_id")._refresh_state()

    def _unreserve(self) -> None:
        """Give back what is reserved; lines that a person picked stay."""
        lines = self.mapped("move_line_ids").filtered(lambda line: not line.picked)
        lines._give_back()
        lines._delete()
        self._refresh()

    def _cancel(self) -> None:
        """Cancel moves: reservations are given back.

        :raises DoneIsDone: for a move that is done.
        """
        for move in self:
            if move.state == "done":
                raise DoneIsDone(
                    _(
                        "The move of %(product)s is done and cannot be cancelled. Make a return for it.",
                        product=move.product.display_name,
                    )
                )
        lines = self.mapped("move_line_ids")
        lines._give_back()
        lines._delete()
        self._write({"quantity": ZERO, "state": "cancel"})
        self.mapped("picking_id")._refresh_state()

    # -- writing --------------------------------------------------------------------------------------------------
    def write(self, vals: dict[str, Any]) -> Any:
        """Demand and quantity may change while the move is open; the reservation follows.

        :raises DoneIsDone: for anything that would change what moved.
        """
        vals = {self._aliases.get(name, name): value for name, value in vals.items()}
        refuse_kept(self, KEPT, [vals])
        quantity = vals.pop("quantity", None) if "quantity" in vals else None
        demand = {"product_uom_qty", "product_uom"} & set(vals)
        self._refuse_changes({*vals, *(("quantity",) if quantity is not None else ())})
        internal = self.sudo()
        if vals.get("picking_id"):
            target = self.env["stock.picking"].browse([_id(vals["picking_id"])])
            if target.state in ("done", "cancel") and any(move.picking_id != target.id for move in self):
                raise WrongState(_("Transfer %(name)s is closed: nothing can be added. Make a new one.", name=target.name))
        left = internal.mapped("picking_id") if "picking_id" in vals else None
        if vals.get("product_id"):
            template = self.env["product.product"].browse([vals["product_id"]]).product_tmpl
            if template.type == "service":
                raise ValidationError(
                    _(
                        "%(product)s is a service: it cannot be moved. Leave it out of the transfer.",
                        product=template.display_name,
                    )
                )
            vals.setdefault("product_uom", template.uom_id)
        result = super().write(vals) if vals else True
        if left is not None:
            internal.mapped("move_line_ids")._write({"picking_id": vals["picking_id"]})
            (left | internal.mapped("picking_id"))._refresh_state()
        if "product_id" in vals:
            for move in internal:
                template = move.product.product_tmpl
                move._write({"is_storable": template.is_storable, "has_tracking": template.tracking or "none"})
        if demand or "product_id" in vals:
            internal._demand_changed()
        if "picked" in vals:
            internal.mapped("move_line_ids")._write({"picked": bool(vals["picked"])})
        if quantity is not None:
            for move in internal:
                move._set_quantity(_decimal(quantity))
        return result

    def _write(self, vals: dict[str, Any]) -> Any:
        """Write as it is; for code that has made sure."""
        return super().write(vals)

    def _refuse_changes(self, names: set[str]) -> None:
        for move in self:
            if move.state in ("done", "cancel") and names & (
                PLACES | {"quantity", "product_uom_qty", "product_uom", "picking_id"}
            ):
                raise DoneIsDone(
                    _(
                        "The move of %(product)s is closed and cannot be changed. Make a return or a new transfer.",
                        product=move.product.display_name,
                    )
                )
            if move.state != "draft" and names & PLACES:
                raise WrongState(
                    _(
                        "The move of %(product)s is promised: product and places are fixed. Cancel it and add another.",
                        product=move.product.display_name,
                    )
                )

    def _demand_changed(self) -> None:
        """The demand in the product's unit, and the reservation: what is too much is given back, what is missing reserved."""
        for move in self:
            move._write({"product_qty": move._in_units(move.product_uom_qty, move.product_uom, move.product.product_tmpl.uom)})
        open_moves = self.filtered(lambda move: move.state in OPEN)
        for move in open_moves:
            if _total(move.move_line_ids) > move.product_qty:
                move._shrink(move.product_qty)
        at_once = open_moves.filtered(
            lambda move: not move.picking_type_id or move.picking_type.reservation_method == "at_confirm"
        )
        at_once._reserve()
        (open_moves - at_once)._refresh()

    def _set_quantity(self, quantity: Decimal) -> None:
        """What a person says is there or was done, in the move's unit: less gives reservations back, more takes what is free.

        What is not free is written all the same and checked when the transfer is validated.
        """
        if quantity < 0:
            raise ValidationError(
                _("The quantity of %(product)s cannot be negative. Make a return instead.", product=self.product.display_name)
            )
        wanted = self._in_units(quantity, self.product_uom, self.product.product_tmpl.uom)
        held = _total(self.move_line_ids)
        env = self.env
        if wanted < held:
            self._shrink(wanted)
        elif wanted > held:
            tree = env["stock.location"]._tree()
            rows, missing = [], wanted - held
            if self._keeps_stock_at_source(tree) and self.state != "draft":
                known = {line._place(): line for line in self.move_line_ids}
                for allocation in env["stock.quant"]._promise([self._need(self.id, missing, tree)]):
                    stock = allocation.stock
                    line = known.get((stock.product_id, stock.location_id, stock.lot_id, stock.package_id, stock.owner_id))
                    if line is not None:
                        line._add(allocation.quantity)
                    else:
                        rows.append(env["stock.move.line"]._values(self, allocation.quantity, stock))
                    missing -= allocation.quantity
            if missing > 0:
                lines = self.move_line_ids
                if lines and not rows:
                    lines[-1]._add(missing, reserved=False)
                else:
                    rows.append({**env["stock.move.line"]._values(self, missing), "reserved_quantity": ZERO})
            env["stock.move.line"]._insert(rows)
        self._refresh()

    def _shrink(self, wanted: Decimal) -> None:
        """Take away detail until `wanted` (product's unit) is left, the newest lines first."""
        excess = _total(self.move_line_ids) - wanted
        emptied = self.env["stock.move.line"].browse([])
        freed: dict[Any, Decimal] = defaultdict(Decimal)
        for line in reversed(self.move_line_ids):
            if excess <= 0:
                break
            taken = min(line.quantity_product_uom, excess)
            excess -= taken
            left = line.quantity_product_uom - taken
            given = max(line.reserved_quantity - left, ZERO)
            if given:
                freed[line._place()] += given
            if left:
                line._set(left, line.reserved_quantity - given)
            else:
                emptied |= line
        if freed:
            self.env["stock.quant"]._release(freed)
        emptied._delete()

    def unlink(self) -> Any:
        """Drafts and cancelled moves may be deleted.

        :raises WrongState: for others.
        """
        for move in self:
            if move.state not in ("draft", "cancel"):
                raise WrongState(
                    _(
                        "The move of %(product)s is promised or done and cannot be deleted. Cancel its transfer, or make a "
                        "return.",
                        product=move.product.display_name,
                    )
                )
        self.sudo().mapped("move_line_ids")._delete()
        return super().unlink()


def _total(lines: Iterable[Any]) -> Decimal:
    """Quantity of detail lines in the product's unit."""
    return sum((line.quantity_product_uom for line in lines), ZERO)


def _decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value or 0)
