"""The list of addons: what is available, installed, enabled or broken, for the command line and for `ir.module.module`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from packaging.version import Version

from server.addon import graph, state
from server.addon.discovery import Discovery, discover
from server.addon.manifest import Addon
from server.text import Text, render

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Clients compare versions with that of the Odoo series they were written for.
SERIES = "19.0"


@dataclass
class Entry:
    """One line of the list. `status`: available, installed, failed; `companies`: ids that enabled it."""

    name: str
    status: str
    version: str = ""
    package_version: str = ""
    summary: Text | str = ""
    reason: Text | str = ""
    companies: list[int] = field(default_factory=list)
    has_data: bool = False
    glue: bool = False


def client_version(version: str) -> str:
    """A package version in the form clients expect: `1.3` is `19.0.1.3`."""
    if not version:
        return ""
    release = (*Version(version).release, 0)[: max(2, len(Version(version).release))]
    return f"{SERIES}." + ".".join(map(str, release))


def shown(addon: Addon | None, version: str) -> dict[str, Any]:
    """The values for people of a row of `ir.module.module`."""
    if addon is None:
        return {"latest_version": client_version(version)}
    return {
        "shortdesc": render(addon.label),
        "summary": render(addon.summary),
        "author": addon.author or None,
        "category": render(addon.category) or None,
        "application": addon.application,
        "auto_install": bool(addon.triggers),
        "latest_version": client_version(version) or None,
        "installed_version": client_version(addon.version),
    }


def entries(conn: sa.Connection, discovery: Discovery | None = None, failed: dict[str, Text | str] | None = None) -> list[Entry]:
    """All addons this machine or this database has heard of, in order of name.

    :param failed: reasons found when the registry was built; those of discovery and of the graph are added here.
    """
    discovery = discovery or discover()
    rows = state.modules(conn)
    enabled = state.enabled(conn)
    reasons: dict[str, Text | str] = {**discovery.failed, **graph.problems(discovery.addons, discovery.failed), **(failed or {})}
    result = []
    for name in sorted({*discovery.addons, *discovery.failed, *rows}):
        if name in graph.ALWAYS:
            continue
        addon, row = discovery.addons.get(name), rows.get(name)
        active = row is not None and row.active
        status = "failed" if name in reasons else "installed" if active else "available" if addon else "missing"
        if status == "missing" and row is not None and not row.has_data:
            continue
        result.append(
            Entry(
                name,
                status,
                row.version if row and active else "",
                addon.version if addon else "",
                addon.summary if addon else "",
                reasons.get(name, ""),
                sorted(company for company, names in enabled.items() if name in names),
                bool(row and row.has_data),
                bool(addon and addon.triggers),
            )
        )
    return result


def write_rows(conn: sa.Connection, discovery: Discovery, failed: dict[str, Text | str] | None = None) -> tuple[int, int]:
    """Make `ir.module.module` show what is available now; (changed rows, new rows)."""
    rows = state.modules(conn)
    reasons: dict[str, Text | str] = {**discovery.failed, **graph.problems(discovery.addons, discovery.failed), **(failed or {})}
    updated = added = 0
    table = state.module_table.c
    before = {row.name: row for row in conn.execute(sa.select(table.name, table.state, table.installed_version, table.failure))}
    for name in sorted({*discovery.addons, *discovery.failed}):
        addon = discovery.addons.get(name)
        row = rows.get(name) or state.ModuleRow(name)
        reason = render(reasons.get(name, "")) or None
        if not row.active and (reason or row.state != "to install"):
            row.state = "uninstallable" if reason else "uninstalled"
        values = {**shown(addon, row.version if row.active else ""), "failure": reason}
        old = before.get(name)
        if old is None:
            added += 1
        elif (old.state, old.installed_version, old.failure) != (row.state, values.get("installed_version"), reason):
            updated += 1
        else:
            continue
        state.save(conn, row, values)
    return updated, added


def update_list(env: Environment) -> tuple[int, int]:
    """The same for a client's `ir.module.module.update_list`."""
    env.flush()
    counts = write_rows(env.transaction.connection, discover())
    env.transaction.clear()
    return counts
