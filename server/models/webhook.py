"""Webhooks: who is told of which changes, and the log of what was sent. See `server.events` for how, `docs/integrate/webhooks.md`
for receivers.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from server import (
    AccessError,
    Boolean,
    Char,
    Datetime,
    Integer,
    Json,
    Many2one,
    Model,
    One2many,
    Selection,
    Text,
    UserError,
    ValidationError,
    _,
    action,
    constrains,
    depends,
)
from server.events import signing
from server.events.watch import UNWATCHABLE, changed
from server.jobs import outbox
from server.models.mail_message import MailThread

ROOT_UID = 1

#: Longest time for which an old secret signs beside the new one.
OVERLAP_MAX = 24 * 30

#: Fields of a subscription that decide what is noted in transactions.
_DECIDING = {"active", "user_id", "company_id", "line_ids"}


class WebhookSubscription(MailThread, name="webhook.subscription"):
    """A receiver: where it is, whose rights decide what it hears, how it is doing."""

    model_label = _("Webhook")
    order = "name, id"
    history = True

    name = Char(_("Name"), required=True, tracking=True)
    active = Boolean(_("Active"), default=True, required=True, tracking=True)
    url = Char(_("Address"), required=True, tracking=True, help=_("An https:// address that takes POST requests."))
    user_id = Many2one(
        "res.users",
        _("User"),
        required=True,
        default=lambda env: env.uid,
        ondelete="restrict",
        tracking=True,
        help=_("Nothing is sent that this user may not read."),
    )
    company_id = Many2one(
        "res.company",
        _("Company"),
        default=lambda env: None,
        ondelete="cascade",
        tracking=True,
        help=_("Only records of this company and shared ones. Empty: of all companies of the user."),
    )
    line_ids = One2many("webhook.line", "subscription_id", _("What it hears of"), copy=True)
    secret = Char(
        _("Secret"),
        compute="_compute_secret",
        inverse="_inverse_secret",
        copy=False,
        exportable=False,
        help=_("Can be set, never read. Without one given a secret is made, which is shown once."),
    )
    signing_secret = Char(_("Signing secret"), groups=".", copy=False)
    previous_secret = Char(_("Previous secret"), groups=".", copy=False)
    previous_until = Datetime(_("Previous secret signs until"), readonly=True, copy=False)
    secret_shown = Boolean(_("Secret was shown"), readonly=True, copy=False)
    health = Selection(
        [("new", _("Nothing sent yet")), ("working", _("Working")), ("failing", _("Failing")), ("off", _("Switched off"))],
        _("Health"),
        compute="_compute_health",
    )
    last_success = Datetime(_("Last taken"), readonly=True, copy=False)
    last_status = Integer(_("Last HTTP status"), readonly=True, copy=False)
    last_error = Char(_("Last error"), readonly=True, copy=False)
    failing_since = Datetime(_("Failing since"), readonly=True, copy=False)
    failures = Integer(_("Failures in a row"), readonly=True, copy=False)
    paused_until = Datetime(_("Next probe"), readonly=True, copy=False)
    told = Boolean(_("Administrators were told"), readonly=True, copy=False)
    waiting_count = Integer(_("Waiting deliveries"), compute="_compute_waiting_count")
    delivery_ids = One2many("webhook.delivery", "subscription_id", _("Deliveries"))
    busy_until = Datetime(_("Held until"), groups=".", copy=False)
    busy_token = Char(_("Held by"), groups=".", copy=False)

    # -- values ------------------------------------------------------------------------------------------------------
    def _compute_secret(self) -> None:
        for one in self:
            one.secret = None

    def _inverse_secret(self) -> None:
        for one in self:
            given = one.secret
            if not given:
                continue
            try:
                signing.key_of(given)
            except ValueError:
                raise ValidationError(
                    _("The secret of a webhook is whsec_ and 24 to 64 random bytes in base64. Leave it out to have one made.")
                ) from None
            one.sudo().write({"signing_secret": given, "secret_shown": True, "previous_secret": None, "previous_until": None})

    @depends("active", "failing_since", "last_success")
    def _compute_health(self) -> None:
        for one in self:
            if not one.active:
                one.health = "off"
            elif one.failing_since:
                one.health = "failing"
            else:
                one.health = "working" if one.last_success else "new"

    def _compute_waiting_count(self) -> None:
        table = self.env["webhook.delivery"].table
        query = (
            sa.select(table.c.subscription_id, sa.func.count())
            .where(table.c.subscription_id.in_(self.ids), table.c.state == "pending")
            .group_by(table.c.subscription_id)
        )
        found: dict[int, int] = {row[0]: row[-1] for row in self.env.execute(query)}
        for one in self:
            one.waiting_count = found.get(one.id, 0)

    @constrains("url")
    def _check_url(self) -> None:
        for one in self:
            try:
                parts = urlsplit(one.url)
                good = parts.scheme in ("https", "http") and parts.hostname and not parts.username and not parts.fragment
                good = good and parts.port != 0 and not any(c.isspace() or ord(c) > 126 for c in one.url)
            except ValueError:
                good = False
            if not good:
                raise ValidationError(
                    _(
                        "%(url)s is not an address that a webhook can be posted to. It is https://host/path, without user, "
                        "password and #fragment.",
                        url=one.url[:200],
                    )
                )

    @constrains("user_id", "company_id", "url")
    def _check_companies_heard(self) -> None:
        """A webhook hears of its user's companies: of no others than those who point it somewhere belong to themselves."""
        env = self.env
        for one in self:
            companies = set(env.database.user_info(env.transaction, one.user_id).company_ids)
            if one.company_id and one.user_id != ROOT_UID and one.company_id not in companies:
                raise ValidationError(
                    _("The user of the webhook %(name)s does not belong to its company. Choose another user.", name=one.name)
                )
            heard = {one.company_id} if one.company_id else companies
            if not env.su and (one.user_id == ROOT_UID or not heard <= set(env.info.company_ids)):
                raise AccessError(
                    _(
                        "The webhook %(name)s would hear of companies that you do not belong to. Choose another user, or one of "
                        "your companies.",
                        name=one.name,
                    )
                )
        self.line_ids._check_line()

    # -- who watches what is remembered in the processes ----------------------------------------------------------------
    def create(self, vals_list: Any) -> Any:
        """Create webhooks; each gets a secret, and processes hear of it."""
        several = [vals_list] if isinstance(vals_list, dict) else vals_list
        rows = [{**vals, "signing_secret": signing.new_secret()} for vals in several]
        made = super().create(rows)
        changed(self.env)
        return made

    def write(self, vals: dict[str, Any]) -> Any:
        """Write; what waited for a webhook that was switched off is sent when it is switched on again."""
        done = super().write(vals)
        if _DECIDING & vals.keys():
            changed(self.env)
        if vals.get("active") or "url" in vals:
            self.sudo().write({"paused_until": None})
            self._wake()
        return done

    def unlink(self) -> Any:
        """Delete webhooks with what they log."""
        done = super().unlink()
        changed(self.env)
        return done

    def _wake(self) -> None:
        from server.events import deliveries

        if self:
            deliveries.wake(self.env, self.ids)

    # -- what people do ----------------------------------------------------------------------------------------------
    @action
    def action_reveal_secret(self) -> dict[str, Any]:
        """The secret, once: `{"secret": "whsec_…"}`.

        :raises UserError: when it was shown before; make a new one then.
        """
        one = self.ensure_one().sudo()
        if one.secret_shown:
            raise UserError(_("The secret of this webhook was shown before and is not shown again. Make a new one."))
        one.write({"secret_shown": True})
        return {"secret": one.signing_secret}

    @action
    def action_rotate_secret(self, overlap_hours: int = 24) -> dict[str, Any]:
        """A new secret: `{"secret": "whsec_…", "previous_until": moment or False}`. For `overlap_hours` (0 to 720) everything is
        signed with both.
        """
        one = self.ensure_one().sudo()
        if isinstance(overlap_hours, bool) or not isinstance(overlap_hours, int) or not 0 <= overlap_hours <= OVERLAP_MAX:
            raise UserError(_("The old secret can go on signing for 0 to %(hours)s hours.", hours=OVERLAP_MAX))
        until = self.env.now() + dt.timedelta(hours=overlap_hours) if overlap_hours else None
        fresh = signing.new_secret()
        one.write(
            {
                "previous_secret": one.signing_secret if until else None,
                "previous_until": until,
                "signing_secret": fresh,
                "secret_shown": True,
            }
        )
        return {"secret": fresh, "previous_until": until.isoformat(" ", "seconds") if until else False}

    @action
    def action_test(self) -> Any:
        """Send a delivery of the type `ping` to each receiver; answers the deliveries."""
        from server.events import deliveries

        self._check_on()
        rows = []
        for one in self:
            head = deliveries.envelope(self.env, "ping")
            head["data"] = {
                "model": None,
                "event": "ping",
                "method": None,
                "company_id": None,
                "user_id": self.env.uid,
                "records": [],
            }
            rows.append(deliveries.row(head, one.id, one.company_id, None, "ping", None, []))
        self.sudo().write({"paused_until": None})
        return self.env["webhook.delivery"].browse(deliveries.enter(self.env, rows))

    @action
    def action_replay(self, since: str, until: str | None = None, only_failed: bool = False) -> int:
        """Send again what was sent (or given up) from `since` to `until` (UTC, default now); answers the number of deliveries.

        Their ids stay the same, so a receiver that has them already passes them over.
        """
        self._check_on()
        moment = self.env["webhook.delivery"]._fields["create_date"]
        domain = [
            ("subscription_id", "in", self.ids),
            ("create_date", ">=", moment.coerce(since, self.env)),
            ("state", "in", ["failed"] if only_failed else ["failed", "sent"]),
        ]
        if until:
            domain.append(("create_date", "<=", moment.coerce(until, self.env)))
        found = self.env["webhook.delivery"].search(domain, order="id")
        found._again()
        return len(found)

    def _check_on(self) -> None:
        off = self.filtered(lambda one: not one.active)
        if off:
            raise UserError(_("The webhook %(name)s is switched off. Switch it on first.", name=off[0].name))

    def tell(self, text: Any) -> None:
        """Leave a message on the webhook and mail it to its user."""
        for one in self.sudo():
            user = self.env.root["res.users"].browse([one.user_id])
            body = text.render(user.lang or self.env.lang) if hasattr(text, "render") else str(text)
            self.env.message(one, body)
            if user.email:
                subject = _("Webhook %(name)s", name=one.name).render(user.lang or self.env.lang)
                self.env.enqueue("mail.send", {"to": [user.email], "subject": subject, "body": f"<p>{body}</p>"})


