"""What the glue adds to categories: how and where the value of their products is booked."""

from __future__ import annotations

from typing import Any

from addons.product.models.category import ProductCategory
from server import Many2one, Selection, _


class ValuedCategory(ProductCategory):
    """Adds the accounts of inventory and whether they are kept up at each move."""

    property_valuation = Selection(
        [("real_time", _("At each move")), ("manual_periodic", _("By hand, periodically"))],
        _("Inventory booking"),
        default="real_time",
        help=_("Empty: at each move."),
    )
    property_stock_valuation_account_id = Many2one("account.account", _("Stock valuation account"), company_dependent=True)
    property_stock_account_output_categ_id = Many2one("account.account", _("Cost of goods sold account"), company_dependent=True)
    property_stock_account_input_categ_id = Many2one(
        "account.account", _("Goods received not invoiced account"), company_dependent=True
    )

    def _stock_account(self, purpose: str, company: Any) -> int:
        """Id of the account for `stock_valuation`, `stock_output`, `stock_input` or `stock_adjustment`: the category's, one above
        it, or the company's.

        :raises MissingAccount: when none of them has one.
        """
        field = FIELDS.get(purpose)
        category = self
        while field and category:
            account = category[field]
            if account:
                return account
            category = category.parent
        return company.default_account(purpose).id


FIELDS = {
    "stock_valuation": "property_stock_valuation_account_id",
    "stock_output": "property_stock_account_output_categ_id",
    "stock_input": "property_stock_account_input_categ_id",
}
