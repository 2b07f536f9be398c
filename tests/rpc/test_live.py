"""A server process as it runs in production: real clients, large bodies, many connections, a clean end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

PASSWORD = "correct horse battery"
ROOT = Path(__file__).resolve().parents[2]


class Live:
    """A running server: its address, its process, and how long it took to answer."""

    def __init__(self, url, data_dir):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        environ = {
            **os.environ,
            "COLCA_DATABASE_URL": url,
            "COLCA_DATA_DIR": str(data_dir),
            "COLCA_PORT": str(self.port),
            "COLCA_HOST": "127.0.0.1",
            "COLCA_MAX_BODY": "12MB",
            "COLCA_WORKERS": "1",
        }
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from server.serve import serve; serve()"],
            cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        while True:
            try:
                self.common("version")
                break
            except OSError:
                assert self.process.poll() is None, self.process.stdout.read()
                assert time.monotonic() - started < 60, "the server does not answer"
                time.sleep(0.02)
        self.call("res.users", "search_read", [], fields=["login"])

    def common(self, method, *args):
        with xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common") as proxy:
            return getattr(proxy, method)(*args)

    def call(self, model, method, *args, **kwargs):
        with xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/object", allow_none=True) as proxy:
            return proxy.execute_kw("colca", 2, PASSWORD, model, method, list(args), kwargs)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        output = self.process.communicate(timeout=40)[0]
        return self.process.returncode, output


@pytest.fixture
def live(database, database_url, tmp_path):
    database.run(1, {}, lambda env: env["res.users"].browse([2]).write({"password": PASSWORD}))
    database.engine.dispose()
    server = Live(database_url, tmp_path)
    yield server
    if server.process.poll() is None:
        server.process.kill()
        server.process.communicate()


def test_a_day_of_a_server(live):
    """One server for all that needs one: starting it is what costs."""
    # Python's own client
    assert live.common("version")["server_version"] == "19.0"
    assert live.common("authenticate", "colca", "admin", PASSWORD, {}) == 2
    groups = live.call("res.groups", "create", [{"name": f"Group {n}"} for n in range(40)])
    assert len(groups) == 40
    with pytest.raises(xmlrpc.client.Fault) as caught:
        live.call("res.groups", "write", [10**9], {"name": "x"})
    assert caught.value.faultCode == 2

    # OdooRPC
    import odoorpc

    odoo = odoorpc.ODOO("127.0.0.1", port=live.port, timeout=30)
    assert odoo.version == "19.0"
    assert odoo.db.list() == ["colca"]
    odoo.login("colca", "admin", PASSWORD)
    assert odoo.env.uid == 2
    found = odoo.env["res.groups"].search([("name", "=", "Group 7")])
    record = odoo.env["res.groups"].browse(found)
    assert record.name == "Group 7"
    record.name = "Group seven"
    assert odoo.execute("res.groups", "read", found, ["name"])[0]["name"] == "Group seven"
    with pytest.raises(odoorpc.error.RPCError, match="doesn't exist"):
        odoo.execute("crm.lead", "search", [])
    assert odoo.env.ref("base.group_user").id

    # bodies: a 10 MB one works or is refused in words, a larger one is refused in words
    with pytest.raises(xmlrpc.client.Fault):
        live.call("res.groups", "write", groups[:1], {"nope": "x" * 10_000_000})
    with pytest.raises(xmlrpc.client.Fault, match="COLCA_MAX_BODY"):
        live.call("res.groups", "write", groups[:1], {"name": "x" * 20_000_000})
    for path in ("/jsonrpc", "//jsonrpc"):
        request = urllib.request.Request(live.url + path, b'{"params": {"service": "common", "method": "version"}}')
        with urllib.request.urlopen(request) as response:
            assert b'"protocol_version":1' in response.read()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(live.url + "/jsonrpc", b"{" * 2_000_000))
    assert refused.value.code == 400
    refused.value.close()

    # many connections at once, each kept alive
    def many(number):
        with xmlrpc.client.ServerProxy(f"{live.url}/xmlrpc/2/object", allow_none=True) as proxy:
            for turn in range(5):
                name = f"T {number} {turn}"
                proxy.execute_kw("colca", 2, PASSWORD, "res.groups", "write", [[groups[number]], {"name": name}])
                rows = proxy.execute_kw("colca", 2, PASSWORD, "res.groups", "read", [[groups[number]], ["name"]])
                assert rows == [{"id": groups[number], "name": name}]

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(many, range(24)))

    # memory of the process that answers
    workers = psutil.Process(live.process.pid).children()
    assert workers
    assert max(worker.memory_info().rss for worker in workers) < 160 * 1024**2

    code, output = live.stop()
    assert code == 0
    assert f"http://localhost:{live.port}/" in output
    assert "Traceback" not in output and "Incident" not in output


def test_a_database_of_an_earlier_version_is_told_what_to_do(database, database_url, tmp_path):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ir_signal DROP COLUMN watching")
    database.engine.dispose()
    environ = {**os.environ, "COLCA_DATABASE_URL": database_url, "COLCA_DATA_DIR": str(tmp_path), "COLCA_PORT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "from server.cli import main; main()", "serve"], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert "colca addon upgrade" in done.stderr and "Traceback" not in done.stderr
