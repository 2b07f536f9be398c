"""Activities: what somebody is to do about a record, until when. Done ones are archived, and leave a message on the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from typing import Any

from server import (
    Boolean,
    Char,
    Date,
    Html,
    Integer,
    Many2many,
    Many2one,
    Many2oneReference,
    Model,
    Selection,
    ValidationError,
    _,
    action,
    constrains,
    depends,
)
from server.errors import FieldError
from server.models.targets import target_names, under_targets

STATES = [("overdue", _("Overdue")), ("today", _("Today")), ("planned", _("Planned")), ("done", _("Done"))]


class MailActivityType(Model, name="mail.activity.type"):
    """A kind of activity: a call, a meeting, a to-do."""

    model_label = _("Kind of activity")
    order = "sequence, id"
    reference = True

    name = Char(_("Name"), required=True, translate=True)
    summary = Char(_("Default summary"), translate=True)
    sequence = Integer(_("Order"), default=10)
    delay_count = Integer(_("Days until it is due"), default=0)
    icon = Char(_("Icon"))
    category = Selection(
        [("default", _("None")), ("phonecall", _("Call")), ("meeting", _("Meeting")), ("upload_file", _("Upload a document"))],
        _("What it starts"),
        default="default",
    )
    res_model = Char(_("Only for the model"))
    active = Boolean(_("Active"), default=True)


class MailActivity(Model, name="mail.activity"):
    """One thing to be done about one record by one user."""

    model_label = _("Activity")
    order = "date_deadline, id"
    indexes = [("res_model", "res_id"), ("user_id", "date_deadline")]
    access_through = ("res_model", "res_id")

    res_model = Char(_("Model"))
    res_model_id = Many2one(
        "ir.model",
        _("Document model"),
        compute="_compute_res_model_id",
        inverse="_inverse_res_model_id",
        search="_search_res_model_id",
    )
    res_id = Many2oneReference(_("Record"), model_field="res_model")
    res_name = Char(_("Name of the record"), compute="_compute_res_name")
    activity_type_id = Many2one("mail.activity.type", _("Kind"), ondelete="restrict")
    summary = Char(_("Summary"))
    note = Html(_("Note"))
    feedback = Char(_("Feedback"), readonly=True)
    date_deadline = Date(_("Until"), required=True, default=lambda env: env.today())
    date_done = Date(_("Done on"), readonly=True)
    user_id = Many2one("res.users", _("Assigned to"), required=True, default=lambda env: env.uid, index=True)
    state = Selection(STATES, _("Status"), compute="_compute_state", search="_search_state")
    automated = Boolean(_("Made by an automation"), readonly=True)
    active = Boolean(_("Active"), default=True)
    company_id = Many2one("res.company", _("Company"), default=lambda env: None, ondelete="cascade")

    # -- computed ---------------------------------------------------------------------------------------------------
    @depends("res_model")
    def _compute_res_model_id(self) -> None:
        names = {row.res_model for row in self if row.res_model}
        found = self.env["ir.model"].sudo().search([("model", "in", sorted(names))]).grouped("model") if names else {}
        for row in self:
            row.res_model_id = found[row.res_model].id if row.res_model in found else None

    def _inverse_res_model_id(self) -> None:
        for row in self:
            row.res_model = self.env["ir.model"].sudo().browse(row.res_model_id).model if row.res_model_id else None

    def _search_res_model_id(self, operator: str, value: Any) -> list[Any]:
        rows = self.env["ir.model"].sudo().search([("id", operator, value)] if value else [])
        if not value:
            return [("res_model", operator, False)]
        return [("res_model", "in", [row.model for row in rows])]

    @depends("res_model", "res_id")
    def _compute_res_name(self) -> None:
        names = target_names(self, "res_model", "res_id")
        for row in self:
            row.res_name = names.get(row.id)

    @depends("date_deadline", "active")
    def _compute_state(self) -> None:
        today = self.env.today()
        for row in self:
            row.state = _state(row.date_deadline, row.active, today)

    def _search_state(self, operator: str, value: Any) -> list[Any]:
        if operator not in ("=", "!=", "in", "not in"):
            raise FieldError(f"Invalid operator {str(operator)[:20]!r} for mail.activity.state. Use =, !=, in or not in.")
        given = value if isinstance(value, (list, tuple)) else [value]
        today = self.env.today()
        terms: dict[str, list[Any]] = {
            "overdue": ["&", ("active", "=", True), ("date_deadline", "<", today)],
            "today": ["&", ("active", "=", True), ("date_deadline", "=", today)],
            "planned": ["&", ("active", "=", True), ("date_deadline", ">", today)],
            "done": [("active", "=", False)],
        }
        chosen = [terms[key] for key in terms if (key in given) == (operator in ("=", "in"))]
        return ["|"] * (len(chosen) - 1) + [part for term in chosen for part in term] if chosen else [(0, "=", 1)]

    @depends("summary", "activity_type_id.name")
    def _compute_display_name(self) -> None:
        for row in self:
            row.display_name = row.summary or row.activity_type.name or _("Activity").render(self.env.lang)

    @constrains("res_model", "res_id")
    def _check_target(self) -> None:
        for row in self:
            if bool(row.res_model) != bool(row.res_id) or (row.res_model and row.res_model not in self.env):
                raise ValidationError(_("An activity belongs to a record: give res_model (or res_model_id) and res_id."))

    # -- doing ------------------------------------------------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Create activities; each belongs to the company of its record, and making one needs the right to read that record."""
        models = self.env["ir.model"].sudo()
        rows = []
        for given in vals_list:
            row = dict(given)
            if row.get("res_model_id") and not row.get("res_model"):
                row["res_model"] = models.browse(row["res_model_id"]).model
            row.pop("res_model_id", None)
            kind = self.env["mail.activity.type"].browse(row["activity_type_id"] or ()) if row.get("activity_type_id") else None
            if kind:
                row["summary"] = row.get("summary") or kind.summary
                row["date_deadline"] = row.get("date_deadline") or self.env.today() + timedelta(days=kind.delay_count)
            rows.append({name: value for name, value in row.items() if name != "date_deadline" or value})
        return super().create(under_targets(self, rows, "res_model", "res_id"))

    @action(access="read")
    def action_done(self) -> Any:
        """Mark as done; see `action_feedback`."""
        return self.action_feedback()

    @action(access="read")
    def action_feedback(self, feedback: Any = False, attachment_ids: Sequence[int] | None = None) -> int | bool:
        """Mark as done: the activities are archived, and each leaves a message with the feedback on its record.

        For whoever is assigned to them or may change their records.

        :returns: the id of the last message, False when there was none to leave.
        """
        others = self.filtered(lambda row: row.user_id != self.env.uid)
        if others:
            others.check_outside("write")
        open_ones = self.sudo().filtered("active")
        messages = [
            {
                "model": row.res_model,
                "res_id": row.res_id,
                "body": _done_text(row, feedback or "", self.env.lang),
                "message_type": "notification",
                "attachment_ids": [(6, 0, list(attachment_ids or ()))],
            }
            for row in open_ones
            if row.res_model and row.res_id
        ]
        open_ones.write({"active": False, "date_done": self.env.today(), "feedback": feedback or None})
        made = self.env["mail.message"].sudo().create(messages) if messages else ()
        return int(made[-1].id) if made else False


