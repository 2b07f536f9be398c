"""What the routes do by themselves: envelopes, faults, statuses, slashes, bodies of every kind. Never a 500."""

from __future__ import annotations

import json
import xmlrpc.client

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

VERSION = {
    "server_version": "19.0",
    "server_version_info": [19, 0, 0, "final", 0, ""],
    "server_serie": "19.0",
    "protocol_version": 1,
}


def post_json(client, path, envelope, status=200):
    response = client.post(path, data=json.dumps(envelope), content_type="application/json")
    assert response.status_code == status
    assert response.content_type == "application/json; charset=utf-8"
    return response.get_json()


def service(client, service, method, *args, path="/jsonrpc"):
    params = {"service": service, "method": method, "args": list(args)}
    return post_json(client, path, {"jsonrpc": "2.0", "method": "call", "params": params, "id": 7})


def xml(client, path, method, *args):
    response = client.post(path, data=xmlrpc.client.dumps(args, method, allow_none=True), content_type="text/xml")
    assert response.status_code == 200
    assert response.content_type.startswith("text/xml")
    return xmlrpc.client.loads(response.data)[0][0]


class TestJson:
    def test_version_at_every_door(self, fake_client):
        assert service(fake_client, "common", "version") == {"jsonrpc": "2.0", "id": 7, "result": VERSION}
        assert post_json(fake_client, "/web/webclient/version_info", {"params": {}})["result"] == VERSION
        assert fake_client.get("/web/version").get_json() == {"version": "19.0", "version_info": VERSION["server_version_info"]}
        assert post_json(fake_client, "/web/database/list", {"params": {}})["result"] == ["colca"]

    @pytest.mark.parametrize("path", ["/jsonrpc", "//jsonrpc", "/jsonrpc/", "///jsonrpc"])
    def test_slashes(self, fake_client, path):
        # The test client would read `//jsonrpc` as a host name; a server does not.
        body = json.dumps({"params": {"service": "common", "method": "version"}})
        response = fake_client.post("/", data=body, environ_overrides={"PATH_INFO": path})
        assert response.get_json()["result"] == VERSION

    @pytest.mark.parametrize("number", [1, "a", None, 1.5, 2**60, [1], {"x": 1}])
    def test_the_id_comes_back_as_it_was(self, fake_client, number):
        params = {"service": "common", "method": "version", "args": [], "kwargs": {}, "else": 1}
        assert post_json(fake_client, "/jsonrpc", {"id": number, "params": params, "method": 5, "other": 1})["id"] == number

    def test_result_is_always_there(self, fake_client):
        assert post_json(
            fake_client, "/jsonrpc", {"params": {"service": "common", "method": "login", "args": ["colca", "x", "y"]}}
        ) == {
            "jsonrpc": "2.0",
            "id": None,
            "result": False,
        }

    def test_logging_in(self, fake_client):
        assert service(fake_client, "common", "login", "colca", "admin", "admin")["result"] == 2
        assert service(fake_client, "common", "authenticate", "colca", "admin", "admin", {})["result"] == 2
        assert service(fake_client, "common", "authenticate", "colca", "admin", "admin", "")["result"] == 2
        assert service(fake_client, "common", "authenticate", "colca", "admin", "wrong")["result"] is False
        assert service(fake_client, "common", "authenticate", "colca", 5, None)["result"] is False
        error = service(fake_client, "common", "login", "other", "admin", "admin")["error"]
        assert 'database "other" does not exist' in error["data"]["message"]

    def test_calls(self, fake_client):
        answer = service(fake_client, "object", "execute_kw", "colca", 2, "admin", "thing", "search", [[]], {"limit": 5})
        assert answer["result"][:4] == ["search", [], 0, 5]
        for kwargs in ([], [None], [""], [{}], [False]):
            assert service(fake_client, "object", "execute_kw", "colca", "2", "admin", "thing", "search", [[]], *kwargs)["result"]
        assert service(fake_client, "object", "execute", "colca", 2, "admin", "thing", "read", 5)["result"][0] == [5]

    def test_the_shape_of_an_error(self, fake_client):
        error = service(fake_client, "object", "execute", "colca", 2, "admin", "thing", "_secret", 5)["error"]
        assert (error["code"], error["message"]) == (200, "Odoo Server Error")
        data = error["data"]
        assert data["name"] == "odoo.exceptions.AccessError"
        assert data["message"] == "Private methods (such as 'thing._secret') cannot be called remotely."
        assert data["arguments"] == [data["message"]]
        assert data["exception_type"] == "access_error"
        assert data["debug"].startswith("Traceback (most recent call last):") and "AccessError" in data["debug"]
        data = service(fake_client, "object", "execute", "colca", 2, "wrong", "thing", "read", 5)["error"]["data"]
        assert (data["name"], data["message"]) == ("odoo.exceptions.AccessDenied", "Access Denied")
        data = service(fake_client, "object", "execute", "colca", 2, "admin", "thing", "nope")["error"]["data"]
        assert data["name"] == "builtins.AttributeError" and "AttributeError: " in data["debug"]
        data = service(fake_client, "object", "execute", "colca", 2, "admin", "nothing", "read")["error"]["data"]
        assert (data["name"], data["message"]) == ("odoo.exceptions.UserError", "Object nothing doesn't exist")

    @pytest.mark.parametrize("uid", [True, 0, -1, "x", None, 2**70, [2], 3, 2.0])
    def test_odd_user_ids_are_denied(self, fake_client, uid):
        error = service(fake_client, "object", "execute", "colca", uid, "admin", "thing", "read", 5)["error"]
        assert error["data"]["name"] == "odoo.exceptions.AccessDenied"

    def test_unknown_services_and_methods(self, fake_client):
        assert "error" in service(fake_client, "report", "render")
        assert "error" in service(fake_client, "object", "exec_workflow")
        assert "error" in service(fake_client, "db", "monodb")
        assert "error" in service(fake_client, ["object"], {"a": 1})
        assert "takes 3 to 3" in service(fake_client, "common", "login")["error"]["data"]["message"]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[1]",
            b'"x"',
            b"null",
            b"\xff\xfe",
            b"[" * 10_000,
        ],
    )
    def test_what_is_no_envelope_is_400(self, fake_client, body):
        response = fake_client.post("/jsonrpc", data=body, content_type="application/json")
        assert response.status_code == 400
        assert response.get_json()["error"]["data"]["name"] == "builtins.ValueError"

    @pytest.mark.parametrize("params", [5, [1], "x", {"args": "\0"}, {"args": json.loads("[" * 90 + "]" * 90)}])
    def test_what_cannot_be_meant_is_an_error_with_the_id(self, fake_client, params):
        answer = post_json(fake_client, "/jsonrpc", {"id": 9, "params": params})
        assert answer["id"] == 9 and "incident" not in answer["error"]["data"]["context"]

    def test_an_array_of_calls_is_refused(self, fake_client):
        assert post_json(fake_client, "/jsonrpc", [{"params": {}}], 400)["id"] is None

    def test_other_content_types(self, fake_client):
        body = json.dumps({"params": {"service": "common", "method": "version", "args": []}})
        for kind in ("application/json-rpc", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            assert fake_client.post("/jsonrpc", data=body, content_type=kind).get_json()["result"] == VERSION

    def test_too_large_a_body(self, fake_client):
        response = fake_client.post("/jsonrpc", data=b"x" * (1024 * 1024 + 1))
        assert response.status_code == 400
        assert "COLCA_MAX_BODY" in response.get_json()["error"]["data"]["message"]


class TestXml:
    def test_version(self, fake_client):
        assert xml(fake_client, "/xmlrpc/2/common", "version") == VERSION
        assert xml(fake_client, "/xmlrpc/common", "version") == VERSION
        assert xml(fake_client, "/xmlrpc/2/common/", "version") == VERSION

    def test_database_service(self, fake_client):
        assert xml(fake_client, "/xmlrpc/2/db", "list") == ["colca"]
        assert xml(fake_client, "/xmlrpc/db", "server_version") == "19.0"
        assert xml(fake_client, "/xmlrpc/2/db", "db_exist", "colca") is True
        assert xml(fake_client, "/xmlrpc/2/db", "db_exist", "x") is False
        assert ["es_MX", "Español (México)"] in xml(fake_client, "/xmlrpc/2/db", "list_lang")
        with pytest.raises(xmlrpc.client.Fault) as caught:
            xml(fake_client, "/xmlrpc/2/db", "drop", "pw", "colca")
        assert (caught.value.faultCode, caught.value.faultString) == (3, "Access Denied")
        with pytest.raises(xmlrpc.client.Fault) as caught:
            xml(fake_client, "/xmlrpc/2/db", "monodb")
        assert "The service db has no method 'monodb'." in caught.value.faultString

    def test_calls_and_faults(self, fake_client):
        assert xml(fake_client, "/xmlrpc/2/object", "execute_kw", "colca", 2, "admin", "thing", "peek", [[1]], {}) is True
        with pytest.raises(xmlrpc.client.Fault) as caught:
            xml(fake_client, "/xmlrpc/2/object", "execute_kw", "colca", 2, "no", "thing", "peek", [[1]], {})
        assert (caught.value.faultCode, caught.value.faultString) == (3, "Access Denied")
        with pytest.raises(xmlrpc.client.Fault) as caught:
            xml(fake_client, "/xmlrpc/object", "execute", "colca", 2, "admin", "thing", "_x")
        assert caught.value.faultCode.startswith("warning -- AccessError\n\nPrivate methods")

    def test_go_sends_an_empty_value_for_nothing(self, fake_client):
        assert xml(fake_client, "/xmlrpc/2/object", "execute_kw", "colca", 2, "admin", "thing", "search", [[]], "")[0] == "search"

    def test_unknown_service_is_404_with_a_body(self, fake_client):
        response = fake_client.post("/xmlrpc/2/report", data=b"<x/>")
        assert response.status_code == 404 and response.data

    def test_too_large_a_body(self, fake_client):
        response = fake_client.post("/xmlrpc/2/object", data=b"x" * (1024 * 1024 + 1))
        with pytest.raises(xmlrpc.client.Fault, match="COLCA_MAX_BODY"):
            xmlrpc.client.loads(response.data)


class TestPages:
    def test_head(self, fake_client):
        assert fake_client.head("/").status_code == 200
        assert fake_client.head("/web").status_code == 200

    def test_errors_are_plain_and_not_empty(self, fake_client):
        assert b"Not Found" in fake_client.get("/nowhere").data
        response = fake_client.get("/jsonrpc")
        assert response.status_code == 405 and "POST" in response.headers["Allow"]

    def test_no_cookies_at_the_doors(self, fake_client):
        assert "Set-Cookie" not in fake_client.post("/jsonrpc", data=b"{}").headers


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=15,
)
arguments = st.lists(
    json_like | st.sampled_from(["colca", 2, "admin", "thing", "search", "read", "write", "create", [[]], {}]), max_size=8
)
fuzzing = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class TestAnything:
    @given(envelope=json_like, params=json_like)
    @fuzzing
    def test_json_envelopes(self, fake_client, envelope, params):
        for body in (envelope, {"params": params}):
            response = fake_client.post("/jsonrpc", data=json.dumps(body))
            assert response.status_code in (200, 400)
            assert "error" in response.get_json()

    @given(
        service=st.sampled_from(["common", "object", "db"]),
        method=st.sampled_from(["version", "login", "execute", "execute_kw"]),
        args=arguments,
    )
    @fuzzing
    def test_json_calls(self, fake_client, service, method, args):
        response = fake_client.post(
            "/jsonrpc", data=json.dumps({"params": {"service": service, "method": method, "args": args}, "id": 1})
        )
        assert response.status_code == 200
        answer = response.get_json()
        assert ("error" in answer) != ("result" in answer)
        if "error" in answer:
            assert "incident" not in answer["error"]["data"]["context"], answer["error"]

    @given(
        method=st.sampled_from(["search", "read", "write", "create", "name_search", "message_post", "peek", "search_count"]),
        args=arguments,
        kwargs=json_like,
    )
    @fuzzing
    def test_arguments_of_methods(self, fake_client, method, args, kwargs):
        params = {"service": "object", "method": "execute_kw", "args": ["colca", 2, "admin", "thing", method, args, kwargs]}
        response = fake_client.post("/jsonrpc", data=json.dumps({"params": params, "id": 1}))
        assert response.status_code == 200
        answer = response.get_json()
        if "error" in answer:
            assert "incident" not in answer["error"]["data"]["context"], answer["error"]

    @given(body=st.binary(max_size=400), path=st.sampled_from(["/xmlrpc/2/common", "/xmlrpc/object", "/xmlrpc/2/db"]))
    @fuzzing
    def test_xml_bodies(self, fake_client, body, path):
        response = fake_client.post(path, data=body)
        assert response.status_code == 200
        with pytest.raises(xmlrpc.client.Fault):
            xmlrpc.client.loads(response.data)
