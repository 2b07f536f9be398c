"""Read plans: how `read` and `search_read` answer for one model and list of fields, worked out once.

One SELECT brings every column, the names behind many2one fields by outer join, and related columns; one more query per x2many
field, one more per many2one whose name is computed. Rows become wire dictionaries by a function generated for the plan, so a cell
costs a fraction of a microsecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError, FieldError
from server.model.domain_sql import Compiler
from server.model.fields import Field
from server.model.paths import Paths, display_column, names_of
from server.model.relational import Many2one
from server.model.scalars import Binary, Boolean, Char, Date, Datetime, Integer, Json, Numeric, Selection
from server.text import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.model.environment import Environment


class ReadPlan:
    """SELECT, row builder, and the fields that need more than the row."""

    def __init__(self, records: Any, names: list[str], classic: bool, sizes: bool = False) -> None:
        self.model = records._name
        self.classic = classic
        self.paths: Paths | None = None
        self.unasked: set[str] = set()
        dotted = [name for name in names if "." in name]
        if dotted:
            self.paths = Paths(records, dotted)
            names = [name for name in names if "." not in name]
            self.unasked = self.paths.heads.keys() - set(names)
            names += [head for head in self.paths.heads if head in self.unasked]
        self.later: list[tuple[str, Field]] = []
        self.named: list[tuple[str, Field]] = []
        table = records.table
        columns: list[Any] = [table.c.id]
        pieces: list[str] = ["'id': r[0]"]
        source: Any = table
        joins: dict[tuple[str, ...], Any] = {(): table}
        scope: dict[str, Any] = {"__builtins__": {}, "float": float}
        compiler = Compiler(records.env)
        for name in names:
            if name == "id":
                continue
            field = records._field(name)
            owner, real, here, source = self._locate(records, field, table, source, joins)
            if real is None:
                self.later.append((name, field))
                pieces.append(f"{name!r}: None")
                continue
            column = (
                here.c[real.name]
                if not real.translate and not real.company_dependent
                else compiler.column(type(owner), here, real)
            )
            if real.company_dependent:
                column = here.c[real.name]
            position = len(columns)
            if sizes and isinstance(real, Binary) and not real.company_dependent:
                columns.append(sa.func.length(column).label(f"c{position}"))
                scope["size"] = size_text
                pieces.append(f"{name!r}: size(r[{position}])")
                continue
            raw = raw_cell(real, position, records.env.transaction.dialect)
            if raw is not None:
                # Taken as the driver gives it: a Decimal or datetime made only to be written as text again is what a cell would
                # cost most.
                column = sa.type_coerce(column, sa.types.NULLTYPE)
            columns.append(column.label(f"c{position}"))
            pair = classic and name not in self.unasked
            if isinstance(real, Many2one) and pair and real.company_dependent:
                # The id stands in a document by company: nothing to join by.
                self.named.append((name, real))
                pieces.append(f"{name!r}: {cell(real, position, scope)}")
            elif isinstance(real, Many2one) and pair:
                target = records.env[real.comodel]
                shown = display_column(target)
                if shown is None:
                    self.named.append((name, real))
                    pieces.append(f"{name!r}: r[{position}]")
                else:
                    alias = target.table.alias(f"n{position}")
                    source = source.outerjoin(alias, here.c[real.name] == alias.c.id)
                    columns.append(
                        (compiler.column(type(target), alias, shown) if shown.translate else alias.c[shown.name]).label(
                            f"c{position + 1}"
                        )
                    )
                    pieces.append(f"{name!r}: [r[{position}], r[{position + 1}] or ''] if r[{position}] else False")
            else:
                pieces.append(f"{name!r}: {raw or cell(real, position, scope)}")
        self.sizes = sizes
        self.select = sa.select(*columns).select_from(source)
        code = "lambda r, env: {" + ", ".join(pieces) + "}"
        self.build: Callable[[Any, Any], dict[str, Any]] = eval(code, scope)

    @staticmethod
    def _locate(
        records: Any, field: Field, table: Any, source: Any, joins: dict[tuple[str, ...], Any]
    ) -> tuple[Any, Field | None, Any, Any]:
        """(model, stored field, its table or alias, FROM clause); field None when the row cannot give it."""
        if field.stored:
            return records, field, table, source
        if not field.related or field.type in ("one2many", "many2many"):
            return records, None, table, source
        owner, here = records, table
        path: tuple[str, ...] = ()
        todo = field.related.split(".")
        hops = 0
        while True:
            name = todo.pop(0)
            step = owner._field(name)
            if step.related and not step.stored:
                todo = [*step.related.split("."), *todo]
                hops += 1
                if hops > 10:
                    return records, None, table, source
                continue
            if not todo:
                return (owner, step, here, source) if step.stored else (records, None, table, source)
            if not isinstance(step, Many2one) or not step.stored or step.company_dependent:
                return records, None, table, source
            path = (*path, name)
            if path not in joins:
                alias = owner.env[step.comodel].table.alias()
                joins[path] = alias
                source = source.outerjoin(alias, here.c[step.name] == alias.c.id)
            here, owner = joins[path], owner.env[step.comodel]

    def params(self, env: Environment) -> dict[str, Any]:
        """Parameters of the SELECT beside its domain."""
        return {}

    def rows(self, records: Any, rows: Any) -> list[dict[str, Any]]:
        """Wire rows for database rows."""
        build, env = self.build, records.env
        answer = [build(r, env) for r in rows]
        if not answer or not (self.later or self.named or self.paths):
            return answer
        everything = records.browse([r["id"] for r in answer])
        for name, field in self.named:
            self._name_targets(env, answer, name, field)
        by_id = {r._ids[0]: r for r in everything}
        for name, field in self.later:
            wire = binary_size if self.sizes and isinstance(field, Binary) else field.wire
            for row in answer:
                row[name] = wire(by_id[row["id"]]._raw(field))
            if isinstance(field, Many2one) and self.classic and name not in self.unasked:
                self._name_targets(env, answer, name, field)
        if self.paths is not None:
            self.paths.fill(records, answer, "_classic_read" if self.classic else None, self.unasked)
        return answer

    @staticmethod
    def _name_targets(env: Environment, rows: list[dict[str, Any]], name: str, field: Field) -> None:
        """Put the display names beside the ids of a many2one, one read for all of them."""
        names = names_of(env, field.comodel, [r[name] for r in rows if r[name]])
        for row in rows:
            row[name] = [row[name], names.get(row[name]) or ""] if row[name] else False


def size_text(size: int | None) -> Any:
    """What is shown of bytes with `bin_size` in the context: how many there are, or false."""
    if size is None:
        return False
    amount, units = float(size), ["bytes", "Kb", "Mb", "Gb", "Tb"]
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        del units[0]
    return f"{amount:.2f} {units[0]}"


def binary_size(value: Any) -> Any:
    """The size of computed bytes."""
    return size_text(None if value is None else len(value))


def raw_cell(field: Field, position: int, dialect: str) -> str | None:
    """Python source that gives the wire value from what the driver returns, for the types where that is quicker; None for the
    others.
    """
    if field.company_dependent or field.translate:
        return None
    r = f"r[{position}]"
    if isinstance(field, Numeric):
        # Dividing integers gives the double nearest to the exact amount, as float(Decimal) does.
        return f"{r} / {10 ** field.digits[1]} if {r} else 0.0" if dialect == "sqlite" else f"float({r}) if {r} else 0.0"
    if isinstance(field, Datetime) and dialect == "sqlite":
        return f"{r}[:19] if {r} else False"
    return None


def cell(field: Field, position: int, scope: dict[str, Any]) -> str:
    """Python source that gives the wire value of column `position`."""
    r = f"r[{position}]"
    if field.company_dependent:
        scope[f"w{position}"] = field
        scope["one"] = company_value
        return f"one(w{position}, {r}, env)"
    if isinstance(field, (Integer,)):
        return f"{r} or 0"
    if isinstance(field, Numeric):
        return f"float({r}) if {r} is not None else 0.0"
    if isinstance(field, Boolean):
        return f"True if {r} else False"
    if isinstance(field, Datetime):
        return f"{r}.isoformat(' ', 'seconds') if {r} is not None else False"
    if isinstance(field, Date):
        return f"{r}.isoformat() if {r} is not None else False"
    if isinstance(field, (Char, Selection)):
        return f"{r} or False"
    if isinstance(field, Many2one):
        return f"{r} or False"
    if isinstance(field, (Binary, Json)):
        scope[f"w{position}"] = field.wire
        return f"w{position}({r})"
    scope[f"w{position}"] = field.wire
    return f"w{position}({r})"


def company_value(field: Field, raw: Any, env: Environment) -> Any:
    """The wire value that a company-dependent column holds for the environment's company."""
    value = raw.get(str(env.company_id or 0)) if isinstance(raw, dict) else None
    return field.wire(field.coerce(value, env))


