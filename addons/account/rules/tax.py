"""Taxes on a line of a document, and on a whole document.

Every tax of a line is a straight line in the untaxed amount `b` of that line: `tax_i = slope_i * b + fixed_i`. A percentage has
`slope = amount / 100`; a fixed amount has `slope = 0`; a division (a share of the price with tax) has `slope = r / (1 - R)`, with
`R` the sum of the shares of the divisions on the same base. A tax with `include_base_amount` joins the base of the taxes after
it, so slopes and fixed parts of later taxes build on earlier ones. Taxes contained in the price are then taken out in one step:
`price = b * (1 + sum of slopes) + sum of fixed parts`, over the contained taxes.

Amounts are `Decimal`, rounded half up. Nothing here knows a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from .money import ZERO, round_half_up, share_out

HUNDRED = Decimal(100)
ONE = Decimal(1)


class TaxValue(NamedTuple):
    """One tax as plain values; a group is flattened into its members before it gets here."""

    id: int
    #: Percent points (`16` is 16 %) for `percent` and `division`, money per unit of quantity for `fixed`.
    amount: Decimal
    #: `percent`, `fixed` or `division`.
    amount_type: str = "percent"
    #: The unit price already contains this tax.
    price_include: bool = False
    #: Order of computation; ties by id.
    sequence: int = 1
    #: Taxes after this one are computed on a base that contains it.
    include_base_amount: bool = False


class TaxShare(NamedTuple):
    """What one tax takes on one line: the amount it was computed on, and the tax. A pair `(base, amount)`."""

    base: Decimal
    amount: Decimal


class LineAmounts(NamedTuple):
    """Amounts of one line, rounded; `untaxed + tax == total` and `tax` is the sum over `by_tax`."""

    untaxed: Decimal
    tax: Decimal
    total: Decimal
    #: tax id → (base, amount)
    by_tax: dict[int, TaxShare]


class PricedLine(NamedTuple):
    """What a document's line is computed from."""

    price_unit: Decimal
    quantity: Decimal
    #: percent of the price
    discount: Decimal = ZERO
    taxes: Sequence[TaxValue] = ()


@dataclass(frozen=True, slots=True)
class DocumentAmounts:
    """Amounts of a document; every line's amounts add up to the document's."""

    lines: list[LineAmounts]
    untaxed: Decimal = ZERO
    tax: Decimal = ZERO
    total: Decimal = ZERO
    by_tax: dict[int, TaxShare] = field(default_factory=dict)


def ordered(taxes: Iterable[TaxValue]) -> tuple[TaxValue, ...]:
    """The taxes in order of computation: by sequence, then id."""
    return tuple(sorted(taxes, key=lambda tax: (tax.sequence, tax.id)))


def gross_amount(price_unit: Decimal, quantity: Decimal, discount: Decimal = ZERO) -> Decimal:
    """Unrounded price × quantity after the discount percentage."""
    amount = price_unit * quantity
    return amount * (HUNDRED - discount) / HUNDRED if discount else amount


def _lines(taxes: Sequence[TaxValue], quantity: Decimal) -> list[tuple[Decimal, Decimal]]:
    """(slope, fixed part) of each tax in the untaxed amount, in order."""
    result: list[tuple[Decimal, Decimal]] = []
    base_slope, base_fixed = ONE, ZERO  # the base of the next tax, as a line in the untaxed amount
    for place, tax in enumerate(taxes):
        if tax.amount_type == "percent":
            rate = tax.amount / HUNDRED
            slope, fixed = base_slope * rate, base_fixed * rate
        elif tax.amount_type == "fixed":
            slope, fixed = ZERO, tax.amount * quantity
        elif tax.amount_type == "division":
            shares = _division_run(taxes, place)
            if shares >= HUNDRED:
                raise ValueError(f"taxes that are a share of the price take {shares} % of it: nothing would be left")
            rate = tax.amount / (HUNDRED - shares)
            slope, fixed = base_slope * rate, base_fixed * rate
        else:
            raise ValueError(f"unknown kind of tax: {tax.amount_type!r}")
        result.append((slope, fixed))
        if tax.include_base_amount:
            base_slope, base_fixed = base_slope + slope, base_fixed + fixed
    return result


def _division_run(taxes: Sequence[TaxValue], place: int) -> Decimal:
    """Sum of the shares of the divisions computed on the same base as the one at `place`."""
    start = place
    while start and not taxes[start - 1].include_base_amount:
        start -= 1
    total = ZERO
    for tax in taxes[start:]:
        if tax.amount_type == "division":
            total += tax.amount
        if tax.include_base_amount:
            break
    return total


def _exact(line: PricedLine, taxes: Sequence[TaxValue], gross: Decimal) -> tuple[Decimal, list[TaxShare]]:
    """Unrounded untaxed amount of a line worth `gross`, and the unrounded share of each tax."""
    quantity = -line.quantity if line.price_unit < 0 else line.quantity  # a fixed tax follows the goods, back too
    lines = _lines(taxes, quantity)
    slopes = sum((slope for (slope, _fixed), tax in zip(lines, taxes, strict=True) if tax.price_include), ZERO)
    fixed_parts = sum((fixed for (_slope, fixed), tax in zip(lines, taxes, strict=True) if tax.price_include), ZERO)
    untaxed = (gross - fixed_parts) / (ONE + slopes) if slopes or fixed_parts else gross
    shares: list[TaxShare] = []
    base = untaxed
    for (slope, fixed), tax in zip(lines, taxes, strict=True):
        amount = slope * untaxed + fixed
        shares.append(TaxShare(base, amount))
        if tax.include_base_amount:
            base += amount
    return untaxed, shares


