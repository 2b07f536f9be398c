"""Mail: the job `mail.send` builds a message in a transaction and delivers it outside of any.

Delivered into a folder (`mail/*.eml` below the data directory) unless the setting `mail.url` or `COLCA_MAIL_URL` names an SMTP
server. The message id and the file name come from the outbox row, so a job that runs twice after a crash overwrites its own file,
and mail servers recognise the copy.
"""

from __future__ import annotations

import contextlib
import html
import os
import re
import secrets
import smtplib
import ssl
import tempfile
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from server.errors import UserError
from server.jobs import Outside, job
from server.models.filestore import settings
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment

_TAG = re.compile(r"<[^>]+>")
_PARAGRAPH = re.compile(r"</(p|h[1-6]|table|ul|ol)\b[^>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<(br|/div|/tr|/li)\b[^>]*>", re.IGNORECASE)
_TIMEOUT = 30


@job("mail.send", attempts=12, lease=300)
def send(env: Environment, payload: dict[str, Any]) -> Outside:
    """Send one mail.

    Payload: `to` (list of addresses), `subject`, `body` (HTML); optional `cc`, `bcc`, `reply_to`, `from`, `attachments` (ids of
    ir.attachment), `headers`.
    """
    message = build(env, payload)
    recipients = _addresses(payload, "to", "cc", "bcc")
    if not recipients:
        raise UserError(_("A mail without a recipient cannot be sent: %(subject)s", subject=str(payload.get("subject") or "")))
    chosen = env.settings.get("mail.url")
    url = chosen or settings().mail_url
    if env["ir.config_parameter"]._value("database.neutralized"):
        return Outside(lambda: deliver_folder(settings().data_dir / "mail", message))
    if url.startswith(("smtp://", "smtps://")):
        return Outside(lambda: deliver_smtp(url, message, recipients))
    if chosen:  # a folder is the operator's to choose, in the configuration of the server
        raise UserError(
            _(
                "Mail cannot be sent: the setting mail.url names no mail server. "
                "Use smtp://user:password@host:587 or smtps://…, or leave it empty."
            )
        )
    folder = Path(url.removeprefix("folder:").removeprefix("//"))
    return Outside(lambda: deliver_folder(folder, message))


def build(env: Environment, payload: dict[str, Any]) -> EmailMessage:
    """The message of a payload, with a text part beside the HTML and the attachments. Needs the right to read the attachments."""
    message = EmailMessage()
    sender = payload.get("from") or env.settings.get("mail.from") or _company_sender(env)
    message["From"] = _one_line(sender)
    for header, key in (("To", "to"), ("Cc", "cc"), ("Reply-To", "reply_to")):
        addresses = _addresses(payload, key)
        if addresses:
            message[header] = ", ".join(_header_form(payload, key))
    message["Subject"] = _one_line(payload.get("subject") or "")
    message["Date"] = format_datetime(env.now())
    domain = _one_line(sender).rpartition("@")[2].strip("> ") or "localhost"
    message["Message-ID"] = f"<{fingerprint(env)}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in (payload.get("headers") or {}).items():
        if name.lower() not in {"from", "to", "cc", "bcc", "subject", "date", "message-id"}:
            message[_one_line(name)] = _one_line(value)
    body = str(payload.get("body") or "")
    message.set_content(plain_text(body))
    if body:
        message.add_alternative(body, subtype="html")
    ids = [int(one) for one in payload.get("attachments") or ()]
    for attachment in env["ir.attachment"].browse(ids) if ids else ():
        main, _slash, sub = (attachment.mimetype or "application/octet-stream").partition("/")
        message.add_attachment(attachment.datas or b"", maintype=main, subtype=sub or "octet-stream", filename=attachment.name)
    return message


def fingerprint(env: Environment) -> str:
    """A name for this mail that stays the same when its job is repeated, and that no other mail has."""
    row = env.context.get("job_id")
    if row is None:
        return secrets.token_hex(16)
    database = env["ir.config_parameter"]._value("database.uuid") or "colca"
    return f"{row}.{database}"


def plain_text(body: str) -> str:
    """The text of an HTML body, for readers without HTML."""
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", _PARAGRAPH.sub("\n\n", body))))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in text.splitlines())).strip() + "\n"


def deliver_folder(folder: Path, message: EmailMessage) -> str:
    """Write the message as a file named after its id; a second delivery replaces the first. Answers the path."""
    folder.mkdir(parents=True, exist_ok=True)
    name = str(message["Message-ID"]).strip("<>").partition("@")[0] + ".eml"
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes())
        os.replace(temporary, folder / name)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    return str(folder / name)


def deliver_smtp(url: str, message: EmailMessage, recipients: list[str]) -> None:
    """Hand the message to the server of `url` (`smtp://` with STARTTLS when offered, `smtps://`; `?tls=no` for a server that
    cannot). Raises what smtplib raises.
    """
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    options = parse_qs(parts.query)
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=_TIMEOUT)
    with server:
        server.ehlo()
        if parts.scheme != "smtps" and options.get("tls") != ["no"] and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message, to_addrs=recipients)


def _company_sender(env: Environment) -> str:
    company = env.root.company
    if not company.email:
        return settings().mail_from
    try:
        return str(Address(display_name=company.name or "", addr_spec=company.email))
    except (ValueError, HeaderParseError):
        return settings().mail_from


def _one_line(text: Any) -> str:
    """Header values have no line breaks: nobody slips in a header of his own."""
    return " ".join(str(text).split())


def _header_form(payload: dict[str, Any], key: str) -> list[str]:
    given = payload.get(key) or []
    return [_one_line(one) for one in ([given] if isinstance(given, str) else given)]


def _addresses(payload: dict[str, Any], *keys: str) -> list[str]:
    """The bare addresses under these keys, each once. Raises `UserError` for one that is no address."""
    found: dict[str, None] = {}
    for key in keys:
        for _name, address in getaddresses(_header_form(payload, key)):
            if address.count("@") != 1 or address.startswith("@") or address.endswith("@"):
                raise UserError(
                    _(
                        "%(address)s is not an e-mail address. Correct it with the contact and send again.",
                        address=address or str(payload.get(key)),
                    )
                )
            found[address] = None
    return list(found)
