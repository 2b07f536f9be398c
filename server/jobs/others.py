"""The worker of the databases beside the default one: one thread goes round and works where something is due.

Each database is looked at with two small queries over a connection of a moment; only one that has work is opened. So a hundred
sleeping databases cost little, and none keeps the others waiting for long.
"""

from __future__ import annotations

import logging
import time
from threading import Event
from typing import TYPE_CHECKING

import sqlalchemy as sa

from server.db.engine import engine_options, existing, prepare
from server.jobs import outbox
from server.jobs.worker import run_pending

if TYPE_CHECKING:
    from server.databases.directory import Directory

log = logging.getLogger(__name__)

#: Seconds between two looks at the same database.
ROUND = 5.0

#: Jobs done in one database before the others get their turn.
TURN = 20


def run_pending_others(directory: Directory) -> int:
    """Do what is due in every database but the default one, a turn each; answers the number of jobs done."""
    done = 0
    for name in directory.others():
        try:
            if work_waits(directory.place.address(name)):
                done += run_pending(directory.find(name), TURN)
        except Exception:  # broken, or dropped meanwhile, which is nothing to tell: the others go on
            if directory.exists(name):
                log.warning("The jobs of the database %s cannot be done now.", name, exc_info=True)
    return done


def run_others(directory: Directory, stop: Event) -> None:
    """Go round until `stop` is set; at once again while there is work."""
    while not stop.is_set():
        began = time.monotonic()
        if not run_pending_others(directory):
            stop.wait(max(ROUND - (time.monotonic() - began), 0.1))


def work_waits(url: str) -> bool:
    """Whether a job or a schedule is due in the database at `url`."""
    options = {key: value for key, value in engine_options(url).items() if key == "connect_args"}
    engine = prepare(sa.create_engine(existing(url), poolclass=sa.NullPool, **options))
    with engine.connect().execution_options(colca_begin="DEFERRED") as connection:
        return bool(connection.execute(_DUE, {"now": outbox.clock()}).scalar())


_DUE = sa.text(
    "select exists (select 1 from ir_outbox where (state = 'pending' and run_at <= :now) or (state = 'running' and lease_until <="
    " :now)) or exists (select 1 from ir_cron where active and nextcall <= :now)"
).bindparams(sa.bindparam("now", type_=sa.DateTime()))
