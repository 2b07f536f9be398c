"""From quotation to sales order and, when it comes to that, to cancelled: the actions that change an order's state."""

from __future__ import annotations

from typing import Any

from addons.sales.exceptions import IncompleteOrder, NotAQuotation, OrderInProgress
from addons.sales.models.checks import check_credit, check_customer_data
from addons.sales.models.order import STATES, SaleOrder
from addons.sales.models.quotation_mail import mail_body
from addons.sales.models.steps import by_company, is_foreign
from server import _, action

LABELS = dict(STATES)


class SaleOrderWorkflow(SaleOrder):
    """The states of an order and who may refuse them."""

    @action
    def action_confirm(self) -> Any:
        """Turn quotations into sales orders; all of the set or none.

        The rows are locked first, so of two who confirm the same order one wins and the other reads that it is done. Then come
        the orders' own checks, the company's policies, `sale_order_confirming`, the new state, and `sale_order_confirmed`.

        :raises UserError: naming the order and why.
        """
        orders = self.lock()
        if is_foreign(orders):
            for group in by_company(orders):
                group.action_confirm()
            return True
        for order in orders:
            if order.state not in ("draft", "sent"):
                raise NotAQuotation(
                    _(
                        "Order %(name)s cannot be confirmed: it is already in state %(state)s. Only quotations can; duplicate it "
                        "to sell the same again.",
                        name=order.name,
                        state=LABELS[order.state],
                    )
                )
        lines = orders.mapped("order_line")
        orders._check_complete()
        env = self.env
        env.hooks.sale_order_confirming(env=env, orders=orders)
        now = env.now()
        orders._update({"state": "sale", "date_order": now})
        lines._agree()
        lines._update_invoicing()
        env.hooks.sale_order_confirmed(env=env, orders=orders)
        return True

    def _check_complete(self) -> None:
        """What must be true of each order before it is confirmed; addons add theirs in `sale_order_confirming`."""
        for order in self:
            for line in order.order_line:
                if not line.display_type and not line.is_downpayment and not line.product_id:
                    raise IncompleteOrder(
                        _(
                            "Order %(name)s cannot be confirmed: the line %(line)s has no product, so nothing says what to "
                            "deliver and invoice. Choose one.",
                            name=order.name,
                            line=line._label(),
                        )
                    )
        check_customer_data(self)
        check_credit(self)

    @action
    def action_cancel(self) -> Any:
        """Cancel quotations and orders. Draft invoices are cancelled with them; what was shipped or posted refuses.

        :raises OrderInProgress: for a locked order, or one with a posted invoice that was not credited in full.
        """
        orders = self.lock()
        orders = orders.filtered(lambda order: order.state != "cancel")
        if is_foreign(orders):
            for group in by_company(orders):
                group.action_cancel()
            return True
        orders._check_unlocked()
        orders._check_not_invoiced()
        env = self.env
        env.hooks.sale_order_cancelling(env=env, orders=orders)
        drafts = orders.mapped("invoice_ids").filtered(lambda move: move.state == "draft")
        if drafts:
            drafts.sudo().button_cancel()
        orders._update({"state": "cancel"})
        orders.mapped("order_line")._update_invoicing()
        env.hooks.sale_order_cancelled(env=env, orders=orders)
        return True

    def _check_not_invoiced(self) -> None:
        for order, invoices in zip(self, map(self._invoices_by_order().get, self.ids), strict=True):
            posted = invoices.filtered(lambda move: move.state == "posted") if invoices else None
            if posted and any(line.qty_invoiced > 0 for line in order.order_line):
                raise OrderInProgress(
                    _(
                        "Order %(name)s cannot be cancelled: its invoice %(invoice)s is posted. Credit the invoice in full "
                        "first.",
                        name=order.name,
                        invoice=posted[0].name,
                    )
                )

    @action
    def action_draft(self) -> Any:
        """Make quotations again of cancelled orders, or of quotations that were sent.

        :raises NotAQuotation: for a confirmed order.
        """
        orders = self.lock()
        for order in orders:
            if order.state == "sale":
                raise NotAQuotation(
                    _(
                        "Order %(name)s is confirmed and cannot become a quotation again. Cancel it first, or duplicate it.",
                        name=order.name,
                    )
                )
        orders._update({"state": "draft"})
        return True

    @action
    def action_lock(self) -> Any:
        """Keep orders from being changed by accident."""
        self._update({"locked": True})
        return True

    @action
    def action_unlock(self) -> Any:
        """Let orders be changed again."""
        self._update({"locked": False})
        return True

    # -- sending ----------------------------------------------------------------------------------------------------------

    @action
    def action_quotation_send(self) -> Any:
        """E-mail quotations (or confirmed orders) to their customers after the commit, and mark quotations as sent.

        A customer without an e-mail address gets none: the order's history says so and the quotation stays a draft.

        :returns: the window action of the orders.
        """
        orders = self.lock()
        env = self.env
        for order in orders:
            address = order.partner.email or order.partner_invoice.email
            if not address:
                env.message(
                    order,
                    _(
                        "Not sent: %(partner)s has no e-mail address. Enter one on the customer and send again.",
                        partner=order.partner.display_name,
                    ),
                )
                continue
            env.enqueue("mail.send", order._quotation_mail(address))
            env.message(order, _("Sent to %(address)s.", address=address))
            if order.state == "draft":
                order._update({"state": "sent"})
        return orders._window_action()

    def _quotation_mail(self, address: str) -> dict[str, Any]:
        """Payload of the job `mail.send` for one order, in the customer's language; an addon may add attachments."""
        lang = self.partner.lang or self.env.lang
        what = _("Sales order %(name)s of %(company)s", name=self.name, company=self.company.name)
        if self.state != "sale":
            what = _("Quotation %(name)s of %(company)s", name=self.name, company=self.company.name)
        return {
            "to": [address],
            "subject": what.render(lang),
            "body": mail_body(self, lang),
            "reply_to": self.user.email or None,
            "model": self._name,
            "res_id": self.id,
        }

    @action
    def action_quotation_sent(self) -> Any:
        """Mark quotations as sent by other means.

        :raises NotAQuotation: unless the order is a draft.
        """
        orders = self.lock()
        for order in orders:
            if order.state != "draft":
                raise NotAQuotation(
                    _(
                        "Order %(name)s cannot be marked as sent: it is in state %(state)s. Only drafts can.",
                        name=order.name,
                        state=LABELS[order.state],
                    )
                )
        orders._update({"state": "sent"})
        return True

    # -- windows ----------------------------------------------------------------------------------------------------------

    def _window_action(self) -> dict[str, Any]:
        """The window that shows these orders: the form of one, the list of several."""
        return window_action(self, _("Sales orders").render(self.env.lang))

    @action(readonly=True)
    def action_view_invoice(self, invoices: list[int] | None = None) -> Any:
        """The window that shows the invoices of these orders.

        :param invoices: show these instead, ids or records.
        """
        moves = self.env["account.move"]
        if invoices is None:
            moves = self.mapped("invoice_ids")
        else:
            moves = moves.browse(invoices.ids if hasattr(invoices, "ids") else invoices)
        window = window_action(moves, _("Invoices").render(self.env.lang))
        window["context"] = {"default_move_type": "out_invoice"}
        return window


def window_action(records: Any, name: str) -> dict[str, Any]:
    """A window action on `records`: the form of a single one, the list of any other number."""
    action_values: dict[str, Any] = {
        "type": "ir.actions.act_window",
        "name": name,
        "res_model": records._name,
        "target": "current",
        "context": {},
    }
    if len(records) == 1:
        return action_values | {"view_mode": "form", "views": [[False, "form"]], "res_id": records.id}
    return action_values | {
        "view_mode": "list,form",
        "views": [[False, "list"], [False, "form"]],
        "domain": [["id", "in", records.ids]],
    }
