"""Webhooks from the change to the receiver: what is told, to whom, with whose rights, and that it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from server import AccessError, UserError, ValidationError
from server.jobs import worker
from server.testing.calls import Client, Statements
from tests.kernel.webhook_receiver import Receiver, verified


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver on this machine, which webhooks may reach."""
    monkeypatch.setenv("COLCA_WEBHOOK_NETWORKS", "127.0.0.0/8")
    made = Receiver()
    yield made
    made.close()


def subscribe(database: Any, url: str, *lines: dict[str, Any], **values: Any) -> tuple[int, str]:
    """A webhook of the system user, with its secret."""
    wanted = {"name": "Shop", "url": url, "line_ids": [(0, 0, line) for line in lines], **values}
    id = database.run(1, {}, lambda env: env["webhook.subscription"].create(wanted).id)
    return id, database.run(1, {}, lambda env: env["webhook.subscription"].browse(id).action_reveal_secret()["secret"])


def companies(database: Any) -> list[int]:
    return database.run(1, {}, lambda env: list(env.allowed_company_ids))


def partner(database: Any, name: str = "Ana", **values: Any) -> int:
    return database.run(1, {}, lambda env: env["shop.partner"].create({"name": name, **values}).id)


def deliveries(database: Any, *fields: str) -> list[Any]:
    return database.run(1, {}, lambda env: env["webhook.delivery"].search_read([], list(fields), order="id", load=None))


def test_created_changed_and_deleted_with_old_and_new_values(shop: Any, receiver: Receiver) -> None:
    id, secret = subscribe(shop, receiver.url, {"model": "shop.partner"})
    ana = partner(shop, credit=5)
    shop.run(1, {}, lambda env: env["shop.partner"].browse(ana).write({"credit": 7, "note": "good"}))
    shop.run(1, {}, lambda env: env["shop.partner"].browse(ana).unlink())
    assert receiver.requests == []
    worker.run_pending(shop)

    assert [event["type"] for event in receiver.events] == [
        "shop.partner.created",
        "shop.partner.changed",
        "shop.partner.deleted",
    ]
    assert all(verified(secret, request) for request in receiver.requests)
    assert not any(verified("whsec_" + "A" * 40, request) for request in receiver.requests)
    for request in receiver.requests:
        assert request["path"] == "/hook?source=colca"
        assert request["headers"]["content-type"].startswith("application/json")
        assert request["headers"]["webhook-id"] == request["event"]["id"]
        assert request["headers"]["colca-event"] == request["event"]["type"]
    created, changed, deleted = (event["data"]["records"][0] for event in receiver.events)
    assert created["id"] == ana
    assert created["display_name"] == created["values"]["name"] == "Ana"
    assert (created["values"]["credit"], created["values"]["parent_id"], created["values"]["active"]) == (5.0, None, True)
    assert changed["changed"] == ["credit", "note"]
    assert changed["old"] == {"credit": 5.0, "note": None}
    assert changed["new"] == {"credit": 7.0, "note": "good"}
    assert changed["values"]["credit"] == 7.0
    assert deleted["values"] is None
    assert deleted["old"]["credit"] == 7.0
    assert deleted["display_name"] == "Ana"
    assert [event["sequence"] for event in receiver.events] == sorted({event["sequence"] for event in receiver.events})
    assert receiver.events[0]["data"]["user_id"] == 1
    assert {row["state"] for row in deliveries(shop, "state")} == {"sent"}
    with shop.transaction(1, {}) as env:
        assert env["webhook.subscription"].browse(id).health == "working"


def test_the_net_change_of_a_transaction_is_told(shop: Any, receiver: Receiver) -> None:
    subscribe(shop, receiver.url, {"model": "shop.partner"})
    ana, bob = partner(shop), partner(shop, "Bob")
    worker.run_pending(shop)
    receiver.requests.clear()

    def work(env: Any) -> None:
        partners = env["shop.partner"]
        partners.create({"name": "Eve"}).unlink()  # never was, for others
        partners.browse(bob).write({"credit": 3})
        env.flush()
        partners.browse(bob).write({"credit": 0})  # as it was
        for credit in (1, 2, 3):
            partners.browse(ana).write({"credit": credit})
            env.flush()

    shop.run(1, {}, work)
    worker.run_pending(shop)
    (event,) = receiver.events
    assert event["type"] == "shop.partner.changed"
    (record,) = event["data"]["records"]
    assert (record["id"], record["old"], record["new"]) == (ana, {"credit": 0.0}, {"credit": 3.0})


