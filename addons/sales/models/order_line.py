"""Lines of an order: their fields, the defaults they are completed with, and their amounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from addons.sales.models.order import INVOICE_STATUSES, STATES
from addons.sales.models.steps import update_each
from addons.sales.rules.status import LineState, line_status, quantity_to_invoice
from server import (
    Boolean,
    Char,
    Integer,
    Many2many,
    Many2one,
    Model,
    Monetary,
    Numeric,
    Selection,
    Text,
    _,
)


class SaleOrderLine(Model, name="sale.order.line"):
    """One product (or section title, or note) of an order, with its quantity, price, discount and taxes."""

    model_label = _("Sales order line")
    order = "order_id, sequence, id"
    rec_name = "name"
    indexes = [("product_id", "company_id")]
    checks = {"text_has_no_amount": "display_type is null or (product_id is null and price_subtotal = 0)"}

    order_id = Many2one("sale.order", _("Order"), required=True, ondelete="cascade", index=True)
    sequence = Integer(_("Sequence"), default=10)
    display_type = Selection([("line_section", _("Section")), ("line_note", _("Note"))], _("Display type"))
    product_id = Many2one("product.product", _("Product"), ondelete="restrict")
    product_template_id = Many2one("product.template", _("Product template"), related="product_id.product_tmpl_id")
    name = Text(_("Description"), required=True)
    product_uom_qty = Numeric(_("Quantity"), default=1, tracking=True)
    product_uom_id = Many2one("uom.uom", _("Unit"), ondelete="restrict", aliases=("product_uom",))
    price_unit = Numeric(_("Unit price"), digits=(16, 6), default=0)
    discount = Numeric(_("Discount (%)"), digits=(16, 4), default=0)
    tax_ids = Many2many(
        "account.tax",
        relation="sale_order_line_tax_rel",
        column1="line_id",
        column2="tax_id",
        string=_("Taxes"),
        aliases=("tax_id",),
    )
    price_subtotal = Monetary(_("Subtotal"), readonly=True, copy=False)
    price_tax = Monetary(_("Tax"), readonly=True, copy=False)
    price_total = Monetary(_("Total"), readonly=True, copy=False)
    invoice_policy = Selection(
        [("order", _("Ordered quantities")), ("delivery", _("Delivered quantities"))],
        _("Invoicing policy"),
        readonly=True,
        copy=False,
        default="order",
        help=_("The product's policy when the order was confirmed; a later change of the product does not touch this order."),
    )
    qty_delivered = Numeric(_("Delivered"), copy=False, default=0)
    qty_delivered_method = Selection(
        [("manual", _("By hand")), ("stock_move", _("From deliveries"))],
        _("Delivered quantity"),
        default="manual",
        copy=False,
        readonly=True,
    )
    qty_invoiced = Numeric(_("Invoiced"), readonly=True, copy=False, default=0)
    qty_to_invoice = Numeric(_("To invoice"), readonly=True, copy=False, default=0)
    invoice_status = Selection(INVOICE_STATUSES, _("Invoice status"), default="no", readonly=True, copy=False)
    invoice_lines = Many2many(
        "account.move.line",
        relation="sale_order_line_invoice_rel",
        column1="order_line_id",
        column2="invoice_line_id",
        string=_("Invoice lines"),
        copy=False,
    )
    customer_lead = Numeric(_("Lead time (days)"), default=0)
    is_downpayment = Boolean(_("Down payment"), default=False, copy=False, readonly=True)
    company_id = Many2one("res.company", _("Company"), required=True, copy=False)
    state = Selection(STATES, _("Status"), related="order_id.state")
    currency_id = Many2one("res.currency", _("Currency"), related="order_id.currency_id")
    order_partner_id = Many2one("res.partner", _("Customer"), related="order_id.partner_id")
    salesman_id = Many2one("res.users", _("Salesperson"), related="order_id.user_id")
    product_type = Char(_("Product type"), related="product_id.type")

    # -- what is left to invoice ------------------------------------------------------------------------------------------

    def _line_state(self, confirmed: bool) -> LineState:
        """The facts of one line for the rules of invoicing."""
        return LineState(
            confirmed=confirmed,
            policy=self.invoice_policy or "order",
            ordered=self.product_uom_qty,
            delivered=self.qty_delivered,
            invoiced=self.qty_invoiced,
            countable=not self.display_type,
            down_payment=bool(self.is_downpayment),
        )

    def _update(self, vals: Mapping[str, Any]) -> Any:
        """Write what follows from facts, without the checks of `write` and beyond the user's rights."""
        return super(SaleOrderLine, self.sudo()).write(vals)

    def _agree(self) -> None:
        """Settle what the confirmation settles: the invoicing policy and the way of delivery, as the products say now."""
        products = self.mapped("product_id")
        moved = self._products_from_stock(products)
        update_each(
            self,
            {
                line.id: {
                    "invoice_policy": line.product.invoice_policy or "order",
                    "qty_delivered_method": "stock_move" if line.product_id in moved else "manual",
                }
                for line in self
                if line.product_id
            },
        )

    def _update_invoicing(self) -> None:
        """Bring `qty_to_invoice` and the invoice status of these lines, and of their orders, in line with the facts.

        Reads and writes the cache only, once the lines of the orders are there; no query per line or per order.
        """
        orders = self.mapped("order_id")
        confirmed = {order.id: order.state == "sale" for order in orders}
        facts = {line.id: line._line_state(confirmed[line.order_id]) for line in self}
        update_each(
            self,
            {
                id: {"qty_to_invoice": quantity_to_invoice(fact), "invoice_status": line_status(fact)}
                for id, fact in facts.items()
            },
        )
        orders._update_invoice_status()

    def _products_from_stock(self, products: Any) -> set[int]:
        """Ids of the products whose delivered quantity comes from deliveries; none without an addon that delivers."""
        return set()

    def _delivery_set_by_hand(self) -> bool:
        """Whether people may write the delivered quantity of this line (one line)."""
        return self.qty_delivered_method != "stock_move"

    def _label(self) -> Any:
        """What an error calls this line: its product, or the first line of its text."""
        return self.product.display_name if self.product_id else (self.name or "").split("\n", 1)[0]
