"""Automations: server actions that the platform runs by itself when records of a model are created, changed or deleted.

They run inside the transaction of the change, with the rights of the platform and in the name of who changed the record, so
they are as safe as any rule; what calls an address goes through the outbox, after the commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server import Boolean, Char, Integer, Many2many, Many2one, Model, One2many, Selection, Text, ValidationError, _, constrains
from server.models.ir_actions_server import STATES

if TYPE_CHECKING:
    from server.model.environment import Environment

TRIGGERS = [
    ("on_create", _("When a record is created")),
    ("on_write", _("When a record is changed")),
    ("on_create_or_write", _("When a record is created or changed")),
    ("on_unlink", _("When a record is deleted")),
]
#: What happens → triggers it sets off.
OF_EVENT = {
    "create": ("on_create", "on_create_or_write"), "write": ("on_write", "on_create_or_write"), "unlink": ("on_unlink",),
}  # fmt: skip
#: Models an automation cannot be about: the platform writes them on its own way.
CLOSED = ("ir.", "base.automation", "webhook.", "res.users.apikeys", "mail.message")


class BaseAutomation(Model, name="base.automation"):
    """Actions that run when records change."""

    model_label = _("Automation")
    order = "sequence, id"
    reference = True
    history = True

    name = Char(_("Name"), required=True, translate=True)
    sequence = Integer(_("Order"), default=5)
    active = Boolean(_("Active"), default=True, tracking=True)
    model_id = Many2one("ir.model", _("Model"), required=True, ondelete="cascade", index=True, tracking=True)
    model_name = Char(_("Model name"), related="model_id.model")
    trigger = Selection(TRIGGERS, _("When"), required=True, tracking=True)
    filter_domain = Char(_("Only records where"), tracking=True)
    trigger_field_ids = Many2many(
        "ir.model.fields",
        _("Only when these change"),
        relation="base_automation_field_rel",
        column1="automation_id",
        column2="field_id",
    )
    description = Text(_("Notes"))
    action_server_ids = One2many("ir.actions.server", "base_automation_id", _("Actions"), copy=True)
    # An automation of older programs is one action.
    state = Selection(STATES, _("What it does"), compute="_compute_action", inverse="_inverse_action")
    code = Text(_("Code"), compute="_compute_action", inverse="_inverse_action")
    webhook_url = Char(_("Address"), compute="_compute_action", inverse="_inverse_action")
    update_path = Char(_("Field to update"), compute="_compute_action", inverse="_inverse_action")
    value = Text(_("Value"), compute="_compute_action", inverse="_inverse_action")

    def _compute_action(self) -> None:
        for row in self:
            first = row.action_server_ids[:1]
            for name in SINGLE:
                setattr(row, name, first[name] if first else None)

    def _inverse_action(self) -> None:
        """Written one by one by older programs: see `create` and `write`, which take them together."""

    def create(self, vals_list: Any) -> Any:
        """Create automations; older programs tell the one action together with it."""
        self.env.transaction.automations = None
        rows, single = [], []
        for vals in vals_list:
            single.append({name: vals[name] for name in SINGLE if vals.get(name)})
            rows.append({name: value for name, value in vals.items() if name not in SINGLE})
        made = super().create(rows)
        for row, values in zip(made, single, strict=True):
            row._set_action(values)
        return made

    def write(self, vals: dict[str, Any]) -> Any:
        """Change automations."""
        self.env.transaction.automations = None
        result = super().write({name: value for name, value in vals.items() if name not in SINGLE})
        for row in self:
            row._set_action({name: vals[name] for name in SINGLE if name in vals})
        return result

    def unlink(self) -> Any:
        """Delete automations with their actions."""
        self.env.transaction.automations = None
        return super().unlink()

    def _set_action(self, values: dict[str, Any]) -> None:
        if not values:
            return
        if self.action_server_ids:
            self.action_server_ids[:1].write(values)
        else:
            more = {"name": self.name, "model_id": self.model_id, "usage": "base_automation", "base_automation_id": self.ids[0]}
            self.env["ir.actions.server"].create({**more, **values})

    @constrains("model_id", "filter_domain")
    def _check_usable(self) -> None:
        from server.security.rules import parse_domain

        for row in self:
            model = row.sudo().model_name or ""
            if model not in self.env or model.startswith(CLOSED):
                raise ValidationError(_("An automation cannot be about %(model)s.", model=model))
            if row.filter_domain:
                try:
                    domain = list(parse_domain(row.filter_domain))
                    self.env[model].sudo().search(domain, limit=1)
                except ValueError as error:
                    raise ValidationError(
                        _("The filter of %(name)s cannot be used: %(reason)s.", name=row.name, reason=str(error))
                    ) from error


#: Values of the one action of an automation of older programs.
SINGLE = ("state", "code", "webhook_url", "update_path", "value")


# -- running ------------------------------------------------------------------------------------------------------------------


def automations(env: Environment) -> dict[str, dict[str, list[int]]]:
    """Model → trigger → ids of the active automations; one query per process until one is changed."""
    txn = env.transaction
    if txn.automations is None:
        if "base_automation" not in txn.registry.metadata.tables:
            txn.automations = {}
        else:
            txn.automations = env.process_cache("base.automation", lambda: _load(env))
    found: dict[str, dict[str, list[int]]] = txn.automations
    return found


def _load(env: Environment) -> dict[str, dict[str, list[int]]]:
    tables = env.transaction.registry.metadata.tables
    rule, model = tables["base_automation"], tables["ir_model"]
    statement = (
        sa.select(model.c.model, rule.c.trigger, rule.c.id)
        .join(model, model.c.id == rule.c.model_id)
        .where(rule.c.active.is_(True))
        .order_by(rule.c.sequence, rule.c.id)
    )
    found: dict[str, dict[str, list[int]]] = {}
    for name, trigger, id in env.run(statement):
        found.setdefault(name, {}).setdefault(trigger, []).append(id)
    return found


def happened(records: Any, event: str, names: Any = ()) -> None:
    """Run what is to be run when `event` (create, write, unlink) happens to records; `names` are the written fields.

    An automation does not set itself off on the record it is just working on.
    """
    env = records.env
    triggers = automations(env).get(records._name)
    if not triggers:
        return
    ids = [id for trigger in OF_EVENT[event] for id in triggers.get(trigger, ())]
    if not ids:
        return
    root = records.sudo()
    running: set[tuple[int, int]] = env.transaction.automating
    for rule in root.env["base.automation"].browse(ids):
        watched = set(rule.trigger_field_ids.mapped("name"))
        if event == "write" and watched and not watched & set(names):
            continue
        chosen = root.browse([id for id in root.ids if (rule.id, id) not in running])
        if rule.filter_domain:
            from server.security.rules import fill_domain, parse_domain

            chosen = chosen.filtered_domain(fill_domain(parse_domain(rule.filter_domain), env))
        if not chosen:
            continue
        marks = {(rule.id, id) for id in chosen.ids}
        running |= marks
        try:
            for one in rule.action_server_ids.sorted(lambda one: (one.sequence, one.id)):
                one.perform(chosen)
        finally:
            running -= marks
