"""Searching and loading: the half of a record set that asks the database.

Rows are loaded whole and for the whole set (`_prefetch`), so that reading attributes in a loop costs one query per model. The
answers of the external API (`read`, `search_read`) do not pass through the cache: see `plans.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError, FieldError
from server.model import plans
from server.model.decorators import action
from server.model.domain import as_values, involved, join, names_in, parse
from server.model.domain_sql import Compiler, wall
from server.model.ordering import ordered, paged
from server.model.relational import Many2one
from server.model.repeated import remembered_search
from server.model.scalars import Char
from server.text import _, render

if TYPE_CHECKING:
    pass


class Reading:
    """Mixin of `Records`: search, load, describe."""

    __slots__ = ()

    # -- loading into the cache -------------------------------------------------------------------------------------

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
                env.context.get("tz"),
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
        fields: list[str] | Mapping[str, Any] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        load: Any = "_classic_read",
    ) -> list[dict[str, Any]]:
        """`search` and `read` in one: rows in search order. `fields` may hold dotted paths, or be a specification as `web_read`
        takes it.
        """
        if isinstance(fields, Mapping):
            return self._search_nested(domain, fields, offset, limit, order)  # type: ignore[no-any-return]
        env = self.env
        if env.transaction.dirty or env.transaction.pending:
            env.flush()
        plan = plans.read_plan(self, fields or None, load)

        def build() -> Any:
            statement = plan.select.where(*self._clauses(domain))
            return paged(ordered(self, statement, self.table, order or self._order), offset, limit)

        statement = remembered_search(self, plan, domain, (order, offset, limit), build)
        found = env.run(statement, plan.params(env))
        return plan.rows(self, found if isinstance(found, list) else found.all())

    @action(readonly=True)
    def read(self: Any, fields: list[str] | Mapping[str, Any] | None = None, load: Any = "_classic_read") -> list[dict[str, Any]]:
        """Rows in the order of the ids, values as on the wire; missing records are left out. `fields` may hold dotted paths
        (`partner_id.country_id.code`), or be a specification as `web_read` takes it.

        :raises AccessError: when a record exists but is not for this user.
        """
        if isinstance(fields, Mapping):
            return self.web_read(fields)  # type: ignore[no-any-return]
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

    def read_visible(self: Any, ids: list[int], fields: Any, load: Any) -> list[dict[str, Any]]:
        """Rows of those of `ids` that the user may read, archived ones too; in no particular order."""
        env = self.env
        plan = plans.read_plan(self, fields, load)
        clauses = self.with_context(active_test=False)._clauses([("id", "in", list(ids))])
        if not ids:  # what may not be asked is refused, whether or not there is anything to read
            return []
        if env.transaction.dirty or env.transaction.pending:
            env.flush()
        return plan.rows(self, env.run(plan.select.where(*clauses), plan.params(env)).all())

    @action(model=True, readonly=True)
    def search_fetch(
        self: Any,
        domain: Any = None,
        field_names: list[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> Any:
        """`search` for clients that name the fields they will read next.

        :raises FieldError: an unknown field. :raises AccessError: a hidden one.
        """
        plans.read_plan(self, field_names or None, None)
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
            operator = "not in" if negative else "in"
            return [glue] * (len(names) - 1) + [(n, operator, self._fitting(n, values)) for n in names]
        return [glue] * (len(names) - 1) + [(n, operator, value) for n in names]

    @classmethod
    def _fitting(cls: Any, name: str, values: list[Any]) -> list[Any]:
        """Of the names asked for, those that a field has room for: a country's name is no wrong value for its code."""
        size = getattr(cls._fields[name], "size", None)
        return [v for v in values if not isinstance(v, str) or len(v) <= size] if size else values

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


__all__ = ["Reading", "ordered", "paged", "to_list"]
