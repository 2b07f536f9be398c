"""Creating records: one INSERT for all of them, complete from the start.

What the compute methods of stored fields can know beforehand is computed on temporary (negative) ids first, so that rows are not
written twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server import whereabouts
from server.errors import FieldError, MissingError, UserError, ValidationError
from server.model import flush as flushing
from server.model import history
from server.model.compute import compute_related, dependencies, mark_modified
from server.model.decorators import action
from server.model.fields import AUTOMATIC, Field
from server.model.relational import Many2many, Many2one, One2many, ToMany, normalise_commands
from server.model.scalars import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable


class Creating:
    """Mixin of `Records`: defaults and create."""

    __slots__ = ()

    @classmethod
    def _early(cls: Any) -> list[Field]:
        """Stored computed fields that can be computed before the INSERT: nothing they read comes from one2many lines."""
        early = cls._early_cache
        if early is None:
            early = []
            for field in cls._columns_written:
                if field.computed and not any(reads_lines(cls, p) for p in dependencies(cls, field)):
                    early.append(field)
            cls._early_cache = early
        return early  # type: ignore[no-any-return]

    def _defaults(self: Any, names: Iterable[str]) -> dict[str, Any]:
        """Default values by field name: context `default_x`, the user's `ir.default`, the field's own, the current company."""
        env = self.env
        wanted = set(names)
        found = {name: value for name, value in self._context_defaults().items() if name in wanted}
        stored = env.database.stored_defaults(env, self._name)
        for name, value in stored.items():
            if name in wanted:
                found.setdefault(name, value)
        for field in self._with_default:
            name = field.name
            if name not in wanted or name in found:
                continue
            if field.default is not None:
                found[name] = field.default(env) if callable(field.default) else field.default
            elif name == "company_id" and not field.computed and field.comodel == "res.company" and field.required:
                found[name] = env.company_id
        return found

    def _context_defaults(self: Any) -> dict[str, Any]:
        """The `default_<field>` keys of the context that name a field of this model, as values a person gave: aliases resolved,
        hidden fields refused.

        :raises FieldError: a value of another kind.  :raises AccessError: a field that is hidden from the user.
        """
        found = {}
        for key, value in self.env.context.items():
            if key.startswith("default_") and self._aliases.get(key[8:], key[8:]) in self._fields:
                found[key[8:]] = value
        return self._normalise(found) if found else found

    @action(model=True, readonly=True)
    def default_get(self: Any, fields: list[str] | None = None, fields_list: list[str] | None = None) -> dict[str, Any]:
        """Defaults of the named fields, wire values; only those that have one."""
        names = fields or fields_list or list(self._fields)
        chosen = [self._field(n).name for n in names]
        found = self._defaults(chosen)
        answer = {}
        for name, value in found.items():
            field = self._fields[name]
            if isinstance(field, ToMany):
                answer[name] = [list(c) for c in normalise_commands(field, value)]
            else:
                answer[name] = field.wire(field.coerce(value, self.env))
        return answer

    def create(self: Any, vals_list: Any) -> Any:
        """Create one record per mapping; one INSERT. Extensions override it with `def create(self, vals_list)` (always a list
        here).
        """
        try:
            return self._create(vals_list)
        except (FieldError, UserError) as error:
            whereabouts.counted(error, len(vals_list))
            raise

    def _create(self: Any, vals_list: Any) -> Any:
        env = self.env
        txn = env.transaction
        if not vals_list:
            return self.browse(())
        fields = self._fields
        given_everywhere = set.intersection(*(set(v) for v in vals_list))
        needed = [f.name for f in fields.values() if f.name not in given_everywhere and f.name not in AUTOMATIC]
        defaults = self._defaults(needed)
        prepared: list[dict[str, Any]] = []
        for vals in vals_list:
            prepared.append({**{k: v for k, v in defaults.items() if k not in vals}, **vals})
        if self._inherits:
            self._create_parents(prepared)
        rows: list[dict[str, Any]] = []
        relations: list[dict[str, Any]] = []
        indirect: list[dict[str, Any]] = []
        for vals in prepared:
            row: dict[str, Any] = {}
            lines: dict[str, Any] = {}
            other: dict[str, Any] = {}
            name = ""
            try:
                for name, value in vals.items():
                    field = fields.get(name) or self._field(name)
                    if field.name in AUTOMATIC:
                        continue
                    if isinstance(field, ToMany) and not field.computed:
                        lines[field.name] = normalise_commands(field, value)
                    elif field.stored:
                        row[field.name] = field.coerce(value, env)
                    elif field.inverse or field.related:
                        other[field.name] = value
            except FieldError as error:
                whereabouts.at(error, len(rows), name)
                raise
            rows.append(row)
            relations.append(lines)
            indirect.append(other)
        try:
            own_links = self._compute_early(rows, relations)
        except MissingError:  # a link to what does not exist, or not on this side of the wall: told with the field's name
            self._check_companies(rows)
            raise
        self._check_required(rows)
        self._check_companies(rows)
        now, uid = env.now(), env.uid
        inserted: list[dict[str, Any]] = []
        for row in rows:
            full = {**self._blank_row, **row}
            full.update(create_date=row.get("create_date") or now, create_uid=uid, write_date=now, write_uid=uid)
            inserted.append(full)
        self._guard_write()
        try:
            ids = flushing.insert_rows(env, type(self), [self._database_row(r) for r in inserted])
        except ValidationError as error:
            flushing.point_at_row(error, self._name, inserted)
            raise
        if txn.capture is not None:
            txn.capture.creating(env, self._name, ids)
        records = self.browse(ids)
        self._cache_new(ids, inserted, relations)
        for field, index in own_links:  # links of a new row to itself wait for the next flush: one UPDATE for all of them
            txn.values[field.key][ids[index]] = ids[index]
            txn.dirty.setdefault(self._name, {}).setdefault(ids[index], {})[field.name] = ids[index]
        if self._reference:
            txn.reference_touched = True
        if txn.together is not None:
            txn.together.forget_all()
        txn.locked.update((self._name, i) for i in ids)  # nobody else sees them before the commit
        mark_modified(records, [f.name for f in fields.values() if f.name != "id"], created=True)
        self._settle_pending(ids, rows)
        self._apply_relations(records, relations, created=True)
        for index, (record, other) in enumerate(zip(records, indirect, strict=True)):
            if other:
                try:
                    record._write_indirect(other)
                except (FieldError, UserError) as error:
                    whereabouts.at(error, index)
                    raise
        if self._history:
            history.created(records)
        records._validate(None)
        records._check_rule_after("create")
        env.hooks.record_created(env=env, records=records)
        return records

    def _create_parents(self: Any, prepared: list[dict[str, Any]]) -> None:
        """Delegation: make the parent records of those that do not name one, in one call per parent model."""
        env = self.env
        for parent, link in self._inherits.items():
            target = env[parent].with_context(delegated_from=self._name)
            names = [n for n, f in self._fields.items() if f.inherited_from == link]
            missing = [v for v in prepared if not v.get(link)]
            parent_vals = [{n: v.pop(n) for n in names if n in v} for v in missing]
            if missing:
                try:
                    parents = target.create(parent_vals)
                except (FieldError, UserError) as error:
                    whereabouts.lift(error, index=[(n,) for n, v in enumerate(prepared) if any(v is m for m in missing)])
                    raise
                for vals, made in zip(missing, parents, strict=True):
                    vals[link] = made.id

    def _compute_early(self: Any, rows: list[dict[str, Any]], relations: list[dict[str, Any]]) -> list[tuple[Field, int]]:
        """Fill stored computed fields before the INSERT, on temporary ids.

        :returns: (field, index of the row) for many2one fields whose value is the row itself: it has no id yet.
        """
        early = [f for f in self._early() if not all(f.name in r for r in rows)]
        if not early:
            return []
        env = self.env.root
        txn = env.transaction
        first = txn.next_temporary
        txn.next_temporary -= len(rows)
        temporary = tuple(first - n for n in range(len(rows)))
        early_names = {f.name for f in early}
        for field in self._fields.values():
            if field.stored and field.name != "id":
                values = txn.values[field.cache_key(env)]
                for id, row in zip(temporary, rows, strict=True):
                    if field.name in row:
                        values[id] = row[field.name]
                    elif field.name not in early_names:
                        values[id] = None
            elif isinstance(field, Many2many) and not field.computed:
                values = txn.values[field.cache_key(env)]
                for id, lines in zip(temporary, relations, strict=True):
                    values[id] = simple_ids(lines.get(field.name, ()))
        records = self.with_env(env).browse(temporary)
        for field in early:
            key = field.cache_key(env)
            missing = [i for i, r in zip(temporary, rows, strict=True) if field.name not in r and i not in txn.values[key]]
            if missing:
                records.browse(missing)._compute_temporary(field)
        own_links: list[tuple[Field, int]] = []
        for field in early:
            values = txn.values[field.cache_key(env)]
            link = isinstance(field, Many2one) and field.comodel == self._name
            for index, (id, row) in enumerate(zip(temporary, rows, strict=True)):
                if field.name not in row:
                    row[field.name] = values.get(id)
                    if link and row[field.name] == id:
                        row[field.name] = None
                        own_links.append((field, index))
        for key, values in txn.values.items():
            if key[0] == self._name and values:
                for id in temporary:
                    values.pop(id, None)
        return own_links

    def _compute_temporary(self: Any, field: Field) -> None:
        """Run one compute method on temporary records; values given by the caller are kept."""
        txn = self.env.transaction
        together = [field] if field.related else [f for f in self._fields.values() if f.compute == field.compute and f.stored]
        kept = {
            f.name: {i: v for i in self._ids if (v := txn.values[f.cache_key(self.env)].get(i)) is not None} for f in together
        }
        keys = [f.key for f in together if f.key not in txn.computing]
        txn.computing.update(keys)
        try:
            if field.related:
                compute_related(self, field)
            else:
                getattr(self, field.compute or "")()
        finally:
            txn.computing.difference_update(keys)
        for f in together:
            txn.values[f.cache_key(self.env)].update(kept[f.name])

    def _settle_pending(self: Any, ids: list[int], rows: list[dict[str, Any]]) -> None:
        """New rows are complete but for what depends on their lines: exactly that waits for the flush."""
        pending = self.env.transaction.pending
        early = {f.name for f in self._early()}
        for field in self._columns_written:
            if not field.computed:
                continue
            if field.name in early:
                waiting = pending.get(field.key)
                if waiting is not None:
                    waiting.difference_update(ids)
                    if not waiting:
                        del pending[field.key]
            else:
                wanted = [i for i, row in zip(ids, rows, strict=True) if field.name not in row]
                waiting = pending.get(field.key)
                if waiting is not None:
                    waiting.difference_update(ids)
                if wanted:
                    pending.setdefault(field.key, set()).update(wanted)
                elif waiting is not None and not waiting:
                    del pending[field.key]

    def _cache_new(self: Any, ids: list[int], rows: list[dict[str, Any]], relations: list[dict[str, Any]]) -> None:
        env = self.env
        txn = env.transaction
        for field in self._fields.values():
            if field.stored and field.name != "id":
                values = txn.values[field.cache_key(env)]
                name = field.name
                for id, row in zip(ids, rows, strict=True):
                    values[id] = row[name]
            elif isinstance(field, ToMany) and not field.computed:
                values = txn.values[field.cache_key(env)]
                for id in ids:
                    values[id] = ()
        self._update_inverses(ids, {n: [r.get(n) for r in rows] for n in self._inverses()})

    def _update_inverses(self: Any, ids: Iterable[int], targets: dict[str, list[Any]]) -> None:
        """Append new lines to the cached one2many of their parents (lists with a domain of their own are read again)."""
        env = self.env
        txn = env.transaction
        archived = txn.values.get((self._name, "active"), {})
        for name, parents in targets.items():
            for field in self._inverses().get(name, ()):
                for key in (field.key, (*field.key, "all")):
                    values = txn.values.get(key)
                    if not values:
                        continue
                    grown: dict[int, list[int]] = {}
                    for id, parent in zip(ids, parents, strict=True):
                        if parent is not None and parent in values:
                            grown.setdefault(parent, []).append(id)
                    for parent, more in grown.items():
                        if field.domain or (key is field.key and any(archived.get(i) is False for i in more)):
                            values.pop(parent, None)
                        else:
                            values[parent] = (*values[parent], *more)

    def _database_row(self: Any, row: dict[str, Any]) -> dict[str, Any]:
        """A row as the table wants it: company-dependent values under their company."""
        dependent = [f for f in self._columns_written if f.company_dependent]
        if not dependent:
            return row
        row = dict(row)
        for field in dependent:
            value = row[field.name]
            row[field.name] = None if value is None else {str(self.env.company_id or 0): as_json(value)}
        return row


def reads_lines(cls: Any, path: str) -> bool:
    """True when a dependency path goes through a one2many anywhere, or a many2many's own lines."""
    current = cls
    for name in path.split("."):
        field = current._fields.get(current._aliases.get(name, name))
        if field is None:
            return False
        if isinstance(field, One2many):
            return True
        if field.computed and not field.stored and not field.related:
            return any(reads_lines(current, p) for p in dependencies(current, field))
        if field.comodel:
            current = current.models.classes[field.comodel]
    return False


def simple_ids(commands: Any) -> tuple[int, ...]:
    """The ids that set and link commands leave on a new record."""
    ids: dict[int, None] = {}
    for code, id, argument in commands:
        if code == 4:
            ids[id] = None
        elif code == 6:
            ids = dict.fromkeys(argument)
    return tuple(ids)
