"""Sessions of people: where somebody is logged in, and how to end it from elsewhere. See `server.security.sessions`."""

from __future__ import annotations

from typing import Any

from server import Boolean, Char, Datetime, Many2one, Model, UserError, _, action


class ResDevice(Model, name="res.device"):
    """One log-in with a cookie, from one browser or program."""

    model_label = _("Device")
    order = "last_activity desc, id desc"
    rec_name = "user_agent"
    unique = [("token_hash",)]

    user_id = Many2one("res.users", _("User"), required=True, ondelete="cascade", index=True, readonly=True)
    token_hash = Char("SHA-256 of the cookie", required=True, groups=".", copy=False)
    ip_address = Char(_("Address"), readonly=True)
    user_agent = Char(_("Browser or program"), readonly=True)
    first_activity = Datetime(_("Logged in"), required=True, readonly=True)
    last_activity = Datetime(_("Last activity"), required=True, readonly=True)
    expiration_date = Datetime(_("Ends at the latest"), required=True, readonly=True)
    is_current = Boolean(_("This one"), compute="_compute_is_current")

    def _compute_is_current(self) -> None:
        session = getattr(self.env.transaction.caller, "session", None)
        for device in self:
            device.is_current = session is not None and device.id == session.id

    def unlink(self) -> Any:
        """End sessions: they are refused from the commit on, in every process."""
        self.env.transaction.reference_touched = True
        return super().unlink()

    @action(access="unlink")
    def revoke(self) -> bool:
        """Log these devices out at once. Raises `UserError` for the one that asks: it can log out by itself."""
        if any(device.is_current for device in self):
            raise UserError(_("This is the session you are working with. Log out instead."))
        self.unlink()
        return True

    def end_others(self, user_ids: list[int]) -> None:
        """End the sessions of these users, except the one that asks: after their password changed."""
        caller = getattr(self.env.transaction.caller, "session", None)
        ended = self.sudo().search([("user_id", "in", user_ids), ("id", "!=", caller.id if caller is not None else 0)])
        if ended:
            ended.unlink()
