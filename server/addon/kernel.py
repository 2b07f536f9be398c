"""The kernel seen as an addon: always installed, always enabled, owner of the `res.*`, `ir.*` and `mail.*` tables."""

from __future__ import annotations

from server.addon.manifest import Addon
from server.text import _

#: Data files in the order of loading, relative to the package `server`.
DATA: tuple[str, ...] = (
    "data/groups.yaml",
    "data/companies.yaml",
    "data/res.lang.csv",
    "data/mail.yaml",
    "data/schedules.yaml",
)

KERNEL = Addon(
    "kernel",
    title=_("Kernel"),
    summary=_("Companies, users, rights, settings, sequences, history, jobs and the addons themselves."),
    category=_("Technical"),
    package="server",
    data=DATA,
)
