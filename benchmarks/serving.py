"""The server as a process: start, memory, requests per second against a bare Flask route, order to cash over XML-RPC.

python benchmarks/serving.py [--backend postgresql|sqlite] [--requests 300] [--chains 20]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path
from typing import Any

import common
import psutil

ROOT = Path(__file__).resolve().parents[1]
FIELDS = [
    "name", "date_order", "partner_id", "user_id", "company_id",
    "currency_id", "amount_untaxed", "amount_tax", "amount_total", "state",
]  # fmt: skip
#: A route that does nothing but run the one statement that answers the same question, and write JSON.
BARE = '''
import os
import orjson
import sqlalchemy as sa
from flask import Flask, Response
from server.db.engine import make_engine

app = Flask("bare")
engine = make_engine(os.environ["COLCA_DATABASE_URL"])
SQL = """
SELECT o.id, o.name, o.date_order, o.partner_id, p.name, o.user_id, u.name, o.company_id, c.name, o.currency_id, k.name,
       o.amount_untaxed, o.amount_tax, o.amount_total, o.state
FROM sale_order o LEFT JOIN res_partner p ON p.id = o.partner_id LEFT JOIN res_users u ON u.id = o.user_id
LEFT JOIN res_company c ON c.id = o.company_id LEFT JOIN res_currency k ON k.id = o.currency_id
WHERE o.state = 'sale' AND o.company_id = 1 ORDER BY o.date_order DESC, o.id DESC LIMIT 80
"""

@app.post("/orders")
def orders():
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.exec_driver_sql(SQL)]
    return Response(orjson.dumps(rows, default=float), content_type="application/json")
'''


class Process:
    """A server process on a free port."""

    def __init__(self, arguments: list[str], **environ: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        settings = {**os.environ, "COLCA_PORT": str(self.port), "COLCA_HOST": "127.0.0.1", "COLCA_WORKERS": "1", **environ}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, *[a.replace("PORT", str(self.port)) for a in arguments]],
            cwd=ROOT,
            env=settings,
            stdout=subprocess.DEVNULL,
        )

    def until(self, answered: Callable[[], Any]) -> float:
        """Seconds from the start until `answered()` works."""
        while True:
            try:
                answered()
                return time.perf_counter() - self.started
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit("the server ended by itself") from None
                time.sleep(0.005)

    def memory(self) -> float:
        """Resident megabytes of the process that answers."""
        return max(child.memory_info().rss for child in psutil.Process(self.process.pid).children()) / 1024**2

    def stop(self) -> None:
        """End it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def median_ms(port: int, path: str, body: bytes, requests: int) -> float:
    """Median milliseconds of a request on one kept-alive connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times = []
    for n in range(requests + 20):
        start = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        if n >= 20:
            times.append(1000 * (time.perf_counter() - start))
    if b'"error"' in answer[:200] or b"<fault>" in answer[:200]:
        raise SystemExit(answer[:500].decode())
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", default="postgresql")
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--chains", type=int, default=20)
    options = parser.parse_args()
    random.seed(7)
    url = common.fresh_url("colca_serving", options.backend)
    database = common.install(url)
    shop = common.Shop(database)
    orders = [shop.call("sale.order", "create", shop.order(3)) for _ in range(80)]
    shop.call("sale.order", "action_confirm", orders)
    database.engine.dispose()

    with tempfile.TemporaryDirectory() as var:
        server = Process(["-c", "from server.cli import main; main()", "serve"], COLCA_DATABASE_URL=url, COLCA_DATA_DIR=var)
        proxy = xmlrpc.client.ServerProxy(f"http://127.0.0.1:{server.port}/xmlrpc/2/object", allow_none=True)

        def call(model: str, method: str, *args: Any, **kwargs: Any) -> Any:
            return proxy.execute_kw(
                "colca", 2, "admin", model, method, list(args), {"context": {"allowed_company_ids": [shop.company]}, **kwargs}
            )

        seconds = server.until(lambda: call("sale.order", "search_read", [], fields=FIELDS, limit=80))
        for _ in range(50):
            call("sale.order", "search_read", [], fields=FIELDS, limit=80)
        common.emit(
            what="start to first answered search_read", backend=options.backend, seconds=seconds, worker_mb=server.memory()
        )

        Path(var, "bare.py").write_text(BARE)
        served = "gunicorn -k gthread --threads 8 --keep-alive 65 --no-control-socket -b 127.0.0.1:PORT --chdir DIR bare:app"
        bare = Process(["-m", *served.replace("DIR", var).split()], COLCA_DATABASE_URL=url, PYTHONPATH=str(ROOT))
        bare.until(lambda: median_ms(bare.port, "/orders", b"", 1))
        domain = [["state", "=", "sale"]]
        params = ["colca", 2, "admin", "sale.order", "search_read", [domain], {"fields": FIELDS, "limit": 80}]
        as_json = json.dumps({"id": 1, "params": {"service": "object", "method": "execute_kw", "args": params}}).encode()
        as_xml = xmlrpc.client.dumps(tuple(params), "execute_kw").encode()
        trivial = json.dumps({"id": 1, "params": {"service": "common", "method": "version", "args": []}}).encode()
        # in turns, so that whatever else the machine does falls on all alike
        rounds: dict[str, list[float]] = {"bare": [], "json": [], "xml": [], "trivial": []}
        for _ in range(5):
            rounds["bare"].append(median_ms(bare.port, "/orders", b"", options.requests // 5))
            rounds["json"].append(median_ms(server.port, "/jsonrpc", as_json, options.requests // 5))
            rounds["xml"].append(median_ms(server.port, "/xmlrpc/2/object", as_xml, options.requests // 5))
            rounds["trivial"].append(median_ms(server.port, "/jsonrpc", trivial, options.requests // 5))
        ms = {name: statistics.median(values) for name, values in rounds.items()}
        common.emit(
            what="80 orders x 10 fields over HTTP", backend=options.backend,
            json_ms=ms["json"], xml_ms=ms["xml"], bare_flask_ms=ms["bare"],
            json_ratio=ms["json"] / ms["bare"], xml_ratio=ms["xml"] / ms["bare"],
            json_per_second=1000 / ms["json"], trivial_per_second=1000 / ms["trivial"],
        )  # fmt: skip
        bare.stop()
        start = time.perf_counter()
        for n in range(100):
            call("res.partner", "create", {"name": f"Speed {n}"})
        common.emit(what="create a partner", backend=options.backend, per_second=100 / (time.perf_counter() - start))

        floor = common.Floor.at_hand() if options.backend == "postgresql" else None
        for lines in (5, 50):
            for _ in range(3):
                common.chain(call, shop.order(lines))
            orders = iter([shop.order(lines) for _ in range(options.chains)])
            row = common.in_turns(lambda: common.chain(call, next(orders)), floor, lines, options.chains)  # noqa: B023  used at once
            common.emit(what="order to cash over XML-RPC", backend=options.backend, lines=lines, **row)
        server.stop()


if __name__ == "__main__":
    main()
