"""The start page: what runs here, with version, companies and addons; and the answer to "are you alive"."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request

from server.rpc.errors import incident

web = Blueprint("web", __name__, template_folder="templates")


@dataclass
class Overview:
    """What the start page shows of the database; `problem` holds the incident number when it could not be read."""

    companies: list[dict[str, Any]] = field(default_factory=list)
    addons: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def colca_version() -> str:
    """Version of the installed distribution."""
    try:
        return version("colca")
    except PackageNotFoundError:
        return "0"


@web.get("/", strict_slashes=False)
def index() -> str:
    """The start page."""
    server = current_app.extensions["colca"]
    return render_template(
        "index.html",
        version=colca_version(),
        series=server.config.series,
        database=server.config.database_name,
        base_url=request.url_root.rstrip("/"),
        overview=overview(server.database),
    )


@web.get("/web", strict_slashes=False)
@web.get("/web/login", strict_slashes=False)
def web_client() -> Response:
    """Where the web client will be; until then the start page."""
    return redirect("/")  # type: ignore[return-value]


@web.get("/healthz")
def healthz() -> Response:
    """200 `ok` when the database answers, 503 when it does not."""
    server = current_app.extensions["colca"]
    try:
        server.database.run(1, {}, lambda env: env["res.company"].sudo().search_count([]), readonly=True)
    except Exception as exc:
        return Response(f"database does not answer, incident {incident(exc)}\n", status=503, content_type="text/plain")
    return Response("ok\n", content_type="text/plain")


def overview(database: Any) -> Overview:
    """Companies, installed addons and failed ones, read as the system."""
    result = Overview(failed={name: str(reason) for name, reason in getattr(database, "failed", {}).items()})

    def read(env: Any) -> None:
        result.companies = env["res.company"].sudo().search_read([], ["name"])
        result.addons = (
            env["ir.module.module"]
            .sudo()
            .search_read([("state", "=", "installed")], ["name", "shortdesc", "summary", "installed_version"], order="name")
        )

    try:
        database.run(1, {}, read, readonly=True)
    except Exception as exc:
        result.problem = incident(exc)
    return result
