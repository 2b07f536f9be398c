"""Domains: the filter language of the external API, parsed into a tree and compiled to SQL behind the company wall.

A domain is a list in prefix notation: terms `(field, operator, value)`, `&` and `|` take two operands, `!` one; neighbours are
ANDed. What an operator means for empty values follows the contract: `!=`, `not in`, `not like`, `not ilike` include the unset, `=
false` is "not set".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from server.errors import FieldError

if TYPE_CHECKING:
    pass

OPERATORS = frozenset(
    (
        "=",
        "!=",
        "<>",
        ">",
        ">=",
        "<",
        "<=",
        "in",
        "not in",
        "like",
        "not like",
        "ilike",
        "not ilike",
        "=like",
        "=ilike",
        "not =like",
        "not =ilike",
        "=?",
        "child_of",
        "parent_of",
        "any",
        "not any",
    )
)
NEGATIVE = {
    "!=": "=",
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not =like": "=like",
    "not =ilike": "=ilike",
    "not any": "any",
}
OPPOSITE = {**{v: k for k, v in NEGATIVE.items()}, **NEGATIVE, "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MAX_TERMS = 2000
MAX_DEPTH = 120
DATE_PARTS = {
    "year_number": "year",
    "quarter_number": "quarter",
    "month_number": "month",
    "iso_week_number": "week",
    "day_of_month": "day",
    "day_of_week": "dow",
    "day_of_year": "doy",
    "hour_number": "hour",
    "minute_number": "minute",
    "second_number": "second",
}


class Node:
    """`&` or `|` over any number of parts, or `!` over one."""

    __slots__ = ("op", "parts", "depth")

    def __init__(self, op: str, parts: list[Any]) -> None:
        self.op = op
        self.parts = parts
        self.depth: int = 1 + max((p.depth for p in parts if isinstance(p, Node)), default=0)


def parse(domain: Any) -> Any:
    """The tree of a domain: `Node`s and `(field, operator, value)` tuples; None for everything.

    :raises FieldError: when the domain is malformed; the text names the term.
    """
    if domain is None or domain is False or domain == "":
        return None
    if not isinstance(domain, (list, tuple)):
        raise FieldError(f"Invalid domain: {short(domain)} is not a list of terms like [['name', '=', 'x']].")
    if (
        len(domain) == 3
        and isinstance(domain[0], str)
        and isinstance(domain[1], str)
        and domain[1] in OPERATORS
        and domain[0] not in ("&", "|", "!")
    ):
        domain = [domain]
    if len(domain) > MAX_TERMS * 2:
        raise FieldError(
            f"Domain too large: {len(domain)} terms, at most {MAX_TERMS * 2} are allowed. Use 'in' with a list instead of many "
            f"terms."
        )
    stack: list[Any] = []
    for item in reversed(domain):
        if isinstance(item, str) and item in ("&", "|"):
            if len(stack) < 2:
                raise FieldError(f"Invalid domain: operator '{item}' needs two operands.")
            stack.append(join(item, stack.pop(), stack.pop()))
        elif item == "!":
            if not stack:
                raise FieldError("Invalid domain: operator '!' needs an operand.")
            stack.append(Node("!", [stack.pop()]))
        elif isinstance(item, (list, tuple)) and len(item) == 3:
            stack.append(term(item))
        else:
            raise FieldError(f"Invalid domain term {short(item)}. A term is [field, operator, value].")
        if isinstance(stack[-1], Node) and stack[-1].depth > MAX_DEPTH:
            raise FieldError(f"Domain nested too deeply: more than {MAX_DEPTH} levels.")
    if not stack:
        return None
    tree = stack.pop()
    while stack:
        tree = join("&", tree, stack.pop())
    return tree


def join(op: str, left: Any, right: Any) -> Node:
    """`left op right`, flat where one side has the same operator."""
    parts: list[Any] = []
    for side in (left, right):
        if isinstance(side, Node) and side.op == op:
            parts.extend(side.parts)
        else:
            parts.append(side)
    return Node(op, parts)


def term(item: Sequence[Any]) -> tuple[Any, str, Any]:
    """A checked term."""
    name, operator, value = item
    if isinstance(operator, str):
        operator = operator.lower()
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise FieldError(f"Invalid operator {short(operator)} in domain term {short(list(item))}.")
    if operator == "<>":
        operator = "!="
    if isinstance(name, bool) or (isinstance(name, int) and name not in (0, 1)) or not isinstance(name, (str, int)):
        raise FieldError(f"Invalid field {short(name)} in domain term {short(list(item))}.")
    return (name, operator, value)


def short(value: Any) -> str:
    """A value as text, cut to a line."""
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


def names_in(tree: Any) -> set[str]:
    """First field names that a tree mentions."""
    if tree is None:
        return set()
    if isinstance(tree, Node):
        return set().union(*(names_in(p) for p in tree.parts))
    return {str(tree[0]).split(".")[0]}


def involved(records: Any, tree: Any) -> set[str]:
    """Names of the models whose rows decide what a domain matches."""
    found = {records._name}
    todo: list[tuple[Any, Any]] = [(records, tree)]
    while todo:
        current, part = todo.pop()
        if isinstance(part, Node):
            todo += [(current, p) for p in part.parts]
        elif isinstance(part, tuple) and isinstance(part[0], str):
            here = current
            names = part[0].split(".")
            while names:
                name = names.pop(0)
                field = here._fields.get(here._aliases.get(name, name))
                if field is None:
                    break
                if (field.search or field.name == "display_name") and not field.stored:
                    return set(records.models.classes)
                if field.related and not field.stored:
                    names = [*field.related.split("."), *names]
                    continue
                if not field.comodel:
                    break
                here = here.env[field.comodel]
                found.add(here._name)
            if part[1] in ("any", "not any") and here is not current:
                todo.append((here, parse(part[2])))
    return found


def as_values(value: Any) -> list[Any]:
    """A domain value as a list."""
    if hasattr(value, "_ids"):
        return list(value._ids)
    if isinstance(value, (set, frozenset, dict)):
        return list(value)
    return list(value) if isinstance(value, (list, tuple)) else [value]
