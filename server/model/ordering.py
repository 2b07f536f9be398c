"""ORDER BY, OFFSET and LIMIT as clients of the external API write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.errors import FieldError
from server.model.domain_sql import Compiler
from server.model.fields import Field
from server.model.relational import Many2one

if TYPE_CHECKING:
    pass


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


def ordered(records: Any, statement: Any, table: Any, order: Any) -> Any:
    """ORDER BY a clause like `date_order desc, partner_id`; many2one fields sort by the order of their model."""
    statement, terms = order_expressions(records, statement, table, order)
    return statement.order_by(*terms)


def order_expressions(records: Any, statement: Any, table: Any, order: Any) -> tuple[Any, list[Any]]:
    """(statement with the joins needed, terms of the ORDER BY); the id comes last, so that no two rows are equal."""
    if not isinstance(order, str):
        raise FieldError(f"Invalid order: {order!r} is not text like 'name, id desc'.")
    env = records.env
    seen_id = False
    terms: list[Any] = []
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
            raise FieldError(
                f"Invalid field '{name[:60]}' in order for model '{records._name}'.", model=records._name, field=name[:60]
            )
        descending = direction == "desc"
        statement, expressions = order_terms(records, statement, table, field, descending, 0)
        terms += expressions
        seen_id = seen_id or field.name == "id"
    if not seen_id:
        terms.append(table.c.id)
    return statement, terms


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
                raise FieldError(
                    f"Field {records._name}.{field.name} cannot be sorted by.", model=records._name, field=field.name
                )
            joined = env[step.comodel].table.alias()
            statement = statement.outerjoin(joined, table.c[step.name] == joined.c.id)
            table, cls = joined, env[step.comodel]
        return order_terms(cls, statement, table, cls._field(path[-1]), descending, max(depth, 1))
    if field.name == "id":
        return statement, [table.c.id.desc() if descending else table.c.id]
    if not field.stored:
        raise FieldError(f"Field {records._name}.{field.name} is computed and cannot be sorted by.")
    if isinstance(field, Many2one) and depth < 2:
        comodel = env[field.comodel]
        joined = comodel.table.alias()
        link = Compiler(env).column(type(records), table, field) if field._contextual else table.c[field.name]
        statement = statement.outerjoin(joined, link == joined.c.id)
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
    if env.transaction.dialect == "sqlite" and (depth or not field.required):  # behind an outer join all may be missing
        return statement, [column.desc().nulls_first() if descending else column.asc().nulls_last()]
    return statement, [column.desc() if descending else column.asc()]
