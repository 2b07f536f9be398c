"""Calls per minute: what a key may, how the caller is told, and that nothing is done for a call too many."""

from __future__ import annotations

import multiprocessing
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from test_api_keys import ADMIN, PASSWORD, Door, admin, door  # noqa: F401  (fixtures)

from server.app import create_app
from server.config import Config
from server.security import limits
from server.security.limits import Buckets


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_goes_at_once_and_then_evenly() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    left = [buckets.take("a", 6).remaining for _call in range(6)]
    assert left == [5, 4, 3, 2, 1, 0]
    refused = buckets.take("a", 6)
    assert refused.retry_after == 10 and refused.remaining == 0 and refused.reset == 60
    assert buckets.take("b", 6).remaining == 5, "others have their own"
    clock.now += 10
    assert buckets.take("a", 6).retry_after == 0
    assert buckets.take("a", 6).retry_after == 10
    clock.now += 60
    assert buckets.take("a", 6).remaining == 5


@given(st.integers(1, 200), st.lists(st.floats(0, 30, allow_nan=False), max_size=120))
def test_never_more_than_a_bucket_and_what_refilled(limit: int, pauses: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(clock)
    done = 0
    for pause in pauses:
        clock.now += pause
        state = buckets.take("a", limit)
        done += state.retry_after == 0
        assert 0 <= state.remaining < limit and 0 <= state.reset <= 61
        if state.retry_after:
            clock.now += state.retry_after
            assert buckets.take("a", limit).retry_after == 0, "who waits as long as told is let through"
            done += 1
    assert done <= limit + (clock.now - 1000.0) / 60 * limit + 1


def test_more_keys_than_slots_do_no_harm() -> None:
    buckets = Buckets()
    for number in range(limits.SLOTS + 1000):
        assert buckets.take(f"key {number}", 10).retry_after == 0


def _take(buckets: Buckets, counted: Any) -> None:
    through = sum(buckets.take("a", 40).retry_after == 0 for _call in range(40))
    with counted.get_lock():
        counted.value += through


def test_the_processes_of_a_server_count_together() -> None:
    context = multiprocessing.get_context("fork")
    clock = Clock()
    buckets, counted = Buckets(clock), context.Value("i", 0)
    several = [context.Process(target=_take, args=(buckets, counted)) for _one in range(3)]
    for one in several:
        one.start()
    for one in several:
        one.join(30)
    assert counted.value == 40


@pytest.fixture
def client(admin: Door, tmp_path: Any) -> Any:  # noqa: F811
    """HTTP at the doors of the test's database."""
    return create_app(Config(data_dir=tmp_path), database=admin.server.database).test_client()


def call_xml(client: Any, key: str, path: str = "/xmlrpc/2/object") -> Any:
    body = xmlrpc.client.dumps(("colca", ADMIN, key, "res.lang", "create", [{"name": "X", "code": "xx"}]), "execute_kw")
    return client.post(path, data=body, content_type="text/xml")


def call_json(client: Any, key: str) -> Any:
    args = ["colca", ADMIN, key, "res.users", "context_get", []]
    return client.post("/jsonrpc", json={"id": 1, "params": {"service": "object", "method": "execute_kw", "args": args}})


def test_the_doors_tell_the_limit_and_refuse_before_any_work(admin: Door, client: Any) -> None:  # noqa: F811
    key = admin.key(rate_limit=3)
    left = []
    for _call in range(3):
        answer = call_json(client, key)
        assert "result" in answer.get_json()
        left.append(answer.headers["RateLimit-Remaining"])
        assert answer.headers["RateLimit-Limit"] == "3" and "Retry-After" not in answer.headers
        assert answer.headers["RateLimit-Policy"] == '"calls";q=3;w=60'
    assert left == ["2", "1", "0"]
    answer = call_json(client, key)
    error = answer.get_json()["error"]
    assert answer.status_code == 200 and error["data"]["name"] == "odoo.exceptions.UserError"
    assert error["data"]["context"]["code"] == "rate_limited"
    assert int(answer.headers["Retry-After"]) == error["data"]["context"]["retry_after"] <= 20
    answer = call_xml(client, key)
    assert answer.status_code == 200 and answer.headers["RateLimit-Remaining"] == "0"
    with pytest.raises(xmlrpc.client.Fault, match="3 a minute are allowed") as fault:
        xmlrpc.client.loads(answer.data)
    assert fault.value.faultCode == 2
    answer = client.post("/json/2/res.users/context_get", json={}, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 429 and answer.get_json()["context"]["code"] == "rate_limited"
    assert 0 < int(answer.headers["Retry-After"]) <= 20 and answer.headers["RateLimit-Remaining"] == "0"
    assert not admin("res.lang", "search", [["code", "=", "xx"]]), "nothing was done"
    assert "RateLimit-Limit" not in call_json(client, PASSWORD).headers, "a caller without a limit"


def test_limits_of_all_keys_and_of_passwords_by_setting(admin: Door, client: Any) -> None:  # noqa: F811
    key = admin.key()
    assert "RateLimit-Limit" not in call_json(client, key).headers
    admin("ir.config_parameter", "set_param", "api.rate_limit_key", 50)
    call_json(client, key)
    assert call_json(client, key).headers["RateLimit-Limit"] == "50"
    admin("ir.config_parameter", "set_param", "api.rate_limit_password", 70)
    call_json(client, PASSWORD)
    assert call_json(client, PASSWORD).headers["RateLimit-Limit"] == "70"


@pytest.mark.slow
@pytest.mark.postgresql
def test_two_web_processes_count_together(demo_url: str, tmp_path: Any) -> None:
    from server.testing.live import live_server

    with live_server(demo_url, tmp_path, COLCA_WORKERS="2") as server:
        body = {"params": {"service": "object", "method": "execute_kw"}}

        def call(secret: str, *args: Any) -> Any:
            what = {"params": {**body["params"], "args": ["colca", ADMIN, secret, *args]}}
            # A connection each, so that both processes get their share.
            return requests.post(f"{server.url}/jsonrpc", json=what, headers={"Connection": "close"}, timeout=60)

        name = "res.users.apikeys.description"
        made = call("admin", name, "create", [{"name": "n", "duration": "1", "rate_limit": 20}]).json()["result"]
        key = call("admin", name, "make_key", [made]).json()["result"]["context"]["default_key"]
        began = time.monotonic()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _n: call(key, "res.users", "context_get", []), range(60)))
        refilled = (time.monotonic() - began) / 60 * 20
        through = sum("result" in answer.json() for answer in answers)
        assert 20 <= through <= 20 + refilled + 1
        assert sum("Retry-After" in answer.headers for answer in answers) == 60 - through
