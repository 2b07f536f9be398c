"""What is left to invoice of a line, and the invoice status of a line and of an order.

The words are those of Odoo's external API: `no`, `to invoice`, `invoiced`, `upselling`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)

NO = "no"
TO_INVOICE = "to invoice"
INVOICED = "invoiced"
UPSELLING = "upselling"


@dataclass(frozen=True, slots=True)
class LineState:
    """The facts of one order line, quantities in the line's own unit.

    `confirmed`: the order is a sales order. `policy`: `order` or `delivery`. `countable`: false for sections and notes.
    """

    confirmed: bool
    policy: str
    ordered: Decimal
    delivered: Decimal
    invoiced: Decimal
    countable: bool = True
    down_payment: bool = False


def quantity_to_invoice(line: LineState) -> Decimal:
    """Quantity that the next invoice should carry; negative when more was invoiced than is due.

    A down payment orders nothing, so once it is invoiced it asks for its own deduction.
    """
    if not line.confirmed or not line.countable:
        return ZERO
    due = line.delivered if line.policy == "delivery" and not line.down_payment else line.ordered
    return due - line.invoiced


def line_status(line: LineState) -> str:
    """Invoice status of one line."""
    if not line.confirmed or not line.countable:
        return NO
    if line.down_payment:
        return INVOICED if line.invoiced == ZERO else TO_INVOICE
    if quantity_to_invoice(line) != ZERO:
        return TO_INVOICE
    if line.policy == "order" and line.ordered >= ZERO and line.delivered > line.ordered:
        return UPSELLING
    if line.invoiced >= line.ordered:
        return INVOICED
    return NO


def order_status(confirmed: bool, statuses: Iterable[str]) -> str:
    """Invoice status of an order from the statuses of its product lines (sections, notes and down payments left out)."""
    seen = set(statuses)
    if not confirmed or not seen:
        return NO
    if TO_INVOICE in seen:
        return TO_INVOICE
    if seen == {INVOICED}:
        return INVOICED
    if seen <= {INVOICED, UPSELLING}:
        return UPSELLING
    return NO
