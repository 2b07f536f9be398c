"""A load generator that costs little: prepared requests over kept-alive sockets, some connections at once, rates and percentiles.

Both sides of a comparison are driven by the same code; only the bytes differ.
"""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

Body = Callable[[], bytes]


class Connection:
    """One HTTP/1.1 connection to 127.0.0.1 that is opened again when the server closes it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a whole request as bytes."""
        fresh = self.socket is None
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=120)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket.sendall(request)
            return self._answer()
        except (ConnectionError, EOFError):
            self.close()
            if fresh:
                raise
            return self.ask(request)

    def _answer(self) -> tuple[int, bytes]:
        assert self.socket is not None
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._some(65536)
        head, _, body = head.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        parts = [body]
        if b"content-length" in fields:
            missing = int(fields[b"content-length"]) - len(body)
            while missing > 0:
                parts.append(self._some(1 << 18))
                missing -= len(parts[-1])
        else:
            parts = self._chunks(body)
        if fields.get(b"connection", b"").lower() == b"close" or lines[0].startswith(b"HTTP/1.0"):
            self.close()
        return int(lines[0].split()[1]), b"".join(parts)

    def _chunks(self, seen: bytes) -> list[bytes]:
        """The parts of a body sent in chunks (RFC 9112, section 7.1)."""
        parts = []
        while True:
            while b"\r\n" not in seen:
                seen += self._some(65536)
            size, _, seen = seen.partition(b"\r\n")
            length = int(size.partition(b";")[0], 16)
            while len(seen) < length + 2:
                seen += self._some(1 << 18)
            if not length:
                return parts
            parts.append(seen[:length])
            seen = seen[length + 2 :]

    def _some(self, size: int) -> bytes:
        assert self.socket is not None
        chunk = self.socket.recv(size)
        if not chunk:
            raise EOFError
        return chunk

    def close(self) -> None:
        """End it; the next request opens another."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def request(port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    return ("\r\n".join([*lines, *(f"{k}: {v}" for k, v in headers.items())]) + "\r\n\r\n").encode() + body


def drive(port: int, next_request: Body, connections: int, seconds: float, fine: Callable[[bytes], bool]) -> dict[str, Any]:
    """Requests per second and latencies in milliseconds, with `connections` busy at once for `seconds`.

    :raises SystemExit: when an answer is none: a rate of errors is no rate.
    """
    times: list[float] = []
    wrong: list[str] = []
    end = time.perf_counter() + seconds

    def work() -> None:
        connection, mine = Connection(port), []
        while time.perf_counter() < end and not wrong:
            data = next_request()
            start = time.perf_counter()
            status, body = connection.ask(data)
            mine.append(1000 * (time.perf_counter() - start))
            if status != 200 or not fine(body):
                wrong.append(f"{status} {body[:300]!r}")
        connection.close()
        times.extend(mine)

    start = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - start
    if wrong:
        raise SystemExit(f"answered with {wrong[0]}")
    times.sort()
    return {"per_second": len(times) / wall, "p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99)}


def percentile(ordered: list[float], part: float) -> float:
    """The value below which `part` of the ordered values lie."""
    return ordered[min(len(ordered) - 1, round(part * (len(ordered) - 1)))] if ordered else 0.0


def middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    """The medians of several rounds."""
    return {name: statistics.median(row[name] for row in rounds) for name in rounds[0]}