def line_amounts(
    price_unit: Decimal, quantity: Decimal, discount: Decimal = ZERO, taxes: Sequence[TaxValue] = (), decimals: int = 2
) -> LineAmounts:
    """Amounts of one line, each tax rounded on the line.

    :param price_unit: price of one unit, with the taxes that say `price_include`.
    :param quantity: may be negative (a returned line).
    :param discount: percent of the price, `10` is 10 %.
    :param taxes: any order; sorted by sequence.
    :param decimals: of the document's currency.
    :raises ValueError: for an unknown kind of tax, or shares of the price of 100 % and more.
    """
    gross = round_half_up(gross_amount(price_unit, quantity, discount), decimals)
    if not taxes:
        return LineAmounts(gross, ZERO, gross, {})
    if len(taxes) == 1 and taxes[0].amount_type == "percent" and not taxes[0].price_include:  # the everyday case
        amount = round_half_up(gross * taxes[0].amount / HUNDRED, decimals)
        return LineAmounts(gross, amount, gross + amount, {taxes[0].id: TaxShare(gross, amount)})
    taxes = ordered(taxes)
    _untaxed, exact = _exact(PricedLine(price_unit, quantity, discount, taxes), taxes, gross)
    amounts = [round_half_up(share.amount, decimals) for share in exact]
    contained = sum((amount for amount, tax in zip(amounts, taxes, strict=True) if tax.price_include), ZERO)
    untaxed = gross - contained
    by_tax: dict[int, TaxShare] = {}
    base = untaxed
    for amount, tax in zip(amounts, taxes, strict=True):
        by_tax[tax.id] = _added(by_tax.get(tax.id), TaxShare(base, amount))
        if tax.include_base_amount:
            base += amount
    tax_total = sum(amounts, ZERO)
    return LineAmounts(untaxed, tax_total, untaxed + tax_total, by_tax)


def document_taxes(lines: Sequence[PricedLine], decimals: int = 2, round_globally: bool = False) -> DocumentAmounts:
    """Amounts of all lines of a document and of the document.

    :param round_globally: False: each tax is rounded on each line and added up. True: a tax is added up unrounded over the
        document and rounded once; the cents are shared out over the lines, so that lines still add up to the document.
    :raises ValueError: as `line_amounts`.
    """
    computed = _globally(lines, decimals) if round_globally else [line_amounts(*line, decimals=decimals) for line in lines]
    untaxed = sum((line.untaxed for line in computed), ZERO)
    tax = sum((line.tax for line in computed), ZERO)
    by_tax: dict[int, TaxShare] = {}
    for line in computed:
        for tax_id, share in line.by_tax.items():
            by_tax[tax_id] = _added(by_tax.get(tax_id), share)
    return DocumentAmounts(computed, untaxed, tax, untaxed + tax, by_tax)


def _globally(lines: Sequence[PricedLine], decimals: int) -> list[LineAmounts]:
    sorted_taxes = [ordered(line.taxes) for line in lines]
    gross = [round_half_up(gross_amount(line.price_unit, line.quantity, line.discount), decimals) for line in lines]
    exact = [_exact(line, taxes, amount) for line, taxes, amount in zip(lines, sorted_taxes, gross, strict=True)]
    columns: dict[tuple[int, bool], list[tuple[int, int]]] = {}  # (tax, contained) → (line, place of the tax on it)
    for row, taxes in enumerate(sorted_taxes):
        for place, tax in enumerate(taxes):
            columns.setdefault((tax.id, tax.price_include), []).append((row, place))
    amounts: dict[tuple[int, int], Decimal] = {}
    for cells in columns.values():
        values = [exact[row][1][place].amount for row, place in cells]
        shared = share_out(values, round_half_up(sum(values, ZERO), decimals), decimals)
        amounts.update(zip(cells, shared, strict=True))
    result: list[LineAmounts] = []
    for row, taxes in enumerate(sorted_taxes):
        contained = sum((amounts[row, place] for place, tax in enumerate(taxes) if tax.price_include), ZERO)
        untaxed = gross[row] - contained
        by_tax: dict[int, TaxShare] = {}
        base = untaxed
        for place, tax in enumerate(taxes):
            by_tax[tax.id] = _added(by_tax.get(tax.id), TaxShare(base, amounts[row, place]))
            if tax.include_base_amount:
                base += amounts[row, place]
        tax_total = sum((share.amount for share in by_tax.values()), ZERO)
        result.append(LineAmounts(untaxed, tax_total, untaxed + tax_total, by_tax))
    return result


def _added(before: TaxShare | None, share: TaxShare) -> TaxShare:
    return share if before is None else TaxShare(before.base + share.base, before.amount + share.amount)


def factors(parts: Sequence[tuple[int, Decimal]], amount: Decimal, decimals: int) -> Mapping[int, Decimal]:
    """Tax `amount` spread over repartition parts `(key, percent)`, to the cent; the parts of 100 % take all of it."""
    if len(parts) == 1 and parts[0][1] == HUNDRED:
        return {parts[0][0]: amount}
    exact = [amount * percent / HUNDRED for _key, percent in parts]
    total = round_half_up(sum(exact, ZERO), decimals)
    return {key: value for (key, _percent), value in zip(parts, share_out(exact, total, decimals), strict=True)}
