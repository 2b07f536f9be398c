"""The addon sales against the demands on every addon."""

from __future__ import annotations

from server.testing import AddonSuite


class TestSales(AddonSuite):
    addon = "sales"
