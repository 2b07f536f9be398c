"""Reading one cell: yes and no in words, numbers, days and moments, labels of a selection, base64, JSON."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.errors import FieldError
from server.model.fields import Field
from server.model.scalars import Selection
from server.text import Text, _, render

if TYPE_CHECKING:
    from server.model.environment import Environment

YES = frozenset("1 true yes y t si sí s x verdadero".split())
NO = frozenset("0 false no n f falso".split())
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$")


class Unreadable(Exception):
    """A cell that is no value of its field.

    :ivar text: what is wrong and what to write instead. :ivar unknown: True when it is merely none of the known values, which a
        caller may have asked to pass over.
    """

    def __init__(self, text: Text, unknown: bool = False) -> None:
        super().__init__(str(text))
        self.text = text
        self.unknown = unknown


Reader = Callable[[Any], Any]


def reader(field: Field, env: Environment) -> Reader:
    """What turns a cell that is not empty into a value of `field`.

    :raises Unreadable: by the function returned.
    """
    special = _KINDS.get(field.type)
    read: Reader
    if special is not None:
        read = special(field, env)
    else:

        def read(cell: Any) -> Any:
            return field.coerce(cell, env)

    def checked(cell: Any) -> Any:
        try:
            return read(cell)
        except FieldError as error:
            raise Unreadable(_("%(reason)s", reason=str(error))) from None

    return checked


def _boolean(field: Field, env: Environment) -> Reader:
    def read(cell: Any) -> bool:
        if isinstance(cell, bool):
            return cell
        word = str(cell).strip().lower()
        if word in YES:
            return True
        if word in NO or not word:
            return False
        raise Unreadable(_("this is neither yes nor no. Write 1 or 0, true or false, yes or no."), unknown=True)

    return read


def _numeric(field: Field, env: Environment) -> Reader:
    whole = field.type in ("integer", "many2one_reference")

    def read(cell: Any) -> Any:
        if isinstance(cell, str):
            text = cell.strip()
            if not text:
                return None
            if not _NUMBER.match(text):
                raise Unreadable(
                    _("this is no number. Write digits, with a point before the decimals and nothing between thousands: 1234.56.")
                )
            cell = Decimal(text)
            if whole and cell != cell.to_integral_value():
                raise Unreadable(_("this is no whole number. Write it without decimals."))
        return field.coerce(int(cell) if whole and isinstance(cell, Decimal) else cell, env)

    return read


def _date(field: Field, env: Environment) -> Reader:
    def read(cell: Any) -> Any:
        try:
            if isinstance(cell, str):
                text = cell.strip()
                return dt.date.fromisoformat(text[:10]) if len(text) == 10 else dt.datetime.fromisoformat(text).date()
        except ValueError:
            pass
        else:
            if not isinstance(cell, (bool, int, float)):
                return field.coerce(cell, env)
        raise Unreadable(_("this is no day. Write it as year, month, day: 2026-03-31."))

    return read


def _datetime(field: Field, env: Environment) -> Reader:
    here = zone(env)

    def read(cell: Any) -> Any:
        try:
            if isinstance(cell, str):
                return to_utc(dt.datetime.fromisoformat(cell.strip()), here)
            if isinstance(cell, dt.datetime):
                return to_utc(cell, here)
        except (ValueError, OverflowError):
            pass
        raise Unreadable(
            _("this is no moment. Write it as 2026-03-31 18:30:00, in your own time zone (%(zone)s).", zone=str(here))
        )

    return read


def zone(env: Environment) -> ZoneInfo:
    """The time zone in which the caller writes and reads moments of a table."""
    try:
        return ZoneInfo(env.tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def to_utc(moment: dt.datetime, here: ZoneInfo) -> dt.datetime:
    """A moment as it is stored; one without an offset is of the zone `here`."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=here)
    return moment.astimezone(dt.UTC).replace(tzinfo=None, microsecond=0)


def from_utc(moment: dt.datetime, here: ZoneInfo) -> str:
    """A stored moment in the zone `here`, as `to_utc` reads it back; with its offset where the clock shows that hour twice."""
    local = moment.replace(tzinfo=dt.UTC).astimezone(here)
    plain = local.replace(tzinfo=None)
    if to_utc(plain, here) == moment:
        return plain.isoformat(" ", "seconds")
    return local.isoformat(" ", "seconds")


def _selection(field: Field, env: Environment) -> Reader:
    assert isinstance(field, Selection)
    options = field.options(env)
    known = keys_by_word(field, env)

    def read(cell: Any) -> Any:
        word = str(cell)
        key = known.get(word) or known.get(word.strip().lower())
        if key is not None:
            return key
        choices = [f"{render(label, env.lang)} ({key})" for key, label in options[:12]]
        raise Unreadable(
            _(
                "this is none of the choices. Write one of: %(choices)s.",
                choices=", ".join(choices) + (" …" * (len(options) > 12)),
            ),
            unknown=True,
        )

    return read


def keys_by_word(field: Selection, env: Environment) -> dict[str, Any]:
    """{what a cell may say: key}: the key itself, the label in the caller's language, the label in English, in any case."""
    words: dict[str, Any] = {}
    options = field.options(env)
    for key, _label in options:
        words[str(key)] = key
    for lang in (env.lang, None):
        for key, label in options:
            words.setdefault(render(label, lang), key)
    for word, key in list(words.items()):
        words.setdefault(word.strip().lower(), key)
    return words


def _binary(field: Field, env: Environment) -> Reader:
    def read(cell: Any) -> Any:
        try:
            return base64.b64decode("".join(cell.split()), validate=True)
        except (AttributeError, binascii.Error, ValueError):
            raise Unreadable(_("this is no base64 text. Write the bytes of the file in base64.")) from None

    return read


def _json(field: Field, env: Environment) -> Reader:
    def read(cell: Any) -> Any:
        if not isinstance(cell, str):
            return cell
        try:
            return json.loads(cell)
        except ValueError:
            raise Unreadable(_('this is no JSON. Write a JSON value such as {"key": 1}.')) from None

    return read


_KINDS: dict[str, Callable[[Field, Environment], Reader]] = {
    "boolean": _boolean,
    "integer": _numeric,
    "many2one_reference": _numeric,
    "float": _numeric,
    "monetary": _numeric,
    "date": _date,
    "datetime": _datetime,
    "selection": _selection,
    "binary": _binary,
    "json": _json,
}
