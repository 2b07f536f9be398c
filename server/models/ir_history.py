"""History: who changed what and when. The record layer writes it; nobody changes it."""

from __future__ import annotations

from typing import Any

from server import Char, Datetime, Integer, Json, Many2one, Model, Selection, UserError, _


class IrHistory(Model, name="ir.history"):
    """One change of one record in one transaction."""

    model_label = _("History")
    order = "id desc"
    rec_name = "model"
    indexes = [("model", "res_id"), ("company_id", "date")]
    access_through = ("model", "res_id")
    model_aliases = ("mail.tracking.value",)

    model = Char(_("Model"), required=True, readonly=True)
    res_id = Integer(_("Record"), required=True, readonly=True)
    company_id = Many2one("res.company", _("Company"), readonly=True, foreign_key=False)
    user_id = Many2one("res.users", _("User"), readonly=True, foreign_key=False)
    date = Datetime(_("Date"), required=True, readonly=True, default=lambda env: env.now())
    operation = Selection(
        [("create", _("Created")), ("write", _("Changed")), ("unlink", _("Deleted"))], _("What"), required=True, readonly=True
    )
    changes = Json(_("Changes"), readonly=True, help=_("For each field the value before and after."))

    def write(self, vals: dict[str, Any]) -> Any:
        """Refused: history is only ever added to."""
        raise UserError(_("History cannot be changed: it is the proof of who did what."))

    def unlink(self) -> Any:
        """Refused: history is only ever added to."""
        raise UserError(_("History cannot be deleted: it is the proof of who did what."))
