"""Engines: SQLite (WAL, foreign keys, own BEGIN) and PostgreSQL (psycopg 3). The web application's is made by Flask-SQLAlchemy
(`extension.py`) from the same options; commands and workers make their own.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import make_url

#: Seconds a writer waits for another before it is told that somebody else is changing the data.
LOCK_TIMEOUT = 20


def normal_url(url: str) -> str:
    """The URL with the drivers we use: `postgresql://` means psycopg 3."""
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg2"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)


def engine_options(url: str) -> dict[str, Any]:
    """Arguments of `create_engine` for a URL."""
    if make_url(url).get_backend_name() == "sqlite":
        return {
            "connect_args": {"timeout": LOCK_TIMEOUT, "check_same_thread": False},
            "pool_size": 20,
            "max_overflow": 40,
            "query_cache_size": 3000,
        }
    return {
        "pool_size": 10, "max_overflow": 40, "pool_pre_ping": False, "query_cache_size": 3000,
        "connect_args": {"options": f"-c lock_timeout={LOCK_TIMEOUT}s -c timezone=UTC -c jit=off", "prepare_threshold": 3},
    }  # fmt: skip


def existing(url: str) -> sa.URL:
    """The URL for a database that must be there. SQLite makes a file where it finds none: whoever connects while a database is
    dropped or renamed would leave an empty one under its old name.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database != ":memory:":
        parsed = parsed.set(database=f"file:{quote(parsed.database)}", query={"mode": "rw", "uri": "true"})
    return parsed


def make_engine(url: str) -> sa.Engine:
    """An engine ready for use."""
    url = normal_url(url)
    engine = sa.create_engine(url, **engine_options(url))
    return prepare(engine)


def prepare(engine: sa.Engine) -> sa.Engine:
    """Install what every connection needs; for engines made elsewhere (Flask-SQLAlchemy)."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def local_time(moment: Any, zone: str) -> str | None:
    """A moment as SQLite stores it (text, UTC) in a time zone: what `timezone()` is on PostgreSQL."""
    if not isinstance(moment, str):
        return None
    utc = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
    return utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(" ", "seconds")


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late and too weak
    connection.create_function("lower", 1, lambda text: text.lower() if isinstance(text, str) else text, deterministic=True)
    connection.create_function("colca_local", 2, local_time, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA case_sensitive_like=ON")
    cursor.execute("PRAGMA cache_size=-20000")
    cursor.close()


def _sqlite_begin(connection: sa.Connection) -> None:
    """Writers take the write lock at once: a read lock that must become a write lock fails under concurrency."""
    mode = connection.get_execution_options().get("colca_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


#: Execution options of a connection that only reads. PostgreSQL shows each statement what is committed by then, with BEGIN and
#: COMMIT around it or without: leaving them out saves two round trips.
READING: dict[str, dict[str, Any]] = {
    "sqlite": {"colca_begin": "DEFERRED"},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}
