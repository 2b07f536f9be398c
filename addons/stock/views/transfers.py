"""Transfers, moves, returns and backorders as people see them."""

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
    Notebook,
    Page,
    SearchView,
)

CLOSED = [("state", "in", ["done", "cancel"])]
NO_DRAFT = [("state", "!=", "draft")]

ListView(
    "stock.picking.list",
    model="stock.picking",
    label=_("Transfers"),
    fields=[
        Field("priority", widget="priority"),
        Field("name"),
        Field("partner_id"),
        Field("location_id", optional="hide"),
        Field("location_dest_id", optional="hide"),
        Field("scheduled_date"),
        Field("date_done", optional="hide"),
        Field("origin"),
        Field("backorder_id", optional="hide"),
        Field("user_id", optional="hide"),
        Field("state", widget="badge"),
    ],
    decorations={"muted": [("state", "=", "cancel")], "success": [("state", "=", "assigned")]},
    buttons=[Button("action_assign", _("Check availability")), Button("button_validate", _("Validate"))],
)

FormView(
    "stock.picking.form",
    model="stock.picking",
    body=[
        Header(
            Button("action_confirm", _("Mark as to do"), primary=True, invisible=NO_DRAFT),
            Button(
                "button_validate",
                _("Validate"),
                primary=True,
                invisible=[("state", "in", ["done", "cancel"])],
                groups="stock.group_stock_user",
            ),
            Button(
                "action_assign", _("Check availability"), invisible=[("state", "not in", ["confirmed", "assigned", "waiting"])]
            ),
            Button("do_unreserve", _("Unreserve"), invisible=[("state", "!=", "assigned")]),
            Button("stock.action_return_picking", _("Return"), invisible=[("state", "!=", "done")]),
            Button("action_cancel", _("Cancel"), invisible=CLOSED, confirm=_("Cancel this transfer and free what it reserved?")),
            Field("state", widget="statusbar"),
        ),
        Group(
            "transfer",
            Field("name", readonly=True),
            Field("partner_id", readonly=CLOSED),
            Field("picking_type_id", readonly=NO_DRAFT),
            Field("location_id", readonly=NO_DRAFT),
            Field("location_dest_id", readonly=NO_DRAFT),
            label=_("Transfer"),
        ),
        Group(
            "dates",
            Field("scheduled_date", readonly=CLOSED),
            Field("date_deadline", readonly=True),
            Field("date_done", readonly=True),
            Field("products_availability", readonly=True),
            Field("origin"),
            label=_("Planning"),
        ),
        Notebook(
            Page(
                "moves",
                _("Products"),
                Field(
                    "move_ids",
                    readonly=CLOSED,
                    columns=[
                        Field("product_id"),
                        Field("description_picking", optional="hide"),
                        Field("product_uom_qty"),
                        Field("quantity"),
                        Field("product_uom"),
                        Field("picked"),
                        Field("state", optional="show"),
                    ],
                ),
            ),
            Page(
                "details",
                _("Detailed moves"),
                Field(
                    "move_line_ids",
                    readonly=CLOSED,
                    columns=[
                        Field("product_id"),
                        Field("location_id"),
                        Field("location_dest_id"),
                        Field("lot_id"),
                        Field("lot_name", optional="hide"),
                        Field("package_id", optional="hide"),
                        Field("result_package_id", optional="hide"),
                        Field("owner_id", optional="hide"),
                        Field("quantity"),
                        Field("product_uom_id"),
                        Field("picked"),
                    ],
                ),
            ),
            Page(
                "other",
                _("Other information"),
                Group(
                    "policy",
                    Field("move_type", readonly=CLOSED),
                    Field("priority"),
                    Field("user_id"),
                    Field("group_id", readonly=True),
                    Field("owner_id", readonly=NO_DRAFT),
                    Field("company_id", readonly=True),
                    label=_("Policy"),
                ),
                Group("carrier", Field("carrier_id"), Field("carrier_tracking_ref"), label=_("Carrier")),
                Group(
                    "related",
                    Field("backorder_id", readonly=True),
                    Field("backorder_ids", readonly=True),
                    Field("return_id", readonly=True),
                    Field("return_ids", readonly=True),
                    label=_("Related transfers"),
                ),
                Field("note", placeholder=_("Notes for the warehouse")),
            ),
        ),
        History(),
    ],
)

