"""What a client is told of its session: who it is, where it works, in which formats. The keys are those clients of Odoo read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from server.security.facts import SYSTEM, user_facts

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.rpc.services import Server

#: Records of which a client may ask the ids for one action.
ACTIVE_IDS_LIMIT = 20_000


def session_info(env: Environment, server: Server, db: str, cookie: str) -> dict[str, Any]:
    """The session of the user of `env`.

    :param db: name by which the client called the database.
    :param cookie: value of the cookie, for clients that send it themselves.
    """
    user = env.user.sudo()
    facts = user_facts(env, env.uid)
    partner = user.partner if "partner_id" in user._fields and user.partner_id else None
    return {
        "uid": env.uid,
        "db": db,
        "username": user.login,
        "name": user.name,
        "partner_id": partner.id if partner is not None else False,
        "partner_display_name": partner.display_name if partner is not None else user.name,
        "company_id": env.company_id or False,
        "user_context": env["res.users"].context_get(),
        "is_system": facts.has_group(SYSTEM),
        "is_admin": facts.has_group("base.group_erp_manager"),
        "is_public": False,
        "is_internal_user": facts.internal,
        "server_version": server.config.series,
        "server_version_info": server.config.version_info,
        "user_companies": _companies(env),
        "currencies": _currencies(env),
        "web.base.url": server.config.base_url,
        "session_id": cookie,
        "active_ids_limit": ACTIVE_IDS_LIMIT,
        "max_file_upload_size": server.config.max_body,
        "show_effect": True,
    }


def nobody(server: Server) -> dict[str, Any]:
    """The session of somebody who is not logged in."""
    return {
        "uid": None,
        "is_system": False,
        "is_admin": False,
        "is_public": True,
        "is_internal_user": False,
        "server_version": server.config.series,
        "server_version_info": server.config.version_info,
    }


def _companies(env: Environment) -> dict[str, Any]:
    companies = env.root["res.company"].browse(env.info.company_ids)
    currency = "currency_id" in companies._fields
    allowed = {
        str(company.id): {
            "id": company.id,
            "name": company.name,
            "sequence": company.sequence,
            "child_ids": [child for child in company.child_ids.ids if child in env.info.company_ids],
            "parent_id": company.parent_id or False,
            "currency_id": (company.currency_id or False) if currency else False,
        }
        for company in companies
    }
    return {"current_company": env.company_id or False, "allowed_companies": allowed}


def _currencies(env: Environment) -> dict[str, Any]:
    if "res.currency" not in env:
        return {}
    return {
        str(currency.id): {"symbol": currency.symbol, "position": currency.position, "digits": [69, currency.decimal_places]}
        for currency in env.root["res.currency"].search([])
    }
