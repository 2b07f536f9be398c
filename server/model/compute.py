"""Computed fields: which change touches which field, and the recomputation of what was touched, set-wise.

`@depends("order_line.price_subtotal")` on a field of `sale.order` gives triggers on `sale.order.line.price_subtotal` (walk back:
the lines' `order_id`) and on `sale.order.line.order_id` itself. A change only *marks* the records behind it; they are recomputed
once, when somebody reads them or at the flush.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from server.errors import RegistryError
from server.model.fields import Field
from server.model.relational import Many2many, Many2one, One2many

if TYPE_CHECKING:
    from server.model.modelset import ModelSet
    from server.model.records import Records


@dataclass(frozen=True)
class Trigger:
    """A change of a field touches `field`, after walking back over `hops` (from the changed model to the field's model)."""

    field: Field
    hops: tuple[Field, ...]  # the fields of the path, as declared from the dependent model


class Triggers:
    """For each (model, field): the computed fields that its change touches."""

    def __init__(self, models: ModelSet) -> None:
        self.models = models
        self._stale: dict[Any, tuple[Field, ...]] = {}
        self._on_create: dict[str, tuple[tuple[Field, ...], tuple[Trigger, ...]]] = {}
        self._seen: set[tuple[Any, str]] = set()
        self.by_field: dict[tuple[str, str], list[Trigger]] = {}
        self._feeders: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}
        self._reach: dict[tuple[str, str], frozenset[str]] = {}
        for cls in models.classes.values():
            for field in cls._fields.values():
                if not field.computed:
                    continue
                for path in dependencies(cls, field):
                    self._add(cls, field, path)

    def stale_with(self, field: Field) -> tuple[Field, ...]:
        """A non-stored field and the non-stored fields computed from it: what to forget when it changes."""
        found = self._stale.get(field.key)
        if found is None:
            seen = {field.key: field}
            waiting = [field]
            while waiting:
                for trigger in self.by_field.get(waiting.pop().key, ()):
                    if not trigger.field.stored and trigger.field.key not in seen:
                        seen[trigger.field.key] = trigger.field
                        waiting.append(trigger.field)
            found = self._stale[field.key] = tuple(seen.values())
        return found

    def on_create(self, cls: type[Records]) -> tuple[tuple[Field, ...], tuple[Trigger, ...]]:
        """For new records of a model: the non-stored fields to forget, and the triggers that can reach other records.

        Nothing points at a new record by a many2one yet, and its own stored fields are settled by `create`.
        """
        found = self._on_create.get(cls._name)
        if found is None:
            stale: dict[Any, Field] = {}
            reaching: dict[Trigger, None] = {}
            for field in cls._fields.values():
                for trigger in self.by_field.get(field.key, ()):
                    if not trigger.field.stored:
                        stale.update((f.key, f) for f in self.stale_with(trigger.field))
                    elif trigger.hops and not isinstance(trigger.hops[-1], Many2one):
                        reaching[trigger] = None
            found = self._on_create[cls._name] = (tuple(stale.values()), tuple(reaching))
        return found

    def _add(self, cls: type[Records], field: Field, path: str) -> None:
        if (field.key, path) in self._seen or path.count(".") > 8:
            return
        self._seen.add((field.key, path))
        hops: list[Field] = []
        current = cls
        names = path.split(".")
        for position, name in enumerate(names):
            name = current._aliases.get(name, name)
            step = current._fields.get(name)
            if step is None:
                if current._name in self.models and field.addon in self.models.enabled and not self._known(current._name, name):
                    raise RegistryError(
                        f"Addon {field.addon}: {cls._name}.{field.name} depends on '{path}', but {current._name} has no field "
                        f"'{name}'.",
                        addon=field.addon,
                    )
                return
            self._register(step, field, tuple(hops))
            if isinstance(step, One2many) and step.inverse_name and not step.computed:
                inverse = self.models.classes[step.comodel]._fields.get(step.inverse_name)
                if inverse is not None:
                    self._register(inverse, field, (*hops, step))
            if step.computed and not step.stored and step is not field:
                # a value that is not stored changes with what it is made of
                for source in dependencies(current, step):
                    self._add(cls, field, ".".join([*names[:position], source, *(names[position + 1 :] if step.related else ())]))
            if position < len(names) - 1:
                if not step.comodel:
                    raise RegistryError(
                        f"Addon {field.addon}: {cls._name}.{field.name} depends on '{path}', but '{name}' is no relation.",
                        addon=field.addon,
                    )
                hops.append(step)
                current = self.models.classes[step.comodel]

    def reach(self, key: tuple[str, str]) -> frozenset[str]:
        """Models whose stored values change when the stored computed field `key` does: its own, and those of what it feeds."""
        found = self._reach.get(key)
        if found is None:
            seen = {key}
            waiting = [key]
            while waiting:
                for trigger in self.by_field.get(waiting.pop(), ()):
                    if trigger.field.key not in seen:
                        seen.add(trigger.field.key)
                        waiting.append(trigger.field.key)
            found = self._reach[key] = frozenset(model for model, _name in seen)
        return found

    def feeders(self, field: Field) -> frozenset[tuple[str, str]]:
        """Keys of the stored computed fields that `field` is computed from, also through others (itself, when recursive)."""
        found = self._feeders.get(field.key)
        if found is None:
            sources: dict[tuple[str, str], set[tuple[str, str]]] = {}
            for changed, triggers in self.by_field.items():
                for trigger in triggers:
                    sources.setdefault(trigger.field.key, set()).add(changed)
            seen: set[tuple[str, str]] = set()
            waiting = list(sources.get(field.key, ()))
            while waiting:
                key = waiting.pop()
                if key not in seen:
                    seen.add(key)
                    waiting.extend(sources.get(key, ()))
            fields = {key: self.models.classes[key[0]]._fields.get(key[1]) for key in seen if key[0] in self.models.classes}
            found = frozenset(key for key, one in fields.items() if one is not None and one.computed and one.stored)
            self._feeders[field.key] = found
        return found

    def _known(self, model: str, name: str) -> bool:
        return name in self.models.registry.fields.get(model, {})

    def _register(self, changed: Field, field: Field, hops: tuple[Field, ...]) -> None:
        if changed.name == "id":
            return
        found = self.by_field.setdefault(changed.key, [])
        trigger = Trigger(field, hops)
        if trigger not in found:
            found.append(trigger)


