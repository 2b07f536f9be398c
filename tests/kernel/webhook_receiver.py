"""A receiver of webhooks as an integrator would write it: a small HTTP server that checks signatures and keeps what it was sent."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """Keeps every request; `answer` decides what is said: a status, or (status, headers, body), or a function of the request."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answer: Any = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                request = {"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body}
                request["event"] = json.loads(body)
                receiver.requests.append(request)
                said = receiver.answer(request) if isinstance(receiver.answer, Callable) else receiver.answer
                status, headers, text = said if isinstance(said, tuple) else (said, {}, b"noted")
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                with contextlib.suppress(OSError):  # a client that has read enough
                    self.wfile.write(text)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?source=colca"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The payloads, in the order of their coming."""
        return [request["event"] for request in self.requests]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The entries of all payloads."""
        return [record for event in self.events for record in event["data"]["records"]]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


def verified(secret: str, request: dict[str, Any], tolerance: int | None = 300) -> bool:
    """Whether one of the signatures fits, by the text of the Standard Webhooks specification alone."""
    headers = request["headers"]
    if tolerance is not None and abs(time.time() - int(headers["webhook-timestamp"])) > tolerance:
        return False
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), request["body"]])
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, given) for given in headers["webhook-signature"].split(" "))
