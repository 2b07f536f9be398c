"""The environment: user, company, language of a call, and the transaction it runs in.

`Transaction` is what one database transaction knows: cached values, pending writes, pending recomputations, history. Environments
derived with `with_context`, `with_company`, `with_user`, `sudo` share it. Nothing here is thread-local: the environment is passed
explicitly, on the records.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from server.errors import AccessError, MissingError, UserError
from server.model import compute, flush, history
from server.text import Text, _

if TYPE_CHECKING:
    from server.database import Database
    from server.events.capture import Capture
    from server.hooks import HookCallers
    from server.model.fields import Field
    from server.model.modelset import ModelSet
    from server.model.records import Records
    from server.model.together import Together

ROOT_UID = 1


@dataclass(frozen=True)
class UserInfo:
    """What the kernel needs to know of a user for every call; cached in the process."""

    id: int
    login: str
    active: bool
    company_id: int | None
    company_ids: tuple[int, ...]
    lang: str
    tz: str


class Transaction:
    """State of one database transaction, shared by the environments of a call."""

    def __init__(self, database: Database, connection: sa.Connection, readonly: bool = False) -> None:
        self.database = database
        self.connection = connection
        self.readonly = readonly
        self.registry = database.registry
        self.dialect = connection.dialect.name
        self.registry_version = database.registry_version
        self.data_version = database.data_version
        #: cache: field key -> {id: value}
        self.values: defaultdict[Any, dict[int, Any]] = defaultdict(dict)
        #: pending writes: model -> {id: {field name: value}}
        self.dirty: dict[str, dict[int, dict[str, Any]]] = {}
        #: stored computed fields waiting: field key -> ids
        self.pending: dict[tuple[str, str], set[int]] = {}
        self.computing: set[tuple[str, str]] = set()
        #: (model, id) -> {field: first old value}
        self.tracked: dict[tuple[str, int], dict[str, Any]] = {}
        self.history_rows: list[dict[str, Any]] = []
        #: rows this transaction holds a lock on
        self.locked: set[tuple[str, int]] = set()
        #: rights worked out in this transaction, by user; a new mapping each time reference data (groups, access lines) may have
        #: changed
        self.security: dict[Any, Any] = {}
        self._reference_touched = False
        self.registry_touched = False
        #: what the writes share that are being made together; None for a write of its own
        self.together: Together | None = None
        #: automations by model, once looked up (`server.models.base_automation`), and (automation, record) of those at work
        self.automations: Any = None
        self.automating: set[tuple[int, int]] = set()
        self.next_temporary = -1
        #: unsaved records while a form is worked out (`server.model.drafts.Drafts`)
        self.drafts: Any = None
        #: placeholders given for numbers of sequences while saving is only rehearsed (`server.model.rehearsal`)
        self.rehearsing: set[str] | None = None
        self.after_commit: list[Callable[[], None]] = []
        self.timestamp: dt.datetime | None = None
        self.root_envs: dict[Any, Environment] = {}
        #: who called, and how it was proven (`server.security.credentials.Proof`); None for jobs and commands
        self.caller: Any = None
        #: notes on what changes, for webhooks and change feeds; None where nobody listens
        self.capture: Capture | None = None
        if database.watching and not readonly:
            from server.events.capture import Capture

            self.capture = Capture()

    @property
    def reference_touched(self) -> bool:
        """True once this transaction changed reference data: what the process remembers of them is not for it any more."""
        return self._reference_touched

    @reference_touched.setter
    def reference_touched(self, touched: bool) -> None:
        self._reference_touched = touched
        if touched:
            self.security = {}

    def forget(self, field: Field) -> None:
        """Drop the cached values of a non-stored field."""
        values = self.values
        values.pop(field.key, None)
        if field.type in ("one2many", "many2many"):
            values.pop((*field.key, "all"), None)
        elif field._contextual:
            for key in [k for k in values if k[:2] == field.key]:
                del values[key]

    def clear(self) -> None:
        """Forget every cached value; nothing may be pending."""
        assert not self.dirty
        self.values.clear()
        if self.together is not None:
            self.together.forget_all()

    def now(self) -> dt.datetime:
        """The moment of this transaction: naive UTC, whole seconds, the same for all its rows."""
        if self.timestamp is None:
            self.timestamp = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        return self.timestamp


class Environment:
    """User, company and context of a call; `env["sale.order"]` is the empty record set of a model."""

    def __init__(self, transaction: Transaction, uid: int, context: Mapping[str, Any] | None = None, su: bool = False) -> None:
        self.transaction = transaction
        self.database = transaction.database
        self.uid = uid
        self.su = su or uid == ROOT_UID
        self.context: Mapping[str, Any] = MappingProxyType(dict(context or {}))
        self._empties: dict[str, Records] = {}
        self._info: UserInfo | None = None
        self._allowed: tuple[int, ...] | None = None
        self._models: ModelSet | None = None
        self._sudo: Environment | None = None
        self._access: Any = None
        self._hooks: Any = None

    # -- who, where, which language ---------------------------------------------------------------------------------
    @property
    def info(self) -> UserInfo:
        """The user's standing data."""
        if self._info is None:
            self._info = self.database.user_info(self.transaction, self.uid)
        return self._info

    @property
    def allowed_company_ids(self) -> tuple[int, ...]:
        """Companies switched on for reading, the current one first. The system user without a choice has all of them."""
        if self._allowed is None:
            asked = self.context.get("allowed_company_ids")
            mine = self.info.company_ids
            everywhere = self.uid == ROOT_UID
            if asked:
                if not isinstance(asked, (list, tuple)) or not all(isinstance(c, int) for c in asked):
                    raise AccessError(_("allowed_company_ids in the context must be a list of company ids."))
                wrong = [c for c in asked if c not in mine and not everywhere]
                if wrong:
                    raise AccessError(
                        _(
                            "You have no access to company %(ids)s. Ask an administrator to add it to your companies.",
                            ids=", ".join(map(str, wrong)),
                        )
                    )
                self._allowed = tuple(dict.fromkeys(asked))
            else:
                first = self.info.company_id
                if everywhere:
                    everything = self.database.all_company_ids(self.transaction)
                    rest = [c for c in everything if c != first]
                    self._allowed = tuple([first, *rest] if first in everything else everything)
                else:
                    self._allowed = (first,) if first is not None else ()
        return self._allowed

    def restrict_companies(self, ids: Collection[int], key: str) -> None:
        """See no other companies than `ids` from here on, in derived environments of the user too: what an API key is for.

        Those asked for in the context are cut down to them. Raises `AccessError` when none is left.
        """
        mine = tuple(c for c in self.info.company_ids if c in ids)
        asked = self.context.get("allowed_company_ids")
        if asked and isinstance(asked, (list, tuple)):
            left = [c for c in asked if not isinstance(c, int) or c not in self.info.company_ids or c in ids]
            self.context = MappingProxyType({**self.context, "allowed_company_ids": left or list(asked)})
            mine = mine if left else ()
        if not mine:
            raise AccessError(
                _("The API key %(name)s is not for these companies. Use another key, or have it opened for them.", name=key)
            )
        first = self.info.company_id if self.info.company_id in mine else mine[0]
        self._info = replace(self.info, company_id=first, company_ids=mine)
        self._allowed = self._models = self._sudo = self._access = None
        self._empties = {}

    @property
    def company_id(self) -> int | None:
        """Id of the current company."""
        allowed = self.allowed_company_ids
        return allowed[0] if allowed else None

    @property
    def company(self) -> Any:
        """The current company."""
        return self["res.company"].browse([self.company_id] if self.company_id else [])

    @property
    def companies(self) -> Any:
        """The companies switched on for reading."""
        return self["res.company"].browse(self.allowed_company_ids)

    @property
    def user(self) -> Any:
        """The calling user."""
        return self["res.users"].browse([self.uid])

    @property
    def lang(self) -> str:
        """Language code of the call, e.g. `es_MX`."""
        lang = self.context.get("lang")
        return lang if isinstance(lang, str) and lang else self.info.lang

    @property
    def translation_lang(self) -> str | None:
        """Language of translated values, None for the source language (English)."""
        lang = self.lang
        return None if not lang or lang.startswith("en") else lang

    @property
    def tz(self) -> str:
        """Time zone name of the call (context, user, company, UTC)."""
        return str(self.context.get("tz") or self.info.tz or "UTC")

    def now(self) -> dt.datetime:
        """The moment of this transaction: naive UTC, whole seconds."""
        return self.transaction.now()

    def today(self) -> dt.date:
        """Today's date in the current company's time zone."""
        zone = self.database.company_tz(self.transaction, self.company_id) or "UTC"
        try:
            return self.now().replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone)).date()
        except ZoneInfoNotFoundError:
            return self.now().date()

    # -- models -----------------------------------------------------------------------------------------------------
    @property
    def models(self) -> ModelSet:
        """The model classes of the current company's enabled addons."""
        if self._models is None or self._models.registry is not self.transaction.registry:
            self._models = self.transaction.registry.for_enabled(self.database.enabled_for(self.transaction, self.company_id))
        return self._models

    def __contains__(self, model: object) -> bool:
        return model in self.models

    def __getitem__(self, model: str) -> Any:
        empty = self._empties.get(model)
        if empty is None:
            cls = self.models.find(model)
            if cls is None:
                raise UserError(_("Object %(model)s doesn't exist", model=model), unknown_model=model)
            empty = self._empties[model] = cls._make(self, (), ())
        return empty

    @property
    def hooks(self) -> HookCallers:
        """Callers of the hooks of the enabled addons: `env.hooks.sale_order_confirmed(env=env, orders=orders)`."""
        return self.models.hooks

    def is_enabled(self, addon: str) -> bool:
        """True when the current company has the addon."""
        return addon in self.models.enabled

    def ref(self, xmlid: str, raise_if_missing: bool = True) -> Any:
        """The record with external id `module.name`.

        :raises MissingError: unless `raise_if_missing` is False; then None.
        """
        found = self.database.external_id(self.transaction, xmlid)
        if found is None:
            if raise_if_missing:
                raise MissingError(_("External ID not found in the system: %(xmlid)s", xmlid=xmlid))
            return None
        return self[found[0]].browse([found[1]])

    # -- derived environments ---------------------------------------------------------------------------------------
    def derive(self, *, uid: int | None = None, context: Mapping[str, Any] | None = None, su: bool | None = None) -> Environment:
        """An environment of the same transaction with another user, context or mode."""
        env = Environment(
            self.transaction,
            self.uid if uid is None else uid,
            self.context if context is None else context,
            self.su if su is None else su,
        )
        if env.uid == self.uid:
            env._info = self._info
            if env.context.get("allowed_company_ids") == self.context.get("allowed_company_ids"):
                env._allowed, env._models = self._allowed, self._models
        return env

    def renew(self) -> None:
        """Forget the models of an earlier registry of this transaction."""
        self._models, self._hooks, self._access = None, None, None
        self._empties.clear()

    @property
    def root(self) -> Environment:
        """The same call in superuser mode (access rules skipped, the company wall kept)."""
        if self.su:
            return self
        if self._sudo is None:
            self._sudo = self.derive(su=True)
        return self._sudo

    def with_company(self, company: Any) -> Environment:
        """The same call with `company` (record or id) as the current one."""
        id = company if isinstance(company, int) else company.id
        if id is None or id == self.company_id:
            return self
        rest = [c for c in self.allowed_company_ids if c != id]
        env = self.derive(context={**self.context, "allowed_company_ids": [id, *rest]})
        if self.su:  # internal code may work for a company that the caller did not switch on
            env._allowed = (id, *rest)
        return env

    # -- rights -----------------------------------------------------------------------------------------------------
    @property
    def access(self) -> Any:
        """Access rights of the user (`server.security.access.Access`)."""
        if self._access is None:
            from server.security.access import Access

            self._access = Access(self)
        return self._access

    def has_group(self, xmlid: str) -> bool:
        """True when the user has the group, directly or implied."""
        return bool(self.access.has_group(xmlid))

    # -- database ---------------------------------------------------------------------------------------------------
    def flush(self) -> None:
        """Write everything pending; several changes of a field are one."""
        flush.flush(self)

    def flush_for(self, models: Any) -> None:
        """Flush when something waits on one of `models`; what waits elsewhere can wait on and leave in fewer statements."""
        txn = self.transaction
        if txn.dirty and any(m in txn.dirty for m in models):
            self.flush()
        elif txn.pending:
            reach = self.models.triggers.reach  # a line's amount that waits is a total that is not right yet
            if any(not reach(key).isdisjoint(models) for key in txn.pending):
                self.flush()

    def execute(self, statement: Any, parameters: Any = None) -> sa.CursorResult[Any]:
        """Flush, then run a Core statement in this transaction."""
        if self.transaction.dirty or self.transaction.pending:
            self.flush()
        result: sa.CursorResult[Any] = self.run(statement, parameters)
        return result

    def run(self, statement: Any, parameters: Any = None) -> Any:
        """Run a Core statement as it is; database complaints become ValidationError with the field's name."""
        return flush.execute(self, statement, parameters)

    def recompute_field(self, field: Field, records: Records) -> None:
        """Compute a stored field that is waiting, for all waiting records of the set's siblings."""
        waiting = self.transaction.pending.get(field.key, set())
        ids = [i for i in records._prefetch if i in waiting] or list(records._ids)
        compute.compute_stored(records.browse(ids), field)

    def finish(self) -> None:
        """What a transaction does before its commit: flush, history, what webhooks and feeds will tell, change signals."""
        self.flush()
        history.write(self)
        txn = self.transaction
        if txn.dirty or txn.pending:
            self.flush()
        if txn.capture is not None:
            txn.capture.finish(self)
        if txn.reference_touched and not txn.readonly:
            from server.addon import state

            state.bump_data(txn.connection)

    # -- services ---------------------------------------------------------------------------------------------------
    def process_cache(self, key: Any, build: Callable[[], Any]) -> Any:
        """A value remembered in the process until reference data changes anywhere."""
        return self.database.cached(self.transaction, key, build)

    def enqueue(
        self, job: str, payload: Mapping[str, Any] | None = None, key: str | None = None, run_at: dt.datetime | None = None
    ) -> None:
        """Put a job into the outbox, in this transaction; the worker does it after the commit."""
        from server.jobs.outbox import enqueue

        enqueue(self, job, dict(payload or {}), key=key, run_at=run_at)

    @property
    def settings(self) -> Any:
        """Typed settings of the current company and of the database."""
        from server.settings import Settings

        return Settings(self)

    def message(self, records: Records, body: Text | str, **kw: Any) -> Any:
        """A note in the history of `records`."""
        values: Iterable[dict[str, Any]] = [
            {
                "model": records._name,
                "res_id": id,
                "body": str(body) if isinstance(body, str) else body.render(self.lang),
                "message_type": "notification",
                **kw,
            }
            for id in records._ids
        ]
        return self.root["mail.message"].create(list(values))

    def __repr__(self) -> str:
        return f"<Environment uid={self.uid} company={self._allowed[:1] if self._allowed else '?'} su={self.su}>"
