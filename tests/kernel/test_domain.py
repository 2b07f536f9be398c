"""Domains: random ones against a plain evaluation in Python, on the same records; and the refusals."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.errors import FieldError
from server.model.domain import parse
from server.model.reading import to_list
from server.testing.build import rolled_back
from tests.kernel import record_models

FAST = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

DAYS = [dt.date(2024, 2, 29), dt.date(2025, 1, 1), dt.date(2025, 12, 31)]
MOMENTS = [dt.datetime(2024, 2, 29, 23, 59, 59), dt.datetime(2025, 1, 1), dt.datetime(2025, 12, 31, 12)]
TEXTS = ["Ana", "ana", "Ñandú", "50%", "a_b", "back\\slash", "x"]


@pytest.fixture(scope="module")
def world(databases: Any, database_kind: str) -> Any:
    """An environment with things that have every combination of set and unset, made once for the whole module.

    In a database of its own: the open transaction would keep others waiting.
    """
    url = databases.create(database_kind, "shop", record_models.build_shop)
    database = record_models.opened(url)
    with rolled_back(database, "__nobody__") as env:
        a, b, c = env["shop.partner"].create(
            [{"name": "Ana"}, {"name": "Beto", "credit": 5}, {"name": "Archived", "active": False}]
        )
        b.parent = a
        tags = env["shop.tag"].create([{"name": "red"}, {"name": "blue"}, {"name": "old", "active": False}])
        values = []
        for n in range(24):
            vals: dict[str, Any] = {}
            if n % 3:
                vals["name"] = TEXTS[n % len(TEXTS)]
            if n % 4:
                vals["number"] = (n % 5) - 2
            if n % 5:
                vals["amount"] = Decimal(n % 7 - 3) / 4
                vals["money"] = Decimal(n % 6 - 2) / 8
            if n % 2:
                vals["flag"] = n % 4 == 1
            if n % 3 != 1:
                vals["day"] = DAYS[n % 3]
            if n % 4 != 2:
                vals["moment"] = MOMENTS[n % 3]
            if n % 3 != 2:
                vals["kind"] = "ab"[n % 2]
            if n % 4 != 3:
                vals["partner_id"] = (a, b, c)[n % 3].id
            vals["tag_ids"] = [(6, 0, [t.id for k, t in enumerate(tags) if n >> k & 1])]
            vals["item_ids"] = [(0, 0, {"name": TEXTS[(n + k) % len(TEXTS)], "number": k or None}) for k in range(n % 3)]
            values.append(vals)
        env["shop.thing"].search([]).unlink()
        things = env["shop.thing"].create(values)
        # some plain SQL nulls beside what create makes of a missing value
        env.execute(things.table.update().where(things.table.c.id.in_(things.ids[:8])).values(flag=None))
        env.flush()
        env.transaction.clear()
        yield env, things, (a, b, c), tags
    database.engine.dispose()
    databases.drop(url)


# -- what a term means, in plain Python ----------------------------------------------------------------------------------------


def wild(pattern: str, text: str | None, fold: bool) -> bool:
    if text is None:
        return False
    regex = "".join(".*" if ch == "%" else "." if ch == "_" else re.escape(ch) for ch in pattern)
    return re.fullmatch(regex, text, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


NEGATED = {
    "!=": "=",
    "<>": "=",
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not =like": "=like",
    "not =ilike": "=ilike",
}


def holds(thing: Any, name: str, operator: str, value: Any) -> bool:
    if name == "partner_id.name":  # any record behind the path: a negative operator is asked of it, not of the whole
        return bool(thing.partner) and holds(thing.partner, "name", operator, value)
    if name in ("item_ids.number", "item_ids.name", "tag_ids.name"):
        relation, _dot, inner = name.partition(".")
        return any(holds(r, inner, operator, value) for r in thing[relation])
    if operator in NEGATED:
        return not holds(thing, name, NEGATED[operator], value)
    if operator == "=?":
        return value is False or value is None or holds(thing, name, "=", value)
    if operator == "in":
        return any(holds(thing, name, "=", each) for each in value)
    if name in ("item_ids", "tag_ids"):
        records = thing.with_context(active_test=False)[name]
        if operator == "=":
            return (
                not records
                if value is False
                else any(value == r.id for r in records)
                if isinstance(value, int)
                else value in records.mapped("name")
            )
        return any(wild(value if operator[0] == "=" else f"%{value}%", r.name, "ilike" in operator) for r in thing[name])
    if name == "partner_id":
        partner = thing.partner
        if operator == "=":
            return not partner if value is False else partner.id == value if isinstance(value, int) else partner.name == value
        return bool(partner) and wild(value if operator[0] == "=" else f"%{value}%", partner.name, "ilike" in operator)
    raw = thing._raw(thing._field(name))
    if "like" in operator:
        return (not value and operator[0] != "=") or wild(value if operator[0] == "=" else f"%{value}%", raw, "ilike" in operator)
    if name in ("number", "amount", "money"):
        raw = raw or 0
        value = Decimal(repr(value)) if isinstance(value, float) else Decimal(value or 0)
    elif name == "flag":
        return bool(raw) == bool(value)
    elif name == "day" and isinstance(value, str):
        value = dt.date.fromisoformat(value[:10])
    elif name == "moment" and isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    if operator == "=":
        return raw is None if value is False or value is None else raw == value
    if raw is None or value is False or value is None:
        return False
    return {"<": raw < value, "<=": raw <= value, ">": raw > value, ">=": raw >= value}[operator]


EQUAL = st.sampled_from(["=", "!=", "<>", "=?"])
COMPARE = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "=?"])
LIKE = st.sampled_from(["like", "not like", "ilike", "not ilike", "=like", "=ilike", "not =like", "not =ilike"])
MEMBER = st.sampled_from(["in", "not in"])
PATTERNS = st.sampled_from(["a", "A", "ana", "%", "_", "a_b", "ñ", "Ñ", "\\", "50%", "", "x"])


def fields(names: list[str], values: list[Any], operators: Any) -> Any:
    name, value = st.sampled_from(names), st.sampled_from(values)
    return st.one_of(st.tuples(name, operators, value), st.tuples(name, MEMBER, st.lists(value, max_size=3)))


def term_strategy(a: int, b: int, c: int, tags: list[int]) -> Any:
    no_pattern = PATTERNS.filter(bool)
    return st.one_of(
        fields(["name"], [*TEXTS, False], EQUAL), st.tuples(st.just("name"), LIKE, PATTERNS),
        fields(["number"], [-2, -1, 0, 1, 2, "1", False], COMPARE), fields(["amount", "money"], [-0.5, 0, "0.25", 0.75, False, -1], COMPARE),
        fields(["flag"], [True, False], st.sampled_from(["=", "!="])), fields(["day"], [d.isoformat() for d in DAYS] + [False], COMPARE),
        fields(["moment"], [*(m.isoformat(" ") for m in MOMENTS), "2025-01-01", False], COMPARE), fields(["kind"], ["a", "b", "c", False], EQUAL),
        fields(["partner_id"], [a, b, c, 10**6, False], EQUAL), st.tuples(st.just("partner_id"), LIKE, no_pattern),
        fields(["partner_id.name"], ["Ana", "Beto", "Archived"], EQUAL.filter(lambda o: o in ("=", "=?"))),
        st.tuples(st.just("partner_id.name"), st.sampled_from(["like", "ilike"]), no_pattern),
        fields(["tag_ids"], [*tags, 10**6, False], st.sampled_from(["=", "!="])), st.tuples(st.just("tag_ids"), st.sampled_from(["ilike", "not ilike", "like"]), st.sampled_from(["red", "e", "zzz"])),
        fields(["item_ids"], [False], st.sampled_from(["=", "!="])), st.tuples(st.just("item_ids"), st.sampled_from(["ilike", "not like"]), no_pattern.filter(lambda p: p != "%")),
        st.tuples(st.just("item_ids.number"), st.sampled_from(["=", ">", "<="]), st.sampled_from([0, 1, 2])), st.tuples(st.just("tag_ids.name"), st.sampled_from(["=", "ilike"]), st.sampled_from(["red", "blue"])),
        st.sampled_from([(1, "=", 1), (0, "=", 1)]),
    )  # fmt: skip


def tree_strategy(terms: Any) -> Any:
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            st.tuples(st.just("!"), inner), st.tuples(st.sampled_from("&|"), inner, inner),
        ), max_leaves=5,
    )  # fmt: skip


def flat(tree: Any) -> list[Any]:
    if tree[0] == "!" and len(tree) == 2:
        return ["!", *flat(tree[1])]
    if tree[0] in ("&", "|") and isinstance(tree[1], tuple):
        return [tree[0], *flat(tree[1]), *flat(tree[2])]
    return [tree]


def truth(thing: Any, tree: Any) -> bool:
    if tree[0] == "!" and len(tree) == 2:
        return not truth(thing, tree[1])
    if tree[0] == "&" and isinstance(tree[1], tuple):
        return truth(thing, tree[1]) and truth(thing, tree[2])
    if tree[0] == "|" and isinstance(tree[1], tuple):
        return truth(thing, tree[1]) or truth(thing, tree[2])
    if isinstance(tree[0], int):
        return bool(tree[0] == tree[2])
    return holds(thing, *tree)


@FAST
@given(data=st.data())
def test_random_domains_find_what_python_finds(world: Any, data: Any) -> None:
    env, things, (a, b, c), tags = world
    tree = data.draw(tree_strategy(term_strategy(a.id, b.id, c.id, tags.ids)))
    domain = flat(tree)
    wanted = [t.id for t in things if truth(t, tree)]
    assert env["shop.thing"].search(domain, order="id").ids == wanted, domain
    again = to_list(parse(domain))
    assert env["shop.thing"].search_count(again) == len(wanted), again
    assert sorted(things.filtered_domain([list(t) if isinstance(t, tuple) else t for t in domain]).ids) == wanted


def test_any_and_trees(world: Any) -> None:
    env, things, (a, b, c), _tags = world
    search = env["shop.thing"].search
    assert search([("partner_id", "any", [("name", "=", "Ana")])]).ids == [t.id for t in things if t.partner == a]
    assert search([("item_ids", "any", [("number", "=", 1), ("name", "!=", False)])]) == things.filtered(
        lambda t: any(i.number == 1 and i.name for i in t.item_ids)
    )
    assert search([("item_ids", "not any", [("number", "=", 1)])]) == things.filtered(
        lambda t: not any(i.number == 1 for i in t.item_ids)
    )
    partners = env["shop.partner"]
    assert partners.search([("id", "child_of", a.id)]) == a | b and partners.search([("id", "parent_of", [b.id])]) == a | b
    assert search([("partner_id", "child_of", a.id)]) == things.filtered(lambda t: t.partner in (a | b))
    assert search([("partner_id", "child_of", "Ana")]) == search([("partner_id", "child_of", [a.id])])
    assert search([("partner_id", "in", [])]) == things.browse() and search([("partner_id", "not in", [])]) == things
    assert search([]) == search(None) == search(False) == things
    assert search(["name", "=", "x"]) == search([("name", "=", "x")])


@pytest.mark.parametrize(
    ("part", "function"),
    [("year_number", lambda d: d.year), ("quarter_number", lambda d: (d.month + 2) // 3), ("month_number", lambda d: d.month),
     ("day_of_month", lambda d: d.day), ("day_of_week", lambda d: d.isoweekday() % 7), ("day_of_year", lambda d: d.timetuple().tm_yday)],
)  # fmt: skip
def test_date_parts(world: Any, part: str, function: Any) -> None:
    env, things, _partners, _tags = world
    for field in ("day", "moment"):
        for value in {function(d) for d in DAYS} | {2}:
            found = env["shop.thing"].search([(f"{field}.{part}", "=", value)])
            assert found == things.filtered(lambda t, f=field, v=value: t[f] and function(t[f]) == v)
    assert env["shop.thing"].search([("moment.hour_number", ">=", 12)]) == things.filtered(
        lambda t: t.moment and t.moment.hour >= 12
    )
    with pytest.raises(FieldError):
        env["shop.thing"].search([("day.hour_number", "=", 1)])


@pytest.mark.parametrize(
    "domain",
    [
        [("nothing", "=", 1)], [("name", "is", 1)], [("name", 5, 1)], [("name", "=")], ["&", ("name", "=", 1)], ["!"], ["|"], 5, "name", [5],
        [[]], [("partner_id.nothing", "=", 1)], [("name.x", "=", 1)], [("item_ids", ">", 1)], [("flag", "<", True)], [("flag", "=", "maybe")],
        [("number", "=", "many")], [("number", ">", [1])], [("day", "=", "soon")], [("moment", ">", {})], [("amount", "=", {})],
        [("amount", "in", ["a"])], [("partner_id", "=", {})], [("name", "any", [])], [("day.decade", "=", 1)],
        [("name", "like", ["a"])], [("name", "=", ["a", {}])], [("id", "=", "x")], [("id", "in", ["x"])], [("number", "child_of", 1)], [(None, "=", 1)], [(True, "=", 1)], [(2, "=", 1)], [("tag_ids", "child_of", 1)],
        ["!"] * 200 + [("name", "=", "x")], [("name", "=", "x")] * 5000, [("kind", "like", {})], [("partner_id", ">", "x")],
        [("number", "=", 2**80)], [("id", "=", 2**80)], [("partner_id", "in", [2**80])], [("item_ids", "in", [2**80])], [("amount", ">", 10**30)],
    ],
    ids=lambda d: repr(d)[:40],
)  # fmt: skip
def test_a_wrong_domain_is_refused_in_words(shop_env: Any, domain: Any) -> None:
    with pytest.raises(FieldError):
        shop_env["shop.thing"].search(domain)


MONEY = st.decimals(min_value=Decimal("-99999999999"), max_value=Decimal("99999999999"), places=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(MONEY, min_size=1, max_size=30))
def test_money_survives_the_round_trip_exactly(shop_env: Any, amounts: list[Decimal]) -> None:
    made = shop_env["shop.thing"].create([{"money": a, "amount": 0} for a in amounts])
    for thing, amount in zip(made, reversed(amounts), strict=True):
        thing.amount = amount % 1000  # an update with different values
    shop_env.flush()
    shop_env.transaction.clear()
    assert [t.money for t in made] == amounts and [t.amount for t in made] == [a % 1000 for a in reversed(amounts)]
    table = made.table
    column = sa.func.sum(table.c.money, type_=table.c.money.type)
    total = shop_env.execute(sa.select(column).where(table.c.id.in_(made.ids))).scalar_one()
    assert total == sum(amounts)
    row = shop_env["shop.thing"].formatted_read_group([("id", "in", made.ids)], [], ["money:sum", "money:max"])[0]
    assert row["money:sum"] == float(sum(amounts)) and row["money:max"] == float(max(amounts))
    for amount in amounts[:3]:
        assert set(shop_env["shop.thing"].search([("id", "in", made.ids), ("money", "=", str(amount))]).mapped("money")) == {
            amount
        }
        count = shop_env["shop.thing"].search_count([("id", "in", made.ids), ("money", "<=", str(amount))])
        assert count == len([a for a in amounts if a <= amount])
