"""Fields: what a model says of its data. Scalar kinds here; relations in `relational.py`.

A field object in a definition is a *declaration*. The registry binds a copy of it into each composed model class; the bound copy
is the descriptor that reads and writes the transaction's cache. Values in the cache are Python values (`Decimal`, `date`, naive
UTC `datetime`, ids), `None` for nothing.
"""

from __future__ import annotations

import base64
import binascii
import builtins
import copy
import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa

from server.db.types import ExactNumeric, UtcDateTime
from server.db.types import Json as JsonType
from server.errors import FieldError
from server.text import Text as LazyText
from server.text import _, render

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.records import Records

#: Fields every model has; ignored when written.
AUTOMATIC = ("id", "display_name", "create_date", "create_uid", "write_date", "write_uid")


class Extend:
    """Changes attributes of a field that another addon declared: `state = Extend(selection_add=[("done", _("Done"))])`.

    Allowed: `default, help, string, tracking, required (checked by the service), readonly, selection_add, copy, groups, aliases`.
    """

    ALLOWED = frozenset("default help string tracking required readonly selection_add copy groups aliases index".split())

    def __init__(self, **changes: Any) -> None:
        unknown = set(changes) - self.ALLOWED
        if unknown:
            raise TypeError(f"Extend() cannot change {', '.join(sorted(unknown))}; allowed: {', '.join(sorted(self.ALLOWED))}")
        self.changes = changes


class Field:
    """Base of all fields; see docs/addons/model-api.md for the arguments."""

    type: ClassVar[str] = ""
    #: Python value of an attribute that holds nothing.
    null: ClassVar[Any] = None
    #: What a door answers when there is nothing.
    wire_null: ClassVar[Any] = False
    is_column: ClassVar[bool] = True
    comodel: str = ""

    def __init__(
        self,
        string: LazyText | str | None = None,
        *,
        required: bool = False,
        readonly: bool | None = None,
        index: bool = False,
        help: LazyText | str | None = None,
        default: Any = None,
        copy: bool | None = None,
        tracking: bool = False,
        groups: str = "",
        compute: str | None = None,
        store: bool | None = None,
        related: str | None = None,
        inverse: str | None = None,
        search: str | None = None,
        aliases: Sequence[str] = (),
        server_default: Any = None,
        company_dependent: bool = False,
        translate: bool = False,
        prefetch: bool = True,
        aggregator: str | None = None,
        depends_on: Sequence[str] = (),
        renamed_from: str | None = None,
        exportable: bool = True,
    ) -> None:
        self.string = string
        self.required = required
        self.index = index
        self.help = help
        self.default = default
        self.tracking = tracking
        self.groups = groups
        self.compute = compute
        self.related = related
        self.inverse = inverse
        self.search = search
        self.aliases = tuple(aliases)
        self.server_default = server_default
        self.company_dependent = company_dependent
        self.translate = translate
        self.prefetch = prefetch
        self.depends_on = tuple(depends_on)
        self.renamed_from = renamed_from
        self.exportable = exportable
        computed = bool(compute or related)
        self.store = store if store is not None else not computed
        self.readonly = readonly if readonly is not None else (computed and not inverse and not related)
        self.copy = copy if copy is not None else not computed
        if aggregator is not None:
            self.aggregator: str | None = aggregator
        else:
            self.aggregator = self.default_aggregator
        # filled when bound
        self.name = ""
        self.model_name = ""
        self.addon = ""
        self.key: tuple[str, str] = ("", "")
        self.inherited_from = ""

    default_aggregator: ClassVar[str | None] = None

    # -- declaration ----------------------------------------------------------------------------------------------
    def __set_name__(self, owner: builtins.type, name: str) -> None:
        if not self.name:
            self.name = name

    def bound(self, model_name: str, name: str, addon: str, changes: dict[str, Any] | None = None) -> Field:
        """A copy of this declaration that belongs to one composed model class."""
        field = copy.copy(self)
        field.name = name
        field.model_name = model_name
        field.addon = addon
        field.key = (model_name, name)
        if changes:
            field.apply(changes)
        if field.string is None:
            field.string = name.removesuffix("_ids").removesuffix("_id").replace("_", " ").capitalize()
        field._contextual = field.translate or field.company_dependent or field.type in ("one2many", "many2many")
        return field

    def apply(self, changes: dict[str, Any]) -> None:
        """Apply an `Extend` to this bound copy."""
        for attribute, value in changes.items():
            if attribute == "aliases":
                self.aliases = (*self.aliases, *value)
            else:
                setattr(self, attribute, value)

    @property
    def computed(self) -> bool:
        """True when the value comes from a compute method or a related path."""
        return bool(self.compute or self.related)

    @property
    def stored(self) -> bool:
        """True when the table has a column for it."""
        return self.is_column and self.store

    def sql_type(self) -> Any:
        """The SQLAlchemy type of the column."""
        raise NotImplementedError

    def column(self, owned_by_table: bool) -> sa.Column[Any]:
        """The column of this field. A column on a foreign addon's table is nullable unless it has a server default."""
        kind = JsonType if self.company_dependent else self.sql_type()
        not_null = self.required and not self.company_dependent and (owned_by_table or self.server_default is not None)
        default = self.server_default
        return sa.Column(
            self.name,
            kind,
            *self.constraints(),
            nullable=not not_null,
            server_default=None if default is None else sa.text(str(default)),
            info={"addon": self.addon, "field": self.name, "renamed_from": self.renamed_from},
        )

    def constraints(self) -> Sequence[Any]:
        """Column-level constraints (foreign keys)."""
        return ()

    # -- values ---------------------------------------------------------------------------------------------------
    def coerce(self, value: Any, env: Environment) -> Any:
        """The cache value of what a caller or a door gave; raises FieldError naming field and value."""
        return value

    def wire(self, value: Any) -> Any:
        """What a door answers for a cache value."""
        return self.wire_null if value is None else value

    def complain(self, value: Any, wanted: str) -> FieldError:
        """The error for a value of the wrong kind."""
        shown = repr(value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return FieldError(f"Wrong value for {self.model_name}.{self.name}: {shown}. Expected {wanted}.")

    # -- descriptor -----------------------------------------------------------------------------------------------
    _contextual = False
    #: Context keys (`@depends_context`) that change a computed value.
    context_keys: tuple[str, ...] = ()

    def cache_key(self, env: Environment) -> tuple[Any, ...]:
        """Key of this field's values in the transaction's cache; depends on language or company where the value does."""
        if self._contextual:
            if self.context_keys:
                return (*self.key, *(context_value(env, k) for k in self.context_keys))
            if self.translate:
                return (*self.key, env.translation_lang)
            return (*self.key, env.company_id)
        return self.key

    def __get__(self, records: Records | None, owner: builtins.type | None = None) -> Any:
        if records is None:
            return self
        ids = records._ids
        if len(ids) != 1:
            if not ids:
                return self.null
            records.ensure_one()
        env = records.env
        txn = env.transaction
        if txn.pending and (self.compute or self.related):
            from server.model.compute import settle

            settle(records, self)
        try:
            value = txn.values[self.cache_key(env) if self._contextual else self.key][ids[0]]
        except KeyError:
            value = records._load_value(self)
        return self.null if value is None else self.present(value, records)

    def present(self, value: Any, records: Records) -> Any:
        """The attribute's value for a cache value that is not None."""
        return value

    def __set__(self, records: Records, value: Any) -> None:
        records._assign(self, value)

    # -- description ----------------------------------------------------------------------------------------------
    def describe(self, env: Environment) -> dict[str, Any]:
        """The `fields_get` entry: no null values, labels in the caller's language."""
        lang = env.lang
        entry: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "string": render(self.string, lang),
            "required": bool(self.required),
            "readonly": bool(self.readonly),
            "store": self.stored,
            "searchable": self.searchable,
            "sortable": self.stored,
            "groupable": self.stored and self.type not in ("binary", "json"),
            "translate": self.translate,
            "company_dependent": self.company_dependent,
            "exportable": self.exportable,
            "depends": list(self.depends_on),
            "change_default": False,
            "manual": False,
            "module": self.addon,
        }
        if self.help:
            entry["help"] = render(self.help, lang)
        if self.aggregator and self.stored:
            entry["aggregator"] = entry["group_operator"] = self.aggregator
        if self.related:
            entry["related"] = self.related
        if self.groups:
            entry["groups"] = self.groups
        return entry

    @property
    def searchable(self) -> bool:
        """True when a domain may name the field."""
        return self.stored or bool(self.search) or bool(self.related)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.model_name}.{self.name}>"


