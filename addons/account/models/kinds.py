"""Kinds and states of entries, with their labels."""

from __future__ import annotations

from server import _

MOVE_TYPES = [
    ("entry", _("Journal entry")),
    ("out_invoice", _("Customer invoice")),
    ("out_refund", _("Customer credit note")),
    ("in_invoice", _("Supplier bill")),
    ("in_refund", _("Supplier credit note")),
    ("out_receipt", _("Sales receipt")),
    ("in_receipt", _("Purchase receipt")),
]
MOVE_STATES = [("draft", _("Draft")), ("posted", _("Posted")), ("cancel", _("Cancelled"))]
PAYMENT_STATES = [
    ("not_paid", _("Not paid")),
    ("in_payment", _("In payment")),
    ("paid", _("Paid")),
    ("partial", _("Partly paid")),
    ("reversed", _("Reversed")),
    ("blocked", _("Blocked")),
]

#: Lines that people enter on an invoice, and those of them that are only text.
INVOICE_LINE_TYPES = ("product", "line_section", "line_subsection", "line_note")
TEXT_TYPES = ("line_section", "line_subsection", "line_note")
