"""Many writes with different values, as one: record rules are asked once at the end, and what depends on the records is looked up
for all of them when the first is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.fields import Field
    from server.model.records import Records


class Together:
    """What a set of writes shares."""

    __slots__ = ("_links", "ids", "model", "rules")

    def __init__(self, records: Records) -> None:
        self.model = records._name
        self.ids = frozenset(records._ids)
        #: (operation, model, user, companies) → (records, ids) to be checked at the end
        self.rules: dict[Any, tuple[Any, dict[int, None]]] = {}
        self._links: dict[tuple[str, str], dict[int, list[int]]] = {}

    def later(self, records: Records, operation: str) -> None:
        """Check at the end that the user may have done `operation` on the records."""
        key = (operation, records._name, records.env.uid, records.env.allowed_company_ids)
        self.rules.setdefault(key, (records, {}))[1].update(dict.fromkeys(records._ids))

    def sources(self, env: Environment, hop: Field, ids: Any) -> list[int] | None:
        """Ids of the records whose many2one `hop` names one of `ids`; None when they are not among those written together."""
        if hop.comodel != self.model or not self.ids.issuperset(ids):
            return None
        links = self._links.get(hop.key)
        if links is None:
            links = self._links[hop.key] = {}
            model = env[hop.model_name].with_context(active_test=False)
            column = model.table.c[hop.name]
            found: Any = env.execute(model.query([(hop.name, "in", list(self.ids))], model.table.c.id, column))
            for id, target in found:
                links.setdefault(target, []).append(id)
        return [source for id in ids for source in links.get(id, ())]

    def forget(self, key: tuple[str, str]) -> None:
        """A many2one was written: who names whom has to be looked up again."""
        self._links.pop(key, None)

    def forget_all(self) -> None:
        """Records are gone, or the transaction went back."""
        self._links.clear()


@contextmanager
def together(records: Records) -> Iterator[None]:
    """Inside, `records` are written one after the other; they must be left as the user may leave them."""
    txn = records.env.transaction
    if txn.together is not None:
        yield
        return
    shared = txn.together = Together(records)
    try:
        yield
    finally:
        txn.together = None
    for (operation, *_who), (written, ids) in shared.rules.items():
        written.browse(ids)._check_rule(operation)
