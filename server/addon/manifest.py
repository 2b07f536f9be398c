"""The manifest of an addon: one typed object, `addon = Addon(...)`, checked when it is made.

An addon is a Python package that exposes such an object under the entry point group `colca.addons`. Its version is the
version of its distribution and nowhere else. Requirements on other addons are written as PEP 440 ranges: `"sales>=1.0,<2"`.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from server.errors import RegistryError
from server.text import Text, _

#: The distribution that holds the kernel and our own addons.
OWN_DISTRIBUTION = "colca"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class ManifestError(RegistryError):
    """A manifest that cannot be used; the text names the addon and the remedy, `.addon` is its name."""


@dataclass(frozen=True)
class Addon:
    """What the platform must know of an addon before it imports anything else of it.

    Raises `ManifestError` when a value cannot be right; whether the required addons exist is for `server.addon.graph`.
    """

    #: Technical name: lower case letters, digits, underscores. External ids of its records start with it.
    name: str
    #: Addons it needs, each with an optional range of versions: `"sales>=1.0,<2"`. Its code may import only these.
    depends: Sequence[str] = ()
    #: Data files (`.csv`, `.yaml`) relative to the package, in the order of loading.
    data: Sequence[str] = ()
    #: Demo files, loaded after the data when demo data are wanted; never on a database marked as production.
    demo: Sequence[str] = ()
    #: Glue: True = installed when all its `depends` are, and enabled for a company where all are enabled; a list = these triggers
    #: instead.
    auto_install: bool | Sequence[str] = False
    #: Shown to people; `title` falls back to the name.
    title: Text | str = ""
    summary: Text | str = ""
    #: ISO country codes it is meant for; empty = everywhere. Information for whoever chooses, not a restriction.
    countries: Sequence[str] = ()
    category: Text | str = ""
    #: True for what a user would call an application, as opposed to a technical part.
    application: bool = False
    #: Python package of its rooms (`models`, `hooks`, `data/` …); the module that makes the manifest when not given.
    package: str | None = None
    #: Model definitions given explicitly instead of the package's `models` (tests).
    definitions: Sequence[type] | None = None
    #: Object with `Specs` and/or `Impls` instead of the package's `hooks` module (tests).
    hooks: Any = None
    #: Distribution whose version is the addon's; filled by discovery.
    distribution: str | None = None
    #: Version of an addon that comes from no distribution (tests).
    fixed_version: str | None = None
    #: The requirements, parsed.
    requirements: tuple[Requirement, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ManifestError(
                _(
                    "The addon name %(name)r is not usable: take lower case letters, digits and underscores, a letter first.",
                    name=self.name,
                ),
                addon=str(self.name),
            )
        for attribute in ("depends", "data", "demo", "countries"):
            value = getattr(self, attribute)
            if isinstance(value, str) or not all(isinstance(item, str) for item in value):
                raise ManifestError(
                    _(
                        "Addon %(addon)s: `%(attribute)s` must be a list of texts, it is %(value)r.",
                        addon=self.name,
                        attribute=attribute,
                        value=value,
                    ),
                    addon=self.name,
                )
            object.__setattr__(self, attribute, tuple(value))
        if not isinstance(self.auto_install, bool):
            if isinstance(self.auto_install, str):
                raise ManifestError(
                    _("Addon %(addon)s: `auto_install` is True, False or a list of addon names.", addon=self.name),
                    addon=self.name,
                )
            object.__setattr__(self, "auto_install", tuple(self.auto_install))
        object.__setattr__(self, "requirements", tuple(self._requirement(text) for text in self.depends))
        outside = set(self.triggers) - {requirement.name for requirement in self.requirements}
        if outside:
            raise ManifestError(
                _(
                    "Addon %(addon)s installs itself with %(outside)s but does not depend on it: add it to `depends`.",
                    addon=self.name,
                    outside=", ".join(sorted(outside)),
                ),
                addon=self.name,
            )
        if self.package is None:
            object.__setattr__(self, "package", _calling_module())

    def _requirement(self, text: str) -> Requirement:
        """The parsed requirement; refuses what pip would allow but an addon cannot mean (extras, markers, addresses)."""
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise ManifestError(
                _(
                    "Addon %(addon)s: the dependency %(text)r cannot be read (%(error)s). "
                    'Write a name and a range, as in "sales>=1.0,<2".',
                    addon=self.name,
                    text=text,
                    error=str(error).splitlines()[0],
                ),
                addon=self.name,
            ) from None
        if requirement.extras or requirement.marker or requirement.url or not _NAME.fullmatch(requirement.name):
            raise ManifestError(
                _(
                    "Addon %(addon)s: the dependency %(text)r may only be an addon name and a range of versions.",
                    addon=self.name,
                    text=text,
                ),
                addon=self.name,
            )
        return requirement

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the addons it depends on directly."""
        return tuple(requirement.name for requirement in self.requirements)

    @property
    def triggers(self) -> tuple[str, ...]:
        """Addons whose joint presence installs this one by itself; empty for an ordinary addon."""
        if isinstance(self.auto_install, bool):
            return tuple(text.name for text in self.requirements) if self.auto_install else ()
        return tuple(self.auto_install)

    @property
    def version(self) -> str:
        """The version of its distribution (PEP 440); `0` when it comes from none."""
        if self.fixed_version is not None:
            return self.fixed_version
        distribution = self.distribution
        if distribution is None and (self.package or "").partition(".")[0] in ("addons", "server"):
            distribution = OWN_DISTRIBUTION
        return _distribution_version(distribution) if distribution else "0"

    @property
    def path(self) -> Path:
        """The folder of its package. Raises `ManifestError` when the package cannot be imported."""
        try:
            module = importlib.import_module(self.package or self.name)
        except ImportError as error:
            raise ManifestError(
                _(
                    "Addon %(addon)s: its package %(package)s cannot be imported (%(error)s).",
                    addon=self.name,
                    package=self.package,
                    error=error,
                ),
                addon=self.name,
            ) from error
        if module.__file__ is not None:
            return Path(module.__file__).parent
        return Path(next(iter(module.__path__)))

    @property
    def label(self) -> Text | str:
        """The title for people."""
        return self.title or self.name.replace("_", " ").capitalize()

    @property
    def author(self) -> str:
        """The author its distribution names, if any."""
        return _distribution_author(self.distribution or OWN_DISTRIBUTION)


def _calling_module() -> str:
    """Name of the module whose code is making the manifest."""
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__") in (__name__, "dataclasses") and frame.f_back is not None:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", ""))


@cache
def _distribution_version(distribution: str) -> str:
    try:
        version = metadata.version(distribution)
        Version(version)
    except (metadata.PackageNotFoundError, InvalidVersion):
        return "0"
    return version


@cache
def _distribution_author(distribution: str) -> str:
    try:
        found = metadata.metadata(distribution)
    except metadata.PackageNotFoundError:
        return ""
    return str(found["Author"] or found["Author-email"] or "")
