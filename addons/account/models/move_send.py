"""Invoices on their way to the customer: by e-mail, on paper, on the screen."""

from __future__ import annotations

from html import escape
from typing import Any

from addons.account.exceptions import NotADraft
from addons.account.models.kinds import MOVE_TYPES
from addons.account.models.move import AccountMove
from server import Boolean, Char, UserError, _, action

#: The document that shows an invoice; addons that print put it behind `/report/pdf/<name>/<ids>`.
REPORT = "account.report_invoice"


class AccountMoveSending(AccountMove):
    """Adds what buttons and programs start to bring an invoice to its customer."""

    is_move_sent = Boolean(_("Sent"), copy=False, readonly=True, help=_("The document was sent to the partner by e-mail."))
    access_url = Char(_("Address of the document"), compute="_compute_access_url")

    def _compute_access_url(self) -> None:
        for move in self:
            move.access_url = f"/report/pdf/{REPORT}/{move.id}" if move.is_invoice else "#"

    @action
    def action_invoice_sent(self) -> dict[str, Any]:
        """E-mail posted invoices to their partners after the commit; answers the window action of these invoices.

        A partner without an e-mail address gets none, and the invoice's messages say so.

        :raises NotADraft: for what is not posted. :raises UserError: for a plain entry.
        """
        moves = self.lock()
        for move in moves:
            move._check_sendable()
        for move in moves:
            address = move.partner.email
            if not address:
                self.env.message(
                    move,
                    _(
                        "Not sent: %(partner)s has no e-mail address. Enter one on the partner and send again.",
                        partner=move.partner.display_name,
                    ),
                )
                continue
            self.env.enqueue("mail.send", move._invoice_mail(address))
            self.env.message(move, _("Sent to %(address)s.", address=address))
            move._update({"is_move_sent": True})
        return moves._window(_("Invoices"))

    @action
    def action_send_and_print(self) -> dict[str, Any]:
        """What newer programs call `action_invoice_sent`."""
        return self.action_invoice_sent()  # type: ignore[no-any-return]

    @action(readonly=True)
    def preview_invoice(self) -> dict[str, Any]:
        """The link to one invoice's document."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "target": "self", "url": self.access_url}

    @action(readonly=True)
    def action_invoice_print(self) -> dict[str, Any]:
        """The action that prints these invoices.

        :raises UserError: for a plain entry.
        """
        for move in self:
            move._check_invoice()
        return {
            "type": "ir.actions.report",
            "name": _("Invoices").render(self.env.lang),
            "model": self._name,
            "report_name": REPORT,
            "report_type": "qweb-pdf",
            "context": {"active_model": self._name, "active_ids": self.ids},
            "data": None,
        }

    def _check_invoice(self) -> None:
        if not self.is_invoice:
            raise UserError(
                _("%(entry)s is a plain entry: only invoices, credit notes and receipts are sent.", entry=self.display_name)
            )

    def _check_sendable(self) -> None:
        self._check_invoice()
        if self.state != "posted":
            raise NotADraft(_("%(entry)s cannot be sent: it is not posted. Post it first.", entry=self.display_name))

    def _invoice_mail(self, address: str) -> dict[str, Any]:
        """Payload of the job `mail.send` for one invoice, in the partner's language; an addon may add attachments."""
        lang = self.partner.lang or self.env.lang
        kind = dict(MOVE_TYPES)[self.move_type]
        subject = _("%(kind)s %(name)s of %(company)s", kind=kind, name=self.name, company=self.company.name)
        return {
            "to": [address],
            "subject": subject.render(lang),
            "body": _mail_body(self, lang),
            "reply_to": self.invoice_user.email or None,
            "model": self._name,
            "res_id": self.id,
        }

    def _window(self, name: Any) -> dict[str, Any]:
        """A window action on these entries: the form of one, the list of several."""
        window: dict[str, Any] = {
            "type": "ir.actions.act_window",
            "name": name.render(self.env.lang),
            "res_model": self._name,
            "target": "current",
            "context": {},
        }
        if len(self) == 1:
            return window | {"view_mode": "form", "views": [[False, "form"]], "res_id": self.id}
        return window | {
            "view_mode": "list,form",
            "views": [[False, "list"], [False, "form"]],
            "domain": [["id", "in", self.ids]],
        }


def _mail_body(move: Any, lang: str | None) -> str:
    """The e-mail of one invoice as simple HTML: greeting, lines, totals, when to pay."""
    currency = move.currency

    def text(message: Any) -> str:
        return escape(message.render(lang))

    rows = []
    for line in move.invoice_line_ids:
        label = escape(line.name or "").replace("\n", "<br/>")
        if line.display_type in ("line_section", "line_note"):
            rows.append(f"<tr><td colspan='3'><b>{label}</b></td></tr>")
        else:
            quantity = f"{line.quantity.normalize():f} {escape(line.product_uom.name or '')}"
            amount = escape(currency.format(line.price_subtotal))
            rows.append(f"<tr><td>{label}</td><td align='right'>{quantity}</td><td align='right'>{amount}</td></tr>")
    totals = "".join(
        f"<tr><td colspan='2' align='right'>{text(label)}</td><td align='right'>{escape(currency.format(amount))}</td></tr>"
        for label, amount in (
            (_("Untaxed amount"), move.amount_untaxed),
            (_("Taxes"), move.amount_tax),
            (_("Total"), move.amount_total),
            (_("To pay"), move.amount_residual),
        )
    )
    greeting = text(_("Good day, %(partner)s:", partner=move.partner.name))
    intro = text(_("these are the details of %(name)s.", name=move.name))
    due = ""
    if move.invoice_date_due and move.amount_residual:
        payment = _(
            "Please pay until %(date)s, with the reference %(reference)s.",
            date=move.invoice_date_due.isoformat(),
            reference=move.payment_reference or move.name,
        )
        due = f"<p>{text(payment)}</p>"
    signature = f"<p>{escape(move.invoice_user.name or move.company.name)}<br/>{escape(move.company.name)}</p>"
    return f"<p>{greeting}</p><p>{intro}</p><table>{''.join(rows)}{totals}</table>{due}{signature}"
