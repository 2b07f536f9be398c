"""Row locks: of two transactions about the same document, the second waits and then sees what the first did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.db.prepared import Prepared
from server.errors import LockError
from server.model.domain import involved, parse
from server.model.ordering import ordered
from server.text import _

if TYPE_CHECKING:
    pass


class Locking:
    """Mixin of `Records`: lock, search_locked."""

    __slots__ = ()

    def lock(self: Any) -> Any:
        """Lock the rows (in id order, waiting for others), refresh their cached values, and return the set.

        :raises MissingError: when one is gone.  :raises LockError: when another transaction holds one too long.
        """
        env = self.env
        txn = env.transaction
        if not self._ids or all((self._name, i) in txn.locked for i in self._ids):
            return self
        env.flush_for((self._name,))
        fields = self._row_fields
        statement, params = self._select_rows(fields, sorted(self._ids))
        if txn.dialect == "postgresql":
            key = ("lock", self._name, env.translation_lang)
            locking = self.models.plans.get(key)
            if locking is None:
                ordered_ids = statement.statement.order_by(self.table.c.id)
                locking = self.models.plans[key] = Prepared(ordered_ids.with_for_update(of=self.table))
            statement = locking
        try:
            rows = env.run(statement, params)
        except LockError as error:
            raise LockError(
                _("%(model)s is being changed by somebody else. Wait a moment and try again.", model=self._model_title())
            ) from error
        for field in self._fields.values():
            if field.name != "id":
                values = txn.values.get(field.cache_key(env))
                if values:
                    for id in self._ids:
                        values.pop(id, None)
        self._store_rows(rows, fields)
        found = {r[0] for r in rows}
        gone = [i for i in self._ids if i not in found]
        if gone:
            from server.model.records import missing

            raise missing(env, self._name, gone)
        txn.locked.update((self._name, i) for i in found)
        return self

    def search_locked(self: Any, domain: Any, order: str | None = None) -> Any:
        """`search` and `lock` in one statement: the matching rows, locked in `order` (default: by id) and fresh in the cache."""
        env = self.env
        txn = env.transaction
        env.flush_for(involved(self, parse(domain)))
        fields = self._row_fields
        statement = sa.select(self.table.c.id, *self._columns(self.table, fields)).where(*self._clauses(domain))
        statement = ordered(self, statement, self.table, order or "id")
        if txn.dialect == "postgresql":
            statement = statement.with_for_update(of=self.table)
        rows = env.run(statement).all()
        for field in fields:
            values = txn.values.get(field.cache_key(env))
            if values:
                for row in rows:
                    values.pop(row[0], None)
        self._store_rows(rows, fields)
        txn.locked.update((self._name, r[0]) for r in rows)
        return self.browse([r[0] for r in rows])
