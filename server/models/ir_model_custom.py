"""What makes a row of `ir.model` or `ir.model.fields` a model or field that can live: its values completed and checked, and
what goes with it when it is deleted.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from server.addon import custom
from server.addon.custom import LONGEST
from server.errors import UserError, ValidationError
from server.model.relational import normalise_commands
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment

_MODEL = re.compile(r"x_[a-z0-9_]+(\.[a-z0-9_]+)*")
_FIELD = re.compile(r"x_[a-z0-9_]+")

#: What can be changed of a custom field; everything else is the shape of its data.
CHANGEABLE = frozenset(
    "name field_description help required readonly index copied translate tracking domain groups selection_ids selection modules "
    "currency_field depends".split()
)


# -- models -------------------------------------------------------------------------------------------------------------------


def model_values(env: Environment, vals: dict[str, Any]) -> dict[str, Any]:
    """The row of a model that a person makes.

    :raises ValidationError: naming what is wrong with it.
    """
    name = vals.get("model") or ""
    if not _MODEL.fullmatch(name):
        raise ValidationError(
            _(
                "The model name %(name)s cannot be used: a custom model has a name that begins with x_ and has only small "
                "letters, "
                "digits, points and underscores.",
                name=name or "?",
            ),
            model="ir.model",
            field="model",
        )
    if vals.get("state") == "base" and not env.su:
        raise UserError(_("%(name)s can only be a custom model: give it the state manual.", name=name))
    table = name.replace(".", "_")
    if len(table) > 50:
        raise ValidationError(_("The model name %(name)s is too long: at most 50 characters.", name=name))
    if name in env.transaction.registry.definitions or table in env.transaction.registry.metadata.tables:
        raise ValidationError(_("There is already a model or table %(name)s. Choose another name.", name=name))
    row = {**vals, "state": "manual", "abstract": False, "modules": None}
    if not row.get("field_id"):
        row["field_id"] = [(0, 0, dict(NAME))]
    return row


#: The field that a model gets when none is given; its value becomes the display name.
NAME = {"name": "x_name", "field_description": "Name", "ttype": "char", "state": "manual", "copied": True}


def open_to_administrators(env: Environment, models: Any) -> None:
    """An access line for each model, so that administrators can use it; further lines are theirs to add."""
    group = env.ref("base.group_system", raise_if_missing=False)
    env["ir.model.access"].sudo().create(
        [
            {
                "name": f"{model.model} administrators",
                "model": model.model,
                "group_id": group.id if group else None,
                "perm_read": True,
                "perm_write": True,
                "perm_create": True,
                "perm_unlink": True,
            }
            for model in models
        ]
    )


def check_model_changes(models: Any, vals: dict[str, Any]) -> None:
    """:raises UserError: for a change of what a model is made of."""
    for name in ("model", "state", "transient", "abstract"):
        if name in vals and any((row[name] or None) != (vals[name] or None) for row in models):
            raise UserError(_("%(field)s of a model cannot be changed. Make another model.", field=name))


def forget_models(env: Environment, names: list[str]) -> None:
    """Take away what only means something with these models: access lines, external ids, files, messages, defaults."""
    root = env.root
    root["ir.model.access"].with_context(active_test=False).search([("model", "in", names)]).unlink()
    for model, column in (
        ("ir.model.data", "model"),
        ("ir.attachment", "res_model"),
        ("mail.message", "model"),
        ("mail.activity", "res_model"),
        ("ir.default", "model"),
        ("ir.translation", "model"),
        ("ir.filters", "model_id"),
    ):
        if model in root:
            table = root[model].table
            root.execute(table.delete().where(table.c[column].in_(names)))


# -- fields -------------------------------------------------------------------------------------------------------------------


def _model_of(env: Environment, vals: dict[str, Any]) -> Any:
    rows = env["ir.model"].sudo()
    found = (
        rows.browse(vals["model_id"]).exists() if vals.get("model_id") else rows.search([("model", "=", vals.get("model") or "")])
    )
    if not found:
        raise ValidationError(
            _("A field needs the model it belongs to: give model_id."), model="ir.model.fields", field="model_id"
        )
    return found


def same_name_field(env: Environment, vals: dict[str, Any]) -> Any:
    """The field `x_name` that a model got by itself, when a client that does not know of it makes one of the same type."""
    if vals.get("name") != NAME["name"] or vals.get("ttype") != NAME["ttype"]:
        return env["ir.model.fields"]
    model = _model_of(env, vals)
    found = env["ir.model.fields"].search([("model", "=", model.model), ("name", "=", NAME["name"]), ("state", "=", "manual")])
    as_made = found and found.ttype == NAME["ttype"] and found.field_description == NAME["field_description"]
    return found if model.state == "manual" and as_made and not found.required else found[:0]


def field_values(env: Environment, vals: dict[str, Any]) -> dict[str, Any]:
    """The row of a field that a person makes, complete.

    :raises ValidationError: naming what is wrong with it. :raises UserError: what this place does not do.
    """
    model = _model_of(env, vals)
    name, ttype = vals.get("name") or "", vals.get("ttype") or ""
    if not _FIELD.fullmatch(name):
        raise ValidationError(
            _(
                "The field name %(name)s cannot be used: a custom field has a name that begins with x_ and has only small "
                "letters, "
                "digits and underscores.",
                name=name or "?",
            ),
            model="ir.model.fields",
            field="name",
        )
    if vals.get("state") == "base" and not env.su:
        raise UserError(_("%(name)s can only be a custom field: give it the state manual.", name=name))
    if ttype not in custom.KINDS:
        raise ValidationError(
            _("%(type)s is no type of field. Types: %(types)s.", type=ttype or "?", types=", ".join(custom.KINDS)),
            model="ir.model.fields",
            field="ttype",
        )
    if vals.get("compute"):
        raise UserError(_("A custom field is not computed by code given here. Use a related field, or write an addon."))
    taken = env.transaction.registry.fields.get(model.model, {})
    if name in taken or any(name in field.aliases for field in taken.values()):
        raise ValidationError(_("%(model)s already has a field %(name)s. Choose another name.", model=model.model, name=name))
    if len(f"fk_{model.model}_{name}") > LONGEST:
        longest = LONGEST - len(f"fk_{model.model}_")
        raise ValidationError(_("The field name %(name)s is too long: at most %(n)s characters.", name=name, n=longest))
    row = {**vals, "model_id": model.id, "model": model.model, "state": "manual", "modules": None}
    row["field_description"] = (
        vals.get("field_description") or name.removeprefix("x_").replace("_", " ").strip().capitalize() or name
    )
    row["store"] = not vals.get("related")
    if "selection" in row:
        row["selection_ids"] = choices_from(row.pop("selection"))[1:]  # there are none yet to take away
    return _with_relation(env, row)


def _with_relation(env: Environment, row: dict[str, Any]) -> dict[str, Any]:
    """The part of a row that says where the field leads."""
    ttype, name = row["ttype"], row["name"]
    if ttype in ("many2one", "one2many", "many2many"):
        if row.get("relation") not in env.transaction.registry.definitions and row.get("relation") != row["model"]:
            raise ValidationError(
                _(
                    "The field %(name)s needs a relation, the model it leads to; %(model)s is none.",
                    name=name,
                    model=row.get("relation") or "?",
                ),
                model="ir.model.fields",
                field="relation",
            )
    else:
        row["relation"] = None
    if ttype == "many2one":
        row["on_delete"] = row.get("on_delete") or ("restrict" if row.get("required") else "set null")
        if row.get("required") and row["on_delete"] == "set null":
            raise ValidationError(
                _("%(name)s is required, so it cannot be emptied when its record is deleted: use restrict or cascade.", name=name)
            )
    if ttype == "many2many":
        row["relation_table"] = custom.relation_table(row["model"], name, row.get("relation_table"))
        if row["relation_table"] in env.transaction.registry.metadata.tables:
            raise ValidationError(_("There is already a table %(name)s. Choose another name.", name=row["relation_table"]))
    if ttype == "selection" and not row.get("related") and not row.get("selection_ids"):
        raise ValidationError(
            _("The field %(name)s needs choices: give selection_ids with value and name.", name=name),
            model="ir.model.fields",
            field="selection_ids",
        )
    if row.get("groups"):
        ids = [
            id
            for code, id, more in normalise_commands(env["ir.model.fields"]._field("groups"), row["groups"])
            for id in _ids(code, id, more)
        ]
        named = env["ir.model.data"].sudo().search([("model", "=", "res.groups"), ("res_id", "in", ids)]).mapped("res_id")
        if set(ids) - set(named):
            raise ValidationError(_("A group without an external id cannot guard a field. Give the group one first."))
    return row


def _ids(code: int, id: Any, more: Any) -> list[int]:
    return list(more) if code == 6 else [id] if code == 4 else []


def choices_from(text: Any) -> list[tuple[int, Any, Any]]:
    """Commands that set choices from a text like `[('a', 'A'), ('b', 'B')]`.

    :raises ValidationError: for anything else.
    """
    try:
        pairs = ast.literal_eval(text) if isinstance(text, str) else list(text or ())
        rows = [{"value": str(value), "name": str(label)} for value, label in pairs]
    except (ValueError, SyntaxError, TypeError):
        raise ValidationError(_("Choices are told as a list of pairs, like [('a', 'First'), ('b', 'Second')].")) from None
    return [(5, 0, 0), *((0, 0, {**row, "sequence": place}) for place, row in enumerate(rows))]


def check_field_changes(fields: Any, vals: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Check what a person changes; answers the renamed columns, and brings along what names a renamed field.

    :raises UserError: for what cannot be changed.
    """
    for name in sorted(vals.keys() - CHANGEABLE):
        given = vals[name]
        if any((field[name] or None) != (given or None) for field in fields):
            raise UserError(
                _(
                    "%(field)s of a field cannot be changed: its values would not fit any more. Delete it and make another one.",
                    field=name,
                )
            )
    if "name" not in vals or all(field.name == vals["name"] for field in fields):
        return {}
    field = fields.ensure_one()
    env, old, new = fields.env, field.name, vals["name"]
    checked = {"model_id": field.model_id, "name": new, "ttype": field.ttype, "relation": field.relation, "selection_ids": [1]}
    field_values(env, checked | {"relation_table": f"x_{new}"[:40]})
    for other in (
        env["ir.model.fields"]
        .sudo()
        .search([("state", "=", "manual"), ("relation", "=", field.model), ("relation_field", "=", old)])
    ):
        table = other.table
        env.execute(table.update().where(table.c.id == other.id).values(relation_field=new))
    for model, name in (("ir.default", "field_name"), ("ir.translation", "field")):
        table = env[model].table
        env.execute(table.update().where(table.c.model == field.model, table.c[name] == old).values({name: new}))
    stored = env[field.model]._fields[old].stored if field.model in env and old in env[field.model]._fields else False
    if not stored:
        return {}
    table_name = field.model.replace(".", "_")
    if field.ttype == "many2one" and env.transaction.dialect == "postgresql":
        quote = env.transaction.connection.dialect.identifier_preparer.quote
        before, after = quote(f"fk_{table_name}_{old}"), quote(f"fk_{table_name}_{new}")
        env.transaction.connection.exec_driver_sql(f"ALTER TABLE {quote(table_name)} RENAME CONSTRAINT {before} TO {after}")
    return {(table_name, old): new}


def forget_fields(env: Environment, fields: Iterable[tuple[str, str]]) -> None:
    """Take away defaults and translations of fields that go."""
    for model, name in fields:
        for words, column in (("ir.default", "field_name"), ("ir.translation", "field")):
            table = env[words].table
            env.execute(table.delete().where(table.c.model == model, table.c[column] == name))


def replace_choice(env: Environment, row: Any, value: str | None) -> None:
    """Give the records that have a choice another one, or none."""
    field = row.field
    if field.model not in env or field.name not in env[field.model]._fields:
        return
    table = env[field.model].table
    env.execute(table.update().where(table.c[field.name] == row.value).values({field.name: value}))
