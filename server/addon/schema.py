"""Bring the database to what the registry wants: first a plan, a list of operations with their SQL, then its execution.

The comparison is between the present models and the present database, not a history of steps; so a fresh install and an upgraded
database end up alike. It only ever adds: tables, columns, indexes, foreign keys, checks; and it relaxes NOT NULL of columns that
no code knows any more, so that inserts go on working. What an addon owns is dropped by `server.addon.purge` alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

import sqlalchemy as sa

from server.addon.catalog import Catalog, DbIndex, DbTable, read, type_name
from server.addon.ddl import Ddl, owner, widens
from server.text import Text, _


class Owned(TypedDict, total=False):
    """What an addon owns in a database, kept there as JSON so that it can be purged without its package."""

    tables: list[str]
    #: table → columns, of tables of other addons
    columns: dict[str, list[str]]
    #: index → table
    indexes: dict[str, str]
    #: check → [table, condition]
    checks: dict[str, list[str]]


@dataclass(frozen=True)
class Operation:
    """One change: `kind` (`create table`, `add column`, …), what it is about, and the statements that do it."""

    kind: str
    table: str
    name: str
    addon: str
    statements: tuple[str, ...]

    @property
    def sql(self) -> str:
        """The statements as a script."""
        return "\n".join(f"{statement};" for statement in self.statements)

    def __str__(self) -> str:
        return f"{self.kind} {self.table}" + (f".{self.name}" if self.name else "")


@dataclass
class Plan:
    """The operations in the order of execution, and remarks on what cannot be done by itself."""

    operations: list[Operation] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.operations)

    @property
    def sql(self) -> str:
        """The whole plan as a script."""
        return "\n".join(operation.sql for operation in self.operations)

    def execute(self, conn: sa.Connection) -> None:
        """Run all operations in the connection's transaction."""
        for operation in self.operations:
            for statement in operation.statements:
                conn.exec_driver_sql(statement)


def plan(
    conn: sa.Connection,
    metadata: sa.MetaData,
    owned: Mapping[str, Owned] | None = None,
    defaults: Mapping[tuple[str, str], Any] | None = None,
    only: Collection[str] | None = None,
) -> Plan:
    """What has to change so that the database holds the tables of `metadata`.

    :param owned: what earlier runs recorded for the addons of this registry; obsolete indexes and changed checks are known from
        it.
    :param defaults: (table, column) → value for the existing rows when a required column is added.
    :param only: look at these tables alone.
    """
    return _Planner(conn, metadata, owned or {}, defaults or {}).run(only)


