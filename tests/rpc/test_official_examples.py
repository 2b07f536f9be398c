"""The examples of Odoo's page on its external API, each reproduced against the demo business, over XML-RPC as the page has them."""

from __future__ import annotations

import datetime
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


@pytest.fixture
def own(database, tmp_path):
    """The page's calls against a database of the test's own, and over `/json/2` with a key."""
    database.run(1, {}, lambda env: env["res.users"].browse([2]).write({"password": "admin"}))
    http = create_app(Config(data_dir=tmp_path), database=database).test_client()

    def execute_kw(model, method, args=(), kwargs=None, password="admin"):
        body = xmlrpc.client.dumps(("colca", 2, password, model, method, list(args), kwargs or {}), "execute_kw", allow_none=True)
        return xmlrpc.client.loads(http.post("/xmlrpc/2/object", data=body).data)[0][0]

    execute_kw.http = http
    return execute_kw


def a_key(own, password="admin"):
    made = own("res.users.apikeys.description", "create", [{"name": "page", "duration": "1"}], password=password)
    return own("res.users.apikeys.description", "make_key", [[made]], password=password)["context"]["default_key"]


def test_a_model_of_ones_own_and_its_built_in_fields(own):
    own("ir.model", "create", [{"name": "Custom Model", "model": "x_custom_model", "state": "manual"}])
    fields = own("x_custom_model", "fields_get", [], {"attributes": ["string", "help", "type"]})
    assert {name: fields[name]["type"] for name in ("id", "display_name", "create_uid", "create_date", "write_uid", "write_date")} == {
        "id": "integer", "display_name": "char", "create_uid": "many2one", "create_date": "datetime", "write_uid": "many2one",
        "write_date": "datetime",
    }  # fmt: skip
    assert all(set(field) <= {"string", "help", "type"} for field in fields.values())


def test_a_field_of_ones_own_a_record_and_its_values(own):
    model = own("ir.model", "create", [{"name": "Custom Model", "model": "x_custom", "state": "manual"}])
    own(
        "ir.model.fields", "create", [{"model_id": model, "name": "x_name", "ttype": "char", "state": "manual", "required": True}]
    )
    record = own("x_custom", "create", [{"x_name": "test record"}])
    (row,) = own("x_custom", "read", [[record]])
    assert row["x_name"] == row["display_name"] == "test record" and row["id"] == record
    assert row["create_uid"] == [2, "Administrator"] and {"write_uid", "write_date", "create_date"} <= set(row)


def test_an_api_key_in_the_place_of_the_password(own):
    key = a_key(own)
    assert own("res.users", "search_count", [[["id", "=", 2]]], password=key) == 1
    with pytest.raises(xmlrpc.client.Fault) as caught:
        own("res.users", "search_count", [[]], password=key[:-1] + ("0" if key[-1] != "0" else "1"))
    assert caught.value.faultCode == 3


def test_the_page_on_json_2(own):
    """Request and headers, success, the 401 body, search then read, own id, a call of the object service told anew, the version."""
    key, http = a_key(own), own.http

    def post(path, body, **headers):
        return http.post(
            f"/json/2/{path}", json=body, headers={"Authorization": f"bearer {key}", "User-Agent": "mysoftware", **headers}
        )

    found = post(
        "res.users/search_read",
        {"context": {"lang": "en_US"}, "domain": [["login", "=", "admin"]], "fields": ["name"]},
        **{"X-Odoo-Database": "colca"},
    )
    assert found.status_code == 200 and found.get_json() == [{"id": 2, "name": "Administrator"}]
    refused = http.post("/json/2/res.users/search", json={}, headers={"Authorization": "bearer nonsense"})
    body = refused.get_json()
    assert refused.status_code == 401 and body["name"] == "werkzeug.exceptions.Unauthorized"
    assert body["message"] == "Invalid apikey" and body["arguments"] == ["Invalid apikey", 401]
    assert {"name", "message", "arguments", "context", "debug"} <= set(body)
    ids = post("res.users/search", {"domain": [["login", "=", "admin"]]}).get_json()
    (row,) = post("res.users/read", {"ids": ids, "fields": ["company_id"], "load": None}).get_json()
    assert row == {"id": 2, "company_id": row["company_id"]} and type(row["company_id"]) is int
    assert post("res.users/context_get", {}).get_json()["uid"] == 2
    version = http.get("/web/version").get_json()
    assert version == {"version": "19.0", "version_info": [19, 0, 0, "final", 0, ""]}
    assert post("x_no.model/search", {}).status_code == 404
    made = post("ir.model/create", {"vals_list": [{"name": "Mine", "model": "x_mine", "state": "manual"}]})
    assert made.status_code == 200 and len(made.get_json()) == 1
    assert post("x_mine/create", {"vals_list": [{"x_name": "a"}]}).get_json() == [1]
    assert post("x_mine/search_read", {"fields": ["x_name"]}).get_json() == [{"id": 1, "x_name": "a"}]


def test_keys_made_renewed_and_revoked_by_programs(own):
    key, http = a_key(own), own.http

    def post(method, **body):
        return http.post(f"/json/2/res.users.apikeys/{method}", json=body, headers={"Authorization": f"bearer {key}"})

    soon = (datetime.date.today() + datetime.timedelta(days=1)).isoformat()
    new = post("generate", key=key, scope=None, name="renewed", expiration_date=soon)
    assert new.status_code == 200, new.get_json()
    other = new.get_json()
    assert own("res.users", "search_count", [[["id", "=", 2]]], password=other) == 1
    assert post("revoke", key=other).status_code == 200
    with pytest.raises(xmlrpc.client.Fault):
        own("res.users", "search_count", [[]], password=other)
    unknown = post("revoke", key="0" * 40)
    assert unknown.status_code == 403 and unknown.get_json()["name"] == "odoo.exceptions.AccessDenied"
