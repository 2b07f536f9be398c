"""Sending goods back: a transfer in the other direction, at the cost the goods had."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from addons.stock.exceptions import NothingToMove, TooMuchReturned
from server import Many2one, Numeric, One2many, TransientModel, UserError, _, action, depends

ZERO = Decimal(0)


class StockReturnPicking(TransientModel, name="stock.return.picking"):
    """Asks what of a done transfer comes back."""

    model_label = _("Return")
    rec_name = "id"

    picking_id = Many2one("stock.picking", _("Transfer"), required=True, default=lambda env: env.context.get("active_id"))
    product_return_moves = One2many("stock.return.picking.line", "wizard_id", _("Products"))

    def create(self, vals: Any) -> Any:
        """Without lines, everything that can come back is proposed."""
        wizards = super().create([vals] if isinstance(vals, dict) else vals)
        for wizard in wizards:
            if not wizard.product_return_moves:
                returnable = returnable_of(wizard.picking)
                wizard.env["stock.return.picking.line"].create(
                    [
                        {
                            "wizard_id": wizard.id,
                            "product_id": move.product_id,
                            "move_id": move.id,
                            "quantity": returnable[move.id],
                        }
                        for move in wizard.picking.move_ids
                        if returnable.get(move.id)
                    ]
                )
        return wizards

    @action
    def action_create_returns(self) -> dict[str, Any]:
        """Make the return, confirmed and reserved; the window action shows it.

        :raises WrongState: for a transfer that is not done.
        :raises TooMuchReturned: when more would come back than went.
        """
        self.ensure_one()
        picking = self.picking
        picking.check_access("write")
        if picking.state != "done":
            raise UserError(
                _("Transfer %(name)s is not done: there is nothing to send back. Cancel it instead.", name=picking.name)
            )
        internal = self.sudo()
        internal.picking.lock()
        back = internal._make_return()
        return {
            "type": "ir.actions.act_window",
            "name": _("Return").render(self.env.lang),
            "res_model": "stock.picking",
            "view_mode": "form",
            "views": [[False, "form"]],
            "res_id": back.id,
            "context": dict(self.env.context),
        }

    @action
    def create_returns(self) -> dict[str, Any]:
        """Older name of `action_create_returns`."""
        return self.action_create_returns()

    def _make_return(self) -> Any:
        picking = self.picking
        returnable = returnable_of(picking)
        wanted: dict[int, Decimal] = defaultdict(Decimal)
        for line in self.product_return_moves:
            move = (
                line.move
                or picking.move_ids.filtered(lambda move, line=line: move.product_id == line.product_id and move.state == "done")[
                    :1
                ]
            )
            if move.picking_id != picking.id or line.quantity < 0:
                raise TooMuchReturned(
                    _("%(product)s was not part of transfer %(name)s.", product=line.product.display_name, name=picking.name)
                )
            wanted[move.id] += line.quantity
        wanted = {id: quantity for id, quantity in wanted.items() if quantity}
        if not wanted:
            raise NothingToMove(_("No quantity is to come back. Write how much of each product."))
        moves = self.env["stock.move"].browse(list(wanted))
        for move in moves:
            if wanted[move.id] > returnable.get(move.id, ZERO):
                raise TooMuchReturned(
                    _(
                        "%(wanted)s of %(product)s would come back, but only %(left)s of what was moved is left to return. Lower "
                        "the quantity.",
                        wanted=f"{wanted[move.id]:f}",
                        product=move.product.display_name,
                        left=f"{returnable.get(move.id, ZERO):f}",
                    )
                )
        kind = picking.picking_type.return_picking_type or picking.picking_type
        back = self.env["stock.picking"].create(
            {
                "picking_type_id": kind.id,
                "partner_id": picking.partner_id,
                "location_id": picking.location_dest_id,
                "location_dest_id": picking.location_id,
                "origin": _("Return of %(name)s", name=picking.name).render(self.env.lang),
                "return_id": picking.id,
                "owner_id": picking.owner_id,
                **picking._return_values(),
            }
        )
        self.env["stock.move"].create(
            [
                {
                    "picking_id": back.id,
                    "product_id": move.product_id,
                    "product_uom": move.product_uom,
                    "product_uom_qty": wanted[move.id],
                    "description_picking": move.description_picking,
                    "origin_returned_move_id": move.id,
                    **move._return_values(),
                }
                for move in moves
            ]
        )
        back.action_confirm()
        return back


class StockReturnPickingLine(TransientModel, name="stock.return.picking.line"):
    """How much of one move comes back."""

    model_label = _("Return line")
    rec_name = "product_id"

    wizard_id = Many2one("stock.return.picking", _("Return"), required=True, ondelete="cascade", index=True)
    product_id = Many2one("product.product", _("Product"), required=True)
    move_id = Many2one("stock.move", _("Move"))
    quantity = Numeric(_("Quantity"), required=True, default=ZERO, help=_("In the unit of the move."))
    uom_id = Many2one("uom.uom", _("Unit"), compute="_compute_uom_id")

    @depends("move_id", "product_id")
    def _compute_uom_id(self) -> None:
        for line in self:
            line.uom_id = line.move.product_uom if line.move_id else line.product.product_tmpl.uom_id


def returnable_of(picking: Any) -> dict[int, Decimal]:
    """What of each done move of the transfer has not come back (or is not on its way back), in the move's unit."""
    moves = picking.sudo().move_ids.filtered(lambda move: move.state == "done")
    left = {}
    for move in moves:
        gone = sum(
            (
                back.quantity if back.state == "done" else back.product_uom_qty
                for back in move.returned_move_ids
                if back.state != "cancel"
            ),
            ZERO,
        )
        left[move.id] = max(move.quantity - gone, ZERO)
    return left
