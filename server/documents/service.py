"""Printing records: who may, in which language, under which file name."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from server.documents.declarations import Report, reports_in, reports_of
from server.documents.kit import Document
from server.errors import AccessError, MissingError, UserError
from server.text import _, render

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.records import Records

#: Records printed by one call at most.
MOST = 1000
#: Records read at once: their relations come with one query per model, and what was read is given up after each lot.
LOT = 50
_UNSAFE = re.compile(r"[^\w.() +-]+")


def find(env: Environment, name: str) -> Report:
    """The report called `name` in the current company.

    :raises MissingError: no enabled addon declares it.
    """
    report = reports_of(env.models).get(name)
    if report is None:
        raise MissingError(_("There is no report %(name)s in this company. Enable the addon that declares it.", name=name[:80]))
    return report


def print_records(env: Environment, name: str, ids: list[int], target: IO[bytes]) -> str:
    """Write the documents of records, in the order of `ids`, into one PDF; answers the file's name.

    :raises MissingError: no such report, or a record is gone. :raises AccessError: the reader, or the API key, may not read
        them, or the report is for other groups. :raises UserError: none or too many records.
    """
    from server.documents.layout import write

    report = find(env, name)
    _check_groups(env, report)
    ids = list(dict.fromkeys(ids))
    if not 0 < len(ids) <= MOST:
        raise UserError(_("Say which records to print: one to %(most)s ids.", most=MOST))
    records = env[report.model].browse(ids)
    caller = getattr(env.transaction, "caller", None)
    if caller is not None:
        caller.permit(report.model, type(records).public_methods()["read"])
    records.check_outside("read")
    write(_documents(report, records), target)
    if len(ids) == 1:
        return f"{_safe(report.filename(_reader(report, records)))}.pdf"
    return f"{_safe(render(report.label, env.lang))} ({len(ids)}).pdf"


def _documents(report: Report, records: Records) -> Iterator[Document]:
    ids = records.ids
    for start in range(0, len(ids), LOT):
        for record in records.browse(ids[start : start + LOT]):
            yield report.document(_reader(report, record))


def _reader(report: Report, record: Any) -> Any:
    lang = report.lang(record) if report.lang is not None else None
    return record.with_context(lang=lang) if lang and lang != record.env.lang else record


def _check_groups(env: Environment, report: Report) -> None:
    """The row of the report may name groups that it is for."""
    row = env["ir.actions.report"].sudo().search([("report_name", "=", report.name)], limit=1)
    wanted = set(row.group_ids.ids) if row else set()
    if wanted and not env.su and not wanted & env.access.facts.group_ids:
        raise AccessError(_("The report %(name)s is for other groups.", name=render(report.label, env.lang)))


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name).strip(" .")[:120] or "document"


def spool() -> Any:
    """A file for a document: in memory while it is small."""
    return tempfile.SpooledTemporaryFile(max_size=8 << 20)


def sync(env: Environment) -> None:
    """Bring the rows of `ir.actions.report` to what the installed addons declare; what administrators set stays, and so do rows
    that nobody declared.
    """
    rows = env["ir.actions.report"].sudo()
    present = {row.report_name: row for row in rows.search([])}
    declared = reports_in(env.transaction.registry)
    for name, (addon, report) in declared.items():
        values = {"name": render(report.label, "en_US"), "model": report.model}
        row = present.get(name)
        if row is None:
            row = rows.create({**values, "report_name": name})
            env["ir.model.data"].sudo().create(
                {"module": addon, "name": _external(name), "model": "ir.actions.report", "res_id": row.id}
            )
        elif row.model != report.model:
            row.write({"model": report.model})
        spanish = render(report.label, "es")
        if spanish != values["name"] and row.with_context(lang="es").name != spanish:
            row.with_context(lang="es").write({"name": spanish})
    gone = {row.id: row for name, row in present.items() if name not in declared}
    if gone:
        made = env["ir.model.data"].sudo().search([("model", "=", "ir.actions.report"), ("res_id", "in", list(gone))])
        ours = [entry.res_id for entry in made if entry.name == _external(gone[entry.res_id].report_name)]
        rows.browse(ours).unlink()


def _external(name: str) -> str:
    return f"action_{name.replace('.', '_')}"
