"""Bringing a saved database back: into an empty database of either kind, checked before anything is written.

The tables are made as the archive describes them, filled, and then brought to what the code wants by the same comparison that
install and upgrade use: indexes, foreign keys, checks. An archive of older addons is upgraded afterwards, with their migrations.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from packaging.version import InvalidVersion, Version

from server.addon import schema, state, usable
from server.addon.ddl import Ddl
from server.addon.discovery import Discovery, discover
from server.databases import portable
from server.databases.archive import FORMAT
from server.errors import SetupError
from server.models.filestore import Filestore
from server.text import _

if TYPE_CHECKING:
    from server.database import Database

_CONTENT = re.compile(r"filestore/[0-9a-f]{2}/([0-9a-f]{40})")
_BATCH = 1000


class Archive:
    """An archive open for reading.

    :raises SetupError: it is none, of a later format, or needs addons that are not here in this or a later version.
    """

    def __init__(self, file: IO[bytes] | Path, extra_addons: Any = ()) -> None:
        try:
            self.zip = zipfile.ZipFile(file)
            self.manifest: dict[str, Any] = orjson.loads(self.zip.read("manifest.json"))
            if self.manifest["program"] != "colca":
                raise KeyError
            self.addons: dict[str, str] = dict(self.manifest["addons"])
            self.tables: list[dict[str, Any]] = list(self.manifest["tables"])
        except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            raise SetupError(
                _("The file is not an archive of a Colca database. Give the file that a back-up made, unchanged.")
            ) from error
        if self.manifest.get("format") != FORMAT:
            raise SetupError(_("The archive was made by a later version of Colca. Upgrade this server first."))
        self.discovery: Discovery = discover(extra_addons)
        self._check_addons()
        self._check_names()

    def _check_addons(self) -> None:
        missing, newer = [], []
        for name, version in self.addons.items():
            addon = self.discovery.addons.get(name)
            try:
                if addon is None:
                    missing.append(name)
                elif Version(version) > Version(addon.version):
                    newer.append(f"{name} {version}")
            except InvalidVersion:
                newer.append(f"{name} {version}")
        if missing or newer:
            raise SetupError(
                _(
                    "The archive cannot be restored here: it needs %(addons)s. Install these addons' packages, or later "
                    "versions, first.",
                    addons=", ".join(sorted([*missing, *newer])),
                )
            )

    def _check_names(self) -> None:
        """Names go into statements, quoted; anything strange is refused all the same."""
        for table in self.tables:
            for name in (table["name"], *(column["name"] for column in table["columns"])):
                if not portable.NAME.fullmatch(name):
                    raise SetupError(_("The archive cannot be used: %(name)s is no name of a table or column.", name=name[:60]))

    @property
    def older(self) -> bool:
        """Whether an addon of the archive is older than its package here."""
        return any(version != self.discovery.addons[name].version for name, version in self.addons.items())

    def restore(self, database: Database) -> None:
        """Fill the empty `database`, in one transaction.

        :raises SetupError: it is not empty, or the archive contradicts itself.
        """
        known = usable.build(self.discovery, self.addons, check_versions=False)[0].metadata
        with database.engine.begin() as conn:
            if state.ready(conn):
                raise SetupError(_("The database to restore into is not empty."))
            self._refuse_foreign_values(conn, known)
            if conn.dialect.name == "sqlite":
                conn.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            made = self._make_tables(conn, known)
            for table in self.tables:
                self._fill(conn, table)
            _start_counters(conn)
            self._links(conn, known, made)
            schema.plan(conn, known).execute(conn)
            if conn.dialect.name == "postgresql":
                conn.exec_driver_sql("ANALYZE")
        state.forget(database.engine)
        database.forget()

    def contents(self, store: Filestore) -> int:
        """Put the contents of the archive into `store`; answers how many.

        :raises SetupError: one is not what its name says.
        """
        count = 0
        for name in self.zip.namelist():
            match = _CONTENT.fullmatch(name)
            if match:
                content = self.zip.read(name)
                if hashlib.sha1(content, usedforsecurity=False).hexdigest() != match[1]:
                    raise SetupError(_("The archive is damaged: the content %(name)s is not what it was.", name=match[1]))
                store.write(content)
                count += 1
        return count

    # -- tables ------------------------------------------------------------------------------------------------------
    def _refuse_foreign_values(self, conn: sa.Connection, known: sa.MetaData) -> None:
        """SQLite keeps decimals as scaled integers. Without the code of a column nobody can tell what its integers mean."""
        if self.manifest.get("dialect") == conn.dialect.name:
            return
        strange = sorted(
            {
                table["name"]
                for table in self.tables
                for column in table["columns"]
                if not (column["known"] or _ours(known, table, column))
            }
        )
        if strange:
            raise SetupError(
                _(
                    "The archive holds data of addons whose packages are gone (%(tables)s): these can only be restored on the "
                    "kind of database they come from. Purge them before saving, or install the packages.",
                    tables=", ".join(strange[:5]),
                )
            )

    def _make_tables(self, conn: sa.Connection, known: sa.MetaData) -> dict[str, sa.Table]:
        metadata = sa.MetaData()
        ddl = Ddl(conn.dialect)
        made = {}
        for entry in self.tables:
            table = known.tables.get(entry["name"])
            columns = []
            for column in entry["columns"]:
                if table is not None and column["name"] in table.c:
                    copied = table.c[column["name"]]._copy()
                    copied.nullable = not column["required"] and not copied.primary_key
                else:
                    copied = _column(entry, column)
                columns.append(copied)
            made[entry["name"]] = sa.Table(entry["name"], metadata, *columns, info=dict(table.info) if table is not None else {})
        for table in made.values():
            for statement in ddl.create_table(table):
                conn.exec_driver_sql(statement)
        return made

    def _fill(self, conn: sa.Connection, entry: dict[str, Any]) -> None:
        table = portable.table_of(entry["name"], entry["columns"])
        names = [column["name"] for column in entry["columns"]]
        decoders = [portable.decoder(column["kind"]) for column in entry["columns"]]
        statement = table.insert()
        batch: list[dict[str, Any]] = []
        count = 0
        try:
            with self.zip.open(f"data/{entry['name']}.jsonl") as stream:
                for line in stream:
                    values = orjson.loads(line)
                    batch.append(
                        {
                            name: value if decode is None else decode(value)
                            for name, decode, value in zip(names, decoders, values, strict=True)
                        }
                    )
                    if len(batch) >= _BATCH:
                        conn.execute(statement, batch)
                        count += len(batch)
                        batch = []
            if batch:
                conn.execute(statement, batch)
                count += len(batch)
        except (KeyError, ValueError, zipfile.BadZipFile) as error:
            raise SetupError(_("The archive is damaged: table %(table)s cannot be read.", table=entry["name"])) from error
        if count != entry["rows"]:
            raise SetupError(
                _(
                    "The archive is damaged: table %(table)s has %(found)s rows instead of %(rows)s.",
                    table=entry["name"],
                    found=count,
                    rows=entry["rows"],
                )
            )
        if entry.get("last_id"):
            _go_on_after(conn, entry["name"], int(entry["last_id"]))

    def _links(self, conn: sa.Connection, known: sa.MetaData, made: dict[str, sa.Table]) -> None:
        """Foreign keys of what the code does not know (the rest comes from the comparison)."""
        ddl = Ddl(conn.dialect)
        for entry in self.tables:
            strange = [
                made[entry["name"]].c[column["name"]]
                for column in entry["columns"]
                if column.get("references") and column["references"][0] in made and not _ours(known, entry, column)
            ]
            for statement in ddl.add_foreign_keys(made[entry["name"]], strange):
                conn.exec_driver_sql(statement)


def _ours(known: sa.MetaData, table: dict[str, Any], column: dict[str, Any]) -> bool:
    held = known.tables.get(table["name"])
    return held is not None and column["name"] in held.c


def _column(table: dict[str, Any], column: dict[str, Any]) -> sa.Column[Any]:
    """A column that no code here knows, as the archive describes it."""
    arguments: list[Any] = []
    reference = column.get("references")
    if reference:
        action = reference[1] if reference[1] in ("CASCADE", "SET NULL", "RESTRICT") else None
        if not portable.NAME.fullmatch(reference[0]):
            raise SetupError(_("The archive cannot be used: %(name)s is no name of a table or column.", name=reference[0][:60]))
        arguments.append(sa.ForeignKey(f"{reference[0]}.id", ondelete=action))
    if table["counted"] and column["name"] == "id":
        arguments.append(sa.Identity())
    key = column["name"] in table["key"]
    return sa.Column(
        column["name"], portable.type_of(column["kind"]), *arguments, primary_key=key, nullable=not column["required"] and not key
    )


def _go_on_after(conn: sa.Connection, table: str, last: int) -> None:
    """Let the database give the next id after `last`."""
    if conn.dialect.name == "postgresql":
        conn.execute(sa.text("select setval(pg_get_serial_sequence(:table, 'id'), :last)"), {"table": f'"{table}"', "last": last})
        return
    values = {"table": table, "last": last}
    if not conn.execute(sa.text("update sqlite_sequence set seq = :last where name = :table"), values).rowcount:
        conn.execute(sa.text("insert into sqlite_sequence (name, seq) values (:table, :last)"), values)


def _start_counters(conn: sa.Connection) -> None:
    """On PostgreSQL each counter of `ir.sequence` has a native sequence."""
    from server.models.ir_sequence import native_name

    if conn.dialect.name == "postgresql":
        for id, following in conn.execute(sa.text("select id, number_next from ir_sequence_date_range")).all():
            conn.exec_driver_sql(f"CREATE SEQUENCE {native_name(id)} START {max(int(following), 1)}")
