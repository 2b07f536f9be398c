"""One lifecycle operation: a transaction, the registry it works with, and the environments in which data files and hooks run.

Everything happens in one database transaction, DDL included; a lock lets only one operation run at a time. Other processes see
nothing until the commit, and then the raised counter.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.addon import custom, graph, listing, schema, state
from server.addon.bookkeeping import Known, Report
from server.addon.discovery import Discovery, discover
from server.addon.loading import Loader
from server.addon.manifest import Addon
from server.addon.state import ModuleRow
from server.addon.usable import build
from server.errors import SetupError, UserError
from server.text import Text, _

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment, Transaction
    from server.model.registry import Registry

ROOT_UID = 1
#: Key of the advisory lock on PostgreSQL.
_LOCK = custom.LOCK


class Session:
    """The working state of one operation; use as a context manager, `commit()` before leaving to keep the result."""

    def __init__(self, database: Database, discovery: Discovery | None = None) -> None:
        self.database = database
        self.discovery = discovery or discover(database.extra_addons)
        self.failed: dict[str, Text | str] = {}
        self.registry: Registry
        self.transaction: Transaction
        self.rows: dict[str, ModuleRow] = {}
        self.enabled: dict[int, frozenset[str]] = {}
        self.report = Report()
        self.plan = schema.Plan()
        self._loader: Loader | None = None
        self._kept = False

    # -- the transaction ---------------------------------------------------------------------------------------------
    def __enter__(self) -> Session:
        self.conn: sa.Connection = self.database.engine.connect()
        try:
            self._tx = self.conn.begin()
            if self.conn.dialect.name == "postgresql":
                self.conn.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")
            self.rows = state.modules(self.conn)
            self.enabled = state.enabled(self.conn)
        except BaseException:
            self.conn.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if not self._kept and self._tx.is_active:
                self._tx.rollback()
        finally:
            self.conn.close()
            if not self._kept:
                state.forget(self.database.engine)

    def commit(self) -> None:
        """Write the module rows, raise the counter and keep everything."""
        self.env().finish()
        listing.write_rows(self.conn, self.discovery, self.failed)
        state.bump_registry(self.conn)
        state.bump_data(self.conn)
        self._tx.commit()
        self._kept = True
        self.database.forget()
        for call in self.transaction.after_commit:
            call()

    # -- addons ------------------------------------------------------------------------------------------------------
    @property
    def installed(self) -> dict[str, str]:
        """Name → version of what is installed."""
        return {name: row.version for name, row in self.rows.items() if row.active}

    def available(self) -> dict[str, Addon]:
        """Addons that could be installed: those with all they need."""
        broken = {**self.discovery.failed, **graph.problems(self.discovery.addons, self.discovery.failed)}
        return {name: addon for name, addon in self.discovery.addons.items() if name not in broken}

    def demand(self, names: Iterable[str]) -> set[str]:
        """The names and all they need; raises `SetupError` with the full reason when one cannot be used."""
        broken = {**self.discovery.failed, **graph.problems(self.discovery.addons, self.discovery.failed)}
        wanted = set(names)
        for name in sorted(wanted):
            if name in broken:
                raise SetupError(_("Addon %(name)s cannot be used. %(reason)s", name=name, reason=broken[name]))
        return graph.closure(wanted, self.discovery.addons)

    def compose(self, installed: dict[str, str], needed: Iterable[str] = (), check_versions: bool = True) -> None:
        """Build the registry of `installed`; raises `SetupError` when one of `needed` cannot be composed."""
        self.registry, self.failed = build(self.discovery, installed, check_versions, custom.read(self.conn))
        for name in needed:
            if name in self.failed:
                raise SetupError(_("Addon %(name)s cannot be used. %(reason)s", name=name, reason=self.failed[name]))

    def order(self, names: Iterable[str]) -> list[Addon]:
        """The named addons that are in the registry, dependencies first."""
        wanted = set(names)
        return [addon for addon in self.registry.addons if addon.name in wanted]

    # -- schema ------------------------------------------------------------------------------------------------------
    def sync(self) -> None:
        """Bring the tables to what the registry wants, and record who owns what."""
        owned = {name: row.owned for name, row in self.rows.items() if name in self.registry.names}
        self.plan = schema.plan(self.conn, self.registry.metadata, owned, _defaults(self.registry))
        self.plan.execute(self.conn)
        for name, mine in schema.ownership(self.registry.metadata).items():
            if name == custom.CUSTOM:  # people's, told by the rows
                continue
            row = self.rows.setdefault(name, ModuleRow(name))
            row.owned = schema.merged(row.owned, mine)

    def save(self, name: str) -> None:
        """Write the module row of an addon."""
        addon = self.discovery.addons.get(name)
        row = self.rows[name]
        state.save(self.conn, row, {**listing.shown(addon, row.version), "failure": None})

    # -- environments ------------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Start working with records under the registry.

        The transaction gets a memory of its own: what it remembers is not committed yet, and must not reach the other users of
        the process.
        """
        from server.model.environment import Transaction

        self.memory = copy.copy(self.database)
        self.memory.use_registry(self.registry)
        self.memory._enabled = self.enabled
        self.transaction = Transaction(self.memory, self.conn)
        self._loader = None

    def settle(self) -> None:
        """Write what is pending and forget what was remembered before: it may be out of date now."""
        self.env().flush()
        self.memory.use_registry(self.registry)
        self.transaction.reference_touched = False

    def env(self, addons: Iterable[str] | None = None) -> Environment:
        """The superuser's environment; its models are those of `addons` (with the kernel), else of the main company's."""
        from server.model.environment import Environment

        env = Environment(self.transaction, ROOT_UID)
        if addons is not None:
            env._models = self.registry.for_enabled(frozenset(addons) | graph.ALWAYS)
        return env

    def inside(self, company_id: int) -> Environment:
        """The superuser's environment in one company: nothing of the others is seen, what it enabled is there."""
        from server.model.environment import Environment

        env = Environment(self.transaction, ROOT_UID, {"allowed_company_ids": [company_id]})
        env._models = self.registry.for_enabled(self.enabled.get(company_id, graph.ALWAYS))
        return env

    def company_ids(self) -> list[int]:
        """All companies, in order of id."""
        if self.transaction.dirty:
            self.env().flush()
        table = self.registry.metadata.tables["res_company"]
        return [row[0] for row in self.conn.execute(sa.select(table.c.id).order_by(table.c.id))]

    # -- data --------------------------------------------------------------------------------------------------------
    def bootstrap(self) -> None:
        """The first company and the system user, which every other row refers to; the kernel's data files complete them."""
        tables = self.registry.metadata.tables
        company, users = tables["res_company"], tables["res_users"]
        company_id = self._first_row(company, {"name": "My Company"})
        uid = self._first_row(users, {"login": "__system__", "name": "System", "company_id": company_id})
        if uid != ROOT_UID:
            raise SetupError(_("The database is not empty: the first user has the id %(id)s. Use an empty database.", id=uid))
        link = tables["res_company_users_rel"]
        self.conn.execute(sa.insert(link).values(company_id=company_id, user_id=uid))
        # what tells this database from its copies: in the names of its contents' directory and of its mails
        self.conn.execute(sa.insert(tables["ir_config_parameter"]).values(key="database.uuid", value=str(uuid.uuid4())))
        for xmlid, model, id in (("base.main_company", "res.company", company_id), ("base.user_root", "res.users", uid)):
            self.loader.known[xmlid] = self.loader.touched[xmlid] = Known(model, id)

    def _first_row(self, table: sa.Table, values: dict[str, Any]) -> int:
        """Insert a row with the defaults its fields have as plain values."""
        for field in self.registry.fields[table.info["model"]].values():
            if field.stored and field.default is not None and not callable(field.default) and field.name in table.c:
                values.setdefault(field.name, field.default)
        result = self.conn.execute(sa.insert(table).values(values).returning(table.c.id))
        return int(result.scalar_one())

    @property
    def loader(self) -> Loader:
        """The loader of this operation."""
        if self._loader is None:
            self._loader = Loader(self.env(()))
        return self._loader

    def load(self, addon: Addon, files: Sequence[str], demo: bool = False) -> None:
        """Load files of an addon. Data see the addon and what it needs; demo data see what their company has enabled."""
        if not files:
            return
        row = self.rows[addon.name]
        names = graph.closure([addon.name], self.discovery.addons)
        env = self.env(self.registry.names & self.installed.keys() | names if demo else names)
        self.report.add(self.loader.load(env, addon, files, row.loaded, row.seen, self.settle))

    def load_access(self, addon: Addon) -> None:
        """Bring the access lines of an addon to those of its `security/access.csv`."""
        from server.models.ir_access import load_access

        names = graph.closure([addon.name], self.discovery.addons)
        try:
            load_access(self.env(names), addon)
        except (ValueError, KeyError) as error:
            raise SetupError(
                _("Addon %(addon)s: its access lines cannot be loaded: %(reason)s", addon=addon.name, reason=str(error))
            ) from error
        self.settle()

    def reflect(self) -> None:
        """Bring `ir.model`, `ir.model.fields` and `ir.actions.report` to the registry."""
        from server.documents.service import sync
        from server.models.ir_model_reflect import reflect

        env = self.env(self.registry.names)
        reflect(env)
        sync(env)
        env.flush()

    def forbid_demo_in_production(self) -> None:
        """Refuse demo data on a database marked as production."""
        if not state.ready(self.conn):
            return
        query = sa.text("select value from ir_config_parameter where key = 'database.production'")
        value = self.conn.execute(query).scalar()
        if value and str(value).strip().lower() not in ("0", "false", "no"):
            raise SetupError(
                _(
                    "This database is marked as production (`database.production`): demo data are not loaded into it. Use "
                    "another database."
                )
            )

    # -- enabling ----------------------------------------------------------------------------------------------------
    def enable(self, company_id: int, names: Iterable[str]) -> list[str]:
        """Enable addons and all they need for a company, dependencies first, glue after; each hears its `addon_enabled`.

        Returns what was new, in order.
        """
        current = self.enabled.get(company_id, graph.ALWAYS)
        there = {addon.name: addon for addon in self.registry.addons if self.rows.get(addon.name, ModuleRow("")).active}
        wanted = graph.closure(names, there) - current
        wanted |= graph.glue(current | wanted, there)
        done = []
        for addon in self.order(wanted):
            state.enable(self.conn, company_id, [addon.name])
            self.enabled[company_id] = self.enabled.get(company_id, graph.ALWAYS) | {addon.name}
            env = self.inside(company_id)
            company = env["res.company"].browse(company_id)
            with _objections(company, _("%(addon)s cannot be enabled for %(company)s: %(reason)s"), addon.name):
                env.hooks.addon_enabled(env=env, company=company, addon=addon.name)
                env.flush()
            self.settle()
            done.append(addon.name)
        return done

    def disable(self, company_id: int, names: Iterable[str]) -> list[str]:
        """Disable addons for a company, dependants first; each may object by its `addon_disabling`."""
        wanted = set(names) & self.enabled.get(company_id, frozenset())
        done = []
        for addon in reversed(self.order(wanted)):
            env = self.inside(company_id)
            company = env["res.company"].browse(company_id)
            with _objections(company, _("%(addon)s cannot be disabled for %(company)s: %(reason)s"), addon.name):
                env.hooks.addon_disabling(env=env, company=company, addon=addon.name)
                env.flush()
            done.append(addon.name)
        lost = wanted - set(done)  # not in the registry (broken): nobody to ask
        done.extend(sorted(lost))
        state.disable(self.conn, done, company_id)
        self.enabled[company_id] = self.enabled.get(company_id, frozenset()) - set(done)
        return done


@contextmanager
def _objections(company: Any, text: Text, addon: str) -> Iterator[None]:
    """Turn what an addon objects into a `SetupError` that says for which company."""
    try:
        yield
    except UserError as error:
        raise SetupError(Text(text.msgid, {"addon": addon, "company": company.display_name, "reason": error.message})) from error


def _defaults(registry: Registry) -> dict[tuple[str, str], Any]:
    """(table, column) → plain default of required fields, for rows that are there when the column comes."""
    found = {}
    for model, fields in registry.fields.items():
        for field in fields.values():
            if field.stored and field.required and field.default is not None and not callable(field.default):
                found[model.replace(".", "_"), field.name] = field.default
    return found
