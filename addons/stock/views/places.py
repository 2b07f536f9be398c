"""Warehouses, locations, operation types, packages and carriers."""

from __future__ import annotations

from server import _
from server.views import Action, Field, Filter, FormView, Group, GroupBy, History, ListView, Menu, SearchView, extend

ListView(
    "stock.warehouse.list",
    model="stock.warehouse",
    label=_("Warehouses"),
    fields=[
        Field("sequence", widget="handle"),
        Field("name"),
        Field("code"),
        Field("lot_stock_id"),
        Field("company_id", optional="show"),
    ],
)

FormView(
    "stock.warehouse.form",
    model="stock.warehouse",
    body=[
        Group("warehouse", Field("name"), Field("code"), Field("partner_id"), Field("company_id"), label=_("Warehouse")),
        Group(
            "policy",
            Field("reception_steps"),
            Field("delivery_steps"),
            Field("allow_negative_stock"),
            Field("active"),
            label=_("Policy"),
        ),
        Group(
            "technical",
            Field("view_location_id", readonly=True),
            Field("lot_stock_id", readonly=True),
            Field("in_type_id", readonly=True),
            Field("out_type_id", readonly=True),
            Field("int_type_id", readonly=True),
            label=_("Places and operation types"),
        ),
        History(),
    ],
)

ListView(
    "stock.location.list",
    model="stock.location",
    label=_("Locations"),
    fields=[Field("complete_name"), Field("usage"), Field("barcode", optional="hide"), Field("company_id", optional="hide")],
)

FormView(
    "stock.location.form",
    model="stock.location",
    body=[
        Group(
            "location",
            Field("name"),
            Field("location_id"),
            Field("usage"),
            Field("barcode"),
            Field("company_id"),
            label=_("Location"),
        ),
        Group(
            "policy",
            Field("removal_strategy"),
            Field("scrap_location"),
            Field("allow_negative_stock", readonly=True),
            Field("active"),
            label=_("Policy"),
        ),
        Group("walk", Field("posx"), Field("posy"), Field("posz"), label=_("Place in the walk")),
    ],
)

SearchView(
    "stock.location.search",
    model="stock.location",
    fields=[Field("complete_name"), Field("barcode")],
    filters=[Filter("internal", _("Internal"), [("usage", "=", "internal")])],
    group_bys=[GroupBy("usage", _("Kind")), GroupBy("warehouse_id", _("Warehouse"))],
)

ListView(
    "stock.picking.type.list",
    model="stock.picking.type",
    label=_("Operation types"),
    fields=[Field("sequence", widget="handle"), Field("name"), Field("code"), Field("warehouse_id"), Field("sequence_code")],
)

FormView(
    "stock.picking.type.form",
    model="stock.picking.type",
    body=[
        Group(
            "kind",
            Field("name"),
            Field("code"),
            Field("sequence_code"),
            Field("warehouse_id"),
            Field("company_id"),
            label=_("Operation type"),
        ),
        Group(
            "places",
            Field("default_location_src_id"),
            Field("default_location_dest_id"),
            Field("return_picking_type_id"),
            label=_("Places"),
        ),
        Group(
            "policy",
            Field("reservation_method"),
            Field("create_backorder"),
            Field("use_create_lots"),
            Field("barcode"),
            Field("active"),
            label=_("Policy"),
        ),
    ],
)

ListView(
    "stock.package.list", model="stock.package", label=_("Packages"), fields=[Field("name"), Field("company_id", optional="hide")]
)
ListView("delivery.carrier.list", model="delivery.carrier", label=_("Carriers"), fields=[Field("name"), Field("tracking_url")])

Action("stock.action_warehouses", _("Warehouses"), model="stock.warehouse", views=("list", "form"))
Action("stock.action_locations", _("Locations"), model="stock.location", views=("list", "form"))
Action("stock.action_picking_types", _("Operation types"), model="stock.picking.type", views=("list", "form"))
Action("stock.action_packages", _("Packages"), model="stock.package", views=("list", "form"))
Action("stock.action_carriers", _("Carriers"), model="delivery.carrier", views=("list", "form"))

Menu("stock.menu_config", _("Settings"), parent="stock.menu_root", sequence=90)
Menu("stock.menu_warehouses", _("Warehouses"), parent="stock.menu_config", action="stock.action_warehouses", sequence=10)
Menu("stock.menu_locations", _("Locations"), parent="stock.menu_config", action="stock.action_locations", sequence=20)
Menu(
    "stock.menu_picking_types", _("Operation types"), parent="stock.menu_config", action="stock.action_picking_types", sequence=30
)
Menu("stock.menu_packages", _("Packages"), parent="stock.menu_config", action="stock.action_packages", sequence=40)
Menu("stock.menu_carriers", _("Carriers"), parent="stock.menu_config", action="stock.action_carriers", sequence=50)

extend("product.category.form").inside("body", Group("costing", Field("property_cost_method"), label=_("Inventory value")))
