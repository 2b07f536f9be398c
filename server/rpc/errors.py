"""How an exception looks at each door: class name, message and code, as clients written for Odoo's external API expect them.

One table for refusals (`server.errors` and the few builtins that are part of the contract). Everything else is a fault of ours:
it is logged with its traceback under an incident number, and the client is told that number and nothing more.
"""

from __future__ import annotations

import datetime
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from server import whereabouts
from server.errors import (
    AccessDenied,
    AccessError,
    FieldError,
    LockError,
    MissingError,
    RedirectWarning,
    UserError,
    ValidationError,
)
from server.security.limits import RateLimited
from server.text import Text, _, render

logger = logging.getLogger("colca.rpc")


class UnknownMethod(AttributeError):
    """A model has no public method of this name."""

    def __init__(self, message: Text | str) -> None:
        super().__init__(str(message))
        self.message = message


class ArgumentError(TypeError):
    """A method was called with arguments it does not take; the message names the argument and the signature."""

    def __init__(self, message: Text | str) -> None:
        super().__init__(str(message))
        self.message = message


class ValueRefused(ValueError):
    """A value no field can hold, or a request too large or too deep to be meant."""

    def __init__(self, message: Text | str) -> None:
        super().__init__(str(message))
        self.message = message


class MalformedRequest(ValueRefused):
    """The body cannot be decoded at all."""


class SessionExpired(AccessDenied):
    """A call by cookie without a living session."""

    def __init__(self) -> None:
        super().__init__(_("Session expired"))


class NotHere(UserError):
    """What a route of the web names does not exist: an unknown model."""


class UnknownModel(UserError):
    """No enabled addon of the company declares the model that a call names."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a door answers instead of a value.

    :ivar name: class as clients know it, such as `odoo.exceptions.UserError` or `builtins.ValueError`.
    :ivar message: one text for people, in their language.
    :ivar code: integer code on `/xmlrpc/2`.
    :ivar legacy: first part of the string code on `/xmlrpc`; empty: the message itself is the code.
    :ivar kind: `exception_type` of older JSON clients.
    :ivar details: machine-readable details of the refusal (model, field …).
    :ivar status: HTTP status at the doors that answer with one (`/json/2`).
    """

    name: str
    message: str
    code: int
    legacy: str
    kind: str
    details: dict[str, Any]
    status: int = 500

    @property
    def debug(self) -> str:
        """A text in the shape of a traceback, without one: clients read its last line, and ours tells no file of the server."""
        last = " ".join(self.message.split("\n")) if self.code == 1 else self.message
        return f'Traceback (most recent call last):\n  File "colca", line 1, in call\n{self.class_name}: {last}\n'

    @property
    def class_name(self) -> str:
        """The name as the last line of a traceback shows it: builtins stand without their module."""
        return self.name.removeprefix("builtins.")


#: class → (name at the door, `/xmlrpc/2` code, legacy code, exception_type, HTTP status); the first that fits, so children stand
#: before parents.
_TABLE: tuple[tuple[type[BaseException], str, int, str, str, int], ...] = (
    (SessionExpired, "odoo.http.SessionExpiredException", 3, "AccessDenied", "session_expired", 403),
    (NotHere, "werkzeug.exceptions.NotFound", 2, "warning -- UserError\n\n", "user_error", 404),
    (AccessDenied, "odoo.exceptions.AccessDenied", 3, "AccessDenied", "access_denied", 403),
    (AccessError, "odoo.exceptions.AccessError", 4, "warning -- AccessError\n\n", "access_error", 403),
    (MissingError, "odoo.exceptions.MissingError", 2, "warning -- MissingError\n\n", "missing_error", 404),
    (ValidationError, "odoo.exceptions.ValidationError", 2, "warning -- UserError\n\n", "validation_error", 422),
    (LockError, "odoo.exceptions.LockError", 2, "warning -- UserError\n\n", "user_error", 409),
    (RedirectWarning, "odoo.exceptions.RedirectWarning", 2, "warning -- UserError\n\n", "user_error", 422),
    (UnknownModel, "odoo.exceptions.UserError", 2, "warning -- UserError\n\n", "user_error", 404),
    (RateLimited, "odoo.exceptions.UserError", 2, "warning -- UserError\n\n", "user_error", 429),
    (UserError, "odoo.exceptions.UserError", 2, "warning -- UserError\n\n", "user_error", 422),
    (UnknownMethod, "builtins.AttributeError", 1, "", "internal_error", 404),
    (ArgumentError, "builtins.TypeError", 1, "", "internal_error", 422),
    (FieldError, "builtins.ValueError", 1, "", "internal_error", 422),
    (MalformedRequest, "builtins.ValueError", 1, "", "internal_error", 400),
    (ValueRefused, "builtins.ValueError", 1, "", "internal_error", 422),
)
_BUILTINS = {
    "ValueError",
    "TypeError",
    "KeyError",
    "AttributeError",
    "IndexError",
    "RuntimeError",
    "NotImplementedError",
    "MemoryError",
}


