"""Grouping: each group's domain selects exactly its records, for every kind of field, on both databases."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from server.errors import FieldError


@pytest.fixture
def things(shop_env: Any) -> Any:
    rnd = random.Random(7)
    partners = shop_env["shop.partner"].create([{"name": "P1"}, {"name": "P2"}])
    tags = shop_env["shop.tag"].create([{"name": "T1"}, {"name": "T2"}])
    days = [dt.date(2024, 12, 30), dt.date(2025, 1, 1), dt.date(2025, 1, 31), dt.date(2025, 4, 1), dt.date(2025, 12, 31), None]
    return shop_env["shop.thing"].create(
        [
            {
                "name": rnd.choice(["a", "b", None]), "number": rnd.choice([0, 1, 2, None]), "amount": rnd.choice(["0.5", "1.25", 0, None]),
                "flag": rnd.choice([True, False]), "day": (day := rnd.choice(days)), "kind": rnd.choice(["a", "b", None]),
                "moment": None if day is None else dt.datetime(day.year, day.month, day.day, rnd.choice([0, 11, 23]), 59, 59),
                "partner_id": rnd.choice([*partners.ids, None]), "tag_ids": [(6, 0, rnd.sample(tags.ids, rnd.randint(0, 2)))],
                "money": rnd.choice(["0.1", "0.2", "999999999.9999"]),
            }
            for _n in range(60)
        ]
    )  # fmt: skip


SPECS = ["name", "number", "amount", "flag", "kind", "partner_id", "tag_ids", "day", "day:hour", "day:day", "day:week", "day:month",
         "day:quarter", "day:year", "moment:hour", "moment:day", "moment:week", "moment:month", "moment:quarter", "moment:year"]  # fmt: skip


@pytest.mark.parametrize("spec", SPECS)
def test_the_domain_of_a_group_selects_exactly_the_group(shop_env: Any, things: Any, spec: str) -> None:
    base = [("id", "in", things.ids)]
    name = spec.split(":")[0]
    rows = shop_env["shop.thing"].read_group(base, ["money"], [spec])
    seen: Counter[int] = Counter()
    for row in rows:
        found = shop_env["shop.thing"].search(row["__domain"])
        assert len(found) == row[f"{name}_count"], row
        assert Decimal(str(row["money"])).quantize(Decimal("0.01")) == sum(found.mapped("money")).quantize(Decimal("0.01"))
        if ":" in spec and row[spec] is not False:
            assert row["__range"][spec]["from"] < row["__range"][spec]["to"]
        seen.update(found.ids)
    assert set(seen) == set(things.ids)
    if spec != "tag_ids":
        assert set(seen.values()) == {1}
    formatted = shop_env["shop.thing"].formatted_read_group(base, [spec], ["__count", "money:sum"])
    assert len(formatted) == len(rows)
    for row in formatted:
        assert shop_env["shop.thing"].search_count(["&", *base, *row["__extra_domain"]]) == row["__count"]


def test_two_levels_lazy_and_not(shop_env: Any, things: Any) -> None:
    base = [("id", "in", things.ids)]
    lazy = shop_env["shop.thing"].read_group(base, ["amount:sum", "many:count(amount)"], ["kind", "flag"])
    assert all(row["__context"] == {"group_by": ["flag"]} for row in lazy) and sum(row["kind_count"] for row in lazy) == 60
    flat = shop_env["shop.thing"].read_group(
        base, ["amount:sum"], ["kind", "partner_id"], lazy=False, orderby="kind desc, partner_id"
    )
    assert sum(row["__count"] for row in flat) == 60
    for row in flat:
        assert shop_env["shop.thing"].search_count(row["__domain"]) == row["__count"]
    everything = shop_env["shop.thing"].read_group([*base, "|", ("flag", "=", True), ("number", ">", 0)], ["money"], [])
    assert len(everything) == 1 and everything[0]["__count"] == shop_env["shop.thing"].search_count(everything[0]["__domain"])


def test_aggregates_are_what_python_says(shop_env: Any, things: Any) -> None:
    base = [("id", "in", things.ids)]
    specs = ["money:sum", "money:avg", "money:min", "money:max", "number:sum", "number:avg", "number:count", "number:count_distinct",
             "flag:bool_and", "flag:bool_or", "day:min", "day:max", "moment:max", "name:min", "money:array_agg", "partner_id:array_agg",
             "day:array_agg", "number:array_agg"]  # fmt: skip
    row = shop_env["shop.thing"].formatted_read_group(base, [], specs)[0]
    money = [t.money for t in things]
    numbers = [t._raw(t._field("number")) for t in things]
    real = [n for n in numbers if n is not None]
    assert (
        row["money:sum"] == float(sum(money)) and row["money:min"] == float(min(money)) and row["money:max"] == float(max(money))
    )
    assert abs(Decimal(str(row["money:avg"])) - sum(money) / len(money)) < Decimal("0.001")
    assert row["number:sum"] == sum(real) and abs(row["number:avg"] - sum(real) / len(real)) < 1e-6
    assert row["number:count"] == len(real) and row["number:count_distinct"] == len(set(real))
    assert row["flag:bool_and"] is all(t.flag for t in things) and row["flag:bool_or"] is True
    days = [t.day for t in things if t.day]
    assert row["day:min"] == min(days).isoformat() and row["day:max"] == max(days).isoformat()
    assert row["moment:max"] == max(t.moment for t in things if t.moment).isoformat(" ")
    assert sorted(row["money:array_agg"]) == sorted(map(float, money))
    assert sorted(i or 0 for i in row["partner_id:array_agg"]) == sorted(t.partner_id or 0 for t in things)
    assert sorted(d or "" for d in row["day:array_agg"]) == sorted(t.day.isoformat() if t.day else "" for t in things)


def test_having_order_limit(shop_env: Any, things: Any) -> None:
    base = [("id", "in", things.ids)]
    rows = shop_env["shop.thing"].formatted_read_group(
        base,
        ["kind"],
        ["__count", "money:sum"],
        having=[("__count", ">", 2), ("money:sum", ">", 10.5)],
        order="money:sum desc",
        limit=2,
    )
    assert [r["money:sum"] for r in rows] == sorted((r["money:sum"] for r in rows), reverse=True) and len(rows) == 2
    assert shop_env["shop.thing"].formatted_read_group(base, ["kind"], ["money:sum"], having=[("money:sum", "<", "0")]) == []


@pytest.mark.parametrize(
    ("groupby", "aggregates", "order"),
    [
        (["nothing"], [], None), (["day:decade"], [], None), (["blob"], [], None), (["item_ids"], [], None), ([5], [], None),
        (["kind"], ["money:median"], None), (["kind"], ["name:sum"], None), (["kind"], ["day:sum"], None), (["kind"], ["day:avg"], None),
        (["kind"], ["flag:sum"], None), (["kind"], ["partner_id:sum"], None), (["kind"], ["name:bool_and"], None),
        (["kind"], ["flag:max"], None), (["kind"], ["data:max"], None), (["kind"], ["blob:array_agg"], None), (["kind"], ["item_ids:count"], None),
        (["kind"], ["display_name:count"], None), (["kind"], [], "nothing"), (["kind"], [], "kind sideways"), (["data"], [], None),
        (["kind"], [5], None),
    ],
)  # fmt: skip
def test_what_cannot_be_grouped_is_refused_in_words(
    shop_env: Any, things: Any, groupby: Any, aggregates: Any, order: Any
) -> None:
    with pytest.raises(FieldError):
        shop_env["shop.thing"].formatted_read_group([], groupby, aggregates, order=order)


def test_many_groups_cost_what_few_cost(shop_env: Any, count_statements: Any) -> None:
    partners = shop_env["shop.partner"].create([{"name": f"g{n}"} for n in range(80)])
    shop_env["shop.thing"].create([{"partner_id": p.id, "kind": "a"} for p in partners])
    counts = []
    for few in (partners[:2], partners):
        shop_env.flush()
        shop_env.transaction.clear()
        with count_statements(shop_env) as seen:
            rows = shop_env["shop.thing"].read_group([("partner_id", "in", few.ids)], [], ["partner_id"])
        assert len(rows) == len(few) and rows[0]["partner_id"] == [few[0].id, few[0].name]
        counts.append(len(seen))
    assert counts[0] == counts[1], seen.report()


def test_a_group_whose_record_is_gone_or_elsewhere_is_still_a_group(shop_env: Any) -> None:
    second = shop_env["res.company"].search([], order="id desc", limit=1)
    theirs = shop_env["shop.partner"].create({"name": "theirs", "company_id": second.id})
    shop_env["shop.thing"].create({"partner_id": theirs.id})
    shop_env.flush()
    shop_env.transaction.clear()
    narrow = shop_env.derive(context={"allowed_company_ids": [shop_env.company_id]})
    rows = narrow["shop.thing"].read_group([("partner_id", "!=", False)], [], ["partner_id"])
    assert [row["partner_id"] for row in rows] == [[theirs.id, ""]]
    shop_env.execute(narrow["shop.thing"].table.update().values(create_uid=999999))
    assert narrow["shop.thing"].read_group([], [], ["create_uid"])[0]["create_uid"] == [999999, ""]


def test_translated_company_and_related_groups(shop_env: Any) -> None:
    country = shop_env["shop.country"].create({"name": "Germany"})
    country.with_context(lang="es").name = "Alemania"
    partner = shop_env["shop.partner"].create({"name": "p", "country_id": country.id, "credit": 5})
    shop_env["shop.order"].create({"name": "o", "partner_id": partner.id})
    orders = shop_env["shop.order"].with_context(lang="es")
    assert [r["country_id"] for r in orders.read_group([], [], ["country_id"])] == [[country.id, "Alemania"]]
    assert [
        r["country_name"]
        for r in shop_env["shop.partner"].with_context(lang="es").read_group([("id", "=", partner.id)], [], ["country_name"])
    ] == ["Alemania"]
    shop_env["shop.product"].create([{"name": "x", "cost": 2}, {"name": "y", "cost": 2}, {"name": "z"}])
    rows = shop_env["shop.product"].read_group([], [], ["cost"])
    assert [(r["cost"], r["cost_count"]) for r in rows if r["cost"]] == [(2.0, 2)]
    for row in rows:
        assert shop_env["shop.product"].search_count(row["__domain"]) == row["cost_count"]
    assert shop_env["shop.product"].formatted_read_group([], [], ["cost:sum"])[0]["cost:sum"] == 4.0
