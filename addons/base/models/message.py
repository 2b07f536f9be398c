"""Contacts and messages: who wrote, whom it is for, who follows a record, and the e-mail that tells them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server import Many2many, Many2one, _
from server.models.mail_message import MailFollowers, MailMessage

#: Kind of message that followers are told of; notes are for whoever reads the record.
DISCUSSION = "mail.mt_comment"


class BaseMessage(MailMessage):
    """Adds contacts to messages."""

    author_id = Many2one("res.partner", _("Author"), ondelete="set null", index=True, check_company=False)
    partner_ids = Many2many(
        "res.partner", _("Recipients"), relation="mail_message_res_partner_rel", column1="message_id", column2="partner_id"
    )

    def create(self, vals_list: Any) -> Any:
        """As the kernel makes messages; the author is the contact of the writing user unless another is given."""
        rows = []
        for vals in vals_list:
            row = dict(vals)
            if not row.get("author_id"):
                user = self.env["res.users"].browse([row.get("author_user_id") or self.env.uid])
                row["author_id"] = user.sudo().partner_id
            rows.append(row)
        return super().create(rows)

    def notify(self) -> None:
        """E-mail the message, after the commit, to the contacts it names and, for discussions, to the followers of its record;
        never to its author.
        """
        super().notify()
        kind = self.env.ref(DISCUSSION, raise_if_missing=False)
        talk = self.filtered(lambda message: kind is not None and message.subtype_id == kind.id)
        followers = self.env["mail.followers"].sudo().of(talk)
        for message in self:
            people = (message.partner_ids | followers.get(message.id, message.partner_ids[:0])).filtered("email")
            addresses = sorted({person.email for person in people if person.id != message.author_id})
            if addresses:
                self.env.enqueue("mail.send", message._mail(addresses))

    def _mail(self, addresses: list[str]) -> dict[str, Any]:
        """Payload of the job `mail.send` for one message."""
        name = message_title(self)
        return {
            "to": addresses,
            "subject": self.subject or name,
            "body": self.body or "",
            "reply_to": self.email_from or None,
            "attachments": self.attachment_ids.ids,
            "model": self.model,
            "res_id": self.res_id,
        }


def message_title(message: Any) -> str:
    """What a mail about a message is called when the message has no subject: the name of its record."""
    return str(message.record_name or _("Message").render(message.env.lang))


class BaseFollowers(MailFollowers):
    """Followers are contacts."""

    partner_id = Many2one("res.partner", _("Contact"), ondelete="cascade", index=True, check_company=False)

    def subscribe(self, model: str, ids: Sequence[int], people: Sequence[int]) -> None:
        """As declared; two statements whatever the number of records and contacts."""
        super().subscribe(model, ids, people)
        partners = self.env["res.partner"].sudo().browse(people).exists().ids
        there = {(row.res_id, row.partner_id) for row in self._rows(model, ids, partners)}
        self.create(
            [
                {"res_model": model, "res_id": id, "partner_id": partner}
                for id in ids
                for partner in partners
                if (id, partner) not in there
            ]
        )

    def unsubscribe(self, model: str, ids: Sequence[int], people: Sequence[int]) -> None:
        """As declared."""
        super().unsubscribe(model, ids, people)
        self._rows(model, ids, people).unlink()

    def _rows(self, model: str, ids: Sequence[int], people: Sequence[int]) -> Any:
        wanted = [("res_model", "=", model), ("res_id", "in", list(ids)), ("partner_id", "in", list(people))]
        return self.with_context(active_test=False).search(wanted)

    def of(self, messages: Any) -> dict[int, Any]:
        """The contacts that follow the record of each message, by message id; one query per model."""
        found: dict[int, Any] = {}
        for model, group in messages.filtered("res_id").grouped("model").items():
            rows = self.search([("res_model", "=", model), ("res_id", "in", group.mapped("res_id"))])
            by_record = rows.grouped(lambda row: row.res_id)
            for message in group:
                found[message.id] = by_record.get(message.res_id, rows[:0]).mapped("partner_id")
        return found
