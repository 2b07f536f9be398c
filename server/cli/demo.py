"""`colca demo NAME DIR`: real data into a company of its own, through the public RPC door of a running server.

Loaders are found by the entry point group `colca.demos`: functions `load(client, directory, say) -> bool`, which say whether
everything adds up. A loader can be run again at any time: it goes on where it was, and changes nothing when all is there.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from server.errors import SetupError
from server.text import _


@click.command()
@click.argument("name")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--url", help="Address of the running server; default http://localhost:COLCA_PORT.")
@click.option("--login", default="admin", show_default=True)
@click.option("--password", default="admin", show_default=True)
@click.option(
    "--company", "company_name", help="Company to load into; made when it does not exist. Default: the demo's own name."
)
def demo(name: str, directory: Path, url: str | None, login: str, password: str, company_name: str | None) -> None:
    """Load a set of real data, such as northwind, and reconcile the result with its source."""
    from server.cli.common import settings
    from server.rpc.client import Client

    config = settings()
    loaders = {point.name: point for point in entry_points(group="colca.demos")}
    if name not in loaders:
        raise SetupError(_("There is no demo %(name)s. Known: %(known)s.", name=name, known=", ".join(sorted(loaders)) or "none"))
    load: Any = loaders[name].load()
    address = url or f"http://localhost:{config.port}"
    company = _company(company_name or load.company, load.country, login)
    client = Client(address, config.database_name, login, password, company)
    if not load(client, directory, click.echo):
        raise SetupError(_("The loaded data differ from their source; see the lines above."))


def _company(name: str, country: str, login: str) -> int:
    """Id of the company, made like the first company when it is missing."""
    from server.addon import lifecycle, state
    from server.cli.common import database, work

    with database() as opened:

        def find(env: Any) -> tuple[int, int, bool]:
            companies = env["res.company"].with_context(active_test=False)
            main = env.ref("base.main_company").id
            found = companies.search([("name", "=", name)], limit=1)
            if found:
                return found.id, main, False
            values: dict[str, Any] = {
                "name": name,
                "tz": "America/New_York",
                "lang": "en_US",
                "country_id": env["res.country"].search([("code", "=", country)]).id,
            }
            made = companies.create(values)
            env["res.users"].search([("login", "=", login)]).write({"company_ids": [(4, made.id)]})
            return made.id, main, True

        id, main, _new = work(opened, find)
        with opened.engine.connect().execution_options(colca_begin="DEFERRED") as connection:
            enabled = state.enabled(connection)
        missing = enabled.get(main, frozenset()) - enabled.get(id, frozenset())
        if missing:
            lifecycle.enable_for(opened, id, enabled[main])
        return int(id)
