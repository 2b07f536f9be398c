"""Messages on records: notes people write, notices the platform leaves, mail that was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server import Char, Datetime, Html, Many2many, Many2one, Many2oneReference, Model, One2many, Selection, _, action, depends
from server.errors import FieldError
from server.models.mail_activity import MailActivities, search_pointing
from server.models.targets import target_names, under_targets


class MailMessageSubtype(Model, name="mail.message.subtype"):
    """What kind of message: a discussion, a note."""

    model_label = _("Kind of message")
    order = "id"
    reference = True

    name = Char(_("Name"), required=True, translate=True)
    description = Char(_("Description"), translate=True)


class MailMessage(Model, name="mail.message"):
    """A message that belongs to a record."""

    model_label = _("Message")
    order = "id desc"
    rec_name = "subject"
    indexes = [("model", "res_id")]
    access_through = ("model", "res_id")

    subject = Char(_("Subject"))
    body = Html(_("Text"))
    model = Char(_("Model"))
    res_id = Many2oneReference(_("Record"), model_field="model")
    record_name = Char(_("Name of the record"), compute="_compute_record_name")
    date = Datetime(_("Date"), required=True, default=lambda env: env.now())
    author_user_id = Many2one("res.users", _("Author's user"), default=lambda env: env.uid, ondelete="set null")
    email_from = Char(_("From"))
    email_to = Char(_("To"))
    message_type = Selection(
        [
            ("email", _("E-mail")),
            ("comment", _("Comment")),
            ("notification", _("Notice")),
            ("user_notification", _("Notice to a user")),
        ],
        _("Type"),
        default="notification",
        required=True,
    )
    subtype_id = Many2one("mail.message.subtype", _("Kind"), ondelete="set null")
    attachment_ids = Many2many(
        "ir.attachment", _("Attachments"), relation="mail_message_attachment_rel", column1="message_id", column2="attachment_id"
    )
    tracking_value_ids = Many2many(
        "ir.history",
        _("Changes"),
        compute="_compute_tracking_value_ids",
        help=_("What the author changed on the record in the same moment."),
    )
    parent_id = Many2one("mail.message", _("Answers"), ondelete="set null")
    child_ids = One2many("mail.message", "parent_id", _("Answers to it"))
    company_id = Many2one("res.company", _("Company"), default=lambda env: None, ondelete="cascade")

    @depends("model", "res_id")
    def _compute_record_name(self) -> None:
        names = target_names(self, "model", "res_id")
        for message in self:
            message.record_name = names.get(message.id)

    def _compute_tracking_value_ids(self) -> None:
        """The rows of the history that the message's transaction wrote for its record."""
        history = self.env["ir.history"].sudo()
        found: dict[tuple[Any, ...], list[int]] = {}
        dates = {message.create_date for message in self if message.res_id}
        if dates:
            wanted = [("res_id", "in", sorted({m.res_id for m in self if m.res_id})), ("date", "in", sorted(dates))]
            for row in history.search(wanted, order="id"):
                found.setdefault((row.model, row.res_id, row.date, row.user_id), []).append(row.id)
        for message in self:
            key = (message.model, message.res_id, message.create_date, message.create_uid)
            message.tracking_value_ids = history.browse(found.get(key, []))

    def notify(self) -> None:
        """Tell those a posted message is for; addons that know how to reach people extend it."""

    def create(self, vals_list: Any) -> Any:
        """Create messages; each belongs to the company of its record, and writing one needs the right to read that record."""
        return super().create(under_targets(self, vals_list, "model", "res_id"))


