"""Answers for clients with types: `null` for nothing, and records instead of pairs.

The classic answer says `false` for every empty value and `[id, display_name]` for a many2one. A call with `typed_values` in its
context (at `/json/2` also by the header `Prefer: values=typed`) gets the rows of the reading methods so that each field has one
type: an empty text, date, selection, binary, reference or many2one is `null`, a many2one `{"id": 7, "display_name": "Ana"}`.
What a value becomes is decided by its field, never by the value: `false` of a boolean stays `false`, numbers stay 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.model.fields import Field
from server.model.relational import Many2one, ToMany

_Convert = Callable[[Any], Any]

#: Methods that answer rows of fields.
_ROWS = frozenset({"read", "search_read", "get_metadata", "perm_read"})
#: Methods that answer rows in the shape of their argument `specification`.
_SPECIFIED = frozenset({"web_read", "web_search_read", "web_save", "web_save_multi", "web_name_search"})
_GROUPS = frozenset({"read_group", "formatted_read_group"})


def typed(records: Any, method: str, arguments: Mapping[str, Any], result: Any) -> Any:
    """The result of `method` with typed values; that of a method which answers no rows is as it was.

    :param arguments: what the method was called with, by name.
    """
    if method in _ROWS or method == "search_page":
        fields = arguments.get("fields")
        given = fields if isinstance(fields, Mapping) else {}
        if isinstance(result, Mapping):
            return {**result, "records": _rows(records, result.get("records"), given)}
        return _rows(records, result, given)
    if method in _GROUPS:
        return _rows(records, result, groups=True)
    if method in _SPECIFIED:
        specification = arguments.get("specification")
        given = specification if isinstance(specification, Mapping) else {}
        if isinstance(result, Mapping) and isinstance(result.get("records"), list):
            return {**result, "records": _rows(records, result["records"], given)}
        if isinstance(result, Mapping):
            return _row(records, result, given)
        return _rows(records, result, given)
    return result


def _rows(records: Any, rows: Any, specification: Mapping[str, Any] | None = None, groups: bool = False) -> Any:
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], Mapping):
        return rows
    names = rows[0].keys() if not groups else {name for row in rows for name in row}
    converters = _converters(records, names, specification or {}, groups)
    return [_converted(row, converters) for row in rows]


def _row(records: Any, row: Mapping[str, Any], specification: Mapping[str, Any]) -> dict[str, Any]:
    return _converted(row, _converters(records, row.keys(), specification, False))


def _converted(row: Mapping[str, Any], converters: list[tuple[str, _Convert]]) -> dict[str, Any]:
    new = dict(row)
    for name, convert in converters:
        if name in new:
            new[name] = convert(new[name])
    return new


def _converters(records: Any, names: Any, specification: Mapping[str, Any], groups: bool) -> list[tuple[str, _Convert]]:
    """What has to be done to the values of a row, by name; nothing for fields that have one type anyway."""
    found: list[tuple[str, _Convert]] = []
    for name in names:
        path, _colon, part = str(name).partition(":")
        field, many = field_of(records, path if groups else name)
        if field is None:
            continue
        wanted = specification.get(name)
        inner = wanted.get("fields") if isinstance(wanted, Mapping) else None
        convert: _Convert | None = None
        if isinstance(field, (Many2one, ToMany)) and isinstance(inner, Mapping):
            convert = _nested(records.env[field.comodel], inner)
        elif isinstance(field, Many2one):
            convert = _link
        elif nullable(field) or (groups and part):
            convert = _nothing
        if convert is not None:
            found.append((name, _each(convert) if many else convert))
    return found


def field_of(records: Any, path: str) -> tuple[Field | None, bool]:
    """The field at the end of a dotted path, as a row names it (None: there is none), and whether its values are in a list."""
    *way, last = path.split(".")
    many = False
    for step in way:
        link = _own_field(records, step)
        if not isinstance(link, (Many2one, ToMany)):
            return None, False
        many = many or isinstance(link, ToMany)
        records = records.env[link.comodel]
    return _own_field(records, last), many


def _own_field(records: Any, name: str) -> Field | None:
    cls = type(records)
    found: Field | None = cls._fields.get(name) or cls._fields.get(cls._aliases.get(name, ""))
    return found


def nullable(field: Field) -> bool:
    """Whether an empty value of the field is answered as `false`, and `false` means nothing else."""
    return field.wire_null is False and field.type != "boolean" and not isinstance(field, ToMany)


def _each(convert: _Convert) -> _Convert:
    return lambda value: [convert(item) for item in value] if isinstance(value, list) else convert(value)


def _nothing(value: Any) -> Any:
    return None if value is False else value


def _link(value: Any) -> Any:
    if value is False:
        return None
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return {"id": value[0], "display_name": value[1]}
    return value


def _nested(records: Any, specification: Mapping[str, Any]) -> _Convert:
    def convert(value: Any) -> Any:
        if value is False:
            return None
        if isinstance(value, Mapping):
            return _row(records, value, specification)
        return _rows(records, value, specification)

    return convert
