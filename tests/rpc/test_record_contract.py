"""The contract's sections on values, record methods, domains and context keys, line by line, over XML-RPC on the small shop."""

from __future__ import annotations

import datetime as dt
import xmlrpc.client

import pytest


@pytest.fixture(scope="module")
def partner(shop):
    return shop("shop.partner", "create", {"name": "Contract", "credit": 1})


def stored(shop, field, value, model="shop.thing", load="_classic_read"):
    id = shop(model, "create", {field: value})
    return shop(model, "read", [id], [field], load)[0][field]


# -- values --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "given", "read"),
    [
        ("name", "x", "x"), ("name", False, False), ("name", "", False), ("name", None, False), ("name", 5, "5"), ("body", "a\nb", "a\nb"), ("html", "<p>x</p>", "<p>x</p>"),
        ("number", 5, 5), ("number", "5", 5), ("number", False, 0), ("number", None, 0), ("number", 5.0, 5), ("number", "", 0),
        ("amount", 1.5, 1.5), ("amount", "1.5", 1.5), ("amount", False, 0.0), ("amount", 2, 2.0), ("money", "12.3456", 12.3456), ("rate", 0.1234567891, 0.1234567891),
        ("flag", True, True), ("flag", False, False), ("flag", None, False), ("flag", 1, True),
        ("day", "2026-03-31", "2026-03-31"), ("day", False, False), ("day", "2026-03-31 18:30:00", "2026-03-31"), ("day", "2026-03-31T18:30:00Z", "2026-03-31"),
        ("day", xmlrpc.client.DateTime("20260331T18:30:00"), "2026-03-31"),
        ("moment", "2026-03-31 18:30:00", "2026-03-31 18:30:00"), ("moment", "2026-03-31", "2026-03-31 00:00:00"), ("moment", "2026-03-31 18:30:00.987654", "2026-03-31 18:30:00"),
        ("moment", "2026-03-31T18:30:00", "2026-03-31 18:30:00"), ("moment", "2026-03-31T18:30:00Z", "2026-03-31 18:30:00"), ("moment", "2026-03-31T18:30:00.5-06:00", "2026-04-01 00:30:00"),
        ("moment", "2026-03-31T18:30:00+0100", "2026-03-31 17:30:00"), ("moment", xmlrpc.client.DateTime("20260331T18:30:00"), "2026-03-31 18:30:00"), ("moment", False, False),
        ("moment", dt.datetime(2026, 3, 31, 18, 30), "2026-03-31 18:30:00"),
        ("kind", "a", "a"), ("kind", False, False), ("kind", None, False), ("blob", "QUJD", "QUJD"), ("blob", False, False), ("blob", xmlrpc.client.Binary(b"ABC"), "QUJD"),
        ("data", {"a": [1, {"b": "c"}]}, {"a": [1, {"b": "c"}]}), ("data", False, False), ("tag_ids", [], []), ("item_ids", [], []), ("ref", False, False), ("res_id", 7, 7), ("res_id", False, 0),
    ],
)  # fmt: skip
def test_values_are_taken_and_read(shop, field, given, read):
    answer = stored(shop, field, given)
    assert answer == read and type(answer) is type(read)


def test_links(shop, partner):
    for given in (partner, str(partner), [partner, "Contract"], [partner, "another name"]):
        assert stored(shop, "partner_id", given) == [partner, "Contract"]
    for given in (False, None, "", 0, "0"):
        assert stored(shop, "partner_id", given) is False
    assert stored(shop, "ref", f"shop.partner,{partner}") == f"shop.partner,{partner}"
    for load in ("_classic_write", "raw", None, False):
        assert stored(shop, "partner_id", partner, load=load) == partner
    thing = shop("shop.thing", "create", {"partner_id": partner})
    assert shop("shop.thing", "search_read", [["id", "=", thing]], ["partner_id"], load="raw") == [{"id": thing, "partner_id": partner}]
    tags = shop("shop.tag", "create", [{"name": "l1"}, {"name": "l2"}])
    assert stored(shop, "tag_ids", tags) == tags and stored(shop, "tag_ids", [[6, 0, tags]]) == tags


