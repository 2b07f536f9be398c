"""The worker: takes rows from the outbox and does them, one after the other, for as long as it is let.

Any number of them may run, in one machine or many; they need nothing but the database. `colca serve` runs one inside by default.
"""

from __future__ import annotations

import logging
import time
from threading import Event
from typing import TYPE_CHECKING

from server.jobs import load_kernel_jobs, outbox, schedule

if TYPE_CHECKING:
    from server.database import Database

log = logging.getLogger(__name__)

#: Seconds between two looks at an empty outbox.
POLL = 1.0

#: Seconds between two looks at the schedules.
SCHEDULE_EVERY = 10.0

#: Longest pause after errors of the database itself.
PAUSE_MAX = 60.0


def run_pending(database: Database, limit: int = 10_000) -> int:
    """Do everything that is due now, schedules included, and answer the number of jobs done. For tests and scripts."""
    load_kernel_jobs()
    schedule.run_due(database)
    done = 0
    for _turn in range(limit):
        taken = outbox.take(database)
        if taken is None:
            break
        done += outbox.perform(database, taken)
    return done


def run_forever(database: Database, stop: Event, poll: float = POLL) -> None:
    """Work until `stop` is set. A job in progress is finished first; a database that is away is waited for."""
    load_kernel_jobs()
    looked = 0.0
    pause = poll
    while not stop.is_set():
        try:
            if time.monotonic() - looked >= SCHEDULE_EVERY:
                looked = time.monotonic()
                schedule.run_due(database)
            taken = outbox.take(database)
            if taken is not None:
                outbox.perform(database, taken)
                pause = poll
                continue
            pause = poll
        except Exception:
            pause = min(max(pause, poll) * 2, PAUSE_MAX)
            log.exception("The worker cannot work; it tries again in %.0f s.", pause)
        stop.wait(pause)
