"""Sales: quotations, sales orders and the invoices made from them. The manifest, nothing else."""

from __future__ import annotations

from server import Addon, _

addon = Addon(
    "sales",
    title=_("Sales"),
    depends=["base", "product", "account"],
    summary=_("Quotations, sales orders and invoices from orders"),
    category="Sales",
    application=True,
    data=["data/groups.yaml", "data/teams.yaml"],
    demo=["demo/access.yaml", "demo/tags.yaml", "demo/orders.yaml"],
)
