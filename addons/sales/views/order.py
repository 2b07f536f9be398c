"""Quotations and orders as people see them."""

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

QUOTATION = [("state", "in", ["draft", "sent"])]
NO_QUOTATION = [("state", "not in", ["draft", "sent"])]
FIXED = [("state", "in", ["sale", "cancel"])]

ListView(
    "sale.order.list",
    model="sale.order",
    label=_("Sales orders"),
    fields=[
        Field("name"),
        Field("date_order"),
        Field("partner_id"),
        Field("client_order_ref", optional="hide"),
        Field("user_id"),
        Field("team_id", optional="hide"),
        Field("tag_ids", optional="hide"),
        Field("amount_untaxed", sum=_("Untaxed amount"), optional="hide"),
        Field("amount_total", sum=_("Total")),
        Field("currency_id", optional="hide"),
        Field("invoice_status", widget="badge"),
        Field("state", widget="badge"),
    ],
    decorations={"muted": [("state", "=", "cancel")], "info": [("invoice_status", "=", "to invoice")]},
    buttons=[Button("sales.action_advance_payment", _("Create invoices"))],
)

FormView(
    "sale.order.form",
    model="sale.order",
    body=[
        Header(
            Button("action_quotation_send", _("Send by e-mail"), invisible=[("state", "=", "cancel")]),
            Button("action_confirm", _("Confirm"), primary=True, invisible=NO_QUOTATION),
            Button(
                "sales.action_advance_payment",
                _("Create invoice"),
                primary=True,
                invisible=[("invoice_status", "!=", "to invoice")],
            ),
            Button("action_draft", _("Set to quotation"), invisible=[("state", "not in", ["cancel", "sent"])]),
            Button("action_lock", _("Lock"), invisible=["|", ("locked", "=", True), ("state", "!=", "sale")]),
            Button("action_unlock", _("Unlock"), invisible=[("locked", "=", False)], groups="sales.group_sale_manager"),
            Button(
                "action_cancel",
                _("Cancel"),
                invisible=["|", ("state", "=", "cancel"), ("locked", "=", True)],
                confirm=_("Cancel this order, its open deliveries and draft invoices?"),
            ),
            Button("action_view_invoice", _("Invoices"), count="invoice_count", invisible=[("invoice_count", "=", 0)]),
            Field("state", widget="statusbar"),
        ),
        Group(
            "customer",
            Field("name", readonly=True),
            Field("partner_id", readonly=FIXED),
            Field("partner_invoice_id"),
            Field("partner_shipping_id"),
            Field("client_order_ref"),
            label=_("Customer"),
        ),
        Group(
            "terms",
            Field("date_order", readonly=FIXED),
            Field("validity_date", invisible=[("state", "=", "sale")]),
            Field("pricelist_id", readonly=FIXED),
            Field("currency_id", readonly=True),
            Field("payment_term_id"),
            label=_("Terms"),
        ),
        Notebook(
            Page(
                "lines",
                _("Order lines"),
                Field(
                    "order_line",
                    readonly=[("locked", "=", True)],
                    columns=[
                        Field("sequence", widget="handle"),
                        Field("display_type", invisible=True),
                        Field("product_id"),
                        Field("name"),
                        Field("product_uom_qty"),
                        Field("qty_delivered", optional="show"),
                        Field("qty_invoiced", optional="show", readonly=True),
                        Field("product_uom_id"),
                        Field("price_unit"),
                        Field("discount", optional="show"),
                        Field("tax_ids"),
                        Field("price_subtotal", readonly=True),
                        Field("price_total", readonly=True, optional="hide"),
                    ],
                ),
                Group(
                    "totals",
                    Field("amount_untaxed", readonly=True),
                    Field("amount_tax", readonly=True),
                    Field("amount_total", readonly=True),
                    label=_("Totals"),
                ),
                Field("note", placeholder=_("Terms and conditions")),
                Button("action_update_prices", _("Update prices"), invisible=NO_QUOTATION),
            ),
            Page(
                "other",
                _("Other information"),
                Group(
                    "sales",
                    Field("user_id"),
                    Field("team_id"),
                    Field("company_id", readonly=True),
                    Field("tag_ids"),
                    label=_("Sales"),
                ),
                Group("delivery", Field("commitment_date"), label=_("Delivery")),
                Group(
                    "invoicing",
                    Field("fiscal_position_id"),
                    Field("invoice_status", readonly=True),
                    Field("reference"),
                    label=_("Invoicing"),
                ),
                Group(
                    "tracking", Field("origin"), Field("medium_id"), Field("source_id"), Field("campaign_id"), label=_("Origin")
                ),
            ),
        ),
        History(),
    ],
)

SearchView(
    "sale.order.search",
    model="sale.order",
    fields=[Field("name"), Field("partner_id"), Field("client_order_ref"), Field("user_id"), Field("tag_ids")],
    filters=[
        Filter("my", _("My orders"), [("user_id", "=", "user.id")]),
        Filter("quotations", _("Quotations"), QUOTATION),
        Filter("orders", _("Sales orders"), [("state", "=", "sale")]),
        Filter("to_invoice", _("To invoice"), [("invoice_status", "=", "to invoice")]),
        Filter("upselling", _("Upselling"), [("invoice_status", "=", "upselling")]),
        Filter("cancelled", _("Cancelled"), [("state", "=", "cancel")]),
    ],
    group_bys=[
        GroupBy("by_customer", _("Customer"), "partner_id"),
        GroupBy("by_salesperson", _("Salesperson"), "user_id"),
        GroupBy("by_state", _("Status"), "state"),
        GroupBy("by_month", _("Month"), "date_order:month"),
    ],
)

FormView(
    "sale.advance.payment.inv.form",
    model="sale.advance.payment.inv",
    body=[
        Group(
            "how",
            Field("advance_payment_method", widget="radio"),
            Field("sale_order_ids", readonly=True),
            Field("consolidated_billing", invisible=[("advance_payment_method", "!=", "delivered")]),
            Field("deduct_down_payments", invisible=[("advance_payment_method", "!=", "delivered")]),
            Field("amount", invisible=[("advance_payment_method", "!=", "percentage")]),
            Field("fixed_amount", invisible=[("advance_payment_method", "!=", "fixed")]),
        ),
        Button("create_invoices", _("Create draft invoices"), primary=True),
    ],
)

Action("sales.action_advance_payment", _("Create invoices"), model="sale.advance.payment.inv", views=("form",), target="new")
Action("sales.action_quotations", _("Quotations"), model="sale.order", views=("list", "form"), domain=QUOTATION)
Action("sales.action_orders", _("Sales orders"), model="sale.order", views=("list", "form"), domain=[("state", "=", "sale")])
Action(
    "sales.action_to_invoice",
    _("Orders to invoice"),
    model="sale.order",
    views=("list", "form"),
    domain=[("invoice_status", "=", "to invoice")],
)

Menu("sales.menu_root", _("Sales"), sequence=20, groups="sales.group_sale_salesman")
Menu("sales.menu_documents", _("Orders"), parent="sales.menu_root", sequence=10)
Menu("sales.menu_quotations", _("Quotations"), parent="sales.menu_documents", action="sales.action_quotations", sequence=10)
Menu("sales.menu_orders", _("Sales orders"), parent="sales.menu_documents", action="sales.action_orders", sequence=20)
Menu("sales.menu_invoicing", _("To invoice"), parent="sales.menu_root", sequence=20)
Menu(
    "sales.menu_to_invoice", _("Orders to invoice"), parent="sales.menu_invoicing", action="sales.action_to_invoice", sequence=10
)