class WebhookLine(Model, name="webhook.line"):
    """What a webhook hears of one model."""

    model_label = _("Line of a webhook")
    order = "subscription_id, sequence, id"
    rec_name = "model"

    subscription_id = Many2one("webhook.subscription", _("Webhook"), required=True, ondelete="cascade")
    company_id = Many2one("res.company", _("Company"), related="subscription_id.company_id", store=True, ondelete="cascade")
    sequence = Integer(_("Sequence"), default=10)
    model = Char(_("Model"), required=True, help=_("Technical name, such as sale.order."))
    on_create = Boolean(_("Created"), default=True, required=True)
    on_write = Boolean(_("Changed"), default=True, required=True)
    on_unlink = Boolean(_("Deleted"), default=True, required=True)
    methods = Json(_("Actions done"), help=_('Names of methods, such as ["action_confirm"]: told when one has returned.'))
    watched_fields = Json(_("Only when these change"), help=_("Names of fields. Empty: any field that is sent."))
    payload_fields = Json(_("Fields sent"), help=_("Names of fields. Empty: every stored field that is no list and no file."))
    domain = Json(
        _("Filter"),
        help=_(
            "Domain that the record must meet: after the change; before it for what is deleted. Entering and leaving it is told."
        ),
    )

    @constrains(
        "model", "on_create", "on_write", "on_unlink", "methods", "watched_fields", "payload_fields", "domain", "subscription_id"
    )
    def _check_line(self) -> None:
        for line in self.sudo():
            _check(line)

    def create(self, vals_list: Any) -> Any:
        """Create lines; processes hear of them."""
        several = [vals_list] if isinstance(vals_list, dict) else vals_list
        made = super().create([_tidy(vals) for vals in several])
        changed(self.env)
        return made

    def write(self, vals: dict[str, Any]) -> Any:
        """Change lines; processes hear of it."""
        done = super().write(_tidy(vals))
        changed(self.env)
        return done

    def unlink(self) -> Any:
        """Delete lines; processes hear of it."""
        done = super().unlink()
        changed(self.env)
        return done


