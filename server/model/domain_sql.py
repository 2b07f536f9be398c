"""Domains to SQL: a parsed domain compiled behind the company wall.

What an operator means for empty values follows the contract: `!=`, `not in`, `not like` and `not ilike` include the unset.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from server.errors import FieldError
from server.model.domain import DATE_PARTS, NEGATIVE, OPPOSITE, Node, as_values, names_in, parse, short, term
from server.model.fields import Field
from server.model.periods import extracted, local
from server.model.relational import Many2many, Many2one, One2many
from server.model.scalars import Boolean, Char, Integer, Numeric, Selection

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.records import Records


#: For the plain comparisons: does 0 stand in this relation to a value?
ZERO: dict[str, Callable[[Any], bool]] = {
    "<": lambda value: value > 0,
    "<=": lambda value: value >= 0,
    ">": lambda value: value < 0,
    ">=": lambda value: value <= 0,
}


class Compiler:
    """Compiles domain trees of one environment to SQL clauses."""

    def __init__(self, env: Environment) -> None:
        self.env = env
        self.dialect = env.transaction.dialect

    def clause(self, cls: type[Records], table: Any, tree: Any) -> Any:
        """The clause of `tree` on `table` (the model's table or an alias of it)."""
        if tree is None:
            return sa.true()
        if isinstance(tree, Node):
            if tree.op == "!":
                return self.negated(cls, table, tree.parts[0])
            parts = [self.clause(cls, table, p) for p in tree.parts]
            return sa.and_(*parts) if tree.op == "&" else sa.or_(*parts)
        try:
            return self.term(cls, table, *tree)
        except FieldError as error:
            told(error, cls, tree)
            raise

    def negated(self, cls: type[Records], table: Any, tree: Any) -> Any:
        """NOT tree, pushed down so that empty values behave as the operators promise."""
        if isinstance(tree, Node):
            if tree.op == "!":
                return self.clause(cls, table, tree.parts[0])
            parts = [self.negated(cls, table, p) for p in tree.parts]
            return sa.or_(*parts) if tree.op == "&" else sa.and_(*parts)
        name, operator, value = tree
        try:
            if operator in OPPOSITE and isinstance(name, str) and "." not in name and operator not in ("<", ">", "<=", ">="):
                return self.term(cls, table, name, OPPOSITE[operator], value)
            return sa.not_(sa.func.coalesce(self.term(cls, table, name, operator, value), sa.false()))
        except FieldError as error:
            told(error, cls, tree)
            raise

    # -- one term ---------------------------------------------------------------------------------------------------
    def term(self, cls: type[Records], table: Any, name: Any, operator: str, value: Any) -> Any:
        """The clause of one term."""
        if isinstance(name, int):
            truth = (name == value) if operator == "=" else (name != value)
            return sa.true() if truth else sa.false()
        head, dot, rest = name.partition(".")
        field = cls._fields.get(cls._aliases.get(head, head))
        if field is None:
            raise FieldError(f"Invalid field {cls._name}.{head} in domain term {short([name, operator, value])}.")
        if not self.env.su and field.groups and not self.env.access.field_visible(field):
            raise FieldError(f"Invalid field {cls._name}.{head} in domain term {short([name, operator, value])}.")
        if isinstance(value, sa.Select):  # only code can say this: rules of records that follow other records
            found = table.c[field.name].in_(value)
            return sa.not_(found) if operator in NEGATIVE else found
        if operator == "=?":
            if value is None or value is False:
                return sa.true()
            operator = "="
        if field.related and not field.stored:
            path = f"{field.related}{dot}{rest}"
            return self.term(cls, table, path, operator, value)
        if dot:
            if field.type in ("date", "datetime"):
                if not field.stored:
                    raise FieldError(f"Field {cls._name}.{field.name} is computed and cannot be searched.")
                return self.date_part(self.column(cls, table, field), field, rest, operator, value)
            if not field.comodel:
                raise FieldError(f"Invalid field {cls._name}.{name} in domain: '{head}' is no relation.")
            return self.through(cls, table, field, (rest, operator, value), False)
        if field.name == "id":
            return self.of_id(cls, table, operator, value)
        if not field.stored and field.search:
            sub = getattr(self.env[cls._name], field.search)(operator, value)
            return self.clause(cls, table, parse(sub))
        if field.name == "display_name" and not field.stored:
            return self.clause(cls, table, parse(self.env[cls._name]._search_display_name(operator, value)))
        if field.type in ("one2many", "many2many"):
            return self.to_many(cls, table, field, operator, value)
        if not field.stored:
            raise FieldError(f"Field {cls._name}.{field.name} is computed and cannot be searched.")
        if isinstance(field, Many2one):
            return self.many2one(cls, table, field, operator, value)
        if isinstance(field, Selection) and field.older and operator in ("=", "!=", "in", "not in"):
            found = self.older_keys(cls, table, field, operator, list(as_values(value)))
            if found is not None:
                return found
        return self.scalar(cls, self.column(cls, table, field), field, operator, value)

    def older_keys(self, cls: type[Records], table: Any, field: Selection, operator: str, values: list[Any]) -> Any:
        """The clause for keys of other versions among `values`; None when there are none."""
        old = [value for value in values if isinstance(value, str) and value in field.older]
        if not old:
            return None
        parts = [self.clause(cls, table, parse(list(field.older[value]))) for value in old]
        rest = [value for value in values if value not in old]
        if rest:
            parts.append(self.scalar(cls, self.column(cls, table, field), field, "in", rest))
        found = sa.or_(*parts)
        return sa.not_(sa.func.coalesce(found, sa.false())) if operator in ("!=", "not in") else found

    def column(self, cls: type[Records], table: Any, field: Field) -> Any:
        """The SQL expression of a stored field's value in this environment (its language, its company)."""
        column = table.c[field.name]
        if field.company_dependent:
            key = str(self.env.company_id or 0)
            kind = field.sql_type()
            if self.dialect == "postgresql":
                return sa.cast(column[key].as_string(), kind) if not isinstance(field, Char) else column[key].as_string()
            raw: Any = sa.func.json_extract(column, f'$."{key}"')
            if isinstance(field, Numeric):  # text inside the document; as the columns have it, a scaled integer, it compares
                raw = sa.cast(sa.func.round(sa.cast(raw, sa.Float) * 10 ** field.digits[1]), sa.BigInteger)
            elif field.type == "datetime":
                raw = raw.op("||")(sa.literal_column("'.000000'"))
            return sa.type_coerce(raw, sa.String() if isinstance(field, Char) else kind)
        if field.translate and self.env.translation_lang and "ir.translation" in self.env:
            words = self.env["ir.translation"].table
            inner = sa.select(words.c.value).where(
                words.c.model == cls._name,
                words.c.field == field.name,
                words.c.res_id == table.c.id,
                words.c.lang == self.env.translation_lang,
            )
            fallback = self.env.translation_lang.partition("_")[0]
            if fallback != self.env.translation_lang:
                wider = sa.select(words.c.value).where(
                    words.c.model == cls._name,
                    words.c.field == field.name,
                    words.c.res_id == table.c.id,
                    words.c.lang == fallback,
                )
                return sa.func.coalesce(inner.scalar_subquery(), wider.scalar_subquery(), column)
            return sa.func.coalesce(inner.scalar_subquery(), column)
        return column

    def one_of(self, column: Any, values: list[Any]) -> Any:
        """column IN values, with one parameter where the database can."""
        if not values:
            return sa.false()
        if len(values) == 1:
            return column == values[0]
        if all(isinstance(v, int) and not isinstance(v, bool) for v in values):
            if self.dialect == "postgresql":
                return column == sa.any_(sa.literal(list(values), postgresql.ARRAY(sa.BigInteger())))
            if len(values) > 400:
                return column.in_(
                    sa.select(sa.column("value")).select_from(sa.func.json_each(json.dumps(values)).table_valued("value"))
                )
        return column.in_(values)

    def of_id(self, cls: type[Records], table: Any, operator: str, value: Any) -> Any:
        column = table.c.id
        field = cls._fields["id"]
        if operator in ("child_of", "parent_of"):
            return self.hierarchy(cls, table.c.id, operator, value)
        if operator in ("any", "not any"):
            sub = self.subquery(cls, parse(value))
            return column.in_(sub) if operator == "any" else column.not_in(sub)
        if operator in ("in", "not in"):
            ids = [i for i in (field.coerce(v, self.env) for v in as_values(value)) if i is not None]
            found = self.one_of(column, ids)
            return found if operator == "in" else sa.not_(found)
        if operator in ("=", "!=") and isinstance(value, (list, tuple)):
            return self.of_id(cls, table, "in" if operator == "=" else "not in", value)
        if "like" in operator:
            return self.pattern(sa.cast(column, sa.String()), operator, value)
        number = field.coerce(value, self.env)
        if number is None:
            return sa.false() if operator in ("=", "<", "<=", ">", ">=") else sa.true()
        return compare(column, operator, number)

    def many2one(self, cls: type[Records], table: Any, field: Many2one, operator: str, value: Any) -> Any:
        column = self.column(cls, table, field)
        comodel = self.env.models.classes[field.comodel]
        if operator in ("child_of", "parent_of"):
            return self.hierarchy(comodel, column, operator, value)
        if operator in ("any", "not any"):
            found = column.in_(self.subquery(comodel, parse(value), active=False))
            return found if operator == "any" else sa.or_(sa.not_(found), column.is_(None))
        positive = NEGATIVE.get(operator, operator)
        negative = operator in NEGATIVE
        if "like" in positive or (positive == "=" and isinstance(value, str) and value and not value.lstrip("-").isdigit()):
            names = self.env[field.comodel]._search_display_name(positive, value)
            found = column.in_(self.subquery(comodel, parse(names), active=False))
            return sa.or_(sa.not_(found), column.is_(None)) if negative else found
        if positive == "in" or (positive == "=" and isinstance(value, (list, tuple)) and not _pair(value)):
            values = as_values(value)
            texts = [v for v in values if isinstance(v, str) and not v.isdigit()]
            ids = [field.coerce(v, self.env) for v in values if v not in texts]
            real = [i for i in ids if i is not None]
            found = self.one_of(column, real)
            for text in texts:
                found = sa.or_(found, self.many2one(cls, table, field, "=", text))
            with_empty = None in ids
            if negative:
                return sa.and_(column.is_not(None), sa.not_(found)) if with_empty else sa.or_(column.is_(None), sa.not_(found))
            return sa.or_(found, column.is_(None)) if with_empty else found
        id = field.coerce(value, self.env)
        if positive == "=":
            if id is None:
                return column.is_not(None) if negative else column.is_(None)
            return sa.or_(column != id, column.is_(None)) if negative else column == id
        return compare(column, operator, id if id is not None else 0)

    def to_many(self, cls: type[Records], table: Any, field: Field, operator: str, value: Any) -> Any:
        comodel = self.env.models.classes[field.comodel]
        positive = NEGATIVE.get(operator, operator)
        negative = operator in NEGATIVE
        if positive == "any":
            found = self.linked(cls, table, field, self.subquery(comodel, parse(value)))
        elif value is None or value is False or (positive in ("=", "in") and as_values(value) == [False]):
            found = sa.not_(self.linked(cls, table, field, None))
        elif "like" in positive or (positive == "=" and isinstance(value, str) and not value.isdigit()):
            names = self.env[field.comodel]._search_display_name(positive, value)
            found = self.linked(cls, table, field, self.subquery(comodel, parse(names)))
        elif positive in ("child_of", "parent_of"):
            found = self.linked(cls, table, field, self.subquery(comodel, parse([("id", positive, value)])))
        elif positive in ("=", "in"):
            values = as_values(value)
            texts = [v for v in values if isinstance(v, str) and not v.isdigit()]
            ids = [int(v) for v in values if v not in texts and v is not False and v is not None and str(v).lstrip("-").isdigit()]
            found = self.linked(cls, table, field, self.subquery(comodel, ("id", "in", ids), active=False))
            if texts:  # by name only what is seen in the list; by id archived ones too
                named = parse(self.env[field.comodel]._search_display_name("in", texts))
                found = sa.or_(found, self.linked(cls, table, field, self.subquery(comodel, named)))
            if False in values or None in values:
                found = sa.or_(found, sa.not_(self.linked(cls, table, field, None)))
        else:
            raise FieldError(f"Invalid operator '{operator}' for the relation {cls._name}.{field.name}.")
        return sa.not_(found) if negative else found

    def through(self, cls: type[Records], table: Any, field: Field, inner: Any, negative: bool) -> Any:
        """A dotted path: any record behind the relation matches `inner`."""
        comodel = self.env.models.classes[field.comodel]
        if isinstance(field, Many2one):
            if not field.stored:
                if field.search:
                    sub = getattr(self.env[cls._name], field.search)("any", [inner])
                    return self.clause(cls, table, parse(sub))
                raise FieldError(f"Field {cls._name}.{field.name} is computed and cannot be searched.")
            return self.column(cls, table, field).in_(self.subquery(comodel, term(inner), active=False))
        return self.linked(cls, table, field, self.subquery(comodel, term(inner)))

    def linked(self, cls: type[Records], table: Any, field: Field, sub: Any) -> Any:
        """Rows linked through an x2many to one of the ids in `sub` (None: to anything visible)."""
        comodel = self.env.models.classes[field.comodel]
        if isinstance(field, One2many):
            if field.computed or not field.inverse_name:
                raise FieldError(f"Field {cls._name}.{field.name} is computed and cannot be searched.")
            lines = comodel.table.alias()
            inverse = comodel._fields[field.inverse_name]
            inner = sa.select(lines.c[inverse.name]).where(lines.c[inverse.name].is_not(None), self.wall(comodel, lines))
            if field.domain:
                inner = inner.where(self.clause(comodel, lines, parse(field.domain)))
            if sub is not None:
                inner = inner.where(lines.c.id.in_(sub))
            return table.c.id.in_(inner)
        assert isinstance(field, Many2many)
        if field.computed:
            raise FieldError(f"Field {cls._name}.{field.name} is computed and cannot be searched.")
        relation, one, two = field.names()
        pairs = self.env.transaction.registry.metadata.tables[relation].alias()
        inner = sa.select(pairs.c[one])
        if sub is None and comodel._walled_model:  # type: ignore[attr-defined]
            lines = comodel.table.alias()
            sub = sa.select(lines.c.id).where(self.wall(comodel, lines))
        if sub is not None:
            inner = inner.where(pairs.c[two].in_(sub))
        return table.c.id.in_(inner)

    def subquery(self, cls: type[Records], tree: Any, active: bool = True) -> Any:
        """SELECT id of the visible records of `cls` that match; rules and wall of the model hold here too."""
        table = cls.table.alias()
        clauses = [self.clause(cls, table, tree), self.wall(cls, table)]
        if not self.env.su:  # what a user may not read cannot be guessed by searching through it
            rule = self.env.access.rule(cls._name, "read")
            if rule is not None:
                clauses.append(Compiler(self.env.root).clause(cls, table, parse(rule)))
        if (
            active
            and "active" in cls._fields
            and cls._fields["active"].stored
            and self.env.context.get("active_test", True)
            and "active" not in names_in(tree)
        ):
            clauses.append(table.c.active == sa.true())
        return sa.select(table.c.id).where(*clauses)

    def wall(self, cls: type[Records], table: Any) -> Any:
        """The company wall of a model: its rows of the companies switched on, and shared ones."""
        return wall(self.env, table) if cls._walled_model else sa.true()  # type: ignore[attr-defined]

    def hierarchy(self, cls: type[Records], column: Any, operator: str, value: Any) -> Any:
        """`child_of` and `parent_of` by a recursive query over the model's parent field; the given records are included."""
        parent = parent_field(cls)
        if parent is None:
            raise FieldError(f"Model {cls._name} has no parent field for '{operator}'.")
        values = as_values(value)
        ids = [int(v) for v in values if isinstance(v, int) and not isinstance(v, bool) or (isinstance(v, str) and v.isdigit())]
        texts = [v for v in values if isinstance(v, str) and not v.isdigit()]
        table = cls.table.alias()
        start = self.one_of(table.c.id, ids)
        for text in texts:
            start = sa.or_(
                start,
                table.c.id.in_(self.subquery(cls, parse(self.env[cls._name]._search_display_name("ilike", text)), active=False)),
            )
        tree = sa.select(table.c.id, table.c[parent.name].label("up")).where(start).cte(recursive=True)
        step = cls.table.alias()
        if operator == "child_of":
            tree = tree.union(sa.select(step.c.id, step.c[parent.name]).where(step.c[parent.name] == tree.c.id))
        else:
            tree = tree.union(sa.select(step.c.id, step.c[parent.name]).where(step.c.id == tree.c.up))
        return column.in_(sa.select(tree.c.id))

    # -- scalars ----------------------------------------------------------------------------------------------------
    def scalar(self, cls: type[Records], column: Any, field: Field, operator: str, value: Any) -> Any:
        positive = NEGATIVE.get(operator, operator)
        negative = operator in NEGATIVE
        if operator in ("child_of", "parent_of", "any", "not any"):
            raise FieldError(f"Invalid operator '{operator}' for {cls._name}.{field.name}: it is no relation.")
        if "like" in positive:
            return self.pattern(column if isinstance(field, (Char, Selection)) else sa.cast(column, sa.String()), operator, value)
        if positive == "=" and isinstance(value, (list, tuple)):
            positive, operator = "in", "not in" if negative else "in"
        if isinstance(field, Boolean):
            return self.boolean(column, field, positive, negative, value)
        if field.type == "json":
            if positive == "in" and not value:
                return sa.true() if negative else sa.false()
            if positive not in ("=", "in") or any(v not in (None, False, "") for v in as_values(value)):
                raise FieldError(f"{cls._name}.{field.name} holds a document: ask whether it is set (= false).")
            return column.is_not(None) if negative else column.is_(None)
        if positive == "in":
            values = [self.value(field, v) for v in as_values(value)]
            if None in values and isinstance(field, (Integer, Numeric)):
                values.append(field.coerce(0, self.env))
            real = [v for v in values if v is not None]
            empty = None in values or (isinstance(field, (Integer, Numeric)) and 0 in real)
            found = self.one_of(column, real)
            if negative:
                return sa.and_(column.is_not(None), sa.not_(found)) if empty else sa.or_(column.is_(None), sa.not_(found))
            return sa.or_(found, column.is_(None)) if empty else found
        wanted = self.value(field, value)
        if positive == "=":
            if wanted is None:
                if isinstance(field, (Integer, Numeric)):
                    wanted = 0 if isinstance(field, Integer) else field.coerce(0, self.env)
                elif isinstance(field, Char):
                    blank = sa.or_(column.is_(None), column == "")
                    return sa.not_(blank) if negative else blank
                else:
                    return column.is_not(None) if negative else column.is_(None)
            if negative:
                return (
                    sa.or_(column != wanted, column.is_(None))
                    if not (isinstance(field, (Integer, Numeric)) and wanted == 0)
                    else sa.and_(column.is_not(None), column != wanted)
                )
            return (
                sa.or_(column == wanted, column.is_(None))
                if isinstance(field, (Integer, Numeric)) and wanted == 0
                else column == wanted
            )
        if wanted is None:
            if isinstance(field, (Integer, Numeric)):
                wanted = 0
            else:
                return sa.false()
        if isinstance(field, (Integer, Numeric)) and not field.required and ZERO[operator](wanted):
            return sa.or_(compare(column, operator, wanted), column.is_(None))  # nothing reads as 0
        return compare(column, operator, wanted)

    def value(self, field: Field, value: Any) -> Any:
        """A domain value as the field's Python value; a selection key that does not exist simply matches nothing."""
        if isinstance(field, Selection):
            return None if value is None or value is False or value == "" else str(value)
        if isinstance(field, Numeric) and isinstance(value, str) and value in ("", "false"):
            return None
        if isinstance(field, Char) and isinstance(value, (list, tuple, dict)):
            raise field.complain(value, "text")
        return field.coerce(value, self.env)

    def boolean(self, column: Any, field: Field, positive: str, negative: bool, value: Any) -> Any:
        values = [bool(field.coerce(v, self.env)) for v in as_values(value)]
        if positive not in ("=", "in"):
            raise FieldError(f"Invalid operator '{positive}' for {field.model_name}.{field.name}: use '=' or '!='.")
        wanted = set(values)
        if negative:
            wanted = {True, False} - wanted
        if wanted == {True, False}:
            return sa.true()
        if not wanted:
            return sa.false()
        return column == sa.true() if True in wanted else sa.or_(column == sa.false(), column.is_(None))

    def pattern(self, column: Any, operator: str, value: Any) -> Any:
        """`like` and its kin; the value's own % and _ are wild."""
        positive = NEGATIVE.get(operator, operator)
        if value is None or value is False:
            value = ""
        if not isinstance(value, (str, int, float)):
            raise FieldError(f"Invalid value {short(value)} for operator '{operator}'. Expected text.")
        text = str(value).replace("\x00", "")
        if self.dialect == "postgresql":
            text = text.replace("\\", "\\\\")
        if not positive.startswith("="):
            if not text:
                return sa.true() if operator not in NEGATIVE else sa.false()
            text = f"%{text}%"
        found = column.ilike(text) if "ilike" in positive else column.like(text)
        return sa.or_(sa.not_(found), column.is_(None)) if operator in NEGATIVE else found

    def date_part(self, column: Any, field: Field, part: str, operator: str, value: Any) -> Any:
        sql_part = DATE_PARTS.get(part)
        if sql_part is None:
            raise FieldError(f"Invalid date part '{part}' of {field.model_name}.{field.name}. Known: {', '.join(DATE_PARTS)}.")
        if field.type == "date" and sql_part in ("hour", "minute", "second"):
            raise FieldError(f"Field {field.model_name}.{field.name} is a date and has no '{part}'.")
        positive, negative = NEGATIVE.get(operator, operator), operator in NEGATIVE
        if positive not in ("=", "in", "<", "<=", ">", ">="):
            raise FieldError(f"Invalid operator '{operator}' for {field.model_name}.{field.name}.{part}: it is a number.")
        expression = extracted(local(column, field, self.env), sql_part, self.dialect)
        kind = Integer().bound(field.model_name, field.name, "")
        if positive in ("=", "in"):
            values = [kind.coerce(v, self.env) for v in as_values(value)]
            found = self.one_of(expression, [v for v in values if v is not None])
            if None in values:
                found = sa.or_(found, column.is_(None))
            return (
                sa.or_(sa.not_(found), column.is_(None))
                if negative and None not in values
                else (sa.and_(sa.not_(found), column.is_not(None)) if negative else found)
            )
        number = kind.coerce(value, self.env)
        return sa.false() if number is None else compare(expression, operator, number)


def told(error: FieldError, cls: type[Records], tree: Any) -> None:
    """Say which term is wrong: the outermost, which is the one that the caller has written."""
    error.data.setdefault("model", cls._name)
    if isinstance(tree[0], str):
        error.data.setdefault("field", tree[0].partition(".")[0])
    error.term = tuple(tree)  # type: ignore[attr-defined]


def compare(column: Any, operator: str, value: Any) -> Any:
    """column operator value for the plain comparisons."""
    if operator == "=":
        return column == value
    if operator == "!=":
        return sa.or_(column != value, column.is_(None))
    if operator == "<":
        return column < value
    if operator == "<=":
        return column <= value
    if operator == ">":
        return column > value
    if operator == ">=":
        return column >= value
    raise FieldError(f"Invalid operator '{operator}'.")


def wall(env: Environment, table: Any) -> Any:
    """`company_id` is one of the environment's companies, or empty (shared)."""
    companies = env.allowed_company_ids
    column = table.c.company_id
    if len(companies) == 1:
        return sa.or_(column == companies[0], column.is_(None))
    return sa.or_(column.in_(companies), column.is_(None))


def parent_field(cls: type[Records]) -> Many2one | None:
    """The many2one of a model to itself that makes its tree: `parent_id`, else the one whose other side is called `child_ids` (or
    `child_id`).

    Other links to the same model (the backorder of a transfer, the type of its returns) make no tree, and may form a circle.
    """
    try:
        return cls.models.plans["parent", cls._name]  # type: ignore[no-any-return]
    except KeyError:
        found = cls.models.plans["parent", cls._name] = _parent_field(cls)
        return found


def _parent_field(cls: type[Records]) -> Many2one | None:
    own = {f.name: f for f in cls._fields.values() if isinstance(f, Many2one) and f.comodel == cls._name and f.stored}
    if "parent_id" in own:
        return own["parent_id"]
    children = cls._fields.get("child_ids") or cls._fields.get("child_id")
    return own.get(getattr(children, "inverse_name", ""))


def _pair(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str)
