"""Creating, writing, copying and deleting orders: completion, what a customer's change brings with it, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from addons.sales.exceptions import NotAQuotation, OrderInProgress, OrderLocked
from addons.sales.models.defaults import ORDER_COMPUTED, addresses_of, complete_orders, header_of
from addons.sales.models.order import SaleOrder
from addons.sales.rules.status import order_status
from server import _, action

ZERO = Decimal(0)

#: What follows the customer when he is changed on a quotation.
PARTNER_FIELDS = ("partner_invoice_id", "partner_shipping_id", "pricelist_id", "payment_term_id", "fiscal_position_id")

#: What stays changeable on a locked order.
FREE_WHEN_LOCKED = frozenset(
    {"locked", "client_order_ref", "reference", "note", "tag_ids", "commitment_date", "medium_id", "source_id", "campaign_id"}
)


class SaleOrderChanges(SaleOrder):
    """The data operations of orders."""

    def create(self, vals_list: list[dict[str, Any]]) -> Any:
        """Quotations, completed from customer and products (see `defaults`), numbered, with the totals of their lines.

        :raises UserError: when the company has no number sequence, or an order shall begin confirmed.
        """
        orders_vals, lines_vals = complete_orders(self.env, vals_list)
        orders = super().create(orders_vals)
        new_lines = []
        for order, lines in zip(orders, lines_vals, strict=True):
            for line in lines:
                line["order_id"] = order.id
            new_lines.extend(lines)
        if new_lines:
            self.env["sale.order.line"]._create_complete(new_lines)
        return orders

    def write(self, vals: Mapping[str, Any]) -> Any:
        """As every write; a new customer on a quotation brings his addresses, terms and price list unless they are given too.

        :raises UserError: for a state written directly, or a change of a locked order.
        """
        vals = {name: value for name, value in vals.items() if name not in ORDER_COMPUTED}
        if "state" in vals:
            self._check_written_state(vals.pop("state"))
        if vals.keys() - FREE_WHEN_LOCKED:
            self._check_unlocked()
        if "pricelist_id" in vals and "currency_id" not in vals and vals["pricelist_id"]:
            pricelist = self.env["product.pricelist"].browse(vals["pricelist_id"])
            vals["currency_id"] = pricelist.currency_id
        moved = (
            self.filtered(lambda order: order.state in ("draft", "sent")) if vals.get("partner_id") else self.env["sale.order"]
        )
        result = super().write(vals) if vals else True
        if moved:
            moved._follow_partner(vals)
        if "currency_id" in vals:
            self.mapped("order_line")._update_amounts()
        return result

    def _check_written_state(self, state: Any) -> None:
        """`sent` may be written on a draft and the present state on anything; all else is an action's business."""
        for order in self:
            if state == order.state:
                continue
            if state == "sent" and order.state == "draft":
                order._update({"state": "sent"})
                continue
            raise NotAQuotation(
                _(
                    "The state of order %(name)s cannot be written: it follows what was done. Call action_confirm, action_cancel "
                    "or action_draft.",
                    name=order.name,
                )
            )

    def _check_unlocked(self) -> None:
        for order in self:
            if order.locked:
                raise OrderLocked(
                    _("Order %(name)s is locked, so that it is not changed by accident. Unlock it first.", name=order.name)
                )

    def _follow_partner(self, given: Mapping[str, Any]) -> None:
        """Bring addresses, terms and price list of these quotations in line with their (new) customer, but for what was given."""
        headers = [{"partner_id": order.partner_id} for order in self]
        partners = self.mapped("partner_id")
        addresses = addresses_of(partners, headers)
        for order in self:
            values = header_of(self.env, order.company, self.env.user, order.partner, {}, addresses)
            followed = {name: values[name] for name in PARTNER_FIELDS if name not in given}
            if "pricelist_id" not in given and "currency_id" not in given:
                followed["currency_id"] = values["currency_id"]
            order._update(followed)

    def copy_data(self, default: Mapping[str, Any] | None = None) -> Any:
        """As every copy, without the lines that ask for down payments: these belong to the first order's money."""
        rows = super().copy_data(default)
        if default and "order_line" in default:
            return rows
        for order, row in zip(self, rows, strict=True):
            if any(line.is_downpayment for line in order.order_line):
                kept = order.order_line.filtered(lambda line: not line.is_downpayment)
                row["order_line"] = [(0, 0, values) for values in kept.copy_data()]
        return rows

    def unlink(self) -> Any:
        """Delete quotations and cancelled orders.

        :raises OrderInProgress: for a confirmed order.
        """
        for order in self:
            if order.state not in ("draft", "cancel", "sent"):
                raise OrderInProgress(
                    _(
                        "Order %(name)s is confirmed and cannot be deleted, because deliveries and invoices may rest on it. "
                        "Cancel it first.",
                        name=order.name,
                    )
                )
        self.mapped("order_line")._delete_with_order()
        return super().unlink()

    # -- totals ---------------------------------------------------------------------------------------------------------

    def _update_totals(self) -> None:
        """Add the lines' amounts up; one read and one write for any number of orders."""
        for order in self:
            lines = order.order_line
            untaxed = sum((line.price_subtotal for line in lines), ZERO)
            tax = sum((line.price_tax for line in lines), ZERO)
            order._update({"amount_untaxed": untaxed, "amount_tax": tax, "amount_total": untaxed + tax})

    def _update_invoice_status(self) -> None:
        """Bring the invoice status in line with the lines; cache only, once the lines are there."""
        for order in self:
            statuses = [line.invoice_status for line in order.order_line if not line.display_type and not line.is_downpayment]
            order._update({"invoice_status": order_status(order.state == "sale", statuses)})

    @action
    def action_update_prices(self) -> Any:
        """Price the lines of quotations again from their price list; discounts stay.

        :raises NotAQuotation: for an order that is not a quotation any more.
        """
        orders = self.lock()
        for order in orders:
            if order.state not in ("draft", "sent"):
                raise NotAQuotation(
                    _(
                        "Order %(name)s is no quotation any more: its prices were agreed. Change the lines one by one if the "
                        "customer accepts.",
                        name=order.name,
                    )
                )
        lines = orders.mapped("order_line").filtered(
            lambda line: line.product_id and not line.display_type and not line.is_downpayment
        )
        lines._set_list_prices()
        lines._update_amounts()
        return True
