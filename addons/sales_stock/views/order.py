"""Deliveries on the order, the order on transfers."""

from __future__ import annotations

from server import _
from server.views import Button, Field, Filter, extend

extend("sale.order.form").after(
    "action_view_invoice",
    Button("action_view_delivery", _("Deliveries"), count="delivery_count", invisible=[("delivery_count", "=", 0)]),
)
extend("sale.order.form").inside(
    "delivery", Field("warehouse_id"), Field("picking_policy"), Field("delivery_status", readonly=True)
)
extend("sale.order.list").after("invoice_status", Field("delivery_status", optional="show", widget="badge"))
extend("sale.order.search").inside(
    "filters",
    Filter("to_deliver", _("To deliver"), [("delivery_status", "in", ["pending", "started", "partial"])]),
)
