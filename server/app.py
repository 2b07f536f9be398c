"""The application factory: one Flask application over one database.

`create_app(config)` opens the database and hangs up the doors; nothing is global, so tests make as many applications as they
like. An error that no door expected is logged under an incident number, and that number is all the client sees.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from flask.sessions import SessionInterface
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from server import i18n
from server.config import Config
from server.rpc import calllog, idempotency
from server.rpc.documents import documents
from server.rpc.errors import incident
from server.rpc.json2 import json2
from server.rpc.routes import rpc
from server.rpc.rpc2 import rpc2
from server.rpc.services import Server
from server.security import limits
from server.web.databases import databases
from server.web.dataset import dataset
from server.web.docpage import docpage
from server.web.files import files
from server.web.pages import web
from server.web.session import session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SLASHES = re.compile("/{2,}")


def create_app(config: Config | None = None, database: Any = None) -> Flask:
    """The WSGI application for `config` (default: the settings of this process).

    :param database: an open `server.database.Database`; by default the one of `config.database_url` is opened.
    :raises SetupError: when settings or database cannot be used.
    """
    settings = (config or Config.load()).prepare()
    if settings.trace_hooks:
        # The registry is built deep inside, by whichever process needs it: the environment is what reaches them all.
        os.environ["COLCA_TRACE_HOOKS"] = "1"
    i18n.set_cache(settings.data_dir / "cache")
    app = Flask(__name__, static_folder=None, template_folder=None)
    if database is None:
        from server.database import Database
        from server.db.extension import engine_of

        database = Database(settings.database_url, engine=engine_of(app, settings.database_url))
    app.config.update(SECRET_KEY=settings.secret_key, MAX_CONTENT_LENGTH=settings.max_body, PROPAGATE_EXCEPTIONS=False)
    app.session_interface = _NoSessions()
    app.extensions["colca"] = Server(settings, database)
    app.register_blueprint(rpc)
    app.register_blueprint(json2)
    app.register_blueprint(documents)
    app.register_blueprint(rpc2)
    app.register_blueprint(session)
    app.register_blueprint(dataset)
    app.register_blueprint(web)
    app.register_blueprint(docpage)
    app.before_request(_begin)
    app.after_request(_tell_limits)
    app.register_blueprint(databases)
    app.register_blueprint(files)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    app.wsgi_app = _SingleSlashes(app.wsgi_app)  # type: ignore[method-assign]
    if settings.proxies:
        # Wrong passwords are counted per address, and links carry scheme and host: behind a proxy only it knows them.
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    return app


class _NoSessions(SessionInterface):
    """Flask's own sessions are not used: the cookie of `server.web.session` is a row of the database."""

    def open_session(self, app: Flask, request: Any) -> None:
        return None

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        return None


class _SingleSlashes:
    """Clients join a base URL that ends in a slash with a path that starts with one; redirecting a POST would lose its body."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        path = environ["PATH_INFO"]
        if "//" in path:
            environ["PATH_INFO"] = _SLASHES.sub("/", path)
        return self.app(environ, start_response)


def _begin() -> None:
    limits.begin()
    calllog.begin(request.path, request.remote_addr or "", request.headers.get("X-Request-Id", ""))
    idempotency.begin(request.headers.get(idempotency.HEADER))


def _tell_limits(response: Response) -> Response:
    response.headers.update(limits.headers())
    if calllog.request_id():
        response.headers.setdefault("X-Request-Id", calllog.request_id())
    response.headers.update(idempotency.headers())
    idempotency.begin(None)
    return response


def _http_error(error: HTTPException) -> Response:
    """A plain page for 404, 405 and their like. Never an empty body: some clients crash on one."""
    title = escape(error.name)
    body = f"<!doctype html><title>{error.code} {title}</title><h1>{title}</h1><p>{error.description or ''}</p>\n"
    response = Response(body, status=error.code or 500, content_type="text/html; charset=utf-8")
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    number = incident(error)
    body = f"<!doctype html><title>Error</title><h1>Something went wrong on our side</h1><p>Incident number {number}.</p>\n"
    return Response(body, status=500, content_type="text/html; charset=utf-8")