def test_computed_values_cascades_and_emptied_links_are_told(shop: Any, receiver: Receiver) -> None:
    subscribe(
        shop,
        receiver.url,
        {"model": "shop.order", "payload_fields": ["name", "total", "tag_ids", "label"]},
        {"model": "shop.line"},
        {"model": "shop.part"},
    )
    ana = partner(shop)

    def make(env: Any) -> tuple[int, int, int, int]:
        tag = env["shop.tag"].create({"name": "red"})
        order = env["shop.order"].create(
            {"name": "S1", "partner_id": ana, "company_id": env.company_id, "line_ids": [(0, 0, {"qty": 2, "price": 10})]}
        )
        part = env["shop.part"].create({"name": "screw", "line_id": order.line_ids.id})
        return order.id, order.line_ids.id, part.id, tag.id

    order, line, part, tag = shop.run(1, {}, make)
    worker.run_pending(shop)
    (made,) = receiver.of_type("shop.order.created")
    assert made["data"]["records"][0]["values"] == {"name": "S1", "total": 20.0, "tag_ids": [], "label": "S1/Ana/20.00"}
    receiver.requests.clear()

    shop.run(1, {}, lambda env: env["shop.line"].browse(line).write({"qty": 3}))
    worker.run_pending(shop)
    (changed,) = receiver.of_type("shop.order.changed")
    assert changed["data"]["records"][0]["old"] == {"total": 20.0}
    assert changed["data"]["records"][0]["new"] == {"total": 30.0}
    receiver.requests.clear()

    shop.run(1, {}, lambda env: env["shop.order"].browse(order).write({"tag_ids": [(4, tag)]}))
    worker.run_pending(shop)
    (linked,) = receiver.of_type("shop.order.changed")
    assert linked["data"]["records"][0]["changed"] == ["tag_ids"]
    assert linked["data"]["records"][0]["old"] == {"tag_ids": []}
    assert linked["data"]["records"][0]["new"] == {"tag_ids": [tag]}
    receiver.requests.clear()

    shop.run(1, {}, lambda env: env["shop.tag"].browse(tag).unlink())  # the database takes the links along
    worker.run_pending(shop)
    (unlinked,) = receiver.of_type("shop.order.changed")
    assert unlinked["data"]["records"][0]["new"] == {"tag_ids": []}
    receiver.requests.clear()

    shop.run(1, {}, lambda env: env["shop.order"].browse(order).unlink())
    worker.run_pending(shop)
    assert [r["id"] for event in receiver.of_type("shop.line.deleted") for r in event["data"]["records"]] == [line]
    (emptied,) = receiver.of_type("shop.part.changed")
    assert emptied["data"]["records"][0]["id"] == part
    assert emptied["data"]["records"][0]["old"] == {"line_id": line}
    assert emptied["data"]["records"][0]["new"] == {"line_id": None}


def test_a_filter_is_entered_and_left(shop: Any, receiver: Receiver) -> None:
    subscribe(
        shop, receiver.url, {"model": "shop.partner", "domain": [["credit", ">", 10]], "payload_fields": ["name", "credit"]}
    )
    ana = partner(shop, credit=1)
    for values in ({"credit": 5}, {"credit": 20}, {"credit": 30}, {"active": False}, {"credit": 2}, {"credit": 50}):
        shop.run(1, {}, lambda env, values=values: env["shop.partner"].browse(ana).write(values))
    shop.run(1, {}, lambda env: env["shop.partner"].browse(ana).unlink())
    worker.run_pending(shop)
    told = [
        (event["data"]["event"], record["new"], record.get("filter"))
        for event in receiver.events
        for record in event["data"]["records"]
    ]
    assert told == [
        ("changed", {"credit": 20.0}, "entered"),
        ("changed", {"credit": 30.0}, None),
        ("changed", {"credit": 2.0}, "left"),
        ("changed", {"credit": 50.0}, "entered"),
        ("deleted", {}, None),
    ]


def test_only_when_named_fields_change(shop: Any, receiver: Receiver) -> None:
    subscribe(shop, receiver.url, {"model": "shop.partner", "on_create": False, "watched_fields": ["credit"]})
    ana = partner(shop)
    shop.run(1, {}, lambda env: env["shop.partner"].browse(ana).write({"note": "x"}))
    shop.run(1, {}, lambda env: env["shop.partner"].browse(ana).write({"note": "y", "credit": 4}))
    worker.run_pending(shop)
    (record,) = receiver.records
    assert record["changed"] == ["credit", "note"]


