"""Reversal: credit notes for invoices, mirrored entries for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from addons.account.exceptions import NotADraft
from addons.account.models.kinds import INVOICE_LINE_TYPES, TEXT_TYPES
from addons.account.models.move import AccountMove
from addons.account.rules.entry import INVOICE_TYPES, REVERSED_TYPE
from server import _


class AccountMoveReversal(AccountMove):
    """Making and settling reversals."""

    def _reverse_moves(self, default_values_list: Sequence[dict[str, Any]] | None = None, cancel: bool = False) -> Any:
        """Drafts that reverse these posted entries, linked by `reversed_entry_id`.

        :param default_values_list: values of each reversal (date, journal, reference) beside the mirrored ones.
        :param cancel: post the reversals at once; they settle the originals.
        :raises NotADraft: for entries that are not posted.
        """
        for move in self:
            if move.state != "posted":
                raise NotADraft(
                    _(
                        "%(entry)s is not posted, so there is nothing to reverse. Change or cancel it instead.",
                        entry=move.display_name,
                    )
                )
        given = list(default_values_list or [{} for _move in self])
        rows = [move._reversal_values() | values for move, values in zip(self, given, strict=True)]
        reversals = self.create(rows)
        if cancel:
            reversals._post()
        return reversals

    def _reversal_values(self) -> dict[str, Any]:
        """Values of the entry that reverses this one; addons extend `account.move.line._reversal_values` to link their lines."""
        self.ensure_one()
        values: dict[str, Any] = {
            "move_type": REVERSED_TYPE[self.move_type],
            "reversed_entry_id": self.id,
            "journal_id": self.journal_id,
            "currency_id": self.currency_id,
            "company_id": self.company_id,
            "partner_id": self.partner_id,
            "partner_shipping_id": self.partner_shipping_id,
            "fiscal_position_id": self.fiscal_position_id,
            "invoice_origin": self.invoice_origin,
            "invoice_user_id": self.invoice_user_id,
            "invoice_payment_term_id": None,
            "ref": _("Reversal of %(number)s", number=self.name).render(self.env.lang),
        }
        if self.move_type in INVOICE_TYPES:
            lines = self.line_ids.filtered(lambda line: line.display_type in INVOICE_LINE_TYPES)
            values["invoice_line_ids"] = [(0, 0, line._reversal_values()) for line in lines]
        else:
            values["line_ids"] = [(0, 0, line._reversal_values()) for line in self.line_ids]
        return values

    def _settle_reversals(self) -> None:
        """Match the open items of just posted reversals with those of what they reverse."""
        groups = []
        for move in self:
            original = move.reversed_entry.sudo()
            if not original or original.state != "posted":
                continue
            by_account: dict[int, list[int]] = {}
            for line in (*original.line_ids, *move.sudo().line_ids):
                if line.display_type not in TEXT_TYPES and line.account.reconcile and not line.reconciled:
                    by_account.setdefault(line.account_id, []).append(line.id)
            groups += [self.env["account.move.line"].browse(ids) for ids in by_account.values()]
        if groups:
            self.env["account.move.line"].sudo()._match(groups)
