"""Computed, related and delegated fields: right after any change, whichever way it came, and right in the database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def partner(shop_env: Any) -> Any:
    return shop_env["shop.partner"].create({"name": "Ana"})


@pytest.fixture
def order(shop_env: Any, partner: Any) -> Any:
    return shop_env["shop.order"].create(
        {"name": "O", "partner_id": partner.id, "line_ids": [(0, 0, {"qty": 2, "price": 10}), (0, 0, {"qty": 1, "price": 5})]}
    )


def stored(records: Any, *names: str) -> list[Any]:
    """The values in the database after everything was flushed."""
    env = records.env
    table = records.table
    rows = env.execute(records.query([("id", "in", records.ids)], table.c.id, *(table.c[n] for n in names))).all()
    by_id = {row[0]: row[1] if len(names) == 1 else tuple(row[1:]) for row in rows}
    return [by_id[i] for i in records.ids]


def test_a_chain_over_lines_follows_every_change(shop_env: Any, order: Any, partner: Any) -> None:
    assert (order.total, order.tax, order.grand, partner.order_total) == (25, 4, 29, 25)
    one, two = order.line_ids
    one.qty = 3
    assert (one.subtotal, order.total, order.grand, partner.order_total) == (30, 35, Decimal("40.6"), 35)
    (one | two).write({"price": 1})
    assert stored(order, "total", "tax", "grand") == [(4, Decimal("0.64"), Decimal("4.64"))]
    assert stored(partner, "order_total") == [4]
    shop_env["shop.line"].create({"order_id": order.id, "qty": 1, "price": 6})
    assert order.total == 10 and stored(partner, "order_total") == [10]
    two.unlink()
    assert order.total == 9 and stored(order, "total", "grand") == [(9, Decimal("10.44"))]
    order.write({"line_ids": [(5,)]})
    assert order.total == 0 and stored(order, "total") == [0] and stored(partner, "order_total") == [0]


def test_a_line_that_moves_changes_both_parents(shop_env: Any, order: Any, partner: Any) -> None:
    other_partner = shop_env["shop.partner"].create({"name": "Beto"})
    other = shop_env["shop.order"].create({"name": "O2", "partner_id": other_partner.id})
    assert other.total == 0 and order.line_ids and not other.line_ids
    line = order.line_ids[0]
    line.order_id = other
    assert (order.total, other.total) == (5, 20)
    assert line.partner == other_partner
    assert order.line_ids == order.line_ids - line and other.line_ids == line
    assert stored(order | other, "total") == [5, 20]
    other.partner_id = partner
    assert stored(partner | other_partner, "order_total") == [25, 0]
    assert stored(line, "partner_id") == [partner.id]
    other.unlink()
    assert stored(partner, "order_total") == [5]


def test_a_tree_carries_down(shop_env: Any) -> None:
    a, b, c, d = shop_env["shop.partner"].create([{"name": n} for n in "abcd"])
    d.parent, c.parent, b.parent = c, b, a
    assert stored(a | b | c | d, "top_id") == [None, a.id, a.id, a.id]
    b.parent = None
    assert stored(a | b | c | d, "top_id") == [None, None, b.id, b.id]
    c.unlink()
    assert stored(d, "top_id", "parent_id") == [(None, None)]


def test_tags_count(shop_env: Any, order: Any) -> None:
    tags = shop_env["shop.tag"].create([{"name": "x"}, {"name": "y"}, {"name": "z"}])
    order.tag_ids = tags[:2]
    assert stored(order, "tag_count", "has_partner_tag") == [(2, "x, y")]
    tags[0].name = "xx"
    assert order.has_partner_tag == "xx, y"
    tags[2].order_ids = order
    assert order.tag_ids == tags and stored(order, "tag_count", "has_partner_tag") == [(3, "xx, y, z")]
    tags[1].unlink()
    assert stored(order, "tag_count", "has_partner_tag") == [(2, "xx, z")]
    order.write({"tag_ids": [(3, tags[0].id)]})
    assert stored(order, "tag_count", "has_partner_tag") == [(1, "z")]
    tags[2].action_archive()
    assert not order.tag_ids


def test_a_link_set_to_nothing_by_a_deletion_counts_as_a_change(shop_env: Any, partner: Any) -> None:
    country = shop_env["shop.country"].create({"name": "Peru"})
    partner.country_id = country
    order = shop_env["shop.order"].create({"name": "O", "partner_id": partner.id})
    assert order.country == country and partner.country_name == "Peru"
    country.unlink()
    assert partner.country_id is None and partner.country_name is None
    assert stored(order, "country_id") == [None]
    parent, child = shop_env["shop.partner"].create([{"name": "p"}, {"name": "c"}])
    child.parent = parent
    assert stored(child, "top_id") == [parent.id]
    parent.unlink()
    assert stored(child, "parent_id", "top_id") == [(None, None)]


def test_a_value_given_by_hand_stays_until_its_sources_change(shop_env: Any, order: Any, partner: Any) -> None:
    assert order.due == 3
    given = shop_env["shop.order"].create({"name": "O2", "partner_id": partner.id, "due": 99})
    assert given.due == 99 and stored(given, "due") == [99]
    order.due = 50
    assert stored(order | given, "due") == [50, 99]
    order.partner_id = shop_env["shop.partner"].create({"name": "Roberta"})
    assert stored(order | given, "due") == [7, 99]


def test_unstored_values_follow_too(shop_env: Any, order: Any, partner: Any) -> None:
    assert order.label == "O/Ana/25.00" and order.read(["label"])[0]["label"] == "O/Ana/25.00"
    partner.name = "Eva"
    assert order.label == "O/Eva/25.00"
    order.line_ids[0].qty = 0
    assert order.label == "O/Eva/5.00"
    order.name = "P"
    assert order.display_name == "P" and order.label == "P/Eva/5.00"
    assert shop_env["shop.order"].search([("label", "=", "P")]) == order


def test_related_fields_read_and_write_through(shop_env: Any, order: Any, partner: Any) -> None:
    assert order.partner_credit == 0
    partner.credit = Decimal("7.5")
    assert order.partner_credit == Decimal("7.5")
    order.partner_credit = 9
    assert partner.credit == 9 and stored(partner, "credit") == [9]
    order.write({"partner_credit": "11"})
    assert partner.credit == 11
    assert shop_env["shop.order"].search([("partner_credit", "=", 11)]) == order
    assert shop_env["shop.order"].search([("partner_credit", "=", 12)]) == order.browse()
    assert (
        order.search_read([("id", "=", order.id)], ["partner_credit"], order="partner_credit desc")[0]["partner_credit"] == 11.0
    )


def test_delegation_reads_writes_searches_and_makes_the_parent(shop_env: Any) -> None:
    tag = shop_env["shop.tag"].create({"name": "t"})
    variant, other = shop_env["shop.variant"].create(
        [{"name": "Shirt", "price": 5, "colour": "red", "tag_ids": [(4, tag.id)], "cost": "2.5"}, {"name": "Hat"}]
    )
    assert (variant.product.name, variant.name, variant.price, variant.tag_ids, variant.cost) == (
        "Shirt",
        "Shirt",
        5,
        tag,
        Decimal("2.5"),
    )
    variant.price = 6
    variant.write({"name": "T-shirt", "colour": "blue", "tag_ids": [(5,)]})
    assert variant.product.name == "T-shirt" and variant.product.price == 6 and not variant.product.tag_ids
    variant.product.name = "Blouse"
    assert variant.name == "Blouse" and variant.display_name == "Blouse"
    assert shop_env["shop.variant"].search([("name", "=", "Blouse")]) == variant
    assert shop_env["shop.variant"].search([("id", "in", (variant | other).ids)], order="name desc") == other | variant
    assert variant.search([("id", "in", (variant | other).ids)], order="name desc").ids == [other.id, variant.id]
    twin = shop_env["shop.variant"].create({"product_id": variant.product_id, "colour": "green"})
    assert twin.name == "Blouse" and twin.product == variant.product
    assert twin.read(["name", "price"])[0]["price"] == 6.0


def test_what_waits_costs_one_update_per_step(shop_env: Any, partner: Any, count_statements: Any) -> None:
    counts = []
    for many in (2, 30):
        orders = shop_env["shop.order"].create(
            [{"name": f"O{n}", "partner_id": partner.id, "line_ids": [(0, 0, {"qty": 1, "price": 1})] * 3} for n in range(many)]
        )
        shop_env.flush()
        with count_statements(shop_env) as seen:
            for order in orders:
                for line in order.line_ids:
                    line.qty += order.id % 7 + 1
            shop_env.flush()
        counts.append(len(seen))
        assert [o.total for o in orders] == [3 * (o.id % 7 + 2) for o in orders]
    assert counts[0] == counts[1], seen.report()
