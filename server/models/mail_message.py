"""Messages on records: notes people write, notices the platform leaves, mail that was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server import Char, Datetime, Html, Many2many, Many2one, Many2oneReference, Model, One2many, Selection, _, action, depends
from server.models.targets import target_names


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
    author_id = Many2one("res.users", _("Author"), default=lambda env: env.uid, ondelete="set null")
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
    parent_id = Many2one("mail.message", _("Answers"), ondelete="set null")
    child_ids = One2many("mail.message", "parent_id", _("Answers to it"))
    company_id = Many2one("res.company", _("Company"), default=lambda env: None, ondelete="cascade")

    @depends("model", "res_id")
    def _compute_record_name(self) -> None:
        names = target_names(self, "model", "res_id")
        for message in self:
            message.record_name = names.get(message.id)

    def create(self, vals_list: Any) -> Any:
        """Create messages; each belongs to the company of its record, and writing one needs the right to read that record."""
        several = [dict(vals) for vals in ([vals_list] if isinstance(vals_list, dict) else vals_list)]
        targets: dict[str, set[int]] = {}
        for vals in several:
            if vals.get("model") and vals.get("res_id") and vals["model"] in self.env:
                targets.setdefault(vals["model"], set()).add(int(vals["res_id"]))
        for model, ids in targets.items():
            records = self.env[model].browse(sorted(ids))
            if not self.env.su:
                records.check_outside("read")
            if "company_id" in records._fields:
                companies = {record.id: record.company_id for record in records.sudo()}
                for vals in several:
                    if vals.get("model") == model and not vals.get("company_id"):
                        vals["company_id"] = companies.get(int(vals.get("res_id") or 0))
        return super().create(several)


class MailThread(Model, abstract=True):
    """Mixin for models whose records carry messages: gives `message_ids`, `message_post`, `message_subscribe`."""

    message_ids = Many2many("mail.message", _("Messages"), compute="_compute_message_ids")

    def _compute_message_ids(self) -> None:
        found = self.env["mail.message"].sudo().search([("model", "=", self._name), ("res_id", "in", self.ids)])
        by_record = found.grouped(lambda one: one.res_id)
        for record in self:
            record.message_ids = by_record.get(record.id, found.browse([]))

    @action
    def message_post(
        self,
        body: str = "",
        subject: str | None = None,
        message_type: str = "notification",
        subtype_xmlid: str | None = None,
        partner_ids: Sequence[int] = (),
        attachment_ids: Sequence[int] = (),
        parent_id: int | None = None,
        email_from: str | None = None,
        **ignored: Any,
    ) -> Any:
        """Leave a message on each record; answers the new `mail.message` records. Needs the right to read them. Other keywords
        are ignored.
        """
        self.check_outside("read")
        subtype = self.env.ref(subtype_xmlid, raise_if_missing=False) if subtype_xmlid else None
        values = [
            {
                "model": self._name,
                "res_id": record_id,
                "body": body or None,
                "subject": subject or None,
                "message_type": message_type or "notification",
                "subtype_id": subtype.id if subtype else None,
                "attachment_ids": [(6, 0, list(attachment_ids or ()))],
                "parent_id": parent_id or None,
                "email_from": email_from or self.env.user.sudo().email,
                "author_id": self.env.uid,
            }
            for record_id in self.ids
        ]
        return self.env["mail.message"].sudo().create(values)

    @action
    def message_subscribe(self, partner_ids: Sequence[int] = (), subtype_ids: Sequence[int] = ()) -> bool:
        """Accepted so that integrations go on: notices follow a record's own people, there is no list of followers."""
        self.check_outside("read")
        return True
