"""A call sent twice under one key has one effect and one answer, on every door, under threads and after a sudden end."""

from __future__ import annotations

import base64
import threading
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from server.rpc.dispatcher import Call, dispatch
from server.rpc.errors import describe
from server.rpc.idempotency import InProgress, KeyReused, checked, fingerprint


def create(db, key, name="Once", uid=2, model="res.partner", **context):
    return dispatch(db, uid, model, "create", [{"name": name}], {"context": {"idempotency_key": key, **context}})


def named(db, name="Once"):
    return dispatch(db, 2, "res.partner", "search_count", [[["name", "=", name]]])


def test_the_same_call_again_is_answered_again_and_does_nothing(db):
    first = create(db, "k-1")
    assert [create(db, "k-1") for _n in range(3)] == [first] * 3
    assert named(db) == 1
    assert create(db, "k-2") != first
    assert named(db) == 2


def test_another_call_with_the_same_key_is_refused(db):
    create(db, "k-1")
    for change in ({"name": "Other"}, {"lang": "es_MX"}, {"model": "res.partner.category"}):
        with pytest.raises(KeyReused) as caught:
            create(db, "k-1", **change)
        fault = describe(caught.value)
        assert (fault.status, fault.details["code"]) == (422, "idempotency_key_reused")
    assert named(db, "Other") == 0


def test_a_key_is_its_users_own(db):
    other = dispatch(db, 2, "res.users", "search", [[["login", "=", "ventas.mx"]]])[0]
    assert create(db, "k-1") != create(db, "k-1", uid=other)
    assert named(db) == 2


def test_a_refused_call_leaves_nothing_and_may_succeed_later(db):
    with pytest.raises(ValueError, match="nope"):
        dispatch(db, 2, "res.partner", "create", [{"nope": 1}], {"context": {"idempotency_key": "k-1"}})
    assert dispatch(db, 2, "ir.idempotency", "search_count", [[]]) == 0
    create(db, "k-1")
    assert named(db) == 1


def test_reading_ignores_the_key_and_no_key_costs_nothing(db, count_statements):
    dispatch(db, 2, "res.partner", "search_read", [[], ["name"]], {"limit": 1})
    with count_statements(db) as plain:
        dispatch(db, 2, "res.partner", "search_read", [[], ["name"]], {"limit": 1})
    with count_statements(db) as keyed:
        dispatch(db, 2, "res.partner", "search_read", [[], ["name"]], {"limit": 1, "context": {"idempotency_key": "k-1"}})
    assert len(plain) == len(keyed)
    create(db, "warm"), dispatch(db, 2, "res.partner", "create", [{"name": "Plain"}])
    with count_statements(db) as plain:
        dispatch(db, 2, "res.partner", "create", [{"name": "Plain"}])
    with count_statements(db) as keyed:
        create(db, "k-2")
    assert not any("idempotency" in statement for statement in plain.seen)
    assert len(keyed) == len(plain) + 2, keyed.report()
    with count_statements(db) as replayed:
        create(db, "k-2")
    assert len(replayed) <= 5, replayed.report()


def test_a_batch_has_one_key(db):
    calls = [
        {"id": "a", "method": "res.partner.create", "params": {"vals_list": {"name": "Once"}}},
        {"method": "res.partner.write", "params": {"ids": {"$ref": "a"}, "vals": {"ref": "K"}}},
    ]
    kwargs = {"context": {"idempotency_key": "k-1"}}
    assert dispatch(db, 2, "ir.api.batch", "execute", [calls], kwargs) == dispatch(
        db, 2, "ir.api.batch", "execute", [calls], kwargs
    )
    assert named(db) == 1


def test_keys_expire_and_are_swept_away(db):
    from server.jobs.housekeeping import sweep_idempotency

    first = create(db, "k-1")
    create(db, "k-2")

    def age(env):
        table = env["ir.idempotency"].table
        env.execute(table.update().values(expires_at=env.now()).where(table.c.key == "k-1"))

    db.run(1, {}, age)
    assert create(db, "k-1") != first
    assert dispatch(db, 2, "ir.idempotency", "search_count", [[]]) == 2
    db.run(1, {}, age)
    db.run(1, {}, lambda env: sweep_idempotency(env, {}))
    assert [row["key"] for row in dispatch(db, 2, "ir.idempotency", "search_read", [[], ["key"]])] == ["k-2"]


def test_secrets_are_not_kept_and_never_shown(db):
    dispatch(db, 2, "res.users", "change_password", ["admin", "admin-new-1"], {"context": {"idempotency_key": "k-1"}})
    assert dispatch(db, 2, "ir.idempotency", "search_count", [[]]) == 0
    webhook = dispatch(db, 2, "webhook.subscription", "create", [{"name": "w", "url": "https://example.org/"}])
    for method in ("action_reveal_secret", "action_rotate_secret"):
        told = dispatch(db, 2, "webhook.subscription", method, [[webhook]], {"context": {"idempotency_key": "k-1"}})
        assert told["secret"].startswith("whsec_")
    assert dispatch(db, 2, "ir.idempotency", "search_count", [[]]) == 0
    create(db, "k-1")
    for field in ("answer", "fingerprint"):
        with pytest.raises(Exception, match=field):
            dispatch(db, 2, "ir.idempotency", "search_read", [[], [field]])
    secret = {"password": "aaa", "more": [{"new_password": "b"}]}
    assert fingerprint("m", "f", [secret], {}, {}) == fingerprint("m", "f", [{**secret, "password": "zzz"}], {}, {})
    assert fingerprint("m", "f", [1], {}, {}) != fingerprint("m", "f", [2], {}, {})
    user = dispatch(db, 2, "res.users", "search", [[["login", "=", "ventas.mx"]]])[0]
    with pytest.raises(Exception, match="ir.idempotency|right"):
        dispatch(db, user, "ir.idempotency", "search", [[]])


