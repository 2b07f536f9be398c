"""What makes a database a business of its own: addons, first company, administrator; and what makes a copy another database."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.addon import lifecycle, state
from server.addon.discovery import Discovery, discover
from server.addon.manifest import OWN_DISTRIBUTION
from server.errors import SetupError
from server.text import _

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment

SYSTEM_UID = 1


def own_addons(discovery: Discovery) -> list[str]:
    """The addons of a normal business: ours, as far as they can be used."""
    return [name for name, addon in discovery.addons.items() if addon.distribution == OWN_DISTRIBUTION]


def install(
    database: Database,
    *,
    login: str = "admin",
    password: str,
    demo: bool = False,
    lang: str | None = None,
    country: str | None = None,
    phone: str | None = None,
) -> None:
    """Make the empty `database` a business: kernel, our addons, a company of the country, the administrator.

    :param country: ISO code of two letters: decides on currency, time zone and chart of accounts.
    :raises SetupError: an unknown country or language; addons that cannot be installed.
    """
    discovery = discover(database.extra_addons)
    names = own_addons(discovery)

    def finish(env: Environment) -> None:
        admin: dict[str, Any] = {"login": login, "password": password}
        if lang:
            if lang not in [code for code, _name in languages(env)]:
                raise SetupError(_("There is no language %(lang)s; `list_lang` tells those that are.", lang=lang))
            admin["lang"] = lang
        env["res.users"].search([("login", "=", "admin")]).write(admin)
        if not demo:
            first_company(env, country=country, lang=lang, phone=phone)

    if demo:
        lifecycle.install(database, names, companies=lifecycle.ALL, demo=True, finish=finish)
        return
    # The company gets its country first: the other addons ask for it when they are enabled.
    lifecycle.install(database, ["base"], companies=lifecycle.ALL, finish=finish)
    lifecycle.install(database, names, companies=lifecycle.ALL, finish=lambda env: _all_groups(env, names))


def _all_groups(env: Environment, addons: list[str]) -> None:
    """Let the administrator of a new business do everything in it: nobody else is there to give him rights."""
    rows = env["ir.model.data"].search_read(
        [("model", "=", "res.groups"), ("module", "in", [name for name in addons if name != "base"])], ["res_id"]
    )
    env.ref("base.user_admin").write({"group_ids": [(4, row["res_id"]) for row in rows]})


def languages(env: Any) -> list[tuple[str, str]]:
    """Code and name of the languages people can choose."""
    return [(row["code"], row["name"]) for row in env["res.lang"].sudo().search_read([], ["code", "name"])]


def first_company(
    env: Any,
    *,
    name: str | None = None,
    country: str | None = None,
    tz: str | None = None,
    lang: str | None = None,
    phone: str | None = None,
) -> None:
    """Give the first company what is known of it: its country's currency, and the time zone when the country has but one.

    :raises SetupError: there is no such country.
    """
    values: dict[str, Any] = {
        key: value for key, value in (("tz", tz), ("lang", lang), ("name", name), ("phone", phone)) if value
    }
    if country:
        found = env["res.country"].browse([country_id(env, country)])
        found.currency.write({"active": True})  # a country's money is archived until somebody uses it
        values |= {"country_id": found.id, "currency_id": found.currency_id}
        zone = time_zone(country)
        if zone and "tz" not in values:
            values["tz"] = zone
    env.company.write(values)


def time_zone(country: str) -> str | None:
    """The time zone in which most people of a country live; None when it is not known."""
    from babel.core import get_global

    chosen = {"MX": "America/Mexico_City", "US": "America/New_York"}.get(country.upper())
    zones = get_global("territory_zones").get(country.upper(), ())
    return chosen or (str(zones[0]) if len(zones) == 1 else None)


def country_id(env: Any, code: str) -> int:
    """Id of the country with an ISO code. Raises `SetupError` when there is none, or no countries at all."""
    if "res.country" not in env:
        raise SetupError(_("Countries come with the addon base. Enable it, or leave --country out."))
    found = env["res.country"].search([("code", "=", code.upper())])
    if not found:
        raise SetupError(_("%(code)s is not the ISO code of a country. Use two letters, as in MX.", code=code))
    return int(found.id)


def uuid_of(database: Database) -> str:
    """The `database.uuid`; empty for a database that has none."""
    with database.engine.connect().execution_options(colca_begin="DEFERRED") as conn:
        if not state.ready(conn):
            return ""
        found = conn.execute(
            sa.text("select value from ir_config_parameter where key = 'database.uuid' and company_id is null")
        ).scalar()
    return str(found or "")


def renew_uuid(database: Database) -> str:
    """Give a copy a `database.uuid` of its own; answers it. Who is logged in at the original is not at the copy."""
    new = str(uuid.uuid4())

    def renew(env: Environment) -> None:
        env["ir.config_parameter"].sudo().set_param("database.uuid", new)
        env.execute(env["res.device"].table.delete())

    database.run(SYSTEM_UID, {}, renew)
    return new


def neutralize(database: Database) -> None:
    """Make a copy harmless to the world: nothing that it was about to send is sent, nothing begins by itself, mail stays here.

    Webhooks are switched off, schedules other than the kernel's sweeping archived, waiting jobs and deliveries cancelled. From
    now on mail goes into the mail folder and server actions call no address (`database.neutralized`). Addons stop what they talk
    to in the hook `database_neutralized`.
    """

    def quiet(env: Environment) -> None:
        outbox = env["ir.outbox"].table
        env.execute(outbox.update().where(outbox.c.state.in_(["pending", "running"])).values(state="cancelled", key=None))
        deliveries = env["webhook.delivery"].table
        env.execute(deliveries.update().where(deliveries.c.state == "pending").values(state="failed", error="Neutralized copy"))
        env["webhook.subscription"].sudo().search([]).write({"active": False})
        env["ir.cron"].sudo().search([("job", "not =like", "kernel.sweep%")]).write({"active": False})
        env["ir.config_parameter"].sudo().set_param("database.neutralized", "1")
        env.hooks.database_neutralized(env=env)

    database.run(SYSTEM_UID, {}, quiet, su=True)
