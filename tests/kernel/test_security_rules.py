"""Domains of access lines, implied groups, password hashes and the slowing down of guessers: plain functions, no database."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.security import passwords
from server.security.facts import closure
from server.security.rules import all_of, any_of, fill_domain, parse_domain
from server.security.throttle import Throttle


def caller(**kw: Any) -> Any:
    """An environment as far as rules look at it."""
    user = SimpleNamespace(partner_id=77, group_ids=SimpleNamespace(ids=[4, 5]))
    models = {
        "res.users": SimpleNamespace(browse=lambda ids: user),
        "res.company": SimpleNamespace(browse=lambda ids: SimpleNamespace(country_id=3)),
    }
    values = {
        "uid": 7,
        "company_id": 2,
        "allowed_company_ids": (2, 5),
        "info": SimpleNamespace(company_ids=(2, 5, 9)),
        "root": models,
    }
    return SimpleNamespace(**{**values, "today": lambda: dt.date(2026, 3, 31), **kw})


def test_names_in_a_rule_stand_for_the_caller() -> None:
    parsed = parse_domain(
        "['|', ('user_id', '=', user.id), ('company_id', 'in', user.company_ids), ('company_id', '=', company.id), "
        "('id', 'in', companies.ids), ('partner_id', '=', user.partner_id), ('date', '<=', today), ('x', 'in', user.group_ids), "
        "('country_id', '=', company.country_id), ('active', '=', true)]"
    )
    assert fill_domain(parsed, caller()) == [
        "|",
        ("user_id", "=", 7),
        ("company_id", "in", [2, 5, 9]),
        ("company_id", "=", 2),
        ("id", "in", [2, 5]),
        ("partner_id", "=", 77),
        ("date", "<=", dt.date(2026, 3, 31)),
        ("x", "in", [4, 5]),
        ("country_id", "=", 3),
        ("active", "=", True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "[('a', '=', open('x'))]",
        "[('a', '=', user.__class__)]",
        "[('a', '=', env.cr)]",
        "[('a', '=', 1 + 1)]",
        "[('a', '=', companies.name)]",
        "{'a': 1}",
        "[('a', '=')]",
        "[('a'",
        "'&'",
    ],
)
def test_nothing_but_literals_and_the_known_names_is_evaluated(text: str) -> None:
    with pytest.raises(ValueError):
        parse_domain(text)


def holds(domain: list[Any], record: dict[str, Any]) -> bool:
    """A reference reading of a domain with `=` only, to compare joins with."""
    stack: list[bool] = []
    for term in reversed(domain):
        if term == "&":
            stack.append(stack.pop() & stack.pop())
        elif term == "|":
            stack.append(stack.pop() | stack.pop())
        elif term == "!":
            stack.append(not stack.pop())
        else:
            left, _operator, right = term
            stack.append((left if isinstance(left, int) else record[left]) == right)
    return all(stack)


@st.composite
def domains(draw: Any, depth: int = 3) -> list[Any]:
    kind = draw(st.sampled_from(["term", "&", "|", "!"])) if depth else "term"
    if kind == "term":
        return [(draw(st.sampled_from("abc")), "=", draw(st.booleans()))]
    if kind == "!":
        return ["!", *draw(domains(depth - 1))]
    return [kind, *draw(domains(depth - 1)), *draw(domains(depth - 1))]


several = st.lists(st.lists(domains(), max_size=3).map(lambda parts: [term for part in parts for term in part]), max_size=4)
records = st.fixed_dictionaries({name: st.booleans() for name in "abc"})


@given(several, records)
def test_any_of_holds_where_one_holds(parts: list[list[Any]], record: dict[str, Any]) -> None:
    assert holds(any_of(parts), record) == any(holds(part, record) for part in parts)


@given(several, records)
def test_all_of_holds_where_all_hold(parts: list[list[Any]], record: dict[str, Any]) -> None:
    assert holds(all_of(*parts), record) == all(holds(part, record) for part in parts)


def test_a_group_implies_what_its_implied_groups_imply_even_in_a_circle() -> None:
    closed = closure({1: {2}, 2: {3}, 3: {1}, 4: {1}, 5: set()})
    assert closed[4] == {1, 2, 3, 4}
    assert closed[3] == {1, 2, 3}
    assert closed[5] == {5}


def test_password_hashes_are_salted_argon2id_and_verify() -> None:
    one, other = passwords.hash_password("vicuña"), passwords.hash_password("vicuña")
    assert one.startswith("$argon2id$") and one != other
    assert passwords.verify_password(one, "vicuña")
    assert not passwords.verify_password(one, "vicuna")
    assert not passwords.verify_password(None, "vicuña")
    assert not passwords.verify_password("not a hash", "vicuña")
    assert not passwords.verify_password(one, "")
    assert not passwords.verify_password(one, "x" * 1_000_000)
    assert not passwords.outdated(one)


def test_an_unknown_user_costs_a_hash_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    class Counting:
        def verify(self, stored: str, password: str) -> bool:
            checked.append(stored)
            return False

    monkeypatch.setattr(passwords, "_hasher", lambda: Counting())
    monkeypatch.setattr(passwords, "_nobody", lambda: "nobody")
    passwords.verify_password(None, "x")
    passwords.verify_password("hash", "x")
    assert checked == ["nobody", "hash"]


def test_a_guesser_waits_and_others_do_not() -> None:
    now = [0.0]
    throttle = Throttle(burst=3, period=10.0, clock=lambda: now[0])
    for _attempt in range(3):
        assert throttle.wait("ana\0" + "10.0.0.1") == 0
        throttle.failed("ana\0" + "10.0.0.1")
    assert throttle.wait("ana\0" + "10.0.0.1") == pytest.approx(10)
    assert throttle.wait("ana\0" + "10.0.0.2") == 0
    now[0] = 10.0
    assert throttle.wait("ana\0" + "10.0.0.1") == 0
    throttle.failed("ana\0" + "10.0.0.1")
    assert throttle.wait("ana\0" + "10.0.0.1") > 0
    throttle.succeeded("ana\0" + "10.0.0.1")
    assert throttle.wait("ana\0" + "10.0.0.1") == 0


def test_the_throttle_forgets_the_oldest_key_when_it_is_full() -> None:
    throttle = Throttle(burst=1, period=1000.0, size=2, clock=lambda: 0.0)
    for key in ("a", "b", "c"):
        throttle.failed(key)
    assert throttle.wait("a") == 0
    assert throttle.wait("b") > 0 and throttle.wait("c") > 0
