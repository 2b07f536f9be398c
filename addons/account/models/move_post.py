"""Posting of entries, and the ways back: to draft, to cancelled. All on sets, with a constant number of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from addons.account.exceptions import IncompleteInvoice, LockedPeriod, NotADraft, UnbalancedEntry
from addons.account.models.kinds import MOVE_STATES, TEXT_TYPES
from addons.account.models.line_values import residuals_of
from addons.account.models.move import AccountMove
from addons.account.models.refresh import redate
from addons.account.models.values import allowed
from addons.account.rules.balance import sides, unbalanced
from addons.account.rules.entry import INVOICE_TYPES, REFUND_TYPES
from addons.account.rules.money import ZERO
from server import _, action

STATE_LABELS = dict(MOVE_STATES)


class EntryLine(NamedTuple):
    """One line for `create_entries`: ids (or records) and amounts in the company's currency."""

    account: Any
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    partner: Any = None
    name: str | None = None
    product: Any = None
    quantity: Decimal = ZERO


class AccountMovePosting(AccountMove):
    """Posting, numbers, back to draft, cancelling."""

    @action
    def action_post(self) -> bool:
        """Post drafts: check them, give them their numbers, make their items count.

        :raises NotADraft: for an entry that is posted or cancelled (somebody else may have been faster).
        :raises UnbalancedEntry, IncompleteInvoice, LockedPeriod: name the entry and the remedy.
        """
        moves = allowed(self.lock())
        for move in moves:
            if move.state != "draft":
                raise NotADraft(
                    _(
                        "%(entry)s cannot be posted: it is already %(state)s. Only drafts can be posted.",
                        entry=move.display_name,
                        state=STATE_LABELS[move.state],
                    )
                )
        moves._post()
        return False

    def _post(self) -> None:
        """Post locked drafts."""
        lines = self.mapped("line_ids")
        for move in self:
            if move.move_type in INVOICE_TYPES and not move.invoice_date:
                redate(move, self.env.today())
        self._check_before_posting(lines)
        self.env.hooks.account_move_posting(env=self.env, moves=self)
        unnumbered = [move for move in self if not move.name]
        numbers = (
            self.env["account.journal"]
            .sudo()
            .take_numbers([(move.journal_id, move.move_type in REFUND_TYPES, move.date) for move in unnumbered])
        )
        for move, number in zip(unnumbered, numbers, strict=True):
            changes = {"name": number}
            if move.is_sale_document and not move.payment_reference:
                changes["payment_reference"] = number
            move._update(changes)
        self._update({"state": "posted"})
        nothing_due = self.filtered(lambda move: move.move_type in INVOICE_TYPES and not move.amount_total)
        if nothing_due:
            nothing_due._update({"payment_state": "paid"})
        lines._update({"parent_state": "posted"})
        again = self - self.browse([move.id for move in unnumbered])
        again.filtered(lambda move: move.move_type == "entry")._follow_entries("paid")
        self._settle_reversals()
        self.env.hooks.account_move_posted(env=self.env, moves=self)

    def _check_before_posting(self, lines: Any) -> None:
        by_move: dict[int, list[Any]] = {}
        for line in lines:
            by_move.setdefault(line.move_id, []).append(line)
        wrong = unbalanced((line.move_id, line.debit, line.credit) for line in lines)
        for move in self:
            own = by_move.get(move.id, [])
            booked = [line for line in own if line.display_type not in TEXT_TYPES]
            if not booked:
                raise IncompleteInvoice(
                    _("%(entry)s has no lines. Add at least one line before posting.", entry=move.display_name)
                )
            if any(not line.account_id for line in booked):
                raise IncompleteInvoice(
                    _("%(entry)s has a line without an account. Choose an account for every line.", entry=move.display_name)
                )
            if move.id in wrong:
                raise UnbalancedEntry(
                    _(
                        "%(entry)s does not balance: debits and credits differ by %(difference)s. Correct the lines before "
                        "posting.",
                        entry=move.display_name,
                        difference=move.company.currency.format(wrong[move.id]),
                    )
                )
            if move.move_type in INVOICE_TYPES:
                if not move.partner_id:
                    raise IncompleteInvoice(
                        _("%(entry)s has no partner. Choose the customer or supplier before posting.", entry=move.display_name)
                    )
                if move.amount_total < 0:
                    raise IncompleteInvoice(
                        _(
                            "%(entry)s has a negative total of %(total)s. Make a credit note instead.",
                            entry=move.display_name,
                            total=move.currency.format(move.amount_total),
                        )
                    )
        self._check_period()

    def _check_period(self) -> None:
        """Refuse entries in closed periods."""
        for move in self:
            lock = move.company.sudo().fiscalyear_lock_date
            if lock and move.date <= lock:
                raise LockedPeriod(
                    _(
                        "%(entry)s is dated %(date)s, but the books are closed until %(lock)s. Choose a later accounting date, "
                        "or ask an accounting manager to open the period.",
                        entry=move.display_name,
                        date=move.date.isoformat(),
                        lock=lock.isoformat(),
                    )
                )

    # -- back -------------------------------------------------------------------------------------------------------
    @action
    def button_draft(self) -> bool:
        """Take posted or cancelled entries back to draft; payments matched with them become open again. Numbers are kept.

        :raises NotADraft: for drafts.  :raises LockedPeriod: in a closed period.
        """
        moves = allowed(self.lock())
        for move in moves:
            if move.state == "draft":
                raise NotADraft(_("%(entry)s is a draft already.", entry=move.display_name))
        moves._check_period()
        moves._leave("draft")
        self.env.hooks.account_move_drafted(env=self.env, moves=moves)
        return True

    @action
    def button_cancel(self) -> bool:
        """Cancel drafts and posted entries: their items no longer count, their numbers stay taken.

        :raises NotADraft: for cancelled ones.  :raises LockedPeriod: for posted ones in a closed period.
        """
        moves = allowed(self.lock())
        for move in moves:
            if move.state == "cancel":
                raise NotADraft(_("%(entry)s is cancelled already.", entry=move.display_name))
        moves.filtered(lambda move: move.state == "posted")._check_period()
        moves._leave("cancel")
        self.env.hooks.account_move_cancelled(env=self.env, moves=moves)
        return True

    def _leave(self, state: str) -> None:
        lines = self.mapped("line_ids")
        lines._unmatch()
        lines._update({"parent_state": state})
        self._update({"state": state, "payment_state": "not_paid"})
        self._follow_entries({"draft": "draft", "cancel": "canceled"}[state])

    def _follow_entries(self, state: str) -> None:
        """Payments go the way of their entries, also when somebody acts on the entry alone."""
        if self:
            payments = self.env["account.payment"].sudo().search([("move_id", "in", self.ids), ("state", "!=", state)])
            payments._update({"state": state})

    # -- ready-made entries -----------------------------------------------------------------------------------------
    def create_entries(self, values_list: Sequence[Mapping[str, Any]], post: bool = True) -> Any:
        """Plain entries for other addons (stock valuation, payments), posted at once: three statements for any number of them.

        :param values_list: mappings with `journal` (record or id), `date`, `ref` and `lines`, a list of `EntryLine`, tuples of
            the same order, or mappings of the same names; further keys are fields of the entry. Lines may carry further fields in
            a mapping.
        :param post: False leaves drafts, which need not balance.
        :returns: the entries, in order, in superuser mode of the caller's environment.
        :raises UnbalancedEntry, LockedPeriod, MissingAccount:
        """
        env = self.env.root
        journals = env["account.journal"].browse([_id(values["journal"]) for values in values_list])
        companies = {journal.id: journal.company for journal in journals}
        headers: list[dict[str, Any]] = []
        lines: list[list[dict[str, Any]]] = []
        for values in values_list:
            journal_id = _id(values["journal"])
            company = companies[journal_id]
            header = {k: v for k, v in values.items() if k not in ("journal", "lines")}
            header = {
                "move_type": "entry",
                "journal_id": journal_id,
                "company_id": company.id,
                "currency_id": company.currency_id,
                "date": self.env.today(),
                "state": "posted" if post else "draft",
                **header,
            }
            rows = [_entry_line(env, company, header, line) for line in values["lines"]]
            if post:
                _check_ready(company, header, rows)
            total = sum((row["debit"] for row in rows), ZERO)
            header = {"amount_total": total, "amount_total_signed": total, "payment_state": "not_paid", **header}
            headers.append(header)
            lines.append(rows)
        if post:
            numbers = env["account.journal"].take_numbers([(header["journal_id"], False, header["date"]) for header in headers])
            for header, number in zip(headers, numbers, strict=True):
                header["name"] = number
        moves = env["account.move"]._insert(headers)
        flat = []
        for move_id, header, rows in zip(moves.ids, headers, lines, strict=True):
            for row in rows:
                flat.append(
                    {
                        **row,
                        "move_id": move_id,
                        "parent_state": header["state"],
                        "date": header["date"],
                        "journal_id": header["journal_id"],
                    }
                )
        env["account.move.line"]._insert(flat)
        moves = moves.with_env(self.env)
        if post:
            self.env.hooks.account_move_posting(env=self.env, moves=moves)
            self.env.hooks.account_move_posted(env=self.env, moves=moves)
        return moves


