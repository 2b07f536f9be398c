"""Many at once: nobody gets what another was promised, and what was done is done once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

from server import UserError
from tests.addons.stock_fixtures import check_books, count, delivery, warehouse


def at_once(database: Any, calls: list[Callable[[Any], Any]]) -> list[Any]:
    """Run each call in a thread and a transaction of its own, all starting together; results, or the errors they ended with."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = database.run(2, {}, calls[number])
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def stocked(quantity: int, *names: str) -> Callable[[Any], list[int]]:
    """A call that makes products with so much on hand each."""

    def make(env: Any) -> list[int]:
        products = env["product.product"].create([{"name": name, "is_storable": True, "standard_price": D(2)} for name in names])
        for product in products:
            count(env, product, quantity)
        return list(products.ids)

    return make


def test_forty_wanted_of_twenty_on_hand(stock_db: Any) -> None:
    (salt,) = stock_db.run(2, {}, stocked(20, "Salt"))

    def order(env: Any) -> D:
        picking = env["stock.picking"].create_and_reserve(
            [{"picking_type_id": warehouse(env).out_type_id, "move_ids": [{"product_id": salt, "product_uom_qty": D(5)}]}]
        )
        return picking.move_ids.quantity

    results = at_once(stock_db, [order] * 8)
    assert not [result for result in results if isinstance(result, Exception)]
    assert sorted(results) == [0, 0, 0, 0, 5, 5, 5, 5]
    stock_db.run(2, {}, check_books)


def test_orders_that_want_the_same_goods_in_another_order_do_not_block_each_other(stock_db: Any) -> None:
    ids = stock_db.run(2, {}, stocked(100, "Salt", "Rice", "Oil", "Corn"))

    def order(products: list[int]) -> Callable[[Any], Any]:
        def call(env: Any) -> bool:
            rows = [{"product_id": id, "product_uom_qty": D(3)} for id in products]
            picking = env["stock.picking"].create_and_reserve([{"picking_type_id": warehouse(env).out_type_id, "move_ids": rows}])
            return picking.button_validate()

        return call

    results = at_once(stock_db, [order(ids if number % 2 else ids[::-1]) for number in range(8)])
    assert results == [True] * 8
    stock_db.run(2, {}, check_books)


def test_two_validate_the_same_transfer(stock_db: Any) -> None:
    def prepare(env: Any) -> int:
        (salt,) = stocked(10, "Salt")(env)
        return int(delivery(env, (env["product.product"].browse([salt]), 4)).id)

    picking_id = stock_db.run(2, {}, prepare)
    results = at_once(stock_db, [lambda env: env["stock.picking"].browse([picking_id]).button_validate()] * 2)
    assert [result for result in results if result is True] == [True]
    (refused,) = [result for result in results if result is not True]
    assert isinstance(refused, UserError) and "already" in str(refused)

    def look(env: Any) -> None:
        assert env["stock.picking"].browse([picking_id]).move_ids.product.qty_available == 6
        check_books(env)

    stock_db.run(2, {}, look)


def test_two_receipts_of_a_new_product_share_one_quant_and_one_average(stock_db: Any) -> None:
    salt = stock_db.run(2, {}, lambda env: env["product.product"].create({"name": "Salt", "is_storable": True}).id)

    def arrive(price: int) -> Callable[[Any], Any]:
        def call(env: Any) -> Any:
            kind = warehouse(env).in_type_id
            line = {"product_id": salt, "product_uom_qty": D(10), "price_unit": D(price)}
            return env["stock.picking"].create_and_reserve([{"picking_type_id": kind, "move_ids": [line]}]).button_validate()

        return call

    assert at_once(stock_db, [arrive(price) for price in (10, 20, 30, 40)]) == [True] * 4

    def look(env: Any) -> None:
        assert env["stock.quant"].search([("product_id", "=", salt)]).quantity == 40
        product = env["product.product"].browse([salt])
        assert product.standard_price == 25
        check_books(env)

    stock_db.run(2, {}, look)
