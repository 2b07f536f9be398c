"""The outbox: what a transaction wants done after its commit, and how one row of it is done.

What is promised, also when processes are killed:

- A row exists exactly when the transaction that asked for it was committed.
- The database effects of a job happen exactly once: the row is marked done in the job's own transaction, and only by the worker
  that holds it.
- Effects outside of the database (`Outside`) happen at least once.
- Two rows with the same key never wait at the same time, and never run at the same time.

A worker *takes* a row in a transaction of its own: `FOR UPDATE SKIP LOCKED` on PostgreSQL, the one write transaction on SQLite.
Taking gives a lease and a random token. A worker that dies keeps nothing: when its lease is over, somebody else takes the row
with a new token, and the old token opens nothing any more.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.errors import ColcaError
from server.jobs import JOBS, Job, Outside, load_kernel_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from server.database import Database
    from server.model.environment import Environment

log = logging.getLogger(__name__)

SYSTEM_UID = 1

#: Seconds before the second try; doubled for each further one, up to `BACKOFF_MAX`.
BACKOFF = 10
BACKOFF_MAX = 3600

#: Longest error text that is kept with a row.
ERROR_LENGTH = 4000


class LeaseLost(Exception):
    """The row was taken over by another worker: whatever this one did in its transaction is rolled back."""


class AddonOff(Exception):
    """The addon of the job is not enabled in the row's company."""


@dataclass(frozen=True)
class Taken:
    """A row held by this worker."""

    id: int
    job: str
    payload: dict[str, Any]
    label: str | None
    company_id: int | None
    user_id: int | None
    attempts: int
    token: str


def enqueue(
    env: Environment, job: str, payload: Mapping[str, Any], *, key: str | None = None, run_at: dt.datetime | None = None
) -> None:
    """Write a row in the transaction of `env`, for its user and current company; nothing when `key` is waiting already.

    Raises `KeyError` for a job that no installed addon declares.
    """
    if job not in JOBS:
        load_kernel_jobs()
    if job not in JOBS:
        raise KeyError(f"No job {job!r} is declared. Known: {', '.join(sorted(JOBS))}.")
    now = env.now()
    values = {
        "job": job,
        "payload": dict(payload),
        "key": key,
        "label": key,
        "company_id": env.company_id,
        "user_id": env.uid,
        "state": "pending",
        "run_at": run_at or now,
        "attempts": 0,
        "create_uid": env.uid,
        "create_date": now,
        "write_uid": env.uid,
        "write_date": now,
    }
    table = env["ir.outbox"].table
    if key is None:
        env.run(table.insert().values(**values))
    elif env.transaction.dialect == "postgresql":
        env.run(postgresql.insert(table).values(**values).on_conflict_do_nothing(index_elements=[table.c.key]))
    else:
        env.run(sqlite.insert(table).values(**values).on_conflict_do_nothing(index_elements=[table.c.key]))


def enqueue_several(env: Environment, jobs: Sequence[tuple[str, Mapping[str, Any], str]], *, run_at: dt.datetime) -> None:
    """Write rows for the system itself (no user, no company whose end would take them along) in one statement.

    :param jobs: name, payload, and a label: rows of one label are not worked on at the same time, but several may wait.
    """
    now = env.now()
    stamps = {"create_uid": env.uid, "create_date": now, "write_uid": env.uid, "write_date": now}
    env.run(
        env["ir.outbox"].table.insert(),
        [
            {
                "job": name,
                "payload": dict(payload),
                "label": label,
                "user_id": SYSTEM_UID,
                "state": "pending",
                "run_at": run_at,
                "attempts": 0,
                **stamps,
            }
            for name, payload, label in jobs
        ],
    )


def due(table: sa.Table, now: dt.datetime) -> Any:
    """The clause of rows that may be taken at `now`: waiting ones whose time has come, running ones whose worker must have died.

    A waiting row stays back while a row with the same key is being worked on.
    """
    other = table.alias("other")
    same = sa.exists().where(
        other.c.label == table.c.label, other.c.state == "running", other.c.lease_until > now, other.c.id != table.c.id
    )
    return sa.or_(
        sa.and_(table.c.state == "pending", table.c.run_at <= now, sa.or_(table.c.label.is_(None), sa.not_(same))),
        sa.and_(table.c.state == "running", table.c.lease_until <= now),
    )


