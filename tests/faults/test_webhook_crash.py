"""What was committed is told, however the server ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.testing.live import live_server
from tests.kernel.webhook_receiver import Receiver, verified


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.mark.slow
def test_a_server_that_dies_after_the_answer_tells_it_when_it_is_back(demo_url: str, tmp_path: Path, receiver: Receiver) -> None:
    with live_server(demo_url, tmp_path, COLCA_JOBS="0", COLCA_WEBHOOK_NETWORKS="127.0.0.0/8") as server:
        call = server.client()
        lines = [(0, 0, {"model": "res.partner", "payload_fields": ["name", "email"]})]
        webhook = call("webhook.subscription", "create", {"name": "W", "url": receiver.url, "line_ids": lines})
        secret = call("webhook.subscription", "action_reveal_secret", [webhook])["secret"]
        call("ir.change.feed", "create", {"model": "res.partner"})
        cursor = call("ir.change.feed", "poll", ["res.partner"])["cursor"]
        ana = call("res.partner", "create", {"name": "Ana"})
        call("res.partner", "write", [ana], {"email": "ana@example.com"})
        with pytest.raises(Exception, match="(?i)email|name|required|value"):
            call("res.partner", "create", [{"name": "Never"}, {"no_such_field": 1}])
        server.kill()
        assert receiver.requests == []

        server.environment["COLCA_JOBS"] = "1"
        server.start()
        call = server.client()
        assert [(c["op"], c["id"]) for c in call("ir.change.feed", "poll", ["res.partner"], cursor)["changes"]] == [("created", ana), ("changed", ana)]
        for _wait in range(600):
            if len(receiver.requests) >= 2:
                break
            time.sleep(0.1)
        assert [event["type"] for event in receiver.events] == ["res.partner.created", "res.partner.changed"]
        assert [record["values"] for record in receiver.records] == [
            {"name": "Ana", "email": None},
            {"name": "Ana", "email": "ana@example.com"},
        ]
        assert all(verified(secret, request) for request in receiver.requests)
        log: list[dict[str, Any]] = []
        for _wait in range(100):
            log = call("webhook.delivery", "search_read", [["subscription_id", "=", webhook]], ["state", "status"])
            if all(row["state"] == "sent" for row in log):
                break
            time.sleep(0.1)
        assert [(row["state"], row["status"]) for row in log] == [("sent", 200)] * 2
