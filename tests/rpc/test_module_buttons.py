"""Addons led by clients of the external API: marked, installed, upgraded, taken out, by administrators."""

from __future__ import annotations

import re

import pytest

from server.database import Database
from server.errors import AccessError, UserError
from server.testing.calls import Client


@pytest.fixture
def call(database):
    return Client(database)


def states(call, *names):
    rows = call("ir.module.module", "search_read", [["name", "in", list(names)]], ["name", "state"])
    return {row["name"]: row["state"] for row in rows}


def ids(call, *names):
    return call("ir.module.module", "search", [["name", "in", list(names)]])


def test_marked_and_then_done(call):
    updated, added = call("ir.module.module", "update_list")
    assert updated == 0 and added >= 0
    call("ir.module.module", "button_install", ids(call, "product"))
    assert states(call, "base", "product", "sales") == {"base": "to install", "product": "to install", "sales": "uninstalled"}
    call("ir.module.module", "update_list")
    assert states(call, "product")["product"] == "to install"
    call("ir.module.module", "button_install_cancel", ids(call, "product"))
    assert states(call, "base", "product") == {"base": "to install", "product": "uninstalled"}
    call("ir.module.module", "button_reset_state")
    assert states(call, "base")["base"] == "uninstalled"
    with pytest.raises(UserError, match="doesn't exist"):
        call("product.template", "search", [])

    call("ir.module.module", "button_install", ids(call, "product"))
    call("base.module.upgrade", "upgrade_module", [])
    assert states(call, "base", "product", "sales") == {"base": "installed", "product": "installed", "sales": "uninstalled"}
    made = call("product.template", "create", {"name": "Chair"})

    call("ir.module.module", "button_upgrade", ids(call, "product"))
    assert states(call, "product")["product"] == "to upgrade"
    assert call("product.template", "search", []) == [made]
    call("base.module.upgrade", "upgrade_module", [])
    assert states(call, "product")["product"] == "installed"

    call("ir.module.module", "button_uninstall", ids(call, "product"))
    assert states(call, "product")["product"] == "to remove"
    call("base.module.upgrade", "upgrade_module", [])
    assert states(call, "base", "product") == {"base": "installed", "product": "uninstalled"}
    with pytest.raises(UserError, match="doesn't exist"):
        call("product.template", "search", [])

    answer = call("ir.module.module", "button_immediate_install", ids(call, "product"))
    assert answer["tag"] == "reload"
    assert call("product.template", "search", []) == [made], "taking an addon out keeps its data"


def test_at_once_in_every_process_and_refusals(call, database):
    other = Database(database.url)
    try:
        elsewhere = Client(other)
        with pytest.raises(UserError, match="doesn't exist"):
            elsewhere("res.partner", "search", [])
        call("ir.module.module", "button_immediate_install", ids(call, "base"))
        assert elsewhere("res.partner", "search", [], limit=1)
        call("ir.module.module", "button_immediate_upgrade", ids(call, "base"))
        call("ir.module.module", "button_immediate_install", ids(call, "product"))
        for method in ("button_uninstall", "button_immediate_uninstall"):
            with pytest.raises(UserError, match="everything stands on it"):
                call("ir.module.module", method, ids(call, "base"))
        call("ir.module.module", "button_immediate_uninstall", ids(call, "product"))
        assert states(elsewhere, "base", "product") == {"base": "installed", "product": "uninstalled"}
    finally:
        other.engine.dispose()
    (row,) = call(
        "ir.module.module", "search_read", [["name", "=", "base"]], ["latest_version", "installed_version", "category_id"]
    )
    assert re.fullmatch(r"19\.0(\.\d+)+", row["latest_version"]) and re.fullmatch(r"19\.0(\.\d+)+", row["installed_version"])
    categories = call("ir.module.category", "search_read", [], ["name", "module_ids"])
    assert all(category["name"] and category["module_ids"] for category in categories)


def test_only_administrators(call):
    call("res.users", "create", {"name": "Clerk", "login": "clerk", "password": "a long enough one"})
    clerk = call.as_user("clerk")
    assert states(clerk, "base")
    for method in ("button_install", "button_immediate_install", "button_immediate_uninstall", "button_install_cancel"):
        with pytest.raises(AccessError):
            clerk("ir.module.module", method, ids(call, "base"))
    for model, method, args in (("base.module.upgrade", "upgrade_module", [[]]), ("ir.module.module", "button_reset_state", [])):
        with pytest.raises(AccessError):
            clerk(model, method, *args)
    assert states(call, "base")["base"] == "uninstalled"
