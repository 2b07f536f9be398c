"""Checks on what is written: required values, the company wall, parent loops,
constraints of addons, record rules of the user.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server import whereabouts
from server.errors import AccessError, FieldError, UserError, ValidationError
from server.model.domain_sql import parent_field
from server.model.fields import Field
from server.model.relational import Many2one
from server.text import _, render

if TYPE_CHECKING:
    pass

#: Records of a refused set that are looked at one by one to say which of them it was.
PROBED = 500


class Checking:
    """Mixin of `Records`: checks."""

    __slots__ = ()

    @classmethod
    def _constraints(cls: Any) -> list[tuple[str, frozenset[str]]]:
        """(method, fields) of the model's `@constrains` methods."""
        found = cls._constraint_cache
        if found is None:
            names: dict[str, set[str]] = {}
            for klass in cls.__mro__:
                for name, value in vars(klass).items():
                    marked = getattr(value, "__colca_constrains__", None)
                    if marked is not None:
                        names.setdefault(name, set()).update(marked)
            found = cls._constraint_cache = [(n, frozenset(f)) for n, f in names.items()]
        return found  # type: ignore[no-any-return]

    def _check_required(self: Any, rows: list[dict[str, Any]]) -> None:
        missing = [
            f
            for f in self._required
            if any(
                r.get(f.name) is None and not (f.type in ("integer", "float", "monetary", "boolean") and f.name in r)
                for r in rows
            )
        ]
        for field in [f for f in missing if f.type in ("integer", "float", "monetary", "boolean")]:
            for row in rows:
                if row.get(field.name) is None:
                    row[field.name] = field.coerce(0, self.env)
            missing.remove(field)
        missing = [f for f in missing if f.server_default is None]
        if missing:
            lang = self.env.lang
            error = ValidationError(
                _("Missing required value: %(fields)s of %(model)s. Give these fields a value.",
                  fields=", ".join(f"{render(f.string, lang)} ({f.name})" for f in missing), model=self._model_title()),
                model=self._name, fields=[f.name for f in missing],
            )  # fmt: skip
            index, name = next((i, f.name) for i, r in enumerate(rows) for f in missing if r.get(f.name) is None)
            whereabouts.at(error, index, name, field=name)
            raise error

    def _check_companies(self: Any, rows: list[dict[str, Any]], own: dict[int, Any] | None = None) -> None:
        """Refuse links to records of another company, and rows of companies that are not switched on."""
        env = self.env
        if not self._walled_model:
            return
        allowed = set(env.allowed_company_ids)
        for index, row in enumerate(rows):
            company = row.get("company_id")
            if company is not None and company not in allowed:
                refusal = AccessError(
                    _(
                        "You cannot write %(model)s of company %(company)s: it is not among the companies you are working in. "
                        "Switch to it first.",
                        model=self._model_title(),
                        company=company,
                    ),
                    model=self._name,
                    field="company_id",
                    value=company,
                )
                whereabouts.at(refusal, index, "company_id")
                raise refusal
        links: list[tuple[Many2one, Any]] = []
        wanted: dict[str, dict[int, None]] = {}
        for field in self._columns_written:
            if isinstance(field, Many2one) and field.check_company and field.name != "company_id":
                ids = [r[field.name] for r in rows if r.get(field.name) is not None]
                target = env[field.comodel]
                if ids and target._walled_model:
                    links.append((field, target))
                    wanted.setdefault(field.comodel, {}).update(dict.fromkeys(ids))
        for model, found in wanted.items():
            known = env.transaction.values[(model, "company_id")]
            unknown = [i for i in found if i not in known]
            if unknown:
                env[model].browse(unknown)._fetch_rows(unknown)
        for field, target in links:
            values = env.transaction.values[target._fields["company_id"].key]
            for index, row in enumerate(rows):
                id = row.get(field.name)
                if id is None:
                    continue
                if id not in values:
                    error = ValidationError(
                        _(
                            "%(field)s of %(model)s: record %(id)s of %(target)s does not exist, or belongs to another company. "
                            "Choose another one.",
                            field=field.string,
                            model=self._model_title(),
                            id=id,
                            target=field.comodel,
                        ),
                        model=self._name,
                        field=field.name,
                        value=id,
                    )
                    whereabouts.at(error, index, field.name)
                    raise error
                theirs, mine = values[id], row.get("company_id")
                if theirs is not None and mine is not None and theirs != mine:
                    error = ValidationError(
                        _(
                            "%(field)s of %(model)s: record %(id)s of %(target)s belongs to another company. Choose one of the "
                            "same company.",
                            field=field.string,
                            model=self._model_title(),
                            id=id,
                            target=field.comodel,
                        ),
                        model=self._name,
                        field=field.name,
                        value=id,
                    )
                    whereabouts.at(error, index, field.name)
                    raise error

    def _guard_write(self: Any) -> None:
        if self.env.transaction.readonly:
            raise RuntimeError(f"{self._name} is written in a read transaction: mark the action without readonly=True")

    def _check_values(self: Any, fields: list[Field], vals: dict[str, Any]) -> None:
        """Required fields stay filled, links stay within the company."""
        empty = [
            f for f in fields if f.required and vals[f.name] is None and f.type not in ("integer", "float", "monetary", "boolean")
        ]
        for field in fields:
            if field.required and vals[field.name] is None and field not in empty:
                vals[field.name] = field.coerce(0, self.env)
        try:
            if empty:
                self._check_required([{f.name: vals.get(f.name, 1) for f in self._required}])
            if not self._walled_model:
                return
            links = [f for f in fields if isinstance(f, Many2one)]
            if vals.get("company_id") is not None:
                self._check_new_company(vals["company_id"], vals)
            if links:
                companies = self.env.transaction.values[self._fields["company_id"].key]
                mine = {companies.get(i) for i in self._ids} if "company_id" not in vals else {vals["company_id"]}
                self._check_companies([{**{f.name: vals[f.name] for f in links}, "company_id": c} for c in mine])
        except UserError as error:
            name = error.data.get("field")
            whereabouts.replace(error, name if name in vals else "company_id")
            raise

    def _check_new_company(self: Any, company: int, vals: dict[str, Any]) -> None:
        """What becomes a company's own links only to what is its own or shared, and is used by no record of another company.

        :raises ValidationError: naming the link.
        """
        own = self._fields["company_id"]
        movers = self.browse([r._ids[0] for r in self if r._raw(own) != company])
        if not movers:
            return
        links = [
            f
            for f in self._columns_written
            if isinstance(f, Many2one) and f.check_company and not (f.computed or f.company_dependent or f.name in vals)
        ]
        self._check_companies([{**{f.name: r._raw(f) for f in links}, "company_id": company} for r in movers])
        self.env.flush()
        users = [(self._name, movers._ids)]
        while users:
            model, ids = users.pop()
            for other in self.models.classes.values():
                if not other._walled_model:
                    continue
                theirs = other._fields["company_id"]
                for field in other._fields.values():
                    if not isinstance(field, Many2one) or field.comodel != model or not field.stored or field.company_dependent:
                        continue
                    found = sa.select(other.table.c.id).where(other.table.c[field.name].in_(ids))
                    if theirs.related == f"{field.name}.company_id":  # goes with it; but who uses that?
                        followers = tuple(row[0] for row in self.env.run(found))
                        if followers:
                            users.append((other._name, followers))
                        continue
                    mine = other.table.c.company_id
                    if list(self.env.run(found.where(mine.is_not(None), mine != company).limit(1))):
                        raise ValidationError(
                            _(
                                "%(record)s cannot be of %(company)s alone: records of another company use it (%(target)s, "
                                "%(field)s).",
                                record=movers[0].display_name,
                                company=self.env.root["res.company"].browse(company).display_name,
                                target=self.env[other._name]._model_title(),
                                field=field.string,
                            ),
                            model=self._name,
                            field="company_id",
                            value=company,
                        )

    def _validate(self: Any, changed: set[str] | None) -> None:
        """Run the `@constrains` methods concerned (all, for new records) and refuse loops of the parent field."""
        parent = parent_field(type(self))
        if parent is not None and changed is not None and parent.name in changed:
            try:
                self._check_loop(parent)
            except ValidationError as error:
                whereabouts.at(error, parent.name)
                raise
        for name, fields in self._constraints():
            if changed is None or fields & changed:
                try:
                    getattr(self, name)()
                except (FieldError, UserError) as error:
                    self._point_at(error, name, fields, changed)
                    raise

    def _point_at(self: Any, error: FieldError | UserError, constraint: str, fields: frozenset[str], changed: Any) -> None:
        """Say which record breaks the constraint, and in which of the fields it is about."""
        data = error.data
        data.setdefault("model", self._name)
        if "field" not in data and len(fields) == 1:
            data["field"] = next(iter(fields))
        if "field" not in data:
            data.setdefault("fields", sorted(fields))
        index = 0 if len(self._ids) == 1 else None
        if index is None and len(self._ids) <= PROBED:
            index = next((n for n, record in enumerate(self) if record._breaks(constraint)), None)
        name = data.get("field") if data["model"] == self._name and data.get("field") in self._fields else None
        steps = () if name is None else (name,)
        if changed is not None:
            if index is not None:
                data.setdefault("ids", [self._ids[index]])
            if steps:
                whereabouts.at(error, *steps)
        elif index is not None:
            whereabouts.at(error, index, *steps)

    def _breaks(self: Any, constraint: str) -> bool:
        try:
            getattr(self, constraint)()
        except (FieldError, UserError):
            return True
        return False

    def _check_loop(self: Any, parent: Many2one) -> None:
        level = self
        above: set[int] = set()
        while level:
            level = level._many2one(parent)
            if level & self:
                break
            level = level.browse([i for i in level._ids if i not in above])  # a loop of others is not this write's
            above.update(level._ids)
        else:
            return
        raise ValidationError(
            _(
                "Recursion detected: a %(model)s cannot be its own parent. Choose another %(field)s.",
                model=self._model_title(),
                field=parent.string,
            ),
            model=self._name,
            field=parent.name,
        )

    def _check_rule(self: Any, operation: str) -> None:
        """The records must (still) be among those the user may `operation`."""
        env = self.env
        if env.su:
            return
        rule = env.access.rule(self._name, operation)
        if rule is None or not self._ids:
            return
        found = {
            r[0] for r in env.execute(sa.select(self.table.c.id).where(self.table.c.id.in_(self._ids), self._rule_clause(rule)))
        }
        refused = [i for i in self._ids if i not in found]
        if refused:
            raise AccessError(
                _("You are not allowed to %(operation)s these %(model)s records: %(ids)s. Ask an administrator for the right.",
                  operation=operation, model=self._model_title(), ids=", ".join(map(str, refused))),
                model=self._name, ids=refused,
            )  # fmt: skip

    def _check_rule_before(self: Any, names: Collection[str]) -> None:
        """`_check_rule` of what is about to be written, where the fields `names` decide it: nobody may bring a record into his
        reach by the very write that needs it there. Other fields leave the answer as it is, which is asked for after the write.
        """
        env = self.env
        if env.su:
            return
        asked = {*(getattr(type(self), "access_through", None) or ())}
        for domain in env.access.compiled.get((self._name, "write")) or ():
            asked.update(term[0].partition(".")[0] for term in domain if isinstance(term, (list, tuple)) and len(term) == 3)
        asked = {self._aliases.get(name, name) for name in asked}
        if asked & set(names) or any(
            (field := self._fields.get(name)) is not None and (field.computed or field.related) for name in asked
        ):
            self._check_rule("write")

    def _check_rule_after(self: Any, operation: str) -> None:
        """`_check_rule` of what was just written; at the end of the writes that are made together, where there are such."""
        together = self.env.transaction.together
        if together is None or self.env.su:
            self._check_rule(operation)
        else:
            together.later(self, operation)

    def check_outside(self: Any, operation: str, lock: bool = False) -> Any:
        """Check a set whose ids came from outside: they exist behind the wall, and the user may `operation` them. One query for
        the rows.

        :param lock: lock the rows as well, so that of two calls about the same document the second sees what the first did.
        :raises MissingError: :raises AccessError:
        """
        env = self.env
        if not env.su:
            env.access.check(self._name, operation)
        if self._ids and lock:
            self.lock()
            self._check_rule(operation)
        elif self._ids:
            probe = env.transaction.values[(self._name, "create_date")]
            unknown = [i for i in self._ids if i not in probe]
            if unknown:
                self._fetch_rows(unknown)
                gone = [i for i in unknown if i not in probe]
                if gone:
                    from server.model.records import missing

                    raise missing(env, self._name, gone)
            self._check_rule(operation)
        return self
