"""Fixtures of the warehouse's tests: the demo companies with base, product and stock, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest


def build_stock(url: str) -> None:
    """Install stock and what it needs, with demo data, for both companies."""
    from server.addon import lifecycle
    from server.database import Database

    database = Database(url)
    try:
        lifecycle.install(database, ["stock"], companies=lifecycle.ALL, demo=True)
    finally:
        database.engine.dispose()


@pytest.fixture
def stock_db(databases: Any, database_kind: str) -> Iterator[Any]:
    """A database of the test's own."""
    from server.database import Database

    url = databases.create(database_kind, "stock", build_stock)
    database = Database(url)
    yield database
    database.engine.dispose()
    databases.drop(url)


@pytest.fixture(scope="module")
def stock_shared(databases: Any, database_kind: str) -> Iterator[Any]:
    """A database for tests that roll back."""
    from server.database import Database

    url = databases.create(database_kind, "stock", build_stock)
    database = Database(url)
    yield database
    database.engine.dispose()
    databases.drop(url)


@pytest.fixture
def stock_env(stock_shared: Any) -> Iterator[Any]:
    """The administrator in the Mexican company; rolled back at the end."""
    from server.testing.build import rolled_back

    with rolled_back(stock_shared) as environment:
        yield environment


@pytest.fixture
def goods(stock_env: Any) -> Callable[..., Any]:
    """`goods("Salt", 20)`: a new product with so much on hand in the warehouse's stock; `cost=`, `tracking=` and other fields go
    along.
    """

    def make(name: str, quantity: Any = 0, cost: Any = 10, **values: Any) -> Any:
        product = stock_env["product.product"].create(
            {"name": name, "type": "consu", "is_storable": True, "standard_price": Decimal(str(cost)), **values}
        )
        if quantity:
            count(stock_env, product, quantity)
        return product

    return make


def count(env: Any, product: Any, quantity: Any, location: Any = None, **values: Any) -> Any:
    """Count a product: the quant, applied."""
    place = location or warehouse(env).lot_stock
    quant = env["stock.quant"].create(
        {"product_id": product.id, "location_id": place.id, "inventory_quantity": Decimal(str(quantity)), **values}
    )
    quant.action_apply_inventory()
    return quant


def warehouse(env: Any) -> Any:
    """The current company's warehouse."""
    return env["stock.warehouse"].search([("company_id", "=", env.company_id)], limit=1)


def delivery(env: Any, *lines: Any, reserve: bool = True, **values: Any) -> Any:
    """A delivery of (product, quantity) pairs, confirmed unless told otherwise."""
    picking = env["stock.picking"].create({"picking_type_id": warehouse(env).out_type_id, "move_ids": demands(lines), **values})
    if reserve:
        picking.action_confirm()
    return picking


def receipt(env: Any, *lines: Any, **values: Any) -> Any:
    """A confirmed receipt of (product, quantity[, unit cost]) lines."""
    picking = env["stock.picking"].create({"picking_type_id": warehouse(env).in_type_id, "move_ids": demands(lines), **values})
    picking.action_confirm()
    return picking


def demands(lines: Any) -> list[Any]:
    """Create commands of moves."""
    rows = []
    for product, quantity, *cost in lines:
        rows.append(
            (
                0,
                0,
                {
                    "product_id": product.id,
                    "product_uom_qty": Decimal(str(quantity)),
                    **({"price_unit": Decimal(str(cost[0]))} if cost else {}),
                },
            )
        )
    return rows


def check_books(env: Any) -> None:
    """What must always hold: promised is the sum of the open lines' promises and never more than there is; on hand is the sum of
    the done moves; the value is that of the layers.

    :raises AssertionError: with the place or product.
    """
    env.flush()
    env.transaction.clear()
    su = env.root
    tree = su["stock.location"]._tree()
    promised: dict[Any, Decimal] = {}
    on_hand: dict[int, Decimal] = {}
    for line in su["stock.move.line"].search([]):
        if not line.move.is_storable:
            continue
        if line.state == "done":
            change = tree.keeps_stock(line.location_dest_id) - tree.keeps_stock(line.location_id)
            on_hand[line.product_id] = on_hand.get(line.product_id, Decimal(0)) + change * line.quantity_product_uom
        elif line.reserved_quantity:
            key = line._place()
            promised[key] = promised.get(key, Decimal(0)) + line.reserved_quantity
    held: dict[int, Decimal] = {}
    for quant in su["stock.quant"].search([]):
        assert quant.reserved_quantity == promised.pop(quant._key(), Decimal(0)), quant.display_name
        assert quant.allow_negative or 0 <= quant.reserved_quantity <= quant.quantity, quant.display_name
        held[quant.product_id] = held.get(quant.product_id, Decimal(0)) + quant.quantity
    assert not promised
    for product_id in held.keys() | on_hand.keys():
        assert held.get(product_id, 0) == on_hand.get(product_id, 0), f"product {product_id}"
    layers: dict[Any, list[Decimal]] = {}
    for layer in su["stock.valuation.layer"].search([]):
        total = layers.setdefault((layer.product_id, layer.company_id), [Decimal(0), Decimal(0)])
        total[0] += layer.quantity
        total[1] += layer.value
    for balance in su["stock.valuation.balance"].search([]):
        assert layers.pop((balance.product_id, balance.company_id), [0, 0]) == [balance.quantity, balance.value]
        if balance.quantity == 0:
            assert balance.value == 0
        elif balance.quantity > 0 and balance.cost_method == "average":
            assert abs(balance.value - balance.quantity * balance.unit_cost) <= Decimal("0.01") * (1 + balance.quantity)
    assert not layers
