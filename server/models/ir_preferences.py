"""What people keep for themselves: default values, saved searches, export lists."""

from __future__ import annotations

import json
from typing import Any

from server import AccessError, Boolean, Char, Many2one, Model, One2many, Text, UserError, ValidationError, _, action, constrains


class IrDefault(Model, name="ir.default"):
    """A default value of a field, for everybody, for a company or for one user."""

    model_label = _("Default value")
    order = "model, field_name, user_id desc, company_id desc, id"
    reference = True
    indexes = [("model", "field_name")]

    model = Char(_("Model"), required=True)
    field_name = Char(_("Field"), required=True)
    user_id = Many2one("res.users", _("User"), ondelete="cascade", default=lambda env: None, help=_("Empty: for everybody."))
    company_id = Many2one(
        "res.company", _("Company"), ondelete="cascade", default=lambda env: None, help=_("Empty: in every company.")
    )
    json_value = Char(_("Value"), required=True)

    @constrains("model", "field_name", "json_value")
    def _check_value(self) -> None:
        for row in self:
            if row.model not in self.env or row.field_name not in self.env[row.model]._fields:
                raise ValidationError(
                    _("There is no field %(model)s.%(field)s to give a default.", model=row.model, field=row.field_name)
                )
            field = self.env[row.model]._fields[row.field_name]
            if field.groups == "." or not self.env.access.field_visible(field):
                # a default is a value somebody gives: of hidden fields nobody gives one
                raise AccessError(
                    _(
                        "You do not have the right to give the field %(field)s of %(model)s a default.",
                        model=row.model,
                        field=row.field_name,
                    )
                )
            try:
                json.loads(row.json_value)
            except ValueError as error:
                raise ValidationError(
                    _("The default of %(field)s is not JSON: %(reason)s.", field=row.field_name, reason=str(error))
                ) from error

    @action(model=True)
    def set(self, model_name: str, field_name: str, value: Any, user_id: Any = False, company_id: Any = False) -> bool:
        """Set the default of a field; `user_id` or `company_id` True mean the calling user and the current company, False
        everybody.
        """
        user = self.env.uid if user_id is True else (user_id or None)
        company = self.env.company_id if company_id is True else (company_id or None)
        wanted = [
            ("model", "=", model_name),
            ("field_name", "=", field_name),
            ("user_id", "=", user or False),
            ("company_id", "=", company or False),
        ]
        row = self.search(wanted, limit=1)
        if row:
            row.write({"json_value": json.dumps(value)})
        else:
            self.create(
                {
                    "model": model_name,
                    "field_name": field_name,
                    "user_id": user,
                    "company_id": company,
                    "json_value": json.dumps(value),
                }
            )
        return True

    @action(model=True, readonly=True)
    def get(self, model_name: str, field_name: str, user_id: Any = False, company_id: Any = False) -> Any:
        """The default stored for exactly this user and company, None when there is none."""
        user = self.env.uid if user_id is True else (user_id or None)
        company = self.env.company_id if company_id is True else (company_id or None)
        row = self.search(
            [
                ("model", "=", model_name),
                ("field_name", "=", field_name),
                ("user_id", "=", user or False),
                ("company_id", "=", company or False),
            ],
            limit=1,
        )
        return json.loads(row.json_value) if row else None

    def values_for(self, model: str) -> dict[str, Any]:
        """Default values of `model` for the calling user in the current company; a user's own win over a company's, these over
        everybody's.

        No query once the process knows them.
        """
        rows = self.env.process_cache("ir.default", self._load).get(model, ())
        found: dict[str, tuple[tuple[bool, bool], Any]] = {}
        for field_name, user_id, company_id, value in rows:
            if (user_id in (None, self.env.uid)) and (company_id in (None, self.env.company_id)):
                rank = (user_id is not None, company_id is not None)
                if field_name not in found or rank > found[field_name][0]:
                    found[field_name] = (rank, value)
        return {name: value for name, (_rank, value) in found.items()}

    def _load(self) -> dict[str, list[tuple[str, int | None, int | None, Any]]]:
        table = self.table
        loaded: dict[str, list[tuple[str, int | None, int | None, Any]]] = {}
        for row in self.env.execute(table.select()):
            loaded.setdefault(row.model, []).append((row.field_name, row.user_id, row.company_id, json.loads(row.json_value)))
        return loaded


class IrFilters(Model, name="ir.filters"):
    """A search somebody saved."""

    model_label = _("Saved search")
    order = "model_id, name, id"
    indexes = [("model_id", "user_id")]

    name = Char(_("Name"), required=True)
    model_id = Char(_("Model"), required=True)
    user_id = Many2one("res.users", _("User"), ondelete="cascade", default=lambda env: env.uid, help=_("Empty: for everybody."))
    domain = Text(_("Domain"), default="[]", required=True)
    context = Text(_("Context"), default="{}", required=True)
    sort = Char(_("Order"), default="[]", required=True)
    is_default = Boolean(_("Used at once"))
    active = Boolean(_("Active"), default=True)

    def create(self, vals_list: Any) -> Any:
        """Save searches; only administrators save them for everybody."""
        several = [vals_list] if isinstance(vals_list, dict) else list(vals_list)
        if (
            not self.env.su
            and not self.env.has_group("base.group_system")
            and any("user_id" in vals and vals["user_id"] != self.env.uid for vals in several)
        ):
            raise UserError(_("A search can be saved for yourself only. Ask an administrator to save it for everybody."))
        return super().create(several)


class IrExports(Model, name="ir.exports"):
    """A list of fields somebody exports again and again."""

    model_label = _("Export list")
    order = "name, id"

    name = Char(_("Name"))
    resource = Char(_("Model"), index=True)
    export_fields = One2many("ir.exports.line", "export_id", _("Fields"), copy=True)


class IrExportsLine(Model, name="ir.exports.line"):
    """A field of an export list."""

    model_label = _("Line of an export list")
    order = "id"

    name = Char(_("Field path"))
    export_id = Many2one("ir.exports", _("Export list"), ondelete="cascade", required=True)