def _state(until: date | None, active: bool, today: date) -> str:
    if not active:
        return "done"
    if until is None or until == today:
        return "today"
    return "overdue" if until < today else "planned"


def _done_text(row: Any, feedback: str, lang: str | None) -> str:
    title = _("%(kind)s done: %(summary)s", kind=row.activity_type.name or _("Activity"), summary=row.summary or row.display_name)
    said = f"<p>{escape(feedback)}</p>" if feedback else ""
    return f"<p>{escape(title.render(lang))}</p>{said}"


class MailActivities(Model, abstract=True):
    """Mixin for models whose records have activities; part of `MailThread`."""

    activity_ids = Many2many("mail.activity", _("Activities"), compute="_compute_activity_ids", search="_search_activity_ids")
    activity_state = Selection(STATES[:3], _("Status of the activities"), compute="_compute_activity_ids")

    def _compute_activity_ids(self) -> None:
        found = self.env["mail.activity"].sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        by_record = found.grouped(lambda one: one.res_id)
        rank = [key for key, _label in STATES]
        for record in self:
            record.activity_ids = own = by_record.get(record.id, found.browse([]))
            record.activity_state = min((one.state for one in own), key=rank.index, default=None)

    def _search_activity_ids(self, operator: str, value: Any) -> list[Any]:
        return search_pointing(self, "mail.activity", "res_model", operator, value)

    @action(access="read")
    def activity_schedule(
        self, act_type_xmlid: str = "", date_deadline: Any = None, summary: str = "", note: str = "", **act_values: Any
    ) -> Any:
        """Plan an activity on each record; answers the new `mail.activity` records.

        :param act_type_xmlid: kind of activity, such as `mail.mail_activity_data_todo`; or `activity_type_id` in `act_values`.
        :param act_values: further values, such as `user_id` (default: the calling user).
        :raises ValueError: for an unknown kind.
        """
        kind = act_values.pop("activity_type_id", None)
        if act_type_xmlid:
            found = self.env.ref(act_type_xmlid, raise_if_missing=False)
            if not found or found._name != "mail.activity.type":
                raise FieldError(f"External id not found in the system: {act_type_xmlid}")
            kind = found.id
        return self.env["mail.activity"].create(
            [
                {
                    "user_id": self.env.uid, **act_values, "res_model": self._name, "res_id": id, "activity_type_id": kind,
                    "date_deadline": date_deadline or None, "summary": summary or None, "note": note or None,
                }
                for id in self.ids
            ]
        )  # fmt: skip

    @action(access="read")
    def activity_feedback(
        self, act_type_xmlids: Sequence[str], user_id: int | None = None, feedback: str | None = None, **ignored: Any
    ) -> bool:
        """Mark the activities of these kinds on these records as done."""
        self._activities(act_type_xmlids, user_id).action_feedback(feedback or False)
        return True

    @action(access="read")
    def activity_unlink(self, act_type_xmlids: Sequence[str], user_id: int | None = None) -> bool:
        """Delete the open activities of these kinds on these records."""
        self._activities(act_type_xmlids, user_id).unlink()
        return True

    def _activities(self, xmlids: Sequence[str], user_id: int | None) -> Any:
        kinds = [found.id for xmlid in xmlids if (found := self.env.ref(xmlid, raise_if_missing=False))]
        wanted: list[Any] = [("res_model", "=", self._name), ("res_id", "in", self.ids), ("activity_type_id", "in", kinds)]
        return self.env["mail.activity"].search([*wanted, ("user_id", "=", user_id)] if user_id else wanted)


def search_pointing(records: Any, model: str, model_field: str, operator: str, value: Any) -> list[Any]:
    """The domain of the records that rows of `model` point to: `= false` finds those without any, otherwise the rows are searched
    by id, or by name for a text.
    """
    rows = records.env[model]
    negative = operator in ("!=", "<>") or operator.startswith("not ")
    if value in (False, None, [], ()):
        found, negative = rows.search([(model_field, "=", records._name)]), operator in ("=", "in")
    else:
        positive = "=" if operator in ("!=", "<>") else operator.removeprefix("not ")
        name = "display_name" if isinstance(value, str) else "id"
        found = rows.search([(model_field, "=", records._name), (name, positive, value)])
    return [("id", "not in" if negative else "in", found.mapped("res_id"))]
