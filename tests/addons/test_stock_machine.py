"""Any sequence of receipts, deliveries, counts, cancellations and returns leaves books that agree with each other."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from server import UserError
from tests.addons.stock_fixtures import check_books, count, delivery, receipt

quantities = st.integers(1, 400).map(lambda n: D(n) / 10)
prices = st.integers(0, 9999).map(lambda n: D(n) / 100)
which = st.integers(0, 10**6)


def machine_for(database: Any) -> type[RuleBasedStateMachine]:
    """A state machine on a database; each run in a transaction that is rolled back."""

    class Warehouse(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            from server.testing.build import rolled_back

            self.scope = rolled_back(database)
            self.env = self.scope.__enter__()

        @initialize(methods=st.lists(st.sampled_from(["average", "standard"]), min_size=2, max_size=2))
        def open(self, methods: list[str]) -> None:
            env = self.env
            self.products = []
            for number, method in enumerate(methods):
                category = env["product.category"].create({"name": f"C{number}", "property_cost_method": method})
                self.products.append(
                    env["product.product"].create(
                        {"name": f"P{number}", "is_storable": True, "standard_price": D("3.5"), "categ_id": category.id}
                    )
                )
            self.open_pickings: list[Any] = []
            self.done: list[Any] = []

        def take(self, items: list[Any], number: int) -> Any:
            return items[number % len(items)]

        @rule(first=quantities, second=quantities, price=prices)
        def receive(self, first: D, second: D, price: D) -> None:
            picking = receipt(self.env, (self.products[0], first, price), (self.products[1], second, price))
            self.open_pickings.append(picking)

        @rule(first=quantities, second=quantities)
        def sell(self, first: D, second: D) -> None:
            self.open_pickings.append(delivery(self.env, (self.products[0], first), (self.products[1], second)))

        @precondition(lambda self: self.open_pickings)
        @rule(number=which, backorder=st.booleans())
        def validate(self, number: int, backorder: bool) -> None:
            picking = self.take(self.open_pickings, number)
            drop = [] if backorder else picking.ids
            try:
                picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=drop).button_validate()
            except UserError:
                return
            self.open_pickings.remove(picking)
            self.done.append(picking)
            self.open_pickings += list(picking.backorder_ids)

        @precondition(lambda self: self.open_pickings)
        @rule(number=which, what=st.sampled_from(["action_assign", "do_unreserve"]))
        def shuffle(self, number: int, what: str) -> None:
            getattr(self.take(self.open_pickings, number), what)()

        @precondition(lambda self: self.open_pickings)
        @rule(number=which)
        def cancel(self, number: int) -> None:
            picking = self.take(self.open_pickings, number)
            picking.action_cancel()
            self.open_pickings.remove(picking)

        @precondition(lambda self: self.open_pickings)
        @rule(number=which, quantity=quantities, demand=st.booleans())
        def change(self, number: int, quantity: D, demand: bool) -> None:
            move = self.take(self.open_pickings, number).move_ids[0]
            if move.state not in ("done", "cancel"):
                move.write({"product_uom_qty" if demand else "quantity": quantity})

        @precondition(lambda self: self.done)
        @rule(number=which, share=st.integers(1, 10))
        def give_back(self, number: int, share: int) -> None:
            picking = self.take(self.done, number)
            wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
            for line in wizard.product_return_moves:
                line.write({"quantity": (line.quantity * share / 10).quantize(D("0.01"))})
            if any(line.quantity for line in wizard.product_return_moves):
                action = wizard.action_create_returns()
                self.open_pickings.append(self.env["stock.picking"].browse([action["res_id"]]))

        @rule(number=st.integers(0, 1), quantity=st.integers(0, 300))
        def count(self, number: int, quantity: int) -> None:
            count(self.env, self.products[number], D(quantity) / 10)

        @rule(number=st.integers(0, 1), price=prices)
        def reprice(self, number: int, price: D) -> None:
            self.products[number].write({"standard_price": price})

        def teardown(self) -> None:
            try:
                check_books(self.env)
                for product in self.env["product.product"].browse([product.id for product in getattr(self, "products", [])]):
                    assert product.qty_available >= 0
            finally:
                self.scope.__exit__(None, None, None)

    return Warehouse


@pytest.mark.slow
def test_the_books_agree_after_anything(stock_shared: Any) -> None:
    run_state_machine_as_test(
        machine_for(stock_shared),
        settings=settings(max_examples=10, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)),
    )
