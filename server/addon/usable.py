"""Which of the installed addons run: those whose package is there, whose dependencies hold, and that the registry can compose.

A broken addon never stops the server: it is left out with its reason, and those that need it with it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from server import i18n
from server.addon import graph
from server.addon.custom import CUSTOM
from server.addon.discovery import Discovery
from server.addon.kernel import KERNEL
from server.addon.manifest import Addon
from server.errors import RegistryError, SetupError
from server.text import Text, _

if TYPE_CHECKING:
    from server.addon.custom import Custom
    from server.model.registry import Registry

log = logging.getLogger(__name__)


def usable(
    discovery: Discovery, installed: Mapping[str, str], check_versions: bool = True
) -> tuple[list[Addon], dict[str, Text | str]]:
    """The addons to compose, dependencies first, and name → reason for installed ones that cannot be.

    :param installed: name → version in the database.
    :param check_versions: False lets packages run whose version differs from the database's (an upgrade in progress).
    """
    failed: dict[str, Text | str] = {}
    present: dict[str, Addon] = {}
    for name, version in installed.items():
        addon = discovery.addons.get(name)
        if addon is None:
            failed[name] = discovery.failed.get(name) or _(
                "Its package is not there any more. Install it again, or remove its data with `colca addon purge --missing "
                "%(name)s`.",
                name=name,
            )
        elif check_versions and version and version != addon.version:
            failed[name] = _(
                "The database has version %(old)s, the package is %(new)s. Run `colca addon upgrade %(name)s`.",
                old=version,
                new=addon.version,
                name=name,
            )
        else:
            present[name] = addon
    failed.update({name: reason for name, reason in graph.problems(present, failed).items() if name not in failed})
    return graph.order(present, [name for name in present if name not in failed]), failed


def build(
    discovery: Discovery, installed: Mapping[str, str], check_versions: bool = True, custom: Custom | None = None
) -> tuple[Registry, dict[str, Text | str]]:
    """The registry of all installed addons that work, with what people made, and name → reason for the others.

    Raises `SetupError` when the kernel itself is to blame: then nothing can run.
    """
    from server.model.registry import Registry

    wanted = dict(installed)
    wanted.setdefault(KERNEL.name, KERNEL.version)
    refused: dict[str, Text | str] = {}
    while True:
        found = Discovery(
            {name: addon for name, addon in discovery.addons.items() if name not in refused}, {**discovery.failed, **refused}
        )
        addons, failed = usable(found, wanted, check_versions)
        if KERNEL.name in failed:
            raise SetupError(_("The kernel cannot run. %(reason)s", reason=failed[KERNEL.name]))
        try:
            registry = Registry(addons, custom=custom)
        except RegistryError as error:
            if error.addon == CUSTOM and custom is not None:
                log.error("What people added cannot be used: %s", error.message)
                custom = None
                continue
            if not error.addon or error.addon == KERNEL.name or error.addon in refused:
                raise
            refused[error.addon] = error.message
        else:
            for addon in addons:
                if addon.package and addon.name != KERNEL.name:
                    i18n.add_addon(addon.name, addon.package)
            return registry, failed
