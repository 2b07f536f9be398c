"""Record sets: algebra, following relations, prefetching, locks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from server import MissingError, UserError
from server.errors import FieldError


@pytest.fixture
def partners(shop_env: Any) -> Any:
    return shop_env["shop.partner"].create([{"name": name} for name in ("Ana", "Beto", "Caro", "Dina")])


def orders(env: Any, count: int, lines: int = 2) -> Any:
    """`count` orders of as many partners, each with lines."""
    countries = env["shop.country"].create([{"name": f"Country {n}"} for n in range(count)])
    made = env["shop.partner"].create(
        [{"name": f"Partner {n}", "country_id": countries[n % len(countries)].id} for n in range(count)]
    )
    return env["shop.order"].create(
        [
            {
                "name": f"O{n}",
                "partner_id": partner.id,
                "line_ids": [(0, 0, {"qty": n + 1, "price": m + 1}) for m in range(lines)],
            }
            for n, partner in enumerate(made)
        ]
    )


def test_sets_keep_their_order_and_have_no_doubles(partners: Any) -> None:
    a, b, c, d = partners
    assert (b | a | b).ids == [b.id, a.id]
    assert (c + a).ids == [c.id, a.id]
    assert (partners & (d | b)).ids == [b.id, d.id]
    assert (partners - b).ids == [a.id, c.id, d.id]
    assert partners.browse([a.id, a.id, b.id]).ids == [a.id, b.id]
    assert (a | b) == (b | a) and hash(a | b) == hash(b | a) and a != b
    assert a in partners and a.id in partners and (a | b) <= partners and a not in (b | c)
    assert partners[1] == b and partners[1:3].ids == [b.id, c.id] and partners[-1] == d
    assert list(reversed(partners)) == [d, c, b, a]
    assert not partners.browse() and len(partners) == 4
    with pytest.raises(TypeError):
        partners | partners.env["shop.tag"]


def test_one_record_is_demanded_where_one_is_meant(partners: Any) -> None:
    assert partners[0].ensure_one() == partners[0]
    with pytest.raises(FieldError, match="singleton"):
        partners.ensure_one()
    with pytest.raises(FieldError, match="singleton"):
        _ = partners.name
    empty = partners.browse()
    assert empty.id is None and empty.name is None and empty.credit == 0 and empty.active is False
    assert not empty.parent and not empty.child_ids and empty.parent_id is None
    with pytest.raises(AttributeError):
        partners[0].nmae = "x"  # a misspelt name never makes an attribute
    with pytest.raises(AttributeError):
        partners[0].id = 7


def test_mapped_filtered_sorted_grouped(partners: Any) -> None:
    a, b, c, d = partners
    b.parent_id, c.parent_id = a, a.id
    a.credit, c.credit = Decimal(5), Decimal(3)
    assert partners.mapped("name") == ["Ana", "Beto", "Caro", "Dina"]
    assert partners.mapped("parent_id") == a and partners.mapped("parent_id.name") == ["Ana"]
    assert a.mapped("child_ids.name") == ["Beto", "Caro"]
    assert partners.mapped(lambda p: p.id) == partners.ids
    assert partners.mapped(lambda p: p.parent) == a
    assert partners.filtered("parent_id") == b | c
    assert partners.filtered("parent_id.credit") == b | c
    assert partners.filtered(lambda p: p.credit > 3) == a
    assert partners.filtered_domain([("credit", ">", 0), ("name", "=ilike", "c%")]) == c
    assert partners.filtered_domain([]) == partners
    assert partners.sorted("name", reverse=True).ids == [d.id, c.id, b.id, a.id]
    assert partners.sorted("credit").mapped("credit") == [0, 0, 3, 5]
    assert partners.sorted("code").ids == partners.ids
    assert partners.sorted(lambda p: p.name[-1]).ids == [a.id, d.id, b.id, c.id]
    assert partners.grouped("parent_id") == {partners.browse(): a | d, a: b | c}
    assert partners.grouped(lambda p: p.credit > 0) == {True: a | c, False: b | d}


def test_sorting_survives_empty_values(shop_env: Any) -> None:
    things = shop_env["shop.thing"].create(
        [
            {"number": 3, "day": "2026-05-01", "amount": 2, "moment": "2026-05-01 10:00:00"},
            {},
            {"number": -2, "day": "2025-01-01"},
        ]
    )
    one, empty, two = things
    assert things.sorted("number").ids == [two.id, empty.id, one.id]
    assert things.sorted("amount").ids == [empty.id, two.id, one.id]
    for name in ("day", "moment", "name", "flag", "kind", "partner_id"):
        assert set(things.sorted(name).ids) == set(things.ids)
    assert [t.id for t in things.sorted("day") if t.day] == [two.id, one.id]


def test_reading_in_a_loop_asks_once_per_model(shop_env: Any, count_statements: Any) -> None:
    counts = []
    for many in (5, 60):
        ids = orders(shop_env, many).ids
        shop_env.flush()
        shop_env.transaction.clear()
        with count_statements(shop_env) as seen:
            total = Decimal(0)
            for order in shop_env["shop.order"].browse(ids):
                assert order.partner.country.name
                assert order.label
                for line in order.line_ids:
                    total += line.subtotal
                    assert line.order.company.name and not line.product
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 6, seen.report()


def test_a_missing_record_is_told_by_model_id_and_user(shop_env: Any) -> None:
    with pytest.raises(MissingError, match=r"\(Record: shop.partner\(999999,\), User: 1\)"):
        _ = shop_env["shop.partner"].browse(999999).name
    with pytest.raises(MissingError):
        shop_env["shop.partner"].browse(999999).write({"name": "x"})
    with pytest.raises(MissingError):
        shop_env["shop.partner"].browse(999999).lock()
    assert not shop_env["shop.partner"].browse([999999]).exists()
    assert shop_env["shop.partner"].browse([999999]).unlink() is True
    with pytest.raises(UserError, match="Object no.such.model doesn't exist"):
        _ = shop_env["no.such.model"]


def test_locked_rows_are_fresh(shop: Any) -> None:
    ids = shop.run(1, {}, lambda env: env["shop.partner"].create([{"name": "One"}, {"name": "Two"}]).ids)

    def change(env: Any) -> None:
        both = env["shop.partner"].browse(list(reversed(ids)))
        assert both.mapped("name") == ["Two", "One"]
        env.execute(both.table.update().values(name="Changed"))  # as another transaction would have
        assert both.lock().mapped("name") == ["Changed", "Changed"]
        env.execute(both.table.update().values(name="Again"))
        assert both.lock().mapped("name") == ["Changed", "Changed"]  # held already: nobody else can change it
        found = env["shop.partner"].search_locked([("id", "in", ids)], order="id desc")
        assert found.ids == sorted(ids, reverse=True) and found.mapped("name") == ["Again", "Again"]

    shop.run(1, {}, change)
