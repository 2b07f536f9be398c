"""Invoices, bills and journal entries as people see them."""

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

DRAFT = [("state", "=", "draft")]
FIXED = [("state", "!=", "draft")]
ENTRY = [("move_type", "=", "entry")]
NO_ENTRY = [("move_type", "!=", "entry")]
INVOICING = "account.group_account_invoice"

ListView(
    "account.move.list",
    model="account.move",
    label=_("Journal entries"),
    fields=[
        Field("name"),
        Field("date"),
        Field("invoice_date", optional="show"),
        Field("partner_id"),
        Field("ref", optional="show"),
        Field("invoice_date_due", optional="show"),
        Field("journal_id", optional="hide"),
        Field("invoice_origin", optional="hide"),
        Field("amount_untaxed_signed", sum=_("Untaxed amount"), optional="hide"),
        Field("amount_total_signed", sum=_("Total")),
        Field("amount_residual_signed", sum=_("Amount due"), optional="show"),
        Field("currency_id", optional="hide"),
        Field("payment_state", widget="badge"),
        Field("state", widget="badge"),
    ],
    decorations={"muted": [("state", "=", "cancel")], "info": DRAFT},
    buttons=[Button("action_post", _("Post")), Button("action_register_payment", _("Register payment"))],
)

FormView(
    "account.move.form",
    model="account.move",
    body=[
        Header(
            Button("action_post", _("Post"), primary=True, invisible=FIXED, groups=INVOICING),
            Button(
                "action_register_payment",
                _("Register payment"),
                primary=True,
                invisible=[
                    "|",
                    "|",
                    ("state", "!=", "posted"),
                    ("move_type", "=", "entry"),
                    ("payment_state", "in", ["paid", "reversed"]),
                ],
                groups=INVOICING,
            ),
            Button("action_reverse", _("Reverse"), invisible=[("state", "!=", "posted")], groups=INVOICING),
            Button("button_draft", _("Reset to draft"), invisible=DRAFT, groups=INVOICING),
            Button(
                "button_cancel",
                _("Cancel entry"),
                invisible=[("state", "=", "cancel")],
                confirm=_("Cancel this entry? Its number stays taken."),
                groups=INVOICING,
            ),
            Field("state", widget="statusbar"),
        ),
        Group(
            "partner",
            Field("name", readonly=True),
            Field("move_type", readonly=True),
            Field("partner_id", readonly=FIXED),
            Field("partner_shipping_id", invisible=ENTRY, readonly=FIXED),
            Field("ref"),
            Field("payment_reference", invisible=ENTRY),
            Field("invoice_origin", invisible=ENTRY, readonly=True),
        ),
        Group(
            "dates",
            Field("invoice_date", invisible=ENTRY, readonly=FIXED),
            Field("invoice_payment_term_id", invisible=ENTRY, readonly=FIXED),
            Field("invoice_date_due", invisible=ENTRY, readonly=FIXED),
            Field("date", readonly=FIXED),
            Field("journal_id", readonly=FIXED),
            Field("currency_id", readonly=FIXED),
        ),
        Notebook(
            Page(
                "invoice_lines",
                _("Invoice lines"),
                Field(
                    "invoice_line_ids",
                    readonly=FIXED,
                    columns=[
                        Field("sequence", widget="handle"),
                        Field("display_type", optional="hide"),
                        Field("product_id"),
                        Field("name"),
                        Field("account_id", optional="show"),
                        Field("quantity"),
                        Field("product_uom_id", optional="hide"),
                        Field("price_unit"),
                        Field("discount", optional="hide"),
                        Field("tax_ids", widget="tags"),
                        Field("price_subtotal"),
                    ],
                ),
                Group(
                    "totals",
                    Field("amount_untaxed"),
                    Field("amount_tax"),
                    Field("amount_total"),
                    Field("amount_residual", invisible=DRAFT),
                    Field("payment_state", widget="badge"),
                ),
                invisible=ENTRY,
            ),
            Page(
                "items",
                _("Journal items"),
                Field(
                    "line_ids",
                    readonly=FIXED,
                    columns=[
                        Field("account_id"),
                        Field("partner_id", optional="hide"),
                        Field("name"),
                        Field("date_maturity", optional="hide"),
                        Field("amount_currency", optional="hide"),
                        Field("tax_ids", widget="tags", optional="hide"),
                        Field("debit", sum=_("Debit")),
                        Field("credit", sum=_("Credit")),
                        Field("matching_number", optional="hide"),
                    ],
                ),
            ),
            Page(
                "other",
                _("Other information"),
                Group("invoice", Field("invoice_user_id"), Field("fiscal_position_id", readonly=FIXED), Field("partner_bank_id")),
                Group(
                    "reversal",
                    Field("reversed_entry_id"),
                    Field("company_id", groups="base.group_multi_company"),
                    Field("to_check"),
                ),
                Field("narration"),
            ),
        ),
        History(),
    ],
)

