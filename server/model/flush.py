"""Writing to the database: pending changes go out set-wise, one UPDATE per model and set of columns; database complaints come
back in words.

PostgreSQL: `UPDATE t SET a = v.a FROM (SELECT unnest(ids), unnest(as)) v WHERE t.id = v.id`: the same text for 5 and for 5,000
rows. SQLite: an executemany in the same process. Both count as one statement.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from server import whereabouts
from server.db.prepared import BulkInsert, Prepared
from server.errors import LockError, ValidationError
from server.model import compute
from server.text import Text, _, render

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.records import Records


def execute(env: Environment, statement: Any, parameters: Any = None) -> Any:
    """Run a statement on the transaction's connection; a `Prepared` gives its rows.

    :raises ValidationError: for a violated constraint, in words.
    """
    connection = env.transaction.connection
    try:
        if isinstance(statement, Prepared):
            return statement.run(connection, parameters)
        if isinstance(statement, BulkInsert):
            return statement.run(connection, parameters)
        return connection.execute(statement, parameters) if parameters is not None else connection.execute(statement)
    except IntegrityError as error:
        raise explain(env, error, parameters) from error
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # waited for a row as long as we are willing to
            raise LockError(
                _("The data is being changed by others at the same time. Nothing was saved; try again in a moment.")
            ) from error
        raise
    except DataError as error:
        raise ValidationError(
            _("A value does not fit into its column. Correct the longest or largest value and try again.")
        ) from error


def flush(env: Environment) -> None:
    """Recompute what waits and write what is pending, until nothing is."""
    txn = env.transaction
    while txn.pending or txn.dirty:
        if txn.pending:
            compute.recompute(env)
        while txn.dirty:
            model, rows = txn.dirty.popitem()
            write_rows(env, model, rows)


def write_rows(env: Environment, model: str, rows: dict[int, dict[str, Any]]) -> None:
    """UPDATE the given rows, grouped by the set of changed columns."""
    cls = env.models.classes.get(model) or env.transaction.registry.for_enabled(env.transaction.registry.names).classes[model]
    txn = env.transaction
    if txn.capture is not None:
        txn.capture.writing(env, model, rows)
    groups: dict[tuple[str, ...], list[int]] = {}
    for id, vals in rows.items():
        groups.setdefault(tuple(sorted(vals)), []).append(id)
    now, uid = env.now(), env.uid
    patches = {f.name for f in cls._columns_written if f.company_dependent}
    if patches:
        groups = write_patches(env, cls, rows, patches, now, uid)
    for columns, ids in groups.items():
        stamp = "write_date" not in columns
        constant = {c: rows[ids[0]][c] for c in columns}
        same = len(ids) == 1 or all(rows[i][c] == v for c, v in constant.items() for i in ids[1:])
        if stamp:
            written_at, written_by = txn.values[(model, "write_date")], txn.values[(model, "write_uid")]
            for id in ids:
                written_at[id], written_by[id] = now, uid
        if same:
            vals = {**constant, **({"write_date": now, "write_uid": uid} if stamp else {})}
            execute(
                env,
                update_same(cls, tuple(vals), len(ids), txn.dialect),
                {**{f"v_{k}": v for k, v in vals.items()}, "ids": ids if len(ids) > 1 else ids[0]},
            )
        elif txn.dialect == "postgresql":
            params: dict[str, Any] = {f"v_{c}": [rows[i][c] for i in ids] for c in columns}
            if stamp:
                params.update(v_write_date=now, v_write_uid=uid)
            execute(env, update_each(cls, columns, stamp), {**params, "ids": ids})
        else:
            statement = update_one(cls, columns, stamp)
            fixed = {"v_write_date": now, "v_write_uid": uid} if stamp else {}
            execute(env, statement, [{"row_id": i, **{f"v_{c}": rows[i][c] for c in columns}, **fixed} for i in ids])
        if cls._reference:
            txn.reference_touched = True


def write_patches(
    env: Environment, cls: type[Records], rows: dict[int, dict[str, Any]], names: set[str], now: Any, uid: int
) -> dict[tuple[str, ...], list[int]]:
    """Write company-dependent columns by merging into the row's JSON, so that one company's value never erases another's.

    The groups of what is left to write for the other columns.
    """
    table = cls.table
    groups: dict[tuple[str, ...], list[int]] = {}
    patched: dict[str, list[dict[str, Any]]] = {}
    for id, vals in rows.items():
        for name in names & vals.keys():
            patched.setdefault(name, []).append({"row_id": id, "patch": vals[name] or {}, "now": now, "uid": uid})
        rest = tuple(sorted(vals.keys() - names))
        if rest:
            groups.setdefault(rest, []).append(id)
    for name, parameters in patched.items():
        column = table.c[name]
        patch = sa.bindparam("patch", type_=column.type)
        if env.transaction.dialect == "postgresql":
            # a JSON null (not the SQL one) before || would make a list of both
            there = sa.func.coalesce(
                sa.func.nullif(column, sa.cast(sa.literal("null"), postgresql.JSONB)),
                sa.cast(sa.literal({}, column.type), postgresql.JSONB),
            )
            merged: Any = there.op("||")(sa.cast(patch, postgresql.JSONB))
        else:  # json_patch drops keys that are null, which reads the same
            merged = sa.func.json_patch(sa.func.coalesce(column, sa.literal_column("'{}'")), patch)
        execute(
            env,
            table.update()
            .where(table.c.id == sa.bindparam("row_id"))
            .values({name: merged, "write_date": sa.bindparam("now"), "write_uid": sa.bindparam("uid")}),
            parameters,
        )
    return groups


#: Columns that hold the same in all rows of one INSERT.
STAMPS = ("create_date", "create_uid", "write_date", "write_uid")


def any_ids(column: Any, name: str, dialect: str) -> Any:
    """`column = ANY(:name)` on PostgreSQL (one statement text for any number of ids), an expanding IN elsewhere."""
    if dialect == "postgresql":
        return column == sa.any_(sa.bindparam(name, type_=postgresql.ARRAY(sa.BigInteger())))
    return column.in_(sa.bindparam(name, expanding=True))


def update_same(cls: type[Records], columns: tuple[str, ...], count: int, dialect: str) -> Any:
    """UPDATE with the same values for all ids."""
    many = count > 1
    key = ("update_same", cls._name, columns, many, dialect)
    statement = cls.models.plans.get(key)
    if statement is None:
        table = cls.table
        where = any_ids(table.c.id, "ids", dialect) if many else table.c.id == sa.bindparam("ids")
        statement = table.update().where(where).values({c: sa.bindparam(f"v_{c}", type_=table.c[c].type) for c in columns})
        statement = cls.models.plans[key] = Prepared(statement)
    return statement


def update_one(cls: type[Records], columns: tuple[str, ...], stamp: bool) -> Any:
    """UPDATE of one row, for executemany."""
    key = ("update_one", cls._name, columns, stamp)
    statement = cls.models.plans.get(key)
    if statement is None:
        table = cls.table
        names = [*columns, *(("write_date", "write_uid") if stamp else ())]
        statement = (
            table.update()
            .where(table.c.id == sa.bindparam("row_id"))
            .values({c: sa.bindparam(f"v_{c}", type_=table.c[c].type) for c in names})
        )
        cls.models.plans[key] = statement
    return statement


def update_each(cls: type[Records], columns: tuple[str, ...], stamp: bool) -> Any:
    """UPDATE … FROM unnest(…): other values for each id, in one statement (PostgreSQL)."""
    key = ("update_each", cls._name, columns, stamp)
    statement = cls.models.plans.get(key)
    if statement is None:
        table = cls.table
        parts: list[Any] = [sa.func.unnest(sa.bindparam("ids", type_=postgresql.ARRAY(sa.BigInteger()))).label("row_id")]
        for c in columns:
            kind = table.c[c].type
            parts.append(
                sa.func.unnest(sa.cast(sa.bindparam(f"v_{c}", type_=postgresql.ARRAY(kind)), postgresql.ARRAY(kind))).label(c)
            )
        source = sa.select(*parts).subquery("v")
        vals = {c: source.c[c] for c in columns}
        if stamp:
            vals.update(
                write_date=sa.bindparam("v_write_date", type_=table.c.write_date.type),
                write_uid=sa.bindparam("v_write_uid", type_=table.c.write_uid.type),
            )
        statement = table.update().where(table.c.id == source.c.row_id).values(vals)
        statement = cls.models.plans[key] = Prepared(statement)
    return statement


def insert_rows(env: Environment, cls: type[Records], rows: list[dict[str, Any]]) -> list[int]:
    """INSERT rows (each with the same keys); the new ids in order."""
    table = cls.table
    if len(rows) == 1:
        key = ("insert", cls._name)
        statement = cls.models.plans.get(key)
        if statement is None:
            columns = [f.name for f in cls._columns_written]
            values = {c: sa.bindparam(c, type_=table.c[c].type) for c in columns}
            statement = cls.models.plans[key] = Prepared(table.insert().values(values).returning(table.c.id))
        return [int(execute(env, statement, rows[0])[0][0])]
    if env.transaction.dialect == "postgresql":
        # what is empty in all rows is left out, unless the table would put its default there
        columns = [f.name for f in cls._columns_written]
        used = [c for c in columns if any(row[c] is not None for row in rows) or table.c[c].server_default is not None]
        own = [c for c in columns if c not in STAMPS]
        if own and all(c in STAMPS for c in used):
            used.append(own[0])
        stamped = bool(own) and all(row["create_date"] == rows[0]["create_date"] for row in rows)
        bulk_key = ("bulk", cls._name, stamped, tuple(used))
        bulk = cls.models.plans.get(bulk_key)
        if bulk is None:
            dialect = env.transaction.connection.dialect
            bulk = cls.models.plans[bulk_key] = BulkInsert(table, used, dialect, constant=STAMPS if stamped else ())
        return execute(env, bulk, rows)  # type: ignore[no-any-return]
    # SQLite has one writer and gives ascending ids in the order of VALUES; asking SQLAlchemy for the order would cost a statement
    # per row there
    ordered = env.transaction.dialect != "sqlite"
    key = ("inserts" if ordered else "inserts, unordered", cls._name)
    statement = cls.models.plans.get(key)
    if statement is None:
        statement = cls.models.plans[key] = table.insert().returning(table.c.id, sort_by_parameter_order=ordered)
    ids = [int(r[0]) for r in execute(env, statement, rows)]
    return ids if ordered else sorted(ids)


def insert_plain(env: Environment, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """INSERT rows (each with the same keys) whose ids nobody asks for: links, history; one statement."""
    connection = env.transaction.connection
    if len(rows) == 1 or connection.dialect.driver != "psycopg":
        execute(env, table.insert(), rows)
        return
    plans = env.models.plans
    first = rows[0]
    constant = tuple(c for c, value in first.items() if all(row[c] is value for row in rows))  # the same object: who, when
    if len(constant) == len(first):
        constant = ()
    key = ("plain", table.name, tuple(first), constant)
    bulk = plans.get(key)
    if bulk is None:
        bulk = plans[key] = BulkInsert(table, list(first), connection.dialect, constant, returning=False)
    execute(env, bulk, rows)


_PG_KEY = re.compile(
    r"Key \((?P<columns>[^)]*)\)=\((?P<value>.*?)\) (?P<what>already exists|is not present|is (still )?referenced)"
)
_SQLITE_COLUMNS = re.compile(r"(UNIQUE|NOT NULL) constraint failed: (?P<columns>.*)")


def explain(env: Environment, error: IntegrityError, parameters: Any = None) -> ValidationError:
    """The violation as a sentence that names model, field and value.

    :param parameters: those of the statement; SQLite does not say which link is broken, so they are looked up.
    """
    text = str(error.orig)
    diag = getattr(error.orig, "diag", None)
    table = getattr(diag, "table_name", None) or ""
    columns: list[str] = []
    kind = ""
    value: Any = ""
    if diag is not None:
        state = getattr(error.orig, "sqlstate", "") or ""
        kind = {
            "23505": "unique", "23502": "required", "23503": "foreign", "23514": "check", "23001": "referenced",
        }.get(state, "")  # fmt: skip
        if kind == "required":
            columns = [diag.column_name or ""]
        match = _PG_KEY.search(diag.message_detail or "")
        if match:
            columns, value = [c.strip() for c in match["columns"].split(",")], match["value"]
        if kind == "foreign" and match and match["what"].endswith("referenced"):
            kind = "referenced"
        name = diag.constraint_name or ""
        if kind in ("foreign", "referenced"):
            columns = constrained(env, table, name) or columns
    else:
        name = ""
        match = _SQLITE_COLUMNS.search(text)
        if match:
            kind = "unique" if match[1] == "UNIQUE" else "required"
            pairs = [p.strip().split(".") for p in match["columns"].split(",")]
            if len(pairs[0]) == 2:
                table, columns = pairs[0][0], [p[1] for p in pairs]
        elif "FOREIGN KEY" in text:
            kind, table, columns, value = broken_link(env, str(error.statement), error.params, parameters)
        elif "CHECK" in text:
            kind, name = "check", text.rpartition(":")[2].strip()
    if kind == "check" and name:
        table, columns, name = broken_rule(env, name)
    model, labels = describe(env, table, columns)
    data: dict[str, Any] = {"model": model, "fields": columns}
    if len(columns) == 1:
        data["field"] = columns[0]
        if value:
            data["value"] = int(value) if kind == "foreign" and str(value).isdecimal() else value
    if kind == "unique":
        return ValidationError(
            _(
                "The value of %(fields)s must be unique for %(model)s: %(value)s is already used. Choose another one.",
                fields=labels,
                model=model or table,
                value=value or _("this value"),
            ),
            **data,
        )
    if kind == "required":
        return ValidationError(
            _(
                "Missing required value for the field %(fields)s (%(names)s) of %(model)s. Give it a value.",
                fields=labels,
                names=", ".join(columns),
                model=model or table,
            ),
            **data,
        )
    if kind == "referenced":
        return ValidationError(
            _(
                "The record cannot be deleted: other records (%(model)s, field %(fields)s) still use it. Archive it instead, or "
                "remove the uses first.",
                model=model or table,
                fields=labels,
            ),
            **data,
        )
    if kind == "foreign":
        return ValidationError(
            _(
                "The operation breaks a link between records: %(fields)s points to a record that does not exist, or the record "
                "is still used by others. Check the ids, or archive instead of deleting.",
                fields=labels or _("a field"),
            ),
            **data,
        )
    return ValidationError(
        _(
            "A rule of the data is broken (%(name)s). Correct the values and try again.",
            name=f"{labels or model}: {name}" if name and (labels or model) else name or _("check"),
        ),
        constraint=name,
        **data,
    )


def point_at_row(error: ValidationError, model: str, rows: list[dict[str, Any]]) -> None:
    """Say which row of an INSERT the database refused, as far as it can be known from its complaint."""
    data = error.data
    name = data.get("field")
    if data.get("model") != model:
        return
    if len(rows) == 1:
        index: int | None = 0
    else:
        found = [n for n, row in enumerate(rows) if name in row and "value" in data and str(row[name]) == str(data["value"])]
        if not found and name in rows[0]:  # SQLite names no value; one that is given twice is the likeliest
            values = [row[name] for row in rows]
            found = [n for n, value in enumerate(values) if value is not None and value in values[:n]]
        index = found[-1] if found else None
    if index is not None:
        whereabouts.at(error, index, *(() if name is None else (name,)))


def constrained(env: Environment, table: str, constraint: str) -> list[str]:
    """Columns of a named foreign key; empty when it is not known."""
    found = env.transaction.registry.metadata.tables.get(table)
    keys = found.foreign_key_constraints if found is not None else ()
    return next((list(key.column_keys) for key in keys if key.name == constraint), [])


def broken_rule(env: Environment, constraint: str) -> tuple[str, list[str], str]:
    """(table, columns, the rule's own name) of a check constraint."""
    for table in env.transaction.registry.metadata.tables.values():
        for each in table.constraints:
            if isinstance(each, sa.CheckConstraint) and each.name == constraint:
                words = set(re.findall(r"\w+", str(each.sqltext)))
                return (
                    table.name,
                    [c.name for c in table.columns if c.name in words],
                    constraint.removeprefix(f"ck_{table.name}_"),
                )
    return "", [], constraint


_SQLITE_TARGET = re.compile(r"\s*(?P<what>INSERT INTO|UPDATE|DELETE FROM)\s+\"?(?P<table>\w+)")


def broken_link(env: Environment, statement: str, bound: Any, parameters: Any) -> tuple[str, str, list[str], Any]:
    """(kind, table, columns, value) of the link that a statement would break; SQLite only says that there is one."""
    tables = env.transaction.registry.metadata.tables
    match = _SQLITE_TARGET.match(statement)
    table = tables.get(match["table"]) if match else None
    if match is None or table is None:
        return "foreign", "", [], ""
    run = env.transaction.connection.execute
    if match["what"] == "DELETE FROM":
        ids = [i for i in (bound or ()) if isinstance(i, int)]
        for other in tables.values():
            for key in other.foreign_keys:
                if key.column.table is table and (key.ondelete or "").upper() not in ("CASCADE", "SET NULL"):
                    if run(sa.select(key.parent).where(key.parent.in_(ids)).limit(1)).first():
                        return "referenced", other.name, [key.parent.name], ""
        return "foreign", "", [], ""
    rows = parameters if isinstance(parameters, list) else [parameters or {}]
    for key in table.foreign_keys:
        column = key.parent.name
        wanted = {row.get(column) or row.get(f"v_{column}") for row in rows if isinstance(row, dict)} - {None}
        gone = wanted - set(run(sa.select(key.column).where(key.column.in_(wanted))).scalars()) if wanted else None
        if gone:
            return "foreign", table.name, [column], next(iter(gone))
    return "foreign", "", [], ""


def describe(env: Environment, table: str, columns: list[str]) -> tuple[str, Text | str]:
    """(model name, labels of the columns) for a table."""
    found = env.transaction.registry.metadata.tables.get(table)
    model = str(found.info.get("model", "")) if found is not None else ""
    fields = env.transaction.registry.fields.get(model, {})
    labels = [render(fields[c].string, env.lang) if c in fields else c for c in columns]
    return model, ", ".join(labels)