@pytest.mark.parametrize(
    ("field", "given"),
    [("nothing", 1), ("kind", "zzz"), ("number", "five"), ("number", 1.5), ("amount", "much"), ("day", "tomorrow"), ("moment", "noon"), ("partner_id", "Contract"),
     ("partner_id", True), ("tag_ids", "red"), ("size3", "four"), ("flag", "perhaps"), ("ref", "nonsense"), ("blob", "=")],
)  # fmt: skip
def test_wrong_values_are_value_errors_that_name_the_field(shop, field, given):
    thing = shop("shop.thing", "create", {"name": "before"})
    for call in (("create", {field: given}), ("write", [thing], {"name": "after", field: given})):
        if (field, given) == ("blob", "="):
            continue  # what is no base64 is nothing
        with pytest.raises(xmlrpc.client.Fault) as refused:
            shop("shop.thing", *call)
        assert refused.value.faultCode == 1 and "ValueError: " in refused.value.faultString and field in refused.value.faultString
    assert shop("shop.thing", "read", [thing], ["name"])[0]["name"] == "before"


def test_unknown_names_are_value_errors_everywhere(shop, partner):
    for call in (("read", [partner], ["nothing"]), ("search_read", [], ["nothing"]), ("search", [["nothing", "=", 1]]), ("search", [], 0, 0, "nothing"), ("search_fetch", [], ["nothing"]),
                 ("read_group", [], ["nothing"], ["name"]), ("read_group", [], [], ["nothing"]), ("default_get", ["nothing"]), ("copy", [partner], {"nothing": 1}),
                 ("web_read", [partner], {"nothing": {}}), ("export_data", [partner], ["nothing"])):  # fmt: skip
        with pytest.raises(xmlrpc.client.Fault) as refused:
            shop("shop.partner", *call)
        assert refused.value.faultCode == 1 and "ValueError: " in refused.value.faultString and "nothing" in refused.value.faultString, call


def test_automatic_fields(shop):
    thing = shop("shop.thing", "create", {"name": "auto", "id": 999999, "create_uid": 1, "write_date": "2000-01-01 00:00:00", "__last_update": "2000-01-01 00:00:00", "display_name": "no"})
    (row,) = shop("shop.thing", "read", [thing])
    assert row["id"] == thing != 999999 and row["display_name"] == "auto" and row["write_date"] > "2020" and row["create_uid"][0] != 1
    assert {"id", "display_name", "create_date", "create_uid", "write_date", "write_uid"} <= row.keys()
    assert shop("shop.thing", "write", [thing], {"write_date": "2000-01-01 00:00:00", "id": 5}) is True
    (row,) = shop("shop.thing", "read", [thing], ["__last_update", "write_date"])
    assert row["__last_update"] == row["write_date"] > "2020"
    assert thing in shop("shop.thing", "search", [["__last_update", ">=", row["write_date"]]], order="__last_update desc")
    assert shop("shop.thing", "fields_get", ["__last_update"])["__last_update"]["type"] == "datetime"
    assert "active" in shop("shop.partner", "fields_get_keys")


# -- methods -------------------------------------------------------------------------------------------------------------------


def test_no_record_as_zero(shop, partner):
    """Zero is no record: the usual way to ask for what is set, and what forms send for an empty list box."""
    linked, free = shop("shop.thing", "create", [{"name": "zero", "partner_id": partner}, {"name": "zero"}])
    for term, found in ((">", [linked]), ("!=", [linked]), ("=", [free]), ("=?", [free])):
        assert shop("shop.thing", "search", [["name", "=", "zero"], ["partner_id", term, 0]]) == found, term
    assert shop("shop.thing", "search", [["name", "=", "zero"], ["partner_id", "in", [0, partner]]]) == [linked, free]
    assert shop("shop.thing", "write", [linked], {"partner_id": 0}) is True
    assert shop("shop.thing", "read", [linked], ["partner_id"])[0]["partner_id"] is False


