"""Creating, writing, deleting, copying: values, defaults, statements sent, refusals in words."""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from server import AccessError, UserError, ValidationError
from server.errors import FieldError


@pytest.fixture
def partner(shop_env: Any) -> Any:
    return shop_env["shop.partner"].create({"name": "Ana"})


# -- values in and out -----------------------------------------------------------------------------------------------------

#: field, what a program sends, what the record says, what a read answers
VALUES = [
    ("name", "x", "x", "x"),
    ("name", False, None, False),
    ("name", None, None, False),
    ("name", "", None, False),
    ("name", 12, "12", "12"),
    ("body", "two\nlines", "two\nlines", "two\nlines"),
    ("html", "<p>ñ</p>", "<p>ñ</p>", "<p>ñ</p>"),
    ("number", 7, 7, 7),
    ("number", "7", 7, 7),
    ("number", False, 0, 0),
    ("number", 7.0, 7, 7),
    ("number", -(2**63), -(2**63), -(2**63)),
    ("amount", 1.1, Decimal("1.1000"), 1.1),
    ("amount", "1.23456", Decimal("1.2346"), 1.2346),
    ("amount", False, Decimal(0), 0.0),
    ("amount", -3, Decimal(-3), -3.0),
    ("amount", True, Decimal(1), 1.0),
    ("rate", "0.0000000001", Decimal("1e-10"), 1e-10),
    ("money", "12345678901234.5678", Decimal("12345678901234.5678"), 12345678901234.5678),
    ("flag", True, True, True),
    ("flag", False, False, False),
    ("flag", 1, True, True),
    ("flag", None, False, False),
    ("day", "2026-02-28", dt.date(2026, 2, 28), "2026-02-28"),
    ("day", "2026-02-28 23:59:59", dt.date(2026, 2, 28), "2026-02-28"),
    ("day", "2026-02-28T23:59:59", dt.date(2026, 2, 28), "2026-02-28"),
    ("day", False, None, False),
    ("moment", "2026-02-28 23:59:59", dt.datetime(2026, 2, 28, 23, 59, 59), "2026-02-28 23:59:59"),
    ("moment", "2026-02-28", dt.datetime(2026, 2, 28), "2026-02-28 00:00:00"),
    ("moment", "20260228T23:59:59", dt.datetime(2026, 2, 28, 23, 59, 59), "2026-02-28 23:59:59"),
    ("moment", "2026-02-28T23:59:59.999-06:00", dt.datetime(2026, 3, 1, 5, 59, 59), "2026-03-01 05:59:59"),
    ("moment", "2026-02-28 23:59:59.5", dt.datetime(2026, 2, 28, 23, 59, 59), "2026-02-28 23:59:59"),
    ("moment", None, None, False),
    ("kind", "a", "a", "a"),
    ("kind", False, None, False),
    ("blob", base64.b64encode(b"\x00\xffpicture").decode(), b"\x00\xffpicture", base64.b64encode(b"\x00\xffpicture").decode()),
    ("blob", b"raw", b"raw", base64.b64encode(b"raw").decode()),
    ("blob", False, None, False),
    ("data", {"a": [1, None, {"b": "ñ"}]}, {"a": [1, None, {"b": "ñ"}]}, {"a": [1, None, {"b": "ñ"}]}),
    ("data", [1, 2], [1, 2], [1, 2]),
    ("data", "text", "text", "text"),
    ("data", False, None, False),
    ("res_id", 5, 5, 5),
    ("res_id", "5", 5, 5),
    ("res_id", False, 0, 0),
    ("ref", "shop.tag,3", "shop.tag,3", "shop.tag,3"),
    ("ref", False, None, False),
]


