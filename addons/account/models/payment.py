"""Payments: money received from customers and sent to suppliers, booked as journal entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.account.exceptions import IncompleteInvoice, MissingAccount, NotADraft, PostedEntry
from addons.account.models.values import allowed, as_rows
from addons.account.rules.money import ZERO
from server import Boolean, Char, Date, Many2many, Many2one, Monetary, Selection, _, action, depends
from server.models.mail_message import MailThread

PAYMENT_STATES = [
    ("draft", _("Draft")),
    ("in_process", _("In process")),
    ("paid", _("Paid")),
    ("canceled", _("Cancelled")),
    ("rejected", _("Rejected")),
]
#: What is fixed once the payment is booked.
BOOKED_FIELDS = frozenset(
    "payment_type partner_type partner_id amount currency_id date journal_id company_id destination_account_id state "
    "move_id".split()
)


class Payment(MailThread, name="account.payment"):
    """A payment received or sent."""

    model_label = _("Payment")
    order = "date desc, name desc, id desc"
    history = True
    checks = {"amount": "amount >= 0"}
    indexes = [("company_id", "date")]

    name = Char(_("Number"), readonly=True, copy=False, tracking=True)
    payment_type = Selection(
        [("inbound", _("Receive")), ("outbound", _("Send"))], _("Direction"), required=True, default="inbound", tracking=True
    )
    partner_type = Selection(
        [("customer", _("Customer")), ("supplier", _("Supplier"))],
        _("Partner kind"),
        required=True,
        default="customer",
        tracking=True,
    )
    partner_id = Many2one("res.partner", _("Partner"), index=True, tracking=True, ondelete="restrict")
    amount = Monetary(_("Amount"), required=True, default=Decimal(0), tracking=True)
    currency_id = Many2one("res.currency", _("Currency"), required=True)
    company_currency_id = Many2one("res.currency", _("Company currency"), related="company_id.currency_id")
    date = Date(_("Date"), required=True, default=lambda env: env.today(), tracking=True)
    journal_id = Many2one(
        "account.journal", _("Journal"), required=True, tracking=True, domain=[("type", "in", ("bank", "cash", "credit"))]
    )
    company_id = Many2one("res.company", _("Company"), required=True)
    payment_method_line_id = Many2one("account.payment.method.line", _("Payment method"))
    partner_bank_id = Many2one("res.partner.bank", _("Recipient bank account"))
    memo = Char(_("Memo"), aliases=("ref", "communication"), tracking=True)
    state = Selection(
        PAYMENT_STATES,
        _("Status"),
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        older={"posted": [("state", "in", ["in_process", "paid"])], "cancelled": [("state", "=", "canceled")]},
    )
    destination_account_id = Many2one(
        "account.account", _("Counterpart account"), help=_("Empty: the partner's receivable or payable account.")
    )
    write_off_account_id = Many2one("account.account", _("Difference account"), copy=False)
    write_off_amount = Monetary(
        _("Difference"),
        copy=False,
        help=_("Booked on the difference account, so that the invoices are settled with less or more money."),
    )
    move_id = Many2one("account.move", _("Journal entry"), readonly=True, copy=False, index=True, ondelete="restrict")
    invoice_ids = Many2many(
        "account.move",
        _("Invoices"),
        relation="account_move_account_payment_rel",
        column1="payment_id",
        column2="invoice_id",
        copy=False,
        help=_("What the payment was registered for."),
    )
    reconciled_invoice_ids = Many2many("account.move", _("Settled invoices"), compute="_compute_reconciled_invoices")
    is_reconciled = Boolean(_("Settled"), compute="_compute_reconciled_invoices")

    @depends("name", "memo", "state")
    def _compute_display_name(self) -> None:
        for payment in self:
            payment.display_name = payment.name or _("Draft payment (* %(id)s)", id=payment.id).render(self.env.lang)

    @depends("move_id", "state", "invoice_ids.payment_state")
    def _compute_reconciled_invoices(self) -> None:
        lines = self.sudo().mapped("move_id.line_ids")
        partials = (
            self.env["account.partial.reconcile"]
            .sudo()
            .search(["|", ("debit_move_id", "in", lines.ids), ("credit_move_id", "in", lines.ids)])
        )
        mine = {line.id: line.move_id for line in lines}
        found: dict[int, set[int]] = {}
        for partial in partials:
            for here, there in ((partial.debit_move_id, partial.credit_move), (partial.credit_move_id, partial.debit_move)):
                if here in mine and there.id not in mine and there.move.is_invoice:
                    found.setdefault(mine[here], set()).add(there.move_id)
        for payment in self:
            payment.reconciled_invoice_ids = self.env["account.move"].browse(sorted(found.get(payment.move_id or 0, ())))
            own = (
                [line for line in lines if line.move_id == payment.move_id and line.account.reconcile] if payment.move_id else []
            )
            payment.is_reconciled = bool(own) and all(line.reconciled for line in own)

    # -- creating and changing --------------------------------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Payments as drafts; journal, currency and method are completed."""
        rows = []
        for row in as_rows(vals_list):
            if not self.env.su:
                if row.get("state") not in (None, "draft") or row.get("move_id"):
                    raise NotADraft(_("A payment begins as a draft without an entry. Create it, then book it with action_post."))
                row.pop("name", None)
            chosen = self.env["account.journal"].sudo().browse(row.get("journal_id") or ())
            company_id = row.get("company_id") or (chosen and chosen.company_id) or self.env.company_id
            env = self.env.with_company(company_id).root
            company = env["res.company"].browse(company_id)
            row["company_id"] = company_id
            if not row.get("journal_id"):
                row["journal_id"] = default_money_journal(env, company)
            journal = env["account.journal"].browse(row["journal_id"])
            row["currency_id"] = row.get("currency_id") or journal.currency_id or company.currency_id
            if not row.get("payment_method_line_id"):
                wanted = row.get("payment_type") or "inbound"
                row["payment_method_line_id"] = next(
                    (m.id for m in journal.payment_method_line_ids if m.payment_type == wanted), None
                )
            rows.append(row)
        return super().create(rows)

    def write(self, vals: dict[str, Any]) -> Any:
        """Drafts change freely; of a booked payment only memo, method and bank account."""
        for payment in self:
            fixed = [name for name in BOOKED_FIELDS & set(vals) if getattr(payment, name) != vals[name]]
            if fixed and (payment.state != "draft" or "state" in fixed or "move_id" in fixed):
                raise PostedEntry(
                    _(
                        "The %(field)s of payment %(payment)s cannot be changed: it is booked. Reset it to draft first.",
                        field=self._fields[fixed[0]].string,
                        payment=payment.display_name,
                    )
                )
        return self._update(vals)

    def _update(self, vals: dict[str, Any]) -> Any:
        """Write without the checks of `write`: for the payment's own steps."""
        return super().write(vals)

    def unlink(self) -> Any:
        """Delete drafts that were never booked."""
        for payment in self:
            if payment.state != "draft" or payment.move_id:
                raise PostedEntry(
                    _("Payment %(payment)s was booked and cannot be deleted. Cancel it instead.", payment=payment.display_name)
                )
        return super().unlink()

    # -- life -------------------------------------------------------------------------------------------------------
    @action
    def action_post(self) -> bool:
        """Book drafts: money on the journal's account, the partner's receivable or payable on the other side.

        :raises NotADraft: for a payment that is booked or cancelled.  :raises IncompleteInvoice: without partner or amount.
        """
        payments = allowed(self.lock())
        for payment in payments:
            if payment.state != "draft":
                raise NotADraft(
                    _(
                        "Payment %(payment)s cannot be booked: it is not a draft. Duplicate it to pay again.",
                        payment=payment.display_name,
                    )
                )
            if payment.amount <= 0:
                raise IncompleteInvoice(
                    _("Payment %(payment)s has no amount. Enter an amount above zero.", payment=payment.display_name)
                )
            if not payment.partner_id and not payment.destination_account_id:
                raise IncompleteInvoice(
                    _("Payment %(payment)s has no partner. Choose who pays or is paid.", payment=payment.display_name)
                )
        again = payments.filtered(lambda payment: payment.move_id)
        if again:  # booked before and taken back to draft: the entry keeps its number
            moves = again.sudo().mapped("move_id")
            for payment in again:
                move = payment.sudo().move
                move.line_ids._remove()
                self.env["account.move.line"].sudo()._insert([{**row, "move_id": move.id} for row in _rows_of(payment)])
                move._update(
                    {
                        "date": payment.date,
                        "journal_id": payment.journal_id,
                        "ref": payment.memo,
                        "amount_total_signed": payment._in_company_currency(payment.amount),
                    }
                )
            moves.filtered(lambda move: move.state == "cancel")._leave("draft")
            moves._post()
        fresh = payments - again
        if fresh:
            entries = [
                {
                    "journal": payment.journal_id,
                    "date": payment.date,
                    "ref": payment.memo,
                    "partner_id": payment.partner_id,
                    "commercial_partner_id": payment.sudo().partner.commercial_partner_id,
                    "currency_id": payment.currency_id,
                    "amount_total": payment.amount,
                    "lines": payment._entry_lines(),
                }
                for payment in fresh
            ]
            moves = self.env["account.move"].sudo().create_entries(entries)
            for payment, move in zip(fresh, moves, strict=True):
                payment._update({"move_id": move.id, "name": move.name})
                move.sudo().line_ids._update({"payment_id": payment.id})
        for payment in payments:
            arrived = payment.sudo().journal.default_account.account_type in ("asset_cash", "liability_credit_card")
            payment._update({"state": "paid" if arrived else "in_process"})
        return True

    @action
    def action_validate(self) -> bool:
        """Mark payments in process as arrived at the bank."""
        for payment in allowed(self.lock()):
            if payment.state != "in_process":
                raise NotADraft(_("Payment %(payment)s is not in process.", payment=payment.display_name))
            payment._update({"state": "paid"})
        return True

    @action
    def action_draft(self) -> bool:
        """Take payments back to draft: their entries are drafts again, the invoices open again."""
        payments = allowed(self.lock())
        moves = payments.sudo().mapped("move_id")
        moves.filtered(lambda move: move.state != "draft").button_draft()
        payments._update({"state": "draft"})
        return True

    @action
    def action_cancel(self) -> bool:
        """Cancel payments: their entries no longer count, the invoices are open again."""
        payments = allowed(self.lock())
        moves = payments.sudo().mapped("move_id")
        moves.filtered(lambda move: move.state != "cancel").button_cancel()
        payments._update({"state": "canceled"})
        return True

    # -- entry ------------------------------------------------------------------------------------------------------
    def _in_company_currency(self, amount: Decimal) -> Decimal:
        return self.currency.convert(amount, self.company.currency, self.company, self.date)

    def counterpart(self) -> Any:
        """The receivable or payable account of the payment."""
        self.ensure_one()
        if self.destination_account_id:
            return self.destination_account
        payment = self.sudo().with_company(self.company_id)
        side = "receivable" if payment.partner_type == "customer" else "payable"
        account_id = getattr(payment.partner, f"property_account_{side}_id")
        return payment.env["account.account"].browse(account_id) if account_id else payment.company.default_account(side)

    def _entry_lines(self) -> list[dict[str, Any]]:
        """The lines of the payment's entry: money, counterpart, difference."""
        payment = self.ensure_one().sudo()
        money = payment.journal.default_account
        if not money:
            raise MissingAccount(
                _("Journal %(journal)s has no money account. Set its default account.", journal=payment.journal.name)
            )
        sign = 1 if payment.payment_type == "inbound" else -1
        partner = payment.partner.commercial_partner_id
        label = payment.memo or _("Payment").render(payment.env.lang)
        difference = payment.write_off_amount if payment.write_off_account_id else ZERO
        parts = [
            (money.id, sign * payment.amount),
            (payment.write_off_account_id, sign * difference),
            (payment.counterpart().id, -sign * (payment.amount + difference)),
        ]
        rows: list[dict[str, Any]] = []
        rest = ZERO
        for place, (account_id, amount) in enumerate(parts):
            if not amount:
                continue
            balance = (
                -rest if place == len(parts) - 1 else payment._in_company_currency(amount)
            )  # the counterpart takes what conversion left
            rest += balance
            rows.append(
                {
                    "account": account_id,
                    "debit": max(balance, ZERO),
                    "credit": max(-balance, ZERO),
                    "partner": partner,
                    "name": label,
                    "currency_id": payment.currency_id,
                    "amount_currency": amount,
                }
            )
        return rows


def _rows_of(payment: Any) -> list[dict[str, Any]]:
    """Full line values for an entry that exists already."""
    from addons.account.models.move_post import _entry_line

    company = payment.sudo().company
    header = {"ref": payment.memo}
    rows = [_entry_line(payment.env.root, company, header, line) for line in payment._entry_lines()]
    return [
        {**row, "parent_state": "draft", "date": payment.date, "journal_id": payment.journal_id, "payment_id": payment.id}
        for row in rows
    ]


def default_money_journal(env: Any, company: Any) -> int:
    """The first bank journal of the company, else the first cash journal; no query after warm-up.

    :raises MissingAccount: when there is none.
    """

    def build() -> int | None:
        journals = env["account.journal"].search([("company_id", "=", company.id), ("type", "in", ("bank", "cash"))])
        banks = [journal.id for journal in journals if journal.type == "bank"]
        return next(iter(banks or journals.ids), None)

    found: int | None = env.process_cache(("account.journal.money", company.id), build)
    if found is None:
        raise MissingAccount(
            _("%(company)s has no bank or cash journal. Load a chart of accounts or create one.", company=company.name)
        )
    return found
