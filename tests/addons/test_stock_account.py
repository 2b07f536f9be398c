"""What moves is booked: the ledger's stock account says what the warehouse's layers say."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.stock_account.rules.entry import balances, counterpart
from tests.addons.stock_fixtures import count, delivery, receipt

amounts = st.integers(-10_000, 10_000).map(lambda n: D(n) / 100)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(4, 6), amounts)))
def test_an_entry_of_any_layers_balances(bookings: Any) -> None:
    rows = balances(bookings)
    assert sum((debit for _a, debit, _c in rows), D(0)) == sum((credit for _a, _d, credit in rows), D(0))
    assert all(not (debit and credit) and (debit or credit) for _a, debit, credit in rows)
    assert len({account for account, *_rest in rows}) == len(rows)


def test_the_other_side_tells_the_account() -> None:
    assert counterpart("customer", False) == "stock_output"
    assert counterpart("supplier", False) == "stock_input"
    assert counterpart("inventory", False) == counterpart(None, False) == "stock_adjustment"
    assert counterpart("supplier", True) == "stock_output"


def build_books(url: str) -> None:
    """The demo companies with stock and accounting."""
    from server.addon import lifecycle
    from server.database import Database

    database = Database(url)
    try:
        lifecycle.install(database, ["stock_account"], companies=lifecycle.ALL, demo=True)
    finally:
        database.engine.dispose()


@pytest.fixture(scope="module")
def books_db(databases: Any, database_kind: str) -> Iterator[Any]:
    from server.database import Database

    url = databases.create(database_kind, "stock_account", build_books)
    database = Database(url)
    yield database
    database.engine.dispose()
    databases.drop(url)


@pytest.fixture
def env(books_db: Any) -> Iterator[Any]:
    """The administrator in the Mexican company; rolled back at the end."""
    from server.testing.build import rolled_back

    with rolled_back(books_db) as environment:
        yield environment


def account_balance(env: Any, purpose: str) -> D:
    account = env.company.default_account(purpose)
    lines = env["account.move.line"].search(
        [("account_id", "=", account.id), ("parent_state", "=", "posted"), ("company_id", "=", env.company_id)]
    )
    return sum(lines.mapped("balance"), D(0))


def held_value(env: Any) -> D:
    balances = env["stock.valuation.balance"].search([("company_id", "=", env.company_id)])
    return sum(balances.mapped("value"), D(0))


@pytest.mark.parametrize("company", ["base.main_company", "base.company_pe"])
def test_the_opening_stock_is_in_the_books_of_each_company(env: Any, company: str) -> None:
    there = env.with_company(env.ref(company))
    assert held_value(there) > 0
    assert account_balance(there, "stock_valuation") == held_value(there)
    before = there["account.move"].search_count([])
    there["stock.valuation.layer"].sudo()._post_held()
    assert there["account.move"].search_count([]) == before


def test_a_sale_a_purchase_a_return_and_a_count(env: Any) -> None:
    start = {
        purpose: account_balance(env, purpose)
        for purpose in ("stock_valuation", "stock_output", "stock_input", "stock_adjustment")
    }

    def change(purpose: str) -> D:
        return account_balance(env, purpose) - start[purpose]

    salt = env["product.product"].create({"name": "Salt", "is_storable": True})
    receipt(env, (salt, 10, 8)).button_validate()
    assert (change("stock_valuation"), change("stock_input")) == (80, -80)
    customer = env.ref("base.customer_mx_01")
    sold = delivery(env, (salt, 4), partner_id=customer.id, origin="S00042")
    sold.button_validate()
    assert (change("stock_valuation"), change("stock_output")) == (48, 32)
    entry = sold.move_ids.account_move_ids
    assert entry.state == "posted" and entry.ref == f"{sold.name} (S00042)" and len(entry.line_ids) == 2
    assert entry.line_ids.mapped("partner_id") == customer and entry.journal_id == env.company.stock_journal_id
    assert entry.stock_valuation_layer_ids.stock_move == sold.move_ids
    wizard = env["stock.return.picking"].create({"picking_id": sold.id})
    back = env["stock.picking"].browse([wizard.action_create_returns()["res_id"]])
    back.button_validate()
    assert (change("stock_valuation"), change("stock_output")) == (80, 0)
    count(env, salt, 7)
    assert (change("stock_valuation"), change("stock_adjustment")) == (56, 24)
    salt.write({"standard_price": 9})
    assert (change("stock_valuation"), change("stock_adjustment")) == (63, 17)
    assert account_balance(env, "stock_valuation") == held_value(env)


def test_one_entry_per_transfer_and_none_for_goods_booked_by_hand(env: Any) -> None:
    category = env["product.category"].create({"name": "By hand", "property_valuation": "manual_periodic"})
    paper = env["product.product"].create({"name": "Paper", "is_storable": True, "standard_price": 5, "categ_id": category.id})
    salt = env["product.product"].create({"name": "Salt", "is_storable": True, "standard_price": 2})
    entries = env["account.move"].search_count([])
    count(env, paper, 10)
    assert env["account.move"].search_count([]) == entries
    count(env, salt, 10)
    pair = delivery(env, (salt, 1), (paper, 1)) | delivery(env, (salt, 2))
    pair.button_validate()
    assert env["account.move"].search_count([]) == entries + 3
    assert not paper.stock_move_ids.mapped("account_move_ids")


def test_goods_sold_before_they_arrived_are_put_right_in_cost_of_sales(env: Any) -> None:
    env["stock.warehouse"].search([("company_id", "=", env.company_id)], limit=1).write({"allow_negative_stock": True})
    start = account_balance(env, "stock_output")
    salt = env["product.product"].create({"name": "Salt", "is_storable": True, "standard_price": 10})
    sold = delivery(env, (salt, 5))
    sold.move_ids.write({"quantity": 5})
    sold.button_validate()
    receipt(env, (salt, 8, 12)).button_validate()
    assert account_balance(env, "stock_output") - start == 60
    assert account_balance(env, "stock_valuation") == held_value(env)


def test_the_account_of_a_category_wins(env: Any) -> None:
    other = env["account.account"].create({"name": "Goods in Mérida", "code": "115.99", "account_type": "asset_current"})
    parent = env["product.category"].create({"name": "Mérida", "property_stock_valuation_account_id": other.id})
    category = env["product.category"].create({"name": "Sweets", "parent_id": parent.id})
    salt = env["product.product"].create({"name": "Marzipan", "is_storable": True, "standard_price": 3, "categ_id": category.id})
    count(env, salt, 4)
    lines = env["account.move.line"].search([("account_id", "=", other.id)])
    assert lines.mapped("debit") == [12]
