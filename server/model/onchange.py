"""`onchange`: what a form that is not saved yet would look like, worked out on drafts; nothing is saved.

It shows what create or write would make of the same values (defaults, computed fields, those of lines, totals, what an addon's
`create` fills in), and what the model's `@onchange` methods add for people.
"""

from __future__ import annotations

from typing import Any

from server.errors import FieldError
from server.model import nested
from server.model.compute import dependencies, mark
from server.model.decorators import action
from server.model.drafts import Drafts
from server.model.fields import Field
from server.model.rehearsal import Rehearsal, Undone
from server.model.relational import Many2one, One2many, Reference, ToMany
from server.model.savepoint import savepoint
from server.text import render

Spec = dict[str, dict[str, Any]]
#: What the client holds: (model, temporary id) → {field name: cache value}
Known = dict[tuple[str, int], dict[str, Any]]

#: Rounds of onchange methods that set each other off.
ROUNDS = 100


class Onchange:
    """Mixin of `Records`: onchange."""

    __slots__ = ()

    @action
    def onchange(
        self: Any, values: dict[str, Any], field_names: list[str] | None = None, fields_spec: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """What changes in a form when `field_names` changed and it now holds `values`: `{"value": {field: …}, "warning"?}`.

        :param values: what the form holds, in the form that `create` and `write` take; x2many fields as commands. For a saved
            record only what differs. A many2one may be a mapping: the record it points to, as far as that is filled in.
        :param field_names: the fields just changed; empty for a new form, which is answered with all its defaults.
        :param fields_spec: the fields of the form, as `web_read` takes them; only these are answered.

        Values are as `web_read` gives them, x2many fields as commands: `[0, ref, {…}]` a new line, `[1, ref or id, {…}]` what
        changed in a line, `[2, id]` and `[3, id]` one that goes, `[4, id, {…}]` one that comes. `ref` is what `values` called the
        new line in `[0, ref, {…}]`; lines without a text for a name are answered whole, all of them, in their order.
        """
        if len(self._ids) > 1:
            self.ensure_one()
        env = self.env
        spec = nested.checked(self, fields_spec or {})
        for name in field_names or ():
            self._field(name)
        if self._ids:
            self.check_outside("read")
        elif not env.su:
            env.access.check(self._name, "create")
        txn = env.transaction
        capture, txn.capture = txn.capture, None  # nothing happens that anybody is to be told of
        answer: dict[str, Any] = {}
        try:
            with savepoint(env):
                txn.drafts = Drafts(env)
                answer = Form(self, spec, values or {}, list(field_names or ())).answer()
                raise Undone()
        except Undone:
            return answer
        finally:
            txn.drafts, txn.capture = None, capture

    @classmethod
    def _onchange_methods(cls: Any) -> dict[str, list[str]]:
        """{field: the `@onchange` methods it sets off}."""
        found: dict[str, list[str]] | None = cls.models.plans.get(("onchange", cls._name))
        if found is None:
            found = {}
            for klass in reversed(cls.__mro__):
                for name, value in vars(klass).items():
                    for field in getattr(value, "__colca_onchange__", ()):
                        methods = found.setdefault(cls._aliases.get(field, field), [])
                        if name not in methods:
                            methods.append(name)
            cls.models.plans[("onchange", cls._name)] = found
        return found


class Form:
    """One form: the draft, what the client knows of it, and what it is told."""

    def __init__(self, records: Any, spec: dict[str, dict[str, Any]], values: dict[str, Any], names: list[str]) -> None:
        self.records = records
        self.spec = spec
        self.env = records.env
        self.drafts: Drafts = self.env.transaction.drafts
        self.names = [records._field(name).name for name in names]
        self.first = not records._ids and not names
        origin = records._ids[0] if records._ids else None
        self.id = self.drafts.make(records._name, values, origin)
        self.draft = self.drafts.known[records._name][self.id]
        self.record = self.drafts.env[records._name].browse([self.id])
        self._visible: dict[str, tuple[frozenset[int], set[int]]] = {}
        self.warnings: list[dict[str, Any]] = []
        for field in self._lists():
            self.drafts._listed(records._name, self.id, field)

    def _lists(self) -> list[One2many]:
        """The lists that the form shows, or that what it shows is computed from."""
        cls = type(self.records)
        found: dict[str, One2many] = {}
        for name in self.spec:
            field = self.records._field(name)
            heads = [field.name]
            if field.computed:
                heads += [path.partition(".")[0] for path in dependencies(cls, field)]
            for head in heads:
                step = cls._fields.get(cls._aliases.get(head, head))
                if isinstance(step, One2many) and not step.computed and step.inverse_name:
                    found[step.name] = step
        return list(found.values())

    def answer(self) -> dict[str, Any]:
        """`{"value": …}` and the warning of the methods, if any."""
        before = self._known()
        self._mark()
        self._run_methods()
        rehearsal = Rehearsal(self.drafts, self.record._name, self.id, self.spec)
        if rehearsal.wanted():
            rehearsal.run()
        whole = {self.id} if self.first else set()
        told = self._told(self.record._name, [self.id], self.spec, before, whole)
        answer: dict[str, Any] = {"value": told[self.id]}
        if self.warnings:
            first = self.warnings[0]
            if len(self.warnings) > 1:
                text = "\n\n".join(str(one["message"]) for one in self.warnings)
                first = {**first, "message": text}
            answer["warning"] = first
        return answer

    # -- changing ---------------------------------------------------------------------------------------------------
    def _mark(self) -> None:
        """Let wait what depends on the values given: as after a write for a saved record and its lines; anew, also over values
        given, what depends on the fields just changed.
        """
        drafts = self.drafts
        for model, known in drafts.known.items():
            for id, draft in known.items():
                if draft.origin is None or not draft.explicit:
                    continue
                records = drafts.env[model].browse([id])
                origin = drafts._origin_records(model, draft.origin)
                changed = [n for n in draft.explicit if draft.data[n] != origin._raw(records._fields[n])]
                for key, ids in drafts.touched(records, changed).items():
                    free = {i for i in ids if key[1] not in drafts.known[key[0]][i].explicit}
                    if free:
                        mark(records, {key: free})
        if self.names:
            touched = drafts.touched(self.record, self.names)
            mark(self.record, {key: left for key, ids in touched.items() if (left := self._without_given_lines(key, ids))})

    def _without_given_lines(self, key: tuple[str, str], ids: set[int]) -> set[int]:
        """A changed list does not undo what was given for its lines."""
        if key[0] == self.record._name:
            return ids - {self.id} if key[1] in self.names else ids
        lists = [n for n in self.names if isinstance(self.record._fields[n], ToMany)]
        if len(lists) != len(self.names):
            return ids
        return {i for i in ids if key[1] not in self.drafts.known[key[0]][i].explicit}

    def _run_methods(self) -> None:
        """The `@onchange` methods of the changed fields, and of those that these change."""
        methods = type(self.record)._onchange_methods()
        if not methods:
            return
        watched = [n for n in methods if n in self.record._fields]
        todo = list(self.names)
        if self.first:
            todo = [n for n in dict.fromkeys((*self.spec, *self.draft.data)) if n in self.record._fields]
        done: set[str] = set()
        seen = {n: self.record._raw(self.record._fields[n]) for n in watched}
        for _round in range(ROUNDS):
            name = next((n for n in todo if n not in done), None)
            if name is None:
                return
            done.add(name)
            for method in methods.get(name, ()):
                told = getattr(self.record, method)()
                if isinstance(told, dict) and isinstance(told.get("warning"), dict):
                    lang = self.env.lang
                    self.warnings.append(
                        {k: render(v, lang) if not isinstance(v, str) else v for k, v in told["warning"].items()}
                        | {"type": told["warning"].get("type", "dialog")}
                    )
            for each in watched:
                now = self.record._raw(self.record._fields[each])
                if now != seen[each]:
                    seen[each] = now
                    todo.append(each)

    # -- telling ----------------------------------------------------------------------------------------------------
    def _known(self) -> Known:
        """What the client holds of the form and its lines: values given, those of the origin, nothing for the rest."""
        known: Known = {}
        self._note(known, self.record._name, self.id, self.spec)
        return known

    def _note(self, known: Known, model: str, id: int, spec: Spec) -> None:
        draft = self.drafts.known[model][id]
        records = self.env[model]
        held: dict[str, Any] = {}
        for name, entry in spec.items():
            field = records._field(name)
            if field.name == "id":
                continue
            if field.name in draft.explicit or (isinstance(field, One2many) and draft.origin and field.name in draft.data):
                held[name] = draft.data[field.name]
            elif draft.origin is None:
                held[name] = None
            else:
                held[name] = self.drafts._origin_records(model, draft.origin)._raw(field)
            if isinstance(field, ToMany):
                for line in draft.data.get(field.name) or ():
                    if self.drafts.get(field.comodel, line) is not None:
                        self._note(known, field.comodel, line, entry.get("fields") or {})
        known[model, id] = held

    def _told(self, model: str, ids: list[int], spec: Spec, known: Known, whole: Any) -> dict[int, dict[str, Any]]:
        """{draft: what the client does not hold yet}; everything for those in `whole`."""
        records = self.env[model]
        rows = {row["id"]: row for row in self._rows(model, ids, spec)}
        told: dict[int, dict[str, Any]] = {}
        for id in ids:
            mine = told[id] = {}
            held = {} if id in whole else known.get((model, id), {})
            for name, entry in spec.items():
                field = records._field(name)
                if field.name == "id":
                    continue
                now = records.browse([id])._raw(field)
                if isinstance(field, ToMany):
                    commands = self._commands(field, entry, now or (), held.get(name) or (), known)
                    if commands or id in whole:
                        mine[name] = commands
                elif id in whole or not same(field, self._saved(field, now), self._saved(field, held.get(name))):
                    mine[name] = rows[id][name]
        return told

    def _commands(self, field: ToMany, entry: dict[str, Any], now: Any, held: Any, known: Known) -> list[list[Any]]:
        """From the list the client holds to the one it should show."""
        model = field.comodel
        now, held = self._seen(model, now), self._seen(model, held)
        origin = {id: self.drafts._origin(model, id) for id in (*now, *held)}
        drafts = self.drafts.known.get(model, {})
        spec = entry.get("fields") or {}
        commands: list[list[Any]] = []
        goes = 3
        if isinstance(field, One2many) and field.inverse_name:
            inverse = self.env[model]._fields[field.inverse_name]
            goes = 2 if inverse.required or getattr(inverse, "ondelete", "") == "cascade" else 3
        for id in held:
            if id not in now and origin[id]:
                commands.append([goes, origin[id], False])
            elif id not in now and drafts[id].ref:
                commands.append([2, drafts[id].ref, False])
        lines = [id for id in now if id in drafts]
        new = {id for id in lines if drafts[id].origin is None}
        unnamed = any(id in held and not drafts[id].ref for id in new)
        if unnamed and set(now) == set(held) and not any(self._told(model, lines, spec, known, ()).values()):
            return commands
        whole = {id for id in lines if id not in held or (id in new and unnamed)}
        told = self._told(model, lines, spec, known, whole)
        plain = self._plain_rows(field, entry, [id for id in now if id not in drafts and id not in held])
        for id in now:
            if id in new:
                if id in whole:
                    commands.append([0, drafts[id].ref or 0, told[id]])
                elif told[id]:
                    commands.append([1, drafts[id].ref, told[id]])
            elif id not in held:
                commands.append([4, origin[id], told[id] if id in told else plain.get(id, False)])
            elif told.get(id):
                commands.append([1, origin[id], told[id]])
        return commands

    def _seen(self, model: str, ids: Any) -> list[int]:
        """Those of `ids` that are new, or changed copies of what the user may read."""
        if self.env.su:
            return list(ids)
        origins = frozenset(d.origin for d in self.drafts.known.get(model, {}).values() if d.origin is not None)
        known = self._visible.get(model)
        if known is None or not origins <= known[0]:
            visible = (
                set(self.env[model].with_context(active_test=False).search_ids([("id", "in", sorted(origins))]))
                if origins
                else set()
            )
            known = self._visible[model] = origins, visible
        return [
            i
            for i in ids
            if i not in self.drafts.known.get(model, {}) or (o := self.drafts._origin(model, i)) is None or o in known[1]
        ]

    def _plain_rows(self, field: ToMany, entry: dict[str, Any], ids: list[int]) -> dict[int, Any]:
        """Rows of saved records that come into a list as they are."""
        if "fields" not in entry or not ids:
            return {}
        target, spec = self.env[field.comodel], entry["fields"]
        found = nested.filled(target, target.read_visible(ids, list(spec) or ["id"], None), spec)
        return {row["id"]: row for row in found}

    def _saved(self, field: Field, value: Any) -> Any:
        """A link to a draft, as the client knows it: to its origin, or to nothing."""
        if isinstance(field, Many2one) and isinstance(value, int) and value < 0:
            return self.drafts._origin(field.comodel, value)
        return value

    def _rows(self, model: str, ids: list[int], spec: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows of drafts as `web_read` gives them; what is behind other drafts is left out."""
        records = self.env[model].browse(ids)
        for name in spec:
            field = records._field(name)
            if field.groups and not self.env.su and not self.env.access.field_visible(field):
                raise FieldError(f"Invalid field '{name}' on model '{model}'")
        rows: list[dict[str, Any]] = []
        flat = {name: entry for name, entry in spec.items() if isinstance(records._field(name), (Many2one, Reference))}
        for record in records:
            row: dict[str, Any] = {"id": record._ids[0]}
            for name in spec:
                field = records._field(name)
                if field.name == "id" or isinstance(field, ToMany):
                    continue
                value = record._raw(field)
                if isinstance(field, Many2one):
                    value = self._saved(field, value)
                elif field.name == "display_name" and value == f"{model},{record._ids[0]}":
                    value = None
                row[name] = field.wire(value)
            rows.append(row)
        return nested.filled(records, rows, flat) if flat else rows


def same(field: Field, one: Any, other: Any) -> bool:
    """Whether two cache values are the same to a client: nothing and 0, nothing and false are."""
    return bool(field.wire(one) == field.wire(other))