@pytest.mark.parametrize("nothing", [0, False, None, ""])
def test_nothing_as_offset_limit_and_order(shop, partner, nothing):
    named = [["id", "=", partner]]
    assert shop("shop.partner", "search", named, nothing, nothing, nothing) == [partner]
    assert shop("shop.partner", "search_read", named, ["name"], nothing, nothing, nothing) == [{"id": partner, "name": "Contract"}]
    assert shop("shop.partner", "search_fetch", named, ["name"], nothing, nothing, nothing) == [partner]
    assert shop("shop.partner", "read_group", named, [], ["name"], nothing, nothing, nothing)[0]["name_count"] == 1
    assert shop("shop.partner", "formatted_read_group", named, ["name"], ["__count"], [], nothing, nothing, nothing)[0]["__count"] == 1
    assert shop("shop.partner", "web_search_read", named, {"name": {}}, nothing, nothing, nothing, nothing)["length"] == 1


def test_search_and_count(shop):
    ids = shop("shop.item", "create", [{"name": f"s{n}", "number": n} for n in range(5)])
    mine = [["id", "in", ids]]
    assert shop("shop.item", "search", mine, 1, 2) == ids[1:3] == shop("shop.item", "search", mine, offset=1, limit=2, order="")
    for none in (0, False, None, ""):
        assert shop("shop.item", "search", mine, limit=none) == ids
    assert shop("shop.item", "search", mine, order="number desc, id") == ids[::-1] == shop("shop.item", "search", mine, 0, 0, "number DESC")
    assert shop("shop.item", "search_count", mine) == 5 and shop("shop.item", "search_count", mine, 3) == 3
    assert shop("shop.item", "search_fetch", mine, ["name"], 0, 2, "id desc") == ids[:2:-1]
    # the forms of older clients: count, and the context after the last argument
    assert shop("shop.item", "search", mine, 0, 0, "id", True) == 5 and shop("shop.item", "search", mine, 0, 0, "id", False, {"lang": "es"}) == ids
    assert shop("shop.item", "search", mine, 0, 0, "id", {"lang": "es"}) == ids and shop("shop.item", "search_count", mine, {"lang": "es"}) == 5
    assert shop("shop.item", "read", ids[:1], ["name"], {"lang": "es"}) == [{"id": ids[0], "name": "s0"}]
    made = shop("shop.item", "create", {"name": "positional"}, {"lang": "es"})
    assert shop("shop.item", "write", made, {"name": "changed"}, {"lang": "es"}) is True and shop("shop.item", "unlink", made, {"lang": "es"}) is True
    assert shop("shop.item", "fields_get", ["name"], {"lang": "es"})["name"]["type"] == "char"
    for empty in (None, False, [], ""):
        assert set(shop("shop.item", "search_read", mine, empty)[0]) == set(shop("shop.item", "fields_get")) - {"__last_update"}


