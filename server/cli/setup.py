"""`colca init` and `colca db`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from server.cli.common import asked_password, database, reading, settings
from server.errors import SetupError
from server.text import _

if TYPE_CHECKING:
    from server.addon.discovery import Discovery
    from server.model.environment import Environment

#: Password of the demo administrator, told loudly wherever it counts.
DEMO_PASSWORD = "admin"


@click.command()
@click.option("--demo/--no-demo", default=False, help="With demo companies, users and products; administrator admin / admin.")
@click.option("--admin-password", help="Password of the user `admin` (without demo; asked for when not given).")
@click.option("--company", "company_name", help="Name of the first company (without demo).")
@click.option("--country", help="Its country, as in MX: decides on currency and chart of accounts (without demo).")
@click.option("--tz", help="Its time zone, as in America/Mexico_City (without demo).")
@click.option("--lang", help="Its language and the administrator's, as in es_MX (without demo).")
@click.option("--addons", "addon_names", help="Addons to install, comma separated (without demo: base; with demo: all of ours).")
@click.option("--if-missing", is_flag=True, help="Do nothing on a database that is already initialised.")
def init(
    demo: bool,
    admin_password: str | None,
    company_name: str | None,
    country: str | None,
    tz: str | None,
    lang: str | None,
    addon_names: str | None,
    if_missing: bool,
) -> None:
    """Create the database when it is not there, and initialise it: kernel, addons, first company, administrator."""
    from server.addon import lifecycle, state
    from server.addon.discovery import discover
    from server.databases import making

    config = settings()
    if demo and config.production:
        raise SetupError(_("COLCA_PRODUCTION is set: demo data are not loaded. Leave --demo out."))
    created = create_database(config.database_url)
    with database(config) as opened:
        with reading(opened) as conn:
            present = state.installed(conn)
        if present:
            if if_missing:
                return
            raise SetupError(_("This database is already initialised. `colca db` shows what it holds."))
        password = (
            DEMO_PASSWORD
            if demo
            else asked_password(admin_password, "Password of the administrator (user admin)", "--admin-password")
        )
        discovery = discover()
        if addon_names:
            names = [name.strip() for name in addon_names.split(",") if name.strip()]
        elif demo:
            names = making.own_addons(discovery)
            for name in sorted(set(discovery.failed)):
                click.echo(f"Left out: {name}: {discovery.failed[name]}", err=True)
        else:
            names = ["base"]

        _refuse_unusable(names, discovery)

        def finish(env: Environment) -> None:
            habits = {} if demo else {key: value for key, value in (("tz", tz), ("lang", lang)) if value}
            env["res.users"].search([("login", "=", "admin")]).write({"password": password, **habits})
            if not demo:
                making.first_company(env, name=company_name, country=country, tz=tz, lang=lang)

        start = time.monotonic()
        # Without demo data the company gets its country first: the others ask for it when they are enabled.
        outcomes = [lifecycle.install(opened, names if demo else ["base"], companies=lifecycle.ALL, demo=demo, finish=finish)]
        if not demo and names != ["base"]:
            outcomes.append(lifecycle.install(opened, names, companies=lifecycle.ALL))
        if created:
            click.echo(f"Created the database {created}.")
        installed = ", ".join(name for outcome in outcomes for name in outcome.installed)
        records = sum(outcome.report.created for outcome in outcomes)
        click.echo(f"Initialised in {time.monotonic() - start:.1f} s with {installed}: {records} records.")
        for outcome in outcomes:
            for note in [*outcome.plan.notes, *outcome.report.kept]:
                click.echo(f"Note: {note}")
    if demo:
        click.secho("DEMO DATA: anybody can log in as admin / admin. Never use this database for real business.", bold=True)
    else:
        click.echo("Log in as admin. `colca addon list` shows what more can be installed.")


def _refuse_unusable(names: list[str], discovery: Discovery) -> None:
    """Raise `SetupError` for an addon that is not there or cannot run, before anything is made."""
    from server.addon import graph

    broken = {**discovery.failed, **graph.problems(discovery.addons, discovery.failed)}
    for name in names:
        if name in broken:
            raise SetupError(_("Addon %(name)s cannot be used. %(reason)s", name=name, reason=broken[name]))
        if name not in discovery.addons:
            raise SetupError(_("There is no addon %(name)s. `pip install` its package first.", name=name))


def create_database(url: str) -> str | None:
    """Create the PostgreSQL database of `url` when the server does not have it; its name then, else None. SQLite makes its file
    itself.
    """
    import sqlalchemy as sa
    from sqlalchemy.exc import OperationalError

    target = sa.make_url(url)
    if target.get_backend_name() != "postgresql" or not target.database:
        return None
    engine = sa.create_engine(target)
    try:
        engine.connect().close()
        return None
    except OperationalError as error:
        if "does not exist" not in str(error) or f'"{target.database}"' not in str(error):
            raise
    finally:
        engine.dispose()
    maintenance = sa.create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with maintenance.connect() as conn:
            conn.exec_driver_sql(
                f"CREATE DATABASE {maintenance.dialect.identifier_preparer.quote(target.database)} ENCODING 'UTF8' TEMPLATE "
                f"template0"
            )
    finally:
        maintenance.dispose()
    return target.database


@click.command()
def db() -> None:
    """Show the database, its addons per company, and its size."""
    from sqlalchemy import make_url, text

    from server.addon import state

    config = settings()
    with database(config) as opened, reading(opened) as conn:
        click.echo(f"Database: {make_url(config.database_url).render_as_string(hide_password=True)} ({conn.dialect.name})")
        installed = state.installed(conn)
        if not installed:
            click.echo("Empty. Run `colca init`.")
            return
        click.echo("Installed: " + ", ".join(f"{name} {version}" for name, version in sorted(installed.items())))
        enabled = state.enabled(conn)
        for row in conn.execute(text("select id, name from res_company order by id")):
            click.echo(
                f"Company {row.id}, {row.name}: {', '.join(sorted(enabled.get(row.id, frozenset()) - {'kernel'})) or 'no addons'}"
            )
        registry, data = state.signals(conn)
        click.echo(f"Registry version {registry}, data version {data}, {_size(conn)}")


def _size(conn: Any) -> str:
    if conn.dialect.name == "postgresql":
        size = conn.exec_driver_sql("select pg_database_size(current_database())").scalar()
    else:
        size = conn.exec_driver_sql("select page_count * page_size from pragma_page_count(), pragma_page_size()").scalar()
    return f"{size / 1024 / 1024:.1f} MB"
