"""Reading data files: CSV and YAML become `Item`s, one per record, each knowing the line it came from. No database here.

CSV: the file is named after its model (`res.country.csv`, or `res.country-mx.csv` for a second one); the first column is `id`,
the others are fields. `field/id` holds external ids, comma separated for many2many; `name@es` is the Spanish translation; an
empty cell gives no value.

YAML: a list of `{model:, id:, update: never|always, company:, values: {…}}`. A text `ref:base.mx` is a reference, `+ref:…` adds
to a many2many. A list of mappings in a one2many makes its lines. Numbers with a point are exact decimals, never floats. `{model:,
call: action_confirm, records: [ref:…], args: {…}}` calls a method, once: only in the run that created one of the records. Dates
may be written `today`, `today-30`, `today+7`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from server.errors import SetupError
from server.text import _

_XMLID = re.compile(r"[A-Za-z0-9_]+\.[A-Za-z0-9_.\-]+")
_ITEM_KEYS = {"model", "id", "update", "values", "company", "call", "records", "args"}


class DataFileError(SetupError):
    """A data file that cannot be loaded; names file, line, column, value and remedy."""


@dataclass(frozen=True)
class Ref:
    """A reference to a record by external id; `add` = into a many2many, beside what is there."""

    xmlid: str
    add: bool = False

    def __str__(self) -> str:
        return f"{'+' if self.add else ''}ref:{self.xmlid}"


@dataclass
class Item:
    """One record (or one call) of a data file. `values` hold Python values and `Ref`s; keys may carry `@lang`."""

    file: str
    line: int
    model: str
    xmlid: str
    values: dict[str, Any] = field(default_factory=dict)
    noupdate: bool = False
    company: Ref | None = None
    call: str = ""
    records: list[Ref] = field(default_factory=list)
    args: dict[str, Any] = field(default_factory=dict)

    def refs(self) -> Iterator[Ref]:
        """All references in it."""
        yield from references(self.values)
        yield from references(self.args)
        yield from self.records
        if self.company is not None:
            yield self.company

    def error(self, column: str, value: Any, reason: Any) -> DataFileError:
        """The error for a value of this item; `reason` says what is wrong and what to do."""
        return error_at(self.file, self.line, column, value, reason)


def error_at(file: str, line: int, column: str, value: Any, reason: Any) -> DataFileError:
    """The error for one place in a file."""
    shown = str(value)
    return DataFileError(
        _(
            "%(file)s, line %(line)s, %(column)s = %(value)s: %(reason)s",
            file=file,
            line=line,
            column=column,
            value=shown if len(shown) <= 80 else shown[:77] + "...",
            reason=reason,
        )
    )


def references(value: Any) -> Iterator[Ref]:
    """All references in a value, however deep."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def read(path: Path, addon: str) -> list[Item]:
    """The items of one file. Raises `DataFileError`, naming file, line and column, for anything unreadable.

    :param addon: put before external ids without a dot.
    """
    name = f"{addon}/{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataFileError(
            _(
                "Addon %(addon)s names the data file %(file)s, which does not exist. Correct the manifest or add the file.",
                addon=addon,
                file=str(path),
            )
        ) from None
    except UnicodeDecodeError as error:
        raise DataFileError(
            _("%(file)s is not UTF-8 (byte %(place)s). Save it as UTF-8.", file=name, place=error.start)
        ) from None
    if path.suffix == ".csv":
        return _read_csv(text, name, path.stem.partition("-")[0], addon)
    if path.suffix in (".yaml", ".yml"):
        return _read_yaml(text, name, addon)
    raise DataFileError(_("%(file)s is neither .csv nor .yaml: only these are loaded.", file=name))


def _full(xmlid: str, addon: str) -> str:
    return xmlid if "." in xmlid else f"{addon}.{xmlid}"