def test_read_write_unlink_copy_exists(shop, partner):
    a, b = shop("shop.item", "create", [{"name": "a"}, {"name": "b"}])
    assert type(shop("shop.item", "create", {"name": "one"})) is int and type(shop("shop.item", "create", [{"name": "one"}])) is list
    assert [row["id"] for row in shop("shop.item", "read", [b, 10**8, a], ["name"])] == [b, a]
    assert shop("shop.item", "read", b, ["name"]) == [{"id": b, "name": "b"}]
    with pytest.raises(xmlrpc.client.Fault) as gone:
        shop("shop.item", "write", [10**8], {"name": "x"})
    assert gone.value.faultCode == 2 and "Record does not exist or has been deleted." in gone.value.faultString and "(Record: shop.item(100000000,), User: " in gone.value.faultString
    assert shop("shop.item", "exists", [a, 10**8, b]) == [a, b]
    assert shop("shop.item", "unlink", [10**8]) is True
    copy = shop("shop.item", "copy", a, {"name": "copy"})
    assert type(copy) is int and type(shop("shop.item", "copy", [a])) is list
    assert shop("shop.item", "read", [copy], ["name"])[0]["name"] == "copy"
    (data,) = shop("shop.item", "copy_data", [a], {"number": 9})
    assert data["name"] == "a" and data["number"] == 9 and "id" not in data and "create_date" not in data
    order = shop("shop.order", "create", {"name": "C", "partner_id": partner, "date": "2026-01-01", "line_ids": [(0, 0, {"qty": 2, "price": 1.25})]})
    (data,) = shop("shop.order", "copy_data", [order])
    assert data["line_ids"][0][0] == 0 and data["line_ids"][0][2]["price"] == 1.25 and data["date"] == "2026-01-01" and data["partner_id"] == partner
    assert "total" not in data and "note" not in data
    made = shop("shop.order", "create", data)
    assert shop("shop.order", "read", [made], ["total"])[0]["total"] == 2.5
    assert shop("shop.item", "unlink", [a, b, copy]) is True and shop("shop.item", "exists", [a, b]) == []


def test_names(shop, partner):
    assert shop("shop.partner", "name_search", "Contr") == [[partner, "Contract"]] == shop("shop.partner", "name_get", [partner])
    assert shop("shop.partner", "name_search", "contract", [], "=") == [] and shop("shop.partner", "name_search", "Contract", operator="=") == [[partner, "Contract"]]
    assert shop("shop.partner", "name_search", name="Con", args=[["credit", ">", 5]]) == [] and len(shop("shop.partner", "name_search", name="", args=None, limit=1)) == 1
    assert shop("shop.partner", "name_search", "Contr", [["credit", ">", 0]], "ilike", 5) == [[partner, "Contract"]]
    id, name = shop("shop.tag", "name_create", "Made")
    assert name == "Made" and shop("shop.tag", "read", [id], ["display_name"])[0]["display_name"] == "Made"


def test_defaults(shop):
    every = shop("shop.order", "fields_get_keys")
    found = shop("shop.order", "default_get", every)
    assert found["state"] == "draft" and dt.date.fromisoformat(found["date"]) and "name" not in found
    assert shop("shop.order", "default_get", ["name", "state"], context={"default_name": "D"}) == {"name": "D", "state": "draft"}
    assert shop("shop.order", "default_get", fields_list=["state"]) == {"state": "draft"}
    assert shop("shop.order", "default_get", ["line_ids"], context={"default_line_ids": [[0, 0, {"qty": 2}]]})["line_ids"][0][0] == 0
    made = shop("shop.item", "create", {"number": 1}, context={"default_name": "given", "default_number": 5, "default_unknown": 1})
    assert shop("shop.item", "read", [made], ["name", "number"])[0] == {"id": made, "name": "given", "number": 1}


def test_fields_get(shop):
    every = shop("shop.order", "fields_get")
    wanted = {"type", "string", "name", "required", "readonly", "store", "searchable", "sortable", "groupable", "company_dependent", "translate", "manual", "exportable", "change_default", "depends"}
    for name, described in every.items():
        assert wanted <= described.keys(), name
        assert not any(value is None for value in described.values())
    assert every["partner_id"]["relation"] == "shop.partner" and isinstance(every["partner_id"]["domain"], list) and every["partner_id"]["context"] == {}
    assert every["line_ids"]["relation_field"] == "order_id" and every["state"]["selection"][0] == ["draft", "Draft"] and every["total"]["currency_field"] == "currency_id"
    assert every["total"]["aggregator"] == every["total"]["group_operator"] == "sum" and every["total"]["digits"] == [18, 4]
    thing = shop("shop.thing", "fields_get", ["size3", "name"], ["size", "trim", "type"])
    assert thing == {"size3": {"size": 3, "trim": True, "type": "char"}, "name": {"trim": True, "type": "char"}}
    assert shop("shop.thing", "fields_get", [], []).keys() == shop("shop.thing", "fields_get").keys() == set(shop("shop.thing", "fields_get_keys"))
    assert shop("shop.partner", "fields_get", ["note"])["note"]["translate"] is True and every["customer_id"]["relation"] == "shop.partner"


