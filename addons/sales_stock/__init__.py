"""Sales and stock together: deliveries from orders, delivered quantities on orders. The manifest, nothing else."""

from __future__ import annotations

from server import Addon, _

addon = Addon(
    "sales_stock",
    title=_("Deliveries of sales"),
    depends=["sales", "stock"],
    auto_install=["sales", "stock"],
    summary=_("Deliveries from sales orders and invoicing of what was delivered"),
    category="Sales",
    demo=["demo/orders.yaml"],
)
