"""A model set: the model classes of one set of enabled addons, with everything derived from them (triggers, constraints, public
methods).
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from server.addon.custom import CUSTOM
from server.errors import RegistryError
from server.model.compute import Triggers
from server.model.definition import OPTION_DEFAULTS, OPTIONS, Model
from server.model.fields import Field
from server.model.records import Records
from server.model.relational import Many2one, One2many, RecordOf, ToMany

if TYPE_CHECKING:
    from server.hooks import HookCallers
    from server.model.registry import Registry


@dataclass(frozen=True)
class Method:
    """A public method of a model as the dispatcher sees it.

    `parameters` leave out `self`; `model` methods take no record ids; `readonly` ones run in a read transaction.
    """

    name: str
    model: bool
    readonly: bool
    signature: inspect.Signature
    #: right the caller needs on the records before the method runs; empty for the record layer's own methods, which check for
    #: themselves
    access: str = ""

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """Parameters without `self`."""
        return list(self.signature.parameters.values())


class ModelSet:
    """Model classes by name for one frozenset of enabled addons."""

    def __init__(self, registry: Registry, enabled: frozenset[str]) -> None:
        self.registry = registry
        self.enabled = enabled
        self.classes: dict[str, type[Records]] = {}
        #: process-wide plans of this set (reads, statements), keyed by their users
        self.plans: dict[Any, Any] = {}
        for name, parts in registry.definitions.items():
            active = [(addon, d) for addon, d in parts if addon in enabled or addon == CUSTOM]
            if active and active[0][1].is_base:
                self.classes[name] = self._compose(name, active)
        #: older names of models, from `model_aliases`
        self.aliases = {
            alias: name
            for name in self.classes
            for _a, d in registry.definitions[name]
            for alias in vars(d).get("model_aliases", ())
        }
        for cls in self.classes.values():
            self._drop_dangling(cls)
        for cls in self.classes.values():
            for field in cls._fields.values():
                if not field.stored and not isinstance(field, ToMany) and (keys := self._context_of(cls, field)):
                    field.context_keys, field._contextual = tuple(dict.fromkeys((*field.context_keys, *keys))), True
        self.triggers = Triggers(self)

    def __contains__(self, name: object) -> bool:
        return name in self.classes or name in self.aliases

    def find(self, name: str) -> type[Records] | None:
        """The class of a model by its name or an older one; None when no enabled addon declares it."""
        return self.classes.get(name) or self.classes.get(self.aliases.get(name, ""))

    @cached_property
    def hooks(self) -> HookCallers:
        """Hook callers of this set."""
        return self.registry.hooks.callers(self.enabled)

    def _compose(self, name: str, parts: list[tuple[str, type[Model]]]) -> type[Records]:
        registry = self.registry
        bases: list[type] = []
        for _addon, definition in reversed(parts):
            if not any(issubclass(b, definition) for b in bases):
                bases.append(definition)
        table = registry.metadata.tables[name.replace(".", "_")]
        namespace: dict[str, Any] = {
            "__slots__": (),
            "__doc__": parts[0][1].__doc__,
            "__module__": parts[0][1].__module__,
            "_name": name,
            "table": table,
            "models": self,
            "composed": True,
            "own_fields": {},
        }
        fields = self._bind_fields(name, parts)
        for option in OPTIONS:
            namespace["_" + option] = OPTION_DEFAULTS.get(option)
            chain = [m for _a, d in parts for m in reversed(d.__mro__) if issubclass(m, Model) and m is not Model]
            for definition in dict.fromkeys(chain):
                if option in vars(definition):
                    value = vars(definition)[option]
                    if isinstance(value, Field):  # a field of that name, not the option
                        continue
                    option_key = "_" + option
                    if option in ("unique", "indexes"):
                        namespace[option_key] = [*(namespace.get(option_key) or []), *value]
                    elif option in ("checks", "inherits"):
                        namespace[option_key] = {**(namespace.get(option_key) or {}), **value}
                    else:
                        namespace[option_key] = value
        try:
            base = type(parts[0][1].__name__, tuple(bases), {"__slots__": ()}, composed=True) if len(bases) > 1 else bases[0]
        except TypeError as error:
            raise RegistryError(
                f"Model {name}: the definitions of {', '.join(a for a, _ in parts)} cannot be combined: {error}",
                addon=parts[-1][0],
            ) from error
        taken: dict[str, Any] = {}
        for field in fields.values():
            taken[field.name] = field
        for field in fields.values():
            if isinstance(field, Many2one) and field.record_name not in taken and not hasattr(Records, field.record_name):
                taken[field.record_name] = RecordOf(field)
        namespace.update(taken)
        namespace["_fields"] = fields
        namespace["_aliases"] = {alias: f.name for f in fields.values() for alias in f.aliases}
        cls: type[Records] = type(parts[0][1].__name__, (base,), namespace, composed=True)
        for field in fields.values():
            if field.compute and not field.stored:
                keys = getattr(getattr(cls, field.compute, None), "__colca_context__", ())
                if keys:
                    field.context_keys, field._contextual = tuple(keys), True
        cls._setup()
        return cls

    def _bind_fields(self, name: str, parts: list[tuple[str, type[Model]]]) -> dict[str, Field]:
        active = {addon for addon, _ in parts}
        fields: dict[str, Field] = {}
        for field in self.registry.fields[name].values():
            if field.addon in active or field.addon == self.registry.definitions[name][0][0]:
                fields[field.name] = field
        # attributes changed by Extend of addons that are not enabled here must not show
        if any(d.own_extends for _a, d in self.registry.definitions[name]):
            declared: dict[str, Field] = {}
            for _addon, definition in parts:
                declared.update(definition.own_fields)
            for field_name in {f for _a, d in self.registry.definitions[name] for f in d.own_extends}:
                if field_name not in fields or field_name not in declared:
                    continue
                field = declared[field_name].bound(name, field_name, fields[field_name].addon)
                for _addon, definition in parts:
                    if field_name in definition.own_extends:
                        field.apply(definition.own_extends[field_name].changes)
                fields[field_name] = field
        ordered = {"id": fields.pop("id"), **fields}
        inherits: dict[str, str] = {}
        for _addon, definition in parts:
            own = vars(definition).get("inherits", {})
            inherits.update({} if isinstance(own, Field) else own)
        for parent, link in inherits.items():
            for parent_field in self._parent_fields(parent):
                if parent_field.name in ordered:
                    continue
                ordered[parent_field.name] = delegated(parent_field, name, link)
        return ordered

    def _parent_fields(self, parent: str) -> list[Field]:
        parts = [(a, d) for a, d in self.registry.definitions[parent] if a in self.enabled or a == CUSTOM]
        return list(self._bind_fields(parent, parts).values())

    def _context_of(self, cls: type[Records], field: Field) -> list[str]:
        """Context keys that change what a related field (or a display name) shows: it ends in, or passes, translated values and
        values per company.
        """
        keys: list[str] = []
        if field.name == "display_name":
            path = [cls._rec_name]
        else:
            path = (field.related or "").split(".")
        owner = cls
        for name in path:
            step = owner._fields.get(owner._aliases.get(name, name))
            if step is None or step is field:
                break
            if step.stored:
                keys += ["lang"] * step.translate + ["company"] * step.company_dependent
            elif step.related:
                keys += self._context_of(owner, step)
            if not step.comodel:
                break
            owner = self.classes[step.comodel]
        return keys

    def _drop_dangling(self, cls: type[Records]) -> None:
        """Fields whose target model is not in this set do not exist here."""
        for field in list(cls._fields.values()):
            if field.comodel and field.comodel not in self.classes:
                del cls._fields[field.name]
            elif field.manual and isinstance(field, One2many) and field.inverse_name not in self.classes[field.comodel]._fields:
                del cls._fields[field.name]


def delegated(parent_field: Field, model: str, link: str) -> Field:
    """The field of a model that reads and writes `parent_field` through the many2one `link`."""
    field = parent_field.bound(model, parent_field.name, parent_field.addon)
    field.related = f"{link}.{parent_field.name}"
    field.compute = field.inverse = field.search = None
    field.store = False
    field.required = False
    field.tracking = False
    field.default = None
    field.copy = False
    field.settle()
    field._contextual = field.type in ("one2many", "many2many")
    field.inherited_from = link
    return field


def public_methods(cls: type[Records]) -> dict[str, Method]:
    """Every method of a model class that is marked with `@action`, by name; a mark in any definition holds for its overrides."""
    found: dict[str, Method] = {}
    for name in dir(cls):
        # a field may have the name of a method of the record layer (`perm_read` of access lines): then that is no method here
        if name.startswith("_") or isinstance(getattr(cls, name), (Field, RecordOf)):
            continue
        for klass in cls.__mro__:
            candidate = vars(klass).get(name)
            mark = getattr(candidate, "__colca_action__", None)
            if mark is not None:
                function = getattr(cls, name)
                signature = inspect.signature(function)
                signature = signature.replace(parameters=list(signature.parameters.values())[1:])
                own = (hasattr(Records, name) and not mark.get("checked")) or mark["model"]
                found[name] = Method(name, mark["model"], mark["readonly"], signature, "" if own else mark["access"])
                break
    return found
