"""Addons led by a client: marks on rows of `ir.module.module`, and the work that follows from them.

The life of addons has transactions of its own (`lifecycle.py`). So a call only writes marks, or notes what is to be done; that
is done right after the call's commit and before its answer, and a refusal still reaches the caller. Within a batch it is done
once the whole batch is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from server.addon import graph, lifecycle, state
from server.addon.discovery import discover
from server.errors import SetupError, UserError
from server.text import _

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment

#: Mark → what an addon is without it.
MARKS = {"to install": "uninstalled", "to upgrade": "installed", "to remove": "installed"}
#: What cannot be taken out: everything stands on it.
FOUNDATION = frozenset({*graph.ALWAYS, "base"})


def mark(env: Environment, names: Iterable[str], mark: str) -> None:
    """Mark addons, and with them those they need (`to install`) or that need them (`to remove`).

    :raises UserError: an addon that cannot be used, or that everything stands on.
    """
    env.flush()
    conn = env.transaction.connection
    rows = state.modules(conn)
    wanted = set(names)
    if mark == "to install":
        wanted = {name for name in needed(env.database, wanted) if name not in rows or not rows[name].active}
    elif mark == "to remove":
        wanted = {name for name in with_dependants(conn, wanted) if name in rows and rows[name].active}
    else:
        wanted = {name for name in wanted if name in rows and rows[name].active}
    _write(env, wanted, mark)


def unmark(env: Environment, marks: Iterable[str], names: Iterable[str] | None = None) -> None:
    """Take marks away again, from the named addons or from all."""
    env.flush()
    rows = state.modules(env.transaction.connection)
    chosen = set(rows) if names is None else set(names)
    for one in marks:
        _write(env, {name for name in chosen if name in rows and rows[name].state == one}, MARKS[one])


def _write(env: Environment, names: set[str], to: str) -> None:
    table = state.module_table
    env.execute(sa.update(table).where(table.c.name.in_(sorted(names))).values(state=to))
    env.transaction.clear()


def needed(database: Database, names: Iterable[str]) -> set[str]:
    """The addons and all they need.

    :raises UserError: naming the one that cannot be used and why.
    """
    discovery = discover(database.extra_addons)
    broken = {**discovery.failed, **graph.problems(discovery.addons, discovery.failed)}
    for name in sorted(set(names)):
        if name in broken:
            raise UserError(_("Addon %(name)s cannot be used. %(reason)s", name=name, reason=broken[name]))
        if name not in discovery.addons:
            raise UserError(_("The package of the addon %(name)s is not there. Install it on the server first.", name=name))
    return graph.closure(names, discovery.addons)


def with_dependants(conn: sa.Connection, names: Iterable[str]) -> set[str]:
    """The addons and all installed ones that need them.

    :raises UserError: when one of them is what everything stands on.
    """
    found = set(names)
    for name in sorted(found & FOUNDATION):
        raise UserError(_("%(name)s cannot be uninstalled: everything stands on it.", name=name))
    rows = {name: row for name, row in state.modules(conn).items() if row.active}
    while more := {name for name, row in rows.items() if name not in found and found & set(row.depends)}:
        found |= more
    return found


def afterwards(env: Environment, work: Callable[[Database], object]) -> None:
    """Do `work` with the database once this transaction is committed; what it refuses is refused in words."""
    database = env.database

    def run() -> None:
        try:
            work(database)
        except SetupError as error:
            raise UserError(error.message) from error

    env.transaction.after_commit.append(run)


def install(env: Environment, names: Iterable[str]) -> None:
    """Install addons for all companies, after the commit."""
    wanted = sorted(needed(env.database, names))
    afterwards(env, lambda database: lifecycle.install(database, wanted, companies=lifecycle.ALL))


def upgrade(env: Environment, names: Iterable[str]) -> None:
    """Upgrade installed addons, after the commit."""
    wanted = sorted(set(names) - graph.ALWAYS)
    afterwards(env, lambda database: lifecycle.upgrade(database, wanted))


def uninstall(env: Environment, names: Iterable[str]) -> None:
    """Take addons and those that need them out of service, after the commit; their data stay."""
    wanted = sorted(with_dependants(env.transaction.connection, names))
    afterwards(env, lambda database: lifecycle.uninstall(database, wanted))


def carry_out(env: Environment) -> None:
    """Do what is marked, after the commit: uninstall, upgrade, install, each in a transaction of its own."""
    afterwards(env, _carry_out)


def _carry_out(database: Database) -> None:
    with database.engine.connect().execution_options(colca_begin="DEFERRED") as connection:
        rows = state.modules(connection)
    marked = {one: sorted(name for name, row in rows.items() if row.state == one) for one in MARKS}
    if marked["to remove"]:
        lifecycle.uninstall(database, marked["to remove"])
    if marked["to upgrade"]:
        lifecycle.upgrade(database, [name for name in marked["to upgrade"] if name not in graph.ALWAYS])
        database.run(1, {}, lambda env: unmark(env, ["to upgrade"]))
    if marked["to install"]:
        lifecycle.install(database, marked["to install"], companies=lifecycle.ALL)
