"""From what is known of an error to a path in the request: which argument, and where the client has put it.

`server.whereabouts` tells the way from an argument to the refused value. Here it is joined to the place of the argument in the
envelope (each door has its own), checked against what the client has really sent, and put on the exception as `path`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from server import whereabouts
from server.errors import FieldError
from server.rpc import arguments

if TYPE_CHECKING:
    from server.rpc.dispatcher import Call
    from server.whereabouts import Step

#: Record methods whose argument is values, with the place of that argument among the parameters.
VALUES = {"create": 0, "write": 0, "copy": 0}


#: Arguments of record methods that name fields.
NAMING = frozenset(
    {
        "domain", "fields", "field_names", "allfields", "fields_list", "fields_to_export", "order", "orderby", "groupby",
        "aggregates", "having", "specification",
    }
)  # fmt: skip
_WORD = re.compile(r"[\s,.:()/]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in the request the arguments of a call stand.

    :ivar args: steps to the list of positional arguments. :ivar first: index of the first of them in that list.
    :ivar kwargs: steps to the mapping of keyword arguments.
    """

    args: tuple[Step, ...] = ("args",)
    first: int = 0
    kwargs: tuple[Step, ...] = ("kwargs",)


def locate(error: BaseException, call: Call, method: Any, env: Any) -> None:
    """Put on `error` the path of the refused value in the request (`error.path`, a tuple of keys and indexes), if it is known."""
    names = list(method.signature.parameters)
    inner = getattr(error, "path", None)
    if call.model == arguments.BATCH and inner and inner[0] == "calls":
        place, _given = _argument(call, method, 0, "calls")
        if place is not None:
            error.path = (*place, *inner[1:])  # type: ignore[attr-defined]
        return
    values_at = VALUES.get(method.name)
    if values_at is not None and values_at < len(names):
        name = names[values_at]
        if whereabouts.of(error) is None:
            _guess(error, call, method, name, env)
        whereabouts.argument(error, name)
    where = whereabouts.of(error)
    if where is None and isinstance(error, FieldError):
        _point_at_name(error, call, method, names)
        return
    if where is None or not where.argument or not where.steps or where.steps[0] not in names:
        return
    name, *rest = where.steps
    place, given = _argument(call, method, names.index(name), str(name))
    if place is None:
        return
    if method.name in ("create", "copy") and isinstance(given, Mapping) and rest and isinstance(rest[0], int):
        rest = rest[1:]  # one mapping: instead of a list of one, or for all copies
    error.path = (*place, *whereabouts.found_in(given, rest))  # type: ignore[attr-defined]


def _argument(call: Call, method: Any, index: int, name: str) -> tuple[tuple[Step, ...] | None, Any]:
    """Steps to an argument in the request, and its value as it was given; (None, None) when it was not."""
    origin = call.origin
    number = index if method.model or "ids" in call.kwargs and not call.args else index + 1
    if number < len(call.args):
        return (*origin.args, origin.first + number), call.args[number]
    known_as = [name, *(old for old, new in arguments.OLD_KEYWORDS.get(method.name, {}).items() if new == name)]
    for key in known_as:
        if key in call.kwargs:
            return (*origin.kwargs, key), call.kwargs[key]
    return None, None


def _point_at_name(error: FieldError, call: Call, method: Any, names: list[str]) -> None:
    """The place of a wrong field among the arguments that name fields: in a domain, a list of names, an order."""
    field, term = error.data.get("field"), getattr(error, "term", None)
    if not isinstance(field, str):
        return
    for index, name in enumerate(names):
        if name in NAMING:
            place, given = _argument(call, method, index, name)
            steps = _named_in(given, field, term) if place is not None else None
            if place is not None and steps is not None:
                error.path = (*place, *steps)  # type: ignore[attr-defined]
                return


def _named_in(given: Any, field: str, term: Any) -> tuple[Step, ...] | None:
    if isinstance(given, str):
        return () if field in _WORD.split(given) else None
    if isinstance(given, Mapping):
        return (field,) if field in given else None
    for index, item in enumerate(given) if isinstance(given, (list, tuple)) else ():
        if isinstance(item, (list, tuple)) and len(item) == 3:
            if term is not None and item[0] == term[0] and item[2] == term[2]:
                return (index,)
        elif term is None and isinstance(item, str) and field in _WORD.split(item):
            return (index,)
    return None


def _guess(error: BaseException, call: Call, method: Any, name: str, env: Any) -> None:
    """A refusal that names a field of the model which this call has given: that is the one."""
    data = getattr(error, "data", None)
    if not isinstance(data, dict) or data.get("model") != getattr(env[call.model], "_name", None):
        return
    fields = [data["field"]] if data.get("field") else data.get("fields") or []
    _place, given = _argument(call, method, 0, name)
    rows = [given] if isinstance(given, Mapping) else given if isinstance(given, (list, tuple)) else []
    if len(rows) != 1 or not isinstance(rows[0], Mapping):
        return
    named = [field for field in fields if field in rows[0]]
    if len(named) == 1:
        whereabouts.at(error, *((0,) if method.name == "create" else ()), named[0])
