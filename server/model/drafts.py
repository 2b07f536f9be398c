"""Drafts: records that are only being filled in, with temporary (negative) ids, and all that is computed for them.

A form that is not saved yet shows what saving would make of it. So a draft lives in the transaction's cache as any record does;
its values come from what was given, else from the record it is a changed copy of (its origin), else from the compute methods. A
change marks what depends on it as a write would, but follows links among drafts alone: nothing of this reaches the database.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from server.errors import FieldError, UserError
from server.model.compute import compute_related, mark
from server.model.fields import AUTOMATIC, Field
from server.model.relational import Many2many, Many2one, One2many, ToMany, normalise_commands

if TYPE_CHECKING:
    from server.model.environment import Environment

log = logging.getLogger("colca.model")

#: What a compute method may raise for a new record whose required values are still missing: its field shows nothing yet.
NOT_YET = (TypeError, LookupError, ValueError, ArithmeticError, UserError)

#: For `Drafts.load`: not a draft, the cache knows nothing of it.
UNKNOWN = object()
_MISSING = object()


class Draft:
    """One unsaved record."""

    __slots__ = ("data", "explicit", "order", "origin", "ref", "stale")

    def __init__(self, origin: int | None, ref: Any = 0) -> None:
        self.origin = origin
        #: what the client calls a new line (`virtual_…`), 0 when it has no name for it
        self.ref = ref
        #: values known: given, defaults, computed
        self.data: dict[str, Any] = {}
        #: names of what was given
        self.explicit: set[str] = set()
        #: names of what is not the origin's any more, and has to be computed
        self.stale: set[str] = set()


class Drafts:
    """The drafts of one transaction."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.txn = env.transaction
        self.known: dict[str, dict[int, Draft]] = {}
        self._defaults: dict[str, dict[str, Any]] = {}
        self._kept: set[tuple[tuple[str, str], int]] = set()

    def get(self, model: str, id: int) -> Draft | None:
        """The draft with this id."""
        return self.known.get(model, {}).get(id)

    # -- making -----------------------------------------------------------------------------------------------------
    def make(self, model: str, vals: Mapping[str, Any], origin: int | None = None, ref: Any = 0, given: bool = True) -> int:
        """A draft with `vals` (as a client gives them), a changed copy of `origin` or a new one with the model's defaults; its
        temporary id.
        """
        txn = self.txn
        id = txn.next_temporary
        txn.next_temporary -= 1
        draft = self.known.setdefault(model, {})[id] = Draft(origin, ref)
        records = self.env[model]
        if origin is None:
            defaults = self._defaults_of(model)
            taken = {records._aliases.get(name, name) for name in vals}
            self._fill(model, id, {name: value for name, value in defaults.items() if name not in taken}, given=False)
            self._delegate(records, draft, vals)
        self._fill(model, id, vals, given)
        return id

    def _defaults_of(self, model: str) -> dict[str, Any]:
        found = self._defaults.get(model)
        if found is None:
            records = self.env[model]
            names = [f.name for f in records._fields.values() if f.name not in AUTOMATIC]
            found = self._defaults[model] = records._defaults(names)
        return found

    def _delegate(self, records: Any, draft: Draft, vals: Mapping[str, Any]) -> None:
        """What a new record delegates to is a draft as well."""
        for parent, link in records._inherits.items():
            if not vals.get(link) and not draft.data.get(link):
                theirs = {n: v for n, v in vals.items() if n in records._fields and records._fields[n].inherited_from == link}
                draft.data[link] = self.make(parent, theirs)

    def _fill(self, model: str, id: int, vals: Mapping[str, Any], given: bool) -> None:
        records = self.env[model]
        draft = self.known[model][id]
        for name, value in vals.items():
            field = records._field(name)
            if field.name in AUTOMATIC:
                continue
            if isinstance(field, Many2one) and isinstance(value, Mapping):  # a line's parent, as far as it is filled in
                value = self._parent(field, id, value)
            elif isinstance(field, ToMany):
                commands = normalise_commands(field, value)
                if given:
                    records._normalise({name: []})  # hidden fields are refused
                value = self.commanded(records, id, field, commands)
            else:
                value = records._normalise({name: value}).get(field.name) if given else field.coerce(value, self.env)
            draft.data[field.name] = value
            if given:
                draft.explicit.add(field.name)

    def _parent(self, field: Many2one, id: int, vals: Mapping[str, Any]) -> int:
        """The draft of the record that a line belongs to; the line is in its list."""
        rest = dict(vals)
        origin = rest.pop("id", None)
        if origin is not None and (isinstance(origin, bool) or not isinstance(origin, int) or origin <= 0):
            origin = None
        if origin is not None:
            self.env[field.comodel].browse([origin]).check_outside("read")
        parent = self.make(field.comodel, rest, origin)
        draft = self.known[field.comodel][parent]
        for inverse in self.env[field.model_name]._inverses().get(field.name, ()):
            if inverse.name not in draft.explicit and not inverse.domain:
                line = self.known[field.model_name][id]
                mine = self._listed(field.comodel, parent, inverse)
                others = [i for i in mine if not line.origin or self._origin(inverse.comodel, i) != line.origin]
                draft.data[inverse.name] = (*others, id)
        return parent

    def _origin(self, model: str, id: int) -> int | None:
        draft = self.get(model, id)
        return draft.origin if draft else id

    def _listed(self, model: str, id: int, field: ToMany) -> tuple[int, ...]:
        """The members of a list before a command is done: known ones, else drafts of the origin's."""
        draft = self.known[model][id]
        if field.name not in draft.data:
            draft.data[field.name] = self._copied_list(model, id, field)
        return tuple(draft.data[field.name] or ())

    def _copied_list(self, model: str, id: int, field: ToMany) -> tuple[int, ...]:
        """The members of the origin's list; lines as drafts that point here, so that they see the changes."""
        draft = self.known[model][id]
        if draft.origin is None:
            return ()
        members = tuple(self._origin_records(model, draft.origin)._raw(field) or ())
        if not isinstance(field, One2many) or field.computed or not field.inverse_name:
            return members
        return tuple(self._line(field, id, member) for member in members)

    def _line(self, field: One2many, parent: int, origin: int) -> int:
        """The draft of an existing line of `parent`."""
        for id, draft in self.known.get(field.comodel, {}).items():
            if draft.origin == origin and draft.data.get(field.inverse_name) == parent:
                return id
        id = self.make(field.comodel, {}, origin)
        self.known[field.comodel][id].data[field.inverse_name] = parent
        return id

    def _origin_records(self, model: str, origin: int) -> Any:
        """The origin, loaded together with those of all drafts of the model."""
        ids = [d.origin for d in self.known[model].values() if d.origin is not None]
        return self.env[model].browse(ids)._with_ids((origin,))

    def commanded(self, records: Any, id: int, field: ToMany, commands: Iterable[tuple[int, Any, Any]]) -> tuple[int, ...]:
        """What x2many commands make of the list of draft `id`."""
        model = field.comodel
        linked = isinstance(field, One2many) and not field.computed and bool(field.inverse_name)
        members = list(self._listed(records._name, id, field))
        for code, other, argument in commands:
            here = [m for m in members if self._origin(model, m) == other] if code in (1, 2, 3, 4) else []
            if code == 0:
                new = self.make(model, dict(argument), ref=other if isinstance(other, str) else 0)
                if linked:
                    self.known[model][new].data[field.inverse_name] = id  # type: ignore[attr-defined]
                members.append(new)
            elif code == 1:
                if not here:
                    if linked:
                        raise FieldError(f"Record {other} of {model} is no line of {records._name}.{field.name}.")
                    members.append(other)
                    here = [other]
                line = here[0]
                if self.get(model, line) is None:
                    line = self.make(model, {}, other)
                    members[members.index(other)] = line
                self._fill(model, line, argument, given=True)
            elif code in (2, 3):
                members = [m for m in members if m not in here]
            elif code == 4 and not here:
                members.append(self._line(field, id, other) if linked else other)  # type: ignore[arg-type]
            elif code in (5, 6):
                wanted = list(argument) if code == 6 else []
                members = [self._line(field, id, w) if linked else w for w in wanted]  # type: ignore[arg-type]
        return tuple(dict.fromkeys(members))

    # -- reading ----------------------------------------------------------------------------------------------------
    def load(self, records: Any, field: Field) -> Any:
        """The value of one draft's field that the cache does not hold, into the cache; `UNKNOWN` for what is no draft."""
        id = records._ids[0]
        draft = self.get(records._name, id)
        if draft is None:
            return UNKNOWN
        values = self.txn.values[field.cache_key(records.env)]
        values[id] = value = self._value(records, draft, field)
        return value

    def _value(self, records: Any, draft: Draft, field: Field) -> Any:
        name = field.name
        if name in draft.data and name not in draft.stale:
            return draft.data[name]
        if isinstance(field, ToMany) and not field.computed:
            value = draft.data[name] = self._copied_list(records._name, records._ids[0], field)
            return value
        if field.computed and (draft.origin is None or name in draft.stale):
            return self._computed(records, draft, field)
        if draft.origin is None:
            return None
        return self._origin_records(records._name, draft.origin).with_env(records.env)._raw(field)

    def _computed(self, records: Any, draft: Draft, field: Field) -> Any:
        values = self.txn.values[field.cache_key(records.env)]
        id = records._ids[0]
        if field.key in self.txn.computing:  # asked by its own method: what it was
            return draft.data.get(field.name)
        alike = {i: d for i, d in self.known[records._name].items() if i == id or (i not in values and self._wants(d, field))}
        together = records.browse([id, *alike])
        root = together.with_env(records.env.root)
        for each in alike.values():
            each.stale.discard(field.name)
        try:
            if field.stored:
                self.compute(root, field)
            elif field.related:
                compute_related(root, field)
            else:
                return together._with_ids((id,))._compute_value(field)
        except NOT_YET as error:
            if draft.origin is not None:
                raise
            log.info("%s.%s cannot be computed for a form not filled in yet: %r", records._name, field.name, error)
        return values.get(id)

    @staticmethod
    def _wants(draft: Draft, field: Field) -> bool:
        return field.name in draft.stale or (draft.origin is None and field.name not in draft.data)

    # -- computing --------------------------------------------------------------------------------------------------
    def compute(self, records: Any, field: Field) -> None:
        """Run the compute method of a stored field for drafts; values that do not wait for it are kept."""
        txn = self.txn
        together = [field] if field.related else [f for f in records._fields.values() if f.compute == field.compute and f.stored]
        kept: set[tuple[tuple[str, str], int]] = set()
        for each in together:
            waiting = txn.pending.get(each.key, set())
            for id in records._ids:
                draft = self.get(records._name, id)
                if draft is not None and each is not field and id not in waiting and not self._wants(draft, each):
                    kept.add((each.key, id))
            waiting.difference_update(records._ids)
            if not waiting:
                txn.pending.pop(each.key, None)
        keys = [f.key for f in together if f.key not in txn.computing]
        txn.computing.update(keys)
        before, self._kept = self._kept, self._kept | kept
        root = records.with_env(records.env.root)
        try:
            if field.related:
                compute_related(root, field)
            else:
                getattr(root, field.compute or "")()
        finally:
            txn.computing.difference_update(keys)
            self._kept = before
        for each in together:
            for id in records._ids:
                draft = self.get(records._name, id)
                if draft is not None and (each.key, id) not in kept:
                    draft.stale.discard(each.name)
                    draft.data.setdefault(each.name, None)

    def put(self, records: Any, field: Field, value: Any) -> None:
        """Set a computed value; what depends on it is marked when it turns out different."""
        values = self.txn.values[field.cache_key(records.env)]
        value = records._to_cache(field, value)
        moved = []
        for id in records._ids:
            draft = self.get(records._name, id)
            if draft is None or (field.key, id) in self._kept:
                if draft is None:
                    values[id] = value
                continue
            old = values.get(id, draft.data.get(field.name, _MISSING))
            if old is _MISSING and draft.origin is not None and field.stored:
                old = self._origin_records(records._name, draft.origin)._raw(field)
            values[id] = value
            if field.stored or field.name in draft.data:
                draft.data[field.name] = value
            draft.stale.discard(field.name)
            if old is not _MISSING and old != value:
                moved.append(id)
        if moved:
            self.marked(records.browse(moved), (field.name,))

    def assign(self, records: Any, field: Field, value: Any) -> None:
        """Attribute assignment by an onchange method."""
        if field.name in AUTOMATIC:
            return
        for id in records._ids:
            draft = self.get(records._name, id)
            if draft is None:
                continue
            if isinstance(field, ToMany):
                value_here: Any = self.commanded(records, id, field, normalise_commands(field, value))
            else:
                value_here = records._to_cache(field, value)
            for key in [k for k in self.txn.values if k[:2] == field.key]:
                self.txn.values[key].pop(id, None)
            draft.data[field.name] = value_here
            draft.stale.discard(field.name)
            waiting = self.txn.pending.get(field.key)
            if waiting:
                waiting.discard(id)
                if not waiting:
                    del self.txn.pending[field.key]
        self.marked(records, (field.name,))

    # -- what depends on what ---------------------------------------------------------------------------------------
    def marked(self, records: Any, names: Iterable[str]) -> None:
        """Let what depends on `names` wait, as after a write."""
        mark(records, self.touched(records, names))

    def touched(self, records: Any, names: Iterable[str]) -> dict[tuple[str, str], set[int]]:
        """Field key → temporary ids of the stored values that depend on `names`; values that are not stored are dropped."""
        found: dict[tuple[str, str], set[int]] = {}
        seen: set[tuple[tuple[str, str], int]] = set()
        waiting = [(records._name, name, set(records._ids)) for name in names]
        by_field = records.models.triggers.by_field
        while waiting:
            model, name, ids = waiting.pop()
            for trigger in by_field.get((model, name), ()):
                field = trigger.field
                if field.key in self.txn.computing and not trigger.hops:
                    continue
                reached = self._walk_back(ids, trigger.hops)
                if not reached:
                    continue
                if field.stored:
                    found.setdefault(field.key, set()).update(reached)
                    continue
                fresh = {id for id in reached if (field.key, id) not in seen}
                seen.update((field.key, id) for id in fresh)
                for id in fresh:
                    draft = self.get(field.model_name, id)
                    if draft is not None and field.name not in draft.explicit:
                        draft.stale.add(field.name)
                        draft.data.pop(field.name, None)
                        for key in [k for k in self.txn.values if k[:2] == field.key]:
                            self.txn.values[key].pop(id, None)
                if fresh:
                    waiting.append((field.model_name, field.name, fresh))
        return found

    def _walk_back(self, ids: set[int], hops: tuple[Field, ...]) -> set[int]:
        """The drafts at the start of `hops` that reach one of `ids` at their end."""
        for hop in reversed(hops):
            if not ids:
                break
            if isinstance(hop, One2many):
                inverse = self.env[hop.comodel]._fields.get(hop.inverse_name)
                ids = {up for id in ids if inverse is not None and (up := self._peek(hop.comodel, id, inverse)) and up < 0}
            elif isinstance(hop, Many2one):
                ids = {id for id in self.known.get(hop.model_name, ()) if self._peek(hop.model_name, id, hop) in ids}
            elif isinstance(hop, Many2many):
                lists = {id: self._peek(hop.model_name, id, hop) for id in self.known.get(hop.model_name, ())}
                ids = {id for id, members in lists.items() if not ids.isdisjoint(members or ())}
        return ids

    def _peek(self, model: str, id: int, field: Field) -> Any:
        """A link of a draft as it is now, without computing anything for it."""
        draft = self.get(model, id)
        if draft is None:
            return None
        if field.name in draft.data:
            return draft.data[field.name]
        if field.related and not field.stored:
            current: Any = self.env.root[model].browse([id])
            return current._raw(field)
        return self.txn.values.get(field.key, {}).get(id)
