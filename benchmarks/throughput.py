"""Requests per second of one web process on PostgreSQL over kept-alive connections, beside Tryton in the same run.

python benchmarks/throughput.py [--seconds 3] [--rounds 3] [--connections 1 4 16] [--peer DIR] [--profile]

`search_read` of 80 confirmed orders with 10 fields, creating a partner with a street and a city, and a trivial call that is
logged in and asks the database, over XML-RPC, `/jsonrpc` and `/json/2`. Ours and the peer's are measured in turns, so that
whatever else the machine does falls on both. The peer is a folder with Tryton in `venv/`, its configuration and a database with
confirmed sales (COLCA_BENCH_PEER); without it the rows come without ratio. `--profile` shows where the time of one answer goes.
"""

from __future__ import annotations

import argparse
import base64
import cProfile
import itertools
import json
import os
import pstats
import random
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import common
import load
from serving import FIELDS, Process

DOORS = ("xmlrpc", "jsonrpc", "json2")
JSON = {"Content-Type": "application/json"}
PEER_FIELDS = [
    "number", "party.rec_name", "sale_date", "state", "currency",
    "untaxed_amount", "tax_amount", "total_amount", "invoice_state", "shipment_state",
]  # fmt: skip
PEER_PASSWORD = "bench_pw_9x"


def fine(body: bytes) -> bool:
    """Whether an answer is one of the good ones."""
    return b'"error"' not in body[:200] and b"<fault>" not in body[:200]


class Ours:
    """The requests of our three doors, by kind."""

    def __init__(self, port: int, company: int, key: str, doors: Sequence[str] = DOORS) -> None:
        self.port = port
        self.doors = doors
        self.context = {"allowed_company_ids": [company]}
        self.numbers = itertools.count()
        self.key = key

    def bodies(self) -> dict[str, dict[str, load.Body]]:
        """kind of work → door → what gives the next request."""
        read: tuple[str, str, dict[str, Any]] = (
            "sale.order", "search_read", {"domain": [["state", "=", "sale"]], "fields": FIELDS, "limit": 80},
        )  # fmt: skip
        trivial: tuple[str, str, dict[str, Any]] = ("res.users", "context_get", {})
        doors = {
            door: encode
            for door, encode in (("xmlrpc", self.xml), ("jsonrpc", self.json), ("json2", self.json2))
            if door in self.doors
        }
        found: dict[str, dict[str, load.Body]] = {"trivial": {}, "search_read": {}, "create": {}}
        for door, encode in doors.items():
            for kind, call in (("trivial", trivial), ("search_read", read)):
                found[kind][door] = lambda data=encode(*call): data  # type: ignore[misc]
            found["create"][door] = lambda encode=encode: encode("res.partner", "create", {"vals_list": self.partner()})  # type: ignore[misc]
        return found

    def partner(self) -> dict[str, Any]:
        """A new partner, as the peer's: a name and an address."""
        return {"name": f"Rate {next(self.numbers)}", "street": "S", "city": "C"}

    def _params(self, model: str, method: str, given: dict[str, Any]) -> list[Any]:
        return ["colca", 2, "admin", model, method, [], {**given, "context": self.context}]

    def xml(self, model: str, method: str, given: dict[str, Any]) -> bytes:
        """A request over XML-RPC."""
        text = xmlrpc.client.dumps(tuple(self._params(model, method, given)), "execute_kw")
        return load.request(self.port, "/xmlrpc/2/object", text.encode(), {"Content-Type": "text/xml"})

    def json(self, model: str, method: str, given: dict[str, Any]) -> bytes:
        """A request over `/jsonrpc`."""
        params = {"service": "object", "method": "execute_kw", "args": self._params(model, method, given)}
        return load.request(self.port, "/jsonrpc", json.dumps({"jsonrpc": "2.0", "id": 1, "params": params}).encode(), JSON)

    def json2(self, model: str, method: str, given: dict[str, Any]) -> bytes:
        """A request over `/json/2` with an API key."""
        headers = {**JSON, "Authorization": f"bearer {self.key}"}
        return load.request(
            self.port, f"/json/2/{model}/{method}", json.dumps({**given, "context": self.context}).encode(), headers
        )


