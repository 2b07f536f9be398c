"""Logging in with a cookie, as browsers and the clients that imitate them do it: over HTTP, with a real cookie jar."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from test_api_keys import ADMIN, PASSWORD, Door, admin, door  # noqa: F401  (fixtures)

from server import aside
from server.app import create_app
from server.config import Config
from server.database import Database
from server.security import credentials, passwords

INFO = (
    "uid db username name partner_id partner_display_name company_id user_context is_system is_admin is_public is_internal_user "
    "server_version server_version_info user_companies currencies web.base.url session_id active_ids_limit max_file_upload_size "
    "show_effect".split()
)


@pytest.fixture
def app(admin: Door, door: Door, tmp_path: Any) -> Any:  # noqa: F811
    """The application over the test's database, where `admin` and `ana` have the same password."""
    return create_app(Config(data_dir=tmp_path), database=admin.server.database)


def post(client: Any, path: str, params: Any = None, status: int = 200, **more: Any) -> Any:
    answer = client.post(path, json={"params": params or {}, "id": 5}, **more)
    assert answer.status_code == status
    assert answer.content_type == "application/json; charset=utf-8"
    body = answer.get_json()
    assert body["id"] == 5 and ("result" in body) != ("error" in body)
    return body["result"] if "result" in body else body["error"]


def log_in(app: Any, login: str = "ana", password: str = PASSWORD) -> Any:
    client = app.test_client()
    info = post(client, "/web/session/authenticate", {"db": "colca", "login": login, "password": password, "base_location": "x"})
    assert info["username"] == login
    return client


def expired(error: Any) -> bool:
    assert error["code"] == 100 and error["message"] == "Odoo Session Expired", error
    assert error["data"]["name"] == "odoo.http.SessionExpiredException"
    assert "SessionExpiredException" in error["data"]["debug"]
    return True