def dependencies(cls: type[Records], field: Field) -> list[str]:
    """The dependency paths of a computed field."""
    if field.related:
        return [field.related]
    method = getattr(cls, field.compute or "", None)
    if method is None:
        raise RegistryError(
            f"Addon {field.addon}: {cls._name}.{field.name} names the compute method {field.compute!r}, which does not exist.",
            addon=field.addon,
        )
    paths: list[str] = []
    for klass in cls.__mro__:
        candidate = vars(klass).get(field.compute or "")
        paths += getattr(candidate, "__colca_depends__", ())
    if field.name == "display_name" and not paths:
        return [cls._rec_name] if cls._rec_name in cls._fields else []
    return [*dict.fromkeys([*paths, *field.depends_on])]


def mark_modified(records: Records, names: Any, created: bool = False) -> None:
    """Mark everything that depends on `names` of `records` for recomputation; cached non-stored values are dropped.

    :param created: the records are new, so nothing can point at them by a many2one yet.
    """
    mark(records, touched_by(records, names, created))


def mark(records: Records, touched: dict[tuple[str, str], set[int]]) -> None:
    """Let stored computed fields wait: field key → ids."""
    pending = records.env.transaction.pending
    for key, ids in touched.items():
        pending.setdefault(key, set()).update(ids)


def touched_by(records: Records, names: Any, created: bool = False) -> dict[tuple[str, str], set[int]]:
    """Field key → ids of the stored values that depend on `names` of `records`, as things are linked now.

    Nothing waits yet: finding them may ask the database, which computes what waits. Whoever is about to change a link asks
    before, changes, and marks then; else the old side would be computed while the link is still there.
    """
    triggers = records.models.triggers
    env = records.env
    txn = env.transaction
    ids = records._ids
    found: dict[tuple[str, str], set[int]] = {}
    if not ids:
        return found
    if txn.drafts is not None and ids[0] < 0:
        return txn.drafts.touched(records, names)  # type: ignore[no-any-return]
    if created:
        stale, wanted = triggers.on_create(type(records))
        for field in stale:
            txn.forget(field)
    else:
        wanted = tuple(t for name in names for t in triggers.by_field.get((records._name, name), ()))
    for trigger in wanted:
        field = trigger.field
        if not field.stored:
            for each in triggers.stale_with(field):
                txn.forget(each)
        elif field.key not in txn.computing or trigger.hops:
            touched = walk_back(env.root, ids, trigger.hops, created)
            if touched:
                found.setdefault(field.key, set()).update(touched)
    return found


