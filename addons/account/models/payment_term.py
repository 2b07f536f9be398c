"""Payment terms."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.account.models.values import as_rows
from addons.account.rules.payment_term import TermLine
from server import Boolean, Char, Integer, Many2one, Model, Numeric, One2many, Selection, Text, ValidationError, _, constrains


class PaymentTerm(Model, name="account.payment.term"):
    """When an invoice is to be paid: at once, after 30 days, in instalments."""

    model_label = _("Payment term")
    order = "sequence, id"
    reference = True

    name = Char(_("Payment term"), required=True, translate=True)
    note = Text(_("Text on the invoice"), translate=True)
    line_ids = One2many("account.payment.term.line", "payment_id", _("Instalments"), copy=True)
    company_id = Many2one("res.company", _("Company"), default=lambda env: None)
    sequence = Integer(_("Sequence"), default=10)
    active = Boolean(_("Active"), default=True)

    def create(self, vals_list: Any) -> Any:
        """A term without instalments is due at once, in full."""
        rows = as_rows(vals_list)
        for row in rows:
            if not row.get("line_ids"):
                row["line_ids"] = [(0, 0, {"value": "percent", "value_amount": 100, "nb_days": 0})]
        return super().create(rows)

    @constrains("line_ids")
    def _check_lines(self) -> None:
        for term in self:
            percent = sum((line.value_amount for line in term.line_ids if line.value == "percent"), Decimal(0))
            if all(line.value == "percent" for line in term.line_ids) and percent != 100:
                raise ValidationError(
                    _(
                        "The instalments of payment term %(term)s make up %(percent)s %%. They must add up to 100 %%.",
                        term=term.name,
                        percent=percent,
                    )
                )

    def lines_of(self) -> tuple[TermLine, ...]:
        """The instalments as plain values; nothing for an empty set (due at once). No query after warm-up."""
        if not self:
            return ()
        term = self.ensure_one()
        lines: tuple[TermLine, ...] = self.env.process_cache(("account.payment.term", term.id), term._build_lines)
        return lines

    def _build_lines(self) -> tuple[TermLine, ...]:
        rows = self.sudo().line_ids
        return tuple(TermLine(row.value, row.value_amount, row.nb_days, row.delay_type, row.days_next_month) for row in rows)


class PaymentTermLine(Model, name="account.payment.term.line"):
    """One instalment of a payment term."""

    model_label = _("Instalment")
    rec_name = "value"
    order = "sequence, id"
    reference = True
    checks = {"days": "nb_days >= 0"}

    payment_id = Many2one("account.payment.term", _("Payment term"), required=True, ondelete="cascade", index=True)
    value = Selection([("percent", _("Percent")), ("fixed", _("Fixed amount"))], _("Kind"), required=True, default="percent")
    value_amount = Numeric(_("Amount"), digits=(16, 6), required=True, default=Decimal(100), aggregator="")
    nb_days = Integer(_("Days"), required=True, default=0, aliases=("days",))
    delay_type = Selection(
        [
            ("days_after", _("Days after the invoice date")),
            ("days_after_end_of_month", _("Days after the end of the month")),
            ("days_after_end_of_next_month", _("Days after the end of the next month")),
            ("days_end_of_month_on_the", _("After these days, on the day of the month")),
        ],
        _("Counted"),
        required=True,
        default="days_after",
    )
    days_next_month = Integer(_("Day of the month"), default=0, help=_("0 is the last day."))
    sequence = Integer(_("Sequence"), default=10)
