"""What the glue adds to transfers: the order they deliver."""

from __future__ import annotations

from typing import Any

from addons.stock.models.move import StockMove
from addons.stock.models.picking import StockPicking
from server import Many2one, _, action


class SalesPicking(StockPicking):
    """Adds the order behind a delivery."""

    sale_id = Many2one("sale.order", _("Sales order"), index=True, readonly=True)

    def _return_values(self) -> dict[str, Any]:
        """What comes back belongs to the same order."""
        return super()._return_values() | {"sale_id": self.sale_id}

    @action(readonly=True)
    def action_view_sale_order(self) -> Any:
        """The window that shows the orders behind these transfers."""
        return self.mapped("sale_id")._window_action()


class SalesMove(StockMove):
    """Adds the order line that a move delivers, or takes back."""

    sale_line_id = Many2one("sale.order.line", _("Sales order line"), index=True, readonly=True)

    def _return_values(self) -> dict[str, Any]:
        """What comes back is taken off the delivered quantity of the same line."""
        return super()._return_values() | {"sale_line_id": self.sale_line_id}
