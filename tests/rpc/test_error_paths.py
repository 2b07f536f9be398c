"""A refused value is pointed at where it stands in the request, through lists, commands and lines, whoever refuses it."""

from __future__ import annotations

import pytest

from server.rpc.dispatcher import dispatch
from server.rpc.errors import describe
from server.testing.build import rolled_back
from server.whereabouts import dotted, found_in, pointer

LINE = [0, 0, {"name": "By hand", "product_uom_qty": 1}]


class Refusing:
    """Calls that fail, each in a transaction of its own that is rolled back."""

    def __init__(self, db):
        self.db = db

    def __call__(self, model, method, *args, **kwargs):
        with pytest.raises(Exception) as caught:
            dispatch(self.db, 2, model, method, args, kwargs)
        fault = describe(caught.value)
        assert "incident" not in fault.details, fault.message
        return fault.details


@pytest.fixture
def refused(shared_demo):
    return Refusing(shared_demo)


@pytest.fixture
def known(shared_demo):
    with rolled_back(shared_demo) as env:
        order = env["sale.order"].search([("state", "=", "draft"), ("order_line", "!=", False)], limit=1)
        partner = env["res.partner"].search([("ref", "!=", False)], limit=1)
        return {
            "partner": env["res.partner"].search([], limit=1).id,
            "ref": partner.ref,
            "order": order.id,
            "line": order.order_line.ids[0],
            "product": env["product.product"].search([("sale_ok", "=", True)], limit=1).id,
        }


def test_an_unknown_field_deep_in_lines(refused, known):
    good = {"partner_id": known["partner"]}
    details = refused("sale.order", "create", [good, {**good, "order_line": [LINE, [0, 0, {"nope": 1}]]}])
    assert details["path"] == "args[0][1].order_line[1][2].nope"
    assert details["pointer"] == "/args/0/1/order_line/1/2/nope"
    assert (details["model"], details["field"]) == ("sale.order.line", "nope")


def test_a_value_of_another_kind(refused, known):
    details = refused("sale.order", "create", {"partner_id": "many"})
    assert details == {
        "model": "sale.order", "field": "partner_id", "value": "many", "expected": "the id of a res.partner",
        "path": "args[0].partner_id", "pointer": "/args/0/partner_id",
    }  # fmt: skip
    details = refused("sale.order", "write", [known["order"]], {"order_line": [[1, known["line"], {"product_uom_qty": "x"}]]})
    assert details["path"] == "args[1].order_line[0][2].product_uom_qty"
    assert refused("sale.order", "write", [known["order"]], vals={"order_line": [[9]]})["path"] == "kwargs.vals.order_line[0]"


def test_a_line_given_as_a_mapping_has_no_third_member(refused, known):
    details = refused("sale.order", "create", {"partner_id": known["partner"], "order_line": [LINE[2], {"nope": 1}]})
    assert details["path"] == "args[0].order_line[1].nope"


def test_missing_required_values(refused, known):
    details = refused("res.partner", "create", [{"name": "a"}, {"name": "b"}, {"ref": "x"}])
    assert (details["path"], details["field"]) == ("args[0][2].name", "name")
    details = refused("sale.order", "create", [{"partner_id": known["partner"]}, {"note": "nobody's"}])
    assert details["path"] == "args[0][1].partner_id"
    children = [[0, 0, {"name": "ok"}], [0, 0, {"email": "x@y.mx", "type": "contact", "name": False, "is_company": True}]]
    details = refused("res.partner", "create", [{"name": "a"}, {"name": "b", "child_ids": children}])
    assert details["path"] == "args[0][1].child_ids[1][2].name"
    assert refused("res.partner", "write", [known["partner"]], {"name": False, "is_company": True})["path"] == "args[1].name"


def test_a_link_to_what_is_not_there(refused, known):
    details = refused("sale.order", "create", [{"partner_id": known["partner"]}, {"partner_id": 999_999}])
    assert (details["path"], details["value"]) == ("args[0][1].partner_id", 999_999)
    lines = [LINE, [0, 0, {"product_id": 999_999, "name": "x"}]]
    details = refused("sale.order", "create", [{"partner_id": known["partner"], "order_line": lines}])
    assert details["path"] == "args[0][0].order_line[1][2].product_id"
    details = refused("res.partner", "create", [{"name": "a"}, {"name": "b", "country_id": 999_999}])
    assert details["path"] == "args[0][1].country_id"
    details = refused("res.partner", "write", [known["partner"]], {"country_id": 999_999})
    assert details["path"] == "args[1].country_id"
    details = refused("res.partner", "create", [{"name": "a"}, {"name": "b", "category_id": [[6, 0, [999_999]]]}])
    assert details["path"] == "args[0][1].category_id"


