"""The catalog of models and fields as rows: those of addons are a reflection of the registry (`ir_model_reflect.py`), those that
people make (state `manual`, names beginning with `x_`) are what the registry is made of.

A model or field that is created here is live at once, for the rest of the transaction and, after the commit, in every process;
what is deleted is dropped with its data. What makes a row fit is in `ir_model_custom.py`, the tables are `server.addon.custom`'s.
"""

from __future__ import annotations

from typing import Any

from server import Boolean, Char, Integer, Many2many, Many2one, Model, One2many, Selection, Text, UserError, _, action
from server import depends as depending  # `depends` is a field here
from server.addon import custom
from server.models import ir_model_custom as making
from server.models.ir_model_reflect import reflect_model

_STATES = [("base", _("Base")), ("manual", _("Custom"))]
#: Context key of the methods here among themselves: whoever asked brings the tables in line when all rows are there.
LATER = "_custom_later"


class Reflected(Model, abstract=True):
    """Mixin: rows of addons, which only the superuser's `reflect` makes and changes; people read them."""

    def _refuse_people(self) -> None:
        if not self.env.su:
            raise UserError(
                _(
                    "Models and fields of addons are declared in code and cannot be changed here. Install or upgrade the addon "
                    "that owns them, or add a model or field of your own, with a name that begins with x_."
                )
            )

    def _bring(self, **kw: Any) -> None:
        """Bring the tables to the rows, unless a method further up will."""
        if not self.env.context.get(LATER):
            custom.bring(self.env, **kw)

    def _later(self) -> Any:
        return self.with_context({LATER: True})


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
    is_mail_thread = Boolean(_("Has messages"), help=_("Records of a custom model carry messages."))
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

    def create(self, vals_list: Any) -> Any:
        """Make models: live at once, with a name (`x_name`) unless fields are given, open to administrators by an access line.

        :raises ValidationError: a name that does not begin with `x_`, or that is taken. :raises UserError: a model of an addon.
        """
        if self.env.su and not any(vals.get("state") == "manual" for vals in vals_list):
            return super().create(vals_list)
        custom.begin(self.env)
        rows = [making.model_values(self.env, vals) for vals in vals_list]
        made = super(IrModel, self._later()).create(rows)
        making.open_to_administrators(self.env, made)
        self._bring()
        reflect_model(self.env, [vals["model"] for vals in rows])
        return self.env["ir.model"].browse(made.ids)

    def write(self, vals: dict[str, Any]) -> Any:
        """Change the label of custom models, or their fields.

        :raises UserError: a model of an addon, or its technical name.
        """
        if self.env.su and not any(row.state == "manual" for row in self):
            return super().write(vals)
        if any(row.state != "manual" for row in self):
            self._refuse_people()
        custom.begin(self.env)
        making.check_model_changes(self, vals)
        result = super(IrModel, self._later()).write(vals)
        self._bring()
        return result

    def unlink(self) -> Any:
        """Delete custom models with all their records.

        :raises UserError: a model of an addon. :raises ValidationError: when fields of other models lead to one.
        """
        manual = self.filtered(lambda row: row.state == "manual")
        if manual != self:
            self._refuse_people()
        if not manual:
            return super().unlink()
        custom.begin(self.env)
        making.forget_models(self.env, manual.mapped("model"))
        result = super().unlink()
        self._bring()
        return result

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
    ttype = Selection([(kind, kind) for kind in custom.KINDS], _("Type"), required=True)
    relation = Char(_("Related model"))
    relation_field = Char(_("Inverse field"))
    relation_table = Char(_("Table of pairs"))
    column1 = Char(_("Column of the model"))
    column2 = Char(_("Column of the related model"))
    currency_field = Char(_("Field of the currency"), help=_("Of an amount; currency_id unless another one is named."))
    model_field = Char(_("Field of the model"), help=_("Of a number that is the id of a record: the field that names its model."))
    required = Boolean(_("Required"))
    readonly = Boolean(_("Read only"))
    store = Boolean(_("Stored"), default=True)
    index = Boolean(_("Indexed"))
    copied = Boolean(_("Copied"), default=True)
    translate = Boolean(_("Translatable"))
    tracking = Boolean(_("Tracked"))
    size = Integer(_("Size"))
    related = Char(_("Related field"))
    compute = Text(_("Compute"), help=_("Code is not taken from here: an addon computes."))
    depends = Char(_("Depends on"))
    on_delete = Selection(
        [("cascade", _("Delete too")), ("set null", _("Empty the field")), ("restrict", _("Refuse"))], _("On delete")
    )
    domain = Char(_("Domain"))
    help = Text(_("Help"))
    modules = Char(_("In addons"))
    state = Selection(_STATES, _("Type of field"), default="base", required=True, readonly=True)
    groups = Many2many("res.groups", _("Groups"), relation="ir_model_fields_group_rel", column1="field_id", column2="group_id")
    selection_ids = One2many("ir.model.fields.selection", "field_id", _("Choices"), copy=True)
    selection = Char(_("Choices, as older programs tell them"), compute="_compute_selection", inverse="_inverse_selection")

    @depending("selection_ids.value", "selection_ids.name")
    def _compute_selection(self) -> None:
        for field in self:
            field.selection = str([(one.value, one.name) for one in field.selection_ids]) if field.ttype == "selection" else None

    def _inverse_selection(self) -> None:
        for field in self:
            field.write({"selection_ids": making.choices_from(field.selection)})

    def create(self, vals_list: Any) -> Any:
        """Make fields: live at once. A model comes as `model_id` (or `model`), choices as `selection_ids`.

        :raises ValidationError: a name that does not begin with `x_` or is taken, an unknown type or relation.
        """
        if self.env.su and not any(vals.get("state") == "manual" for vals in vals_list):
            return super().create(vals_list)
        custom.begin(self.env)
        ids: list[int] = []
        rows: list[dict[str, Any]] = []
        for vals in vals_list:
            present = making.same_name_field(self.env, vals)
            if present:  # made with the model; what is said of it now holds
                present.write({name: value for name, value in vals.items() if name not in ("model_id", "model", "name", "ttype")})
                ids.append(present.id)
            else:
                rows.append(making.field_values(self.env, vals))
                ids.append(0)
        made = iter(super(IrModelFields, self._later()).create(rows).ids)
        if rows:
            self._bring()
        return self.env["ir.model.fields"].browse([id or next(made) for id in ids])

    def write(self, vals: dict[str, Any]) -> Any:
        """Change what can be changed of custom fields: label, help, name, choices, and how it behaves; never the type.

        :raises UserError: a field of an addon, or what cannot be changed.
        """
        if self.env.su and not any(row.state == "manual" for row in self):
            return super().write(vals)
        if any(row.state != "manual" for row in self):
            self._refuse_people()
        custom.begin(self.env)
        renamed = making.check_field_changes(self, vals)
        vals = dict(vals)
        if "selection" in vals:
            vals["selection_ids"] = making.choices_from(vals.pop("selection"))
        result = super(IrModelFields, self._later()).write(vals)
        self._bring(renamed=renamed)
        return result

    def unlink(self) -> Any:
        """Delete custom fields with their values.

        :raises UserError: a field of an addon. :raises ValidationError: when other fields rest on one.
        """
        manual = self.filtered(lambda row: row.state == "manual")
        if manual != self:
            self._refuse_people()
        if not manual:
            return super().unlink()
        custom.begin(self.env)
        making.forget_fields(self.env, [(row.model, row.name) for row in manual])
        result = super().unlink()
        self._bring()
        return result


