"""The scalar fields: text, numbers, dates, selections, bytes, JSON."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa

from server.db.types import ExactNumeric, UtcDateTime
from server.db.types import Json as JsonType
from server.model.fields import Field
from server.text import Text as LazyText
from server.text import render

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.records import Records

#: Fields every model has; ignored when written.


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Char(Field):
    """One line of text. `size=` limits it."""

    type = "char"

    def __init__(self, string: Any = None, *, size: int | None = None, trim: bool = True, **kw: Any) -> None:
        super().__init__(string, **kw)
        self.size = size
        self.trim = trim

    def sql_type(self) -> Any:
        return sa.String(self.size) if self.size else sa.String()

    def coerce(self, value: Any, env: Environment) -> Any:
        if value is None or value is False or value == "":
            return None
        if not isinstance(value, str):
            if isinstance(value, LazyText):
                value = value.render(env.lang)
            elif isinstance(value, bytes):
                raise self.complain(value, "text")
            elif isinstance(value, (int, Decimal, float)):
                value = str(value)
            else:
                raise self.complain(value, "text")
        if "\x00" in value:
            raise self.complain(value, "text without NUL characters")
        if self.size and len(value) > self.size:
            raise self.complain(value, f"at most {self.size} characters")
        return value

    def describe(self, env: Environment) -> dict[str, Any]:
        entry = super().describe(env)
        entry["trim"] = self.trim
        if self.size:
            entry["size"] = self.size
        return entry


class Text(Char):
    """Text of any length ."""

    type = "text"

    def sql_type(self) -> Any:
        return sa.Text()


class Html(Text):
    """HTML text."""

    type = "html"


class Integer(Field):
    """64 bit whole number; nothing reads as 0."""

    type = "integer"
    null = 0
    wire_null = 0
    default_aggregator: ClassVar[str | None] = "sum"

    def sql_type(self) -> Any:
        return sa.BigInteger()

    def coerce(self, value: Any, env: Environment) -> Any:
        if value is None or value is False or value == "":
            return None
        if value is True:
            return 1
        try:
            number = int(value)
            if isinstance(value, (float, Decimal)) and number != value:
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise self.complain(value, "a whole number") from None
        if not -(2**63) <= number < 2**63:
            raise self.complain(value, "a number of at most 64 bits")
        return number


class Id(Integer):
    """The primary key."""

    default_aggregator = None

    def __get__(self, records: Records | None, owner: type | None = None) -> Any:
        if records is None:
            return self
        ids = records._ids
        if len(ids) > 1:
            records.ensure_one()
        return ids[0] if ids else None

    def __set__(self, records: Records, value: Any) -> None:
        raise AttributeError("id is given by the database")

    def wire(self, value: Any) -> Any:
        return value


class Numeric(Field):
    """Exact decimal with `digits=(precision, scale)`; RPC type `float`. Nothing reads as Decimal 0."""

    type = "float"
    null = Decimal(0)
    wire_null = 0.0
    default_aggregator = "sum"

    def __init__(self, string: Any = None, *, digits: tuple[int, int] = (16, 4), **kw: Any) -> None:
        super().__init__(string, **kw)
        self.digits = digits
        self.quantum = Decimal(1).scaleb(-digits[1])
        self.limit = Decimal(10) ** (digits[0] - digits[1])

    def sql_type(self) -> Any:
        return ExactNumeric(*self.digits)

    def coerce(self, value: Any, env: Environment) -> Any:
        if type(value) is not Decimal:
            if value is None or value is False or value == "":
                return None
            if value is True:
                return Decimal(1)
            if not isinstance(value, (int, float, str)):  # Decimal() would also take the digits of a number as a list
                raise self.complain(value, "a number")
            try:
                value = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
            except (InvalidOperation, TypeError, ValueError):
                raise self.complain(value, "a number") from None
        if not value.is_finite() or abs(value) >= self.limit:
            raise self.complain(value, f"a number below {self.limit}")
        return value.quantize(self.quantum, ROUND_HALF_UP)

    def wire(self, value: Any) -> Any:
        return 0.0 if value is None else float(value)

    def describe(self, env: Environment) -> dict[str, Any]:
        entry = super().describe(env)
        entry["digits"] = list(self.digits)
        return entry


class Monetary(Numeric):
    """Amount of money in the currency of the record's `currency_field`; 4 decimals stored."""

    type = "monetary"

    def __init__(self, string: Any = None, *, currency_field: str = "currency_id", **kw: Any) -> None:
        kw.setdefault("digits", (18, 4))
        super().__init__(string, **kw)
        self.currency_field = currency_field

    def describe(self, env: Environment) -> dict[str, Any]:
        entry = super().describe(env)
        entry["currency_field"] = self.currency_field
        return entry


class Boolean(Field):
    """Yes or no; nothing reads as False."""

    type = "boolean"
    null = False

    def sql_type(self) -> Any:
        return sa.Boolean()

    def coerce(self, value: Any, env: Environment) -> Any:
        if isinstance(value, bool):
            return value
        if value is None or value == "":
            return False
        if isinstance(value, (int, float, Decimal)):
            return bool(value)
        if isinstance(value, str) and value.lower() in ("true", "1", "yes"):
            return True
        if isinstance(value, str) and value.lower() in ("false", "0", "no"):
            return False
        raise self.complain(value, "true or false")


