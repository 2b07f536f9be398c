"""Journals, and the gapless numbers of their entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from server import Boolean, Char, Integer, Many2one, Model, One2many, Selection, ValidationError, _, constrains

JOURNAL_TYPES = [
    ("sale", _("Sales")),
    ("purchase", _("Purchases")),
    ("cash", _("Cash")),
    ("bank", _("Bank")),
    ("credit", _("Credit card")),
    ("general", _("Miscellaneous")),
]


class Journal(Model, name="account.journal"):
    """A book of entries of one kind, with its own numbers."""

    model_label = _("Journal")
    order = "sequence, type, code, id"
    reference = True
    unique = [("company_id", "code")]

    name = Char(_("Journal name"), required=True, translate=True)
    code = Char(_("Short code"), required=True, size=8, help=_("Starts the numbers of the entries."))
    type = Selection(JOURNAL_TYPES, _("Type"), required=True)
    active = Boolean(_("Active"), default=True)
    sequence = Integer(_("Sequence"), default=10)
    company_id = Many2one("res.company", _("Company"), required=True)
    currency_id = Many2one(
        "res.currency", _("Currency"), help=_("Currency of the bank or cash account, when it is not the company's.")
    )
    default_account_id = Many2one(
        "account.account",
        _("Default account"),
        help=_("Income or expense account of invoice lines; the money account of a bank or cash journal."),
    )
    number_pattern = Char(
        _("Number pattern"),
        default="{code}/{year}/",
        help=_("Text before the number. {code}, {year} and {month} may stand in it; with {year} or {month} numbers start again."),
    )
    number_padding = Integer(_("Digits of the number"), default=5)
    refund_sequence = Boolean(_("Own numbers for credit notes"), default=True)
    payment_method_line_ids = One2many("account.payment.method.line", "journal_id", _("Payment methods"))

    @constrains("number_pattern")
    def _check_pattern(self) -> None:
        for journal in self:
            try:
                _prefix(journal.number_pattern or "", journal.code, dt.date(2026, 1, 1))
            except (KeyError, IndexError, ValueError):
                raise ValidationError(
                    _(
                        "The number pattern %(pattern)s of journal %(journal)s cannot be read. Use only {code}, {year} and "
                        "{month}.",
                        pattern=journal.number_pattern,
                        journal=journal.name,
                    )
                ) from None

    @property
    def kind(self) -> str | None:
        """`sale` or `purchase` for the journals of invoices."""
        return self.type if self.type in ("sale", "purchase") else None

    def take_numbers(self, wanted: Sequence[tuple[int, bool, dt.date]]) -> list[str]:
        """The next numbers, without gaps: one statement per range of numbers, whatever the count.

        The row of the range is locked until the transaction ends, so two postings never get one number, and a rolled back posting
        leaves no gap.

        :param wanted: `(journal id, is a credit note, date)` per entry; numbers are given in this order.
        :returns: one number per entry.
        """
        journals = {journal.id: journal for journal in self.browse(list({key[0] for key in wanted}))}
        ranges: dict[tuple[int, bool, str], list[int]] = {}
        for index, (journal_id, is_refund, day) in enumerate(wanted):
            journal = journals[journal_id]
            refund = bool(is_refund and journal.refund_sequence and journal.kind)
            prefix = _prefix(journal.number_pattern or "", ("R" if refund else "") + (journal.code or ""), day)
            ranges.setdefault((journal_id, refund, prefix), []).append(index)
        numbers = [""] * len(wanted)
        for (journal_id, refund, prefix), places in sorted(ranges.items()):  # one order for everybody: no deadlock
            last = self.env["account.number.range"]._advance(journals[journal_id], refund, prefix, len(places))
            first = last - len(places) + 1
            padding = journals[journal_id].number_padding or 1
            for offset, place in enumerate(places):
                numbers[place] = f"{prefix}{first + offset:0{padding}d}"
        return numbers


class NumberRange(Model, name="account.number.range"):
    """Where a journal's numbers stand: one row per journal, kind and prefix (so per year, when the prefix has the year)."""

    model_label = _("Numbers of a journal")
    rec_name = "prefix"
    order = "prefix, id"
    unique = [("journal_id", "refund", "prefix")]
    checks = {"last": "last >= 0"}

    journal_id = Many2one("account.journal", _("Journal"), required=True, ondelete="cascade")
    company_id = Many2one("res.company", _("Company"), required=True)
    refund = Boolean(_("Credit notes"), required=True)
    prefix = Char(_("Prefix"), required=True)
    last = Integer(_("Last number given"), required=True, default=0)

    def _advance(self, journal: Any, refund: bool, prefix: str, count: int) -> int:
        """Move the range on by `count` and return its new last number; the row is made on first use."""
        if self._name in self.env.transaction.dirty:  # somebody corrects the range in this very transaction
            self.env.flush()
        statement = self.models.plans.get("account.number.range.advance")
        if statement is None:
            columns = self.table.c
            statement = self.models.plans["account.number.range.advance"] = (
                sa.update(self.table)
                .where(
                    columns.journal_id == sa.bindparam("of_journal"),
                    columns.refund == sa.bindparam("of_refund"),
                    columns.prefix == sa.bindparam("of_prefix"),
                )
                .values(last=columns.last + sa.bindparam("by", type_=columns.last.type))
                .returning(columns.last)
            )
        wanted = {"of_journal": journal.id, "of_refund": refund, "of_prefix": prefix, "by": count}
        last = self.env.run(statement, wanted).scalar()  # without a flush: nobody holds pending numbers
        if last is None:
            # the journal's row is the lock for the birth of a range; whoever comes second finds the row made
            journal.sudo().lock()
            last = self.env.run(statement, wanted).scalar()
        if last is None:
            self.sudo().create(
                {"journal_id": journal.id, "company_id": journal.company_id, "refund": refund, "prefix": prefix, "last": count}
            )
            self.env.flush()
            last = count
        return int(last)


def _prefix(pattern: str, code: str, day: dt.date) -> str:
    return pattern.format(code=code, year=day.year, month=f"{day.month:02d}")


class PaymentMethodLine(Model, name="account.payment.method.line"):
    """A way to pay or be paid through a journal: by hand, cheque, transfer."""

    model_label = _("Payment method")
    order = "sequence, id"
    reference = True

    name = Char(_("Name"), required=True, translate=True)
    code = Char(_("Code"), required=True, default="manual")
    payment_type = Selection([("inbound", _("Receive")), ("outbound", _("Send"))], _("Direction"), required=True)
    journal_id = Many2one("account.journal", _("Journal"), required=True, ondelete="cascade", index=True)
    company_id = Many2one("res.company", _("Company"), related="journal_id.company_id", store=True)
    sequence = Integer(_("Sequence"), default=10)
