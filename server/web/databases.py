"""The forms of `/web/database/`: what the service `db` does, for browsers, scripts with curl, and archives too large for a call.

A form that did its work answers 303 to the start page; a refusal is a small page with its reason: 403 for a wrong master
password, 422 for everything that can be mended.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from flask import Blueprint, Response, current_app, redirect, request, send_file
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from server.databases import master
from server.databases.directory import unknown
from server.databases.manager import Manager
from server.errors import AccessDenied, UserError
from server.text import _

databases = Blueprint("databases", __name__, url_prefix="/web/database")

#: Fields of a form beside its file: characters taken of each, and their number.
_FIELD_SIZE = 4096
_FIELDS = 20
_UNLIMITED = 1 << 50
_TRUE = frozenset({"1", "true", "on", "yes"})


def _manager(password: Any) -> Manager:
    server = current_app.extensions["colca"]
    master.check(server.config, password, request.remote_addr or "")
    manager: Manager = server.manager
    return manager


def _answered(work: Callable[[], Response | None]) -> Response:
    """Do the work; to the start page when done."""
    try:
        return work() or redirect("/web", code=303)  # type: ignore[return-value]
    except HTTPException:
        raise
    except UserError as error:
        reason = escape(error.message.render(_language()) if hasattr(error.message, "render") else str(error.message))
        body = f"<!doctype html><title>Databases</title><h1>Databases</h1><p>{reason}</p>\n"
        status = 403 if isinstance(error, AccessDenied) else 422
        return Response(body, status=status, content_type="text/html; charset=utf-8")


def _language() -> str:
    best = request.accept_languages.best_match(("en", "es", "es-MX", "es-PE")) or "en"
    return best.replace("-", "_")


@databases.post("/create")
def create() -> Response:
    """`master_pwd`, `name`, `lang`, `login`, `password`, and `demo`, `phone`, `country_code` when wanted."""
    form = request.form

    def work() -> None:
        _manager(form.get("master_pwd")).create(
            form.get("name"),
            demo=form.get("demo", "").lower() in _TRUE,
            lang=form.get("lang") or None,
            login=form.get("login") or "admin",
            password=form.get("password") or "",
            country=form.get("country_code") or None,
            phone=form.get("phone") or None,
        )

    return _answered(work)


@databases.post("/duplicate")
def duplicate() -> Response:
    """`master_pwd`, `name`, `new_name`, and `neutralize_database` when the copy shall talk to nobody."""
    form = request.form

    def work() -> None:
        neutral = form.get("neutralize_database", "").lower() in _TRUE
        _manager(form.get("master_pwd")).duplicate(form.get("name"), form.get("new_name"), neutral)

    return _answered(work)


@databases.post("/drop")
def drop() -> Response:
    """`master_pwd`, `name`."""

    def work() -> None:
        if not _manager(request.form.get("master_pwd")).drop(request.form.get("name")):
            raise unknown(request.form.get("name"))

    return _answered(work)


@databases.post("/change_password")
def change_password() -> Response:
    """`master_pwd`, `master_pwd_new`."""

    def work() -> None:
        _manager(request.form.get("master_pwd"))
        master.change(current_app.extensions["colca"].config, request.form.get("master_pwd_new"))

    return _answered(work)


@databases.post("/backup")
def backup() -> Response:
    """`master_pwd`, `name`, `backup_format` (`zip`, or `dump` without contents): the archive as a download."""

    def work() -> Response:
        manager = _manager(request.form.get("master_pwd"))
        name, kind = request.form.get("name"), request.form.get("backup_format") or "zip"
        file = tempfile.TemporaryFile(dir=manager.config.data_dir, prefix=".archive-")
        try:
            manager.dump(name, file, kind)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        answer = send_file(file, mimetype="application/zip", as_attachment=True, download_name=f"{name}.zip")
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    return _answered(work)


@databases.post("/restore")
def restore() -> Response:
    """`master_pwd`, `name`, `copy`, `neutralize`, and the file `backup_file` after them. The master password comes before the
    file: until it is proven nothing of the file is kept, and then the file may be of any size.
    """

    def work() -> None:
        # A form without its password is refused before the body is looked at; the limit of bodies is for those who prove nothing.
        if not master.switched_on(current_app.extensions["colca"].config):
            raise AccessDenied(_("Access Denied"))
        request.max_content_length = _UNLIMITED
        with _upload() as (manager, fields, file):
            manager.restore(
                fields.get("name"),
                file,
                copy=fields.get("copy", "").lower() in _TRUE,
                neutralize=fields.get("neutralize", "").lower() in _TRUE,
            )

    return _answered(work)


@contextmanager
def _upload() -> Iterator[tuple[Manager, dict[str, str], IO[bytes]]]:
    """The manager, fields and file of a multipart form, taken from the stream as it comes.

    :raises AccessDenied: the file begins before a right master password.
    :raises UserError: the body is no such form, or has no file.
    """
    kind, options = parse_options_header(request.content_type or "")
    if kind != "multipart/form-data" or not options.get("boundary"):
        _manager(request.form.get("master_pwd") if not request.content_length or request.content_length < 65536 else None)
        raise UserError(_("The archive is sent as the file backup_file of a form (multipart/form-data)."))
    decoder = MultipartDecoder(options["boundary"].encode(), max_form_memory_size=1 << 20, max_parts=_FIELDS)
    fields: dict[str, str] = {}
    manager: Manager | None = None
    target: Field | File | None = None
    found = False
    text = bytearray()
    data_dir = current_app.extensions["colca"].config.data_dir
    with tempfile.TemporaryFile(dir=data_dir, prefix=".archive-") as file:
        try:
            while True:
                event = decoder.next_event()
                if isinstance(event, NeedData):
                    decoder.receive_data(request.stream.read(262144) or None)
                elif isinstance(event, (Field, File)):
                    target, text = event, bytearray()
                    if isinstance(event, File):
                        manager = manager or _manager(fields.get("master_pwd"))
                        found = found or event.name == "backup_file"
                elif isinstance(event, Data):
                    if isinstance(target, File):
                        if target.name == "backup_file":
                            file.write(event.data)
                    elif target is not None:
                        text += event.data
                        if len(text) > _FIELD_SIZE:
                            raise UserError(_("The field %(name)s of the form is too long.", name=target.name[:60]))
                        if not event.more_data:
                            fields[target.name] = text.decode("utf-8", "replace")
                elif isinstance(event, Epilogue):
                    break
        except ValueError as error:
            raise UserError(_("The form ends before its end, or is none.")) from error
        manager = manager or _manager(fields.get("master_pwd"))
        if not found:
            raise UserError(_("The archive is sent as the file backup_file of a form (multipart/form-data)."))
        file.seek(0)
        yield manager, fields, file
