"""Making, copying, saving, bringing back, renaming and dropping databases: what the service `db` and the forms ask for.

Who calls has shown the master password (`server.databases.master`). Nothing here holds a transaction of the databases that
people work in: a new database is filled on the side and becomes visible when it is whole, a copy or an archive is read from a
snapshot.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from server.addon import lifecycle
from server.config import Config
from server.database import Database
from server.databases import archive, making, restoring
from server.databases.directory import Directory, unknown, usable_name
from server.errors import SetupError, UserError
from server.models.filestore import Filestore, root_of
from server.text import _

log = logging.getLogger("colca.databases")

#: Kinds of archives: with the contents of attachments, and without.
FORMATS = ("zip", "dump")


class Manager:
    """The operations on the databases of one server. Refusals are `UserError`s."""

    def __init__(self, config: Config, directory: Directory) -> None:
        self.config = config
        self.directory = directory

    def create(
        self,
        name: Any,
        *,
        demo: bool = False,
        lang: str | None = None,
        password: Any = "admin",
        login: Any = "admin",
        country: str | None = None,
        phone: str | None = None,
    ) -> None:
        """A new database with the addons of a normal business, a company in `country`, and an administrator.

        :raises UserError: a name that cannot be used or is taken, an unknown country or language, demo data in production.
        """
        name = self._new_name(name)
        if not isinstance(login, str) or not login.strip() or not isinstance(password, str) or not password:
            raise UserError(_("A new database needs a login and a password for its administrator."))
        if demo and self.config.production:
            raise UserError(_("COLCA_PRODUCTION is set: demo data are not loaded."))

        def fill(url: str) -> None:
            with self._opened(url, name) as database:
                making.install(
                    database, login=login.strip(), password=password, demo=demo, lang=lang, country=country, phone=phone
                )

        with _refusals():
            self.directory.place.make(name, fill)
        log.info("database %s created", name)

    def duplicate(self, source: Any, name: Any, neutralize: bool = False) -> None:
        """Copy a database as it is now, under a uuid of its own and with its attachments.

        :raises UserError: there is no such database, or the name cannot be used or is taken.
        """
        name = self._new_name(name)
        original = self.directory.find(source)

        def change(url: str) -> None:
            with self._opened(url, name) as database:
                self._become_another(database, making.uuid_of(original), neutralize)

        with _refusals():
            if self.directory.place.copy(original.url, name, change):
                return
            with self.spool() as file:
                archive.dump(original, file, filestore=False)

                def fill(url: str) -> None:
                    with self._opened(url, name) as database:
                        restoring.Archive(file, original.extra_addons).restore(database)
                    change(url)

                self.directory.place.make(name, fill)
        log.info("database %s duplicated as %s", source, name)

    def drop(self, name: Any) -> bool:
        """Delete a database with its attachments; false when there is none of this name.

        :raises UserError: it is the server's default one.
        """
        if not self.directory.exists(name):
            return False
        self._refuse_default(name)
        uuid = making.uuid_of(self.directory.find(name))
        self.directory.close(name)
        self.directory.place.drop(name)
        if uuid and uuid not in self._uuids():
            shutil.rmtree(root_of(uuid), ignore_errors=True)
        log.info("database %s dropped", name)
        return True

    def dump(self, name: Any, target: IO[bytes], format: Any = "zip") -> None:
        """Write the archive of a database to a file open for writing (see `server.databases.archive`).

        :param format: `zip` with, `dump` without the contents of attachments.
        :raises UserError: there is no such database or format.
        """
        if format not in FORMATS:
            raise UserError(_("There is no archive format %(format)s; there are zip and dump.", format=str(format)[:20]))
        archive.dump(self.directory.find(name), target, filestore=format == "zip")

    def restore(self, name: Any, file: IO[bytes], *, copy: bool = False, neutralize: bool = False) -> None:
        """Make a database from an archive.

        :param copy: the original goes on elsewhere: the copy gets a uuid of its own. (It gets one in any case when a database
            with the original's uuid is on this server.)
        :raises UserError: the name cannot be used or is taken; the archive is damaged, of a later version, or needs addons that
            are not here.
        """
        name = self._new_name(name)
        with _refusals():
            saved = restoring.Archive(file, self.directory.default.extra_addons)

            def fill(url: str) -> None:
                with self._opened(url, name) as database:
                    saved.restore(database)
                    if saved.older:
                        lifecycle.upgrade(database)
                    if copy or not making.uuid_of(database) or making.uuid_of(database) in self._uuids():
                        making.renew_uuid(database)
                    saved.contents(Filestore(root_of(making.uuid_of(database))))
                    if neutralize:
                        making.neutralize(database)

            self.directory.place.make(name, fill)
        log.info("database %s restored", name)

    def rename(self, old: Any, new: Any) -> None:
        """Give a database another name.

        :raises UserError: there is no such database, it is the default one, or the new name cannot be used or is taken.
        """
        if not self.directory.exists(old):
            raise unknown(old)
        self._refuse_default(old)
        new = self._new_name(new)
        self.directory.close(old)
        self.directory.place.rename(old, new)
        self.directory.close(old)
        log.info("database %s renamed to %s", old, new)

    def migrate(self, names: Any) -> None:
        """Bring the addons of databases to the versions of their packages.

        :raises UserError: there is no such database, or an addon cannot be upgraded; those before it are done.
        """
        if not isinstance(names, (list, tuple)):
            raise UserError(_("The databases to migrate are given as a list of names."))
        found = [self.directory.find(name) for name in names]
        with _refusals():
            for database in found:
                lifecycle.upgrade(database)

    @contextmanager
    def spool(self) -> Iterator[IO[bytes]]:
        """A file of any size that is gone afterwards; in the data directory, which is where space was planned for."""
        with tempfile.TemporaryFile(dir=self.config.data_dir, prefix=".archive-") as file:
            yield file

    # -- helpers -----------------------------------------------------------------------------------------------------
    def _new_name(self, name: Any) -> str:
        if not isinstance(name, str) or not usable_name(name):
            raise UserError(
                _(
                    "A database cannot be called %(name)s. Use letters, digits, dots, dashes and underscores (at most 63, the "
                    "first a letter or digit).",
                    name=repr(name)[:80],
                )
            )
        if self.directory.exists(name):
            from server.databases.places import taken

            raise taken(name)
        return name

    def _refuse_default(self, name: Any) -> None:
        if name == self.config.database_name:
            raise UserError(
                _(
                    "%(name)s is the database this server was started with (COLCA_DATABASE_URL). Start it with another one "
                    "first.",
                    name=name,
                )
            )

    @contextmanager
    def _opened(self, url: str, name: str) -> Iterator[Database]:
        database = Database(url, name=name, extra_addons=getattr(self.directory.default, "extra_addons", ()))
        try:
            yield database
        finally:
            database.engine.dispose()

    def _become_another(self, database: Database, original: str, neutralize: bool) -> None:
        """Give a copy its own uuid and its own copy of the contents; a content that comes meanwhile belongs to the original."""
        uuid = making.renew_uuid(database)
        source = root_of(original)
        if source.is_dir():
            shutil.copytree(source, root_of(uuid), ignore=shutil.ignore_patterns(".*"), copy_function=_copy, dirs_exist_ok=True)
        if neutralize:
            making.neutralize(database)

    def _uuids(self) -> set[str]:
        return {making.uuid_of(self.directory.find(name)) for name in self.directory.names()}


def _copy(source: str, target: str) -> str:
    """Contents never change: a second name for the file costs nothing. What is swept meanwhile was needed by nobody."""
    try:
        try:
            Path(target).hardlink_to(source)
        except FileExistsError:
            pass
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                raise
            shutil.copyfile(source, target)
    except FileNotFoundError:
        pass
    return target


@contextmanager
def _refusals() -> Iterator[None]:
    """What set-up work refuses is a refusal for the caller too, in the same words."""
    try:
        yield
    except SetupError as error:
        raise UserError(error.message) from error