@pytest.mark.parametrize(("name", "sent", "value", "answer"), VALUES, ids=lambda v: repr(v)[:25])
def test_every_kind_of_value_comes_back(shop_env: Any, name: str, sent: Any, value: Any, answer: Any) -> None:
    created = shop_env["shop.thing"].create({name: sent})
    written = shop_env["shop.thing"].create({"name": "w"})
    written.write({name: sent})
    both = created | written
    for _round in ("cache", "database"):
        assert [one[name] for one in both] == [value, value]
        rows = both.read([name])
        assert [row[name] for row in rows] == [answer, answer]
        assert all(type(row[name]) is type(answer) and set(row) == {"id", name} for row in rows)
        assert [row[name] for row in both.search_read([("id", "in", both.ids)], [name])] == [answer, answer]
        shop_env.transaction.clear()


WRONG = [
    ("number", "seven"), ("number", 1.5), ("number", 2**63), ("number", [1]), ("number", float("nan")), ("number", float("inf")),
    ("amount", "a lot"), ("amount", float("nan")), ("amount", 10**12), ("amount", {}), ("amount", [1]), ("amount", [0, [1], 0]),
    ("flag", "perhaps"), ("flag", [True]), ("day", "tomorrow"), ("day", "2026-02-30"), ("day", 20260228), ("day", "26-02-01"),
    ("moment", "noon"), ("moment", 5), ("moment", "0001-01-01T00:00:00+14:00"), ("kind", "c"), ("kind", 1), ("kind", ["a"]),
    ("blob", 5), ("blob", "not base64!"), ("size3", "four"), ("name", {"a": 1}), ("name", ["a"]), ("name", "a\x00b"), ("partner_id", "Ana"),
    ("partner_id", True), ("partner_id", [1, 2, 3]), ("partner_id", {}), ("partner_id", 2**70), ("ref", "nonsense"),
    ("ref", "no.model,3"), ("item_ids", 5), ("item_ids", "x"), ("item_ids", [[9, 0, 0]]), ("item_ids", [[0, 0, 5]]),
    ("item_ids", [[1, "x", {}]]), ("item_ids", [[6, 0, 5]]), ("item_ids", [[]]), ("tag_ids", [True]), ("tag_ids", [[4, False]]),
    ("tag_ids", [[0, 0, {"nothing": 1}]]), ("nothing", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sent"), WRONG, ids=lambda v: repr(v)[:25])
def test_a_wrong_value_is_refused_naming_the_field(shop_env: Any, name: str, sent: Any) -> None:
    thing = shop_env["shop.thing"].create({})
    for attempt in (lambda: shop_env["shop.thing"].create({name: sent}), lambda: thing.write({name: sent})):
        with pytest.raises(FieldError) as caught:
            attempt()
        assert ("nothing" if "nothing" in str(sent) else name) in str(caught.value)


def test_what_is_no_mapping_is_refused(shop_env: Any) -> None:
    for wrong in (5, "x", [5], [["name", "x"]]):
        with pytest.raises(FieldError):
            shop_env["shop.thing"].create(wrong)
    with pytest.raises(FieldError):
        shop_env["shop.thing"].create({}).write([1])


def test_many2one_takes_id_pair_text_record_and_nothing(shop_env: Any, partner: Any) -> None:
    thing = shop_env["shop.thing"].create({})
    for sent in (partner.id, [partner.id, "Ana"], (partner.id, "x"), str(partner.id), partner):
        thing.write({"partner_id": False})
        assert thing.partner_id is None and not thing.partner
        thing.write({"partner_id": sent})
        assert thing.partner_id == partner.id and thing.partner == partner
        assert thing.read(["partner_id"]) == [{"id": thing.id, "partner_id": [partner.id, "Ana"]}]
        assert thing.read(["partner_id"], load=False) == [{"id": thing.id, "partner_id": partner.id}]
    thing.partner = None
    assert thing.read(["partner_id"])[0]["partner_id"] is False


def test_aliases_mean_the_same_at_every_door(shop_env: Any, partner: Any) -> None:
    order = shop_env["shop.order"].create({"number": "N1", "customer_id": [partner.id, "Ana"]})
    assert (order.name, order.partner_id) == ("N1", partner.id)
    assert order.read(["number", "customer_id"]) == [{"id": order.id, "number": "N1", "customer_id": [partner.id, "Ana"]}]
    order.write({"number": "N2"})
    found = shop_env["shop.order"].search([("number", "=", "N2"), ("customer_id.name", "=", "Ana")], order="number")
    assert found == order and order["number"] == "N2" and found.mapped("customer_id") == partner
    assert "customer_id" in found.fields_get()
    groups = found.read_group([("id", "=", order.id)], ["total"], ["customer_id"])
    assert groups[0]["customer_id"] == [partner.id, "Ana"]
    assert groups[0]["customer_id_count"] == 1


# -- defaults ----------------------------------------------------------------------------------------------------------------


def test_defaults_come_from_context_field_and_company(shop_env: Any, partner: Any) -> None:
    order = shop_env["shop.order"].create({"name": "A", "partner_id": partner.id})
    assert (order.state, order.company, order.date) == ("draft", shop_env.company, shop_env.today())
    other = shop_env["shop.order"].with_context(default_name="B", default_note="n", default_partner_id=partner.id).create({})
    assert (other.name, other.note) == ("B", "n")
    assert shop_env["shop.order"].create({"name": "C", "partner_id": partner.id, "date": False}).date is None
    found = shop_env["shop.order"].default_get(["state", "company_id", "name", "note"])
    assert found == {"state": "draft", "company_id": shop_env.company_id}
    assert set(shop_env["shop.order"].default_get()) == {"state", "company_id", "date"}
    assert shop_env["shop.partner"].create({"name": "shared"}).company_id is None


# -- statements --------------------------------------------------------------------------------------------------------------


def test_creating_many_costs_what_one_costs(shop_env: Any, partner: Any, count_statements: Any) -> None:
    def make(count: int) -> Any:
        return shop_env["shop.order"].create(
            [
                {"name": f"N{n}", "partner_id": partner.id, "line_ids": [(0, 0, {"qty": n, "price": m}) for m in range(3)]}
                for n in range(count)
            ]
        )

    make(1)
    shop_env.flush()
    counts = []
    for many in (2, 40):
        with count_statements(shop_env) as seen:
            made = make(many)
            shop_env.flush()
        counts.append(len(seen))
        assert made.mapped("total") == [Decimal(n * 3) for n in range(many)]
    assert counts[0] == counts[1] <= 5, seen.report()


@pytest.mark.postgresql
def test_fifty_different_values_are_one_update(shop_env: Any, count_statements: Any) -> None:
    things = shop_env["shop.thing"].create([{} for _n in range(50)])
    with count_statements(shop_env) as seen:
        for n, thing in enumerate(things):
            thing.amount, thing.number, thing.name = Decimal(n), n, f"thing {n}"
        shop_env.flush()
    assert len(seen) == 1, seen.report()
    shop_env.transaction.clear()
    assert things.mapped("amount") == [Decimal(n) for n in range(50)] and things[49].name == "thing 49"


@pytest.mark.parametrize(
    "name", ["data", "blob", "flag", "day", "moment", "kind", "name", "partner_id", "rate", "number", "body"]
)
def test_different_values_of_every_kind_go_out_together(shop_env: Any, partner: Any, name: str) -> None:
    values: dict[str, list[Any]] = {
        "data": [{"a": 1}, [1, 2], [[3], []], "text", None, 5], "blob": [b"\x00\xff", b"b", None], "flag": [True, False],
        "day": [dt.date(2026, 1, 1), None, dt.date(1999, 12, 31)], "moment": [dt.datetime(2026, 1, 1, 2, 3, 4), None],
        "kind": ["a", "b", None], "name": ["x", None, "it's {a} \\ \"quote\" ñ,NULL"], "partner_id": [partner.id, None],
        "rate": [Decimal("0.1234567891"), None, Decimal(-5)], "number": [1, None, 2**62], "body": ["a\nb", "", "NULL"],
    }  # fmt: skip
    things = shop_env["shop.thing"].create([{} for _v in values[name]])
    for thing, value in zip(things, values[name], strict=True):
        thing[name]
        thing.write({name: value})
    shop_env.flush()
    shop_env.transaction.clear()
    assert [t._raw(t._field(name)) or None for t in things] == [
        v or (v if name in ("flag",) else None) or None for v in values[name]
    ]


def test_the_same_value_writes_nothing(shop_env: Any, partner: Any, count_statements: Any) -> None:
    thing = shop_env["shop.thing"].create(
        {"name": "x", "amount": 5, "day": "2026-01-01", "partner_id": partner.id, "data": {"a": 1}, "flag": True}
    )
    shop_env.flush()
    with count_statements(shop_env) as seen:
        thing.write(
            {"name": "x", "amount": "5.0", "day": "2026-01-01", "partner_id": [partner.id, "A"], "data": {"a": 1}, "flag": 1}
        )
        thing.amount = Decimal("5.00004")
        thing.write({"id": 77, "create_uid": 5, "write_date": "2000-01-01", "display_name": "no"})
        shop_env.flush()
    assert len(seen) == 0, seen.report()


def test_several_changes_of_a_field_are_one_update(shop_env: Any, partner: Any, count_statements: Any) -> None:
    shop_env.flush()
    with count_statements(shop_env) as seen:
        for n in range(10):
            partner.name = f"name {n}"
            partner.credit += 1
        shop_env.flush()
    assert len(seen) == 1, seen.report()
    shop_env.transaction.clear()
    assert (partner.name, partner.credit) == ("name 9", 10)


# -- refusals ----------------------------------------------------------------------------------------------------------------

SQL_WORDS = ("INSERT", "UPDATE", "constraint failed", "violates", "sqlite", "psycopg", "SELECT", "shop_partner")


def refused(attempt: Any, *words: str) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        attempt()
    text = str(caught.value)
    assert not any(word in text for word in SQL_WORDS), text
    for word in words:
        assert word in text
    return caught.value


def test_required_values_are_named(shop_env: Any, partner: Any) -> None:
    error = refused(lambda: shop_env["shop.partner"].create({}), "Name (name)")
    assert error.data["fields"] == ["name"]
    refused(lambda: partner.write({"name": False}), "Name (name)")
    refused(lambda: partner.write({"name": ""}), "Name (name)")
    refused(lambda: shop_env["shop.order"].create({"name": "x"}), "Customer (partner_id)")


def test_unique_check_and_foreign_key_in_words(shop: Any) -> None:
    def attempt(*words: str) -> Any:
        def run(function: Any) -> ValidationError:
            return refused(lambda: shop.run(1, {}, function), *words)

        return run

    ids = shop.run(1, {}, lambda env: env["shop.partner"].create([{"name": "A", "code": "c1"}, {"name": "B"}]).ids)
    error = attempt("unique", "Code")(lambda env: env["shop.partner"].create({"name": "C", "code": "c1"}))
    assert error.data["fields"] == ["code"] and error.data["model"] == "shop.partner"
    attempt("unique", "Code")(lambda env: env["shop.partner"].browse(ids[1]).write({"code": "c1"}))
    attempt("Credit", "credit_positive")(lambda env: env["shop.partner"].browse(ids[0]).write({"credit": -1}))
    attempt("Country")(lambda env: env["shop.partner"].browse(ids[0]).write({"country_id": 999999}))
    attempt("Partner")(lambda env: env["shop.thing"].create({"partner_id": 999999}))
    attempt("Tags")(lambda env: env["shop.thing"].create({"tag_ids": [(4, 999999)]}))
    assert shop.run(1, {}, lambda env: env["shop.partner"].search_count([])) == 2


def test_a_record_in_use_stays(shop: Any) -> None:
    def prepare(env: Any) -> tuple[int, int]:
        product = env["shop.product"].create({"name": "P"})
        order = env["shop.order"].create({"name": "O", "partner_id": env["shop.partner"].create({"name": "A"}).id})
        env["shop.line"].create({"order_id": order.id, "product_id": product.id})
        return product.id, order.id

    product, order = shop.run(1, {}, prepare)
    error = refused(lambda: shop.run(1, {}, lambda env: env["shop.product"].browse(product).unlink()), "still use")
    assert "Product" in str(error) or "shop.line" in str(error)
    shop.run(1, {}, lambda env: env["shop.order"].browse(order).unlink())  # its lines go with it
    shop.run(1, {}, lambda env: env["shop.product"].browse(product).unlink())
    assert shop.run(1, {}, lambda env: env["shop.line"].search_count([])) == 0


def test_constraints_of_addons_see_the_touched_set(shop_env: Any, partner: Any) -> None:
    refused(lambda: shop_env["shop.partner"].create([{"name": "fine"}, {"name": "forbidden"}]), "forbidden")
    refused(lambda: partner.write({"name": "forbidden"}), "forbidden")
    order = shop_env["shop.order"].create({"name": "O", "partner_id": partner.id, "line_ids": [(0, 0, {})]})
    order.state = "sale"
    refused(lambda: order.write({"line_ids": [(5,)]}), "without lines")


def test_nobody_is_his_own_ancestor(shop_env: Any) -> None:
    chain = shop_env["shop.partner"].create([{"name": f"level {n}"} for n in range(130)])
    for below, above in zip(chain[1:], chain, strict=False):
        below.parent = above
    refused(lambda: chain[0].write({"parent_id": chain[129].id}), "Recursion")
    refused(lambda: chain[5].write({"parent_id": chain[5].id}), "Recursion")
    refused(lambda: chain[0].write({"child_ids": [(4, chain[0].id)]}), "Recursion")


def test_selection_keys_are_checked_also_in_lists(shop_env: Any, partner: Any) -> None:
    with pytest.raises(FieldError, match="state"):
        shop_env["shop.order"].create([{"name": "x", "partner_id": partner.id, "state": "nowhere"}])


# -- deleting and copying ----------------------------------------------------------------------------------------------------


def test_deleting_takes_pending_changes_with_it(shop_env: Any, partner: Any) -> None:
    other = shop_env["shop.partner"].create({"name": "Other", "parent_id": partner.id})
    partner.credit = 5
    other.note = "kept"
    partner.unlink()
    shop_env.flush()
    assert not partner.exists() and other.exists()
    assert other.note == "kept" and other.parent_id is None
    assert (partner | other).unlink() is True and not other.exists()


def test_a_copy_has_copied_fields_lines_and_tags(shop_env: Any, partner: Any) -> None:
    tag = shop_env["shop.tag"].create({"name": "t"})
    order = shop_env["shop.order"].create(
        {
            "name": "O", "partner_id": partner.id, "note": "not copied", "tag_ids": [(4, tag.id)],
            "line_ids": [(0, 0, {"qty": 2, "price": 3}), (0, 0, {"qty": 1, "price": 4, "sequence": 1})],
        }
    )  # fmt: skip
    again = order.copy({"name": "O2"})
    assert (again.name, again.partner, again.note, again.tag_ids) == ("O2", partner, None, tag)
    assert again.line_ids.mapped("subtotal") == [6, 4] and again.total == 10 and not (again.line_ids & order.line_ids)
    shop_env.flush()
    shop_env.transaction.clear()
    assert again.line_ids.mapped("subtotal") == order.line_ids.mapped("subtotal") == [4, 6]  # read anew: in their order
    data = order.copy_data()
    assert "note" not in data[0] and "total" not in data[0] and len(data[0]["line_ids"]) == 2
    both = (order | again).copy()
    assert len(both) == 2 and both.mapped("name") == ["O", "O2"]


def test_copying_what_delegates_copies_what_is_behind(shop_env: Any) -> None:
    variant = shop_env["shop.variant"].create({"name": "Shirt", "colour": "red", "price": 5})
    again = variant.copy({"colour": "blue"})
    assert (again.name, again.price, again.colour) == ("Shirt", 5, "blue")
    assert again.product != variant.product
    renamed = variant.copy({"name": "Other"})
    assert renamed.name == "Other" and variant.name == "Shirt"


# -- hooks, archiving, rights ------------------------------------------------------------------------------------------------


def test_hooks_hear_sets(shop_env: Any) -> None:
    from tests.kernel.record_models import Hooks

    tags = shop_env["shop.tag"].create([{"name": "a"}, {"name": "b"}])
    tags.write({"name": "c"})
    tags.unlink()
    heard = [h for h in Hooks.heard if h[1] == "shop.tag"]
    assert heard == [("created", "shop.tag", tags._ids), ("written", "shop.tag", tags._ids), ("deleting", "shop.tag", tags._ids)]


def test_archived_records_are_hidden_until_asked_for(shop_env: Any) -> None:
    partners = shop_env["shop.partner"]
    boss = partners.create({"name": "Boss"})
    one, two = partners.create([{"name": "One", "parent_id": boss.id}, {"name": "Two", "parent_id": boss.id, "active": False}])
    assert boss.child_ids == one and partners.search([("parent_id", "=", boss.id)]) == one
    assert partners.search([("parent_id", "=", boss.id), ("active", "=", False)]) == two
    assert partners.search([("parent_id", "=", boss.id), ("active", "in", [True, False])]) == one | two
    everybody = boss.with_context(active_test=False)
    assert everybody.child_ids == one | two and boss.child_ids == one
    assert everybody.search_count([("parent_id", "=", boss.id)]) == 2
    assert boss.read(["child_ids"])[0]["child_ids"] == [one.id]
    assert everybody.read(["child_ids"])[0]["child_ids"] == [one.id, two.id]
    one.action_archive()
    assert not boss.child_ids and everybody.child_ids == one | two
    (one | two).toggle_active()
    assert boss.child_ids == one | two
    assert [r["name"] for r in two.read(["name"])] == ["Two"]


def test_a_hidden_field_is_hidden_at_every_door(shop: Any) -> None:
    def prepare(env: Any) -> tuple[int, int]:
        group = env.ref("base.group_user")
        env["ir.model.access"].create(
            {
                "name": "p",
                "model": "shop.partner",
                "group_id": group.id,
                "perm_read": True,
                "perm_write": True,
                "perm_create": True,
            }
        )
        user = env["res.users"].create({"login": "ana", "name": "Ana", "group_ids": [(6, 0, [group.id])]})
        return user.id, env["shop.partner"].create({"name": "P", "secret": "s3"}).id

    user, partner = shop.run(1, {}, prepare)

    def look(env: Any) -> None:
        record = env["shop.partner"].browse(partner)
        assert "secret" not in record.fields_get() and "secret" not in record.read()[0]
        for attempt in (
            lambda: record.read(["secret"]),
            lambda: record.write({"secret": "x"}),
            lambda: record.create({"name": "y", "secret": "x"}),
            lambda: record.search([("secret", "=", "s3")]),
            lambda: record.search([], order="secret"),
            lambda: record.search([("child_ids.secret", "=", "x")]),
            lambda: record.read_group([], ["secret:count"], ["name"]),
            lambda: record.read_group([], [], ["secret"]),
            lambda: record.formatted_read_group([], ["secret"], ["__count"]),
        ):
            with pytest.raises((AccessError, FieldError)):
                attempt()

    shop.run(user, {}, look)


def test_a_read_transaction_writes_nothing(shop: Any) -> None:
    with pytest.raises(RuntimeError, match="read transaction"):
        shop.run(1, {}, lambda env: env["shop.tag"].create({"name": "x"}), readonly=True)


def test_an_unknown_right_is_refused(shop_env: Any) -> None:
    with pytest.raises((FieldError, UserError)):
        shop_env["shop.tag"].check_access_rights("fly")
