"""Server actions: what an administrator lets the platform do with records, without code: write values, create records, call an
address, or several of these.

Code is kept as text, so that settings of other products can be read in, and never run: what needs code is an addon.
"""

from __future__ import annotations

from typing import Any

import orjson

from server import (
    Boolean,
    Char,
    Integer,
    Many2many,
    Many2one,
    Model,
    One2many,
    Selection,
    Text,
    UserError,
    ValidationError,
    _,
    action,
    constrains,
)
from server.model.relational import Many2many as ManyField
from server.model.relational import One2many as LinesField

STATES = [
    ("object_write", _("Update the record")),
    ("object_create", _("Create a record")),
    ("webhook", _("Call an address")),
    ("multi", _("Several actions")),
    ("code", _("Run code")),
]
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}


class ServerActionLine(Model, name="ir.server.object.lines"):
    """A value that a server action writes: a field, and the value as text."""

    model_label = _("Value of a server action")
    order = "id"
    rec_name = "value"

    server_id = Many2one("ir.actions.server", _("Server action"), required=True, ondelete="cascade")
    col1 = Many2one("ir.model.fields", _("Field"), required=True, ondelete="cascade")
    evaluation_type = Selection([("value", _("Value")), ("reference", _("Record"))], _("How the value is told"), default="value")
    value = Text(_("Value"))


