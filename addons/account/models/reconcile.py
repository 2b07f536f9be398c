"""Matching of journal items with each other, and undoing it; payment states of invoices follow."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from addons.account.exceptions import CannotReconcile
from addons.account.models.move import AccountMove
from addons.account.models.move_line import AccountMoveLine
from addons.account.models.values import allowed
from addons.account.rules.entry import INVOICE_TYPES
from addons.account.rules.money import ZERO
from addons.account.rules.reconcile import OpenItem, match_items
from server import _, action


class AccountMoveLineReconcile(AccountMoveLine):
    """Reconciliation."""

    @action
    def reconcile(self) -> bool:
        """Match the items with each other: debits with credits, the oldest first.

        :raises CannotReconcile: when they are on several accounts, of several companies, not posted, or not on an account with
            open items.
        """
        allowed(self)._match([self])
        return True

    @action
    def remove_move_reconcile(self) -> bool:
        """Undo all matchings of the items; they are open again."""
        allowed(self)._unmatch()
        return True

    # -- matching ---------------------------------------------------------------------------------------------------
    def _match(self, groups: Sequence[Any]) -> None:
        """Match each group of items within itself; constant number of statements for any number of groups.

        Rows are locked in order of id, so that two payments at once never settle one item twice.
        """
        ids = sorted({id for group in groups for id in group.ids})
        locked = {line.id: line for line in self.browse(ids).lock()}
        partials: list[dict[str, Any]] = []
        fulls: list[tuple[list[int], int]] = []
        exchange: list[tuple[Any, Decimal]] = []
        for group in groups:
            lines = [locked[id] for id in group.ids if id in locked]
            _check_group(lines)
            lines = sorted(
                (line for line in lines if not line.reconciled),
                key=lambda line: (line.date_maturity or line.date, line.date, line.id),
            )
            if not lines:
                continue
            company = lines[0].company
            matching = match_items(
                [OpenItem(line.id, line.amount_residual, line.amount_residual_currency, line.currency_id) for line in lines]
            )
            for match in matching.matches:
                debit, credit = locked[match.debit], locked[match.credit]
                partials.append(
                    {
                        "debit_move_id": match.debit,
                        "credit_move_id": match.credit,
                        "company_id": company.id,
                        "amount": match.amount,
                        "debit_amount_currency": match.debit_amount_currency,
                        "credit_amount_currency": match.credit_amount_currency,
                        "max_date": max(debit.date, credit.date),
                    }
                )
            touched = {id for match in matching.matches for id in (match.debit, match.credit)}
            for line in lines:
                if line.id not in touched:
                    continue
                residual, currency = matching.residuals[line.id]
                if not currency and residual and line.currency_id != company.currency_id:
                    exchange.append((line, residual))
                    residual = ZERO
                line._update(
                    {
                        "amount_residual": residual,
                        "amount_residual_currency": currency,
                        "reconciled": not residual and not currency,
                    }
                )
            settled = [line for line in lines if line.id in touched]
            if settled and all(line.reconciled for line in settled):
                fulls.append(([line.id for line in settled], company.id))
        if not partials:
            return
        rows = self.env["account.partial.reconcile"].sudo().create(partials)
        if fulls:
            self._close(fulls, rows)
        if exchange:
            self._book_exchange(exchange)
        self.browse(ids).mapped("move_id").sudo()._follow_payments()

    def _close(self, fulls: list[tuple[list[int], int]], partials: Any) -> None:
        """Number the groups that are settled."""
        made = self.env["account.full.reconcile"].sudo().create([{"company_id": company_id} for _ids, company_id in fulls])
        of_line: dict[int, int] = {}
        for (ids, _company), full in zip(fulls, made, strict=True):
            of_line.update(dict.fromkeys(ids, full.id))
        earlier = (
            self.env["account.partial.reconcile"]
            .sudo()
            .search(["|", ("debit_move_id", "in", list(of_line)), ("credit_move_id", "in", list(of_line))])
        )
        for partial in earlier | partials:
            full = of_line.get(partial.debit_move_id)
            if full and full == of_line.get(partial.credit_move_id):
                partial.write({"full_reconcile_id": full})
        for line in self.browse(list(of_line)):
            line._update({"full_reconcile_id": of_line[line.id], "matching_number": str(of_line[line.id])})

    def _book_exchange(self, found: list[tuple[Any, Decimal]]) -> None:
        """Book what changed rates left on settled items, and close it on their accounts."""
        entries = []
        for line, residual in found:
            company = line.company.sudo()
            gain = residual < 0
            journal = company.currency_exchange_journal
            other = company.income_currency_exchange_account if gain else company.expense_currency_exchange_account
            if not journal or not other:
                raise CannotReconcile(
                    _(
                        "%(company)s has no exchange difference journal or accounts. Choose them in the company's accounting "
                        "settings.",
                        company=company.name,
                    )
                )
            size = abs(residual)
            reference = _("Exchange difference of %(number)s", number=line.move.name).render(self.env.lang)
            here = {
                "account": line.account_id,
                "partner": line.partner_id,
                "currency_id": line.currency_id,
                "amount_currency": ZERO,
                "debit": size if gain else ZERO,
                "credit": ZERO if gain else size,
            }
            there = {
                "account": other.id,
                "partner": line.partner_id,
                "debit": ZERO if gain else size,
                "credit": size if gain else ZERO,
            }
            entries.append(
                {"journal": journal, "date": max(line.date, self.env.today()), "ref": reference, "lines": [here, there]}
            )
        moves = self.env["account.move"].sudo().create_entries(entries)
        partials = []
        for (line, residual), move in zip(found, moves, strict=True):
            mirror = move.line_ids.filtered(lambda each, line=line: each.account_id == line.account_id)[:1]
            mirror._update(
                {
                    "amount_residual": ZERO,
                    "amount_residual_currency": ZERO,
                    "reconciled": True,
                    "full_reconcile_id": line.full_reconcile_id,
                    "matching_number": line.matching_number,
                }
            )
            debit, credit = (mirror, line) if residual < 0 else (line, mirror)
            partials.append(
                {
                    "debit_move_id": debit.id,
                    "credit_move_id": credit.id,
                    "company_id": line.company_id,
                    "amount": abs(residual),
                    "debit_amount_currency": ZERO,
                    "credit_amount_currency": ZERO,
                    "full_reconcile_id": line.full_reconcile_id,
                    "exchange_move_id": move.id,
                    "max_date": move.date,
                }
            )
        self.env["account.partial.reconcile"].sudo().create(partials)

    # -- undoing ----------------------------------------------------------------------------------------------------
    def _unmatch(self) -> None:
        """Open again what was matched with these items; entries of exchange differences are reversed."""
        lines = self.sudo()
        if not lines:
            return
        partials = (
            self.env["account.partial.reconcile"]
            .sudo()
            .search(["|", ("debit_move_id", "in", lines.ids), ("credit_move_id", "in", lines.ids)])
        )
        if not partials:
            return
        touched = self.sudo().browse(sorted(_both_sides(partials)))
        if any(
            line.currency_id != line.company.currency_id for line in touched
        ):  # what rates left was booked for the whole group
            booked = (
                self.env["account.partial.reconcile"]
                .sudo()
                .search(
                    [
                        ("exchange_move_id", "!=", False),
                        "|",
                        ("debit_move_id", "in", touched.ids),
                        ("credit_move_id", "in", touched.ids),
                    ]
                )
            )
            partials |= booked
        differences = partials.mapped("exchange_move_id")
        touched = self.sudo().browse(sorted(_both_sides(partials))).lock()
        fulls = touched.mapped("full_reconcile_id")
        opened: dict[int, list[Decimal]] = {}
        for partial in partials:
            debit, credit = (
                opened.setdefault(partial.debit_move_id, [ZERO, ZERO]),
                opened.setdefault(partial.credit_move_id, [ZERO, ZERO]),
            )
            debit[0] += partial.amount
            debit[1] += partial.debit_amount_currency
            credit[0] -= partial.amount
            credit[1] -= partial.credit_amount_currency
        members = touched | fulls.mapped("reconciled_line_ids")
        for line in members:
            more = opened.get(line.id, (ZERO, ZERO))
            residual, currency = line.amount_residual + more[0], line.amount_residual_currency + more[1]
            line._update(
                {
                    "amount_residual": residual,
                    "amount_residual_currency": currency,
                    "reconciled": not residual and not currency,
                    "full_reconcile_id": None,
                    "matching_number": None,
                }
            )
        partials.unlink()
        fulls.unlink()
        moves = touched.mapped("move_id")
        if differences:
            self.env["account.move"].sudo().browse(differences.ids)._undo_exchange()
        moves._follow_payments()


class AccountMovePayments(AccountMove):
    """Open amounts and payment states of invoices, kept when their items are matched."""

    def _follow_payments(self) -> None:
        """Open amount and payment state from the payment term items of the invoices in the set."""
        invoices = self.filtered(lambda move: move.move_type in INVOICE_TYPES)
        if not invoices:
            return
        terms: dict[int, list[Any]] = {}
        for line in invoices.mapped("line_ids"):
            if line.display_type == "payment_term":
                terms.setdefault(line.move_id, []).append(line)
        paid = []
        reversed_ids = invoices._settled_by_reversal(terms)
        for move in invoices:
            own = terms.get(move.id, [])
            sign = -move.direction_sign
            left = sign * sum((line.amount_residual_currency for line in own), ZERO) + ZERO  # never a negative zero
            if move.state != "posted":
                state = "not_paid"
            elif all(line.reconciled for line in own):
                state = "reversed" if move.id in reversed_ids else "paid"
            else:
                state = "partial" if left != move.amount_total else "not_paid"
            if state != move.payment_state and state in ("paid", "reversed"):
                paid.append(move.id)
            move._update(
                {
                    "amount_residual": left,
                    "amount_residual_signed": sum((line.amount_residual for line in own), ZERO),
                    "payment_state": state,
                }
            )
        if paid:
            self.env.hooks.account_move_paid(env=self.env, moves=self.browse(paid).with_env(self.env))

    def _settled_by_reversal(self, terms: dict[int, list[Any]]) -> set[int]:
        """Of these invoices, the settled ones whose counterparts are all reversing documents."""
        settled = {
            line.id: move_id for move_id, lines in terms.items() if all(line.reconciled for line in lines) for line in lines
        }
        if not settled:
            return set()
        partials = (
            self.env["account.partial.reconcile"]
            .sudo()
            .search(["|", ("debit_move_id", "in", list(settled)), ("credit_move_id", "in", list(settled))])
        )
        others: dict[int, set[Any]] = {}
        for partial in partials:
            for here, there in ((partial.debit_move_id, partial.credit_move), (partial.credit_move_id, partial.debit_move)):
                if here in settled and not partial.exchange_move_id:
                    others.setdefault(settled[here], set()).add(there.move)
        return {
            move_id
            for move_id, moves in others.items()
            if moves
            and all(move.reversed_entry_id == move_id or self.browse(move_id).reversed_entry_id == move.id for move in moves)
        }

    def _undo_exchange(self) -> None:
        """Reverse entries of exchange differences whose matching was undone."""
        moves = self.filtered(lambda move: move.state == "posted")
        if not moves:
            return
        rows = []
        for move in moves:
            lines = [
                {
                    "account": line.account_id,
                    "partner": line.partner_id,
                    "debit": line.credit,
                    "credit": line.debit,
                    "currency_id": line.currency_id,
                    "amount_currency": -line.amount_currency,
                }
                for line in move.line_ids
            ]
            reference = _("Reversal of %(number)s", number=move.name).render(self.env.lang)
            rows.append(
                {
                    "journal": move.journal,
                    "date": max(move.date, self.env.today()),
                    "ref": reference,
                    "lines": lines,
                    "reversed_entry_id": move.id,
                }
            )
        reversals = self.create_entries(rows)
        pairs = []
        for move, reversal in zip(moves, reversals, strict=True):
            both = move.line_ids | reversal.line_ids
            pairs.append(both.filtered(lambda line: line.account.reconcile and line.amount_residual))
        for pair in pairs:  # they cancel each other in company currency, with nothing in their own
            pair._update({"amount_residual": ZERO, "amount_residual_currency": ZERO, "reconciled": True})


def _both_sides(partials: Any) -> set[int]:
    """Ids of the items of the matchings."""
    return {id for partial in partials for id in (partial.debit_move_id, partial.credit_move_id)}


def _check_group(lines: Sequence[Any]) -> None:
    accounts = {line.account_id for line in lines}
    if len(accounts) > 1:
        raise CannotReconcile(
            _(
                "Items of different accounts cannot be matched: %(accounts)s. Choose items of one account.",
                accounts=", ".join(sorted({line.account.code or "" for line in lines})),
            )
        )
    if len({line.company_id for line in lines}) > 1:
        raise CannotReconcile(_("Items of different companies cannot be matched. Choose items of one company."))
    for line in lines:
        if line.parent_state != "posted":
            raise CannotReconcile(
                _("%(item)s is not posted. Only posted items can be matched: post the entry first.", item=line.display_name)
            )
        if not line.account.reconcile:
            raise CannotReconcile(
                _(
                    "Account %(account)s does not follow open items. Switch on 'Open items' on the account to match its items.",
                    account=line.account.display_name,
                )
            )
    if lines and all(line.reconciled for line in lines):
        raise CannotReconcile(_("The items are settled already. Undo their matching first to match them anew."))
