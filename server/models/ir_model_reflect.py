"""The rows of `ir.model`, `ir.model.fields` and their choices as the registry has them.

`reflect(env)` brings them in line after addons are installed or upgraded, with a handful of statements whatever their number.
What people made (state `manual`) is theirs: those rows are what the registry is made of, and left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.addon.custom import CUSTOM
from server.text import render

if TYPE_CHECKING:
    from server.model.environment import Environment


def _model_vals(name: str, cls: Any, addons: list[str]) -> dict[str, Any]:
    return {
        "model": name,
        "name": render(cls._model_label) or name,
        "info": (cls.__doc__ or "").strip() or None,
        "transient": bool(cls._transient),
        "abstract": False,
        "modules": ",".join(dict.fromkeys(addons)),
    }


def _field_vals(model: str, field: Any) -> dict[str, Any]:
    domain = getattr(field, "domain", None)
    return {
        "model": model,
        "name": field.name,
        "field_description": render(field.string) or field.name,
        "ttype": field.type,
        "relation": getattr(field, "comodel", None),
        "relation_field": getattr(field, "inverse_name", None),
        "required": bool(field.required),
        "readonly": bool(field.readonly),
        "store": bool(field.store),
        "index": bool(field.index),
        "copied": bool(field.copy),
        "translate": bool(field.translate),
        "tracking": bool(field.tracking),
        "size": int(getattr(field, "size", None) or 0),
        "related": field.related if isinstance(field.related, str) else None,
        "on_delete": getattr(field, "ondelete", None),
        "domain": str(domain) if domain and not callable(domain) else None,
        "help": render(field.help) or None,
        "modules": getattr(field, "addon", None),
    }


def _choices_of(field: Any) -> list[tuple[str, str]]:
    choices = getattr(field, "selection", None)
    return [(key, render(label)) for key, label in choices] if isinstance(choices, (list, tuple)) else []


def reflect(env: Environment) -> None:
    """Bring `ir.model`, `ir.model.fields` and their choices in line with the registry of `env`.

    Set-wise: one search per table, one create, one write per group of equal changes, one unlink. Custom rows (state `manual`) are
    left alone.
    """
    env = env["ir.model"].sudo().with_context(tracking_disable=True, active_test=False).env
    models = dict(env.models.classes)
    definitions = env.transaction.registry.definitions
    peoples = {name for name in models if definitions[name][0][0] == CUSTOM}

    by_model = _sync(
        env["ir.model"],
        {
            (name,): _model_vals(name, cls, [addon for addon, _definition in definitions[name] if addon != CUSTOM])
            for name, cls in models.items()
            if name not in peoples
        },
        ("model",),
        keep_manual=True,
        keep=_sleeping(env, models),
    )
    by_model |= {(row.model,): row.id for row in env["ir.model"].search([("model", "in", sorted(peoples))])}

    fields: dict[tuple[Any, ...], dict[str, Any]] = {}
    choices: dict[tuple[str, str], list[tuple[str, str]]] = {}
    groups: dict[tuple[str, str], list[str]] = {}
    for name, cls in models.items():
        for field in cls._fields.values():
            if field.manual:
                continue
            fields[name, field.name] = {"model_id": by_model[(name,)], **_field_vals(name, field)}
            if found := _choices_of(field):
                choices[name, field.name] = found
            if field.groups and field.groups != ".":
                groups[name, field.name] = [xmlid.strip() for xmlid in field.groups.split(",")]
    by_field = _sync(env["ir.model.fields"], fields, ("model", "name"), keep_manual=True)

    wanted = {
        (by_field[key], value): {"field_id": by_field[key], "value": value, "name": label, "sequence": position}
        for key, found in choices.items()
        for position, (value, label) in enumerate(found)
    }
    _sync(env["ir.model.fields.selection"], wanted, ("field_id", "value"), manual=_manual_fields(env))
    _sync_groups(env, by_field, groups)
    env.flush()


def reflect_model(env: Environment, names: Iterable[str]) -> None:
    """Rows for the fields that every model has, of models that people just made."""
    env = env["ir.model"].sudo().with_context(tracking_disable=True, active_test=False).env
    fields = env["ir.model.fields"]
    for model in env["ir.model"].search([("model", "in", list(names))]):
        fields.create(
            [
                {"model_id": model.id, **_field_vals(model.model, field)}
                for field in env[model.model]._fields.values()
                if not field.manual
            ]
        )


def _sleeping(env: Environment, models: Iterable[str]) -> set[int]:
    """Ids of models that are not there now but have fields of people: kept as long as their table is, so that the fields come
    back with the addon.
    """
    missing = {
        field.model: field.model_id
        for field in env["ir.model.fields"].search([("state", "=", "manual"), ("model", "not in", list(models))])
    }
    inspector = sa.inspect(env.transaction.connection) if missing else None
    return {id for model, id in missing.items() if inspector is not None and inspector.has_table(model.replace(".", "_"))}


def _manual_fields(env: Environment) -> set[int]:
    return set(env["ir.model.fields"].search([("state", "=", "manual")]).ids)


def _sync_groups(env: Environment, by_field: dict[tuple[Any, ...], int], groups: dict[tuple[str, str], list[str]]) -> None:
    """Many2many groups of the few fields that have any; written only where they differ."""
    for key, xmlids in groups.items():
        found = [group.id for xmlid in xmlids if (group := env.ref(xmlid, raise_if_missing=False))]
        row = env["ir.model.fields"].browse([by_field[key]])
        if set(row.groups.ids) != set(found):
            row.write({"groups": [(6, 0, found)]})


def _sync(
    records: Any,
    wanted: dict[tuple[Any, ...], dict[str, Any]],
    key: tuple[str, ...],
    keep_manual: bool = False,
    manual: set[int] | None = None,
    keep: set[int] | None = None,
) -> dict[tuple[Any, ...], int]:
    """Make the rows of a table those of `wanted` (by the values of the fields `key`); answers the id of each."""
    existing: dict[tuple[Any, ...], Any] = {}
    gone: list[int] = []
    for row in records.search([]):
        if (keep_manual and row.state == "manual") or (manual and row.field_id in manual) or (keep and row.id in keep):
            continue
        row_key = tuple(getattr(row, name) for name in key)
        if row_key in wanted:
            existing[row_key] = row
        else:
            gone.append(row.id)
    for row_key, row in existing.items():
        changed = {name: value for name, value in wanted[row_key].items() if (getattr(row, name) or None) != (value or None)}
        if changed:
            row.write(changed)
    missing = [row_key for row_key in wanted if row_key not in existing]
    ids = {row_key: row.id for row_key, row in existing.items()}
    if missing:
        created = records.create([wanted[row_key] for row_key in missing])
        ids.update(zip(missing, created.ids, strict=True))
    if gone:
        records.browse(gone).unlink()
    return ids