class IrActionsServer(Model, name="ir.actions.server"):
    """Something the platform does with the records it is run on."""

    model_label = _("Server action")
    order = "sequence, name, id"
    reference = True
    history = True

    name = Char(_("Name"), required=True, translate=True)
    type = Char(_("Type"), default="ir.actions.server", required=True, readonly=True)
    sequence = Integer(_("Order"), default=5)
    model_id = Many2one("ir.model", _("Model"), required=True, ondelete="cascade", index=True)
    model_name = Char(_("Model name"), related="model_id.model")
    state = Selection(STATES, _("What it does"), default="object_write", required=True, tracking=True)
    usage = Selection(
        [("ir_actions_server", _("Action")), ("base_automation", _("Automation"))], _("Used by"), default="ir_actions_server"
    )
    code = Text(_("Code"), help=_("Kept as it came and never run. What needs code is an addon."))
    child_ids = Many2many(
        "ir.actions.server", _("Actions"), relation="rel_server_actions", column1="server_id", column2="action_id",
        help=_("Run one after the other, in their order."),
    )  # fmt: skip
    update_path = Char(_("Field to update"), help=_("A field of the record, or a path over links, such as partner_id.comment."))
    update_field_id = Many2one("ir.model.fields", _("Updated field"), ondelete="cascade")
    update_m2m_operation = Selection(
        [("add", _("Add")), ("remove", _("Take away")), ("set", _("Set to")), ("clear", _("Clear"))],
        _("With several records"),
        default="add",
    )
    evaluation_type = Selection([("value", _("Value"))], _("How the value is told"), default="value")
    value = Text(_("Value"), help=_("Of the updated field; of a created record: its name."))
    fields_lines = One2many("ir.server.object.lines", "server_id", _("Values"), copy=True)
    crud_model_id = Many2one("ir.model", _("Model of the created record"), ondelete="cascade", help=_("Empty: the model above."))
    link_field_id = Many2one(
        "ir.model.fields", _("Link"), ondelete="set null", help=_("Field of the record that is set to the created one.")
    )
    webhook_url = Char(_("Address"), tracking=True)
    webhook_field_ids = Many2many("ir.model.fields", _("Fields that are sent"), relation="ir_act_server_webhook_field_rel")
    base_automation_id = Many2one("base.automation", _("Automation"), ondelete="cascade", index=True)
    binding_model_id = Many2one("ir.model", _("Offered on the model"), ondelete="cascade")
    group_ids = Many2many(
        "res.groups", _("Groups"), relation="ir_act_server_group_rel", column1="act_id", column2="gid", aliases=("groups_id",),
        help=_("Who may run it; empty: whoever may change the records."),
    )  # fmt: skip
    active = Boolean(_("Active"), default=True)

    @constrains(
        "state",
        "webhook_url",
        "webhook_field_ids",
        "base_automation_id",
        "child_ids",
        "update_path",
        "update_field_id",
        "fields_lines",
    )
    def _check_complete(self) -> None:
        for one in self:
            if one.state == "webhook" and not (one.webhook_url or "").lower().startswith(("https://", "http://")):
                raise ValidationError(_("%(name)s calls an address: give webhook_url, beginning with https://.", name=one.name))
            known = self.env.transaction.registry.fields
            for sent in one.sudo().webhook_field_ids:
                if (found := known.get(sent.model, {}).get(sent.name)) is not None and found.groups == ".":
                    raise ValidationError(
                        _("%(name)s cannot send the field %(field)s: it is for nobody outside.", name=one.name, field=sent.name)
                    )
            if one.base_automation_id and one._needs_code():
                raise ValidationError(
                    _(
                        "%(name)s would run code at each change, and code is not run here. Use the actions that write, create or "
                        "call an address, or write an addon.",
                        name=one.name,
                    )
                )
            if one.id in one._descendants().ids:
                raise ValidationError(_("%(name)s would run itself. Take it out of its actions.", name=one.name))

    def _descendants(self) -> Any:
        found, waiting = self.browse([]), self.mapped("child_ids")
        while waiting:
            found |= waiting
            waiting = waiting.mapped("child_ids") - found
        return found

    def _needs_code(self) -> bool:
        return any(one.state == "code" for one in self | self._descendants())

    def create(self, vals_list: Any) -> Any:
        """Create actions; what automations do may change, so they are looked up anew."""
        self.env.transaction.automations = None
        return super().create(vals_list)

    def write(self, vals: dict[str, Any]) -> Any:
        """Change actions."""
        self.env.transaction.automations = None
        return super().write(vals)

    # -- running ----------------------------------------------------------------------------------------------------
    @action(access="read")
    def run(self) -> Any:
        """Do these actions with the records that the context names (`active_model`, `active_ids` or `active_id`).

        Whoever runs one must be in its groups, or may change the records when it has none; what it does is checked like
        everything its user does.

        :returns: False, or what the last action answered.
        :raises UserError: an action that runs code.
        """
        context = self.env.context
        ids = context.get("active_ids") or ([context["active_id"]] if context.get("active_id") else [])
        answer: Any = False
        for one in self:
            model = one.sudo().model_name
            named = context.get("active_model") in (None, model)
            records = self.env[model].browse(ids if named else [])
            one._check_may_run(records)
            answer = one.perform(records) or answer
        return answer

    def _check_may_run(self, records: Any) -> None:
        groups = self.sudo().group_ids
        facts = self.env.access.facts
        if self.env.su or (groups and set(groups.ids) & set(facts.group_ids)):
            return
        if groups:
            names = ", ".join(groups.mapped("name"))
            raise UserError(_("You may not run %(name)s. These groups may: %(groups)s.", name=self.sudo().name, groups=names))
        records.check_outside("write")

    def perform(self, records: Any) -> Any:
        """Do one action with records of its model; no check of who runs it."""
        do = self.sudo()
        if do.state == "code":
            raise UserError(
                _(
                    "%(name)s runs code, and code that is entered here is not run: it could do anything. Use the actions that "
                    "write, create or call an address, or write an addon.",
                    name=do.name,
                )
            )
        return getattr(do, f"_run_{do.state}")(records)

    def _run_multi(self, records: Any) -> Any:
        answer: Any = False
        for child in self.child_ids.sorted(lambda one: (one.sequence, one.id)):
            answer = child.perform(records) or answer
        return answer

    def _run_object_write(self, records: Any) -> None:
        for name, value in self._values(records).items():
            target, field = records, name
            if "." in name:
                path, _dot, field = name.rpartition(".")
                target = records.mapped(path)
            if target:
                target.write({field: self._commands(target, field, value)})

    def _run_object_create(self, records: Any) -> None:
        model = self.crud_model_id and self.sudo().env["ir.model"].browse(self.crud_model_id).model or self.model_name
        target = records.env[model]
        for record in records or [None]:
            values = self._values(target)
            if not values:
                id = target.name_create(self.value or "")[0]
            else:
                id = target.create(values).id
            if record is not None and self.link_field_id:
                link = self.env["ir.model.fields"].browse(self.link_field_id).name
                many = isinstance(record._field(link), (ManyField, LinesField))
                record.write({link: [(4, id)] if many else id})

    def _values(self, records: Any) -> dict[str, Any]:
        """Field (or path) → value as text or id."""
        found: dict[str, Any] = {}
        for line in self.fields_lines:
            value: Any = line.value
            if line.evaluation_type == "reference" and value and "," in value:
                value = value.rpartition(",")[2]
            found[self.env["ir.model.fields"].browse(line.col1).name] = value
        path = self.update_path or (
            self.env["ir.model.fields"].browse(self.update_field_id).name if self.update_field_id else None
        )
        if path and self.state == "object_write":
            found[path] = self.value
        return found

    def _commands(self, target: Any, name: str, value: Any) -> Any:
        """The value for a field: as the field reads texts; for several records by the chosen operation."""
        field = target._field(name)
        if field.type == "boolean":
            return WORDS.get(str(value or "").strip().lower(), bool(value))
        if not isinstance(field, (ManyField, LinesField)):
            return value or False
        ids = [int(part) for part in str(value or "").replace("[", "").replace("]", "").split(",") if part.strip().isdigit()]
        operation = self.update_m2m_operation
        if operation == "clear":
            return [(5, 0, 0)]
        if operation == "set":
            return [(6, 0, ids)]
        return [(3 if operation == "remove" else 4, id, 0) for id in ids]

    def _run_webhook(self, records: Any) -> None:
        """Put a call per record into the outbox: it is made after the commit, and again when nobody answers."""
        names = ["id", *self.webhook_field_ids.mapped("name")]
        for row in records.sudo().read(names):
            body = {"_action": f"{self.name}(#{self.ids[0]})", "_id": row["id"], "_model": self.model_name, **row}
            self.env.enqueue("kernel.call_address", {"url": self.webhook_url, "body": orjson.dumps(body).decode()})
