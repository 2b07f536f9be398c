"""The addon sales_stock against the demands on every addon."""

from __future__ import annotations

from server.testing import AddonSuite


class TestSalesStock(AddonSuite):
    addon = "sales_stock"
