"""What one caller finds in the API: models, fields and methods, as the rights, the key, the company and the language make them.

A model is there when the caller may do something with its records, a method when the rights and the key let it be called at all.
(Which records it may be called on is known only with the records.)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from server.describe.docstrings import Doc, doc_of
from server.describe.words import SUMMARIES
from server.errors import AccessError
from server.model.fields import Field
from server.model.modelset import Method
from server.model.records import Records
from server.security.keys import needs
from server.text import Text, render

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Raises AccessError when the key of the caller does not cover the call; None for callers without a key.
Permit = Callable[[str, Method], None]

OPERATIONS = ("read", "write", "create", "unlink")


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """One parameter of a method, without self and ids.

    :ivar kind: `` for one that may stand in a position, `keyword` for one by name only, `rest` for `**more`.
    :ivar default: the default; `inspect.Parameter.empty` when there is none.
    """

    name: str
    kind: str
    default: Any
    annotation: str
    doc: str

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is inspect.Parameter.empty and self.kind != "rest"


@dataclass(frozen=True, slots=True)
class MethodInfo:
    """One public method.

    :ivar own: whether it is a method of the record layer, which every model has with the same parameters.
    """

    name: str
    mark: Method
    parameters: tuple[ParameterInfo, ...]
    returns: str
    doc: Doc
    summary: str
    own: bool
    model: str
    module: str

    @property
    def on_records(self) -> bool:
        """Whether ids stand before the parameters."""
        return not self.mark.model

    @property
    def open_ended(self) -> bool:
        """Whether any further argument is taken."""
        return any(parameter.kind == "rest" for parameter in self.parameters)


_KINDS = {"KEYWORD_ONLY": "keyword", "VAR_KEYWORD": "rest"}


class ModelInfo:
    """One model as the caller sees it. `fields` are the entries of `fields_get`, aliases among them."""

    def __init__(self, env: Environment, name: str, permit: Permit | None) -> None:
        self.env = env
        self.name = name
        self.cls: type[Records] = env.models.classes[name]
        self.permit = permit

    @property
    def label(self) -> str:
        """What people call one of its records."""
        cls: Any = self.cls
        return render(cls._model_label, self.env.lang) or self.name

    @property
    def text(self) -> str:
        """What the model is for: the first lines of its docstring."""
        doc = self.cls.__doc__ or ""
        return Text(inspect.cleandoc(doc).partition("\n\n")[0].replace("\n", " ")).render(self.env.lang)

    @property
    def module(self) -> str:
        """The addon that declares the model."""
        return self.env.models.registry.definitions[self.name][0][0]

    @property
    def operations(self) -> frozenset[str]:
        """The rights of the caller on some of the records."""
        access = self.env.access
        return frozenset(operation for operation in OPERATIONS if access.allowed(self.name, operation))

    @cached_property
    def fields(self) -> dict[str, dict[str, Any]]:
        """The visible fields, as `fields_get` describes them."""
        found: dict[str, dict[str, Any]] = self.env[self.name].fields_get()
        return found

    def field(self, name: str) -> Field:
        """The field behind a name or an older one."""
        cls: Any = self.cls
        found: Field = cls._fields[cls._aliases.get(name, name)]
        return found

    @cached_property
    def methods(self) -> dict[str, MethodInfo]:
        """The methods that the caller may call, by name."""
        operations = self.operations
        found = {}
        for name, mark in sorted(self.cls.public_methods().items()):
            rights = (mark.access,) if mark.access else needs(mark)
            if operations.isdisjoint(rights) and "call" not in rights:
                continue
            if self.permit is not None:
                try:
                    self.permit(self.name, mark)
                except AccessError:
                    continue
            found[name] = self._method(name, mark)
        return found

    def _method(self, name: str, mark: Method) -> MethodInfo:
        doc = doc_of(self.cls, name)
        parameters = []
        for parameter in mark.parameters:
            if parameter.kind is parameter.VAR_POSITIONAL:
                continue
            kind = _KINDS.get(parameter.kind.name, "")
            parameters.append(
                ParameterInfo(
                    parameter.name,
                    kind,
                    parameter.default,
                    _annotation(parameter.annotation),
                    doc.parameters.get(parameter.name, ""),
                )
            )
        own, module = self._origin(name)
        lang = self.env.lang
        words = SUMMARIES.get(name) if own else None
        summary = words.render(lang) if words is not None else Text(doc.summary).render(lang)
        return MethodInfo(
            name,
            mark,
            tuple(parameters),
            _annotation(mark.signature.return_annotation),
            doc,
            summary or name.replace("_", " ").capitalize(),
            own,
            "base" if own else self.name,
            module,
        )

    def _origin(self, name: str) -> tuple[bool, str]:
        """Whether the method is the record layer's, with its parameters; and the addon whose definition has the last word."""
        owners = {definition: addon for addon, definition in self.env.models.registry.definitions[self.name]}
        for klass in self.cls.__mro__:
            if name in vars(klass):
                module = next((addon for definition, addon in owners.items() if issubclass(definition, klass)), "kernel")
                layer = getattr(Records, name, None)
                same = layer is not None and _names(layer) == _names(getattr(self.cls, name))
                return same, module if not issubclass(Records, klass) else "base"
        return False, "base"


def models_of(env: Environment, permit: Permit | None = None) -> list[ModelInfo]:
    """The models that the caller finds, by their technical names."""
    found = (model_of(env, name, permit) for name in sorted(env.models.classes))
    return [model for model in found if model is not None]


def model_of(env: Environment, name: str, permit: Permit | None = None) -> ModelInfo | None:
    """One model by its name or an older one; None when there is none for this caller."""
    cls: Any = env.models.find(name)
    if cls is None or not any(env.access.allowed(cls._name, operation) for operation in OPERATIONS):
        return None
    model = ModelInfo(env, cls._name, permit)
    return model if permit is None or model.methods else None


def _names(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def _annotation(value: Any) -> str:
    if value is inspect.Parameter.empty:
        return ""
    return value if isinstance(value, str) else getattr(value, "__name__", str(value))
