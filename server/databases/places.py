"""Where databases are: files in `<data dir>/databases` beside an SQLite database, or databases of the same PostgreSQL server.

On PostgreSQL those that belong to this Colca carry a comment, so that nobody else's database is ever listed, opened or dropped.
A database becomes visible only once it is whole: it is made under a comment (or in a file) that says "not yet".
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, ProgrammingError

from server.config import Config
from server.errors import UserError
from server.text import _

#: Fills the database at an address; whatever it opened is closed again when it returns.
Filler = Callable[[str], None]


class Place(ABC):
    """The databases beside the default one. Names are checked by the caller."""

    @abstractmethod
    def names(self) -> list[str]:
        """Names of the databases that are whole."""

    @abstractmethod
    def address(self, name: str) -> str:
        """SQLAlchemy URL of a database."""

    @abstractmethod
    def identity(self, name: str) -> Any:
        """Something that another database, later put in the place of this one, does not have; None when there is none."""

    @abstractmethod
    def make(self, name: str, fill: Filler) -> None:
        """A new database, filled by `fill`, visible to others when that is done and gone when it fails.

        :raises UserError: there is one of this name.
        """

    @abstractmethod
    def drop(self, name: str) -> None:
        """Delete a database; work in progress on it is cut off."""

    @abstractmethod
    def rename(self, old: str, new: str) -> None:
        """Give a database another name; work in progress on it is cut off.

        :raises UserError: there is one of the new name.
        """

    def copy(self, source: str, name: str, fill: Filler) -> bool:
        """Make `name` from the database at the address `source` as it is now, then let `fill` change it.

        :return: False when this kind of database cannot be copied without disturbing those who work in it.
        """
        return False


def taken(name: str) -> UserError:
    """There is a database of this name already."""
    return UserError(_('There is already a database "%(name)s". Choose another name, or drop it first.', name=name))


def place_of(config: Config) -> Place:
    """Where the databases beside the one of `config` are."""
    if config.is_sqlite:
        return SqlitePlace(config.data_dir / "databases")
    return PostgresPlace(config.database_url)


class SqlitePlace(Place):
    """Files named `<name>.db` in a directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of a database."""
        return self.folder / f"{name}.db"

    def names(self) -> list[str]:
        return sorted(file.stem for file in self.folder.glob("*.db") if not file.name.startswith("."))

    def address(self, name: str) -> str:
        return f"sqlite:///{self.path(name)}"

    def identity(self, name: str) -> Any:
        try:
            found = os.stat(self.path(name))
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def make(self, name: str, fill: Filler) -> None:
        self._new(name, None, fill)

    def copy(self, source: str, name: str, fill: Filler) -> bool:
        self._new(name, source, fill)
        return True

    def _new(self, name: str, source: str | None, fill: Filler) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.path(name).exists():
            raise taken(name)
        temporary = self.folder / f".new-{secrets.token_hex(6)}.db"
        try:
            if source is not None:
                # reads one snapshot: writers of the source go on meanwhile
                _run(Path(source.removeprefix("sqlite:///")), "VACUUM INTO ?", str(temporary))
            fill(f"sqlite:///{temporary}")
            _run(temporary, "PRAGMA wal_checkpoint(TRUNCATE)")
            try:
                os.link(temporary, self.path(name))  # unlike a rename it does not replace what came there meanwhile
            except FileExistsError:
                raise taken(name) from None
        finally:
            _unlink(temporary)

    def drop(self, name: str) -> None:
        _unlink(self.path(name))

    def rename(self, old: str, new: str) -> None:
        _run(self.path(old), "PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            os.link(self.path(old), self.path(new))
        except FileExistsError:
            raise taken(new) from None
        _unlink(self.path(old))


def _run(path: Path, statement: str, *parameters: str) -> None:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=20, isolation_level=None)
    try:
        connection.execute(statement, parameters)
    finally:
        connection.close()


def _unlink(path: Path) -> None:
    for suffix in ("-wal", "-shm", "-journal", ""):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


class PostgresPlace(Place):
    """Databases of the server on which the default one is, told by their comment."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.mark = f"colca:{self.url.database}"
        self.making = f"colca-unfinished:{self.url.database}"

    def address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def names(self) -> list[str]:
        with self._server() as server:
            return list(server.execute(_NAMES, {"mark": self.mark}).scalars())

    def identity(self, name: str) -> Any:
        with self._server() as server:
            return server.execute(_IDENTITY, {"mark": self.mark, "name": name}).scalar()

    def make(self, name: str, fill: Filler) -> None:
        with self._server() as server:
            # Held while it is being filled, outside of any transaction: a database without the mark that nobody holds was left
            # behind by a crash.
            if not server.execute(_HOLD, {"key": f"{self.making}:{name}"}).scalar():
                raise taken(name)
            quoted = server.dialect.identifier_preparer.quote(name)
            if server.execute(_IDENTITY, {"mark": self.making, "name": name}).scalar():
                server.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
            try:
                server.exec_driver_sql(f"CREATE DATABASE {quoted} ENCODING 'UTF8' TEMPLATE template0")
            except DBAPIError as error:
                raise _refused(error, name) from error
            try:
                self._comment(server, name, self.making)
                fill(self.address(name))
                self._comment(server, name, self.mark)
            except BaseException:
                server.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
                raise

    def drop(self, name: str) -> None:
        with self._server() as server:
            server.exec_driver_sql(f"DROP DATABASE IF EXISTS {server.dialect.identifier_preparer.quote(name)} WITH (FORCE)")

    def rename(self, old: str, new: str) -> None:
        with self._server() as server:
            quote = server.dialect.identifier_preparer.quote
            server.exec_driver_sql(f"ALTER DATABASE {quote(old)} WITH ALLOW_CONNECTIONS false")
            name = old
            try:
                server.execute(_DISCONNECT, {"name": old})
                server.exec_driver_sql(f"ALTER DATABASE {quote(old)} RENAME TO {quote(new)}")
                name = new
            except DBAPIError as error:
                raise _refused(error, new) from error
            finally:
                server.exec_driver_sql(f"ALTER DATABASE {quote(name)} WITH ALLOW_CONNECTIONS true")

    def _comment(self, server: sa.Connection, name: str, text: str) -> None:
        literal = text.replace("'", "''")
        server.exec_driver_sql(f"COMMENT ON DATABASE {server.dialect.identifier_preparer.quote(name)} IS '{literal}'")

    @contextmanager
    def _server(self) -> Iterator[sa.Connection]:
        """A connection to the default database, outside of any transaction: databases are not made inside one."""
        engine = sa.create_engine(self.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection  # closing it gives up what it holds


_NAMES = sa.text("select datname from pg_database where shobj_description(oid, 'pg_database') = :mark order by datname")
_IDENTITY = sa.text("select oid from pg_database where datname = :name and shobj_description(oid, 'pg_database') = :mark")
_HOLD = sa.text("select pg_try_advisory_lock(hashtextextended(:key, 0))")
_DISCONNECT = sa.text("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = :name")


def _refused(error: DBAPIError, name: str) -> Exception:
    """The refusal behind an error of CREATE or RENAME DATABASE; the error itself when it is none that people can mend."""
    state = getattr(error.orig, "sqlstate", None)
    if state == "42P04":
        return taken(name)
    if state == "42501" and isinstance(error, ProgrammingError):
        return UserError(
            _("The server's database user may not create databases. Let an administrator run ALTER ROLE … CREATEDB for it.")
        )
    return error