def _tidy(vals: dict[str, Any]) -> dict[str, Any]:
    """Empty lists are nothing."""
    lists = ("methods", "watched_fields", "payload_fields", "domain")
    return {name: None if name in lists and not value else value for name, value in vals.items()}


def _check(line: Any) -> None:
    """Refuse a line that could never work, with the reason."""
    from server.events.sight import fields_of, viewing

    env, model = line.env, line.model
    webhook = env["webhook.subscription"].sudo().browse([line.subscription_id])
    cls = env.models.find(model)
    if cls is None or cls._transient or model in UNWATCHABLE or cls._name != model:
        raise ValidationError(_("A webhook cannot hear of the model %(model)s. Name a model of this company.", model=model))
    for name in ("methods", "watched_fields", "payload_fields"):
        value = line[name]
        if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            raise ValidationError(_("%(field)s of a webhook is a list of names.", field=line._fields[name].string))
    if not (line.on_create or line.on_write or line.on_unlink or line.methods):
        raise ValidationError(_("A line of a webhook names at least one event: created, changed, deleted, or an action."))
    user = viewing(env, webhook.user_id, webhook.company_id or None)
    if user is None or not user.access.allowed(model, "read"):
        raise ValidationError(
            _("The user of the webhook may not read %(model)s, so it would never hear of it. Choose another user.", model=model)
        )
    records = user[model]
    visible = {f.name for part in fields_of(records, list(records._fields)) for f in part if f.type != "binary"}
    for name in (*(line.watched_fields or ()), *(line.payload_fields or ())):
        if records._aliases.get(name, name) not in visible:
            raise ValidationError(
                _(
                    "%(model)s has no field %(field)s that a webhook of this user can send. Files are never sent.",
                    model=model,
                    field=name[:80],
                )
            )
    for name in line.watched_fields or ():
        field = records._fields.get(name)
        if field is None or not (field.stored or (field.type == "many2many" and not field.computed)):
            raise ValidationError(
                _(
                    "%(model)s.%(field)s is not stored, so its change is not noticed. Watch what it is made of.",
                    model=model,
                    field=name,
                )
            )
    for name in line.methods or ():
        method = cls.public_methods().get(name)
        if method is None or method.readonly or method.model or not method.access:
            raise ValidationError(
                _(
                    "%(model)s has no action %(method)s on records that a webhook could wait for.",
                    model=model,
                    method=name[:80],
                )
            )
    if line.domain:
        try:
            records._clauses(line.domain)
        except (ValueError, TypeError) as error:
            raise ValidationError(
                _("The filter of %(model)s cannot be used: %(reason)s", model=model, reason=str(error))
            ) from None


