"""Serving over HTTP: gunicorn with threads where processes can fork, waitress elsewhere; the job worker runs inside unless
switched off.

The application is built before the first fork: mistakes show at once and in words, and web processes share its memory. No
database connection crosses the fork. On SQLite there is one process, because only one may write at a time.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from server.app import create_app
from server.aside import flush_all
from server.config import Config
from server.errors import SetupError
from server.overview import overview
from server.rpc.jsonrpc import warm_up
from server.text import _

if TYPE_CHECKING:
    from flask import Flask

#: How long a stopping process lets its running requests and its job finish, in seconds.
GRACE = 20


def serve(config: Config | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    :raises SetupError: when settings, database or port cannot be used.
    """
    settings = (config or Config.load()).prepare()
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    app = create_app(settings)
    banner = ready_text(app)
    # What is there by now stays to the end: the collector need not look at it again, and forked processes share it. (Collecting
    # first would cost a tenth of a second to find a few hundred objects.)
    gc.freeze()
    gc.enable()
    if hasattr(os, "fork"):
        _serve_forking(app, settings, banner)
    else:
        _serve_threads(app, settings, banner)


def ready_text(app: Flask) -> str:
    """What is printed once requests are answered: the address and, with demo data, the log-ins.

    :raises SetupError: when the database was never initialised, or is of an earlier version.
    """
    server = app.extensions["colca"]
    try:
        found = overview(server.database)
    except Exception as exc:
        if _missing_column(exc):
            raise SetupError(
                _(
                    "The database %(url)s was made by an earlier version. Make a backup, stop every server, and run "
                    "`colca addon upgrade`.",
                    url=_without_password(server.config.database_url),
                )
            ) from exc
        if _missing_tables(exc):
            raise SetupError(
                _(
                    "The database %(url)s is empty. Run `colca init` (or `colca init --demo`) first.",
                    url=_without_password(server.config.database_url),
                )
            ) from exc
        raise
    companies = f"{len(found.companies)} {'company' if len(found.companies) == 1 else 'companies'}"
    lines = [f"Colca answers at http://localhost:{server.config.port}/ (database {server.config.database_name}, {companies})"]
    if found.demo and not server.config.production:
        lines += [
            "DEMO DATA: anybody can log in as admin / admin. Never use this database for real business.",
            f"Log in also as {', '.join(found.logins[1:])} (the password is the log-in name).",
        ]
    return "\n".join(lines)


def _missing_column(exc: BaseException) -> bool:
    return getattr(getattr(exc, "orig", None), "sqlstate", None) == "42703" or "no such column" in str(exc)


def _missing_tables(exc: BaseException) -> bool:
    return isinstance(exc, KeyError) or any(word in str(exc) for word in ("no such table", "does not exist"))


def _without_password(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


class Jobs:
    """The job workers as threads of this process, one for the default database and one for all others: started once it serves,
    stopped before it ends.
    """

    def __init__(self, server: Any) -> None:
        self.server = server
        self.stopping = Event()
        self.threads = [
            Thread(target=self._run, args=[work], name=name, daemon=True)
            for name, work in (("jobs", self._default), ("jobs of others", self._others))
        ]

    def start(self) -> None:
        """Begin to work off the outbox."""
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Let the running job finish, for at most `GRACE` seconds; a job cut off is claimed again when its lease ends."""
        self.stopping.set()
        deadline = time.monotonic() + GRACE
        for thread in self.threads:
            if thread.is_alive():
                thread.join(max(deadline - time.monotonic(), 0))

    def _default(self) -> None:
        from server.jobs.worker import run_forever

        run_forever(self.server.database, self.stopping)

    def _others(self) -> None:
        from server.jobs.others import run_others

        run_others(self.server.directory, self.stopping)

    def _run(self, work: Callable[[], None]) -> None:
        while not self.stopping.is_set():
            try:
                work()
            except Exception:
                logging.getLogger("colca.jobs").exception("The job worker stopped; it starts again in 5 seconds")
                self.stopping.wait(5)


def _serve_forking(app: Flask, config: Config, banner: str) -> None:
    from gunicorn.app.base import BaseApplication

    server = app.extensions["colca"]
    database = server.database
    jobs = Jobs(server) if config.jobs else None

    def post_worker_init(worker: Any) -> None:
        if worker.age == 1:
            print(banner, flush=True)
        Thread(target=warm_up, name="warm-up", daemon=True).start()
        if jobs is not None:
            jobs.start()

    def worker_exit(arbiter: Any, worker: Any) -> None:
        if jobs is not None:
            jobs.stop()
        flush_all()
        database.engine.dispose()

    options = {
        "bind": f"{config.host}:{config.port}",
        "workers": config.workers,
        "worker_class": "gthread",
        "threads": config.threads,
        "timeout": config.timeout,
        "graceful_timeout": GRACE,
        "keepalive": 65,
        "loglevel": "warning" if config.log_level == "info" else config.log_level,
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,
        "control_socket_disable": True,
        "proc_name": "colca",
        "post_worker_init": post_worker_init,
        "worker_exit": worker_exit,
    }

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    # What was opened to look at the database stays in this process; the children open their own.
    database.engine.dispose()
    Application().run()


def _serve_threads(app: Flask, config: Config, banner: str) -> None:
    from waitress import create_server

    server = app.extensions["colca"]
    database = server.database
    jobs = Jobs(server) if config.jobs else None
    try:
        http = create_server(
            app, host=config.host, port=config.port, threads=config.threads, max_request_body_size=4 * config.max_body
        )
    except OSError as exc:
        raise SetupError(
            _("Port %(port)s cannot be used: %(reason)s.", port=config.port, reason=exc.strerror or str(exc))
        ) from exc
    print(banner, flush=True)
    Thread(target=warm_up, name="warm-up", daemon=True).start()
    if jobs is not None:
        jobs.start()
    try:
        http.run()
    finally:
        if jobs is not None:
            jobs.stop()
        flush_all()
        database.engine.dispose()
