"""The receivers on the page about webhooks take what Colca posts, once, and nothing that others post."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from server.events import posting, signing
from server.testing.live import free_port
from tests.docs.samples import code_blocks

PAGE = Path(__file__).parent.parent.parent / "docs" / "integrate" / "webhooks.md"
SECRET = signing.new_secret()
LOCAL = posting.parse_networks("127.0.0.0/8")


def event(number: int, kind: str, *records: dict[str, Any]) -> tuple[str, bytes]:
    id = f"evt_{number:032x}"
    data = {"model": "res.partner", "event": kind, "method": None, "company_id": None, "user_id": 2, "records": list(records)}
    whole = {
        "sequence": number,
        "id": id,
        "type": f"res.partner.{kind}",
        "timestamp": "2026-11-25T12:00:00Z",
        "database": "colca",
    }
    return id, json.dumps({**whole, "data": data}).encode()


def record(id: int, name: str | None, **more: Any) -> dict[str, Any]:
    return {"id": id, "display_name": name, "values": {}, "old": {}, "new": {}, "changed": ["name"], **more}


def test_the_python_receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("MIRROR", str(tmp_path / "mirror.db"))
    scope: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(code_blocks(PAGE)[1], "webhooks.md", "exec"), scope)
    client = scope["app"].test_client()

    def post(id: str, body: bytes, secrets: list[str], at: float = 0) -> int:
        headers = signing.headers(secrets, id, int(time.time() + at), body)
        return client.post("/colca", data=body, headers={**headers, "Content-Type": "application/json"}).status_code

    def mirror() -> list[tuple[int, str]]:
        return scope["store"].execute("select id, name from record order by id").fetchall()

    other = signing.new_secret()
    first = event(1, "created", record(1, "Ana"), record(2, "Bob"))
    assert post(*first, [other]) == 401
    assert post(*first, [SECRET], at=-400) == 401
    assert post(first[0], first[1] + b" ", [SECRET]) == 204 and mirror() == [(1, "Ana"), (2, "Bob")]
    assert post(*event(3, "changed", record(1, "Anna")), [other, SECRET]) == 204
    assert post(*event(2, "changed", record(1, "An")), [SECRET]) == 204  # older
    assert post(*first, [SECRET]) == 204  # again
    assert mirror() == [(1, "Anna"), (2, "Bob")]
    assert post(*event(4, "changed", record(2, "Bob", filter="left")), [SECRET]) == 204
    assert post(*event(5, "deleted", record(1, None)), [SECRET]) == 204
    assert mirror() == []


def test_the_javascript_receiver(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("No Node.js here.")
    (block,) = re.findall(r"```javascript\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    (tmp_path / "receiver.js").write_text(block)
    port = free_port()
    environment = {**os.environ, "WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    process = subprocess.Popen([node, "receiver.js"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)

        def post(id: str, body: bytes, secrets: list[str]) -> int:
            return posting.post(
                f"http://127.0.0.1:{port}/", body, signing.headers(secrets, id, int(time.time()), body), LOCAL
            ).status

        one = event(1, "changed", record(1, "Ana"))
        assert post(*one, [signing.new_secret()]) == 401
        assert post(*one, [signing.new_secret(), SECRET]) == 204
        assert post(*one, [SECRET]) == 204
    finally:
        process.terminate()
    assert process.communicate()[0] == "res.partner.changed 1 name\n"


@pytest.mark.sqlite
def test_setting_up_and_following(db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The webhook of the page is made, and the loop over the change feed keeps a copy of contacts."""
    from server.config import Config
    from server.rpc.services import Server, ServiceCall
    from server.testing.calls import Client

    server = Server(Config(data_dir=tmp_path), db)

    class Proxy:
        def __init__(self, url: str) -> None:
            self.service = url.rpartition("/")[2]

        def __getattr__(self, method: str) -> Any:
            return lambda *args: ServiceCall(server, self.service, method, list(args), "192.0.2.7").run()

    monkeypatch.setattr("xmlrpc.client.ServerProxy", Proxy)
    setup, _receiver, follow = code_blocks(PAGE)
    scope: dict[str, Any] = {}
    exec(compile(setup.replace("an API key of an administrator", "admin"), "webhooks.md", "exec"), scope)
    assert signing.key_of(scope["secret"])
    with db.transaction(1, {}) as env:
        webhook = env["webhook.subscription"].browse(scope["webhook"])
        assert webhook.line_ids.mapped("model") == ["sale.order", "stock.picking"]
        assert webhook.delivery_ids.mapped("event") == ["ping"]

    exec(compile(follow, "webhooks.md", "exec"), scope)
    call = Client(db)
    call("ir.change.feed", "create", [{"model": "res.partner"}, {"model": "res.partner.category"}])
    copy: dict[tuple[str, int], str] = {}
    keep: dict[str, str] = {}

    def fetch(model: str, ids: list[int]) -> None:
        for row in call(model, "read", ids, ["display_name"]) if ids else ():
            copy[model, row["id"]] = row["display_name"]

    def forget(model: str, ids: list[int]) -> None:
        for id in ids:
            copy.pop((model, id), None)

    def same() -> bool:
        scope["follow"](call, ["res.partner", "res.partner.category"], keep, fetch, forget)
        real = {}
        for model in ("res.partner", "res.partner.category"):
            for row in call(model, "search_read", [], ["display_name"], context={"active_test": False}):
                real[model, row["id"]] = row["display_name"]
        return copy == real

    assert same()
    ana, bob = call("res.partner", "create", [{"name": "Ana"}, {"name": "Bob"}])
    tag = call("res.partner.category", "create", {"name": "Friends"})
    assert same()
    call("res.partner", "write", [ana], {"name": "Anna", "active": False})
    call("res.partner", "unlink", [bob])
    call("res.partner.category", "unlink", [tag])
    assert same()
    assert ("res.partner", bob) not in copy
    assert copy["res.partner", ana] == "Anna"
