"""Loading rows and relations into the transaction's cache: whole rows, for the whole set, one query per model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.db.prepared import Prepared
from server.model.domain import parse
from server.model.domain_sql import Compiler
from server.model.drafts import UNKNOWN
from server.model.fields import Field
from server.model.flush import any_ids, write_rows
from server.model.ordering import ordered
from server.model.relational import Many2many, One2many

if TYPE_CHECKING:
    pass


class Loading:
    """Mixin of `Records`: the cache's side of the database."""

    __slots__ = ()

    @classmethod
    def _prepare_reading(cls) -> None:
        fields = cls._fields  # type: ignore[attr-defined]
        cls._row_fields = [f for f in fields.values() if f.stored and f.prefetch and f.name != "id"]  # type: ignore[attr-defined]
        cls._row_translated = any(f.translate for f in cls._row_fields)  # type: ignore[attr-defined]
        company = fields.get("company_id")
        walled = getattr(cls, "company_wall", True) and company is not None and company.stored
        cls._walled_model = walled  # type: ignore[attr-defined]
        cls._order_fields = {w.split()[0] for w in cls._order.split(",") if w.split()}  # type: ignore[attr-defined]

    def _load_value(self: Any, field: Field) -> Any:
        """Load one field (and what comes cheaply with it) for the set's siblings; the value of this one record."""
        env = self.env
        txn = env.transaction
        id = self._ids[0]
        if id < 0:
            if txn.drafts is not None and (value := txn.drafts.load(self, field)) is not UNKNOWN:
                return value
            if field.computed and not field.stored and not field.related:
                return self._compute_value(field)
            if field.related:
                from server.model.compute import compute_related

                compute_related(self, field)
                return txn.values[field.cache_key(env)].get(id)
            return () if field.type in ("one2many", "many2many") else None
        key = field.cache_key(env)
        values = txn.values[key]
        wanted = [i for i in dict.fromkeys((id, *self._prefetch)) if i not in values and i > 0]
        if field.stored:
            if field.prefetch:
                self._fetch_rows(wanted)
            else:
                self._fetch_rows(wanted, [field])
        elif field.related:
            from server.model.compute import compute_related

            compute_related(self.with_env(env.root).browse(self._alive(wanted)), field)
        elif field.compute:
            return self._compute_value(field)
        elif isinstance(field, One2many):
            self._load_one2many(field, wanted)
        elif isinstance(field, Many2many):
            self._load_many2many(field, wanted)
        try:
            return txn.values[key][id]
        except KeyError:
            from server.model.records import missing

            raise missing(env, self._name, (id,)) from None

    def _alive(self: Any, ids: list[int]) -> list[int]:
        """This record, and those of its siblings `ids` that exist: one that is gone must not stop the computing of the others."""
        if len(ids) < 2:
            return ids
        probe = self.env.transaction.values[(self._name, "create_date")]
        self._fetch_rows([i for i in ids if i not in probe and i > 0])
        return [i for i in ids if i in probe or i < 0 or i == self._ids[0]]

    def _compute_value(self: Any, field: Field) -> Any:
        """Run the compute method of a non-stored field for the siblings."""
        env = self.env
        txn = env.transaction
        key = field.cache_key(env)
        id = self._ids[0]
        wanted = self._alive([i for i in dict.fromkeys((id, *self._prefetch)) if i not in txn.values[key]])
        records = self.browse(wanted)
        # all fields of the method are being computed: assigning one of them is not a write by hand
        keys = {f.key for f in self._fields.values() if f.compute == field.compute} - txn.computing
        txn.computing.update(keys)
        try:
            getattr(records, field.compute or "")()
        finally:
            txn.computing.difference_update(keys)
        values = txn.values[key]
        for each in wanted:
            values.setdefault(each, None)
        return values[id]

    def _fetch_rows(self: Any, ids: list[int], fields: list[Field] | None = None) -> None:
        """Load the columns of `ids` that are behind the wall and exist; values already cached (and pending) win."""
        if not ids:
            return
        env = self.env
        txn = env.transaction
        chosen = self._row_fields if fields is None else fields
        if env.translation_lang and self._name in txn.dirty and any(f.translate for f in chosen):
            write_rows(env, self._name, txn.dirty.pop(self._name))  # another language may fall back to a text that waits
        if self._reference and fields is None and not txn.reference_touched:
            ids = self._from_process(ids, chosen)
            if not ids:
                return
        rows = env.run(*self._select_rows(chosen, ids))
        self._store_rows(rows, chosen)
        if self._reference and fields is None and not txn.reference_touched:
            txn.database.keep_reference(
                txn, (self._name, env.translation_lang, env.models.enabled), {r[0]: tuple(r) for r in rows}
            )

    def _from_process(self: Any, ids: list[int], fields: list[Field]) -> list[int]:
        """Take rows of reference data from the process cache; the ids that are not there."""
        env = self.env
        known = env.database.reference_rows(env.transaction, (self._name, env.translation_lang, env.models.enabled))
        if not known:
            return ids
        rows = [known[i] for i in ids if i in known]
        if self._walled_model and rows:
            position = next(n for n, f in enumerate(fields, 1) if f.name == "company_id")
            allowed = set(env.allowed_company_ids)
            rows = [r for r in rows if r[position] is None or r[position] in allowed]
        self._store_rows(rows, fields)
        return [i for i in ids if i not in known]

    def _store_rows(self: Any, rows: Iterable[Any], fields: list[Field], offset: int = 1) -> None:
        env = self.env
        values = env.transaction.values
        targets = [values[f._contextual and f.cache_key(env) or f.key] for f in fields]
        special = [(n, f) for n, f in enumerate(fields) if f.company_dependent]
        if special:
            company = str(env.company_id or 0)
            changed = []
            for row in rows:
                row = list(row)
                for n, f in special:
                    raw = row[n + offset]
                    row[n + offset] = f.coerce(raw.get(company), env) if isinstance(raw, dict) else None
                changed.append(row)
            rows = changed
        for row in rows:
            id = row[0]
            for target, value in zip(targets, row[offset:], strict=False):
                if id not in target:
                    target[id] = value

    def _select_rows(self: Any, fields: list[Field], ids: list[int]) -> tuple[Any, dict[str, Any]]:
        env = self.env
        txn = env.transaction
        if fields is self._row_fields:
            lang = env.translation_lang if self._row_translated else None
            key: Any = ("rows", self._name, lang, txn.dialect)
        else:
            lang = env.translation_lang if any(f.translate for f in fields) else None
            key = ("rows", self._name, tuple(f.name for f in fields), lang, txn.dialect)
        statement = self.models.plans.get(key)
        if statement is None:
            table = self.table
            columns = self._columns(table, fields)
            statement = sa.select(table.c.id, *columns).where(any_ids(table.c.id, "ids", txn.dialect))
            if self._walled_model:
                statement = statement.where(
                    sa.or_(any_ids(table.c.company_id, "companies", txn.dialect), table.c.company_id.is_(None))
                )
            statement = self.models.plans[key] = Prepared(statement)
        params: dict[str, Any] = {"ids": ids}
        if self._walled_model:
            params["companies"] = list(env.allowed_company_ids)
        return statement, params

    def _columns(self: Any, table: Any, fields: list[Field]) -> list[Any]:
        compiler = Compiler(self.env)
        return [table.c[f.name] if not f.translate else compiler.column(type(self), table, f).label(f.name) for f in fields]

    def locked_lines(self: Any, name: str) -> Any:
        """The lines behind the one2many `name` of all records, loaded and locked in one statement."""
        field = self._field(name)
        self._load_one2many(field, list(self._ids), lock=True)
        return self._union_of(field)

    def _load_one2many(self: Any, field: One2many, ids: list[int], lock: bool = False) -> None:
        """Load a one2many for `ids`: the lines' whole rows in one query, into the cache."""
        env = self.env
        txn = env.transaction
        target = env[field.comodel]
        inverse = field.inverse_name
        waiting = txn.dirty.get(field.comodel)
        deciding = {inverse, "active", "company_id", *target._order_fields}
        if field.domain or lock or any(k[0] == field.comodel and k[1] in deciding for k in txn.pending):
            env.flush_for((field.comodel,))
        elif waiting and any(not deciding.isdisjoint(vals) for vals in waiting.values()):
            env.flush()
        fields = target._row_fields
        found: dict[int, list[int]] = {i: [] for i in ids}
        if ids:
            plain = not field.domain
            lang = env.translation_lang if any(f.translate for f in fields) else None
            active = "active" in target._fields and target._fields["active"].stored and env.context.get("active_test", True)
            key = ("one2many", field.key, lang, bool(active), lock, txn.dialect)
            statement = self.models.plans.get(key) if plain else None
            if statement is None:
                table = target.table
                statement = sa.select(table.c.id, *target._columns(table, fields)).where(
                    any_ids(table.c[inverse], "ids", txn.dialect)
                )
                if active:
                    statement = statement.where(table.c.active == sa.true())
                if target._walled_model:
                    statement = statement.where(
                        sa.or_(any_ids(table.c.company_id, "companies", txn.dialect), table.c.company_id.is_(None))
                    )
                if not plain:
                    statement = statement.where(Compiler(env).clause(type(target), table, parse(field.domain)))
                statement = ordered(target, statement, table, target._order)
                if lock and txn.dialect == "postgresql":
                    statement = statement.with_for_update(of=table)
                statement = Prepared(statement)
                if plain:
                    self.models.plans[key] = statement
            params: dict[str, Any] = {"ids": ids}
            if target._walled_model:
                params["companies"] = list(env.allowed_company_ids)
            if lock:
                rows = env.run(statement, params)
                for each in fields:
                    cached = txn.values.get(each.cache_key(env))
                    if cached:
                        for row in rows:
                            cached.pop(row[0], None)
                txn.locked.update((field.comodel, r[0]) for r in rows)
            else:
                rows = env.run(statement, params)
            target._store_rows(rows, fields)
            position = 1 + next(n for n, f in enumerate(fields) if f.name == inverse)
            for row in rows:
                found[row[position]].append(row[0])
        values = txn.values[field.cache_key(env)]
        for id, lines in found.items():
            values[id] = tuple(lines)

    def _load_many2many(self: Any, field: Many2many, ids: list[int]) -> None:
        """Load a many2many for `ids`, in the comodel's order."""
        env = self.env
        txn = env.transaction
        target = env[field.comodel]
        deciding = {"active", "company_id", *target._order_fields}
        if any(not deciding.isdisjoint(vals) for vals in txn.dirty.get(field.comodel, {}).values()):
            env.flush()
        found: dict[int, list[int]] = {i: [] for i in ids}
        if ids and self._reference and not txn.reference_touched:
            known = env.database.reference_rows(txn, (field.key, env.allowed_company_ids))
            for i in [i for i in ids if i in known]:
                found[i] = list(known[i])
            ids = [i for i in ids if i not in known]
        if ids:
            relation, one, two = field.names()
            pairs = txn.registry.metadata.tables[relation]
            active = "active" in target._fields and target._fields["active"].stored and env.context.get("active_test", True)
            key = ("many2many", field.key, bool(active), txn.dialect)
            statement = self.models.plans.get(key)
            if statement is None:
                table = target.table
                statement = (
                    sa.select(pairs.c[one], pairs.c[two])
                    .join(table, table.c.id == pairs.c[two])
                    .where(any_ids(pairs.c[one], "ids", txn.dialect))
                )
                if active:
                    statement = statement.where(table.c.active == sa.true())
                if target._walled_model:
                    statement = statement.where(
                        sa.or_(any_ids(table.c.company_id, "companies", txn.dialect), table.c.company_id.is_(None))
                    )
                statement = self.models.plans[key] = Prepared(ordered(target, statement, table, target._order))
            params: dict[str, Any] = {"ids": ids}
            if target._walled_model:
                params["companies"] = list(env.allowed_company_ids)
            for mine, theirs in env.run(statement, params):
                found[mine].append(theirs)
            if self._reference and not txn.reference_touched:
                txn.database.keep_reference(txn, (field.key, env.allowed_company_ids), {i: tuple(found[i]) for i in ids})
        values = txn.values[field.cache_key(env)]
        for id, linked in found.items():
            values[id] = tuple(linked)
