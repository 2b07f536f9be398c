"""Tables and values in a form that both databases can read: what an archive says of columns, and one line of JSON per row."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from server.addon.catalog import Catalog, DbColumn
from server.db.types import ExactNumeric, Id, Json, UtcDateTime
from server.errors import SetupError
from server.text import _

#: Names of tables and columns that an archive may bring.
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_NUMERIC = re.compile(r"numeric\((\d{1,2}),(\d{1,2})\)")
_DB_KINDS = {
    "bigint": "integer", "int": "integer", "smallint": "integer", "boolean": "boolean", "timestamp": "datetime",
    "datetime": "datetime", "date": "date", "json": "json", "jsonb": "json", "bytea": "binary", "blob": "binary",
    "float": "float", "real": "float",
}  # fmt: skip


def kind_of(column: sa.Column[Any]) -> str:
    """The kind of a column that the code knows: `integer`, `text`, `numeric(18,4)`, `datetime` …"""
    given = column.type
    if isinstance(given, ExactNumeric):
        return f"numeric({given.precision},{given.scale})"
    for cls, name in _KINDS:
        if isinstance(given, cls):
            return name
    return "text"


_KINDS: tuple[tuple[type[Any], str], ...] = (
    (UtcDateTime, "datetime"),
    (sa.DateTime, "datetime"),
    (sa.Date, "date"),
    (sa.Boolean, "boolean"),
    (sa.JSON, "json"),
    (sa.LargeBinary, "binary"),
    (sa.Float, "float"),
    (sa.Integer, "integer"),
)


def kind_in(column: DbColumn) -> str:
    """The kind of a column that no code knows any more, from what the database says."""
    return _DB_KINDS.get(column.type, column.type if _NUMERIC.fullmatch(column.type) else "text")


def type_of(kind: str) -> Any:
    """The column type of a kind.

    :raises SetupError: there is no such kind.
    """
    numeric = _NUMERIC.fullmatch(kind)
    if numeric:
        return ExactNumeric(int(numeric[1]), int(numeric[2]))
    types: dict[str, Any] = {
        "integer": Id, "text": sa.Text(), "boolean": sa.Boolean(), "date": sa.Date(), "datetime": UtcDateTime(), "json": Json,
        "binary": sa.LargeBinary(), "float": sa.Float(),
    }  # fmt: skip
    if kind not in types:
        raise SetupError(_("The archive cannot be used: it has a column of the unknown kind %(kind)s.", kind=kind[:60]))
    return types[kind]


def table_of(name: str, columns: list[dict[str, Any]]) -> sa.Table:
    """A table to read from or to write into; `columns` are mappings with `name` and `kind`."""
    return sa.Table(name, sa.MetaData(), *(sa.Column(column["name"], type_of(column["kind"])) for column in columns))


def encode(value: Any) -> Any:
    """A value of a row as JSON has it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(value).decode()
    return value


def decoder(kind: str) -> Callable[[Any], Any] | None:
    """What turns a JSON value of a kind back; None when it is the value already."""
    if kind.startswith("numeric"):
        return lambda value: None if value is None else Decimal(value)
    return {
        "date": lambda value: None if value is None else dt.date.fromisoformat(value),
        "datetime": lambda value: None if value is None else dt.datetime.fromisoformat(value),
        "binary": lambda value: None if value is None else base64.b64decode(value),
    }.get(kind)


def describe(catalog: Catalog, metadata: sa.MetaData) -> list[dict[str, Any]]:
    """All tables of a database: `name`, `columns` (`name`, `kind`, `required`, `known`, and `references` with table and what
    happens on deletion), `key` (names of the primary key), `counted` (whether the ids are given by the database).

    `known` is false for columns whose kind is only what the database says.
    """
    tables = []
    for name in sorted(catalog):
        held, table = catalog[name], metadata.tables.get(name)
        columns: list[dict[str, Any]] = []
        for column in held.columns.values():
            known = table is not None and column.name in table.c
            kind = kind_of(table.c[column.name]) if table is not None and known else kind_in(column)
            entry: dict[str, Any] = {"name": column.name, "kind": kind, "required": column.not_null, "known": known}
            key = held.foreign_keys.get(column.name)
            if key is not None:
                entry["references"] = [key.target, key.ondelete]
            columns.append(entry)
        if table is not None:
            key_names = [column.name for column in table.primary_key.columns]
            counted = any(isinstance(column.identity, sa.Identity) for column in table.primary_key.columns)
        else:
            counted = "id" in held.columns
            key_names = ["id"] if counted else [column["name"] for column in columns if column["required"]]
        tables.append({"name": name, "columns": columns, "key": key_names, "counted": counted})
    return tables
