"""Bulk work over HTTP: 10,000 products through `load`, 10,000 contacts through `create`, in calls of 1,000; then the same
products again, unchanged, and changed. The peer's figures for 10,000 products and parties are taken in the same run, where
it is at hand.

python benchmarks/bulk.py [--backend postgresql|sqlite] [--rows 10000] [--size 1000] [--rounds 1] [--peer FOLDER]

The peer is Tryton, driven by a script outside this project (`peer_tryton.py bulk`) with a database that it has set up before:
`COLCA_BENCH_PEER` names the folder of its environment (`venv/bin/python` in it), `COLCA_BENCH_FLOOR` the folder of the script.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

import common
from serving import Process

PATHS = [
    "id", "name", "default_code", "barcode", "type", "categ_id", "uom_id", "list_price", "standard_price", "weight", "sale_ok",
    "description_sale",
]  # fmt: skip


class Door:
    """A server of its own, called by one of its doors."""

    def __init__(self, url: str, var: str, company: int, door: str) -> None:
        self.process = Process(["-c", "from server.cli import main; main()", "serve"], COLCA_DATABASE_URL=url, COLCA_DATA_DIR=var)
        base = f"http://127.0.0.1:{self.process.port}"
        self.context = {"allowed_company_ids": [company]}
        self.call: Callable[..., Any] = self._xml if door == "xmlrpc" else self._json
        self.proxy = xmlrpc.client.ServerProxy(f"{base}/xmlrpc/2/object", allow_none=True)
        self.address = ("127.0.0.1", self.process.port)
        self.process.until(lambda: self.call("res.partner", "search_count", []))

    def _xml(self, model: str, method: str, *args: Any) -> Any:
        return self.proxy.execute_kw("colca", 2, "admin", model, method, list(args), {"context": self.context})

    def _json(self, model: str, method: str, *args: Any) -> Any:
        import http.client

        connection = http.client.HTTPConnection(*self.address)
        params = ["colca", 2, "admin", model, method, list(args), {"context": self.context}]
        body = json.dumps({"id": 1, "params": {"service": "object", "method": "execute_kw", "args": params}})
        connection.request("POST", "/jsonrpc", body, {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        if "error" in answer:
            raise SystemExit(str(answer["error"])[:1000])
        return answer["result"]


def products(tag: str, rows: int, category: str, unit: str, price: str = "10.50") -> list[list[str]]:
    """Rows of a price list as an import tool sends them: every cell a text."""
    return [
        [
            f"bulk.{tag}_{n}", f"Bulk product {tag} {n}", f"B{tag}-{n}", "", "Goods", category, unit, price, "4.25", "0.5", "1",
            f"Number {n}",
        ]
        for n in range(rows)
    ]  # fmt: skip


def partners(tag: str, rows: int) -> list[dict[str, Any]]:
    """Contacts with an address."""
    return [{"name": f"Bulk contact {tag} {n}", "street": f"Street {n}", "city": "City"} for n in range(rows)]


def seconds(size: int, rows: list[Any], send: Callable[[list[Any]], Any]) -> float:
    """How long it takes to send all rows, `size` in a call."""
    start = time.perf_counter()
    for first in range(0, len(rows), size):
        answer = send(rows[first : first + size])
        if isinstance(answer, dict) and not answer["ids"]:
            raise SystemExit(str(answer["messages"][:3]))
    return time.perf_counter() - start


def peer(folder: str | None) -> dict[str, float]:
    """Seconds of the peer for products and parties; empty where it is not at hand."""
    python = Path(folder or "-", "venv", "bin", "python")
    script = common.FLOOR / "peer_tryton.py"
    if not folder or not python.exists() or not script.exists():
        print("no peer: COLCA_BENCH_PEER (or --peer) names the folder where it is set up; rows come without it", file=sys.stderr)
        return {}
    port = str(common.sa.make_url(common.BASE).port or 5432)
    run = subprocess.run(
        [str(python), str(script), "bulk"],
        env={**os.environ, "BENCH_DIR": folder, "BENCH_PGPORT": port},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    found: dict[str, float] = {}
    for line in run.stdout.splitlines():
        row = json.loads(line) if line.startswith("{") else {}
        if row.get("test") == "d_bulk" and row.get("unit") == "s":
            for name in ("products", "parties"):
                if f"10000 {name}" in row["metric"]:
                    found[name] = float(row["value"])
    if len(found) != 2:
        print(f"no peer: it ended with {run.returncode} and told {found}; is it set up?", file=sys.stderr)
        return {}
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", default="postgresql")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peer", default=os.environ.get("COLCA_BENCH_PEER"))
    options, _others = parser.parse_known_args()  # all benchmarks are started with the same arguments
    url = common.fresh_url("colca_bulk", options.backend)
    database = common.install(url)
    with database.transaction() as env:
        company = env.ref("base.main_company").id
        category = env["product.category"].search([], limit=1).display_name
        unit = env["uom.uom"].browse(env["product.template"].default_get(["uom_id"])["uom_id"]).display_name
    database.engine.dispose()
    theirs = peer(options.peer) if options.backend == "postgresql" else {}
    for door in ("xmlrpc", "jsonrpc"):
        with tempfile.TemporaryDirectory() as var:
            server = Door(url, var, company, door)
            for turn in range(options.rounds):
                tag = f"{door}{turn}x{int(time.time())}"
                table = products(tag, options.rows, category, unit)
                server.call("product.product", "load", PATHS, products(f"{tag}w", 2, category, unit))

                def load(rows: list[Any], call: Callable[..., Any] = server.call) -> Any:
                    return call("product.product", "load", PATHS, rows)

                def create(rows: list[Any], call: Callable[..., Any] = server.call) -> Any:
                    return call("res.partner", "create", rows)

                changed = [[*row[:7], f"{n % 997}.75", *row[8:]] for n, row in enumerate(table)]
                measured = {
                    "products, load, 12 columns": (seconds(options.size, table, load), "products"),
                    "contacts, create": (seconds(options.size, partners(tag, options.rows), create), "parties"),
                    "the same products again": (seconds(options.size, table, load), ""),
                    "the products with other prices": (seconds(options.size, changed, load), ""),
                }
                for what, (took, name) in measured.items():
                    more: dict[str, float] = {}
                    if name in theirs and options.rows == 10_000:
                        more = {"peer_seconds": theirs[name], "times_faster": theirs[name] / took}
                    common.emit(
                        what=what, door=door, backend=options.backend, rows=options.rows, per_call=options.size, seconds=took,
                        per_second=options.rows / took, **more,
                    )  # fmt: skip
            server.process.stop()


if __name__ == "__main__":
    main()