SearchView(
    "stock.picking.search",
    model="stock.picking",
    fields=[Field("name"), Field("origin"), Field("partner_id"), Field("picking_type_id")],
    filters=[
        Filter("ready", _("Ready"), [("state", "=", "assigned")]),
        Filter("waiting", _("Waiting"), [("state", "in", ["confirmed", "waiting"])]),
        Filter("draft", _("Draft"), [("state", "=", "draft")]),
        Filter("done", _("Done"), [("state", "=", "done")]),
        Filter("backorders", _("Backorders"), [("backorder_id", "!=", False)]),
        Filter("mine", _("My transfers"), [("user_id", "=", "user.id")]),
    ],
    group_bys=[
        GroupBy("state", _("Status")),
        GroupBy("picking_type_id", _("Operation type")),
        GroupBy("partner_id", _("Contact")),
        GroupBy("day", _("Planned day"), "scheduled_date:day"),
    ],
)

ListView(
    "stock.move.list",
    model="stock.move",
    label=_("Stock moves"),
    fields=[
        Field("date"),
        Field("reference"),
        Field("product_id"),
        Field("location_id"),
        Field("location_dest_id"),
        Field("product_uom_qty"),
        Field("quantity", sum=_("Quantity")),
        Field("product_uom"),
        Field("origin", optional="hide"),
        Field("state", widget="badge"),
    ],
)

FormView(
    "stock.move.form",
    model="stock.move",
    body=[
        Header(Field("state", widget="statusbar")),
        Group(
            "move",
            Field("product_id", readonly=True),
            Field("product_uom_qty", readonly=True),
            Field("quantity", readonly=True),
            Field("product_uom", readonly=True),
            Field("location_id", readonly=True),
            Field("location_dest_id", readonly=True),
            label=_("Move"),
        ),
        Group(
            "source",
            Field("picking_id", readonly=True),
            Field("reference", readonly=True),
            Field("origin", readonly=True),
            Field("date", readonly=True),
            Field("origin_returned_move_id", readonly=True),
            label=_("Origin"),
        ),
        Field(
            "move_line_ids",
            readonly=True,
            columns=[Field("lot_id"), Field("location_id"), Field("location_dest_id"), Field("quantity")],
        ),
    ],
)

SearchView(
    "stock.move.search",
    model="stock.move",
    fields=[Field("product_id"), Field("reference"), Field("origin"), Field("location_id")],
    filters=[
        Filter("done", _("Done"), [("state", "=", "done")]),
        Filter("todo", _("To do"), [("state", "not in", ["done", "cancel"])]),
        Filter("counts", _("From counts"), [("is_inventory", "=", True)]),
    ],
    group_bys=[GroupBy("product_id", _("Product")), GroupBy("month", _("Month"), "date:month"), GroupBy("state", _("Status"))],
)

FormView(
    "stock.backorder.confirmation.form",
    model="stock.backorder.confirmation",
    body=[
        Field("pick_ids", readonly=True),
        Header(
            Button("process", _("Create backorder"), primary=True),
            Button("process_cancel_backorder", _("No backorder")),
        ),
    ],
)

FormView(
    "stock.return.picking.form",
    model="stock.return.picking",
    body=[
        Header(Button("action_create_returns", _("Return"), primary=True)),
        Field("picking_id", readonly=True),
        Field(
            "product_return_moves",
            columns=[Field("product_id", readonly=True), Field("quantity"), Field("uom_id", readonly=True)],
        ),
    ],
)

Action(
    "stock.action_deliveries",
    _("Deliveries"),
    model="stock.picking",
    views=("list", "form"),
    domain=[("picking_type_id.code", "=", "outgoing")],
)
Action(
    "stock.action_receipts",
    _("Receipts"),
    model="stock.picking",
    views=("list", "form"),
    domain=[("picking_type_id.code", "=", "incoming")],
)
Action(
    "stock.action_internal",
    _("Internal transfers"),
    model="stock.picking",
    views=("list", "form"),
    domain=[("picking_type_id.code", "=", "internal")],
)
Action("stock.action_moves", _("Stock moves"), model="stock.move", views=("list", "form"), domain=[("state", "=", "done")])
Action("stock.action_return_picking", _("Return"), model="stock.return.picking", views=("form",))

Menu("stock.menu_root", _("Inventory"), sequence=40)
Menu("stock.menu_operations", _("Transfers"), parent="stock.menu_root", sequence=10)
Menu("stock.menu_deliveries", _("Deliveries"), parent="stock.menu_operations", action="stock.action_deliveries", sequence=10)
Menu("stock.menu_receipts", _("Receipts"), parent="stock.menu_operations", action="stock.action_receipts", sequence=20)
Menu("stock.menu_internal", _("Internal transfers"), parent="stock.menu_operations", action="stock.action_internal", sequence=30)
