"""What the fixtures do with a database: install the kernel, the demo business or one addon; roll back; check the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from server.addon.discovery import Discovery
    from server.database import Database
    from server.model.environment import Environment


def build_kernel(url: str) -> None:
    """Install the kernel alone."""
    _install(url, ())


def build_demo(url: str) -> None:
    """Install every addon of this project, for all companies, with demo data."""
    _install(url, own_addons(), demo=True)


def build_addon(url: str, name: str, discovery: Discovery | None = None) -> None:
    """Install one addon and what it needs, for all companies, without demo data."""
    _install(url, (name,), discovery=discovery)


def own_addons() -> list[str]:
    """Names of the addons that belong to this project and can be imported."""
    from server.addon.discovery import discover

    return [name for name, addon in discover().addons.items() if (addon.package or "").startswith("addons.")]


def _password(env: Environment) -> None:
    """The administrator's password of the demo, as `colca init --demo` sets it."""
    env["res.users"].search([("login", "=", "admin")]).write({"password": "admin"})


def _install(url: str, names: Iterable[str], demo: bool = False, discovery: Discovery | None = None) -> None:
    from server.addon import lifecycle
    from server.database import Database

    database = Database(url)
    try:
        lifecycle.install(
            database, names, companies=lifecycle.ALL, demo=demo, discovery=discovery, finish=_password if demo else None
        )
    finally:
        database.engine.dispose()


@contextmanager
def rolled_back(database: Database, login: str = "admin") -> Iterator[Environment]:
    """An environment of the user `login` in a transaction that is rolled back at the end, whatever happens."""

    class Undo(Exception):
        pass

    try:
        with database.transaction(uid_of(database, login), {}) as environment:
            yield environment
            raise Undo
    except Undo:
        pass


@contextmanager
def reading(database: Database) -> Iterator[sa.Connection]:
    """A connection that only reads: on SQLite it neither waits for a writer nor keeps one waiting."""
    with database.engine.connect().execution_options(colca_begin="DEFERRED") as connection:
        yield connection


def uid_of(database: Database, login: str) -> int:
    """Id of the user `login`; the system user when there is none."""
    with reading(database) as connection:
        found = connection.execute(sa.text("select id from res_users where login = :login"), {"login": login}).scalar()
    return int(found or 1)


def check_ledger(database: Database) -> None:
    """Fail when a posted entry does not balance, or an entry line belongs to another company than its entry.

    :raises AssertionError: names the entries and by how much they are off.
    """
    with reading(database) as connection:
        inspector = sa.inspect(connection)
        if not inspector.has_table("account_move_line"):
            return
        rows = connection.execute(
            sa.text(
                "select m.id, m.name, sum(l.debit), sum(l.credit) from account_move m join account_move_line l on l.move_id = "
                "m.id "
                "where m.state = 'posted' group by m.id, m.name having sum(l.debit) <> sum(l.credit)"
            )
        ).all()
        assert not rows, "Entries that do not balance: " + ", ".join(
            f"{name or id} ({Decimal(str(debit)) - Decimal(str(credit))})" for id, name, debit, credit in rows
        )
