"""Small helpers on values that come through a door: aliases, numbers as text, x2many commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server import UserError, _

X2MANY = ("one2many", "many2many")


def as_rows(vals: Any) -> list[dict[str, Any]]:
    """`vals` of a create call as a list of fresh dicts."""
    return [dict(vals)] if isinstance(vals, Mapping) else [dict(row) for row in vals]


def cleaned(records: Any, vals: Mapping[str, Any]) -> dict[str, Any]:
    """`vals` under the fields' own names, scalar values as Python values (ids, Decimal, date); relations to many as they are.

    :raises FieldError: for an unknown field or a value of the wrong kind.
    """
    fields, aliases, env = records._fields, records._aliases, records.env
    result: dict[str, Any] = {}
    for name, value in vals.items():
        name = aliases.get(name, name)
        field = fields.get(name)
        result[name] = value if field is None or field.type in X2MANY else field.coerce(value, env)
    return result


def linked_ids(value: Any) -> list[int]:
    """The ids that a many2many value of a create call links: commands 4 and 6, bare ids, or a record set.

    Creating records inside it (command 0) is refused: taxes are not made while a line is written.
    """
    if not value:
        return []
    if hasattr(value, "ids"):
        return list(value.ids)
    ids: dict[int, None] = {}
    for command in value:
        if isinstance(command, int) and not isinstance(command, bool):
            ids[command] = None
        elif command[0] == 4:
            ids[int(command[1])] = None
        elif command[0] == 6:
            ids = dict.fromkeys(int(id) for id in command[2] or ())
        elif command[0] == 5:
            ids = {}
        elif command[0] == 3:
            ids.pop(int(command[1]), None)
        else:
            raise UserError(_("Taxes can only be chosen on a line, not created. Create the tax first, then use its id."))
    return list(ids)


def created_values(commands: Any) -> list[dict[str, Any]]:
    """The mappings of the create commands in a one2many value; bare mappings count as create commands."""
    found: list[dict[str, Any]] = []
    for command in commands or ():
        if isinstance(command, Mapping):
            found.append(dict(command))
        elif isinstance(command, Sequence) and not isinstance(command, str) and command and command[0] == 0:
            found.append(dict(command[2]))
    return found


def by_id(records: Any) -> dict[int, Any]:
    """id → record, sharing one prefetch."""
    return {record.id: record for record in records}


def allowed(records: Any, operation: str = "write") -> Any:
    """The records, after checking that the user may `operation` them; superuser mode passes."""
    return records if records.env.su else records.check_outside(operation)


def unique(values: Iterable[Any]) -> list[Any]:
    """The values that are not empty, without doubles, in order."""
    return [value for value in dict.fromkeys(values) if value]
