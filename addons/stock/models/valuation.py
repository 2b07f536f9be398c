"""The value of what is held: a running balance per product and company, and a layer for each change of it.

The balance row is locked while it changes, so that average cost is exact under concurrency, and the sum of a product's layers is
always its value. Each layer also keeps the balance after it: that is the permanent inventory record (kardex) accountants ask for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from addons.stock.rules import cost
from server import Char, Many2one, Model, Monetary, Numeric, Selection, ValidationError, _
from server.errors import Retry

ZERO = Decimal(0)
METHODS = [("standard", _("Standard price")), ("average", _("Average cost"))]


class StockValuationBalance(Model, name="stock.valuation.balance"):
    """How much of a product a company holds and what that is worth."""

    model_label = _("Inventory value")
    rec_name = "product_id"
    order = "product_id, id"
    unique = [("company_id", "product_id")]

    product_id = Many2one("product.product", _("Product"), required=True, readonly=True, ondelete="cascade", check_company=False)
    company_id = Many2one("res.company", _("Company"), required=True, readonly=True)
    currency_id = Many2one("res.currency", _("Currency"), related="company_id.currency_id")
    cost_method = Selection(METHODS, _("Costing method"), required=True, readonly=True)
    categ_id = Many2one("product.category", _("Category"), readonly=True)
    quantity = Numeric(_("Quantity"), required=True, readonly=True, default=ZERO)
    value = Monetary(_("Value"), required=True, readonly=True, default=ZERO)
    unit_cost = Numeric(_("Unit cost"), digits=(16, 6), required=True, readonly=True, default=ZERO, aggregator="")

    def _of(self, product_ids: Iterable[int]) -> dict[int, Any]:
        """The balances of products in the current company, locked; made where there was none."""
        env = self.env
        wanted = sorted(set(product_ids))
        company_id = env.company_id
        rows = {
            row.product_id: row for row in self.search_locked([("product_id", "in", wanted), ("company_id", "=", company_id)])
        }
        missing = [id for id in wanted if id not in rows]
        if missing:
            products = env["product.product"].browse(missing)
            values = [
                {
                    "product_id": product.id,
                    "company_id": company_id,
                    "cost_method": product.product_tmpl._cost_method(),
                    "categ_id": product.product_tmpl.categ_id,
                    "unit_cost": product.standard_price,
                }
                for product in products
            ]
            try:
                rows.update((row.product_id, row) for row in self.create(values))
            except ValidationError as error:
                if "product_id" in error.data.get("fields", ()):
                    raise Retry from error
                raise
        return rows

    def _as_value(self) -> cost.Balance:
        return cost.Balance(self.quantity, self.value, self.unit_cost, self.cost_method)

    def _take_over(self, after: cost.Balance) -> None:
        self.write({"quantity": after.quantity, "value": after.value, "unit_cost": after.unit_cost})


class StockValuationLayer(Model, name="stock.valuation.layer"):
    """One change of the value of a product in a company."""

    model_label = _("Valuation layer")
    rec_name = "description"
    order = "id"
    indexes = [("company_id", "product_id")]

    product_id = Many2one("product.product", _("Product"), required=True, readonly=True, check_company=False)
    categ_id = Many2one("product.category", _("Category"), readonly=True, help=_("The product's category at that moment."))
    company_id = Many2one("res.company", _("Company"), required=True, readonly=True)
    currency_id = Many2one("res.currency", _("Currency"), related="company_id.currency_id")
    stock_move_id = Many2one("stock.move", _("Stock move"), readonly=True, index=True, ondelete="restrict", check_company=False)
    quantity = Numeric(_("Quantity"), required=True, readonly=True, help=_("Signed, in the product's unit."))
    unit_cost = Numeric(_("Unit cost"), digits=(16, 6), readonly=True, aggregator="")
    value = Monetary(_("Value"), required=True, readonly=True, help=_("Signed; negative when goods went out."))
    balance_quantity = Numeric(_("Quantity after"), readonly=True, aggregator="")
    balance_value = Monetary(_("Value after"), readonly=True, aggregator="")
    description = Char(_("Description"), readonly=True)

    # -- valuing moves --------------------------------------------------------------------------------------------
    def _value(self, moves: Any, lines: Any) -> Any:
        """Layers for done moves of one company: what came in raises the value, what went out lowers it, our own goods only.

        :returns: the new layers, possibly none.
        """
        env = self.env
        tree = env["stock.location"]._tree()
        flows: dict[int, Decimal] = defaultdict(Decimal)
        for line in lines:
            if line.owner_id or not line.move.is_storable:
                continue
            change = tree.keeps_stock(line.location_dest_id) - tree.keeps_stock(line.location_id)
            if change:
                flows[line.move_id] += change * line.quantity_product_uom
        valued = [move for move in moves if flows.get(move.id)]
        if not valued:
            return self.browse([])
        originals = self._original_costs([move.origin_returned_move_id for move in valued if move.origin_returned_move_id])
        balances = env["stock.valuation.balance"]._of(move.product_id for move in valued)
        decimals = env.company.currency.decimal_places
        rows: list[dict[str, Any]] = []
        dearer: dict[int, Decimal] = {}
        for move in valued:
            balance = balances[move.product_id]
            quantity = flows[move.id]
            original = originals.get(move.origin_returned_move_id)
            if quantity > 0:
                price = original if original is not None else (move.price_unit or None)
                booking = cost.receive(balance._as_value(), quantity, price, decimals)
            else:
                booking = cost.issue(balance._as_value(), -quantity, decimals, original)
            if booking.after.unit_cost != balance.unit_cost:
                dearer[move.product_id] = booking.after.unit_cost
            balance._take_over(booking.after)
            rows += self._rows(balance, booking, move.id, move.reference or move.origin)
        if dearer:
            env["product.product"]._take_cost(dearer)
        return self.create(rows)

    def _rows(self, balance: Any, booking: cost.Booking, move_id: int | None, description: str | None) -> list[dict[str, Any]]:
        """The layer of a booking, and one more when it repairs an older value."""
        common = {
            "product_id": balance.product_id,
            "categ_id": balance.categ_id,
            "company_id": balance.company_id,
            "stock_move_id": move_id,
            "description": description,
        }
        after = booking.after
        rows = [
            {
                **common,
                "quantity": booking.quantity,
                "unit_cost": booking.unit_cost,
                "value": booking.value,
                "balance_quantity": after.quantity,
                "balance_value": after.value - booking.correction,
            }
        ]
        if booking.correction:
            rows.append(
                {
                    **common,
                    "quantity": ZERO,
                    "unit_cost": ZERO,
                    "value": booking.correction,
                    "balance_quantity": after.quantity,
                    "balance_value": after.value,
                }
            )
        return rows

    def _original_costs(self, move_ids: Sequence[int]) -> dict[int, Decimal]:
        """Unit cost at which the goods of moves came or went, for what is sent back."""
        if not move_ids:
            return {}
        quantity: dict[int, Decimal] = defaultdict(Decimal)
        value: dict[int, Decimal] = defaultdict(Decimal)
        for layer in self.search([("stock_move_id", "in", sorted(set(move_ids))), ("quantity", "!=", 0)]):
            quantity[layer.stock_move_id] += layer.quantity
            value[layer.stock_move_id] += layer.value
        return {id: abs(value[id] / quantity[id]) for id in quantity if quantity[id]}

    def _revalue(self, costs: dict[int, Decimal], description: str) -> Any:
        """The cost of products is set by hand in the current company: what is held is worth more or less from now on.

        :param costs: unit cost by product id.
        :returns: the new layers; products that are not held have none.
        """
        env = self.env
        company_id = env.company_id
        balances = env["stock.valuation.balance"].search_locked(
            [("product_id", "in", sorted(costs)), ("company_id", "=", company_id)]
        )
        decimals = env.company.currency.decimal_places
        rows: list[dict[str, Any]] = []
        for balance in balances:
            if balance.unit_cost == costs[balance.product_id]:
                continue
            booking = cost.revalue(balance._as_value(), costs[balance.product_id], decimals)
            balance._take_over(booking.after)
            if booking.value:
                rows += self._rows(balance, booking, None, description)
        layers = self.create(rows) if rows else self.browse([])
        if layers:
            env.hooks.stock_moves_valued(env=env, layers=layers)
        return layers
