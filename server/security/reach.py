"""How far a call reaches beyond its model: what an API key that is for some models may not see or change by a detour.

`res.partner` read with the path `user_id.login`, searched by it, or written with a command that makes a user, is about
`res.users` too. So a key whose scope names models is asked about every model that the arguments of a record method lead to.
The name of a linked record (`[id, display_name]`) comes with the link itself. Actions take arguments of their own meaning and
are not looked into: what they do inside follows the rights of the user.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.model.modelset import ModelSet

Reached = tuple[str, str]

#: Parameters of record methods that hold names and paths, domains, specifications, values.
_PATHS = frozenset("fields field_names groupby aggregates fields_to_export order orderby sort allfields fields_list".split())
_DOMAINS = frozenset({"domain", "args", "having"})
_SPECIFICATIONS = frozenset({"specification", "fields_spec"})
_VALUES = frozenset({"vals", "vals_list", "values", "default"})

#: x2many commands → what they do with records of the other model. Linking (3, 4, 5, 6) changes only the link.
_COMMANDS = {0: "create", 1: "write", 2: "unlink"}


def reached(
    models: ModelSet, model: str, method: str, arguments: Mapping[str, Any], context: Mapping[str, Any] | None = None
) -> Iterator[Reached]:
    """(model, operation) of everything that the bound `arguments` of a record method lead to, `model` itself left out.

    :param context: of the call: its `default_<field>` are values too, of each record that the call makes.
    """
    makes = {model}
    for other, operation in _of_arguments(models, model, method, arguments):
        if operation == "create":
            makes.add(other)
        yield other, operation
    yield from _of_defaults(models, makes, context or {})


def _of_defaults(models: ModelSet, makes: set[str], context: Mapping[str, Any]) -> Iterator[Reached]:
    """What the defaults in the context lead to when records of the models in `makes` are made; which makes others, perhaps."""
    defaults = {name[8:]: value for name, value in context.items() if name.startswith("default_")}
    left, done = list(makes) if defaults else [], set(makes)
    while left:
        for other, operation in _values(models, left.pop(), defaults):
            if operation == "create" and other not in done:
                done.add(other)
                left.append(other)
            yield other, operation


def _of_arguments(models: ModelSet, model: str, method: str, arguments: Mapping[str, Any]) -> Iterator[Reached]:
    for name, value in arguments.items():
        if name in _PATHS:
            for operation in ("create", "write") if method == "load" else ("read",):
                yield from ((other, operation) for other in _paths(models, model, value))
        elif name in _DOMAINS:
            yield from ((other, "read") for other in _domain(models, model, value))
        elif name in _SPECIFICATIONS:
            yield from ((other, "read") for other in _specification(models, model, value))
        elif name in _VALUES:
            for vals in value if isinstance(value, (list, tuple)) else (value,):
                yield from _values(models, model, vals)


def _comodel(models: ModelSet, model: str, name: str) -> str | None:
    """The model that a field leads to, None for fields that lead nowhere (and names that are none: refused elsewhere)."""
    cls = models.find(model)
    field = cls._fields.get(cls._aliases.get(name, name)) if cls is not None else None
    found: str | None = getattr(field, "comodel", None)
    return found or None


def _walk(models: ModelSet, model: str, names: list[str]) -> Iterator[str]:
    for name in names:
        other = _comodel(models, model, name)
        if other is None:
            return
        yield other
        model = other


def _paths(models: ModelSet, model: str, value: Any) -> Iterator[str]:
    """Models behind names such as `partner_id.name`, `line_ids/product_id/name`, `amount:sum` or `date desc, user_id.login`."""
    if isinstance(value, Mapping):
        yield from _specification(models, model, value)
        return
    for item in value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else ():
        if not isinstance(item, str):
            continue
        path = item.strip().split(" ")[0]
        _alias, bracket, inner = path.partition("(")  # `alias:agg(path)`
        names = (inner.rstrip(")") if bracket else path.split(":")[0]).replace("/", ".").split(".")
        if names[-1] in ("id", ".id", ""):
            # `parent_id/id`: the external id of the linked record, which comes with the link like its name.
            names = names[:-1]
        yield from _walk(models, model, [name for name in names if name][:-1])


def _domain(models: ModelSet, model: str, value: Any) -> Iterator[str]:
    for term in value if isinstance(value, (list, tuple)) else ():
        if not isinstance(term, (list, tuple)) or len(term) != 3 or not isinstance(term[0], str):
            continue
        names = term[0].split(".")
        yield from _walk(models, model, names[:-1])
        if str(term[1]).strip().lower() in ("any", "not any"):
            found = list(_walk(models, model, names))
            if len(found) == len(names):
                yield found[-1]
                yield from _domain(models, found[-1], term[2])


def _specification(models: ModelSet, model: str, value: Any) -> Iterator[str]:
    for name, inner in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(name, str):
            continue
        names = name.split(".")
        yield from _walk(models, model, names[:-1])
        if isinstance(inner, Mapping) and (inner.get("fields") or inner.get("order")):
            found = list(_walk(models, model, names))
            if found:
                yield found[-1]
                yield from _specification(models, found[-1], inner.get("fields"))
                yield from _paths(models, found[-1], inner.get("order") or "")


def _values(models: ModelSet, model: str, vals: Any) -> Iterator[Reached]:
    for name, value in vals.items() if isinstance(vals, Mapping) else ():
        other = _comodel(models, model, name) if isinstance(name, str) and isinstance(value, (list, tuple)) else None
        if other is None:
            continue
        for command in value:
            if isinstance(command, Mapping):  # values without a command around them create
                command = (0, 0, command)
            if not isinstance(command, (list, tuple)) or not command:
                continue
            operation = _COMMANDS.get(command[0]) if isinstance(command[0], int) else None
            if operation is not None:
                yield other, operation
            if len(command) > 2:
                yield from _values(models, other, command[2])
