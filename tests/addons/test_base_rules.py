"""Pure rules of the addon base: rounding, exchange, tax numbers, loops."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.mx import rfc
from stdnum.pe import ruc

from addons.base.rules import money, tax_id
from addons.base.rules.image import fit
from addons.base.rules.tree import loop_in

D = Decimal
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
steps = st.sampled_from([D("0.01"), D("0.001"), D("1"), D("0.05"), D("0.5"), D("10"), D("0.0001")])


@given(amounts, steps)
def test_rounding_gives_the_nearest_multiple_and_stays_there(amount: Decimal, step: Decimal) -> None:
    rounded = money.round_to(amount, step)
    assert rounded % step == 0
    assert abs(rounded - amount) <= step / 2
    assert money.round_to(rounded, step) == rounded
    assert money.round_to(-amount, step) == -rounded


@pytest.mark.parametrize(
    ("amount", "step", "expected"),
    [
        ("2.675", "0.01", "2.68"),
        ("-2.675", "0.01", "-2.68"),
        ("0.5", "1", "1"),
        ("1.024", "0.05", "1.00"),
        ("1.025", "0.05", "1.05"),
        ("14", "10", "10"),
    ],
)
def test_halves_go_away_from_zero(amount: str, step: str, expected: str) -> None:
    assert money.round_to(D(amount), D(step)) == D(expected)


def test_a_rounding_step_is_positive() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        money.round_to(D(1), D(0))


@pytest.mark.parametrize(
    ("step", "decimals"), [("0.01", 2), ("0.010000", 2), ("1", 0), ("1.000", 0), ("10", 0), ("0.05", 2), ("0.001", 3)]
)
def test_decimals_of_a_step(step: str, decimals: int) -> None:
    assert money.decimals_of(D(step)) == decimals


@given(st.lists(st.integers(0, 400), min_size=1, max_size=20, unique=True), st.integers(-50, 450))
def test_the_rate_in_force_is_the_newest_not_after_the_day(days: list[int], asked: int) -> None:
    start = date(2026, 1, 1)
    rates = [money.Rate(start + timedelta(days=n), D(n + 1), D(1) / (n + 1)) for n in sorted(days)]
    found = money.rate_at(rates, start + timedelta(days=asked))
    past = [n for n in days if n <= asked]
    assert found is not None
    assert found.rate == (max(past) if past else min(days)) + 1


def test_no_rates_no_rate() -> None:
    assert money.rate_at([], date(2026, 1, 1)) is None


@given(st.decimals(min_value="0.0001", max_value=5000, places=4), st.decimals(min_value=0, max_value=10**7, places=2))
def test_exchange_there_and_back(inverse: Decimal, amount: Decimal) -> None:
    rate = money.Rate(date(2026, 1, 1), (1 / inverse).quantize(D("1e-10")), inverse)
    back = money.from_company(money.to_company(amount, rate), rate)
    assert abs(back - amount) < D("1e-6") * max(1, amount)


def test_the_published_price_is_used_as_it_is() -> None:
    fix = money.Rate(date(2026, 11, 2), D("0.0551389502"), D("18.1360"))
    assert money.to_company(D("100"), fix) == D("1813.6000")


@given(
    st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    st.dates(date(1930, 1, 1), date(2029, 12, 31)),
    st.data(),
)
def test_every_wrong_check_character_of_an_rfc_is_found(letters: str, day: date, data: st.DataObject) -> None:
    stem = f"{letters}{day:%y%m%d}" + data.draw(st.sampled_from("19AKV")) + data.draw(st.sampled_from("19AKZ"))
    right = rfc.calc_check_digit(stem)
    if right not in "0123456789A":
        return
    assert tax_id.fault(stem + right, "MX") is None
    wrong = data.draw(st.sampled_from([each for each in "0123456789A" if each != right]))
    assert tax_id.fault(stem + wrong, "MX") is tax_id.Fault.CHECK_DIGIT


@given(st.integers(0, 10**8 - 1), st.sampled_from(["10", "15", "17", "20"]), st.integers(1, 9))
def test_every_wrong_check_digit_of_a_ruc_is_found(number: int, kind: str, shift: int) -> None:
    stem = f"{kind}{number:08}"
    right = ruc.calc_check_digit(stem)
    assert tax_id.fault(stem + right, "PE", is_company=True) is None
    assert tax_id.fault(f"{stem}{(int(right) + shift) % 10}", "PE") is tax_id.Fault.CHECK_DIGIT


@pytest.mark.parametrize(
    ("number", "country", "is_company", "fault"),
    [
        ("XAXX010101000", "MX", False, None),
        ("XEXX010101000", "MX", True, None),
        ("DSM080315K7", "MX", True, tax_id.Fault.LENGTH),
        ("DSM081515K77", "MX", True, tax_id.Fault.FORMAT),
        ("12345678", "PE", False, None),
        ("12345678", "PE", True, tax_id.Fault.LENGTH),
        ("30456188398", "PE", True, tax_id.Fault.FORMAT),
        ("2045618839X", "PE", True, tax_id.Fault.FORMAT),
        ("whatever 99", "US", True, None),
        ("whatever 99", None, True, None),
    ],
)
def test_faults_of_tax_numbers(number: str, country: str | None, is_company: bool, fault: tax_id.Fault | None) -> None:
    assert tax_id.fault(number, country, is_company=is_company) is fault


def test_tax_numbers_are_stored_compact_where_we_know_the_rules() -> None:
    assert tax_id.compact(" dsm-080315-k77 ", "MX") == "DSM080315K77"
    assert tax_id.compact("20 456.188.398", "PE") == "20456188398"
    assert tax_id.compact("76.086.428-5", "CL") == "76.086.428-5"


@given(st.dictionaries(st.integers(1, 12), st.one_of(st.none(), st.integers(1, 12)), max_size=12))
def test_loops_are_found_and_only_loops(parents: dict[int, int | None]) -> None:
    def ancestors(node: int) -> set[int]:
        seen: set[int] = set()
        step = parents.get(node)
        while step is not None and step not in seen:
            seen.add(step)
            step = parents.get(step)
        return seen

    looping = {node for node in parents if node in ancestors(node)}
    found = loop_in(parents)
    assert (found in looping) if looping else found is None


def test_pictures_are_scaled_down_and_never_up() -> None:
    image = pytest.importorskip("PIL.Image")
    from io import BytesIO

    out = BytesIO()
    image.new("RGB", (600, 300), "navy").save(out, format="PNG")
    small = fit(out.getvalue(), 128)
    assert small is not None
    assert image.open(BytesIO(small)).size == (128, 64)
    assert fit(out.getvalue(), 1024) == out.getvalue()
    assert fit(b"<svg/>", 128) == b"<svg/>"
    assert fit(None, 128) is None
