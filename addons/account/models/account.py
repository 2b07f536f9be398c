"""Accounts of the ledger, and the trial balance."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from addons.account.exceptions import CannotReconcile
from addons.account.models.line_values import OPEN_TYPES, residuals_of
from addons.account.models.values import as_rows
from server import (
    Boolean,
    Char,
    Integer,
    Many2many,
    Many2one,
    Model,
    Selection,
    Text,
    ValidationError,
    _,
    action,
    constrains,
    depends,
)

ACCOUNT_TYPES = [
    ("asset_receivable", _("Receivable")),
    ("asset_cash", _("Bank and cash")),
    ("asset_current", _("Current assets")),
    ("asset_non_current", _("Non-current assets")),
    ("asset_prepayments", _("Prepayments")),
    ("asset_fixed", _("Fixed assets")),
    ("liability_payable", _("Payable")),
    ("liability_credit_card", _("Credit card")),
    ("liability_current", _("Current liabilities")),
    ("liability_non_current", _("Non-current liabilities")),
    ("equity", _("Equity")),
    ("equity_unaffected", _("Earnings of the current year")),
    ("income", _("Income")),
    ("income_other", _("Other income")),
    ("expense", _("Expenses")),
    ("expense_depreciation", _("Depreciation")),
    ("expense_direct_cost", _("Cost of revenue")),
    ("off_balance", _("Off balance sheet")),
]

#: Types whose items are always followed until they are settled.
OPEN_ITEM_TYPES = ("asset_receivable", "liability_payable")
#: Types that start every year at zero.
PROFIT_AND_LOSS = ("income", "income_other", "expense", "expense_depreciation", "expense_direct_cost")


class Account(Model, name="account.account"):
    """An account of a company's ledger."""

    model_label = _("Account")
    order = "code, id"
    reference = True
    history = True
    unique = [("company_id", "code")]
    name_search_fields = ("code", "name")

    name = Char(_("Account name"), required=True, translate=True, tracking=True)
    code = Char(_("Code"), required=True, size=64, tracking=True)
    account_type = Selection(ACCOUNT_TYPES, _("Type"), required=True, tracking=True)
    internal_group = Char(
        _("Group"), compute="_compute_internal_group", help=_("The part of the type before the underscore: asset, liability …")
    )
    reconcile = Boolean(
        _("Open items"),
        help=_("Items of this account are matched with each other: receivables, payables, goods received not invoiced."),
        tracking=True,
    )
    currency_id = Many2one(
        "res.currency", _("Account currency"), help=_("Set when all entries on the account must be in this currency.")
    )
    company_id = Many2one("res.company", _("Company"), required=True)
    company_ids = Many2many(
        "res.company",
        _("Companies"),
        compute="_compute_company_ids",
        inverse="_inverse_company_ids",
        search="_search_company_ids",
    )
    tax_ids = Many2many("account.tax", _("Default taxes"), relation="account_account_tax_default_rel")
    tag_ids = Many2many("account.account.tag", _("Tags"), relation="account_account_account_tag")
    note = Text(_("Internal notes"))
    active = Boolean(_("Active"), default=True)
    deprecated = Boolean(
        _("Deprecated"), compute="_compute_deprecated", inverse="_inverse_deprecated", search="_search_deprecated"
    )

    @depends("account_type")
    def _compute_internal_group(self) -> None:
        for account in self:
            account.internal_group = (account.account_type or "").split("_")[0] or None

    @depends("code", "name")
    def _compute_display_name(self) -> None:
        for account in self:
            account.display_name = f"{account.code} {account.name}"

    @depends("company_id")
    def _compute_company_ids(self) -> None:
        for account in self:
            account.company_ids = account.company

    def _inverse_company_ids(self) -> None:
        for account in self:
            chosen = account.company_ids
            if len(chosen) != 1:
                raise ValidationError(_("Account %(account)s must belong to exactly one company.", account=account.code))
            account.company_id = chosen.id

    def _search_company_ids(self, operator: str, value: Any) -> list[Any]:
        return [("company_id", operator, value)]

    @depends("active")
    def _compute_deprecated(self) -> None:
        for account in self:
            account.deprecated = not account.active

    def _inverse_deprecated(self) -> None:
        for account in self:
            account.active = not account.deprecated

    def _search_deprecated(self, operator: str, value: Any) -> list[Any]:
        return [("active", operator, not value)]

    def create(self, vals_list: Any) -> Any:
        """Receivable and payable accounts follow open items unless told otherwise; `company_ids` stands for `company_id`."""
        rows = []
        for row in as_rows(vals_list):
            companies = row.pop("company_ids", None)
            if companies and not row.get("company_id"):
                row["company_id"] = _one_company(companies)
            if row.get("account_type") in OPEN_ITEM_TYPES:
                row.setdefault("reconcile", True)
            rows.append(row)
        return super().create(rows)

    def write(self, vals: dict[str, Any]) -> Any:
        """As every write; the posted items of an account begin or cease to be open items with it.

        :raises CannotReconcile: when items of the account are matched and would not be open items any more.
        """
        if vals.get("account_type") in OPEN_ITEM_TYPES:
            vals = {"reconcile": True, **vals}
        if not {"account_type", "reconcile"} & set(vals):
            return super().write(vals)
        before = {account.id: _keeps_open_items(account) for account in self}
        result = super().write(vals)
        turned = self.filtered(lambda account: _keeps_open_items(account) != before[account.id])
        if turned:
            self._turn_items(turned)
        return result

    def _turn_items(self, accounts: Any) -> None:
        """Give the posted items of accounts an open amount, or take it away."""
        items = self.env["account.move.line"].sudo()
        lines = items.search([("account_id", "in", accounts.ids), ("parent_state", "=", "posted")])
        partials = self.env["account.partial.reconcile"].sudo()
        matched = partials.search(["|", ("debit_move_id", "in", lines.ids), ("credit_move_id", "in", lines.ids)], limit=1)
        if matched:
            raise CannotReconcile(
                _(
                    "Items of account %(account)s are matched with each other. Undo their matching before you close the account "
                    "to open items.",
                    account=matched.debit_move.account.code,
                )
            )
        for line in lines:
            opened = residuals_of(line.account, line.balance, line.amount_currency)
            line._update({**opened, "reconciled": False})

    @constrains("account_type", "reconcile")
    def _check_open_items(self) -> None:
        for account in self:
            if account.account_type in OPEN_ITEM_TYPES and not account.reconcile:
                raise ValidationError(
                    _(
                        "Account %(account)s is receivable or payable: its items must be matched, so 'Open items' has to stay "
                        "on.",
                        account=account.code,
                    )
                )
            if account.account_type == "off_balance" and account.reconcile:
                raise ValidationError(
                    _("Account %(account)s is off the balance sheet and cannot have open items.", account=account.code)
                )

    # -- trial balance ----------------------------------------------------------------------------------------------
    @action(model=True, readonly=True)
    def trial_balance(self, date_from: Any = None, date_to: Any = None) -> list[dict[str, Any]]:
        """Posted totals per account of the current company, in one statement.

        :param date_from: first day (`YYYY-MM-DD` or date); what came before is `initial_balance`. Empty: from the beginning.
        :param date_to: last day, included. Empty: everything.
        :returns: rows in order of code: `account_id, code, name, account_type, initial_balance, debit, credit, balance`, where
            `balance` is initial balance plus debit less credit. Accounts without items are left out.
        """
        start, end = _as_date(date_from), _as_date(date_to)
        self.check_access("read")
        line = self.env["account.move.line"].table
        zero = sa.literal(Decimal(0), type_=line.c.balance.type)
        within = sa.true() if start is None else line.c.date >= start
        columns = [
            line.c.account_id,
            sa.func.sum(sa.case((within, zero), else_=line.c.balance)).label("initial_balance"),
            sa.func.sum(sa.case((within, line.c.debit), else_=zero)).label("debit"),
            sa.func.sum(sa.case((within, line.c.credit), else_=zero)).label("credit"),
            sa.func.sum(line.c.balance).label("balance"),
        ]
        domain: list[Any] = [
            ("parent_state", "=", "posted"),
            ("company_id", "=", self.env.company_id),
            ("account_id", "!=", False),
        ]
        if end is not None:
            domain.append(("date", "<=", end))
        statement = self.env["account.move.line"].query(domain, *columns).group_by(line.c.account_id)
        found = {row.account_id: row for row in self.env.execute(statement)}
        accounts = self.with_context(active_test=False).search([("id", "in", list(found))])
        rows = []
        for account in accounts:
            row = found[account.id]
            rows.append(
                {
                    "account_id": account.id,
                    "code": account.code,
                    "name": account.name,
                    "account_type": account.account_type,
                    "initial_balance": row.initial_balance,
                    "debit": row.debit,
                    "credit": row.credit,
                    "balance": row.balance,
                }
            )
        return rows


class AccountTag(Model, name="account.account.tag"):
    """A mark on accounts, used by reports."""

    model_label = _("Account tag")
    reference = True

    name = Char(_("Tag"), required=True)
    color = Integer(_("Colour"))
    active = Boolean(_("Active"), default=True)


def _keeps_open_items(account: Any) -> bool:
    return account.reconcile or account.account_type in OPEN_TYPES


def _as_date(value: Any) -> dt.date | None:
    if not value:
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        raise ValidationError(_("%(value)s is not a date. Write it as 2026-03-31.", value=str(value))) from None


def _one_company(commands: Any) -> Any:
    """The company in a many2many value: `[(6, 0, [id])]`, `[(4, id)]` or `[id]`."""
    for command in commands:
        if isinstance(command, int):
            return command
        if command[0] == 6:
            return command[2][0] if command[2] else None
        if command[0] == 4:
            return command[1]
    return None
