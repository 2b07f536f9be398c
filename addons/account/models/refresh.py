"""Changed drafts: their tax and payment term lines, amounts and dates are made anew."""

from __future__ import annotations

import datetime as dt
from typing import Any

from addons.account.models.header import header_of
from addons.account.models.invoice_values import account_for, entry_totals
from addons.account.rules.payment_term import instalments


def refresh(moves: Any, redue: bool = True) -> None:
    """Make the lines of drafts agree with their header and their product lines; what is not a draft is left alone.

    A constant number of statements for any number of drafts.

    :param redue: False keeps the due dates as they were written.
    """
    lines_model = moves.env["account.move.line"].sudo()
    new: list[dict[str, Any]] = []
    gone: list[int] = []
    for move in moves.sudo():
        if move.state != "draft":
            continue
        header = header_of(move)
        lines = list(move.line_ids)
        if not header.is_invoice:
            for line in lines:
                _assign(line, {"journal_id": header.journal.id, "date": header.date})
            _assign(move, entry_totals(header, [line.debit for line in lines]))
            continue
        own = [line for line in lines if line.display_type not in ("tax", "payment_term")]
        rows = [
            {
                "display_type": line.display_type,
                "price_unit": line.price_unit,
                "quantity": line.quantity,
                "discount": line.discount,
                "account_id": line.account_id,
                "tax_ids": line.tax_ids.ids,
            }
            for line in own
        ]
        others, totals = account_for(header, rows)
        common = header.common()
        for line, row in zip(own, rows, strict=True):
            row.pop("tax_ids")
            _assign(line, {**row, **common})
        made = [line for line in lines if line.display_type in ("tax", "payment_term")]
        reuse: dict[Any, list[Any]] = {}
        for line in made:
            reuse.setdefault(
                _role(line.display_type, line.tax_line_id, line.tax_repartition_line_id, line.account_id), []
            ).append(line)
        for row in others:
            same = reuse.get(_role(row["display_type"], row["tax_line_id"], row["tax_repartition_line_id"], row["account_id"]))
            row.pop("tax_ids")
            if same:
                line = same.pop(0)
                if not redue and row["display_type"] == "payment_term":
                    row.pop("date_maturity")
                row.pop("name")
                _assign(line, row)
            else:
                new.append({**row, "move_id": move.id, "tax_ids": []})
        gone += [line.id for left in reuse.values() for line in left]
        if not redue:
            totals.pop("invoice_date_due")
        _assign(move, totals)
    if gone:
        lines_model.browse(gone)._remove()
    if new:
        lines_model._insert(new)


def redate(move: Any, day: dt.date) -> None:
    """Set the invoice date of a draft at posting: accounting date and due dates follow; amounts only when a rate is involved."""
    before = move.date
    move._update({"invoice_date": day, "date": day})
    if before == day:
        return
    if move.currency_id != move.company.currency_id:
        refresh(move)
        return
    terms = [line for line in move.line_ids if line.display_type == "payment_term"]
    dated = instalments(move.amount_total, day, move.invoice_payment_term.sudo().lines_of(), move.currency.decimal_places)
    dues = sorted(part.due for part in dated)
    move.line_ids._update({"date": day})
    for line, due in zip(sorted(terms, key=lambda line: line.date_maturity or day), dues, strict=False):
        line._update({"date_maturity": due})
    move._update({"invoice_date_due": dues[-1]})


def _role(display_type: str, tax: int | None, part: int | None, account: int | None) -> tuple[Any, ...]:
    return (display_type, tax, part, account) if display_type == "tax" else (display_type,)


def _assign(record: Any, values: dict[str, Any]) -> None:
    """Set the values that differ."""
    changed = {name: value for name, value in values.items() if getattr(record, name) != value}
    if changed:
        record._update(changed)
