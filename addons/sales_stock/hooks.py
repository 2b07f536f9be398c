"""What the glue hangs on sales and on the warehouse; it has no extension points of its own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from server import hookimpl


class Impls:
    """Deliveries follow orders, delivered quantities follow deliveries."""

    @hookimpl
    def sale_order_confirmed(self, env: Any, orders: Any) -> None:
        """Make the deliveries, reserved."""
        pickings = orders._make_deliveries()
        pickings.mapped("sale_id")._update({"delivery_status": "pending"})

    @hookimpl
    def sale_order_cancelling(self, env: Any, orders: Any) -> None:
        """Refuse what was shipped; cancel the rest."""
        orders._check_not_shipped()
        orders._cancel_deliveries()

    @hookimpl
    def sale_order_cancelled(self, env: Any, orders: Any) -> None:
        """A cancelled order waits for no delivery."""
        orders._update({"delivery_status": None})

    @hookimpl
    def sale_order_line_changed(self, env: Any, lines: Any, before: dict[int, Decimal]) -> None:
        """Bring the open deliveries in line with the new quantities."""
        lines._follow_quantities(before)

    @hookimpl
    def stock_moves_done(self, env: Any, moves: Any) -> None:
        """Count what reached the customer, or came back."""
        sold = moves.filtered(lambda move: move.sale_line_id)
        if not sold:
            return
        apart = sold.filtered(lambda move: not move.picking.sale_id)
        orders = sold.sudo().mapped("picking_id.sale_id") | apart.sudo().mapped("sale_line_id.order_id")
        orders.lock()
        orders.order_line._add_delivered(sold)

    @hookimpl
    def stock_picking_done(self, env: Any, pickings: Any) -> None:
        """Say how far the delivery of the orders is."""
        pickings.sudo().mapped("sale_id")._update_delivery_status()

    @hookimpl
    def stock_picking_cancelled(self, env: Any, pickings: Any) -> None:
        """Say how far the delivery of the orders is."""
        pickings.sudo().mapped("sale_id")._update_delivery_status()
