"""The kernel's own regular work: rows and files that nobody needs any more."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.jobs import job

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Wizards live this long.
TRANSIENT_HOURS = 24

#: A content without an attachment is deleted when nobody touched it for this long; far longer than any transaction.
CONTENT_SECONDS = 86_400.0


@job("kernel.sweep_transient", lease=600)
def sweep_transient(env: Environment, payload: dict[str, Any]) -> None:
    """Delete the rows of wizards older than a day."""
    limit = env.now() - dt.timedelta(hours=TRANSIENT_HOURS)
    registry = env.transaction.registry
    for cls in registry.for_enabled(registry.names).classes.values():
        if cls._transient:
            env.execute(cls.table.delete().where(cls.table.c.create_date < limit))


@job("kernel.sweep_outbox", lease=600)
def sweep_outbox(env: Environment, payload: dict[str, Any]) -> None:
    """Delete finished jobs after the days that the setting `outbox.keep_days` says; those given up are kept until somebody looks
    at them.
    """
    table = env["ir.outbox"].table
    limit = env.now() - dt.timedelta(days=max(env.settings.get("outbox.keep_days"), 1))
    env.execute(table.delete().where(table.c.state.in_(["done", "cancelled"]), table.c.done_at < limit))


@job("kernel.sweep_api", lease=600)
def sweep_api(env: Environment, payload: dict[str, Any]) -> None:
    """Delete the log of calls after the days that the setting `api.log_days` says, sessions that are over, and keys that expired
    as long ago as that.
    """
    calls, sessions, keys = (env[name].table for name in ("ir.api.log", "res.device", "res.users.apikeys"))
    limit = env.now() - dt.timedelta(days=max(env.settings.get("api.log_days"), 1))
    idle = env.now() - dt.timedelta(minutes=max(env.settings.get("session.idle_minutes"), 10))
    env.execute(calls.delete().where(calls.c.date < limit))
    env.execute(sessions.delete().where(sa.or_(sessions.c.expiration_date < env.now(), sessions.c.last_activity < idle)))
    env.execute(keys.delete().where(keys.c.expiration_date < limit))


@job("kernel.sweep_idempotency", lease=600)
def sweep_idempotency(env: Environment, payload: dict[str, Any]) -> None:
    """Delete the answers kept for repeated calls whose time is over."""
    table = env["ir.idempotency"].table
    env.execute(table.delete().where(table.c.expires_at <= env.now()))


@job("kernel.sweep_contents", lease=3600)
def sweep_contents(env: Environment, payload: dict[str, Any]) -> None:
    """Delete contents that no attachment names, a day after they were written."""
    from server.models.filestore import Filestore

    store = Filestore.of(env)
    table = env["ir.attachment"].table
    candidates = list(store.stale(CONTENT_SECONDS))
    names = [file.name for file in candidates]
    for start in range(0, len(names), 500):
        part = names[start : start + 500]
        used = set(env.execute(sa.select(table.c.checksum).where(table.c.checksum.in_(part))).scalars())
        store.sweep(candidates[start : start + 500], used, CONTENT_SECONDS)


@job("kernel.sweep_changes", lease=600)
def sweep_changes(env: Environment, payload: dict[str, Any]) -> None:
    """Delete what the change feed and the logs of webhooks keep no longer (`feed.keep_days`, `webhook.keep_days`), and give up
    deliveries that have waited for so long for a webhook that is switched off.
    """
    from server.events import feed

    feed.number_rows(env)
    changes = env["ir.change"].table
    limit = env.now() - dt.timedelta(days=max(env.settings.get("feed.keep_days"), 1))
    # The newest row stays: it is what the cursor of a reader that has everything stands on.
    newest = env.run(sa.select(sa.func.max(feed.number(env)))).scalar() or 0
    number = feed.number(env)
    first = env.run(sa.select(sa.func.min(number)).where(changes.c.at >= limit)).scalar()
    env.execute(changes.delete().where(number < min(newest, newest if first is None else first)))
    deliveries = env["webhook.delivery"].table
    limit = env.now() - dt.timedelta(days=max(env.settings.get("webhook.keep_days"), 1))
    env.execute(deliveries.delete().where(deliveries.c.state != "pending", deliveries.c.create_date < limit))
    env.execute(
        deliveries.update()
        .where(deliveries.c.state == "pending", deliveries.c.waiting_since < limit)
        .values(state="failed", error="The webhook was switched off.")
    )
