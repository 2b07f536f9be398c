"""Finding the records that cells name, for whole columns at once: external ids in one statement, database ids and names in one
per model.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import Retry, ValidationError
from server.model.flush import any_ids

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Values in one statement; SQLite takes 32,766 parameters, and a name is looked for in several columns.
PART = 4_000
#: Module of external ids that are given without one.
OWN_MODULE = "__import__"


class Many(tuple[int, ...]):
    """The ids of several records that have the same name."""


def complete(xmlid: str) -> str:
    """An external id with its module."""
    return xmlid if "." in xmlid else f"{OWN_MODULE}.{xmlid}"


class Finder:
    """Remembers what was asked for, asks the database once, and knows the answers."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self._xmlids: set[str] = set()
        self._ids: dict[str, set[int]] = {}
        self._names: dict[str, set[str]] = {}
        #: external id → (model, id), whether or not the record is still there
        self.xmlids: dict[str, tuple[str, int]] = {}
        self.alive: dict[str, set[int]] = {}
        self.names: dict[str, dict[str, int | Many]] = {}

    def want_xmlids(self, xmlids: Iterable[str]) -> None:
        """External ids that will be asked for."""
        self._xmlids.update(xmlids)

    def want_ids(self, model: str, ids: Iterable[int]) -> None:
        """Database ids that will be asked for."""
        self._ids.setdefault(model, set()).update(ids)

    def want_names(self, model: str, names: Iterable[str]) -> None:
        """Display names that will be asked for."""
        self._names.setdefault(model, set()).update(names)

    def look(self) -> None:
        """Find all that is wanted and not known yet.

        :raises AccessError: when the user may not read a model in which a name is looked for.
        """
        found = resolve(self.env, [x for x in self._xmlids if x not in self.xmlids])
        self.xmlids.update(found)
        for model, id in found.values():
            if model in self.env:
                self._ids.setdefault(model, set()).add(id)
        self._xmlids = set()
        for model, ids in self._ids.items():
            known = self.alive.setdefault(model, set())
            unknown = sorted(ids - known)
            everything = self.env.root[model].with_context(active_test=False)
            for part in parts(unknown):
                known.update(everything.browse(part).exists()._ids)
        self._ids = {}
        for model, names in self._names.items():
            answers = self.names.setdefault(model, {})
            answers.update(find_names(self.env, model, [n for n in names if n not in answers]))
        self._names = {}

    def record(self, xmlid: str) -> tuple[str, int] | None:
        """(model, id) behind an external id, when the record is there and within reach."""
        found = self.xmlids.get(xmlid)
        return found if found is not None and found[1] in self.alive.get(found[0], ()) else None

    def new(self, model: str, id: int, xmlid: str) -> None:
        """A record was made under an external id."""
        self.xmlids[xmlid] = (model, id)
        self.alive.setdefault(model, set()).add(id)


def parts(values: list[Any]) -> Iterable[list[Any]]:
    """`values` in lists that one statement can take."""
    return (values[n : n + PART] for n in range(0, len(values), PART))


def resolve(env: Environment, xmlids: list[str]) -> dict[str, tuple[str, int]]:
    """{external id: (model, id)} of those that are registered; one statement."""
    table = env.root["ir.model.data"].table
    found: dict[str, tuple[str, int]] = {}
    for part in parts(xmlids):
        wanted = sa.select(table.c.complete_name, table.c.model, table.c.res_id).where(table.c.complete_name.in_(part))
        rows: Any = env.execute(wanted)
        found.update({name: (model, id) for name, model, id in rows})
    return found


def external_ids(env: Environment, model: str, ids: Iterable[int]) -> dict[int, str]:
    """{id: its oldest external id}, for the records that have one; one statement."""
    table = env.root["ir.model.data"].table
    statement = (
        sa.select(table.c.res_id, table.c.complete_name)
        .where(table.c.model == model, any_ids(table.c.res_id, "ids", env.transaction.dialect))
        .order_by(table.c.id.desc())
    )
    found: dict[int, str] = {}
    for part in parts(list(ids)):
        rows: Any = env.execute(statement, {"ids": part})
        found.update(dict(rows.all()))
    return found


