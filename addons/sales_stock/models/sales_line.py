"""Order lines and the moves that deliver them: delivered quantities, and changes after the confirmation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from addons.sales.models.order_line import SaleOrderLine
from addons.sales.models.steps import update_each
from addons.sales_stock.exceptions import AlreadyShipped
from server import One2many, _

ZERO = Decimal(0)
CLOSED = ("done", "cancel")


class SalesStockLine(SaleOrderLine):
    """Adds the moves of a line."""

    move_ids = One2many("stock.move", "sale_line_id", _("Stock moves"))

    def _products_from_stock(self, products: Any) -> set[int]:
        """Goods are delivered by transfers; services by hand."""
        return super()._products_from_stock(products) | {product.id for product in products if product.type == "consu"}

    def _prepare_move(self, quantity: Decimal) -> dict[str, Any]:
        """Values of the move that delivers `quantity` (in the line's unit) of this line (one record); addons add theirs with
        `super()`.
        """
        return {
            "product_id": self.product_id,
            "product_uom_qty": quantity,
            "product_uom": self.product_uom_id,
            "name": self.name,
            "sale_line_id": self.id,
        }

    # -- delivered quantities -----------------------------------------------------------------------------------------------

    def _add_delivered(self, moves: Any) -> None:
        """Count what these moves, just done, brought to the customer or back from him. No query per line.

        The lines' orders must be locked, so that two deliveries of one order add up.
        """
        added: dict[int, Decimal] = defaultdict(lambda: ZERO)
        lines = {line.id: line for line in self}
        places = moves.mapped("location_id") | moves.mapped("location_dest_id")
        customers = {place.id for place in places if place.usage == "customer"}
        for move in moves:
            line = lines.get(move.sale_line_id)
            if line is None:
                continue
            quantity = move.quantity
            if line.product_uom_id and move.product_uom != line.product_uom_id:
                quantity = self.env["uom.uom"].browse(move.product_uom).compute_quantity(quantity, line.product_uom)
            if move.location_dest_id in customers:
                added[line.id] += quantity
            elif move.location_id in customers:
                added[line.id] -= quantity
        changed = self.browse([id for id, quantity in added.items() if quantity])
        update_each(changed, {line.id: {"qty_delivered": line.qty_delivered + added[line.id]} for line in changed})
        changed._update_invoicing()

    # -- changes after the confirmation -------------------------------------------------------------------------------------

    def _follow_quantities(self, before: Mapping[int, Decimal]) -> None:
        """Bring the open deliveries in line with new ordered quantities of confirmed orders.

        :param before: line id to the quantity before, in the line's unit.
        :raises AlreadyShipped: for less than what was delivered.
        :raises NotEnoughStock: by the company's policy, for more than is free.
        """
        goods = self.filtered(lambda line: line.qty_delivered_method == "stock_move")
        more: dict[int, Decimal] = {}
        less: dict[int, Decimal] = {}
        for line in goods:
            if line.product_uom_qty < line.qty_delivered:
                raise AlreadyShipped(
                    _(
                        "The quantity of %(product)s in order %(name)s cannot be less than the %(delivered)s already delivered. "
                        "Take goods back with a return.",
                        product=line._label(),
                        name=line.order.name,
                        delivered=f"{line.qty_delivered.normalize():f}",
                    )
                )
            change = line.product_uom_qty - before[line.id]
            if change > 0:
                more[line.id] = change
            elif change < 0:
                less[line.id] = -change
        orders = goods.mapped("order_id")
        if less:
            goods._deliver_less(less)
        if more:
            goods._deliver_more(more)
        orders._update_delivery_status()

    def _open_moves(self) -> Any:
        """The moves to the customer that are still open, newest first, in superuser mode, their transfers locked."""
        moves = self.sudo().move_ids.filtered(lambda move: move.state not in CLOSED and move.location_dest.usage == "customer")
        moves.mapped("picking_id").lock()
        return moves.filtered(lambda move: move.state not in CLOSED).sorted(lambda move: move.id, reverse=True)

    def _deliver_less(self, less: Mapping[int, Decimal]) -> None:
        """Take quantities off the open moves of these lines; what was reserved for them becomes free."""
        left = dict(less)
        emptied = self.env["stock.move"].sudo()
        for move in self.browse(list(less))._open_moves():
            line = move.sale_line
            unit = move.mapped("product_uom")
            demand = unit.compute_quantity(move.product_uom_qty, line.product_uom)
            taken = min(demand, left[line.id])
            left[line.id] -= taken
            if taken and taken == demand:
                emptied |= move
            elif taken:
                move.write({"product_uom_qty": line.product_uom.compute_quantity(demand - taken, unit)})
        if emptied:
            emptied._cancel()

    def _deliver_more(self, more: Mapping[int, Decimal]) -> None:
        """Add quantities to the open moves of these lines; lines without one get it in an open delivery of the order, or in a new
        one.
        """
        left = dict(more)
        pickings = self.env["stock.picking"].sudo()
        for move in self.browse(list(more))._open_moves():
            quantity = left.pop(move.sale_line_id, ZERO)
            if quantity:
                unit = move.mapped("product_uom")
                added = move.sale_line.product_uom.compute_quantity(quantity, unit)
                move.write({"product_uom_qty": move.product_uom_qty + added})
                pickings |= move.picking
        rest = self.browse(list(left))
        for order in rest.mapped("order_id"):
            lines = rest.filtered(lambda line, order=order: line.order_id == order.id)
            waiting = order.sudo().picking_ids.filtered(
                lambda picking: picking.state not in CLOSED and picking.picking_type_code == "outgoing"
            )
            if waiting:
                picking = waiting[-1]
                self.env["stock.move"].sudo().create(
                    [line._prepare_move(left[line.id]) | {"picking_id": picking.id} for line in lines]
                )
                pickings |= picking
            else:
                order._make_deliveries({line.id: left[line.id] for line in lines})
        self.mapped("order_id")._check_reserved(pickings)
