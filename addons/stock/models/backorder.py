"""The question about what a transfer leaves undone: a backorder, or nothing more."""

from __future__ import annotations

from typing import Any

from addons.stock.exceptions import NothingToMove
from addons.stock.models.picking import _ids
from server import Many2many, TransientModel, _, action


class StockBackorderConfirmation(TransientModel, name="stock.backorder.confirmation"):
    """Asks whether the rest of some transfers is to follow later."""

    model_label = _("Backorder confirmation")
    rec_name = "id"

    pick_ids = Many2many("stock.picking", _("Transfers"))

    @action
    def process(self) -> Any:
        """Validate the transfers; the rest goes to backorders."""
        return self._finish(drop=False)

    @action
    def process_cancel_backorder(self) -> Any:
        """Validate the transfers; the rest is cancelled."""
        return self._finish(drop=True)

    def _finish(self, drop: bool) -> Any:
        asked = self.mapped("pick_ids")
        also = self.env["stock.picking"].browse(_ids(self.env.context.get("button_validate_picking_ids")))
        pickings = asked | also
        if not pickings:
            raise NothingToMove(_("No transfer is named. Give pick_ids, or open this question from a transfer."))
        rest = {"skip_backorder": True, "picking_ids_not_to_backorder": asked.ids if drop else []}
        return pickings.with_context(**rest).button_validate()
