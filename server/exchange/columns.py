"""Column paths of a table: `field`, `field/id`, `field/.id`, `id`, `.id`, `lines/field` to any depth, `field:es_MX` for a
translation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from server.model.fields import AUTOMATIC, Field
from server.model.relational import Many2one, One2many, ToMany
from server.text import Text, _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.model.environment import Environment

#: What a column says of a record: a value or a name, an external id, a database id.
VALUE, XMLID, DBID = "value", "id", ".id"
_OLD_ID = re.compile(r"(?<=[^/]):(?=\.?id$)|(?<=[^/.])(?=\.id$)")
_LANGUAGE = re.compile(r"^(\w+):([a-z]{2,3}(_[A-Z]{2})?)$")


@dataclass(slots=True)
class Column:
    """One column of the table.

    :ivar index: its place in a row. :ivar path: as the caller wrote it. :ivar field: None for the record's own ids.
    :ivar kind: `VALUE`, `XMLID` or `DBID`. :ivar lang: language of a translation, else None. :ivar ignored: the server computes
        the field, so the cells are passed over.
    """

    index: int
    path: str
    field: Field | None
    kind: str
    lang: str | None = None
    ignored: bool = False


@dataclass(slots=True)
class Level:
    """The columns of one model in the table: its own, and those of its lines.

    :ivar nested: False at the top, True for lines.
    """

    model: str
    nested: bool = False
    columns: list[Column] = field(default_factory=list)
    lines: dict[str, Level] = field(default_factory=dict)
    own: tuple[int, ...] = ()
    below: tuple[int, ...] = ()

    def settle(self) -> None:
        """Note which cells are this model's own, and which its lines'."""
        self.own = tuple(column.index for column in self.columns)
        for level in self.lines.values():
            level.settle()
        self.below = tuple(index for level in self.lines.values() for index in (*level.own, *level.below))

    def only_links(self) -> bool:
        """True when the lines are named and nothing is said of them: they are linked, not written."""
        return not self.lines and all(column.field is None for column in self.columns)

    def walk(self) -> Iterator[Level]:
        """This level and all below."""
        yield self
        for level in self.lines.values():
            yield from level.walk()


class ColumnError(Exception):
    """A column that cannot be read.

    :ivar index: its place in the row. :ivar path: as the caller wrote it. :ivar text: what is wrong and what to do.
    """

    def __init__(self, index: int, path: str, text: Text) -> None:
        super().__init__(path)
        self.index = index
        self.path = path
        self.text = text


def read_columns(env: Environment, model: str, paths: list[str]) -> tuple[Level, list[ColumnError]]:
    """The levels of a table, and the columns that make no sense."""
    top = Level(model)
    errors: list[ColumnError] = []
    seen: dict[tuple[str, ...], int] = {}
    for index, path in enumerate(paths):
        try:
            parts = tuple(split_path(path))
            if parts in seen:
                raise ColumnError(index, path, _("Column %(column)s comes twice. Leave one of them out.", column=path))
            seen[parts] = index
            _place(env, top, index, path, list(parts))
        except ColumnError as error:
            errors.append(error)
    top.settle()
    return top, errors


def split_path(path: str) -> list[str]:
    """The parts of a path; the older spellings `field:id` and `field.id` are understood."""
    return [part.strip() for part in _OLD_ID.sub("/", path.strip()).split("/")]


def _place(env: Environment, level: Level, index: int, path: str, parts: list[str]) -> None:
    cls = env.models.classes[level.model]
    name, rest = parts[0], parts[1:]
    if name in (XMLID, DBID):
        if rest:
            raise ColumnError(index, path, _("Column %(column)s: nothing can follow %(name)s.", column=path, name=name))
        level.columns.append(Column(index, path, None, name))
        return
    lang = None
    found = _LANGUAGE.match(name)
    if found:
        name, lang = found[1], found[2]
    field = visible_field(env, cls, name, index, path)
    if lang is not None and (not field.translate or rest):
        raise ColumnError(index, path, _("Column %(column)s: %(field)s has no translations.", column=path, field=name))
    if isinstance(field, One2many) and not field.computed:
        below = level.lines.get(field.name)
        if below is None:
            below = level.lines[field.name] = Level(field.comodel, True)
        if rest:
            _place(env, below, index, path, rest)
        else:
            below.columns.append(Column(index, path, None, VALUE))
        return
    kind = VALUE
    if rest:
        if not isinstance(field, (Many2one, ToMany)):
            raise ColumnError(
                index, path, _("Column %(column)s: %(field)s is no relation, so nothing can follow it.", column=path, field=name)
            )
        if rest not in ([XMLID], [DBID]):
            raise ColumnError(
                index,
                path,
                _(
                    "Column %(column)s: the records behind %(field)s are not written from here. Import them on their own and "
                    "name them with %(field)s, %(field)s/id or %(field)s/.id.",
                    column=path,
                    field=name,
                ),
            )
        kind = rest[0]
    ignored = field.name in AUTOMATIC or bool(field.computed and field.readonly and not field.inverse)
    level.columns.append(Column(index, path, field, kind, lang, ignored))


def visible_field(env: Environment, cls: Any, name: str, index: int, path: str) -> Field:
    """The field of a model that the user may see.

    :raises ColumnError: when there is none.
    """
    field: Field | None = cls._fields.get(cls._aliases.get(name, name))
    if field is None:
        raise ColumnError(
            index,
            path,
            _(
                "Column %(column)s: %(model)s has no field %(field)s. Correct the name, or leave the column out.",
                column=path,
                model=cls._name,
                field=name,
            ),
        )
    if field.groups and not env.su and not env.access.field_visible(field):
        raise ColumnError(
            index,
            path,
            _(
                "Column %(column)s: you do not have the right to use the field %(field)s of %(model)s. Leave it out, or ask an "
                "administrator.",
                column=path,
                model=cls._name,
                field=name,
            ),
        )
    return field
