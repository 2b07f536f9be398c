"""Packagings: cartons and pallets with a barcode of their own."""

from __future__ import annotations

from decimal import Decimal

from addons.product.models.barcodes import check_barcodes
from server import Char, Integer, Many2one, Model, Numeric, _, constrains, depends


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

    @constrains("barcode", "company_id")
    def _check_barcode(self) -> None:
        check_barcodes(self)
