"""The import of a table, from the call to the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.exchange.cells import Cells
from server.exchange.columns import read_columns
from server.exchange.finder import Finder
from server.exchange.report import Report
from server.exchange.rows import Item, cut
from server.exchange.saving import Saving
from server.model.savepoint import savepoint


class _Undo(Exception):
    """Takes everything back: there were errors."""


def load(records: Any, paths: Sequence[str], data: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Create and update records from a table; see `Exchange.load` for what it takes and answers."""
    env = records.with_context(import_file=True).env
    report = Report(env, records._name, paths)
    top, wrong = read_columns(env, records._name, list(paths))
    for error in wrong:
        report.column(error.index, error.path, error.text)
    if wrong:
        return answer(False, report)
    width = len(paths)
    rows = [list(row) + [""] * (width - len(row)) if len(row) < width else row for row in data]
    items = cut(top, rows)
    finder = Finder(env)
    cells = Cells(env, finder, report)
    try:
        with savepoint(env):
            cells.read(top, items)
            saving = Saving(env, records._name, finder, cells, report)
            saving.save(items)
            if report.messages:
                raise _Undo
            saving.register(kept(items))
    except _Undo:
        return answer(False, report)
    return answer([item.id for item in kept(items)], report)


def kept(items: list[Item]) -> list[Item]:
    """The records that were saved."""
    return [item for item in items if not item.skipped]


def answer(ids: Any, report: Report) -> dict[str, Any]:
    """What a client of `load` gets."""
    return {"ids": ids, "messages": report.messages, "nextrow": 0}
