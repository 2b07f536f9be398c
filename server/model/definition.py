"""Model definitions: the classes addons write.

*Definition*: a subclass of `Model` in an addon; with `name=` it declares a model, as a subclass of a definition it extends one.
*Model class*: what the registry makes of all definitions of a name (see `registry.py`). Definitions hold no state and know no
database.
"""

from __future__ import annotations

import re
from typing import Any

from server.errors import RegistryError
from server.model.fields import Extend, Field
from server.model.records import Records

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")

#: Every definition ever declared in this process, in the order of declaration; the registry picks by package.
DEFINITIONS: list[type[Model]] = []

#: Attributes of a definition that configure the model.
OPTIONS = (
    "model_label",
    "rec_name",
    "order",
    "history",
    "unique",
    "checks",
    "indexes",
    "inherits",
    "transient",
    "reference",
    "name_search_fields",
    "renamed_from",
)


#: What a model is when no definition says otherwise.
OPTION_DEFAULTS: dict[str, Any] = {
    "model_label": None,
    "rec_name": "name",
    "order": "id",
    "history": False,
    "unique": [],
    "checks": {},
    "indexes": [],
    "inherits": {},
    "transient": False,
    "reference": False,
    "name_search_fields": None,
    "renamed_from": None,
}


class ModelMeta(type):
    """Gives definitions empty slots, so that a misspelt attribute on a record is an error and not a silent new attribute."""

    def __new__(mcs, class_name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kw: Any) -> ModelMeta:
        namespace.setdefault("__slots__", ())
        return super().__new__(mcs, class_name, bases, namespace, **kw)

    def __init__(cls, class_name: str, bases: tuple[type, ...], namespace: dict[str, Any], **kw: Any) -> None:
        super().__init__(class_name, bases, namespace)


class Model(Records, metaclass=ModelMeta):
    """Base of all model definitions.

    `class SaleOrder(Model, name="sale.order")` declares; `class Mine(SaleOrder)` extends; `class Thread(Model, abstract=True)` is
    a mixin whose fields and methods a definition takes by naming it as a base.
    """

    model_name: str = ""
    own_fields: dict[str, Field] = {}
    own_extends: dict[str, Extend] = {}
    composed = False

    def __init_subclass__(
        cls, name: str | None = None, abstract: bool = False, composed: bool = False, custom: bool = False, **kw: Any
    ) -> None:
        super().__init_subclass__(**kw)
        if composed:
            return
        cls.own_fields = {k: v for k, v in vars(cls).items() if isinstance(v, Field)}
        cls.own_extends = {k: v for k, v in vars(cls).items() if isinstance(v, Extend)}
        if name is not None:
            if not custom and not _NAME.fullmatch(name):
                raise RegistryError(
                    f"Model name {name!r} of {cls.__module__}.{cls.__qualname__} is not of the form 'lower.dotted'."
                )
            cls.model_name = name
            cls.is_base = True
        elif abstract:
            cls.model_name = ""
            cls.is_base = False
            cls.own_fields = {**mixed_in(cls), **cls.own_fields}
            return
        else:
            cls.is_base = False
            if "model_name" not in vars(cls):  # a mixin may stand before the definition that is extended
                cls.model_name = next((name for base in cls.__bases__ if (name := getattr(base, "model_name", ""))), "")
            if not cls.model_name:
                raise RegistryError(
                    f"{cls.__module__}.{cls.__qualname__} neither names a model (name=…) nor extends a definition. Give it a "
                    f"name or a base."
                )
        cls.own_fields = {**mixed_in(cls), **cls.own_fields}  # a mixin's fields belong to the definition that names it
        if not custom:  # what people made in one database is no addon's
            DEFINITIONS.append(cls)

    is_base = False


def mixed_in(cls: type[Model]) -> dict[str, Field]:
    """Fields of the abstract mixins that a definition names among its bases."""
    return {
        k: f
        for base in cls.__bases__
        if issubclass(base, Model) and base is not Model and not base.model_name
        for k, f in base.own_fields.items()
    }


class TransientModel(Model, abstract=True):
    """Base of wizards: rows are swept after a day, a user sees only his own."""

    transient = True


def definitions_of(package: str) -> list[type[Model]]:
    """The definitions declared in `package` and below it, in the order of declaration."""
    prefix = package + "."
    return [d for d in DEFINITIONS if d.__module__ == package or d.__module__.startswith(prefix)]