class TestAuthenticate:
    def test_the_answer_and_the_cookie(self, app: Any) -> None:
        client = app.test_client()
        params = {"db": "colca", "login": "admin", "password": PASSWORD}
        answer = client.post("/web/session/authenticate", json={"jsonrpc": "2.0", "params": params, "id": 1})
        info = answer.get_json()["result"]
        assert not set(INFO) - set(info)
        assert info["uid"] == ADMIN and info["db"] == "colca" and info["username"] == "admin" and info["is_system"] is True
        assert info["server_version"] == "19.0" and info["server_version_info"][:2] == [19, 0] and info["is_public"] is False
        assert set(info["user_context"]) == {"lang", "tz", "uid"}
        companies = info["user_companies"]
        assert companies["current_company"] == info["company_id"] == 1
        assert set(companies["allowed_companies"]["1"]) == {"id", "name", "sequence", "child_ids", "parent_id", "currency_id"}
        [cookie] = answer.headers.getlist("Set-Cookie")
        assert re.fullmatch(
            r"session_id=[\w.-]+; Max-Age=\d+; HttpOnly; Path=/; SameSite=Lax|session_id=[\w.-]+;( [\w-]+(=[\w/ :,-]+)?;?)+",
            cookie,
        )
        for part in ("HttpOnly", "Path=/", "Max-Age=", "SameSite=Lax"):
            assert part in cookie
        assert "Secure" not in cookie and info["session_id"] == cookie.split(";")[0].split("=", 1)[1]
        again = client.post("/web/session/authenticate", json={"params": params}, base_url="https://localhost")
        assert "Secure" in again.headers["Set-Cookie"]

    def test_each_login_has_a_cookie_of_its_own_and_ends_the_one_before(self, app: Any) -> None:
        client = log_in(app)
        first = client.get_cookie("session_id").value
        post(client, "/web/session/authenticate", {"db": "colca", "login": "ana", "password": PASSWORD})
        assert client.get_cookie("session_id").value != first
        other = app.test_client()
        other.set_cookie("session_id", first)
        assert expired(post(other, "/web/session/get_session_info"))

    def test_what_is_refused(self, app: Any, door: Door) -> None:  # noqa: F811
        client = app.test_client()
        for login, password in (("ana", "wrong"), ("nobody", "wrong"), ("ana", door.key()), ("ana", None), (5, [1])):
            error = post(client, "/web/session/authenticate", {"db": "colca", "login": login, "password": password})
            assert error["data"]["name"] == "odoo.exceptions.AccessDenied" and error["data"]["message"] == "Access Denied"
            assert error["code"] == 200 and client.get_cookie("session_id") is None
        for db in ("nothing", None, ["colca"]):
            error = post(client, "/web/session/authenticate", {"db": db, "login": "ana", "password": PASSWORD})
            assert error["data"]["name"] == "odoo.exceptions.AccessError"
            assert error["data"]["message"] == "Database not found."

    def test_an_unknown_login_takes_as_many_hashes(self, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        done: list[str] = []
        slow = passwords.verify_password
        monkeypatch.setattr(credentials, "verify_password", lambda stored, given: (done.append(given), slow(stored, given))[1])
        counts = []
        for login in ("ana", "nobody"):
            before = len(done)
            post(app.test_client(), "/web/session/authenticate", {"db": "colca", "login": login, "password": "wrong"})
            counts.append(len(done) - before)
        assert counts == [1, 1]

    def test_guessing_is_slowed(self, app: Any) -> None:
        client = app.test_client()
        for _try in range(5):
            post(client, "/web/session/authenticate", {"db": "colca", "login": "ana", "password": "wrong"})
        error = post(client, "/web/session/authenticate", {"db": "colca", "login": "ana", "password": PASSWORD})
        assert error["data"]["name"] == "odoo.exceptions.AccessDenied" and "Wait" in error["data"]["message"]


class TestServices:
    def test_info_check_modules_and_languages(self, app: Any) -> None:
        client = log_in(app)
        assert post(client, "/web/session/get_session_info")["username"] == "ana"
        assert post(client, "/web/session/check") is None
        assert "kernel" in post(client, "/web/session/modules")
        assert ["en_US", "English (US)"] in post(app.test_client(), "/web/session/get_lang_list")

    def test_without_a_living_session(self, app: Any) -> None:
        call = {"model": "res.users", "method": "context_get", "args": [], "kwargs": {}}
        for cookie in (None, "", "x", "x.colca", "A" * 43 + ".colca", "A" * 43 + ".nothing", "A" * 43, "ä"):
            client = app.test_client()
            if cookie is not None:
                client.set_cookie("session_id", cookie)
            for path in ("get_session_info", "check", "destroy", "modules"):
                assert expired(post(client, f"/web/session/{path}"))
            for path in ("call_kw", "call_kw/res.users/context_get", "call_button", "call", "search_read"):
                assert expired(post(client, f"/web/dataset/{path}", call))

    def test_destroy_ends_it_everywhere(self, app: Any, tmp_path: Any) -> None:
        client = log_in(app)
        cookie = client.get_cookie("session_id").value
        other_process = Database(app.extensions["colca"].database.url)
        try:
            there = create_app(Config(data_dir=tmp_path), database=other_process).test_client()
            there.set_cookie("session_id", cookie)
            assert post(there, "/web/session/check") is None
            assert post(client, "/web/session/destroy") is None
            client.set_cookie("session_id", cookie)
            for one in (there, client):
                assert expired(post(one, "/web/session/check"))
        finally:
            other_process.engine.dispose()

    def test_only_json_is_taken(self, app: Any) -> None:
        client = log_in(app)
        body = json.dumps({"params": {"model": "res.users", "method": "context_get", "args": []}})
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            for path in ("/web/dataset/call_kw", "/web/session/check", "/web/session/authenticate"):
                answer = client.post(path, data=body, content_type=kind)
                assert answer.status_code == 415 and "error" in answer.get_json()


class TestEnds:
    def test_a_new_password_ends_the_other_sessions(self, app: Any) -> None:
        here, there = log_in(app), log_in(app)
        change = {"model": "res.users", "method": "change_password", "args": [PASSWORD, "another password"], "kwargs": {}}
        assert post(here, "/web/dataset/call_kw", change) is True
        assert post(here, "/web/session/check") is None, "who changed it goes on"
        assert expired(post(there, "/web/session/check"))

    def test_a_reset_by_an_administrator_ends_all(self, app: Any, door: Door) -> None:  # noqa: F811
        client, boss = log_in(app), log_in(app, "admin")
        write = {"model": "res.users", "method": "write", "args": [[door.uid], {"password": "another password"}], "kwargs": {}}
        assert post(boss, "/web/dataset/call_kw", write) is True
        assert expired(post(client, "/web/session/check")) and post(boss, "/web/session/check") is None

    def test_a_session_does_not_come_back_with_its_user(self, app: Any, admin: Door, door: Door) -> None:  # noqa: F811
        ana = log_in(app)
        for active in (False, True):
            assert admin("res.users", "write", [door.uid], {"active": active}) is True
            assert expired(post(ana, "/web/session/check"))

    def test_an_archived_user_is_out(self, app: Any, admin: Door, door: Door) -> None:  # noqa: F811
        client = log_in(app)
        admin("res.users", "write", [door.uid], {"active": False})
        assert expired(post(client, "/web/session/check"))

    @pytest.mark.parametrize("column", ["last_activity", "expiration_date"])
    def test_idle_and_old_sessions_end(self, app: Any, column: str) -> None:
        client = log_in(app)
        database = app.extensions["colca"].database

        def age(env: Any) -> None:
            env["res.device"].search([]).write({column: "2020-01-01 00:00:00"})
            env.transaction.reference_touched = True

        database.run(1, {}, age)
        assert expired(post(client, "/web/session/check"))

    def test_a_device_is_seen_and_revoked(self, app: Any) -> None:
        here, there = log_in(app), log_in(app)
        read = {"model": "res.device", "method": "search_read", "args": [], "kwargs": {"fields": ["is_current", "user_id"]}}
        devices = post(here, "/web/dataset/call_kw", read)
        assert len(devices) == 2 and sum(device["is_current"] for device in devices) == 1
        [mine] = [device["id"] for device in devices if device["is_current"]]
        [other] = [device["id"] for device in devices if not device["is_current"]]
        revoke = {"model": "res.device", "method": "revoke", "kwargs": {}}
        error = post(here, "/web/dataset/call_kw", {**revoke, "args": [[mine]]})
        assert "Log out instead" in error["data"]["message"]
        assert post(here, "/web/dataset/call_kw", {**revoke, "args": [[other]]}) is True
        assert expired(post(there, "/web/session/check")) and post(here, "/web/session/check") is None
        boss = log_in(app, "admin")
        assert len(post(boss, "/web/dataset/call_kw", read)) == 2, "an administrator sees everybody's"
        assert len(post(here, "/web/dataset/call_kw", read)) == 1

    def test_a_young_session_proves_who_one_is_and_an_old_one_does_not(self, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        client = log_in(app)
        name = "res.users.apikeys.description"
        create = {"model": name, "method": "create", "args": [{"name": "n", "duration": "1"}], "kwargs": {}}
        made = post(client, "/web/dataset/call_kw", create)
        make = {"model": name, "method": "make_key", "args": [[made]], "kwargs": {}}
        monkeypatch.setattr(credentials, "FRESH_SECONDS", -1)
        action = post(client, "/web/dataset/call_button", make)
        assert action["res_model"] == "res.users.identitycheck"
        monkeypatch.setattr(credentials, "FRESH_SECONDS", 600)
        assert post(client, "/web/dataset/call_button", make)["res_model"] == "res.users.apikeys.show"


class TestDataset:
    def test_calls(self, app: Any, door: Door) -> None:  # noqa: F811
        client = log_in(app)
        read = {"model": "res.users", "method": "read", "args": [[door.uid], ["login"]], "kwargs": {"context": {"lang": "es"}}}
        for path in ("call_kw", "call_kw/res.users/read", "call_kw/anything"):
            assert post(client, f"/web/dataset/{path}", read) == [{"id": door.uid, "login": "ana"}]
        assert post(client, "/web/dataset/call", read) == [{"id": door.uid, "login": "ana"}]
        assert post(client, "/web/dataset/call_button", read) is False
        assert post(client, "/web/dataset/call_button/res.users/read", read) is False
        mapping = {"model": "res.users", "method": "context_get", "args": [], "kwargs": {}}
        assert post(client, "/web/dataset/call_button", mapping)["uid"] == door.uid

    def test_errors(self, app: Any) -> None:
        client = log_in(app)
        call = {"model": "no.model", "method": "read", "args": [], "kwargs": {}}
        for path in ("call_kw", "call_button", "call", "search_read"):
            error = post(client, f"/web/dataset/{path}", call)
            assert error["code"] == 404 and error["message"] == "404: Not Found"
            assert error["data"]["name"] == "werkzeug.exceptions.NotFound"
        for method, name in (("_secret", "odoo.exceptions.AccessError"), ("nothing", "builtins.AttributeError")):
            error = post(client, "/web/dataset/call_kw", {**call, "model": "res.users", "method": method})
            assert error["code"] == 200 and error["data"]["name"] == name
        error = post(client, "/web/dataset/call_kw", {**call, "model": "res.users", "method": "create", "args": [{"login": "x"}]})
        assert error["data"]["name"] == "odoo.exceptions.AccessError"

    def test_search_read_tells_the_number_of_all(self, app: Any) -> None:
        client = log_in(app)
        every = post(client, "/web/dataset/search_read", {"model": "res.lang", "fields": ["code"], "domain": [], "sort": "code"})
        assert every["length"] == len(every["records"]) > 2
        codes = [row["code"] for row in every["records"]]
        assert codes == sorted(codes)
        for offset, limit in ((0, 2), (1, 1), (len(codes) - 1, 5), (len(codes) + 5, 2), ("1", "1"), (False, False)):
            params = {"model": "res.lang", "fields": ["code"], "sort": "code", "offset": offset, "limit": limit, "context": {}}
            page = post(client, "/web/dataset/search_read", params)
            start, most = int(offset), int(limit) or None
            assert page["length"] == len(codes), (offset, limit)
            assert [row["code"] for row in page["records"]] == codes[start : start + most if most else None]

    def test_a_call_by_session_costs_no_statement_more(self, app: Any, count_statements: Any) -> None:
        client, database = log_in(app), app.extensions["colca"].database
        call = {"model": "res.users", "method": "context_get", "args": [], "kwargs": {}}
        post(client, "/web/dataset/call_kw", call)
        aside.flush_all()
        with count_statements(database) as seen:
            post(client, "/web/dataset/call_kw", call)
        assert all("ir_signal" in one or one.startswith("BEGIN") for one in seen.seen), seen.report()


def test_the_documentation_of_models_by_session(app: Any) -> None:
    answer = log_in(app).get("/doc/res.device.json")
    assert answer.status_code == 200 and answer.get_json()["model"] == "res.device"
    refused = app.test_client().get("/doc/res.device.json")
    assert refused.status_code == 403 and refused.data


class TestPages:
    def form(self, client: Any, path: str = "/web/login") -> str:
        page = client.get(path)
        assert page.status_code == 200 and "text/html" in page.content_type
        return re.search(r'csrf_token: "(\w+)"', page.text)[1]  # type: ignore[index]

    @pytest.mark.parametrize("path", ["/web", "/web/login", "/web?db=colca"])
    def test_logging_in_by_form_as_programs_do(self, app: Any, path: str) -> None:
        client = app.test_client()
        data = {"csrf_token": self.form(client, path), "login": "ana", "password": PASSWORD, "db": "colca"}
        page = client.post("/web/login", data=data, follow_redirects=True)
        assert page.status_code == 200 and page.request.path == "/web"
        info = json.loads(re.search(r"odoo._*session_info_* = (.*);", page.text)[1])  # type: ignore[index]
        assert info["username"] == "ana" and not set(INFO) - set(info)
        assert post(client, "/web/session/get_session_info")["uid"] == info["uid"]
        assert "Ana" in page.text and page.headers["Cache-Control"] == "no-store"
        assert client.get("/web/login").headers["Location"] == "/web"

    def test_without_a_database_name_and_where_one_goes_afterwards(self, app: Any) -> None:
        for target, landed in (
            ("/web?a=1", "/web?a=1"),
            ("//evil.example", "/web"),
            ("https://evil.example", "/web"),
            ("", "/web"),
        ):
            client = app.test_client()
            data = {"csrf_token": self.form(client), "login": "ana", "password": PASSWORD, "redirect": target}
            assert client.post("/web/login", data=data).headers["Location"] == landed

    def test_what_the_form_refuses(self, app: Any, door: Door) -> None:  # noqa: F811
        client = app.test_client()
        token = self.form(client)
        good = {"csrf_token": token, "login": "ana", "password": PASSWORD}
        for wrong in (
            {"password": "wrong"},
            {"login": "nobody"},
            {"password": door.key()},
            {"csrf_token": "0" * 64},
            {"csrf_token": ""},
            {"db": "nothing"},
        ):
            page = client.post("/web/login", data={**good, **wrong})
            assert page.status_code == 200 and 'role="alert"' in page.text and client.get_cookie("session_id") is None
            info = json.loads(re.search(r"odoo._*session_info_* = (.*);", page.text)[1])  # type: ignore[index]
            assert info["uid"] is None
        stranger = app.test_client()
        assert stranger.post("/web/login", data=good).status_code == 200
        assert stranger.get_cookie("session_id") is None, "the token belongs to another browser"
        page = client.post("/web/login", data={**good, "login": "<script>alert(1)</script>", "password": "x"})
        assert "<script>alert" not in page.text

    def test_logging_out_by_form(self, app: Any) -> None:
        client = log_in(app)
        token = self.form(client, "/web")
        assert client.post("/web/session/logout", data={"csrf_token": "wrong"}).headers["Location"] == "/web"
        assert post(client, "/web/session/check") is None
        cookie = client.get_cookie("session_id").value
        assert client.post("/web/session/logout", data={"csrf_token": token}).headers["Location"] == "/web/login"
        client.set_cookie("session_id", cookie)
        assert expired(post(client, "/web/session/check"))

    def test_heads_and_languages(self, app: Any) -> None:
        client = app.test_client()
        for path in ("/", "/web", "/web/login"):
            assert client.head(path).status_code == 200
        assert "<h1>Colca</h1>" in client.get("/").text, "the start page stays"
        assert 'lang="es"' in client.get("/web/login", headers={"Accept-Language": "es"}).text

    def test_names_cannot_break_out_of_the_page(self, app: Any, admin: Door, door: Door) -> None:  # noqa: F811
        admin("res.users", "write", [door.uid], {"name": "</script><script>alert(1)</script>"})
        page = log_in(app).get("/web").text
        assert "<script>alert" not in page
