"""What runs here, for the start page and for the line `colca serve` prints: version, companies, addons, log-ins of the demo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.addon.graph import ALWAYS
from server.addon.kernel import KERNEL
from server.text import Text, render

#: The administrator, who is told apart from the users that demo data make.
ADMINISTRATOR = "admin"


@dataclass
class Addon:
    """An installed addon: its texts in the reader's language, and the names of the companies that use it."""

    name: str
    title: str
    summary: str
    version: str
    companies: list[str]


@dataclass
class Overview:
    """What this server holds.

    :ivar companies: mappings with `id`, `name`, and `country` and `currency` (texts, empty when unknown).
    :ivar failed: name → reason of addons that could not be loaded.
    :ivar logins: who can log in with his log-in name as password, because the demo data say so; empty without demo data.
    """

    version: str = ""
    companies: list[dict[str, Any]] = field(default_factory=list)
    addons: list[Addon] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)

    @property
    def demo(self) -> bool:
        """Whether demo data were loaded: then anybody can log in."""
        return bool(self.logins)


def overview(database: Any, lang: str = "en_US") -> Overview:
    """What `database` holds, read as the system in one transaction.

    :param lang: language of the texts.
    :raises Exception: whatever the database raises when it cannot be read.
    """
    failed: Mapping[str, Text | str] = getattr(database, "failed", {})
    result = Overview(KERNEL.version, failed={name: render(reason, lang) for name, reason in failed.items()})

    def read(env: Any) -> None:
        env = env.root
        companies = env["res.company"]
        known = [name for name in ("country_id", "currency_id") if name in type(companies)._fields]
        result.companies = [
            {
                "id": row["id"],
                "name": row["name"],
                **{name.removesuffix("_id"): row[name][1] if row.get(name) else "" for name in ("country_id", "currency_id")},
            }
            for row in companies.search_read([], ["name", *known], order="id")
        ]
        names = {row["id"]: row["name"] for row in result.companies}
        users: dict[str, list[str]] = {}
        for row in env["ir.company.addon"].search_read([], ["addon", "company_id"], load=None, order="company_id"):
            if row["company_id"] in names:
                users.setdefault(row["addon"], []).append(names[row["company_id"]])
        result.addons = [
            Addon(addon.name, render(addon.label, lang), render(addon.summary, lang), addon.version, users.get(addon.name, []))
            for addon in env.transaction.registry.addons
            if addon.name not in ALWAYS
        ]
        result.logins = _logins(env)

    database.run(1, {"lang": lang}, read, readonly=True)
    return result


def _logins(env: Any) -> list[str]:
    """Log-ins of the demo's people, the administrator first."""
    if not env["ir.module.module"].search_count([("demo", "=", True)]):
        return []
    made = env["ir.model.data"].search_read([("model", "=", "res.users"), ("module", "not in", list(ALWAYS))], ["res_id"])
    people = env["res.users"].search([("id", "in", [row["res_id"] for row in made])], order="id")
    return [ADMINISTRATOR, *(user.login for user in people if user.login != ADMINISTRATOR)]