class Date(Field):
    """Calendar day, in the company's time zone; `YYYY-MM-DD` on the wire."""

    type = "date"

    def sql_type(self) -> Any:
        return sa.Date()

    def coerce(self, value: Any, env: Environment) -> Any:
        if value is None or value is False or value == "":
            return None
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        try:
            if isinstance(value, str) and _DATE.match(value):
                return dt.date.fromisoformat(value[:10])
        except ValueError:
            pass
        raise self.complain(value, "a date like 2026-03-31")

    def wire(self, value: Any) -> Any:
        return False if value is None else value.isoformat()


class Datetime(Field):
    """Moment in UTC, naive, whole seconds; `YYYY-MM-DD HH:MM:SS` on the wire."""

    type = "datetime"

    def sql_type(self) -> Any:
        return UtcDateTime()

    def coerce(self, value: Any, env: Environment) -> Any:
        if value is None or value is False or value == "":
            return None
        if isinstance(value, str):
            text = value.strip()
            try:
                if re.match(r"\d{8}T", text):  # XML-RPC's own form
                    value = dt.datetime.strptime(text[:17], "%Y%m%dT%H:%M:%S")
                else:
                    value = dt.datetime.fromisoformat(text)
            except ValueError:
                raise self.complain(value, "a date and time like 2026-03-31 18:30:00 (UTC)") from None
        if isinstance(value, dt.datetime):
            if value.tzinfo is not None:
                try:
                    value = value.astimezone(dt.UTC).replace(tzinfo=None)
                except OverflowError:  # the first or last hours of the calendar, elsewhere
                    raise self.complain(value.isoformat(), "a date and time like 2026-03-31 18:30:00 (UTC)") from None
            return value.replace(microsecond=0)
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day)
        raise self.complain(value, "a date and time like 2026-03-31 18:30:00 (UTC)")

    def wire(self, value: Any) -> Any:
        return False if value is None else value.isoformat(" ", "seconds")


class Selection(Field):
    """One key of a fixed list of `(key, label)`; `selection_add` by `Extend` adds keys.

    :param older: keys of other versions that programs still search for → the domain that means the same.
    """

    type = "selection"

    def __init__(
        self,
        selection: Sequence[tuple[str, Any]] | Callable[[Any], Any] = (),
        string: Any = None,
        *,
        older: Mapping[str, Sequence[Any]] | None = None,
        **kw: Any,
    ) -> None:
        super().__init__(string, **kw)
        self.selection = list(selection) if not callable(selection) else selection
        self.older = dict(older or {})

    def sql_type(self) -> Any:
        return sa.String()

    def apply(self, changes: dict[str, Any]) -> None:
        changes = dict(changes)
        added = changes.pop("selection_add", ())
        if added:
            assert isinstance(self.selection, list)
            self.selection = [*self.selection, *(pair for pair in added if pair[0] not in dict(self.selection))]
        if "older" in changes:
            changes["older"] = {**self.older, **changes["older"]}
        super().apply(changes)

    def options(self, env: Environment) -> list[tuple[str, Any]]:
        """The `(key, label)` pairs."""
        return list(self.selection(env)) if callable(self.selection) else self.selection

    def coerce(self, value: Any, env: Environment) -> Any:
        if value is None or value is False or value == "":
            return None
        for key, _label in self.options(env):
            if key == value:
                return key
        raise self.complain(value, "one of " + ", ".join(repr(key) for key, _label in self.options(env)))

    def describe(self, env: Environment) -> dict[str, Any]:
        entry = super().describe(env)
        entry["selection"] = [[key, render(label, env.lang)] for key, label in self.options(env)]
        return entry

    def label(self, env: Environment, value: str | None) -> LazyText | str:
        """The label of a key, for texts."""
        found: LazyText | str = dict(self.options(env)).get(value or "", value or "")
        return found


class Binary(Field):
    """Bytes; base64 text on the wire. Never prefetched."""

    type = "binary"

    def __init__(self, string: Any = None, **kw: Any) -> None:
        kw.setdefault("prefetch", False)
        kw.setdefault("copy", True)
        super().__init__(string, **kw)

    def sql_type(self) -> Any:
        return sa.LargeBinary()

    def coerce(self, value: Any, env: Environment) -> Any:
        if value is None or value is False or value == "":
            return None
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        if isinstance(value, str):
            try:
                return base64.b64decode(value, validate=False)
            except (binascii.Error, ValueError):
                raise self.complain(value, "base64 text") from None
        raise self.complain(value, "bytes or base64 text")

    def wire(self, value: Any) -> Any:
        return False if value is None else base64.b64encode(value).decode()


class Json(Field):
    """Any JSON value."""

    type = "json"

    def sql_type(self) -> Any:
        return JsonType

    def coerce(self, value: Any, env: Environment) -> Any:
        return None if value is False else value


def as_json(value: Any) -> Any:
    """A company-dependent value inside its JSON column: decimals and dates as text."""
    return value if value is None or isinstance(value, (bool, int, str, list, dict)) else str(value)
