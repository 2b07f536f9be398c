"""Dotted field paths in `read` and `search_read`: `partner_id.country_id.code`, `order_line.product_id.default_code`.

One query per relation for all rows together. Also here: the names of records behind links.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from server.errors import FieldError
from server.model.domain_sql import Compiler
from server.model.fields import Field
from server.model.relational import Many2one, ToMany
from server.model.scalars import Char

#: How deep specifications and dotted paths may go.
DEEPEST = 12


def display_column(target: Any) -> Field | None:
    """The stored column that is the display name of a model; None when the name is computed."""
    from server.model.reading import Reading

    if type(target)._compute_display_name is not Reading._compute_display_name:
        return None
    field = target._fields.get(target._rec_name)
    return field if field is not None and field.stored and isinstance(field, Char) and not field.company_dependent else None


def names_of(env: Any, model: str, ids: Any) -> dict[int, str]:
    """{id: display name} of records behind links, whatever the user may read of them; who is gone is left out."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    target = env.root[model]
    column = display_column(target)
    if column is None:
        return {one._ids[0]: one.display_name for one in target.browse(wanted).exists_cached()}
    compiler = Compiler(env)
    table = target.table
    shown = compiler.column(type(target), table, column)
    statement = sa.select(table.c.id, shown).where(compiler.one_of(table.c.id, wanted))
    return {row[0]: row[1] or "" for row in env.execute(statement)}


class Paths:
    """Dotted paths asked of a read plan: what follows each relation, answered under the whole path.

    Over many2one fields a path gives one value (`false` where a link is empty), over to-many fields the list of the values of the
    records reached, in the order of the lists.
    """

    def __init__(self, records: Any, paths: list[str]) -> None:
        self.heads: dict[str, list[str]] = {}
        for path in paths:
            head, _dot, rest = path.partition(".")
            field = records._field(head)
            if not field.comodel or not rest or path.count(".") > DEEPEST:
                raise FieldError(f"Invalid field path '{path[:100]}' of {records._name}: '{head[:60]}' is no relation to follow.")
            self.heads.setdefault(head, []).append(rest)
            target = records.env[field.comodel]
            if "." in rest:
                Paths(target, [rest])
            else:
                target._field(rest)

    def fill(self, records: Any, rows: list[dict[str, Any]], load: Any, unasked: set[str]) -> None:
        """Put the values of all paths into rows that hold the relations themselves."""
        env = records.env
        for head, rests in self.heads.items():
            field = records._field(head)
            target = env[field.comodel]
            held: dict[int, list[int]] = {}
            for row in rows:
                value = row[head]
                if isinstance(field, Many2one):
                    value = [value[0] if isinstance(value, list) else value] if value else []
                held[row["id"]] = value
            ids = list(dict.fromkeys(id for found in held.values() for id in found))
            named = isinstance(field, Many2one)
            inner = [rest for rest in rests if not (named and rest in ("id", "display_name"))]
            found: dict[int, dict[str, Any]] = {id: {"id": id} for id in ids} if named else {}
            if inner:
                some = target.browse(ids).read(inner, load) if named else target.read_visible(ids, inner, load)
                found.update((row["id"], row) for row in some)
            elif not named:
                found = {row["id"]: row for row in target.read_visible(ids, rests, load)}
            if named and "display_name" in rests:
                for id, shown in names_of(env, field.comodel, ids).items():
                    found[id]["display_name"] = shown
            for rest in rests:
                self._answer(rows, held, found, target, (head, rest), named)
            if head in unasked:
                for row in rows:
                    del row[head]

    @staticmethod
    def _answer(rows: Any, held: Any, found: Any, target: Any, path: tuple[str, str], one: bool) -> None:
        """The values at the end of one path, for all rows."""
        head, rest = path
        many = passes_list(target, rest)
        for row in rows:
            values = [found[id].get(rest, [] if many else False) for id in held[row["id"]] if id in found]
            if one:
                row[f"{head}.{rest}"] = values[0] if values else [] if many else False
            else:
                row[f"{head}.{rest}"] = [item for value in values for item in value] if many else values


def passes_list(records: Any, path: str) -> bool:
    """True when a dotted path goes through a to-many field before its end."""
    while "." in path:
        head, _dot, path = path.partition(".")
        field = records._field(head)
        if isinstance(field, ToMany):
            return True
        records = records.env[field.comodel]
    return False
