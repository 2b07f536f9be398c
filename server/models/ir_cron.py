"""Schedules: work that comes again. A schedule is a clock that puts rows into the outbox; it runs nothing itself."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import Any

from server import (
    Boolean,
    Char,
    Datetime,
    Integer,
    Json,
    Many2one,
    Model,
    Selection,
    Text,
    ValidationError,
    _,
    action,
    constrains,
)

_STEPS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}


def add_months(moment: datetime, months: int) -> datetime:
    """`moment` some months later, on the same day or the last one of a shorter month."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def next_call(last: datetime, number: int, kind: str, now: datetime) -> datetime:
    """First moment after `now` of the series that begins at `last`; calls missed while nothing ran are not made up for."""
    if kind == "months":
        months = max((now.year - last.year) * 12 + now.month - last.month, 0) // number * number
        while add_months(last, months) <= now:
            months += number
        return add_months(last, max(months, number))
    step = _STEPS[kind] * number
    return last + step * max((now - last) // step + 1, 1)


class IrCron(Model, name="ir.cron"):
    """Something to be done every so often."""

    model_label = _("Schedule")
    order = "nextcall, id"
    history = True
    indexes = [("active", "nextcall")]
    checks = {"interval": "interval_number > 0"}

    name = Char(_("Name"), required=True)
    active = Boolean(_("Active"), default=True, required=True, tracking=True)
    job = Char(_("Job"), required=True, tracking=True, help=_("Name under which an addon declares the work."))
    payload = Json(_("Values"))
    model_id = Many2one("ir.model", _("Model"), ondelete="set null")
    state = Selection(
        [("job", _("Run a job")), ("action", _("Run a server action")), ("code", _("Run code"))],
        _("Action"),
        default="job",
        required=True,
    )
    ir_actions_server_id = Many2one("ir.actions.server", _("Server action"), ondelete="cascade")
    code = Text(
        _("Code"), help=_("Kept as it came and never run: the work of a schedule is a job of an addon or a server action.")
    )
    priority = Integer(_("Priority"), default=5)
    numbercall = Integer(_("Number of calls"), default=-1, help=_("Of older programs; schedules go on until they are archived."))
    interval_number = Integer(_("Every"), default=1, required=True, tracking=True)
    interval_type = Selection(
        [("minutes", _("Minutes")), ("hours", _("Hours")), ("days", _("Days")), ("weeks", _("Weeks")), ("months", _("Months"))],
        _("Unit"),
        default="days",
        required=True,
        tracking=True,
    )
    nextcall = Datetime(_("Next time"), required=True, default=lambda env: env.now(), copy=False)
    lastcall = Datetime(_("Last time"), readonly=True, copy=False)
    user_id = Many2one("res.users", _("Runs as"), default=lambda env: env.uid, ondelete="restrict")
    per_company = Boolean(
        _("Once per company"), help=_("Each active company gets its own job; otherwise one runs in the company below.")
    )
    company_id = Many2one("res.company", _("Company"), default=lambda env: None, ondelete="cascade")

    def create(self, vals_list: Any) -> Any:
        """Create schedules of jobs, or of server actions.

        :raises ValidationError: for a schedule of code.
        """
        return super().create([self._with_action(vals) for vals in vals_list])

    def write(self, vals: dict[str, Any]) -> Any:
        """Change schedules."""
        return super().write(self._with_action(vals))

    def _with_action(self, vals: dict[str, Any]) -> dict[str, Any]:
        if vals.get("state") == "code" or (vals.get("code") and not vals.get("job")):
            raise ValidationError(
                _(
                    "A schedule does not run code that is entered here: it could do anything. Choose a job of an addon, or "
                    "a server "
                    "action."
                )
            )
        if not vals.get("ir_actions_server_id"):
            return vals
        return {**vals, "state": "action", "job": "kernel.server_action", "payload": {"action": vals["ir_actions_server_id"]}}

    @constrains("job")
    def _check_job(self) -> None:
        """A schedule of an unknown job would fail each night: refused at once."""
        from server.jobs import JOBS, load_kernel_jobs

        load_kernel_jobs()
        for cron in self:
            if cron.job not in JOBS:
                raise ValidationError(
                    _(
                        "The schedule %(name)s names the unknown job %(job)s. Known jobs: %(jobs)s.",
                        name=cron.name,
                        job=cron.job,
                        jobs=", ".join(sorted(JOBS)),
                    )
                )

    @action
    def method_direct_trigger(self) -> bool:
        """Put the work of these schedules into the outbox now; their next time stays as it is."""
        from server.jobs.schedule import put_out

        self.check_outside("write")
        for cron in self.sudo():
            put_out(self.env.root, cron, self.env.now(), key=None)
        return True

    def due_values(self, now: datetime) -> dict[str, Any]:
        """What to write when the schedule's moment has come."""
        return {"lastcall": now, "nextcall": next_call(self.nextcall, self.interval_number, self.interval_type, now)}
