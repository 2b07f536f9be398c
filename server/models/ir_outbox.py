"""The outbox: what is to be done after a commit, written in the same transaction. See `server.jobs.outbox` for how it is done."""

from __future__ import annotations

from server import Char, Datetime, Integer, Json, Many2one, Model, Selection, Text, UserError, _, action

STATES = [
    ("pending", _("Waiting")),
    ("running", _("Running")),
    ("done", _("Done")),
    ("dead", _("Given up")),
    ("cancelled", _("Cancelled")),
]


class IrOutbox(Model, name="ir.outbox"):
    """One piece of work for the worker."""

    model_label = _("Job")
    order = "id desc"
    rec_name = "job"
    unique = [("key",)]
    indexes = [("state", "run_at"), ("label",)]

    job = Char(_("Job"), required=True, readonly=True)
    payload = Json(_("Values"), readonly=True)
    key = Char(_("Key"), readonly=True, copy=False, help=_("While it waits, no second job with the same key is taken in."))
    label = Char(_("Key as given"), readonly=True, copy=False)
    company_id = Many2one("res.company", _("Company"), ondelete="cascade", readonly=True)
    user_id = Many2one("res.users", _("User"), ondelete="set null", readonly=True)
    state = Selection(STATES, _("Status"), default="pending", required=True, readonly=True)
    run_at = Datetime(_("Not before"), required=True, readonly=True, default=lambda env: env.now())
    attempts = Integer(_("Attempts"), default=0, required=True, readonly=True)
    lease_until = Datetime(_("Taken until"), readonly=True, copy=False)
    token = Char(_("Taken by"), readonly=True, copy=False)
    last_error = Text(_("Last error"), readonly=True, copy=False)
    done_at = Datetime(_("Done at"), readonly=True, copy=False)

    @action
    def action_retry(self) -> bool:
        """Let jobs that were given up or cancelled run again now. Raises `UserError` for others."""
        self.check_outside("write")
        for row in self.lock():
            if row.state not in ("dead", "cancelled"):
                raise UserError(_("The job %(job)s is not given up, so it need not be started again.", job=row.job))
            row.write({"state": "pending", "run_at": self.env.now(), "attempts": 0, "token": None, "lease_until": None})
        return True

    @action
    def action_cancel(self) -> bool:
        """Take waiting jobs out. Raises `UserError` for jobs that are running or over."""
        self.check_outside("write")
        for row in self.lock():
            if row.state != "pending":
                raise UserError(_("The job %(job)s cannot be cancelled: it is not waiting any more.", job=row.job))
            row.write({"state": "cancelled", "key": None, "done_at": self.env.now()})
        return True
