"""Install, upgrade, enable, disable, uninstall: each one transaction on a live database, each a no-op when there is nothing to
do.

Other processes take the new registry before their next call. Purge is in `purge.py`; which addons run is in `usable.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from packaging.version import Version

from server.addon import graph, migration, state
from server.addon.bookkeeping import Report
from server.addon.discovery import Discovery
from server.addon.kernel import KERNEL
from server.addon.schema import Plan
from server.addon.session import Session
from server.addon.state import ModuleRow
from server.addon.usable import build, usable
from server.errors import SetupError
from server.text import Text, _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.database import Database
    from server.model.environment import Environment

#: Stands for all companies, those included that the operation itself creates.
ALL = "all"


@dataclass
class Outcome:
    """What an operation did. `enabled` and `disabled` hold (company id, addon); `statements` the SQL of an upgrade that was only
    planned.
    """

    installed: list[str] = field(default_factory=list)
    upgraded: list[tuple[str, str, str]] = field(default_factory=list)
    uninstalled: list[str] = field(default_factory=list)
    enabled: list[tuple[int, str]] = field(default_factory=list)
    disabled: list[tuple[int, str]] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    report: Report = field(default_factory=Report)
    statements: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """True when something was done."""
        return bool(
            self.installed or self.upgraded or self.uninstalled or self.enabled or self.disabled or self.plan or self.report
        )


def install(
    database: Database,
    names: Iterable[str],
    *,
    companies: Sequence[int] | str = (),
    demo: bool = False,
    finish: Callable[[Environment], None] | None = None,
    discovery: Discovery | None = None,
) -> Outcome:
    """Install addons, all they need, and the glue that follows; on an empty database the kernel first.

    Per addon, dependencies first: data files, access lines, enabling for `companies`, demo files. The tables of all come before
    that.

    :param companies: ids of the companies to enable the addons for, or `ALL`.
    :param demo: load demo data of the newly installed addons.
    :param finish: called at the end with the superuser's environment, in the same transaction.
    :raises SetupError: with the reason; then nothing was changed.
    """
    outcome = Outcome()
    with Session(database, discovery) as session:
        if demo:
            session.forbid_demo_in_production()
        before = session.installed
        wanted = session.demand([*names, KERNEL.name])
        available = session.available()
        wanted |= graph.glue(wanted | before.keys(), available)
        new = {name: session.discovery.addons[name].version for name in wanted if name not in before}
        if not new and not companies:
            return outcome
        session.compose({**before, **new}, new)
        if new:
            session.sync()
        session.open()
        if KERNEL.name in new:
            session.bootstrap()
        for addon in session.order(wanted):
            if addon.name in new:
                row = session.rows.setdefault(addon.name, ModuleRow(addon.name))
                row.state, row.version, row.depends = "installed", addon.version, list(addon.needs)
                session.load(addon, addon.data)
                session.load_access(addon)
                session.save(addon.name)
                outcome.installed.append(addon.name)
            if addon.name not in graph.ALWAYS:
                outcome.enabled += _enable(session, companies, [addon.name])
            if demo and addon.name in new:
                session.load(addon, addon.demo, demo=True)
                session.rows[addon.name].demo = True
                session.save(addon.name)
                if companies == ALL and addon.demo:  # a company the demo data made follows suit
                    done = [one.name for one in session.order(wanted) if session.rows.get(one.name, ModuleRow("")).active]
                    outcome.enabled += _enable(session, companies, [name for name in done if name not in graph.ALWAYS])
        if new:
            outcome.enabled += _glued(session, new)
            session.reflect()
        if finish is not None and (new or outcome):
            finish(session.env())
        outcome.plan, outcome.report = session.plan, session.report
        if outcome:
            session.commit()
    return outcome


def _glued(session: Session, new: Iterable[str]) -> list[tuple[int, str]]:
    """Enable new glue for the companies that already have all it joins."""
    addons = [addon for addon in session.order(new) if addon.triggers]
    return [
        (id, name)
        for id in session.company_ids()
        for addon in addons
        if session.enabled.get(id, graph.ALWAYS).issuperset(addon.triggers)
        for name in session.enable(id, [addon.name])
    ]


def _enable(session: Session, companies: Sequence[int] | str, names: list[str]) -> list[tuple[int, str]]:
    ids = session.company_ids() if companies == ALL else [int(id) for id in companies]
    return [(id, name) for id in ids for name in session.enable(id, names)]


def upgrade(
    database: Database, names: Iterable[str] | None = None, *, only_plan: bool = False, discovery: Discovery | None = None
) -> Outcome:
    """Bring installed addons to their packages' versions: pre scripts, tables, data files, post scripts.

    :param names: which; all when None. Those they need are upgraded with them when they are behind.
    :param only_plan: do it all, note the SQL of scripts and tables in `statements`, and roll everything back.
    :raises SetupError: with the reason; then nothing was changed.
    """
    outcome = Outcome()
    with Session(database, discovery) as session:
        if not session.installed:
            raise SetupError(_("This database is empty. Run `colca init` first."))
        targets = set(session.installed) if names is None else set(names)
        for name in sorted(targets - session.installed.keys()):
            raise SetupError(_("Addon %(name)s is not installed. Run `colca addon install %(name)s`.", name=name))
        present = {name: addon for name, addon in session.discovery.addons.items() if name in session.installed}
        targets = session.demand(targets if names is not None else targets & present.keys()) & session.installed.keys()
        behind = {name for name in targets if session.rows[name].version != present[name].version}
        for name in sorted(behind):
            _refuse_older(name, session.rows[name].version, present[name].version)
        ordered = [addon for addon in graph.order(present) if addon.name in targets]
        for addon in ordered:
            for script in migration.scripts(addon, session.rows[addon.name].version, "pre"):
                with _noted(session.conn, outcome.statements, f"{addon.name}: {script.path.name}"):
                    script.run(session.conn, session.conn)
        session.compose(session.installed, targets, check_versions=False)
        with _noted(session.conn, outcome.statements, _("tables")):
            session.sync()
        session.open()
        loaded = {name: dict(session.rows[name].loaded) for name in targets}
        for addon in ordered:
            row, old = session.rows[addon.name], session.rows[addon.name].version
            session.load(addon, addon.data)
            if addon.name in behind or session.plan or session.report.files:
                session.load_access(addon)
            env = session.env(graph.closure([addon.name], session.discovery.addons))
            for script in migration.scripts(addon, old, "post"):
                with _noted(session.conn, outcome.statements, f"{addon.name}: {script.path.name}"):
                    script.run(session.conn, env)
                    env.flush()
            row.version, row.depends, row.state = addon.version, list(addon.needs), "installed"
            if addon.name in behind:
                outcome.upgraded.append((addon.name, old, addon.version))
            if addon.name in behind or session.plan or row.loaded != loaded[addon.name]:
                session.save(addon.name)
        outcome.plan, outcome.report = session.plan, session.report
        if outcome and not only_plan:
            session.reflect()
            session.commit()
    return outcome


def _refuse_older(name: str, old: str, new: str) -> None:
    if old and Version(new) < Version(old):
        raise SetupError(
            _(
                "Addon %(name)s: the database has version %(old)s, the package is older (%(new)s). Install version %(old)s or a "
                "later one.",
                name=name,
                old=old,
                new=new,
            )
        )


@contextmanager
def _noted(conn: sa.Connection, statements: list[str], title: Text | str) -> Iterator[None]:
    """Note the changing statements that run meanwhile, under a heading."""
    noted: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.split(None, 1)[0].upper() in (
            "CREATE",
            "ALTER",
            "DROP",
            "INSERT",
            "UPDATE",
            "DELETE",
            "COMMENT",
            "TRUNCATE",
        ):
            noted.append(f"{statement};" + (f"  -- {parameters!r}" if parameters else ""))

    sa.event.listen(conn, "before_cursor_execute", note)
    try:
        yield
    finally:
        sa.event.remove(conn, "before_cursor_execute", note)
        if noted:
            statements.extend([f"-- {title}", *noted])


def enable(
    database: Database, names: Iterable[str], companies: Sequence[int] | str = ALL, *, discovery: Discovery | None = None
) -> Outcome:
    """Enable installed addons for companies, with all they need and the glue that follows; each new one hears `addon_enabled`.

    :raises SetupError: an addon is not installed, a company does not exist, or an addon refuses.
    """
    outcome = Outcome()
    with _working(database, discovery, names) as session:
        ids = _companies(session, companies)
        for id in ids:
            outcome.enabled += [(id, name) for name in session.enable(id, sorted(names))]
        if outcome:
            session.commit()
    return outcome


def enable_for(database: Database, company: int, addons: Iterable[str]) -> Outcome:
    """Give a new company its addons (those of the company it was modelled on, say)."""
    return enable(database, [name for name in addons if name not in graph.ALWAYS], [company])


def disable(
    database: Database, names: Iterable[str], companies: Sequence[int] | str = ALL, *, discovery: Discovery | None = None
) -> Outcome:
    """Hide addons from companies; glue goes with them, data stay.

    :raises SetupError: another enabled addon needs one, or an addon refuses because work is open.
    """
    outcome = Outcome()
    with _working(database, discovery, names) as session:
        for id in _companies(session, companies):
            current = session.enabled.get(id, frozenset())
            asked = set(names) & current
            there = {addon.name: addon for addon in session.registry.addons if addon.name in current}
            followers = graph.dependants(asked, there)
            blocking = {name for name in followers if not there[name].triggers}
            if blocking:
                raise SetupError(
                    _(
                        "%(names)s cannot be disabled: %(others)s needs it. Disable %(others)s first.",
                        names=", ".join(sorted(asked)),
                        others=", ".join(sorted(blocking)),
                    )
                )
            outcome.disabled += [(id, name) for name in session.disable(id, asked | followers)]
        if outcome:
            session.commit()
    return outcome


def uninstall(database: Database, names: Iterable[str], *, discovery: Discovery | None = None) -> Outcome:
    """Take addons out of service for all companies; glue goes with them. Tables and data stay: see `purge`.

    :raises SetupError: another installed addon needs one, or an addon refuses because work is open.
    """
    outcome = Outcome()
    with _working(database, discovery, (), asked=names) as session:
        gone = take_out(session, set(names) & session.installed.keys(), outcome)
        if gone:
            session.compose(session.installed)
            session.open()
            session.reflect()
            session.commit()
    return outcome


def take_out(session: Session, names: set[str], outcome: Outcome) -> set[str]:
    """Disable and mark as uninstalled within a session; returns all that went, glue included."""
    if names & graph.ALWAYS:
        raise SetupError(_("The kernel cannot be uninstalled."))
    needs = {name: row.depends for name, row in session.rows.items() if row.active}
    followers = _dependants(names, needs)
    addons = session.discovery.addons
    blocking = {name for name in followers if name not in addons or not addons[name].triggers}
    if blocking:
        raise SetupError(
            _(
                "%(names)s cannot be uninstalled: %(others)s needs it. Uninstall %(others)s first.",
                names=", ".join(sorted(names)),
                others=", ".join(sorted(blocking)),
            )
        )
    gone = names | followers
    for company in sorted(session.enabled):
        outcome.disabled += [(company, name) for name in session.disable(company, gone)]
    state.disable(session.conn, gone)
    for name in sorted(gone):
        row = session.rows[name]
        row.state, row.version, row.loaded = "uninstalled", "", {}
        session.save(name)
        outcome.uninstalled.append(name)
    return gone


def _dependants(names: set[str], needs: dict[str, list[str]]) -> set[str]:
    """Like `graph.dependants`, from what the database recorded, so that it works without packages."""
    result = set(names)
    while True:
        more = {name for name, others in needs.items() if name not in result and result & set(others)}
        if not more:
            return result - names
        result |= more


@contextmanager
def _working(
    database: Database, discovery: Discovery | None, names: Iterable[str], asked: Iterable[str] = ()
) -> Iterator[Session]:
    """A session on an initialised database with the registry of what is installed; `names` must be installed and work."""
    with Session(database, discovery) as session:
        if not session.installed:
            raise SetupError(_("This database is empty. Run `colca init` first."))
        for name in sorted({*names, *asked} - session.installed.keys()):
            known = name in session.discovery.addons or name in session.rows
            if name in asked and known:
                continue
            if known:
                raise SetupError(_("Addon %(name)s is not installed. Run `colca addon install %(name)s`.", name=name))
            raise SetupError(_("The addon %(name)s is not available. `colca addon list` shows those that are.", name=name))
        session.compose(session.installed, set(names))
        session.open()
        yield session


def _companies(session: Session, companies: Sequence[int] | str) -> list[int]:
    present = session.company_ids()
    if companies == ALL:
        return present
    ids = [int(id) for id in companies]
    for id in ids:
        if id not in present:
            raise SetupError(_("There is no company with the id %(id)s. `colca company list` shows those that are.", id=id))
    return ids


__all__ = ["ALL", "Outcome", "build", "disable", "enable", "enable_for", "install", "take_out", "uninstall", "upgrade", "usable"]
