"""JSON as the doors read and write it: orjson, with bounds on what comes in and the platform's own values on what goes out.

Decimals leave as numbers (the shortest text that is the same double), moments as `YYYY-MM-DD HH:MM:SS` in UTC, texts for people
in the reader's language, record sets as ids. NaN, infinities, lone surrogates and NUL characters do not come in.
"""

from __future__ import annotations

import datetime
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import orjson

from server.rpc.errors import MalformedRequest, ValueRefused
from server.text import Text, _

#: Nesting of lists and mappings in a request.
MAX_DEPTH = 64
#: Lists and mappings in a request; each costs some hundred bytes once decoded.
MAX_CONTAINERS = 1_000_000

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def loads(body: bytes) -> Any:
    """The value of a JSON text.

    :raises MalformedRequest: not JSON, not UTF-8, or more lists and mappings than anybody means.
    """
    if body.count(b"[") + body.count(b"{") > MAX_CONTAINERS:
        raise MalformedRequest(_("The body has more than %(limit)s lists and mappings.", limit=MAX_CONTAINERS))
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise MalformedRequest(_("The body is not valid JSON: %(reason)s.", reason=exc.msg)) from None


def check(body: bytes, value: Any) -> None:
    """Refuse what is JSON but cannot be meant; most bodies are not looked at, since they cannot hold any of it.

    :raises ValueRefused: nested too deeply, or a character that no database takes.
    """
    has_nul = b"\\u0000" in body
    if has_nul or body.count(b"]") + body.count(b"}") > MAX_DEPTH:
        _check(value, 0, has_nul)


def _check(value: Any, depth: int, has_nul: bool) -> None:
    if depth > MAX_DEPTH:
        raise ValueRefused(_("The body is nested deeper than %(limit)s levels.", limit=MAX_DEPTH))
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if has_nul:
                _check(key, depth, True)
            if has_nul or type(item) is dict or type(item) is list:
                _check(item, depth + 1, has_nul)
    elif kind is list:
        for item in value:
            if has_nul or type(item) is dict or type(item) is list:
                _check(item, depth + 1, has_nul)
    elif has_nul and kind is str and "\0" in value:
        raise ValueRefused(_("A text in the body has a NUL character, which cannot be stored."))


def _default(value: Any, lang: str | None = None) -> Any:
    """What orjson cannot write by itself."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Text):
        return value.render(lang)
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b64encode(value).decode()
    if isinstance(value, Mapping):
        return dict(value)
    ids = getattr(value, "ids", None)
    if isinstance(ids, (list, tuple)):
        return list(ids)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"a value of class {type(value).__name__} cannot be sent")


def _defaults(lang: str | None) -> Callable[[Any], Any]:
    return partial(_default, lang=lang) if lang else _default


def dumps(value: Any, lang: str | None = None) -> bytes:
    """The JSON text of `value`; texts for people in `lang`.

    :raises TypeError: for a value no wire can carry (a fault of the method that returned it).
    """
    try:
        return orjson.dumps(value, _defaults(lang), _OPTIONS)
    except orjson.JSONEncodeError as exc:
        if "Type is not JSON serializable" in str(exc):
            raise TypeError(str(exc)) from exc
        # Integers of more than 64 bits and lone surrogates: orjson refuses them, JSON itself does not.
        return json.dumps(value, default=_defaults(lang), ensure_ascii=True, separators=(",", ":")).encode()
