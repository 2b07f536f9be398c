"""`stock.report_deliveryslip` (for who receives the goods) and `stock.report_picking` (for who picks them)."""

from __future__ import annotations

from typing import Any

from addons.base.reports import formats, letterhead, on_letter, partner_lang, party, texts
from server import _
from server.documents import Column, Document, Facts, Paragraph, Parties, Report, Row, Signatures, Table
from server.jobs.mail import plain_text

TITLES = {"incoming": _("Receipt"), "outgoing": _("Delivery slip"), "internal": _("Internal transfer")}


def _stamp(picking: Any, say: Any) -> str:
    return {"draft": say(_("Draft")), "cancel": say(_("Cancelled"))}.get(picking.state, "")


def slip(picking: Any) -> Document:
    """What goes with the goods: products and quantities, no places and no prices."""
    say, write = texts(picking), formats(picking)
    done = picking.state == "done"
    parties = []
    if picking.partner_id:
        label = _("Supplier") if picking.picking_type_code == "incoming" else _("Delivery address")
        parties.append(party(label, picking.partner, ways=True))
    moves = [move for move in picking.move_ids if move.state != "cancel"]
    tracked = any(move.lot_ids for move in moves)
    columns = [
        Column(say(_("Code")), 14),
        Column(say(_("Product")), 46),
        *([Column(say(_("Lot or serial number")), 20)] if tracked else []),
        Column(say(_("Ordered")), 12, True),
        Column(say(_("Delivered") if done else _("To deliver")), 12, True),
        Column(say(_("Unit")), 10),
    ]
    rows = []
    for move in moves:
        cells = [move.product.default_code or "", _name(move)]
        if tracked:
            cells.append(", ".join(lot.name for lot in move.lot_ids))
        cells += [write.quantity(move.product_uom_qty), write.quantity(move.quantity), _unit(move)]
        rows.append(Row(cells))
    left = [move for backorder in picking.backorder_ids for move in backorder.move_ids if move.state not in ("done", "cancel")]
    parts: list[Any] = [Parties(parties), _facts(picking, say, write), Table(columns, rows)]
    if done and left:
        text = "\n".join(f"{_name(move)}: {write.quantity(move.product_uom_qty)} {_unit(move)}" for move in left)
        parts.append(Paragraph(text, say(_("Still to be delivered"))))
    if picking.note:
        parts.append(Paragraph(plain_text(picking.note), say(_("Notes"))))
    parts.append(Signatures([say(_("Received by")), say(_("Date"))]))
    title = say(TITLES.get(picking.picking_type_code or "", _("Transfer")))
    return Document(
        letterhead(picking.company), title, picking.name, parts, write.lang, on_letter(picking.company), _stamp(picking, say)
    )


def operations(picking: Any) -> Document:
    """What to take from where: reserved goods by place, lot and package; what is not reserved below."""
    say, write = texts(picking), formats(picking)
    columns = [
        Column(say(_("Product")), 38),
        Column(say(_("From")), 22),
        Column(say(_("To")), 22),
        Column(say(_("Lot or serial number")), 16),
        Column(say(_("Quantity")), 11, True),
        Column(say(_("Unit")), 9),
    ]
    rows = []
    details = sorted(
        picking.move_line_ids, key=lambda line: (line.location.complete_name or "", line.product.default_code or "", line.id)
    )
    for line in details:
        if line.state == "cancel" or not line.quantity:
            continue
        place = " / ".join(part for part in (line.location.complete_name, line.package.name) if part)
        rows.append(
            Row(
                [
                    line.product.display_name or "",
                    place,
                    line.location_dest.complete_name or "",
                    line.lot.name or line.lot_name or "",
                    write.quantity(line.quantity),
                    line.product_uom.name or "",
                ]
            )
        )
    missing = []
    for move in picking.move_ids:
        short = move.product_uom_qty - move.quantity
        if move.state not in ("done", "cancel") and short > 0:
            missing.append(Row([_name(move), "", "", "", write.quantity(short), _unit(move)]))
    if missing:
        rows += [Row([say(_("Not reserved"))], "section"), *missing]
    parties = [party(_("Contact"), picking.partner, tax=False, ways=True)] if picking.partner_id else []
    parts: list[Any] = [Parties(parties), _facts(picking, say, write, inside=True), Table(columns, rows)]
    if picking.note:
        parts.append(Paragraph(plain_text(picking.note), say(_("Notes"))))
    return Document(
        letterhead(picking.company),
        say(_("Picking operations")),
        picking.name,
        parts,
        write.lang,
        on_letter(picking.company),
        _stamp(picking, say),
    )


def _facts(picking: Any, say: Any, write: Any, inside: bool = False) -> Facts:
    pairs = [
        (say(_("Order")), picking.origin or ""),
        (say(_("Planned for")), write.moment(picking.scheduled_date) if picking.state != "done" else ""),
        (say(_("Done on")), write.moment(picking.date_done)),
        (say(_("Backorder of")), picking.backorder.name or ""),
        (say(_("Carrier")), picking.carrier.name or ""),
        (say(_("Tracking number")), picking.carrier_tracking_ref or ""),
    ]
    if inside:
        states = dict(type(picking)._fields["state"].selection)
        pairs += [
            (say(_("Operation type")), picking.picking_type.display_name or ""),
            (say(_("Status")), say(states[picking.state])),
            (say(_("Responsible")), picking.user.sudo().name or ""),
        ]
    return Facts(pairs)


def _name(move: Any) -> str:
    text, code = str(move.description_picking or move.product.name or ""), move.product.default_code
    return text.removeprefix(f"[{code}] ") if code else text


def _unit(move: Any) -> str:
    return str(move.mapped("product_uom").name or "")


def filename(title: Any) -> Any:
    """Title and number."""
    return lambda picking: f"{title.render(picking.env.lang)} {picking.name}"


Report(
    "stock.report_deliveryslip",
    "stock.picking",
    _("Delivery slip"),
    document=slip,
    filename=filename(_("Delivery slip")),
    lang=partner_lang,
)
Report(
    "stock.report_picking",
    "stock.picking",
    _("Picking operations"),
    document=operations,
    filename=filename(_("Picking operations")),
)
