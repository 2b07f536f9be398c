"""What stock adds to products: whether they are counted, tracked by lots, and how much there is."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from addons.product.models.category import ProductCategory
from addons.product.models.product import ProductProduct
from addons.product.models.template import ProductTemplate
from addons.stock.models.valuation import METHODS
from addons.stock.rules.state import OPEN
from server import Boolean, Extend, Model, Numeric, One2many, Selection, ValidationError, _, action, constrains, depends

ZERO = Decimal(0)
QUANTITIES = ("qty_available", "free_qty", "incoming_qty", "outgoing_qty", "virtual_available")
COMPARE = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


class StockCategory(ProductCategory):
    """How the value of goods is told."""

    property_cost_method = Selection(METHODS, _("Costing method"), default="average", help=_("Empty: average cost."))

    @constrains("property_cost_method")
    def _cost_method_changed(self) -> None:
        templates = self.env["product.template"].sudo().with_context(active_test=False).search([("categ_id", "in", self.ids)])
        templates._cost_method_moved()


class Counted(Model, abstract=True):
    """Mixin: the quantities of a product or variant, searchable; `_compute_quantities` and `_search_by` are the definition's."""

    qty_available = Numeric(
        _("On hand"),
        compute="_compute_quantities",
        search="_search_qty_available",
        help=_("In internal locations, in the product's unit."),
    )
    free_qty = Numeric(
        _("Free"), compute="_compute_quantities", search="_search_free_qty", help=_("On hand and promised to nobody.")
    )
    incoming_qty = Numeric(_("Incoming"), compute="_compute_quantities", search="_search_incoming_qty")
    outgoing_qty = Numeric(_("Outgoing"), compute="_compute_quantities", search="_search_outgoing_qty")
    virtual_available = Numeric(
        _("Forecast"),
        compute="_compute_quantities",
        search="_search_virtual_available",
        help=_("On hand, plus what is expected, less what is promised."),
    )

    def _compute_quantities(self) -> None:
        raise NotImplementedError

    def _search_by(self, name: str, operator: str, value: Any) -> list[Any]:
        """A domain for the quantity `name` compared with a number."""
        raise NotImplementedError

    def _search_qty_available(self, operator: str, value: Any) -> list[Any]:
        return self._search_by("qty_available", operator, value)

    def _search_free_qty(self, operator: str, value: Any) -> list[Any]:
        return self._search_by("free_qty", operator, value)

    def _search_incoming_qty(self, operator: str, value: Any) -> list[Any]:
        return self._search_by("incoming_qty", operator, value)

    def _search_outgoing_qty(self, operator: str, value: Any) -> list[Any]:
        return self._search_by("outgoing_qty", operator, value)

    def _search_virtual_available(self, operator: str, value: Any) -> list[Any]:
        return self._search_by("virtual_available", operator, value)


class StockTemplate(Counted, ProductTemplate):
    """Products that are counted."""

    type = Extend(older={"product": [("is_storable", "=", True)]})
    is_storable = Boolean(_("Track inventory"), tracking=True, help=_("Quantities on hand are kept."))
    tracking = Selection(
        [("none", _("By quantity")), ("lot", _("By lots")), ("serial", _("By serial number"))],
        _("Tracking"),
        default="none",
        help=_("Whether moves must tell which lot or which piece."),
    )

    @depends("product_variant_ids.qty_available", "product_variant_ids.virtual_available")
    def _compute_quantities(self) -> None:
        variants = self.with_context(active_test=False).mapped("product_variant_ids")
        totals: dict[int, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(QUANTITIES, ZERO))
        for variant_id, quantities in variants._quantities().items():
            total = totals[variants.browse([variant_id]).product_tmpl_id]
            for name in QUANTITIES:
                total[name] += quantities[name]
        for template in self:
            for name in QUANTITIES:
                setattr(template, name, totals[template.id][name])

    def _search_by(self, name: str, operator: str, value: Any) -> list[Any]:
        variants = self.env["product.product"].with_context(active_test=False)
        return [("product_variant_ids", "in", variants.search(variants._search_by(name, operator, value)).ids)]

    # -- writing --------------------------------------------------------------------------------------------------
    def create(self, vals: Any) -> Any:
        """Also understands the older type `product`: goods that are counted."""
        return super().create([_modern(values) for values in ([vals] if isinstance(vals, dict) else vals)])

    def write(self, vals: dict[str, Any]) -> Any:
        """As `create`. What has moved keeps its unit and stays counted.

        :raises ValidationError: when unit, tracking or counting of a product with stock moves would change.
        """
        vals = _modern(vals)
        self._refuse_other_nature(vals)
        result = super().write(vals)
        if "categ_id" in vals:
            self.sudo()._cost_method_moved()
        return result

    def _refuse_other_nature(self, vals: dict[str, Any]) -> None:
        names = {"uom_id", "uom_po_id", "is_storable", "tracking", "type", "detailed_type"} & set(vals)
        if not names:
            return
        changed = self.filtered(
            lambda template: any(template[name] != (vals[name] or None if name == "tracking" else vals[name]) for name in names)
        )
        if not changed:
            return
        moves = self.env["stock.move"].sudo()
        used = moves.search(
            [("product_id.product_tmpl_id", "in", changed.ids), ("state", "not in", ["draft", "cancel"])], limit=1
        )
        if used:
            raise ValidationError(
                _(
                    "%(product)s has stock moves: its unit, type, tracking and whether it is counted are fixed. Archive it and "
                    "make a new product.",
                    product=used.product.display_name,
                )
            )

    def _cost_method(self) -> str:
        """`average` or `standard`, of the category."""
        return self.categ.property_cost_method or "average"

    def _cost_method_moved(self) -> None:
        """The balances follow the category's costing method; the value stays what it is."""
        variants = self.with_context(active_test=False).mapped("product_variant_ids")
        for balance in self.env["stock.valuation.balance"].search_locked([("product_id", "in", variants.ids)]):
            method = balance.product.product_tmpl._cost_method()
            if balance.cost_method != method:
                balance.write({"cost_method": method})
            if balance.categ_id != balance.product.product_tmpl.categ_id:
                balance.write({"categ_id": balance.product.product_tmpl.categ_id})


