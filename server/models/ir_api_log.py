"""The log of calls: who called what, from where, how long it took and how it ended. Written by `server.aside`, read by people."""

from __future__ import annotations

from typing import Any

from server import Char, Datetime, Integer, Many2one, Model, UserError, _


class IrApiLog(Model, name="ir.api.log"):
    """One call of a model's method through a door. No arguments and no values: they may be anybody's secrets."""

    model_label = _("Call log")
    order = "id desc"
    rec_name = "method"
    indexes = [("date",), ("user_id", "date"), ("key_id", "date")]

    date = Datetime(_("Date"), required=True, readonly=True)
    user_id = Many2one("res.users", _("User"), readonly=True, foreign_key=False)
    key_id = Integer(_("Number of the API key"), readonly=True, help=_("0: no key."))
    key_name = Char(_("API key"), readonly=True, help=_("As it was called at the time; the key may be gone."))
    address = Char(_("Address"), readonly=True)
    door = Char(_("Way in"), readonly=True)
    model = Char(_("Model"), readonly=True)
    method = Char(_("Method"), readonly=True)
    count = Integer(_("Records"), readonly=True, help=_("Ids or rows that the call was given or, when it only read, answered."))
    duration = Integer(_("Milliseconds"), readonly=True)
    outcome = Char(_("Outcome"), readonly=True, help=_("`ok`, or the class of the error."))
    incident = Char(_("Incident number"), readonly=True)
    request_id = Char(_("Request number"), readonly=True, help=_("The client's own, from the header X-Request-Id."))

    def write(self, vals: dict[str, Any]) -> Any:
        """Refused: the log is only ever added to."""
        raise UserError(_("The log of calls cannot be changed. Old lines go by themselves, as the setting api.log_days says."))

    def unlink(self) -> Any:
        """Refused: old lines go by themselves."""
        raise UserError(_("The log of calls cannot be changed. Old lines go by themselves, as the setting api.log_days says."))
