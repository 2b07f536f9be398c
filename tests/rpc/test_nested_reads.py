"""Nested reads over XML-RPC: specifications, dotted paths, saving with an answer; constant statements, and nobody's rights bent."""

from __future__ import annotations

import xmlrpc.client
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="module")
def made(shop):
    """A few orders with lines, made through the door."""
    country = shop("shop.country", "create", {"name": "Peru", "code": "PE"})
    ana = shop("shop.partner", "create", {"name": "Ana", "credit": 5, "country_id": country})
    beto = shop("shop.partner", "create", {"name": "Beto", "parent_id": ana})
    tags = shop("shop.tag", "create", [{"name": "red"}, {"name": "blue"}])
    nut = shop("shop.product", "create", {"name": "Nut", "price": 2, "tag_ids": tags})
    bolt = shop("shop.product", "create", {"name": "Bolt", "price": 3})
    lines = [
        (0, 0, {"product_id": nut, "qty": 2, "price": 2}),
        (0, 0, {"qty": 1, "price": 1}),
        (0, 0, {"product_id": bolt, "qty": 7, "price": 3}),
    ]
    one = shop(
        "shop.order",
        "create",
        {"name": "N1", "partner_id": beto, "line_ids": lines, "tag_ids": [(6, 0, tags)], "date": "2026-01-31"},
    )
    two = shop("shop.order", "create", {"name": "N2", "partner_id": ana, "date": "2026-02-01"})
    return SimpleNamespace(**locals())  # fmt: skip


def test_web_read_of_every_relation(shop, made):
    spec = {
        "name": {},
        "total": {},
        "partner_id": {"fields": {"display_name": {}, "country_id": {"fields": {"code": {}}}, "parent_id": {"fields": {"display_name": {}}}}},
        "company_id": {},
        "line_ids": {"fields": {"qty": {}, "product_id": {"fields": {"display_name": {}, "tag_ids": {"fields": {"name": {}}}}}}, "order": "qty desc"},
        "tag_ids": {},
    }  # fmt: skip
    (row,) = shop("shop.order", "web_read", [made.one], spec)
    assert row["partner_id"] == {
        "id": made.beto, "display_name": "Beto", "country_id": False, "parent_id": {"id": made.ana, "display_name": "Ana"},
    }  # fmt: skip
    assert type(row["company_id"]) is int and row["total"] == 26.0
    assert [line["qty"] for line in row["line_ids"]] == [7.0, 2.0, 1.0]
    assert row["line_ids"][1]["product_id"] == {
        "id": made.nut, "display_name": "Nut", "tag_ids": [{"id": made.tags[1], "name": "blue"}, {"id": made.tags[0], "name": "red"}],
    }  # fmt: skip
    assert row["line_ids"][2]["product_id"] is False and sorted(row["tag_ids"]) == made.tags
    (other,) = shop("shop.order", "web_read", [made.two], {"partner_id": {"fields": {"country_id": {"fields": {"code": {}}}}}})
    assert other["partner_id"]["country_id"]["code"] == "PE"
    assert shop("shop.order", "web_read", [made.two, 10**8], {}) == [{"id": made.two}]


def test_limit_order_and_context_of_lists(shop, made):
    lines = shop("shop.line", "search", [["order_id", "=", made.one]])
    (row,) = shop("shop.order", "web_read", [made.one], {"line_ids": {"fields": {"qty": {}}, "limit": 1}})
    assert row["line_ids"] == [{"id": lines[0], "qty": 2.0}, {"id": lines[1]}, {"id": lines[2]}]
    (row,) = shop("shop.order", "web_read", [made.one], {"line_ids": {"order": "qty desc"}})
    assert row["line_ids"] == [lines[2], lines[0], lines[1]]
    shop("shop.country", "write", [made.country], {"name": "Perú"}, context={"lang": "es"})
    spec = {"country_id": {"fields": {"name": {}, "display_name": {}}, "context": {"lang": "es"}}}
    (row,) = shop("shop.partner", "web_read", [made.ana], spec)
    assert row["country_id"] == {"id": made.country, "name": "Perú", "display_name": "Perú"}


def test_references(shop, made):
    thing = shop("shop.thing", "create", {"ref": f"shop.partner,{made.ana}", "res_model": "shop.order", "res_id": made.one})
    other = shop("shop.thing", "create", {"ref": "shop.order,99999999"})
    spec = {"ref": {"fields": {"display_name": {}}}, "res_id": {"fields": {"name": {}}}}
    row, gone = shop("shop.thing", "web_read", [thing, other], spec)
    assert row["ref"] == {"id": {"id": made.ana, "model": "shop.partner"}, "display_name": "Ana"}
    assert row["res_id"] == {"id": made.one, "name": "N1"}
    assert gone["ref"] is False and gone["res_id"] == 0 or gone["res_id"] is False
    (row,) = shop("shop.thing", "web_read", [thing], {"ref": {}, "res_id": {}})
    assert row["ref"] == f"shop.partner,{made.ana}" and row["res_id"] == made.one


