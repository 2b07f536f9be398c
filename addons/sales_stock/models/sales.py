"""Deliveries of an order: made on confirmation, cancelled with it, and what they say of its progress."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from addons.sales.models.order import SaleOrder
from addons.sales.models.order_workflow import window_action
from addons.sales_stock.exceptions import AlreadyShipped, NotEnoughStock, NoWarehouse
from server import Integer, Many2one, One2many, Selection, _, action, depends

ZERO = Decimal(0)


class SalesStockOrder(SaleOrder):
    """Adds the warehouse, the shipping policy and the deliveries."""

    warehouse_id = Many2one("stock.warehouse", _("Warehouse"), ondelete="restrict")
    picking_policy = Selection(
        [("direct", _("As soon as possible")), ("one", _("When all products are ready"))],
        _("Shipping policy"),
        default="direct",
        server_default="'direct'",
    )
    picking_ids = One2many("stock.picking", "sale_id", _("Transfers"))
    delivery_count = Integer(_("Number of deliveries"), compute="_compute_delivery_count")
    delivery_status = Selection(
        [
            ("pending", _("Not delivered")),
            ("started", _("Started")),
            ("partial", _("Partially delivered")),
            ("full", _("Fully delivered")),
        ],
        _("Delivery status"),
        readonly=True,
        copy=False,
        index=True,
    )

    @depends("picking_ids")
    def _compute_delivery_count(self) -> None:
        for order in self:
            order.delivery_count = len(order.picking_ids)

    def create(self, vals_list: list[dict[str, Any]]) -> Any:
        """As sales creates orders, each with its company's warehouse unless another one is given."""
        for values in vals_list:
            if not values.get("warehouse_id"):
                values["warehouse_id"] = self._warehouse_of(values.get("company_id") or self.env.company_id)
        return super().create(vals_list)

    def _warehouse_of(self, company_id: int) -> int | None:
        """Id of the first warehouse of a company; remembered in the process until warehouses change."""
        if company_id not in self.env.allowed_company_ids:
            return None  # the order is refused for its company

        def find() -> int | None:
            found = self.env["stock.warehouse"].sudo().with_company(company_id).search([("company_id", "=", company_id)], limit=1)
            warehouse_id: int | None = found.id
            return warehouse_id

        return self.env.process_cache(("sales_stock.warehouse", company_id), find)  # type: ignore[no-any-return]

    # -- deliveries -------------------------------------------------------------------------------------------------------

    def _make_deliveries(self, quantities: Mapping[int, Decimal] | None = None) -> Any:
        """One delivery per order and warehouse for its goods, confirmed and reserved; services make none.

        :param quantities: line id to the quantity to deliver, in the line's unit; default: what was ordered. Lines that are not
            named are left out.
        :returns: the `stock.picking` records.
        :raises NoWarehouse: when goods are sold and nothing says where they are.
        :raises NotEnoughStock: by the company's policy, when something is not free.
        """
        values = []
        for order in self:
            moves = [
                line._prepare_move(quantity)
                for line in order.order_line
                if line.qty_delivered_method == "stock_move"
                and (quantity := line.product_uom_qty if quantities is None else quantities.get(line.id, ZERO)) > 0
            ]
            if moves:
                values.append(order._prepare_picking() | {"move_ids": moves})
        pickings = self.env["stock.picking"].sudo()
        if values:
            pickings = pickings.create_and_reserve(values).sudo()
            self._check_reserved(pickings)
        return pickings

    def _prepare_picking(self) -> dict[str, Any]:
        """Header values of this order's delivery (one record); addons add theirs with `super()`.

        :raises NoWarehouse: without a warehouse.
        """
        if not self.warehouse_id:
            raise NoWarehouse(
                _(
                    "Order %(name)s cannot be delivered: %(company)s has no warehouse. Create one, or choose the order's "
                    "warehouse.",
                    name=self.name,
                    company=self.company.name,
                )
            )
        kind = self.warehouse.sudo().out_type
        when = self.commitment_date or self.env.now() + timedelta(
            days=int(max((line.customer_lead for line in self.order_line), default=0))
        )
        return {
            "picking_type_id": kind.id,
            "location_id": kind.default_location_src_id,
            "location_dest_id": kind.default_location_dest_id,
            "partner_id": self.partner_shipping_id or self.partner_id,
            "origin": self.name,
            "sale_id": self.id,
            "move_type": self.picking_policy or "direct",
            "scheduled_date": when,
            "date_deadline": self.commitment_date,
            "company_id": self.company_id,
        }

    def _check_reserved(self, pickings: Any) -> None:
        """Refuse, by policy, deliveries that could not be reserved in full. The quants are locked, so nobody sells them in
        between.

        :raises NotEnoughStock: naming order, product, what is free and what was ordered.
        """
        strict = pickings.filtered(lambda picking: picking.company.sale_stock_check == "block")
        if not strict:
            return
        by_hand = strict.filtered(lambda picking: picking.picking_type.reservation_method != "at_confirm")
        if by_hand:
            by_hand.action_assign()
        for picking in strict:
            for move in picking.move_ids:
                if move.state in ("done", "cancel") or move.quantity >= move.product_uom_qty:
                    continue
                raise NotEnoughStock(
                    _(
                        "Order %(name)s cannot be confirmed: of %(product)s only %(free)s of %(ordered)s %(unit)s are free in "
                        "%(warehouse)s. "
                        "Order less, choose another warehouse, or wait for the next receipt.",
                        name=picking.sale.name,
                        product=move.product.display_name,
                        free=f"{move.quantity.normalize():f}",
                        ordered=f"{move.product_uom_qty.normalize():f}",
                        unit=move.sudo().mapped("product_uom").name,
                        warehouse=picking.picking_type.warehouse.name,
                    )
                )

    def _check_not_shipped(self) -> None:
        """Raises AlreadyShipped for orders of which something is at the customer."""
        for order in self:
            for line in order.order_line:
                if line.qty_delivered_method == "stock_move" and line.qty_delivered > 0:
                    raise AlreadyShipped(
                        _(
                            "Order %(name)s cannot be cancelled: %(product)s was already shipped. Take the goods back with a "
                            "return first.",
                            name=order.name,
                            product=line._label(),
                        )
                    )

    def _cancel_deliveries(self) -> None:
        """Cancel what is not shipped yet and free what it had reserved."""
        pending = self.sudo().picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        if pending:
            pending.action_cancel()

    def _update_delivery_status(self) -> None:
        """Bring the delivery status in line with the facts; at most one read for any number of orders.

        An order of which all was delivered needs no look at its transfers.
        """
        for order in self.sudo():
            order._update({"delivery_status": order._delivery_status_now()})

    def _delivery_status_now(self) -> str | None:
        """The delivery status of one order; None when nothing is to be delivered (any more)."""
        goods = [line for line in self.order_line if line.qty_delivered_method == "stock_move"]
        if self.state != "sale" or not goods:
            return None
        delivered = any(line.qty_delivered > 0 for line in goods)
        if delivered and all(line.qty_delivered >= line.product_uom_qty for line in goods):
            return "full"
        states = {picking.state for picking in self.picking_ids if picking.state != "cancel" and not picking.return_id}
        if not states:
            return None
        if states == {"done"}:
            return "full"
        if "done" in states:
            return "partial" if delivered else "started"
        return "pending"

    @action(readonly=True)
    def action_view_delivery(self) -> Any:
        """The window that shows the deliveries of these orders."""
        return window_action(self.picking_ids, _("Deliveries").render(self.env.lang))
