"""Fields: what a model says of its data. Scalar kinds here; relations in `relational.py`.

A field object in a definition is a *declaration*. The registry binds a copy of it into each composed model class; the bound copy
is the descriptor that reads and writes the transaction's cache. Values in the cache are Python values (`Decimal`, `date`, naive
UTC `datetime`, ids), `None` for nothing.
"""

from __future__ import annotations

import builtins
import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa

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

    Allowed: `default, help, string, tracking, required (checked by the service), readonly, selection_add, copy, groups, aliases,
    index, older` (of a selection).
    """

    ALLOWED = frozenset("default help string tracking required readonly selection_add copy groups aliases index older".split())

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
    #: True for a field that people added to the database (see `server.addon.custom`).
    manual: bool = False

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
        self.settle()
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

    def settle(self) -> None:
        """Derive `computed` (by a method or a related path) and `stored` (the table has a column); again after a change of
        either.
        """
        self.computed = bool(self.compute or self.related)
        self.stored = bool(self.is_column and self.store)

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
        return FieldError(
            f"Wrong value for {self.model_name}.{self.name}: {shown}. Expected {wanted}.",
            model=self.model_name,
            field=self.name,
            value=value,
            expected=wanted,
        )

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
            "searchable": self.found_in(env),
            "sortable": self.stored,
            "groupable": self.stored and self.type not in ("binary", "json"),
            "translate": self.translate,
            "company_dependent": self.company_dependent,
            "exportable": self.exportable,
            "depends": list(self.depends_on),
            "change_default": False,
            "manual": self.manual,
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

    def found_in(self, env: Environment) -> bool:
        """True when a domain may name the field here: a related one may when every step of its path can be searched."""
        if not self.related or self.stored:
            return self.searchable or self.name == "display_name"
        model = self.model_name
        for name in self.related.split("."):
            step = env[model]._fields[name]
            if not step.found_in(env):
                return False
            model = step.comodel
        return True

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


#: Labels of the automatic fields.
LABELS = {
    "id": _("ID"), "display_name": _("Display name"), "create_date": _("Created on"), "create_uid": _("Created by"),
    "write_date": _("Last updated on"), "write_uid": _("Last updated by"),
}  # fmt: skip
