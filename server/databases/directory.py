"""The databases of a server by name: the default one, always open, and the others, opened by the first call that names them.

Each has an engine, a registry and a memory of its own. One that nobody asked for in a while is closed again, and so is one that
was dropped, renamed or replaced, in this process or another.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from server.config import Config
from server.database import Database
from server.databases.places import Place, place_of
from server.db.engine import engine_options, existing, prepare
from server.errors import UserError
from server.text import _

log = logging.getLogger("colca.databases")

#: Seconds after which a database that nobody asks for is closed.
IDLE = 900.0
#: Databases open at the same time beside the default one; the one unused for longest is closed first.
MOST = 25
#: Seconds for which a process believes that a PostgreSQL database is still there. (A file is looked at each time.)
BELIEF = 3.0
#: Connections kept per database beside the default one: many databases share what the server has.
POOL = 3


def unknown(name: object) -> UserError:
    """There is no database of this name. Clients look for the words "does not exist"."""
    return UserError(_('database "%(name)s" does not exist', name=str(name)[:63]))


@dataclass(slots=True)
class _Open:
    database: Database
    identity: Any
    looked: float
    used: float


class Directory:
    """Finds databases by name.

    :param default: the open database of `config.database_name`.
    """

    def __init__(self, config: Config, default: Any, place: Place | None = None) -> None:
        self.config = config
        self.default = default
        self.place = place if place is not None else place_of(config)
        self._open: dict[str, _Open] = {}
        self._lock = Lock()

    def names(self) -> list[str]:
        """The names of all databases, sorted."""
        return sorted({self.config.database_name, *self.others()})

    def others(self) -> list[str]:
        """The names of all but the default one. (One of the default's name is hidden behind it.)"""
        return [name for name in self.place.names() if name != self.config.database_name]

    def exists(self, name: object) -> bool:
        """Whether there is a database of this name."""
        if name == self.config.database_name:
            return True
        return isinstance(name, str) and usable_name(name) and self.place.identity(name) is not None

    def find(self, name: object) -> Any:
        """The database of this name, opened when it is not yet.

        :raises UserError: there is none.
        """
        if name == self.config.database_name:
            return self.default
        if not isinstance(name, str) or not usable_name(name):
            raise unknown(name)
        now = time.monotonic()
        held = self._open.get(name)
        if held is not None and (not self.config.is_sqlite and now - held.looked < BELIEF):
            held.used = now
            return held.database
        identity = self.place.identity(name)
        closed: list[_Open] = []
        try:
            with self._lock:
                held = self._open.get(name)
                if held is not None and held.identity != identity:
                    closed.append(self._open.pop(name))
                    held = None
                if identity is None:
                    raise unknown(name)
                if held is None:
                    held = self._open[name] = _Open(self._opened(name, identity), identity, now, now)
                    closed += self._idle(now, name)
                held.looked = held.used = now
                return held.database
        finally:
            for one in closed:
                one.database.engine.dispose()

    def close(self, name: str) -> None:
        """Close a database of this process; the next call that names it opens it again."""
        with self._lock:
            held = self._open.pop(name, None)
        if held is not None:
            held.database.engine.dispose()

    def close_all(self) -> None:
        """Close all but the default one."""
        for name in list(self._open):
            self.close(name)

    def _idle(self, now: float, spared: str) -> list[_Open]:
        """Take out what was not used lately, and the oldest above `MOST`. Under the lock."""
        ordered = sorted((name for name in self._open if name != spared), key=lambda name: self._open[name].used)
        gone = [
            name for place, name in enumerate(ordered) if now - self._open[name].used > IDLE or place < len(ordered) + 1 - MOST
        ]
        return [self._open.pop(name) for name in gone]

    def _opened(self, name: str, identity: Any) -> Database:
        url = self.place.address(name)
        engine = prepare(sa.create_engine(existing(url), **{**engine_options(url), "pool_size": POOL}))
        if engine.dialect.name == "postgresql":

            def same(connection: Any, _record: Any) -> None:
                """A pool that reconnects by name must not end up in another database: what is remembered is not its."""
                with connection.cursor() as cursor:
                    found = cursor.execute("select oid from pg_database where datname = current_database()").fetchone()
                connection.rollback()
                if found is None or found[0] != identity:
                    self.close(name)
                    raise unknown(name)

            def gone(context: Any) -> None:
                if getattr(context.original_exception, "sqlstate", None) == "3D000" or (
                    context.connection is None and f'database "{name}" does not exist' in str(context.original_exception)
                ):
                    self.close(name)
                    raise unknown(name) from None

            event.listen(engine, "connect", same)
            event.listen(engine, "handle_error", gone)
        log.info("database %s opened", name)
        return Database(url, engine=engine, name=name, extra_addons=getattr(self.default, "extra_addons", ()))


def usable_name(name: str) -> bool:
    """Whether a database may be called so: letters, digits, dots, dashes and underscores, the first a letter or digit."""
    return (
        0 < len(name) <= 63
        and name.isascii()
        and name[0].isalnum()
        and all(letter.isalnum() or letter in "_.-" for letter in name)
    )
