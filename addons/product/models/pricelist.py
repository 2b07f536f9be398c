"""Price lists: prices by product, category, quantity and date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from addons.product.exceptions import LoopOf
from addons.product.models.product import ids_of
from addons.product.rules import price as rules
from server import (
    Boolean,
    Char,
    Datetime,
    Integer,
    Many2one,
    Model,
    Numeric,
    One2many,
    Selection,
    ValidationError,
    _,
    action,
    constrains,
    depends,
)

ZERO = Decimal(0)
SCALE = Decimal("0.000001")


class Pricelist(Model, name="product.pricelist"):
    """A set of price rules in one currency."""

    model_label = _("Price list")
    order = "sequence, name, id"
    history = True

    name = Char(_("Price list"), required=True, translate=True)
    sequence = Integer(_("Sequence"), default=16, aggregator="")
    currency_id = Many2one("res.currency", _("Currency"), required=True, default=lambda env: env.company.currency_id)
    active = Boolean(_("Active"), default=True)
    company_id = Many2one("res.company", _("Company"), default=lambda env: None, index=True)
    item_ids = One2many("product.pricelist.item", "pricelist_id", _("Rules"), copy=True)

    @depends("name", "currency_id.name")
    def _compute_display_name(self) -> None:
        for pricelist in self:
            pricelist.display_name = f"{pricelist.name} ({pricelist.currency.name})"

    @action(model=True, readonly=True)
    def price_of(self, pricelist_id: int, product_id: int, quantity: Any = 1, date: str | None = None) -> Decimal:
        """For integrators: the price of one unit of a product in a price list, at a quantity (product's unit) and a date (ISO,
        default now).
        """
        moment = dt.datetime.fromisoformat(date) if date else None
        return self.browse(pricelist_id).get_prices([product_id], Decimal(str(quantity)), moment)[0]

    def get_prices(
        self, products: Any, quantities: Any = Decimal(1), date: dt.date | dt.datetime | None = None, uom: Any = None
    ) -> list[Decimal]:
        """Prices of products, a constant number of queries for any number of them.

        :param products: a set of `product.product`, or a list of ids that may repeat (an order with a product on two lines).
        :param quantities: one quantity for all, or a list parallel to `products`; in `uom`.
        :param date: moment of the price (UTC; a plain date is its first moment); default now.
        :param uom: unit of quantities and prices: None (each product's own), one unit (record or id), or a list parallel to
            `products`.
        :returns: prices parallel to `products`, in the price list's currency (an empty set: sales prices in the company's
            currency), with at most 6 decimals. Rounding to money is the business of whoever multiplies.
        :raises UserError: when a unit does not fit a product. :raises ValidationError: when an exchange rate is missing.
        """
        ids = ids_of(products)
        counts = list(quantities) if isinstance(quantities, (list, tuple)) else [quantities] * len(ids)
        units = self._units(uom, len(ids))
        if not (len(ids) == len(counts) == len(units)):
            raise ValueError("products, quantities and uom must have the same length")
        moment = self._moment(date)
        # the prices of a company are the same for everyone; reading the rules must not need more rights than selling
        known = {each.id: each for each in self.env["product.product"].sudo().browse(sorted(set(ids)))}
        lines = [known[each] for each in ids]
        quantities_own = [
            unit.compute_quantity(Decimal(count), product.product_tmpl.uom, round=False)
            for product, count, unit in zip(lines, counts, units, strict=True)
        ]
        prices = self.sudo()._own_prices(lines, quantities_own, moment)
        return [
            product.price_in(unit, price).quantize(SCALE) if unit else price.quantize(SCALE)
            for product, unit, price in zip(lines, units, prices, strict=True)
        ]

    def _own_prices(self, lines: Sequence[Any], quantities: Sequence[Decimal], moment: dt.datetime) -> list[Decimal]:
        """Prices per product unit, in this list's currency."""
        currency = self.currency if self else self.env.company.currency
        if not self or not lines:
            return [self._in_currency(line.lst_price, line.product_tmpl.currency, currency, moment) for line in lines]
        items = self._items_for(lines, moment)
        by_id = {item.id: item for item in items}
        values = [item.as_value() for item in items]
        chosen = [
            rules.choose(values, line.as_goods(), quantity, moment) for line, quantity in zip(lines, quantities, strict=True)
        ]
        bases = self._bases(lines, quantities, [by_id[rule.id] if rule else None for rule in chosen], currency, moment)
        return [rules.price(rule, base) if rule else base for rule, base in zip(chosen, bases, strict=True)]

    def _items_for(self, lines: Sequence[Any], moment: dt.datetime) -> Any:
        """The rules that could apply, in one query."""
        categories = {each for line in lines for each in line.product_tmpl.categ.line_up()}
        return self.env["product.pricelist.item"].search(
            [
                ("pricelist_id", "=", self.id),
                "|",
                ("date_start", "=", False),
                ("date_start", "<=", moment),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", moment),
                "|",
                ("product_id", "=", False),
                ("product_id", "in", list({line.id for line in lines})),
                "|",
                ("product_tmpl_id", "=", False),
                ("product_tmpl_id", "in", list({line.product_tmpl_id for line in lines})),
                "|",
                ("categ_id", "=", False),
                ("categ_id", "in", sorted(categories)),
            ]
        )

    def _bases(
        self, lines: Sequence[Any], quantities: Sequence[Decimal], items: Sequence[Any], currency: Any, moment: dt.datetime
    ) -> list[Decimal]:
        """The price each rule starts from, in this list's currency; other price lists are asked once each."""
        bases = [ZERO] * len(lines)
        others: dict[int, list[int]] = {}
        for index, (line, item) in enumerate(zip(lines, items, strict=True)):
            if item is not None and item.compute_price == "fixed":
                continue
            if item is not None and item.base == "pricelist" and item.base_pricelist_id:
                others.setdefault(item.base_pricelist_id, []).append(index)
            elif item is not None and item.base == "standard_price":
                bases[index] = self._in_currency(line.standard_price, self.env.company.currency, currency, moment)
            else:
                bases[index] = self._in_currency(line.lst_price, line.product_tmpl.currency, currency, moment)
        for pricelist_id, indexes in others.items():
            other = self.browse(pricelist_id)
            prices = other._own_prices([lines[i] for i in indexes], [quantities[i] for i in indexes], moment)
            for index, price in zip(indexes, prices, strict=True):
                bases[index] = self._in_currency(price, other.currency, currency, moment)
        return bases

    def _in_currency(self, amount: Decimal, source: Any, target: Any, moment: dt.datetime) -> Decimal:
        if not amount or source == target or not source or not target:
            return amount
        changed: Decimal = source.convert(amount, target, self.env.company, moment.date(), round=False)
        return changed

    def _units(self, uom: Any, count: int) -> list[Any]:
        """Unit records parallel to the products; empty sets where the product's own is meant."""
        units = self.env["uom.uom"]
        given = list(uom) if isinstance(uom, (list, tuple)) else [uom] * count
        return [units.browse(each) if isinstance(each, int) else each if each else units for each in given]

    def _moment(self, date: dt.date | dt.datetime | None) -> dt.datetime:
        if date is None:
            now: dt.datetime = self.env.now()
            return now
        return date if isinstance(date, dt.datetime) else dt.datetime.combine(date, dt.time.min)

    @constrains("company_id")
    def _check_items_company(self) -> None:
        for pricelist in self:
            for product in pricelist.item_ids.mapped("product_tmpl_id"):
                if product.company_id and pricelist.company_id and product.company_id != pricelist.company_id:
                    raise ValidationError(
                        _(
                            "The price list %(list)s has a rule for %(product)s of another company. Remove the rule or change "
                            "the company.",
                            list=pricelist.name,
                            product=product.name,
                        )
                    )


