"""`account.report_invoice`: invoices, credit notes, bills and receipts, drafts included (they say so)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.base.reports import formats, letterhead, on_letter, partner_lang, party, texts
from server import _
from server.documents import Column, Document, Facts, Paragraph, Parties, Report, Row, Table, Totals
from server.jobs.mail import plain_text

TITLES = {
    "out_invoice": _("Invoice"),
    "out_refund": _("Credit note"),
    "in_invoice": _("Supplier bill"),
    "in_refund": _("Supplier credit note"),
    "out_receipt": _("Sales receipt"),
    "in_receipt": _("Purchase receipt"),
    "entry": _("Journal entry"),
}


def document(move: Any) -> Document:
    """One invoice."""
    say, write = texts(move), formats(move, move.currency)
    bank = move.partner_bank
    number = move.name if move.name and move.name != "/" else ""
    stamp = {"draft": say(_("Draft")), "cancel": say(_("Cancelled"))}.get(move.state, "")
    parties = []
    if move.partner_id:
        customer = move.move_type.startswith("out")
        parties.append(party(_("Customer") if customer else _("Supplier"), move.partner))
        if move.partner_shipping_id and move.partner_shipping_id != move.partner_id:
            parties.append(party(_("Delivery address"), move.partner_shipping, tax=False))
    parts: list[Any] = [
        Parties(parties),
        Facts(
            [
                (say(_("Invoice date")), write.date(move.invoice_date or (None if move.state == "draft" else move.date))),
                (say(_("Due date")), write.date(move.invoice_date_due)),
                (say(_("Payment terms")), move.invoice_payment_term.name or ""),
                (say(_("Reference")), move.ref or ""),
                (say(_("Origin")), move.invoice_origin or ""),
                (say(_("Reversal of")), move.reversed_entry.name or ""),
                (say(_("Salesperson")), move.invoice_user.sudo().name or ""),
                (say(_("Currency")), move.currency.name or ""),
            ]
        ),
        lines(move, say, write),
        Totals(totals(move, say, write)),
    ]
    payment = [part for part in (move.payment_reference and f"{say(_('Payment reference'))}: {move.payment_reference}",) if part]
    if bank:
        payment.append(f"{say(_('Bank account'))}: {bank.display_name}")
    if payment and move.move_type in ("out_invoice", "in_refund"):
        parts.append(Paragraph("\n".join(payment), say(_("Payment"))))
    if move.narration:
        parts.append(Paragraph(plain_text(move.narration), say(_("Terms and notes"))))
    return Document(
        letterhead(move.company), say(TITLES[move.move_type]), number, parts, write.lang, on_letter(move.company), stamp
    )


def lines(move: Any, say: Any, write: Any) -> Table:
    """The lines that people see, in their order; a column for discounts only when there is one."""
    shown = [line for line in move.invoice_line_ids if line.display_type in ("product", "line_section", "line_note")]
    discounts = any(line.discount for line in shown)
    columns = [
        Column(say(_("Description")), 42),
        Column(say(_("Quantity")), 11, True),
        Column(say(_("Unit")), 9),
        Column(say(_("Unit price")), 14, True),
        *([Column(say(_("Disc.")), 9, True)] if discounts else []),
        Column(say(_("Taxes")), 12),
        Column(say(_("Amount")), 15, True),
    ]
    rows = []
    for line in shown:
        if line.display_type != "product":
            rows.append(Row([line.name or ""], line.display_type.removeprefix("line_")))
            continue
        cells = [line.name or line.product.display_name or "", write.quantity(line.quantity), line.product_uom.name or ""]
        cells.append(write.price(line.price_unit))
        if discounts:
            cells.append(write.percent(line.discount) if line.discount else "")
        cells += [", ".join(tax.description or tax.name for tax in line.tax_ids), write.amount(line.price_subtotal)]
        rows.append(Row(cells))
    return Table(columns, rows)


def totals(move: Any, say: Any, write: Any) -> list[tuple[str, str, bool]]:
    """Untaxed, each kind of tax, total; and what is open when something was paid."""
    found = [(say(_("Untaxed amount")), write.money(move.amount_untaxed), False)]
    by_group: dict[str, Decimal] = {}
    for line in move.line_ids:
        if line.display_type == "tax":
            tax = line.tax_line
            name = tax.tax_group.name or tax.name
            by_group[name] = by_group.get(name, Decimal(0)) + move.direction_sign * line.amount_currency
    found += [(name, write.money(amount), False) for name, amount in by_group.items()]
    found.append((say(_("Total")), write.money(move.amount_total), True))
    if move.state == "posted" and move.amount_residual != move.amount_total:
        found.append((say(_("Paid")), write.money(move.amount_total - move.amount_residual), False))
        found.append((say(_("Amount due")), write.money(move.amount_residual), True))
    return found


def filename(move: Any) -> str:
    """Kind and number."""
    number = (move.name or "").strip("/") or f"{_('Draft').render(move.env.lang)} {move.id}"
    return f"{TITLES[move.move_type].render(move.env.lang)} {number}"


Report("account.report_invoice", "account.move", _("Invoice"), document=document, filename=filename, lang=partner_lang)
Report(
    "account.report_invoice_with_payments",
    "account.move",
    _("Invoice with payments"),
    document=document,
    filename=filename,
    lang=partner_lang,
)
