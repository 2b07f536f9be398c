"""The wizard that invoices orders: what is due, or a down payment of a percentage or an amount."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.account.rules.tax import gross_amount
from addons.sales.exceptions import DownPaymentAmount, NotAQuotation, NothingToInvoice
from addons.sales.rules.down_payment import Part, Share, by_amount, by_percentage
from server import Boolean, Many2many, Model, Monetary, Numeric, Selection, UserError, _, action

ZERO = Decimal(0)


class SaleAdvancePaymentInv(Model, name="sale.advance.payment.inv"):
    """Asks how the chosen orders shall be invoiced."""

    model_label = _("Create invoices")
    transient = True
    rec_name = "advance_payment_method"

    advance_payment_method = Selection(
        [
            ("delivered", _("Regular invoice")),
            ("percentage", _("Down payment (percentage)")),
            ("fixed", _("Down payment (fixed amount)")),
        ],
        _("Create invoice"),
        required=True,
        default="delivered",
    )
    sale_order_ids = Many2many(
        "sale.order",
        relation="sale_advance_payment_order_rel",
        column1="wizard_id",
        column2="order_id",
        string=_("Orders"),
        default=lambda env: orders_of_context(env),
    )
    amount = Numeric(_("Down payment (%)"), digits=(16, 4), default=0, help=_("Percentage of the orders' amount."))
    fixed_amount = Monetary(_("Down payment amount"), default=0, help=_("Taxes included, in the currency of the order."))
    deduct_down_payments = Boolean(_("Deduct down payments"), default=True)
    consolidated_billing = Boolean(
        _("One invoice per customer"),
        default=True,
        help=_("Orders of one customer share an invoice; otherwise each has its own."),
    )

    @action
    def create_invoices(self) -> Any:
        """Make the invoices, as drafts.

        :returns: the window action that shows them.
        :raises UserError: when there is nothing to invoice, an order is not confirmed, or the down payment is no sensible amount.
        """
        wizard = self[:1]
        orders = wizard.sale_order_ids or self.env["sale.order"].browse(orders_of_context(self.env))
        if not orders:
            raise UserError(_("No order is chosen. Choose the orders to invoice and try again."))
        if (wizard.advance_payment_method or "delivered") == "delivered":
            invoices = orders._create_invoices(final=bool(wizard.deduct_down_payments), grouped=not wizard.consolidated_billing)
        else:
            invoices = wizard._create_down_payments(orders)
        return orders.action_view_invoice(invoices=invoices)

    # -- down payments ----------------------------------------------------------------------------------------------------

    def _create_down_payments(self, orders: Any) -> Any:
        """One draft invoice per order with its down payment, and the lines in the orders that will deduct it."""
        orders = orders.check_outside("write").lock()
        shares = {order.id: self._shares(order) for order in orders}
        lines_vals = []
        for order in orders:
            last = max((line.sequence or 0 for line in order.order_line), default=0)
            if not any(line.is_downpayment for line in order.order_line):
                section = _("Down payments").render(order.partner.lang or self.env.lang)
                lines_vals.append(
                    {
                        "order_id": order.id,
                        "display_type": "line_section",
                        "name": section,
                        "sequence": last + 1,
                        "is_downpayment": True,
                    }
                )
            text = self._text(order)
            for share in shares[order.id]:
                lines_vals.append(
                    {
                        "order_id": order.id,
                        "is_downpayment": True,
                        "name": text,
                        "product_uom_qty": ZERO,
                        "price_unit": share.price_unit,
                        "tax_ids": [(6, 0, list(share.tax_ids))],
                        "sequence": last + 2,
                    }
                )
        lines = self.env["sale.order.line"].sudo().create(lines_vals).with_env(self.env)
        charged = lines.filtered(lambda line: not line.display_type)
        values = []
        for order in orders:
            own = charged.filtered(lambda line, order=order: line.order_id == order.id)
            values.append(
                order._prepare_invoice()
                | {
                    "move_type": "out_invoice",
                    "ref": order.client_order_ref,
                    "invoice_origin": order.name,
                    "invoice_line_ids": [(0, 0, line._prepare_invoice_line(Decimal(1))) for line in own],
                }
            )
        created = self.env["account.move"].sudo().create(values)
        invoices = self.env["account.move"].browse(created.ids)
        self.env.hooks.sale_order_invoiced(env=self.env, orders=orders, invoices=invoices)
        return invoices

    def _text(self, order: Any) -> str:
        lang = order.partner.lang or self.env.lang
        if self.advance_payment_method == "percentage":
            return _("Down payment of %(percent)s %%", percent=f"{self.amount.normalize():f}").render(lang)
        return _("Down payment").render(lang)

    def _shares(self, order: Any) -> list[Share]:
        """The down payment of one order spread over its taxes.

        :raises NotAQuotation: for a cancelled or unconfirmed order.
        :raises DownPaymentAmount: for an amount that is not above zero, or above what the order comes to.
        :raises NothingToInvoice: for an order without any amount.
        """
        if order.state != "sale":
            raise NotAQuotation(_("Order %(name)s cannot be invoiced before it is confirmed. Confirm it first.", name=order.name))
        parts = [
            Part(gross_amount(line.price_unit, line.product_uom_qty, line.discount), line.price_total, tuple(line.tax_ids.ids))
            for line in order.order_line
            if not line.display_type and not line.is_downpayment
        ]
        total = sum((part.total for part in parts), ZERO)
        if total <= 0:
            raise NothingToInvoice(_("Order %(name)s has no amount, so there is nothing to pay in advance.", name=order.name))
        currency = order.currency
        decimals = currency.decimal_places
        if self.advance_payment_method == "percentage":
            if not 0 < self.amount <= 100:
                raise DownPaymentAmount(
                    _(
                        "A down payment is more than 0 and at most 100 percent; %(given)s is not.",
                        given=f"{self.amount.normalize():f}",
                    )
                )
            return by_percentage(parts, self.amount, decimals)
        if not 0 < self.fixed_amount <= total:
            raise DownPaymentAmount(
                _(
                    "A down payment is more than 0 and at most the order's total; order %(name)s comes to %(total)s.",
                    name=order.name,
                    total=currency.format(total),
                )
            )
        return by_amount(parts, self.fixed_amount, decimals)


def orders_of_context(env: Any) -> list[int]:
    """Ids of the orders that a client had chosen when it opened the wizard."""
    if env.context.get("active_model", "sale.order") != "sale.order":
        return []
    ids = env.context.get("active_ids") or ([env.context["active_id"]] if env.context.get("active_id") else [])
    return [int(id) for id in ids]
