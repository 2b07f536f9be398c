"""The XML-RPC wire format: a strict, bounded decoder on expat and an encoder that builds strings.

Decoding takes what the encoders in the field send (`<i4>`, `<i8>`, `<nil/>`, `<ex:nil/>`, bare text, `<value/>`, any declared
encoding) and refuses document types, so that neither entity bombs nor external entities exist. Dates and base64 arrive as the
strings that the JSON doors use, so nothing behind the codec knows which door a value came by.

Encoding never faults on nothing: `None` is boolean false. Answers hold no `<base64>` and no `<dateTime.iso8601>`.
"""

from __future__ import annotations

import datetime
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain, repeat
from math import isfinite
from typing import Any, NoReturn
from xml.parsers import expat

import orjson

from server.rpc.errors import Fault, MalformedRequest
from server.text import Text, _

#: Nesting of arrays and structs in a request; no client known nests deeper than 12.
MAX_DEPTH = 64
#: Elements in a request: far above any import, far below what fills the memory.
MAX_ELEMENTS = 4_000_000
_INT64 = 2**63

_SCALARS = {"int", "i4", "i8", "i2", "i1", "boolean", "double", "string", "base64", "dateTime.iso8601", "nil", "bigdecimal"}
_KNOWN = _SCALARS | {"methodCall", "methodName", "params", "param", "value", "array", "data", "struct", "member", "name"}

#: The elements a value may stand in.
_HOLDERS = ("param", "data", "member")


# -- decoding ---------------------------------------------------------------------------------------------------------------


class _Decoder:
    """State of one parse: the open containers, the names of open members and the text since the last tag."""

    def __init__(self) -> None:
        self.method: str | None = None
        self.params: list[Any] = []
        self._stack: list[Any] = [self.params]
        self._names: list[str | None] = []
        self._open: list[str] = []
        self._text: list[str] = []
        self._value: Any = None
        self._have = False
        self._elements = 0
        self.text = self._text.append

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        self._elements += 1
        if tag not in _KNOWN:
            _malformed(_("it has the unknown element <%(tag)s>", tag=tag[:40]))
        if not self._open and tag != "methodCall":
            _malformed(_("it does not start with <methodCall>"))
        if len(self._stack) > MAX_DEPTH or len(self._open) > 6 * MAX_DEPTH:
            _malformed(_("its values are nested deeper than %(limit)s levels", limit=MAX_DEPTH))
        if self._elements > MAX_ELEMENTS:
            _malformed(_("it has more than %(limit)s elements", limit=MAX_ELEMENTS))
        if tag == "value" and self._open[-1] not in _HOLDERS:
            _malformed(_("<value> stands inside <%(tag)s>", tag=self._open[-1]))
        if tag == "array":
            self._stack.append([])
        elif tag == "struct":
            self._stack.append({})
            self._names.append(None)
        elif tag == "value" or tag in _SCALARS:
            self._have = False
        self._open.append(tag)
        self._text.clear()

    def end(self, tag: str) -> None:
        tag = self._open.pop()
        if tag == "value":
            self._complete(self._value if self._have else "".join(self._text))
            self._have = False
        elif tag in _READERS:
            if not self._open or self._open[-1] != "value":
                _malformed(_("<%(tag)s> stands outside <value>", tag=tag))
            self._value = _READERS[tag]("".join(self._text))
            self._have = True
        elif tag == "name":
            if not self._names:
                _malformed(_("<name> stands outside <struct>"))
            self._names[-1] = "".join(self._text)
        elif tag == "array":
            self._value = self._stack.pop()
            self._have = True
        elif tag == "struct":
            self._names.pop()
            self._value = self._stack.pop()
            self._have = True
        elif tag == "methodName":
            self.method = "".join(self._text).strip()
        self._text.clear()

    def _complete(self, value: Any) -> None:
        """Put a finished value where it belongs: the open array, the open member, or the parameters."""
        top = self._stack[-1]
        if type(top) is list:
            top.append(value)
            return
        name = self._names[-1]
        if name is None:
            _malformed(_("a member of a <struct> has no <name>"))
        top[name] = value
        self._names[-1] = None


def _malformed(reason: Text) -> NoReturn:
    raise MalformedRequest(_("The body is not a valid XML-RPC request: %(reason)s.", reason=reason))


