"""What the database holds: tables, columns, indexes, foreign keys and checks, read in a few catalog queries.

The names and types are normalised so that `server.addon.schema` can compare them with what the registry wants. SQLAlchemy's
inspector would ask table by table; a settled database is looked at before every lifecycle command, so it has to be quick.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import sqlalchemy as sa

_TYPE_NAMES = {
    "character varying": "varchar",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "double precision": "float",
    "integer": "int",
}
_ON_DELETE = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@dataclass
class DbColumn:
    """A column as it is: `type` normalised by `type_name`; `has_default` is true for identities too."""

    name: str
    type: str
    not_null: bool
    has_default: bool


@dataclass
class DbIndex:
    """An index that is not the primary key's; `columns` hold None for expressions."""

    name: str
    unique: bool
    columns: tuple[str | None, ...]


@dataclass
class DbForeignKey:
    """A foreign key of one column; SQLite knows no name."""

    name: str
    target: str
    ondelete: str


@dataclass
class DbTable:
    """A table as it is. `checks` are the names of the check constraints, on SQLite of the triggers that stand for them."""

    name: str
    columns: dict[str, DbColumn] = field(default_factory=dict)
    indexes: dict[str, DbIndex] = field(default_factory=dict)
    foreign_keys: dict[str, DbForeignKey] = field(default_factory=dict)
    checks: set[str] = field(default_factory=set)


Catalog = dict[str, DbTable]


def type_name(text: str) -> str:
    """A type as both sides write it: lower case, no blanks around the size, one name per kind."""
    text = re.sub(r"\s*\(\s*", "(", text.strip().lower())
    text = re.sub(r"\s*([,)])\s*", r"\1", text)
    for long, short in _TYPE_NAMES.items():
        text = text.replace(long, short)
    return text


def read(conn: sa.Connection) -> Catalog:
    """The tables of the current schema."""
    return _read_postgresql(conn) if conn.dialect.name == "postgresql" else _read_sqlite(conn)


def _rows(conn: sa.Connection, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in conn.exec_driver_sql(query).all()]


def _read_postgresql(conn: sa.Connection) -> Catalog:
    catalog: Catalog = {}
    here = (
        "c.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = current_schema()) and c.relkind in ('r', 'p')"
    )
    for table, name, kind, not_null, default in _rows(
        conn,
        "select c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.atthasdef or "
        "a.attidentity <> ''"
        " from pg_catalog.pg_class c left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not "
        "a.attisdropped"
        f" where {here} order by c.relname, a.attnum",
    ):
        held = catalog.setdefault(str(table), DbTable(str(table)))
        if name is not None:
            held.columns[str(name)] = DbColumn(str(name), type_name(str(kind)), bool(not_null), bool(default))
    for table, name, unique, columns in _rows(
        conn,
        "select c.relname, i.relname, x.indisunique,"
        " array(select a.attname::text from unnest(x.indkey) with ordinality k(number, place)"
        " left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.number order by k.place)"
        " from pg_catalog.pg_index x join pg_catalog.pg_class c on c.oid = x.indrelid join pg_catalog.pg_class i on i.oid = "
        "x.indexrelid"
        f" where not x.indisprimary and {here}",
    ):
        catalog[str(table)].indexes[str(name)] = DbIndex(str(name), bool(unique), tuple(columns))  # type: ignore[arg-type]
    for table, name, kind, target, ondelete, columns in _rows(
        conn,
        "select c.relname, o.conname, o.contype::text, t.relname, o.confdeltype::text,"
        " array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = any(o.conkey))"
        " from pg_catalog.pg_constraint o join pg_catalog.pg_class c on c.oid = o.conrelid left join pg_catalog.pg_class t on "
        "t.oid = o.confrelid"
        f" where o.contype in ('f', 'c') and {here}",
    ):
        if kind == "c":
            catalog[str(table)].checks.add(str(name))
        elif len(columns) == 1:  # type: ignore[arg-type]
            key = str(columns[0])  # type: ignore[index]
            catalog[str(table)].foreign_keys[key] = DbForeignKey(str(name), str(target), _ON_DELETE[str(ondelete)])
    return catalog


def _read_sqlite(conn: sa.Connection) -> Catalog:
    catalog: Catalog = {}
    for table, name, kind, not_null, default, key in _rows(
        conn,
        'select m.name, p.name, p.type, p."notnull", p.dflt_value, p.pk from sqlite_master m join pragma_table_info(m.name) p'
        " where m.type = 'table' and m.name not like 'sqlite!_%' escape '!'",
    ):
        held = catalog.setdefault(str(table), DbTable(str(table)))
        held.columns[str(name)] = DbColumn(str(name), type_name(str(kind)), bool(not_null), default is not None or bool(key))
    parts: dict[tuple[str, str, bool], list[str | None]] = {}
    for table, name, unique, column in _rows(
        conn,
        'select m.name, l.name, l."unique", i.name from sqlite_master m join pragma_index_list(m.name) l'
        " join pragma_index_info(l.name) i where m.type = 'table' and l.origin = 'c' order by m.name, l.name, i.seqno",
    ):
        parts.setdefault((str(table), str(name), bool(unique)), []).append(None if column is None else str(column))
    for (table_name, name, unique), columns in parts.items():
        catalog[table_name].indexes[name] = DbIndex(name, unique, tuple(columns))
    for table, column, target, ondelete in _rows(
        conn,
        'select m.name, f."from", f."table", f.on_delete from sqlite_master m join pragma_foreign_key_list(m.name) f'
        " where m.type = 'table'",
    ):
        catalog[str(table)].foreign_keys[str(column)] = DbForeignKey("", str(target), str(ondelete).upper())
    for table, name in _rows(conn, "select tbl_name, name from sqlite_master where type = 'trigger'"):
        if str(name).endswith("__insert"):
            catalog[str(table)].checks.add(str(name).removesuffix("__insert"))
    return catalog