def test_an_action_is_told_when_it_returned_whoever_called_it(db: Any, receiver: Receiver) -> None:
    subscribe(
        db,
        receiver.url,
        {
            "model": "sale.order",
            "on_create": False,
            "on_write": False,
            "on_unlink": False,
            "methods": ["action_confirm"],
            "payload_fields": ["name", "state", "amount_total"],
        },
    )
    rpc = Client(db).in_company("base.main_company")
    product = rpc("product.product", "search", [["sale_ok", "=", True]], limit=1)[0]
    customer = db.run(1, {}, lambda env: env.ref("base.customer_mx_02").id)
    values = {"partner_id": customer, "order_line": [(0, 0, {"product_id": product, "product_uom_qty": 1})]}
    by_door = rpc("sale.order", "create", values)
    rpc("sale.order", "action_confirm", [by_door])
    with pytest.raises(UserError):
        rpc("sale.order", "action_confirm", [by_door])
    by_code = rpc("sale.order", "create", values)
    db.run(1, {}, lambda env: env["sale.order"].browse(by_code).action_confirm())
    worker.run_pending(db)
    assert [(event["type"], event["data"]["method"]) for event in receiver.events] == [
        ("sale.order.action", "action_confirm")
    ] * 2
    assert [record["id"] for record in receiver.records] == [by_door, by_code]
    assert {record["values"]["state"] for record in receiver.records} == {"sale"}
    assert receiver.records[0]["old"]["state"] == "draft"
    assert receiver.records[0]["new"]["state"] == "sale"


def test_a_rolled_back_transaction_tells_nothing(shop: Any, receiver: Receiver) -> None:
    subscribe(shop, receiver.url, {"model": "shop.partner"})

    class Stop(Exception):
        pass

    def work(env: Any) -> None:
        env["shop.partner"].create({"name": "Ana"})
        env.finish()  # even after everything was written down
        raise Stop

    with pytest.raises(Stop):
        shop.run(1, {}, work)
    worker.run_pending(shop)
    assert receiver.requests == []
    assert deliveries(shop) == []


def test_what_a_savepoint_undoes_is_not_told(shop: Any, receiver: Receiver) -> None:
    from server.model.savepoint import savepoint

    subscribe(shop, receiver.url, {"model": "shop.partner"}, {"model": "shop.part"})
    ana, bob = partner(shop), partner(shop, "Bob")
    feed = shop.run(1, {}, lambda env: env["ir.change.feed"].create({"model": "shop.partner"}).id)
    cursor = shop.run(1, {}, lambda env: env["ir.change.feed"].poll("shop.partner")["cursor"])
    worker.run_pending(shop)
    receiver.requests.clear()

    class Undo(Exception):
        pass

    def work(env: Any) -> None:
        partners = env["shop.partner"]
        partners.browse(ana).write({"credit": 1})
        try:
            with savepoint(env):
                partners.create({"name": "Eve"})
                partners.browse(ana).write({"credit": 2})
                partners.browse(bob).unlink()
                env["shop.part"].create({"name": "never"})
                raise Undo
        except Undo:
            pass
        partners.browse(bob).write({"credit": 9})

    shop.run(1, {}, work)
    worker.run_pending(shop)
    assert [(event["type"], [(r["id"], r["new"]) for r in event["data"]["records"]]) for event in receiver.events] == [
        ("shop.partner.changed", [(ana, {"credit": 1.0}), (bob, {"credit": 9.0})])
    ]
    told = shop.run(1, {}, lambda env: env["ir.change.feed"].poll("shop.partner", cursor)["changes"])
    assert [(change["op"], change["id"]) for change in told] == [("changed", ana), ("changed", bob)]
    assert feed


def test_nobody_listens_nothing_is_asked_and_a_thousand_records_cost_what_one_costs(shop: Any, receiver: Receiver) -> None:
    ids = shop.run(1, {}, lambda env: env["shop.partner"].create([{"name": f"P{n}"} for n in range(1000)]).ids)

    def cost(several: list[int], credit: int) -> list[str]:
        with Statements(shop) as seen:
            shop.run(1, {}, lambda env: env["shop.partner"].browse(several).write({"credit": credit}))
        return [text for text in seen.seen if not text.startswith("BEGIN")]

    cost(ids[:1], 1)
    silent = cost(ids[:2], 2)
    assert not [text for text in silent if "webhook" in text or "ir_change" in text]
    id, _secret = subscribe(shop, receiver.url, {"model": "shop.order"})
    cost(ids[:1], 3)
    assert len(cost(ids[:2], 4)) == len(silent)  # somebody listens, but not to this

    for line in range(3):  # three webhooks cost no more looks than one
        subscribe(shop, receiver.url, {"model": "shop.partner", "domain": [["credit", ">=", line]]})
    cost(ids[:1], 5)
    few, many = cost(ids[:2], 6), cost(ids, 7)
    assert len(few) == len(many)
    assert len(many) - len(silent) <= 4, "\n".join(many)  # before, after, deliveries, outbox
    worker.run_pending(shop)
    last = [event for event in receiver.events if event["data"]["records"][0]["new"].get("credit") == 7.0]
    assert sum(len(event["data"]["records"]) for event in last) == 3000
    assert max(len(event["data"]["records"]) for event in last) == 100


