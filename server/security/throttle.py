"""Slowing down of whoever guesses passwords: a bucket of failures per login and address, in the memory of this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock


class Throttle:
    """Counts failures per key; a key over its limit has to wait until its bucket has leaked.

    :param burst: failures that are free at once.
    :param period: seconds in which one failure is forgiven.
    :param size: keys remembered; the one unused for longest is forgotten first.
    """

    def __init__(self, burst: int, period: float, size: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self.burst = burst
        self.period = period
        self.size = size
        self.clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def _level(self, key: str, now: float) -> float:
        level, at = self._levels.get(key, (0.0, now))
        return max(level - (now - at) / self.period, 0.0)

    def wait(self, key: str) -> float:
        """Seconds until `key` may try again; 0 when it may now."""
        with self._lock:
            level = self._level(key, self.clock())
        return max((level - self.burst + 1) * self.period, 0.0) if level > self.burst - 1 else 0.0

    def failed(self, key: str) -> None:
        """Count a failure of `key`."""
        with self._lock:
            now = self.clock()
            self._levels[key] = (self._level(key, now) + 1, now)
            self._levels.move_to_end(key)
            while len(self._levels) > self.size:
                self._levels.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of `key`."""
        with self._lock:
            self._levels.pop(key, None)
