"""The registry: from definitions to tables and model classes.

**Model definition**: a class in an addon (see `definition.py`). **Model class**: the one class of a model name, composed with
`type()`.

One `Registry` holds the *installed* addons of a database: their tables with all columns. A company uses a subset, its *enabled*
addons; for each such subset the registry composes a `ModelSet`: one class per model, from the definitions of just these addons,
in dependency order:

    definitions                      model class in {sales}        model class in {sales, loyalty, stock}

    SaleOrder        (sales)         sale.order                    sale.order
     ├─ LoyaltyOrder (loyalty)        └─ SaleOrder                  ├─ StockOrder     (latest addon first,
     └─ StockOrder   (sales_stock)                                  ├─ LoyaltyOrder    so super() means
                                                                    └─ SaleOrder       "the addons before me")

So nothing has to ask which company is on: a disabled addon's fields, methods and models are not there, and cost nothing. All sets
share the tables. A new registry is built beside the old one and swapped whole; nothing is ever reloaded or changed in place.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.addon.custom import CUSTOM, declare
from server.db.types import Id as IdType
from server.errors import RegistryError
from server.model.definition import Model, definitions_of
from server.model.fields import LABELS, Extend, Field
from server.model.modelset import ModelSet
from server.model.records import Records
from server.model.relational import Many2many, Many2one, One2many, database_rule
from server.model.scalars import Char, Datetime, Id

if TYPE_CHECKING:
    from server.addon.custom import Custom
    from server.addon.manifest import Addon
    from server.hooks import HookRegistry


#: Private names of the record layer that a definition may redefine.
OVERRIDABLE = frozenset({"_compute_display_name", "_search_display_name"})


class Registry:
    """Tables and definitions of the installed addons, and a `ModelSet` per set of enabled ones.

    :param addons: installed addons in dependency order, the kernel first.
    :param custom: what people added in this database (`server.addon.custom`).
    :raises RegistryError: with `.addon` naming the addon to blame.
    """

    def __init__(self, addons: Sequence[Addon], hooks: HookRegistry | None = None, custom: Custom | None = None) -> None:
        self.addons = list(addons)
        self.names = frozenset(a.name for a in self.addons)
        self.metadata = sa.MetaData()
        #: model name -> [(addon name, definition)] in dependency order
        self.definitions: dict[str, list[tuple[str, type[Model]]]] = {}
        #: model name -> {field name -> bound field}, over all installed addons
        self.fields: dict[str, dict[str, Field]] = {}
        self._sets: dict[frozenset[str], ModelSet] = {}
        self._lock = Lock()
        for addon in self.addons:
            self._collect(addon)
        self.custom = custom
        if custom is not None and (custom.models or custom.fields):
            declare(custom, self.definitions)
        self._check_fields()
        #: many2one fields that are the other side of a one2many: what a list of lines is found by
        self._looked_up = {
            (f.comodel, f.inverse_name) for fields in self.fields.values() for f in fields.values() if isinstance(f, One2many)
        }
        for name in self.definitions:
            self._make_table(name)
        for name in self.definitions:
            self._make_relations(name)
        self.hooks = hooks if hooks is not None else self._make_hooks()
        self.for_enabled(self.names)  # composes everything once, so that mistakes show at build time

    # -- collecting -------------------------------------------------------------------------------------------------
    def _collect(self, addon: Addon) -> None:
        package = addon.package or ""
        if addon.definitions is not None:
            found: list[Any] = list(addon.definitions)
        else:
            module = f"{package}.models"
            try:
                if importlib.util.find_spec(module) is not None:
                    importlib.import_module(module)
                if importlib.util.find_spec(f"{package}.jobs") is not None:
                    importlib.import_module(f"{package}.jobs")
            except RegistryError as error:
                error.addon = error.addon or addon.name
                raise
            except Exception as error:
                raise RegistryError(
                    f"Addon {addon.name}: importing {module} failed: {type(error).__name__}: {error}", addon=addon.name
                ) from error
            found = definitions_of(f"{package}.models")
        for definition in found:
            name = definition.model_name
            shadowed = [
                n
                for n in vars(definition)
                if n.startswith("_") and not n.startswith("__") and hasattr(Records, n) and n not in OVERRIDABLE
            ]
            if shadowed:
                raise RegistryError(
                    f"Addon {addon.name}: {definition.__qualname__} redefines {', '.join(shadowed)}, which is private to the "
                    f"kernel. Choose another name.",
                    addon=addon.name,
                )
            if definition.is_base and name in self.definitions:
                owner = self.definitions[name][0][0]
                raise RegistryError(
                    f"Addon {addon.name}: model {name} is already declared by addon {owner}. Extend its definition instead.",
                    addon=addon.name,
                )
            if not definition.is_base and name not in self.definitions:
                raise RegistryError(
                    f"Addon {addon.name}: {definition.__qualname__} extends the unknown model {name}. Add the addon that "
                    f"declares it to `depends`.",
                    addon=addon.name,
                )
            self.definitions.setdefault(name, []).append((addon.name, definition))

    def _check_fields(self) -> None:
        for name, parts in self.definitions.items():
            owner_addon = parts[0][0]
            fields: dict[str, Field] = {}
            for addon, definition in parts:
                for field_name, declared in definition.own_fields.items():
                    if field_name in fields:
                        raise RegistryError(
                            f"Addon {addon}: field {name}.{field_name} already belongs to addon {fields[field_name].addon}. "
                            "One owner per column: choose another name, or change its attributes with Extend(…).", addon=addon,
                        )  # fmt: skip
                    if (
                        addon not in (owner_addon, CUSTOM)
                        and declared.required
                        and declared.stored
                        and declared.server_default is None
                        and not declared.company_dependent
                    ):
                        raise RegistryError(
                            f"Addon {addon}: field {name}.{field_name} is required on a table of addon {owner_addon}. A column "
                            f"on a foreign table must be nullable "
                            "or have server_default=…, so that records made without the addon stay valid.", addon=addon,
                        )  # fmt: skip
                    fields[field_name] = declared.bound(name, field_name, addon)
                for field_name, extend in definition.own_extends.items():
                    if field_name not in fields:
                        raise RegistryError(f"Addon {addon}: Extend() of unknown field {name}.{field_name}.", addon=addon)
                    fields[field_name] = fields[field_name].bound(name, field_name, fields[field_name].addon, extend.changes)
            for field in automatic_fields(name, owner_addon):
                fields.setdefault(field.name, field)
            self.fields[name] = fields
        for name, fields in self.fields.items():
            for field in list(fields.values()):
                if field.comodel and field.comodel not in self.fields:
                    raise RegistryError(
                        f"Addon {field.addon}: field {name}.{field.name} points to the unknown model {field.comodel}.",
                        addon=field.addon,
                    )

    # -- tables -----------------------------------------------------------------------------------------------------
    def _make_table(self, name: str) -> None:
        owner = self.definitions[name][0][0]
        table_name = name.replace(".", "_")
        columns: list[sa.Column[Any]] = [
            sa.Column("id", IdType, sa.Identity(), primary_key=True, info={"addon": owner, "field": "id"})
        ]
        fields = self.fields[name]
        for field in fields.values():
            if field.name != "id" and field.stored:
                columns.append(field.column(field.addon == owner and owner != CUSTOM))
        table = sa.Table(
            table_name,
            self.metadata,
            *columns,
            info={"addon": owner, "model": name, "renamed_from": self._option(name, "renamed_from")},
            sqlite_autoincrement=True,
        )
        for addon, definition in self.definitions[name]:
            for columns_ in option_of(definition, "unique"):
                self._index(table, addon, columns_, unique=True)
            for columns_ in option_of(definition, "indexes"):
                self._index(table, addon, columns_, unique=False)
            for check_name, condition in dict(option_of(definition, "checks")).items():
                constraint = sa.CheckConstraint(condition, name=f"ck_{table_name}_{check_name}", info={"addon": addon})
                table.append_constraint(constraint)
        for field in fields.values():
            if field.stored and (field.index or (name, field.name) in self._looked_up):
                self._index(table, field.addon, (field.name,), unique=False)

    def _index(self, table: sa.Table, addon: str, columns: Sequence[str], unique: bool) -> None:
        try:
            parts = [table.c[c] for c in columns]
        except KeyError as error:
            raise RegistryError(
                f"Addon {addon}: an index of {table.info['model']} names the unknown column {error}.", addon=addon
            ) from None
        prefix = "uq" if unique else "ix"
        name = f"{prefix}_{table.name}_{'_'.join(columns)}"
        if len(name) > 60:
            name = f"{name[:50]}_{abs(sum(ord(c) * 31**i for i, c in enumerate(name))) % 16**8:08x}"
        if any(i.name == name for i in table.indexes):
            return
        sa.Index(name, *parts, unique=unique, info={"addon": addon})

    def _make_relations(self, name: str) -> None:
        for field in self.fields[name].values():
            if not isinstance(field, Many2many) or field.computed:
                continue
            relation, one, two = field.names()
            if relation in self.metadata.tables:
                continue
            sa.Table(
                relation,
                self.metadata,
                sa.Column(
                    one,
                    IdType,
                    sa.ForeignKey(f"{name.replace('.', '_')}.id", ondelete="CASCADE", name=f"fk_{relation}_{one}"[:60]),
                    primary_key=True,
                ),
                sa.Column(
                    two,
                    IdType,
                    sa.ForeignKey(
                        f"{field.comodel.replace('.', '_')}.id",
                        ondelete=database_rule(field.ondelete_target),
                        name=f"fk_{relation}_{two}"[:60],
                    ),
                    primary_key=True,
                ),
                sa.Index(f"ix_{relation}_{two}"[:60], two, info={"addon": field.addon}),
                info={"addon": field.addon, "relation": True},
            )

    def _option(self, name: str, option: str) -> Any:
        value = None
        for _addon, definition in self.definitions[name]:
            value = option_of(definition, option) or value
        return value

    def _make_hooks(self) -> HookRegistry:
        from server.hooks import HookRegistry

        hooks = HookRegistry(self.addons)
        hooks.check_pending()  # a hook without specification is refused here, and not silently never called
        return hooks

    # -- model sets -------------------------------------------------------------------------------------------------
    def for_enabled(self, enabled: frozenset[str]) -> ModelSet:
        """The model classes of a company whose enabled addons are `enabled`; composed once and kept."""
        enabled = (enabled & self.names) | {"kernel"}
        models = self._sets.get(enabled)
        if models is None:
            with self._lock:
                models = self._sets.get(enabled)
                if models is None:
                    models = ModelSet(self, enabled)
                    self._sets[enabled] = models
        return models

    def owner(self, table: str, column: str | None = None) -> str | None:
        """Name of the addon that owns a table or one of its columns; None when unknown."""
        found = self.metadata.tables.get(table)
        if found is None:
            return None
        if column is None:
            return str(found.info["addon"])
        return found.c[column].info.get("addon", found.info["addon"]) if column in found.c else None


def option_of(definition: type[Model], option: str) -> Any:
    """A definition's own option (not inherited); empty when it says nothing or means a field of that name."""
    value = vars(definition).get(option, ())
    return () if isinstance(value, Field) else value


def automatic_fields(model: str, addon: str) -> list[Field]:
    """The fields every model has."""
    made: list[Field] = []
    for name, field in (
        ("id", Id(LABELS["id"], readonly=True, copy=False)),
        ("display_name", Char(LABELS["display_name"], compute="_compute_display_name", readonly=True)),
        ("create_date", Datetime(LABELS["create_date"], readonly=True, copy=False)),
        (
            "create_uid",
            Many2one(
                "res.users", LABELS["create_uid"], readonly=True, copy=False, index=False, foreign_key=False, check_company=False
            ),
        ),
        ("write_date", Datetime(LABELS["write_date"], readonly=True, copy=False, aliases=("__last_update",))),
        (
            "write_uid",
            Many2one(
                "res.users", LABELS["write_uid"], readonly=True, copy=False, index=False, foreign_key=False, check_company=False
            ),
        ),
    ):
        made.append(field.bound(model, name, addon))
    return made


__all__ = ["Extend", "Registry", "automatic_fields"]