class MailThread(MailActivities, abstract=True):
    """Mixin for models whose records carry messages and activities: `message_ids`, `message_post`, `activity_schedule` …"""

    message_ids = Many2many("mail.message", _("Messages"), compute="_compute_message_ids", search="_search_message_ids")

    def _compute_message_ids(self) -> None:
        found = self.env["mail.message"].sudo().search([("model", "=", self._name), ("res_id", "in", self.ids)])
        by_record = found.grouped(lambda one: one.res_id)
        for record in self:
            record.message_ids = by_record.get(record.id, found.browse([]))

    def _search_message_ids(self, operator: str, value: Any) -> list[Any]:
        return search_pointing(self, "mail.message", "model", operator, value)

    @action(access="read")
    def message_post(
        self,
        body: str = "",
        subject: str | None = None,
        message_type: str = "notification",
        subtype_xmlid: str | None = None,
        subtype_id: int | None = None,
        partner_ids: Sequence[int] = (),
        attachment_ids: Sequence[int] = (),
        attachments: Sequence[Sequence[Any]] = (),
        parent_id: int | None = None,
        email_from: str | None = None,
        author_id: int | None = None,
        **ignored: Any,
    ) -> Any:
        """Leave a message on each record; answers the new `mail.message` records. Needs the right to read them.

        :param partner_ids: contacts that are told of it by e-mail (where contacts are installed).
        :param attachment_ids: files that the caller may read; they go to the record unless they belong to one.
        :param attachments: new files as pairs of name and content in base64.
        :param author_id: another contact than the caller's as author. Other keywords are ignored.
        :raises ValueError: for an unknown `subtype_xmlid`.
        """
        self.check_outside("read")
        subtype = subtype_id or None
        if subtype_xmlid:
            found = self.env.ref(subtype_xmlid, raise_if_missing=False)
            if not found or found._name != "mail.message.subtype":
                raise FieldError(f"External id not found in the system: {subtype_xmlid}")
            subtype = found.id
        messages = self.env["mail.message"].sudo()
        given = {"partner_ids": [(6, 0, list(partner_ids or ()))], "author_id": author_id or None}
        further = {name: value for name, value in given.items() if name in messages._fields and (name != "author_id" or value)}
        files = self._files(attachment_ids, attachments)
        values = [
            {
                "model": self._name,
                "res_id": record_id,
                "body": body or None,
                "subject": subject or None,
                "message_type": message_type or "notification",
                "subtype_id": subtype,
                "attachment_ids": [(6, 0, [*files, *self._new_files(record_id, attachments)])],
                "parent_id": parent_id or None,
                "email_from": email_from or self.env.user.sudo().email,
                "author_user_id": self.env.uid,
                **further,
            }
            for record_id in self.ids
        ]
        made = messages.create(values)
        made.notify()
        return made

    def _files(self, ids: Sequence[int], attachments: Sequence[Sequence[Any]]) -> list[int]:
        """The files given by id, which the caller must be able to read; those of nobody go to the first record."""
        if not ids:
            return []
        files = self.env["ir.attachment"].browse(list(ids))
        files.check_outside("read")
        if self.ids:
            loose = files.sudo().filtered(lambda one: not one.res_id and one.create_uid == self.env.uid)
            loose.write({"res_model": self._name, "res_id": self.ids[0]})
        return list(files.ids)

    def _new_files(self, record_id: int, attachments: Sequence[Sequence[Any]]) -> list[int]:
        rows = [{"name": str(one[0]), "datas": one[1], "res_model": self._name, "res_id": record_id} for one in attachments or ()]
        return list(self.env["ir.attachment"].sudo().create(rows).ids) if rows else []

    @action(access="read")
    def message_subscribe(self, partner_ids: Sequence[int] = (), subtype_ids: Sequence[int] = ()) -> bool:
        """Make contacts follow these records: they are told of discussions on them."""
        self.check_outside("read")
        self.env["mail.followers"].sudo().subscribe(self._name, self.ids, list(partner_ids or ()))
        return True

    @action(access="read")
    def message_unsubscribe(self, partner_ids: Sequence[int] = ()) -> bool:
        """Take contacts off the followers of these records."""
        self.check_outside("read")
        self.env["mail.followers"].sudo().unsubscribe(self._name, self.ids, list(partner_ids or ()))
        return True


class MailFollowers(Model, name="mail.followers"):
    """Somebody who is told of what is said about a record. Who that can be is said by the addon that knows people."""

    model_label = _("Follower")
    order = "id"
    rec_name = "res_model"
    indexes = [("res_model", "res_id")]
    access_through = ("res_model", "res_id")

    res_model = Char(_("Model"), required=True, readonly=True)
    res_id = Many2oneReference(_("Record"), model_field="res_model", required=True, readonly=True)

    def subscribe(self, model: str, ids: Sequence[int], people: Sequence[int]) -> None:
        """Make people follow the records of a model; who follows already stays one."""

    def unsubscribe(self, model: str, ids: Sequence[int], people: Sequence[int]) -> None:
        """Take people off the followers of the records of a model."""
