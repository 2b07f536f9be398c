"""Every refusal the platform knows. `UserError` and its children reach people in words; anything else is logged and answered by a
number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.text import Text, render


class ColcaError(Exception):
    """Base of the platform's own errors; carries one translatable text."""

    def __init__(self, message: Text | str = "", **data: Any) -> None:
        super().__init__(str(message))
        self.message = message
        #: Machine-readable details for integrators (model, field, value, record ids).
        self.data = data

    def render(self, lang: str | None = None) -> str:
        """The message in `lang`."""
        return render(self.message, lang)

    def __str__(self) -> str:
        return render(self.message)


class UserError(ColcaError):
    """A business refusal: what happened, why, what to do."""


class ValidationError(UserError):
    """A constraint is broken: required, unique, foreign key, a check of an addon."""


class AccessError(UserError):
    """No right on a model, record, field or method."""


class MissingError(UserError):
    """A record does not exist (any more)."""


class LockError(UserError):
    """A record is being changed by somebody else."""


class AccessDenied(UserError):
    """Wrong login, password or key."""


class RedirectWarning(UserError):
    """A refusal that names the screen where it can be put right."""


class FieldError(ValueError):
    """Unknown field, operator or selection key in a request; the message names it. (`ValueError` at the doors.)

    :param data: details for programs, as in `ColcaError` (model, field, value, expected).
    """

    def __init__(self, message: Text | str = "", **data: Any) -> None:
        super().__init__(message)
        self.data = data


class SetupError(ColcaError):
    """The installation is wrong (settings, addons); shown to whoever runs the server."""


class RegistryError(SetupError):
    """An addon cannot be composed into the registry: two owners of a column, an unknown model, a hook without spec …

    :param addon: name of the addon to blame, so that the server can run on without it.
    """

    def __init__(self, message: Text | str, addon: str = "", **data: Any) -> None:
        super().__init__(message, **data)
        self.addon = addon


class Retry(Exception):
    """Raised inside a transaction to have it run again from the start (counts as one of the tries).

    :param wait: called between, outside of the transaction, to wait for whoever is in the way; then it counts as no try.
    """

    def __init__(self, wait: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.wait = wait
