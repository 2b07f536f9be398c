"""What is written beside the calls: when a key or a session was last used, and the log of calls.

None of it is worth a statement in anybody's call, or a failure of one. So it is noted in the memory of the process and written by
a thread, about once a second, many rows at once, in a transaction of its own; the last of it when the process stops. What cannot
be written (a replica, a database that is gone) is dropped with a line in the server's log. A process that is killed loses a
second.
"""

from __future__ import annotations

import atexit
import datetime as dt
import logging
import os
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment

log = logging.getLogger("colca.aside")

#: Seconds over which notes are gathered.
GATHER = 1.0
#: Rows of the log that wait at most; a process that cannot write them for so long drops the oldest.
MOST = 20_000
#: Rows that are written without waiting for more.
ENOUGH = 2_000
#: A use of a key or session is written at most this often.
USE_SECONDS = 60

_SYSTEM_UID = 1


class Aside:
    """The notes of one database in this process."""

    def __init__(self, database: Database) -> None:
        self._database = weakref.ref(database)
        #: what the setting `api.log` said at `version`: none, keys, all
        self.mode = "all"
        self.version: Any = None
        self.written = 0
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._full = threading.Event()
        self._thread: threading.Thread | None = None
        self._rows: deque[dict[str, Any]] = deque(maxlen=MOST)
        #: (table, id) -> values, and when the use was last written
        self._uses: dict[tuple[str, int], dict[str, Any]] = {}
        self._noted: dict[tuple[str, int], tuple[dt.datetime, Any]] = {}

    # -- noting: no statement, no waiting --------------------------------------------------------------------------------------
    def used_key(self, key_id: int, address: str) -> None:
        """Note that a key was used from an address."""
        self._used("res_users_apikeys", key_id, address, {"last_address": address or None}, "last_used")

    def used_session(self, session_id: int, address: str) -> None:
        """Note that a session is alive."""
        self._used("res_device", session_id, "", {"ip_address": address or None}, "last_activity")

    def _used(self, table: str, row_id: int, mark: Any, values: dict[str, Any], column: str) -> None:
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        before = self._noted.get((table, row_id))
        if before is not None and before[1] == mark and (now - before[0]).total_seconds() < USE_SECONDS:
            return
        with self._guarded():
            if len(self._noted) > 10_000:
                self._noted.clear()
            self._noted[table, row_id] = (now, mark)
            self._uses[table, row_id] = {**values, column: now}

    def wants(self, by_key: bool) -> bool:
        """Whether a call (by key, or one that was denied) is to be logged, as far as this process knows: the setting is asked
        again when it is written.
        """
        database = self._database()
        return database is not None and (
            self.mode == "all" or (by_key and self.mode == "keys") or self.version != database.data_version
        )

    def add(self, row: dict[str, Any]) -> None:
        """Note one call: values of `ir.api.log`."""
        with self._guarded():
            self._rows.append(row)
        if len(self._rows) >= ENOUGH:
            self._full.set()

    def _guarded(self) -> threading.Lock:
        if self._pid != os.getpid():  # forked since: threads and locks of the parent are not here
            self._begin()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="aside", daemon=True)
            self._thread.start()
        return self._lock

    # -- writing ---------------------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        while self._database() is not None:
            self._full.wait(GATHER)
            self._full.clear()
            if not self._rows and not self._uses:
                # Nothing came for a while: the next note starts a new thread.
                return
            self.flush()

    def forget(self) -> None:
        """Drop what waits: the database is closed."""
        with self._lock:
            self._rows.clear()
            self._uses.clear()

    def flush(self) -> None:
        """Write everything noted so far. Never raises."""
        database = self._database()
        with self._lock:
            rows, uses = list(self._rows), self._uses
            self._rows.clear()
            self._uses = {}
        if database is None or not (rows or uses):
            return
        try:
            database.run(_SYSTEM_UID, {}, lambda env: self._write(env, rows, uses))
        except Exception:
            log.warning("%s calls and %s uses of keys and sessions could not be noted.", len(rows), len(uses), exc_info=True)

    def _write(self, env: Environment, rows: list[dict[str, Any]], uses: dict[tuple[str, int], dict[str, Any]]) -> None:
        tables = env.transaction.registry.metadata.tables
        for name in ("res_users_apikeys", "res_device"):
            several = [{"row_id": row_id, **values} for (table, row_id), values in uses.items() if table == name]
            if several and name in tables:
                columns: dict[str, Any] = {column: sa.bindparam(column) for column in several[0] if column != "row_id"}
                statement = tables[name].update().where(tables[name].c.id == sa.bindparam("row_id")).values(columns)
                env.run(statement, several)
        self.mode, self.version = env.settings.get("api.log"), env.transaction.data_version
        wanted = [row for row in rows if self.mode == "all" or (self.mode == "keys" and (row["key_name"] or not row["model"]))]
        if wanted and "ir_api_log" in tables:
            env.run(tables["ir_api_log"].insert(), wanted)
            self.written += len(wanted)


_known: weakref.WeakKeyDictionary[Any, Aside] = weakref.WeakKeyDictionary()
_known_lock = threading.Lock()


def aside_of(database: Database) -> Aside:
    """The notes of a database in this process."""
    found = _known.get(database)
    if found is None:
        with _known_lock:
            found = _known.get(database)
            if found is None:
                found = _known[database] = Aside(database)
                reference = weakref.ref(found)

                def closed(engine: Any) -> None:
                    gone = reference()
                    if gone is not None:
                        gone.forget()

                sa.event.listen(database.engine, "engine_disposed", closed)
    return found


def flush_all() -> None:
    """Write everything noted in this process: before it ends."""
    for one in list(_known.values()):
        one.flush()


atexit.register(flush_all)
