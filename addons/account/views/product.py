"""What accounting shows on products and categories."""

from __future__ import annotations

from server import _
from server.views import Field, Group, Page, extend

extend("product.template.form").inside(
    "book",
    Page(
        "accounting",
        _("Accounting"),
        Group("taxes", Field("taxes_id", widget="tags"), Field("supplier_taxes_id", widget="tags"), label=_("Taxes")),
        Group(
            "accounts",
            Field("property_account_income_id"),
            Field("property_account_expense_id"),
            label=_("Accounts"),
            groups=["account.group_account_user", "account.group_account_readonly"],
        ),
    ),
)
extend("product.category.form").inside(
    "body",
    Group(
        "accounts",
        Field("property_account_income_categ_id"),
        Field("property_account_expense_categ_id"),
        label=_("Accounts"),
        groups=["account.group_account_user", "account.group_account_readonly"],
    ),
)