def test_what_must_be_unique(refused):
    rows = [{"name": "One", "login": "one.new"}, {"name": "Two", "login": "admin"}, {"name": "Three", "login": "three.new"}]
    details = refused("res.users", "create", [rows[1]])
    assert (details["path"], details["model"], details["field"]) == ("args[0][0].login", "res.users", "login")
    assert refused("res.users", "create", [rows[0], rows[2], rows[0]])["path"] == "args[0][2].login"
    assert refused("res.users", "write", [2], {"login": "ventas.mx"})["path"] == "args[1].login"


def test_constraints_of_addons(refused, known):
    details = refused("res.users", "create", [{"name": "a", "login": "tz.ok"}, {"name": "b", "login": "tz.no", "tz": "Mars/One"}])
    assert (details["path"], details["field"]) == ("args[0][1].tz", "tz")
    details = refused("res.users", "write", [2], {"tz": "Mars/One"})
    assert (details["path"], details["ids"]) == ("args[1].tz", [2])
    assert refused("res.partner", "write", [known["partner"]], {"parent_id": known["partner"]})["path"] == "args[1].parent_id"


def test_arguments_themselves(refused):
    assert refused("res.partner", "search", "name = 1")["path"] == "args[0]"
    assert refused("res.partner", "search_read", [], limit="many")["path"] == "kwargs.limit"
    assert refused("res.partner", "write", [1], "x")["path"] == "args[1]"
    assert refused("res.partner", "create", [{"name": "x"}, 5])["path"] == "args[0]"


def test_names_of_fields_in_searches(refused):
    domain = ["|", ["name", "=", "x"], ["country_id.nope", "=", 1]]
    assert refused("res.partner", "search", domain)["path"] == "args[0][2]"
    assert refused("res.partner", "search", ["!", ["nope", "=", 1]])["path"] == "args[0][1]"
    assert refused("res.partner", "search", [["active", "like", 1], ["is_company", ">", 1]])["path"] in (
        "args[0][0]",
        "args[0][1]",
    )
    assert refused("res.partner", "search_read", [], ["name", "nope"])["path"] == "args[1][1]"
    assert refused("res.partner", "search_read", [], fields=["nope"])["path"] == "kwargs.fields[0]"
    assert refused("res.partner", "search", [], order="name desc, nope")["path"] == "kwargs.order"
    assert refused("res.partner", "read_group", [], ["nope:sum"], ["name"])["path"] == "args[1][0]"
    assert refused("res.partner", "read", [5], ["nope"])["path"] == "args[1][0]"


def test_an_action_that_makes_records_of_its_own_points_nowhere(refused, shared_demo):
    """`copy` makes lines from those of the original: only what was given as `default` can be pointed at."""
    assert refused("res.users", "copy", [2], {"tz": "Mars/One", "login": "copy.new"})["path"] == "args[1].tz"
    details = refused("res.users", "copy", [2])  # the same login again: not a value that was given
    assert "path" not in details
    assert details["field"] == "login"


def test_the_door_says_where_the_arguments_stand(shared_demo, tmp_path):
    from server.app import create_app
    from server.config import Config

    client = create_app(Config(data_dir=tmp_path), database=shared_demo).test_client()
    for method, path in (("execute", "params.args[5][1].nope"), ("execute_kw", "params.args[5][0][1].nope")):
        values = [{"name": "a"}, {"nope": 1}]
        args = ["colca", 2, "admin", "res.partner", "create", values if method == "execute" else [values]]
        body = {"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": method, "args": args}}
        context = client.post("/jsonrpc", json=body).get_json()["error"]["data"]["context"]
        assert (context["path"], context["model"], context["field"]) == (path, "res.partner", "nope")


def test_paths_in_both_spellings_lead_no_further_than_what_was_given():
    steps = ("params", "vals_list", 3, "order_line", 0, 2, "product_id")
    assert dotted(steps) == "params.vals_list[3].order_line[0][2].product_id"
    assert pointer(("a/b", 0, "c~d")) == "/a~1b/0/c~0d"
    assert found_in({"a": [1, {"b": 2}]}, ("a", 1, "c", 5)) == ("a", 1, "c")
    assert found_in({"a": [1]}, ("a", 4, "b")) == ("a",)
    assert found_in("text", ("a",)) == ()
