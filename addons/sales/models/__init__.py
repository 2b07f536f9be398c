"""The models of sales, and what it adds to the models of its dependencies."""

from __future__ import annotations

from addons.sales.models import (
    account,
    advance_payment,
    base,
    kernel,
    order,
    order_changes,
    order_invoicing,
    order_line,
    order_line_changes,
    order_workflow,
    product,
    tag,
    team,
    utm,
)

__all__ = [
    "account",
    "advance_payment",
    "base",
    "kernel",
    "order",
    "order_changes",
    "order_invoicing",
    "order_line",
    "order_line_changes",
    "order_workflow",
    "product",
    "tag",
    "team",
    "utm",
]