class WebhookDelivery(Model, name="webhook.delivery"):
    """One POST to a receiver: what it said, how often it was tried, what came of it."""

    model_label = _("Delivery of a webhook")
    order = "id desc"
    rec_name = "uuid"
    indexes = [("subscription_id", "state", "id"), ("state", "create_date"), ("uuid",)]

    subscription_id = Many2one("webhook.subscription", _("Webhook"), required=True, ondelete="cascade", readonly=True)
    company_id = Many2one("res.company", _("Company"), ondelete="cascade", readonly=True, default=lambda env: None)
    uuid = Char(_("Event"), required=True, readonly=True, help=_("Stays the same when it is sent again."))
    model = Char(_("Model"), readonly=True)
    event = Char(_("What happened"), required=True, readonly=True)
    method = Char(_("Action"), readonly=True)
    record_ids = Json(_("Records"), readonly=True)
    payload = Text(_("Payload"), required=True, readonly=True, prefetch=False)
    state = Selection(
        [("pending", _("Waiting")), ("sent", _("Taken")), ("failed", _("Given up"))],
        _("Status"),
        default="pending",
        required=True,
        readonly=True,
    )
    attempts = Integer(_("Attempts"), default=0, required=True, readonly=True)
    waiting_since = Datetime(_("Waiting since"), readonly=True)
    next_try = Datetime(_("Next try"), readonly=True)
    last_try = Datetime(_("Last try"), readonly=True)
    sent_at = Datetime(_("Taken at"), readonly=True)
    status = Integer(_("HTTP status"), readonly=True)
    milliseconds = Integer(_("Duration (ms)"), readonly=True)
    response = Text(_("Beginning of the answer"), readonly=True)
    error = Char(_("Error"), readonly=True)

    @action(access="read")
    def action_redeliver(self) -> bool:
        """Send these deliveries again, now, with the same id and payload; also those that were taken."""
        self._again()
        return True

    def _again(self) -> None:
        self.env.access.check("webhook.subscription", "write")
        webhooks = self.mapped("subscription_id")
        webhooks._check_on()
        now = outbox.clock()
        self.sudo().write({"state": "pending", "attempts": 0, "next_try": now, "waiting_since": now, "error": None})
        webhooks.sudo().write({"paused_until": None})
        webhooks._wake()
