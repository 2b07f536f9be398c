"""Articles and services. A template is what is offered; its variants (product.product) are what is bought, stored and sold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from addons.base.rules.image import fit
from addons.product.exceptions import UnitsDiffer
from server import Binary, Boolean, Char, Integer, Many2one, Numeric, One2many, Selection, Text, _, constrains, depends
from server.models.mail_message import MailThread

#: Values that belong to the variant; the template shows and takes them as long as it has exactly one.
VARIANT_FIELDS = ("default_code", "barcode", "standard_price")
_SIZES = (1024, 512, 256, 128)


def _default_unit(env: Any) -> int | None:
    unit = env.ref("product.product_uom_unit", raise_if_missing=False)
    return unit.id if unit else None


def _default_category(env: Any) -> int | None:
    category = env.ref("product.product_category_goods", raise_if_missing=False)
    return category.id if category else None


class ProductTemplate(MailThread, name="product.template"):
    """An article or service with everything its variants have in common."""

    model_label = _("Product")
    order = "sequence, name, id"
    history = True
    name_search_fields = ("name", "default_code", "barcode")
    checks = {"list_price": "list_price >= 0"}

    name = Char(_("Name"), required=True, translate=True, index=True, tracking=True)
    sequence = Integer(_("Sequence"), default=10, aggregator="")
    active = Boolean(_("Active"), default=True, tracking=True)
    type = Selection(
        [("consu", _("Goods")), ("service", _("Service")), ("combo", _("Combo"))],
        _("Product type"),
        required=True,
        default="consu",
        aliases=("detailed_type",),
        tracking=True,
    )
    categ_id = Many2one("product.category", _("Category"), default=_default_category, ondelete="restrict", index=True)
    list_price = Numeric(
        _("Sales price"),
        digits=(16, 6),
        default=Decimal(1),
        tracking=True,
        aggregator="",
        help=_("Price of one sales unit in the company's currency, before the price list."),
    )
    uom_id = Many2one(
        "uom.uom",
        _("Unit of measure"),
        required=True,
        default=_default_unit,
        ondelete="restrict",
        aliases=("uom_po_id",),
        tracking=True,
    )
    sale_ok = Boolean(_("Can be sold"), default=True)
    purchase_ok = Boolean(_("Can be purchased"), default=True)
    description = Text(_("Internal notes"))
    description_sale = Text(_("Sales description"), translate=True, help=_("Printed on quotations, orders and invoices."))
    description_purchase = Text(_("Purchase description"), translate=True)
    weight = Numeric(_("Weight"), digits=(16, 4), aggregator="", help=_("Gross weight of one unit in kilograms."))
    volume = Numeric(_("Volume"), digits=(16, 6), aggregator="", help=_("Volume of one unit in cubic metres."))
    company_id = Many2one(
        "res.company",
        _("Company"),
        default=lambda env: None,
        index=True,
        help=_("Only this company sees the product; empty: all companies share it."),
    )
    currency_id = Many2one(
        "res.currency", _("Currency"), compute="_compute_currency_id", search="_search_currency_id", check_company=False
    )
    color = Integer(_("Color"), aggregator="")
    image_1920 = Binary(_("Picture"))
    image_1024 = Binary(_("Picture, 1024 pixels"), compute="_compute_images")
    image_512 = Binary(_("Picture, 512 pixels"), compute="_compute_images")
    image_256 = Binary(_("Picture, 256 pixels"), compute="_compute_images")
    image_128 = Binary(_("Picture, 128 pixels"), compute="_compute_images")

    product_variant_ids = One2many("product.product", "product_tmpl_id", _("Variants"))
    product_variant_id = Many2one("product.product", _("Variant"), compute="_compute_product_variant_id", check_company=False)
    product_variant_count = Integer(_("Number of variants"), compute="_compute_product_variant_id", aggregator="")
    default_code = Char(
        _("Internal reference"), compute="_compute_from_variant", inverse="_inverse_default_code", search="_search_default_code"
    )
    barcode = Char(_("Barcode"), compute="_compute_from_variant", inverse="_inverse_barcode", search="_search_barcode")
    standard_price = Numeric(
        _("Cost"),
        digits=(16, 6),
        compute="_compute_from_variant",
        inverse="_inverse_standard_price",
        search="_search_standard_price",
        aggregator="",
        help=_("Value of one unit for the current company, in its currency."),
    )
    attribute_line_ids = One2many("product.template.attribute.line", "product_tmpl_id", _("Attributes"), copy=True)
    seller_ids = One2many("product.supplierinfo", "product_tmpl_id", _("Suppliers"), copy=True)

    # -- computed -------------------------------------------------------------------------------------------------
    @depends("company_id")
    def _compute_currency_id(self) -> None:
        for template in self:
            template.currency_id = (template.company or self.env.company).currency_id

    def _search_currency_id(self, operator: str, value: Any) -> list[Any]:
        """Products of a company are told in its money, shared ones in that of the company at work."""
        companies = self.env["res.company"].sudo().search([("currency_id", operator, value)])
        own: list[Any] = [("company_id", "in", companies.ids)]
        return ["|", ("company_id", "=", False), *own] if self.env.company in companies else own

    @depends("image_1920")
    def _compute_images(self) -> None:
        for template in self:
            picture = template.image_1920
            for size in _SIZES:
                picture = fit(picture, size)
                setattr(template, f"image_{size}", picture)

    @depends("product_variant_ids")
    def _compute_product_variant_id(self) -> None:
        for template in self:
            variants = template.product_variant_ids
            template.product_variant_id = variants.ids[0] if variants else None
            template.product_variant_count = len(variants)

    @depends("product_variant_ids.default_code", "product_variant_ids.barcode", "product_variant_ids.standard_price")
    def _compute_from_variant(self) -> None:
        only = self._only_variants()
        for template in self:
            variant = only[template.id]
            template.default_code = variant.default_code
            template.barcode = variant.barcode
            template.standard_price = variant.standard_price

    @depends("name", "product_variant_ids.default_code")
    def _compute_display_name(self) -> None:
        for template in self:
            code = template.default_code
            template.display_name = f"[{code}] {template.name}" if code else template.name

    def _only_variants(self) -> dict[int, Any]:
        """The one variant of each template, archived with it or not; an empty set where there are several. Two queries for any
        set.
        """
        archived = self.filtered(lambda each: not each.active)
        hidden = archived.all_variants().grouped("product_tmpl_id") if archived else {}
        answer: dict[int, Any] = {}
        for template in self:
            variants = template.product_variant_ids if template.active else hidden.get(template) or self.env["product.product"]
            answer[template.id] = variants if len(variants) == 1 else variants[:0]
        return answer

    def all_variants(self) -> Any:
        """The variants of all these templates, archived ones too, oldest first; one query."""
        return (
            self.env["product.product"].with_context(active_test=False).search([("product_tmpl_id", "in", self.ids)], order="id")
        )

    def _write_variant(self, name: str) -> None:
        """Pass a value of the template on to its one variant; a template with several keeps none of its own."""
        for id, variant in self._only_variants().items():
            if variant:
                variant.write({name: self.browse(id)[name]})

    def _inverse_default_code(self) -> None:
        self._write_variant("default_code")

    def _inverse_barcode(self) -> None:
        self._write_variant("barcode")

    def _inverse_standard_price(self) -> None:
        self._write_variant("standard_price")

    def _search_default_code(self, operator: str, value: Any) -> list[Any]:
        return [("product_variant_ids.default_code", operator, value)]

    def _search_barcode(self, operator: str, value: Any) -> list[Any]:
        return [("product_variant_ids.barcode", operator, value)]

    def _search_standard_price(self, operator: str, value: Any) -> list[Any]:
        return [("product_variant_ids.standard_price", operator, value)]

    @constrains("uom_id")
    def _check_sellers_unit(self) -> None:
        for seller in self.mapped("seller_ids"):
            unit = seller.product_tmpl.uom
            if seller.product_uom_id and not seller.product_uom.same_kind(unit):
                raise UnitsDiffer(seller.product_uom.name, unit.name)

    # -- writing --------------------------------------------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Create templates and, for each, one variant (or one per combination of its attributes).

        Reference, barcode and cost go to the variant. Values that bring `product_variant_ids` themselves make no further variant.
        """
        plain = [{name: value for name, value in vals.items() if name not in VARIANT_FIELDS} for vals in vals_list]
        templates = super().create(plain)
        single: list[dict[str, Any]] = []
        for template, vals in zip(templates, vals_list, strict=True):
            own = {name: vals[name] for name in VARIANT_FIELDS if name in vals}
            if template.attribute_line_ids:
                variant = template.all_variants()
                if own and len(variant) == 1:  # the combinations exist already; a single one takes the values
                    variant.write(own)
            elif "product_variant_ids" not in vals:
                single.append({"product_tmpl_id": template.id, "active": vals.get("active", True), **own})
        if single:
            self.env["product.product"].create(single)
        return templates

    def write(self, vals: dict[str, Any]) -> Any:
        """Archiving a product archives its variants, and back."""
        result = super().write(vals)
        if "active" in vals:
            self.all_variants().filtered(lambda each: each.active != vals["active"]).write({"active": vals["active"]})
        return result

    def copy_data(self, default: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """A copy has another name; reference and barcode stay with the original."""
        rows: list[dict[str, Any]] = super().copy_data(default)
        for template, row in zip(self, rows, strict=True):
            if "name" not in (default or {}):
                row["name"] = str(_("%(name)s (copy)", name=template.name).render(self.env.lang))
        return rows
