"""Rules of the warehouse on plain values: reservation, states, cost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from addons.stock.rules.cost import Balance, issue, receive, revalue
from addons.stock.rules.reserve import Need, Stock, allocated, floor_to, reserve
from addons.stock.rules.state import move_state, picking_state

quantities = st.integers(1, 10_000).map(lambda n: D(n) / 100)
prices = st.integers(0, 1_000_000).map(lambda n: D(n) / 10_000)


@st.composite
def stocks(draw):
    rows = draw(
        st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), quantities, st.integers(0, 100), st.integers(0, 5)), max_size=12)
    )
    return [
        Stock(i, product, location, quantity, quantity * share / 100, in_date=datetime(2026, 1, 1 + day))
        for i, (product, location, quantity, share, day) in enumerate(rows, 1)
    ]


@st.composite
def needs(draw):
    rows = draw(
        st.lists(
            st.tuples(st.integers(1, 3), st.sets(st.integers(1, 4), min_size=1), quantities, st.booleans(), st.booleans()),
            max_size=8,
        )
    )
    return [
        Need(i, product, frozenset(locations), quantity, step=D(1) if whole else D(0), newest_first=newest)
        for i, (product, locations, quantity, whole, newest) in enumerate(rows)
    ]


@given(needs(), stocks())
def test_reservation_never_promises_more_than_is_free_nor_more_than_was_asked(wanted, held):
    allocations = reserve(wanted, held)
    by_need = {need.key: need for need in wanted}
    for stock in held:
        assert sum((a.quantity for a in allocations if a.stock.id == stock.id), D(0)) <= stock.free
    for key, total in allocated(allocations).items():
        assert 0 < total <= by_need[key].quantity
    for allocation in allocations:
        need = by_need[allocation.key]
        assert allocation.stock.product_id == need.product_id
        assert allocation.stock.location_id in need.locations
        assert floor_to(allocation.quantity, need.step) == allocation.quantity


@given(needs(), stocks())
def test_nothing_is_left_free_while_a_need_for_it_is_short(wanted, held):
    allocations = reserve(wanted, held)
    totals = allocated(allocations)
    for need in wanted:
        if need.step:
            continue
        short = need.quantity - totals.get(need.key, D(0))
        left = sum(
            (
                stock.free - sum((a.quantity for a in allocations if a.stock.id == stock.id), D(0))
                for stock in held
                if stock.product_id == need.product_id and stock.location_id in need.locations
            ),
            D(0),
        )
        assert short == 0 or left == 0


def test_the_oldest_goods_leave_first_and_the_newest_on_request():
    held = [Stock(1, 7, 1, D(5), in_date=datetime(2026, 2, 1)), Stock(2, 7, 1, D(5), in_date=datetime(2026, 1, 1))]
    assert [(a.stock.id, a.quantity) for a in reserve([Need("a", 7, frozenset({1}), D(6))], held)] == [(2, D(5)), (1, D(1))]
    assert [a.stock.id for a in reserve([Need("a", 7, frozenset({1}), D(3), newest_first=True)], held)] == [1]


def test_goods_of_another_owner_and_other_lots_are_left_alone():
    held = [Stock(1, 7, 1, D(5), owner_id=9), Stock(2, 7, 1, D(5), lot_id=3), Stock(3, 7, 1, D(5), lot_id=4)]
    allocations = reserve([Need("a", 7, frozenset({1}), D(20), lot_ids=frozenset({4}))], held)
    assert [(a.stock.id, a.quantity) for a in allocations] == [(3, D(5))]
    assert [a.stock.id for a in reserve([Need("a", 7, frozenset({1}), D(2), owner_id=9)], held)] == [1]


def test_states_of_a_transfer_follow_its_moves():
    assert (
        move_state(D(5), D(5)) == "assigned"
        and move_state(D(5), D(2)) == "partially_available"
        and move_state(D(5), D(0)) == "confirmed"
    )
    assert picking_state([]) == "draft"
    assert picking_state(["draft", "assigned"]) == "draft"
    assert picking_state(["cancel", "cancel"]) == "cancel"
    assert picking_state(["done", "cancel"]) == "done"
    assert picking_state(["assigned", "confirmed"]) == "assigned"
    assert picking_state(["assigned", "confirmed"], "one") == "confirmed"
    assert picking_state(["confirmed", "confirmed"]) == "confirmed"


operations = st.lists(
    st.one_of(
        st.tuples(st.just("in"), quantities, prices),
        st.tuples(st.just("out"), quantities, st.none()),
        st.tuples(st.just("back"), quantities, prices),
        st.tuples(st.just("set"), st.just(D(0)), prices),
    ),
    max_size=30,
)


@given(operations, st.sampled_from(["average", "standard"]), st.booleans(), st.sampled_from([0, 2]))
def test_value_is_the_sum_of_what_was_booked_and_nothing_left_is_worth_nothing(steps, method, may_go_below, decimals):
    balance, booked, issues = Balance(unit_cost=D("1.5"), method=method), D(0), 0
    for kind, quantity, price in steps:
        if kind == "in":
            booking = receive(balance, quantity, price, decimals)
        elif kind == "set":
            booking = revalue(balance, price, decimals)
        else:
            if not may_go_below:
                quantity = min(quantity, balance.quantity)
            if quantity <= 0:
                continue
            booking = issue(balance, quantity, decimals, price)
        issues += 1
        booked += booking.value + booking.correction
        assert booking.value == round(booking.value, decimals)
        balance = booking.after
        assert balance.value == booked
        if balance.quantity == 0:
            assert balance.value == 0
        if balance.quantity > 0 and not may_go_below:
            assert balance.value >= 0
        if kind == "in" and method == "average" and balance.quantity > 0:
            assert abs(balance.value - balance.quantity * balance.unit_cost) <= D(1).scaleb(-decimals) + balance.quantity * D(
                "0.000001"
            )


def test_average_of_two_receipts_and_a_return_at_the_original_cost():
    balance = receive(Balance(), D(10), D(8), 2).after
    balance = receive(balance, D(10), D(12), 2).after
    assert (balance.quantity, balance.value, balance.unit_cost) == (D(20), D(200), D(10))
    shipped = issue(balance, D(5), 2)
    assert shipped.value == D(-50) and shipped.after.unit_cost == D(10)
    returned = issue(shipped.after, D(10), 2, unit_cost=D(8))
    assert returned.value == D(-80) and returned.after.value == D(70) and returned.after.unit_cost == D(14)


def test_goods_shipped_before_they_arrive_are_repaired_on_arrival():
    below = issue(Balance(unit_cost=D(10)), D(5), 2)
    assert below.after.value == D(-50)
    arrival = receive(below.after, D(8), D(12), 2)
    assert arrival.value == D(96) and arrival.correction == D(-10)
    assert (arrival.after.quantity, arrival.after.value, arrival.after.unit_cost) == (D(3), D(36), D(12))
