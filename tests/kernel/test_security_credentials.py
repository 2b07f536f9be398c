"""Logins and the memory of verified passwords: fast when nothing changed, exact when something did, in every process."""

from __future__ import annotations

from typing import Any

import pytest

from server import AccessDenied, UserError
from server.database import Database
from server.security import credentials, passwords

ADMIN = 2
GOOD = "a long password"


@pytest.fixture
def ana(database: Any) -> int:
    """A user with a password."""

    def make(env: Any) -> int:
        return env["res.users"].create({"login": "ana", "name": "Ana", "password": GOOD}).id

    return database.run(ADMIN, {}, make)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every slow check of a password, as it happens."""
    done: list[str] = []
    slow = passwords.verify_password

    def counting(stored: str | None, password: str) -> bool:
        done.append(password)
        return slow(stored, password)

    monkeypatch.setattr(credentials, "verify_password", counting)
    return done


def write(database: Any, uid: int, **vals: Any) -> None:
    database.run(ADMIN, {}, lambda env: env["res.users"].browse([uid]).write(vals))


def test_login_and_password_give_the_user(database: Any, ana: int) -> None:
    assert credentials.check(database, "ana", GOOD) == ana
    assert credentials.check(database, " ana ", GOOD) == ana
    assert credentials.check(database, "ana", "wrong") is None
    assert credentials.check(database, "bob", GOOD) is None
    assert credentials.check(database, "ana", "") is None
    assert credentials.check(database, "", GOOD) is None
    assert credentials.check(database, "ana\x00", GOOD) is None
    assert credentials.check(database, "ana", None) is None  # type: ignore[arg-type]
    assert credentials.verify(database, ana, GOOD)
    assert not credentials.verify(database, ana, GOOD + "x")
    assert not credentials.verify(database, 99_999, GOOD)
    assert not credentials.verify(database, True, GOOD)
    assert not credentials.verify(database, -1, GOOD)


def test_the_system_user_cannot_log_in_even_with_a_password(database: Any) -> None:
    database.run(1, {}, lambda env: env["res.users"].browse([1]).write({"password": GOOD}))
    assert credentials.check(database, "__system__", GOOD) is None
    assert not credentials.verify(database, 1, GOOD)


def test_a_remembered_caller_is_not_hashed_and_not_asked_for_again(
    database: Any, ana: int, hashes: list[str], count_statements: Any
) -> None:
    assert credentials.check(database, "ana", GOOD) == ana
    assert len(hashes) == 1
    proof = credentials.prove(database, ana, GOOD)
    assert proof is not None and len(hashes) == 1

    def inside(env: Any) -> None:
        with count_statements(env) as seen:
            assert proof.holds(env)
        assert len(seen) == 0

    database.run(ana, {}, inside, readonly=True)
    assert credentials.verify(database, ana, GOOD)
    assert len(hashes) == 1


def test_the_memory_holds_no_password(database: Any, ana: int) -> None:
    credentials.check(database, "ana", GOOD)
    memory = credentials.memory_of(database)
    assert memory._entries
    assert all(GOOD.encode() not in digest and len(digest) == 32 for digest in memory._entries)


def test_a_changed_password_is_forgotten_at_once_in_another_process_too(database: Any, ana: int, hashes: list[str]) -> None:
    assert credentials.verify(database, ana, GOOD)
    other_process = Database(database.url)
    try:
        write(other_process, ana, password="another password")
    finally:
        other_process.engine.dispose()
    proof = credentials.prove(database, ana, GOOD)
    assert proof is not None, "the memory alone cannot know"
    with pytest.raises(AccessDenied):
        database.run(ana, {}, proof.holds)
    assert not credentials.verify(database, ana, GOOD)
    assert credentials.verify(database, ana, "another password")
    assert credentials.check(database, "ana", GOOD) is None


def test_an_archived_user_is_out_at_once(database: Any, ana: int) -> None:
    assert credentials.check(database, "ana", GOOD) == ana
    write(database, ana, active=False)
    assert credentials.check(database, "ana", GOOD) is None
    assert not credentials.verify(database, ana, GOOD)
    write(database, ana, active=True)
    assert credentials.check(database, "ana", GOOD) == ana


def test_other_changes_cost_a_look_but_no_hash(database: Any, ana: int, hashes: list[str]) -> None:
    assert credentials.verify(database, ana, GOOD)
    write(database, ana, name="Ana María")
    assert credentials.verify(database, ana, GOOD)
    assert len(hashes) == 1


def test_the_memory_ends_by_itself(database: Any, ana: int, hashes: list[str]) -> None:
    memory = credentials.memory_of(database)
    now = [1000.0]
    memory.clock = lambda: now[0]
    assert credentials.verify(database, ana, GOOD)
    now[0] += credentials.MEMORY_SECONDS + 1
    assert credentials.verify(database, ana, GOOD)
    assert len(hashes) == 2


def test_a_guesser_is_told_to_wait_and_the_owner_elsewhere_is_not(database: Any, ana: int, hashes: list[str]) -> None:
    for _attempt in range(5):
        assert credentials.check(database, "ana", "guess", "203.0.113.9") is None
    with pytest.raises(credentials.TooManyAttempts) as caught:
        credentials.check(database, "ana", GOOD, "203.0.113.9")
    assert "Wait" in str(caught.value)
    assert len(hashes) == 5, "who has to wait is not hashed"
    assert credentials.check(database, "ana", GOOD, "198.51.100.7") == ana


def test_the_login_is_noted_without_disturbing_what_the_process_remembers(database: Any, ana: int) -> None:
    version = database.run(1, {}, lambda env: env.transaction.data_version)
    credentials.check(database, "ana", GOOD)
    assert database.run(ADMIN, {}, lambda env: env["res.users"].search([("id", "=", ana), ("login_date", "!=", False)]).ids) == [
        ana
    ]
    assert database.run(1, {}, lambda env: env.transaction.data_version) == version


def test_people_change_their_own_password_knowing_the_old_one(database: Any, ana: int) -> None:
    def change(old: str, new: str) -> Any:
        return database.run(ana, {}, lambda env: env["res.users"].change_password(old, new))

    with pytest.raises(AccessDenied):
        change("wrong", "another password")
    with pytest.raises(UserError):
        change(GOOD, "short")
    assert credentials.verify(database, ana, GOOD)
    assert change(GOOD, "another password") is True
    assert credentials.verify(database, ana, "another password")
