"""The log of calls and the last use of keys: written beside the calls, never in their way, and read by whom it concerns."""

from __future__ import annotations

import time
import xmlrpc.client
from typing import Any

import pytest
from test_api_keys import ADMIN, PASSWORD, Door, admin, door  # noqa: F401  (fixtures)

from server import AccessError, UserError, aside
from server.app import create_app
from server.config import Config
from server.jobs.housekeeping import sweep_api


@pytest.fixture
def client(admin: Door, door: Door, tmp_path: Any) -> Any:  # noqa: F811
    return create_app(Config(data_dir=tmp_path), database=admin.server.database).test_client()


def execute(client: Any, uid: int, secret: str, model: str, method: str, *args: Any, **headers: str) -> Any:
    params = {"service": "object", "method": "execute_kw", "args": ["colca", uid, secret, model, method, list(args)]}
    return client.post("/jsonrpc", json={"id": 1, "params": params}, headers=headers)


def lines(admin: Door) -> list[dict[str, Any]]:  # noqa: F811
    """Every line of the log, oldest first."""
    aside.flush_all()
    return list(reversed(admin("ir.api.log", "search_read", [])))


def test_what_is_noted_of_calls_by_key(admin: Door, client: Any) -> None:  # noqa: F811
    key = admin.key(name="Shop")
    answer = execute(client, ADMIN, key, "res.lang", "search_read", [], **{"X-Request-Id": "shop-17"})
    number = len(answer.get_json()["result"])
    assert answer.headers["X-Request-Id"] == "shop-17"
    execute(client, ADMIN, key, "res.lang", "read", [999_999, 1], ["code"])
    body = xmlrpc.client.dumps(("colca", ADMIN, key, "res.lang", "fly", [[1, 2, 3]]), "execute_kw")
    client.post("/xmlrpc/object", data=body, content_type="text/xml")
    client.post("/json/2/res.users/context_get", json={}, headers={"Authorization": f"bearer {key}"})
    execute(client, ADMIN, PASSWORD, "res.lang", "search", [])
    first, second, third, fourth = lines(admin)
    assert (first["model"], first["method"], first["count"], first["outcome"]) == ("res.lang", "search_read", number, "ok")
    assert first["door"] == "jsonrpc" and first["address"] == "127.0.0.1" and first["request_id"] == "shop-17"
    assert first["user_id"][0] == ADMIN and first["key_name"] == "Shop" and first["key_id"]
    assert 0 <= first["duration"] < 60_000 and first["incident"] is False and first["date"]
    assert second["method"] == "read" and second["request_id"] not in ("", "shop-17")
    assert (third["door"], third["method"], third["outcome"]) == ("xmlrpc", "fly", "builtins.AttributeError")
    assert third["count"] == 3
    assert (fourth["door"], fourth["outcome"]) == ("json/2", "ok")
    assert key not in str(lines(admin))


