"""Creating, writing and deleting lines: completion from the product, amounts, and what a confirmed or locked order refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from addons.account.rules.tax import PricedLine
from addons.sales.exceptions import IncompleteOrder, OrderInProgress
from addons.sales.models.defaults import LINE_COMPUTED, CompleteLine, complete_lines, compute_amounts, prices_of, to_decimal
from addons.sales.models.order_line import SaleOrderLine
from server import _

ZERO = Decimal(0)

#: A change of these changes the amounts of the line.
AMOUNT_FIELDS = frozenset({"price_unit", "product_uom_qty", "discount", "tax_ids", "display_type", "product_id"})
#: A change of these changes what is left to invoice.
INVOICING_FIELDS = frozenset({"product_uom_qty", "qty_delivered"})
#: What is settled when a line is made, or follows from facts; ignored when written.
LINE_SETTLED = LINE_COMPUTED | {"is_downpayment", "qty_delivered_method", "company_id"}
#: What a new product brings with it.
FROM_PRODUCT = ("name", "product_uom_id", "price_unit", "tax_ids", "invoice_policy", "qty_delivered_method", "customer_lead")
#: What a locked order, or one that was cancelled, does not let change.
AGREED_FIELDS = frozenset(
    {"product_id", "name", "price_unit", "product_uom_id", "product_uom_qty", "discount", "tax_ids", "display_type"}
)


class SaleOrderLineChanges(SaleOrderLine):
    """The data operations of order lines."""

    def _create_complete(self, lines: list[CompleteLine]) -> Any:
        """Insert lines completed with their orders: through everyone's `create`, without converting the values again."""
        return super(type(self), self).create(lines)

    def create(self, vals_list: list[dict[str, Any]]) -> Any:
        """Lines completed from their products and priced; the totals of their orders follow.

        On a confirmed order a new line counts at once: it is delivered and invoiced with the rest.

        :raises OrderLocked: when the order is locked.
        """
        if vals_list and all(isinstance(line, CompleteLine) for line in vals_list):
            return super().create(vals_list)
        orders = self.env["sale.order"].browse(sorted({line["order_id"] for line in vals_list if line.get("order_id")}))
        orders._check_unlocked()
        lines = super().create(self._completed(vals_list, orders))
        orders._update_totals()
        confirmed = lines.filtered(lambda line: line.order_id and line.order.state == "sale")
        if confirmed:
            confirmed._update_invoicing()
            goods = confirmed.filtered(lambda line: not line.display_type and not line.is_downpayment)
            if goods:
                self.env.hooks.sale_order_line_changed(env=self.env, lines=goods, before={line.id: ZERO for line in goods})
        return lines

    def _completed(self, given: Sequence[Mapping[str, Any]], orders: Any) -> list[CompleteLine]:
        headers = {order.id: order._line_header() for order in orders}
        places: dict[int, list[int]] = defaultdict(list)
        for place, line in enumerate(given):
            if line.get("order_id") not in headers:
                raise IncompleteOrder(
                    _("A sales order line needs its order: set order_id, or create it through order_line of the order.")
                )
            places[line["order_id"]].append(place)
        rows = [(headers[order_id], [given[place] for place in its_places]) for order_id, its_places in places.items()]
        completed: list[CompleteLine] = [CompleteLine()] * len(given)
        for its_places, lines in zip(places.values(), complete_lines(self.env, rows), strict=True):
            for place, line in zip(its_places, lines, strict=True):
                completed[place] = line
        return completed

    def write(self, vals: Mapping[str, Any]) -> Any:
        """As every write; amounts, totals and what is left to invoice follow. A new product brings its text, unit, price and
        taxes.

        :raises OrderLocked: when the order is locked.
        :raises OrderInProgress: for another product on a confirmed order, or a delivered quantity that comes from deliveries.
        """
        vals = {name: value for name, value in vals.items() if name not in LINE_SETTLED}
        changed = vals.keys()
        self._check_same_line(vals)
        if changed & AGREED_FIELDS:
            self.mapped("order_id")._check_unlocked()
        if "qty_delivered" in changed:
            self._check_delivery_by_hand()
        confirmed = self.filtered(lambda line: line.order.state == "sale")
        if "product_id" in changed and confirmed:
            self._check_same_product(confirmed, vals["product_id"])
        before: dict[int, Decimal] = {}
        if "product_uom_qty" in changed:
            before = {line.id: line.product_uom_qty for line in confirmed if not line.display_type}
        follow = self._price_followers(vals)
        result = super().write(vals) if vals else True
        if vals.get("product_id"):
            self._follow_product(vals)
        elif follow:
            follow._set_list_prices()
        if changed & AMOUNT_FIELDS:
            self._update_amounts()
        if changed & INVOICING_FIELDS:
            self._update_invoicing()
        lines = self.browse([id for id, quantity in before.items()]).filtered(
            lambda line: line.product_uom_qty != before[line.id]
        )
        if lines:
            self.env.hooks.sale_order_line_changed(env=self.env, lines=lines, before={line.id: before[line.id] for line in lines})
        return result

    def unlink(self) -> Any:
        """Delete lines of quotations, and texts of any order.

        :raises OrderInProgress: for a product line of a confirmed order, or a down payment that was invoiced.
        """
        orders = self.mapped("order_id")
        orders._check_unlocked()
        for line in self:
            kept = line.order.state == "sale" and not line.display_type and not (line.is_downpayment and not line.invoice_lines)
            if kept:
                raise OrderInProgress(
                    _(
                        "Line %(line)s of order %(name)s cannot be deleted, because the order is confirmed. Set its quantity to "
                        "0 instead.",
                        line=line._label(),
                        name=line.order.name,
                    )
                )
        result = super().unlink()
        orders._update_totals()
        orders._update_invoice_status()
        return result

    def _delete_with_order(self) -> None:
        """Delete the lines of orders that go; their totals do not matter any more."""
        super().unlink()

    # -- checks -----------------------------------------------------------------------------------------------------------

    def _check_delivery_by_hand(self) -> None:
        for line in self:
            if not line._delivery_set_by_hand():
                raise OrderInProgress(
                    _(
                        "The delivered quantity of %(line)s in order %(name)s comes from its deliveries. Validate or return a "
                        "delivery instead.",
                        line=line._label(),
                        name=line.order.name,
                    )
                )

    def _check_same_line(self, vals: Mapping[str, Any]) -> None:
        """A line stays in its order, and what it is: product lines do not become texts, nor texts product lines."""
        for line in self:
            if "order_id" in vals and vals["order_id"] != line.order_id:
                raise OrderInProgress(
                    _(
                        "Line %(line)s stays in order %(name)s, whose totals it is part of. Add a line to the other order "
                        "instead.",
                        line=line._label(),
                        name=line.order.name,
                    )
                )
            if "display_type" in vals and (vals["display_type"] or None) != line.display_type:
                raise OrderInProgress(
                    _(
                        "Line %(line)s of order %(name)s cannot change its kind (product, section or note). Add a new line "
                        "instead.",
                        line=line._label(),
                        name=line.order.name,
                    )
                )

    @staticmethod
    def _check_same_product(lines: Any, product_id: Any) -> None:
        for line in lines:
            if line.product_id != getattr(product_id, "id", product_id):
                raise OrderInProgress(
                    _(
                        "The product of %(line)s cannot change, because order %(name)s is confirmed. Set its quantity to 0 and "
                        "add a line.",
                        line=line._label(),
                        name=line.order.name,
                    )
                )

    # -- what a change brings with it -------------------------------------------------------------------------------------

    def _price_followers(self, vals: Mapping[str, Any]) -> Any:
        """Lines of quotations whose price is the list's and so follows a new quantity or unit (prices by hand stay)."""
        none = self.env["sale.order.line"]
        if "price_unit" in vals or "product_id" in vals or not vals.keys() & {"product_uom_qty", "product_uom_id"}:
            return none
        lines = self.filtered(lambda line: line.product_id and not line.is_downpayment and line.order.state in ("draft", "sent"))
        return none.browse([line.id for line, price in lines._list_prices() if line.price_unit == price])

    def _list_prices(self) -> list[tuple[Any, Decimal]]:
        """(line, price of its order's price list), grouped by list so that each is asked once."""
        groups: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for line in self:
            order = line.order
            groups[order.pricelist_id, order.currency_id, order.company_id, order.date_order].append(line)
        result: list[tuple[Any, Decimal]] = []
        for (pricelist_id, currency_id, company_id, date), lines in groups.items():
            company = self.env["res.company"].browse(company_id)
            rows = [(line.product, line.product_uom_qty, line.product_uom_id) for line in lines]
            result.extend(zip(lines, prices_of(self.env, pricelist_id, currency_id, company, date, rows), strict=True))
        return result

    def _set_list_prices(self) -> None:
        for line, price in self._list_prices():
            line._update({"price_unit": price})

    def _follow_product(self, given: Mapping[str, Any]) -> None:
        """Text, unit, price and taxes of the new product, but for what was given with it."""
        headers = {order.id: order._line_header() for order in self.mapped("order_id")}
        lines = list(self)
        values = [
            {name: given[name] for name in ("name", "product_uom_id", "price_unit", "tax_ids") if name in given}
            | {"product_id": line.product_id, "product_uom_qty": line.product_uom_qty, "discount": line.discount}
            for line in lines
        ]
        completed = complete_lines(
            self.env, [(headers[line.order_id], [value]) for line, value in zip(lines, values, strict=True)]
        )
        for line, (value,) in zip(lines, completed, strict=True):
            line._update({name: value.get(name) for name in FROM_PRODUCT})

    def _update_amounts(self) -> None:
        """Amounts of these lines and totals of their orders, from the cache; one read of the orders' lines at most."""
        orders = self.mapped("order_id")
        taxes = self.env["account.tax"]
        for order in orders:
            lines = order.order_line
            priced = [
                PricedLine(
                    to_decimal(line.price_unit),
                    to_decimal(line.product_uom_qty),
                    to_decimal(line.discount),
                    taxes.values_of(line.tax_ids.ids),
                )
                for line in lines
            ]
            for line, amounts in zip(
                lines, compute_amounts(self.env, order.currency_id, order.company_id, priced).lines, strict=True
            ):
                line._update({"price_subtotal": amounts.untaxed, "price_tax": amounts.tax, "price_total": amounts.total})
        orders._update_totals()