def test_metadata(shop, partner):
    for method in ("get_metadata", "perm_read"):
        (row,) = shop("shop.partner", method, [partner])
        assert set(row) == {"id", "create_uid", "create_date", "write_uid", "write_date", "xmlid", "xmlids", "noupdate"}
        assert row["create_uid"] == row["write_uid"] and type(row["create_uid"][0]) is int and type(row["create_uid"][1]) is str
        assert row["xmlid"] is False and row["xmlids"] == [] and row["noupdate"] is False
    shop("ir.model.data", "create", {"module": "mine", "name": "one", "model": "shop.partner", "res_id": partner, "noupdate": True})
    (row,) = shop("shop.partner", "get_metadata", [partner])
    assert row["xmlid"] == "mine.one" and row["xmlids"] == [{"xmlid": "mine.one", "noupdate": True}] and row["noupdate"] is True


def test_rights_and_archiving(shop, partner):
    assert shop("shop.partner", "check_access_rights", "read") is True and shop("shop.partner", "check_access_rights", "unlink", False) is True
    assert shop("shop.partner", "has_access", [], "write") is True and shop("shop.partner", "check_access", [partner], "write") is False  # nothing
    for wrong in ("delete", "", 5):
        with pytest.raises(xmlrpc.client.Fault):
            shop("shop.partner", "check_access_rights", wrong)
    tag = shop("shop.tag", "create", {"name": "archive me"})
    assert shop("shop.tag", "action_archive", [tag]) is False
    assert shop("shop.tag", "search", [["id", "=", tag]]) == [] and shop("shop.tag", "search", [["id", "=", tag], ["active", "=", False]]) == [tag]
    assert shop("shop.tag", "search", [["id", "=", tag]], context={"active_test": False}) == [tag] == shop("shop.tag", "search", [["id", "=", tag], ["active", "in", [True, False]]])
    thing = shop("shop.thing", "create", {"tag_ids": [tag]})
    assert shop("shop.thing", "read", [thing], ["tag_ids"])[0]["tag_ids"] == [] and shop("shop.thing", "read", [thing], ["tag_ids"], context={"active_test": False})[0]["tag_ids"] == [tag]
    shop("shop.tag", "action_unarchive", [tag])
    assert shop("shop.tag", "search_count", [["id", "=", tag]]) == 1
    shop("shop.tag", "toggle_active", [tag])
    assert shop("shop.tag", "search_count", [["id", "=", tag]]) == 0 and shop("shop.tag", "read", [tag], ["active"])[0]["active"] is False


# -- groups --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grouped(shop, partner):
    other = shop("shop.partner", "create", {"name": "Other"})
    tags = shop("shop.tag", "create", [{"name": "g1"}, {"name": "g2"}])
    days = ["2026-01-05", "2026-01-31", "2026-02-01", False]
    return shop("shop.thing", "create", [
        {"name": "grouped", "number": n, "money": n * 1.5, "flag": n % 2 == 0, "kind": "ab"[n % 2], "day": days[n % 4], "moment": days[n % 4] and f"{days[n % 4]} 10:15:00",
         "partner_id": [partner, other, False][n % 3], "tag_ids": tags[: n % 3]} for n in range(12)
    ])  # fmt: skip


