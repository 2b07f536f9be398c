"""Extension points: none of its own; what it does when it is enabled for a company."""

from __future__ import annotations

from typing import Any

from server import hookimpl


class Impls:
    """Implementations of the kernel's hooks."""

    @hookimpl
    def addon_enabled(self, env: Any, company: Any, addon: str) -> None:
        """Companies and users that are older than the addon get their contact and currency."""
        if addon != "base":
            return
        company = env["res.company"].browse(company.id)
        if not company.currency_id:
            company.currency_id = company.country.currency_id or env.ref("base.USD").id
        company.ensure_partner()
        env["res.users"].sudo().with_context(active_test=False).search([("partner_id", "=", False)]).ensure_partner()
