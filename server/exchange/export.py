"""Tables out: rows of cells by the same column paths that `load` reads, so that what was exported can be imported again."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from server.errors import FieldError
from server.exchange.columns import DBID, XMLID, ColumnError, split_path, visible_field
from server.exchange.finder import external_ids, join_names, register
from server.exchange.words import from_utc, keys_by_word, zone
from server.model.fields import Field
from server.model.relational import Many2many, Many2one, Reference, ToMany
from server.model.scalars import Selection
from server.text import render

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Cells without a value.
NOTHING = ""


def export(records: Any, paths: Sequence[str]) -> list[list[Any]]:
    """The rows of `records`; see `External.export_data`.

    :raises FieldError: an unknown column. :raises AccessError: records or fields that the user may not read.
    """
    table = Table(records.env, records._name, [(index, path, split_path(path)) for index, path in enumerate(paths)])
    table.prepare(records)
    rows: list[list[Any]] = []
    for record in records:
        rows += table.rows(record, len(paths))
    return rows


class Table:
    """The columns of one model, and tables of the relations behind them.

    :param columns: (place in the row, path as the caller wrote it, what is left of the path).
    """

    def __init__(self, env: Environment, model: str, columns: Iterable[tuple[int, str, list[str]]]) -> None:
        self.env = env
        self.model = model
        cls = env.models.classes[model]
        #: {place: cell of a record}
        self.cells: dict[int, Callable[[Any], Any]] = {}
        self.below: dict[str, Table] = {}
        self._xmlids: dict[int, str] = {}
        #: relations whose external ids are joined in one cell: (place, field)
        self._joined: list[tuple[int, Field]] = []
        self._needs_xmlids = False
        deeper: dict[str, list[tuple[int, str, list[str]]]] = {}
        for index, path, (name, *rest) in columns:
            if name in (XMLID, DBID) and not rest:
                self.cells[index] = self._xmlid if name == XMLID else _dbid
                self._needs_xmlids = self._needs_xmlids or name == XMLID
                continue
            try:
                field = visible_field(env, cls, name, index, path)
            except ColumnError as error:
                raise FieldError(render(error.text, env.lang)) from None
            if rest and not field.comodel:
                raise FieldError(f"Invalid column {path!r}: {name} of {model} is no relation, so nothing can follow it.")
            if field.type == "one2many" or (rest and not (isinstance(field, Many2many) and rest in ([XMLID], [DBID]))):
                deeper.setdefault(field.name, []).append((index, path, rest))
            elif rest == [XMLID]:
                self._joined.append((index, field))
            elif rest == [DBID]:
                self.cells[index] = _joined_ids(field)
            else:
                self.cells[index] = cell_of(field, env)
        for name, members in deeper.items():
            comodel = cls._fields[name].comodel
            self.below[name] = Table(env, comodel, [(i, path, rest or ["display_name"]) for i, path, rest in members])

    def prepare(self, records: Any) -> None:
        """Check the right to read, and find or make external ids: once for all records of the table."""
        records.check_outside("read")
        if self._needs_xmlids:
            self._xmlids = identify(records)
        self._below_xmlids: dict[int, dict[int, str]] = {}
        for index, field in self._joined:
            self._below_xmlids[index] = identify(linked(records, field))
        for name, table in self.below.items():
            table.prepare(linked(records, records._fields[name]))

    def _xmlid(self, record: Any) -> str:
        return self._xmlids[record._ids[0]]

    def rows(self, record: Any, width: int) -> list[list[Any]]:
        """The rows of one record: lines stand in rows of their own, the first beside the record itself."""
        first: list[Any] = [NOTHING] * width
        for index, cell in self.cells.items():
            first[index] = cell(record)
        for index, field in self._joined:
            known = self._below_xmlids[index]
            first[index] = ",".join(known[i] for i in reach(record, field)._ids)
        rows = [first]
        for name, table in self.below.items():
            line = 0
            for each in reach(record, record._fields[name]):
                for cells in table.rows(each, width):
                    if line >= len(rows):
                        rows.append([NOTHING] * width)
                    for index in table.places():
                        rows[line][index] = cells[index]
                    line += 1
        return rows

    def places(self) -> list[int]:
        """The places in the row that this table and those below it fill."""
        return [
            *self.cells,
            *(index for index, _f in self._joined),
            *(i for table in self.below.values() for i in table.places()),
        ]


def reach(record: Any, field: Field) -> Any:
    """The records behind a relation of one record."""
    return record._many2one(field) if isinstance(field, Many2one) else field.__get__(record)


def linked(records: Any, field: Field) -> Any:
    """The records behind a relation of all records."""
    return records._many2one(field) if isinstance(field, Many2one) else records._union_of(field)


def identify(records: Any) -> dict[int, str]:
    """{id: external id} of the records; those that have none get `__export__.<model>_<id>_<hash>`."""
    env, model = records.env, records._name
    found = external_ids(env, model, records._ids)
    name = model.replace(".", "_")
    made = {id: f"__export__.{name}_{id}_{secrets.token_hex(4)}" for id in records._ids if id not in found}
    register(env, [(xmlid, model, id) for id, xmlid in made.items()])
    return {**found, **made}


def _dbid(record: Any) -> str:
    return str(record._ids[0])


def _joined_ids(field: Field) -> Callable[[Any], Any]:
    def cell(record: Any) -> str:
        return ",".join(str(i) for i in reach(record, field)._ids)

    return cell


def cell_of(field: Field, env: Environment) -> Callable[[Any], Any]:
    """What a field of a record looks like in a cell."""
    if isinstance(field, ToMany):

        def names(record: Any) -> str:
            return join_names(each.display_name or "" for each in reach(record, field))

        return names
    if isinstance(field, Many2one):

        def name(record: Any) -> str:
            return reach(record, field).display_name or NOTHING

        return name
    show = _shower(field, env)

    def cell(record: Any) -> Any:
        value = record._raw(field)
        return show(field.null if value is None else value)

    return cell


def _shower(field: Field, env: Environment) -> Callable[[Any], Any]:
    """What turns a cache value into a cell."""
    if isinstance(field, Selection):
        words = keys_by_word(field, env)
        labels = {key: render(label, env.lang) for key, label in field.options(env)}

        def label(value: Any) -> Any:
            text = labels.get(value, value)
            return NOTHING if value is None else text if words.get(text) == value else value

        return label
    if field.type == "datetime":
        here = zone(env)
        return lambda value: NOTHING if value is None else from_utc(value, here)
    if field.type == "json":
        return lambda value: NOTHING if value is None else json.dumps(value, ensure_ascii=False, default=str)
    if field.type in ("float", "monetary"):
        return number
    if isinstance(field, Reference) or field.type in ("boolean", "integer", "many2one_reference"):
        return lambda value: NOTHING if value is None else value

    def plain(value: Any) -> Any:
        wire = field.wire(value)
        return NOTHING if wire is None or wire is False else wire

    return plain


def number(value: Decimal) -> float | str:
    """A number as a double; as its digits when a double would not give them back."""
    double = float(value)
    return double if Decimal(repr(double)) == value else str(value)
