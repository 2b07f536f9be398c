"""How deliveries arrive when receivers fail, workers die and people ask again; and where they never go."""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from server import UserError
from server.events import courier, posting, signing
from server.jobs import outbox, worker
from server.testing.calls import Client
from tests.kernel.test_webhooks import deliveries, partner, subscribe
from tests.kernel.webhook_receiver import Receiver, verified

LOCAL = posting.parse_networks("127.0.0.0/8")


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver on this machine, which webhooks may reach."""
    monkeypatch.setenv("COLCA_WEBHOOK_NETWORKS", "127.0.0.0/8")
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock to turn: `clock(seconds)` moves it on."""
    offset = [0.0]
    real = outbox.clock
    monkeypatch.setattr(outbox, "clock", lambda: real() + dt.timedelta(seconds=offset[0]))
    monkeypatch.setattr(courier.random, "uniform", lambda low, high: low)

    def turn(seconds: float) -> None:
        offset[0] += seconds

    return turn


def standing(database: Any, id: int) -> dict[str, Any]:
    fields = ["active", "health", "failures", "failing_since", "last_error", "last_status", "waiting_count", "paused_until"]
    return database.run(1, {}, lambda env: env["webhook.subscription"].browse(id).read(fields)[0])


def test_a_failed_delivery_is_tried_again_with_growing_pauses_and_given_up_after_three_days(
    shop: Any, receiver: Receiver, clock: Any
) -> None:
    receiver.answer = (500, {}, b"x" * 5000)
    id, secret = subscribe(shop, receiver.url, {"model": "shop.partner"})
    partner(shop)
    worker.run_pending(shop)
    worker.run_pending(shop)
    assert len(receiver.requests) == 1
    waited = 0
    for seconds in courier.DELAYS:
        clock(seconds - 1.5)
        worker.run_pending(shop)
        before = len(receiver.requests)
        clock(3)
        worker.run_pending(shop)
        assert len(receiver.requests) == before + 1, seconds
        waited += seconds
    assert 3 * 86_400 <= waited <= 3.5 * 86_400
    (row,) = deliveries(shop, "state", "attempts", "status", "response", "error", "milliseconds")
    assert (row["state"], row["attempts"], row["status"], row["error"]) == ("failed", 11, 500, "HTTP 500")
    assert row["response"] == "x" * posting.EXCERPT
    clock(10 * 86_400)
    worker.run_pending(shop)
    assert len(receiver.requests) == 11
    assert len({request["headers"]["webhook-id"] for request in receiver.requests}) == 1
    assert len({request["body"] for request in receiver.requests}) == 1
    assert len({request["headers"]["webhook-timestamp"] for request in receiver.requests}) == 11
    assert all(verified(secret, request, tolerance=None) for request in receiver.requests)
    assert [request["headers"]["colca-attempt"] for request in receiver.requests] == [str(n) for n in range(1, 12)]
    assert standing(shop, id)["health"] == "failing"

    # people were told once, and may ask again
    notes = shop.run(
        1,
        {},
        lambda env: env["mail.message"].search([("model", "=", "webhook.subscription"), ("res_id", "=", id)]).mapped("body"),
    )
    assert len(notes) == 1
    assert "HTTP 500" in notes[0]
    receiver.answer = 204
    rpc = Client(shop, "admin")
    assert rpc("webhook.delivery", "action_redeliver", rpc("webhook.delivery", "search", []))
    worker.run_pending(shop)
    assert len(receiver.requests) == 12
    assert receiver.requests[-1]["body"] == receiver.requests[0]["body"]
    assert deliveries(shop, "state")[0]["state"] == "sent"
    assert standing(shop, id)["health"] == "working"


def test_one_record_in_order_others_go_on(shop: Any, receiver: Receiver, clock: Any) -> None:
    subscribe(shop, receiver.url, {"model": "shop.partner", "payload_fields": ["credit"]})
    ana, bob = partner(shop, "Ana"), partner(shop, "Bob")
    worker.run_pending(shop)
    receiver.requests.clear()
    receiver.answer = lambda request: 400 if request["event"]["data"]["records"][0]["new"] == {"credit": 1.0} else 200
    for id, credit in ((ana, 1), (bob, 5), (ana, 2), (bob, 6)):
        shop.run(1, {}, lambda env, id=id, credit=credit: env["shop.partner"].browse(id).write({"credit": credit}))
    worker.run_pending(shop)
    told = [(r["id"], r["new"]["credit"]) for r in receiver.records]
    assert told == [(ana, 1.0), (bob, 5.0), (bob, 6.0)]
    receiver.answer = 200
    clock(11)
    worker.run_pending(shop)
    assert [(r["id"], r["new"]["credit"]) for r in receiver.records][3:] == [(ana, 1.0), (ana, 2.0)]


