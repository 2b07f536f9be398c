"""Categories, units, attributes and price lists."""

from __future__ import annotations

from server import _
from server.views import Action, Field, Filter, FormView, Group, GroupBy, History, ListView, Menu, Notebook, Page, SearchView

ListView("product.category.list", model="product.category", label=_("Product categories"), fields=[Field("complete_name")])
FormView("product.category.form", model="product.category", body=[Group("main", Field("name"), Field("parent_id"))])
SearchView("product.category.search", model="product.category", fields=[Field("complete_name")])

ListView(
    "uom.uom.list",
    model="uom.uom",
    label=_("Units of measure"),
    fields=[
        Field("name"),
        Field("relative_factor"),
        Field("relative_uom_id"),
        Field("rounding"),
        Field("active", optional="hide"),
    ],
)
FormView(
    "uom.uom.form",
    model="uom.uom",
    body=[
        Group("main", Field("name"), Field("relative_factor"), Field("relative_uom_id"), Field("rounding"), Field("active")),
        Group("root", Field("category_id", readonly=True), Field("factor_inv", readonly=True), label=_("In root units")),
    ],
)
SearchView(
    "uom.uom.search",
    model="uom.uom",
    fields=[Field("name")],
    filters=[Filter("archived", _("Archived"), [("active", "=", False)])],
)

ListView(
    "product.attribute.list",
    model="product.attribute",
    label=_("Attributes"),
    fields=[Field("name"), Field("create_variant"), Field("value_ids")],
)
FormView(
    "product.attribute.form",
    model="product.attribute",
    body=[
        Group("main", Field("name"), Field("create_variant")),
        Notebook(
            "book",
            Page(
                "values",
                _("Values"),
                Field("value_ids", columns=[Field("name"), Field("default_extra_price"), Field("html_color")]),
            ),
        ),
    ],
)

ListView(
    "product.pricelist.list",
    model="product.pricelist",
    label=_("Price lists"),
    fields=[Field("name"), Field("currency_id"), Field("company_id", groups="base.group_multi_company")],
)
FormView(
    "product.pricelist.form",
    model="product.pricelist",
    body=[
        Group(
            "main", Field("name"), Field("currency_id"), Field("company_id", groups="base.group_multi_company"), Field("active")
        ),
        Notebook(
            "book",
            Page(
                "rules",
                _("Rules"),
                Field(
                    "item_ids",
                    columns=[
                        Field("display_name"),
                        Field("min_quantity"),
                        Field("compute_price"),
                        Field("fixed_price"),
                        Field("percent_price"),
                        Field("date_start"),
                        Field("date_end"),
                    ],
                ),
            ),
        ),
        History(),
    ],
)
ListView(
    "product.pricelist.item.list",
    model="product.pricelist.item",
    label=_("Price rules"),
    fields=[
        Field("pricelist_id"),
        Field("display_name"),
        Field("min_quantity"),
        Field("compute_price"),
        Field("date_start"),
        Field("date_end"),
    ],
)
FormView(
    "product.pricelist.item.form",
    model="product.pricelist.item",
    body=[
        Group(
            "target",
            Field("pricelist_id"),
            Field("applied_on"),
            Field("categ_id", invisible=[("applied_on", "!=", "2_product_category")]),
            Field("product_tmpl_id", invisible=[("applied_on", "!=", "1_product")]),
            Field("product_id", invisible=[("applied_on", "!=", "0_product_variant")]),
            Field("min_quantity"),
            Field("date_start"),
            Field("date_end"),
        ),
        Group(
            "price",
            Field("compute_price"),
            Field("base", invisible=[("compute_price", "=", "fixed")]),
            Field("base_pricelist_id", invisible=[("base", "!=", "pricelist")]),
            Field("fixed_price", invisible=[("compute_price", "!=", "fixed")]),
            Field("percent_price", invisible=[("compute_price", "!=", "percentage")]),
            Field("price_discount", invisible=[("compute_price", "!=", "formula")]),
            Field("price_round", invisible=[("compute_price", "!=", "formula")]),
            Field("price_surcharge", invisible=[("compute_price", "!=", "formula")]),
            Field("price_min_margin", invisible=[("compute_price", "!=", "formula")]),
            Field("price_max_margin", invisible=[("compute_price", "!=", "formula")]),
            label=_("Price"),
        ),
    ],
)

SearchView("product.attribute.search", model="product.attribute", fields=[Field("name")])
SearchView(
    "product.pricelist.search",
    model="product.pricelist",
    fields=[Field("name"), Field("currency_id")],
    filters=[Filter("archived", _("Archived"), [("active", "=", False)])],
)
SearchView(
    "product.pricelist.item.search",
    model="product.pricelist.item",
    fields=[Field("pricelist_id"), Field("product_tmpl_id"), Field("product_id"), Field("categ_id")],
    group_bys=[GroupBy("pricelist_id", _("Price list")), GroupBy("applied_on", _("Applies to"))],
)

Action("product.action_category", _("Product categories"), model="product.category", views=("list", "form"))
Action("product.action_uom", _("Units of measure"), model="uom.uom", views=("list", "form"))
Action("product.action_attribute", _("Attributes"), model="product.attribute", views=("list", "form"))
Action("product.action_pricelist", _("Price lists"), model="product.pricelist", views=("list", "form"))
Action("product.action_pricelist_item", _("Price rules"), model="product.pricelist.item", views=("list", "form"))
Menu("product.menu_pricelist", _("Price lists"), parent="product.menu_root", action="product.action_pricelist", sequence=30)
Menu(
    "product.menu_category",
    _("Product categories"),
    parent="product.menu_configuration",
    action="product.action_category",
    sequence=10,
)
Menu("product.menu_uom", _("Units of measure"), parent="product.menu_configuration", action="product.action_uom", sequence=20)
Menu(
    "product.menu_attribute", _("Attributes"), parent="product.menu_configuration", action="product.action_attribute", sequence=30
)
Menu(
    "product.menu_pricelist_item",
    _("Price rules"),
    parent="product.menu_configuration",
    action="product.action_pricelist_item",
    sequence=50,
)
