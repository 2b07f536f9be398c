"""The arguments of methods, in every client's way to say them: nothing as `""`, `false` or `null`, numbers as strings, one name
for a list.

The record methods have their parameters described here (`RECORD_METHODS`). Those of an addon's actions are read from their
annotations (`readers_of`): `str`, `int`, `bool`, `list`, `dict`, each also with `| None`; any other annotation lets the value
through as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from server.rpc.errors import ArgumentError, ValueRefused
from server.rpc.values import INT64, nothing, shown
from server.text import _

#: Terms and operators in one domain. Ids in an `in` list do not count.
MAX_DOMAIN = 2_000
#: How often `&`, `|` and `!` may alternate, and how deep lists may be nested, in a domain.
MAX_DOMAIN_DEPTH = 40


def check_domain(value: Any, name: str, method: str) -> list[Any]:
    """A domain of bounded size; its terms are judged by the record layer.

    :raises ValueRefused: when it is no list, too long, or its operators alternate too often.
    """
    if nothing(value):
        return []
    if not isinstance(value, (list, tuple)):
        raise ValueRefused(
            _(
                "%(method)s: %(name)s must be a domain (a list of terms); %(value)s is none.",
                method=method,
                name=name,
                value=shown(value),
            )
        )
    _check_domain(value, 0)
    return list(value)


def _check_domain(domain: Any, level: int) -> None:
    if len(domain) > MAX_DOMAIN:
        raise ValueRefused(
            _(
                "The domain has %(count)s terms; at most %(limit)s are taken. Use an `in` list for many values.",
                count=len(domain),
                limit=MAX_DOMAIN,
            )
        )
    if level > MAX_DOMAIN_DEPTH:
        raise _too_deep()
    # Open operators of the prefix notation: [operator, operands still to come]. A run of the same operator is one level.
    pending: list[list[Any]] = []
    depth = level
    for item in domain:
        if isinstance(item, str) and item in ("&", "|", "!"):
            if not pending or pending[-1][0] != item:
                depth += 1
            pending.append([item, 1 if item == "!" else 2])
            if depth > MAX_DOMAIN_DEPTH:
                raise _too_deep()
            continue
        if (
            isinstance(item, (list, tuple))
            and len(item) == 3
            and isinstance(item[2], (list, tuple))
            and str(item[1]).strip().lower() in ("any", "not any")
        ):
            _check_domain(item[2], depth + 1)
        while pending:
            pending[-1][1] -= 1
            if pending[-1][1] > 0:
                break
            closed = pending.pop()
            if not pending or pending[-1][0] != closed[0]:
                depth -= 1


def _too_deep() -> ValueRefused:
    return ValueRefused(_("The domain is nested deeper than %(limit)s levels.", limit=MAX_DOMAIN_DEPTH))


def _domain(value: Any, name: str, method: str) -> list[Any]:
    return check_domain(value, name, method)


def _offset(value: Any, name: str, method: str) -> int:
    return _number(value, name, method) or 0


def _limit(value: Any, name: str, method: str) -> int | None:
    return _number(value, name, method) or None


def _number(value: Any, name: str, method: str) -> int | None:
    if nothing(value):
        return None
    number = value
    if type(number) is str:
        try:
            number = int(number)
        except ValueError:
            number = None
    elif type(number) is float and number.is_integer():
        number = int(number)
    if type(number) is not int or not 0 <= number < INT64:
        raise ValueRefused(
            _(
                "%(method)s: %(name)s must be a whole number from 0; %(value)s is none.",
                method=method,
                name=name,
                value=shown(value),
            )
        )
    return number


def _text(value: Any, name: str, method: str) -> str | None:
    if nothing(value):
        return None
    if not isinstance(value, str):
        raise ValueRefused(
            _("%(method)s: %(name)s must be a text; %(value)s is none.", method=method, name=name, value=shown(value))
        )
    if len(value) > 10_000:
        raise ValueRefused(_("%(method)s: %(name)s is longer than 10,000 characters.", method=method, name=name))
    return value


def _order(value: Any, name: str, method: str) -> str | None:
    """A text; old clients fill the places before the context with zeros."""
    return None if type(value) is int and value == 0 else _text(value, name, method)


def _word(value: Any, name: str, method: str) -> str:
    return _text(value, name, method) or ""


def _operator(value: Any, name: str, method: str) -> str:
    return _text(value, name, method) or "ilike"


def _names(value: Any, name: str, method: str) -> list[str] | None:
    """A list of names; nothing and an empty list mean all (None)."""
    if nothing(value) or (isinstance(value, (list, tuple, Mapping)) and not value):
        return None
    if isinstance(value, str):
        return [value]
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueRefused(
            _("%(method)s: %(name)s must be a list of names; %(value)s is none.", method=method, name=name, value=shown(value))
        )
    if len(value) > 2_000:
        raise ValueRefused(
            _("%(method)s: %(name)s has %(count)s names; at most 2,000 are taken.", method=method, name=name, count=len(value))
        )
    return list(value)


def _fields(value: Any, name: str, method: str) -> Any:
    """A list of names or dotted paths, or a specification."""
    return dict(value) if isinstance(value, Mapping) and value else _names(value, name, method)


def _name_list(value: Any, name: str, method: str) -> list[str]:
    return _names(value, name, method) or []


def _mapping(value: Any, name: str, method: str) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueRefused(
            _(
                "%(method)s: %(name)s must be a mapping of field names to values; %(value)s is none.",
                method=method,
                name=name,
                value=shown(value),
            )
        )
    return dict(value)


def _optional_mapping(value: Any, name: str, method: str) -> dict[str, Any] | None:
    return None if nothing(value) else _mapping(value, name, method)


def _mappings(value: Any, name: str, method: str) -> Any:
    if isinstance(value, (list, tuple)):
        return [_mapping(item, name, method) for item in value]
    return _mapping(value, name, method)


def _views(value: Any, name: str, method: str) -> list[tuple[Any, str]]:
    """Pairs of a view (a name, a number, or nothing) and its kind."""
    pairs: list[Any] = list(value) if isinstance(value, (list, tuple)) else [None]
    for pair in pairs:
        if (
            not isinstance(pair, (list, tuple))
            or len(pair) != 2
            or not isinstance(pair[1], str)
            or isinstance(pair[0], (list, Mapping))
        ):
            raise ValueRefused(
                _(
                    "%(method)s: %(name)s must be pairs [view, kind]; %(value)s is none.",
                    method=method,
                    name=name,
                    value=shown(pair),
                )
            )
    return pairs


def _table(value: Any, name: str, method: str) -> list[list[Any]]:
    """Rows of cells."""
    rows: Any = [] if nothing(value) else value
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, (list, tuple)) for row in rows):
        raise ValueRefused(
            _("%(method)s: %(name)s must be a list of rows, each a list of cells; %(value)s is none.",
              method=method, name=name, value=shown(value))
        )  # fmt: skip
    return list(rows)


_Reader = Callable[[Any, str, str], Any]

#: method → {parameter → reader}: what the record methods take, whatever the client's way to say it.
RECORD_METHODS: dict[str, dict[str, _Reader]] = {
    "search": {"domain": _domain, "offset": _offset, "limit": _limit, "order": _order},
    "search_count": {"domain": _domain, "limit": _limit},
    "search_read": {"domain": _domain, "fields": _fields, "offset": _offset, "limit": _limit, "order": _order},
    "search_fetch": {"domain": _domain, "field_names": _names, "offset": _offset, "limit": _limit, "order": _order},
    "read": {"fields": _fields},
    "create": {"vals_list": _mappings, "vals": _mappings},
    "write": {"vals": _mapping},
    "write_multi": {"vals_list": _mappings},
    "copy": {"default": _optional_mapping},
    "copy_data": {"default": _optional_mapping},
    "name_search": {"name": _word, "domain": _domain, "operator": _operator, "limit": _limit},
    "name_create": {"name": _word},
    "default_get": {"fields": _name_list, "fields_list": _name_list},
    "fields_get": {"allfields": _names, "attributes": _names},
    "read_group": {
        "domain": _domain, "fields": _name_list, "groupby": _name_list,
        "offset": _offset, "limit": _limit, "orderby": _order,
    },
    "formatted_read_group": {
        "domain": _domain, "groupby": _name_list, "aggregates": _name_list, "having": _domain,
        "offset": _offset, "limit": _limit, "order": _order,
    },
    "onchange": {"values": _mapping, "field_names": _name_list, "fields_spec": _optional_mapping},
    "search_page": {"domain": _domain, "fields": _fields, "limit": _limit, "order": _order, "cursor": _text},
    "web_read": {"specification": _mapping},
    "web_save": {"vals": _mapping, "specification": _mapping, "next_id": _limit},
    "web_save_multi": {"vals_list": _mappings, "specification": _mapping},
    "web_name_search": {
        "name": _word, "specification": _optional_mapping, "domain": _domain, "operator": _operator, "limit": _limit,
    },
    "web_search_read": {
        "domain": _domain, "specification": _optional_mapping,
        "offset": _offset, "limit": _limit, "order": _order, "count_limit": _limit,
    },
    "load": {"fields": _name_list, "data": _table},
    "export_data": {"fields_to_export": _name_list},
    "get_views": {"views": _views, "options": _optional_mapping},
    "check_access_rights": {"operation": _word},
    "check_access": {"operation": _word},
    "has_access": {"operation": _word},
}  # fmt: skip

#: reader → the shape of what it reads, for those who describe methods.
SHAPES: dict[_Reader, str] = {
    _domain: "domain", _offset: "offset", _limit: "limit", _text: "text", _word: "word", _operator: "word", _names: "names",
    _name_list: "names", _fields: "names", _table: "table", _mapping: "values", _optional_mapping: "values?",
    _mappings: "values+", _views: "views",
}  # fmt: skip

#: Methods that never write: they run in a read transaction without asking the model.
READONLY = frozenset(
    "search search_count search_read search_fetch read exists name_search name_get default_get fields_get fields_get_keys "
    "read_group"
    " formatted_read_group web_read web_search_read web_name_search get_metadata perm_read check_access_rights check_access "
    "has_access"
    " copy_data get_views search_page".split()
)

#: The model whose method `execute` does a batch of calls.
BATCH = "ir.api.batch"

#: Methods to which `default_<field>` in the context says something.
WITH_DEFAULTS = frozenset({"create", "default_get", "name_create", "onchange", "web_save", "load"})

#: Older names of parameters that clients still use.
OLD_KEYWORDS: dict[str, dict[str, str]] = {
    "name_search": {"args": "domain"},
    "default_get": {"fields_list": "fields"},
    "read": {"field_names": "fields"},
    "create": {"vals": "vals_list"},
    "search": {"args": "domain"},
    "search_count": {"args": "domain"},
    "fields_get": {"fields": "allfields"},
}

#: Positional parameters of older versions that stood between the known ones and the context.
OLD_POSITIONS: dict[str, tuple[str, ...]] = {"search": ("count",)}

#: Where a mapping that comes last was the context in older versions, although newer ones have a parameter there: from this place
#: on (after the ids) the method takes no mapping of its own.
OLD_CONTEXT: dict[str, int] = {
    "search": 1, "search_count": 1, "search_read": 2, "read": 1, "fields_get": 1, "default_get": 1, "name_search": 2,
}  # fmt: skip


# -- arguments of actions, by their annotations ------------------------------------------------------------------------------

_KINDS: dict[str, tuple[tuple[type, ...], Any]] = {
    "str": ((str,), _("a text")),
    "int": ((int,), _("a whole number")),
    "bool": ((bool, int), _("true or false")),
    "list": ((list, tuple), _("a list")),
    "dict": ((dict,), _("a mapping")),
}
_SYNONYMS = {"Mapping": "dict", "Sequence": "list", "Iterable": "list", "tuple": "list"}


def reader_of(parameter: inspect.Parameter) -> _Reader | None:
    """What turns a client's value into what the parameter is annotated with; None when any value may pass.

    Nothing (`""`, false, null) stands for the default of an optional parameter.
    """
    annotation = parameter.annotation if isinstance(parameter.annotation, str) else getattr(parameter.annotation, "__name__", "")
    parts = [part.strip() for part in annotation.split("|")]
    names = [part.partition("[")[0] for part in parts if part != "None"]
    if len(names) != 1 or "[" in annotation and annotation.count("|") > 1:
        return None
    kind = _SYNONYMS.get(names[0], names[0])
    if kind not in _KINDS:
        return None
    classes, words = _KINDS[kind]
    optional = parameter.default is not inspect.Parameter.empty
    default = parameter.default if optional else None
    empty_passes = optional or "None" in parts
    whole_numbers = "list[int]" in parts

    def read(value: Any, name: str, method: str) -> Any:
        if kind == "bool" and isinstance(value, (bool, int)):
            return bool(value)
        if (
            isinstance(value, classes)
            and not (kind == "int" and isinstance(value, bool))
            and (value or kind != "str" or not empty_passes)
        ):
            if isinstance(value, int) and not -INT64 <= value < INT64:
                raise ValueRefused(_("%(method)s: %(name)s has more than 64 bits.", method=method, name=name))
            if whole_numbers and isinstance(value, (list, tuple)):
                return [_whole_number(item, name, method) for item in value]
            return value
        if empty_passes and nothing(value):
            return default
        if kind == "int" and isinstance(value, str) and value.lstrip("-").isdecimal() and len(value) < 19:
            return int(value)
        raise ArgumentError(
            _(
                "%(method)s: %(name)s must be %(words)s; %(value)s is none.",
                method=method,
                name=name,
                words=words,
                value=shown(value),
            )
        )

    return read


def _whole_number(value: Any, name: str, method: str) -> int:
    """One of a list of whole numbers, also written as a string of digits."""
    if type(value) is str and value.lstrip("-").isdecimal() and len(value) < 19:
        value = int(value)
    if type(value) is not int or not -INT64 <= value < INT64:
        raise ArgumentError(
            _(
                "%(method)s: %(name)s must be a list of whole numbers; %(value)s is none.",
                method=method,
                name=name,
                value=shown(value),
            )
        )
    return value


_known: dict[int, tuple[Any, dict[str, _Reader]]] = {}


def readers_of(name: str, signature: inspect.Signature) -> dict[str, _Reader]:
    """{parameter: reader} of a method; worked out once per signature."""
    known = _known.get(id(signature))
    if known is not None and known[0] is signature:
        return known[1]
    readers = dict(RECORD_METHODS.get(name, {}))
    for parameter in signature.parameters.values():
        if parameter.name not in readers and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            reader = reader_of(parameter)
            if reader is not None:
                readers[parameter.name] = reader
    if len(_known) > 20_000:  # signatures of registries that are gone
        _known.clear()
    _known[id(signature)] = (signature, readers)
    return readers
