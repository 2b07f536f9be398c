"""Transactions: all or nothing, tried again when the database asks, two at once."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from server import LockError, UserError, ValidationError
from server.database import TRIES
from server.errors import Retry


def names(database: Any) -> list[str]:
    return database.run(1, {}, lambda env: env["shop.tag"].search([]).mapped("name"))


def test_nothing_is_saved_on_an_error(shop: Any) -> None:
    def fail(env: Any) -> None:
        env["shop.tag"].create({"name": "one"})
        env.flush()
        env["shop.tag"].create({"name": "two"})
        raise UserError("no")

    with pytest.raises(UserError):
        shop.run(1, {}, fail)

    def fail_late(env: Any) -> None:  # the refusal comes with the flush at the end
        env["shop.tag"].create({"name": "three"})
        env["shop.partner"].create({"name": "x"}).credit = Decimal(-1)

    with pytest.raises(ValidationError, match="credit_positive"):
        shop.run(1, {}, fail_late)
    assert names(shop) == [] and shop.run(1, {}, lambda env: env["shop.partner"].search_count([])) == 0


def test_a_transaction_is_tried_again_from_the_start(shop: Any) -> None:
    tries: list[int] = []

    def twice(env: Any) -> str:
        tries.append(1)
        env["shop.tag"].create({"name": f"try {len(tries)}"})
        env.flush()
        if len(tries) < 3:
            raise Retry
        return "done"

    assert shop.run(1, {}, twice) == "done" and names(shop) == ["try 3"]


def test_after_the_last_try_people_are_told(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.database.time.sleep", lambda _seconds: None)
    tries: list[int] = []

    def never(env: Any) -> None:
        tries.append(1)
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    with pytest.raises(LockError, match="Nothing was saved"):
        shop.run(1, {}, never)
    assert len(tries) == TRIES

    def broken(env: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("no such table"))

    with pytest.raises(OperationalError):
        shop.run(1, {}, broken)


def test_after_commit_runs_only_after_a_commit(shop: Any) -> None:
    heard: list[str] = []

    def fail(env: Any) -> None:
        env.transaction.after_commit.append(lambda: heard.append("failed"))
        raise UserError("no")

    with pytest.raises(UserError):
        shop.run(1, {}, fail)
    shop.run(1, {}, lambda env: env.transaction.after_commit.append(lambda: heard.append(",".join(names(shop)))))
    assert heard == [""]


def test_two_that_count_up_lose_nothing(shop: Any) -> None:
    partner = shop.run(1, {}, lambda env: env["shop.partner"].create({"name": "counter"}).id)
    errors: list[BaseException] = []

    def count() -> None:
        def up(env: Any) -> None:
            one = env["shop.partner"].browse(partner).lock()
            one.credit += 1

        try:
            for _n in range(15):
                shop.run(1, {}, up)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=count) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and shop.run(1, {}, lambda env: env["shop.partner"].browse(partner).credit) == 60


@pytest.mark.postgresql
@pytest.mark.parametrize("how", ["lock", "search_locked", "lines", "write"])
def test_a_row_that_is_held_too_long_is_told_in_words(shop: Any, how: str) -> None:
    def prepare(env: Any) -> tuple[int, int]:
        partner = env["shop.partner"].create({"name": "held"})
        return partner.id, env["shop.order"].create({"name": "o", "partner_id": partner.id, "line_ids": [(0, 0, {})]}).id

    partner, order = shop.run(1, {}, prepare)
    with shop.engine.connect() as holder, holder.begin():
        holder.execute(sa.text("select id from shop_partner for update"))
        holder.execute(sa.text("select id from shop_line for update"))

        def wait(env: Any) -> None:
            env.transaction.connection.execute(sa.text("set local lock_timeout = '100ms'"))
            if how == "lock":
                env["shop.partner"].browse(partner).lock()
            elif how == "search_locked":
                env["shop.partner"].search_locked([("id", "=", partner)])
            elif how == "lines":
                env["shop.order"].browse(order).locked_lines("line_ids")
            else:
                env["shop.partner"].browse(partner).name = "new"
                env.flush()

        with pytest.raises(LockError):
            shop.run(1, {}, wait)


@pytest.mark.postgresql
def test_a_deadlock_is_solved_by_trying_again(shop: Any) -> None:
    a, b = shop.run(1, {}, lambda env: env["shop.partner"].create([{"name": "a"}, {"name": "b"}]).ids)
    barrier = threading.Barrier(2, timeout=10)
    tries: list[int] = []
    errors: list[BaseException] = []

    def cross(first: int, second: int) -> None:
        met = False

        def work(env: Any) -> None:
            nonlocal met
            tries.append(1)
            env["shop.partner"].browse(first).lock().credit += 1
            env.flush()
            if not met:
                met = True
                barrier.wait()
            env["shop.partner"].browse(second).lock().credit += 1

        try:
            shop.run(1, {}, work)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=cross, args=pair) for pair in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(tries) >= 3
    assert shop.run(1, {}, lambda env: env["shop.partner"].browse([a, b]).mapped("credit")) == [2, 2]


@pytest.mark.sqlite
def test_a_writer_waits_for_another_and_readers_for_nobody(shop: Any) -> None:
    started, read = threading.Event(), threading.Event()

    def slow(env: Any) -> None:
        env["shop.tag"].create({"name": "slow"})
        env.flush()
        started.set()
        assert read.wait(30)

    def writer() -> None:
        shop.run(1, {}, lambda env: env["shop.tag"].create({"name": "second"}))

    first = threading.Thread(target=lambda: shop.run(1, {}, slow))
    first.start()
    assert started.wait(30)
    second = threading.Thread(target=writer)
    second.start()
    assert shop.run(1, {}, lambda env: env["shop.tag"].search_count([]), readonly=True) == 0
    assert first.is_alive()  # it waits for the reader, so the reader did not wait for it
    read.set()
    first.join()
    second.join()
    assert names(shop) == ["second", "slow"]
