"""The addon base against the demands on every addon."""

from __future__ import annotations

from server.testing import AddonSuite


class TestBase(AddonSuite):
    addon = "base"
