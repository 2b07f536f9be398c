"""Calling every public method of an addon once, on no record and on a record made for it, as a program from outside would."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from server.errors import ColcaError

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment

#: Methods of the record layer itself; they have tests of their own.
BUILTIN_MODULES = ("server.model.",)


class _Undo(Exception):
    """Ends a transaction without keeping anything."""


def call_actions(database: Database, addon: str, skip: frozenset[str] = frozenset()) -> list[str]:
    """Call every public method that the definitions of `addon` mark, if it can be called without arguments.

    :return: what went wrong, a line each: any exception that is not a refusal in words.
    """
    problems: list[str] = []
    for model, method in _methods(database, addon):
        if f"{model}.{method.name}" in skip or _required(method):
            continue
        for what, records in (("no record", _none), ("one record", _one)):
            error = _try(database, model, method, records)
            if error is not None:
                problems.append(f"{model}.{method.name} on {what}: {type(error).__name__}: {error}")
            if method.model:
                break
    return problems


def _methods(database: Database, addon: str) -> list[tuple[str, Any]]:
    found = []
    registry = database.registry
    models = registry.for_enabled(registry.names)
    for name, parts in registry.definitions.items():
        mine = [definition for owner, definition in parts if owner == addon]
        if name in models.classes:
            for method in models.classes[name].public_methods().values():
                if any(method.name in vars(definition) for definition in mine):
                    found.append((name, method))
    return found


def _required(method: Any) -> list[str]:
    """Names of arguments a caller must give."""
    return [
        parameter.name
        for parameter in method.parameters
        if parameter.default is inspect.Parameter.empty
        and parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    ]


def _try(database: Database, model: str, method: Any, records: Callable[[Environment, str], Any]) -> Exception | None:
    try:
        with database.transaction() as env:
            subject = records(env, model)
            if subject is None:
                return None  # such a record cannot be made without knowing the business
            getattr(subject, method.name)()
            env.flush()
            raise _Undo
    except _Undo:
        return None
    except ColcaError:
        return None
    except Exception as error:
        if isinstance(error, ValueError) and "singleton" in str(error):
            return None  # a method for one record says so at the door
        # anything else is what this test looks for
        return error


def _none(env: Environment, model: str) -> Any:
    return env[model]


def _one(env: Environment, model: str) -> Any:
    found = env[model].search([], limit=1)
    return found or sample(env, model)


def sample(env: Environment, model: str, depth: int = 0) -> Any:
    """A new record with its required fields filled with something plausible, or None when that is refused."""
    if depth > 3:
        return None
    records = env[model]
    fields = type(records)._fields
    given = records.default_get(list(fields))
    values: dict[str, Any] = {}
    for field in fields.values():
        if not field.required or field.readonly or field.name in given or not (field.stored or field.inherited_from):
            continue
        if field.type == "many2one":
            other = env[field.comodel].search([], limit=1) or sample(env, field.comodel, depth + 1)
            if not other:
                return None
            values[field.name] = other.id
        else:
            values[field.name] = plausible(env, field)
    try:
        with env.transaction.connection.begin_nested():
            made = records.create(values)
            env.flush()
    except Exception:  # not every record can be made blindly; the methods are then called on none
        return None
    return made


def plausible(env: Environment, field: Any) -> Any:
    """A value that a field of this type accepts."""
    if field.type == "selection":
        options = field.options(env)
        return options[0][0] if options else None
    return {
        "char": "Sample",
        "text": "Sample",
        "html": "<p>Sample</p>",
        "integer": 1,
        "float": Decimal(1),
        "monetary": Decimal(1),
        "boolean": True,
        "date": date(2026, 1, 15),
        "datetime": datetime(2026, 1, 15, 12, 0, 0),
        "json": {},
    }.get(field.type)
