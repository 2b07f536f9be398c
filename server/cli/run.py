"""`colca serve`, `colca worker` and `colca shell`."""

from __future__ import annotations

from typing import Any

import click

from server.cli.common import ROOT_UID, database, require_initialised, settings


@click.command()
def serve() -> None:
    """Serve over HTTP until stopped. The job worker runs inside unless COLCA_JOBS=0."""
    import gc

    gc.disable()  # starting makes little garbage, and looking for it is a sixth of the time; `serve` turns it on again
    from server.serve import serve as start

    start(settings())


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
def worker(once: bool) -> None:
    """Work off the outbox until stopped; any number of workers may run, on one machine or many."""
    import logging
    import signal
    import sys
    from threading import Event, Thread

    from server.databases.directory import Directory
    from server.jobs.others import run_others, run_pending_others
    from server.jobs.worker import run_forever, run_pending

    config = settings()
    logging.basicConfig(
        level=config.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    with database(config) as opened:
        require_initialised(opened)
        directory = Directory(config, opened)
        if once:
            click.echo(f"{run_pending(opened) + run_pending_others(directory)} jobs done.")
            return
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_args: stop.set())
        click.echo("The worker is running. Stop it with Ctrl-C.")
        others = Thread(target=run_others, args=[directory, stop], name="jobs of others")
        others.start()
        run_forever(opened, stop)
        others.join()


@click.command()
@click.option("--company", help="Work in this company (id or name).")
@click.option("-c", "code", help="Run this code instead of a prompt.")
def shell(company: str | None, code: str | None) -> None:
    """A Python prompt with `env`, as the system user.

    Everything is one transaction: it is saved at the end if `commit()` was called, and forgotten otherwise."""
    import code as interactive
    import traceback

    from server.cli.common import company_ids
    from server.errors import UserError

    with database() as opened:
        require_initialised(opened)
        context: dict[str, Any] = {}
        if company:
            context["allowed_company_ids"] = company_ids(opened, [company])
        keep = _Keep()

        def talk(env: Any) -> None:
            names = {"env": env, "commit": keep}
            if code:
                try:
                    exec(compile(code, "<colca shell>", "exec"), names)
                except UserError:
                    raise
                except Exception as error:  # the mistake of whoever wrote the code: he wants to see where
                    traceback.print_exc()
                    raise click.exceptions.Exit(1) from error
            else:
                interactive.interact(
                    banner="Colca shell: `env` is the environment, `commit()` saves at the end.", local=names, exitmsg=""
                )
            if not keep.wanted:
                raise _Forget

        try:
            opened.run(ROOT_UID, context, talk)
            click.echo("Saved.")
        except _Forget:
            pass


class _Forget(Exception):
    """Ends the shell's transaction without saving."""


class _Keep:
    """`commit()` in the shell: asks for the transaction to be saved at the end."""

    wanted = False

    def __call__(self) -> None:
        self.wanted = True