# -- CSV ---------------------------------------------------------------------------------------------------------------
def _read_csv(text: str, name: str, model: str, addon: str) -> list[Item]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = next(reader, None)
        if not header or header[0].strip() != "id":
            raise error_at(
                name, 1, "first column", header[0] if header else "", _("It must be `id`, the external id of the record.")
            )
        columns = [column.strip() for column in header]
        doubles = {column for column in columns if columns.count(column) > 1}
        if doubles:
            raise error_at(name, 1, "columns", ", ".join(sorted(doubles)), _("Each column may be there once."))
        items: list[Item] = []
        seen: set[str] = set()
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            line = reader.line_num
            if len(row) != len(columns):
                raise error_at(
                    name,
                    line,
                    "cells",
                    len(row),
                    _("The first line has %(count)s columns. Quote cells that hold commas.", count=len(columns)),
                )
            cells = dict(zip(columns, row, strict=True))
            xmlid = cells.pop("id").strip()
            if not xmlid:
                raise error_at(name, line, "id", "", _("Each record needs an external id."))
            item = Item(name, line, model, _full(xmlid, addon))
            if item.xmlid in seen:
                raise error_at(
                    name, line, "id", item.xmlid, _("This external id is in the file twice. Give each record its own.")
                )
            seen.add(item.xmlid)
            for column, cell in cells.items():
                cell = cell.strip()
                if not cell:
                    continue
                if column.endswith("/id"):
                    refs = [
                        _ref(f"ref:{part.strip()}" if not part.strip().startswith("+") else f"+ref:{part.strip()[1:]}", addon)
                        for part in cell.split(",")
                    ]
                    item.values[column.removesuffix("/id")] = refs[0] if len(refs) == 1 and not refs[0].add else refs
                else:
                    item.values[column] = cell
            items.append(item)
    except csv.Error as error:
        raise error_at(name, reader.line_num, "line", "", str(error)) from None
    return items


# -- YAML --------------------------------------------------------------------------------------------------------------
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]
    """YAML with exact decimals."""


def _decimal(loader: Any, node: yaml.ScalarNode) -> Decimal:
    return Decimal(str(loader.construct_scalar(node)).replace("_", ""))


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)


def _read_yaml(text: str, name: str, addon: str) -> list[Item]:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return []
        if not isinstance(root, yaml.SequenceNode):
            raise error_at(name, 1, "document", "", _("A list of records is expected, each beginning with `- model:`."))
        return [_yaml_item(loader, node, name, addon) for node in root.value]
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise error_at(name, line, "YAML", "", error.problem or str(error)) from None
    except yaml.YAMLError as error:
        raise error_at(name, 1, "YAML", "", str(error)) from None
    finally:
        loader.dispose()


def _yaml_item(loader: Any, node: yaml.Node, name: str, addon: str) -> Item:
    line = node.start_mark.line + 1
    given = loader.construct_object(node, deep=True)
    if not isinstance(given, dict) or not isinstance(given.get("model"), str):
        raise error_at(name, line, "model", given, _("Each entry is a mapping with `model` and `values`."))
    unknown = set(given) - _ITEM_KEYS
    if unknown:
        raise error_at(
            name, line, "keys", ", ".join(map(str, unknown)), _("Known keys are %(known)s.", known=", ".join(sorted(_ITEM_KEYS)))
        )
    if given.get("update", "always") not in ("never", "always"):
        raise error_at(name, line, "update", given["update"], _("It is `never` or `always`."))
    values = given.get("values") or {}
    if not isinstance(values, dict):
        raise error_at(name, line, "values", values, _("A mapping of field names to values is expected."))
    company = _resolved(given["company"], addon) if given.get("company") else None
    if company is not None and not isinstance(company, Ref):
        raise error_at(name, line, "company", company, _("Write `ref:` and the external id of the company."))
    item = Item(name, line, given["model"], "", _resolved(values, addon), given.get("update") == "never", company)
    if "call" in given:
        records = _resolved(given.get("records") or [], addon)
        if not isinstance(records, list) or not all(isinstance(ref, Ref) for ref in records):
            raise error_at(name, line, "records", records, _("A list of references is expected, each `ref:` and an external id."))
        item.call, item.records, item.args = str(given["call"]), records, _resolved(given.get("args") or {}, addon)
        return item
    if not isinstance(given.get("id"), str) or not given["id"]:
        raise error_at(name, line, "id", given.get("id"), _("Each record needs an external id (a text)."))
    item.xmlid = _full(given["id"], addon)
    return item


def _resolved(value: Any, addon: str) -> Any:
    """The value with `ref:` texts made references."""
    if isinstance(value, str) and value.startswith(("ref:", "+ref:")):
        return _ref(value, addon)
    if isinstance(value, dict):
        return {str(key): _resolved(item, addon) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, addon) for item in value]
    return value


def _ref(text: str, addon: str) -> Ref:
    xmlid = _full(text.partition("ref:")[2].strip(), addon)
    return Ref(xmlid, text.startswith("+"))


def day(text: str, today: dt.date) -> dt.date | None:
    """`today`, `today-30`, `today+7` as a date; None for anything else."""
    match = re.fullmatch(r"today(?:\s*([+-])\s*(\d{1,5}))?", text.strip())
    if match is None:
        return None
    days = int(match[2] or 0)
    return today + dt.timedelta(days=-days if match[1] == "-" else days)
