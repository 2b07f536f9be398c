"""Creating, writing and deleting: the half of a record set that changes data.

Writes go to the transaction's cache and leave with the next flush, set-wise. `create` is one INSERT for all its records: what the
compute methods of stored fields can know beforehand is computed first, on temporary (negative) ids, so that rows are born
complete.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from server import whereabouts
from server.errors import AccessError, FieldError, MissingError, UserError
from server.model import flush as flushing
from server.model import history
from server.model.compute import mark, mark_modified, touched_by
from server.model.decorators import action
from server.model.fields import AUTOMATIC, Field
from server.model.relational import Many2many, Many2one, One2many, ToMany, normalise_commands
from server.model.scalars import Selection, as_json
from server.text import _

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
        cls._blank_row = {f.name: None for f in cls._columns_written}
        cls._with_default = [f for f in fields.values() if f.default is not None or f.name == "company_id"]
        cls._required = [f for f in fields.values() if f.required and f.stored]
        cls._early_cache = None
        cls._inverse_cache = None
        cls._list_cache = None
        cls._constraint_cache = None
        wrap(cls)

    def _normalise(self: Any, vals: Any) -> dict[str, Any]:
        """Values as Python values under the fields' own names: aliases resolved, wire forms converted, commands complete, nested
        ones too.

        :raises FieldError: unknown field or wrong value.  :raises AccessError: a field that is hidden from the user.
        """
        if not isinstance(vals, dict):
            raise FieldError(
                f"Invalid values for {self._name}: {str(vals)[:80]!r} is not a mapping of field names to values.",
                model=self._name,
            )
        env = self.env
        clean: dict[str, Any] = {}
        name: Any = None
        try:
            for name, value in vals.items():
                field = self._fields.get(self._aliases.get(name, name)) if isinstance(name, str) else None
                if field is None:
                    raise FieldError(
                        f"Invalid field '{str(name)[:80]}' on model '{self._name}'", model=self._name, field=str(name)[:80]
                    )
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
                    clean[field.name] = self._normalise_commands(field, value)
                elif isinstance(field, Selection) and isinstance(value, (str, bool, type(None))):  # older keys are the addon's
                    clean[field.name] = None if value is False or value == "" else value
                else:
                    clean[field.name] = field.coerce(value, env)
        except (FieldError, UserError) as error:
            whereabouts.at(error, str(name))
            raise
        return clean

    def _normalise_commands(self: Any, field: ToMany, value: Any) -> list[tuple[int, Any, Any]]:
        """The x2many commands of `value` complete, the values in them made Python values too."""
        target = self.env[field.comodel]
        commands = normalise_commands(field, value)
        for index, (code, id, vals) in enumerate(commands):
            if code in (0, 1):
                try:
                    commands[index] = (code, id, target._normalise(vals))
                except (FieldError, UserError) as error:
                    whereabouts.at(error, *((index,) if isinstance(value[index], dict) else (index, 2)))
                    raise
        return commands

    # -- defaults ---------------------------------------------------------------------------------------------------

    # -- create -----------------------------------------------------------------------------------------------------

    # -- write ------------------------------------------------------------------------------------------------------
    def write(self: Any, vals: dict[str, Any]) -> bool:
        """Set values on all records. Extensions override it."""
        env = self.env
        if not self._ids or not vals:
            return True
        stored: dict[str, Any] = {}
        relations: dict[str, Any] = {}
        indirect: dict[str, Any] = {}
        try:
            for name, value in vals.items():
                field = self._fields.get(name) or self._field(name)
                if field.name in AUTOMATIC:
                    continue
                if isinstance(field, ToMany) and not field.computed:
                    relations[field.name] = normalise_commands(field, value)
                elif field.stored:
                    stored[field.name] = field.coerce(value, env)
                elif field.inverse or field.related:
                    indirect[field.name] = value
        except FieldError as error:
            whereabouts.at(error, name)
            raise
        self._guard_write()
        self._check_rule_before([*stored, *relations, *indirect])
        changed: set[str] = set()
        if stored:
            changed.update(self._write_columns(stored))
        if relations:
            try:
                self._apply_relations(self, [relations] * len(self._ids), created=False)
            except (FieldError, UserError) as error:
                whereabouts.without_first(error)  # the commands are the same for every record
                raise
            changed.update(relations)
        if indirect:
            self._write_indirect(indirect)
            changed.update(indirect)
        if changed:
            self._validate(changed)
            self._check_rule_after("write")
            env.hooks.record_written(env=env, records=self, vals=vals)
            happened(self, "write", changed)
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
            if field.translate:
                self._drop_other_languages(field, ids)
                if env.translation_lang:
                    if field.tracking:
                        history.remember(self, field, ids)
                    self._write_translation(field, ids, value)
                    touched_by(touched, (field.name,))  # what is not stored is shown anew; what is stored keeps the source's text
                    continue
            before = touched_by(touched, (field.name,)) if isinstance(field, Many2one) else {}
            if isinstance(field, Many2one):
                self._drop_inverses(field, ids, value)
                if txn.together is not None:
                    txn.together.forget(field.key)
            if field.tracking:
                history.remember(self, field, ids)
            rows = txn.dirty.setdefault(self._name, {})
            for id in ids:
                values[id] = value
                self._put_pending(rows.setdefault(id, {}), field, value)
            self._drop_lists(field, ids)
            waiting = txn.pending.get(field.key)
            if waiting and field.key not in txn.computing:  # a value given by hand wins over a waiting computation
                waiting.difference_update(ids)
                if not waiting:
                    del txn.pending[field.key]
            mark(touched, before)
            mark_modified(touched, (field.name,))
        if self._reference and changed:
            txn.reference_touched = True
        return changed

    def _drop_other_languages(self: Any, field: Field, ids: Iterable[int]) -> None:
        """What other languages show may be the text that is being changed."""
        values = self.env.transaction.values
        own = field.cache_key(self.env)
        for key in [k for k in values if k[:2] == field.key and k != own]:
            for id in ids:
                values[key].pop(id, None)

    def _write_translation(self: Any, field: Field, ids: Iterable[int], value: Any) -> None:
        """A translated value goes to ir.translation; the source text stays."""
        env = self.env
        if env.transaction.capture is not None:
            env.transaction.capture.touching(env, self._name, ids, field.name)
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
        name = ""
        try:
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
        except (FieldError, UserError) as error:
            whereabouts.lift(error, name, keep=False)
            raise

    def _assign(self: Any, field: Field, value: Any) -> None:
        """Attribute assignment: a compute method's result, or a write."""
        txn = self.env.transaction
        if field.name == "id":
            raise AttributeError("id is given by the database")
        if field.key in txn.computing or (field.computed and not field.stored and not field.inverse and not field.related):
            self._put(field, value)
            return
        if any(i < 0 for i in self._ids):
            if txn.drafts is not None:
                txn.drafts.assign(self, field, value)
                return
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

    # -- checks -----------------------------------------------------------------------------------------------------

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
        happened(self, "unlink")
        names = {r._ids[0]: r.display_name for r in self} if self._history else {}
        touched = self._touched_by_unlink()
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
        if txn.capture is not None:
            txn.capture.deleting(env, self._name, list(self._ids))
        from server.models.ir_model_data import records_deleted

        records_deleted(env, self._name, list(self._ids))
        env.run(self.table.delete().where(self.table.c.id.in_(self._ids)))
        txn.clear()
        mark(self, touched)
        if self._reference:
            txn.reference_touched = True
        if self._history:
            history.deleted(self, names)
        return True

    def _touched_by_unlink(self: Any) -> dict[tuple[str, str], set[int]]:
        """What to compute anew when these records are gone.

        Links that the database empties (many2one `set null`, many2many) are changes of whoever has them.
        """
        env = self.env
        by_field = self.models.triggers.by_field
        found = touched_by(self, [n for n in self._fields if n != "id"])
        for other in self.models.classes.values():
            for field in other._fields.values():
                if field.comodel != self._name or field.computed or field.company_dependent or field.key not in by_field:
                    continue
                emptied = (
                    field.stored and field.ondelete == "set null" if isinstance(field, Many2one) else isinstance(field, Many2many)
                )
                if emptied and any(t.field.stored for t in by_field[field.key]):
                    model = env.root[other._name].with_context(active_test=False)
                    for key, ids in touched_by(model.search([(field.name, "in", list(self._ids))]), (field.name,)).items():
                        found.setdefault(key, set()).update(ids)
        return {key: left for key, ids in found.items() if (left := ids.difference(self._ids) if key[0] == self._name else ids)}

    @action(readonly=True, access="read")
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
            for link in self._inherits.values():  # a duplicate delegates to a record of its own
                if link not in given and vals.pop(link, None) is not None:
                    behind = record._many2one(self._fields[link]).copy_data()[0]
                    vals.update({n: v for n, v in behind.items() if n in self._fields and self._fields[n].inherited_from == link})
            answer.append({**vals, **given})
        return answer

    @action
    def copy(self: Any, default: dict[str, Any] | None = None) -> Any:
        """Duplicates of the records, with `default` values over theirs."""
        if not self.env.su:
            self.check_outside("read")
        return self.create(self.copy_data(default))


