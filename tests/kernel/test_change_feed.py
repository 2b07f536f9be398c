"""The change feed: everything in the order of commits, nothing skipped, deletions too, behind the wall."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from server import AccessError, UserError
from server.jobs import worker
from server.testing.calls import Client, Statements
from tests.kernel.test_webhooks import companies, partner


def put_on(database: Any, *models: str) -> None:
    database.run(1, {}, lambda env: env["ir.change.feed"].create([{"model": model} for model in models]))


def poll(database: Any, models: Any, cursor: Any = None, uid: int = 1, context: Any = None, **kw: Any) -> dict[str, Any]:
    return database.run(uid, context or {}, lambda env: env["ir.change.feed"].poll(models, cursor, **kw), readonly=True)


def told(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return [(change["op"], change["id"]) for change in answer["changes"]]


def test_created_changed_deleted_in_order_with_a_cursor(shop: Any) -> None:
    put_on(shop, "shop.partner", "shop.order")
    rpc = Client(shop, "admin")
    rpc.uid = 1
    cursor = rpc("ir.change.feed", "poll", ["shop.order", "shop.partner"])["cursor"]
    first = rpc("ir.change.feed", "poll", ["shop.partner"], cursor)
    assert first == {"changes": [], "cursor": cursor, "more": False}
    ana = partner(shop)
    order = shop.run(
        1, {}, lambda env: env["shop.order"].create({"name": "S1", "partner_id": ana, "company_id": env.company_id}).id
    )
    shop.run(1, {}, lambda env: env["shop.partner"].browse(ana).write({"credit": 3, "note": "x"}))
    shop.run(1, {}, lambda env: env["shop.order"].browse(order).unlink())

    answer = rpc("ir.change.feed", "poll", ["shop.order", "shop.partner"], cursor)
    rows = answer["changes"]
    assert [(row["model"], row["op"], row["id"]) for row in rows] == [
        ("shop.partner", "created", ana),
        ("shop.order", "deleted", order),  # it was created, and is gone: what is told fits what there is
        ("shop.partner", "changed", ana),
        ("shop.order", "deleted", order),
    ]
    assert rows[2]["fields"] == ["credit", "note"]
    assert [row["seq"] for row in rows] == sorted({row["seq"] for row in rows})
    assert all(row["user_id"] == 1 and len(row["at"]) == 19 for row in rows)
    assert rpc("ir.change.feed", "poll", ["shop.order", "shop.partner"], answer["cursor"])["changes"] == []

    pages, at = [], cursor
    while True:
        page = rpc("ir.change.feed", "poll", models=["shop.order", "shop.partner"], cursor=at, limit=1)
        pages += page["changes"]
        at = page["cursor"]
        if not page["more"]:
            break
        assert len(page["changes"]) == 1
    assert pages == rows
    assert at == answer["cursor"]
    assert told(rpc("ir.change.feed", "poll", "shop.partner", "0")) == [("created", ana), ("changed", ana)]


@pytest.mark.postgresql
def test_a_slow_transaction_is_not_skipped(shop: Any) -> None:
    """The one that began first and has the lower ids commits last; so do the ones in between, in every order."""
    put_on(shop, "shop.partner")
    cursor = poll(shop, "shop.partner")["cursor"]
    wrote, commit = threading.Event(), threading.Event()
    made: dict[str, int] = {}

    def slow() -> None:
        with shop.transaction(1, {}) as env:
            made["slow"] = env["shop.partner"].create({"name": "slow"}).id
            env.finish()  # the row of the feed has its id now
            wrote.set()
            assert commit.wait(30)

    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(30)
    quick = partner(shop, "quick")
    one = poll(shop, "shop.partner", cursor)
    assert told(one) == [("created", quick)]
    commit.set()
    thread.join()
    two = poll(shop, "shop.partner", one["cursor"])
    assert told(two) == [("created", made["slow"])]
    with shop.transaction(1, {}) as env:
        ids = {row.res_id: row.id for row in env["ir.change"].search([("res_id", "in", [quick, made["slow"]])])}
    assert ids[made["slow"]] < ids[quick]  # so a cursor over ids would have missed it


@pytest.mark.postgresql
def test_many_writers_and_readers_at_once(shop: Any) -> None:
    put_on(shop, "shop.partner")
    cursor = poll(shop, "shop.partner")["cursor"]
    ids = shop.run(1, {}, lambda env: env["shop.partner"].create([{"name": f"P{n}"} for n in range(4)]).ids)
    stop = threading.Event()
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for turn in range(12):
                shop.run(
                    1,
                    {},
                    lambda env, turn=turn: (
                        env["shop.partner"].browse(ids[(turn + number) % 4]).write({"note": f"{number}.{turn}"})
                    ),
                )
        except BaseException as error:
            failures.append(error)

    def read() -> list[int]:
        seen, at = [], cursor
        while True:
            over = stop.is_set()
            page = poll(shop, "shop.partner", at, limit=3)
            seen += [change["seq"] for change in page["changes"]]
            at = page["cursor"]
            if over and not page["more"]:
                return seen

    answers: list[list[int]] = []
    readers = [threading.Thread(target=lambda: answers.append(read())) for _n in range(2)]
    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for one in (*readers, *writers):
        one.start()
    for one in writers:
        one.join()
    stop.set()
    for one in readers:
        one.join()
    assert not failures
    assert answers[0] == answers[1] == sorted(set(answers[0]))
    assert len(answers[0]) == 4 + 4 * 12


def test_the_wall_the_rules_and_moves_between_companies(shop: Any) -> None:
    put_on(shop, "shop.partner", "shop.order")
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
        return env["res.users"].create(
            {"name": "Reader", "login": "reader", "company_id": second, "company_ids": [(6, 0, [second])],
             "group_ids": [(4, group.id), (4, env.ref("base.group_user").id)]}
        ).id  # fmt: skip

    uid = shop.run(1, {}, prepare)
    cursor = poll(shop, None, uid=uid)["cursor"]
    theirs, mine, shared = (partner(shop, "P", company_id=company) for company in (first, second, None))
    answer = poll(shop, None, cursor, uid=uid)
    assert told(answer) == [("created", mine), ("created", shared)]
    with pytest.raises(AccessError):
        poll(shop, "shop.order", uid=uid)
    cursor = answer["cursor"]

    change = lambda id, **values: shop.run(1, {}, lambda env: env["shop.partner"].browse(id).write(values))  # noqa: E731
    change(mine, credit=500, secret="s")  # out of sight
    change(theirs, company_id=second)  # comes
    change(shared, company_id=first)  # goes
    answer = poll(shop, None, cursor, uid=uid)
    assert told(answer) == [("deleted", mine), ("created", theirs), ("deleted", shared)]
    cursor = answer["cursor"]
    change(mine, credit=5, secret="t")
    answer = poll(shop, "shop.partner", cursor, uid=uid)
    assert answer["changes"][0]["fields"] == ["credit"]  # what the user may not see is not named
    shop.run(1, {}, lambda env: env["shop.partner"].browse([theirs, shared]).unlink())
    assert told(poll(shop, "shop.partner", answer["cursor"], uid=uid)) == [("deleted", theirs)]


def test_a_domain_leaves_out_and_tells_what_left_it(shop: Any) -> None:
    put_on(shop, "shop.partner")
    cursor = poll(shop, "shop.partner")["cursor"]
    poor, rich = partner(shop, credit=1), partner(shop, credit=50)
    domain = [["credit", ">", 10]]
    assert told(poll(shop, "shop.partner", cursor, domain=domain)) == [("deleted", poor), ("created", rich)]
    put_on(shop, "shop.order")
    with pytest.raises(ValueError, match="one model"):
        poll(shop, ["shop.partner", "shop.order"], cursor, domain=domain)


def test_cascades_and_links_are_on_the_feed(shop: Any) -> None:
    put_on(shop, "shop.line", "shop.part", "shop.order")
    ana = partner(shop)

    def make(env: Any) -> tuple[int, int, int]:
        order = env["shop.order"].create(
            {"name": "S1", "partner_id": ana, "company_id": env.company_id, "line_ids": [(0, 0, {"qty": 1, "price": 10})]}
        )
        return order.id, order.line_ids.id, env["shop.part"].create({"name": "screw", "line_id": order.line_ids.id}).id

    order, line, part = shop.run(1, {}, make)
    cursor = poll(shop, "shop.part")["cursor"]
    shop.run(1, {}, lambda env: env["shop.order"].browse(order).write({"tag_ids": [(0, 0, {"name": "red"})]}))
    answer = poll(shop, ["shop.order"], cursor)
    assert "tag_ids" in answer["changes"][0]["fields"]
    shop.run(1, {}, lambda env: env["shop.order"].browse(order).unlink())
    answer = poll(shop, ["shop.part", "shop.line", "shop.order"], answer["cursor"])
    assert sorted((c["model"], c["op"], c["id"]) for c in answer["changes"]) == [
        ("shop.line", "deleted", line), ("shop.order", "deleted", order), ("shop.part", "changed", part),
    ]  # fmt: skip


def test_what_goes_with_a_record_is_on_the_feed(db: Any) -> None:
    put_on(db, "mail.message", "ir.attachment")
    id = db.run(1, {}, lambda env: env["res.partner"].create({"name": "Ana"}).id)
    made = db.run(1, {}, lambda env: env["ir.attachment"].create({"name": "a.txt", "raw": b"x", "res_model": "res.partner", "res_id": id}).id)
    cursor = poll(db, "ir.attachment")["cursor"]
    db.run(1, {}, lambda env: env["res.partner"].browse(id).unlink())
    assert told(poll(db, "ir.attachment", cursor)) == [("deleted", made)]


def test_a_key_asks_within_its_scope(db: Any, tmp_path: Any) -> None:
    from tests.rpc.test_api_keys import Door

    put_on(db, "res.partner", "sale.order")
    door = Door(db, tmp_path)
    door.uid, door.password = Client(db).uid, "admin"
    key = door.key(readonly=True, allowed_models=["res.partner", "ir.change.feed"])
    cursor = door("ir.change.feed", "poll", password=key)["cursor"]
    ana = door("res.partner", "create", {"name": "Ana"})
    customer = db.run(1, {}, lambda env: env.ref("base.customer_mx_02").id)
    order = door("sale.order", "create", {"partner_id": customer})
    assert {(c["model"], c["id"]) for c in door("ir.change.feed", "poll", None, cursor)["changes"]} >= {("res.partner", ana), ("sale.order", order)}
    answer = door("ir.change.feed", "poll", None, cursor, password=key)
    assert {c["model"] for c in answer["changes"]} == {"res.partner"}
    with pytest.raises(AccessError):
        door("ir.change.feed", "poll", ["sale.order"], cursor, password=key)
    with pytest.raises(AccessError):
        door("ir.change.feed", "create", {"model": "res.users"}, password=key)


def test_a_cursor_that_cannot_go_on_says_so(shop: Any) -> None:
    put_on(shop, "shop.partner")
    partner(shop)
    old = poll(shop, "shop.partner")["cursor"]
    for name in ("Bob", "Eve"):
        partner(shop, name)
    new = poll(shop, "shop.partner")["cursor"]

    def age(env: Any) -> None:
        import sqlalchemy as sa

        table = env["ir.change"].table
        env.execute(table.update().values(at=sa.text("'2020-01-01 00:00:00'")))

    # age first, then take the marks again: they hold the moment
    shop.run(1, {}, age)
    old_aged = poll(shop, "shop.partner", "0", limit=1)["cursor"]
    new = poll(shop, "shop.partner")["cursor"]
    assert old != old_aged
    with pytest.raises(UserError) as refusal:  # the row is another one than the reader knew: a backup was restored
        poll(shop, "shop.partner", old)
    assert refusal.value.data["resync"] is True
    shop.run(1, {}, lambda env: env["ir.cron"].search([("job", "=", "kernel.sweep_changes")]).method_direct_trigger())
    worker.run_pending(shop)
    for gone in (old_aged, "0", "999999.00000000"):
        with pytest.raises(UserError, match="begin|new cursor"):
            poll(shop, "shop.partner", gone)
    assert poll(shop, "shop.partner", new)["changes"] == []  # the newest row stays
    fresh = partner(shop, "Zoe")
    assert told(poll(shop, "shop.partner", new)) == [("created", fresh)]
    for wrong in ("x", "-1", "1.2.3x", 5.5, True, "9" * 30):
        with pytest.raises((ValueError, UserError)):
            poll(shop, "shop.partner", wrong)


def test_a_model_that_was_off_the_feed_begins_anew(shop: Any) -> None:
    with pytest.raises(UserError, match=r"shop\.partner"):
        poll(shop, "shop.partner")
    put_on(shop, "shop.partner", "shop.order")
    cursor = poll(shop, ["shop.partner"])["cursor"]
    feed = shop.run(1, {}, lambda env: env["ir.change.feed"].search([("model", "=", "shop.partner")]).id)
    shop.run(1, {}, lambda env: env["ir.change.feed"].browse(feed).write({"active": False}))
    partner(shop)
    shop.run(1, {}, lambda env: env["ir.change.feed"].browse(feed).write({"active": True}))
    with pytest.raises(UserError, match="cursor"):
        poll(shop, ["shop.partner"], cursor)
    assert poll(shop, ["shop.order"], cursor)["changes"] == []
    for wrong in ("ir.change", "no.such", "webhook.delivery"):
        with pytest.raises(UserError):
            put_on(shop, wrong)


def test_the_feed_costs_a_transaction_one_statement(shop: Any) -> None:
    ids = shop.run(
        1, {}, lambda env: env["shop.partner"].create([{"name": f"P{n}", "company_id": env.company_id} for n in range(300)]).ids
    )

    def cost(several: list[int], credit: int) -> list[str]:
        with Statements(shop) as seen:
            shop.run(1, {}, lambda env: env["shop.partner"].browse(several).write({"credit": credit}))
        return [text for text in seen.seen if not text.startswith("BEGIN")]

    cost(ids[:1], 1)
    silent = cost(ids[:2], 2)
    put_on(shop, "shop.partner")
    cost(ids[:1], 3)
    cursor = poll(shop, "shop.partner")["cursor"]
    assert len(cost(ids[:2], 4)) == len(cost(ids, 5)) == len(silent) + 1
    counts = []
    for limit in (10, 200):
        with Statements(shop) as seen:
            assert len(poll(shop, "shop.partner", cursor, limit=limit)["changes"]) == limit
        counts.append([text for text in seen.seen if not text.startswith("BEGIN")])
    assert len(counts[1]) <= len(counts[0]) <= 12, "\n".join(counts[0])
