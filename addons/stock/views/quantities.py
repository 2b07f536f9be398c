"""What is where, lots, and what it is worth."""

from __future__ import annotations

from server import _
from server.views import (
    Action,
    Button,
    Field,
    Filter,
    FormView,
    Group,
    GroupBy,
    Header,
    History,
    ListView,
    Menu,
    SearchView,
    extend,
)

ListView(
    "stock.quant.list",
    model="stock.quant",
    label=_("Quantities"),
    fields=[
        Field("location_id"),
        Field("product_id"),
        Field("lot_id", optional="show"),
        Field("package_id", optional="hide"),
        Field("owner_id", optional="hide"),
        Field("quantity", sum=_("On hand")),
        Field("reserved_quantity", sum=_("Reserved"), optional="show"),
        Field("available_quantity"),
        Field("inventory_quantity"),
        Field("inventory_diff_quantity"),
        Field("inventory_date", optional="hide"),
        Field("user_id", optional="hide"),
    ],
    decorations={"danger": [("quantity", "<", 0)], "info": [("inventory_quantity_set", "=", True)]},
    buttons=[
        Button("action_apply_inventory", _("Apply count"), groups="stock.group_stock_user"),
        Button("action_set_inventory_quantity_to_zero", _("Forget count")),
    ],
)

FormView(
    "stock.quant.form",
    model="stock.quant",
    body=[
        Header(
            Button("action_apply_inventory", _("Apply count"), primary=True, invisible=[("inventory_quantity_set", "=", False)])
        ),
        Group(
            "place",
            Field("product_id", readonly=True),
            Field("location_id", readonly=True),
            Field("lot_id", readonly=True),
            Field("package_id", readonly=True),
            Field("owner_id", readonly=True),
            label=_("Place"),
        ),
        Group(
            "quantities",
            Field("quantity", readonly=True),
            Field("reserved_quantity", readonly=True),
            Field("inventory_quantity"),
            Field("inventory_diff_quantity", readonly=True),
            Field("inventory_date"),
            Field("in_date", readonly=True),
            label=_("Quantities"),
        ),
    ],
)

SearchView(
    "stock.quant.search",
    model="stock.quant",
    fields=[Field("product_id"), Field("location_id"), Field("lot_id")],
    filters=[
        Filter("here", _("On hand"), [("quantity", "!=", 0)], default=True),
        Filter("negative", _("Below zero"), [("quantity", "<", 0)]),
        Filter("counted", _("Counted"), [("inventory_quantity_set", "=", True)]),
        Filter("reserved", _("Reserved"), [("reserved_quantity", ">", 0)]),
    ],
    group_bys=[GroupBy("product_id", _("Product")), GroupBy("location_id", _("Location"))],
)

ListView(
    "stock.lot.list",
    model="stock.lot",
    label=_("Lots and serial numbers"),
    fields=[Field("name"), Field("ref"), Field("product_id"), Field("expiration_date"), Field("product_qty")],
)

FormView(
    "stock.lot.form",
    model="stock.lot",
    body=[
        Group(
            "lot",
            Field("name"),
            Field("product_id"),
            Field("ref"),
            Field("expiration_date"),
            Field("product_qty", readonly=True),
            label=_("Lot or serial number"),
        ),
        Field("quant_ids", readonly=True, columns=[Field("location_id"), Field("quantity"), Field("reserved_quantity")]),
        Field("note"),
        History(),
    ],
)

ListView(
    "stock.valuation.balance.list",
    model="stock.valuation.balance",
    label=_("Inventory value"),
    fields=[
        Field("product_id"),
        Field("categ_id"),
        Field("quantity"),
        Field("unit_cost"),
        Field("value", sum=_("Value")),
        Field("cost_method", optional="hide"),
    ],
)

ListView(
    "stock.valuation.layer.list",
    model="stock.valuation.layer",
    label=_("Permanent inventory record"),
    fields=[
        Field("create_date"),
        Field("product_id"),
        Field("description"),
        Field("quantity"),
        Field("unit_cost"),
        Field("value", sum=_("Value")),
        Field("balance_quantity"),
        Field("balance_value"),
        Field("stock_move_id", optional="hide"),
    ],
)

SearchView(
    "stock.valuation.layer.search",
    model="stock.valuation.layer",
    fields=[Field("product_id"), Field("description")],
    filters=[Filter("in", _("Incoming"), [("quantity", ">", 0)]), Filter("out", _("Outgoing"), [("quantity", "<", 0)])],
    group_bys=[
        GroupBy("product_id", _("Product")),
        GroupBy("categ_id", _("Category")),
        GroupBy("month", _("Month"), "create_date:month"),
    ],
)

Action("stock.action_quants", _("Quantities"), model="stock.quant", views=("list", "form"))
Action("stock.action_lots", _("Lots and serial numbers"), model="stock.lot", views=("list", "form"))
Action("stock.action_value", _("Inventory value"), model="stock.valuation.balance", views=("list",))
Action("stock.action_kardex", _("Permanent inventory record"), model="stock.valuation.layer", views=("list",))

Menu("stock.menu_stock", _("Stock"), parent="stock.menu_root", sequence=20)
Menu("stock.menu_quants", _("Quantities"), parent="stock.menu_stock", action="stock.action_quants", sequence=10)
Menu("stock.menu_lots", _("Lots and serial numbers"), parent="stock.menu_stock", action="stock.action_lots", sequence=20)
Menu("stock.menu_reporting", _("Reports"), parent="stock.menu_root", sequence=30)
Menu("stock.menu_moves", _("Stock moves"), parent="stock.menu_reporting", action="stock.action_moves", sequence=10)
Menu("stock.menu_value", _("Inventory value"), parent="stock.menu_reporting", action="stock.action_value", sequence=20)
Menu(
    "stock.menu_kardex", _("Permanent inventory record"), parent="stock.menu_reporting", action="stock.action_kardex", sequence=30
)

extend("product.template.form").inside(
    "body",
    Group(
        "stock",
        Field("is_storable"),
        Field("tracking", invisible=[("is_storable", "=", False)]),
        Field("qty_available", readonly=True),
        Field("virtual_available", readonly=True),
        label=_("Inventory"),
    ),
)
extend("product.template.list").inside("fields", Field("qty_available", optional="show"))
extend("product.product.list").inside("fields", Field("qty_available", optional="show"), Field("free_qty", optional="hide"))
