"""The addon stock_account against the demands on every addon."""

from __future__ import annotations

from server.testing import AddonSuite


class TestStockAccount(AddonSuite):
    addon = "stock_account"