def _entry_line(env: Any, company: Any, header: Mapping[str, Any], line: Any) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if isinstance(line, Mapping):
        extra = {k: v for k, v in line.items() if k not in EntryLine._fields}
        line = EntryLine(**{k: v for k, v in line.items() if k in EntryLine._fields})
    else:
        line = EntryLine(*line)
    debit, credit = sides(company.currency.round(line.debit or ZERO) - company.currency.round(line.credit or ZERO))
    balance = debit - credit
    account = env["account.account"].browse(_id(line.account))
    row = {
        "company_id": company.id,
        "account_id": account.id,
        "partner_id": _id(line.partner),
        "name": line.name or header.get("ref"),
        "product_id": _id(line.product),
        "quantity": line.quantity or ZERO,
        "debit": debit,
        "credit": credit,
        "balance": balance,
        "currency_id": company.currency_id,
        "amount_currency": balance,
        "display_type": "product",
        "sequence": 10,
        **extra,
    }
    return {**row, **residuals_of(account, row["balance"], row["amount_currency"])}


def _check_ready(company: Any, header: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    label = header.get("ref") or _("The entry")
    difference = sum((row["balance"] for row in rows), ZERO)
    if difference:
        raise UnbalancedEntry(
            _(
                "%(entry)s does not balance: debits and credits differ by %(difference)s. Correct the lines before posting.",
                entry=label,
                difference=company.currency.format(difference),
            )
        )
    day: dt.date = header["date"]
    lock = company.fiscalyear_lock_date
    if lock and day <= lock:
        raise LockedPeriod(
            _(
                "%(entry)s is dated %(date)s, but the books are closed until %(lock)s. Choose a later accounting date, or ask an "
                "accounting manager to open the period.",
                entry=label,
                date=day.isoformat(),
                lock=lock.isoformat(),
            )
        )


def _id(value: Any) -> int | None:
    return value.id if hasattr(value, "_ids") else value or None
