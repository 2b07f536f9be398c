"""What accounting adds to products and their categories: taxes and accounts."""

from __future__ import annotations

from typing import Any, NamedTuple

from addons.product.models.category import ProductCategory
from addons.product.models.product import ProductProduct
from addons.product.models.template import ProductTemplate
from server import Many2many, Many2one, _


class ProductAccounting(NamedTuple):
    """Accounts and taxes of a product for one company; None and () when the product says nothing."""

    income: int | None
    expense: int | None
    sale_taxes: tuple[int, ...]
    purchase_taxes: tuple[int, ...]


class AccountProductCategory(ProductCategory):
    """Adds default accounts for the products of the category."""

    property_account_income_categ_id = Many2one("account.account", _("Income account"), company_dependent=True)
    property_account_expense_categ_id = Many2one("account.account", _("Expense account"), company_dependent=True)


class AccountProductTemplate(ProductTemplate):
    """Adds taxes and accounts."""

    taxes_id = Many2many(
        "account.tax",
        _("Sales taxes"),
        relation="product_taxes_rel",
        column1="prod_id",
        column2="tax_id",
        domain=[("type_tax_use", "=", "sale")],
        default=lambda env: _default_tax(env, "account_sale_tax_id"),
        copy=True,
    )
    supplier_taxes_id = Many2many(
        "account.tax",
        _("Purchase taxes"),
        relation="product_supplier_taxes_rel",
        column1="prod_id",
        column2="tax_id",
        domain=[("type_tax_use", "=", "purchase")],
        default=lambda env: _default_tax(env, "account_purchase_tax_id"),
        copy=True,
    )
    property_account_income_id = Many2one("account.account", _("Income account"), company_dependent=True)
    property_account_expense_id = Many2one("account.account", _("Expense account"), company_dependent=True)


class AccountProduct(ProductProduct):
    """Adds the one place that says which taxes and accounts a product uses."""

    def accounting_of(self, taxes: bool = True) -> dict[int, ProductAccounting]:
        """Product id → accounts and taxes in the current company, before any fiscal position.

        Accounts come from the product, else from its category and the categories above it, else from the company. Taxes of other
        companies on shared products are left out. A constant number of queries for any number of products.

        :param taxes: False when only the accounts are wanted; the taxes are then left empty and not read.
        """
        company = self.env.company.sudo()
        templates = self.sudo().mapped("product_tmpl_id")
        known = (
            {tax.id: tax.company_id for tax in templates.mapped("taxes_id") | templates.mapped("supplier_taxes_id")}
            if taxes
            else {}
        )
        result: dict[int, ProductAccounting] = {}
        by_template: dict[int, ProductAccounting] = {}
        for template in templates:
            by_template[template.id] = ProductAccounting(
                template.property_account_income_id
                or _of_category(template.categ, "property_account_income_categ_id")
                or company.income_account_id,
                template.property_account_expense_id
                or _of_category(template.categ, "property_account_expense_categ_id")
                or company.expense_account_id,
                tuple(id for id in (template.taxes_id.ids if taxes else ()) if known.get(id) == company.id),
                tuple(id for id in (template.supplier_taxes_id.ids if taxes else ()) if known.get(id) == company.id),
            )
        for product in self.sudo():
            result[product.id] = by_template[product.product_tmpl_id]
        return result


def _default_tax(env: Any, field: str) -> list[int]:
    tax = getattr(env.company.sudo(), field)
    return [tax] if tax else []


def _of_category(category: Any, field: str) -> int | None:
    while category:
        account: int | None = getattr(category, field)
        if account:
            return account
        category = category.parent
    return None
