"""Record sets: an ordered set of ids of one model in an environment.

Everything behind every door is done by record sets. This file has the set itself: making, iterating, combining, following
relations, and the cache of values. `reading.py` has search and read, `writing.py` create, write and delete; both are mixed in
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa

from server.errors import FieldError, MissingError, UserError
from server.model.api import External
from server.model.bulk import Bulk
from server.model.checking import Checking
from server.model.compute import mark, mark_modified, settle, touched_by
from server.model.creating import Creating
from server.model.decorators import action
from server.model.fields import Field
from server.model.grouping import Grouping
from server.model.keyset import Keyset
from server.model.linking import Linking
from server.model.loading import Loading
from server.model.locking import Locking
from server.model.nested import Nested
from server.model.onchange import Onchange
from server.model.reading import Reading
from server.model.relational import Many2one, RecordOf, Siblings
from server.model.writing import Writing
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.modelset import Method, ModelSet


class Records(
    Reading, Nested, Keyset, Onchange, Loading, Writing, Creating, Bulk, Linking, Checking, Locking, Grouping, External
):
    """An ordered set of records; see docs/addons/model-api.md. Instances are cheap and immutable."""

    __slots__ = ("_ids", "_prefetch", "env")

    env: Environment
    _ids: tuple[int, ...]
    _prefetch: Iterable[int]

    _name: ClassVar[str] = ""
    _fields: ClassVar[dict[str, Field]] = {}
    _aliases: ClassVar[dict[str, str]] = {}
    _tracked: ClassVar[list[Field]] = []
    _columns_written: ClassVar[list[Field]] = []
    _methods: ClassVar[dict[str, Method] | None] = None
    table: ClassVar[sa.Table]
    models: ClassVar[ModelSet]
    _rec_name: ClassVar[str] = "name"
    _order: ClassVar[str] = "id"
    _history: ClassVar[bool] = False
    _inherits: ClassVar[dict[str, str]] = {}
    _transient: ClassVar[bool] = False
    _reference: ClassVar[bool] = False
    _model_label: ClassVar[Any] = None
    _name_search_fields: ClassVar[Any] = None

    # -- making -----------------------------------------------------------------------------------------------------
    @classmethod
    def _make(cls, env: Environment, ids: tuple[int, ...], prefetch: Iterable[int]) -> Any:
        records = object.__new__(cls)
        records.env = env
        records._ids = ids
        records._prefetch = prefetch
        return records

    def browse(self, ids: Any = ()) -> Any:
        """The set of the given ids (one id or an iterable), in that order, without asking the database."""
        if isinstance(ids, int):
            ids = (ids,)
        else:
            ids = tuple(dict.fromkeys(ids or ()))
        return self._make(self.env, ids, ids)

    def _with_ids(self, ids: tuple[int, ...]) -> Any:
        return self._make(self.env, ids, self._prefetch)

    def with_env(self, env: Environment) -> Any:
        """The same records in another environment (of the same transaction)."""
        if env is self.env:
            return self
        empty = env[self._name]
        return empty._make(env, self._ids, self._prefetch)

    def with_context(self, context: dict[str, Any] | None = None, /, **changes: Any) -> Any:
        """The same records with other context keys."""
        base = self.env.context if context is None else context
        return self.with_env(self.env.derive(context={**base, **changes}))

    def with_company(self, company: Any) -> Any:
        """The same records seen from another company."""
        return self.with_env(self.env.with_company(company))

    def with_user(self, user: Any) -> Any:
        """The same records for another user, without superuser mode."""
        uid = user if isinstance(user, int) else user.id
        return self.with_env(self.env.derive(uid=uid, su=False))

    def sudo(self, flag: bool = True) -> Any:
        """The same records in superuser mode: access rules are skipped, the company wall is not."""
        if flag:
            return self.with_env(self.env.root)
        return self.with_env(self.env.derive(su=False))

    @property
    def ids(self) -> list[int]:
        """The ids, in order."""
        return list(self._ids)

    # -- set algebra ------------------------------------------------------------------------------------------------
    def __len__(self) -> int:
        return len(self._ids)

    def __bool__(self) -> bool:
        return bool(self._ids)

    def __iter__(self) -> Iterator[Any]:
        make, env, prefetch = self._make, self.env, self._prefetch
        for id in self._ids:
            yield make(env, (id,), prefetch)

    def __reversed__(self) -> Iterator[Any]:
        for id in reversed(self._ids):
            yield self._with_ids((id,))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self._with_ids(self._ids[key])
        if isinstance(key, str):
            field = self._fields.get(self._aliases.get(key, key))
            if field is None:
                raise KeyError(key)
            return field.__get__(self)
        return self._with_ids((self._ids[key],))

    def __contains__(self, item: Any) -> bool:
        if isinstance(item, int):
            return item in self._ids
        return item._name == self._name and all(i in self._ids for i in item._ids) and bool(item._ids)

    def _same(self, other: Any) -> tuple[int, ...]:
        if not isinstance(other, Records) or other._name != self._name:
            raise TypeError(f"cannot combine {self!r} with {other!r}: not records of the same model")
        return other._ids

    def __or__(self, other: Any) -> Any:
        return self.browse((*self._ids, *self._same(other)))

    __add__ = __or__

    def __and__(self, other: Any) -> Any:
        theirs = set(self._same(other))
        return self._with_ids(tuple(i for i in self._ids if i in theirs))

    def __sub__(self, other: Any) -> Any:
        theirs = set(self._same(other))
        return self._with_ids(tuple(i for i in self._ids if i not in theirs))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Records) and self._name == other._name and set(self._ids) == set(other._ids)

    def __hash__(self) -> int:
        return hash((self._name, frozenset(self._ids)))

    def __le__(self, other: Any) -> bool:
        return set(self._ids) <= set(self._same(other))

    def __repr__(self) -> str:
        return f"{self._name}{self._ids!r}"

    def ensure_one(self) -> Any:
        """Self, if it is exactly one record.

        :raises ValueError: otherwise; seen from outside when a method for one record is called with none or several.
        """
        if len(self._ids) != 1:
            raise FieldError(f"Expected singleton: {self._name}{self._ids}")
        return self

    # -- working on sets --------------------------------------------------------------------------------------------
    def mapped(self, what: str | Callable[[Any], Any]) -> Any:
        """Values of a dotted field path over the set, or results of a function; relations give a record set, others a list."""
        if not isinstance(what, str):
            results = [what(r) for r in self]
            if results and all(isinstance(r, Records) for r in results):
                return results[0].browse([i for r in results for i in r._ids])
            return results
        current: Any = self
        for name in what.split("."):
            field = current._field(name)
            if field.comodel:
                current = current._many2one(field) if isinstance(field, Many2one) else current._union_of(field)
            else:
                return [field.__get__(r) for r in current]
        return current

    def filtered(self, what: str | Callable[[Any], Any]) -> Any:
        """The records for which a function (or a field path) is true."""
        if isinstance(what, str):
            path = what
            if "." in path:
                return self._with_ids(tuple(r._ids[0] for r in self if any(bool(v) for v in as_list(r.mapped(path)))))
            field = self._field(path)
            return self._with_ids(tuple(r._ids[0] for r in self if field.__get__(r)))
        return self._with_ids(tuple(r._ids[0] for r in self if what(r)))

    def filtered_domain(self, domain: Any) -> Any:
        """The records that match a domain, in this set's order."""
        if not domain or not self._ids:
            return self
        found = set(
            self.with_context(active_test=False).search_ids(["&", ("id", "in", list(self._ids)), *self._normal_domain(domain)])
        )
        return self._with_ids(tuple(i for i in self._ids if i in found))

    def sorted(self, key: str | Callable[[Any], Any] | None = None, reverse: bool = False) -> Any:
        """The set sorted by a function, a field name (the unset last, as in the database), or by id."""
        if key is None:
            return self._with_ids(tuple(sorted(self._ids, reverse=reverse)))
        function: Callable[[Any], Any] = (lambda r: sort_value(r[key])) if isinstance(key, str) else key
        return self._with_ids(tuple(r._ids[0] for r in sorted(self, key=function, reverse=reverse)))

    def grouped(self, key: str | Callable[[Any], Any]) -> dict[Any, Any]:
        """{key: records}: key is a field name (many2one groups by record) or a function."""
        groups: dict[Any, list[int]] = {}
        for record in self:
            if isinstance(key, str):
                field = self._field(key)
                value = record._many2one(field) if isinstance(field, Many2one) else field.__get__(record)
            else:
                value = key(record)
            groups.setdefault(value, []).append(record._ids[0])
        return {k: self._with_ids(tuple(ids)) for k, ids in groups.items()}

    @action(readonly=True)
    def exists(self) -> Any:
        """The records that (still) exist, and that this environment's companies may see."""
        real = [i for i in self._ids if i > 0]
        if not real:
            return self._with_ids(())
        table = self.table
        found = {r[0] for r in self.env.execute(self._walled(sa.select(table.c.id).where(table.c.id.in_(real))))}
        return self._with_ids(tuple(i for i in self._ids if i in found))

    def exists_cached(self) -> Any:
        """The records that exist, without a query where the cache knows."""
        known = self.env.transaction.values.get((self._name, "create_date"), {})
        unknown = [i for i in self._ids if i not in known]
        if unknown:
            self.browse(unknown)._fetch_rows(unknown)
        return self._with_ids(
            tuple(i for i in self._ids if i in known or i in self.env.transaction.values[(self._name, "create_date")])
        )

    # -- fields and cache -------------------------------------------------------------------------------------------
    @classmethod
    def _setup(cls) -> None:
        """Derive what is needed once per class; called by the model set."""
        cls._tracked = [f for f in cls._fields.values() if f.tracking and f.stored]
        cls._prepare_reading()
        cls._prepare_writing()

    @classmethod
    def _field(cls, name: str) -> Field:
        field = cls._fields.get(cls._aliases.get(name, name))
        if field is None:
            raise unknown_field(cls._name, name)
        return field

    @classmethod
    def public_methods(cls) -> dict[str, Method]:
        """The methods that may be called from outside, by name."""
        methods = cls.__dict__.get("_methods")
        if methods is None:
            from server.model.modelset import public_methods

            methods = cls._methods = public_methods(cls)
        return methods

    def _raw(self, field: Field) -> Any:
        """The cache value of one record's field (None for nothing, ids for relations)."""
        env = self.env
        txn = env.transaction
        id = self._ids[0]
        if txn.pending and (field.compute or field.related):
            settle(self, field)
        try:
            return txn.values[field.cache_key(env)][id]
        except KeyError:
            return self._load_value(field)

    def _first(self) -> Any:
        return self._with_ids(self._ids[:1])

    def _put(self, field: Field, value: Any) -> None:
        """Set a computed value: into the cache, and into the pending writes when it is stored."""
        env = self.env
        txn = env.transaction
        if txn.drafts is not None and self._ids and self._ids[0] < 0:
            txn.drafts.put(self, field, value)
            return
        values = txn.values[field.cache_key(env)]
        value = self._to_cache(field, value)
        changed: list[int] = []
        for id in self._ids:
            old = values.get(id, _MISSING)
            if old is not _MISSING and old == value:
                continue
            if field.stored and id > 0:
                if old is _MISSING:
                    self._with_ids((id,))._load_value(field)
                    if values.get(id, _MISSING) == value:
                        continue
                changed.append(id)
            else:
                values[id] = value
        if not changed:  # nothing can depend on a record that is only being made
            return
        touched = self._with_ids(tuple(changed))
        before = {}
        if isinstance(field, Many2one):
            before = touched_by(touched, (field.name,))
            self._drop_inverses(field, changed, value)
            if txn.together is not None:
                txn.together.forget(field.key)
        if field.tracking:
            from server.model import history

            history.remember(self, field, changed)
        rows = txn.dirty.setdefault(self._name, {})
        for id in changed:
            values[id] = value
            self._put_pending(rows.setdefault(id, {}), field, value)
        self._drop_lists(field, changed)
        mark(touched, before)
        mark_modified(touched, (field.name,))

    def _to_cache(self, field: Field, value: Any) -> Any:
        if field.type in ("one2many", "many2many"):
            return tuple(value._ids) if isinstance(value, Records) else tuple(value or ())
        return field.coerce(value, self.env)

    def _many2one(self, field: Field) -> Any:
        """The records behind a many2one, for the whole set, without doubles."""
        target = self.env[field.comodel]
        ids = dict.fromkeys(v for r in self if (v := r._raw(field)) is not None)
        return target._make(target.env, tuple(ids), Siblings(field, self))

    def _union_of(self, field: Field) -> Any:
        target = self.env[field.comodel]
        ids = dict.fromkeys(i for r in self for i in (r._raw(field) or ()))
        return target._make(target.env, tuple(ids), Siblings(field, self))

    def _require(self) -> None:
        """Raise MissingError for ids that do not exist."""
        gone = self - self.exists()
        if gone:
            raise missing(self.env, self._name, gone._ids)


_MISSING = object()


def sort_value(value: Any) -> tuple[bool, Any]:
    """What a field's value sorts by: the unset come last, relations by their ids."""
    value = value._ids if isinstance(value, Records) else value
    return value is None, 0 if value is None else value


def as_list(value: Any) -> list[Any]:
    """A value as a list: record sets and lists as they are."""
    return list(value) if isinstance(value, (list, tuple, Records)) else [value]


def missing(env: Environment, model: str, ids: Iterable[int]) -> MissingError:
    """The error for records that are gone; the text is part of the external contract."""
    return MissingError(
        _(
            "Record does not exist or has been deleted.\n(Record: %(record)s, User: %(uid)s)",
            record=f"{model}({', '.join(map(str, ids))},)", uid=env.uid,
        ),
        model=model, ids=list(ids),
    )  # fmt: skip


def unknown_field(model: str, name: str) -> Exception:
    """The error for a field that does not exist."""
    from server.errors import FieldError

    return FieldError(f"Invalid field '{name}' on model '{model}'", model=model, field=str(name)[:80])


__all__ = ["Records", "RecordOf", "UserError"]