class Peer:
    """Tryton under gunicorn with one worker of as many threads, logged in."""

    def __init__(self, folder: Path, port: int, name: str) -> None:
        self.port, self.name = port, name
        self.numbers = itertools.count(random.randrange(10**9))
        self.headers = dict(JSON)
        first = self.request("common.db.login", "admin", {"password": PEER_PASSWORD}, "en")
        user, session = self.result(first)[:2]
        token = base64.b64encode(f"admin:{user}:{session}".encode()).decode()
        self.headers["Authorization"] = f"Session {token}"
        self.context = self.result(self.request("model.res.user.get_preferences", True, {}))

    def request(self, method: str, *params: Any) -> bytes:
        """A request of its JSON-RPC."""
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        return load.request(self.port, f"/{self.name}/rpc/", body, self.headers)

    def result(self, request: bytes) -> Any:
        """The value it answers."""
        status, body = load.Connection(self.port).ask(request)
        answer = json.loads(body)
        if status != 200 or "result" not in answer:
            raise SystemExit(f"the peer answered {status} {body[:300]!r}")
        return answer["result"]

    def bodies(self) -> dict[str, load.Body]:
        """kind of work → what gives the next request."""
        domain = [["state", "in", ["processing", "done"]]]
        read = self.request("model.sale.sale.search_read", domain, 0, 80, [["id", "DESC"]], PEER_FIELDS, self.context)
        if len(self.result(read)) != 80:
            raise SystemExit("the peer has fewer than 80 confirmed sales: run its o2c test first")
        trivial = self.request("model.ir.date.today", self.context)
        return {"trivial": lambda: trivial, "search_read": lambda: read, "create": self._partner}

    def _partner(self) -> bytes:
        values = {"name": f"Rate {next(self.numbers)}", "addresses": [["create", [{"street": "S", "city": "C"}]]]}
        return self.request("model.party.party.create", [values], self.context)


