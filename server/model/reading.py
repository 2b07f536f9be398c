"""Searching and loading: the half of a record set that asks the database.

Rows are loaded whole and for the whole set (`_prefetch`), so that reading attributes in a loop costs one query per model. The
answers of the external API (`read`, `search_read`) do not pass through the cache: see `plans.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError, FieldError
from server.model import plans
from server.model.decorators import action
from server.model.domain import Compiler, as_values, involved, join, names_in, parse, wall
from server.model.fields import Char, Field
from server.model.flush import any_ids
from server.model.relational import Many2many, Many2one, One2many
from server.text import _, render

if TYPE_CHECKING:
    pass


class Reading:
    """Mixin of `Records`: search, load, describe."""

    __slots__ = ()

    # -- loading into the cache -------------------------------------------------------------------------------------
    @classmethod
    def _prepare_reading(cls) -> None:
        fields = cls._fields  # type: ignore[attr-defined]
        cls._row_fields = [f for f in fields.values() if f.stored and f.prefetch and f.name != "id"]  # type: ignore[attr-defined]
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

            compute_related(self.with_env(env.root).browse(wanted), field)
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

    def _compute_value(self: Any, field: Field) -> Any:
        """Run the compute method of a non-stored field for the siblings."""
        env = self.env
        txn = env.transaction
        key = field.cache_key(env)
        id = self._ids[0]
        wanted = [i for i in dict.fromkeys((id, *self._prefetch)) if i not in txn.values[key]]
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
        if self._reference and fields is None and not txn.reference_touched:
            ids = self._from_process(ids, chosen)
            if not ids:
                return
        rows = env.run(*self._select_rows(chosen, ids)).all()
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
            self.models.plans[key] = statement
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
            key = ("one2many", field.key, lang, bool(active), txn.dialect)
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
                if plain:
                    self.models.plans[key] = statement
            params: dict[str, Any] = {"ids": ids}
            if target._walled_model:
                params["companies"] = list(env.allowed_company_ids)
            if lock:
                if txn.dialect == "postgresql":
                    statement = statement.with_for_update(of=target.table)
                rows = env.run(statement, params).all()
                for each in fields:
                    cached = txn.values.get(each.cache_key(env))
                    if cached:
                        for row in rows:
                            cached.pop(row[0], None)
                txn.locked.update((field.comodel, r[0]) for r in rows)
            else:
                rows = env.run(statement, params).all()
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
                statement = ordered(target, statement, table, target._order)
                self.models.plans[key] = statement
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

    # -- statements -------------------------------------------------------------------------------------------------
    def _walled(self: Any, statement: Any) -> Any:
        return statement.where(wall(self.env, self.table)) if self._walled_model else statement

    def _normal_domain(self: Any, domain: Any) -> list[Any]:
        """A domain as a list that can follow an `&`."""
        tree = parse(domain)
        return [] if tree is None else to_list(tree)

    def _clauses(self: Any, domain: Any, operation: str = "read") -> list[Any]:
        """WHERE clauses: the domain, archived records left out, the company wall, the user's record rules."""
        env = self.env
        tree = parse(domain)
        compiler = Compiler(env)
        clauses = []
        if tree is not None:
            try:
                clauses.append(compiler.clause(type(self), self.table, tree))
            except RecursionError:
                raise FieldError("Domain nested too deeply.") from None
        active = self._fields.get("active")
        if active is not None and env.context.get("active_test", True) and "active" not in names_in(tree):
            clauses.append(compiler.clause(type(self), self.table, ("active", "=", True)))
        if self._walled_model:
            clauses.append(wall(env, self.table))
        if not env.su:
            env.access.check(self._name, operation)
            rule = env.access.rule(self._name, operation)
            if rule is not None:
                clauses.append(self._rule_clause(rule))
        return clauses

    def _rule_clause(self: Any, rule: Any) -> Any:
        """The clause of a record rule, compiled in superuser mode so that rules may name what the user cannot read."""
        return Compiler(self.env.root).clause(type(self), self.table, parse(rule))

    def query(self: Any, domain: Any = None, *columns: Any) -> sa.Select[Any]:
        """A Core SELECT of `columns` (default: id) over the records that match, behind the wall; for set-wise SQL in addons."""
        if self.env.transaction.dirty or self.env.transaction.pending:
            self.env.flush()
        return sa.select(*(columns or (self.table.c.id,))).select_from(self.table).where(*self._clauses(domain))

    # -- search -----------------------------------------------------------------------------------------------------
    def search_ids(self: Any, domain: Any = None, offset: Any = 0, limit: Any = None, order: Any = None) -> tuple[int, ...]:
        """Ids of `search`."""
        env = self.env
        txn = env.transaction
        if self._reference and not txn.reference_touched:
            key = (
                self._name,
                "search",
                repr(domain),
                offset,
                limit,
                order,
                env.allowed_company_ids,
                bool(env.context.get("active_test", True)),
                env.models.enabled,
                env.lang,
                None if env.su else env.uid,
            )
            return txn.database.cached(txn, key, lambda: self._search_ids(domain, offset, limit, order))  # type: ignore[no-any-return]
        return self._search_ids(domain, offset, limit, order)  # type: ignore[no-any-return]

    def _search_ids(self: Any, domain: Any, offset: Any, limit: Any, order: Any) -> tuple[int, ...]:
        env = self.env
        if env.transaction.dirty or env.transaction.pending:
            env.flush_for(
                involved(self, parse(domain))
                | ({f.comodel for f in self._fields.values() if f.comodel} if order or not env.su else set())
            )
        statement = sa.select(self.table.c.id).where(*self._clauses(domain))
        statement = ordered(self, statement, self.table, order or self._order)
        statement = paged(statement, offset, limit)
        return tuple(r[0] for r in env.run(statement))

    @action(model=True, readonly=True)
    def search(self: Any, domain: Any = None, offset: int = 0, limit: int | None = None, order: str | None = None) -> Any:
        """The records that match `domain`, in `order` (default: the model's)."""
        return self.browse(self.search_ids(domain, offset, limit, order))

    @action(model=True, readonly=True)
    def search_count(self: Any, domain: Any = None, limit: int | None = None) -> int:
        """How many records match; stops counting at `limit`."""
        env = self.env
        if env.transaction.dirty or env.transaction.pending:
            env.flush()
        if limit:
            inner = paged(sa.select(self.table.c.id).where(*self._clauses(domain)), 0, limit).subquery()
            statement = sa.select(sa.func.count()).select_from(inner)
        else:
            statement = sa.select(sa.func.count()).select_from(self.table).where(*self._clauses(domain))
        return int(env.run(statement).scalar_one())

    @action(model=True, readonly=True)
    def search_read(
        self: Any,
        domain: Any = None,
        fields: list[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        load: Any = "_classic_read",
    ) -> list[dict[str, Any]]:
        """`search` and `read` in one: rows in search order."""
        env = self.env
        if env.transaction.dirty or env.transaction.pending:
            env.flush()
        plan = plans.read_plan(self, fields or None, load)
        statement = plan.select.where(*self._clauses(domain))
        statement = ordered(self, statement, self.table, order or self._order)
        return plan.rows(self, env.run(paged(statement, offset, limit), plan.params(env)).all())

    @action(readonly=True)
    def read(self: Any, fields: list[str] | None = None, load: Any = "_classic_read") -> list[dict[str, Any]]:
        """Rows in the order of the ids, values as on the wire; missing records are left out.

        :raises AccessError: when a record exists but is not for this user.
        """
        env = self.env
        if not self._ids:
            if not env.su:
                env.access.check(self._name, "read")
            plans.read_plan(self, fields or None, load)
            return []
        if env.transaction.dirty or env.transaction.pending:
            env.flush()
        plan = plans.read_plan(self, fields or None, load)
        clauses = self.with_context(active_test=False)._clauses([("id", "in", list(self._ids))])
        rows = plan.rows(self, env.run(plan.select.where(*clauses), plan.params(env)).all())
        by_id = {r["id"]: r for r in rows}
        if len(by_id) < len(self._ids) and not env.su:
            hidden = (self - self.browse(by_id)).sudo().exists()
            if hidden:
                raise AccessError(
                    _("You are not allowed to access %(label)s (%(model)s): %(ids)s. Ask an administrator for the right.",
                      label=self._model_title(), model=self._name, ids=", ".join(map(str, hidden._ids))),
                    model=self._name, ids=hidden.ids,
                )  # fmt: skip
        return [by_id[i] for i in self._ids if i in by_id]

    @action(model=True, readonly=True)
    def search_fetch(
        self: Any,
        domain: Any = None,
        field_names: list[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> Any:
        """`search` for clients that name the fields they will read next."""
        return self.search(domain, offset, limit, order)

    def _model_title(self: Any) -> Any:
        return self._model_label or type(self).__name__

    # -- names ------------------------------------------------------------------------------------------------------
    def _compute_display_name(self: Any) -> None:
        """Default display name: the column `rec_name`, else "model,id"."""
        name = self._rec_name
        has = name in self._fields
        for record in self:
            value = record[name] if has else None
            if value is not None and not isinstance(value, str):
                field = self._fields[name]
                value = record._many2one(field).display_name if isinstance(field, Many2one) else str(field.wire(value))
            record.display_name = value or f"{self._name},{record._ids[0]}"

    def _search_display_name(self: Any, operator: str, value: Any) -> list[Any]:
        """Domain for a search by display name: over `name_search_fields`, default `rec_name`."""
        names = [n for n in (self._name_search_fields or [self._rec_name]) if n in self._fields]
        if not names:
            return [(0, "=", 1)]
        negative = operator in ("!=", "not in", "not like", "not ilike", "not =like", "not =ilike")
        glue = "&" if negative else "|"
        if operator in ("=", "!=", "in", "not in"):
            values: Any = list(as_values(value))
            operator, value = ("not in", values) if negative else ("in", values)
        return [glue] * (len(names) - 1) + [(n, operator, value) for n in names]

    @action(model=True, readonly=True)
    def name_search(
        self: Any, name: str = "", domain: Any = None, operator: str = "ilike", limit: int | None = 100, args: Any = None
    ) -> list[list[Any]]:
        """`[[id, display_name], …]` of the records whose name matches."""
        tree = parse(domain if domain else args)
        if name:
            named = parse([("display_name", operator, name)])
            tree = named if tree is None else join("&", tree, named)
        found = self.search(to_list(tree) if tree is not None else [], limit=limit)
        return [[r._ids[0], r.display_name] for r in found]

    @action(readonly=True)
    def name_get(self: Any) -> list[list[Any]]:
        """`[[id, display_name], …]` of these records."""
        return [[row["id"], row["display_name"]] for row in self.read(["display_name"])]

    # -- description ------------------------------------------------------------------------------------------------
    @action(model=True, readonly=True)
    def fields_get(
        self: Any, allfields: list[str] | None = None, attributes: list[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """What each field is: type, label, relation, selection …; aliases are described like the field they name."""
        env = self.env
        wanted = set(allfields or ())
        described: dict[str, dict[str, Any]] = {}
        for name, field in [
            *self._fields.items(),
            *((a, self._fields[n]) for a, n in self._aliases.items() if n in self._fields),
        ]:
            if wanted and name not in wanted:
                continue
            if field.groups and not env.su and not env.access.field_visible(field):
                continue
            entry = field.describe(env)
            if isinstance(field, Char) and field.name != name:
                entry = dict(entry)
            if attributes:
                entry = {k: v for k, v in entry.items() if k in attributes}
            described[name] = {
                k: (render(v, env.lang) if not isinstance(v, (bool, int, float, str, list, dict)) else v)
                for k, v in entry.items()
                if v is not None
            }
        return described

    @action(model=True, readonly=True)
    def fields_get_keys(self: Any) -> list[str]:
        """Names of all fields."""
        return list(self.fields_get())


def to_list(tree: Any) -> list[Any]:
    """A parsed tree back as a prefix list."""
    if tree is None:
        return []
    if isinstance(tree, tuple):
        return [tree]
    if tree.op == "!":
        return ["!", *to_list(tree.parts[0])]
    return [tree.op] * (len(tree.parts) - 1) + [item for p in tree.parts for item in to_list(p)]


def paged(statement: Any, offset: Any, limit: Any) -> Any:
    """OFFSET and LIMIT as clients send them (0, false, empty text = none)."""
    for name, value in (("offset", offset), ("limit", limit)):
        if value in (None, False, "", 0):
            continue
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise FieldError(f"Invalid {name}: {value!r} is not a whole number.") from None
        if number < 0 or number >= 2**63:
            raise FieldError(f"Invalid {name}: {number}.")
        statement = statement.limit(number) if name == "limit" else statement.offset(number)
    return statement


def ordered(records: Any, statement: Any, table: Any, order: Any, depth: int = 0) -> Any:
    """ORDER BY a clause like `date_order desc, partner_id`; many2one fields sort by the order of their model."""
    if not isinstance(order, str):
        raise FieldError(f"Invalid order: {order!r} is not text like 'name, id desc'.")
    env = records.env
    seen_id = False
    for part in order.split(","):
        words = part.split()
        if not words:
            continue
        name, direction = words[0], (words[1].lower() if len(words) > 1 else "asc")
        name = name.partition(":")[0]
        if len(words) > 4 or direction not in ("asc", "desc", "nulls"):
            raise FieldError(f"Invalid order '{order[:100]}'. Expected 'field [asc|desc], …'.")
        field = records._fields.get(records._aliases.get(name, name))
        if field is None or (field.groups and not env.su and not env.access.field_visible(field)):
            raise FieldError(f"Invalid field '{name[:60]}' in order for model '{records._name}'.")
        descending = direction == "desc"
        statement, expressions = order_terms(records, statement, table, field, descending, 0)
        statement = statement.order_by(*expressions)
        seen_id = seen_id or field.name == "id"
    if not seen_id:
        statement = statement.order_by(table.c.id)
    del env
    return statement


def order_terms(records: Any, statement: Any, table: Any, field: Field, descending: bool, depth: int) -> tuple[Any, list[Any]]:
    """(statement with the joins needed, expressions) to sort by one field."""
    env = records.env
    if field.name == "display_name" and not field.stored:
        name = records._rec_name
        field = records._fields[name] if name in records._fields and records._fields[name].stored else records._fields["id"]
    if field.related and not field.stored:
        path = field.related.split(".")
        cls: Any = records
        for hop in path[:-1]:
            step = cls._field(hop)
            if not isinstance(step, Many2one) or not step.stored:
                raise FieldError(f"Field {records._name}.{field.name} cannot be sorted by.")
            joined = env[step.comodel].table.alias()
            statement = statement.outerjoin(joined, table.c[step.name] == joined.c.id)
            table, cls = joined, env[step.comodel]
        return order_terms(cls, statement, table, cls._field(path[-1]), descending, depth)
    if field.name == "id":
        return statement, [table.c.id.desc() if descending else table.c.id]
    if not field.stored:
        raise FieldError(f"Field {records._name}.{field.name} is computed and cannot be sorted by.")
    if isinstance(field, Many2one) and depth < 2:
        comodel = env[field.comodel]
        joined = comodel.table.alias()
        statement = statement.outerjoin(joined, table.c[field.name] == joined.c.id)
        terms: list[Any] = []
        for part in comodel._order.split(","):
            words = part.split()
            inner = comodel._fields.get(words[0]) if words else None
            if inner is None:
                continue
            flip = (len(words) > 1 and words[1].lower() == "desc") != descending
            statement, more = order_terms(comodel, statement, joined, inner, flip, depth + 1)
            terms += more
        return statement, terms
    column = Compiler(env).column(type(records), table, field) if field._contextual else table.c[field.name]
    if env.transaction.dialect == "sqlite" and not field.required:
        return statement, [column.desc().nulls_first() if descending else column.asc().nulls_last()]
    return statement, [column.desc() if descending else column.asc()]


__all__ = ["Reading", "ordered", "paged", "to_list"]