def register(env: Environment, names: Iterable[tuple[str, str, int]], stale: Collection[str] = ()) -> None:
    """Give records external ids: (external id, model, id).

    :param stale: those among them that are registered for a record that is gone.
    :raises Retry: somebody else registers one of them at the same time; on the next try it is known.
    """
    data = env.root["ir.model.data"]
    rows = []
    for xmlid, model, id in names:
        module, _dot, name = xmlid.partition(".")
        if xmlid in stale:
            data.search([("module", "=", module), ("name", "=", name)]).write({"model": model, "res_id": id})
        else:
            rows.append({"module": module, "name": name, "model": model, "res_id": id})
    try:
        if rows:
            data.create(rows)
    except ValidationError as error:
        raise Retry from error


# -- names ---------------------------------------------------------------------------------------------------------------------
_CODED = re.compile(r"^\[([^\]]+)\]\s*(.*)$")
_QUOTED = re.compile(r'[",\r\n]')
_BRACKETS = re.compile(r"^(.*?)\s*\([^()]*\)$")


def find_names(env: Environment, model: str, names: list[str]) -> dict[str, int | Many]:
    """{name: id}, or the ids when several records have it. Active records go before archived ones, the display name before the
    other fields that names are searched in. Two searches for any number of names.
    """
    found: dict[str, int | Many] = {}
    for part in parts(names):
        found.update(_search(env, model, part, {name: [name] for name in part}))
        left = {name: pieces for name in part if name not in found and (pieces := _pieces(name))}
        if left:  # a display name that is put together: found by what it is made of
            found.update(_search(env, model, list(left), left))
    return found


def _pieces(name: str) -> list[str]:
    """What a display name such as `[CODE] Name (Red)`, `Company, Person` or `All / Goods` may be made of."""
    pieces: dict[str, None] = {}
    coded = _CODED.match(name)
    rest = name
    if coded:
        pieces[coded[1]] = None
        rest = coded[2]
    while rest:
        pieces[rest] = None
        inner = _BRACKETS.match(rest)
        if inner is None:
            break
        rest = inner[1]
    for separator in (", ", " / ", "/", ": ", " - ", " "):
        before, found, after = name.rpartition(separator)
        if found:
            pieces[after] = pieces[before] = None
    return [piece for piece in pieces if piece and piece != name]


def _search(env: Environment, model: str, names: list[str], pieces: dict[str, list[str]]) -> dict[str, int | Many]:
    records = env[model].with_context(active_test=False)
    wanted = list(dict.fromkeys(piece for name in names for piece in pieces[name]))
    candidates = records.search([("display_name", "in", wanted)])
    exact = all(pieces[name] == [name] for name in names)
    fields = [f for n in (records._name_search_fields or [records._rec_name]) if (f := records._fields.get(n)) is not None]
    active = records._fields.get("active")
    asked = set(names)
    by_rank: dict[str, dict[int, list[int]]] = {}
    for record in candidates:
        archived = 2 if active is not None and not record._raw(active) else 0
        title = record.display_name
        if title in asked:
            by_rank.setdefault(title, {}).setdefault(archived, []).append(record._ids[0])
        if exact:
            for value in {v for f in fields if (v := record._raw(f)) in asked and v != title}:
                by_rank.setdefault(value, {}).setdefault(archived + 1, []).append(record._ids[0])
    found: dict[str, int | Many] = {}
    for name, ranks in by_rank.items():
        best = ranks[min(ranks)]
        found[name] = best[0] if len(best) == 1 else Many(best)
    return found


def split_names(text: str) -> list[str]:
    """The names of a list with commas; a name with a comma in it stands in double quotes."""
    row = next(csv.reader(io.StringIO(text), skipinitialspace=True), [])
    return [name for part in row if (name := part.strip())]


def join_names(names: Iterable[str]) -> str:
    """Names as one cell, as `split_names` reads it."""
    return ",".join(f'"{n.replace(chr(34), chr(34) * 2)}"' if _QUOTED.search(n) or n != n.strip() else n for n in names)