def test_a_receiver_that_is_away_is_probed_by_one_delivery(shop: Any, receiver: Receiver, clock: Any) -> None:
    id, _secret = subscribe(shop, receiver.url, {"model": "shop.partner"})
    receiver.answer = (503, {"Retry-After": "120"}, b"later")
    for n in range(5):
        partner(shop, f"P{n}")
    worker.run_pending(shop)
    assert len(receiver.requests) == 1
    partner(shop, "P5")
    worker.run_pending(shop)
    clock(60)
    worker.run_pending(shop)
    assert len(receiver.requests) == 1  # the receiver asked for two minutes
    assert standing(shop, id)["waiting_count"] == 6
    receiver.answer = 200
    clock(61)
    worker.run_pending(shop)
    assert [r["values"]["name"] for r in receiver.records][1:] == [f"P{n}" for n in range(6)]
    assert standing(shop, id)["waiting_count"] == 0
    # dead for days: what is too old is given up, the rest waits, one probe a day
    receiver.close()
    for n in range(3):
        partner(shop, f"Old{n}")
    for _probe in range(20):
        worker.run_pending(shop)
        clock(86_500)
    partner(shop, "Fresh")
    worker.run_pending(shop)
    assert sum(row["attempts"] for row in deliveries(shop, "attempts") if row["id"] > 6) < 40
    states = [row["state"] for row in deliveries(shop, "state")]
    assert states == ["sent"] * 6 + ["failed"] * 3 + ["pending"]


def test_gone_switches_off(shop: Any, receiver: Receiver) -> None:
    id, _secret = subscribe(shop, receiver.url, {"model": "shop.partner"})
    receiver.answer = 410
    partner(shop, "Ana")
    partner(shop, "Bob")
    worker.run_pending(shop)
    assert len(receiver.requests) == 1
    assert standing(shop, id)["active"] is False
    assert [row["state"] for row in deliveries(shop, "state")] == ["failed", "failed"]
    partner(shop, "Eve")
    assert len(deliveries(shop)) == 2
    with pytest.raises(UserError):
        shop.run(1, {}, lambda env: env["webhook.subscription"].browse(id).action_test())
    receiver.answer = 200
    shop.run(1, {}, lambda env: env["webhook.subscription"].browse(id).write({"active": True}))
    count = shop.run(1, {}, lambda env: env["webhook.subscription"].browse(id).action_replay("2020-01-01"))
    assert count == 2
    worker.run_pending(shop)
    assert [r["values"]["name"] for r in receiver.records] == ["Ana", "Ana", "Bob"]


def test_what_waits_is_kept_while_switched_off(shop: Any, receiver: Receiver) -> None:
    id, _secret = subscribe(shop, receiver.url, {"model": "shop.partner"})
    partner(shop)
    shop.run(1, {}, lambda env: env["webhook.subscription"].browse(id).write({"active": False}))
    worker.run_pending(shop)
    assert receiver.requests == []
    shop.run(1, {}, lambda env: env["webhook.subscription"].browse(id).write({"active": True}))
    worker.run_pending(shop)
    assert len(receiver.requests) == 1


def test_redirects_are_not_followed(shop: Any, receiver: Receiver) -> None:
    subscribe(shop, receiver.url, {"model": "shop.partner"})
    receiver.answer = (302, {"Location": receiver.url.replace("/hook", "/elsewhere")}, b"")
    partner(shop)
    worker.run_pending(shop)
    assert [request["path"] for request in receiver.requests] == ["/hook?source=colca"]
    assert deliveries(shop, "status")[0]["status"] == 302


