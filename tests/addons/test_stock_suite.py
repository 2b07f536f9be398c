"""The generic tests of the warehouse's addons."""

from __future__ import annotations

from server.testing import AddonSuite


class TestStock(AddonSuite):
    addon = "stock"


class TestStockAccount(AddonSuite):
    addon = "stock_account"
