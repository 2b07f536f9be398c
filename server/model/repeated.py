"""Searches that are asked again and again: a list refreshed, a program that polls.

To make a SELECT with its joins, and to find its compiled form, costs as much as to run it. So the statement of a plain
`search_read` is kept with everything that went into it as its key. Plain means: nothing in it was looked up in the database or
depends on who asks beyond what the key says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from server.db.prepared import Prepared
from server.model.domain import Node, parse
from server.model.relational import Many2one

if TYPE_CHECKING:
    from server.model.plans import ReadPlan

#: Statements kept per set of enabled addons; when there are more, all are forgotten.
KEPT = 500
#: Longer questions (long lists of ids) are hardly asked twice.
LONGEST = 1_000
_OPERATORS = frozenset(
    ("=", "!=", ">", ">=", "<", "<=", "in", "not in", "like", "not like", "ilike", "not ilike", "=like", "=ilike")
)


def remembered_search(records: Any, plan: ReadPlan, domain: Any, more: tuple[Any, ...], build: Callable[[], Any]) -> Any:
    """The statement for this question: the one made before, which goes straight to the driver, or `build()`.

    :param more: what else the question consists of (order, offset, limit).
    :raises AccessError: when the model is closed to the user; also for a remembered question.
    """
    env = records.env
    rule = None
    if not env.su:
        env.access.check(records._name, "read")
        rule = env.access.rule(records._name, "read")
    text = repr((domain, rule))
    if len(text) > LONGEST or not _plain(records, domain) or not _plain(records, rule):
        return build()
    kept = records.models.plans.setdefault("searches", {})
    key = (plan, text, more, env.allowed_company_ids, bool(env.context.get("active_test", True)), env.lang, env.su)
    try:
        statement = kept.get(key)
    except TypeError:  # a limit or an order that is no such thing: `build` says so in words
        return build()
    if statement is None:
        statement = build()
        if len(kept) >= KEPT:
            kept.clear()
        statement = kept[key] = Prepared(statement)
    return statement


def _plain(records: Any, domain: Any) -> bool:
    """Whether every term compares a stored column that everybody may see with a plain value."""
    if not domain:
        return True
    waiting = [parse(domain)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Node):
            waiting.extend(node.parts)
            continue
        name, operator, value = node
        field = records._fields.get(records._aliases.get(name, name)) if isinstance(name, str) else None
        if field is None or not field.stored or field.groups or field._contextual or operator not in _OPERATORS:
            return False
        if isinstance(field, Many2one) and isinstance(value, (str, list, tuple)) and _has_text(value):
            return False
        if not _is_plain_value(value):
            return False
    return True


def _has_text(value: Any) -> bool:
    return isinstance(value, str) or any(isinstance(item, str) for item in value)


def _is_plain_value(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(item is None or isinstance(item, (str, int, float)) for item in value)
    return value is None or isinstance(value, (str, int, float))