class IrModelFieldsSelection(Reflected, name="ir.model.fields.selection"):
    """A choice of a selection field."""

    model_label = _("Choice")
    order = "field_id, sequence, id"
    unique = [("field_id", "value")]

    field_id = Many2one("ir.model.fields", _("Field"), required=True, ondelete="cascade")
    value = Char(_("Value"), required=True)
    name = Char(_("Label"), required=True)
    sequence = Integer(_("Sequence"))

    def create(self, vals_list: Any) -> Any:
        """Add choices to custom fields. :raises UserError: the choices of an addon's field."""
        rows = self.env["ir.model.fields"].browse([vals["field_id"] for vals in vals_list if vals.get("field_id")])
        if not any(row.state == "manual" for row in rows):
            self._refuse_people()
            return super().create(vals_list)
        custom.begin(self.env)
        result = super().create(vals_list)
        self._bring()
        return self.env[self._name].browse(result.ids)

    def write(self, vals: dict[str, Any]) -> Any:
        """Change choices of custom fields; records that have a value keep having it under its new name."""
        if not any(row.field.state == "manual" for row in self):
            if self:
                self._refuse_people()
            return super().write(vals)
        custom.begin(self.env)
        if vals.get("value"):
            for row in self:
                making.replace_choice(self.env, row, vals["value"])
        result = super().write(vals)
        self._bring()
        return result

    def unlink(self) -> Any:
        """Take choices away from custom fields; records that have one are emptied."""
        if not any(row.field.state == "manual" for row in self):
            self._refuse_people()
            return super().unlink()
        custom.begin(self.env)
        for row in self:
            making.replace_choice(self.env, row, None)
        result = super().unlink()
        self._bring()
        return result
