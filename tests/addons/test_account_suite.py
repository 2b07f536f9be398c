"""The suite of every addon, for account."""

from __future__ import annotations

from server.testing import AddonSuite


class TestAccount(AddonSuite):
    addon = "account"
