"""What sales adds to contacts: what they ordered."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from addons.base.models.partner import Partner
from addons.sales.models.order_workflow import window_action
from server import Integer, One2many, _, action, depends


class SalesPartner(Partner):
    """Adds the orders of a customer, those of his contacts included."""

    sale_order_ids = One2many("sale.order", "partner_id", _("Sales orders"))
    sale_order_count = Integer(_("Number of orders"), compute="_compute_sale_order_count", groups="base.group_user")

    @depends("sale_order_ids")
    def _compute_sale_order_count(self) -> None:
        orders = self.env["sale.order"]
        counts: dict[int, int] = {}
        if self.ids:
            table = orders.table
            statement = orders.query([("partner_id", "child_of", self.ids)], table.c.partner_id, sa.func.count().label("orders"))
            counts = {row.partner_id: row.orders for row in self.env.execute(statement.group_by(table.c.partner_id))}
        totals: dict[int, int] = defaultdict(int)
        for customer in self.browse(list(counts)):
            seen: set[int] = set()
            above = customer
            while above and above.id not in seen:
                seen.add(above.id)
                totals[above.id] += counts[customer.id]
                above = above.parent
        for partner in self:
            partner.sale_order_count = totals[partner.id]

    @action(readonly=True)
    def action_view_sale_order(self) -> Any:
        """The window that shows the orders of these customers, newest first."""
        orders = self.env["sale.order"].search([("partner_id", "child_of", self.ids)]) if self else self.env["sale.order"]
        return window_action(orders, _("Sales orders").render(self.env.lang))