@pytest.mark.slow
def test_a_killed_worker_delivers_all_the_same(shop: Any, receiver: Receiver, clock: Any) -> None:
    subscribe(shop, receiver.url, {"model": "shop.partner"})
    for n in range(4):
        partner(shop, f"P{n}")
    reached, go_on = threading.Event(), threading.Event()

    def answer(request: dict[str, Any]) -> int:
        if request["event"]["data"]["records"][0]["values"]["name"] == "P2" and not go_on.is_set():
            reached.set()
            go_on.wait(60)
        return 200

    receiver.answer = answer
    script = textwrap.dedent(
        """
        import sys
        from tests.kernel.record_models import opened
        from server.jobs import worker
        worker.run_pending(opened(sys.argv[1]))
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, shop.url], cwd=os.getcwd(), env={**os.environ, "PYTHONPATH": os.getcwd()}
    )
    try:
        assert reached.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        go_on.set()
        if process.poll() is None:
            process.kill()
    assert [row["state"] for row in deliveries(shop, "state")] == ["sent", "sent", "pending", "pending"]
    worker.run_pending(shop)
    assert len(receiver.requests) == 3  # nobody takes over what may still be in somebody's hands
    clock(200)
    worker.run_pending(shop)
    assert {row["state"] for row in deliveries(shop, "state")} == {"sent"}
    names = [record["values"]["name"] for record in receiver.records]
    assert names == ["P0", "P1", "P2", "P2", "P3"]  # at least once, in order; the id tells that it is the same
    assert receiver.requests[2]["headers"]["webhook-id"] == receiver.requests[3]["headers"]["webhook-id"]


def test_two_workers_do_not_post_for_one_receiver_at_the_same_time(shop: Any, receiver: Receiver) -> None:
    subscribe(shop, receiver.url, {"model": "shop.partner"})
    here = [0, 0]

    def answer(request: dict[str, Any]) -> int:
        here[0] += 1
        here[1] = max(here)
        time.sleep(0.02)
        here[0] -= 1
        return 200

    receiver.answer = answer
    for n in range(10):
        partner(shop, f"P{n}")
    workers = [threading.Thread(target=worker.run_pending, args=(shop,)) for _n in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert here[1] == 1
    assert [r["values"]["name"] for r in receiver.records] == [f"P{n}" for n in range(10)]


# Where nothing is posted to -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
     "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "2002:0a00:0001::1", "64:ff9b::7f00:1", "64:ff9b::a00:1"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not posting.public(posting.ipaddress.ip_address(address))
    answer = posting.post(f"https://[{address}]/" if ":" in address else f"https://{address}/", b"{}", {})
    assert answer.status == 0
    assert "not an address of the public internet" in answer.error


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_not(address: str) -> None:
    assert posting.public(posting.ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f.1", "127.1"])
def test_other_names_of_this_machine_are_refused(host: str) -> None:
    answer = posting.post(f"https://{host}/", b"{}", {})
    assert answer.status == 0
    assert "public internet" in answer.error or "not known" in answer.error


def resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name lead to these addresses, one list per question; the names that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in ("hooks.example",):
            return real(host, port, *args, **kwargs)
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return asked


def test_a_name_with_one_inner_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, ["93.184.215.14", "10.0.0.1"])
    with pytest.raises(posting.Refused, match=r"10\.0\.0\.1"):
        posting.checked("https", "hooks.example", 443)


def test_a_name_is_asked_for_once_and_the_checked_address_is_called(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    # the second answer, which a rebinding attacker would give, is never asked for
    asked = resolves(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    answer = posting.post(receiver.url.replace("127.0.0.1", "hooks.example"), b"{}", {}, LOCAL)
    assert answer.status == 200
    assert asked == ["hooks.example"]
    assert receiver.requests[0]["headers"]["host"].startswith("hooks.example:")


def test_plain_http_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves(monkeypatch, ["93.184.215.14"])
    assert "Plain http is refused" in posting.post("http://hooks.example/", b"{}", {}, LOCAL).error


def test_an_inner_address_is_refused_at_delivery_unless_the_operator_allows_it(
    shop: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLCA_WEBHOOK_NETWORKS", "10.0.0.0/8")
    subscribe(shop, receiver.url, {"model": "shop.partner"})
    partner(shop)
    worker.run_pending(shop)
    assert receiver.requests == []
    (row,) = deliveries(shop, "state", "error")
    assert row["state"] == "pending"
    assert "COLCA_WEBHOOK_NETWORKS" in row["error"]


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Any) -> None:
    import ssl

    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost", "-days", "2"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    made = Receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    made.server.socket = context.wrap_socket(made.server.socket, server_side=True)
    try:
        answer = posting.post(made.url.replace("http:", "https:"), b"{}", {}, LOCAL)
    finally:
        made.close()
    assert answer.status == 0
    assert "certificate" in answer.error
    assert made.requests == []


def test_the_status_of_an_answer_without_end_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "READ", 0.3)
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _address = server.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nyes,\r\n")
            time.sleep(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    answer = posting.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, LOCAL)
    assert (answer.status, answer.excerpt) == (202, "yes,")
    thread.join()
    server.close()


@pytest.mark.parametrize("pace", ["silent", "dripping"])
def test_a_receiver_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch, pace: str) -> None:
    monkeypatch.setattr(posting, "TOTAL", 1.0)
    monkeypatch.setattr(posting, "READ", 0.6)
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _address = server.accept()
        peer.recv(65536)
        try:
            if pace == "dripping":
                peer.sendall(b"HTTP/1.1 200 OK\r\n")
                for n in range(30):
                    peer.sendall(b"X-Drip-%d: 1\r\n" % n)
                    time.sleep(0.1)
            else:
                time.sleep(2)
        except OSError:
            pass
        peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    started = time.monotonic()
    answer = posting.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, LOCAL)
    assert time.monotonic() - started < 3
    assert answer.status == 0
    assert answer.error == "No answer in time."
    thread.join()
    server.close()


def test_the_beginning_of_a_huge_answer_is_kept_and_the_rest_left(receiver: Receiver) -> None:
    receiver.answer = (400, {}, b"y" * 5_000_000)
    answer = posting.post(receiver.url, b"{}", {}, LOCAL)
    assert (answer.status, len(answer.excerpt)) == (400, posting.EXCERPT)


# Signatures -----------------------------------------------------------------------------------------------------------------------


def test_the_example_of_the_specification() -> None:
    """The test vector that the libraries of Standard Webhooks share."""
    secret, id, timestamp = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
    signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signing.signature(secret, id, timestamp, b'{"test": 2432232314}') == signature


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_###", "whsec_QUJD", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "QUJD" * 30]
)
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError):
        signing.key_of(secret)
