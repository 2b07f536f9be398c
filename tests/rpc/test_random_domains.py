"""Random domains over XML-RPC against a plain evaluation in Python of the same domain on the same records: every operator, dotted
paths over every relation, `any`, trees, date parts, the unset.
"""

from __future__ import annotations

import datetime as dt
import re
import xmlrpc.client
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TEXTS = ["Ana", "ana", "Ñandú", "50%", "a_b", "x"]
DAYS = ["2024-02-29", "2025-01-01", "2024-12-30", "2025-12-31", "2026-07-05"]
MOMENTS = ["2024-02-29 23:59:59", "2025-01-01 00:00:00", "2024-12-30 12:30:15", "2026-07-05 06:00:00"]
ONE, MANY = "one", "many"
KINDS = {
    "thing": {"id": "id", "name": "text", "number": "number", "amount": "number", "flag": "flag", "day": "day", "moment": "moment", "kind": "key",
              "partner_id": (ONE, "partner"), "item_ids": (MANY, "item"), "tag_ids": (MANY, "tag")},
    "partner": {"id": "id", "name": "text", "credit": "number", "active": "flag", "parent_id": (ONE, "partner"), "child_ids": (MANY, "partner")},
    "item": {"id": "id", "name": "text", "number": "number", "thing_id": (ONE, "thing")},
    "tag": {"id": "id", "name": "text", "active": "flag"},
}  # fmt: skip
NEGATIVE = {
    "!=": "=",
    "<>": "=",
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not =like": "=like",
    "not =ilike": "=ilike",
    "not any": "any",
}


@pytest.fixture(scope="module")
def world(shop):
    """Things with every mix of set and unset, as plain mappings read back through the door."""
    shop("shop.thing", "unlink", shop("shop.thing", "search", []))
    root = shop("shop.partner", "create", {"name": "Ana"})
    below = shop("shop.partner", "create", {"name": "Beto", "credit": 5, "parent_id": root})
    shop("shop.partner", "create", {"name": "Ciro", "credit": 1, "parent_id": below})
    shop("shop.partner", "create", {"name": "Old", "active": False, "parent_id": root})
    shop("shop.tag", "create", [{"name": "red"}, {"name": "blue"}, {"name": "old", "active": False}])
    anything = {"context": {"active_test": False}}
    partners = shop("shop.partner", "search", [], **anything)
    tags = shop("shop.tag", "search", [], **anything)
    values = []
    for n in range(20):
        given = {
            "name": TEXTS[n % 6] if n % 3 else False, "number": n % 5 - 2 if n % 4 else False, "amount": (n % 7 - 3) / 4 if n % 5 else False,
            "flag": n % 2 == 1, "day": DAYS[n % 5] if n % 3 != 1 else False, "moment": MOMENTS[n % 4] if n % 4 != 2 else False,
            "kind": "ab"[n % 2] if n % 3 != 2 else False, "partner_id": partners[n % len(partners)] if n % 5 != 3 else False,
            "tag_ids": [t for k, t in enumerate(tags) if n >> k & 1], "item_ids": [(0, 0, {"name": TEXTS[(n + k) % 6], "number": k}) for k in range(n % 3)],
        }  # fmt: skip
        values.append(given)
    shop("shop.thing", "create", values)
    data = {}
    for model, fields in KINDS.items():
        rows = shop(f"shop.{model}", "search_read", [], list(fields), load="raw", **anything)
        data[model] = {row["id"]: row for row in rows}
    return SimpleNamespace(shop=shop, data=data, partners=partners, tags=tags, things=sorted(data["thing"]))


# -- what a domain means -------------------------------------------------------------------------------------------------------