def clock() -> dt.datetime:
    """Now, naive UTC; a place for tests to turn the clock."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)


def take(database: Database) -> Taken | None:
    """Take the row that waits longest, for this worker alone; None when nothing is due."""

    def look(env: Environment) -> bool:
        table = env["ir.outbox"].table
        return env.run(sa.select(table.c.id).where(due(table, clock())).limit(1)).first() is not None

    def claim(env: Environment) -> Taken | None:
        table = env["ir.outbox"].table
        now = clock()
        candidate = sa.select(table.c.id, table.c.job).where(due(table, now)).order_by(table.c.run_at, table.c.id).limit(1)
        row = env.run(candidate.with_for_update(skip_locked=True)).first()
        if row is None:
            return None
        known = JOBS.get(row.job)
        token = secrets.token_hex(12)
        held = env.run(
            table.update()
            .where(table.c.id == row.id)
            .values(
                state="running",
                key=None,
                token=token,
                attempts=table.c.attempts + 1,
                lease_until=now + dt.timedelta(seconds=known.lease if known else 60),
                write_date=now,
            )
            .returning(table.c.payload, table.c.label, table.c.company_id, table.c.user_id, table.c.attempts)
        ).one()
        return Taken(row.id, row.job, held.payload or {}, held.label, held.company_id, held.user_id, held.attempts, token)

    if not database.run(SYSTEM_UID, {}, look, readonly=True):
        return None
    return database.run(SYSTEM_UID, {}, claim)


def perform(database: Database, taken: Taken) -> bool:
    """Do a row that this worker holds; True when it is done. A failure is written to the row, never raised (except the end of the
    process).
    """
    known = JOBS.get(taken.job)
    try:
        if known is None:
            raise LookupError(f"No installed addon declares the job {taken.job!r}.")
        _run(database, known, taken)
        return True
    except LeaseLost:
        log.warning("Job %s (%s) was taken over by another worker; its work here was rolled back.", taken.id, taken.job)
    except AddonOff as off:
        _close(database, taken, "cancelled", str(off))
    except Exception as error:
        _failed(database, known, taken, error)
    return False


def _context(taken: Taken) -> dict[str, Any]:
    """The context of a job: its company, and `job_id`, by which it can name what it does outside of the database."""
    context: dict[str, Any] = {"job_id": taken.id}
    if taken.company_id:
        context["allowed_company_ids"] = [taken.company_id]
    return context


def _run(database: Database, known: Job, taken: Taken) -> None:
    uid = taken.user_id or SYSTEM_UID
    context = _context(taken)

    def work(env: Environment) -> Outside | None:
        _hold(env, taken)
        if known.addon != "kernel" and not env.is_enabled(known.addon):
            raise AddonOff(f"The addon {known.addon} is not enabled in this company.")
        result = known.function(env, dict(taken.payload))
        if isinstance(result, Outside):
            return result
        _done(env, taken)
        return None

    outside = database.run(uid, context, work)
    if outside is None:
        return
    answer = outside.call()

    def finish(env: Environment) -> None:
        _hold(env, taken)
        if outside.then is not None:
            outside.then(env, answer)
        _done(env, taken)

    database.run(uid, context, finish)


def _mine(table: sa.Table, taken: Taken) -> Any:
    return sa.and_(table.c.id == taken.id, table.c.state == "running", table.c.token == taken.token)


def _hold(env: Environment, taken: Taken) -> None:
    """Lock the row for the rest of the transaction; nobody can take it over while the work is being committed."""
    table = env["ir.outbox"].table
    if env.run(sa.select(table.c.id).where(_mine(table, taken)).with_for_update()).first() is None:
        raise LeaseLost


def _done(env: Environment, taken: Taken) -> None:
    table = env["ir.outbox"].table
    now = clock()
    values = {"state": "done", "done_at": now, "lease_until": None, "token": None, "last_error": None, "write_date": now}
    if env.execute(table.update().where(_mine(table, taken)).values(**values)).rowcount != 1:
        raise LeaseLost


def _close(database: Database, taken: Taken, state: str, reason: str) -> None:
    """Put a row away for good."""

    def write(env: Environment) -> None:
        table = env["ir.outbox"].table
        now = clock()
        env.run(
            table.update()
            .where(_mine(table, taken))
            .values(state=state, done_at=now, lease_until=None, token=None, last_error=reason[:ERROR_LENGTH], write_date=now)
        )

    database.run(SYSTEM_UID, {}, write)


def backoff(attempts: int) -> dt.timedelta:
    """How long to wait after the n-th failure."""
    return dt.timedelta(seconds=min(BACKOFF * 2 ** max(attempts - 1, 0), BACKOFF_MAX))


def _failed(database: Database, known: Job | None, taken: Taken, error: Exception) -> None:
    """Write the failure down and let the row wait, or give it up after its last attempt."""
    if isinstance(error, ColcaError):
        reason = str(error)
        log.warning("Job %s (%s) failed: %s", taken.id, taken.job, reason)
    else:
        reason = "".join(traceback.format_exception(error, limit=-12))
        log.error("Job %s (%s) failed.", taken.id, taken.job, exc_info=error)
    reason = reason[-ERROR_LENGTH:]
    if taken.attempts >= (known.attempts if known else 10):
        _close(database, taken, "dead", reason)
        log.error("Job %s (%s) is given up after %s attempts.", taken.id, taken.job, taken.attempts)
        return

    def write(env: Environment) -> None:
        table = env["ir.outbox"].table
        now = clock()
        newer = taken.label is not None and env.run(sa.select(table.c.id).where(table.c.key == taken.label)).first() is not None
        values: dict[str, Any] = {"state": "pending", "run_at": now + backoff(taken.attempts), "lease_until": None, "token": None}
        if newer:
            # The same work is waiting afresh; two of them would do it twice.
            values = {"state": "cancelled", "done_at": now, "lease_until": None, "token": None}
        else:
            values["key"] = taken.label
        env.run(table.update().where(_mine(table, taken)).values(**values, last_error=reason, write_date=now))

    database.run(SYSTEM_UID, {}, write)
