"""Variants: the things that are counted, priced and moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date
from decimal import Decimal
from typing import Any

from addons.product.models.barcodes import Claim, check_barcodes
from addons.product.rules.price import Goods
from server import Boolean, Char, Many2many, Many2one, Numeric, One2many, _, depends
from server.models.mail_message import MailThread


class ProductProduct(MailThread, name="product.product"):
    """One variant of a product; it has all fields of its template. A product without attributes has exactly one."""

    model_label = _("Product variant")
    order = "default_code, id"
    history = True
    inherits = {"product.template": "product_tmpl_id"}
    name_search_fields = ("default_code", "name", "barcode")
    unique = [("company_id", "barcode")]
    indexes = [("barcode",)]

    product_tmpl_id = Many2one("product.template", _("Product"), required=True, ondelete="cascade", index=True)
    default_code = Char(_("Internal reference"), index=True, copy=False, tracking=True)
    barcode = Char(
        _("Barcode"),
        copy=False,
        tracking=True,
        help=_("A GTIN (8, 12, 13 or 14 digits) is checked; numbers of your own are taken as they are."),
    )
    active = Boolean(_("Active"), default=True, tracking=True)
    company_id = Many2one("res.company", _("Company"), related="product_tmpl_id.company_id", store=True, index=True)
    standard_price = Numeric(
        _("Cost"),
        digits=(16, 6),
        company_dependent=True,
        aggregator="",
        groups="base.group_user",
        help=_("Value of one unit for the current company, in its currency."),
    )
    product_template_attribute_value_ids = Many2many(
        "product.template.attribute.value",
        _("Attribute values"),
        relation="product_variant_combination",
        column1="product_product_id",
        column2="product_template_attribute_value_id",
        copy=True,
    )
    combination_indices = Char(
        _("Combination"),
        readonly=True,
        index=True,
        copy=False,
        help=_("Ids of the attribute values in order; empty for a product without attributes."),
    )
    price_extra = Numeric(
        _("Extra price"),
        digits=(16, 6),
        compute="_compute_price_extra",
        store=True,
        aggregator="",
        help=_("Sum of what the attribute values add to the sales price."),
    )
    lst_price = Numeric(
        _("Sales price of the variant"), digits=(16, 6), compute="_compute_lst_price", inverse="_inverse_lst_price", aggregator=""
    )
    packaging_ids = One2many("product.packaging", "product_id", _("Packagings"))

    # -- computed -------------------------------------------------------------------------------------------------
    @depends("product_template_attribute_value_ids.price_extra")
    def _compute_price_extra(self) -> None:
        for product in self:
            values = product.product_template_attribute_value_ids if product.combination_indices else ()
            product.price_extra = sum((value.price_extra for value in values), Decimal(0))

    @depends("product_tmpl_id.list_price", "price_extra")
    def _compute_lst_price(self) -> None:
        for product in self:
            product.lst_price = product.product_tmpl.list_price + product.price_extra

    def _inverse_lst_price(self) -> None:
        for product in self:
            product.product_tmpl.list_price = product.lst_price - product.price_extra

    @depends("default_code", "product_tmpl_id.name", "combination_indices")
    def _compute_display_name(self) -> None:
        for product in self:
            name = product.product_tmpl.name or ""
            if product.combination_indices:
                values = product.product_template_attribute_value_ids.filtered(lambda each: each.attribute_line.is_choice())
                if values:
                    name = f"{name} ({', '.join(value.name or '' for value in values)})"
            product.display_name = f"[{product.default_code}] {name}" if product.default_code else name

    # -- writing --------------------------------------------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Create variants; those that name no template get one of their own with the values that belong there."""
        lonely = [index for index, vals in enumerate(vals_list) if not vals.get("product_tmpl_id")]
        completed = [dict(vals) for vals in vals_list]
        if lonely:
            own_names = self._own_names()
            template_values = []
            for index in lonely:
                vals = completed[index]
                common = {name: vals.pop(name) for name in list(vals) if name not in own_names}
                if "lst_price" in vals:
                    common["list_price"] = vals.pop("lst_price")
                template_values.append({**common, "active": vals.get("active", True), "product_variant_ids": []})
            templates = self.env["product.template"].create(template_values)
            for index, template in zip(lonely, templates, strict=True):
                completed[index]["product_tmpl_id"] = template.id
        templates = self.env["product.template"].browse([vals["product_tmpl_id"] for vals in completed])
        elsewhere: list[tuple[int, Any, Decimal]] = []
        for index, vals in enumerate(completed):
            vals.pop("company_id", None)  # the template's decides
            company = templates.browse(vals["product_tmpl_id"]).company
            if company and company != self.env.company and vals.get("standard_price"):
                elsewhere.append((index, company, vals.pop("standard_price")))
        self._check_new_barcodes(completed)
        products = super().create(completed)
        for index, company, cost in elsewhere:  # a company's own product is valued in that company, whoever enters it
            products[index].with_company(company).standard_price = cost
        return products

    @classmethod
    def _own_names(cls) -> frozenset[str]:
        """Names of the values that are the variant's own; everything else belongs to its template."""
        names = {name for name, field in cls._fields.items() if not field.inherited_from} - {"company_id"}
        return frozenset(names | {alias for alias, name in cls._aliases.items() if name in names})

    def _check_new_barcodes(self, vals_list: list[dict[str, Any]]) -> None:
        coded = [vals for vals in vals_list if vals.get("barcode")]
        templates = {each.id: each for each in self.env["product.template"].browse([vals["product_tmpl_id"] for vals in coded])}
        claims = []
        for vals in coded:
            template = templates[vals["product_tmpl_id"]]
            claims.append(Claim(self._name, None, template.company_id, vals["barcode"], template.name))
        check_barcodes(self.env, claims)

    def write(self, vals: dict[str, Any]) -> Any:
        """A template follows its variants: it is archived with the last active one and comes back with the first."""
        if "company_id" in vals:
            vals = dict(vals)
            self.mapped("product_tmpl_id").write({"company_id": vals.pop("company_id")})
        if vals.get("barcode"):
            changing = self.filtered(lambda each: each.barcode != vals["barcode"])
            claims = [Claim(self._name, each.id, each.company_id, vals["barcode"], each.display_name) for each in changing]
            check_barcodes(self.env, claims)
        result = super().write(vals) if vals else True
        if "active" in vals:
            templates = self.mapped("product_tmpl_id")
            alive = set(templates.all_variants().filtered("active").mapped("product_tmpl_id").ids)
            for template in templates:
                if template.active != (template.id in alive):
                    template.active = template.id in alive
        return result

    def unlink(self) -> Any:
        """The template goes with its last variant."""
        templates = self.exists().mapped("product_tmpl_id")
        result = super().unlink()
        kept = templates.all_variants().mapped("product_tmpl_id")
        (templates - kept).unlink()
        return result

    # -- services for other addons --------------------------------------------------------------------------------
    def as_goods(self) -> Goods:
        """This variant for the pure price rules."""
        self.ensure_one()
        return Goods(self.id, self.product_tmpl_id, self.product_tmpl.categ.line_up())

    def price_in(self, uom: Any, price: Decimal) -> Decimal:
        """`price` of one of the product's own units, for one `uom` (an empty set is the product's own)."""
        result: Decimal = self.product_tmpl.uom.compute_price(price, uom)
        return result

    def sellers(self, partner: Any = None, quantity: Decimal | None = None, date: Date | None = None) -> dict[int, Any]:
        """The supplier line to buy each product by: `{product id: product.supplierinfo record (or empty)}`; one query for the
        set.

        :param partner: only this supplier (or its commercial entity). :param quantity: in the product's unit; lines asking for
            more are left out.
        :param date: day of the order (default today).
        """
        day = date or self.env.today()
        lines = self.env["product.supplierinfo"].search(
            [
                ("product_tmpl_id", "in", self.mapped("product_tmpl_id").ids),
                "|",
                ("date_start", "=", False),
                ("date_start", "<=", day),
                "|",
                ("date_end", "=", False),
                ("date_end", ">=", day),
            ],
            order="sequence, min_qty desc, price, id",
        )
        chosen: dict[int, Any] = {}
        for product in self:
            chosen[product.id] = lines[:0]
            for line in lines:
                if line.product_tmpl_id != product.product_tmpl_id or (line.product_id and line.product_id != product.id):
                    continue
                if partner and line.partner_id not in (partner.id, partner.commercial_partner_id):
                    continue
                if quantity is not None and line.quantity_in_product_unit() > quantity:
                    continue
                chosen[product.id] = line
                break
        return chosen


def ids_of(products: Any) -> Sequence[int]:
    """Ids of a product set, or of a list of ids that may repeat."""
    return list(products.ids) if hasattr(products, "ids") else [each if isinstance(each, int) else each.id for each in products]
