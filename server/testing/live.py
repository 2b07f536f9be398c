"""A server process as it runs in production, for tests that need real clients, several processes, or a sudden end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Seconds a server may take to answer on a busy machine.
PATIENCE = 90


def free_port() -> int:
    """A TCP port of the loopback interface that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LiveServer:
    """A running server. `call(login, password)` gives a client; `kill()` ends it like a power cut, `start()` brings it back at
    the same address.
    """

    def __init__(self, database_url: str, data_dir: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "COLCA_DATABASE_URL": database_url,
            "COLCA_DATA_DIR": str(data_dir),
            "COLCA_PORT": str(self.port),
            "COLCA_HOST": "127.0.0.1",
            **environment,
        }
        self.log = data_dir / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait for the first answer."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from server.cli import main; main()", "serve"],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common") as common:
                    common.version()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the server does not answer:\n{self.log.read_text()[-3000:]}") from None
                time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to the server and all it started."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it properly."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def client(self, login: str = "admin", password: str = "admin", company: int | None = None) -> Any:
        """`client(model, method, *args, **kwargs)` over XML-RPC."""
        from server.rpc.client import Client

        return Client(self.url, self.environment.get("COLCA_DATABASE_NAME", "colca"), login, password, company)


@contextmanager
def live_server(database_url: str, data_dir: Path, **environment: str) -> Iterator[LiveServer]:
    """A started `LiveServer`, stopped at the end."""
    server = LiveServer(database_url, data_dir, **environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()