def test_the_wall_and_the_rights_of_the_user_decide(shop: Any, receiver: Receiver) -> None:
    first, second = companies(shop)

    def prepare(env: Any) -> int:
        group = env["res.groups"].create({"name": "Shop readers"})
        env["ir.model.access"].create(
            {
                "name": "readers",
                "model": "shop.partner",
                "group_id": group.id,
                "perm_read": True,
                "domain": "[('credit', '<', 100)]",
            }
        )
        user = env["res.users"].create(
            {"name": "Reader", "login": "reader", "company_id": second, "company_ids": [(6, 0, [second])],
             "group_ids": [(4, group.id), (4, env.ref("base.group_user").id)]}
        )  # fmt: skip
        return user.id

    uid = shop.run(1, {}, prepare)
    with pytest.raises(ValidationError):  # the field is hidden from the user
        subscribe(shop, receiver.url, {"model": "shop.partner", "payload_fields": ["secret"]}, user_id=uid)
    with pytest.raises(ValidationError):  # the model is closed to the user
        subscribe(shop, receiver.url, {"model": "shop.order"}, user_id=uid)
    subscribe(shop, receiver.url, {"model": "shop.partner"}, user_id=uid)

    def make(company: int | None, **values: Any) -> int:
        context = {"allowed_company_ids": [company or first]}
        return shop.run(
            1, context, lambda env: env["shop.partner"].create({"name": "P", "secret": "s", "company_id": company, **values}).id
        )

    make(first)
    theirs, shared, rich = make(second), make(None), make(second, credit=200)
    worker.run_pending(shop)
    assert [record["id"] for record in receiver.records] == [theirs, shared]
    assert all("secret" not in record["values"] for record in receiver.records)
    assert [event["data"]["company_id"] for event in receiver.events] == [second, None]
    receiver.requests.clear()

    shop.run(1, {}, lambda env: env["shop.partner"].browse(rich).write({"credit": 50}))  # comes into sight
    shop.run(1, {}, lambda env: env["shop.partner"].browse(theirs).write({"credit": 500, "code": "hidden"}))  # goes out of sight
    shop.run(1, {}, lambda env: env["shop.partner"].browse(theirs).write({"code": "never told"}))
    shop.run(1, {}, lambda env: env["shop.partner"].browse(theirs).unlink())
    worker.run_pending(shop)
    came, went = receiver.records
    assert (came["id"], came["filter"], came["old"]) == (rich, "entered", {})
    assert (went["id"], went["filter"], went["values"], went["new"]) == (theirs, "left", None, {})
    assert "hidden" not in str(receiver.requests)
    receiver.requests.clear()

    # what one company's administrators see in the log is their own
    seen = [
        shop.run(1, {"allowed_company_ids": [c]}, lambda env: env["webhook.delivery"].search([]).mapped("company_id"))
        for c in (first, second)
    ]
    assert second not in [c.id for c in seen[0]]
    shop.run(1, {}, lambda env: env["res.users"].browse(uid).write({"active": False}))
    make(second)
    worker.run_pending(shop)
    assert receiver.requests == []


