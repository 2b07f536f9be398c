"""Rehearsals: documents that addons complete while they are created or written are saved, looked at, and the saving is undone.

What a compute method says, a draft can say (`drafts.py`). What an addon's `create` and `write` fill in (prices, taxes, addresses
of an order), nobody knows before they have run. So they run, inside a savepoint that is rolled back: numbers of sequences are not
taken, and what cannot be saved yet is simply not known yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.errors import FieldError, UserError
from server.model.drafts import Draft, Drafts
from server.model.paths import names_of
from server.model.relational import Many2one, One2many, ToMany
from server.model.savepoint import savepoint

if TYPE_CHECKING:
    from server.model.fields import Field

Spec = dict[str, dict[str, Any]]


def completed_by_addons(cls: Any) -> bool:
    """True when an addon overrides `create` or `write` of a model."""
    found: bool | None = cls.models.plans.get(("completed", cls._name))
    if found is None:
        found = any(
            ("create" in vars(klass) or "write" in vars(klass)) and not klass.__module__.startswith("server.")
            for klass in cls.__mro__[1:]
            if not vars(klass).get("composed")
        )
        cls.models.plans[("completed", cls._name)] = found
    return found


class Undone(Exception):
    """Raised to leave a savepoint whose changes are not to stay."""


class Rehearsal:
    """Saving a form's draft, and what its fields are then."""

    def __init__(self, drafts: Drafts, model: str, id: int, spec: Spec) -> None:
        self.drafts = drafts
        self.env = drafts.env
        self.model = model
        self.id = id
        self.spec = spec

    def wanted(self) -> bool:
        """Whether saving can tell more than the draft: an addon completes the model, or the lines the form shows."""
        models = [self.model, *(f.comodel for name in self.spec if isinstance(f := self._field(name), One2many))]
        draft = self.drafts.known[self.model][self.id]
        said = draft.explicit or any(k in ("active_id", "active_ids") or k.startswith("default_") for k in self.env.context)
        return bool(said) and any(completed_by_addons(type(self.env[model])) for model in models)

    def _field(self, name: str) -> Field:
        return self.env[self.model]._field(name)  # type: ignore[no-any-return]

    def run(self) -> None:
        """Save, read into the drafts what came of it, undo; nothing when it cannot be saved as it is."""
        txn = self.env.transaction
        txn.pending.clear()
        txn.values.clear()
        txn.drafts, txn.rehearsing = None, set()
        drawn = txn.rehearsing
        found: dict[str, dict[int, dict[str, Any]]] = {}
        try:
            with savepoint(self.env):
                found = self._look(self._save())
                raise Undone()
        except (Undone, UserError, FieldError):
            pass
        finally:
            txn.drafts, txn.rehearsing = self.drafts, None
        for model, rows in found.items():
            for id, values in rows.items():
                draft = self.drafts.known.setdefault(model, {}).setdefault(id, Draft(None))
                draft.data.update((n, v) for n, v in values.items() if not (isinstance(v, str) and v in drawn))
                draft.stale.difference_update(values)
        self._forget_made(found)

    # -- saving -----------------------------------------------------------------------------------------------------
    def _save(self) -> Any:
        """The record of the form, saved; a new line together with the document it is being put into."""
        draft = self.drafts.known[self.model][self.id]
        records = self.env[self.model]
        for inverse, fields in records._inverses().items():
            up = draft.data.get(inverse)
            above = self.drafts.get(records._fields[inverse].comodel, up) if isinstance(up, int) and up < 0 else None
            home = next((f for f in fields if not f.domain), None)
            if above is None or home is None or up is None:
                continue
            document = self.env[home.model_name]
            vals = self._values(home.model_name, up, without=home.name)
            own = self._values(self.model, self.id)
            vals[home.name] = [(1, draft.origin, own) if draft.origin else (0, 0, own)]
            if above.origin:
                document = document.browse([above.origin])
                before = set(document[home.name].ids)
                document.write(vals)
            else:
                before = set()
                document = document.create([vals])
            self.env.flush()
            if draft.origin:
                return records.browse([draft.origin])
            return records.browse([i for i in document[home.name].ids if i not in before][:1])
        vals = self._values(self.model, self.id)
        if draft.origin:
            saved = records.browse([draft.origin])
            saved.write(vals)
        else:
            saved = records.create([vals])
        self.env.flush()
        return saved

    def _values(self, model: str, id: int, without: str = "") -> dict[str, Any]:
        """What was given for a draft, as `create` and `write` take it."""
        draft = self.drafts.known[model][id]
        fields = self.env[model]._fields
        vals: dict[str, Any] = {}
        for name in draft.explicit:
            field, value = fields[name], draft.data[name]
            if name == without or (isinstance(field, Many2one) and isinstance(value, int) and value < 0):
                continue
            vals[name] = self._commands(draft, field, value) if isinstance(field, ToMany) else value
        return vals

    def _commands(self, draft: Draft, field: ToMany, members: Any) -> list[Any]:
        model = field.comodel
        if not isinstance(field, One2many):
            return [(6, 0, [o for m in members if (o := self.drafts._origin(model, m))])]
        commands: list[Any] = []
        kept = {self.drafts._origin(model, m) for m in members}
        if draft.origin:
            now = self.env[field.model_name].browse([draft.origin])[field.name].ids
            commands += [(2, i, False) for i in now if i not in kept]
            commands += [(4, i, False) for i in kept if i and i not in now]
        for member in members:
            line = self.drafts.get(model, member)
            if line is not None and line.origin is None:
                commands.append((0, 0, self._values(model, member)))
            elif line is not None and line.explicit:
                commands.append((1, line.origin, self._values(model, member)))
        return commands

    # -- looking ----------------------------------------------------------------------------------------------------
    def _look(self, saved: Any) -> dict[str, dict[int, dict[str, Any]]]:
        """{model: {draft: {field: value}}} of the form and its lines."""
        if not saved:
            return {}
        found: dict[str, dict[int, dict[str, Any]]] = {}
        mine = found.setdefault(self.model, {})[self.id] = self._read(saved, self.spec)
        draft = self.drafts.known[self.model][self.id]
        for name, entry in self.spec.items():
            field = self._field(name)
            if not isinstance(field, One2many) or field.computed or not field.inverse_name:
                continue
            ids = list(saved._raw(field) or ())
            members = draft.data.get(field.name) or ()
            known = {self.drafts._origin(field.comodel, m): m for m in members}
            new = [m for m in members if (d := self.drafts.get(field.comodel, m)) is not None and d.origin is None]
            fresh = sorted(i for i in ids if i not in known)
            if len(fresh) < len(new):  # some lines became something else: which is which cannot be told
                mine.pop(field.name, None)
                continue
            as_draft = dict(zip(fresh, new, strict=False))
            for i in fresh[len(new) :]:
                as_draft[i] = self._temporary()
            lines = saved.env[field.comodel].browse(ids)
            rows = found.setdefault(field.comodel, {})
            spec = entry.get("fields") or {}
            for line in lines:
                rows[known[i] if (i := line._ids[0]) in known else as_draft[i]] = self._read(line, spec)
            mine[field.name] = tuple(known[i] if i in known else as_draft[i] for i in ids)
        return found

    def _temporary(self) -> int:
        txn = self.env.transaction
        txn.next_temporary -= 1
        return txn.next_temporary + 1

    def _read(self, record: Any, spec: Spec) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in spec:
            field = record._field(name)
            if field.name != "id" and not (isinstance(field, One2many) and not field.computed):
                values[field.name] = record._raw(field)
        return values

    def _forget_made(self, found: dict[str, dict[int, dict[str, Any]]]) -> None:
        """Links to what was made only for the rehearsal lead nowhere."""
        linked: dict[str, dict[tuple[str, int, str], tuple[int, ...]]] = {}
        for model, rows in found.items():
            fields = self.env[model]._fields
            for id, values in rows.items():
                for name, value in values.items():
                    field = fields[name]
                    if isinstance(field, Many2one) and value:
                        linked.setdefault(field.comodel, {})[model, id, name] = (value,)
                    elif isinstance(field, ToMany) and value and not isinstance(field, One2many):
                        linked.setdefault(field.comodel, {})[model, id, name] = tuple(value)
        for comodel, places in linked.items():
            alive = names_of(self.env, comodel, [i for ids in places.values() for i in ids if i > 0])
            for (model, id, name), ids in places.items():
                left = tuple(i for i in ids if i in alive or i < 0)
                if left != ids:
                    field = self.env[model]._fields[name]
                    self.drafts.known[model][id].data[name] = left if isinstance(field, ToMany) else None
