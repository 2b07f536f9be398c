"""The dialogs around API keys, as clients drive them: describe a key, prove who you are, see the key once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from server import (
    AccessDenied,
    AccessError,
    Boolean,
    Char,
    Datetime,
    Integer,
    Json,
    Many2many,
    Many2one,
    Selection,
    TransientModel,
    UserError,
    _,
    action,
)
from server.models.api_keys import SCOPE_FIELDS, SYSTEM_GROUP
from server.security import keys

DURATIONS = [
    ("1", _("1 day")),
    ("7", _("1 week")),
    ("30", _("1 month")),
    ("90", _("3 months")),
    ("180", _("6 months")),
    ("365", _("1 year")),
    ("0", _("Without an end")),
    ("-1", _("Until a date")),
]

#: A password written to an identity check is good for this long.
PROVEN_SECONDS = 600


class ResUsersApikeysDescription(TransientModel, name="res.users.apikeys.description"):
    """What a new key is to be: its name, its life, and what it may do."""

    model_label = _("New API key")

    name = Char(_("Description"), required=True)
    duration = Selection(DURATIONS, _("Duration"), default="90", required=True)
    expiration_date = Datetime(_("Expires"), help=_("For the duration `until a date`."))
    user_id = Many2one(
        "res.users",
        _("User"),
        ondelete="cascade",
        required=True,
        default=lambda env: env.uid,
        help=_("Administrators may make keys for other users, such as users that are programs."),
    )
    scope = Char(_("Scope"))
    readonly = Boolean(_("May only read"))
    allowed_models = Json(_("Only these models"))
    company_ids = Many2many(
        "res.company",
        _("Only these companies"),
        relation="res_users_apikeys_description_company_rel",
        column1="description_id",
        column2="company_id",
    )
    networks = Char(_("Only from these networks"))
    rate_limit = Integer(_("Calls per minute"))

    @action
    def make_key(self) -> Any:
        """The window action that shows the new key, or the identity check that comes before it.

        The calling user's identity is proven by a request that carries his password, or by a session opened a moment ago.
        """
        self.ensure_one()
        self._check_for_whom()
        if is_proven(self.env):
            return self._make_key()
        check = self.env["res.users.identitycheck"].create({})
        check.sudo().write({"request": {"model": self._name, "id": self.ids[0]}})
        return {
            "type": "ir.actions.act_window",
            "name": _("Security Control").render(self.env.lang),
            "res_model": check._name,
            "res_id": check.id,
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
        }

    def _check_for_whom(self) -> None:
        """Keys of other users are an administrator's to make, and only for users who can log in at all."""
        user = self.user_id
        if user != self.env.uid and not self.env.has_group(SYSTEM_GROUP):
            raise AccessError(
                _("Only administrators (the group of the settings) make API keys for another user. Make one for yourself.")
            )
        self.env["res.company"].browse(self.company_ids.ids).check_outside("read") if self.company_ids else None

    def _make_key(self) -> dict[str, Any]:
        """Issue the key and answer the action that shows it."""
        self._check_for_whom()
        owner = self.env.root["res.users"].with_context(active_test=False).browse([self.user_id])
        if not owner.active or owner.id == 1:
            raise UserError(_("%(name)s cannot log in, so an API key for this user would be refused.", name=owner.name))
        limits = {field: self[field] if field != "company_ids" else self.company_ids.ids for field in SCOPE_FIELDS}
        key = self.env["res.users.apikeys"]._issue(owner.id, self.name, self.scope, self._expires(), limits)
        self.sudo().unlink()
        return {
            "type": "ir.actions.act_window",
            "name": _("API Key Ready").render(self.env.lang),
            "res_model": "res.users.apikeys.show",
            "view_mode": "form",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_key": key},
        }

    def _expires(self) -> dt.datetime | None:
        if self.duration == "-1":
            if not self.expiration_date:
                raise UserError(_("The duration is `until a date`: give the expiration date too."))
            return self.expiration_date  # type: ignore[no-any-return]
        days = int(self.duration)
        return self.env.now() + dt.timedelta(days=days) if days else None


class ResUsersApikeysShow(TransientModel, name="res.users.apikeys.show"):
    """Shows a new key, once. Nothing of it is stored."""

    model_label = _("API key")
    rec_name = "id"

    key = Char(_("Key"), compute="_compute_key", help=_("It cannot be shown again."))

    def _compute_key(self) -> None:
        for row in self:
            row.key = None


class ResUsersIdentitycheck(TransientModel, name="res.users.identitycheck"):
    """Asks a person for his password before something that a stolen session or key must not be able to do."""

    model_label = _("Security control")
    rec_name = "id"

    auth_method = Selection([("password", _("Password"))], _("How"), default="password", readonly=True)
    password = Char(_("Password"), compute="_compute_password", inverse="_inverse_password", copy=False)
    request = Json("What is done once the identity is proven", groups=".", copy=False)
    proven_at = Datetime("Proven", groups=".", copy=False)

    def _compute_password(self) -> None:
        for row in self:
            row.password = None

    def _inverse_password(self) -> None:
        for row in self:
            if row.password:
                prove_again(self.env, row.password)
                row.sudo().proven_at = self.env.now()

    @action
    def run_check(self) -> Any:
        """Do what was asked for, and answer what it answers. The password is in the context, or was written before.

        :raises AccessDenied: it is not the calling user's password.
        """
        self.ensure_one()
        given = self.env.context.get("password")
        row = self.sudo()
        if isinstance(given, str) and given:
            prove_again(self.env, given)
        elif not row.proven_at or (self.env.now() - row.proven_at).total_seconds() > PROVEN_SECONDS:
            if not is_proven(self.env):
                raise AccessDenied(_("Write your password first: nothing was done."))
        request = row.request or {}
        if request.get("model") != "res.users.apikeys.description":
            raise UserError(_("There is nothing left to do: start again with what you wanted to do."))
        row.write({"request": None, "proven_at": None})
        target = self.env[request["model"]].browse([request["id"]])
        target.check_outside("write")
        return target._make_key()


def is_proven(env: Any) -> bool:
    """True when the call itself proves that the person is there: it brought the password, or a session that is minutes old."""
    caller = env.transaction.caller
    return caller is not None and caller.uid == env.uid and caller.fresh


def prove_again(env: Any, password: str) -> None:
    """Check the calling user's password. :raises AccessDenied: it is wrong. :raises TooManyAttempts: for a guesser."""
    from server.security import credentials

    if keys.is_key(password) or not credentials.right_password(env, password):
        raise AccessDenied(_("The password is not right. Nothing was done."))
