"""Matchings of journal items: partial (a debit met a credit) and full (a group of items is settled)."""

from __future__ import annotations

from server import Date, Many2one, Model, Monetary, One2many, _


class PartialReconcile(Model, name="account.partial.reconcile"):
    """An amount of a debit item that was matched with a credit item."""

    model_label = _("Partial matching")
    rec_name = "id"
    checks = {"amount": "amount >= 0"}

    debit_move_id = Many2one("account.move.line", _("Debit item"), required=True, ondelete="cascade", index=True)
    credit_move_id = Many2one("account.move.line", _("Credit item"), required=True, ondelete="cascade", index=True)
    company_id = Many2one("res.company", _("Company"), required=True)
    company_currency_id = Many2one("res.currency", _("Company currency"), related="company_id.currency_id")
    debit_currency_id = Many2one("res.currency", _("Currency of the debit"), related="debit_move_id.currency_id")
    credit_currency_id = Many2one("res.currency", _("Currency of the credit"), related="credit_move_id.currency_id")
    amount = Monetary(_("Amount"), currency_field="company_currency_id", required=True)
    debit_amount_currency = Monetary(_("Amount in the debit's currency"), currency_field="debit_currency_id", required=True)
    credit_amount_currency = Monetary(_("Amount in the credit's currency"), currency_field="credit_currency_id", required=True)
    full_reconcile_id = Many2one("account.full.reconcile", _("Full matching"), ondelete="set null", index=True)
    exchange_move_id = Many2one("account.move", _("Exchange difference"), ondelete="set null")
    max_date = Date(_("Date of the later item"))


class FullReconcile(Model, name="account.full.reconcile"):
    """A group of items that settle each other."""

    model_label = _("Matching")
    rec_name = "id"

    company_id = Many2one("res.company", _("Company"), required=True)
    partial_reconcile_ids = One2many("account.partial.reconcile", "full_reconcile_id", _("Partial matchings"))
    reconciled_line_ids = One2many("account.move.line", "full_reconcile_id", _("Journal items"))
