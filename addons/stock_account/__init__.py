"""Glue between stock and accounting: what moves is booked."""

from __future__ import annotations

from server import Addon, _

addon = Addon(
    "stock_account",
    depends=["product", "stock", "account"],
    auto_install=["stock", "account"],
    title=_("Stock accounting"),
    summary=_("Receipts, deliveries and counts post their value to the ledger"),
    category=_("Accounting"),
)
