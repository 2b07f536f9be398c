"""What accounting shows on partners and companies."""

from __future__ import annotations

from server import _
from server.views import Action, Field, FormView, Group, ListView, Menu, Page, extend

READERS = ["account.group_account_invoice", "account.group_account_readonly"]

extend("res.partner.form").inside(
    "book",
    Page(
        "accounting",
        _("Accounting"),
        Group(
            "customer_terms",
            Field("property_payment_term_id"),
            Field("credit_limit"),
            Field("credit", readonly=True),
            Field("total_invoiced"),
            label=_("As customer"),
        ),
        Group(
            "supplier_terms", Field("property_supplier_payment_term_id"), Field("debit", readonly=True), label=_("As supplier")
        ),
        Group(
            "partner_accounts",
            Field("property_account_receivable_id"),
            Field("property_account_payable_id"),
            Field("property_account_position_id"),
            label=_("Accounts"),
        ),
        groups=READERS,
    ),
)
ListView(
    "account.company.list",
    model="res.company",
    label=_("Accounting settings"),
    fields=[Field("name"), Field("chart_template"), Field("fiscalyear_lock_date")],
)
FormView(
    "account.company.form",
    model="res.company",
    body=[
        Group("company", Field("name", readonly=True), Field("currency_id", readonly=True)),
        Group(
            "accounting",
            Field("chart_template"),
            Field("account_sale_tax_id"),
            Field("account_purchase_tax_id"),
            Field("tax_calculation_rounding_method"),
            Field("fiscalyear_lock_date"),
            label=_("Accounting"),
        ),
        Group(
            "default_accounts",
            Field("receivable_account_id"),
            Field("payable_account_id"),
            Field("income_account_id"),
            Field("expense_account_id"),
            Field("bank_account_id"),
            Field("cash_account_id"),
            Field("stock_valuation_account_id"),
            Field("stock_output_account_id"),
            Field("stock_input_account_id"),
            Field("stock_adjustment_account_id"),
            Field("stock_journal_id"),
            Field("currency_exchange_journal_id"),
            Field("income_currency_exchange_account_id"),
            Field("expense_currency_exchange_account_id"),
            Field("customer_advance_account_id"),
            Field("supplier_advance_account_id"),
            label=_("Default accounts and journals"),
        ),
    ],
)
Action(
    "account.action_company",
    _("Accounting settings"),
    model="res.company",
    views=(("account.company.list", "list"), ("account.company.form", "form")),
)
Menu(
    "account.menu_company",
    _("Accounting settings"),
    parent="account.menu_configuration",
    action="account.action_company",
    sequence=5,
)