def test_web_search_read_counts_no_more_than_asked(shop, shop_db, count_statements):
    ids = shop("shop.tag", "create", [{"name": f"many {n}"} for n in range(50)])
    domain = [["id", "in", ids]]

    def page(**kw):
        return shop("shop.tag", "web_search_read", domain, {"name": {}}, **kw)

    assert page() == {
        "length": 50,
        "records": [{"id": i, "name": f"many {n}"} for n, i in sorted(enumerate(ids), key=lambda p: f"many {p[0]}")],
    }
    assert page(limit=10)["length"] == 50 and len(page(limit=10, offset=45)["records"]) == 5
    assert page(limit=10, count_limit=20)["length"] == 20
    assert page(limit=10, offset=15, count_limit=20)["length"] == 25  # so much was seen
    assert page(limit=10, offset=45)["length"] == 50 and page(limit=10, offset=90) == {"length": 50, "records": []}
    with count_statements(shop_db, own=True) as whole:
        page(limit=100)
    with count_statements(shop_db, own=True) as part:
        page(limit=10)
    assert len(part) == len(whole) + 1, part.report()  # a page that is not full is not counted
    assert any("LIMIT" in text and "count" in text for text in _statements(shop, shop_db, count_statements, page))


def _statements(shop, shop_db, count_statements, page):
    with count_statements(shop_db, own=True) as seen:
        page(limit=10, count_limit=20)
    return [" ".join(text.split()) for text in seen.seen]


def test_saving_with_an_answer(shop, made):
    spec = {"name": {}, "line_ids": {"fields": {"subtotal": {}}}, "total": {}}
    (row,) = shop(
        "shop.order",
        "web_save",
        [],
        {"name": "W1", "partner_id": made.ana, "line_ids": [[0, "virtual_1", {"qty": 2, "price": 4}]]},
        spec,
    )
    assert row["total"] == 8.0 and row["line_ids"][0]["subtotal"] == 8.0
    (row,) = shop("shop.order", "web_save", [row["id"]], {"line_ids": [[1, row["line_ids"][0]["id"], {"qty": 3}]]}, spec)
    assert row["total"] == 12.0
    (next_row,) = shop("shop.order", "web_save", [row["id"]], {"name": "W2"}, {"name": {}}, next_id=made.one)
    assert next_row == {"id": made.one, "name": "N1"} and shop("shop.order", "read", [row["id"]], ["name"])[0]["name"] == "W2"
    both = shop("shop.order", "web_save_multi", [made.one, made.two], [{"note": "a"}, {"note": "b"}], {"note": {}})
    assert both == [{"id": made.one, "note": "a"}, {"id": made.two, "note": "b"}]
    with pytest.raises(xmlrpc.client.Fault, match="one mapping of values for each"):
        shop("shop.order", "web_save_multi", [made.one, made.two], [{"note": "a"}], {"note": {}})
    with pytest.raises(xmlrpc.client.Fault, match="nothing"):
        shop("shop.order", "web_save", [made.one], {"note": "lost"}, {"nothing": {}})
    assert shop("shop.order", "read", [made.one], ["note"])[0]["note"] == "a"


def test_web_name_search(shop, made):
    assert shop("shop.partner", "web_name_search", "ana", {"display_name": {}}) == [{"id": made.ana, "display_name": "Ana"}]
    found = shop(
        "shop.partner",
        "web_name_search",
        "an",
        {"credit": {}, "country_id": {"fields": {"code": {}}}},
        domain=[],
        operator="ilike",
        limit=5,
    )
    assert found == [{"id": made.ana, "credit": 5.0, "country_id": {"id": made.country, "code": "PE"}}]


def test_dotted_paths(shop, made):
    fields = ["name", "partner_id.name", "partner_id.parent_id.country_id.code", "partner_id.parent_id", "line_ids.product_id.name",
              "line_ids.qty", "line_ids.product_id.tag_ids.name", "partner_id.display_name", "tag_ids"]  # fmt: skip
    one, two = shop("shop.order", "read", [made.one, made.two], fields)
    assert set(one) == {"id", *fields}
    assert one["partner_id.name"] == one["partner_id.display_name"] == "Beto"
    assert one["partner_id.parent_id"] == [made.ana, "Ana"] and two["partner_id.parent_id"] is False
    assert one["partner_id.parent_id.country_id.code"] == "PE" and two["partner_id.parent_id.country_id.code"] is False
    assert one["line_ids.product_id.name"] == ["Nut", False, "Bolt"] and one["line_ids.qty"] == [2.0, 1.0, 7.0]
    assert one["line_ids.product_id.tag_ids.name"] == ["blue", "red"] and two["line_ids.product_id.tag_ids.name"] == []
    found = shop("shop.order", "search_read", [["id", "=", made.one]], ["partner_id", "partner_id.parent_id"], load="raw")
    assert found == [{"id": made.one, "partner_id": made.beto, "partner_id.parent_id": made.ana}]
    assert shop("shop.order", "search_read", [["id", "=", made.one]], {"partner_id": {"fields": {"name": {}}}}) == [
        {"id": made.one, "partner_id": {"id": made.beto, "name": "Beto"}}
    ]
    assert shop("shop.order", "read", [made.one], {"name": {}}) == [{"id": made.one, "name": "N1"}]
    for wrong in ("name.length", "partner_id.nothing", "nothing.name", "partner_id.", ".name", "line_ids.product_id.nothing"):
        with pytest.raises(xmlrpc.client.Fault) as refused:
            shop("shop.order", "search_read", [], [wrong])
        assert refused.value.faultCode == 1 and "ValueError: Invalid field" in refused.value.faultString


