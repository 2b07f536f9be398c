"""A database and its registry: transactions, retries, and the process's memory of rarely changing data.

`Database.run` is the one way to do work: it opens a transaction, builds the environment, calls, flushes, commits; on a
serialization failure, a deadlock or a busy SQLite it starts again from the beginning. Before each transaction it looks at two
counters in the database: when the registry counter moved (an addon was installed or enabled anywhere), a new registry is built
beside the old one and swapped; when the data counter moved, remembered reference data is forgotten.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from server.addon import custom, state
from server.db.engine import READING, make_engine, normal_url
from server.errors import AccessDenied, LockError, Retry
from server.model.environment import ROOT_UID, Environment, Transaction, UserInfo
from server.model.registry import Registry
from server.text import Text, _

T = TypeVar("T")
log = logging.getLogger("colca.database")

#: Times a transaction is tried; between tries it waits a little longer each time.
TRIES = 6
#: Times it waits for somebody in the way (`Retry(wait)`) beside that.
WAITS = 50
_RETRY_STATES = {"40001", "40P01", "25P02"}


class Database:
    """One database: engine, registry, process-wide memory.

    :param url: SQLAlchemy URL; `postgresql://` uses psycopg 3.
    :param engine: an engine made elsewhere (Flask-SQLAlchemy), already prepared.
    :param extra_addons: addon objects beside those found by entry points (tests).
    """

    def __init__(
        self, url: str | None = None, *, engine: sa.Engine | None = None, name: str = "colca", extra_addons: Any = ()
    ) -> None:
        assert url is not None or engine is not None
        self.engine = engine if engine is not None else make_engine(url or "")
        self.url = normal_url(url) if url is not None else self.engine.url.render_as_string(hide_password=False)
        self.name = name
        self.extra_addons = tuple(extra_addons)
        self.failed: dict[str, Text | str] = {}
        self.data_version = -1
        self.registry_version = -1
        #: how many webhooks and change feeds want to hear of changes; 0 and transactions take no notes
        self.watching = 0
        self._registry: Registry | None = None
        self._enabled: dict[int, frozenset[str]] = {}
        self._cache: dict[Any, Any] = {}
        self._rows: dict[Any, dict[int, Any]] = {}
        self._lock = threading.RLock()

    # -- registry ---------------------------------------------------------------------------------------------------
    @property
    def registry(self) -> Registry:
        """The registry of the installed addons; built on first use."""
        if self._registry is None:
            with self.engine.connect().execution_options(colca_begin="DEFERRED") as connection:
                self._refresh(connection)
        assert self._registry is not None
        return self._registry

    def _refresh(self, connection: sa.Connection) -> None:
        """Compare the counters with the database's and rebuild or forget what is stale."""
        registry_version, data_version, watching = state.counters(connection)
        if registry_version == self.registry_version and data_version == self.data_version and self._registry is not None:
            return
        with self._lock:
            if self._registry is None or registry_version != self.registry_version:
                self._build(connection)
                self.registry_version = registry_version
            self._enabled = state.enabled(connection)
            self.data_version = data_version
            self.watching = watching
            self._cache = {}
            self._rows = {}

    def renew(self) -> bool:
        """Look whether the registry changed in the database (an addon, a model that somebody made) and take the new one;
        whether it did.
        """
        before = self._registry
        with self.engine.connect().execution_options(colca_begin="DEFERRED") as connection:
            self._refresh(connection)
        return self._registry is not before

    def _build(self, connection: sa.Connection) -> None:
        from server.addon import usable
        from server.addon.discovery import discover

        registry, failed = usable.build(discover(self.extra_addons), state.installed(connection), custom=custom.read(connection))
        self._registry, self.failed = registry, dict(failed)

    def use_registry(self, registry: Registry) -> None:
        """Install a registry built by hand (install and upgrade build it before the tables exist; tests)."""
        with self._lock:
            self._registry = registry
            self._cache, self._rows = {}, {}

    def forget(self) -> None:
        """Drop the process's memory; the next transaction reads everything anew."""
        with self._lock:
            self.registry_version = self.data_version = -1
            self._cache, self._rows = {}, {}

    # -- transactions -----------------------------------------------------------------------------------------------
    @contextmanager
    def transaction(
        self, uid: int = ROOT_UID, context: Mapping[str, Any] | None = None, *, su: bool = False, readonly: bool = False
    ) -> Iterator[Environment]:
        """An environment in a transaction of its own: committed at the end, rolled back on any error. No retry: see `run`."""
        options = READING[self.engine.dialect.name] if readonly else {"colca_begin": "IMMEDIATE"}
        with self.engine.connect().execution_options(**options) as connection, connection.begin() as transaction:
            self._refresh(connection)
            txn = Transaction(self, connection, readonly)
            env = Environment(txn, uid, context, su)
            yield env
            env.finish()
            transaction.commit()
        for call in txn.after_commit:
            call()

    def run(
        self,
        uid: int,
        context: Mapping[str, Any] | None,
        function: Callable[[Environment], T],
        readonly: bool = False,
        su: bool = False,
    ) -> T:
        """Call `function(env)` in a transaction; tried again when the database asks for it.

        :raises LockError: when others keep the rows busy to the end.
        """
        attempt = waits = 0
        while True:
            attempt += 1
            try:
                with self.transaction(uid, context, su=su, readonly=readonly) as env:
                    return function(env)
            except Retry as asked:
                reason = "asked"
                if asked.wait is not None and waits < WAITS:
                    waits, attempt = waits + 1, attempt - 1
                    asked.wait()
                    continue
            except DBAPIError as error:
                reason = retry_reason(error) or self._outdated(error)
                if not reason:
                    raise
            if attempt >= TRIES:
                raise LockError(
                    _("The data is being changed by others at the same time. Nothing was saved; try again in a moment.")
                )
            log.info("transaction tried again (%s, attempt %s)", reason, attempt)
            time.sleep(random.uniform(0, 0.01 * 2**attempt))

    def _outdated(self, error: DBAPIError) -> str:
        """`shape changed` when a column or table was taken away by another process while this transaction still knew it."""
        gone = getattr(error.orig, "sqlstate", None) in ("42703", "42P01") or "no such " in str(error.orig)
        return "shape changed" if gone and self.renew() else ""

    # -- memory -----------------------------------------------------------------------------------------------------
    def cached(self, txn: Transaction, key: Any, build: Callable[[], Any]) -> Any:
        """`build()` remembered under `key` until reference data changes anywhere; not while this transaction changes it."""
        if txn.reference_touched:
            return build()
        cache = self._cache
        try:
            return cache[key]
        except KeyError:
            pass
        except TypeError:
            return build()
        value = build()
        if txn.data_version == self.data_version and not txn.reference_touched:
            cache[key] = value
        return value

    def reference_rows(self, txn: Transaction, key: Any) -> dict[int, Any]:
        """Remembered rows of reference data under `key`."""
        return self._rows.get(key, {}) if txn.data_version == self.data_version and not txn.reference_touched else {}

    def keep_reference(self, txn: Transaction, key: Any, rows: dict[int, Any]) -> None:
        """Remember rows of reference data, if nobody changed any meanwhile."""
        if txn.data_version == self.data_version and not txn.reference_touched:
            self._rows.setdefault(key, {}).update(rows)

    # -- standing data ----------------------------------------------------------------------------------------------
    def user_info(self, txn: Transaction, uid: int) -> UserInfo:
        """Company, language and time zone of a user.

        :raises AccessDenied: unknown user.
        """

        def build() -> UserInfo | None:
            meta = txn.registry.metadata
            users = meta.tables.get("res_users")
            if users is None:
                return UserInfo(uid, "", True, None, (), "en_US", "UTC")
            row = txn.connection.execute(
                sa.select(users.c.login, users.c.active, users.c.company_id, users.c.lang, users.c.tz).where(users.c.id == uid)
            ).one_or_none()
            if row is None:
                return None
            relation, one, two = txn.registry.fields["res.users"]["company_ids"].names()  # type: ignore[attr-defined]
            pairs = meta.tables[relation]
            linked = [
                r[0] for r in txn.connection.execute(sa.select(pairs.c[two]).where(pairs.c[one] == uid).order_by(pairs.c[two]))
            ]
            companies = tuple(dict.fromkeys([*([row.company_id] if row.company_id else []), *linked]))
            return UserInfo(uid, row.login or "", bool(row.active), row.company_id, companies, row.lang or "en_US", row.tz or "")

        info = self.cached(txn, ("user", uid), build)
        if info is None:
            if uid == ROOT_UID:
                return UserInfo(uid, "__system__", True, None, (), "en_US", "UTC")
            raise AccessDenied(_("Access Denied"))
        return info  # type: ignore[no-any-return]

    def all_company_ids(self, txn: Transaction) -> tuple[int, ...]:
        """Ids of all companies."""

        def build() -> tuple[int, ...]:
            table = txn.registry.metadata.tables.get("res_company")
            if table is None:
                return ()
            return tuple(r[0] for r in txn.connection.execute(sa.select(table.c.id).order_by(table.c.id)))

        return self.cached(txn, "companies", build)  # type: ignore[no-any-return]

    def company_tz(self, txn: Transaction, company_id: int | None) -> str | None:
        """Time zone name of a company."""
        table = txn.registry.metadata.tables.get("res_company")
        if company_id is None or table is None or "tz" not in table.c:
            return None
        found: str | None = self.cached(
            txn,
            ("tz", company_id),
            lambda: txn.connection.execute(sa.select(table.c.tz).where(table.c.id == company_id)).scalar(),
        )
        return found

    def enabled_for(self, txn: Transaction, company_id: int | None) -> frozenset[str]:
        """Addons enabled for a company; without a company (set-up work) all that are installed."""
        if company_id is None:
            return txn.registry.names
        if txn.reference_touched or txn.registry_touched:
            return state.enabled(txn.connection).get(company_id, frozenset({"kernel"}))
        return self._enabled.get(company_id, frozenset({"kernel"}))

    def external_id(self, txn: Transaction, xmlid: str) -> tuple[str, int] | None:
        """(model, id) behind an external id."""
        module, dot, name = xmlid.partition(".")
        table = txn.registry.metadata.tables.get("ir_model_data")
        if not dot or table is None:
            return None

        def build() -> tuple[str, int] | None:
            row = txn.connection.execute(
                sa.select(table.c.model, table.c.res_id).where(table.c.module == module, table.c.name == name)
            ).one_or_none()
            return (row.model, row.res_id) if row is not None else None

        found = self.cached(txn, ("xmlid", xmlid), build)
        return found if found is not None else build()

    def stored_defaults(self, env: Environment, model: str) -> dict[str, Any]:
        """Defaults that users set (`ir.default`)."""
        if "ir.default" not in env or model.startswith("ir."):
            return {}
        return env.root["ir.default"].values_for(model)  # type: ignore[no-any-return]


def retry_reason(error: DBAPIError) -> str:
    """Why a transaction may be tried again; empty when it may not."""
    code = getattr(error.orig, "sqlstate", None)
    if code in _RETRY_STATES:
        return str(code)
    if isinstance(error, OperationalError) and "database is locked" in str(error.orig):
        return "busy"
    if error.connection_invalidated and error.statement is not None:
        # The database was restarted: nothing of this transaction is left. (Without a statement it was the commit that failed,
        # and whether that was done nobody knows.)
        return "connection lost"
    return ""


__all__ = ["Database", "Environment", "retry_reason"]
