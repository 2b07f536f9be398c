"""What sales adds to invoices: the order lines they bill, and keeping these in step whatever happens to an invoice.

Invoice lines are inserted, changed and removed through three steps of accounting (`_insert`, `_update`, `_remove`); what was
invoiced of an order line follows there, so it makes no difference whether an invoice comes from an order, a client, or a
reversal.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from addons.account.models.move import AccountMove
from addons.account.models.move_line import AccountMoveLine
from addons.sales.models.defaults import command_ids
from addons.sales.models.steps import update_each
from server import Integer, Many2many, _, action, depends

#: A change of these on an invoice line changes what was invoiced of its order lines.
BILLED_FIELDS = frozenset({"quantity", "product_uom_id", "sale_line_ids"})


class SalesMove(AccountMove):
    """Adds the way back from an invoice to its orders."""

    sale_order_count = Integer(_("Number of orders"), compute="_compute_sale_order_count")

    @depends("line_ids.sale_line_ids")
    def _compute_sale_order_count(self) -> None:
        for move in self:
            move.sale_order_count = len(move.mapped("line_ids.sale_line_ids.order_id"))

    def _billed_lines(self) -> Any:
        """The order lines that these invoices bill."""
        return self.sudo().mapped("line_ids.sale_line_ids")

    @action(readonly=True)
    def action_view_source_sale_orders(self) -> Any:
        """The window that shows the orders behind these invoices."""
        return self.mapped("line_ids.sale_line_ids.order_id")._window_action()


class SalesMoveLine(AccountMoveLine):
    """Adds the order lines that an invoice line bills."""

    sale_line_ids = Many2many(
        "sale.order.line",
        relation="sale_order_line_invoice_rel",
        column1="invoice_line_id",
        column2="order_line_id",
        string=_("Order lines"),
        copy=False,
    )

    def _insert(self, rows: list[dict[str, Any]]) -> Any:
        """As accounting inserts lines; what they bill is counted at once from the values, without a query per line."""
        lines = super()._insert(rows)
        billed: list[tuple[Any, list[int]]] = []
        for line, row in zip(lines, rows, strict=True):
            ids = command_ids(row.get("sale_line_ids")) if row.get("display_type", "product") == "product" else []
            if ids:
                billed.append((line, ids))
        if not billed:
            return lines
        # others may be invoicing or crediting the same lines in this moment
        order_lines = self.env["sale.order.line"].sudo().browse(sorted({id for _line, ids in billed for id in ids})).lock()
        known = {order_line.id: order_line for order_line in order_lines}
        counted = {id: order_line.qty_invoiced for id, order_line in known.items()}
        for line, ids in billed:
            for id in ids:
                counted[id] += line._billed_quantity(known[id])
        update_each(order_lines, {id: {"qty_invoiced": quantity} for id, quantity in counted.items()})
        order_lines._update_invoicing()
        return lines

    def _update(self, vals: Mapping[str, Any]) -> Any:
        """As accounting changes lines; a down payment keeps the price that its invoice was changed to."""
        if not vals.keys() & (BILLED_FIELDS | {"price_unit"}):
            return super()._update(vals)
        before = self.sudo().mapped("sale_line_ids")
        result = super()._update(vals)
        billed = before | self.sudo().mapped("sale_line_ids")
        if vals.keys() & BILLED_FIELDS:
            billed._refresh_invoiced()
        if "price_unit" in vals:
            for line in self.sudo().filtered(lambda line: line.move.move_type == "out_invoice" and line.quantity > 0):
                for order_line in line.sale_line_ids.filtered("is_downpayment"):
                    order_line._update({"price_unit": line.price_unit})
        return result

    def _remove(self) -> Any:
        """As accounting removes lines; what they billed can be invoiced again."""
        billed = self.sudo().mapped("sale_line_ids")
        result = super()._remove()
        billed._refresh_invoiced()
        return result

    def _reversal_values(self) -> dict[str, Any]:
        """A credit note takes off what its invoice billed."""
        return super()._reversal_values() | {"sale_line_ids": [(6, 0, self.sale_line_ids.ids)]}

    def _billed_quantity(self, order_line: Any) -> Decimal:
        """What this invoice line bills of the order line, in the order line's unit; negative on credit notes (one record)."""
        quantity: Decimal = self.quantity
        if self.product_uom_id and order_line.product_uom_id and self.product_uom_id != order_line.product_uom_id:
            quantity = self.product_uom.compute_quantity(quantity, order_line.product_uom)
        return -quantity if self.move.move_type == "out_refund" else quantity
