"""Which addons are available: the entry points of the group `colca.addons`, each loading one `Addon` object.

A package that cannot be imported, or whose manifest is wrong, is an entry in `failed` with its reason, never an error of the
server: the others run on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata

from server.addon.kernel import KERNEL
from server.addon.manifest import Addon
from server.errors import ColcaError
from server.text import Text, _

GROUP = "colca.addons"


@dataclass
class Discovery:
    """What was found.

    `addons`: name → manifest, the kernel included. `failed`: name → reason, for what was found but cannot be used.
    """

    addons: dict[str, Addon] = field(default_factory=dict)
    failed: dict[str, Text | str] = field(default_factory=dict)


def discover(extra: Iterable[Addon] = (), entry_points: Sequence[metadata.EntryPoint] | None = None) -> Discovery:
    """Load the manifests of all available addons.

    :param extra: further manifests (tests); they win over an entry point of the same name.
    :param entry_points: instead of those of the installed distributions (tests).
    """
    found = Discovery()
    found.addons[KERNEL.name] = KERNEL
    if entry_points is None:
        entry_points = sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)
    for point in entry_points:
        _add(found, point)
    for addon in extra:
        found.failed.pop(addon.name, None)
        found.addons[addon.name] = addon
    return found


def _add(found: Discovery, point: metadata.EntryPoint) -> None:
    """Load one entry point into `found`."""
    try:
        addon = point.load()
    except ColcaError as error:
        found.failed[point.name] = error.message
        return
    except (Exception, SystemExit) as error:  # an addon's import may fail in any way; the server must not
        found.failed[point.name] = _(
            "Its package cannot be imported: %(kind)s: %(error)s. Repair or reinstall the package (%(value)s).",
            kind=type(error).__name__,
            error=str(error),
            value=point.value,
        )
        return
    if not isinstance(addon, Addon):
        found.failed[point.name] = _(
            "The entry point %(value)s must be an Addon object, it is of type %(kind)s.",
            value=point.value,
            kind=type(addon).__name__,
        )
    elif addon.name != point.name:
        found.failed[point.name] = _(
            "The manifest is named %(name)s, the entry point %(point)s: give both the same name.",
            name=addon.name,
            point=point.name,
        )
    elif addon.name in found.addons:
        found.failed[point.name] = _(
            "Two packages offer an addon of this name (%(value)s is the second): uninstall one of them.", value=point.value
        )
        if addon.name != KERNEL.name:
            del found.addons[addon.name]
    else:
        distribution = point.dist.name if point.dist is not None else None
        if distribution and addon.distribution is None:
            addon = dataclasses.replace(addon, distribution=distribution)
        found.addons[addon.name] = addon
