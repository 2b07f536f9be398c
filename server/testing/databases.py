"""Databases for tests, made in a moment: a template is built once per test run, every test copies it.

SQLite templates are files that are copied; PostgreSQL templates are databases that the server clones. All processes of a parallel
run share the templates: the first that needs one builds it under a lock, the others wait.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from server.testing.postgres import Server, Unavailable

#: The kinds of database every test that asks for one runs on.
KINDS = ("sqlite", "postgresql")

#: Fills the database at an address; must close every connection before it returns.
Builder = Callable[[str], None]


class Databases:
    """Makes and drops the databases of one test run.

    :param run: identifies the run; processes of the same run give the same text and share templates and server.
    """

    def __init__(self, run: str) -> None:
        self.folder = Path(tempfile.gettempdir()) / f"colca-test-{run}"
        self.folder.mkdir(exist_ok=True, mode=0o755)
        self._server: Server | None = None
        self._admin: str | None = None

    def close(self) -> None:
        """Give everything of this process up; what others of the run still use stays."""
        if self._server is not None:
            self._server.leave()
            self._server = None

    def remove(self) -> None:
        """Delete the templates; called once, by the process that started the run."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create(self, kind: str, template: str | None = None, build: Builder | None = None) -> str:
        """A new database of `kind`; empty, or a copy of `template`, which `build` makes when this run has none yet.

        :return: SQLAlchemy address.
        :raises Unavailable: no PostgreSQL.
        """
        if template is not None:
            assert build is not None
            self._template(kind, template, build)
        name = f"t{uuid.uuid4().hex[:12]}"
        if kind == "sqlite":
            path = self.folder / f"{name}.db"
            if template is not None:
                shutil.copyfile(self._file(template), path)
            return f"sqlite:///{path}"
        name = f"colca_{name}"
        source = f"TEMPLATE {self._name(template)} STRATEGY FILE_COPY" if template is not None else "TEMPLATE template0"
        self._sql(f"CREATE DATABASE {name} {source}")
        return self._address(name)

    def drop(self, url: str) -> None:
        """Delete a database that `create` made; open connections to it are cut."""
        if url.startswith("sqlite"):
            path = url.removeprefix("sqlite:///")
            for suffix in ("", "-wal", "-shm", "-journal"):
                Path(path + suffix).unlink(missing_ok=True)
        else:
            name = urlsplit(url).path.lstrip("/")
            self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def admin(self) -> str:
        """Address of the maintenance database of PostgreSQL; starts the server when needed.

        :raises Unavailable: there is no PostgreSQL.
        """
        if self._admin is None:
            given = os.environ.get("COLCA_TEST_PG_URL")
            if given:
                self._admin = given.replace("postgresql://", "postgresql+psycopg://", 1)
            else:
                self._server = Server(Path(tempfile.gettempdir()) / f"colca-pg-{self.folder.name.removeprefix('colca-test-')}")
                self._admin = self._server.start()
        return self._admin

    # -- templates ------------------------------------------------------------------------------------------------

    def _template(self, kind: str, template: str, build: Builder) -> None:
        done = self.folder / f"{kind}-{template}.done"
        if done.exists():
            return
        failed = self.folder / f"{kind}-{template}.failed"
        with self._lock(f"{kind}-{template}"):
            if done.exists():
                return
            if failed.exists():
                raise RuntimeError(f"The template {template} could not be built: {failed.read_text()}")
            try:
                self._build(kind, template, build)
            except BaseException as error:
                # all tests that need it fail at once instead of each waiting for another try
                failed.write_text(f"{type(error).__name__}: {error}")
                raise
            done.touch()

    def _build(self, kind: str, template: str, build: Builder) -> None:
        if kind == "sqlite":
            path = self._file(template)
            path.unlink(missing_ok=True)
            build(f"sqlite:///{path}")
            leftover = path.with_name(path.name + "-wal")
            if leftover.exists() and leftover.stat().st_size:
                _checkpoint(path)
        else:
            name = self._name(template)
            self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._sql(f"CREATE DATABASE {name} TEMPLATE template0")
            build(self._address(name))

    def _file(self, template: str) -> Path:
        return self.folder / f"template-{template}.db"

    def _name(self, template: str | None) -> str:
        run = "".join(letter for letter in self.folder.name if letter.isalnum())
        return f"tpl_{run[-20:]}_{template}"

    def _address(self, name: str) -> str:
        return urlunsplit(urlsplit(self.admin())._replace(path=f"/{name}"))

    def _sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.admin().replace("+psycopg", "", 1), autocommit=True) as connection:
            connection.execute(statement)  # the names are made here

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        with (self.folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _checkpoint(path: Path) -> None:
    """Bring the write-ahead log into the file, so that copying the file copies everything."""
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


__all__ = ["KINDS", "Builder", "Databases", "Unavailable"]