def test_what_is_no_key(shared_demo):
    assert checked('"8e03978e-40d5-43dd-bc93-6894a57f9324"') == "8e03978e-40d5-43dd-bc93-6894a57f9324"
    assert checked("") is None
    for wrong in (5, ["x"], "x" * 256, "a\nb", "ñ", '""'):
        with pytest.raises(TypeError, match="1 to 255 printable"):
            create(shared_demo, wrong)


def test_many_at_once_do_it_once(db):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: create(db, f"k-{n % 3}", f"Once {n % 3}"), range(24)))
    assert len(set(answers)) == 3
    assert [named(db, f"Once {n}") for n in range(3)] == [1, 1, 1]


@pytest.mark.postgresql
def test_whoever_waits_too_long_is_told_so(db):
    held, done = threading.Event(), threading.Event()

    def hold(env):
        call = Call(db, 2, "res.partner", "create", [{"name": "Once"}], {"context": {"idempotency_key": "k-1"}})
        call.prepare()
        call._once(env)
        held.set()
        done.wait(30)

    thread = threading.Thread(target=lambda: db.run(2, {}, hold))
    thread.start()
    assert held.wait(30)
    try:

        @sa.event.listens_for(db.engine, "checkout")
        def impatient(connection, _record, _proxy):
            connection.execute("SET lock_timeout = '300ms'")
            connection.commit()

        with pytest.raises(InProgress, match="still at work") as caught:
            create(db, "k-1")
        assert describe(caught.value).status == 409
    finally:
        done.set()
        thread.join()
    assert create(db, "k-1")
    assert named(db) == 1


def test_every_door_takes_the_header(db, tmp_path):
    from server.app import create_app
    from server.config import Config

    client = create_app(Config(data_dir=tmp_path), database=db).test_client()
    vals = {"name": "Once"}
    wizard = dispatch(db, 2, "res.users.apikeys.description", "create", [{"name": "doors", "duration": "1"}])
    basic = {"Authorization": "Basic " + base64.b64encode(b"admin:admin").decode()}
    make = {"jsonrpc": "2.0", "id": 1, "method": "res.users.apikeys.description.make_key", "params": [[wizard]]}
    key = client.post("/rpc/2", json=make, headers=basic).get_json()["result"]["context"]["default_key"]
    args = ["colca", 2, "admin", "res.partner", "create", [vals]]
    bodies = [
        ("/jsonrpc", {"jsonrpc": "2.0", "id": 1, "params": {"service": "object", "method": "execute_kw", "args": args}}, {}),
        ("/rpc/2", {"jsonrpc": "2.0", "id": 1, "method": "res.partner.create", "params": {"vals_list": vals}}, basic),
        ("/xmlrpc/2/object", xmlrpc.client.dumps(tuple(args), "execute_kw"), {}),
        ("/xmlrpc/object", xmlrpc.client.dumps(tuple(args[:5] + [vals]), "execute"), {}),
        ("/json/2/res.partner/create", {"vals_list": [vals]}, {"Authorization": f"Bearer {key}"}),
        (
            "/web/dataset/call_kw/res.partner/create",
            {"params": {"model": "res.partner", "method": "create", "args": [vals], "kwargs": {}}},
            {},
        ),
    ]
    login = {"params": {"db": "colca", "login": "admin", "password": "admin"}}
    assert client.post("/web/session/authenticate", json=login).get_json()["result"]["uid"] == 2
    for number, (path, body, headers) in enumerate(bodies):
        headers = {**headers, "Idempotency-Key": f'"door-{number}"'}
        send = {"data": body} if isinstance(body, str) else {"json": body}
        answers = [client.post(path, headers=headers, **send) for _n in range(2)]
        assert answers[0].data == answers[1].data
        assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true"]
        assert named(db) == number + 1
    again = client.post("/jsonrpc", json=bodies[0][1])
    assert "Idempotency-Replayed" not in again.headers
    assert named(db) == len(bodies) + 1


@pytest.mark.slow
def test_a_server_that_dies_after_the_commit_answers_the_retry(demo_url, tmp_path):
    """Killed at any moment, also between the commit and the answer: the client sends the call again until it is answered."""
    from server.testing.live import live_server

    with live_server(demo_url, tmp_path) as server:
        effects = 0
        for number in range(4):
            context = {"context": {"idempotency_key": f"crash-{number}"}}
            args = ("colca", 2, "admin", "res.partner", "create", [{"name": f"Crash {number}"}], context)
            answer = []

            def send(args=args, answer=answer, server=server):
                try:
                    with xmlrpc.client.ServerProxy(f"{server.url}/xmlrpc/2/object") as models:
                        answer.append(models.execute_kw(*args))
                except (OSError, xmlrpc.client.Error):
                    pass

            thread = threading.Thread(target=send)
            thread.start()
            time.sleep(0.004 * number * number)
            server.kill()
            thread.join()
            server.start()
            effects += not answer
            with xmlrpc.client.ServerProxy(f"{server.url}/xmlrpc/2/object") as models:
                retried = [models.execute_kw(*args) for _n in range(2)]
                found = models.execute_kw("colca", 2, "admin", "res.partner", "search", [[["name", "=", f"Crash {number}"]]])
            assert found == [retried[0]]
            assert set(retried + answer) == {retried[0]}
        assert effects, "no call was interrupted"
