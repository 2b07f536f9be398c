"""The catalog of models and fields as rows, for clients that ask the database what it holds.

The rows are a reflection of the registry: `reflect(env)` brings them in line after addons are installed or upgraded, with a
handful of statements whatever their number. Nothing in the kernel reads them back to decide anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server import Boolean, Char, Integer, Many2many, Many2one, Model, One2many, Selection, Text, UserError, _, action
from server.text import render

if TYPE_CHECKING:
    from server.model.environment import Environment

_STATES = [("base", _("Base")), ("manual", _("Custom"))]


class Reflected(Model, abstract=True):
    """Mixin: rows that only the superuser's `reflect` makes and changes; people, administrators too, read them."""

    def create(self, vals_list: Any) -> Any:
        """:raises UserError: for everybody but the superuser."""
        self._refuse_people()
        return super().create(vals_list)

    def write(self, vals: dict[str, Any]) -> Any:
        """:raises UserError: for everybody but the superuser."""
        self._refuse_people()
        return super().write(vals)

    def unlink(self) -> Any:
        """:raises UserError: for everybody but the superuser."""
        self._refuse_people()
        return super().unlink()

    def _refuse_people(self) -> None:
        if not self.env.su:
            raise UserError(
                _(
                    "Models and fields of addons are declared in code and cannot be changed here. Install or upgrade the addon "
                    "that owns them."
                )
            )


class IrModel(Reflected, name="ir.model"):
    """A model known to this database."""

    model_label = _("Model")
    order = "model"
    unique = [("model",)]

    name = Char(_("Model description"), required=True)
    model = Char(_("Model"), required=True)
    info = Text(_("Information"))
    state = Selection(_STATES, _("Type"), default="base", required=True, readonly=True)
    transient = Boolean(_("Wizard"))
    abstract = Boolean(_("Abstract"))
    modules = Char(_("In addons"), help=_("Names of the addons that define or extend it, separated by commas."))
    field_id = One2many("ir.model.fields", "model_id", _("Fields"))
    access_ids = Many2many("ir.model.access", _("Access lines"), compute="_compute_access_ids")
    view_ids = Many2many("ir.ui.view", _("Views"), compute="_compute_view_ids")

    def _compute_view_ids(self) -> None:
        found = self.env["ir.ui.view"].sudo().search([("model", "in", [row.model for row in self])]).grouped("model")
        for row in self:
            row.view_ids = found.get(row.model, self.env["ir.ui.view"])

    def _compute_access_ids(self) -> None:
        found = self.env["ir.model.access"].sudo().search([("model", "in", [row.model for row in self])]).grouped("model")
        for row in self:
            row.access_ids = found.get(row.model, self.env["ir.model.access"])

    @action(model=True, readonly=True)
    def get_available_models(self) -> list[dict[str, str]]:
        """`{model, display_name}` of every model the calling user may read."""
        access = self.env.access
        rows = self.sudo().search([])
        return [
            {"model": row.model, "display_name": row.name}
            for row in rows
            if row.model in self.env and access.allowed(row.model, "read")
        ]


class IrModelFields(Reflected, name="ir.model.fields"):
    """A field of a model known to this database."""

    model_label = _("Field")
    order = "model, name"
    unique = [("model", "name")]

    model_id = Many2one("ir.model", _("Model"), required=True, ondelete="cascade", index=True)
    model = Char(_("Model name"), required=True)
    name = Char(_("Field name"), required=True)
    field_description = Char(_("Label"), required=True)
    ttype = Char(_("Type"), required=True)
    relation = Char(_("Related model"))
    relation_field = Char(_("Inverse field"))
    required = Boolean(_("Required"))
    readonly = Boolean(_("Read only"))
    store = Boolean(_("Stored"))
    index = Boolean(_("Indexed"))
    copied = Boolean(_("Copied"))
    translate = Boolean(_("Translatable"))
    tracking = Boolean(_("Tracked"))
    size = Integer(_("Size"))
    related = Char(_("Related field"))
    on_delete = Char(_("On delete"))
    domain = Char(_("Domain"))
    help = Text(_("Help"))
    modules = Char(_("In addons"))
    state = Selection(_STATES, _("Type of field"), default="base", required=True, readonly=True)
    groups = Many2many("res.groups", _("Groups"), relation="ir_model_fields_group_rel", column1="field_id", column2="group_id")
    selection_ids = One2many("ir.model.fields.selection", "field_id", _("Choices"))


class IrModelFieldsSelection(Reflected, name="ir.model.fields.selection"):
    """A choice of a selection field."""

    model_label = _("Choice")
    order = "field_id, sequence, id"
    unique = [("field_id", "value")]

    field_id = Many2one("ir.model.fields", _("Field"), required=True, ondelete="cascade")
    value = Char(_("Value"), required=True)
    name = Char(_("Label"), required=True)
    sequence = Integer(_("Sequence"))


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

    by_model = _sync(
        env["ir.model"],
        {(name,): _model_vals(name, cls, [addon for addon, _definition in definitions[name]]) for name, cls in models.items()},
        ("model",),
        keep_manual=True,
    )

    fields: dict[tuple[Any, ...], dict[str, Any]] = {}
    choices: dict[tuple[str, str], list[tuple[str, str]]] = {}
    groups: dict[tuple[str, str], list[str]] = {}
    for name, cls in models.items():
        for field in cls._fields.values():
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
) -> dict[tuple[Any, ...], int]:
    """Make the rows of a table those of `wanted` (by the values of the fields `key`); answers the id of each."""
    existing: dict[tuple[Any, ...], Any] = {}
    gone: list[int] = []
    for row in records.search([]):
        if (keep_manual and row.state == "manual") or (manual and row.field_id in manual):
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
