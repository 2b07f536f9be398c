"""Statements that run thousands of times an hour: compiled once, then handed to the driver as they are.

SQLAlchemy's execution costs more than PostgreSQL's own work for a row by its key. A `Prepared` keeps the Core statement as its
only source, compiles it on first use, and afterwards sends text and values straight to psycopg's cursor, with the statement's own
value processors and the engine's events (statement counters see it). Where that cannot be (other databases, expanding parameters)
it executes the Core statement as usual.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import orjson
import sqlalchemy as sa


class Prepared:
    """A Core statement for repeated use; `run` gives its rows as tuples."""

    __slots__ = ("_fast", "statement")

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self._fast: Fast | None | bool = None

    def run(self, connection: sa.Connection, parameters: dict[str, Any]) -> list[Any]:
        """Execute with `parameters`; rows, or an empty list for a statement without any.

        :raises sqlalchemy.exc.DBAPIError: as `Connection.execute` does.
        """
        fast = self._fast
        if fast is None:
            fast = self._fast = Fast.of(self.statement, connection) or False
        if fast:
            return fast.run(connection, parameters)  # type: ignore[union-attr]
        result = connection.execute(self.statement, parameters)
        return list(result) if result.returns_rows else []


class Fast:
    """What psycopg needs: text, fixed values, value processors in and out."""

    __slots__ = ("binds", "fixed", "results", "text", "types")

    def __init__(self, text: str, fixed: dict[str, Any], binds: list[tuple[str, Any]], types: list[Any]) -> None:
        self.text = text
        self.fixed = fixed
        self.binds = binds
        self.types = types
        #: (position, processor) of the columns that psycopg does not give as they shall be; known after the first answer
        self.results: list[tuple[int, Any]] | None = None

    @classmethod
    def of(cls, statement: Any, connection: sa.Connection) -> Fast | None:
        """The compiled form; None where the statement needs SQLAlchemy at each execution."""
        dialect = connection.dialect
        if dialect.name != "postgresql" or dialect.driver != "psycopg":
            return None
        compiled = statement.compile(dialect=dialect)
        if compiled.post_compile_params or compiled.literal_execute_params or compiled.escaped_bind_names:
            return None
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        types = [column.type for column in getattr(compiled, "_result_columns", ())]
        return cls(compiled.string, fixed, list(compiled._bind_processors.items()), types)

    def run(self, connection: sa.Connection, parameters: dict[str, Any]) -> list[Any]:
        """Execute on the driver's cursor."""
        values = {**self.fixed, **parameters}
        for name, process in self.binds:
            values[name] = process(values.get(name))
        rows, cursor = send(connection, self.text, values)
        if self.results is None:
            if not rows:
                return rows
            codes = [column.type_code for column in cursor.description]
            found = [
                (n, kind._cached_result_processor(connection.dialect, code))
                for n, (kind, code) in enumerate(zip(self.types, codes, strict=True))
            ]
            self.results = [(n, process) for n, process in found if process is not None]
        if not rows or not self.results:
            return rows
        changed = []
        for row in rows:
            cells = list(row)
            for position, process in self.results:
                cells[position] = process(cells[position])
            changed.append(tuple(cells))
        return changed


def send(connection: sa.Connection, text: str, values: dict[str, Any]) -> tuple[list[Any], Any]:
    """Send text and values to psycopg as they are; its rows, and the cursor for their description."""
    cursor = connection.connection.cursor()
    module: Any = connection.dialect.loaded_dbapi
    try:
        if connection._has_events or connection.engine._has_events:
            connection.dispatch.before_cursor_execute(connection, cursor, text, values, None, False)
        cursor.execute(text, values)
        answer: Any = cursor.pgresult  # `description` would make an object per column
        return (list(cursor.fetchall()) if answer is not None and answer.nfields else []), cursor
    except module.Error as error:
        # SQLAlchemy's own way on: it sees a lost connection, and the engine's listeners hear of the error
        connection._handle_dbapi_exception(error, text, values, cursor, None)
        raise


class BulkInsert:
    """INSERT of any number of rows with one constant text (PostgreSQL): the rows as one JSON document, taken apart in order.

    One text instead of an array per column: the driver would look at every value of an array by itself. Identity values are taken
    in the order of the rows, so the new ids in ascending order are those of the rows.

    :param constant: columns whose value is the same in all rows.
    :param returning: False when nobody asks for the new ids, or the table has none.
    """

    __slots__ = ("_constant", "_varying", "text")

    def __init__(
        self,
        table: sa.Table,
        columns: list[str],
        dialect: sa.Dialect,
        constant: Collection[str] = (),
        returning: bool = True,
    ) -> None:
        quote = dialect.identifier_preparer.quote
        self._constant = [(f"c{n}", name) for n, name in enumerate(columns) if name in constant]
        self._varying = [(f"c{n}", name) for n, name in enumerate(columns) if name not in constant]
        kinds = {name: table.c[name].type.compile(dialect).partition("(")[0] for name in columns}
        members = ", ".join(f"{alias} {kinds[name]}" for alias, name in self._varying)
        picked = [f"CAST(%({alias})s AS {kinds[name]})" for alias, name in self._constant]
        picked += [f"v.{alias}" for alias, _name in self._varying]
        names = ", ".join(quote(name) for _alias, name in (*self._constant, *self._varying))
        aliases = ", ".join(alias for alias, _name in self._varying)
        self.text = (
            f"INSERT INTO {quote(table.name)} ({names}) SELECT {', '.join(picked)} "
            f"FROM ROWS FROM (json_to_recordset(CAST(%(rows)s AS json)) AS ({members})) "
            f"WITH ORDINALITY AS v({aliases}, place) ORDER BY v.place"
        )
        if returning:
            self.text += f" RETURNING {quote(table.name)}.id"

    def run(self, connection: sa.Connection, rows: list[dict[str, Any]]) -> list[int]:
        """Insert the rows; their ids in order, when they are asked for."""
        first = rows[0]
        values: dict[str, Any] = {alias: _constant(first[name]) for alias, name in self._constant}
        values["rows"] = document([{alias: row[name] for alias, name in self._varying} for row in rows])
        answer, _cursor = send(connection, self.text, values)
        return sorted(int(r[0]) for r in answer)


def document(rows: list[Any]) -> str:
    """Values as JSON that PostgreSQL reads back into columns: numbers with all their digits, bytes in hexadecimal."""
    try:
        return orjson.dumps(rows, _plain, orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # whole numbers of more than 64 bits in a JSON column
        return json.dumps(rows, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "\\x" + bytes(value).hex()
    return str(value)


def _constant(value: Any) -> Any:
    return json.dumps(value, default=str) if isinstance(value, (dict, list)) else value
