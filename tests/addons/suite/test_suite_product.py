"""The addon product against the demands on every addon."""

from __future__ import annotations

from server.testing import AddonSuite


class TestProduct(AddonSuite):
    addon = "product"