def _read_int(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        _malformed(_("%(text)s is no integer", text=repr(text[:40])))
    if not -_INT64 <= number < _INT64:
        _malformed(_("the integer %(text)s does not fit 64 bits", text=text.strip()[:40]))
    return number


def _read_double(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        _malformed(_("%(text)s is no number", text=repr(text[:40])))
    if not isfinite(number):
        _malformed(_("%(text)s is no number that can be stored", text=repr(text[:40])))
    return number


def _read_boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in ("1", "true"):
        return True
    if word in ("0", "false"):
        return False
    _malformed(_("%(text)s is no boolean", text=repr(text[:40])))


def _read_datetime(text: str) -> str:
    """The text form the other doors use: `YYYY-MM-DD HH:MM:SS` in UTC; a bare date stays a date."""
    word = text.strip()
    try:
        moment = datetime.datetime.fromisoformat(word)
    except ValueError:
        _malformed(_("%(text)s is no date and time", text=repr(text[:40])))
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _read_base64(text: str) -> str:
    return "".join(text.split())


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _read_int,
    "i4": _read_int,
    "i8": _read_int,
    "i2": _read_int,
    "i1": _read_int,
    "boolean": _read_boolean,
    "double": _read_double,
    "bigdecimal": _read_double,
    "string": str,
    "base64": _read_base64,
    "dateTime.iso8601": _read_datetime,
    "nil": lambda text: None,
}


def loads(body: bytes) -> tuple[str, list[Any]]:
    """Method name and parameters of the request `body`.

    :raises MalformedRequest: saying what is wrong; never anything else.
    """
    decoder = _Decoder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = decoder.start
    parser.EndElementHandler = decoder.end
    parser.CharacterDataHandler = decoder.text
    # Without a document type there are no entities but the five of XML itself.
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(body, True)
    except expat.ExpatError as exc:
        _malformed(_("%(detail)s", detail=str(exc)))
    except (LookupError, UnicodeError, ValueError) as exc:
        if isinstance(exc, MalformedRequest):
            raise
        _malformed(_("its encoding is unknown or wrong"))
    finally:
        # The handlers are bound methods of an object the parser does not own: without this the pair waits for the cycle
        # collector.
        parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
    if not decoder.method:
        _malformed(_("it names no method"))
    return decoder.method, decoder.params


def _refuse_doctype(*details: Any) -> NoReturn:
    _malformed(_("document types and entities are not accepted"))


# -- encoding ---------------------------------------------------------------------------------------------------------------

#: What a text cannot hold as it stands: markup, a bare carriage return (parsers would turn it into a newline), and what XML
#: forbids.
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_names: dict[str, str] = {}


def _escape_one(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], "")


def escape(text: str) -> str:
    """`text` as XML character data; control characters that XML cannot hold are left out."""
    return _SPECIAL.sub(_escape_one, text) if _SPECIAL.search(text) else text


def _member(name: Any) -> str:
    """The opening of a struct member; remembered, since the rows of one answer share their names."""
    text = name if type(name) is str else str(name)
    opening = f"<member><name>{escape(text)}</name>"
    if len(_names) < 10_000:
        _names[text] = opening
    return opening


def encode(value: Any, lang: str | None = None) -> str:
    """`value` as a `<value>` element; texts for people are rendered in `lang`.

    :raises TypeError: for a value no wire can carry (a fault of the method that returned it).
    """
    kind = type(value)
    if kind is str:
        if _SPECIAL.search(value):
            value = _SPECIAL.sub(_escape_one, value)
        return f"<value><string>{value}</string></value>"
    if kind is int:
        if -2147483648 <= value <= 2147483647:
            return f"<value><int>{value}</int></value>"
        return f"<value><i8>{value}</i8></value>"
    if value is None or value is False:
        return "<value><boolean>0</boolean></value>"
    if value is True:
        return "<value><boolean>1</boolean></value>"
    if kind is Decimal:
        return f"<value><double>{float(value)!r}</double></value>"
    if kind is float:
        return f"<value><double>{value!r}</double></value>"
    if kind is dict:
        known = _names
        parts = [(known.get(name) or _member(name)) + encode(item, lang) for name, item in value.items()]
        return "<value><struct>" + "</member>".join(parts) + ("</member></struct></value>" if parts else "</struct></value>")
    if kind is list or kind is tuple:
        if len(value) > 3 and type(value[0]) is dict:
            rows = _encode_rows(value, lang)
            if rows is not None:
                return rows.decode()
        return "<value><array><data>" + "".join([encode(item, lang) for item in value]) + "</data></array></value>"
    return _encode_other(value, lang)


def _encode_rows(rows: Sequence[Any], lang: str | None) -> bytes | None:
    """The array of mappings that share their keys, as every read answers; None when they do not.

    Written column by column, and put together in one go: what stands between the values is the same in every row, and a column
    of one kind is written without looking at each of its values.
    """
    names = list(rows[0])
    for row in rows:
        if type(row) is not dict or list(row) != names:
            return None
    if not names:
        return None
    pieces: list[Any] = []
    between = b"<value><struct>"
    for name in names:
        before, *column = _column([row[name] for row in rows], lang)
        between += (_names.get(name) or _member(name)).encode() + before
        for values, after in zip(column[::2], column[1::2], strict=True):
            pieces += (repeat(between), values)
            between = after
        between += b"</member>"
    pieces.append(repeat(between + b"</struct></value>"))
    every = zip(*pieces, strict=False)  # what repeats has no end; the values have one each for every row
    return b"<value><array><data>" + b"".join(chain.from_iterable(every)) + b"</data></array></value>"


#: What a column is written as: what stands before its values, then values and what follows them, in turns.
_Column = list[Any]