def describe(exc: BaseException, lang: str | None = None) -> Fault:
    """The fault a client gets for `exc`, its message in `lang`. Unexpected exceptions are logged with an incident number."""
    for cls, name, code, legacy, kind, status in _TABLE:
        if isinstance(exc, cls):
            text = getattr(exc, "message", None)
            message = render(text, lang) if text is not None else str(exc)
            if cls is AccessDenied and not message:
                message = "Access Denied"
            batch = getattr(exc, "batch", None)
            if batch is not None:  # some doors answer nothing but the text
                message = render(
                    _(
                        "Call %(number)s of the batch, %(method)s: %(message)s",
                        number=batch["index"] + 1,
                        method=batch["method"],
                        message=message,
                    ),
                    lang,
                )
            return Fault(name, message, code, legacy, kind, details_of(exc), status)
    expected = _translated(exc)
    if expected is not None:
        return describe(expected, lang)
    number = incident(exc)
    cls_name = type(exc).__name__
    name = f"builtins.{cls_name}" if cls_name in _BUILTINS else "builtins.Exception"
    message = render(
        _(
            "The server met an error of its own and changed nothing. Give the incident number %(number)s to whoever runs it: the "
            "log has the details.",
            number=number,
        ),
        lang,
    )
    return Fault(name, message, 1, "", "internal_error", {"incident": number})


def details_of(exc: BaseException) -> dict[str, Any]:
    """What programs may want to know of a refusal: `model`, `field` or `fields`, `ids`, `value`, `expected` …, as far as they are
    known; where in the request the value stands, as `path` (`params.vals[0].name`) and JSON pointer `pointer`; and for a batch,
    which call it was and what became of the others, as `batch`.
    """
    data = getattr(exc, "data", None)
    details = {key: _shown(value) for key, value in data.items() if value is not None} if isinstance(data, dict) else {}
    batch = getattr(exc, "batch", None)
    if batch is not None:
        details["batch"] = batch
    path = getattr(exc, "path", None)
    if path:
        details["path"] = whereabouts.dotted(path)
        details["pointer"] = whereabouts.pointer(path)
    return details


def _shown(value: Any, depth: int = 0) -> Any:
    """A detail as JSON can hold it: short, and without anything of the server in it."""
    if value is None or isinstance(value, (bool, float, Text)) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    if isinstance(value, str):
        return value if len(value) <= 200 else value[:197] + "..."
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)) and depth < 2:
        return [_shown(item, depth + 1) for item in list(value)[:100]]
    if isinstance(value, Mapping) and depth < 2:
        return {str(key)[:100]: _shown(item, depth + 1) for key, item in list(value.items())[:100]}
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."


def outcome(exc: BaseException) -> str:
    """The class of an error as clients and the log of calls know it."""
    for cls, name, *_rest in _TABLE:
        if isinstance(exc, cls):
            return name
    expected = _translated(exc)
    if expected is not None:
        return outcome(expected)
    return f"builtins.{type(exc).__name__}" if type(exc).__name__ in _BUILTINS else "builtins.Exception"


def number_of(exc: BaseException) -> str | None:
    """The incident number under which an unexpected error is or will be logged; None for refusals, which are not."""
    if any(isinstance(exc, cls) for cls, *_rest in _TABLE) or _translated(exc) is not None:
        return None
    number = getattr(exc, "incident_number", None)
    if number is None:
        number = _new_number()
        try:
            exc.incident_number = number  # type: ignore[attr-defined]
        except AttributeError:
            return None
    return str(number)


def _new_number() -> str:
    return f"{time.strftime('%Y%m%d')}-{secrets.token_hex(4).upper()}"


def _translated(exc: BaseException) -> Exception | None:
    """The refusal behind an exception of Python or of the database driver that a strange value provokes; None for real faults."""
    if isinstance(exc, RecursionError):
        return ValueRefused(_("The request is nested too deeply. Flatten the domain or the values."))
    if isinstance(exc, OverflowError):
        return ValueRefused(_("A number in the request is too large to be stored. Integers have 64 bits."))
    # SQLAlchemy is imported by the time its exceptions exist; asking by name keeps this module light.
    for cls in type(exc).__mro__:
        if cls.__module__ == "sqlalchemy.exc" and cls.__name__ == "DataError":
            return ValueRefused(
                _("A value in the request does not fit its column: it is too large, or of another kind. Check numbers and dates.")
            )
    cause = getattr(exc, "orig", None) or exc.__cause__
    if isinstance(cause, OverflowError):
        return _translated(cause)
    return None


def incident(exc: BaseException) -> str:
    """Log `exc` with its traceback; returns the number under which it is found."""
    number = str(getattr(exc, "incident_number", None) or _new_number())
    logger.error("Incident %s: %s", number, type(exc).__name__, exc_info=(type(exc), exc, exc.__traceback__))
    return number