def settle(records: Records, field: Field) -> None:
    """Before a computed field is read: compute what waits of it, and first of all that feeds it.

    A change marks only what depends on it directly; what depends on *that* is marked when it turns out different. So a field may
    be cached and yet be stale while a field that feeds it waits.
    """
    env = records.env
    txn = env.transaction
    feeders = records.models.triggers.feeders(field)
    if feeders and field.key not in txn.computing:
        for _round in range(1000):
            key = next((k for k in txn.pending if k in feeders and k not in txn.computing and k[0] in env), None)
            if key is None:
                break
            model = env.root[key[0]]
            compute_stored(model.browse(sorted(txn.pending[key])), model._fields[key[1]])
        else:
            raise RecursionError(f"stored computed fields depend on each other in a circle: {sorted(txn.pending)}")
    waiting = txn.pending.get(field.key)
    if waiting and records._ids[0] in waiting and field.key not in txn.computing:
        env.recompute_field(field, records)


def walk_back(env: Any, ids: Any, hops: tuple[Field, ...], created: bool) -> Any:
    """Ids of the records at the start of `hops` that reach one of `ids` at their end."""
    for position in range(len(hops) - 1, -1, -1):
        hop = hops[position]
        if not ids:
            return ()
        if isinstance(hop, One2many):
            lines = env[hop.comodel].browse(ids)
            inverse = hop.inverse_name
            field = lines._fields[inverse]
            ids = {value for line in lines if (value := field.__get__(line)) is not None}
        elif isinstance(hop, Many2one):
            if created and position == len(hops) - 1:
                return ()
            model = env[hop.model_name]
            together = env.transaction.together
            known = together.sources(env, hop, ids) if together is not None and hop.stored else None
            if known is not None:
                ids = known
            elif hop.stored:
                ids = model.with_context(active_test=False).search_ids([(hop.name, "in", list(ids))])
            elif hop.searchable:
                ids = model.with_context(active_test=False).search([(hop.name, "in", list(ids))])._ids
            else:
                return ()
        elif isinstance(hop, Many2many):
            model = env[hop.model_name]
            ids = model.with_context(active_test=False).search_ids([(hop.name, "in", list(ids))])
        created = False
    return ids


def recompute(env: Any) -> None:
    """Compute every pending stored field. Order follows need: a compute method that reads a pending field computes that one
    first.
    """
    txn = env.transaction
    rounds = 0
    while txn.pending:
        rounds += 1
        if rounds > 1000:
            raise RecursionError(f"stored computed fields depend on each other in a circle: {sorted(txn.pending)}")
        key = next(iter(txn.pending))
        model, name = key
        records = env.root[model]
        field = records._fields.get(name)
        ids = txn.pending[key]
        if field is None or not ids:
            txn.pending.pop(key, None)
            continue
        compute_stored(records.browse(sorted(ids)), field)


def compute_stored(records: Records, field: Field) -> None:
    """Run the compute method of a stored field on `records`; all stored fields of the same method are done in one go."""
    txn = records.env.transaction
    if txn.drafts is not None and records._ids and records._ids[0] < 0:
        txn.drafts.compute(records, field)
        return
    together = [field] if field.related else [f for f in records._fields.values() if f.compute == field.compute and f.stored]
    done = set(records._ids)
    for each in together:
        waiting = txn.pending.get(each.key)
        if waiting is not None:
            waiting -= done
            if not waiting:
                del txn.pending[each.key]
    alive = records if all(i < 0 for i in records._ids) else records.exists_cached()
    if not alive._ids:
        return
    keys = [f.key for f in together if f.key not in txn.computing]
    txn.computing.update(keys)
    try:
        root = alive.with_env(alive.env.root)
        if field.related:
            compute_related(root, field)
        else:
            getattr(root, field.compute or "")()
    finally:
        txn.computing.difference_update(keys)


def compute_related(records: Records, field: Field) -> None:
    """Fill a related field's cache (or columns) by following its path, set-wise."""
    names = (field.related or "").split(".")
    for record in records:
        current: Any = record
        for name in names[:-1]:
            current = follow(current, name)
        last = current._fields[current._aliases.get(names[-1], names[-1])]
        if not current._ids:
            value = None
        elif last.comodel and last.type in ("one2many", "many2many"):
            value = last.__get__(current)._ids
        else:
            value = current._first()._raw(last)
        record._put(field, value)


def follow(records: Records, name: str) -> Records:
    """The record set behind the relation `name`."""
    field = records._fields[records._aliases.get(name, name)]
    if isinstance(field, Many2one):
        return records._many2one(field)  # type: ignore[no-any-return]
    return field.__get__(records)  # type: ignore[no-any-return]
