"""The pure rules of selling, without a database: invoice status, and down payments spread over taxes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addons.account.rules.tax import TaxValue, line_amounts
from addons.sales.rules.down_payment import Part, by_amount, by_percentage
from addons.sales.rules.status import LineState, line_status, order_status, quantity_to_invoice

D = Decimal
quantities = st.decimals(min_value=0, max_value=10_000, places=2)


def line(ordered: str = "10", delivered: str = "0", invoiced: str = "0", policy: str = "order", **facts: bool) -> LineState:
    return LineState(facts.pop("confirmed", True), policy, D(ordered), D(delivered), D(invoiced), **facts)


@pytest.mark.parametrize(
    ("facts", "to_invoice", "status"),
    [
        (line(confirmed=False), "0", "no"),
        (line(), "10", "to invoice"),
        (line(invoiced="4"), "6", "to invoice"),
        (line(invoiced="10"), "0", "invoiced"),
        (line(invoiced="10", delivered="12"), "0", "upselling"),
        (line(invoiced="12"), "-2", "to invoice"),
        (line(policy="delivery"), "0", "no"),
        (line(policy="delivery", delivered="3"), "3", "to invoice"),
        (line(policy="delivery", delivered="3", invoiced="3"), "0", "no"),
        (line(policy="delivery", delivered="10", invoiced="10"), "0", "invoiced"),
        (line(policy="delivery", delivered="8", invoiced="10"), "-2", "to invoice"),
        (line(countable=False), "0", "no"),
        (line(ordered="0", invoiced="1", down_payment=True), "-1", "to invoice"),
        (line(ordered="0", invoiced="0", down_payment=True), "0", "invoiced"),
    ],
)
def test_a_line_knows_what_is_left_to_invoice(facts: LineState, to_invoice: str, status: str) -> None:
    assert quantity_to_invoice(facts) == D(to_invoice)
    assert line_status(facts) == status


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], "no"),
        (["no", "invoiced"], "no"),
        (["to invoice", "invoiced"], "to invoice"),
        (["invoiced", "invoiced"], "invoiced"),
        (["invoiced", "upselling"], "upselling"),
    ],
)
def test_an_order_is_what_its_lines_are(statuses: list[str], expected: str) -> None:
    assert order_status(True, statuses) == expected
    assert order_status(False, statuses) == "no"


@given(ordered=quantities, delivered=quantities, invoiced=quantities, policy=st.sampled_from(["order", "delivery"]))
def test_invoicing_what_is_left_leaves_nothing(ordered: Decimal, delivered: Decimal, invoiced: Decimal, policy: str) -> None:
    before = LineState(True, policy, ordered, delivered, invoiced)
    after = LineState(True, policy, ordered, delivered, invoiced + quantity_to_invoice(before))
    assert quantity_to_invoice(after) == 0
    assert line_status(after) != "to invoice"


IVA = TaxValue(1, D(16), "percent", False, 1, False)
EXEMPT = TaxValue(2, D(0), "percent", False, 1, False)


def parts_of(*rows: tuple[str, TaxValue]) -> list[Part]:
    return [Part(D(amount), line_amounts(D(amount), D(1), D(0), (tax,), 2).total, (tax.id,)) for amount, tax in rows]


def test_a_percentage_asks_for_its_share_of_each_tax() -> None:
    shares = by_percentage(parts_of(("1000", IVA), ("500", IVA), ("200", EXEMPT)), D(30), 2)
    assert {share.tax_ids: share.price_unit for share in shares} == {(1,): D("450.00"), (2,): D("60.00")}


def test_an_amount_is_meant_with_its_tax() -> None:
    [share] = by_amount(parts_of(("1000", IVA)), D(580), 2)
    assert share.price_unit == D("500.00")
    assert line_amounts(share.price_unit, D(1), D(0), (IVA,), 2).total == D("580.00")


def test_a_part_without_amount_makes_no_share() -> None:
    assert len(by_percentage(parts_of(("100", IVA), ("0", EXEMPT)), D(50), 2)) == 1


@given(
    amounts=st.lists(st.decimals(min_value="0.01", max_value=100_000, places=2), min_size=1, max_size=8),
    percent=st.decimals(min_value="0.5", max_value=100, places=1),
)
def test_shares_add_up_to_the_percentage(amounts: list[Decimal], percent: Decimal) -> None:
    shares = by_percentage([Part(amount, amount, (1,)) for amount in amounts], percent, 2)
    assert abs(sum((share.price_unit for share in shares), D(0)) - sum(amounts) * percent / 100) <= D("0.005")
