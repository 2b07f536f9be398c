"""Cursor paging: pages that neither skip nor repeat a record when others are inserted or deleted meanwhile.

A cursor holds the values by which the last row of a page was sorted; the next page is what sorts after them. Unlike an offset it
costs the same on the thousandth page, and can be kept: a program that comes back later goes on where it was.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators

from server.errors import FieldError
from server.model.decorators import action
from server.model.ordering import order_expressions

#: Records of a page when the caller names no limit.
PAGE = 100
_DIRECTIONS = (operators.asc_op, operators.desc_op, operators.nulls_first_op, operators.nulls_last_op)


class Keyset:
    """Mixin of `Records`: cursor paging."""

    __slots__ = ()

    @action(model=True, readonly=True)
    def search_page(
        self: Any,
        domain: Any = None,
        fields: list[str] | Mapping[str, Any] | None = None,
        limit: int | None = PAGE,
        order: str | None = None,
        cursor: str | None = None,
        load: Any = "_classic_read",
    ) -> dict[str, Any]:
        """The page after `cursor` (the first one without): `{"records": rows, "cursor": text, "more": bool}`.

        :param fields: as `search_read` takes them: names, dotted paths, or a specification.
        :param cursor: the one of the page before; with the same domain and order. The last page's is good for later.
        :raises FieldError: a cursor of another model or order, or none that `search_page` gave.
        """
        env = self.env
        if env.transaction.dirty or env.transaction.pending:
            env.flush()
        sorting = order or self._order
        table = self.table
        statement, terms = order_expressions(self, sa.select(table.c.id), table, sorting)
        keys = [_direction(term) for term in terms]
        statement = statement.add_columns(*(key.label(f"key{n}") for n, (key, _down) in enumerate(keys)))
        statement = statement.where(*self._clauses(domain)).order_by(*terms)
        if cursor:
            statement = statement.where(_after(keys, _decoded(cursor, self._name, sorting, len(keys))))
        size = int(limit or PAGE)
        found = env.run(statement.limit(size + 1)).all()
        rows = found[:size]
        records = self.browse([row[0] for row in rows])
        return {
            "records": records.read(fields or None, load),
            "cursor": _encoded(self._name, sorting, rows[-1][1:]) if rows else cursor or "",
            "more": len(found) > size,
        }


def _direction(term: Any) -> tuple[Any, bool]:
    """(expression, whether it sorts downwards) of one term of an ORDER BY."""
    down = False
    while isinstance(term, sa.UnaryExpression) and term.modifier in _DIRECTIONS:
        down = down or term.modifier is operators.desc_op
        term = term.element
    return term, down


def _after(keys: list[tuple[Any, bool]], values: list[Any]) -> Any:
    """What sorts after `values`: the unset stand last, or first where it goes downwards."""
    clause: Any = sa.false()
    for (key, down), value in reversed(list(zip(keys, values, strict=True))):
        if value is None:
            beyond = key.is_not(None) if down else sa.false()
            equal = key.is_(None)
        else:
            bound = sa.literal(value, key.type)
            beyond = key < bound if down else sa.or_(key > bound, key.is_(None))
            equal = key == bound
        clause = sa.or_(beyond, sa.and_(equal, clause))
    return clause


def _encoded(model: str, order: str, values: Any) -> str:
    text = json.dumps([model, order, [_packed(value) for value in values]], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str, model: str, order: str, size: int) -> list[Any]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        of, by, values = json.loads(text)
        found = [_unpacked(value) for value in values]
        known = (of, by) == (model, order) and len(found) == size
    except (binascii.Error, ValueError, TypeError, KeyError, InvalidOperation, RecursionError):
        raise FieldError(f"Invalid cursor {str(cursor)[:40]!r}: give the one of the page before, or none.") from None
    if not known:
        raise FieldError(f"The cursor belongs to another model or order ({str(of)[:60]}, {str(by)[:60]}). Begin without one.")
    return found


def _packed(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, dt.datetime):
        return {"t": value.isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        read: dict[str, Any] = {"n": Decimal, "t": dt.datetime.fromisoformat, "d": dt.date.fromisoformat}
        return read[kind](text)
    if value is not None and not isinstance(value, (str, int, float)):
        raise ValueError
    return value
