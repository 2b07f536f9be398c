"""Pure rules of the addon product: units, GTINs, prices."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean

from addons.product.rules import gtin, price, uom
from addons.product.rules.price import Goods, Rule

D = Decimal
NOON = datetime(2026, 11, 21, 12)
factors = st.decimals(min_value="0.001", max_value=10000, places=4)
quantities = st.decimals(min_value=0, max_value=10**6, places=4)


def unit(id: int, factor: str | Decimal, step: str = "0.01", root: int = 1) -> uom.Unit:
    return uom.Unit(id, root, D(factor), D(step))


UNIT, DOZEN, BOX = unit(1, "1", "1"), unit(2, "12", "1"), unit(3, "72", "1")
KILO, GRAM, POUND = unit(10, "1", "0.001", 10), unit(11, "0.001", "1", 10), unit(12, "0.45359237", "0.01", 10)


@given(quantities, factors, factors)
def test_there_and_back_again(quantity: Decimal, one: Decimal, other: Decimal) -> None:
    a, b = unit(1, one), unit(2, other)
    back = uom.convert(uom.convert(quantity, a, b, method=None), b, a, method=None)
    assert abs(back - quantity) < D("1e-15") * max(1, quantity)


@given(quantities, factors, factors)
def test_what_a_quantity_costs_does_not_depend_on_the_unit(quantity: Decimal, one: Decimal, other: Decimal) -> None:
    a, b = unit(1, one), unit(2, other)
    cost = quantity * D("7.35")
    again = uom.convert(quantity, a, b, method=None) * uom.convert_price(D("7.35"), a, b)
    assert abs(again - cost) < D("1e-12") * max(1, cost)


@given(quantities, st.sampled_from([D("0.01"), D("1"), D("0.5"), D("12")]))
def test_rounding_up_covers_and_down_never_exceeds(quantity: Decimal, step: Decimal) -> None:
    up, down = uom.round_quantity(quantity, step, "up"), uom.round_quantity(quantity, step, "down")
    assert down <= quantity + step * D("1e-9")
    assert up >= quantity - step * D("1e-9")
    assert up - down in (0, step)
    assert up % step == 0


def test_conversions_people_know() -> None:
    assert uom.convert(D(3), DOZEN, UNIT) == 36
    assert uom.convert(D(30), UNIT, DOZEN, method="up") == 3
    assert uom.convert(D(30), UNIT, DOZEN, method="down") == 2
    assert uom.convert(D(1), BOX, DOZEN) == 6
    assert uom.convert(D("2.5"), KILO, GRAM) == 2500
    assert uom.convert(D(10), POUND, KILO) == D("4.536")
    assert uom.convert_price(D("24"), DOZEN, UNIT) == 2
    assert uom.convert(D("1.005"), KILO, KILO, method=None) == D("1.005")


def test_noise_does_not_round_up() -> None:
    assert uom.convert(D(7), GRAM, KILO, method="up") == D("0.007")
    assert uom.round_quantity(D("3.0000000000001"), D(1), "up") == 3


def test_units_of_another_kind_are_refused() -> None:
    with pytest.raises(uom.IncompatibleUnits):
        uom.convert(D(1), DOZEN, KILO)
    with pytest.raises(uom.IncompatibleUnits):
        uom.convert_price(D(1), KILO, DOZEN)


@given(st.sampled_from([7, 11, 12, 13]), st.data())
def test_check_digits_and_every_single_mistake(length: int, data: st.DataObject) -> None:
    payload = data.draw(st.text("0123456789", min_size=length, max_size=length))
    code = f"{payload}{gtin.check_digit(payload)}"
    assert gtin.expected_digit(code) is None
    if len(code) == 13:
        assert ean.is_valid(code)
    position, shift = data.draw(st.integers(0, len(code) - 1)), data.draw(st.integers(1, 9))
    typo = code[:position] + str((int(code[position]) + shift) % 10) + code[position + 1 :]
    assert gtin.expected_digit(typo) is not None


def test_examples_of_the_standard() -> None:
    assert gtin.check_digit("629104150021") == 3  # 6291041500213, the example GS1 calculates step by step
    assert gtin.check_digit("03600029145") == 2
    assert gtin.expected_digit("4006381333931") is None
    assert gtin.expected_digit("4006381333932") == 1


@pytest.mark.parametrize("own", ["ABC-123", "12345", "123456789", "12345678901234567", "١٢٣٤٥٦٧٨", "7501055 36305"])
def test_numbers_of_the_house_are_taken_as_they_are(own: str) -> None:
    assert gtin.expected_digit(own) is None


GOODS = Goods(product=5, template=50, categories=(503, 502, 501))


def test_the_most_particular_rule_wins() -> None:
    everything = Rule(1, fixed=D(100))
    far, near = Rule(2, category=501, fixed=D(90)), Rule(3, category=503, fixed=D(80))
    template, variant = Rule(4, template=50, fixed=D(70)), Rule(5, product=5, fixed=D(60))
    rules = [everything, far, near, template, variant]
    for expected in reversed(rules):
        assert price.choose(rules, GOODS, D(1), NOON) is expected
        rules.remove(expected)
    assert price.choose(rules, GOODS, D(1), NOON) is None


def test_quantity_breaks_and_dates() -> None:
    one, ten = Rule(1, fixed=D(9)), Rule(2, min_quantity=D(10), fixed=D(8))
    over = Rule(3, min_quantity=D(10), fixed=D(1), date_end=datetime(2026, 1, 1))
    later = Rule(4, fixed=D(1), date_start=datetime(2027, 1, 1))
    assert price.choose([one, ten, over, later], GOODS, D("9.99"), NOON) is one
    assert price.choose([one, ten, over, later], GOODS, D(10), NOON) is ten
    assert price.choose([one, later], GOODS, D(1), datetime(2027, 1, 1)) is later
    assert price.choose([Rule(7, fixed=D(1)), Rule(8, fixed=D(2))], GOODS, D(1), NOON).id == 8  # type: ignore[union-attr]


def test_prices() -> None:
    assert price.price(Rule(1, compute="fixed", fixed=D("12.5")), D(99)) == D("12.5")
    assert price.price(Rule(1, compute="percentage", percent=D(5)), D(200)) == 190
    formula = Rule(1, compute="formula", discount=D(20), round_to=D(10), surcharge=D("-0.01"))
    assert price.price(formula, D("149")) == D("119.99")
    floor = Rule(1, compute="formula", discount=D(50), min_margin=D(5))
    assert price.price(floor, D(100)) == 105
    ceiling = Rule(1, compute="formula", surcharge=D(50), max_margin=D(20))
    assert price.price(ceiling, D(100)) == 120


@given(st.decimals(0, 10**6, places=4), st.decimals(0, 100, places=2))
def test_a_discount_never_raises_a_price(base: Decimal, percent: Decimal) -> None:
    assert 0 <= price.price(Rule(1, compute="percentage", percent=percent), base) <= base
    assert price.price(Rule(1, compute="formula", discount=percent), base) == price.price(
        Rule(1, compute="percentage", percent=percent), base
    )
