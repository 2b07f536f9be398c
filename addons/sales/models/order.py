"""The quotation that becomes a sales order: its fields, and what people read of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server import (
    Boolean,
    Char,
    Date,
    Datetime,
    Html,
    Integer,
    Many2many,
    Many2one,
    Monetary,
    One2many,
    Selection,
    _,
    depends,
)
from server.models.mail_message import MailThread

STATES = [
    ("draft", _("Quotation")),
    ("sent", _("Quotation sent")),
    ("sale", _("Sales order")),
    ("cancel", _("Cancelled")),
]
INVOICE_STATUSES = [
    ("no", _("Nothing to invoice")),
    ("to invoice", _("To invoice")),
    ("invoiced", _("Fully invoiced")),
    ("upselling", _("Upselling opportunity")),
]


class SaleOrder(MailThread, name="sale.order"):
    """What a customer asked for, at which prices; once confirmed, what he is owed and what he owes."""

    model_label = _("Sales order")
    order = "date_order desc, id desc"
    history = True
    name_search_fields = ("name", "client_order_ref")
    unique = [("company_id", "name")]
    indexes = [("company_id", "state", "date_order"), ("company_id", "invoice_status")]

    name = Char(_("Number"), required=True, copy=False)
    state = Selection(STATES, _("Status"), required=True, default="draft", copy=False, tracking=True)
    locked = Boolean(_("Locked"), default=False, copy=False, tracking=True)
    partner_id = Many2one("res.partner", _("Customer"), required=True, index=True, tracking=True)
    partner_invoice_id = Many2one("res.partner", _("Invoice address"), ondelete="restrict")
    partner_shipping_id = Many2one("res.partner", _("Delivery address"), ondelete="restrict")
    client_order_ref = Char(_("Customer reference"), copy=False)
    origin = Char(_("Source document"))
    reference = Char(_("Payment reference"), copy=False)
    date_order = Datetime(_("Order date"), required=True, copy=False, default=lambda env: env.now(), tracking=True)
    validity_date = Date(_("Expires on"), copy=False)
    commitment_date = Datetime(_("Promised date"), copy=False)
    user_id = Many2one("res.users", _("Salesperson"), index=True, tracking=True)
    team_id = Many2one("crm.team", _("Sales team"))
    company_id = Many2one("res.company", _("Company"), required=True)
    pricelist_id = Many2one("product.pricelist", _("Price list"), tracking=True)
    currency_id = Many2one("res.currency", _("Currency"), required=True, ondelete="restrict")
    payment_term_id = Many2one("account.payment.term", _("Payment terms"), ondelete="restrict", tracking=True)
    fiscal_position_id = Many2one("account.fiscal.position", _("Fiscal position"), ondelete="restrict")
    note = Html(_("Terms and conditions"))
    order_line = One2many("sale.order.line", "order_id", _("Order lines"), copy=True)
    amount_untaxed = Monetary(_("Untaxed amount"), readonly=True, copy=False)
    amount_tax = Monetary(_("Taxes"), readonly=True, copy=False)
    amount_total = Monetary(_("Total"), readonly=True, copy=False, tracking=True)
    invoice_status = Selection(INVOICE_STATUSES, _("Invoice status"), default="no", readonly=True, copy=False)
    invoice_ids = Many2many(
        "account.move", string=_("Invoices"), compute="_compute_invoices", search="_search_invoice_ids", copy=False
    )
    invoice_count = Integer(_("Number of invoices"), compute="_compute_invoices")
    tag_ids = Many2many("crm.tag", relation="sale_order_tag_rel", column1="order_id", column2="tag_id", string=_("Tags"))
    require_signature = Boolean(_("Signature required"), default=False)
    medium_id = Many2one("utm.medium", _("Medium"))
    source_id = Many2one("utm.source", _("Source"))
    campaign_id = Many2one("utm.campaign", _("Campaign"))

    @depends("order_line.invoice_lines")
    def _compute_invoices(self) -> None:
        invoices = self._invoices_by_order()
        for order in self:
            order.invoice_ids = invoices[order.id]
            order.invoice_count = len(invoices[order.id])

    def _invoices_by_order(self) -> dict[int, Any]:
        """Invoices and credit notes of each order, by order id: two statements for any number of orders."""
        moves = self.env["account.move"]
        return {order.id: moves | order.mapped("order_line.invoice_lines.move_id") for order in self}

    def _search_invoice_ids(self, operator: str, value: Any) -> list[Any]:
        """Orders by their invoices; `= false` finds those without any, and what is negated looks at all lines of an order."""
        if value is False or value is None:
            found: list[Any] = [("order_line.invoice_lines", "!=", False)]
            return ["!", *found] if operator == "=" else found
        if operator == "!=" or operator.startswith("not "):
            positive = "=" if operator == "!=" else operator.removeprefix("not ")
            return ["!", ("order_line.invoice_lines.move_id", positive, value)]
        return [("order_line.invoice_lines.move_id", operator, value)]

    def _update(self, vals: Mapping[str, Any]) -> Any:
        """Write what follows from facts, without the checks of `write` and beyond the user's rights."""
        return super(SaleOrder, self.sudo()).write(vals)

    def _line_header(self) -> dict[str, Any]:
        """What the completion of a line needs to know of its order (one record)."""
        return {
            "partner_id": self.partner_id,
            "pricelist_id": self.pricelist_id,
            "currency_id": self.currency_id,
            "company_id": self.company_id,
            "fiscal_position_id": self.fiscal_position_id,
            "date_order": self.date_order,
        }
