"""Sessions of people: after a log-in with a password, a cookie proves who calls.

The cookie holds 256 random bits; the database keeps their SHA-256 (for the same reason as with API keys, see `keys`), the user,
and when the session began, was last used and ends. A session ends when its user logs out, is archived or gets a new password, if
it was idle for too long, and at the latest after its longest life. It is remembered in the process like a password: a call by
session costs no statement.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.security.credentials import SYSTEM_UID, Proof, SessionFacts, counted, memory_of
from server.security.keys import digest_of

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment

#: A session is at least this long alive without a call, whatever the setting: its use is noted once a minute.
LEAST_IDLE_MINUTES = 10

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def open_session(database: Database, uid: int, address: str = "", agent: str = "") -> tuple[str, Proof]:
    """A new session of a user who has just shown the password: the token for the cookie, and the proof."""
    token = secrets.token_urlsafe(32)

    def insert(env: Environment) -> tuple[SessionFacts, Any, int]:
        table = env.transaction.registry.metadata.tables["res_device"]
        now = env.now()
        expires = now + dt.timedelta(days=max(env.settings.get("session.max_days"), 1))
        row_id = env.run(
            table.insert()
            .values(
                user_id=uid,
                token_hash=digest_of(token),
                ip_address=address or None,
                user_agent=agent[:200] or None,
                first_activity=now,
                last_activity=now,
                expiration_date=expires,
                create_date=now,
                write_date=now,
                create_uid=uid,
                write_uid=uid,
            )
            .returning(table.c.id)
        ).scalar_one()
        rate = env.settings.get("api.rate_limit_password")
        return SessionFacts(row_id, uid, now, expires), env.transaction.data_version, rate

    facts, version, rate = database.run(SYSTEM_UID, {}, insert)
    memory = memory_of(database)
    digest = memory.digest("session", token)
    return token, Proof(memory, digest, memory.put(digest, uid, "", version, rate=rate, session=facts), address)


def prove_session(database: Database, token: str, address: str = "") -> Proof | None:
    """A proof that `token` is a living session, None when it is none. No query when remembered; see `credentials.prove`."""
    if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:
        return None
    memory = memory_of(database)
    digest = memory.digest("session", token)
    entry = memory.get(digest)
    if entry is None:

        def look(env: Environment) -> tuple[SessionFacts | None, Any, int]:
            table = env.transaction.registry.metadata.tables["res_device"]
            rate = env.settings.get("api.rate_limit_password")
            return read_session(env, table.c.token_hash == digest_of(token)), env.transaction.data_version, rate

        facts, version, rate = database.run(SYSTEM_UID, {}, look, readonly=True)
        if facts is None:
            return None
        entry = memory.put(digest, facts.uid, "", version, rate=rate, session=facts)
    session = entry.session
    if session is None or session.expires <= dt.datetime.now(dt.UTC).replace(tzinfo=None):
        memory.forget(digest)
        return None
    return counted(database, Proof(memory, digest, entry, address))


def read_session(env: Environment, where: Any) -> SessionFacts | None:
    """The living session that meets `where`: of an active user, not idle for too long, not too old."""
    tables = env.transaction.registry.metadata.tables
    table, users = tables["res_device"], tables["res_users"]
    idle = max(env.settings.get("session.idle_minutes"), LEAST_IDLE_MINUTES)
    row = env.run(
        sa.select(table.c.id, table.c.user_id, table.c.first_activity, table.c.expiration_date)
        .join(users, users.c.id == table.c.user_id)
        .where(
            where,
            users.c.active.is_(True),
            table.c.expiration_date > env.now(),
            table.c.last_activity > env.now() - dt.timedelta(minutes=idle),
        )
    ).first()
    if row is None or row.user_id == SYSTEM_UID:
        return None
    return SessionFacts(row.id, row.user_id, row.first_activity, row.expiration_date)


def end_session(database: Database, proof: Proof) -> None:
    """End a session at once, in every process."""
    session = proof.session
    if session is None:
        return

    def delete(env: Environment) -> None:
        table = env.transaction.registry.metadata.tables["res_device"]
        env.run(table.delete().where(table.c.id == session.id))
        env.transaction.reference_touched = True

    proof.forget()
    database.run(SYSTEM_UID, {}, delete)
