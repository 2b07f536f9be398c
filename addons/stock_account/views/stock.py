"""Accounts on categories, entries on valuation layers."""

from __future__ import annotations

from server import _
from server.views import Field, Group, extend

extend("product.category.form").inside(
    "body",
    Group(
        "stock_accounts",
        Field("property_valuation"),
        Field("property_stock_valuation_account_id"),
        Field("property_stock_account_input_categ_id"),
        Field("property_stock_account_output_categ_id"),
        label=_("Stock accounts"),
    ),
)
extend("stock.valuation.layer.list").inside("fields", Field("account_move_id", optional="show"))