class _Planner:
    """Collects the operations by phase; the phases are put together at the end."""

    def __init__(
        self, conn: sa.Connection, metadata: sa.MetaData, owned: Mapping[str, Owned], defaults: Mapping[tuple[str, str], Any]
    ) -> None:
        self.conn = conn
        self.metadata = metadata
        self.owned = owned
        self.defaults = defaults
        self.ddl = Ddl(conn.dialect)
        self.db: Catalog = read(conn)
        self.renames: list[Operation] = []
        self.columns: list[Operation] = []
        self.links: list[Operation] = []
        self.drops: list[Operation] = []
        self.notes: list[Text] = []

    def run(self, only: Collection[str] | None = None) -> Plan:
        tables = [table for name, table in self.metadata.tables.items() if only is None or name in only]
        for table in tables:
            self._rename_table(table)
        for table in tables:
            if table.name in self.db:
                self._update(table, self.db[table.name])
            else:
                self._create(table)
        self._obsolete(tables)
        return Plan([*self.renames, *self.drops, *self.columns, *self.links], self.notes)

    # -- new tables --------------------------------------------------------------------------------------------------
    def _create(self, table: sa.Table) -> None:
        addon = owner(table, table)
        self.columns.append(Operation("create table", table.name, "", addon, tuple(self.ddl.create_table(table))))
        keys = self.ddl.add_foreign_keys(table, list(table.columns))
        if keys:
            self.links.append(Operation("add foreign keys", table.name, "", addon, tuple(keys)))
        for index in _indexes(table):
            self._add_index(table, index)
        for check in _checks(table):
            self._add_check(table, check)

    # -- present tables ----------------------------------------------------------------------------------------------
    def _rename_table(self, table: sa.Table) -> None:
        for old in _names(table.info.get("renamed_from")):
            old = old.replace(".", "_")
            if table.name not in self.db and old in self.db and old not in self.metadata.tables:
                statement = f"ALTER TABLE {self.ddl.quote(old)} RENAME TO {self.ddl.quote(table.name)}"
                self.renames.append(Operation("rename table", table.name, old, owner(table, table), (statement,)))
                held = self.db.pop(old)
                held.name = table.name
                self.db[table.name] = held

    def _update(self, table: sa.Table, held: DbTable) -> None:
        added: list[sa.Column[Any]] = []
        for column in table.columns:
            self._rename_column(table, held, column)
            if column.name not in held.columns:
                self._add_column(table, column)
                added.append(column)
            else:
                self._compare_column(table, held, column)
        for column in table.columns:
            if column not in added and self._foreign_key_differs(table, held, column):
                added.append(column)
        for addon in dict.fromkeys(owner(column, table) for column in added):
            for statement in self.ddl.add_foreign_keys(table, [column for column in added if owner(column, table) == addon]):
                self.links.append(Operation("add foreign keys", table.name, "", addon, (statement,)))
        for name, known in held.columns.items():
            if name not in table.columns and known.not_null and not known.has_default:
                indexed = [index.name for index in held.indexes.values() if name in index.columns]
                statements = self.ddl.drop_not_null(table.name, name, known.type, indexed)
                self.columns.append(Operation("drop not null", table.name, name, owner(table, table), tuple(statements)))
        for index in _indexes(table):
            present = held.indexes.get(str(index.name))
            if present is None:
                self._add_index(table, index)
            elif _index_differs(index, present):
                drop = f"DROP INDEX IF EXISTS {self.ddl.quote(present.name)}"
                self.drops.append(Operation("drop index", table.name, present.name, owner(index, table), (drop,)))
                self._add_index(table, index)
        for check in _checks(table):
            name, addon = str(check.name), owner(check, table)
            recorded = self.owned.get(addon, {}).get("checks", {}).get(name)
            if name not in held.checks:
                self._add_check(table, check)
            elif recorded is not None and recorded[1] != _condition(check):
                self.drops.append(Operation("drop check", table.name, name, addon, tuple(self.ddl.drop_check(table.name, name))))
                self._add_check(table, check)

    def _rename_column(self, table: sa.Table, held: DbTable, column: sa.Column[Any]) -> None:
        for old in _names(column.info.get("renamed_from")):
            if column.name not in held.columns and old in held.columns and old not in table.columns:
                quote = self.ddl.quote
                statement = f"ALTER TABLE {quote(table.name)} RENAME COLUMN {quote(old)} TO {quote(column.name)}"
                self.renames.append(Operation("rename column", table.name, column.name, owner(column, table), (statement,)))
                known = held.columns.pop(old)
                known.name = column.name
                held.columns[column.name] = known
                if old in held.foreign_keys:
                    held.foreign_keys[column.name] = held.foreign_keys.pop(old)
                for index in list(held.indexes.values()):
                    if old in index.columns:
                        moved = tuple(column.name if part == old else part for part in index.columns)
                        held.indexes[index.name] = DbIndex(index.name, index.unique, moved)

    def _add_column(self, table: sa.Table, column: sa.Column[Any]) -> None:
        """Required without a server default: filled with the given default; else left open when rows exist, with a note."""
        quote, addon = self.ddl.quote, owner(column, table)
        required = not column.nullable
        if not required or self.ddl.default(column) is not None:
            self._column_operation(table, column, addon, [self.ddl.add_column(table, column, required)])
            return
        statements = [self.ddl.add_column(table, column, False)]
        filled = (table.name, column.name) in self.defaults
        if filled:
            update = sa.update(table).values({column.name: self.defaults[table.name, column.name]})
            statements.append(str(update.compile(dialect=self.conn.dialect, compile_kwargs={"literal_binds": True})))
        rows = self._exists(f"SELECT 1 FROM {quote(self._name_now(table))} LIMIT 1")
        if not self.ddl.sqlite and (filled or not rows):
            statements.append(f"ALTER TABLE {quote(table.name)} ALTER COLUMN {quote(column.name)} SET NOT NULL")
        elif rows and not filled:
            self.notes.append(
                _(
                    "%(table)s.%(column)s is required, but the rows that are there have no value. Fill it in a migration script "
                    "of addon %(addon)s.",
                    table=table.name,
                    column=column.name,
                    addon=addon,
                )
            )
        self._column_operation(table, column, addon, statements)

    def _column_operation(self, table: sa.Table, column: sa.Column[Any], addon: str, statements: list[str]) -> None:
        self.columns.append(Operation("add column", table.name, column.name, addon, tuple(statements)))

    def _compare_column(self, table: sa.Table, held: DbTable, column: sa.Column[Any]) -> None:
        """NOT NULL and type. On SQLite types say nothing, and only NOT NULL that hinders is taken away."""
        known, quote = held.columns[column.name], self.ddl.quote
        addon, head = owner(column, table), f"ALTER TABLE {quote(table.name)} ALTER COLUMN {quote(column.name)}"
        if column.nullable and known.not_null and not column.primary_key and not (self.ddl.sqlite and known.has_default):
            indexed = [index.name for index in held.indexes.values() if column.name in index.columns]
            statements = self.ddl.drop_not_null(table.name, column.name, known.type, indexed)
            self.columns.append(Operation("drop not null", table.name, column.name, addon, tuple(statements)))
            if self.ddl.sqlite:
                for name in indexed:
                    held.indexes.pop(name)
        if self.ddl.sqlite:
            return
        wanted = type_name(self.ddl.type(column))
        if wanted != known.type:
            if widens(known.type, wanted):
                statement = f"{head} TYPE {self.ddl.type(column)}"
                if {known.type, wanted} == {"json", "jsonb"}:
                    statement += f" USING {quote(column.name)}::jsonb"
                self.columns.append(Operation("widen column", table.name, column.name, addon, (statement,)))
            else:
                self.notes.append(
                    _(
                        "%(table)s.%(column)s is of type %(old)s, the model wants %(new)s: values could be lost. Change it in a "
                        "migration script of addon %(addon)s.",
                        table=table.name,
                        column=column.name,
                        old=known.type,
                        new=wanted,
                        addon=addon,
                    )
                )
        if not column.nullable and not known.not_null and not column.primary_key:
            if self._exists(f"SELECT 1 FROM {quote(self._name_now(table))} WHERE {quote(known.name)} IS NULL LIMIT 1"):
                self.notes.append(
                    _(
                        "%(table)s.%(column)s is required, but some rows have no value. Fill it in a migration script of addon "
                        "%(addon)s.",
                        table=table.name,
                        column=column.name,
                        addon=addon,
                    )
                )
            else:
                self.columns.append(Operation("set not null", table.name, column.name, addon, (f"{head} SET NOT NULL",)))

    def _foreign_key_differs(self, table: sa.Table, held: DbTable, column: sa.Column[Any]) -> bool:
        """Whether the column's foreign key must be made anew (PostgreSQL); a wrong one is dropped here."""
        if self.ddl.sqlite or not column.foreign_keys:
            return False
        key = next(iter(column.foreign_keys))
        present = held.foreign_keys.get(column.name)
        if present is None:
            return True
        target = key.target_fullname.rpartition(".")[0]
        if present.ondelete == (key.ondelete or "NO ACTION").upper() and self._name_after(present.target) == target:
            return False
        statement = f"ALTER TABLE {self.ddl.quote(table.name)} DROP CONSTRAINT {self.ddl.quote(present.name)}"
        self.drops.append(Operation("drop foreign key", table.name, column.name, owner(column, table), (statement,)))
        return True

    # -- what is no longer wanted ------------------------------------------------------------------------------------
    def _obsolete(self, tables: Iterable[sa.Table]) -> None:
        """Indexes and checks that an addon of this registry once made and does not declare any more."""
        indexes = {str(index.name) for table in tables for index in table.indexes}
        checks = {str(check.name) for table in tables for check in _checks(table)}
        dropped = {operation.name for operation in self.drops}
        for addon, mine in self.owned.items():
            for name, table in mine.get("indexes", {}).items():
                if name not in indexes and name not in dropped and table in self.db and name in self.db[table].indexes:
                    self.drops.append(
                        Operation("drop index", table, name, addon, (f"DROP INDEX IF EXISTS {self.ddl.quote(name)}",))
                    )
            for name, (table, _text) in mine.get("checks", {}).items():
                if name not in checks and name not in dropped and table in self.db and name in self.db[table].checks:
                    self.drops.append(Operation("drop check", table, name, addon, tuple(self.ddl.drop_check(table, name))))

    # -- helpers -----------------------------------------------------------------------------------------------------
    def _add_index(self, table: sa.Table, index: sa.Index) -> None:
        self.links.append(
            Operation("create index", table.name, str(index.name), owner(index, table), (self.ddl.create_index(index),))
        )

    def _add_check(self, table: sa.Table, check: sa.CheckConstraint) -> None:
        statements = self.ddl.add_check(table, str(check.name), _condition(check))
        self.links.append(Operation("add check", table.name, str(check.name), owner(check, table), tuple(statements)))

    def _exists(self, query: str) -> bool:
        return self.conn.exec_driver_sql(query).first() is not None

    def _name_now(self, table: sa.Table) -> str:
        """The table's name before the renames of this plan."""
        return next(
            (operation.name for operation in self.renames if operation.kind == "rename table" and operation.table == table.name),
            table.name,
        )

    def _name_after(self, name: str) -> str:
        """A table's name after the renames of this plan."""
        return next(
            (operation.table for operation in self.renames if operation.kind == "rename table" and operation.name == name), name
        )


