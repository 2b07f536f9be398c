"""`get_views`, menus and window actions on the demo business: what clients get, in the user's language, within his rights."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.errors import MissingError
from server.views.compose import views_of
from server.views.service import get_views, load_menus, number, window_action


def names(elements: list[dict[str, Any]]) -> list[str]:
    """Names of all elements, nested ones too."""
    found = []
    for element in elements:
        found.append(element["name"])
        for part in ("children", "columns", "form"):
            found += names(element.get(part, []))
    return found


def test_all_views_of_the_demo_business_fit(env: Any) -> None:
    assert views_of(env.models).report() == ""


def test_what_a_client_gets(rpc: Any) -> None:
    answer = rpc("sale.order", "get_views", [[False, "list"], [False, "form"], [False, "search"]], {"load_filters": True})
    json.dumps(answer)  # plain data only
    assert set(answer["views"]) == {"list", "form", "search"}
    assert set(answer["models"]) >= {"sale.order", "sale.order.line"}
    form = answer["views"]["form"]
    assert form["model"] == "sale.order"
    assert "order_line" in names(form["arch"]["body"])
    assert answer["models"]["sale.order"]["fields"]["partner_id"]["relation"] == "res.partner"
    assert answer["views"]["search"]["filters"] == []
    again = rpc("sale.order", "get_views", [[form["id"], "form"]])
    assert again["views"]["form"]["name"] == form["name"]


def test_older_clients_say_tree(env: Any) -> None:
    answer = get_views(env["res.partner"], [(False, "tree")])
    assert answer["views"]["tree"]["arch"]["type"] == "list"


def test_a_model_without_views_gets_plain_ones(env: Any) -> None:
    answer = get_views(env["ir.sequence"], [(False, "list"), (False, "form"), (False, "search")])
    assert "name" in names(answer["views"]["list"]["arch"]["fields"])
    assert "padding" in names(answer["views"]["form"]["arch"]["body"])
    number_ = answer["views"]["form"]["id"]
    assert get_views(env["ir.sequence"], [(number_, "form")])["views"]["form"]["name"] == "ir.sequence.form"


def test_refusals(env: Any) -> None:
    with pytest.raises(ValueError, match="kanban"):
        get_views(env["res.partner"], [(False, "kanban")])
    with pytest.raises(MissingError, match="no view"):
        get_views(env["res.partner"], [("no.view", "list")])
    with pytest.raises(ValueError, match="is a form of sale.order"):
        get_views(env["res.partner"], [("sale.order.form", "form")])


def test_labels_in_the_users_language(env: Any) -> None:
    english = get_views(env["sale.order"], [(False, "form")])
    spanish = get_views(env["sale.order"].with_context(lang="es_MX"), [(False, "form")])
    assert json.dumps(english["views"]) != json.dumps(spanish["views"])


def test_a_disabled_addon_has_no_views(db: Any) -> None:
    from server.addon import lifecycle

    company = db.run(1, {}, lambda env: env.ref("base.company_pe").id)
    lifecycle.disable(db, ["sales_stock"], [company])
    with db.transaction() as env:
        here = env["sale.order"].with_company(company)
        assert "picking_ids" not in here._fields
        form = get_views(here, [(False, "form")])["views"]["form"]["arch"]
        other = get_views(env["sale.order"], [(False, "form")])["views"]["form"]["arch"]
        assert set(names(form["body"])) < set(names(other["body"]))


def test_menus_follow_rights(db: Any) -> None:
    def tree(menus: list[dict[str, Any]]) -> set[str]:
        return {menu["name"] for menu in menus} | {name for menu in menus for name in tree(menu["children"])}

    def user(login: str) -> int:
        return int(db.run(1, {}, lambda env: env["res.users"].search([("login", "=", login)]).id))

    everything = db.run(user("admin"), {}, lambda env: tree(load_menus(env)))
    seller = db.run(1, {}, lambda env: env.ref("base.user_sales_mx").id)
    stock = db.run(1, {}, lambda env: env.ref("base.user_stock_mx").id)
    sees = db.run(seller, {}, lambda env: load_menus(env))
    assert tree(sees) < everything
    assert any(name.startswith("sales.") for name in tree(sees))
    assert tree(db.run(stock, {}, lambda env: load_menus(env))) != tree(sees)

    def actions(menus: list[dict[str, Any]]) -> list[Any]:
        return [found for menu in menus for found in ([menu["action"]] if menu["action"] else []) + actions(menu["children"])]

    for action in actions(sees):
        assert action["type"] == "ir.actions.act_window"
        assert action["res_model"]


def test_window_actions(env: Any) -> None:
    name = next(iter(views_of(env.models).actions))
    action = window_action(env, name, res_id=7)
    assert (action["xml_id"], action["id"], action["res_id"]) == (name, number(name), 7)
    with pytest.raises(MissingError, match="Enable the addon"):
        window_action(env, "nobody.action_nothing")
