"""Aggregation: `read_group` and `formatted_read_group`, one GROUP BY statement each, behind the wall and the record rules."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from server.errors import FieldError
from server.model.decorators import action
from server.model.domain import DATE_PARTS, join, parse
from server.model.domain_sql import Compiler
from server.model.fields import Field
from server.model.ordering import paged
from server.model.periods import GRANULARITIES, extracted, following, in_utc, local, period_label, truncated, zone_of
from server.model.reading import to_list
from server.model.relational import Many2many, Many2one, ToMany
from server.model.scalars import Boolean, Date, Datetime, Integer, Numeric, Selection
from server.text import render

AGGREGATES = ("sum", "avg", "min", "max", "count", "count_distinct", "array_agg", "bool_and", "bool_or")
_SPEC = re.compile(r"(?P<alias>\w+):(?P<agg>\w+)\((?P<field>\w+)\)")


class Grouping:
    """Mixin of `Records`: grouped reads."""

    __slots__ = ()

    @action(model=True, readonly=True)
    def read_group(
        self: Any,
        domain: Any = None,
        fields: list[str] | None = None,
        groupby: Any = None,
        offset: int = 0,
        limit: int | None = None,
        orderby: Any = False,
        lazy: bool = True,
    ) -> list[dict[str, Any]]:
        """Rows per group: group fields, aggregates under the plain field name, count, and `__domain`, which selects exactly the
        group.
        """
        specs = [groupby] if isinstance(groupby, str) else list(groupby or [])
        todo = specs[:1] if lazy else specs
        wanted: list[Any] = [aggregate_of(self, f) for f in (fields or [])]
        if not fields:
            wanted = [
                (n, f, f.aggregator) for n, f in self._fields.items() if f.stored and isinstance(f, Numeric) and f.aggregator
            ]
        wanted = [w for w in wanted if w is not None and w[0] not in {s.partition(":")[0] for s in todo}]
        rows = self._grouped_rows(domain, todo, wanted, None, offset, limit, orderby or None)
        count = f"{todo[0].partition(':')[0]}_count" if lazy and todo else "__count"
        answer = []
        base = parse(domain)
        names = self._group_names(todo, rows)
        for keys, values, number in rows:
            row: dict[str, Any] = {}
            ranges: dict[str, Any] = {}
            extra: list[Any] = []
            for spec, key in zip(todo, keys, strict=True):
                shown, condition, span = self._group_value(spec, key, names)
                row[spec] = shown
                extra.append(condition)
                if span is not None:
                    ranges[spec] = span
            for (name, field, agg), value in zip(wanted, values, strict=True):
                row[name] = aggregate_value(self.env, field, value, agg)
            row[count] = number
            row["__domain"] = conjunction([*extra, base])
            if ranges:
                row["__range"] = ranges
            if lazy and len(specs) > 1:
                row["__context"] = {"group_by": specs[1:]}
            answer.append(row)
        if not todo and not answer:
            answer.append({"__count": 0, "__domain": to_list(base)})
        return answer

    @action(model=True, readonly=True)
    def formatted_read_group(
        self: Any,
        domain: Any = None,
        groupby: Any = (),
        aggregates: Any = (),
        having: Any = (),
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[dict[str, Any]]:
        """Rows per group with every key under its full specification, and `__extra_domain`."""
        specs = list(groupby or [])
        wanted: list[Any] = []
        for spec in aggregates or []:
            if spec == "__count":
                continue
            name, _colon, agg = spec.partition(":") if isinstance(spec, str) else (str(spec), "", "")
            field = self._field(name)
            if agg not in AGGREGATES:
                raise FieldError(f"Invalid aggregate '{spec}'. Known: {', '.join(AGGREGATES)}.")
            check_aggregate(field, agg)
            wanted.append((spec, field, agg))
        rows = self._grouped_rows(domain, specs, wanted, having, offset, limit, order)
        names = self._group_names(specs, rows)
        answer = []
        for keys, values, number in rows:
            row: dict[str, Any] = {}
            extra: list[Any] = []
            for spec, key in zip(specs, keys, strict=True):
                shown, condition, span = self._group_value(spec, key, names)
                row[spec] = [span["from"], shown] if span is not None and shown is not False else shown
                extra.append(condition)
            for (spec, field, agg), value in zip(wanted, values, strict=True):
                row[spec] = aggregate_value(self.env, field, value, agg)
            if "__count" in (aggregates or []):
                row["__count"] = number
            row["__extra_domain"] = conjunction(extra)
            answer.append(row)
        return answer

    def _grouped_rows(
        self: Any, domain: Any, specs: list[str], wanted: list[Any], having: Any, offset: Any, limit: Any, order: Any
    ) -> list[Any]:
        env = self.env
        if env.transaction.dirty or env.transaction.pending:
            env.flush()
        table = self.table
        source: Any = table
        keys = []
        for spec in specs:
            expression, source = self._group_expression(spec, source)
            keys.append(expression)
        columns = []
        for _name, field, agg in wanted:
            if not env.su and field.groups and not env.access.field_visible(field):
                raise FieldError(f"Invalid field '{field.name}' on model '{self._name}'", model=self._name, field=field.name)
            if not field.stored:
                raise FieldError(
                    f"Field {self._name}.{field.name} is computed and cannot be aggregated.", model=self._name, field=field.name
                )
            value = Compiler(env).column(type(self), table, field) if field._contextual else table.c[field.name]
            columns.append(aggregate_expression(value, agg, env.transaction.dialect))
        number = sa.func.count(sa.distinct(table.c.id)) if source is not table else sa.func.count(table.c.id)
        labelled = [k.label(f"k{n}") for n, k in enumerate(keys)]
        statement = sa.select(*labelled, *columns, number.label("n")).select_from(source).where(*self._clauses(domain))
        if keys:
            statement = (
                statement.group_by(*[sa.text(f"{n + 1}") for n in range(len(keys))])
                if env.transaction.dialect == "postgresql"
                else statement.group_by(*keys)
            )
        for condition in having or []:
            if isinstance(condition, (list, tuple)) and len(condition) == 3:
                name, operator, value = condition
                of = next(((f, g, c) for (s, f, g), c in zip(wanted, columns, strict=True) if s == name), None)
                if (of is None and name != "__count") or operator not in ("=", "!=", "<", "<=", ">", ">="):
                    raise FieldError(f"Invalid having condition {condition!r}.")
                if of is None or of[1] in ("count", "count_distinct"):
                    field, expression = Integer().bound(self._name, str(name), ""), number if of is None else of[2]
                else:
                    field, expression = of[0], of[2]
                statement = statement.having(expression.op("<>" if operator == "!=" else operator)(field.coerce(value, env)))
        statement = self._group_order(statement, specs, labelled, wanted, columns, number, order)
        size = len(keys)
        return [(tuple(r[:size]), tuple(r[size:-1]), r[-1]) for r in env.run(paged(statement, offset, limit))]

    def _group_order(
        self: Any,
        statement: Any,
        specs: list[str],
        keys: list[Any],
        wanted: list[Any],
        columns: list[Any],
        number: Any,
        order: Any,
    ) -> Any:
        known: dict[str, Any] = {}
        for spec, key in zip(specs, keys, strict=True):
            known[spec] = known[spec.partition(":")[0]] = key
        for (spec, _field, _agg), column in zip(wanted, columns, strict=True):
            known.setdefault(spec, column)
        known["__count"] = known["id"] = number
        for spec in specs:
            known[f"{spec.partition(':')[0]}_count"] = number
        for part in (order or "").split(","):
            words = part.split()
            if not words:
                continue
            if words[0] not in known or (len(words) > 1 and words[1].lower() not in ("asc", "desc", "nulls")):
                raise FieldError(f"Invalid order '{str(order)[:80]}' for grouped rows. Known: {', '.join(sorted(known))}.")
            expression = known[words[0]]
            statement = statement.order_by(expression.desc() if len(words) > 1 and words[1].lower() == "desc" else expression)
        if not order:
            statement = statement.order_by(*[k.nulls_last() for k in keys])
        return statement

    def _group_expression(self: Any, spec: str, source: Any) -> tuple[Any, Any]:
        if not isinstance(spec, str):
            raise FieldError(f"Invalid group {spec!r}.")
        name, _colon, granularity = spec.partition(":")
        field = self._field(name)
        if field.groups and not self.env.su and not self.env.access.field_visible(field):
            raise FieldError(f"Invalid field '{name[:60]}' on model '{self._name}'", model=self._name, field=name[:60])
        table = self.table
        if isinstance(field, Many2many) and not field.computed:
            relation, one, two = field.names()
            pairs = self.env.transaction.registry.metadata.tables[relation].alias()
            mine = pairs.c[one] == table.c.id
            target = self.env[field.comodel]
            if target._walled_model:  # links to what stands behind the wall are as little seen here as in a list
                mine = sa.and_(mine, pairs.c[two].in_(target._walled(sa.select(target.table.c.id))))
            return pairs.c[two], source.outerjoin(pairs, mine)
        if not field.stored:
            if field.related:
                from server.model.plans import ReadPlan

                owner, real, here, source = ReadPlan._locate(self, field, table, source, {(): table})
                if real is not None:
                    return Compiler(self.env).column(type(owner), here, real), source
            raise FieldError(
                f"Field {self._name}.{field.name} is computed and cannot be grouped by.", model=self._name, field=field.name
            )
        if field.type in ("date", "datetime"):
            granularity = granularity or "month"
            if field.type == "date" and granularity == "hour":
                granularity = "day"
            part = DATE_PARTS.get(granularity)
            if part and not (field.type == "date" and part in ("hour", "minute", "second")):
                return extracted(local(table.c[field.name], field, self.env), part, self.env.transaction.dialect), source
            if granularity not in GRANULARITIES:
                known = ", ".join((*GRANULARITIES, *DATE_PARTS))
                raise FieldError(f"Invalid granularity '{granularity[:40]}' in '{spec[:80]}'. Known: {known}.")
            return truncated(local(table.c[field.name], field, self.env), granularity, self.env.transaction.dialect), source
        if field.type in ("binary", "json"):
            raise FieldError(
                f"Field {self._name}.{field.name} ({field.type}) cannot be grouped by.", model=self._name, field=field.name
            )
        column = Compiler(self.env).column(type(self), table, field) if field._contextual else table.c[field.name]
        if isinstance(field, Boolean):
            column = sa.func.coalesce(column, sa.false())
        elif isinstance(field, (Integer, Numeric)) and not field.required:  # nothing reads as 0 and is found as 0
            column = sa.func.coalesce(column, sa.literal_column("0"), type_=column.type)
        return column, source

    def _group_names(self: Any, specs: list[str], rows: list[Any]) -> dict[str, dict[int, str]]:
        """Display names of the records behind relational groups: per group, all at once. Who is gone has no name."""
        names: dict[str, dict[int, str]] = {}
        for position, spec in enumerate(specs):
            field = self._field(spec.partition(":")[0])
            if isinstance(field, (Many2one, ToMany)):
                ids = [keys[position] for keys, _values, _number in rows if keys[position] is not None]
                found = self.env.root[field.comodel].browse(ids).exists_cached()
                names[spec] = {r._ids[0]: r.display_name for r in found}
        return names

    def _group_value(self: Any, spec: str, key: Any, names: dict[str, dict[int, str]]) -> tuple[Any, Any, dict[str, str] | None]:
        """(value shown, condition of the group as a parsed domain, date range)."""
        shown, condition, span = self._group_parts(spec, key, names)
        return shown, parse(condition), span

    def _group_parts(self: Any, spec: str, key: Any, names: dict[str, dict[int, str]]) -> tuple[Any, list[Any], Any]:
        name, _colon, granularity = spec.partition(":")
        field = self._field(name)
        if field.type == "date" and granularity == "hour":
            granularity = "day"
        if isinstance(field, (Many2one, ToMany)):
            if key is None:
                return False, [(name, "=", False)], None
            condition = [(name, "=", key) if isinstance(field, Many2one) else (name, "in", [key])]
            return [key, names[spec].get(key, "")], condition, None
        if isinstance(field, (Date, Datetime)):
            if key is None:
                return False, [(name, "=", False)], None
            if granularity in DATE_PARTS:
                return int(key), [(f"{name}.{granularity}", "=", int(key))], None
            start = key if isinstance(key, dt.datetime) else dt.datetime.fromisoformat(str(key))
            end = following(start, granularity or "month")
            low, high = (
                (start.date().isoformat(), end.date().isoformat())
                if field.type == "date"
                else (in_utc(start, zone_of(self.env)), in_utc(end, zone_of(self.env)))
            )
            return (
                period_label(start, granularity or "month", self.env.lang),
                ["&", (name, ">=", low), (name, "<", high)],
                {"from": low, "to": high},
            )
        if isinstance(field, Boolean):
            return bool(key), [(name, "=", bool(key))], None
        if isinstance(field, Selection):
            return key if key is not None else False, [(name, "=", key if key is not None else False)], None
        wire = field.wire(field.coerce(key, self.env) if not isinstance(field, Numeric) or key is not None else None)
        return wire, [(name, "=", wire)], None


def conjunction(trees: list[Any]) -> list[Any]:
    """Parsed domains, all of which hold, as one domain in prefix notation."""
    found: Any = None
    for tree in trees:
        if tree is not None:
            found = tree if found is None else join("&", found, tree)
    return to_list(found)


def aggregate_of(records: Any, spec: str) -> tuple[str, Field, str] | None:
    """(name in the row, field, aggregate) of a `read_group` field: `amount`, `amount:avg`, `total:sum(amount)`; None for plain
    fields that do not add up.
    """
    match = _SPEC.fullmatch(spec) if isinstance(spec, str) else None
    if match:
        field, agg, name = records._field(match["field"]), match["agg"], match["alias"]
    else:
        plain, _colon, agg = str(spec).partition(":")
        if plain in ("__count",):
            return None
        field = records._field(plain)
        name = plain
        agg = agg or field.aggregator or ""
    if not agg or (not match and ":" not in str(spec) and not field.stored):
        return None
    if agg not in AGGREGATES:
        raise FieldError(f"Invalid aggregate '{agg[:40]}' of '{str(spec)[:80]}'. Known: {', '.join(AGGREGATES)}.")
    check_aggregate(field, agg)
    return name, field, agg


def check_aggregate(field: Field, agg: str) -> None:
    """Refuse sums and averages of what is no number, and truth tables of what is no boolean.

    :raises FieldError: names the field and what can be asked of it.
    """
    if (
        (agg in ("sum", "avg") and not isinstance(field, (Integer, Numeric)))
        or (agg in ("bool_and", "bool_or") and field.type != "boolean")
        or (agg in ("min", "max") and field.type in ("boolean", "binary", "json"))
        or (agg not in ("count",) and field.type in ("binary", "json"))
    ):
        raise FieldError(f"Field {field.model_name}.{field.name} ({field.type}) has no '{agg}'.")


def aggregate_expression(column: Any, agg: str, dialect: str) -> Any:
    """SQL of an aggregate."""
    if agg == "count":
        return sa.func.count(column)
    if agg == "count_distinct":
        return sa.func.count(sa.distinct(column))
    if agg == "array_agg":
        return sa.func.array_agg(column) if dialect == "postgresql" else sa.func.json_group_array(column)
    if agg in ("bool_and", "bool_or"):
        return (
            getattr(sa.func, agg)(column)
            if dialect == "postgresql"
            else (sa.func.min(column) if agg == "bool_and" else sa.func.max(column))
        )
    if agg == "avg":  # exact on both databases: the sum keeps the column's scale
        return sa.func.sum(column, type_=column.type) / sa.cast(sa.func.nullif(sa.func.count(column), 0), sa.Integer)
    return getattr(sa.func, agg)(column, type_=column.type)


def aggregate_value(env: Any, field: Field, value: Any, agg: str) -> Any:
    """An aggregate on the wire."""
    if agg in ("count", "count_distinct"):
        return value or 0
    if agg == "array_agg":
        if isinstance(value, str):  # SQLite answers JSON of what the columns hold
            held = json.loads(value)
            scaled = isinstance(field, Numeric)
            value = [Decimal(v).scaleb(-field.digits[1]) if scaled and v is not None else v for v in held]  # type: ignore[attr-defined]
        return [field.wire(field.coerce(v, env)) for v in value or []]
    if agg in ("bool_and", "bool_or"):
        return bool(value)
    if value is None:
        return 0 if field.type in ("integer",) else 0.0 if isinstance(field, Numeric) else False
    return float(value) if isinstance(field, Numeric) or agg == "avg" else field.wire(value)


__all__ = ["Grouping", "render"]