def test_read_group(shop, grouped, partner):
    mine = [["id", "in", grouped]]
    rows = shop("shop.thing", "read_group", mine, ["money", "number:max", "many:count_distinct(number)"], ["partner_id", "kind"])
    assert len(rows) == 3
    for row in rows:
        assert row["__context"] == {"group_by": ["kind"]} and row["partner_id_count"] == 4 == row["many"] and "__count" not in row
        found = shop("shop.thing", "search_read", row["__domain"], ["money", "number", "partner_id"])
        assert len(found) == 4 and row["money"] == sum(r["money"] for r in found) and row["number"] == max(r["number"] for r in found)
        assert {tuple(r["partner_id"] or ()) for r in found} == {tuple(row["partner_id"] or ())}
    flat = shop("shop.thing", "read_group", mine, ["money:avg"], ["partner_id", "kind"], lazy=False, orderby="kind desc, money desc", limit=3, offset=1)
    assert len(flat) == 3 and all(row["__count"] == 2 and "__context" not in row for row in flat) and flat[0]["kind"] == "b"
    assert shop("shop.thing", "read_group", mine, None, ["kind"], 0, None, False, True)[0]["kind_count"] == 6
    assert shop("shop.thing", "read_group", mine, ["flag:bool_and", "number:array_agg"], []) [0]["__count"] == 12
    one = shop("shop.thing", "read_group", mine, ["all:bool_and(flag)", "any:bool_or(flag)", "ids:array_agg(id)", "low:min(day)"], [])[0]
    assert one["all"] is False and one["any"] is True and sorted(one["ids"]) == sorted(grouped) and one["low"] == "2026-01-05"


def test_read_group_by_date(shop, grouped):
    mine = [["id", "in", grouped], ["day", "!=", False]]
    for spec, labels in {
        "day:day": ["05 Jan 2026", "31 Jan 2026", "01 Feb 2026"], "day:week": ["W2 2026", "W5 2026"], "day:month": ["January 2026", "February 2026"], "day:quarter": ["Q1 2026"], "day:year": ["2026"],
        "moment:hour": ["05 Jan 2026 10:00", "31 Jan 2026 10:00", "01 Feb 2026 10:00"], "day": ["January 2026", "February 2026"],
        "day:month_number": [1, 2], "moment:hour_number": [10], "day:iso_week_number": [2, 5],
    }.items():  # fmt: skip
        rows = shop("shop.thing", "read_group", mine, [], [spec])
        assert [row[spec] for row in rows] == labels, spec
        name = spec.split(":")[0]
        for row in rows:
            assert shop("shop.thing", "search_count", row["__domain"]) == row[f"{name}_count"]
            if not spec.endswith("_number"):
                assert set(row["__range"][spec]) == {"from", "to"}
    unset = shop("shop.thing", "read_group", [["id", "in", grouped]], [], ["day:month"])[-1]
    assert unset["day:month"] is False and shop("shop.thing", "search_count", unset["__domain"]) == unset["day_count"] == 3
    assert [row["day:month"] for row in shop("shop.thing", "read_group", mine, [], ["day:month"], context={"lang": "es"})] == ["enero 2026", "febrero 2026"]


