"""Suppliers of a product: their names for it, minimum quantities, prices and delays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.product.exceptions import UnitsDiffer
from server import Char, Date, Integer, Many2one, Model, Numeric, _, constrains, depends


class SupplierInfo(Model, name="product.supplierinfo"):
    """What one supplier asks for a product from a quantity on."""

    model_label = _("Supplier price")
    rec_name = "product_name"
    order = "sequence, min_qty desc, price, id"
    checks = {"min_qty": "min_qty >= 0", "price": "price >= 0"}

    partner_id = Many2one("res.partner", _("Supplier"), required=True, ondelete="cascade", index=True)
    product_tmpl_id = Many2one("product.template", _("Product"), required=True, ondelete="cascade", index=True)
    product_id = Many2one(
        "product.product", _("Variant"), ondelete="cascade", copy=False, help=_("Empty: all variants of the product.")
    )
    product_name = Char(_("Supplier's name of the product"))
    product_code = Char(_("Supplier's code of the product"))
    sequence = Integer(_("Sequence"), default=1, aggregator="")
    product_uom_id = Many2one("uom.uom", _("Unit of measure"), help=_("Unit of quantity and price; empty: the product's."))
    min_qty = Numeric(_("Minimum quantity"), digits=(16, 4))
    price = Numeric(_("Price"), digits=(16, 6))
    discount = Numeric(_("Discount %"), digits=(7, 4), aggregator="")
    currency_id = Many2one("res.currency", _("Currency"), default=lambda env: env.company.currency_id, required=True)
    delay = Integer(_("Delivery time in days"), default=1, aggregator="")
    date_start = Date(_("Valid from"))
    date_end = Date(_("Valid until"))
    company_id = Many2one("res.company", _("Company"), related="product_tmpl_id.company_id", store=True)

    @depends("partner_id.complete_name", "product_name")
    def _compute_display_name(self) -> None:
        for line in self:
            line.display_name = ": ".join(part for part in (line.partner.complete_name, line.product_name) if part)

    @constrains("product_uom_id", "product_tmpl_id")
    def _check_unit(self) -> None:
        for line in self:
            if line.product_uom_id and not line.product_uom.same_kind(line.product_tmpl.uom):
                raise UnitsDiffer(line.product_uom.name, line.product_tmpl.uom.name)

    def create(self, vals_list: Any) -> Any:
        """A line for a variant belongs to its product."""
        vals_list = [dict(vals) for vals in vals_list]
        variants = {vals["product_id"] for vals in vals_list if vals.get("product_id") and not vals.get("product_tmpl_id")}
        template_of = {variant.id: variant.product_tmpl_id for variant in self.env["product.product"].browse(sorted(variants))}
        for vals in vals_list:
            if vals.get("product_id") in template_of and not vals.get("product_tmpl_id"):
                vals["product_tmpl_id"] = template_of[vals["product_id"]]
        return super().create(vals_list)

    def quantity_in_product_unit(self) -> Decimal:
        """The minimum quantity in the product's own unit."""
        result: Decimal = self.product_uom.compute_quantity(self.min_qty, self.product_tmpl.uom, round=False)
        return result
