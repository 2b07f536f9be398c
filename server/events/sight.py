"""How the rows of a watched model are looked at: one SELECT for all webhooks that watch it, with the columns they send and, for
each of them, whether its user may read the row and whether its filter holds.

So a transaction costs two statements per watched model, whatever the number of records and webhooks: one before its first write
to them, one at its end.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError, ColcaError
from server.model.fields import Field
from server.model.flush import any_ids
from server.model.relational import Many2one
from server.model.scalars import Binary, Json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from server.events.watch import Line
    from server.model.environment import Environment

log = logging.getLogger("colca.events")

ROOT_UID = 1

#: Fields that change with every write and say nothing of it.
STAMPS = frozenset({"write_date", "write_uid"})


@dataclass(frozen=True)
class Row:
    """A row as it was seen: its columns by name, and the answers to the questions of the viewers."""

    values: dict[str, Any]
    answers: tuple[bool, ...]


@dataclass
class Viewer:
    """A webhook's line with the environment of its user.

    `columns` and `later` are the fields it may send, by what gives them: the row, or the record layer; `readable` and `matches`
    are places in `Row.answers`.
    """

    line: Line
    env: Environment
    columns: list[Field]
    later: list[Field]
    readable: int
    matches: int

    @property
    def names(self) -> frozenset[str]:
        """Names of all fields it sends."""
        return frozenset(f.name for f in (*self.columns, *self.later))


class Sight:
    """The SELECT of one model in one transaction."""

    def __init__(self, env: Environment, model: str, lines: Iterable[Line]) -> None:
        registry = env.transaction.registry
        self.cls = registry.for_enabled(registry.names).classes[model]
        self.viewers: list[Viewer] = []
        self.walled = self.cls._walled_model  # type: ignore[attr-defined]
        self._questions: dict[Any, tuple[int, Any]] = {}
        wanted: dict[str, None] = {"company_id": None} if self.walled else {}
        for line in lines:
            viewer = self._viewer(env, line)
            if viewer is not None:
                self.viewers.append(viewer)
                wanted.update(dict.fromkeys(f.name for f in viewer.columns))
                wanted.update(
                    dict.fromkeys(n for n in viewer.line.watched if n in self.cls._fields and self.cls._fields[n].stored)
                )
        if self.viewers and (shown := _name_column(self.viewers[0].env[model])):
            wanted[shown] = None
        self.names = list(wanted)
        table = self.cls.table
        dialect = env.transaction.dialect
        columns = [table.c[name] for name in self.names]
        answers = [sa.case((clause, 1), else_=0).label(f"q{place}") for place, clause in self._questions.values()]
        self.select = sa.select(table.c.id, *columns, *answers).where(any_ids(table.c.id, "ids", dialect)).order_by(table.c.id)
        #: the rows are about to be written anyway; locked, so that nobody changes them between the look and the write
        self.select_locked = self.select.with_for_update(key_share=True, of=table) if dialect == "postgresql" else self.select

    def rows(self, env: Environment, ids: Iterable[int], lock: bool = False) -> dict[int, Row]:
        """The rows with these ids as they are in the database now; what waits to be written is not seen."""
        wanted = list(ids)
        if not wanted:
            return {}
        found = env.run(self.select_locked if lock else self.select, {"ids": wanted})
        end = 1 + len(self.names)
        return {
            row[0]: Row(dict(zip(self.names, row[1:end], strict=True)), tuple(bool(answer) for answer in row[end:]))
            for row in found
        }

    def _viewer(self, env: Environment, line: Line) -> Viewer | None:
        """The line with its user's environment; None when the user sees nothing of the model (archived, no right, not
        enabled).
        """
        try:
            user = viewing(env, line.user_id, line.company_id)
            if user is None or line.model not in user:
                return None
            records = user[line.model]
            columns, later = fields_of(records, line.names)
            key = (user.uid, user.allowed_company_ids)
            readable = self._ask(key, lambda: records._clauses(None))
            matches = self._ask((*key, repr(line.domain)), lambda: records._clauses(line.domain)) if line.domain else readable
        except AccessError:
            return None
        except (ColcaError, ValueError) as error:
            log.warning("Webhook line %s (%s) is not served: %s", line.id, line.model, error)
            return None
        return Viewer(line, user, columns, later, readable, matches)

    def _ask(self, key: Any, clauses: Any) -> int:
        if key not in self._questions:
            self._questions[key] = (len(self._questions), sa.and_(sa.true(), *clauses()))
        return self._questions[key][0]


def viewing(env: Environment, uid: int, company_id: int | None) -> Environment | None:
    """The environment in which a webhook's user sees the data of this transaction: his rights, his companies (or the one named),
    archived records too. None when he may not log in or is not of the company.
    """
    # not derived: a caller's API key may narrow his companies, which is nothing to do with what is sent
    make = type(env)
    info = make(env.transaction, uid, {}).info
    everywhere = uid == ROOT_UID
    companies = env.database.all_company_ids(env.transaction) if everywhere else info.company_ids
    if (not info.active and not everywhere) or (company_id is not None and company_id not in companies):
        return None
    chosen = (company_id,) if company_id is not None else companies
    # what is enabled in the company of the call decides which models there are
    current = [c for c in (env.company_id,) if c in chosen]
    ordered = [*current, *(c for c in chosen if c not in current)]
    return make(env.transaction, uid, {"allowed_company_ids": ordered, "active_test": False, "lang": info.lang})


def fields_of(records: Any, names: Iterable[str]) -> tuple[list[Field], list[Field]]:
    """The fields that a webhook sends: those of `names` that its user may see, or every stored scalar one. (from the row, from
    the record layer)
    """
    env = records.env
    fields = records._fields
    if names:
        chosen = [fields[real] for name in names if (real := records._aliases.get(name, name)) in fields]
    else:
        chosen = [f for f in fields.values() if f.stored and not isinstance(f, (Binary, Json)) and f.name != "id"]
    # what is for nobody outside of the code is not sent on behalf of the system user either
    visible = [
        f
        for f in dict.fromkeys(chosen)
        if f.name not in ("id", "display_name") and f.groups != "." and env.access.field_visible(f)
    ]
    return [f for f in visible if f.stored], [f for f in visible if not f.stored]


def shown(field: Field, raw: Any, env: Environment) -> Any:
    """A column's value as webhooks tell it: as `read` answers it, but null for nothing, and a link as its id."""
    if field.company_dependent:
        raw = field.coerce(raw.get(str(env.company_id or 0)), env) if isinstance(raw, dict) else None
    if isinstance(field, Many2one):
        return raw
    if raw is None and field.type not in ("boolean", "integer", "float", "monetary"):
        return None
    return field.wire(raw)


def _name_column(records: Any) -> str | None:
    """The column that is the display name; None when the name is computed."""
    from server.model.paths import display_column

    column = display_column(records)
    return column.name if column is not None else None


__all__ = ["STAMPS", "Row", "Sight", "Viewer", "fields_of", "shown", "viewing"]
