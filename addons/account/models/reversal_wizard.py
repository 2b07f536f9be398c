"""The wizard that makes credit notes."""

from __future__ import annotations

from typing import Any

from addons.account.exceptions import NotADraft
from addons.account.models.payment_register import _active_moves
from addons.account.models.values import as_rows
from server import Char, Date, Many2many, Many2one, Model, _, action


class MoveReversalWizard(Model, name="account.move.reversal"):
    """Reverses posted entries: credit notes for invoices, mirrored entries for the rest."""

    model_label = _("Reversal")
    transient = True
    rec_name = "reason"

    move_ids = Many2many(
        "account.move", _("Entries"), relation="account_move_reversal_move", column1="reversal_id", column2="move_id"
    )
    new_move_ids = Many2many(
        "account.move", _("Made entries"), relation="account_move_reversal_new_move", column1="reversal_id", column2="new_move_id"
    )
    date = Date(_("Date"), required=True, default=lambda env: env.today())
    reason = Char(_("Reason"))
    journal_id = Many2one("account.journal", _("Journal"), help=_("Empty: the journal of the reversed entry."))

    def create(self, vals_list: Any) -> Any:
        """The entries are those of `move_ids`, else of the context."""
        rows = as_rows(vals_list)
        for row in rows:
            if not row.get("move_ids"):
                row["move_ids"] = [(6, 0, _active_moves(self.env).ids)]
        return super().create(rows)

    @action
    def refund_moves(self) -> dict[str, Any]:
        """Make the credit notes as drafts; answers the action that shows them (`res_id` when it is one)."""
        return self._reverse(modify=False)

    @action
    def reverse_moves(self, is_modify: bool = False) -> dict[str, Any]:
        """Older name of `refund_moves`; with `is_modify` of `modify_moves`."""
        return self._reverse(modify=is_modify)

    @action
    def modify_moves(self) -> dict[str, Any]:
        """Reverse in full, post and settle, and make a draft to correct; answers the action that shows the drafts."""
        return self._reverse(modify=True)

    def _reverse(self, modify: bool) -> dict[str, Any]:
        wizard = self.ensure_one()
        moves = wizard.move_ids
        if not moves:
            raise NotADraft(_("No entry was chosen. Open the reversal on a posted entry."))
        defaults = []
        for move in moves:
            reference = _("Reversal of %(number)s", number=move.name or "").render(self.env.lang)
            values: dict[str, Any] = {"date": wizard.date, "ref": f"{reference}, {wizard.reason}" if wizard.reason else reference}
            if move.is_invoice:
                values["invoice_date"] = wizard.date
            if wizard.journal_id:
                values["journal_id"] = wizard.journal_id
            defaults.append(values)
        made = moves._reverse_moves(defaults, cancel=modify)
        if modify:
            made = moves.copy({"date": wizard.date})
        wizard.new_move_ids = made
        action_values: dict[str, Any] = {
            "type": "ir.actions.act_window",
            "name": _("Reversal").render(self.env.lang),
            "res_model": "account.move",
            "domain": [["id", "in", made.ids]],
            "view_mode": "list,form",
            "views": [[False, "list"], [False, "form"]],
            "context": {},
        }
        if len(made) == 1:
            action_values |= {"res_id": made.id, "view_mode": "form", "views": [[False, "form"]]}
        return action_values
