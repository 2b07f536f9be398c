"""What several commands need: settings, database, companies by name, and the telling of what was done."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from server.errors import SetupError
from server.text import _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from server.addon.lifecycle import Outcome
    from server.config import Config
    from server.database import Database

#: User the commands work as.
ROOT_UID = 1
#: Characters a password has at least.
SHORTEST_PASSWORD = 8


def settings() -> Config:
    """The settings, with the data directory made."""
    from server.config import Config

    return Config.load().prepare()


@contextmanager
def database(config: Config | None = None) -> Iterator[Database]:
    """The database of the settings; closed at the end."""
    from server.database import Database

    opened = Database((config or settings()).database_url)
    try:
        yield opened
    finally:
        opened.engine.dispose()


def reading(opened: Database) -> Connection:
    """A connection for reading: on SQLite it waits for no writer and stops none."""
    return opened.engine.connect().execution_options(colca_begin="DEFERRED")


def work(opened: Database, function: Any) -> Any:
    """Run `function(env)` as the system user. Raises `SetupError` on a database that was never initialised."""
    require_initialised(opened)
    return opened.run(ROOT_UID, {}, function)


def require_initialised(opened: Database) -> None:
    """Raise `SetupError` on a database that was never initialised."""
    from server.addon import state

    with reading(opened) as conn:
        if not state.installed(conn):
            raise SetupError(_("This database is empty. Run `colca init` first."))


def asked_password(given: str | None, prompt: str, option: str = "--password") -> str:
    """A password, asked for twice when it was not given.

    Raises `SetupError` when it is too short, or when nobody is there to be asked.
    """
    if given is None:
        if not sys.stdin.isatty():
            raise SetupError(_("There is no terminal to ask for the password: give it with %(option)s.", option=option))
        given = click.prompt(prompt, hide_input=True, confirmation_prompt=True)
    if len(str(given).strip()) < SHORTEST_PASSWORD:
        raise SetupError(_("The password is too short: use at least %(count)s characters.", count=SHORTEST_PASSWORD))
    return str(given)


def company_ids(opened: Database, given: Sequence[str]) -> list[int]:
    """Ids of companies given by id or name; all companies when none is given. Raises `SetupError` for one that does not exist."""

    def look(env: Any) -> list[tuple[int, str]]:
        companies = env["res.company"].with_context(active_test=False).search([])
        return [(company.id, company.name) for company in companies]

    present = work(opened, look)
    if not given:
        return [id for id, _name in present]
    found = []
    for text in given:
        ids = [id for id, name in present if str(id) == text or name.casefold() == text.casefold()]
        if not ids:
            raise SetupError(_("There is no company %(name)s. `colca company list` shows those that are.", name=text))
        found += ids
    return found


def tell(outcome: Outcome, opened: Database, nothing: str) -> None:
    """Print what an operation did, or `nothing`."""
    if not outcome:
        click.echo(nothing)
        return
    from sqlalchemy import text

    with reading(opened) as conn:
        names = {row[0]: row[1] for row in conn.execute(text("select id, name from res_company"))}
    if outcome.installed:
        click.echo(f"Installed: {', '.join(outcome.installed)}")
        if not outcome.enabled:
            click.echo("No company uses it yet: `colca addon enable NAME` enables it.")
    for name, old, new in outcome.upgraded:
        click.echo(f"Upgraded: {name} {old} -> {new}")
    if outcome.uninstalled:
        click.echo(f"Uninstalled: {', '.join(outcome.uninstalled)} (data kept; `colca addon purge NAME` drops them)")
    for label, pairs in (("Enabled", outcome.enabled), ("Disabled", outcome.disabled)):
        for company in dict.fromkeys(id for id, _name in pairs):
            addons = ", ".join(name for id, name in pairs if id == company)
            click.echo(f"{label} for {names.get(company, company)}: {addons}")
    if outcome.plan and not outcome.installed:
        click.echo(f"Tables: {len(outcome.plan.operations)} changes")
    report = outcome.report
    if report.created or report.updated:
        click.echo(f"Data: {report.created} records created, {report.updated} updated")
    for note in [*outcome.plan.notes, *report.kept]:
        click.echo(f"Note: {note}")
