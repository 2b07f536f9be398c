"""What comes in through a door before a model sees it: ids, context, the arguments of the record methods, and bounds on all of
them.

Field values are not touched here: each field parses its own (`Field.from_wire`). What is parsed here are the arguments every
client sends in its own way: nothing as `""`, `false` or `null`, numbers as strings, one id instead of a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.rpc.errors import ArgumentError, ValueRefused
from server.text import _

#: Ids in one call; a client pages long before.
MAX_IDS = 200_000
INT64 = 2**63


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
    if type(value) is int and 0 <= value < INT64:
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
    # What starts with an underscore is said among methods of the server, never from outside.
    result = {str(key): item for key, item in value.items() if not str(key).startswith("_")}
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
    if "active_ids" in result:
        result["active_ids"] = record_ids(result["active_ids"], "active_ids")
    if "active_id" in result:
        chosen = result.pop("active_id")
        if not nothing(chosen):
            result["active_id"] = record_id(chosen, "active_id")
    if "active_model" in result and not isinstance(result["active_model"], str):
        del result["active_model"]
    return result


def shown(value: Any) -> str:
    """A value as an error text shows it: short, and never the whole of a large one."""
    if isinstance(value, (list, tuple, Mapping, set)):
        text = f"a {type(value).__name__} of {len(value)}" if len(value) > 5 else repr(value)
    else:
        text = repr(value[:60]) if isinstance(value, (str, bytes)) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
