"""Attributes (size, colour) and the variants that come of combining their values."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product as combine
from math import prod
from typing import Any

from addons.product.exceptions import TooManyVariants
from addons.product.models.template import ProductTemplate
from server import (
    Boolean,
    Char,
    Integer,
    Many2many,
    Many2one,
    Model,
    Numeric,
    One2many,
    Selection,
    ValidationError,
    _,
    constrains,
    depends,
)

MAX_VARIANTS = 1000


class ProductAttribute(Model, name="product.attribute"):
    """A property in which variants of a product differ."""

    model_label = _("Attribute")
    order = "sequence, id"
    reference = True

    name = Char(_("Attribute"), required=True, translate=True)
    sequence = Integer(_("Sequence"), default=10, aggregator="")
    create_variant = Selection(
        [("always", _("A variant for each value")), ("no_variant", _("Only a remark, no variants"))],
        _("Variants"),
        default="always",
        required=True,
    )
    value_ids = One2many("product.attribute.value", "attribute_id", _("Values"), copy=True)
    active = Boolean(_("Active"), default=True)


class ProductAttributeValue(Model, name="product.attribute.value"):
    """One possible value of an attribute."""

    model_label = _("Attribute value")
    order = "attribute_id, sequence, id"
    reference = True
    unique = [("attribute_id", "name")]

    name = Char(_("Value"), required=True, translate=True)
    sequence = Integer(_("Sequence"), default=10, aggregator="")
    attribute_id = Many2one("product.attribute", _("Attribute"), required=True, ondelete="cascade")
    html_color = Char(_("Color"))
    default_extra_price = Numeric(_("Usual extra price"), digits=(16, 6), aggregator="")
    active = Boolean(_("Active"), default=True)

    @depends("name", "attribute_id.name")
    def _compute_display_name(self) -> None:
        for value in self:
            value.display_name = f"{value.attribute.name}: {value.name}"


class TemplateAttributeLine(Model, name="product.template.attribute.line"):
    """An attribute of a product, with the values the product comes in."""

    model_label = _("Product attribute")
    order = "sequence, attribute_id, id"
    unique = [("product_tmpl_id", "attribute_id")]

    product_tmpl_id = Many2one("product.template", _("Product"), required=True, ondelete="cascade", index=True)
    sequence = Integer(_("Sequence"), default=10, aggregator="")
    attribute_id = Many2one("product.attribute", _("Attribute"), required=True, ondelete="restrict")
    value_ids = Many2many(
        "product.attribute.value",
        _("Values"),
        relation="product_attribute_line_value_rel",
        column1="line_id",
        column2="value_id",
        copy=True,
    )
    product_template_value_ids = One2many("product.template.attribute.value", "attribute_line_id", _("Values with prices"))

    @depends("attribute_id.name")
    def _compute_display_name(self) -> None:
        for line in self:
            line.display_name = line.attribute.name

    @constrains("value_ids", "attribute_id")
    def _check_chosen_values(self) -> None:
        for line in self:
            if not line.value_ids:
                raise ValidationError(
                    _(
                        "The attribute %(name)s needs at least one value. Choose one, or remove the line.",
                        name=line.attribute.name,
                    )
                )
            foreign = line.value_ids.filtered(lambda each, line=line: each.attribute_id != line.attribute_id)
            if foreign:
                raise ValidationError(
                    _(
                        "%(value)s is not a value of the attribute %(name)s. Choose its own values.",
                        value=foreign[0].display_name,
                        name=line.attribute.name,
                    )
                )

    def is_choice(self) -> bool:
        """True when the variants differ in this attribute, so that its value belongs into their names."""
        return len(self.value_ids) > 1

    def create(self, vals_list: Any) -> Any:
        """New attributes make new variants."""
        lines = super().create(vals_list)
        lines._spread()
        return lines

    def write(self, vals: dict[str, Any]) -> Any:
        """Changed values make, archive or revive variants."""
        result = super().write(vals)
        if "value_ids" in vals or "attribute_id" in vals:
            self._spread()
        return result

    def unlink(self) -> Any:
        """Without the attribute the variants that differ only in it are archived."""
        templates = self.mapped("product_tmpl_id")
        result = super().unlink()
        templates.exists().create_variants()
        return result

    def _spread(self) -> None:
        """Give every chosen value its row on the product, then make the variants."""
        existing = (
            self.env["product.template.attribute.value"]
            .with_context(active_test=False)
            .search([("attribute_line_id", "in", self.ids)])
        )
        have = {(row.attribute_line_id, row.product_attribute_value_id): row for row in existing}
        new = []
        for line in self:
            for value in line.value_ids:
                if (line.id, value.id) not in have:
                    new.append(
                        {
                            "attribute_line_id": line.id,
                            "product_attribute_value_id": value.id,
                            "price_extra": value.default_extra_price,
                        }
                    )
            for (line_id, value_id), row in have.items():
                if line_id == line.id:
                    wanted = value_id in line.value_ids.ids
                    if row.ptav_active != wanted:
                        row.ptav_active = wanted
        if new:
            self.env["product.template.attribute.value"].create(new)
        self.mapped("product_tmpl_id").create_variants()


class TemplateAttributeValue(Model, name="product.template.attribute.value"):
    """A value of an attribute as one product offers it, with what it adds to the price."""

    model_label = _("Product attribute value")
    order = "attribute_line_id, product_attribute_value_id, id"
    unique = [("attribute_line_id", "product_attribute_value_id")]

    attribute_line_id = Many2one(
        "product.template.attribute.line", _("Product attribute"), required=True, ondelete="cascade", index=True
    )
    product_attribute_value_id = Many2one("product.attribute.value", _("Value"), required=True, ondelete="restrict", index=True)
    product_tmpl_id = Many2one(
        "product.template", _("Product"), related="attribute_line_id.product_tmpl_id", store=True, index=True
    )
    attribute_id = Many2one("product.attribute", _("Attribute"), related="attribute_line_id.attribute_id", store=True)
    name = Char(_("Name"), related="product_attribute_value_id.name")
    price_extra = Numeric(_("Extra price"), digits=(16, 6), aggregator="")
    ptav_active = Boolean(_("Active"), default=True)

    @depends("product_attribute_value_id.name")
    def _compute_display_name(self) -> None:
        for value in self:
            value.display_name = value.product_attribute_value.display_name


class AttributedTemplate(ProductTemplate):
    """The making of variants out of attributes."""

    def create_variants(self) -> None:
        """Bring the variants in line with the attributes: missing combinations are made or revived, superfluous ones archived.

        :raises TooManyVariants: above `MAX_VARIANTS` combinations of one product.
        """
        products = self.env["product.product"]
        variants = self.all_variants()
        new: list[dict[str, Any]] = []
        revive, archive = products.browse(), products.browse()
        for template in self:
            wanted = template._combinations()
            mine = {variant.combination_indices or "": variant for variant in variants if variant.product_tmpl_id == template.id}
            for key, ids in wanted.items():
                variant = mine.get(key)
                if variant is None:
                    new.append(
                        {
                            "product_tmpl_id": template.id,
                            "combination_indices": key or None,
                            "product_template_attribute_value_ids": [(6, 0, ids)],
                        }
                    )
                elif not variant.active and template.active:
                    revive |= variant
            archive |= products.browse([variant.id for key, variant in mine.items() if key not in wanted and variant.active])
        if new:
            products.create(new)
        if revive:
            revive.write({"active": True})
        if archive:
            archive.write({"active": False})

    def _combinations(self) -> dict[str, list[int]]:
        """Each combination of values that is a variant: its key and the ids of its values."""
        choices: list[list[int]] = []
        for line in self.attribute_line_ids.sorted(lambda each: (each.sequence, each.id)):
            if line.attribute.create_variant == "always":
                choices.append([value.id for value in line.product_template_value_ids if value.ptav_active])
        count = prod(len(each) for each in choices)
        if count > MAX_VARIANTS:
            raise TooManyVariants(self.name, count, MAX_VARIANTS)
        return {_key(ids): list(ids) for ids in combine(*choices)}


def _key(ids: Iterable[int]) -> str:
    return ",".join(str(each) for each in sorted(ids))
