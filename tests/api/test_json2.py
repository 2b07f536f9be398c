"""`/json/2`: one call per request, keys, statuses, and answers with types."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.feature("M5")

DATA_KEYS = {"name", "message", "arguments", "context", "debug", "exception_type"}


class TestCalls:
    def test_search_read_as_the_documentation_shows(self, door):
        rows = door("res.partner", "search_read", domain=[["is_company", "=", True]], fields=["name"], limit=2)
        assert len(rows) == 2 and all(set(row) == {"id", "name"} for row in rows)

    def test_search_then_read_by_ids(self, door):
        ids = door("res.partner", "search", domain=[["is_company", "=", True]], limit=3, order="id desc")
        assert ids == sorted(ids, reverse=True)
        assert [row["id"] for row in door("res.partner", "read", ids=ids, fields=["name"])] == ids
        assert all(type(row["country_id"]) in (int, bool) for row in door("res.partner", "read", ids=ids, load=None))

    def test_create_is_always_a_list(self, door):
        one = door("res.partner", "create", vals_list={"name": "Uno"})
        two = door("res.partner", "create", vals_list=[{"name": "Dos"}, {"name": "Tres"}])
        assert len(one) == 1 and len(two) == 2
        assert door("res.partner", "write", ids=one, vals={"ref": "U1"}) is True
        assert door("res.partner", "read", ids=one, fields=["ref"]) == [{"id": one[0], "ref": "U1"}]
        copied = door("res.partner", "copy", ids=one[0])
        assert isinstance(copied, list) and len(copied) == 1
        assert door("res.partner", "unlink", ids=[*one, *two, *copied]) is True
        assert door("res.partner", "exists", ids=one) == []

    def test_no_body_is_no_argument(self, door):
        assert door.post("res.partner", "search_count", data=b"").get_json() > 0
        assert door.post("res.partner", "exists", data=b"").get_json() == []

    def test_the_context_has_language_and_company(self, door):
        spanish = door("res.partner", "fields_get", allfields=["name"], attributes=["string"], context={"lang": "es"})
        english = door("res.partner", "fields_get", allfields=["name"], attributes=["string"], context={"lang": "en_US"})
        assert spanish != english
        refused = door.refused(403, "res.partner", "search", context={"allowed_company_ids": [99999]})
        assert refused["name"] == "odoo.exceptions.AccessError"

    def test_nothing_is_kept_of_a_call_that_fails(self, door):
        before = door("res.partner", "search_count", domain=[])
        door.refused(422, "res.partner", "create", vals_list=[{"name": "Bueno"}, {"name": "Malo", "country_id": 987654321}])
        assert door("res.partner", "search_count", domain=[]) == before


class TestStatuses:
    @pytest.mark.parametrize(
        ("status", "model", "method", "body", "name"),
        [
            (404, "no.model", "search", {}, "werkzeug.exceptions.NotFound"),
            (404, "res.partner", "no_method", {}, "builtins.AttributeError"),
            (403, "res.partner", "_compute_display_name", {}, "odoo.exceptions.AccessError"),
            (403, "res.partner", "browse", {}, "odoo.exceptions.AccessError"),
            (404, "res.partner", "write", {"ids": [987654321], "vals": {"name": "x"}}, "odoo.exceptions.MissingError"),
            (422, "res.partner", "search", {"ids": [1]}, "builtins.TypeError"),
            (422, "res.partner", "search", {"domains": []}, "builtins.TypeError"),
            (422, "res.partner", "write", {"ids": [1]}, "builtins.TypeError"),
            (422, "res.partner", "search", {"domain": [["nothing", "=", 1]]}, "builtins.ValueError"),
            (422, "res.partner", "search", {"domain": [["name", "~", 1]]}, "builtins.ValueError"),
            (422, "res.partner", "search", {"domain": "x"}, "builtins.ValueError"),
            (422, "res.partner", "create", {"vals_list": {"type": "strange", "name": "x"}}, "builtins.ValueError"),
            (422, "res.partner", "create", {"vals_list": {}}, "odoo.exceptions.ValidationError"),
            (422, "res.partner", "read", {"ids": ["x"]}, "builtins.ValueError"),
            (422, "res.partner", "search", {"context": [1]}, "builtins.TypeError"),
        ],
    )
    def test_refusals(self, door, status, model, method, body, name):
        refusal = door.refused(status, model, method, **body)
        assert set(refusal) == DATA_KEYS and refusal["name"] == name
        assert refusal["arguments"][0] == refusal["message"] and refusal["debug"].startswith("Traceback")

    def test_unknown_model_in_the_words_of_the_contract(self, door):
        assert door.refused(404, "x.y", "search")["message"] == "the model 'x.y' does not exist"

    @pytest.mark.parametrize("data", [b"{", b"[]", b"1", b'"x"', b"\xff", b"null"])
    def test_a_body_that_is_no_object(self, door, data):
        response = door.post("res.partner", "search", data=data)
        assert response.status_code == 400
        assert response.get_json()["name"] == "werkzeug.exceptions.BadRequest"

    def test_a_model_that_the_user_may_not_touch(self, door):
        key = door.key_of("ventas.mx")
        response = door.post("ir.config_parameter", "search_read", {}, key=key)
        assert response.status_code == 403 and response.get_json()["name"] == "odoo.exceptions.AccessError"

    def test_other_verbs_and_bare_paths(self, door):
        for verb in ("get", "put", "delete", "patch"):
            answer = getattr(door.http, verb)("/json/2/res.partner/search", headers={"Authorization": f"Bearer {door.key}"})
            assert answer.status_code in (404, 405) and answer.data
        for path in ("/json/2", "/json/2/", "/json/2/res.partner", "/json"):
            assert door.http.post(path, json={}).status_code in (404, 405)


class TestKeys:
    def unauthorized(self, response):
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        body = response.get_json()
        assert set(body) == DATA_KEYS
        assert (body["name"], body["message"]) == ("werkzeug.exceptions.Unauthorized", "Invalid apikey")
        assert body["arguments"] == ["Invalid apikey", 401] and body["context"] == {}

    @pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", "Bearer admin", "Bearer wrong"])
    def test_no_key_or_a_wrong_one(self, door, header):
        self.unauthorized(door.post("res.partner", "search", {}, headers={"Authorization": header}))

    def test_a_wrong_key_learns_nothing_of_models_or_bodies(self, door):
        self.unauthorized(door.post("no.model", "no_method", headers={"Authorization": "bearer wrong"}, data=b"{"))

    @pytest.mark.parametrize("scheme", ["bearer", "Bearer", "BEARER", "bEaReR"])
    def test_the_scheme_in_any_case(self, door, scheme):
        answer = door.post("res.partner", "search_count", {}, headers={"Authorization": f"{scheme} {door.key}"})
        assert answer.status_code == 200

    def test_a_password_is_no_key(self, door):
        self.unauthorized(door.post("res.partner", "search", {}, key="admin"))

    def test_a_key_does_what_it_is_for(self, door):
        key = door.key_of("admin", readonly=True)
        assert door.post("res.partner", "search_count", {}, key=key).status_code == 200
        refused = door.post("res.partner", "create", {"vals_list": [{"name": "X"}]}, key=key)
        assert refused.status_code == 403 and refused.get_json()["name"] == "odoo.exceptions.AccessError"

    def test_keys_are_renewed_and_ended_as_the_documentation_shows(self, door):
        key = door.key_of("ventas.mx")
        answer = door.post(
            "res.users.apikeys", "generate", {"key": key, "scope": None, "name": "Next", "expiration_date": None}, key=key
        )
        new = answer.get_json()
        assert answer.status_code == 200, new
        assert door.post("res.users", "context_get", {}, key=new).get_json()["uid"] > 2
        assert door.post("res.users.apikeys", "revoke", {"key": key}, key=new).status_code == 200
        self.unauthorized(door.post("res.users", "context_get", {}, key=key))
        unknown = door.post("res.users.apikeys", "revoke", {"key": "0" * len(new)}, key=new)
        assert unknown.status_code == 403 and unknown.get_json()["name"] == "odoo.exceptions.AccessDenied"

    def test_the_database_header(self, door):
        assert door("res.partner", "search", _headers={"X-Odoo-Database": "colca"}, limit=1)
        refused = door.refused(404, "res.partner", "search", _headers={"X-Odoo-Database": "elsewhere"})
        assert 'database "elsewhere" does not exist' in refused["message"]


class TestAnswer:
    def test_every_request_has_a_number(self, door):
        first, second = (door.post("res.partner", "search", {"limit": 1}).headers["X-Request-Id"] for _ in range(2))
        assert first and second and first != second
        given = door.post("res.partner", "search", {}, headers={"X-Request-Id": "order-17.2"})
        assert given.headers["X-Request-Id"] == "order-17.2"
        strange = door.post("no.model", "search", {}, headers={"X-Request-Id": "a b\tc"})
        assert strange.status_code == 404 and strange.headers["X-Request-Id"] not in ("", "a b\tc")

    @pytest.mark.parametrize("way", ["header", "context"])
    def test_typed_values_by_the_type_of_the_field(self, door, way):
        given = (
            {"_headers": {"Prefer": "return=minimal, values=typed"}} if way == "header" else {"context": {"typed_values": True}}
        )
        id = door("res.partner", "create", vals_list=[{"name": "Vacía"}])
        country = door("res.country", "search", domain=[["code", "=", "PE"]])
        full = door(
            "res.partner", "create", vals_list=[{"name": "Llena", "country_id": country[0], "is_company": True, "ref": "R"}]
        )
        fields = ["name", "ref", "is_company", "country_id", "color", "credit_limit", "child_ids", "lang", "create_date"]
        empty, filled = door("res.partner", "read", **given, ids=id + full, fields=fields)
        assert empty == {
            "id": id[0], "name": "Vacía", "ref": None, "is_company": False, "country_id": None, "color": 0, "credit_limit": 0.0,
            "child_ids": [], "lang": None if empty["lang"] is None else empty["lang"], "create_date": empty["create_date"],
        }  # fmt: skip
        assert filled["country_id"] == {"id": country[0], "display_name": "Peru"} and filled["is_company"] is True
        assert door("res.partner", "search_read", **given, domain=[["id", "in", id]], fields=fields) == [empty]
        bare = door("res.partner", "search_read", **given, domain=[["id", "in", full]], fields=["country_id"], load=None)
        assert bare == [{"id": full[0], "country_id": country[0]}]
        classic = door("res.partner", "read", ids=id, fields=["ref", "country_id", "is_company"])
        assert classic == [{"id": id[0], "ref": False, "country_id": False, "is_company": False}]

    def test_typed_values_in_nested_answers(self, door):
        """`web_read`, `search_page`, dotted paths and specifications: nothing is null there too, at any depth."""
        typed = {"context": {"typed_values": True}}
        country = door("res.country", "search", domain=[["code", "=", "PE"]])[0]
        parent = door("res.partner", "create", vals_list=[{"name": "Casa", "is_company": True, "country_id": country}])[0]
        child = door("res.partner", "create", vals_list=[{"name": "Ana", "parent_id": parent, "type": "delivery"}])[0]
        specification = {
            "ref": {}, "is_company": {},
            "parent_id": {"fields": {"display_name": {}, "ref": {}, "parent_id": {"fields": {"name": {}}}}},
            "child_ids": {"fields": {"name": {}, "ref": {}, "country_id": {"fields": {"code": {}}}}},
        }  # fmt: skip
        below, above = door("res.partner", "web_read", ids=[child, parent], specification=specification, **typed)
        assert below == {
            "id": child, "ref": None, "is_company": False, "child_ids": [],
            "parent_id": {"id": parent, "display_name": "Casa", "ref": None, "parent_id": None},
        }  # fmt: skip
        assert above["parent_id"] is None and above["child_ids"][0]["ref"] is None
        found = door("res.partner", "web_search_read", domain=[["id", "=", child]], specification=specification, **typed)
        assert found["length"] == 1 and found["records"] == [below]
        read = door("res.partner", "search_read", domain=[["id", "=", child]], fields=specification, **typed)
        assert read == [below]
        paths = ["parent_id.ref", "parent_id.country_id", "child_ids.ref", "parent_id"]
        page = door("res.partner", "search_page", domain=[["id", "in", [child, parent]]], fields=paths, order="id desc", **typed)
        assert page["more"] is False
        assert page["records"] == [
            {"id": child, "parent_id.ref": None, "parent_id.country_id": {"id": country, "display_name": "Peru"},
             "child_ids.ref": [], "parent_id": {"id": parent, "display_name": "Casa"}},
            {"id": parent, "parent_id.ref": None, "parent_id.country_id": None, "child_ids.ref": [None], "parent_id": None},
        ]  # fmt: skip

    def test_typed_groups(self, door):
        typed = door("res.partner", "read_group", domain=[], fields=[], groupby=["country_id"], context={"typed_values": True})
        classic = door("res.partner", "read_group", domain=[], fields=[], groupby=["country_id"])
        assert len(typed) == len(classic) > 1
        for new, old in zip(typed, classic, strict=True):
            pair = old["country_id"]
            assert new["country_id"] == (pair and {"id": pair[0], "display_name": pair[1]} or None)

    def test_the_answer_says_that_values_are_typed(self, door):
        plain = door.post("res.partner", "search_read", {"limit": 1})
        typed = door.post("res.partner", "search_read", {"limit": 1}, headers={"Prefer": "values=typed"})
        assert "Preference-Applied" not in plain.headers
        assert typed.headers["Preference-Applied"] == "values=typed"

    def test_typed_values_of_every_model_agree_with_the_types(self, door):
        """On every record of the demo business: null exactly where a field that is no boolean was false."""
        for model in door("ir.model", "search_read", fields=["model", "transient"]):
            name = model["model"]
            kinds = {k: v["type"] for k, v in door(name, "fields_get").items()}
            classic = door(name, "search_read", limit=20, order="id")
            typed = door(name, "search_read", limit=20, order="id", context={"typed_values": True})
            for old, new in zip(classic, typed, strict=True):
                for field, value in old.items():
                    kind = kinds[field]
                    if value is False and kind != "boolean":
                        assert new[field] is None, (name, field)
                    elif kind == "many2one" and value:
                        assert new[field] == {"id": value[0], "display_name": value[1]}, (name, field)
                    else:
                        assert new[field] == value, (name, field)
