"""`colca user …` and `colca company …`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from server.cli.common import asked_password, company_ids, database, reading, work
from server.errors import SetupError
from server.text import _


@click.group()
def user() -> None:
    """List and add users, set passwords."""


@user.command(name="list")
def list_users() -> None:
    """All users with their companies."""

    def look(env: Any) -> list[tuple[str, str, str, bool]]:
        users = env["res.users"].with_context(active_test=False).search([])
        return [(one.login, one.name, ", ".join(one.company_ids.mapped("name")), one.active) for one in users]

    with database() as opened:
        for login, name, companies, active in work(opened, look):
            click.echo("\t".join([login, name, companies, *([] if active else ["(archived)"])]))


@user.command()
@click.argument("login")
@click.option("--name", help="Full name; the login when not given.")
@click.option("--email")
@click.option(
    "--company",
    "companies",
    multiple=True,
    help="Company the user may work in (id or name; repeatable); the first is where he starts.",
)
@click.option("--group", "groups", multiple=True, help="External id of a group, as in sales.group_sale_salesman (repeatable).")
@click.option("--lang", help="Language, as in es_MX.")
@click.option("--password", help="Asked for when not given.")
def add(
    login: str,
    name: str | None,
    email: str | None,
    companies: Sequence[str],
    groups: Sequence[str],
    lang: str | None,
    password: str | None,
) -> None:
    """Add a user who may log in."""
    with database() as opened:
        ids = company_ids(opened, companies)
        secret = asked_password(password, f"Password of {login}")

        def make(env: Any) -> int:
            if env["res.users"].with_context(active_test=False).search_count([("login", "=", login)]):
                raise SetupError(
                    _("There is already a user %(login)s. `colca user password %(login)s` sets a new password.", login=login)
                )
            values: dict[str, Any] = {"login": login, "name": name or login, "email": email, "password": secret}
            values |= {"company_id": ids[0], "company_ids": [(6, 0, ids)]}
            if groups:
                values["group_ids"] = [(6, 0, [env.ref("base.group_user").id, *(_group(env, one) for one in groups)])]
            if lang:
                values["lang"] = lang
            return int(env["res.users"].create(values).id)

        click.echo(f"User {login} added (id {work(opened, make)}).")


def _group(env: Any, xmlid: str) -> int:
    group = env.ref(xmlid, raise_if_missing=False)
    if not group or group._name != "res.groups":
        raise SetupError(_("There is no group %(name)s. Groups have external ids such as base.group_system.", name=xmlid))
    return int(group.id)


@user.command()
@click.argument("login")
@click.option("--password", help="Asked for when not given.")
def password(login: str, password: str | None) -> None:
    """Set a user's password."""
    with database() as opened:
        secret = asked_password(password, f"New password of {login}")

        def change(env: Any) -> None:
            found = env["res.users"].with_context(active_test=False).search([("login", "=", login)])
            if not found:
                raise SetupError(_("There is no user %(login)s. `colca user list` shows those that are.", login=login))
            found.write({"password": secret})

        work(opened, change)
        click.echo(f"The password of {login} is changed.")


@click.group()
def company() -> None:
    """List and add companies."""


@company.command(name="list")
def list_companies() -> None:
    """All companies with their ids."""

    def look(env: Any) -> list[tuple[int, str, str]]:
        return [(one.id, one.name, one.tz) for one in env["res.company"].with_context(active_test=False).search([])]

    with database() as opened:
        for id, name, zone in work(opened, look):
            click.echo(f"{id}\t{name}\t{zone}")


@company.command(name="add")
@click.argument("name")
@click.option("--tz", default="UTC", show_default=True, help="Time zone, as in America/Lima.")
@click.option("--lang", default="en_US", show_default=True)
@click.option("--country", help="ISO code, as in PE: decides on the chart of accounts.")
@click.option("--like", help="Enable the addons of this company (id or name).")
def add_company(name: str, tz: str, lang: str, country: str | None, like: str | None) -> None:
    """Add a company; the administrator may work in it."""
    from server.addon import lifecycle, state

    with database() as opened:
        template = company_ids(opened, [like])[0] if like else None

        def make(env: Any) -> int:
            if env["res.company"].with_context(active_test=False).search_count([("name", "=", name)]):
                raise SetupError(_("There is already a company %(name)s.", name=name))
            values: dict[str, Any] = {"name": name, "tz": tz, "lang": lang}
            if country:
                from server.databases.making import country_id

                values["country_id"] = country_id(env, country)
            made = env["res.company"].create(values)
            admin = env.ref("base.user_admin", raise_if_missing=False)
            if admin:
                admin.write({"company_ids": [(4, made.id)]})
            return int(made.id)

        id = work(opened, make)
        if template is not None:
            with reading(opened) as conn:
                addons = state.enabled(conn).get(template, frozenset())
            lifecycle.enable_for(opened, id, addons)
        click.echo(f"Company {name} added (id {id}).")