def happened(records: Any, event: str, names: Iterable[str] = ()) -> None:
    """Run the automations of an event (create, write, unlink); costs a look into a dictionary when the model has none."""
    known = records.env.transaction.automations
    if known is None or records._name in known:
        from server.models import base_automation

        base_automation.happened(records, event, names)


def txn_pending_writes(env: Any) -> None:
    """Write what is pending before rows disappear under it."""
    if env.transaction.dirty:
        for model in list(env.transaction.dirty):
            flushing.write_rows(env, model, env.transaction.dirty.pop(model))


def point_at_link(records: Any, error: FieldError | UserError, rows: list[dict[str, Any]]) -> bool:
    """Whether a record that was missed is one that `rows` link to; then the error is at that link."""
    if not isinstance(error, MissingError) or whereabouts.of(error) is not None:
        return False
    model, gone = error.data.get("model"), error.data.get("ids") or ()
    for index, row in enumerate(rows):
        found = link_in(records, row, model, gone)
        if found is not None:
            field, value, steps = found
            whereabouts.at(error, index, *steps)
            error.data.update(model=field.model_name, field=field.name, value=value, missing=model)
            del error.data["ids"]
            return True
    return False


def link_in(records: Any, row: dict[str, Any], model: Any, ids: Any) -> tuple[Field, Any, tuple[Any, ...]] | None:
    """The first many2one of `row`, or of the lines in it, that links to one of `ids` of `model`: field, id, and steps to it."""
    for name, value in row.items():
        field = records._fields.get(name)
        if isinstance(field, Many2one):
            if field.comodel == model and value in ids:
                return field, value, (name,)
        elif isinstance(field, ToMany) and isinstance(value, list):
            for number, (code, _id, vals) in enumerate(value):
                found = link_in(records.env[field.comodel], vals, model, ids) if code in (0, 1) else None
                if found is not None:
                    return *found[:2], (name, number, 2, *found[2])
    return None


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
        rows: list[dict[str, Any]] = []
        try:
            for vals in vals_list:
                rows.append(self._normalise(vals))
        except (FieldError, UserError) as error:
            whereabouts.at(error, len(rows))
            whereabouts.seal(error)
            raise
        try:
            defaults = self._context_defaults()
            if not defaults:
                made = super(cls, self).create(rows)
            else:
                # They are values like those given, for these records alone: not for what is created along with them.
                bare = self.with_context({k: v for k, v in self.env.context.items() if not k.startswith("default_")})
                made = super(cls, bare).create([{**defaults, **row} for row in rows]).with_env(self.env)
            happened(made, "create")
            return made
        except (FieldError, UserError) as error:
            point_at_link(self, error, rows)
            whereabouts.seal(error, len(rows))
            raise

    @action
    def write(self: Any, vals: dict[str, Any]) -> bool:
        """Set values on the records; true."""
        if self.env.transaction.drafts is not None and any(i < 0 for i in self._ids):
            for name, value in vals.items():
                self.env.transaction.drafts.assign(self, self._field(name), value)
            return True
        if not self.env.su:
            self.env.access.check(self._name, "write")
        row: dict[str, Any] = {}
        try:
            row = self._normalise(vals)
            return super(cls, self).write(row)  # type: ignore[no-any-return]
        except (FieldError, UserError) as error:
            if point_at_link(self, error, [row]):
                whereabouts.without_first(error)
            whereabouts.seal(error)
            raise

    @action
    def unlink(self: Any) -> bool:
        """Delete the records; true, also when already gone."""
        if not self.env.su:
            self.env.access.check(self._name, "unlink")
        # What is gone, or never was on this side of the wall, is no error. The rest are siblings of each other from here on: what
        # led to them may be gone already.
        alive = self.browse(self.exists()._ids)
        return super(cls, alive).unlink() if alive else True

    for function in (create, write, unlink):
        setattr(cls, function.__name__, function)
    for klass in cls.__mro__:
        if klass.__module__.startswith("server.model."):
            continue
        for name, value in list(vars(klass).items()):
            mark = getattr(value, "__colca_action__", None)
            if mark is not None and not mark["readonly"] and not mark["model"] and name not in vars(cls):
                setattr(cls, name, noticed(getattr(cls, name), name))


def noticed(function: Any, name: str) -> Any:
    """A public method of a composed class that leaves a note when it returned, for the webhooks that wait for it: outermost, so
    that it is noted once, whoever calls it.
    """

    @functools.wraps(function)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = function(self, *args, **kwargs)
        capture = self.env.transaction.capture
        if capture is not None:
            capture.acted(self.env, self._name, name, self._ids)
        return result

    return call
