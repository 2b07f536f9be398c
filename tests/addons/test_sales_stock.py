"""Orders and their deliveries: made on confirmation, changed with the order, cancelled with it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from addons.sales.exceptions import OrderInProgress
from addons.sales_stock.exceptions import AlreadyShipped, NotEnoughStock
from server.testing import AddonSuite

D = Decimal


class TestSuite(AddonSuite):
    """What every addon must keep."""

    addon = "sales_stock"


@pytest.fixture
def mx(company: Any) -> Any:
    """The Mexican demo company as its administrator."""
    return company("mx")


@pytest.fixture
def goods(mx: Any) -> Any:
    """Goods at 50 of which 20 are on the shelf."""
    product = mx["product.product"].create(
        {"name": "Broca 6 mm", "is_storable": True, "list_price": 50, "standard_price": 30, "taxes_id": [(5,)]}
    )
    stock(mx, product, 20)
    return product


def stock(env: Any, product: Any, quantity: int) -> None:
    warehouse = env["stock.warehouse"].search([("company_id", "=", env.company_id)], limit=1)
    quants = env["stock.quant"].with_context(inventory_mode=True)
    quants.create(
        {"product_id": product.id, "location_id": warehouse.lot_stock_id, "inventory_quantity": quantity}
    ).action_apply_inventory()


def sold(env: Any, product: Any, quantity: int, **values: Any) -> Any:
    """A confirmed order of so much of the product."""
    customer = env["res.partner"].create({"name": "Cliente"})
    line = {"product_id": product.id, "product_uom_qty": quantity}
    order = env["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, line)], **values})
    order.action_confirm()
    return order


def free(product: Any) -> Decimal:
    """What can still be promised, read afresh."""
    product.env.flush()
    return product.env["product.product"].browse(product.id).read(["free_qty"])[0]["free_qty"]  # type: ignore[no-any-return]


def test_the_delivery_knows_its_order(mx: Any, goods: Any) -> None:
    order = sold(mx, goods, 8)
    assert order.warehouse.company_id == mx.company_id
    picking = order.picking_ids
    assert (picking.origin, picking.sale_id, picking.partner_id, picking.state) == (
        order.name,
        order.id,
        order.partner_shipping_id,
        "assigned",
    )
    assert picking.move_ids.sale_line_id == order.order_line.id
    assert order.order_line.move_ids == picking.move_ids
    assert order.order_line.qty_delivered_method == "stock_move"
    assert (order.delivery_count, order.delivery_status) == (1, "pending")
    assert order.action_view_delivery()["res_id"] == picking.id
    assert picking.action_view_sale_order()["res_id"] == order.id


def test_more_than_there_is_waits_or_is_refused(mx: Any, goods: Any) -> None:
    order = sold(mx, goods, 25)
    assert order.picking_ids.move_ids.state == "partially_available"
    order.action_cancel()
    mx.company.sale_stock_check = "block"
    with pytest.raises(NotEnoughStock, match="20 of 25"):
        sold(mx, goods, 25)


def test_the_delivered_quantity_is_not_written_by_hand(mx: Any, goods: Any) -> None:
    order = sold(mx, goods, 2)
    with pytest.raises(OrderInProgress, match="comes from its deliveries"):
        order.order_line.write({"qty_delivered": 2})


def test_less_is_ordered_after_all(mx: Any, goods: Any) -> None:
    order = sold(mx, goods, 10)
    order.order_line.write({"product_uom_qty": 4})
    assert (order.picking_ids.move_ids.product_uom_qty, order.picking_ids.move_ids.quantity) == (4, 4)
    assert free(goods) == 16
    order.order_line.write({"product_uom_qty": 0})
    assert order.picking_ids.move_ids.state == "cancel"
    assert free(goods) == 20
    assert (order.delivery_status, order.invoice_status) == (None, "invoiced")


def test_more_is_ordered_after_all(mx: Any, goods: Any) -> None:
    order = sold(mx, goods, 5)
    order.order_line.write({"product_uom_qty": 12})
    assert order.picking_ids.move_ids.mapped("quantity") == [12]
    order.picking_ids.button_validate()
    assert order.delivery_status == "full"
    order.order_line.write({"product_uom_qty": 15})
    first, second = order.picking_ids.sorted("id")
    assert (first.state, second.state, second.move_ids.quantity) == ("done", "assigned", 3)
    assert order.delivery_status == "partial"
    with pytest.raises(AlreadyShipped, match="12"):
        order.order_line.write({"product_uom_qty": 11})


def test_a_line_added_later_is_delivered_too(mx: Any, goods: Any) -> None:
    order = sold(mx, goods, 5)
    other = mx["product.product"].create({"name": "Broca 8 mm", "is_storable": True, "list_price": 60, "taxes_id": [(5,)]})
    order.write({"order_line": [(0, 0, {"product_id": other.id, "product_uom_qty": 2})]})
    assert len(order.picking_ids) == 1
    assert order.picking_ids.move_ids.mapped("product_id.name") == ["Broca 6 mm", "Broca 8 mm"]
    assert order.invoice_status == "to invoice"


def test_units_are_changed_on_the_way(mx: Any, goods: Any) -> None:
    """A dozen is ordered, twelve leave, one dozen is delivered."""
    dozen = mx.ref("product.product_uom_dozen")
    customer = mx["res.partner"].create({"name": "Cliente"})
    line = {"product_id": goods.id, "product_uom_qty": 1, "product_uom_id": dozen.id}
    order = mx["sale.order"].create({"partner_id": customer.id, "order_line": [(0, 0, line)]})
    assert order.amount_untaxed == 600
    order.action_confirm()
    assert free(goods) == 8
    order.picking_ids.button_validate()
    assert order.order_line.qty_delivered == 1
    invoice = order._create_invoices()
    assert (invoice.invoice_line_ids.quantity, invoice.invoice_line_ids.product_uom_id) == (1, dozen.id)


def test_what_was_shipped_is_not_cancelled(mx: Any, goods: Any) -> None:
    order = sold(mx, goods, 3)
    order.picking_ids.button_validate()
    with pytest.raises(AlreadyShipped, match=order.name):
        order.action_cancel()


def test_cancelling_the_delivery_leaves_the_order(mx: Any, goods: Any) -> None:
    order = sold(mx, goods, 3)
    order.picking_ids.action_cancel()
    assert (order.state, order.delivery_status) == ("sale", None)
    assert free(goods) == 20


def test_many_orders_are_confirmed_together(mx: Any, goods: Any) -> None:
    """A set of orders makes a delivery each, in about as many statements as one."""
    orders = mx["sale.order"]
    for _place in range(6):
        customer = mx["res.partner"].create({"name": "Cliente"})
        orders |= mx["sale.order"].create(
            {"partner_id": customer.id, "order_line": [(0, 0, {"product_id": goods.id, "product_uom_qty": 2})]}
        )
    orders.action_confirm()
    assert len(orders.mapped("picking_ids")) == 6
    assert [order.picking_ids.origin for order in orders] == orders.mapped("name")


@pytest.mark.parametrize("count", [5, 50])
@pytest.mark.postgresql
def test_the_whole_chain_costs_as_many_statements_for_any_number_of_lines(mx: Any, count: int, count_statements: Any) -> None:
    """Create and confirm; reserve and ship; invoice and post: three steps that remember nothing of each other, 60 statements."""
    products = mx["product.product"].create(
        [{"name": f"Pieza {place}", "is_storable": True, "list_price": 10 + place, "standard_price": 5} for place in range(count)]
    )
    warehouse = mx["stock.warehouse"].search([("company_id", "=", mx.company_id)], limit=1)
    counted = [
        {"product_id": product.id, "location_id": warehouse.lot_stock_id, "inventory_quantity": 100} for product in products
    ]
    mx["stock.quant"].with_context(inventory_mode=True).create(counted).action_apply_inventory()
    customer = mx["res.partner"].create({"name": "Cliente"})

    def step() -> None:
        """What follows is a transaction of its own: nothing is remembered but what the process keeps."""
        mx.flush()
        mx.transaction.clear()
        mx.transaction.locked.clear()

    def chain() -> None:
        lines = [(0, 0, {"product_id": product.id, "product_uom_qty": 3}) for product in products]
        order = mx["sale.order"].create({"partner_id": customer.id, "order_line": lines})
        order.action_confirm()
        step()
        order.picking_ids.action_assign()
        order.picking_ids.button_validate()
        step()
        order._create_invoices().action_post()
        step()

    chain()
    with count_statements(mx) as seen:
        chain()
    assert len(seen) <= 60, seen.report()
