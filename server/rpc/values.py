"""What comes in through a door before a model sees it: ids, context, the arguments of the record methods, and bounds on all of
them.

Field values are not touched here: each field parses its own (`Field.from_wire`). What is parsed here are the arguments every
client sends in its own way: nothing as `""`, `false` or `null`, numbers as strings, one id instead of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.rpc.errors import ArgumentError, ValueRefused
from server.text import _

#: Terms and operators in one domain. Ids in an `in` list do not count.
MAX_DOMAIN = 2_000
#: How often `&`, `|` and `!` may alternate, and how deep lists may be nested, in a domain.
MAX_DOMAIN_DEPTH = 40
#: Ids in one call; a client pages long before.
MAX_IDS = 200_000
_INT64 = 2**63


def nothing(value: Any) -> bool:
    """Whether a client means "not given": null, false or an empty string."""
    return value is None or value is False or (type(value) is str and not value)


# -- ids and context ----------------------------------------------------------------------------------------------------------


def record_ids(value: Any, where: str) -> list[int]:
    """The ids a record method is called with: a list, a bare id, or nothing.

    :raises ValueRefused: for anything that is no id.
    """
    if nothing(value):
        return []
    if isinstance(value, (list, tuple)):
        if len(value) > MAX_IDS:
            raise ValueRefused(
                _(
                    "%(where)s was given %(count)s ids; at most %(limit)s are taken at once. Call it in parts.",
                    where=where,
                    count=len(value),
                    limit=MAX_IDS,
                )
            )
        return [record_id(item, where) for item in value]
    return [record_id(value, where)]


def record_id(value: Any, where: str) -> int:
    """One id: a positive integer, also written as a string of digits."""
    if type(value) is int and 0 <= value < _INT64:
        return value
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if type(value) is float and value.is_integer() and 0 <= value < 2**53:
        return int(value)
    raise ValueRefused(_("%(where)s takes record ids (whole numbers); %(value)s is none.", where=where, value=shown(value)))


def context(value: Any) -> dict[str, Any]:
    """The context of a call, with the keys the server itself reads in their right types.

    :raises ArgumentError: when it is no mapping.
    """
    if nothing(value):
        return {}
    if not isinstance(value, Mapping):
        raise ArgumentError(_("The context must be a mapping; %(value)s is none.", value=shown(value)))
    result = {str(key): item for key, item in value.items()}
    for key in ("lang", "tz"):
        if key in result and not isinstance(result[key], str):
            del result[key]
    if "allowed_company_ids" in result:
        companies = result["allowed_company_ids"]
        if nothing(companies):
            del result["allowed_company_ids"]
        else:
            result["allowed_company_ids"] = record_ids(companies, "allowed_company_ids")
    elif "force_company" in result and not nothing(result["force_company"]):
        result["allowed_company_ids"] = record_ids(result["force_company"], "force_company")
    return result


# -- arguments of the record methods ------------------------------------------------------------------------------------------


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
    if type(number) is not int or not 0 <= number < _INT64:
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


_Reader = Callable[[Any, str, str], Any]

#: method → {parameter → reader}: what the record methods take, whatever the client's way to say it.
RECORD_METHODS: dict[str, dict[str, _Reader]] = {
    "search": {"domain": _domain, "offset": _offset, "limit": _limit, "order": _text},
    "search_count": {"domain": _domain, "limit": _limit},
    "search_read": {"domain": _domain, "fields": _names, "offset": _offset, "limit": _limit, "order": _text},
    "search_fetch": {"domain": _domain, "field_names": _names, "offset": _offset, "limit": _limit, "order": _text},
    "read": {"fields": _names},
    "create": {"vals_list": _mappings, "vals": _mappings},
    "write": {"vals": _mapping},
    "copy": {"default": _optional_mapping},
    "copy_data": {"default": _optional_mapping},
    "name_search": {"name": _word, "domain": _domain, "operator": _operator, "limit": _limit},
    "name_create": {"name": _word},
    "default_get": {"fields": _name_list},
    "fields_get": {"allfields": _names, "attributes": _names},
    "read_group": {
        "domain": _domain, "fields": _name_list, "groupby": _name_list,
        "offset": _offset, "limit": _limit, "orderby": _text,
    },
    "formatted_read_group": {
        "domain": _domain, "groupby": _name_list, "aggregates": _name_list, "having": _domain,
        "offset": _offset, "limit": _limit, "order": _text,
    },
    "web_search_read": {"domain": _domain, "offset": _offset, "limit": _limit, "order": _text, "count_limit": _limit},
    "export_data": {"fields_to_export": _name_list},
    "check_access_rights": {"operation": _word},
    "check_access": {"operation": _word},
    "has_access": {"operation": _word},
}  # fmt: skip

#: Methods that never write: they run in a read transaction without asking the model.
READONLY = frozenset(
    "search search_count search_read search_fetch read exists name_search name_get default_get fields_get fields_get_keys "
    "read_group"
    " formatted_read_group web_read web_search_read web_name_search get_metadata perm_read check_access_rights check_access "
    "has_access"
    " copy_data get_views".split()
)

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


def shown(value: Any) -> str:
    """A value as an error text shows it: short, and never the whole of a large one."""
    if isinstance(value, (list, tuple, Mapping, set)):
        text = f"a {type(value).__name__} of {len(value)}" if len(value) > 5 else repr(value)
    else:
        text = repr(value[:60]) if isinstance(value, (str, bytes)) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
