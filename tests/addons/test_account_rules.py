"""The pure rules of accounting: taxes, payment terms, entries, matching. No database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addons.account.rules.balance import difference, sides, unbalanced
from addons.account.rules.entry import TaxPart, invoice_entry
from addons.account.rules.money import round_half_up, share_out
from addons.account.rules.payment_term import TermLine, due_date, instalments
from addons.account.rules.reconcile import OpenItem, match_items
from addons.account.rules.tax import PricedLine, TaxValue, document_taxes, line_amounts

IVA = TaxValue(1, D(16))
IGV = TaxValue(2, D(18))
IGV_INCLUDED = TaxValue(3, D(18), price_include=True)


def money(low: str = "-99999.99", high: str = "99999.99", places: int = 2) -> st.SearchStrategy[D]:
    return st.decimals(min_value=D(low), max_value=D(high), places=places)


def taxes(included: bool | None = None) -> st.SearchStrategy[list[TaxValue]]:
    one = st.builds(
        TaxValue,
        st.integers(1, 6),
        money("0", "40", 2),
        st.sampled_from(["percent", "fixed", "division"]),
        st.booleans() if included is None else st.just(included),
        st.integers(1, 5),
        st.booleans(),
    )
    return st.lists(one, max_size=4, unique_by=lambda tax: tax.id).filter(
        lambda found: sum(tax.amount for tax in found if tax.amount_type == "division") < 90
    )


lines = st.builds(
    PricedLine, money("0", "9999.99", 3), money("-50", "50", 2), st.sampled_from([D(0), D("2.5"), D(10), D("33.33")]), taxes()
)


# -- taxes ----------------------------------------------------------------------------------------------------------
def test_iva_is_added_to_the_price() -> None:
    assert line_amounts(D("100.05"), D(2), D(0), [IVA]) == (D("200.10"), D("32.02"), D("232.12"), {1: (D("200.10"), D("32.02"))})


def test_discount_comes_before_tax() -> None:
    amounts = line_amounts(D(100), D(3), D(10), [IVA])
    assert (amounts.untaxed, amounts.tax, amounts.total) == (D(270), D("43.20"), D("313.20"))


def test_igv_is_taken_out_of_a_price_that_contains_it() -> None:
    amounts = line_amounts(D(118), D(1), D(0), [IGV_INCLUDED])
    assert (amounts.untaxed, amounts.tax, amounts.total) == (D(100), D(18), D(118))


def test_halves_are_rounded_up() -> None:
    assert line_amounts(D("0.03125"), D(1), D(0), [IVA], 4).untaxed == D("0.0313")
    assert round_half_up(D("-2.345"), 2) == D("-2.35")


def test_a_tax_on_a_tax() -> None:
    ieps = TaxValue(7, D(8), sequence=1, include_base_amount=True)
    iva = TaxValue(8, D(16), sequence=2)
    amounts = line_amounts(D(100), D(1), D(0), [iva, ieps])
    assert amounts.by_tax == {7: (D(100), D(8)), 8: (D(108), D("17.28"))}
    assert amounts.total == D("125.28")


def test_a_fixed_tax_per_unit_follows_the_quantity() -> None:
    bag = TaxValue(9, D("0.50"), "fixed")
    assert line_amounts(D(10), D(3), D(0), [bag]).tax == D("1.50")
    assert line_amounts(D(10), D(-3), D(0), [bag]).tax == D("-1.50")


def test_a_division_is_a_share_of_the_price_with_tax() -> None:
    assert line_amounts(D(180), D(1), D(0), [TaxValue(1, D(10), "division")]).total == D(200)
    assert line_amounts(D(200), D(1), D(0), [TaxValue(1, D(10), "division", True)]).untaxed == D(180)
    with pytest.raises(ValueError, match="nothing would be left"):
        line_amounts(D(200), D(1), D(0), [TaxValue(1, D(60), "division"), TaxValue(2, D(40), "division")])


def test_withholding_is_a_negative_tax() -> None:
    fee = line_amounts(D(10000), D(1), D(0), [IVA, TaxValue(4, D("-10.6667"), sequence=10), TaxValue(5, D(-10), sequence=10)])
    assert (fee.untaxed, fee.tax, fee.total) == (D(10000), D("-466.67"), D("9533.33"))


def test_an_unknown_kind_of_tax_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        line_amounts(D(1), D(1), D(0), [TaxValue(1, D(1), "magic")])


@given(lines, st.integers(0, 3))
def test_a_line_adds_up(line: PricedLine, decimals: int) -> None:
    amounts = line_amounts(*line, decimals=decimals)
    assert amounts.untaxed + amounts.tax == amounts.total
    assert sum((share.amount for share in amounts.by_tax.values()), D(0)) == amounts.tax
    for value in (amounts.untaxed, amounts.tax, amounts.total):
        assert value == round_half_up(value, decimals)


@given(money("0.01", "99999.99"), money("1", "30"), st.integers(1, 40))
def test_a_price_with_tax_comes_back(price: D, rate: D, quantity: int) -> None:
    """What a contained tax leaves, taxed again on top, is the price again (to the rounding of one tax)."""
    inside = line_amounts(price, D(quantity), D(0), [TaxValue(1, rate, price_include=True)])
    assert inside.total == price * quantity
    outside = line_amounts(inside.untaxed, D(1), D(0), [TaxValue(1, rate)])
    assert abs(outside.total - inside.total) <= D("0.01")


@given(lines)
def test_a_returned_line_is_the_mirror_of_the_sold_one(line: PricedLine) -> None:
    sold, returned = line_amounts(*line), line_amounts(line.price_unit, -line.quantity, line.discount, line.taxes)
    assert (sold.untaxed, sold.tax, sold.total) == (-returned.untaxed, -returned.tax, -returned.total)


@given(st.lists(lines, max_size=8), st.booleans())
@settings(max_examples=60)
def test_a_document_is_the_sum_of_its_lines(document: list[PricedLine], globally: bool) -> None:
    amounts = document_taxes(document, 2, globally)
    assert amounts.untaxed == sum((line.untaxed for line in amounts.lines), D(0))
    assert amounts.tax == sum((line.tax for line in amounts.lines), D(0))
    assert amounts.total == amounts.untaxed + amounts.tax
    assert amounts.tax == sum((share.amount for share in amounts.by_tax.values()), D(0))
    for line in amounts.lines:
        assert line.untaxed + line.tax == line.total


def test_rounding_on_the_document_differs_from_rounding_on_lines() -> None:
    document = [PricedLine(D("0.03"), D(1), D(0), [IVA])] * 10  # 0.0048 each
    assert document_taxes(document, 2, False).tax == D("0.00")
    assert document_taxes(document, 2, True).tax == D("0.05")


@given(st.lists(money("-9999.9999", "9999.9999", 4), min_size=1, max_size=20))
def test_cents_are_shared_out_without_loss(exact: list[D]) -> None:
    total = round_half_up(sum(exact, D(0)), 2)
    shared = share_out(exact, total, 2)
    assert sum(shared, D(0)) == total
    assert all(abs(part - value) <= D("0.01") for part, value in zip(shared, exact, strict=True))


# -- payment terms --------------------------------------------------------------------------------------------------
START = dt.date(2026, 1, 31)


@pytest.mark.parametrize(
    ("line", "due"),
    [
        (TermLine(days=30), dt.date(2026, 3, 2)),
        (TermLine(days=0, delay_type="days_after_end_of_month"), dt.date(2026, 1, 31)),
        (TermLine(days=10, delay_type="days_after_end_of_month"), dt.date(2026, 2, 10)),
        (TermLine(days=0, delay_type="days_after_end_of_next_month"), dt.date(2026, 2, 28)),
        (TermLine(days=15, delay_type="days_end_of_month_on_the", day_of_month=10), dt.date(2026, 3, 10)),
        (TermLine(days=5, delay_type="days_end_of_month_on_the", day_of_month=10), dt.date(2026, 2, 10)),
        (TermLine(days=0, delay_type="days_end_of_month_on_the"), dt.date(2026, 1, 31)),
    ],
)
def test_due_dates(line: TermLine, due: dt.date) -> None:
    assert due_date(line, START) == due


def test_a_third_now_and_the_rest_later() -> None:
    term = [TermLine("percent", D(30), 0), TermLine("percent", D(70), 60)]
    assert instalments(D("100.01"), START, term) == [(START, D("30.00")), (dt.date(2026, 4, 1), D("70.01"))]


def test_a_fixed_part_never_exceeds_the_total() -> None:
    term = [TermLine("fixed", D(500), 0), TermLine("percent", D(100), 30)]
    assert instalments(D(300), START, term) == [(START, D(300))]
    assert instalments(D(-800), START, term) == [(START, D(-500)), (dt.date(2026, 3, 2), D(-300))]


@given(
    money(),
    st.lists(
        st.builds(
            TermLine,
            st.sampled_from(["percent", "fixed"]),
            money("0", "100"),
            st.integers(0, 120),
            st.just("days_after"),
            st.just(0),
        ),
        max_size=5,
    ),
)
def test_instalments_add_up(total: D, term: list[TermLine]) -> None:
    assert sum((part.amount for part in instalments(total, START, term)), D(0)) == total


# -- entries --------------------------------------------------------------------------------------------------------
PARTS = {1: (TaxPart(11, D(100), 208),), 2: (TaxPart(12, D(60), 401), TaxPart(13, D(40), None))}


@pytest.mark.parametrize("move_type", ["out_invoice", "out_refund", "in_invoice", "in_refund"])
def test_every_kind_of_invoice_balances_on_its_side(move_type: str) -> None:
    entry = invoice_entry(move_type, [(0, 70, line_amounts(D(100), D(1), D(0), [IVA]), [IVA])], PARTS, (), START)
    earns = move_type in ("out_invoice", "in_refund")
    assert entry.products[0].balance == (D(-100) if earns else D(100))
    assert entry.taxes[0].balance == (D(-16) if earns else D(16))
    assert entry.terms[0].balance == (D(116) if earns else D(-116))


def test_a_part_of_a_tax_without_account_stays_on_the_line() -> None:
    entry = invoice_entry("in_invoice", [(0, 60, line_amounts(D(100), D(1), D(0), [IGV]), [IGV])], PARTS, (), START)
    assert [(line.account, line.balance) for line in entry.taxes] == [(401, D("10.80")), (60, D("7.20"))]


@given(
    st.sampled_from(["out_invoice", "out_refund", "in_invoice", "in_refund"]),
    st.lists(st.tuples(money("0", "9999.99", 2), st.integers(-9, 9)), min_size=1, max_size=6),
    st.decimals(min_value=D("0.01"), max_value=D(30), places=6),
    st.sampled_from([(), (TermLine("percent", D(33)), TermLine("percent", D(67), 30))]),
)
def test_entries_balance_in_both_currencies(
    move_type: str, priced: list[tuple[D, int]], rate: D, term: tuple[TermLine, ...]
) -> None:
    booked = [
        (i, 70, line_amounts(price, D(quantity), D(0), [IVA, IGV]), [IVA, IGV]) for i, (price, quantity) in enumerate(priced)
    ]
    entry = invoice_entry(move_type, booked, PARTS, term, START, rate=rate)
    rows = [*entry.products, *entry.taxes, *entry.terms]
    assert sum((row.balance for row in rows), D(0)) == 0
    assert sum((row.amount_currency for row in rows), D(0)) == 0


def test_balance_check() -> None:
    assert difference([(D(10), D(0)), (D(0), D(10))]) == 0
    assert unbalanced([(1, D(10), D(0)), (1, D(0), D(10)), (2, D(5), D(0)), (2, D(0), D(4))]) == {2: D(1)}
    assert sides(D(3)) == (D(3), D(0))
    assert sides(D(-3)) == (D(0), D(3))


# -- matching -------------------------------------------------------------------------------------------------------
def test_a_part_payment_leaves_the_rest() -> None:
    result = match_items([OpenItem(1, D(100), D(100), 1), OpenItem(2, D(-30), D(-30), 1)])
    assert result.matches == [(1, 2, D(30), D(30), D(30))]
    assert result.residuals == {1: (D(70), D(70)), 2: (D(0), D(0))}


def test_a_changed_rate_leaves_its_difference_on_the_settled_item() -> None:
    """100 USD invoiced at 20, paid when a dollar is 19: settled in dollars, 100 pesos of loss remain."""
    result = match_items([OpenItem(1, D(2000), D(100), 840), OpenItem(2, D(-1900), D(-100), 840)])
    assert result.residuals == {1: (D(100), D(0)), 2: (D(0), D(0))}


@given(st.lists(st.tuples(money("-500", "500"), st.just(0)), min_size=2, max_size=8))
def test_matching_creates_and_loses_nothing(amounts: list[tuple[D, int]]) -> None:
    items = [OpenItem(i, amount, amount, 1) for i, (amount, _zero) in enumerate(amounts)]
    result = match_items(items)
    assert sum((residual for residual, _currency in result.residuals.values()), D(0)) == sum(
        (item.residual for item in items), D(0)
    )
    for item in items:
        residual = result.residuals[item.id][0]
        assert abs(residual) <= abs(item.residual)
        assert residual * item.residual >= 0
    left = [residual for residual, _currency in result.residuals.values()]
    assert all(value >= 0 for value in left) or all(value <= 0 for value in left)
