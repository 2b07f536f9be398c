"""The examples of Odoo's page on its external API, each reproduced against the demo business, over XML-RPC as the page has them."""

from __future__ import annotations

import json
import xmlrpc.client

import pytest

from server.app import create_app
from server.config import Config

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(scope="module")
def client(shared_demo, tmp_path_factory):
    return create_app(Config(data_dir=tmp_path_factory.mktemp("var")), database=shared_demo).test_client()


@pytest.fixture(scope="module")
def call(client):
    """`models.execute_kw(db, uid, password, …)` of the page."""

    def execute_kw(model, method, args=(), kwargs=None):
        body = xmlrpc.client.dumps(("colca", 2, "admin", model, method, list(args), kwargs or {}), "execute_kw", allow_none=True)
        return xmlrpc.client.loads(client.post("/xmlrpc/2/object", data=body).data)[0][0]

    return execute_kw


def test_version_and_login(client):
    def common(method, *args):
        return xmlrpc.client.loads(client.post("/xmlrpc/2/common", data=xmlrpc.client.dumps(args, method)).data)[0][0]

    assert common("version")["protocol_version"] == 1
    assert common("authenticate", "colca", "admin", "admin", {}) == 2


def test_calling_methods(call):
    rows = call("res.partner", "name_search", ["a"], {"limit": 10})
    assert 0 < len(rows) <= 10 and all(type(i) is int and type(n) is str for i, n in rows)
    assert call("res.partner", "check_access_rights", ["read"], {"raise_exception": False}) is True


def test_list_paginate_count(call):
    companies = [["is_company", "=", True]]
    ids = call("res.partner", "search", [companies])
    assert len(ids) > 15
    assert call("res.partner", "search", [companies], {"offset": 10, "limit": 5}) == ids[10:15]
    assert call("res.partner", "search_count", [companies]) == len(ids)


def test_read(call):
    ids = call("res.partner", "search", [[["is_company", "=", True], ["country_id", "!=", False]]], {"limit": 1})
    (record,) = call("res.partner", "read", [ids])
    assert len(record) > 40
    (row,) = call("res.partner", "read", [ids], {"fields": ["name", "country_id", "comment"]})
    assert set(row) == {"id", "name", "country_id", "comment"}
    assert row["comment"] is False
    assert type(row["country_id"][0]) is int and type(row["country_id"][1]) is str


def test_fields_get(call):
    fields = call("res.partner", "fields_get", [], {"attributes": ["string", "help", "type"]})
    assert fields["name"]["type"] == "char"
    assert fields["country_id"]["type"] == "many2one"
    assert all(set(field) <= {"string", "help", "type"} for field in fields.values())


def test_search_and_read(call):
    rows = call(
        "res.partner", "search_read", [[["is_company", "=", True]]], {"fields": ["name", "country_id", "comment"], "limit": 5}
    )
    assert len(rows) == 5 and all(set(row) == {"id", "name", "country_id", "comment"} for row in rows)


def test_create_update_delete(call):
    made = call("res.partner", "create", [{"name": "New Partner"}])
    assert type(made) is int
    assert call("res.partner", "write", [[made], {"name": "Newer partner"}]) is True
    assert call("res.partner", "read", [[made], ["display_name"]]) == [{"id": made, "display_name": "Newer partner"}]
    assert call("res.partner", "name_get", [[made]]) == [[made, "Newer partner"]]
    assert call("res.partner", "unlink", [[made]]) is True
    assert call("res.partner", "search", [[["id", "=", made]]]) == []


def test_positional_calls_of_old_clients(client):
    def execute(*args):
        params = {"service": "object", "method": "execute", "args": ["colca", 2, "admin", *args]}
        answer = client.post("/jsonrpc", data=json.dumps({"id": 1, "params": params})).get_json()
        assert "error" not in answer, answer
        return answer["result"]

    ids = execute("res.partner", "search", [["is_company", "=", True]], 0, 3, "name desc", False, {"lang": "es_MX"})
    assert len(ids) == 3
    assert execute("res.partner", "search", [["is_company", "=", True]], 0, False, False, True) > 3
    assert execute("res.partner", "read", ids[0], ["name"], {"lang": "en_US"})[0]["id"] == ids[0]
    assert "name" in execute("res.partner", "fields_get_keys")
    assert execute("res.partner", "fields_get", [], ["type"])["name"] == {"type": "char"}


def test_wire_values_are_those_of_the_record(call, shared_demo):
    """Every scalar of some order lines: what the read plan takes from the driver is what the record holds."""
    ids = call("sale.order.line", "search", [[]], {"limit": 20})
    if not ids:
        pytest.skip("the demo has no orders")
    rows = call("sale.order.line", "read", [ids])

    def check(env):
        model = env["sale.order.line"]
        for row, record in zip(rows, model.browse(ids), strict=True):
            for name, field in model._fields.items():
                if name not in row or field.type in ("many2one", "one2many", "many2many", "binary", "json"):
                    continue
                value = record[name]
                wire = field.wire(value)
                assert row[name] == (float(wire) if field.type in ("float", "monetary") else wire), (name, row[name], value)

    shared_demo.run(2, {}, check, readonly=True)


def test_amounts_are_exact_to_the_last_digit(call):
    rows = call(
        "sale.order", "search_read", [[]], {"fields": ["amount_untaxed", "amount_tax", "amount_total", "date_order"], "limit": 50}
    )
    for row in rows:
        for name in ("amount_untaxed", "amount_tax", "amount_total"):
            assert len(repr(row[name]).partition(".")[2]) <= 4
        assert len(row["date_order"]) == 19 and row["date_order"][10] == " "
