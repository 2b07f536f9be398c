"""Marks on methods of models: what is public, what depends on what, what is checked when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

F = TypeVar("F", bound=Callable[..., Any])


@overload
def action(function: F) -> F: ...
@overload
def action(*, model: bool = False, readonly: bool = False, access: str | None = None) -> Callable[[F], F]: ...
def action(function: Any = None, *, model: bool = False, readonly: bool = False, access: str | None = None) -> Any:
    """Make a method callable from outside.

    :param model: True for a model-level method (no record ids as first argument).
    :param readonly: True when it writes nothing; it then runs in a read transaction.
    :param access: right that the caller needs on the records (`read`, `write`, `unlink`); default `write`, or `read` for readonly
        methods.
    """

    def mark(f: F) -> F:
        f.__colca_action__ = {  # type: ignore[attr-defined]
            "model": model,
            "readonly": readonly,
            "access": access or ("read" if readonly else "write"),
            "checked": access is not None,
        }
        return f

    return mark(function) if function is not None else mark


def depends(*paths: str) -> Callable[[F], F]:
    """Name the field paths that a compute method reads: `@depends("order_line.price_subtotal", "currency_id")`."""

    def mark(f: F) -> F:
        f.__colca_depends__ = paths  # type: ignore[attr-defined]
        return f

    return mark


def depends_context(*keys: str) -> Callable[[F], F]:
    """Name the context keys (`company`, `lang`, …) that change what a non-stored compute method answers."""

    def mark(f: F) -> F:
        f.__colca_context__ = keys  # type: ignore[attr-defined]
        return f

    return mark


def constrains(*fields: str) -> Callable[[F], F]:
    """Run the method on the touched set whenever one of `fields` is created or written; it raises ValidationError."""

    def mark(f: F) -> F:
        f.__colca_constrains__ = fields  # type: ignore[attr-defined]
        return f

    return mark


def onchange(*fields: str) -> Callable[[F], F]:
    """Run the method on an unsaved record when a person changes one of `fields` in a form."""

    def mark(f: F) -> F:
        f.__colca_onchange__ = fields  # type: ignore[attr-defined]
        return f

    return mark
