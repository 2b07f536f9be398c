"""Files over HTTP: contents of attachments and binary fields, pictures, and printed documents, for whoever may read the record.

    /web/content/<attachment>[/<name>][?download=true][&access_token=…]
    /web/content/<model>/<id>/<field>          /web/image/<model>/<id>/<field>[/<width>x<height>]
    /web/image/<attachment>[/<width>x<height>] /web/binary/company_logo
    /report/pdf/<report name>/<id,id…>

A session cookie or an API key (`Authorization: Bearer`, database in `X-Odoo-Database`) says who asks; what he gets goes through
the dispatcher like every call. What is not there and what somebody may not read are the same 404: nobody learns what exists.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import HTTPException

from server.errors import AccessDenied, AccessError, MissingError
from server.models.filestore import Filestore
from server.models.ir_attachment import guess_mimetype
from server.rpc import json, values
from server.rpc.dispatcher import Call, StaleProof
from server.rpc.errors import UnknownMethod, UnknownModel
from server.rpc.json2 import Refused, bearer, database_of, proof_of, refusal
from server.text import _
from server.web.session import current

files = Blueprint("files", __name__)

#: Kinds shown in the browser; everything else is a download, and announced so that no browser guesses otherwise.
_SHOWN = re.compile(r"(image/(png|jpeg|gif|webp|bmp)|application/pdf|text/plain|audio/[\w.+-]+|video/[\w.+-]+)").fullmatch
#: What a browser would run as a page of ours is called plain text.
_ACTIVE = re.compile(r"text/(html|javascript|xml)|application/(xhtml\+xml|javascript|xml)|image/svg\+xml").fullmatch
#: Longest side a picture is scaled to, and pixels a picture may have to be scaled at all.
_SIDE, _PIXELS = 2048, 64_000_000
#: One transparent pixel, for a company without a logo.
_NOTHING = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@dataclass(frozen=True)
class _Caller:
    database: Any
    proof: Any

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """The call through the dispatcher. :raises UserError: its refusals."""
        return Call(self.database, self.proof.uid, model, method, list(args), kwargs, self.proof).run()


@dataclass(frozen=True)
class _Content:
    """Bytes and what is said of them."""

    data: bytes
    name: str
    mimetype: str
    checksum: str
    public: bool = False


def _caller() -> _Caller | None:
    """Who asks, by key or cookie; None for nobody. :raises Refused: a wrong key, or an unknown database."""
    if request.headers.get("Authorization"):
        database = database_of(request.headers.get("X-Odoo-Database"))
        return _Caller(database, proof_of(database, bearer()))
    found = current()
    return _Caller(found.database, found.proof) if found is not None else None


def _needed() -> _Caller:
    caller = _caller()
    if caller is None:
        raise Refused(401, "Unauthorized", _("Log in, or send an API key as Authorization: Bearer."))
    return caller


def _answered(work: Callable[[], Response]) -> Response:
    """The response, or the refusal as JSON under its status."""
    try:
        return work()
    except HTTPException:
        raise
    except StaleProof:
        return refusal(Refused(401, "Unauthorized", "Invalid apikey"), None)
    except (MissingError, UnknownModel, UnknownMethod):
        return refusal(Refused(404, "NotFound", _("There is nothing here that you may read.")), None)
    except Exception as exc:
        return refusal(exc, None)


def _gone() -> MissingError:
    return MissingError(_("There is nothing here that you may read."))


# -- contents -------------------------------------------------------------------------------------------------------------------
@files.get("/web/content/<int:id>", strict_slashes=False)
@files.get("/web/content/<int:id>/<name>")
def attachment(id: int, name: str = "") -> Response:
    """The content of an attachment: of a public one or with its access token for everybody."""
    return _answered(lambda: _send(_attachment(id)))


@files.get("/web/content/<model>/<int:id>/<field>", strict_slashes=False)
@files.get("/web/content/<model>/<int:id>/<field>/<name>")
def field_content(model: str, id: int, field: str, name: str = "") -> Response:
    """The content of a binary field."""
    return _answered(lambda: _send(_field(model, id, field, name)))


def _attachment(id: int) -> _Content:
    shared = _shared(id)
    if shared is not None:
        return shared
    caller = _needed()
    try:
        rows = caller.call("ir.attachment", "read", [id], ["name", "mimetype", "checksum", "type"])
    except AccessError as error:
        if _of_key(error):
            raise
        raise _gone() from None
    if not rows or rows[0]["type"] != "binary" or not rows[0]["checksum"]:
        raise _gone()
    row = rows[0]
    data = caller.database.run(1, {}, lambda env: Filestore.of(env).read(row["checksum"]), readonly=True)
    return _Content(data, row["name"] or "file", row["mimetype"] or "", row["checksum"])


def _shared(id: int) -> _Content | None:
    """The content of an attachment that asks for no log-in, None for others. The token is compared in constant time."""
    token = request.args.get("access_token", "")
    name = request.headers.get("X-Odoo-Database") or request.args.get("db")
    cookie = current() if not name and request.cookies else None
    database = cookie.database if cookie is not None else database_of(name)

    def look(env: Any) -> _Content | None:
        row = env["ir.attachment"].sudo().browse([id]).exists()
        if not row or row.type != "binary" or not row.checksum:
            return None
        known = row.access_token or ""
        opened = bool(token and known) and hmac.compare_digest(token.encode("utf-8", "replace"), known.encode())
        if not row.public and not opened:
            return None
        return _Content(
            Filestore.of(env).read(row.checksum), row.name or "file", row.mimetype or "", row.checksum, bool(row.public)
        )

    found: _Content | None = database.run(1, {}, look, readonly=True, su=True)
    return found


def _of_key(error: AccessError) -> bool:
    """Whether it is the API key that is not for this: that tells nothing of the record, and its owner should know."""
    return "api_key" in error.data


def _field(model: str, id: int, field: str, name: str = "") -> _Content:
    caller = _needed()
    asked = [field, "display_name", "write_date"]
    try:
        rows = caller.call(model, "read", [id], asked)
    except AccessError as error:
        if _of_key(error):
            raise
        raise _gone() from None
    except ValueError:
        raise _gone() from None
    kind = caller.database.registry.fields.get(model, {}).get(field)
    if not rows or not rows[0][field] or kind is None or kind.type not in ("binary", "image"):
        raise _gone()
    try:
        data = base64.b64decode(rows[0][field], validate=True)
    except (binascii.Error, ValueError):
        raise _gone() from None
    shown = name or f"{rows[0]['display_name'] or model}-{field}"
    checksum = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return _Content(data, shown, guess_mimetype(data, name or None), checksum)


def _send(content: _Content) -> Response:
    """The response with everything a browser or a mirror needs: name, kind, ETag, ranges."""
    kind = content.mimetype or guess_mimetype(content.data, content.name)
    if _ACTIVE(kind):
        kind = "text/plain"
    download = request.args.get("download", "").lower() in ("1", "true", "yes") or not _SHOWN(kind)
    response = send_file(
        io.BytesIO(content.data),
        mimetype=kind,
        as_attachment=download,
        download_name=_file_name(content.name, kind),
        conditional=True,
        etag=content.checksum,
        max_age=None,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "public, max-age=3600" if content.public else "private, no-cache"
    response.headers["Vary"] = "Authorization, Cookie"
    if kind != "application/pdf":
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def _file_name(name: str, kind: str) -> str:
    """A name that is one line and no path, with the ending of its kind when it has none."""
    import mimetypes

    name = re.sub(r"[\x00-\x1f\x7f/\\]+", "-", name).strip(". ")[:180] or "file"
    if not re.search(r"\.\w{1,8}$", name):
        name += mimetypes.guess_extension(kind) or ""
    return name


# -- pictures -------------------------------------------------------------------------------------------------------------------
@files.get("/web/image/<int:id>", strict_slashes=False)
@files.get("/web/image/<int:id>/<int:width>x<int:height>")
def attachment_image(id: int, width: int = 0, height: int = 0) -> Response:
    """A picture that is an attachment."""
    return _answered(lambda: _send(_scaled(_attachment(id), width, height)))


@files.get("/web/image/<model>/<int:id>/<field>", strict_slashes=False)
@files.get("/web/image/<model>/<int:id>/<field>/<int:width>x<int:height>")
def field_image(model: str, id: int, field: str, width: int = 0, height: int = 0) -> Response:
    """A picture in a field, made smaller to fit into width and height; 0 is no limit."""
    return _answered(lambda: _send(_scaled(_field(model, id, field), width, height)))


@files.get("/web/binary/company_logo", strict_slashes=False)
@files.get("/logo.png")
def company_logo() -> Response:
    """The logo of a company (`?company=id`; the first one otherwise), for everybody; a transparent pixel when there is none."""

    def work() -> Response:
        database = database_of(request.args.get("dbname"))
        id = request.args.get("company", type=int)

        def look(env: Any) -> bytes | None:
            companies = env["res.company"].sudo()
            company = companies.browse([id]).exists() if id else companies.search([], order="id", limit=1)
            return company.logo if company else None

        logo = database.run(1, {}, look, readonly=True, su=True) or _NOTHING
        if not guess_mimetype(logo, None).startswith("image/"):
            logo = _NOTHING
        checksum = hashlib.sha1(logo, usedforsecurity=False).hexdigest()
        return _send(_Content(logo, "logo", "", checksum, True))

    return _answered(work)


def _scaled(content: _Content, width: int, height: int) -> _Content:
    """The picture within a size, never made larger; what is no picture that can be read is not found."""
    kind = guess_mimetype(content.data, None)
    if not kind.startswith("image/"):
        raise _gone()
    if not width and not height:
        return _Content(content.data, content.name, kind, content.checksum, content.public)
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content.data)) as opened:
            if opened.width * opened.height > _PIXELS:
                raise _gone()
            form = opened.format or "PNG"
            picture = ImageOps.exif_transpose(opened)
            limit = (min(width or _SIDE, _SIDE), min(height or _SIDE, _SIDE))
            picture.thumbnail(limit)
            target = io.BytesIO()
            picture.save(target, form)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise _gone() from None
    return _Content(target.getvalue(), content.name, kind, f"{content.checksum}-{width}x{height}", content.public)


# -- documents ------------------------------------------------------------------------------------------------------------------
@files.get("/report/pdf/<name>/<ids>", strict_slashes=False)
@files.get("/report/download/<name>/<ids>", strict_slashes=False)
def report(name: str, ids: str) -> Response:
    """Records printed: `ir.actions.report.render` for browsers and scripts. `context` (JSON) may give the language."""

    def work() -> Response:
        numbers = ids.split(",")
        if not all(number.isascii() and number.isdigit() and len(number) < 19 for number in numbers):
            raise _gone()
        context = {}
        if request.args.get("context"):
            context = values.context(json.loads(request.args["context"].encode()))
        caller = _needed()
        try:
            made = caller.call("ir.actions.report", "render", name, [int(number) for number in numbers], context=context)
        except AccessError as error:
            if isinstance(error, AccessDenied) or _of_key(error):
                raise
            raise _gone() from None
        data = base64.b64decode(made["content"])
        return _send(_Content(data, made["filename"], made["mimetype"], hashlib.sha1(data, usedforsecurity=False).hexdigest()))

    return _answered(work)