def read_plan(records: Any, fields: Any, load: Any) -> ReadPlan:
    """The plan for these fields and language; kept on the model set.

    :raises FieldError: unknown field.  :raises AccessError: a field that is hidden from the user.
    """
    env = records.env
    classic = load == "_classic_read"
    if fields is not None and not isinstance(fields, (list, tuple)):
        raise FieldError(f"Invalid field list {fields!r}: expected a list of field names.")
    key = (
        "read",
        records._name,
        tuple(fields) if fields else None,
        classic,
        env.translation_lang,
        env.transaction.dialect,
        None if env.su else env.access.groups_key,
        bool(env.context.get("bin_size")),
    )
    try:
        plan = records.models.plans.get(key)
    except TypeError:
        raise FieldError(f"Invalid field list {fields!r}: expected a list of field names.") from None
    if plan is None:
        if fields:
            names = list(dict.fromkeys(map(str, fields)))
            for name in names:
                field = records._field(name.partition(".")[0])
                if field.groups and not env.su and not env.access.field_visible(field):
                    raise AccessError(
                        _(
                            "You do not have the right to read the field %(field)s of %(model)s. Leave it out, or ask an "
                            "administrator.",
                            field=name,
                            model=records._name,
                        ),
                        model=records._name,
                        field=name,
                    )
        else:
            names = [n for n, f in records._fields.items() if not (f.groups and not env.su and not env.access.field_visible(f))]
        plan = records.models.plans[key] = ReadPlan(records, names, classic, bool(env.context.get("bin_size")))
    return plan  # type: ignore[no-any-return]