def test_groups_of_moments_in_a_time_zone(shop):
    """An order of the evening is of that day where people are, not of the next one in UTC."""
    moments = ["2026-01-31 23:30:00", "2026-02-01 05:59:59", "2026-02-01 06:00:00", "2026-02-02 12:00:00", "2026-04-05 08:30:00", "2026-04-05 09:30:00", "2026-03-08 10:30:00"]
    mine = [["id", "in", shop("shop.thing", "create", [{"moment": m, "number": 1} for m in moments])]]
    zone = {"context": {"tz": "America/Mexico_City"}}
    rows = shop("shop.thing", "read_group", mine, ["number"], ["moment:day"], **zone)
    assert [(row["moment:day"], row["moment_count"]) for row in rows][:3] == [("31 Jan 2026", 2), ("01 Feb 2026", 1), ("02 Feb 2026", 1)]
    assert rows[0]["__range"]["moment:day"] == {"from": "2026-01-31 06:00:00", "to": "2026-02-01 06:00:00"}
    for tz in ("America/Mexico_City", "America/Lima", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC", "Nowhere/Land"):
        zone = {"context": {"tz": tz}}
        for part in ("hour", "day", "week", "month", "quarter", "year", "month_number", "hour_number", "day_of_week", "iso_week_number"):
            rows = shop("shop.thing", "read_group", mine, [], [f"moment:{part}"], **zone)
            assert sum(row["moment_count"] for row in rows) == len(moments)
            for row in rows:
                assert shop("shop.thing", "search_count", row["__domain"], **zone) == row["moment_count"], (tz, part, row)
    assert shop("shop.thing", "search_count", [*mine, ["moment.day_of_month", "=", 31]], context={"tz": "America/Mexico_City"}) == 2
    assert shop("shop.thing", "search_count", [*mine, ["moment.day_of_month", "=", 31]]) == 1


def test_formatted_read_group(shop, grouped, partner):
    mine = [["id", "in", grouped]]
    rows = shop("shop.thing", "formatted_read_group", mine, ["tag_ids"], ["__count", "money:sum"], [["__count", ">", 3]], 0, None, "money:sum desc")
    assert [row["__count"] for row in rows] == [8, 4, 4] and {row["tag_ids"] and row["tag_ids"][1] for row in rows} == {"g1", "g2", False}
    for row in rows:
        assert shop("shop.thing", "search_count", ["&", mine[0], *row["__extra_domain"]]) == row["__count"]
    months = shop("shop.thing", "formatted_read_group", mine, ["day:month", "kind"], ["number:max", "id:array_agg", "partner_id:count_distinct"], limit=2, offset=1, order="day:month, kind desc")
    assert len(months) == 2 and months[0]["day:month"][0][:7] == "2026-01" and isinstance(months[0]["id:array_agg"], list)
    assert shop("shop.thing", "formatted_read_group", mine, [], ["__count", "money:sum"]) == [{"__count": 12, "money:sum": 99.0, "__extra_domain": []}]
    assert shop("shop.thing", "formatted_read_group", [[0, "=", 1]], [], ["__count", "money:sum"])[0]["__count"] == 0
    assert shop("shop.thing", "formatted_read_group", mine, ["kind"], having=[["__count", ">", 100]]) == []


# -- context -------------------------------------------------------------------------------------------------------------------


def test_languages(shop):
    country = shop("shop.country", "create", {"name": "Germany"})
    shop("shop.country", "write", [country], {"name": "Alemania"}, context={"lang": "es"})
    assert shop("shop.country", "read", [country], ["name"])[0]["name"] == "Germany"
    for lang in ("es", "es_MX"):
        assert shop("shop.country", "read", [country], ["name"], context={"lang": lang})[0]["name"] == "Alemania"
        assert shop("shop.country", "search", [["name", "=", "Alemania"]], context={"lang": lang}) == [country]
        assert shop("shop.country", "name_search", "Alem", context={"lang": lang}) == [[country, "Alemania"]]
    assert shop("shop.country", "read", [country], ["name"], context={"unknown_key": 1, "tz": "America/Lima", "uid": 99, "lang": False})[0]["name"] == "Germany"


def test_companies(shop):
    first = shop("res.users", "read", [2], ["company_id"])[0]["company_id"][0]
    second = shop("res.company", "search", [["id", "!=", first]])
    assert second
    shop("res.users", "write", [2], {"company_ids": [[6, 0, [first, *second]]]})
    theirs = shop("shop.partner", "create", {"name": "theirs", "company_id": second[0]}, context={"allowed_company_ids": second})
    assert shop("shop.partner", "search", [["id", "=", theirs]]) == [] and shop("shop.partner", "read", [theirs], ["name"]) == []
    assert shop("shop.partner", "search", [["id", "=", theirs]], context={"allowed_company_ids": [first, *second]}) == [theirs]
    assert shop("shop.partner", "search", [["id", "=", theirs]], context={"force_company": second[0]}) == [theirs]
    assert shop("shop.order", "default_get", ["company_id"], context={"allowed_company_ids": [*second, first]}) == {"company_id": second[0]}
    with pytest.raises(xmlrpc.client.Fault) as refused:
        shop("shop.partner", "search", [], context={"allowed_company_ids": [10**6]})
    assert refused.value.faultCode == 4
