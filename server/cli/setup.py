"""`colca init` and `colca db`."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from server.cli.common import database, reading, settings
from server.errors import SetupError
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment

#: Password of the demo administrator, told loudly wherever it counts.
DEMO_PASSWORD = "admin"


@click.command()
@click.option("--demo/--no-demo", default=False, help="With demo companies, users and products; administrator admin / admin.")
@click.option("--admin-password", help="Password of the user `admin` (without demo; asked for when not given).")
@click.option("--company", "company_name", help="Name of the first company (without demo).")
@click.option("--addons", "addon_names", help="Addons to install, comma separated (without demo: base; with demo: all of ours).")
@click.option("--if-missing", is_flag=True, help="Do nothing on a database that is already initialised.")
def init(demo: bool, admin_password: str | None, company_name: str | None, addon_names: str | None, if_missing: bool) -> None:
    """Create the database when it is not there, and initialise it: kernel, addons, first company, administrator."""
    from server.addon import lifecycle, state
    from server.addon.discovery import discover

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
        password = DEMO_PASSWORD if demo else _password(admin_password)
        discovery = discover()
        if addon_names:
            names = [name.strip() for name in addon_names.split(",") if name.strip()]
        elif demo:
            names = [name for name, addon in discovery.addons.items() if addon.distribution == "colca"]
            for name in sorted(set(discovery.failed)):
                click.echo(f"Left out: {name}: {discovery.failed[name]}", err=True)
        else:
            names = ["base"]

        def finish(env: Environment) -> None:
            env["res.users"].search([("login", "=", "admin")]).write({"password": password})
            if company_name and not demo:
                env.company.write({"name": company_name})

        start = time.monotonic()
        outcome = lifecycle.install(opened, names, companies=lifecycle.ALL, demo=demo, finish=finish, discovery=discovery)
        if created:
            click.echo(f"Created the database {created}.")
        click.echo(
            f"Initialised in {time.monotonic() - start:.1f} s with {', '.join(outcome.installed)}: {outcome.report.created} "
            f"records."
        )
        for note in [*outcome.plan.notes, *outcome.report.kept]:
            click.echo(f"Note: {note}")
    if demo:
        click.secho("DEMO DATA: anybody can log in as admin / admin. Never use this database for real business.", bold=True)
    else:
        click.echo("Log in as admin. `colca addon list` shows what more can be installed.")


def _password(given: str | None) -> str:
    """The administrator's password, asked for when it was not given. Raises `SetupError` when it is too short."""
    if given is None:
        if not sys.stdin.isatty():
            raise SetupError(_("Give the administrator's password with --admin-password, or use --demo."))
        given = click.prompt("Password of the administrator (user admin)", hide_input=True, confirmation_prompt=True)
    if len(str(given).strip()) < 8:
        raise SetupError(_("The password is too short: use at least 8 characters."))
    return str(given)


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