class StockProduct(Counted, ProductProduct):
    """How much of a variant there is, in the companies switched on."""

    stock_quant_ids = One2many("stock.quant", "product_id", _("Where it is"))
    stock_move_ids = One2many("stock.move", "product_id", _("Stock moves"))

    @depends(
        "stock_quant_ids.quantity", "stock_quant_ids.reserved_quantity", "stock_move_ids.state", "stock_move_ids.product_qty"
    )
    def _compute_quantities(self) -> None:
        found = self._quantities()
        for product in self:
            for name, quantity in found[product.id].items():
                setattr(product, name, quantity)

    def _quantities(self) -> dict[int, dict[str, Decimal]]:
        """The quantities of these products (all that have any, when the set is empty): two queries, whatever their number."""
        env = self.env.root
        wanted = [("product_id", "in", self.ids)] if self else []
        tree = env["stock.location"]._tree()
        result: dict[int, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(QUANTITIES, ZERO))
        for id in self.ids:
            result[id]
        c = env["stock.quant"].table.c
        held = env["stock.quant"].query(
            wanted, c.product_id, sa.func.sum(c.quantity).label("quantity"), sa.func.sum(c.reserved_quantity).label("reserved")
        )
        for product_id, quantity, reserved in env.execute(held.group_by(c.product_id)):
            result[product_id]["qty_available"] = quantity or ZERO
            result[product_id]["free_qty"] = (quantity or ZERO) - (reserved or ZERO)
        m = env["stock.move"].table.c
        open_moves = env["stock.move"].query(
            [*wanted, ("state", "in", list(OPEN)), ("is_storable", "=", True)],
            m.product_id,
            m.location_id,
            m.location_dest_id,
            sa.func.sum(m.product_qty).label("quantity"),
        )
        for product_id, source, target, quantity in env.execute(
            open_moves.group_by(m.product_id, m.location_id, m.location_dest_id)
        ):
            change = tree.keeps_stock(target) - tree.keeps_stock(source)
            if change > 0:
                result[product_id]["incoming_qty"] += quantity
            elif change < 0:
                result[product_id]["outgoing_qty"] += quantity
        for quantities in result.values():
            quantities["virtual_available"] = (
                quantities["qty_available"] + quantities["incoming_qty"] - quantities["outgoing_qty"]
            )
        return result

    def _search_by(self, name: str, operator: str, value: Any) -> list[Any]:
        """A domain for a quantity compared with a number; products without any stock count as zero."""
        compare = COMPARE.get(operator)
        try:
            wanted = Decimal(str(value or 0))
        except ArithmeticError:
            compare = None
        if compare is None or not wanted.is_finite():
            raise ValidationError(_("%(field)s can be compared with a number only (=, !=, <, <=, >, >=).", field=name))
        found = self.browse([])._quantities()
        matching = [id for id, quantities in found.items() if compare(quantities[name], wanted)]
        if compare(ZERO, wanted):
            others = [id for id in found if id not in set(matching)]
            return [("id", "not in", others)]
        return [("id", "in", matching)]

    # -- cost -----------------------------------------------------------------------------------------------------
    def write(self, vals: dict[str, Any]) -> Any:
        """Writing the cost by hand revalues what the current company holds."""
        result = super().write(vals)
        if "standard_price" in vals:
            value = self._fields["standard_price"].coerce(vals["standard_price"], self.env) or ZERO
            internal = self.env.root
            internal["stock.valuation.layer"]._revalue(
                dict.fromkeys(self.ids, value), _("Cost changed by hand").render(self.env.lang)
            )
        return result

    def _take_cost(self, costs: dict[int, Decimal]) -> None:
        """The average cost moved with a receipt: it becomes the products' cost in the current company."""
        for product in self.browse(sorted(costs)):
            super(StockProduct, product).write({"standard_price": costs[product.id]})

    @action(readonly=True)
    def action_open_quants(self) -> dict[str, Any]:
        """A window action with the quantities of these products."""
        return {
            "type": "ir.actions.act_window",
            "name": _("Quantities").render(self.env.lang),
            "res_model": "stock.quant",
            "view_mode": "list",
            "domain": [["product_id", "in", self.ids]],
        }


def _modern(vals: dict[str, Any]) -> dict[str, Any]:
    """The older type `product` as goods that are counted."""
    for name in ("type", "detailed_type"):
        if vals.get(name) == "product":
            return {**vals, name: "consu", "is_storable": True}
    return vals
