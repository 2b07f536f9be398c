"""`sale.report_saleorder`: the quotation, and the order it becomes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.account.rules.tax import PricedLine
from addons.base.reports import formats, letterhead, on_letter, partner_lang, party, texts
from addons.sales.models.defaults import compute_amounts
from server import _
from server.documents import Column, Document, Facts, Paragraph, Parties, Report, Row, Signatures, Table, Totals
from server.jobs.mail import plain_text


def title(order: Any) -> Any:
    """What the order is at this moment."""
    return _("Order") if order.state == "sale" else _("Quotation")


def document(order: Any) -> Document:
    """One quotation or order."""
    say, write = texts(order), formats(order, order.currency)
    parties = [party(_("Customer"), order.partner)]
    for label, other in ((_("Invoice address"), order.partner_invoice), (_("Delivery address"), order.partner_shipping)):
        if other and other != order.partner:
            parties.append(party(label, other, tax=False))
    confirmed = order.state == "sale"
    parts: list[Any] = [
        Parties(parties),
        Facts(
            [
                (say(_("Order date") if confirmed else _("Date")), write.day_of(order.date_order)),
                (say(_("Valid until")), write.date(order.validity_date) if not confirmed else ""),
                (say(_("Promised for")), write.day_of(order.commitment_date)),
                (say(_("Your reference")), order.client_order_ref or ""),
                (say(_("Payment terms")), order.payment_term.name or ""),
                (say(_("Salesperson")), order.user.sudo().name or ""),
                (say(_("Currency")), order.currency.name or ""),
            ]
        ),
        lines(order, say, write),
        Totals(totals(order, say, write)),
    ]
    if order.note:
        parts.append(Paragraph(plain_text(order.note), say(_("Terms and conditions"))))
    if order.require_signature and not confirmed:
        parts.append(Signatures([say(_("Accepted by")), say(_("Date"))]))
    stamp = say(_("Cancelled")) if order.state == "cancel" else ""
    return Document(
        letterhead(order.company), say(title(order)), order.name or "", parts, write.lang, on_letter(order.company), stamp
    )


def lines(order: Any, say: Any, write: Any) -> Table:
    """The lines in their order, a subtotal after each section; a column for discounts only when there is one."""
    discounts = any(line.discount for line in order.order_line)
    columns = [
        Column(say(_("Description")), 42),
        Column(say(_("Quantity")), 11, True),
        Column(say(_("Unit")), 9),
        Column(say(_("Unit price")), 14, True),
        *([Column(say(_("Disc.")), 9, True)] if discounts else []),
        Column(say(_("Taxes")), 12),
        Column(say(_("Amount")), 15, True),
    ]
    rows: list[Row] = []
    section: list[Decimal] | None = None

    def close_section() -> None:
        if section:
            rows.append(Row([say(_("Subtotal")), *[""] * (len(columns) - 2), write.amount(sum(section, Decimal(0)))], "sum"))

    for line in order.order_line:
        if line.display_type == "line_section":
            close_section()
            section = []
        if line.display_type:
            rows.append(Row([line.name or ""], line.display_type.removeprefix("line_")))
            continue
        cells = [line.name or line.product.display_name or "", write.quantity(line.product_uom_qty), line.product_uom.name or ""]
        cells.append(write.price(line.price_unit))
        if discounts:
            cells.append(write.percent(line.discount) if line.discount else "")
        cells += [", ".join(tax.description or tax.name for tax in line.tax_ids), write.amount(line.price_subtotal)]
        rows.append(Row(cells))
        if section is not None:
            section.append(line.price_subtotal)
    close_section()
    return Table(columns, rows)


def totals(order: Any, say: Any, write: Any) -> list[tuple[str, str, bool]]:
    """Untaxed, each kind of tax as it will be invoiced, total."""
    taxes = order.env["account.tax"].sudo()
    priced = [
        PricedLine(line.price_unit or Decimal(0), line.product_uom_qty or Decimal(0), line.discount or Decimal(0), values)
        for line in order.order_line
        if not line.display_type and (values := taxes.values_of(line.tax_ids.ids)) is not None
    ]
    by_group: dict[str, Decimal] = {}
    for tax_id, share in compute_amounts(order.env, order.currency_id, order.company_id, priced).by_tax.items():
        tax = taxes.browse(tax_id)
        name = tax.tax_group.name or tax.name
        by_group[name] = by_group.get(name, Decimal(0)) + share.amount
    return [
        (say(_("Untaxed amount")), write.money(order.amount_untaxed), False),
        *((name, write.money(amount), False) for name, amount in by_group.items()),
        (say(_("Total")), write.money(order.amount_total), True),
    ]


def filename(order: Any) -> str:
    """Kind and number."""
    return f"{title(order).render(order.env.lang)} {order.name}"


Report("sale.report_saleorder", "sale.order", _("Quotation / Order"), document=document, filename=filename, lang=partner_lang)
