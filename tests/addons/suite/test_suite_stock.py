"""The addon stock against the demands on every addon."""

from __future__ import annotations

from server.testing import AddonSuite


class TestStock(AddonSuite):
    addon = "stock"
