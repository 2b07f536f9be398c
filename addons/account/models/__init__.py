"""Models of accounting; every file is imported here."""

from __future__ import annotations

from . import (
    account,
    base,
    fiscal_position,
    journal,
    move,
    move_line,
    move_post,
    move_reverse,
    move_send,
    partial_reconcile,
    payment,
    payment_register,
    payment_term,
    product,
    reconcile,
    reversal_wizard,
    tax,
)
