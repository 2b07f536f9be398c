"""`colca addon …`: the life of addons on a live database."""

from __future__ import annotations

from collections.abc import Sequence

import click

from server.cli.common import company_ids, database, reading, require_initialised, settings, tell
from server.cli.translations import i18n
from server.errors import SetupError
from server.text import _


@click.group()
def addon() -> None:
    """List, install, upgrade, enable, disable, uninstall and purge addons."""


addon.add_command(i18n)


@addon.command(name="list")
@click.option("-v", "--verbose", is_flag=True, help="With the summary of each.")
def list_addons(verbose: bool) -> None:
    """All addons: available, installed, enabled where, or failed and why."""
    from sqlalchemy import text

    from server.addon import listing, state
    from server.addon.discovery import discover
    from server.addon.usable import build

    discovery = discover()
    with database() as opened, reading(opened) as conn:
        installed = state.installed(conn)
        failed = build(discovery, installed)[1] if installed else {}
        names = {row[0]: row[1] for row in conn.execute(text("select id, name from res_company"))} if installed else {}
        found = listing.entries(conn, discovery, failed)
    width = max((len(entry.name) for entry in found), default=4)
    for entry in found:
        where = ""
        if entry.status == "installed":
            where = _users(entry.companies, names)
        elif entry.has_data:
            where = "data kept"
        version = entry.version or entry.package_version
        if entry.version and entry.package_version and entry.version != entry.package_version:
            version = f"{entry.version} -> {entry.package_version}"
        click.echo(f"{entry.name:<{width}}  {entry.status:<9}  {version:<12}  {where}".rstrip())
        if entry.reason:
            click.echo(f"{'':<{width}}  {entry.reason}")
        if verbose and entry.summary:
            click.echo(f"{'':<{width}}  {entry.summary}")


def _users(companies: Sequence[int], names: dict[int, str]) -> str:
    """Who uses an addon, in words."""
    if not companies:
        return "not enabled"
    if len(names) > 1 and len(companies) == len(names):
        return "for all companies"
    return "for " + ", ".join(names.get(id, str(id)) for id in companies)


@addon.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--demo", is_flag=True, help="With demo data.")
@click.option("--company", "companies", multiple=True, help="Enable for this company too (id or name; repeatable).")
@click.option("--all-companies", is_flag=True, help="Enable for all companies.")
def install(names: Sequence[str], demo: bool, companies: Sequence[str], all_companies: bool) -> None:
    """Install addons and what they need: tables, data, glue. They show nowhere until enabled for a company."""
    from server.addon import lifecycle

    config = settings()
    if demo and config.production:
        raise SetupError(_("COLCA_PRODUCTION is set: demo data are not loaded. Leave --demo out."))
    with database(config) as opened:
        require_initialised(opened)
        ids: Sequence[int] | str = lifecycle.ALL if all_companies else company_ids(opened, companies) if companies else ()
        outcome = lifecycle.install(opened, names, companies=ids, demo=demo)
        tell(outcome, opened, "Nothing to do: already installed.")


@addon.command()
@click.argument("names", nargs=-1)
@click.option("--plan", is_flag=True, help="Show the SQL; change nothing.")
def upgrade(names: Sequence[str], plan: bool) -> None:
    """Bring installed addons (all when none is named) to the versions of their packages."""
    from server.addon import lifecycle

    with database() as opened:
        outcome = lifecycle.upgrade(opened, names or None, only_plan=plan)
        if plan:
            for line in outcome.statements:
                click.echo(line)
            for name, old, new in outcome.upgraded:
                click.echo(f"-- {name} {old} -> {new}")
            if outcome.report:
                click.echo(f"-- data: {outcome.report.created} records to create, {outcome.report.updated} to update")
            for note in [*outcome.plan.notes, *outcome.report.kept]:
                click.echo(f"-- note: {note}")
            if not outcome:
                click.echo("-- nothing to do")
            return
        tell(outcome, opened, "Nothing to do: everything is up to date.")


@addon.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--company", "companies", multiple=True, help="Only for this company (id or name; repeatable); else for all.")
def enable(names: Sequence[str], companies: Sequence[str]) -> None:
    """Enable addons for companies, with what they need and the glue that follows."""
    from server.addon import lifecycle

    with database() as opened:
        outcome = lifecycle.enable(opened, names, company_ids(opened, companies))
        tell(outcome, opened, "Nothing to do: already enabled.")


@addon.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--company", "companies", multiple=True, help="Only for this company (id or name; repeatable); else for all.")
def disable(names: Sequence[str], companies: Sequence[str]) -> None:
    """Hide addons from companies. Data stay."""
    from server.addon import lifecycle

    with database() as opened:
        outcome = lifecycle.disable(opened, names, company_ids(opened, companies))
        tell(outcome, opened, "Nothing to do: not enabled.")


@addon.command()
@click.argument("names", nargs=-1, required=True)
def uninstall(names: Sequence[str]) -> None:
    """Take addons out of service for all companies. Tables and data stay."""
    from server.addon import lifecycle

    with database() as opened:
        tell(lifecycle.uninstall(opened, names), opened, "Nothing to do: not installed.")


@addon.command()
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@click.option("--missing", is_flag=True, help="Although the package is not there any more.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(name: str, dry_run: bool, missing: bool, yes: bool) -> None:
    """Drop exactly what an addon owns: its tables, its columns in others' tables, the records of its data files."""
    from server.addon.purge import purge as run

    with database() as opened:
        require_initialised(opened)
        found = run(opened, name, dry_run=True, missing=missing)
        for table, rows in found.tables.items():
            click.echo(f"table   {table}: {rows} rows")
        for (table, column), rows in found.columns.items():
            click.echo(f"column  {table}.{column}: {rows} values")
        for model, rows in found.records.items():
            click.echo(f"records {model}: {rows} of its data files")
        if not found:
            click.echo("Nothing of it is in this database.")
        if dry_run:
            return
        if found and not yes and not click.confirm("All this will be gone for good. Purge?"):
            raise click.Abort
        done = run(opened, name, missing=missing)
        for note in done.kept:
            click.echo(f"Note: {note}")
        click.echo(f"Purged: {name}")
