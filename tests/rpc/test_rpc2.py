"""`/rpc/2`: JSON-RPC 2.0 by the letter, whatever is sent, and the same answers as at the other doors."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.rpc.dispatcher import dispatch

BASIC = {"Authorization": "Basic " + base64.b64encode(b"admin:admin").decode()}
COUNT = {"jsonrpc": "2.0", "method": "res.partner.search_count", "params": {"domain": []}}


@pytest.fixture(scope="module")
def app(databases, database_kind, tmp_path_factory):
    from server.app import create_app
    from server.config import Config
    from server.database import Database
    from server.testing.build import build_demo

    url = databases.create(database_kind, "demo", build_demo)
    database = Database(url)
    yield create_app(Config(data_dir=tmp_path_factory.mktemp("rpc2"), max_body=1024 * 1024), database=database)
    database.engine.dispose()
    databases.drop(url)


class Client:
    """Posts to `/rpc/2`; answers (status, decoded body or None)."""

    def __init__(self, app):
        self.app = app
        self.http = app.test_client()
        self.database = app.extensions["colca"].database
        self.headers = {}

    def __call__(self, body, headers=None, **more):
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        response = self.http.post("/rpc/2", data=data, headers={**BASIC, **(headers or {}), **more})
        self.headers = response.headers
        return response.status_code, json.loads(response.data) if response.data else None

    def result(self, method, params=None, **headers):
        status, answer = self({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}, headers)
        assert status == 200 and "error" not in answer, answer
        return answer["result"]

    def error(self, method, params=None, **headers):
        answer = self({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}, headers)[1]
        assert answer["id"] == 1 and "result" not in answer
        assert set(answer["error"]) == {"code", "message", "data"}
        return answer["error"]


@pytest.fixture
def post(app):
    return Client(app)


def of(answer):
    return answer["error"]["code"], answer["id"]


# -- the specification, section by section ----------------------------------------------------------------------------------


def test_requests_by_name_and_by_position(post):
    by_name = post.result("res.partner.search_read", {"domain": [["id", "=", 5]], "fields": ["name"]})
    assert by_name == post.result("res.partner.search_read", [[["id", "=", 5]], ["name"]])
    assert post.result("res.partner.read", {"ids": [5], "fields": ["name"]}) == by_name
    assert post.result("res.partner.read", [[5], ["name"]]) == by_name
    spanish = post.result("res.partner.fields_get", {"allfields": ["name"], "context": {"lang": "es_MX"}})
    assert spanish["name"]["string"] == "Nombre"
    assert post.result("common.version")["protocol_version"] == 1


@pytest.mark.parametrize("id", ["a", 1, -5, 0, "", 1.5, None])
def test_the_id_comes_back_as_it_was_sent(post, id):
    assert post({**COUNT, "id": id})[1]["id"] == id


def test_notifications_are_done_and_not_answered(post):
    assert post({"jsonrpc": "2.0", "method": "res.partner.create", "params": {"vals_list": {"name": "Silent"}}}) == (204, None)
    assert post.result("res.partner.search_count", {"domain": [["name", "=", "Silent"]]}) == 1
    assert post({"jsonrpc": "2.0", "method": "nope.nope"}) == (204, None)
    assert post([COUNT, COUNT]) == (204, None)


def test_what_is_no_request(post):
    assert post('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]')[1]["error"]["code"] == -32700
    assert of(post(b"\xff\xfe")[1]) == (-32700, None)
    for wrong in (
        [], 1, "x", None, True, {}, {"id": 1}, {**COUNT, "jsonrpc": "1.0"}, {**COUNT, "jsonrpc": 2.0}, {**COUNT, "method": 1},
        {**COUNT, "params": "bar"}, {**COUNT, "params": None}, {**COUNT, "id": {}}, {**COUNT, "id": True}, [[]],
    ):  # fmt: skip
        status, answer = post(json.dumps(wrong))
        if isinstance(answer, list):
            assert [of(each) for each in answer] == [(-32600, None)]
        else:
            assert (status, *of(answer)) == (400, -32600, None), wrong


def test_arrays_are_answered_in_their_order(post):
    status, answers = post(
        [
            {**COUNT, "id": "1"},
            COUNT,
            {"foo": "boo"},
            {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
            1,
            {"jsonrpc": "2.0", "method": "common.version", "id": "9"},
        ]
    )
    assert status == 200
    assert [answer["id"] for answer in answers] == ["1", None, "5", None, "9"]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, -32600, -32601, -32600, None]
    assert [of(each) for each in post([1, 2, 3])[1]] == [(-32600, None)] * 3
    assert of(post([COUNT] * 1001)[1]) == (-32600, None)


def test_numbers_of_errors(post):
    assert post.error("nope")["code"] == -32601
    assert post.error("res.nope.search")["code"] == -32601
    assert post.error("res.partner.nope")["code"] == -32601
    assert post.error("res.partner.search", {"colour": 1})["code"] == -32602
    assert post.error("res.partner.write", {"vals": {}})["code"] == -32602
    assert post.error("common.version", [1])["code"] == -32602
    assert post.error("res.partner._compute_display_name")["code"] == 4030
    assert post.error("res.partner.write", {"ids": [999_999], "vals": {"ref": "x"}})["code"] == 4040
    assert post.error("res.partner.search", {"domain": [["nope", "=", 1]]})["code"] == 4222
    assert post.error("res.partner.create", {"vals_list": {"is_company": True}})["code"] == 4221
    order = post.result("sale.order.search", {"domain": [["state", "=", "sale"]], "limit": 1})
    error = post.error("sale.order.unlink", {"ids": order})
    assert error["code"] in (4220, 4221)
    assert error["message"] == error["data"]["message"]


def test_a_refused_value_is_pointed_at(post):
    lines = [[0, 0, {"name": "x"}], [0, 0, {"product_id": "seven"}]]
    error = post.error("sale.order.create", {"vals_list": [{"partner_id": 5}, {"partner_id": 5, "order_line": lines}]})
    assert error["data"] == {
        "name": "builtins.ValueError", "message": error["message"], "model": "sale.order.line", "field": "product_id",
        "value": "seven", "expected": "the id of a product.product",
        "path": "params.vals_list[1].order_line[1][2].product_id", "pointer": "/params/vals_list/1/order_line/1/2/product_id",
    }  # fmt: skip
    assert post.error("res.partner.write", [[5], {"nope": 1}])["data"]["path"] == "params[1].nope"


# -- who calls --------------------------------------------------------------------------------------------------------------


def test_credentials(post):
    for header in (
        "",
        "Basic",
        "Basic !!",
        "Basic YWRtaW4=",
        "Basic " + base64.b64encode(b"admin:no").decode(),
        "Bearer x",
        "Digest x",
    ):
        status, answer = post({**COUNT, "id": 1}, Authorization=header)
        assert (status, *of(answer)) == (401, 4010, 1), header
        assert "Bearer" in post.headers["WWW-Authenticate"]
        assert post({"jsonrpc": "2.0", "method": "common.version", "id": 1}, Authorization=header)[0] == 200
    status, answers = post([{**COUNT, "id": 1}, {"jsonrpc": "2.0", "method": "common.version", "id": 2}], Authorization="")
    assert (status, answers[0]["error"]["code"], "result" in answers[1]) == (401, 4010, True)
    made = post.result("res.users.apikeys.description.create", {"vals_list": {"name": "rpc2", "duration": "1"}})
    action = post.result("res.users.apikeys.description.make_key", {"ids": [made]})
    key = action["context"]["default_key"]
    assert post({**COUNT, "id": 1}, Authorization=f"bearer {key}")[0] == 200
    assert post({**COUNT, "id": 1}, Authorization="Basic " + base64.b64encode(f"admin:{key}".encode()).decode())[0] == 200
    assert post({**COUNT, "id": 1}, **{"X-Odoo-Database": "colca"})[0] == 200
    status, answer = post({**COUNT, "id": 1}, **{"X-Odoo-Database": "other"})
    assert (status, *of(answer)) == (404, 4041, 1)


def test_a_limited_key_is_limited_inside_a_batch_too(post):
    values = {"name": "reader", "duration": "1"}
    fields = post.result("res.users.apikeys.description.fields_get", {"attributes": ["type"]})
    if "access" not in fields and "readonly" not in fields:
        pytest.skip("keys have no limits here")
    values.update({"readonly": True} if "readonly" in fields else {"access": "read"})
    made = post.result("res.users.apikeys.description.create", {"vals_list": values})
    key = post.result("res.users.apikeys.description.make_key", {"ids": [made]})["context"]["default_key"]
    headers = {"Authorization": f"Bearer {key}"}
    read = {"method": "res.partner.search_count", "params": {}}
    write = {"method": "res.partner.create", "params": {"vals_list": {"name": "Through the batch"}}}
    assert len(post.result("ir.api.batch.execute", {"calls": [read, read]}, **headers)) == 2
    error = post.error("ir.api.batch.execute", {"calls": [read, write]}, **headers)
    assert error["code"] == 4030
    assert error["data"]["batch"]["index"] == 1
    assert post.result("res.partner.search_count", {"domain": [["name", "=", "Through the batch"]]}) == 0


def test_the_description_of_the_methods(post):
    document = post.result("rpc.discover")
    methods = {method["name"]: method for method in document["methods"]}
    assert document["openrpc"].startswith("1.")
    assert {"rpc.discover", "res.partner.search_read", "ir.api.batch.execute", "res.partner.write_multi"} <= methods.keys()
    assert "_compute_display_name" not in {name.rpartition(".")[2] for name in methods}
    status, answer = post({"jsonrpc": "2.0", "id": 1, "method": "rpc.discover"}, Authorization="Bearer x")
    assert (status, answer["error"]["code"]) == (401, 4010)
    response = post.http.post("/rpc/2", json={"jsonrpc": "2.0", "id": 1, "method": "rpc.discover"})
    assert {method["name"] for method in response.get_json()["result"]["methods"]} == {"common.version", "rpc.discover"}


# -- in one transaction -----------------------------------------------------------------------------------------------------

ATOMIC = {"Prefer": "transaction=atomic"}


def make(id, name, **vals):
    request = {"jsonrpc": "2.0", "method": "res.partner.create", "params": {"vals_list": {"name": name, **vals}}}
    return request if id is None else {**request, "id": id}


def test_an_array_in_one_transaction(post):
    read = {"jsonrpc": "2.0", "id": 2, "method": "res.partner.read", "params": [{"$ref": "a"}, ["name"]]}
    status, answers = post([make("a", "Atom"), make(None, "Silent atom"), read], ATOMIC)
    assert status == 200
    assert post.headers["Preference-Applied"] == "transaction=atomic"
    assert [answer["id"] for answer in answers] == ["a", 2]
    assert answers[1]["result"] == [{"id": answers[0]["result"], "name": "Atom"}]
    assert post.result("res.partner.search_count", {"domain": [["name", "=", "Silent atom"]]}) == 1


def test_an_array_in_one_transaction_is_kept_whole_or_not_at_all(post):
    status, answers = post([make("a", "Lost"), make(2, "Lost", nope=1), make("c", "Lost"), make(None, "Lost")], ATOMIC)
    assert status == 200
    assert [of(answer) for answer in answers] == [(4091, "a"), (4222, 2), (4093, "c")]
    assert answers[0]["error"]["data"]["refused"] == {"index": 1, "id": 2, "method": "res.partner.create"}
    assert answers[1]["error"]["data"]["path"] == "[1].params.vals_list.nope"
    _status, answers = post([make("a", "Lost"), 7, make("c", "Lost")], ATOMIC)
    assert [of(answer) for answer in answers] == [(4093, "a"), (-32600, None), (4093, "c")]
    _status, answers = post([make("a", "Lost"), make("a", "Lost")], ATOMIC)
    assert [of(answer) for answer in answers] == [(-32602, "a"), (-32602, "a")]
    status, answers = post([make("a", "Lost"), make("b", "Lost")], ATOMIC, Authorization="")
    assert (status, [of(answer) for answer in answers]) == (401, [(4010, "a"), (4010, "b")])
    assert post.result("res.partner.search_count", {"domain": [["name", "=", "Lost"]]}) == 0


def test_an_array_under_one_key(post):
    body = [make(1, "Keyed"), make(2, "Keyed", nope=1)]
    for headers in ({"Idempotency-Key": "apart"}, {"Idempotency-Key": "together", **ATOMIC}):
        before = post.result("res.partner.search_count", {"domain": [["name", "=", "Keyed"]]})
        first, second = post(body, headers)[1], post(body, headers)[1]
        assert first == second
        kept = 0 if "Prefer" in headers else 1
        assert post.result("res.partner.search_count", {"domain": [["name", "=", "Keyed"]]}) == before + kept
    good = [make(1, "Twice"), make(2, "Twice")]
    headers = {"Idempotency-Key": "good", **ATOMIC}
    assert post(good, headers) == post(good, headers)
    assert post.result("res.partner.search_count", {"domain": [["name", "=", "Twice"]]}) == 2
    assert of(post({**COUNT, "id": 1}, {"Idempotency-Key": "x" * 300})[1]) == (-32600, None)


def test_values_with_null(post):
    assert post.result("res.partner.read", {"ids": [5], "fields": ["comment"]}, Prefer="values=typed")[0]["comment"] is None
    assert post.headers["Preference-Applied"] == "values=typed"
    assert post.result("res.partner.read", {"ids": [5], "fields": ["comment"]})[0]["comment"] is False


# -- whatever is sent -------------------------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.sampled_from(["2.0", "call", "object", "execute_kw", "res.partner", "search", "colca", "admin", "$ref", "\x00", "\ud800"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=12,
)
METHODS = st.sampled_from(
    [
        "res.partner.search", "res.partner.search_read", "res.partner.read", "res.partner.name_search", "res.partner.fields_get",
        "sale.order.default_get", "ir.api.batch.execute", "common.version", "rpc.discover", "nope", ".", "a.b.c", "res.partner.", "",
        "res.partner.__class__",
    ]
)  # fmt: skip
CALLS = st.fixed_dictionaries(
    {"method": METHODS | VALUES, "params": VALUES}, optional={"id": VALUES, "$ref": VALUES, "jsonrpc": st.just("2.0")}
)
REQUESTS = st.fixed_dictionaries(
    {"method": METHODS | VALUES},
    optional={
        "jsonrpc": st.just("2.0") | VALUES,
        "id": st.integers() | st.text(max_size=5) | VALUES,
        "params": st.one_of(
            VALUES,
            st.fixed_dictionaries({}, optional={"domain": VALUES, "fields": VALUES, "context": VALUES, "ids": VALUES}),
            st.fixed_dictionaries({"calls": st.lists(CALLS, max_size=3)}),
        ),
    },
)
BODIES = st.one_of(REQUESTS, st.lists(REQUESTS | VALUES, max_size=4), VALUES)
GENERATED = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def unfit(answer):
    """What is wrong with one response object by the specification; nothing for a right one."""
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0" or "id" not in answer:
        return "no response object"
    if ("result" in answer) == ("error" in answer):
        return "not exactly one of result and error"
    error = answer.get("error")
    if error is not None and not (type(error["code"]) is int and isinstance(error["message"], str) and error["message"]):
        return "an error without number or words"
    if error is not None and ("incident" in error["data"] or error["code"] == -32603):
        return f"an incident: {error}"
    return None


def test_any_body_gets_a_proper_answer(post):
    @GENERATED
    @given(BODIES, st.booleans(), st.booleans())
    def run(body, atomic, keyed):
        headers = {**(ATOMIC if atomic else {}), **({"Idempotency-Key": "fuzz"} if keyed else {})}
        try:
            text = json.dumps(body)
        except (ValueError, UnicodeEncodeError):
            return
        status, answer = post(text, headers)
        assert status in (200, 204, 400, 401, 404), (status, answer)
        if status == 204:
            assert answer is None
        else:
            for each in answer if isinstance(answer, list) else [answer]:
                assert unfit(each) is None, (unfit(each), text)

    run()


def test_any_bytes_get_a_proper_answer_at_every_door(post):
    started = json.dumps({**COUNT, "id": 1}).encode()
    xml = b"<?xml version='1.0'?><methodCall><methodName>execute_kw</methodName><params><param><value><string>colca</string>"

    @GENERATED
    @given(st.binary(max_size=60), st.integers(0, 120), st.sampled_from([started, xml]))
    def run(noise, cut, good):
        for body in (noise, good[:cut] + noise, good[: len(good) - cut] + noise):
            for path in ("/rpc/2", "/jsonrpc", "/xmlrpc/2/object", "/xmlrpc/common", "/json/2/res.partner/search"):
                response = post.http.post(path, data=body, headers=BASIC)
                assert response.status_code < 500, (path, body, response.data)
                assert b"incident" not in response.data.lower(), (path, body, response.data)

    run()


def test_any_envelope_of_the_older_door(post):
    arguments = st.lists(
        st.sampled_from(["colca", 2, "admin", "res.partner", "search_read", "ir.api.batch", "execute"]) | VALUES, max_size=8
    )

    @GENERATED
    @given(
        st.fixed_dictionaries(
            {},
            optional={
                "jsonrpc": VALUES,
                "id": VALUES,
                "method": VALUES,
                "params": VALUES
                | st.fixed_dictionaries(
                    {
                        "service": st.sampled_from(["object", "common", "db"]),
                        "method": st.sampled_from(["execute", "execute_kw", "login", "list"]),
                    },
                    optional={"args": arguments | VALUES},
                ),
            },
        ),
        st.booleans(),
    )
    def run(body, keyed):
        try:
            text = json.dumps(body)
        except (ValueError, UnicodeEncodeError):
            return
        response = post.http.post("/jsonrpc", data=text, headers={"Idempotency-Key": "fuzz"} if keyed else {})
        answer = json.loads(response.data)
        assert response.status_code in (200, 400), answer
        assert ("result" in answer) != ("error" in answer)
        assert "incident" not in answer.get("error", {}).get("data", {}).get("context", {}), (text, answer)

    run()


def test_any_xml_rpc_call(post):
    import xmlrpc.client

    wire = st.recursive(
        st.one_of(
            st.booleans(),
            st.integers(-(2**31), 2**31 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text("abc<&%\n", max_size=6),
        ),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)),
        max_leaves=8,
    )
    head = st.sampled_from(
        [["colca", 2, "admin", "res.partner", "search"], ["colca", 2, "admin", "ir.api.batch", "execute"], ["colca", "2"], []]
    )

    @GENERATED
    @given(
        head,
        st.lists(wire, max_size=4),
        st.sampled_from(["execute", "execute_kw", "nope", ""]),
        st.sampled_from(["2/object", "object"]),
    )
    def run(start, rest, method, service):
        body = xmlrpc.client.dumps((*start, *rest), method)
        response = post.http.post(f"/xmlrpc/{service}", data=body)
        assert response.status_code == 200
        try:
            xmlrpc.client.loads(response.data)
        except xmlrpc.client.Fault as fault:
            assert "incident" not in f"{fault.faultCode}{fault.faultString}".lower(), (body, fault)

    run()


def test_the_same_answers_as_through_the_dispatcher(post):
    for method, params in (
        ("search_read", {"domain": [["is_company", "=", True]], "limit": 5}),
        ("name_search", {"name": "a", "limit": 3}),
        ("default_get", {"fields": ["lang", "type"]}),
    ):
        answer = dispatch(post.database, 2, "res.partner", method, [], params)
        assert post.result(f"res.partner.{method}", params) == json.loads(json.dumps(answer, default=str))