def _column(column: list[Any], lang: str | None) -> _Column:
    """The values of one column, encoded."""
    kinds = set(map(type, column))
    if len(kinds) == 1:
        (kind,) = kinds
        if kind is str:
            return [b"<value><string>", _texts(column), b"</string></value>"]
        if kind is float or kind is Decimal:
            numbers = _numbers(column if kind is float else list(map(float, column)))
            if numbers is not None:
                return [b"<value><double>", numbers, b"</double></value>"]
        elif kind is int and -2147483648 <= min(column) and max(column) <= 2147483647:
            return [b"<value><int>", _numbers(column), b"</int></value>"]
        elif kind is bool:
            return [b"<value><boolean>", [b"1" if value else b"0" for value in column], b"</boolean></value>"]
    if kinds <= _PAIR_KINDS:
        pairs = _pairs(column)
        if pairs is not None:
            return pairs
    return [b"", [encode(value, lang).encode() for value in column], b""]


def _texts(column: list[str]) -> list[bytes]:
    """Texts as character data."""
    # One search for the whole column; a line feed cannot make two harmless texts harmful.
    whole = "\n".join(column)
    if _SPECIAL.search(whole):
        return [escape(text).encode() for text in column]
    encoded = whole.encode().split(b"\n")
    return encoded if len(encoded) == len(column) else [text.encode() for text in column]


def _numbers(column: list[Any]) -> list[bytes] | None:
    """Numbers as JSON writes them, which is as XML-RPC does; None when one is not finite."""
    text = orjson.dumps(column)
    return None if b"null" in text else text[1:-1].split(b",")


def _pairs(column: list[Any]) -> _Column | None:
    """A column of `[id, name]` or false, as reads answer many2one fields; None when it is anything else."""
    given = [value for value in column if value is not False]
    try:
        ids, texts = map(list, zip(*given, strict=True))
    except (ValueError, TypeError):  # not two in each, or none at all
        return None
    if set(map(type, ids)) != {int} or set(map(type, texts)) != {str} or min(ids) < 0 or max(ids) > 2147483647:
        return None
    numbers, names = _numbers(ids) or [], _texts(texts)
    if len(given) == len(column):
        return [_PAIR[0], numbers, _PAIR[1], names, _PAIR[2]]
    written = map(b"%b%b%b%b%b".__mod__, zip(repeat(_PAIR[0]), numbers, repeat(_PAIR[1]), names, repeat(_PAIR[2]), strict=False))
    return [b"", [_FALSE if value is False else next(written) for value in column], b""]


_HEAD = "<?xml version='1.0'?>\n<methodResponse>\n"
_FALSE = b"<value><boolean>0</boolean></value>"
_PAIR = (
    b"<value><array><data><value><int>",
    b"</int></value><value><string>",
    b"</string></value></data></array></value>",
)
_PAIR_KINDS = {list, tuple, bool}


def _encode_other(value: Any, lang: str | None) -> str:
    if isinstance(value, Text):
        return encode(value.render(lang), lang)
    if isinstance(value, datetime.datetime):
        return encode(value.strftime("%Y-%m-%d %H:%M:%S"), lang)
    if isinstance(value, datetime.date):
        return encode(value.isoformat(), lang)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return encode(b64encode(value).decode(), lang)
    if isinstance(value, str):
        return encode(str.__str__(value), lang)
    if isinstance(value, int):
        return encode(int(value), lang)
    if isinstance(value, Decimal):
        return encode(float(value), lang)
    if isinstance(value, Mapping):
        return encode(dict(value), lang)
    ids = getattr(value, "ids", None)
    if isinstance(ids, (list, tuple)):
        return encode(list(ids), lang)
    if isinstance(value, Iterable):
        return encode(list(value), lang)
    raise TypeError(f"a value of class {type(value).__name__} cannot be sent")


def dumps(value: Any, lang: str | None = None) -> bytes:
    """The response document that carries `value`."""
    rows = _encode_rows(value, lang) if type(value) is list and len(value) > 3 and type(value[0]) is dict else None
    return b"".join((_START, rows if rows is not None else encode(value, lang).encode(), _END))


_START = f"{_HEAD}<params>\n<param>\n".encode()
_END = b"\n</param>\n</params>\n</methodResponse>\n"


def dumps_fault(fault: Fault, legacy: bool = False) -> bytes:
    """The fault document: integer codes on `/xmlrpc/2`, the older string codes when `legacy`."""
    if not legacy:
        code: Any = fault.code
        text = fault.debug if fault.code == 1 else fault.message
    elif fault.legacy == "AccessDenied":
        code, text = fault.legacy, fault.message
    elif fault.legacy:
        code, text = fault.legacy + fault.message, ""
    else:
        code, text = fault.message, fault.debug
    body = encode({"faultCode": code, "faultString": text.rstrip("\n")})
    return f"{_HEAD}<fault>\n{body}\n</fault>\n</methodResponse>\n".encode()