@contextmanager
def peer_server(folder: Path | None, name: str) -> Iterator[Peer | None]:
    """The peer serving, or None where it is not on this machine."""
    gunicorn = folder / "venv" / "bin" / "gunicorn" if folder else None
    if folder is None or gunicorn is None or not gunicorn.exists():
        common.emit(what="no peer here: rows come without ratio", peer=str(folder))
        yield None
        return
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = {**os.environ, "TRYTOND_CONFIG": str(folder / "trytond-pg.conf"), "TRYTOND_DATABASE_NAMES": name}
    command = [str(gunicorn), "trytond.application:app", "-b", f"127.0.0.1:{port}", "--no-control-socket"]
    served = subprocess.Popen(
        [*command, "-w", "1", "-k", "gthread", "--threads", "8", "--keep-alive", "65"],
        env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                peer = Peer(folder, port, name)
                break
            except OSError:
                if time.monotonic() > deadline or served.poll() is not None:
                    raise SystemExit("the peer does not start") from None
                time.sleep(0.1)
        yield peer
    finally:
        served.terminate()
        served.wait()


def api_key(proxy: Any) -> str:
    """A key of the administrator, made as a client would."""
    wizard = proxy.execute_kw(
        "colca", 2, "admin", "res.users.apikeys.description", "create", [{"name": "throughput", "duration": "1"}]
    )
    shown = proxy.execute_kw("colca", 2, "admin", "res.users.apikeys.description", "make_key", [[wizard]])
    return str(shown["context"]["default_key"])


def measure(ours: Ours, peer: Peer | None, options: argparse.Namespace) -> None:
    """One row per kind of work, number of connections and door."""
    theirs = peer.bodies() if peer else {}
    for kind, doors in ours.bodies().items():
        for connections in options.connections:
            rounds: dict[str, list[dict[str, float]]] = {}
            for turn in range(options.rounds + 1):
                for door, body in [*doors.items(), *([("peer", theirs[kind])] if peer else [])]:
                    port = peer.port if door == "peer" and peer else ours.port
                    row = load.drive(port, body, connections, options.seconds if turn else 0.5, fine)
                    if turn:  # the first turn warms up
                        rounds.setdefault(door, []).append(row)
            middles = {door: load.middle(rows) for door, rows in rounds.items()}
            for door, row in middles.items():
                ratio = {"ratio": row["per_second"] / middles["peer"]["per_second"]} if peer and door != "peer" else {}
                common.emit(what=kind, connections=connections, door=door, **row, **ratio)


def profile(database: Any, company: int) -> None:
    """Where the time of an answer over XML-RPC goes, in process, by room of the code."""
    from server.app import create_app
    from server.config import Config

    with tempfile.TemporaryDirectory() as var:
        client = create_app(Config(data_dir=Path(var)), database=database).test_client()
        _head, _, body = Ours(0, company, "").bodies()["search_read"]["xmlrpc"]().partition(b"\r\n\r\n")

        def ask() -> None:
            client.post("/xmlrpc/2/object", data=body, content_type="text/xml")

        for _ in range(30):
            ask()
        profiler = cProfile.Profile()
        profiler.runcall(lambda: [ask() for _ in range(300)])
    stats = pstats.Stats(profiler)
    total = sum(row[2] for row in stats.stats.values())  # type: ignore[attr-defined]
    parts: dict[str, float] = {}
    for (file, _line, name), row in stats.stats.items():  # type: ignore[attr-defined]
        parts[_room(file, name)] = parts.get(_room(file, name), 0.0) + row[2]
    for room, seconds in sorted(parts.items(), key=lambda item: -item[1]):
        common.emit(what="profile of search_read over XML-RPC", part=room, share=seconds / total)
    for (_file, _line, name), row in stats.stats.items():  # type: ignore[attr-defined]
        if name in ("dumps", "loads") and "xmlrpc" in _file:
            common.emit(what="profile of search_read over XML-RPC", function=f"xmlrpc.{name}", share=row[3] / total)


def _room(file: str, name: str) -> str:
    """The part of the way that a function belongs to."""
    for part in (
        "server/rpc/xmlrpc",
        "server/rpc",
        "server/model",
        "server/db",
        "server/security",
        "sqlalchemy",
        "psycopg",
        "werkzeug",
        "flask",
    ):
        if part in file:
            return part
    return "pyexpat" if "xmlparser" in name else "other"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 4, 16])
    parser.add_argument("--doors", nargs="*", default=DOORS, choices=DOORS)
    parser.add_argument("--peer", type=Path, default=os.environ.get("COLCA_BENCH_PEER"))
    parser.add_argument("--peer-database", default="t_bench")
    parser.add_argument("--profile", action="store_true")
    options, _others = parser.parse_known_args()  # `make bench` hands the same arguments to every benchmark
    random.seed(7)
    url = common.fresh_url("colca_throughput")
    database = common.install(url)
    shop = common.Shop(database)
    orders = [shop.call("sale.order", "create", shop.order(3)) for _ in range(400)]
    shop.call("sale.order", "action_confirm", orders)
    if options.profile:
        profile(database, shop.company)
        return
    database.engine.dispose()
    with tempfile.TemporaryDirectory() as var, peer_server(options.peer, options.peer_database) as peer:
        server = Process(["-c", "from server.cli import main; main()", "serve"], COLCA_DATABASE_URL=url, COLCA_DATA_DIR=var)
        proxy = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{server.port}/xmlrpc/2/object", allow_none=True)
        server.until(lambda: proxy.execute_kw("colca", 2, "admin", "res.users", "context_get", []))
        try:
            measure(Ours(server.port, shop.company, api_key(proxy), options.doors), peer, options)
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
