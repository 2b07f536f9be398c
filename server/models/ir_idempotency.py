"""Answers kept for calls that may be sent again: `server.rpc.idempotency` writes and reads them."""

from __future__ import annotations

from server import Char, Datetime, Many2one, Model, Text, _


class IrIdempotency(Model, name="ir.idempotency"):
    """The answer to one call that came with an idempotency key. Saved with what the call did, deleted when it expires."""

    model_label = _("Kept answer")
    order = "id desc"
    rec_name = "key"
    unique = [("user_id", "key")]
    indexes = [("expires_at",)]

    user_id = Many2one("res.users", _("User"), required=True, readonly=True, ondelete="cascade")
    key = Char(_("Idempotency key"), required=True, readonly=True)
    method = Char(_("Method"), required=True, readonly=True)
    fingerprint = Char("Fingerprint of the call", required=True, readonly=True, groups=".")
    answer = Text("Answer", readonly=True, groups=".")
    expires_at = Datetime(_("Kept until"), required=True, readonly=True)