SearchView(
    "account.move.search",
    model="account.move",
    fields=[
        Field("name"),
        Field("partner_id"),
        Field("ref"),
        Field("invoice_origin"),
        Field("journal_id"),
        Field("invoice_line_ids"),
        Field("amount_total"),
    ],
    filters=[
        Filter("my", _("My invoices"), [("invoice_user_id", "=", "user.id")]),
        Filter("draft", _("Draft"), DRAFT),
        Filter("posted", _("Posted"), [("state", "=", "posted")]),
        Filter("open", _("Unpaid"), [("state", "=", "posted"), ("payment_state", "in", ["not_paid", "partial"])]),
        Filter("to_check", _("To check"), [("to_check", "=", True)]),
    ],
    group_bys=[
        GroupBy("partner_id", _("Partner")),
        GroupBy("journal_id", _("Journal")),
        GroupBy("state", _("Status")),
        GroupBy("invoice_user_id", _("Salesperson")),
        GroupBy("month", _("Month"), "date:month"),
    ],
)

ListView(
    "account.move.line.list",
    model="account.move.line",
    label=_("Journal items"),
    fields=[
        Field("date"),
        Field("move_id"),
        Field("journal_id", optional="hide"),
        Field("account_id"),
        Field("partner_id"),
        Field("name"),
        Field("debit", sum=_("Debit")),
        Field("credit", sum=_("Credit")),
        Field("balance", sum=_("Balance"), optional="hide"),
        Field("amount_residual", sum=_("Open amount"), optional="hide"),
        Field("date_maturity", optional="hide"),
        Field("matching_number", optional="show"),
    ],
    buttons=[Button("reconcile", _("Match")), Button("remove_move_reconcile", _("Undo matching"))],
)
SearchView(
    "account.move.line.search",
    model="account.move.line",
    fields=[Field("name"), Field("move_id"), Field("account_id"), Field("partner_id"), Field("product_id")],
    filters=[
        Filter("posted", _("Posted"), [("parent_state", "=", "posted")], default=True),
        Filter("open", _("Open items"), [("reconciled", "=", False), ("account_id.reconcile", "=", True)]),
    ],
    group_bys=[
        GroupBy("account_id", _("Account")),
        GroupBy("partner_id", _("Partner")),
        GroupBy("journal_id", _("Journal")),
        GroupBy("month", _("Month"), "date:month"),
    ],
)

Menu("account.menu_root", _("Accounting"), sequence=40)
for _name, _label, _types, _default, _sequence in (
    ("out_invoice", _("Customer invoices"), ["out_invoice", "out_receipt"], "out_invoice", 10),
    ("out_refund", _("Customer credit notes"), ["out_refund"], "out_refund", 20),
    ("in_invoice", _("Supplier bills"), ["in_invoice", "in_receipt"], "in_invoice", 40),
    ("in_refund", _("Supplier credit notes"), ["in_refund"], "in_refund", 50),
):
    Action(
        f"account.action_move_{_name}",
        _label,
        model="account.move",
        views=("list", "form"),
        domain=[("move_type", "in", _types)],
        context={"default_move_type": _default},
    )
    Menu(f"account.menu_{_name}", _label, parent="account.menu_root", action=f"account.action_move_{_name}", sequence=_sequence)

Action(
    "account.action_moves",
    _("Journal entries"),
    model="account.move",
    views=("list", "form"),
    context={"default_move_type": "entry"},
)
Action("account.action_move_lines", _("Journal items"), model="account.move.line", views=("list",))
Menu(
    "account.menu_ledger",
    _("Ledger"),
    parent="account.menu_root",
    sequence=70,
    groups=["account.group_account_user", "account.group_account_readonly"],
)
Menu("account.menu_moves", _("Journal entries"), parent="account.menu_ledger", action="account.action_moves", sequence=10)
Menu("account.menu_move_lines", _("Journal items"), parent="account.menu_ledger", action="account.action_move_lines", sequence=20)
