"""What accounting adds to companies and partners."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from addons.account.chart import TEMPLATES, install_chart
from addons.account.exceptions import ChartInstalled, MissingAccount
from addons.base.models.partner import Partner
from server import Date, Integer, Many2one, Monetary, Numeric, Selection, _
from server.models.company import ResCompany


class AccountCompany(ResCompany):
    """Adds the chart of accounts, the default accounts, journals and taxes, and closed periods."""

    chart_template = Selection(TEMPLATES, _("Chart of accounts"), help=_("Set it to load the chart; a chart is loaded once."))
    tax_calculation_rounding_method = Selection(
        [("round_per_line", _("Round on each line")), ("round_globally", _("Round on the document"))],
        _("Rounding of taxes"),
        server_default="'round_per_line'",
        default="round_per_line",
    )
    fiscalyear_lock_date = Date(
        _("Books closed until"), tracking=True, help=_("Nothing can be posted, changed or cancelled up to this day.")
    )
    fiscalyear_last_month = Integer(_("Last month of the year"), server_default="12", default=12)
    fiscalyear_last_day = Integer(_("Last day of the year"), server_default="31", default=31)

    account_sale_tax_id = Many2one("account.tax", _("Default sales tax"))
    account_purchase_tax_id = Many2one("account.tax", _("Default purchase tax"))
    receivable_account_id = Many2one("account.account", _("Default receivable account"))
    payable_account_id = Many2one("account.account", _("Default payable account"))
    income_account_id = Many2one("account.account", _("Default income account"))
    expense_account_id = Many2one("account.account", _("Default expense account"))
    bank_account_id = Many2one("account.account", _("Default bank account"))
    cash_account_id = Many2one("account.account", _("Default cash account"))
    stock_valuation_account_id = Many2one("account.account", _("Stock valuation account"))
    stock_output_account_id = Many2one("account.account", _("Cost of goods sold account"))
    stock_input_account_id = Many2one("account.account", _("Goods received not invoiced account"))
    stock_adjustment_account_id = Many2one("account.account", _("Stock adjustment account"))
    stock_journal_id = Many2one("account.journal", _("Stock valuation journal"))
    currency_exchange_journal_id = Many2one("account.journal", _("Exchange difference journal"))
    income_currency_exchange_account_id = Many2one("account.account", _("Exchange gain account"))
    expense_currency_exchange_account_id = Many2one("account.account", _("Exchange loss account"))
    customer_advance_account_id = Many2one("account.account", _("Customer advances account"))
    supplier_advance_account_id = Many2one("account.account", _("Supplier advances account"))

    def write(self, vals: dict[str, Any]) -> Any:
        """Writing `chart_template` loads that chart; a company with another one already is refused."""
        template = vals.get("chart_template")
        if template:
            for company in self:
                if company.chart_template and company.chart_template != template:
                    raise ChartInstalled(
                        _(
                            "%(company)s already has the chart of accounts %(chart)s. A chart cannot be replaced; add the "
                            "accounts you miss to it.",
                            company=company.name,
                            chart=company.chart_template,
                        )
                    )
                if not company.chart_template:
                    if not self.env.root.with_company(company).is_enabled("account"):
                        raise MissingAccount(
                            _(
                                "Accounting is not enabled for %(company)s, so it can have no chart of accounts. Enable the "
                                "addon 'account' for it first.",
                                company=company.name,
                            )
                        )
                    install_chart(self.env, company, template)
        return super().write(vals)

    def _set_accounting(self, values: dict[str, Any]) -> None:
        """Write what a chart brings, without loading it again."""
        super().write(values)

    def default_account(self, purpose: str) -> Any:
        """The company's default account for a purpose, as a record.

        :param purpose: `receivable, payable, income, expense, bank, cash, stock_valuation, stock_output, stock_input,
            stock_adjustment, customer_advance, supplier_advance`.
        :raises MissingAccount: when none is set.
        """
        company = self.ensure_one().sudo()
        account = getattr(company, f"{purpose}_account")
        if not account:
            label = company.fields_get([f"{purpose}_account_id"])[f"{purpose}_account_id"]["string"]
            raise MissingAccount(
                _(
                    "%(company)s has no '%(purpose)s'. Choose one in the company's accounting settings, or load a chart of "
                    "accounts.",
                    company=company.name,
                    purpose=label,
                )
            )
        return account


class AccountPartner(Partner):
    """Adds accounts, terms and balances to partners."""

    property_account_receivable_id = Many2one(
        "account.account", _("Receivable account"), company_dependent=True, domain=[("account_type", "=", "asset_receivable")]
    )
    property_account_payable_id = Many2one(
        "account.account", _("Payable account"), company_dependent=True, domain=[("account_type", "=", "liability_payable")]
    )
    property_account_position_id = Many2one("account.fiscal.position", _("Fiscal position"), company_dependent=True)
    property_payment_term_id = Many2one("account.payment.term", _("Customer payment terms"), company_dependent=True)
    property_supplier_payment_term_id = Many2one("account.payment.term", _("Supplier payment terms"), company_dependent=True)
    customer_rank = Integer(_("Customer rank"), copy=False, server_default="0", default=0, help=_("More than 0 for customers."))
    supplier_rank = Integer(_("Supplier rank"), copy=False, server_default="0", default=0, help=_("More than 0 for suppliers."))
    credit_limit = Numeric(
        _("Credit limit"), digits=(16, 2), company_dependent=True, help=_("In the company's currency; 0 is no limit.")
    )
    account_currency_id = Many2one("res.currency", _("Currency of the balances"), compute="_compute_balances")
    credit = Monetary(
        _("Owed by the partner"), compute="_compute_balances", currency_field="account_currency_id", help=_("Open receivables.")
    )
    debit = Monetary(
        _("Owed to the partner"), compute="_compute_balances", currency_field="account_currency_id", help=_("Open payables.")
    )
    total_invoiced = Monetary(_("Total invoiced"), compute="_compute_total_invoiced", currency_field="account_currency_id")

    def _compute_balances(self) -> None:
        line = self.env["account.move.line"].table
        account = self.env["account.account"].table
        found: dict[tuple[int, str], Decimal] = {}
        if self.ids:
            statement = (
                self.env["account.move.line"]
                .sudo()
                .query(
                    [
                        ("partner_id", "in", self.ids),
                        ("parent_state", "=", "posted"),
                        ("reconciled", "=", False),
                        ("company_id", "=", self.env.company_id),
                    ],
                    line.c.partner_id,
                    account.c.account_type,
                    sa.func.sum(line.c.amount_residual).label("open"),
                )
                .join(account, account.c.id == line.c.account_id)
                .where(account.c.account_type.in_(("asset_receivable", "liability_payable")))
                .group_by(line.c.partner_id, account.c.account_type)
            )
            found = {(row.partner_id, row.account_type): row.open for row in self.env.execute(statement)}
        for partner in self:
            partner.account_currency_id = self.env.company.currency_id
            partner.credit = found.get((partner.id, "asset_receivable"), Decimal(0))
            partner.debit = -found.get((partner.id, "liability_payable"), Decimal(0))

    def _compute_total_invoiced(self) -> None:
        move = self.env["account.move"].table
        found: dict[int, Decimal] = {}
        if self.ids:
            statement = (
                self.env["account.move"]
                .sudo()
                .query(
                    [
                        ("commercial_partner_id", "in", self.ids),
                        ("state", "=", "posted"),
                        ("company_id", "=", self.env.company_id),
                        ("move_type", "in", ("out_invoice", "out_refund")),
                    ],
                    move.c.commercial_partner_id,
                    sa.func.sum(move.c.amount_untaxed_signed).label("total"),
                )
                .group_by(move.c.commercial_partner_id)
            )
            found = {row.commercial_partner_id: row.total for row in self.env.execute(statement)}
        for partner in self:
            partner.total_invoiced = found.get(partner.id, Decimal(0))
