"""The e-mail that brings a quotation or an order to the customer: plain HTML, in his language."""

from __future__ import annotations

from html import escape
from typing import Any

from server import _


def mail_body(order: Any, lang: str | None) -> str:
    """The e-mail of one order as simple HTML: greeting, lines, total."""
    currency = order.currency

    def text(message: Any) -> str:
        return escape(message.render(lang))

    rows = []
    for line in order.order_line:
        label = escape(line.name or "").replace("\n", "<br/>")
        if line.display_type:
            rows.append(f"<tr><td colspan='3'><b>{label}</b></td></tr>")
        else:
            quantity = f"{line.product_uom_qty.normalize():f} {escape(line.product_uom.name or '')}"
            price = escape(currency.format(line.price_subtotal))
            rows.append(f"<tr><td>{label}</td><td align='right'>{quantity}</td><td align='right'>{price}</td></tr>")
    greeting = text(_("Good day, %(partner)s:", partner=order.partner.name))
    intro = text(_("thank you for your interest. This is what we can offer you under %(name)s.", name=order.name))
    if order.state == "sale":
        intro = text(_("thank you for your order %(name)s.", name=order.name))
    totals = "".join(
        f"<tr><td colspan='2' align='right'>{text(label)}</td><td align='right'>{escape(currency.format(amount))}</td></tr>"
        for label, amount in (
            (_("Untaxed amount"), order.amount_untaxed),
            (_("Taxes"), order.amount_tax),
            (_("Total"), order.amount_total),
        )
    )
    validity = ""
    if order.validity_date and order.state != "sale":
        until = text(_("Valid until %(date)s.", date=order.validity_date.isoformat()))
        validity = f"<p>{until}</p>"
    signature = f"<p>{escape(order.user.name or order.company.name)}<br/>{escape(order.company.name)}</p>"
    return f"<p>{greeting}</p><p>{intro}</p><table>{''.join(rows)}{totals}</table>{validity}{signature}"