class PricelistItem(Model, name="product.pricelist.item"):
    """One rule of a price list."""

    model_label = _("Price rule")
    rec_name = "applied_on"
    order = "applied_on, min_quantity desc, categ_id desc, id desc"
    checks = {"min_quantity": "min_quantity >= 0"}

    pricelist_id = Many2one("product.pricelist", _("Price list"), required=True, ondelete="cascade", index=True)
    applied_on = Selection(
        [
            ("3_global", _("All products")),
            ("2_product_category", _("Category")),
            ("1_product", _("Product")),
            ("0_product_variant", _("Variant")),
        ],
        _("Applies to"),
        default="3_global",
        required=True,
    )
    product_tmpl_id = Many2one("product.template", _("Product"), ondelete="cascade", index=True)
    product_id = Many2one("product.product", _("Variant"), ondelete="cascade", index=True)
    categ_id = Many2one("product.category", _("Category"), ondelete="cascade")
    min_quantity = Numeric(_("Minimum quantity"), digits=(16, 4), aggregator="", help=_("In the product's unit of measure."))
    date_start = Datetime(_("Valid from"))
    date_end = Datetime(_("Valid until"))
    compute_price = Selection(
        [("fixed", _("Fixed price")), ("percentage", _("Discount")), ("formula", _("Formula"))],
        _("Price"),
        default="fixed",
        required=True,
    )
    base = Selection(
        [("list_price", _("Sales price")), ("standard_price", _("Cost")), ("pricelist", _("Another price list"))],
        _("Based on"),
        default="list_price",
        required=True,
    )
    base_pricelist_id = Many2one("product.pricelist", _("Other price list"), ondelete="restrict")
    fixed_price = Numeric(_("Fixed price"), digits=(16, 6), aggregator="")
    percent_price = Numeric(_("Discount %"), digits=(9, 4), aggregator="")
    price_discount = Numeric(_("Formula: discount %"), digits=(9, 4), aggregator="")
    price_round = Numeric(_("Formula: round to"), digits=(16, 6), aggregator="")
    price_surcharge = Numeric(_("Formula: surcharge"), digits=(16, 6), aggregator="")
    price_min_margin = Numeric(_("Formula: least margin"), digits=(16, 6), aggregator="")
    price_max_margin = Numeric(_("Formula: largest margin"), digits=(16, 6), aggregator="")
    currency_id = Many2one("res.currency", _("Currency"), related="pricelist_id.currency_id")
    company_id = Many2one("res.company", _("Company"), related="pricelist_id.company_id", store=True)

    @depends("applied_on", "product_tmpl_id.name", "categ_id.complete_name")
    def _compute_display_name(self) -> None:
        for item in self:
            target = item.product.display_name if item.product_id else item.product_tmpl.name or item.categ.complete_name
            item.display_name = target or str(_("All products").render(self.env.lang))

    def create(self, vals_list: Any) -> Any:
        """What the rule applies to follows from the product or category given, when it is not said."""
        return super().create([self._aimed(vals) for vals in vals_list])

    @staticmethod
    def _aimed(vals: dict[str, Any]) -> dict[str, Any]:
        if "applied_on" in vals:
            return vals
        for name, key in (
            ("product_id", "0_product_variant"),
            ("product_tmpl_id", "1_product"),
            ("categ_id", "2_product_category"),
        ):
            if vals.get(name):
                return {**vals, "applied_on": key}
        return vals

    @constrains("applied_on", "product_id", "product_tmpl_id", "categ_id", "base", "base_pricelist_id", "date_start", "date_end")
    def _check_price_rule(self) -> None:
        needs = {"0_product_variant": "product_id", "1_product": "product_tmpl_id", "2_product_category": "categ_id"}
        for item in self:
            name = needs.get(item.applied_on)
            if name and not item[name]:
                raise ValidationError(
                    _("A price rule for a product or category must name it. Choose it, or apply the rule to all products.")
                )
            if item.base == "pricelist" and not item.base_pricelist_id:
                raise ValidationError(_("A price rule based on another price list must name it. Choose the list."))
            if item.date_start and item.date_end and item.date_end < item.date_start:
                raise ValidationError(_("A price rule cannot end before it starts. Correct one of the two dates."))
        if any(item.base_pricelist_id for item in self):
            self._check_circle()

    def _check_circle(self) -> None:
        """Price lists may not be based on each other in a circle."""
        items = self.search([("base_pricelist_id", "!=", False)])
        above: dict[int, set[int]] = {}
        for item in items:
            above.setdefault(item.pricelist_id, set()).add(item.base_pricelist_id)
        for start in above:
            seen: set[int] = set()
            waiting = list(above[start])
            while waiting:
                one = waiting.pop()
                if one == start:
                    raise LoopOf(_("The price list"), self.env["product.pricelist"].browse(start).name)
                if one not in seen:
                    seen.add(one)
                    waiting.extend(above.get(one, ()))

    def as_value(self) -> rules.Rule:
        """This rule for the pure price rules; only what `applied_on` says counts."""
        aim = self.applied_on
        return rules.Rule(
            id=self.id,
            product=self.product_id if aim == "0_product_variant" else None,
            template=self.product_tmpl_id if aim == "1_product" else None,
            category=self.categ_id if aim == "2_product_category" else None,
            min_quantity=self.min_quantity,
            date_start=self.date_start,
            date_end=self.date_end,
            compute=self.compute_price,
            fixed=self.fixed_price,
            percent=self.percent_price,
            discount=self.price_discount,
            surcharge=self.price_surcharge,
            round_to=self.price_round,
            min_margin=self.price_min_margin,
            max_margin=self.price_max_margin,
        )