def context_value(env: Environment, key: str) -> Any:
    """What a context key stands for, as part of a cache key."""
    if key == "company":
        return env.company_id
    if key == "lang":
        return env.lang
    if key == "uid":
        return env.uid
    value = env.context.get(key)
    return tuple(value) if isinstance(value, list) else value


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


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


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
                value = value.astimezone(dt.UTC).replace(tzinfo=None)
            return value.replace(microsecond=0)
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day)
        raise self.complain(value, "a date and time like 2026-03-31 18:30:00 (UTC)")

    def wire(self, value: Any) -> Any:
        return False if value is None else value.isoformat(" ", "seconds")


class Selection(Field):
    """One key of a fixed list of `(key, label)`; `selection_add` by `Extend` adds keys."""

    type = "selection"

    def __init__(self, selection: Sequence[tuple[str, Any]] | Callable[[Any], Any] = (), string: Any = None, **kw: Any) -> None:
        super().__init__(string, **kw)
        self.selection = list(selection) if not callable(selection) else selection

    def sql_type(self) -> Any:
        return sa.String()

    def apply(self, changes: dict[str, Any]) -> None:
        changes = dict(changes)
        added = changes.pop("selection_add", ())
        if added:
            assert isinstance(self.selection, list)
            self.selection = [*self.selection, *(pair for pair in added if pair[0] not in dict(self.selection))]
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


#: Labels of the automatic fields.
LABELS = {
    "id": _("ID"), "display_name": _("Display name"), "create_date": _("Created on"), "create_uid": _("Created by"),
    "write_date": _("Last updated on"), "write_uid": _("Last updated by"),
}  # fmt: skip
