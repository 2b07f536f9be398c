"""Payments, and the two wizards that start on an invoice."""

from __future__ import annotations

from server import _
from server.views import Action, Button, Field, Filter, FormView, Group, GroupBy, Header, History, ListView, Menu, SearchView

FIXED = [("state", "!=", "draft")]

ListView(
    "account.payment.list",
    model="account.payment",
    label=_("Payments"),
    fields=[
        Field("date"),
        Field("name"),
        Field("payment_type", optional="hide"),
        Field("journal_id"),
        Field("partner_id"),
        Field("memo", optional="show"),
        Field("amount", sum=_("Amount")),
        Field("currency_id", optional="hide"),
        Field("state", widget="badge"),
    ],
    decorations={"muted": [("state", "in", ["canceled", "rejected"])], "info": [("state", "=", "draft")]},
)
FormView(
    "account.payment.form",
    model="account.payment",
    body=[
        Header(
            Button("action_post", _("Confirm"), primary=True, invisible=FIXED),
            Button("action_validate", _("Mark as received"), invisible=[("state", "!=", "in_process")]),
            Button("action_draft", _("Reset to draft"), invisible=[("state", "=", "draft")]),
            Button(
                "action_cancel", _("Cancel payment"), invisible=[("state", "=", "canceled")], confirm=_("Cancel this payment?")
            ),
            Field("state", widget="statusbar"),
        ),
        Group(
            "payment",
            Field("name", readonly=True),
            Field("payment_type", readonly=FIXED),
            Field("partner_type", readonly=FIXED),
            Field("partner_id", readonly=FIXED),
            Field("amount", readonly=FIXED),
            Field("currency_id", readonly=FIXED),
        ),
        Group(
            "booking",
            Field("date", readonly=FIXED),
            Field("journal_id", readonly=FIXED),
            Field("payment_method_line_id"),
            Field("memo"),
            Field("move_id", readonly=True),
            Field("reconciled_invoice_ids", widget="tags"),
        ),
        History(),
    ],
)
SearchView(
    "account.payment.search",
    model="account.payment",
    fields=[Field("name"), Field("partner_id"), Field("memo"), Field("journal_id")],
    filters=[
        Filter("inbound", _("Received"), [("payment_type", "=", "inbound")]),
        Filter("outbound", _("Sent"), [("payment_type", "=", "outbound")]),
        Filter("draft", _("Draft"), [("state", "=", "draft")]),
    ],
    group_bys=[
        GroupBy("partner_id", _("Partner")),
        GroupBy("journal_id", _("Journal")),
        GroupBy("month", _("Month"), "date:month"),
    ],
)
FormView(
    "account.payment.register.form",
    model="account.payment.register",
    body=[
        Header(Button("action_create_payments", _("Create payment"), primary=True)),
        Group(
            "payment",
            Field("journal_id"),
            Field("payment_method_line_id"),
            Field("amount"),
            Field("currency_id"),
            Field("group_payment"),
        ),
        Group("booking", Field("payment_date"), Field("communication")),
        Group(
            "difference",
            Field("payment_difference", readonly=True),
            Field("payment_difference_handling", widget="radio"),
            Field("writeoff_account_id", invisible=[("payment_difference_handling", "!=", "reconcile")]),
            label=_("Difference"),
        ),
    ],
)
FormView(
    "account.move.reversal.form",
    model="account.move.reversal",
    body=[
        Header(Button("refund_moves", _("Reverse"), primary=True), Button("modify_moves", _("Reverse and create invoice"))),
        Group("reversal", Field("reason"), Field("date"), Field("journal_id"), Field("move_ids", widget="tags", readonly=True)),
    ],
)

for _name, _label, _side, _sequence in (
    ("customer", _("Customer payments"), "customer", 30),
    ("supplier", _("Supplier payments"), "supplier", 60),
):
    Action(
        f"account.action_payments_{_name}",
        _label,
        model="account.payment",
        views=("list", "form"),
        domain=[("partner_type", "=", _side)],
        context={"default_partner_type": _side, "default_payment_type": "inbound" if _side == "customer" else "outbound"},
    )
    Menu(
        f"account.menu_payments_{_name}",
        _label,
        parent="account.menu_root",
        action=f"account.action_payments_{_name}",
        sequence=_sequence,
    )
