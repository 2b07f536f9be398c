"""How many calls a minute: one leaking bucket per API key (or user), shared by the processes of one server.

A bucket of N calls a minute holds N and refills evenly, so after a pause N calls go through at once and then one every 60/N
seconds. That needs one number per key, the moment at which its bucket is full again; the numbers stand in memory that the forked
processes share, behind a lock that the system releases when its holder dies. Several servers behind a balancer count each for
itself: then N is what each of them lets through.

A call over the limit is refused before any work: `RateLimited` says how long to wait. The doors tell the state in headers
(`headers`), those of the last call of the request.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import mmap
import os
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from typing import Any

from server.errors import UserError
from server.text import _

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows, where one process serves
    fcntl = None

WINDOW = 60.0

#: Keys counted at the same time. Of more, the one that is fullest again is forgotten: in its favour.
SLOTS = 8192
#: Slots looked at for one key.
PROBES = 16

_RECORD = struct.Struct("<Qd")


class RateLimited(UserError):
    """More calls than the key may make; nothing was done. `data["retry_after"]` are the seconds to wait."""


@dataclass(frozen=True)
class State:
    """How a bucket stands: calls a minute, how many would go through now, seconds until it is full, seconds to wait."""

    limit: int
    remaining: int
    reset: int
    retry_after: int = 0


class Buckets:
    """The counters of one server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._memory = mmap.mmap(-1, SLOTS * _RECORD.size)
        self._lock = Lock()
        # A raw descriptor of a file without a name: it lives as long as the process, in those forked from it too.
        self._file, path = tempfile.mkstemp(prefix="colca-limits-")
        os.unlink(path)

    def take(self, who: str, limit: int) -> State:
        """One call of `who`, who may make `limit` a minute. `retry_after` is above 0 when it must be refused."""
        key = int.from_bytes(hashlib.blake2b(who.encode(), digest_size=8).digest(), "little") or 1
        step = WINDOW / limit
        with self._locked():
            now = self.clock()
            slot, full_at = self._find(key, now)
            after = max(full_at, now) + step
            over = after - now - WINDOW
            if over > 1e-6:
                return State(limit, 0, math.ceil(full_at - now), max(1, math.ceil(over)))
            _RECORD.pack_into(self._memory, slot * _RECORD.size, key, after)
        return State(limit, int((WINDOW - (after - now)) / step + 1e-6), math.ceil(after - now))

    def _find(self, key: int, now: float) -> tuple[int, float]:
        """The slot of a key and when its bucket is full; a free or the least needed slot when it has none."""
        free, least, least_at = -1, -1, math.inf
        for probe in range(PROBES):
            slot = (key + probe) % SLOTS
            owner, full_at = _RECORD.unpack_from(self._memory, slot * _RECORD.size)
            if owner == key:
                return slot, full_at
            if full_at <= now and free < 0:
                free = slot
            if full_at < least_at:
                least, least_at = slot, full_at
        return (free if free >= 0 else least), 0.0

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock:
            if fcntl is None:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


#: Made when this module is imported, before the server forks.
BUCKETS = Buckets()

#: The state after the last counted call of the request; the doors clear it when one begins.
_current: ContextVar[State | None] = ContextVar("colca_rate_limit", default=None)


def begin() -> None:
    """Forget the state of the request before, in this thread."""
    _current.set(None)


def spend(who: str, limit: int) -> None:
    """Count one call of `who`. :raises RateLimited: it is one too many."""
    if limit <= 0:
        return
    state = BUCKETS.take(who, limit)
    _current.set(state)
    if state.retry_after:
        raise RateLimited(
            _(
                "Too many calls: %(limit)s a minute are allowed. Nothing was done; try again in %(seconds)s seconds.",
                limit=limit,
                seconds=state.retry_after,
            ),
            code="rate_limited",
            limit=limit,
            retry_after=state.retry_after,
        )


def headers() -> dict[str, str]:
    """The HTTP headers that tell how the caller of this request stands; none for callers without a limit.

    The three of the earlier Internet drafts, which clients know, and the two that replace them.
    """
    state = _current.get()
    if state is None:
        return {}
    told = {
        "RateLimit-Limit": str(state.limit),
        "RateLimit-Remaining": str(state.remaining),
        "RateLimit-Reset": str(state.reset),
        "RateLimit-Policy": f'"calls";q={state.limit};w={int(WINDOW)}',
        "RateLimit": f'"calls";r={state.remaining};t={state.reset}',
    }
    if state.retry_after:
        told["Retry-After"] = str(state.retry_after)
    return told
