"""Creating, writing and deleting: the half of a record set that changes data.

Writes go to the transaction's cache and leave with the next flush, set-wise. `create` is one INSERT for all its records: what the
compute methods of stored fields can know beforehand is computed first, on temporary (negative) ids, so that rows are born
complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError, FieldError, LockError, ValidationError
from server.model import flush as flushing
from server.model import history
from server.model.compute import compute_related, dependencies, mark_modified
from server.model.decorators import action
from server.model.domain import involved, parent_field, parse
from server.model.fields import AUTOMATIC, Field, Selection
from server.model.reading import ordered
from server.model.relational import Many2many, Many2one, One2many, ToMany, normalise_commands
from server.text import _, render

if TYPE_CHECKING:
    from collections.abc import Iterable


class Writing:
    """Mixin of `Records`: create, write, unlink, copy, lock."""

    __slots__ = ()

    # -- preparation ------------------------------------------------------------------------------------------------
    @classmethod
    def _prepare_writing(cls: Any) -> None:
        fields = cls._fields
        cls._columns_written = [f for f in fields.values() if f.stored and f.name != "id"]
        cls._with_default = [f for f in fields.values() if f.default is not None or f.name == "company_id"]
        cls._required = [f for f in fields.values() if f.required and f.stored]
        cls._early_cache = None
        cls._inverse_cache = None
        cls._constraint_cache = None
        wrap(cls)

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

    @classmethod
    def _constraints(cls: Any) -> list[tuple[str, frozenset[str]]]:
        """(method, fields) of the model's `@constrains` methods."""
        found = cls._constraint_cache
        if found is None:
            names: dict[str, set[str]] = {}
            for klass in cls.__mro__:
                for name, value in vars(klass).items():
                    marked = getattr(value, "__colca_constrains__", None)
                    if marked is not None:
                        names.setdefault(name, set()).update(marked)
            found = cls._constraint_cache = [(n, frozenset(f)) for n, f in names.items()]
        return found  # type: ignore[no-any-return]

    @classmethod
    def _inverses(cls: Any) -> dict[str, list[One2many]]:
        """{many2one field: the one2many fields that are its other side}."""
        found = cls._inverse_cache
        if found is None:
            found = {}
            for other in cls.models.classes.values():
                for field in other._fields.values():
                    if isinstance(field, One2many) and field.comodel == cls._name and field.inverse_name and not field.related:
                        found.setdefault(field.inverse_name, []).append(field)
            cls._inverse_cache = found
        return found  # type: ignore[no-any-return]

    def _normalise(self: Any, vals: Any) -> dict[str, Any]:
        """Values as Python values under the fields' own names: aliases resolved, wire forms converted, commands complete, nested
        ones too.

        :raises FieldError: unknown field or wrong value.  :raises AccessError: a field that is hidden from the user.
        """
        if not isinstance(vals, dict):
            raise FieldError(f"Invalid values for {self._name}: {str(vals)[:80]!r} is not a mapping of field names to values.")
        env = self.env
        clean: dict[str, Any] = {}
        for name, value in vals.items():
            field = self._fields.get(self._aliases.get(name, name)) if isinstance(name, str) else None
            if field is None:
                raise FieldError(f"Invalid field '{str(name)[:80]}' on model '{self._name}'")
            if field.name in AUTOMATIC and not (field.name == "display_name" and field.inverse):
                continue
            if field.groups and not env.su and not env.access.field_visible(field):
                raise AccessError(
                    _(
                        "You do not have the right to write the field %(field)s of %(model)s. Leave it out, or ask an "
                        "administrator.",
                        field=field.name,
                        model=self._name,
                    ),
                    model=self._name,
                    field=field.name,
                )
            if isinstance(field, ToMany):
                commands = normalise_commands(field, value)
                target = env[field.comodel]
                clean[field.name] = [(c, i, target._normalise(v)) if c in (0, 1) else (c, i, v) for c, i, v in commands]
            elif isinstance(field, Selection):
                clean[field.name] = None if value is False or value == "" else value
            else:
                clean[field.name] = field.coerce(value, env)
        return clean

    # -- defaults ---------------------------------------------------------------------------------------------------
    def _defaults(self: Any, names: Iterable[str]) -> dict[str, Any]:
        """Default values by field name: context `default_x`, the user's `ir.default`, the field's own, the current company."""
        env = self.env
        found: dict[str, Any] = {}
        wanted = set(names)
        for key, value in env.context.items():
            if key.startswith("default_") and key[8:] in wanted:
                found[key[8:]] = value
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

    # -- create -----------------------------------------------------------------------------------------------------
    def create(self: Any, vals_list: Any) -> Any:
        """Create one record per mapping; one INSERT. Extensions override it with `def create(self, vals_list)` (always a list
        here).
        """
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
            for name, value in vals.items():
                field = fields.get(name) or self._field(name)
                if field.name in AUTOMATIC:
                    continue
                if isinstance(field, ToMany) and not field.related and not (field.compute and field.inverse):
                    lines[field.name] = normalise_commands(field, value)
                elif field.stored:
                    row[field.name] = field.coerce(value, env)
                elif field.inverse or field.related:
                    other[field.name] = value
            rows.append(row)
            relations.append(lines)
            indirect.append(other)
        own_links = self._compute_early(rows, relations)
        self._check_required(rows)
        self._check_companies(rows)
        now, uid = env.now(), env.uid
        inserted: list[dict[str, Any]] = []
        for row in rows:
            full = {f.name: None for f in self._columns_written}
            full.update(row)
            full.update(create_date=row.get("create_date") or now, create_uid=uid, write_date=now, write_uid=uid)
            inserted.append(full)
        self._guard_write()
        ids = flushing.insert_rows(env, type(self), [self._database_row(r) for r in inserted])
        records = self.browse(ids)
        self._cache_new(ids, inserted, relations)
        for field, index in own_links:  # links of a new row to itself wait for the next flush: one UPDATE for all of them
            txn.values[field.key][ids[index]] = ids[index]
            txn.dirty.setdefault(self._name, {}).setdefault(ids[index], {})[field.name] = ids[index]
        if self._reference:
            txn.reference_touched = True
        txn.locked.update((self._name, i) for i in ids)  # nobody else sees them before the commit
        mark_modified(records, [f.name for f in fields.values() if f.name != "id"], created=True)
        self._settle_pending(ids, rows)
        self._apply_relations(records, relations, created=True)
        for record, other in zip(records, indirect, strict=True):
            if other:
                record._write_indirect(other)
        if self._history:
            history.created(records)
        records._validate(None)
        records._check_rule("create")
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
                for vals, made in zip(missing, target.create(parent_vals), strict=True):
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
        for values in txn.values.values():
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
                        if field.domain:
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

    def _check_required(self: Any, rows: list[dict[str, Any]]) -> None:
        missing = [
            f
            for f in self._required
            if any(
                r.get(f.name) is None and not (f.type in ("integer", "float", "monetary", "boolean") and f.name in r)
                for r in rows
            )
        ]
        for field in [f for f in missing if f.type in ("integer", "float", "monetary", "boolean")]:
            for row in rows:
                if row.get(field.name) is None:
                    row[field.name] = field.coerce(0, self.env)
            missing.remove(field)
        missing = [f for f in missing if f.server_default is None]
        if missing:
            lang = self.env.lang
            raise ValidationError(
                _("Missing required value: %(fields)s of %(model)s. Give these fields a value.",
                  fields=", ".join(f"{render(f.string, lang)} ({f.name})" for f in missing), model=self._model_title()),
                model=self._name, fields=[f.name for f in missing],
            )  # fmt: skip

    def _check_companies(self: Any, rows: list[dict[str, Any]], own: dict[int, Any] | None = None) -> None:
        """Refuse links to records of another company, and rows of companies that are not switched on."""
        env = self.env
        if not self._walled_model:
            return
        allowed = set(env.allowed_company_ids)
        for row in rows:
            company = row.get("company_id")
            if company is not None and company not in allowed:
                raise AccessError(
                    _(
                        "You cannot write %(model)s of company %(company)s: it is not among the companies you are working in. "
                        "Switch to it first.",
                        model=self._model_title(),
                        company=company,
                    ),
                    model=self._name,
                    company_id=company,
                )
        links: list[tuple[Many2one, Any]] = []
        wanted: dict[str, dict[int, None]] = {}
        for field in self._columns_written:
            if isinstance(field, Many2one) and field.check_company and field.name != "company_id":
                ids = [r[field.name] for r in rows if r.get(field.name) is not None]
                target = env[field.comodel]
                if ids and target._walled_model:
                    links.append((field, target))
                    wanted.setdefault(field.comodel, {}).update(dict.fromkeys(ids))
        for model, found in wanted.items():
            known = env.transaction.values[(model, "company_id")]
            unknown = [i for i in found if i not in known]
            if unknown:
                env[model].browse(unknown)._fetch_rows(unknown)
        for field, target in links:
            values = env.transaction.values[target._fields["company_id"].key]
            for row in rows:
                id = row.get(field.name)
                if id is None:
                    continue
                if id not in values:
                    raise ValidationError(
                        _(
                            "%(field)s of %(model)s: record %(id)s of %(target)s does not exist, or belongs to another company. "
                            "Choose another one.",
                            field=field.string,
                            model=self._model_title(),
                            id=id,
                            target=field.comodel,
                        ),
                        model=self._name,
                        field=field.name,
                        value=id,
                    )
                theirs, mine = values[id], row.get("company_id")
                if theirs is not None and mine is not None and theirs != mine:
                    raise ValidationError(
                        _(
                            "%(field)s of %(model)s: record %(id)s of %(target)s belongs to another company. Choose one of the "
                            "same company.",
                            field=field.string,
                            model=self._model_title(),
                            id=id,
                            target=field.comodel,
                        ),
                        model=self._name,
                        field=field.name,
                        value=id,
                    )

    def _guard_write(self: Any) -> None:
        if self.env.transaction.readonly:
            raise RuntimeError(f"{self._name} is written in a read transaction: mark the action without readonly=True")

    # -- write ------------------------------------------------------------------------------------------------------
    def write(self: Any, vals: dict[str, Any]) -> bool:
        """Set values on all records. Extensions override it."""
        env = self.env
        if not self._ids or not vals:
            return True
        stored: dict[str, Any] = {}
        relations: dict[str, Any] = {}
        indirect: dict[str, Any] = {}
        for name, value in vals.items():
            field = self._fields.get(name) or self._field(name)
            if field.name in AUTOMATIC:
                continue
            if isinstance(field, ToMany) and not field.related and not (field.compute and field.inverse):
                relations[field.name] = normalise_commands(field, value)
            elif field.stored:
                stored[field.name] = field.coerce(value, env)
            elif field.inverse or field.related:
                indirect[field.name] = value
        self._guard_write()
        changed: set[str] = set()
        if stored:
            changed.update(self._write_columns(stored))
        if relations:
            self._apply_relations(self, [relations] * len(self._ids), created=False)
            changed.update(relations)
        if indirect:
            self._write_indirect(indirect)
            changed.update(indirect)
        if changed:
            self._validate(changed)
            self._check_rule("write")
            env.hooks.record_written(env=env, records=self, vals=vals)
        return True

    def _write_columns(self: Any, vals: dict[str, Any]) -> list[str]:
        """Put changed column values into cache and pending writes; the names that changed anywhere."""
        env = self.env
        txn = env.transaction
        fields = [self._fields[n] for n in vals]
        probe = txn.values[(self._name, "create_date")]
        unknown = [i for i in self._ids if i not in probe]
        if unknown:
            self.browse(unknown)._fetch_rows(unknown)
            gone = [i for i in unknown if i not in probe]
            if gone:
                from server.model.records import missing

                raise missing(env, self._name, gone)
        self._check_values(fields, vals)
        changed: list[str] = []
        for field in fields:
            value = vals[field.name]
            values = txn.values[field.cache_key(env)]
            blank = [i for i in self._ids if i not in values]
            if blank:
                self.browse(blank)._fetch_rows(blank, [field])
            ids = tuple(i for i in self._ids if values.get(i) != value)
            if not ids:
                continue
            changed.append(field.name)
            touched = self._with_ids(ids)
            if field.translate and env.translation_lang:
                self._write_translation(field, ids, value)
                continue
            structural = isinstance(field, Many2one)
            if structural:
                mark_modified(touched, (field.name,))
                self._drop_inverses(field, ids, value)
            if field.tracking:
                history.remember(self, field, ids)
            rows = txn.dirty.setdefault(self._name, {})
            for id in ids:
                values[id] = value
                self._put_pending(rows.setdefault(id, {}), field, value)
            waiting = txn.pending.get(field.key)
            if waiting and field.key not in txn.computing:  # a value given by hand wins over a waiting computation
                waiting.difference_update(ids)
                if not waiting:
                    del txn.pending[field.key]
            mark_modified(touched, (field.name,))
        if self._reference and changed:
            txn.reference_touched = True
        return changed

    def _check_values(self: Any, fields: list[Field], vals: dict[str, Any]) -> None:
        """Required fields stay filled, links stay within the company."""
        empty = [
            f for f in fields if f.required and vals[f.name] is None and f.type not in ("integer", "float", "monetary", "boolean")
        ]
        for field in fields:
            if field.required and vals[field.name] is None and field not in empty:
                vals[field.name] = field.coerce(0, self.env)
        if empty:
            self._check_required([{f.name: vals.get(f.name, 1) for f in self._required}])
        if not self._walled_model:
            return
        links = [f for f in fields if isinstance(f, Many2one)]
        if links:
            companies = self.env.transaction.values[self._fields["company_id"].key]
            mine = {companies.get(i) for i in self._ids} if "company_id" not in vals else {vals["company_id"]}
            self._check_companies([{**{f.name: vals[f.name] for f in links}, "company_id": c} for c in mine])

    def _drop_inverses(self: Any, field: Field, ids: Iterable[int], value: Any) -> None:
        """A line moves to another parent: forget the cached lines of the old and the new one."""
        env = self.env
        values = env.transaction.values
        current = values[field.key]
        for inverse in self._inverses().get(field.name, ()):
            for key in (inverse.key, (*inverse.key, "all")):
                cached = values.get(key)
                if cached:
                    for parent in {value, *(current.get(i) for i in ids)}:
                        cached.pop(parent, None)

    def _write_translation(self: Any, field: Field, ids: Iterable[int], value: Any) -> None:
        """A translated value goes to ir.translation; the source text stays."""
        env = self.env
        words = env["ir.translation"]
        table = words.table
        lang = env.translation_lang
        env.execute(
            table.delete().where(
                table.c.model == self._name, table.c.field == field.name, table.c.lang == lang, table.c.res_id.in_(list(ids))
            )
        )
        if value is not None:
            flushing.execute(
                env,
                table.insert(),
                [{"model": self._name, "field": field.name, "lang": lang, "res_id": i, "value": value} for i in ids],
            )
        values = env.transaction.values[field.cache_key(env)]
        for id in ids:
            values[id] = value
        if self._reference:
            env.transaction.reference_touched = True

    def _write_indirect(self: Any, vals: dict[str, Any]) -> None:
        """Related and computed fields with an inverse: written through."""
        env = self.env
        for name, value in vals.items():
            field = self._field(name)
            if field.inverse:
                for record in self:
                    env.transaction.values[field.cache_key(env)][record._ids[0]] = record._to_cache(field, value)
                getattr(self, field.inverse)()
                env.transaction.forget(field)
            elif field.related:
                *path, last = field.related.split(".")
                targets = self.mapped(".".join(path))
                if targets:
                    targets.write({last: value})
                env.transaction.forget(field)

    def _assign(self: Any, field: Field, value: Any) -> None:
        """Attribute assignment: a compute method's result, or a write."""
        txn = self.env.transaction
        if field.name == "id":
            raise AttributeError("id is given by the database")
        if field.key in txn.computing or (field.computed and not field.stored and not field.inverse and not field.related):
            self._put(field, value)
            return
        if any(i < 0 for i in self._ids):
            values = txn.values[field.cache_key(self.env)]
            for id in self._ids:
                values[id] = self._to_cache(field, value)
            return
        self.write({field.name: value})

    def _put_pending(self: Any, row: dict[str, Any], field: Field, value: Any) -> None:
        """Note a pending column value; a company-dependent one joins those of other companies."""
        if field.company_dependent:
            row[field.name] = {**(row.get(field.name) or {}), str(self.env.company_id or 0): as_json(value)}
        else:
            row[field.name] = value

    # -- x2many commands --------------------------------------------------------------------------------------------
    def _apply_relations(self: Any, records: Any, relations: list[dict[str, Any]], created: bool) -> None:
        """Run the x2many commands of every record, one create per comodel field."""
        if not any(relations):
            return
        names = dict.fromkeys(n for r in relations for n in r)
        for name in names:
            field = self._fields[name]
            pairs = [(record, rel[name]) for record, rel in zip(records, relations, strict=True) if rel.get(name)]
            if not pairs:
                continue
            if isinstance(field, One2many):
                self._apply_one2many(field, pairs)
            else:
                self._apply_many2many(field, pairs, created)
            mark_modified(self.browse([r._ids[0] for r, _c in pairs]), (name,))

    def _apply_one2many(self: Any, field: One2many, pairs: list[tuple[Any, Any]]) -> None:
        target = self.env[field.comodel]
        inverse = field.inverse_name
        new: list[dict[str, Any]] = []
        for record, commands in pairs:
            for code, id, argument in commands:
                if code == 0:
                    new.append({**argument, inverse: record._ids[0]})
                elif code == 1:
                    line = target.browse([id])
                    if line._raw(target._fields[inverse]) != record._ids[0]:
                        raise ValidationError(
                            _(
                                "Record %(id)s of %(model)s is no line of %(parent)s. Use its own lines.",
                                id=id,
                                model=field.comodel,
                                parent=record.display_name,
                            )
                        )
                    line.write(argument)
                elif code == 2:
                    target.browse([id]).unlink()
                elif code == 3:
                    self._detach(target.browse([id]), inverse)
                elif code == 4:
                    target.browse([id]).write({inverse: record._ids[0]})
                elif code == 5:
                    self._detach(field.__get__(record), inverse)
                elif code == 6:
                    current = field.__get__(record)
                    self._detach(current - target.browse(argument), inverse)
                    (target.browse(argument) - current).write({inverse: record._ids[0]})
        if new:
            target.create(new)

    @staticmethod
    def _detach(lines: Any, inverse: str) -> None:
        if not lines:
            return
        field = lines._fields[inverse]
        if field.required or field.ondelete == "cascade":
            lines.unlink()
        else:
            lines.write({inverse: None})

    def _apply_many2many(self: Any, field: Many2many, pairs: list[tuple[Any, Any]], created: bool) -> None:
        env = self.env
        txn = env.transaction
        target = env[field.comodel]
        values = txn.values[field.cache_key(env)]
        fresh: list[tuple[Any, int, dict[str, Any]]] = []
        add: list[tuple[int, int]] = []
        remove: list[tuple[int, int]] = []
        for record, commands in pairs:
            id = record._ids[0]
            before = tuple(record._raw(field) or ())
            after = dict.fromkeys(before)
            for code, other, argument in commands:
                if code == 0:
                    fresh.append((record, id, argument))
                elif code == 1:
                    target.browse([other]).write(argument)
                elif code == 2:
                    after.pop(other, None)
                    target.browse([other]).unlink()
                elif code == 3:
                    after.pop(other, None)
                elif code == 4:
                    after[other] = None
                elif code == 5:
                    after.clear()
                elif code == 6:
                    after = dict.fromkeys(argument)
            add += [(id, o) for o in after if o not in before]
            remove += [(id, o) for o in before if o not in after]
            values[id] = tuple(after)
        if fresh:
            for (_record, id, _argument), made in zip(fresh, target.create([a for _r, _i, a in fresh]), strict=True):
                add.append((id, made._ids[0]))
                values[id] = (*values[id], made._ids[0])
        relation, one, two = field.names()
        table = txn.registry.metadata.tables[relation]
        if remove:
            for id in {m for m, _o in remove}:
                env.run(table.delete().where(table.c[one] == id, table.c[two].in_([o for m, o in remove if m == id])))
        if add:
            self._check_linked(field, target, {o for _m, o in add})
            env.run(table.insert(), [{one: m, two: o} for m, o in add])
        if add or remove:
            mirrored = [
                f for f in target._fields.values() if isinstance(f, Many2many) and not f.computed and f.names()[0] == relation
            ]
            for mirror in mirrored:
                txn.forget(mirror)
            if self._reference or (target._reference and mirrored):
                txn.reference_touched = True

    def _check_linked(self: Any, field: Many2many, target: Any, ids: set[int]) -> None:
        """Linked records must exist on this side of the company wall."""
        probe = self.env.transaction.values[(target._name, "create_date")]
        unknown = [i for i in ids if i not in probe]
        if unknown:
            target.browse(unknown)._fetch_rows(unknown)
        gone = [i for i in ids if i not in probe]
        if gone:
            raise ValidationError(
                _(
                    "%(field)s of %(model)s: record %(id)s of %(target)s does not exist, or belongs to another company. Choose "
                    "another one.",
                    field=field.string,
                    model=self._model_title(),
                    id=", ".join(map(str, gone)),
                    target=field.comodel,
                ),
                model=self._name,
                field=field.name,
                value=gone,
            )

    # -- checks -----------------------------------------------------------------------------------------------------
    def _validate(self: Any, changed: set[str] | None) -> None:
        """Run the `@constrains` methods concerned (all, for new records) and refuse loops of the parent field."""
        parent = parent_field(type(self))
        if parent is not None and changed is not None and parent.name in changed:
            self._check_loop(parent)
        for name, fields in self._constraints():
            if changed is None or fields & changed:
                getattr(self, name)()

    def _check_loop(self: Any, parent: Many2one) -> None:
        level = self
        for _step in range(100):
            level = level._many2one(parent)
            if not level:
                return
            if level & self:
                break
        raise ValidationError(
            _(
                "Recursion detected: a %(model)s cannot be its own parent. Choose another %(field)s.",
                model=self._model_title(),
                field=parent.string,
            ),
            model=self._name,
            field=parent.name,
        )

    def _check_rule(self: Any, operation: str) -> None:
        """The records must (still) be among those the user may `operation`."""
        env = self.env
        if env.su:
            return
        rule = env.access.rule(self._name, operation)
        if rule is None or not self._ids:
            return
        found = {
            r[0] for r in env.execute(sa.select(self.table.c.id).where(self.table.c.id.in_(self._ids), self._rule_clause(rule)))
        }
        refused = [i for i in self._ids if i not in found]
        if refused:
            raise AccessError(
                _("You are not allowed to %(operation)s these %(model)s records: %(ids)s. Ask an administrator for the right.",
                  operation=operation, model=self._model_title(), ids=", ".join(map(str, refused))),
                model=self._name, ids=refused,
            )  # fmt: skip

    def check_outside(self: Any, operation: str, lock: bool = False) -> Any:
        """Check a set whose ids came from outside: they exist behind the wall, and the user may `operation` them. One query for
        the rows.

        :param lock: lock the rows as well, so that of two calls about the same document the second sees what the first did.
        :raises MissingError: :raises AccessError:
        """
        env = self.env
        if not env.su:
            env.access.check(self._name, operation)
        if self._ids and lock:
            self.lock()
            self._check_rule(operation)
        elif self._ids:
            probe = env.transaction.values[(self._name, "create_date")]
            unknown = [i for i in self._ids if i not in probe]
            if unknown:
                self._fetch_rows(unknown)
                gone = [i for i in unknown if i not in probe]
                if gone:
                    from server.model.records import missing

                    raise missing(env, self._name, gone)
            self._check_rule(operation)
        return self

    # -- unlink, copy, lock -----------------------------------------------------------------------------------------
    def unlink(self: Any) -> bool:
        """Delete the records; those already gone are no error. Extensions override it.

        :raises ValidationError: when other records still need them.
        """
        env = self.env
        txn = env.transaction
        self._guard_write()
        self._check_rule("unlink")
        env.hooks.record_deleting(env=env, records=self)
        names = {r._ids[0]: r.display_name for r in self} if self._history else {}
        mark_modified(self, [n for n in self._fields if n != "id"])
        dirty = txn.dirty.get(self._name)
        for id in self._ids:
            if dirty:
                dirty.pop(id, None)
        if dirty is not None and not dirty:
            del txn.dirty[self._name]
        for key in [k for k in txn.pending if k[0] == self._name]:
            txn.pending[key].difference_update(self._ids)
            if not txn.pending[key]:
                del txn.pending[key]
        txn_pending_writes(env)
        from server.models.ir_model_data import records_deleted

        records_deleted(env, self._name, list(self._ids))
        env.run(self.table.delete().where(self.table.c.id.in_(self._ids)))
        txn.clear()
        if self._reference:
            txn.reference_touched = True
        if self._history:
            history.deleted(self, names)
        return True

    def copy_data(self: Any, default: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Values to create a duplicate of each record: fields with `copy`, one2many lines included where the field says so."""
        given = self._normalise(default or {})
        answer = []
        for record in self:
            vals: dict[str, Any] = {}
            for field in self._fields.values():
                if (
                    not field.copy
                    or field.name in AUTOMATIC
                    or field.name in given
                    or (field.computed and not field.related)
                    or field.inherited_from
                ):
                    continue
                if field.related:
                    continue
                value = record._raw(field)
                if isinstance(field, One2many):
                    lines = self.env[field.comodel].browse(value)
                    vals[field.name] = [
                        (0, 0, {k: v for k, v in line.items() if k != field.inverse_name}) for line in lines.copy_data()
                    ]
                elif isinstance(field, Many2many):
                    vals[field.name] = [(6, 0, list(value))]
                elif value is not None:
                    vals[field.name] = value
            answer.append({**vals, **given})
        return answer

    @action
    def copy(self: Any, default: dict[str, Any] | None = None) -> Any:
        """Duplicates of the records, with `default` values over theirs."""
        if not self.env.su:
            self.check_outside("read")
        return self.create(self.copy_data(default))

    def lock(self: Any) -> Any:
        """Lock the rows (in id order, waiting for others), refresh their cached values, and return the set.

        :raises MissingError: when one is gone.  :raises LockError: when another transaction holds one too long.
        """
        env = self.env
        txn = env.transaction
        if not self._ids or all((self._name, i) in txn.locked for i in self._ids):
            return self
        env.flush_for((self._name,))
        fields = self._row_fields
        statement, params = self._select_rows(fields, sorted(self._ids))
        if txn.dialect == "postgresql":
            key = ("lock", self._name, env.translation_lang)
            locking = self.models.plans.get(key)
            if locking is None:
                locking = self.models.plans[key] = statement.order_by(self.table.c.id).with_for_update(of=self.table)
            statement = locking
        try:
            rows = env.run(statement, params).all()
        except sa.exc.OperationalError as error:
            if "lock timeout" in str(error):
                raise LockError(
                    _("%(model)s is being changed by somebody else. Wait a moment and try again.", model=self._model_title())
                ) from error
            raise
        for field in self._fields.values():
            if field.name != "id":
                values = txn.values.get(field.cache_key(env))
                if values:
                    for id in self._ids:
                        values.pop(id, None)
        self._store_rows(rows, fields)
        found = {r[0] for r in rows}
        gone = [i for i in self._ids if i not in found]
        if gone:
            from server.model.records import missing

            raise missing(env, self._name, gone)
        txn.locked.update((self._name, i) for i in found)
        return self

    def search_locked(self: Any, domain: Any, order: str | None = None) -> Any:
        """`search` and `lock` in one statement: the matching rows, locked in `order` (default: by id) and fresh in the cache."""
        env = self.env
        txn = env.transaction
        env.flush_for(involved(self, parse(domain)))
        fields = self._row_fields
        statement = sa.select(self.table.c.id, *self._columns(self.table, fields)).where(*self._clauses(domain))
        statement = ordered(self, statement, self.table, order or "id")
        if txn.dialect == "postgresql":
            statement = statement.with_for_update(of=self.table)
        rows = env.run(statement).all()
        for field in fields:
            values = txn.values.get(field.cache_key(env))
            if values:
                for row in rows:
                    values.pop(row[0], None)
        self._store_rows(rows, fields)
        txn.locked.update((self._name, r[0]) for r in rows)
        return self.browse([r[0] for r in rows])


def txn_pending_writes(env: Any) -> None:
    """Write what is pending before rows disappear under it."""
    if env.transaction.dirty:
        for model in list(env.transaction.dirty):
            flushing.write_rows(env, model, env.transaction.dirty.pop(model))


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


def as_json(value: Any) -> Any:
    """A company-dependent value inside its JSON column: decimals and dates as text."""
    return value if value is None or isinstance(value, (bool, int, str, list, dict)) else str(value)


def wrap(cls: Any) -> None:
    """Give a composed class the outermost `create`, `write` and `unlink`: rights, and values made Python values before any
    override sees them.
    """

    @action(model=True)
    def create(self: Any, vals_list: Any) -> Any:
        """Create a record from a mapping, or one per mapping of a list."""
        if isinstance(vals_list, dict):
            vals_list = [vals_list]
        elif not isinstance(vals_list, (list, tuple)):
            raise FieldError(
                f"Invalid values for {self._name}: {str(vals_list)[:80]!r} is neither a mapping nor a list of mappings."
            )
        if not self.env.su:
            self.env.access.check(self._name, "create")
        return super(cls, self).create([self._normalise(v) for v in vals_list])

    @action
    def write(self: Any, vals: dict[str, Any]) -> bool:
        """Set values on the records; true."""
        if not self.env.su:
            self.env.access.check(self._name, "write")
        return super(cls, self).write(self._normalise(vals))  # type: ignore[no-any-return]

    @action
    def unlink(self: Any) -> bool:
        """Delete the records; true, also when already gone."""
        if not self.env.su:
            self.env.access.check(self._name, "unlink")
        alive = self.exists()  # what is gone, or never was on this side of the wall, is no error
        return super(cls, alive).unlink() if alive else True  # type: ignore[no-any-return]

    for function in (create, write, unlink):
        setattr(cls, function.__name__, function)
