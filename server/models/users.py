"""Users: who may come in, which companies they see, which groups they belong to."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from server import (
    AccessDenied,
    AccessError,
    Boolean,
    Char,
    Datetime,
    Html,
    Many2many,
    Many2one,
    Model,
    UserError,
    ValidationError,
    _,
    action,
    constrains,
    depends,
)
from server.errors import FieldError

#: Ids fixed by the kernel's data files; everything that runs without a person runs as the system.
SYSTEM_UID = 1
ADMIN_UID = 2

#: A shorter password is refused when people set one through a door. (NIST SP 800-63B 3.1.1.2 asks for 8; the demo data is
#: exempt.)
MIN_PASSWORD = 8

#: What lets somebody in, or further in.
_OPENING = frozenset({"login", "password", "company_id", "company_ids", "group_ids", "groups_id", "active"})

_zones: frozenset[str] = frozenset()


def check_time_zone(name: str | None) -> None:
    """Raise `ValidationError` unless `name` is empty or a zone of the IANA time zone database."""
    global _zones
    if not name:
        return
    if not _zones:
        _zones = frozenset(available_timezones())
    if name not in _zones:
        raise ValidationError(
            _("%(name)s is not a time zone. Use a name like America/Mexico_City, America/Lima or UTC.", name=name)
        )


class ResUsers(Model, name="res.users"):
    """A person or program that logs in."""

    model_label = _("User")
    order = "name, login, id"
    reference = True
    history = True
    unique = [("login",)]
    company_wall = False  # company_id is where a user starts, not whose the user is; access lines say who sees whom

    login = Char(_("Login"), required=True, tracking=True)
    name = Char(_("Name"), required=True, tracking=True)
    password = Char(
        _("Password"),
        compute="_compute_password",
        inverse="_inverse_password",
        copy=False,
        help=_("Write only; it never comes back."),
    )
    password_hash = Char("Password hash", copy=False, groups=".")
    email = Char(_("E-mail"))
    company_id = Many2one("res.company", _("Default company"), required=True, ondelete="restrict", tracking=True)
    company_ids = Many2many(
        "res.company",
        _("Allowed companies"),
        relation="res_company_users_rel",
        column1="user_id",
        column2="company_id",
        tracking=True,
    )
    group_ids = Many2many(
        "res.groups",
        _("Groups"),
        relation="res_groups_users_rel",
        column1="user_id",
        column2="group_id",
        aliases=("groups_id",),
        tracking=True,
    )
    lang = Char(_("Language"), default=lambda env: env.company.lang if env.company else "en_US")
    tz = Char(_("Time zone"), default=lambda env: env.company.tz if env.company else "UTC")
    active = Boolean(_("Active"), default=True, required=True, tracking=True)
    share = Boolean(
        _("External user"),
        compute="_compute_share",
        search="_search_share",
        help=_("True for users outside of the group of internal users."),
    )
    signature = Html(_("Signature"))
    login_date = Datetime(_("Last login"), readonly=True, copy=False)

    @depends("password_hash")
    def _compute_password(self) -> None:
        for user in self:
            user.password = None

    def _inverse_password(self) -> None:
        from server.security.passwords import hash_password

        changed = []
        for user in self:
            if user.password:
                user.sudo().password_hash = hash_password(user.password)
                changed.append(user.id)
        if changed:
            self.env["res.device"].end_others(changed)

    @depends("group_ids")
    def _compute_share(self) -> None:
        from server.security.facts import user_facts

        for user in self:
            user.share = not user_facts(self.env, user.id).internal

    def _search_share(self, operator: str, value: Any) -> list[Any]:
        """Membership follows from groups that imply each other, which the process knows: users are few."""
        if operator not in ("=", "!="):
            raise FieldError(f"Invalid operator {str(operator)[:20]!r} for res.users.share. Use = or !=.")
        wanted = bool(value) == (operator == "=")
        users = self.sudo().with_context(active_test=False).search([])
        return [("id", "in", users.filtered(lambda user: user.share == wanted).ids)]

    @constrains("tz")
    def _check_tz(self) -> None:
        for user in self:
            check_time_zone(user.tz)

    @constrains("company_id", "company_ids")
    def _check_company(self) -> None:
        for user in self.with_context(active_test=False):
            if user.company_id not in user.company_ids.ids:
                raise ValidationError(
                    _(
                        "%(user)s cannot start in %(company)s: it is not among the user's allowed companies. "
                        "Add it to the allowed companies or choose another default company.",
                        user=user.name,
                        company=user.company.name,
                    )
                )

    def create(self, vals_list: Any) -> Any:
        """Create users: without companies they get the current one, without groups they are internal users."""
        several = [vals_list] if isinstance(vals_list, dict) else list(vals_list)
        completed = []
        for given in several:
            vals = dict(given)
            vals["login"] = (vals.get("login") or "").strip() or None
            if not vals.get("company_id"):
                vals["company_id"] = self.env.company_id
            if not vals.get("company_ids"):
                vals["company_ids"] = [(6, 0, [vals["company_id"]])]
            if "group_ids" not in vals and "groups_id" not in vals:
                group = self.env.ref("base.group_user", raise_if_missing=False)
                vals["group_ids"] = [(6, 0, group.ids)] if group else []
            completed.append(vals)
        made = super().create(completed)
        made._check_key_companies()
        return made

    def write(self, vals: dict[str, Any]) -> Any:
        """Write users. Nobody archives himself, and the system user cannot be made one who logs in."""
        if vals.get("active") and SYSTEM_UID in self.ids:
            raise UserError(
                _("The system user cannot be activated: jobs and schedules run as it, people have users of their own.")
            )
        if vals.get("active") is False:
            if self.env.uid in self.ids and not self.env.su:
                raise UserError(_("You cannot archive your own user. Ask another administrator to do it."))
            self.env["res.device"].end_others(self.ids)  # not to come back to life with the user
        done = super().write(vals)
        if _OPENING & vals.keys():
            self._check_key_companies()
        return done

    def _check_key_companies(self) -> None:
        """An API key for some companies makes nobody who sees others, and gives nobody who does a password or other rights."""
        key = getattr(self.env.transaction.caller, "key", None)
        if key is None or not key.companies:
            return
        for user in self.sudo():
            if not {user.company_id, *user.company_ids.ids} <= {None, *key.companies}:
                raise AccessError(
                    _(
                        "The API key %(name)s is for some companies only, and %(user)s belongs to others. Use another key.",
                        name=key.name,
                        user=user.name,
                    )
                )

    def unlink(self) -> Any:
        """Delete users who never left a trace; the system and the administrator cannot be deleted."""
        for user in self:
            if user.id in (SYSTEM_UID, ADMIN_UID):
                raise UserError(
                    _("%(name)s cannot be deleted: the system needs this user. Archive or rename it.", name=user.name)
                )
        return super().unlink()

    @action(model=True, readonly=True)
    def context_get(self) -> dict[str, Any]:
        """Language, time zone and id of the calling user, as clients put them into the context."""
        env = self.env
        return {"lang": env.lang or "en_US", "tz": env.tz or "UTC", "uid": env.uid}

    @action(model=True, readonly=True)
    def has_group(self, ids: Any, xmlid: str | None = None) -> bool:
        """True when the user belongs to the group, directly or through another group; an unknown group is False.

        Called as `has_group(ids, xmlid)` or in the older form `has_group(xmlid)`, then about the calling user.
        """
        from server.security.facts import user_facts

        if xmlid is None:
            wanted, users = str(ids), self.ids or [self.env.uid]
        else:
            given = list(ids) if isinstance(ids, (list, tuple)) else [ids] if ids else []
            if not all(isinstance(one, int) for one in given):
                raise FieldError(f"res.users.has_group takes ids of users; {str(ids)[:60]!r} is none.")
            wanted, users = xmlid, given or [self.env.uid]
        return all(user_facts(self.env, uid).has_group(wanted) for uid in users)

    @action(model=True)
    def change_password(self, old: str, new: str) -> bool:
        """Change the calling user's password. Raises `AccessDenied` when `old` is wrong (`TooManyAttempts` for
        a guesser), `UserError` when `new` is too short.
        """
        from server.security.credentials import right_password

        user = self.env.user.sudo()
        if not right_password(self.env, old or ""):
            raise AccessDenied(_("The present password is not right. Nothing was changed."))
        if len((new or "").strip()) < MIN_PASSWORD:
            raise UserError(_("The new password is too short: use at least %(n)s characters.", n=MIN_PASSWORD))
        user.write({"password": new})
        return True
