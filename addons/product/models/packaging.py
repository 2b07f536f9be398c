"""Packagings: cartons and pallets with a barcode of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.product.models.barcodes import Claim, check_barcodes
from server import Char, Integer, Many2one, Model, Numeric, _, depends


class ProductPackaging(Model, name="product.packaging"):
    """A package that holds a number of units of one product; scanning its barcode counts them all."""

    model_label = _("Packaging")
    order = "product_id, sequence, id"
    checks = {"qty": "qty > 0"}
    unique = [("company_id", "barcode")]
    name_search_fields = ("name", "barcode")

    name = Char(_("Packaging"), required=True)
    sequence = Integer(_("Sequence"), default=1, aggregator="")
    product_id = Many2one("product.product", _("Product"), required=True, ondelete="cascade", index=True)
    qty = Numeric(
        _("Contained quantity"), digits=(16, 4), default=Decimal(1), required=True, help=_("In the product's unit of measure.")
    )
    barcode = Char(_("Barcode"), copy=False)
    company_id = Many2one("res.company", _("Company"), related="product_id.company_id", store=True)

    @depends("name", "product_id.display_name")
    def _compute_display_name(self) -> None:
        for packaging in self:
            packaging.display_name = f"{packaging.product.display_name}, {packaging.name}"

    def create(self, vals_list: Any) -> Any:
        """Barcodes are checked before anything is written."""
        coded = [vals for vals in vals_list if vals.get("barcode")]
        products = {each.id: each for each in self.env["product.product"].browse([vals["product_id"] for vals in coded])}
        claims = []
        for vals in coded:
            product = products[vals["product_id"]]
            claims.append(
                Claim(self._name, None, product.company_id, vals["barcode"], f"{product.display_name}, {vals.get('name')}")
            )
        check_barcodes(self.env, claims)
        return super().create(vals_list)

    def write(self, vals: dict[str, Any]) -> Any:
        """Barcodes are checked before anything is written."""
        if vals.get("barcode"):
            changing = self.filtered(lambda each: each.barcode != vals["barcode"])
            claims = [Claim(self._name, each.id, each.company_id, vals["barcode"], each.display_name) for each in changing]
            check_barcodes(self.env, claims)
        return super().write(vals)
