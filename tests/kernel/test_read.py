"""Reading and searching: shapes, order, numbers of statements, limits."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import FieldError
from tests.kernel.test_records import orders

FIELDS = [
    "name",
    "partner_id",
    "state",
    "date",
    "total",
    "line_ids",
    "tag_ids",
    "country_id",
    "partner_credit",
    "label",
    "company_id",
]


def test_reading_costs_the_same_for_one_and_for_many(shop_env: Any, count_statements: Any) -> None:
    made = orders(shop_env, 120)
    tag = shop_env["shop.tag"].create({"name": "t"})
    made[:50].write({"tag_ids": [(4, tag.id)]})
    counts: dict[str, list[int]] = {"read": [], "search_read": [], "all": []}
    for some in (made[:1], made):
        for what in counts:
            shop_env.flush()
            shop_env.transaction.clear()
            with count_statements(shop_env) as seen:
                if what == "read":
                    rows = some.read(FIELDS)
                elif what == "search_read":
                    rows = shop_env["shop.order"].search_read([("id", "in", some.ids)], FIELDS)
                else:
                    rows = some.read()
            counts[what].append(len(seen))
            assert len(rows) == len(some) and rows[0]["partner_id"][1].startswith("Partner")
    for what, (one, many) in counts.items():
        assert one == many, f"{what}: {one} statements for one record, {many} for many\n{seen.report()}"
    assert counts["read"][0] <= 8


def test_rows_follow_ids_and_missing_ones_are_left_out(shop_env: Any) -> None:
    a, b, c = shop_env["shop.tag"].create([{"name": n} for n in "abc"])
    gone = c.id
    c.unlink()
    rows = shop_env["shop.tag"].browse([b.id, gone, a.id]).read(["name"])
    assert rows == [{"id": b.id, "name": "b"}, {"id": a.id, "name": "a"}]
    assert shop_env["shop.tag"].browse().read(["name"]) == []
    assert set(a.read()[0]) >= {"id", "display_name", "name", "active", "create_date", "create_uid", "write_date", "write_uid"}
    assert a.read([]) == a.read()
    for wrong in (["nothing"], "name", [5], {"name": 1}, [["name"]]):
        with pytest.raises(FieldError):
            a.read(wrong)


def test_order_by_many2one_follows_the_order_of_its_model(shop_env: Any) -> None:
    zoe, ana = shop_env["shop.partner"].create([{"name": "Zoe"}, {"name": "Ana"}])
    one, two, three = shop_env["shop.order"].create(
        [{"name": n, "partner_id": p.id} for n, p in (("1", zoe), ("2", ana), ("3", zoe))]
    )
    mine = [("id", "in", (one | two | three).ids)]
    search = shop_env["shop.order"].search
    assert search(mine, order="partner_id").ids == [two.id, one.id, three.id]
    assert search(mine, order="partner_id desc, name desc").ids == [three.id, one.id, two.id]
    assert search(mine, order="customer_id, name DESC").ids == [two.id, three.id, one.id]
    zoe.name = "Aaa"  # waits: the order must know
    assert search(mine, order="partner_id, id").ids == [one.id, three.id, two.id]
    assert search(mine, order="display_name desc").ids == [three.id, two.id, one.id]
    assert search(mine, limit=1, offset=1, order="name").ids == [two.id]
    assert search(mine, limit=0, order="id").ids == search(mine, limit=False, order="id").ids == [one.id, two.id, three.id]
    assert shop_env["shop.order"].search_count(mine) == 3 and shop_env["shop.order"].search_count(mine, limit=2) == 2
    for wrong in ("nothing", "name sideways", "name; drop table", "line_ids", "label", "name desc desc desc desc", 5, ["name"]):
        with pytest.raises(FieldError):
            search(mine, order=wrong)
    for wrong_limit in ("many", -1, 2**70, [1]):
        with pytest.raises(FieldError):
            search(mine, limit=wrong_limit)


def test_unset_values_are_sorted_alike_on_both_databases(shop_env: Any) -> None:
    one, two, none = shop_env["shop.thing"].create([{"name": "b", "number": 2}, {"name": "a", "number": 1}, {}])
    mine = [("id", "in", (one | two | none).ids)]
    assert shop_env["shop.thing"].search(mine, order="name").ids == [two.id, one.id, none.id]
    assert shop_env["shop.thing"].search(mine, order="name desc").ids == [none.id, one.id, two.id]
    assert shop_env["shop.thing"].search(mine, order="number desc").ids == [none.id, one.id, two.id]


def test_pending_changes_are_found(shop_env: Any) -> None:
    order = orders(shop_env, 1)
    order.partner.name = "Waiting"
    assert shop_env["shop.order"].search([("partner_id.name", "=", "Waiting")]) == order
    order.partner.name = "Waits again"
    assert shop_env["shop.order"].search([("partner_id", "ilike", "waits ag")]) == order
    order.line_ids[0].qty = 1000
    assert shop_env["shop.order"].search([("total", ">", 900), ("id", "=", order.id)]) == order
    assert shop_env["shop.order"].search([("big_line_ids.qty", "=", 1000)]) == order
    order.partner.country.code = "ZZ"
    assert shop_env["shop.order"].search([("country_id.code", "=", "ZZ")]) == order
    assert shop_env["shop.order"].search_read([("id", "=", order.id)], ["total"])[0]["total"] == float(order.total)


def test_names(shop_env: Any) -> None:
    ana, eva = shop_env["shop.partner"].create([{"name": "Ana Torres"}, {"name": "Eva"}])
    search = shop_env["shop.partner"].name_search
    assert search("torr") == [[ana.id, "Ana Torres"]] and search("", [("id", "in", [eva.id])]) == [[eva.id, "Eva"]]
    assert search("Eva", operator="=") == [[eva.id, "Eva"]]
    assert search("E", args=[("id", "=", eva.id)], limit=1) == [[eva.id, "Eva"]]
    assert (ana | eva).name_get() == [[ana.id, "Ana Torres"], [eva.id, "Eva"]]
    made = shop_env["shop.partner"].name_create("Neu")
    assert made == [made[0], "Neu"] and shop_env["shop.partner"].browse(made[0]).name == "Neu"
    assert shop_env["shop.thing"].create({}).display_name.startswith("shop.thing,")


def test_fields_get_has_no_null_and_knows_relations(shop_env: Any) -> None:
    fields = shop_env["shop.order"].fields_get()
    assert all(value is not None for entry in fields.values() for value in entry.values())
    assert fields["partner_id"]["relation"] == "shop.partner" and fields["line_ids"]["relation_field"] == "order_id"
    assert fields["state"]["selection"][:2] == [["draft", "Draft"], ["sale", "Sold"]]
    assert fields["total"]["type"] == "monetary" and fields["total"]["readonly"] and fields["customer_id"]["type"] == "many2one"
    some = shop_env["shop.order"].fields_get(["name"], ["type", "string"])
    assert some == {"name": {"type": "char", "string": "Number"}}


def test_search_fetch_and_copy_data_shapes(shop_env: Any) -> None:
    order = orders(shop_env, 1)
    assert shop_env["shop.order"].search_fetch([("id", "=", order.id)], ["name"]) == order
    assert order.copy_data({"name": "x"})[0]["name"] == "x"
    metadata = order.get_metadata()[0]
    assert metadata["id"] == order.id and metadata["xmlid"] is False and metadata["create_uid"][0] == 1
