"""Purge: drop exactly what an addon owns in a database, after counting it. Works without the package, from what the database
recorded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from server.addon import catalog, custom, graph, state
from server.addon.ddl import Ddl
from server.addon.discovery import Discovery
from server.addon.lifecycle import Outcome, take_out
from server.addon.session import Session
from server.errors import SetupError, UserError
from server.text import Text, _

if TYPE_CHECKING:
    from server.database import Database


@dataclass
class Purge:
    """What goes, or would go: table → rows, (table, column) → rows with a value, model table → records the addon's data files
    made
    in tables of others. `kept`: what others refer to and therefore stays."""

    addon: str
    tables: dict[str, int] = field(default_factory=dict)
    columns: dict[tuple[str, str], int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    indexes: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    kept: list[Text] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns or self.records or self.indexes or self.checks)


def purge(
    database: Database, name: str, *, dry_run: bool = False, missing: bool = False, discovery: Discovery | None = None
) -> Purge:
    """Drop an addon's own tables, columns, indexes, checks and records; uninstalls it before when it still is installed.

    :param dry_run: only count.
    :param missing: allow it although the package is not there.
    :raises SetupError: unknown addon; the package is missing and that was not said; another addon with data depends on it.
    """
    with Session(database, discovery) as session:
        row = session.rows.get(name)
        if row is None or name in graph.ALWAYS:
            raise SetupError(_("The addon %(name)s has nothing in this database.", name=name))
        if name not in session.discovery.addons and not missing:
            raise SetupError(
                _(
                    "The package of %(name)s is not there. Add --missing if it is gone for good and its data shall go too.",
                    name=name,
                )
            )
        blocking = [other.name for other in session.rows.values() if name in other.depends and (other.has_data or other.active)]
        if blocking:
            raise SetupError(
                _(
                    "%(name)s cannot be purged: %(others)s depends on it and has data here. Purge %(others)s first.",
                    name=name,
                    others=", ".join(sorted(blocking)),
                )
            )
        work = _Work(session, name)
        found = work.count()
        if dry_run:
            return found
        if row.active:
            session.compose(session.installed)
            session.open()
            take_out(session, {name}, Outcome())
        work.drop(found)
        row.owned, row.loaded, row.depends, row.seen = {}, {}, [], set()
        if name in session.discovery.addons:
            session.save(name)
        else:
            state.remove(session.conn, name)
            del session.rows[name]
        session.compose(session.installed)
        session.open()
        session.reflect()
        session.commit()
    return found


class _Work:
    """Counts and drops for one addon."""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.conn = session.conn
        self.name = name
        self.owned = session.rows[name].owned
        self.db = catalog.read(self.conn)
        self.pointing = custom.pointing_at(self.conn, [table.replace("_", ".") for table in self.owned.get("tables", [])])
        self.ddl = Ddl(self.conn.dialect)
        self.quote = self.ddl.quote
        self.tables = [table for table in self.owned.get("tables", []) if table in self.db]

    def count(self) -> Purge:
        """The figures of the dry run."""
        found = Purge(self.name)
        for table in self.tables:
            found.tables[table] = self._number(f"select count(*) from {self.quote(table)}")
        for table, columns in self.owned.get("columns", {}).items():
            for column in columns:
                if table in self.db and column in self.db[table].columns and table not in self.tables:
                    found.columns[table, column] = self._number(f"select count({self.quote(column)}) from {self.quote(table)}")
        for one in self.pointing:  # fields that people made on models of others, leading to what goes
            table = one.model.replace(".", "_")
            if table in self.db and table not in self.tables and one.name in self.db[table].columns:
                found.columns[table, one.name] = self._number(f"select count({self.quote(one.name)}) from {self.quote(table)}")
            pairs = custom.relation_table(one.model, one.name, one.values.get("relation_table"))
            if one.ttype == "many2many" and pairs in self.db:
                found.tables[pairs] = self._number(f"select count(*) from {self.quote(pairs)}")
        for index, table in self.owned.get("indexes", {}).items():
            if table in self.db and table not in self.tables and index in self.db[table].indexes:
                found.indexes.append(index)
        for check, (table, _condition) in self.owned.get("checks", {}).items():
            if table in self.db and table not in self.tables and check in self.db[table].checks:
                found.checks.append(check)
        for model, ids in self._records().items():
            found.records[model] = len(ids)
        return found

    def _number(self, query: str) -> int:
        return int(self.conn.exec_driver_sql(query).scalar_one())

    def _data_rows(self) -> list[tuple[int, str, int]]:
        """(row id, model, record id) of the external ids the addon gave, without those of `base` that the kernel gave."""
        query = sa.text("select id, model, res_id, digest from ir_model_data where module = :name order by id desc")
        rows = self.conn.execute(query, {"name": self.name}).all()
        return [
            (row.id, row.model, row.res_id)
            for row in rows
            if '"kernel/' not in (row.digest or "") and '"!kernel:' not in (row.digest or "")
        ]

    def _records(self) -> dict[str, list[int]]:
        """Table → ids of the records that the addon's data files made in tables of others, the latest first."""
        found: dict[str, list[int]] = {}
        for _id, model, res_id in self._data_rows():
            table = model.replace(".", "_")
            if table in self.db and table not in self.tables:
                found.setdefault(table, []).append(res_id)
        return found

    def drop(self, found: Purge) -> None:
        """Execute: checks, indexes, columns, tables, then the records in other tables."""
        records, data = self._records(), [row[0] for row in self._data_rows()]
        run = self.conn.exec_driver_sql
        for check in found.checks:
            table = self.owned["checks"][check][0]
            for statement in self.ddl.drop_check(table, check):
                run(statement)
        for index in found.indexes:
            run(f"DROP INDEX {self.quote(index)}")
        for table, column in found.columns:
            for held in self.db[table].indexes.values():
                if column in held.columns and held.name not in found.indexes:
                    run(f"DROP INDEX {self.quote(held.name)}")
            run(f"ALTER TABLE {self.quote(table)} DROP COLUMN {self.quote(column)}")
        self._drop_pointing()
        self._drop_tables()
        self.session.compose({name: version for name, version in self.session.installed.items() if name != self.name})
        self.delete_records(found, records)
        for start in range(0, len(data), 500):
            table_data = sa.table("ir_model_data", sa.column("id"))
            self.conn.execute(sa.delete(table_data).where(table_data.c.id.in_(data[start : start + 500])))
        self._forget_digests()
        self.conn.execute(sa.text("delete from ir_model_access where addon = :name"), {"name": self.name})
        models = [table.replace("_", ".") for table in self.tables]
        if models and "ir_attachment" in self.db:
            attachments = sa.table("ir_attachment", sa.column("res_model"))
            self.conn.execute(sa.delete(attachments).where(attachments.c.res_model.in_(models)))

    def _forget_digests(self) -> None:
        """Forget what the addon loaded into records that stay, so that a later installation loads it again."""
        data = sa.table("ir_model_data", sa.column("id"), sa.column("module"), sa.column("digest"))
        query = sa.select(data.c.id, data.c.module, data.c.digest).where(data.c.digest.is_not(None))
        for id, module, text in self.conn.execute(query).all():
            digests = json.loads(text)
            kept = {key: value for key, value in digests.items() if not self._loaded_by_it(key, module)}
            if kept != digests:
                text = json.dumps(kept, separators=(",", ":")) if kept else None
                self.conn.execute(sa.update(data).where(data.c.id == id).values(digest=text))

    def _loaded_by_it(self, key: str, module: str) -> bool:
        """Whether a key of the digests is of this addon: `addon/field`, `!addon:file`, or a bare field of its own external id."""
        if key.startswith("!"):
            return key[1:].partition(":")[0] == self.name
        addon, slash, _field = key.partition("/")
        return addon == self.name if slash else module == self.name

    def _drop_pointing(self) -> None:
        """Tables of pairs and rows of the fields people made that lead to what goes, and of those on it."""
        fields = sa.table("ir_model_fields", sa.column("id"), sa.column("model"), sa.column("state"))
        for one in self.pointing:
            if one.ttype == "many2many":
                pairs = custom.relation_table(one.model, one.name, one.values.get("relation_table"))
                self.conn.exec_driver_sql(f"DROP TABLE IF EXISTS {self.quote(pairs)}")
            self.conn.execute(sa.delete(fields).where(fields.c.id == one.values["id"]))
        for one in custom.read(self.conn).fields:
            if one.model.replace(".", "_") in self.tables:
                if one.ttype == "many2many":
                    pairs = custom.relation_table(one.model, one.name, one.values.get("relation_table"))
                    self.conn.exec_driver_sql(f"DROP TABLE IF EXISTS {self.quote(pairs)}")
                self.conn.execute(sa.delete(fields).where(fields.c.id == one.values["id"]))

    def _drop_tables(self) -> None:
        if not self.tables:
            return
        if not self.ddl.sqlite:
            self.conn.exec_driver_sql("DROP TABLE " + ", ".join(self.quote(table) for table in self.tables))
            return
        # SQLite empties a table before it drops it, following the foreign keys: first nothing may point to them but themselves.
        self.conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in self._children_first():
            self.conn.exec_driver_sql(f"DROP TABLE {self.quote(table)}")

    def _children_first(self) -> list[str]:
        """The own tables, those that refer to others before those referred to; circles in order of name."""
        left, result = sorted(self.tables), []
        while left:
            pointed = {key.target for table in left for key in self.db[table].foreign_keys.values() if key.target != table}
            free = [table for table in left if table not in pointed] or left[:1]
            result += free
            left = [table for table in left if table not in free]
        return result

    def delete_records(self, found: Purge, records: dict[str, list[int]]) -> None:
        """Delete the records in tables of other addons by their own rules; what is in use stays and is reported."""
        models = {name.replace(".", "_"): name for name in self.session.registry.definitions}
        for table, ids in records.items():
            target = sa.table(table, sa.column("id"))
            if table in ("ir_model_access", "ir_model", "ir_model_fields") or table not in models:
                self.conn.execute(sa.delete(target).where(target.c.id.in_(ids)))
                continue
            if self._unlink(models[table], ids) is None:
                continue
            for id in ids:
                reason = self._unlink(models[table], [id])
                if reason is not None:
                    found.kept.append(
                        _("Record %(id)s of %(model)s stays: %(reason)s", id=id, model=models[table], reason=reason)
                    )

    def _unlink(self, model: str, ids: list[int]) -> Text | str | None:
        """Delete, or answer why not; a refusal leaves nothing behind."""
        session = self.session
        session.open()
        try:
            with self.conn.begin_nested():
                env = session.env(session.registry.names)
                env[model].browse(ids).exists().unlink()
                env.finish()
        except UserError as error:
            session.open()
            return error.message
        except IntegrityError:
            session.open()
            return _("it is in use.")
        return None
