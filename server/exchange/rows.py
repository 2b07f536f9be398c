"""Cutting a table into records: which rows belong to which record, and which cells to its lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from server.exchange.columns import Level


def empty(cell: Any) -> bool:
    """Whether a cell says nothing. Zero and blanks say something."""
    return cell is None or cell is False or (type(cell) is str and not cell)


@dataclass(slots=True)
class Item:
    """One record of the table.

    :ivar level: its columns. :ivar first: its first row. :ivar last: its last one, lines included.
    :ivar xmlid: its complete external id, "" without one. :ivar id: the database id of the record it updates, None for a new one.
    :ivar values: what is to be written, by field name. :ivar translations: {language: {field name: text}}.
    :ivar lines: its lines, by one2many field. :ivar waits: links to records of the same table, by field name, still to be
        resolved.
    """

    level: Level
    first: int
    last: int
    cells: Sequence[Any]
    xmlid: str = ""
    id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    translations: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines: dict[str, list[Item]] = field(default_factory=dict)
    waits: dict[str, Any] = field(default_factory=dict)
    failed: bool = False
    skipped: bool = False
    #: database ids of lines that are named without anything said of them
    links: list[int] = field(default_factory=list)

    def walk(self) -> Iterator[Item]:
        """This record and its lines, to any depth."""
        yield self
        for items in self.lines.values():
            for item in items:
                yield from item.walk()


def cut(level: Level, data: Sequence[Sequence[Any]], start: int = 0, end: int | None = None) -> list[Item]:
    """The records of `data[start:end]`: each begins at a row that says something of itself; the rows after it with nothing but
    lines, or with nothing at all, are its own too.
    """
    end = len(data) if end is None else end
    starts: list[int] = []
    own, below = level.own, level.below
    if not level.lines and not level.nested:
        starts = [n for n in range(start, end) if any(not empty(data[n][i]) for i in own)]
    else:
        for n in range(start, end):
            row = data[n]
            if any(not empty(row[i]) for i in own) or (not starts and any(not empty(row[i]) for i in below)):
                starts.append(n)
    items = []
    for position, first in enumerate(starts):
        stop = starts[position + 1] if position + 1 < len(starts) else end
        item = Item(level, first, stop - 1 if level.lines else first, data[first])
        for name, lower in level.lines.items():
            item.lines[name] = cut(lower, data, first, stop)
        items.append(item)
    return items
