"""Numbers: how they look, that they follow each other without a hole where the law wants it, also with several at once."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest

from server import UserError, ValidationError
from server.models.ir_sequence import FOREVER, Shape, chosen_reset, fill

ADMIN = 2


def make(database: Any, **vals: Any) -> int:
    values = {"name": "Test", "code": "test", "padding": 4, **vals}
    return database.run(ADMIN, {}, lambda env: env["ir.sequence"].create(values).id)


def take(database: Any, *args: Any, **kw: Any) -> Any:
    return database.run(ADMIN, {}, lambda env: env["ir.sequence"].next_by_code("test", *args, **kw))


def test_places_are_filled_by_the_date() -> None:
    moment = dt.datetime(2026, 3, 5, 14, 7, 9)
    assert fill("F/%(year)s/%(month)s-%(day)s %(y)s %(h24)s:%(min)s:%(sec)s", moment) == "F/2026/03-05 26 14:07:09"
    assert fill("%(range_year)s %(current_month)s 100%%", moment) == "2026 03 100%"
    assert fill("100%", moment) == "100%"
    with pytest.raises(ValueError, match="%\\(month_name\\)s"):
        fill("%(month_name)s", moment)


def test_numbering_begins_again_with_the_year_when_the_number_shows_it() -> None:
    assert chosen_reset(None, "INV/%(year)s/", None) == "year"
    assert chosen_reset(None, None, "/%(y)s") == "year"
    assert chosen_reset(None, "S", None) == "never"
    assert chosen_reset("never", "INV/%(year)s/", None) == "never"
    shape = Shape(1, "", "", 3, 1, True, "month")
    assert shape.start(dt.date(2026, 3, 31)) == dt.date(2026, 3, 1)
    assert shape._replace(reset="never").start(dt.date(2026, 3, 31)) == FOREVER


def test_numbers_follow_each_other(database: Any) -> None:
    make(database, prefix="S", padding=5)
    assert take(database) == "S00001"
    assert take(database) == "S00002"
    assert take(database, count=3) == ["S00003", "S00004", "S00005"]
    assert take(database, count=1) == ["S00006"]
    assert take(database, count=0) == []
    assert database.run(ADMIN, {}, lambda env: env["ir.sequence"].next_by_code("no.such")) is None
    with pytest.raises(UserError):
        take(database, count=10_000_000)


@pytest.mark.parametrize("implementation", ["standard", "no_gap"])
def test_one_statement_for_any_count(database: Any, count_statements: Any, implementation: str) -> None:
    make(database, prefix="S%(year)s/", implementation=implementation)
    take(database)
    take(database)

    def several(env: Any) -> None:
        for count in (1, 50):
            with count_statements(env) as seen:
                env["ir.sequence"].next_by_code("test", count=count)
            assert len(seen) == 1

    database.run(ADMIN, {}, several)


def test_each_year_begins_with_one_in_the_time_zone_of_the_company(database: Any) -> None:
    make(database, prefix="%(year)s-", implementation="no_gap")
    assert take(database, date=dt.date(2025, 12, 31)) == "2025-0001"
    assert take(database, date="2025-06-01") == "2025-0002"
    assert take(database, date=dt.date(2026, 1, 1)) == "2026-0001"
    assert take(database, date=dt.date(2025, 7, 1)) == "2025-0003"

    database.run(ADMIN, {}, lambda env: env.company.write({"tz": "America/Lima"}))

    def new_year(env: Any) -> Any:
        env.transaction.timestamp = dt.datetime(2026, 1, 1, 3, 0, 0)  # ten in the evening of 31 December in Lima
        return env["ir.sequence"].next_by_code("test")

    assert database.run(ADMIN, {}, new_year) == "2025-0004"


def test_a_rollback_leaves_no_gap(database: Any) -> None:
    make(database, implementation="no_gap")
    assert take(database) == "0001"

    class Stop(Exception):
        pass

    def fail(env: Any) -> None:
        assert env["ir.sequence"].next_by_code("test", count=5)[0] == "0002"
        raise Stop

    with pytest.raises(Stop):
        database.run(ADMIN, {}, fail)
    assert take(database) == "0002"


def test_a_rolled_back_first_number_leaves_nothing_behind(database: Any) -> None:
    make(database)

    class Stop(Exception):
        pass

    def fail(env: Any) -> None:
        env["ir.sequence"].next_by_code("test")
        raise Stop

    for _attempt in range(2):
        with pytest.raises(Stop):
            database.run(ADMIN, {}, fail)
    assert take(database) == "0001"


@pytest.mark.parametrize("implementation", ["standard", "no_gap"])
def test_several_at_once_never_get_the_same_number(database: Any, implementation: str) -> None:
    make(database, implementation=implementation)
    numbers: list[str] = []
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            for turn in range(10):
                got = take(database, count=1 + turn % 3)
                numbers.extend(got)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(numbers) == len(set(numbers)) == 4 * 19
    if implementation == "no_gap":
        assert sorted(numbers) == [f"{n:04d}" for n in range(1, 4 * 19 + 1)]


@pytest.mark.postgresql
def test_standard_numbers_do_not_wait_for_each_other(database: Any) -> None:
    make(database)
    take(database)
    held, finish = threading.Event(), threading.Event()

    def slow(env: Any) -> Any:
        number = env["ir.sequence"].next_by_code("test")
        held.set()
        assert finish.wait(20)
        return number

    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(database.run(ADMIN, {}, slow)))
    thread.start()
    assert held.wait(20)
    assert take(database) == "0003"
    finish.set()
    thread.join()
    assert got == ["0002"]


def test_the_sequence_of_the_company_wins(database: Any) -> None:
    company = database.run(ADMIN, {}, lambda env: env.company_id)
    other = database.run(ADMIN, {}, lambda env: env["res.company"].create({"name": "Other"}).id)
    make(database, prefix="SHARED")
    make(database, prefix="OWN", company_id=company)
    assert take(database) == "OWN0001"
    in_other = {"allowed_company_ids": [other]}
    assert database.run(ADMIN, in_other, lambda env: env["ir.sequence"].next_by_code("test")) == "SHARED0001"


def test_the_next_number_can_be_seen_and_set(database: Any) -> None:
    for implementation in ("standard", "no_gap"):
        sequence = make(database, code=f"test.{implementation}", implementation=implementation)

        def play(env: Any, id: int = sequence) -> None:
            record = env["ir.sequence"].browse([id])
            assert record.number_next == 1
            record.number_next = 40
            assert record.next_by_id(count=2) == ["0040", "0041"]
            assert record.number_next == 42 and record.read(["number_next_actual"])[0]["number_next_actual"] == 42
            record.write({"implementation": "standard" if record.implementation == "no_gap" else "no_gap"})
            assert record.next_by_id() == "0042"
            record.write({"number_increment": 10})
            assert record.next_by_id(count=3) == ["0043", "0053", "0063"]

        database.run(ADMIN, {}, play)


def test_a_wrong_place_is_refused(database: Any) -> None:
    with pytest.raises(ValidationError, match="%\\(anno\\)s"):
        make(database, prefix="%(anno)s")


def test_a_deleted_sequence_takes_its_counters_with_it(database: Any) -> None:
    sequence = make(database)
    take(database)

    def delete(env: Any) -> None:
        env["ir.sequence"].browse([sequence]).unlink()
        assert not env["ir.sequence.date_range"].search([("sequence_id", "=", sequence)])

    database.run(ADMIN, {}, delete)
    assert take(database) is None
