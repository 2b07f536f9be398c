"""From cells to values, a column at a time: what all rows of a column name is looked for together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError
from server.exchange.columns import DBID, VALUE, XMLID, Column, Level
from server.exchange.finder import Finder, Many, complete, split_names
from server.exchange.report import Report, shown
from server.exchange.rows import Item, empty
from server.exchange.words import Unreadable, reader
from server.model.relational import Many2one, ToMany
from server.text import Text, _

if TYPE_CHECKING:
    from server.model.environment import Environment


class Cells:
    """Fills the items of a table with values; what cannot be read goes to the report.

    Keys of the context: `name_create_enabled_fields` (paths of links that may be created by name), `import_set_empty_fields`
    (paths left empty when the value is unknown), `import_skip_records` (paths whose unknown value passes over the record).
    """

    def __init__(self, env: Environment, finder: Finder, report: Report) -> None:
        self.env = env
        self.finder = finder
        self.report = report
        self.inside: dict[str, Item] = {}
        self.models: set[str] = set()
        #: ids of records that external ids name and that are on the other side of the wall, by model
        self._elsewhere: dict[str, set[int]] = {}
        context = env.context
        self.creating = _paths(context.get("name_create_enabled_fields"))
        self.emptying = _paths(context.get("import_set_empty_fields"))
        self.skipping = _paths(context.get("import_skip_records"))

    def read(self, top: Level, items: list[Item]) -> None:
        """Read all cells. Links to records of the table itself that are not there yet stay in `Item.waits`."""
        by_level: dict[int, list[Item]] = {}
        for item in items:
            for each in item.walk():
                by_level.setdefault(id(each.level), []).append(each)
        levels = [(level, by_level.get(id(level), [])) for level in top.walk()]
        self.models = {level.model for level, _items in levels}
        for level, own in levels:
            self._identify(level, own)
            for column in level.columns:
                self._gather(level, column, own)
        self._look()
        self._create_names(levels)
        for level, own in levels:
            self._recognise(level, own)
            for column in level.columns:
                if column.field is not None and not column.ignored:
                    self._assign(column, own)
            if level.only_links():
                for item in own:
                    self._link(item)
        for item in items:  # a line that is wrong is its record's fault
            for each in item.walk():
                item.failed = item.failed or each.failed
                item.skipped = item.skipped or each.skipped

    def _look(self) -> None:
        try:
            self.finder.look()
        except AccessError as error:
            self.report.everything(_("%(reason)s", reason=error.message))

    # -- the record's own ids --------------------------------------------------------------------------------------------
    def _identify(self, level: Level, items: list[Item]) -> None:
        """Read the ids that the rows give themselves."""
        for column in level.columns:
            if column.field is not None or level.only_links():
                continue
            for item in items:
                cell = item.cells[column.index]
                if empty(cell):
                    continue
                if column.kind == XMLID:
                    xmlid = complete(str(cell).strip())
                    if not _well_formed(xmlid):
                        self.report.cell(item, column, cell, _("this is no external id. Write `module.name` without spaces."))
                        continue
                    other = self.inside.get(xmlid)
                    if other is not None:
                        self.report.cell(
                            item,
                            column,
                            cell,
                            _("row %(row)s has the same external id. Each record needs one of its own.", row=other.first + 1),
                        )
                        continue
                    item.xmlid = xmlid
                    self.inside[xmlid] = item
                elif column.kind == DBID:
                    number = _number(cell)
                    if number is None:
                        self.report.cell(item, column, cell, _("this is no database id. Write a whole number."))
                    else:
                        item.id = number
        self.finder.want_xmlids(item.xmlid for item in items if item.xmlid)
        self.finder.want_ids(level.model, {item.id for item in items if item.id is not None})

    def _recognise(self, level: Level, items: list[Item]) -> None:
        """Tell which records exist already."""
        alive = self.finder.alive.get(level.model, ())
        columns = {column.kind: column for column in level.columns if column.field is None}
        for item in items:
            if item.id is not None and item.id not in alive:
                self.report.cell(item, columns[DBID], item.cells[columns[DBID].index], self._gone(level.model, _("database id")))
                continue
            if not item.xmlid:
                continue
            known = self.finder.xmlids.get(item.xmlid)
            if known is None:
                continue
            column = columns[XMLID]
            model, id = known
            if model != level.model:
                self.report.cell(
                    item,
                    column,
                    item.cells[column.index],
                    _("this external id belongs to a record of %(model)s. Choose another one.", model=model),
                )
            elif id not in alive:
                if self._exists_elsewhere(model, id):
                    self.report.cell(item, column, item.cells[column.index], self._gone(model, _("external id")))
            elif item.id is not None and item.id != id:
                self.report.cell(
                    item,
                    column,
                    item.cells[column.index],
                    _("this external id belongs to record %(id)s, and the row names another one by `.id`. Correct one.", id=id),
                )
            else:
                item.id = id

    def _exists_elsewhere(self, model: str, id: int) -> bool:
        """Whether a record that is out of reach is there all the same: on the other side of the company wall."""
        if not self.env[model]._walled_model:
            return False
        if model not in self._elsewhere:
            ids = {i for m, i in self.finder.xmlids.values() if m == model and i not in self.finder.alive.get(model, ())}
            table = self.env[model].table
            self._elsewhere[model] = {row[0] for row in self.env.execute(sa.select(table.c.id).where(table.c.id.in_(ids)))}
        return id in self._elsewhere[model]

    @staticmethod
    def _gone(model: str, what: Text) -> Text:
        return _(
            "there is no record of %(model)s with this %(what)s in the companies you work in. Correct it, or switch to the "
            "record's company.",
            model=model,
            what=what,
        )

    # -- what cells name -------------------------------------------------------------------------------------------------
    def _gather(self, level: Level, column: Column, items: list[Item]) -> None:
        """Tell the finder what the cells of a column name."""
        target = level.model if column.field is None and level.only_links() else column.field.comodel if column.field else ""
        if not target or column.ignored or column.lang:
            return
        texts = {_text(cell) for item in items if not empty(cell := item.cells[column.index])}
        several = column.field is None or isinstance(column.field, ToMany)
        if column.kind == XMLID:
            self.finder.want_xmlids(complete(name) for text in texts for name in _listed(text, several))
        elif column.kind == DBID:
            self.finder.want_ids(target, {n for text in texts for part in _listed(text, several) if (n := _number(part))})
        else:
            self.finder.want_names(target, texts)
            if several:
                self.finder.want_names(target, {name for text in texts for name in split_names(text)})

    def _create_names(self, levels: list[tuple[Level, list[Item]]]) -> None:
        """Make the records that may be created by name and are not there."""
        if not self.creating:
            return
        for level, items in levels:
            for column in level.columns:
                field = column.field
                if field is None or not field.comodel or column.kind != VALUE or column.path not in self.creating:
                    continue
                names = self.finder.names.setdefault(field.comodel, {})
                wanted: dict[str, None] = {}
                for item in items:
                    if not empty(cell := item.cells[column.index]) and _text(cell) not in names:
                        wanted.update(dict.fromkeys(split_names(_text(cell)) if isinstance(field, ToMany) else [_text(cell)]))
                model = self.env[field.comodel]
                for name in wanted:
                    if name not in names:
                        names[name] = model.name_create(name)[0]

    def _narrow(self, column: Column, items: list[Item]) -> dict[str, int | Many]:
        """Names that several records have, by those that the field takes: its domain decides between a tax on sales and one on
        purchases of the same name.
        """
        field = column.field
        domain = getattr(field, "domain", None)
        if field is None or column.kind != VALUE or not isinstance(domain, (list, tuple)) or not domain:
            return {}
        names = self.finder.names.get(field.comodel, {})
        texts = {_text(cell) for item in items if not empty(cell := item.cells[column.index])}
        if isinstance(field, ToMany):
            texts |= {name for text in list(texts) for name in split_names(text)}
        doubtful = {text: ids for text in texts if isinstance(ids := names.get(text), Many)}
        if not doubtful:
            return {}
        several = self.env.root[field.comodel].browse([id for ids in doubtful.values() for id in ids])
        taken = set(several.filtered_domain(list(domain))._ids)
        return {text: left[0] for text, ids in doubtful.items() if len(left := [id for id in ids if id in taken]) == 1}

    def _one(self, model: str, kind: str, text: str, chosen: Mapping[str, int | Many] = MappingProxyType({})) -> int | Waiting:
        """The id of what a cell names.

        :param chosen: answers for names that several records have.
        :raises Unreadable: when there is none, or several.
        """
        if kind == XMLID:
            xmlid = complete(text)
            found = self.finder.record(xmlid)
            if found is not None and found[0] == model:
                return found[1]
            here = self.inside.get(xmlid)
            if found is None and here is not None and here.level.model == model:
                return Waiting(kind, xmlid)
            if found is not None:
                raise Unreadable(
                    _("this external id belongs to a record of %(model)s, not of %(wanted)s.", model=found[0], wanted=model), True
                )
            raise Unreadable(
                _("no record of %(model)s has this external id. Correct it, or import that record first.", model=model), True
            )
        if kind == DBID:
            number = _number(text)
            if number is not None and number in self.finder.alive.get(model, ()):
                return number
            raise Unreadable(self._gone(model, _("database id")), True)
        named = chosen.get(text) or self.finder.names.get(model, {}).get(text)
        if isinstance(named, Many):
            raise Unreadable(
                _(
                    "%(count)s records of %(model)s have this name. Name the record by its external id (column `…/id`) or its "
                    "database id (column `…/.id`).",
                    count=len(named),
                    model=model,
                ),
                True,
            )
        if named is not None:
            return named
        if model in self.models:
            return Waiting(kind, text)
        raise Unreadable(self.unnamed(model), True)

    @staticmethod
    def unnamed(model: str) -> Text:
        """What is told of a name that nothing has."""
        return _(
            "no record of %(model)s has this name. Correct it, create the record first, or name it by its external id (column "
            "`…/id`).",
            model=model,
        )

    def _linked(
        self, column: Column, model: str, several: bool, cell: Any, chosen: Mapping[str, int | Many] = MappingProxyType({})
    ) -> Any:
        """The value of a link: an id, or a list of them."""
        text = _text(cell)
        if not several:
            return self._one(model, column.kind, text, chosen)
        if column.kind == VALUE and text in self.finder.names.get(model, ()):
            return [self._one(model, VALUE, text, chosen)]
        names = split_names(text) if column.kind == VALUE else _listed(text, True)
        found = []
        for name in names:
            try:
                found.append(self._one(model, column.kind, name, chosen))
            except Unreadable as problem:
                if len(names) == 1:
                    raise
                raise Unreadable(_("%(name)s: %(problem)s", name=shown(name), problem=problem.text), problem.unknown) from None
        return found

    # -- values ----------------------------------------------------------------------------------------------------------
    def _assign(self, column: Column, items: list[Item]) -> None:
        """Read the cells of one column."""
        field = column.field
        assert field is not None
        index, name = column.index, field.name
        many = isinstance(field, ToMany)
        link = many or isinstance(field, Many2one)
        read = reader(field, self.env)
        fallback = field.required and not many
        known: dict[Any, Any] = {}
        chosen = self._narrow(column, items) if link else {}
        for item in items:
            cell = item.cells[index]
            try:
                if empty(cell):
                    value: Any = [] if many else False if field.type == "boolean" else None
                    if fallback and value is None:
                        continue  # nothing cannot be stored: a new record gets the default, an old one keeps what it has
                elif link:
                    value = known.get(cell) if isinstance(cell, (str, int)) else None
                    if value is None:
                        value = known[cell] = self._linked(column, field.comodel, many, cell, chosen)
                else:
                    value = read(cell)
            except Unreadable as problem:
                value = self._unknown(item, column, cell, problem)
                if value is _REFUSED:
                    continue
            if column.lang is not None:
                item.translations.setdefault(column.lang, {})[name] = value
            elif isinstance(value, Waiting) or (many and any(isinstance(v, Waiting) for v in value)):
                item.waits[name] = value
            else:
                item.values[name] = [(6, 0, value)] if many else value

    def _unknown(self, item: Item, column: Column, cell: Any, problem: Unreadable) -> Any:
        path = column.path.removesuffix("/.id").removesuffix("/id")
        if problem.unknown and path in self.skipping:
            item.skipped = True
            return _REFUSED
        if problem.unknown and path in self.emptying:
            return [] if isinstance(column.field, ToMany) else False if getattr(column.field, "type", "") == "boolean" else None
        self.report.cell(item, column, cell, problem.text)
        return _REFUSED

    def _link(self, item: Item) -> None:
        """Find the records that a line names when nothing else is said of it."""
        for column in item.level.columns:
            cell = item.cells[column.index]
            if empty(cell):
                continue
            try:
                for found in self._linked(column, item.level.model, True, cell):
                    if isinstance(found, Waiting):
                        raise Unreadable(self.unnamed(item.level.model))
                    item.links.append(found)
            except Unreadable as problem:
                self.report.cell(item, column, cell, problem.text)

    def settle(self, items: Iterable[Item]) -> None:
        """Look again for what waits: more of the table is saved by now."""
        waiting = [each for item in items for each in item.walk() if each.waits]
        for item in waiting:
            for name, value in list(item.waits.items()):
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, Waiting) and one.kind == VALUE:
                        model = self.env[item.level.model]._fields[name].comodel
                        self.finder.want_names(model, [one.text])
        self._look()
        for item in waiting:
            for name, value in list(item.waits.items()):
                model = self.env[item.level.model]._fields[name].comodel
                several = value if isinstance(value, list) else [value]
                found = [self._now(model, one) for one in several]
                if None not in found:
                    del item.waits[name]
                    item.values[name] = [(6, 0, found)] if isinstance(value, list) else found[0]

    def _now(self, model: str, one: int | Waiting) -> int | None:
        if not isinstance(one, Waiting):
            return one
        if one.kind == XMLID:
            found = self.finder.record(one.text)
            return found[1] if found is not None else None
        named = self.finder.names.get(model, {}).get(one.text)
        return named if isinstance(named, int) and not isinstance(named, bool) else None


class Waiting:
    """A link to a record that this table may bring itself."""

    __slots__ = ("kind", "text")

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        self.text = text


_REFUSED: Any = object()


def _paths(value: Any) -> frozenset[str]:
    if isinstance(value, dict):
        value = [path for path, on in value.items() if on]
    return frozenset(str(path) for path in value) if isinstance(value, (list, tuple)) else frozenset()


def _text(cell: Any) -> str:
    return cell.strip() if isinstance(cell, str) else str(cell)


def _listed(text: str, several: bool) -> list[str]:
    return [part for each in text.split(",") if (part := each.strip())] if several else [text]


def _number(cell: Any) -> int | None:
    text = _text(cell)
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 2**63 else None


def _well_formed(xmlid: str) -> bool:
    module, _dot, name = xmlid.partition(".")
    return bool(module and name) and not any(c.isspace() or c == "," for c in xmlid) and len(xmlid) <= 200
