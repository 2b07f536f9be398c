"""What sales adds to contacts: what they ordered."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from addons.base.models.partner import Partner
from addons.sales.models.order_workflow import window_action
from server import Integer, One2many, _, action, depends


class SalesPartner(Partner):
    """Adds the orders of a customer, those of his contacts included."""

    sale_order_ids = One2many("sale.order", "partner_id", _("Sales orders"))
    sale_order_count = Integer(_("Number of orders"), compute="_compute_sale_order_count", groups="base.group_user")

    @depends("sale_order_ids")
    def _compute_sale_order_count(self) -> None:
        counts = self._orders_by_customer()
        for partner in self:
            partner.sale_order_count = len(counts[partner.id])

    def _orders_by_customer(self) -> dict[int, list[int]]:
        """Ids of the orders of each of these contacts and of the contacts below them: two statements for any set."""
        orders = self.env["sale.order"].search([("partner_id", "child_of", self.ids)]) if self else self.env["sale.order"]
        mine = set(self.ids)
        found: dict[int, list[int]] = defaultdict(list)
        above: dict[int, list[int]] = {}
        for order in orders:
            partner_id = order.partner_id
            if partner_id not in above:
                chain, partner = [], order.partner
                while partner and partner.id not in chain:
                    chain.append(partner.id)
                    partner = partner.parent
                above[partner_id] = [id for id in chain if id in mine]
            for id in above[partner_id]:
                found[id].append(order.id)
        return found

    @action(readonly=True)
    def action_view_sale_order(self) -> Any:
        """The window that shows the orders of these customers, newest first."""
        ids = sorted({id for ids in self._orders_by_customer().values() for id in ids}, reverse=True)
        return window_action(self.env["sale.order"].browse(ids), _("Sales orders").render(self.env.lang))
