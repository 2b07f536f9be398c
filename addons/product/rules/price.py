"""Price lists: which rule applies to a product, and the price it gives. Plain functions on values.

The rule that wins is the most particular one: for the variant before the product before the category (the nearest before its
parents) before everything; among equals the one with the larger minimum quantity, then the newer one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Goods:
    """What is priced: ids, and the product's categories from its own up to the root."""

    product: int
    template: int
    categories: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a price list. Exactly one of `product`, `template`, `category` is set, or none for everything.

    `compute` is `fixed` (the price `fixed`), `percentage` (`percent` off the base) or `formula`: base less `discount` percent,
    rounded to `round_to`, plus `surcharge`, kept between base + `min_margin` and base + `max_margin` (0 = no bound).
    """

    id: int
    product: int | None = None
    template: int | None = None
    category: int | None = None
    min_quantity: Decimal = ZERO
    date_start: datetime | None = None
    date_end: datetime | None = None
    compute: str = "fixed"
    fixed: Decimal = ZERO
    percent: Decimal = ZERO
    discount: Decimal = ZERO
    surcharge: Decimal = ZERO
    round_to: Decimal = ZERO
    min_margin: Decimal = ZERO
    max_margin: Decimal = ZERO

    def applies(self, goods: Goods, quantity: Decimal, moment: datetime) -> bool:
        """True when the rule is meant for these goods, this quantity (in the product's unit) and this time (UTC)."""
        if self.min_quantity and quantity < self.min_quantity:
            return False
        if self.date_start and moment < self.date_start or self.date_end and moment > self.date_end:
            return False
        if self.product is not None:
            return self.product == goods.product
        if self.template is not None:
            return self.template == goods.template
        return self.category is None or self.category in goods.categories


def choose(rules: Iterable[Rule], goods: Goods, quantity: Decimal, moment: datetime) -> Rule | None:
    """The rule that wins for these goods, or None when none applies."""
    fitting = [rule for rule in rules if rule.applies(goods, quantity, moment)]
    return min(fitting, key=lambda rule: (*_rank(rule, goods), -rule.min_quantity, -rule.id), default=None)


def _rank(rule: Rule, goods: Goods) -> tuple[int, int]:
    """How particular a rule is, the most particular first."""
    if rule.product is not None:
        return 0, 0
    if rule.template is not None:
        return 1, 0
    if rule.category is not None:
        return 2, goods.categories.index(rule.category)
    return 3, 0


def price(rule: Rule, base: Decimal) -> Decimal:
    """The price of one unit by `rule`, from the base price the rule starts from (both in the price list's currency); not rounded
    to money.
    """
    if rule.compute == "fixed":
        return rule.fixed
    if rule.compute == "percentage":
        return base - base * rule.percent / HUNDRED
    result = base - base * rule.discount / HUNDRED
    if rule.round_to > 0:
        result = (result / rule.round_to).quantize(Decimal(1), rounding=ROUND_HALF_UP) * rule.round_to
    result += rule.surcharge
    if rule.min_margin:
        result = max(result, base + rule.min_margin)
    if rule.max_margin:
        result = min(result, base + rule.max_margin)
    return result