def test_an_incident_is_found_in_the_log(admin: Door, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    from server.models.users import ResUsers

    def broken(self: Any) -> None:
        raise ZeroDivisionError("secret of the server")

    monkeypatch.setattr(ResUsers, "context_get", broken)
    monkeypatch.setattr(broken, "__colca_action__", {"model": True, "readonly": True, "access": "read"}, raising=False)
    key = admin.key()
    database = admin.server.database
    database.forget()
    data = execute(client, ADMIN, key, "res.users", "context_get").get_json()["error"]["data"]
    [line] = [line for line in lines(admin) if line["method"] == "context_get"]
    assert line["incident"] == data["context"]["incident"] and "secret" not in str(line)
    assert line["outcome"] == "builtins.Exception"


def test_the_setting_chooses_what_is_logged(admin: Door, client: Any) -> None:  # noqa: F811
    key = admin.key()
    for mode, wanted in (("none", []), ("all", ["search_count", "search"]), ("keys", ["search"])):
        admin("ir.config_parameter", "set_param", "api.log", mode)
        before = len(lines(admin))
        execute(client, ADMIN, PASSWORD, "res.lang", "search_count", [])
        execute(client, ADMIN, key, "res.lang", "search", [])
        assert [line["method"] for line in lines(admin)[before:]] == wanted, mode


def test_wrong_passwords_and_keys_are_noted(admin: Door, door: Door, client: Any) -> None:  # noqa: F811
    execute(client, door.uid, "wrong", "res.lang", "search", [])
    client.post("/json/2/res.users/context_get", json={}, headers={"Authorization": "bearer " + "0" * 48})
    found = lines(admin)
    assert [line["outcome"] for line in found] == ["odoo.exceptions.AccessDenied"] * 2
    assert [line["user_id"] and line["user_id"][0] for line in found] == [door.uid, False]
    assert [line["door"] for line in found] == ["jsonrpc", "json/2"] and all(line["address"] for line in found)


def test_who_reads_the_log(admin: Door, door: Door, client: Any) -> None:  # noqa: F811
    execute(client, ADMIN, admin.key(), "res.lang", "search", [])
    execute(client, door.uid, door.key(), "res.lang", "search", [])
    aside.flush_all()
    assert len(admin("ir.api.log", "search", [])) == 2
    [mine] = door("ir.api.log", "search_read", [])
    assert mine["user_id"][0] == door.uid
    for one in (admin, door):
        with pytest.raises(AccessError):
            one("ir.api.log", "create", {"date": "2026-01-01 00:00:00"})
        with pytest.raises((AccessError, UserError)):
            one("ir.api.log", "write", [mine["id"]], {"outcome": "ok"})
        with pytest.raises((AccessError, UserError)):
            one("ir.api.log", "unlink", [mine["id"]])


def test_the_last_use_of_a_key_is_noted_from_each_address(door: Door) -> None:  # noqa: F811
    key = door.key()
    fields = ["last_used", "last_address"]
    for address in ("192.0.2.7", "198.51.100.3"):
        door.address = address
        door("res.users", "context_get", password=key)
        aside.flush_all()
        [row] = door("res.users.apikeys", "search_read", [], fields)
        assert row["last_used"] and row["last_address"] == address


def test_many_calls_are_written_in_one_statement(admin: Door, client: Any, count_statements: Any) -> None:  # noqa: F811
    key, database = admin.key(), admin.server.database
    costs = []
    for calls in (2, 12):
        aside.flush_all()
        for _call in range(calls):
            execute(client, ADMIN, key, "res.lang", "search_count", [])
        with count_statements(database) as seen:
            aside.flush_all()
        costs.append(sum("ir_api_log" in one for one in seen.seen))
    assert max(costs) <= 1 and len(lines(admin)) == 14


def test_a_thread_writes_without_being_asked_and_ends_when_there_is_nothing(admin: Door, client: Any) -> None:  # noqa: F811
    notes = aside.aside_of(admin.server.database)
    execute(client, ADMIN, admin.key(), "res.lang", "search_count", [])
    until = time.monotonic() + 30
    while notes.written == 0 and time.monotonic() < until:
        time.sleep(0.05)
    assert notes.written == 1
    while notes._thread is not None and notes._thread.is_alive() and time.monotonic() < until:
        time.sleep(0.05)
    assert not notes._thread.is_alive()  # type: ignore[union-attr]
    execute(client, ADMIN, admin.key(), "res.lang", "search_count", [])
    assert notes._thread.is_alive(), "the next call starts another"  # type: ignore[union-attr]


def test_a_log_that_cannot_be_written_is_in_nobodys_way(
    admin: Door,  # noqa: F811
    client: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = admin.key()

    def broken(*args: Any) -> None:
        raise RuntimeError("no space left")

    monkeypatch.setattr(aside.Aside, "_write", broken)
    assert "result" in execute(client, ADMIN, key, "res.lang", "search_count", []).get_json()
    aside.flush_all()
    assert "could not be noted" in caplog.text


def test_old_lines_sessions_and_keys_go(admin: Door, client: Any) -> None:  # noqa: F811
    key = admin.key()
    execute(client, ADMIN, key, "res.lang", "search_count", [])
    params = {"db": "colca", "login": "admin", "password": PASSWORD}
    client.post("/web/session/authenticate", json={"params": params})
    aside.flush_all()
    database = admin.server.database

    def counts(env: Any) -> list[int]:
        return [env[name].search_count([]) for name in ("ir.api.log", "res.device", "res.users.apikeys")]

    def sweep(env: Any) -> list[int]:
        sweep_api(env, {})
        return counts(env)

    assert database.run(1, {}, sweep) == database.run(1, {}, counts) == [1, 1, 1], "what is young stays"

    def age(env: Any) -> None:
        long_ago = "2020-01-01 00:00:00"
        for name, column in (("ir.api.log", "date"), ("res.device", "last_activity"), ("res.users.apikeys", "expiration_date")):
            table = env[name].table
            env.run(table.update().values({column: env[name]._fields[column].coerce(long_ago, env)}))

    database.run(1, {}, age)
    assert database.run(1, {}, sweep) == [0, 0, 0]
