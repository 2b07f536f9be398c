"""Schedules: when the moment of an `ir.cron` row has come, one process writes its work into the outbox and moves the clock on, in
one transaction.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.jobs import outbox

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment

log = logging.getLogger(__name__)


def run_due(database: Database) -> int:
    """Put the work of every due schedule into the outbox; answers the number of schedules.

    Rows that another process is just handling are left to it (`SKIP LOCKED`); what was missed while nothing ran comes once, not
    for each missed time.
    """

    def look(env: Environment) -> bool:
        table = env["ir.cron"].table
        return (
            env.run(sa.select(table.c.id).where(table.c.active.is_(True), table.c.nextcall <= outbox.clock()).limit(1)).first()
            is not None
        )

    def advance(env: Environment) -> int:
        table = env["ir.cron"].table
        now = outbox.clock()
        statement = sa.select(table.c.id).where(table.c.active.is_(True), table.c.nextcall <= now).order_by(table.c.id)
        ids = list(env.run(statement.with_for_update(skip_locked=True)).scalars())
        for cron in env["ir.cron"].browse(ids):
            try:
                put_out(env, cron, now, key=f"ir.cron:{cron.id}")
            except KeyError:
                # its addon is gone or broken: the others must not wait for it
                log.error(
                    "The schedule %s (%s) names the job %s, which no installed addon declares.", cron.id, cron.name, cron.job
                )
            cron.write(cron.due_values(now))
        return len(ids)

    if not database.run(outbox.SYSTEM_UID, {}, look, readonly=True):
        return 0
    return int(database.run(outbox.SYSTEM_UID, {}, advance))


def put_out(env: Environment, cron: Any, now: dt.datetime, key: str | None) -> None:
    """Write the outbox rows of one schedule: one, or one per active company. The same work never waits twice."""
    uid = cron.user_id or outbox.SYSTEM_UID
    payload = cron.payload or {}
    if not cron.per_company:
        scope = env.derive(uid=uid, su=True, context={"allowed_company_ids": [cron.company_id]} if cron.company_id else {})
        outbox.enqueue(scope, cron.job, payload, key=key, run_at=now)
        return
    table = env["res.company"].table
    for company_id in env.execute(sa.select(table.c.id).where(table.c.active.is_(True)).order_by(table.c.id)).scalars():
        scope = env.derive(uid=outbox.SYSTEM_UID, context={"allowed_company_ids": [company_id]})
        outbox.enqueue(scope, cron.job, payload, key=f"{key}:{company_id}" if key else None, run_at=now)