def test_the_same_statements_for_one_and_for_many(shop, shop_db, count_statements, made):
    spec = {"name": {}, "partner_id": {"fields": {"display_name": {}, "country_id": {"fields": {"code": {}}}}},
            "line_ids": {"fields": {"qty": {}, "product_id": {"fields": {"name": {}, "tag_ids": {"fields": {"name": {}}}}}}}}  # fmt: skip
    paths = ["name", "partner_id.country_id.code", "line_ids.product_id.tag_ids.name", "line_ids.product_id"]
    partners = shop("shop.partner", "create", [{"name": f"p{n}", "country_id": made.country} for n in range(300)])
    few = {"line_ids": [(0, 0, {"product_id": made.nut})], "tag_ids": [(6, 0, made.tags)]}
    many = {
        "line_ids": [(0, 0, {"product_id": made.nut if n % 2 else made.bolt}) for n in range(10)],
        "tag_ids": [(6, 0, made.tags)],
    }
    small = shop("shop.order", "create", [{"name": "S", "partner_id": partners[0], **few}])
    large = shop("shop.order", "create", [{"name": f"L{n}", "partner_id": p, **many} for n, p in enumerate(partners)])
    for method, args in (
        ("web_search_read", (spec,)),
        ("search_read", (paths,)),
        ("search_read", (["name", "partner_id", "line_ids", "tag_ids", "label"],)),
    ):
        counts = []
        for ids in (small, large):
            shop("shop.order", method, [["id", "in", ids]], *args)
            with count_statements(shop_db, own=True) as seen:
                shop("shop.order", method, [["id", "in", ids]], *args)
            counts.append(len(seen))
        assert counts[0] == counts[1], seen.report()


def test_rights_hold_behind_relations(shop, shop_db, shop_app, made):
    """A user without a right on the model behind sees names, and nothing else of it."""
    import xmlrpc.client as x

    login = shop("res.users", "create", {"name": "Small", "login": "small", "password": "correct horse battery"})
    with shop_db.transaction(1) as env:
        env["ir.model.access"].search([("model", "=", "shop.product")]).write({"group_id": env.ref("base.group_system").id})
        env["ir.model.access"].search([("model", "=", "shop.line")]).write({"domain": "[('qty', '>', 1)]"})

    def small(model, method, *args, **kwargs):
        body = x.dumps(
            ("colca", login, "correct horse battery", model, method, list(args), kwargs), "execute_kw", allow_none=True
        )
        return x.loads(shop_app.test_client().post("/xmlrpc/2/object", data=body.encode()).data)[0][0]

    try:
        spec = {"line_ids": {"fields": {"qty": {}, "product_id": {"fields": {"display_name": {}}}}}}
        (row,) = small("shop.order", "web_read", [made.one], spec)
        assert [(line["qty"], line["product_id"]["display_name"]) for line in row["line_ids"]] == [(2.0, "Nut"), (7.0, "Bolt")]
        assert small("shop.order", "read", [made.one], ["line_ids.qty", "line_ids.product_id"])[0]["line_ids.qty"] == [2.0, 7.0]
        for call in (
            ("shop.order", "web_read", [made.one], {"line_ids": {"fields": {"product_id": {"fields": {"price": {}}}}}}),
            ("shop.order", "read", [made.one], ["line_ids.product_id.price"]),
            ("shop.order", "read", [made.one], ["partner_id.secret"]),
            ("shop.order", "web_read", [made.one], {"partner_id": {"fields": {"secret": {}}}}),
            ("shop.order", "web_read", [made.two], {"line_ids": {"fields": {"product_id": {"fields": {"price": {}}}}}}),
        ):
            if call[2] == [made.two]:  # nothing there to read
                assert small(*call) == [{"id": made.two, "line_ids": []}]
                continue
            with pytest.raises(x.Fault) as refused:
                small(*call)
            assert refused.value.faultCode == 4
    finally:
        with shop_db.transaction(1) as env:
            env["ir.model.access"].search([("model", "=", "shop.product")]).write({"group_id": False})
            env["ir.model.access"].search([("model", "=", "shop.line")]).write({"domain": False})


def test_sizes_instead_of_bytes(shop, shop_db):
    thing = shop("shop.thing", "create", {"blob": "QUJD" * 1000})
    none = shop("shop.thing", "create", {})
    rows = shop("shop.thing", "read", [thing, none], ["blob"], context={"bin_size": True})
    assert [row["blob"] for row in rows] == ["2.93 Kb", False]
    assert shop("shop.thing", "read", [thing], ["blob"])[0]["blob"] == "QUJD" * 1000
