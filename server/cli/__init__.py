"""The command `colca`. Each command lives in a module of its own that is imported only when it is called: starting the server is
quick.

Exit codes: 0 done (or nothing to do), 1 refused with one sentence, 2 wrong usage.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

#: Command → (module, short help); the help stands here so that `colca --help` imports nothing.
COMMANDS = {
    "init": ("server.cli.setup", "Create and initialise the database."),
    "serve": ("server.cli.run", "Serve over HTTP, with the job worker inside."),
    "worker": ("server.cli.run", "Work off the outbox: mail, schedules, jobs."),
    "shell": ("server.cli.run", "A Python prompt with `env`, as the system user."),
    "db": ("server.cli.setup", "What the database is and holds."),
    "addon": ("server.cli.addons", "List, install, upgrade, enable, disable, uninstall and purge addons."),
    "user": ("server.cli.users", "List and add users, set passwords."),
    "company": ("server.cli.users", "List and add companies."),
    "demo": ("server.cli.demo", "Load real data (northwind DIR) through a running server, and reconcile."),
}


class _Lazy(click.Group):
    """A group that imports a command when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return getattr(importlib.import_module(COMMANDS[name][0]), name)  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])


def _version() -> str:
    from server.addon.kernel import KERNEL

    return KERNEL.version


def _show_version(ctx: click.Context, _parameter: Any, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"Colca {_version()}")
        ctx.exit()


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version and exit."
)
def colca() -> None:
    """Colca, a modular business platform. Settings come from environment variables (COLCA_PORT, COLCA_DATABASE_URL,
    COLCA_DATA_DIR …) or a TOML file named by COLCA_CONFIG; see docs/run/settings.md."""


def main(args: list[str] | None = None) -> None:
    """Entry point: runs the command and turns refusals into one sentence on standard error."""
    try:
        result = colca.main(args=args, prog_name="colca", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        click.echo("Interrupted.", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.exit(_refusal(error))
    sys.exit(result if isinstance(result, int) else 0)


def _refusal(error: Exception) -> int:
    """Say what went wrong in one sentence; errors nobody foresaw are told to the log in full."""
    from server.errors import ColcaError

    if isinstance(error, ColcaError):
        click.echo(f"colca: {error}", err=True)
        return 1
    from sqlalchemy.exc import OperationalError

    if isinstance(error, OperationalError):
        reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
        if getattr(error.orig, "sqlstate", None) == "55P03" or "database is locked" in reason:
            click.echo("colca: others hold the database just now. Nothing was changed; try again in a moment.", err=True)
            return 1
        click.echo(f"colca: the database cannot be used: {reason}. Check COLCA_DATABASE_URL and that the server runs.", err=True)
        return 1
    import logging
    import os

    if os.environ.get("COLCA_LOG_LEVEL", "").lower() == "debug":
        logging.basicConfig(stream=sys.stderr)
        logging.getLogger("colca").exception("unexpected error")
    click.echo(
        f"colca: unexpected error: {type(error).__name__}: {error}. This is a mistake in the program; COLCA_LOG_LEVEL=debug "
        f"shows where.",
        err=True,
    )
    return 1