def ownership(metadata: sa.MetaData) -> dict[str, Owned]:
    """Addon → what it owns, as the registry says; columns only where the table is another's."""
    result: dict[str, Owned] = {}

    def of(addon: str) -> Owned:
        return result.setdefault(addon, Owned(tables=[], columns={}, indexes={}, checks={}))

    for table in metadata.tables.values():
        home = owner(table, table)
        of(home)["tables"].append(table.name)
        for column in table.columns:
            if owner(column, table) != home:
                of(owner(column, table))["columns"].setdefault(table.name, []).append(column.name)
        for index in _indexes(table):
            of(owner(index, table))["indexes"][str(index.name)] = table.name
        for check in _checks(table):
            of(owner(check, table))["checks"][str(check.name)] = [table.name, _condition(check)]
    return result


def merged(old: Owned, new: Owned) -> Owned:
    """Ownership after a run: tables and columns are kept although the code dropped them (the data are still there)."""
    columns = {table: list(names) for table, names in old.get("columns", {}).items()}
    for table, names in new.get("columns", {}).items():
        columns[table] = list(dict.fromkeys([*columns.get(table, []), *names]))
    return Owned(
        tables=list(dict.fromkeys([*old.get("tables", []), *new.get("tables", [])])),
        columns=columns,
        indexes=dict(new.get("indexes", {})),
        checks=dict(new.get("checks", {})),
    )


def _checks(table: sa.Table) -> list[sa.CheckConstraint]:
    found = [item for item in table.constraints if isinstance(item, sa.CheckConstraint) and item.name is not None]
    return sorted(found, key=lambda item: str(item.name))


def _indexes(table: sa.Table) -> list[sa.Index]:
    return sorted(table.indexes, key=lambda index: str(index.name))


def _condition(check: sa.CheckConstraint) -> str:
    return str(check.sqltext)


def _names(value: str | Iterable[str] | None) -> list[str]:
    return [] if not value else [value] if isinstance(value, str) else list(value)


def _index_differs(index: sa.Index, present: DbIndex) -> bool:
    parts = [part.name if isinstance(part, sa.Column) else None for part in index.expressions]
    if None in parts or None in present.columns:
        return False
    return bool(index.unique) != present.unique or tuple(parts) != present.columns
