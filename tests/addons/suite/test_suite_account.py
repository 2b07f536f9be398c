"""The addon account against the demands on every addon."""

from __future__ import annotations

from server.testing import AddonSuite


class TestAccount(AddonSuite):
    addon = "account"
