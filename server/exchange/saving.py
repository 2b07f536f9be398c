"""Saving the records of a table: new ones in one create, changed ones in groups, unchanged ones not at all. When a set is
refused, its halves are tried, until the rows at fault are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from server.errors import AccessError, FieldError, LockError, UserError
from server.exchange.cells import Cells
from server.exchange.finder import Finder, register
from server.exchange.report import Report
from server.exchange.rows import Item
from server.model.fields import Field
from server.model.relational import One2many, ToMany
from server.model.savepoint import savepoint
from server.model.together import together
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment


class Saving:
    """Saves items whose values are read. Everything happens inside a savepoint that `load` undoes when anything was wrong."""

    def __init__(self, env: Environment, model: str, finder: Finder, cells: Cells, report: Report) -> None:
        self.env = env
        self.records = env[model]
        self.finder = finder
        self.cells = cells
        self.report = report
        #: what external ids named before anything was saved
        self.known = dict(finder.xmlids)
        #: {id of an item: {one2many field: ids}}: the lines that updated records had before
        self.before: dict[int, dict[str, frozenset[int]]] = {}

    def save(self, items: list[Item]) -> None:
        """Save all that can be saved; records that name others of the table come after them."""
        left = [item for item in items if not item.failed and not item.skipped]
        while left and not self.report.full:
            ready = [item for item in left if not any(each.waits for each in item.walk())]
            if not ready:
                self._blame_waiting(left, {id(each) for item in items if item.failed or item.skipped for each in item.walk()})
                return
            self._save(ready)
            done = {id(item) for item in ready}
            left = [item for item in left if id(item) not in done]
            if left:
                self.cells.settle(left)

    def _blame_waiting(self, items: list[Item], failed: set[int]) -> None:
        """What still waits names nothing, waits in a circle, or for a record that failed and was told of already."""
        for item in items:
            for each in item.walk():
                for name, value in each.waits.items():
                    column = next(c for c in each.level.columns if c.field is not None and c.field.name == name)
                    field = column.field
                    assert field is not None
                    for one in value if isinstance(value, list) else [value]:
                        text = getattr(one, "text", "")
                        origin = self.cells.inside.get(text) if getattr(one, "kind", "") == "id" else None
                        if origin is None and getattr(one, "kind", "") == "id":
                            continue
                        if origin is not None:
                            if id(origin) in failed:
                                continue
                            problem = _(
                                "this record and row %(row)s need each other, so neither can be saved first. Import one of them "
                                "without the link.",
                                row=origin.first + 1,
                            )
                        elif failed:
                            continue
                        else:
                            problem = Cells.unnamed(field.comodel)
                        self.report.cell(each, column, each.cells[column.index], problem)
            item.failed = True

    def _save(self, items: list[Item]) -> None:
        for operation, batch, save in (
            ("create", [item for item in items if item.id is None], self._create),
            ("write", [item for item in items if item.id is not None], self._update),
        ):
            if not batch:
                continue
            try:
                if not self.env.su:
                    self.env.access.check(self.records._name, operation)
            except AccessError as error:  # the same for all rows: told once
                self.report.item(batch[0], error)
                for item in batch:
                    item.failed = True
                continue
            self._attempt(batch, save)

    def _attempt(self, batch: list[Item], save: Callable[[list[Item]], None]) -> None:
        """Save a batch; when it is refused, its halves."""
        waiting = [batch]
        while waiting and not self.report.full:
            part = waiting.pop()
            before = [(each, each.id) for item in part for each in item.walk()]
            try:
                with savepoint(self.env), together(self.records.browse([item.id for item in part if item.id is not None])):
                    save(part)
            except LockError:
                raise
            except (UserError, FieldError) as error:
                for each, id in before:
                    each.id = id
                    if each.xmlid and each.xmlid not in self.known:
                        self.finder.xmlids.pop(each.xmlid, None)
                if len(part) == 1:
                    self.report.item(part[0], error)
                else:
                    middle = len(part) // 2
                    waiting += [part[middle:], part[:middle]]

    # -- new records -----------------------------------------------------------------------------------------------------
    def _create(self, items: list[Item]) -> None:
        made = self.records.create([self._vals(item) for item in items])
        for item, id in zip(items, made._ids, strict=True):
            item.id = id
        self._after(items)

    def _vals(self, item: Item) -> dict[str, Any]:
        """Values of a new record, its lines included."""
        vals = dict(item.values)
        for name, lines in item.lines.items():
            commands: list[Any] = []
            for line in lines:
                commands += [(4, id, 0) for id in line.links]
                if line.level.only_links():
                    continue
                if line.id is None:
                    commands.append((0, 0, self._vals(line)))
                else:
                    commands += [(4, line.id, 0), (1, line.id, self._vals(line))]
            if commands:
                vals[name] = commands
        return vals

    # -- records that exist ----------------------------------------------------------------------------------------------
    def _update(self, items: list[Item]) -> None:
        records = self.records.browse([item.id for item in items])
        records.lock()
        records._reachable()
        groups: dict[str, tuple[dict[str, Any], list[int]]] = {}
        for item, record in zip(items, [records._with_ids((item.id,)) for item in items], strict=True):
            vals = self._changes(item, record)
            if vals:
                groups.setdefault(repr(sorted(vals.items())), (vals, []))[1].append(record._ids[0])
        for vals, ids in groups.values():
            records._with_ids(tuple(ids)).write(vals)
        self._after(items)

    def _changes(self, item: Item, record: Any) -> dict[str, Any]:
        """What a record has otherwise than the table says."""
        vals = {name: value for name, value in item.values.items() if not same(record, record._fields[name], value)}
        for name, lines in item.lines.items():
            commands = self._line_changes(item, record, name, lines)
            if commands:
                vals[name] = commands
        return vals

    def _line_changes(self, item: Item, record: Any, name: str, lines: list[Item]) -> list[Any]:
        if not lines:
            return []
        field = record._fields[name]
        existing = record.with_context(active_test=False)[name]
        there = set(existing._ids)
        self.before.setdefault(id(item), {})[name] = frozenset(there)
        free = [line for line in existing if line._ids[0] not in {each.id for each in lines}]
        commands: list[Any] = []
        for line in lines:
            commands += [(4, i, 0) for i in line.links if i not in there]
            if line.level.only_links():
                continue
            if line.id is not None:
                if line.id not in there:
                    commands += [(4, line.id, 0), (1, line.id, self._vals(line))]
                    continue
                changes = self._changes(line, existing._with_ids((line.id,)))
                if changes:
                    commands.append((1, line.id, changes))
                continue
            twin = None
            if not line.xmlid:  # a line without an id that is there already, value for value, is that line
                twin = next((each for each in free if not self._changes(line, each)), None)
            if twin is not None:
                free.remove(twin)
                line.id = twin._ids[0]
            else:
                commands.append((0, 0, self._vals(line)))
        assert isinstance(field, One2many)
        return commands

    # -- afterwards ------------------------------------------------------------------------------------------------------
    def _after(self, items: list[Item]) -> None:
        """Translations, the ids of new lines, and what the finder knows."""
        self._translate(self.records, items)
        self._note_lines(self.records, items)
        for item in items:
            for each in item.walk():
                if each.xmlid and each.id is not None:
                    self.finder.new(each.level.model, each.id, each.xmlid)

    def _translate(self, records: Any, items: list[Item]) -> None:
        for lang in dict.fromkeys(lang for item in items for lang in item.translations):
            there = records.browse([item.id for item in items]).with_context(lang=lang)
            for item in items:
                record = there._with_ids((item.id,))
                vals = {
                    name: value
                    for name, value in item.translations.get(lang, {}).items()
                    if not same(record, record._fields[name], value)
                }
                if vals:
                    record.write(vals)

    def _note_lines(self, records: Any, items: list[Item]) -> None:
        """Find out the ids of new lines that have external ids or translations, in the order in which they were made."""
        names = dict.fromkeys(
            name
            for item in items
            for name, lines in item.lines.items()
            if any(each.id is None and (each.xmlid or each.translations) for line in lines for each in line.walk())
            or any(line.translations for line in lines)
        )
        if not names:
            return
        self.env.flush()
        everything = records.browse([item.id for item in items]).with_context(active_test=False)
        for name in names:
            below: list[Item] = []
            for item in items:
                fresh = [line for line in item.lines.get(name, ()) if line.id is None and not line.level.only_links()]
                if not item.lines.get(name):
                    continue
                before = self.before.get(id(item), {}).get(name, frozenset())
                new = sorted(i for i in everything._with_ids((item.id,))[name]._ids if i not in before)
                own = [i for i in new if i not in {line.id for line in item.lines[name]}]
                if len(own) != len(fresh):
                    raise UserError(
                        _(
                            "The lines of %(field)s were changed while they were saved, so their external ids cannot be told "
                            "apart. Import the lines on their own.",
                            field=name,
                        )
                    )
                for line, made in zip(fresh, own, strict=True):
                    line.id = made
                below += item.lines[name]
            lines = self.env[records._fields[name].comodel]
            self._translate(lines, [line for line in below if line.id is not None])
            self._note_lines(lines, [line for line in below if line.id is not None])

    def register(self, items: list[Item]) -> None:
        """Give external ids to the records that have none under the name in the table."""
        names = [
            (each.xmlid, each.level.model, each.id)
            for item in items
            for each in item.walk()
            if each.xmlid and each.id is not None and self.known.get(each.xmlid) != (each.level.model, each.id)
        ]
        register(self.env, names, self.known.keys())


def same(record: Any, field: Field, value: Any) -> bool:
    """Whether a record has the value already."""
    if isinstance(field, ToMany):
        wanted = value[0][2] if value and value[0][0] == 6 else ()
        return set(wanted) == set(record.with_context(active_test=False)._raw(field) or ())
    have = record._raw(field)
    want = field.coerce(value, record.env)
    return bool((field.null if have is None else have) == (field.null if want is None else want))
