"""Models and fields that people add to a database: rows of `ir.model` and `ir.model.fields` with the state `manual`, turned into
definitions like those of addons.

They belong to no addon and are on in every company, as far as the models they extend or point to are there. What cannot be
used (its model is uninstalled, say) sleeps: it is left out of the registry, its rows and its data stay. So nothing a person
wrote can keep a database from starting.

The tables follow from the difference between two registries (`bring`), inside the transaction that changed the rows.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.addon import schema, state
from server.addon.ddl import Ddl
from server.errors import LockError, RegistryError, Retry, ValidationError
from server.model.definition import Model, ModelMeta
from server.model.fields import Field
from server.model.relational import Many2many, Many2one, Many2oneReference, One2many, Reference
from server.model.scalars import (
    Binary,
    Boolean,
    Char,
    Date,
    Datetime,
    Html,
    Integer,
    Json,
    Monetary,
    Numeric,
    Selection,
    Text,
)
from server.text import Text as LazyText
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.registry import Registry

log = logging.getLogger("colca.custom")

#: Stands in the place of an addon's name for what people made.
CUSTOM = "custom"
#: Key of the advisory lock on PostgreSQL that one change of the schema holds at a time (see `server.addon.session`).
LOCK = 0x0C01CA
#: Longest name of a table, column or constraint on PostgreSQL.
LONGEST = 63


@dataclass(frozen=True)
class CustomField:
    """A row of `ir.model.fields`; `values` by column, `choices` (key, label), `groups` external ids."""

    model: str
    name: str
    ttype: str
    values: Mapping[str, Any]
    choices: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class CustomModel:
    """A row of `ir.model`."""

    name: str
    label: str
    transient: bool = False
    thread: bool = False


@dataclass
class Custom:
    """All that people made in a database. `asleep`: (model, field or "") → why it is not used, filled by `declare`."""

    models: list[CustomModel] = field(default_factory=list)
    fields: list[CustomField] = field(default_factory=list)
    asleep: dict[tuple[str, str], LazyText] = field(default_factory=dict)


# -- reading ------------------------------------------------------------------------------------------------------------------


def read(conn: sa.Connection) -> Custom:
    """What people made, from the rows; nothing on a database without tables. Tolerates columns that a newer kernel adds."""
    if not state.ready(conn):
        return Custom()
    run = conn.exec_driver_sql
    models = [
        CustomModel(row["model"], row["name"], bool(row.get("transient")), bool(row.get("is_mail_thread")))
        for row in run("select * from ir_model where state = 'manual' order by id").mappings()
    ]
    rows = run("select * from ir_model_fields where state = 'manual' order by id").mappings().all()
    if not rows:
        return Custom(models)
    choices: dict[int, list[tuple[str, str]]] = {}
    groups: dict[int, list[str]] = {}
    for row in run(
        "select s.field_id, s.value, s.name from ir_model_fields_selection s join ir_model_fields f on f.id = s.field_id"
        " where f.state = 'manual' order by s.sequence, s.id"
    ).mappings():
        choices.setdefault(row["field_id"], []).append((row["value"], row["name"]))
    for row in run(
        "select r.field_id, d.module, d.name from ir_model_fields_group_rel r join ir_model_data d on d.model = 'res.groups'"
        " and d.res_id = r.group_id order by r.field_id, d.id"
    ).mappings():
        groups.setdefault(row["field_id"], []).append(f"{row['module']}.{row['name']}")
    fields = [
        CustomField(
            row["model"],
            row["name"],
            row["ttype"],
            dict(row),
            tuple(choices.get(row["id"], ())),
            tuple(groups.get(row["id"], ())),
        )
        for row in rows
    ]
    return Custom(models, fields)


# -- rows to fields -----------------------------------------------------------------------------------------------------------


def relation_table(model: str, field: str, given: str | None = None) -> str:
    """Name of the table of pairs of a many2many: no longer than a name may be, and the same each time."""
    name = given or f"{model.replace('.', '_')}_{field}_rel"
    return name if len(name) <= 50 else f"x_{field[:30]}_{sum(ord(c) * 31**i for i, c in enumerate(name)) % 16**8:08x}_rel"


def _many2many(one: CustomField, common: dict[str, Any]) -> Field:
    values = one.values
    return Many2many(
        values["relation"], relation=relation_table(one.model, one.name, values.get("relation_table")),
        column1=values.get("column1"), column2=values.get("column2"), domain=_domain(values), **common,
    )  # fmt: skip


def _domain(values: Mapping[str, Any]) -> Any:
    try:
        return ast.literal_eval(values.get("domain") or "[]") or None
    except (ValueError, SyntaxError):
        return None


#: Type → field; the keys are the types people can choose.
KINDS: dict[str, Callable[[CustomField, dict[str, Any]], Field]] = {
    "char": lambda one, common: Char(size=one.values.get("size") or None, **common),
    "text": lambda one, common: Text(**common),
    "html": lambda one, common: Html(**common),
    "integer": lambda one, common: Integer(**common),
    "float": lambda one, common: Numeric(digits=(18, 6), **common),
    "monetary": lambda one, common: Monetary(currency_field=one.values.get("currency_field") or "currency_id", **common),
    "boolean": lambda one, common: Boolean(**common),
    "date": lambda one, common: Date(**common),
    "datetime": lambda one, common: Datetime(**common),
    "selection": lambda one, common: Selection(list(one.choices), **common),
    "many2one": lambda one, common: Many2one(
        one.values["relation"], ondelete=one.values.get("on_delete") or "set null", domain=_domain(one.values), **common
    ),
    "one2many": lambda one, common: One2many(
        one.values["relation"], one.values.get("relation_field") or "", domain=_domain(one.values), **common
    ),
    "many2many": _many2many,
    "binary": lambda one, common: Binary(**common),
    "reference": lambda one, common: Reference(**common),
    "many2one_reference": lambda one, common: Many2oneReference(model_field=one.values.get("model_field") or "", **common),
    "json": lambda one, common: Json(**common),
}


def field_of(one: CustomField) -> Field:
    """The field a row means.

    :raises KeyError: an unknown type.
    """
    values = one.values
    common: dict[str, Any] = {
        "string": values.get("field_description") or one.name,
        "help": values.get("help") or None,
        "groups": ",".join(one.groups),
    }
    if values.get("related"):
        common |= {"related": values["related"], "readonly": bool(values.get("readonly", True))}
    else:
        common |= {
            "required": bool(values.get("required")) and one.ttype not in ("one2many", "many2many"),
            "readonly": bool(values.get("readonly")),
            "index": bool(values.get("index")) and one.ttype not in ("one2many", "many2many", "binary", "json"),
            "copy": bool(values.get("copied")),
            "tracking": bool(values.get("tracking")) and one.ttype != "binary",
            "translate": bool(values.get("translate")) and one.ttype in ("char", "text", "html"),
        }
    made = KINDS[one.ttype](one, common)
    made.manual = True
    return made


def declare(custom: Custom, definitions: dict[str, list[tuple[str, type[Model]]]]) -> None:
    """Add the definitions of what people made to those of the addons; what cannot be used is noted in `custom.asleep`."""
    by_model: dict[str, dict[str, Field]] = {}
    own = {model.name: model for model in custom.models if model.name not in definitions}
    there: set[str | None] = {*definitions, *own}
    known: dict[str, dict[str, Field]] = {
        name: {key: one for _addon, part in parts for key, one in part.own_fields.items()} for name, parts in definitions.items()
    }
    later: list[tuple[CustomField, Field]] = []
    for row in custom.fields:
        reason = _obstacle(row, there, known)
        if reason:
            custom.asleep[row.model, row.name] = reason
            continue
        made = field_of(row)
        if row.ttype in ("one2many", "many2one_reference") or row.values.get("related"):
            later.append((row, made))
            continue
        by_model.setdefault(row.model, {})[row.name] = known.setdefault(row.model, {})[row.name] = made
    for row, made in later:
        reason = _later_obstacle(row, known)
        if reason:
            custom.asleep[row.model, row.name] = reason
            continue
        by_model.setdefault(row.model, {})[row.name] = known.setdefault(row.model, {})[row.name] = made
    for name in own | by_model.keys():
        fields: dict[str, Any] = {"__module__": __name__, **by_model.get(name, {})}
        if name in own:
            definitions[name] = [(CUSTOM, _model(own[name], fields))]
        else:
            base = definitions[name][0][1]
            definitions[name].append((CUSTOM, ModelMeta("Custom", (base,), fields, custom=True)))  # type: ignore[arg-type]
    for (model, name), reason in custom.asleep.items():
        log.warning("The custom field %s.%s is not used: %s.", model, name, reason)


def _model(model: CustomModel, fields: dict[str, Any]) -> type[Model]:
    from server.models.mail_message import MailThread

    bases = (MailThread, Model) if model.thread else (Model,)
    options: dict[str, Any] = {
        "__doc__": model.label,
        "model_label": model.label,
        "rec_name": "x_name",
        "transient": model.transient,
    }
    return ModelMeta("CustomModel", bases, {**options, **fields}, name=model.name, custom=True)  # type: ignore[return-value]


def _obstacle(row: CustomField, there: Collection[str | None], known: Mapping[str, Mapping[str, Field]]) -> LazyText | None:
    """Why a field cannot be used; None when it can."""
    if row.ttype not in KINDS:
        return _("its type %(type)s is unknown", type=row.ttype)
    if row.model not in there:
        return _("the model %(model)s is not there", model=row.model)
    if row.name in known.get(row.model, {}):
        return _("an addon has a field of that name")
    if row.ttype in ("many2one", "one2many", "many2many") and row.values.get("relation") not in there:
        return _("the model %(model)s is not there", model=row.values.get("relation") or "?")
    return None


def _later_obstacle(row: CustomField, known: Mapping[str, Mapping[str, Field]]) -> LazyText | None:
    """The same for fields that rest on other fields."""
    if row.values.get("related"):
        return _path_obstacle(row, known)
    if row.ttype == "one2many":
        inverse = known.get(str(row.values["relation"]), {}).get(row.values.get("relation_field") or "")
        if not isinstance(inverse, Many2one) or inverse.comodel != row.model:
            return _(
                "%(model)s has no many2one field %(field)s that leads to it",
                model=row.values["relation"],
                field=row.values.get("relation_field") or "?",
            )
    elif row.values.get("model_field") not in known.get(row.model, {}):
        return _("the field %(field)s that names the model is not there", field=row.values.get("model_field") or "?")
    return None


def _path_obstacle(row: CustomField, known: Mapping[str, Mapping[str, Field]]) -> LazyText | None:
    model, steps = row.model, str(row.values["related"]).split(".")
    if len(steps) < 2:
        return _("a related field needs a path like partner_id.city")
    found: Field | None = None
    for place, step in enumerate(steps):
        found = known.get(model, {}).get(step)
        if found is None and step not in ("id", "display_name", "create_date", "write_date"):
            return _("%(model)s has no field %(field)s", model=model, field=step)
        if found is not None and found.groups == ".":  # hashes and secrets: a way around would show them
            return _("%(field)s is for nobody outside of the code", field=f"{model}.{step}")
        if place < len(steps) - 1:
            if not isinstance(found, Many2one):
                return _("%(field)s is no many2one", field=f"{model}.{step}")
            model = found.comodel
    if found is not None and found.type != row.ttype:
        return _("%(path)s is of type %(type)s", path=row.values["related"], type=found.type)
    return None


# -- tables -------------------------------------------------------------------------------------------------------------------


def begin(env: Environment) -> None:
    """To be called before rows of what people make are changed: one at a time, and only from the present state.

    :raises Retry: somebody else changed models or fields since this transaction began; it starts anew.
    """
    txn = env.transaction
    if txn.registry_touched:  # it is us already
        return
    if txn.dialect == "postgresql":
        # Never waited for inside the transaction: it has read tables that whoever holds the lock is about to change.
        if not txn.connection.exec_driver_sql(f"select pg_try_advisory_xact_lock({LOCK})").scalar():
            engine = txn.connection.engine
            raise Retry(lambda: _wait(engine))
    if state.signals(txn.connection)[0] != txn.registry_version:
        raise Retry(lambda: None)


def _wait(engine: sa.Engine) -> None:
    """Until nobody changes models or addons any more.

    :raises LockError: when that takes longer than anybody waits.
    """
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({LOCK})")
    except sa.exc.OperationalError as error:
        raise LockError(
            _("Models or addons are being changed by others at the same time. Nothing was saved; try again in a moment.")
        ) from error


def bring(env: Environment, renamed: Mapping[tuple[str, str], str] | None = None) -> None:
    """Bring registry and tables of this transaction to the rows: what is new is made, what is gone is dropped, and other
    processes will know after the commit.

    :param renamed: (table, old column) → new column.
    :raises ValidationError: when the models cannot be put together.
    """
    from server.model.registry import Registry

    env.flush()
    txn = env.transaction
    conn, old = txn.connection, txn.registry
    try:
        new = Registry(old.addons, hooks=old.hooks, custom=read(conn))
    except RegistryError as error:
        raise ValidationError(
            _("The models cannot be put together with this change: %(reason)s", reason=str(error.message))
        ) from error
    known = old.custom.asleep if old.custom is not None else {}
    for (model, name), reason in (new.custom.asleep if new.custom is not None else {}).items():
        if (model, name) not in known:
            raise ValidationError(
                _("The field %(field)s of %(model)s could not be used: %(reason)s.", field=name, model=model, reason=reason),
                model=model,
                field=name,
            )
    ddl = Ddl(conn.dialect)
    for (table, column), name in (renamed or {}).items():
        conn.exec_driver_sql(f"ALTER TABLE {ddl.quote(table)} RENAME COLUMN {ddl.quote(column)} TO {ddl.quote(name)}")
    for statement in _drops(ddl, old.metadata, new.metadata, renamed or {}):
        conn.exec_driver_sql(statement)
    changed = [
        name
        for name, table in new.metadata.tables.items()
        if name not in old.metadata.tables or _shape(table) != _shape(old.metadata.tables[name])
    ]
    if changed:
        schema.plan(conn, new.metadata, only=changed).execute(conn)
    state.bump_registry(conn)
    state.bump_data(conn)
    txn.registry_touched = txn.reference_touched = True
    _take(env, new)


def _shape(table: sa.Table) -> tuple[set[str], set[str]]:
    return set(table.columns.keys()), {str(index.name) for index in table.indexes}


def _drops(ddl: Ddl, old: sa.MetaData, new: sa.MetaData, renamed: Mapping[tuple[str, str], str]) -> list[str]:
    """Statements that drop what people took away: indexes first, then columns, tables of pairs, tables."""
    statements: list[str] = []
    pairs: list[str] = []
    tables: list[str] = []
    for name, table in old.tables.items():
        if name not in new.tables:
            if table.info.get("addon") == CUSTOM:
                (pairs if table.info.get("relation") else tables).append(f"DROP TABLE IF EXISTS {ddl.quote(name)}")
            continue
        kept = {str(index.name) for index in new.tables[name].indexes}
        statements += [
            f"DROP INDEX IF EXISTS {ddl.quote(str(index.name))}"
            for index in table.indexes
            if index.info.get("addon") == CUSTOM and str(index.name) not in kept
        ]
        for column in table.columns:
            gone = column.name not in new.tables[name].columns and (name, column.name) not in renamed
            if gone and column.info.get("addon") == CUSTOM:
                statements.append(f"ALTER TABLE {ddl.quote(name)} DROP COLUMN {ddl.quote(column.name)}")
    return [*statements, *pairs, *tables]


def _take(env: Environment, registry: Registry) -> None:
    """Work on with another registry in this transaction; what was remembered of the old one is forgotten."""
    txn = env.transaction
    txn.registry = registry
    txn.clear()
    for one in (env, env.root):
        one.renew()


def pointing_at(conn: sa.Connection, models: Iterable[str]) -> list[CustomField]:
    """The fields people made whose values are records of these models, on models other than these."""
    gone = set(models)
    return [one for one in read(conn).fields if one.values.get("relation") in gone and one.model not in gone]


__all__ = [
    "CUSTOM", "KINDS", "LONGEST", "Custom", "CustomField", "CustomModel", "begin", "bring", "declare", "field_of", "pointing_at",
    "read", "relation_table",
]  # fmt: skip
