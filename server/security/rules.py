"""Domains of access lines: Python literals in which a few names stand for who is calling.

`[("user_id", "=", user.id)]`, `[("id", "in", user.company_ids)]`, `[("partner_id", "=", user.partner_id)]`, `[("company_id", "=",
company.id)]`, `companies.ids`, `today`. Nothing else is evaluated: no calls, no operators, no other names.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.model.environment import Environment

_CONSTANTS = {"true": True, "false": False, "null": None}
_ROOTS = ("user", "company", "companies")


@dataclass(frozen=True)
class Place:
    """A name in a domain that is filled in for each call."""

    root: str
    attribute: str

    def value(self, env: Environment) -> Any:
        """What stands here for the caller: an id, a list of ids or a plain value."""
        if self.root == "today":
            return env.today()
        if self.root == "companies":
            return list(env.allowed_company_ids)
        if self.root == "company":
            if self.attribute == "id":
                return env.company_id
            record = env.root["res.company"].browse([env.company_id] if env.company_id else [])
        else:
            if self.attribute == "id":
                return env.uid
            if self.attribute == "company_ids":
                return list(env.info.company_ids)
            record = env.root["res.users"].browse([env.uid])
        value = getattr(record, self.attribute)
        return list(value.ids) if hasattr(value, "ids") else value


def _convert(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List):
        return [_convert(one) for one in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_convert(one) for one in node.elts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return -node.operand.value  # type: ignore[operator]
    if isinstance(node, ast.Name):
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        if node.id == "today":
            return Place("today", "")
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in _ROOTS
        and not node.attr.startswith("_")
    ):
        if node.value.id == "companies" and node.attr != "ids":
            raise ValueError("only companies.ids is known of companies")
        return Place(node.value.id, node.attr)
    raise ValueError(
        f"{ast.unparse(node)} may not stand in a domain; use literals, user.<field>, company.<field>, companies.ids or today"
    )


@lru_cache(maxsize=1024)
def parse_domain(text: str) -> tuple[Any, ...]:
    """The terms of a domain, with `Place` objects where the caller comes in. Raises `ValueError` that says what may not stand
    there.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"it is not a Python literal ({error.msg})") from error
    domain = _convert(tree.body)
    if not isinstance(domain, (list, tuple)):
        raise ValueError("it is not a list of terms")
    for term in domain:
        if not (term in ("&", "|", "!") if isinstance(term, str) else isinstance(term, (list, tuple)) and len(term) == 3):
            raise ValueError(f"{term!r} is not a term of a domain")
    return tuple(domain)


def fill_domain(domain: tuple[Any, ...], env: Environment) -> list[Any]:
    """The domain for one caller."""
    return [_fill(term, env) for term in domain]


def _fill(value: Any, env: Environment) -> Any:
    if isinstance(value, Place):
        return value.value(env)
    if isinstance(value, (list, tuple)):
        return type(value)(_fill(one, env) for one in value)
    return value


def any_of(domains: list[list[Any]]) -> list[Any]:
    """One domain that holds where one of several holds."""
    if not domains:
        return [(0, "=", 1)]
    if any(not domain for domain in domains):
        return []
    whole = [_joined(domain) for domain in domains]
    return ["|"] * (len(whole) - 1) + [term for domain in whole for term in domain]


def all_of(*domains: list[Any]) -> list[Any]:
    """One domain that holds where all of several hold."""
    return [term for domain in domains for term in _joined(domain)]


def _joined(domain: list[Any]) -> list[Any]:
    """The domain with the `&` between neighbours written out, so that it can stand as one operand."""
    operands = 0
    for term in reversed(domain):
        if isinstance(term, str):
            operands -= 0 if term == "!" else 1
        else:
            operands += 1
    return ["&"] * (operands - 1) + list(domain)
