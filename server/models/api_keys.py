"""API keys as records: what a person sees of his keys, and how they begin, are renewed and end.

See `server.security.keys` for what a key is, `server.models.identity` for the wizards that make one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from server import (
    AccessDenied,
    Boolean,
    Char,
    Datetime,
    Integer,
    Json,
    Many2many,
    Many2one,
    Model,
    UserError,
    ValidationError,
    _,
    action,
    constrains,
)
from server.security import keys

#: What one may say of a key beside its name and life; a successor takes it over.
SCOPE_FIELDS = ("readonly", "allowed_models", "company_ids", "networks", "rate_limit")

#: With this group a person makes keys for other users and keys without an end.
SYSTEM_GROUP = "base.group_system"


class ResUsersApikeys(Model, name="res.users.apikeys"):
    """One key with which a program works as a user, within what the key is for."""

    model_label = _("API key")
    order = "id desc"
    history = True
    indexes = [("prefix",)]

    name = Char(_("Description"), required=True, readonly=True, tracking=True)
    user_id = Many2one("res.users", _("User"), required=True, ondelete="cascade", index=True, readonly=True, tracking=True)
    scope = Char(_("Scope"), readonly=True, help=_("Empty or `rpc`: good for every external API."))
    expiration_date = Datetime(_("Expires"), readonly=True, tracking=True)
    prefix = Char(_("Begins with"), readonly=True, required=True, copy=False, help=_("To recognise the key by."))
    key_hash = Char("SHA-256 of the key", required=True, copy=False, groups=".")
    last_used = Datetime(_("Last used"), readonly=True, copy=False)
    last_address = Char(_("Last used from"), readonly=True, copy=False)
    parent_id = Many2one(
        "res.users.apikeys",
        _("Made from"),
        ondelete="set null",
        index=True,
        readonly=True,
        copy=False,
        help=_("The key from which a program made this one."),
    )
    readonly = Boolean(_("May only read"), readonly=True, tracking=True)
    allowed_models = Json(_("Only these models"), readonly=True, help=_("Model names with operations; empty: all."))
    company_ids = Many2many(
        "res.company",
        _("Only these companies"),
        relation="res_users_apikeys_company_rel",
        column1="key_id",
        column2="company_id",
        readonly=True,
    )
    networks = Char(_("Only from these networks"), readonly=True, tracking=True)
    rate_limit = Integer(_("Calls per minute"), readonly=True, help=_("0: as the setting api.rate_limit_key says."))

    # -- life ---------------------------------------------------------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Store keys; every process looks at its remembered keys again."""
        self.env.transaction.reference_touched = True
        return super().create(vals_list)

    def write(self, vals: dict[str, Any]) -> Any:
        """Change keys; every process looks at its remembered keys again."""
        self.env.transaction.reference_touched = True
        return super().write(vals)

    def unlink(self) -> Any:
        """Revoke keys: they are refused from the commit on, in every process."""
        self.env.transaction.reference_touched = True
        return super().unlink()

    @constrains("allowed_models", "networks", "rate_limit")
    def _check_scope(self) -> None:
        for key in self:
            keys.check_networks(key.networks)
            if key.allowed_models is not None and key.allowed_models != keys.check_models(key.allowed_models):
                raise ValidationError(_("The models of the key %(name)s are not in their stored form.", name=key.name))
            if key.rate_limit < 0:
                raise ValidationError(_("The calls per minute of a key are 0 (as the setting says) or more."))

    @action(access="unlink")
    def remove(self) -> Any:
        """Revoke the keys at once."""
        self.unlink()
        return {"type": "ir.actions.act_window_close"}

    # -- what programs call: the key in the argument is the authority ----------------------------------------------------------
    @action(model=True)
    def generate(self, key: str, scope: str | None = None, name: str | None = None, expiration_date: str | None = None) -> str:
        """A further key of the calling user, with the limits of `key`, which stays as it is.

        :param key: any living key of the user.
        :param scope: `rpc` or nothing.
        :param expiration_date: moment (UTC) or day after which the new key is refused.
        :raises AccessDenied: `key` is not a living key of the user. :raises UserError: the user has as many keys as he may.
        """
        old = self._living(key)
        return self._successor(old, scope, name, expiration_date)

    @action(model=True)
    def rotate(
        self, key: str, overlap_hours: int = 24, name: str | None = None, expiration_date: str | None = None
    ) -> dict[str, Any]:
        """A successor of `key` with the same limits; the old key works for `overlap_hours` more (0: it ends now).

        Answers `{"key": the new key, "expiration_date": …, "old_expiration_date": …}`.

        :raises AccessDenied: `key` is not a living key of the user.
        """
        old = self._living(key)
        if overlap_hours < 0:
            raise UserError(_("The overlap is a number of hours from 0."))
        end = self.env.now() + dt.timedelta(hours=min(overlap_hours, 24 * 366))
        if old.expiration_date and old.expiration_date < end:
            end = old.expiration_date
        if expiration_date is None and old.expiration_date and old.create_date:
            # The same span of life again, from today.
            expiration_date = str(self.env.now() + (old.expiration_date - old.create_date))
        made = self._successor(old, old.scope, name or old.name, expiration_date, replacing=True)
        old.write({"expiration_date": end})
        new = self.sudo().search([("prefix", "=", made[: keys.PREFIX]), ("user_id", "=", self.env.uid)], limit=1)
        return {
            "key": made,
            "expiration_date": str(new.expiration_date) if new.expiration_date else False,
            "old_expiration_date": str(end),
        }

    @action(model=True)
    def revoke(self, key: str) -> bool:
        """End a key of the calling user at once. :raises AccessDenied: it is not a living key of the user."""
        self._living(key).unlink()
        return True

    def _living(self, key: str) -> Any:
        """The record of a key of the calling user. :raises AccessDenied: unknown, expired, or another user's."""
        found = keys.find_key(self.env, key) if keys.is_key(key) else None
        if found is None or found.uid != self.env.uid:
            raise AccessDenied(_("The key given is not a living API key of this user."))
        return self.sudo().browse([found.id])

    def _successor(self, old: Any, scope: str | None, name: str | None, expiration_date: Any, replacing: bool = False) -> str:
        limits = {field: old[field] if field != "company_ids" else old.company_ids.ids for field in SCOPE_FIELDS}
        return self._issue(self.env.uid, name or old.name, scope, expiration_date, limits, parent_id=old.id, replacing=replacing)

    # -- the one place where keys are born ---------------------------------------------------------------------------------------
    def _issue(
        self,
        uid: int,
        name: str,
        scope: str | None,
        expiration_date: Any,
        limits: Mapping[str, Any],
        *,
        parent_id: int | None = None,
        replacing: bool = False,
    ) -> str:
        """Store a new key of user `uid` and answer its digits, which are nowhere to be read afterwards.

        :param limits: values of `SCOPE_FIELDS`; `company_ids` as a list of ids.
        :param replacing: the key takes the place of another, which still lives for a while and is not counted.
        :raises UserError: too many keys, a life longer than allowed, an unknown scope.
        """
        env = self.env
        if scope not in (None, "", "rpc"):
            raise UserError(_("The scope of a key is `rpc` or nothing, not %(scope)s.", scope=str(scope)[:60]))
        if not (name or "").strip():
            raise UserError(_("An API key needs a description, so that its user knows later what it is for."))
        expires = self._fields["expiration_date"].coerce(expiration_date or None, env)
        self._check_life(expires)
        env.root["res.users"].browse([uid]).lock()
        living = self.sudo().search_count(
            [("user_id", "=", uid), "|", ("expiration_date", "=", False), ("expiration_date", ">", env.now())]
        )
        most = env.settings.get("api.key_limit")
        if living - replacing >= most:
            raise UserError(
                _("This user has %(count)s API keys already, which is the limit. Remove one that is not used.", count=most)
            )
        key = keys.make_key()
        companies = list(limits.get("company_ids") or [])
        self.sudo().create(
            {
                "name": name.strip(),
                "user_id": uid,
                "scope": scope or None,
                "expiration_date": expires,
                "parent_id": parent_id,
                "prefix": key[: keys.PREFIX],
                "key_hash": keys.digest_of(key),
                "readonly": bool(limits.get("readonly")),
                "allowed_models": keys.check_models(limits.get("allowed_models")),
                "company_ids": [(6, 0, companies)],
                "networks": limits.get("networks") or None,
                "rate_limit": limits.get("rate_limit") or 0,
            }
        )
        return key

    def _check_life(self, expires: dt.datetime | None) -> None:
        env = self.env
        now = env.now()
        if expires is not None and expires <= now:
            raise UserError(_("The expiration date of a key must be in the future."))
        days = env.settings.get("api.key_max_days")
        if days and not env.has_group(SYSTEM_GROUP) and (expires is None or expires > now + dt.timedelta(days=days)):
            raise UserError(_("An API key may live for at most %(days)s days here. Give an earlier expiration date.", days=days))
