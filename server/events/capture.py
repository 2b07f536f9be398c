"""Notes of one transaction: what it did to the models that somebody watches.

The record layer tells of everything before it happens: rows about to be written (at the flush, set-wise), made, deleted (also
those that the database deletes or empties along with them), linked, and public methods that returned. Rows that a webhook watches
are looked at before their first write, so that at the end "old" is what was there before the transaction and "new" what it
leaves; what was changed back is no change. For the change feed alone nothing is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.events.sight import Row, Sight
from server.events.watch import Watch, watch_of
from server.model.flush import any_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from server.model.environment import Environment
    from server.model.relational import Many2many

    Pairs = list[tuple[int, int]]


class Capture:
    """What a transaction did to watched models, by model and id."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self.created: dict[str, dict[int, None]] = {}
        #: names of the written fields
        self.written: dict[str, dict[int, set[str]]] = {}
        #: deleted rows with the company they were of
        self.deleted: dict[str, dict[int, int | None]] = {}
        #: rows as they were before the transaction, where a webhook wants to know
        self.before: dict[str, dict[int, Row]] = {}
        #: companies before the transaction, of rows that change it, where only the feed wants to know
        self.companies: dict[str, dict[int, int | None]] = {}
        #: relation table → pair of ids → +1 linked, -1 unlinked, 0 both
        self.links: dict[str, dict[tuple[int, int], int]] = {}
        self.actions: dict[tuple[str, str], dict[int, None]] = {}
        self._sights: dict[str, Sight] = {}
        self._going: dict[str, set[int]] = {}
        self._done = False

    def copied(self) -> Capture:
        """The notes as they are now, to be put back when a savepoint is undone."""
        twin = Capture()
        twin._watch, twin._sights, twin._done = self._watch, self._sights, self._done
        twin.created = {model: dict(ids) for model, ids in self.created.items()}
        twin.written = {model: {id: set(names) for id, names in rows.items()} for model, rows in self.written.items()}
        twin.deleted = {model: dict(ids) for model, ids in self.deleted.items()}
        twin.before = {model: dict(rows) for model, rows in self.before.items()}
        twin.companies = {model: dict(rows) for model, rows in self.companies.items()}
        twin.links = {relation: dict(pairs) for relation, pairs in self.links.items()}
        twin.actions = {key: dict(ids) for key, ids in self.actions.items()}
        twin._going = {table: set(ids) for table, ids in self._going.items()}
        return twin

    def watch(self, env: Environment) -> Watch:
        """What is watched; the same for the whole transaction."""
        if self._watch is None:
            self._watch = watch_of(env)
        return self._watch

    def sight(self, env: Environment, model: str) -> Sight:
        """How the rows of a model are looked at in this transaction."""
        found = self._sights.get(model)
        if found is None:
            found = self._sights[model] = Sight(env.root, model, self.watch(env).models[model].lines)
        return found

    # -- what the record layer tells ---------------------------------------------------------------------------------
    def creating(self, env: Environment, model: str, ids: Iterable[int]) -> None:
        """Rows were inserted."""
        if model in self.watch(env).models:
            self.created.setdefault(model, {}).update(dict.fromkeys(ids))

    def writing(self, env: Environment, model: str, rows: Mapping[int, Mapping[str, Any]]) -> None:
        """Columns are about to be written: id → values by field name."""
        if model in self.watch(env).models:
            moving = [id for id, vals in rows.items() if "company_id" in vals]
            self._remember(env, model, rows, moving)
            written = self.written.setdefault(model, {})
            for id, vals in rows.items():
                written.setdefault(id, set()).update(vals)

    def touching(self, env: Environment, model: str, ids: Iterable[int], name: str) -> None:
        """A field changes whose value is not in the row: a text in another language, a list of links."""
        if model in self.watch(env).models:
            several = list(ids)
            self._remember(env, model, several, ())
            written = self.written.setdefault(model, {})
            for id in several:
                written.setdefault(id, set()).add(name)

    def linking(self, env: Environment, field: Many2many, added: Pairs, removed: Pairs) -> None:
        """Pairs (id of the field's record, id of the linked one) are about to be put into a relation table or taken out of it."""
        relation, one, _two = field.names()
        if relation not in self.watch(env).relations:
            return
        if next(iter(env.transaction.registry.metadata.tables[relation].c)).name != one:  # the field of the other side
            added, removed = [(b, a) for a, b in added], [(b, a) for a, b in removed]
        self._linked(env, relation, added, removed)

    def _linked(self, env: Environment, relation: str, added: Pairs, removed: Pairs) -> None:
        """The same with pairs as the table has them."""
        pairs = self.links.setdefault(relation, {})
        for sign, several in ((1, added), (-1, removed)):
            for pair in several:
                pairs[pair] = pairs.get(pair, 0) + sign
        for model, name, first in self.watch(env).relations[relation]:
            self.touching(env, model, dict.fromkeys(pair[0 if first else 1] for pair in (*added, *removed)), name)

    def acted(self, env: Environment, model: str, method: str, ids: Iterable[int]) -> None:
        """A public method returned."""
        if (model, method) in self.watch(env).methods:
            self.actions.setdefault((model, method), {}).update(dict.fromkeys(i for i in ids if i > 0))

    def deleting(self, env: Environment, model: str, ids: list[int]) -> None:
        """Rows are about to be deleted, and with them what the database deletes by cascade, or whose links it empties."""
        name = model.replace(".", "_")
        if name in self.watch(env).touching:
            self._gone(env, name, ids)

    def deleting_where(self, env: Environment, model: str, clause: Any) -> None:
        """The same for rows that a statement deletes."""
        name = model.replace(".", "_")
        if name in self.watch(env).touching:
            table = env.transaction.registry.metadata.tables[name]
            self._gone(env, name, env.run(sa.select(table.c.id).where(clause)).scalars().all())

    def finish(self, env: Environment) -> None:
        """Write down what is to be told, in this transaction."""
        if self._done or self._watch is None:
            return
        if not (self.created or self.written or self.deleted or self.actions):
            return
        self._done = True
        from server.events import deliveries, feed

        deliveries.write(env, self)
        feed.write(env, self)

    # -- within ------------------------------------------------------------------------------------------------------
    def _remember(self, env: Environment, model: str, ids: Iterable[int], moving: Iterable[int]) -> None:
        """Look at rows before their first change."""
        watched = self.watch(env).models[model]
        created = self.created.get(model, {})
        if watched.lines:
            known = self.before.setdefault(model, {})
            fresh = [i for i in ids if i not in created and i not in known]
            if fresh:
                known.update(self.sight(env, model).rows(env, fresh, lock=True))
        elif watched.feed:
            companies = self.companies.setdefault(model, {})
            fresh = [i for i in moving if i not in created and i not in companies]
            if fresh:
                companies.update(self.companies_of(env, model, fresh))

    def companies_of(self, env: Environment, model: str, ids: list[int]) -> dict[int, int | None]:
        """Companies of rows as the database has them; None for models without a wall."""
        registry = env.transaction.registry
        cls = registry.for_enabled(registry.names).classes[model]
        if not cls._walled_model:  # type: ignore[attr-defined]
            return dict.fromkeys(ids)
        table = cls.table
        statement = sa.select(table.c.id, table.c.company_id).where(any_ids(table.c.id, "ids", env.transaction.dialect))
        return {row[0]: row[1] for row in env.run(statement, {"ids": ids})}

    def _gone(self, env: Environment, table_name: str, ids: Iterable[int]) -> None:
        watch = self.watch(env)
        going = self._going.setdefault(table_name, set())
        ids = [i for i in ids if i not in going]
        if not ids:
            return
        going.update(ids)
        tables = env.transaction.registry.metadata.tables
        model = str(tables[table_name].info.get("model", ""))
        if model in watch.models:
            self._remember(env, model, ids, ())
            companies = self.companies_of(env, model, ids) if watch.models[model].feed else dict.fromkeys(ids)
            self.deleted.setdefault(model, {}).update(companies)
        for table, column, kind in watch.pointing.get(table_name, ()):
            pointing = any_ids(column, "ids", env.transaction.dialect)
            if table.name in watch.relations:
                pairs = [(row[0], row[1]) for row in env.run(sa.select(*list(table.c)[:2]).where(pointing), {"ids": ids})]
                self._linked(env, table.name, [], pairs)
            elif kind == "CASCADE" and table.name in watch.touching:
                self._gone(env, table.name, env.run(sa.select(table.c.id).where(pointing), {"ids": ids}).scalars().all())
            elif kind == "SET NULL" and (other := str(table.info.get("model", ""))) in watch.models:
                emptied = env.run(sa.select(table.c.id).where(pointing), {"ids": ids}).scalars().all()
                if emptied:
                    self.touching(env, other, emptied, column.name)
