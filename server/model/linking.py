"""x2many commands: creating, changing, linking and unlinking the records behind one2many and many2many fields, set-wise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server import whereabouts
from server.errors import FieldError, UserError, ValidationError
from server.model import flush as flushing
from server.model.compute import mark_modified
from server.model.domain import names_in, parse
from server.model.fields import Field
from server.model.relational import Many2many, One2many, ToMany
from server.text import _

if TYPE_CHECKING:
    from collections.abc import Iterable


class Linking:
    """Mixin of `Records`: x2many commands."""

    __slots__ = ()

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
            try:
                if isinstance(field, One2many):
                    self._apply_one2many(field, pairs)
                else:
                    self._apply_many2many(field, pairs, created)
            except (FieldError, UserError) as error:
                self._point_into(error, name, pairs, relations)
                raise
            mark_modified(self.browse([r._ids[0] for r, _c in pairs]), (name,))

    def _point_into(self: Any, error: FieldError | UserError, name: str, pairs: Any, relations: list[dict[str, Any]]) -> None:
        """An error in a command: its first step is the place in `pairs`, and becomes that among all records, and the field."""
        where = whereabouts.of(error)
        if where is None or where.sealed or not where.steps:
            whereabouts.lift(error, *((0, name) if len(pairs) == 1 == len(relations) else ()), keep=False)
            return
        with_commands = [index for index, given in enumerate(relations) if given.get(name)]
        where.steps = (with_commands[int(where.steps[0])], name, *where.steps[1:])

    def _apply_one2many(self: Any, field: One2many, pairs: list[tuple[Any, Any]]) -> None:
        target = self.env[field.comodel]
        inverse = field.inverse_name
        deletes = target._fields[inverse].required or target._fields[inverse].ondelete == "cascade"
        new: list[dict[str, Any]] = []
        origins: list[tuple[int, ...]] = []
        for place, (record, commands) in enumerate(pairs):
            own: list[dict[str, Any]] = []  # made at the end, all in one go: what comes after must hold for them too
            own_at: list[tuple[int, ...]] = []
            number = code = 0
            try:
                for number, (code, id, argument) in enumerate(commands):
                    if code == 0:
                        own.append({**argument, inverse: record._ids[0]})
                        own_at.append((place, number, 2))
                    elif code == 1:
                        line = target.browse([id])._reachable()
                        if line._raw(target._fields[inverse]) != record._ids[0]:
                            raise ValidationError(
                                _(
                                    "Record %(id)s of %(model)s is no line of %(parent)s. Use its own lines.",
                                    id=id,
                                    model=field.comodel,
                                    parent=record.display_name,
                                ),
                                model=field.comodel,
                                ids=[id],
                            )
                        line.write(argument)
                    elif code == 2:
                        target.browse([id]).unlink()
                    elif code == 3:
                        self._detach(target.browse([id])._reachable(), inverse)
                    elif code == 4:
                        target.browse([id])._reachable().write({inverse: record._ids[0]})
                    else:
                        current = field.__get__(record)
                        wanted = target.browse(argument if code == 6 else ())
                        self._detach((current - wanted)._reachable(), inverse)
                        (wanted - current)._reachable().write({inverse: record._ids[0]})
                        if deletes:
                            own, own_at = [], []
                        else:
                            own = [{**vals, inverse: None} for vals in own]
            except (FieldError, UserError) as error:
                lift_from_command(error, place, number, code)
                raise
            new += own
            origins += own_at
        if new:
            try:
                target.create(new)
            except (FieldError, UserError) as error:
                whereabouts.lift(error, index=origins)
                raise

    def _reachable(self: Any) -> Any:
        """These records, named in a command: the user may change them as they are now, not only as the command makes them.

        :raises AccessError: when not.
        """
        if not self.env.su and self._ids:
            self.env.access.check(self._name, "write")
            self._check_rule("write")
        return self

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
        visible = self.browse([r._ids[0] for r, _c in pairs])
        everything = visible.with_context(active_test=False) if "active" in target._fields else visible
        fresh: list[tuple[int, dict[str, Any], bool]] = []
        origins: list[tuple[int, ...]] = []
        add: list[tuple[int, int]] = []
        remove: list[tuple[int, int]] = []
        for place, (record, commands) in enumerate(pairs):
            id = record._ids[0]
            before = () if created else everything._with_ids((id,))._raw(field) or ()  # archived ones are linked, too
            seen = () if created else visible._with_ids((id,))._raw(field) or ()
            hidden = dict.fromkeys(i for i in before if i not in seen)
            after = dict.fromkeys(before)
            own: list[tuple[int, dict[str, Any], bool]] = []
            number = code = 0
            try:
                for number, (code, other, argument) in enumerate(commands):
                    if code == 0:
                        own.append((id, argument, True))
                        origins.append((place, number, 2))
                    elif code == 1:
                        target.browse([other])._reachable().write(argument)
                    elif code == 2:
                        after.pop(other, None)
                        target.browse([other]).unlink()
                    elif code == 3:
                        after.pop(other, None)
                    elif code == 4:
                        after[other] = None
                    else:
                        after = {**hidden, **dict.fromkeys(argument if code == 6 else ())}
                        own = [(i, vals, False) for i, vals, _linked in own]
            except (FieldError, UserError) as error:
                lift_from_command(error, place, number, code)
                raise
            fresh += own
            add += [(id, o) for o in after if o not in before]
            remove += [(id, o) for o in before if o not in after]
            values[id] = tuple(o for o in after if o not in hidden)
        if fresh:
            try:
                created_now = target.create([vals for _i, vals, _l in fresh])
            except (FieldError, UserError) as error:
                whereabouts.lift(error, index=origins)
                raise
            for (id, _vals, linked), made in zip(fresh, created_now, strict=True):
                if linked:
                    add.append((id, made._ids[0]))
                    values[id] = (*values[id], made._ids[0])
        relation, one, two = field.names()
        table = txn.registry.metadata.tables[relation]
        if txn.capture is not None and (add or remove):
            txn.capture.linking(env, field, add, remove)
        if remove:
            for id in {m for m, _o in remove}:
                env.run(table.delete().where(table.c[one] == id, table.c[two].in_([o for m, o in remove if m == id])))
        if add:
            try:
                self._check_linked(field, target, {o for _m, o in add})
            except ValidationError as error:
                gone = error.data["value"]
                places = {record._ids[0]: place for place, (record, _c) in enumerate(pairs)}
                whereabouts.at(error, next(places[m] for m, o in add if o in gone))
                raise
            flushing.insert_plain(env, table, [{one: m, two: o} for m, o in add])
        if add or remove:
            for key in {field.key, (*field.key, "all")} - {field.cache_key(env)}:
                for id in {m for m, _o in (*add, *remove)}:
                    txn.values[key].pop(id, None)
            mirrored = [
                f for f in target._fields.values() if isinstance(f, Many2many) and not f.computed and f.names()[0] == relation
            ]
            for mirror in mirrored:
                for key in (mirror.key, (*mirror.key, "all")):
                    txn.values.pop(key, None)
                if mirror is not field:
                    mark_modified(target.browse([o for _m, o in (*add, *remove)]), (mirror.name,))
            if field in mirrored:  # a model linked to itself by one field: what was just put together is still true
                for id in {r._ids[0] for r, _c in pairs}:
                    txn.values[field.cache_key(env)].pop(id, None)
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

    @classmethod
    def _lists(cls: Any) -> dict[str, list[ToMany]]:
        """{field: the lists of other models whose members it decides}: `active`, and what the domain of a one2many names."""
        found = cls._list_cache
        if found is None:
            found = {}
            for other in cls.models.classes.values():
                for field in other._fields.values():
                    if isinstance(field, ToMany) and field.comodel == cls._name and not field.computed:
                        names = names_in(parse(field.domain)) if isinstance(field, One2many) and field.domain else set()
                        for name in {"active", *names} & cls._fields.keys():
                            found.setdefault(name, []).append(field)
            cls._list_cache = found
        return found  # type: ignore[no-any-return]

    def _drop_lists(self: Any, field: Field, ids: Iterable[int]) -> None:
        """A value decides in which lists the records are: forget those of their parents."""
        values = self.env.transaction.values
        for each in self._lists().get(field.name, ()):
            for key in (each.key, (*each.key, "all")):
                cached = values.get(key)
                if not cached:
                    continue
                parents = values.get((self._name, each.inverse_name), {}) if isinstance(each, One2many) else {}
                if all(i in parents for i in ids):
                    for id in ids:
                        cached.pop(parents[id], None)
                else:
                    cached.clear()

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


def lift_from_command(error: FieldError | UserError, place: int, number: int, code: int) -> None:
    """An error while command `number` of record `place` was carried out: in its values, in its id, or in the list of ids."""
    if code == 1:
        whereabouts.lift(error, place, number, 2)
    elif code in (5, 6):  # a bare list of ids means 6 as well
        whereabouts.lift(error, place, keep=False)
    else:
        whereabouts.lift(error, place, number, keep=False)
