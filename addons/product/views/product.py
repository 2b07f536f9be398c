"""Products, variants and what hangs on them."""

from __future__ import annotations

from server import _
from server.views import Action, Field, Filter, FormView, Group, GroupBy, History, ListView, Menu, Notebook, Page, SearchView

ListView(
    "product.template.list",
    model="product.template",
    label=_("Products"),
    fields=[
        Field("default_code"),
        Field("name"),
        Field("categ_id", optional="show"),
        Field("list_price"),
        Field("standard_price", optional="show"),
        Field("uom_id"),
        Field("barcode", optional="hide"),
        Field("company_id", optional="hide", groups="base.group_multi_company"),
    ],
    decorations={"muted": [("active", "=", False)]},
)
FormView(
    "product.template.form",
    model="product.template",
    body=[
        Group("head", Field("name"), Field("sale_ok"), Field("purchase_ok"), Field("active")),
        Notebook(
            "book",
            Page(
                "general",
                _("General"),
                Group(
                    "kind",
                    Field("type"),
                    Field("categ_id"),
                    Field("uom_id"),
                    Field("company_id", groups="base.group_multi_company"),
                ),
                Group("codes", Field("default_code"), Field("barcode")),
                Group("price", Field("list_price"), Field("standard_price"), Field("currency_id")),
            ),
            Page(
                "attributes",
                _("Attributes and variants"),
                Field("attribute_line_ids", columns=[Field("attribute_id"), Field("value_ids")]),
            ),
            Page("sales", _("Sales"), Field("description_sale")),
            Page(
                "purchase",
                _("Purchases"),
                Field(
                    "seller_ids",
                    columns=[
                        Field("partner_id"),
                        Field("product_code"),
                        Field("min_qty"),
                        Field("product_uom_id"),
                        Field("price"),
                        Field("currency_id"),
                        Field("delay"),
                        Field("date_start"),
                        Field("date_end"),
                    ],
                ),
                Field("description_purchase"),
            ),
            Page("logistics", _("Logistics"), Group("size", Field("weight"), Field("volume"))),
            Page("notes", _("Notes"), Field("description", nolabel=True)),
        ),
        History(),
    ],
)
SearchView(
    "product.template.search",
    model="product.template",
    fields=[Field("name"), Field("default_code"), Field("barcode"), Field("categ_id")],
    filters=[
        Filter("goods", _("Goods"), [("type", "=", "consu")]),
        Filter("services", _("Services"), [("type", "=", "service")]),
        Filter("sold", _("Can be sold"), [("sale_ok", "=", True)]),
        Filter("purchased", _("Can be purchased"), [("purchase_ok", "=", True)]),
        Filter("archived", _("Archived"), [("active", "=", False)]),
    ],
    group_bys=[GroupBy("categ_id", _("Category")), GroupBy("type", _("Product type")), GroupBy("uom_id", _("Unit of measure"))],
)

ListView(
    "product.product.list",
    model="product.product",
    label=_("Product variants"),
    fields=[
        Field("default_code"),
        Field("display_name"),
        Field("barcode"),
        Field("lst_price"),
        Field("standard_price"),
        Field("uom_id"),
    ],
    decorations={"muted": [("active", "=", False)]},
)
FormView(
    "product.product.form",
    model="product.product",
    body=[
        Group("head", Field("product_tmpl_id"), Field("product_template_attribute_value_ids", readonly=True), Field("active")),
        Group("codes", Field("default_code"), Field("barcode")),
        Group("price", Field("lst_price"), Field("standard_price")),
        Notebook(
            "book",
            Page("packagings", _("Packagings"), Field("packaging_ids", columns=[Field("name"), Field("qty"), Field("barcode")])),
        ),
        History(),
    ],
)
SearchView(
    "product.product.search",
    model="product.product",
    fields=[Field("name"), Field("default_code"), Field("barcode"), Field("categ_id")],
    filters=[
        Filter("sold", _("Can be sold"), [("sale_ok", "=", True)]),
        Filter("archived", _("Archived"), [("active", "=", False)]),
    ],
    group_bys=[GroupBy("product_tmpl_id", _("Product"))],
)

ListView(
    "product.packaging.list",
    model="product.packaging",
    label=_("Packagings"),
    fields=[Field("product_id"), Field("name"), Field("qty"), Field("barcode")],
)
FormView(
    "product.packaging.form",
    model="product.packaging",
    body=[Group("main", Field("product_id"), Field("name"), Field("qty"), Field("barcode"))],
)

ListView(
    "product.supplierinfo.list",
    model="product.supplierinfo",
    label=_("Supplier prices"),
    fields=[
        Field("product_tmpl_id"),
        Field("partner_id"),
        Field("product_code"),
        Field("min_qty"),
        Field("price"),
        Field("currency_id"),
        Field("delay"),
    ],
)
FormView(
    "product.supplierinfo.form",
    model="product.supplierinfo",
    body=[
        Group("supplier", Field("partner_id"), Field("product_name"), Field("product_code"), Field("delay")),
        Group("product", Field("product_tmpl_id"), Field("product_id"), Field("min_qty"), Field("product_uom_id")),
        Group("terms", Field("price"), Field("currency_id"), Field("discount"), Field("date_start"), Field("date_end")),
    ],
)

SearchView("product.packaging.search", model="product.packaging", fields=[Field("name"), Field("barcode"), Field("product_id")])
SearchView(
    "product.supplierinfo.search",
    model="product.supplierinfo",
    fields=[Field("partner_id"), Field("product_tmpl_id"), Field("product_code"), Field("product_name")],
    group_bys=[GroupBy("partner_id", _("Supplier")), GroupBy("product_tmpl_id", _("Product"))],
)

Action("product.action_product_template", _("Products"), model="product.template", views=("list", "form"))
Action("product.action_product_product", _("Product variants"), model="product.product", views=("list", "form"))
Action("product.action_packaging", _("Packagings"), model="product.packaging", views=("list", "form"))
Action("product.action_supplierinfo", _("Supplier prices"), model="product.supplierinfo", views=("list", "form"))
Menu("product.menu_root", _("Products"), sequence=15)
Menu("product.menu_template", _("Products"), parent="product.menu_root", action="product.action_product_template", sequence=10)
Menu(
    "product.menu_product",
    _("Product variants"),
    parent="product.menu_root",
    action="product.action_product_product",
    sequence=20,
)
Menu(
    "product.menu_supplierinfo",
    _("Supplier prices"),
    parent="product.menu_root",
    action="product.action_supplierinfo",
    sequence=40,
)
Menu("product.menu_configuration", _("Configuration"), parent="product.menu_root", sequence=90)
Menu(
    "product.menu_packaging", _("Packagings"), parent="product.menu_configuration", action="product.action_packaging", sequence=40
)