def test_nobody_sends_himself_what_he_may_not_see(shop: Any, receiver: Receiver) -> None:
    first, second = companies(shop)
    admin = Client(shop, "admin")

    def boss(env: Any) -> int:
        env["res.users"].browse(admin.uid).write({"company_id": first, "company_ids": [(6, 0, [first])]})
        values = {"name": "Boss", "login": "boss", "company_id": first, "company_ids": [(6, 0, [first, second])]}
        return env["res.users"].create({**values, "group_ids": [(4, env.ref("base.group_system").id)]}).id

    both = shop.run(1, {}, boss)
    line = [(0, 0, {"model": "res.company"})]
    for values in ({"user_id": 1}, {"user_id": both}, {"user_id": both, "company_id": second}):
        with pytest.raises((AccessError, ValidationError)):
            admin("webhook.subscription", "create", {"name": "W", "url": receiver.url, "line_ids": line, **values})
    assert admin("webhook.subscription", "create", {"name": "W", "url": receiver.url, "line_ids": line})
    assert admin("webhook.subscription", "create", {"name": "W", "url": receiver.url, "user_id": both, "company_id": first, "line_ids": line})
    theirs = shop.run(both, {}, lambda env: env["webhook.subscription"].create({"name": "B", "url": receiver.url, "line_ids": line}).id)
    with pytest.raises(AccessError):
        admin("webhook.subscription", "write", [theirs], {"url": "https://elsewhere.example/"})
    # what is for nobody outside of the code is not sent for the system user either
    subscribe(shop, receiver.url, {"model": "res.users"})
    shop.run(1, {}, lambda env: env["res.users"].browse(both).write({"password": "a new long password", "email": "b@example.com"}))
    worker.run_pending(shop)
    (event,) = receiver.of_type("res.users.changed")
    assert "argon2" not in str(event)
    assert "email" in event["data"]["records"][0]["changed"]
    with pytest.raises(ValidationError):
        subscribe(shop, receiver.url, {"model": "webhook.subscription"})


def test_the_secret_is_shown_once_and_changes_with_an_overlap(shop: Any, receiver: Receiver) -> None:
    id, old = subscribe(shop, receiver.url, {"model": "shop.partner"})
    rpc = Client(shop, "admin")
    assert rpc("webhook.subscription", "read", [id], ["secret"])[0]["secret"] is False
    with pytest.raises(Exception, match="signing_secret"):
        rpc("webhook.subscription", "read", [id], ["signing_secret"])
    assert not any(old in str(row) for row in rpc("webhook.subscription", "read", [id]))
    with pytest.raises(UserError):
        rpc("webhook.subscription", "action_reveal_secret", [id])
    new = rpc("webhook.subscription", "action_rotate_secret", [id], 2)["secret"]
    rpc("webhook.subscription", "action_test", [id])
    worker.run_pending(shop)
    (request,) = receiver.requests
    assert request["event"]["type"] == "ping"
    assert verified(old, request)
    assert verified(new, request)
    rpc("webhook.subscription", "action_rotate_secret", [id], 0)
    given = "whsec_" + "QUJD" * 8
    rpc("webhook.subscription", "write", [id], {"secret": given})
    rpc("webhook.subscription", "action_test", [id])
    worker.run_pending(shop)
    assert verified(given, receiver.requests[1])
    assert not verified(new, receiver.requests[1])
    with pytest.raises(ValidationError):
        rpc("webhook.subscription", "write", [id], {"secret": "short"})


@pytest.mark.parametrize(
    "line",
    [
        {"model": "no.such"},
        {"model": "webhook.delivery"},
        {"model": "ir.outbox"},
        {"model": "shop.partner", "domain": [["nothing", "=", 1]]},
        {"model": "shop.partner", "domain": "[]x"},
        {"model": "shop.partner", "payload_fields": ["nothing"]},
        {"model": "shop.partner", "payload_fields": "name"},
        {"model": "shop.product", "payload_fields": ["image"]},
        {"model": "shop.partner", "watched_fields": ["country_name"]},
        {"model": "shop.partner", "methods": ["unlink"]},
        {"model": "shop.partner", "methods": ["search"]},
        {"model": "shop.partner", "methods": ["_compute_top"]},
        {"model": "shop.partner", "on_create": False, "on_write": False, "on_unlink": False},
    ],
    ids=str,
)
def test_what_could_never_work_is_refused_at_once(shared_shop: Any, line: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        subscribe(shared_shop, "https://receiver.example/hook", line)


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example", "https://", "javascript:alert(1)", "https://u:p@a.example/", "https://a b/", "https://a.example/#x"],
)
def test_an_address_that_cannot_be_posted_to_is_refused(shared_shop: Any, url: str) -> None:
    with pytest.raises(ValidationError):
        subscribe(shared_shop, url)


def test_administrators_have_forms_for_them(db: Any) -> None:
    rpc = Client(db)
    for model in ("webhook.subscription", "webhook.delivery", "ir.change.feed"):
        views = rpc(model, "get_views", [[False, "list"], [False, "form"]])
        assert set(views["views"]) >= {"list", "form"}, model
    assert "action_redeliver" in str(rpc("webhook.delivery", "get_views", [[False, "form"]]))
    assert "action_test" in str(rpc("webhook.subscription", "get_views", [[False, "form"]]))
    with pytest.raises(Exception, match="webhook"):
        rpc.as_user("ventas.mx")("webhook.subscription", "search_read", [])
    with pytest.raises(Exception, match="webhook"):
        rpc.as_user("ventas.mx")("webhook.delivery", "search_read", [])
