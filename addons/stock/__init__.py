"""Warehouses, locations, transfers, reservation, counts and the value of what is held."""

from __future__ import annotations

from server import Addon, _

addon = Addon(
    "stock",
    depends=["base", "product"],
    title=_("Stock"),
    summary=_("Warehouses, receipts, deliveries, counts, lots and average cost"),
    category=_("Warehouse"),
    application=True,
    data=["data/groups.yaml", "data/stock.location.csv"],
    demo=["demo/users.yaml", "demo/product.product.csv", "demo/stock.location.csv", "demo/stock.quant.csv", "demo/counts.yaml"],
)