def wild(pattern, text, fold):
    if text is False:
        return False
    regex = "".join(".*" if ch == "%" else "." if ch == "_" else re.escape(ch) for ch in pattern)
    return re.fullmatch(regex, text, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


def like(operator, value, text):
    if not value and operator[0] != "=":
        return True
    return wild(value if operator[0] == "=" else f"%{value}%", text, "ilike" in operator)


def part(name, value):
    day = dt.datetime.fromisoformat(value)
    return {
        "year_number": day.year, "quarter_number": (day.month + 2) // 3, "month_number": day.month, "iso_week_number": day.isocalendar().week,
        "day_of_month": day.day, "day_of_week": day.isoweekday() % 7, "day_of_year": day.timetuple().tm_yday, "hour_number": day.hour,
        "minute_number": day.minute, "second_number": day.second,
    }[name]  # fmt: skip


class Meaning:
    def __init__(self, world, active_test=True):
        self.data = world.data
        self.active_test = active_test

    def found(self, model, domain):
        hidden = self.active_test and "active" in KINDS[model] and not mentions_active(domain)
        return {i for i, row in self.data[model].items() if (not hidden or row["active"]) and self.all(model, row, domain)}

    def all(self, model, row, domain):
        stack = []
        for item in reversed(domain):
            if item == "!":
                stack.append(not stack.pop())
            elif item in ("&", "|"):
                a, b = stack.pop(), stack.pop()
                stack.append((a and b) if item == "&" else (a or b))
            else:
                stack.append(self.term(model, row, *item))
        return all(stack)

    def term(self, model, row, name, operator, value):
        if isinstance(name, int):
            return (name == value) is (operator == "=")
        head, _dot, rest = name.partition(".")
        kind = KINDS[model][head]
        if operator == "=?":
            return value is False or self.term(model, row, name, "=", value)
        if rest and kind in ("day", "moment"):
            return self.number(part(rest, row[head]) if row[head] else None, operator, value)
        if rest:
            inner = [(rest, operator, value)]
            return bool(self.behind(kind, row[head], inner, archived=kind[0] == ONE) & self.ids(row[head]))
        if operator in NEGATIVE:
            return not self.term(model, row, name, NEGATIVE[operator], value)
        if isinstance(kind, tuple):
            return self.linked(kind, row[head], operator, value)
        if kind == "id":
            if operator in ("child_of", "parent_of"):
                return row["id"] in self.tree(model, operator, value)
            return row["id"] in [int(v) for v in (value if isinstance(value, list) else [value]) if v is not False]
        return self.scalar(kind, row[head], operator, value)

    @staticmethod
    def ids(value):
        return set(value) if isinstance(value, list) else {value} if value else set()

    def behind(self, kind, _value, domain, archived):
        return Meaning.found(
            SimpleNamespace(**{**self.__dict__, "active_test": self.active_test and not archived, "all": self.all}),
            kind[1],
            domain,
        )

    def linked(self, kind, value, operator, wanted):
        mine, archived = self.ids(value), kind[0] == ONE
        if operator == "any":
            return bool(mine & self.behind(kind, value, wanted, archived))
        if operator in ("child_of", "parent_of"):
            tree = self.tree(kind[1], operator, wanted)
            return bool(
                mine
                & (tree if archived else {i for i in tree if self.data[kind[1]][i].get("active", True) or not self.active_test})
            )
        if "like" in operator:
            return bool(mine & self.behind(kind, value, [("name", operator, wanted)], archived))
        for each in wanted if isinstance(wanted, list) else [wanted]:
            if each is False:
                hit = not mine
            elif isinstance(each, str) and not each.isdigit():
                hit = bool(mine & self.behind(kind, value, [("name", "=", each)], archived))
            else:
                hit = int(each) in mine
            if hit:
                return True
        return False

    def tree(self, model, operator, value):
        rows = self.data[model]
        found = set()
        for each in value if isinstance(value, list) else [value]:
            found |= {i for i, r in rows.items() if (wild(f"%{each}%", r["name"], True) if isinstance(each, str) else i == each)}
        while True:
            more = (
                {i for i, r in rows.items() if r["parent_id"] in found}
                if operator == "child_of"
                else {rows[i]["parent_id"] for i in found} - {False}
            )
            if more <= found:
                return found
            found |= more

    def number(self, held, operator, value):
        if operator in NEGATIVE:
            return not self.number(held, NEGATIVE[operator], value)
        if operator == "in" or isinstance(value, list):
            return any(self.number(held, "=", each) for each in value)
        if operator == "=":
            return held is None if value is False else held == int(value)
        return (
            held is not None
            and value is not False
            and {"<": held < int(value), "<=": held <= int(value), ">": held > int(value), ">=": held >= int(value)}[operator]
        )

    def scalar(self, kind, held, operator, value):
        if operator == "in" or isinstance(value, list):
            return any(self.scalar(kind, held, "=", each) for each in value)
        if "like" in operator:
            return like(operator, value, held)
        if kind == "number":
            held, value = held or 0, float(value or 0)
        elif kind == "moment" and value and len(value) == 10:
            value += " 00:00:00"
        elif kind == "day" and value:
            value = value[:10]
        if operator == "=":
            return held == value
        if held is False or value is False:
            return kind == "number" and compare(held, operator, value)
        return compare(held, operator, value)


def compare(a, operator, b):
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def mentions_active(domain):
    return any(isinstance(t, (tuple, list)) and str(t[0]).split(".")[0] == "active" for t in domain)


# -- random ones ---------------------------------------------------------------------------------------------------------------

EQUAL, COMPARE = ["=", "!=", "<>", "=?"], ["=", "!=", "<>", "<", "<=", ">", ">=", "=?"]
LIKE = st.sampled_from(["like", "not like", "ilike", "not ilike", "=like", "=ilike", "not =like", "not =ilike"])
PATTERNS = st.sampled_from(["a", "A", "ana", "%", "_", "a_b", "ñ", "50%", "x", "zz"])


def about(name, values, operators):
    value = st.sampled_from(values)
    many = st.tuples(st.just(name), st.sampled_from(["in", "not in", "=", "!="]), st.lists(value, max_size=3))
    return st.one_of(st.tuples(st.just(name), st.sampled_from(operators), value), many)


def terms(world, model="thing", depth=2):
    """Terms on a model; dotted and `any` terms take those of the model behind."""
    partners, tags = world.partners, world.tags
    own = {
        "thing": [
            about("name", [*TEXTS, False], EQUAL), st.tuples(st.just("name"), LIKE, PATTERNS), about("number", [-2, 0, 1, "2", False], COMPARE),
            about("amount", [-0.5, 0, "0.25", 0.75, False], COMPARE), st.tuples(st.just("flag"), st.sampled_from(["=", "!="]), st.booleans()),
            about("day", [*DAYS, "2025-01-01 10:00:00", False], COMPARE), about("moment", [*MOMENTS, "2025-01-01", False], COMPARE), about("kind", ["a", "b", "c", False], EQUAL),
            st.tuples(st.sampled_from(["day.", "moment."]), st.sampled_from(["year_number", "quarter_number", "month_number", "iso_week_number", "day_of_month", "day_of_week", "day_of_year"]),
                      st.sampled_from(COMPARE[:-1]), st.sampled_from([1, 2, 4, 7, 9, 12, 30, 52, "53", 60, 2025, False])).map(lambda t: (t[0] + t[1], t[2], t[3])),
            st.tuples(st.sampled_from(["moment.hour_number", "moment.minute_number", "moment.second_number"]), st.sampled_from(["=", "!=", ">=", "not in"]), st.sampled_from([0, 12, 30, 59])).map(
                lambda t: (t[0], t[1], [t[2], False] if t[1] == "not in" else t[2])),
        ],
        "partner": [about("name", ["Ana", "Beto", False], EQUAL), st.tuples(st.just("name"), LIKE, PATTERNS), about("credit", [0, 1, 5], COMPARE[:-1]),
                    st.tuples(st.just("id"), st.sampled_from(["child_of", "parent_of"]), st.sampled_from([*partners, "Beto", partners[:2]]))],
        "item": [about("name", [*TEXTS, False], EQUAL), about("number", [0, 1, False], COMPARE)],
        "tag": [about("name", ["red", "old", False], EQUAL), st.tuples(st.just("active"), st.sampled_from(["=", "!="]), st.booleans())],
    }[model]  # fmt: skip
    links = {
        "thing": {"partner_id": ("partner", [*partners, "Ana", str(partners[1]), "Old", False]), "tag_ids": ("tag", [*tags, "red", "old", False]), "item_ids": ("item", ["Ana", "x", False])},
        "partner": {"parent_id": ("partner", [*partners, "Beto", False]), "child_ids": ("partner", ["Beto", False])},
        "item": {"thing_id": ("thing", [False])}, "tag": {},
    }[model]  # fmt: skip
    found = list(own)
    for name, (target, values) in links.items():
        found += [about(name, values, EQUAL), st.tuples(st.just(name), LIKE.filter(lambda o: "=" not in o), PATTERNS)]
        if target == "partner":
            found.append(
                st.tuples(
                    st.just(name), st.sampled_from(["child_of", "parent_of"]), st.sampled_from([*partners, "Beto", partners[1:]])
                )
            )
        if depth:
            inner = terms(world, target, depth - 1)
            found.append(inner.filter(lambda t: isinstance(t[0], str)).map(lambda t, n=name: (f"{n}.{t[0]}", t[1], t[2])))
            found.append(st.tuples(st.just(name), st.sampled_from(["any", "not any"]), st.lists(inner, max_size=2)))
    return st.one_of(*found)


def trees(inner):
    return st.recursive(
        inner.map(lambda t: [t]),
        lambda t: st.one_of(t.map(lambda a: ["!", *a]), st.tuples(st.sampled_from("&|"), t, t).map(lambda x: [x[0], *x[1], *x[2]])), max_leaves=4,
    )  # fmt: skip


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_random_domains_through_the_door(world, data):
    domain = data.draw(trees(st.one_of(terms(world), st.sampled_from([(1, "=", 1), (0, "=", 1), (1, "!=", 1)]))))
    active_test = data.draw(st.booleans())
    context = {} if active_test else {"context": {"active_test": False}}
    wanted = sorted(Meaning(world, active_test).found("thing", domain))
    assert world.shop("shop.thing", "search", domain, 0, 0, "id", **context) == wanted, domain
    assert world.shop("shop.thing", "search_count", domain, **context) == len(wanted)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_random_domains_on_a_tree_with_archived_records(world, data):
    domain = data.draw(trees(st.one_of(terms(world, "partner", 1), st.just(("active", "=", False)))))
    wanted = sorted(Meaning(world).found("partner", domain))
    assert world.shop("shop.partner", "search", domain, order="id") == wanted, domain


def test_everything_and_nothing(world):
    shop = world.shop
    for everything in ([], False, None, "", [[1, "=", 1]], [["id", "not in", []]], [["id", "!=", False]]):
        assert shop("shop.thing", "search_count", everything) == len(world.things)
    for nothing in ([[0, "=", 1]], [["id", "in", []]], [["id", "=", False]], [["partner_id", "in", []]]):
        assert shop("shop.thing", "search_count", nothing) == 0
    assert shop("shop.thing", "search", [["id", "=", str(world.things[0])]]) == world.things[:1]
    assert shop("shop.thing", "search_count", [("name", "ilike", "")]) == len(world.things)


@pytest.mark.parametrize(
    ("domain", "named"),
    [
        ([["nothing", "=", 1]], "nothing"), ([["name", "~", "x"]], "~"), ([["partner_id.nothing", "=", 1]], "nothing"), ([["name.x", "=", 1]], "name"),
        ([["day.hour_number", "=", 1]], "hour_number"), ([["day.decade", "=", 1]], "decade"), ([["day.month_number", "like", "1"]], "month_number"),
        ([["number", "child_of", 1]], "child_of"), ([["tag_ids", "<", 1]], "tag_ids"), ([["partner_id", "any", [["nothing", "=", 1]]]], "nothing"),
        (["&", ["name", "=", "x"]], "&"), ([["name", "="]], "name"), ([["day", "=", "tomorrow"]], "tomorrow"), ([["number", "=", "x"]], "number"),
    ],
)  # fmt: skip
def test_wrong_domains_are_value_errors_that_name_what_is_wrong(world, domain, named):
    with pytest.raises(xmlrpc.client.Fault) as refused:
        world.shop("shop.thing", "search", domain)
    assert refused.value.faultCode == 1 and "ValueError: " in refused.value.faultString and named in refused.value.faultString


def test_pages_by_cursor(world):
    shop = world.shop
    for order in (
        "id",
        "name desc",
        "partner_id, amount desc, id desc",
        "day desc, flag",
        "moment, kind desc",
        "number, name",
        "create_date desc, id desc",
        None,
    ):
        whole = shop("shop.thing", "search", [], 0, 0, order or "")
        for size in (1, 3, 7):
            seen, cursor, more = [], "", True
            while more:
                page = shop("shop.thing", "search_page", [], ["name"], size, order or "", cursor)
                seen += [row["id"] for row in page["records"]]
                cursor, more = page["cursor"], page["more"]
            assert seen == whole, (order, size)


def test_pages_while_others_insert_and_delete(world):
    shop = world.shop
    ids = shop("shop.item", "create", [{"name": f"page {n:02}", "number": n} for n in range(12)])
    domain, order = [["name", "=like", "page %"]], "number desc"
    first = shop("shop.item", "search_page", domain, ["number"], limit=5, order=order)
    assert [row["number"] for row in first["records"]] == [11, 10, 9, 8, 7] and first["more"] is True
    shop("shop.item", "create", [{"name": "page new", "number": 99}, {"name": "page near", "number": 6}])
    shop("shop.item", "unlink", [ids[7], ids[4]])
    second = shop("shop.item", "search_page", domain, {"number": {}}, limit=5, order=order, cursor=first["cursor"])
    assert [row["number"] for row in second["records"]] == [6, 6, 5, 3, 2]
    third = shop("shop.item", "search_page", domain, ["number"], limit=5, order=order, cursor=second["cursor"])
    assert [row["number"] for row in third["records"]] == [1, 0] and third["more"] is False
    again = shop("shop.item", "search_page", domain, ["number"], limit=5, order=order, cursor=third["cursor"])
    assert again == {"records": [], "cursor": third["cursor"], "more": False}
    shop("shop.item", "create", {"name": "page last", "number": -1})
    assert [
        row["number"]
        for row in shop("shop.item", "search_page", domain, ["number"], limit=5, order=order, cursor=again["cursor"])["records"]
    ] == [-1]
    for wrong in ("x", "!!!", "W10", first["cursor"][:-3], "e30"):
        with pytest.raises(xmlrpc.client.Fault, match="cursor"):
            shop("shop.item", "search_page", domain, order=order, cursor=wrong)
    with pytest.raises(xmlrpc.client.Fault, match="another model or order"):
        shop("shop.item", "search_page", domain, order="number", cursor=first["cursor"])
    shop("shop.item", "unlink", shop("shop.item", "search", domain))


def test_a_page_costs_the_same_wherever_it_is(world, shop_db, count_statements):
    counts = []
    cursor = ""
    world.shop("shop.thing", "search_page", [], ["name", "partner_id", "tag_ids"], 1, "name")  # rights are in memory afterwards
    for size in (1, 5, 14):
        with count_statements(shop_db, own=True) as seen:
            page = world.shop("shop.thing", "search_page", [], ["name", "partner_id", "tag_ids"], size, "name", cursor)
        cursor = page["cursor"]
        counts.append(len(seen))
    assert len(set(counts)) == 1, seen.report()
