"""Files kept with records. A file is as readable as the record it hangs on.

Contents lie below the data directory by their SHA-1, so equal files are stored once and a backup of database and directory fits
together whatever the database. A content is written before its row and deleted only by the sweep, long after its last row: a
rolled back transaction or a crash leaves a file without a row, never a row without its file.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from server import (
    AccessError,
    Binary,
    Boolean,
    Char,
    Integer,
    Many2one,
    Many2oneReference,
    Model,
    Selection,
    Text,
    ValidationError,
    _,
    action,
    depends,
)
from server.models.filestore import Filestore
from server.models.targets import target_names

#: First bytes that tell a kind of file whatever its name says.
_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"<?xml", "application/xml"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BM", "image/bmp"),
)

#: Kinds that a browser would run as a page of ours; they are kept but announced as plain text.
_DANGEROUS = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript", "application/javascript"})


def guess_mimetype(content: bytes, name: str | None) -> str:
    """The media type of a file from its first bytes, else from its name, else `application/octet-stream`.

    Zip containers keep the more exact type of their name (xlsx, docx, odt).
    """
    by_name = mimetypes.guess_type(name or "")[0]
    head = content[:16]
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            if kind in ("application/zip", "application/xml") and by_name:
                return by_name
            return kind
    if by_name:
        return by_name
    try:
        content[:1024].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < 1020:
            return "application/octet-stream"
    return "text/plain" if content else "application/octet-stream"


class IrAttachment(Model, name="ir.attachment"):
    """A file, or a link to one, that belongs to a record."""

    model_label = _("Attachment")
    order = "id desc"
    indexes = [("res_model", "res_id"), ("checksum",)]
    access_through = ("res_model", "res_id")
    access_public = "public"

    name = Char(_("Name"), required=True)
    description = Text(_("Description"))
    type = Selection([("binary", _("File")), ("url", _("Link"))], _("Type"), default="binary", required=True)
    url = Char(_("Link"))
    datas = Binary(_("Content"), compute="_compute_datas", inverse="_inverse_datas", aliases=("raw",))
    mimetype = Char(_("Media type"))
    file_size = Integer(_("Size in bytes"), readonly=True)
    checksum = Char(_("SHA-1"), size=40, readonly=True)
    res_model = Char(_("Model"))
    res_id = Many2oneReference(_("Record"), model_field="res_model")
    res_field = Char(_("Field"))
    res_name = Char(_("Name of the record"), compute="_compute_res_name")
    public = Boolean(_("Public"))
    access_token = Char(_("Access token"), groups="base.group_user", copy=False)
    company_id = Many2one("res.company", _("Company"), default=lambda env: None, ondelete="cascade")

    @depends("checksum")
    def _compute_datas(self) -> None:
        store = Filestore.of(self.env)
        for attachment in self:
            attachment.datas = store.read(attachment.checksum) if attachment.checksum else None

    def _inverse_datas(self) -> None:
        store = Filestore.of(self.env)
        for attachment in self.sudo():
            content = attachment.datas
            attachment.checksum = store.write(content) if content is not None else None
            attachment.file_size = len(content or b"")
            if not attachment.mimetype:
                attachment.mimetype = guess_mimetype(content or b"", attachment.name)

    @depends("res_model", "res_id")
    def _compute_res_name(self) -> None:
        names = target_names(self, "res_model", "res_id")
        for attachment in self:
            attachment.res_name = names.get(attachment.id)

    def create(self, vals_list: Any) -> Any:
        """Create attachments; contents are stored by checksum and the company is that of the record."""
        several = [vals_list] if isinstance(vals_list, dict) else list(vals_list)
        completed = [self._completed(dict(vals)) for vals in several]
        self._check_targets(completed)
        self._check_contents(completed)
        return super().create(completed)

    def write(self, vals: dict[str, Any]) -> Any:
        """Change attachments; moving one to another record needs the right to change that record too."""
        if "res_model" in vals or "res_id" in vals:
            self._check_targets(
                [{"res_model": vals.get("res_model", one.res_model), "res_id": vals.get("res_id", one.res_id)} for one in self]
            )
        self._check_contents([vals])
        return super().write(vals)

    def _completed(self, vals: dict[str, Any]) -> dict[str, Any]:
        """Values with name and company filled in."""
        if not vals.get("name"):
            vals["name"] = str(vals.get("url") or _("Attachment"))
        model, res_id = vals.get("res_model"), vals.get("res_id")
        if model and model not in self.env:
            raise ValidationError(_("The attachment %(name)s names the unknown model %(model)s.", name=vals["name"], model=model))
        if model and res_id and not vals.get("company_id") and "company_id" in self.env[model]._fields:
            record = self.env[model].sudo().browse([int(res_id)]).exists()
            vals["company_id"] = record.company_id if record else None
        return vals

    def _check_targets(self, several: list[dict[str, Any]]) -> None:
        """Attaching to a record is changing it: raises `AccessError` unless the caller may write all of them."""
        if self.env.su:
            return
        targets: dict[str, set[int]] = {}
        for vals in several:
            if vals.get("res_model") and vals.get("res_id"):
                targets.setdefault(vals["res_model"], set()).add(int(vals["res_id"]))
        for model, ids in targets.items():
            self.env[model].browse(sorted(ids)).check_outside("write")

    def _check_contents(self, several: list[dict[str, Any]]) -> None:
        """A checksum opens a content: only those of attachments that the caller may read can be given (a duplicate does so).

        :raises AccessError: for any other.
        """
        if self.env.su:
            return
        given = {vals["checksum"] for vals in several if vals.get("checksum")}
        if given - set(self.with_context(active_test=False).search([("checksum", "in", sorted(given))]).mapped("checksum")):
            raise AccessError(_("A checksum follows from the content. Give the content itself (datas)."))

    @action
    def generate_access_token(self) -> list[str]:
        """A secret for each attachment, by which it can be fetched without logging in."""
        import secrets

        self.check_outside("write")
        for attachment in self.sudo():
            if not attachment.access_token:
                attachment.access_token = secrets.token_urlsafe(24)
        return [attachment.access_token for attachment in self.sudo()]

    def path(self) -> Path:
        """Where the content of one attachment lies. Raises `AccessError` when the caller may not read it."""
        self.ensure_one()
        if not self.env.su and not self.search([("id", "=", self._ids[0])]):
            raise AccessError(_("You may not read the attachment %(id)s.", id=self._ids[0]))
        return Filestore.of(self.env).path(self.sudo().checksum or "")
