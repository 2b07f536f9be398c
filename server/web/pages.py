"""The start page: what runs here, with version, companies and addons; and the answer to "are you alive"."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, render_template, request

from server import i18n
from server.overview import Overview, overview
from server.rpc.errors import incident
from server.text import _

web = Blueprint("web", __name__, template_folder="templates")

#: Languages of the page, as browsers name them; the first is for everybody else.
LANGUAGES = ("en", *(code.replace("_", "-") for code in i18n.LANGUAGES))


@web.get("/", strict_slashes=False)
def index() -> Response:
    """The start page, in the language the browser asks for."""
    server = current_app.extensions["colca"]
    lang = (request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]).replace("-", "_")
    shown, problem = Overview(), ""
    try:
        shown = overview(server.database, lang)
    except Exception as exc:
        problem = incident(exc)

    def translated(text: str, **values: Any) -> str:
        return _(text, **values).render(lang)

    page = render_template(
        "index.html",
        _=translated,
        lang=lang.replace("_", "-"),
        config=server.config,
        base_url=request.url_root.rstrip("/"),
        overview=shown,
        demo=shown.demo and not server.config.production,
        problem=problem,
    )
    return Response(page, headers={"Content-Language": lang.replace("_", "-"), "Vary": "Accept-Language"})


@web.get("/healthz")
def healthz() -> Response:
    """200 `ok` when the database answers, 503 when it does not."""
    server = current_app.extensions["colca"]
    try:
        server.database.run(1, {}, lambda env: env["res.company"].sudo().search_count([]), readonly=True)
    except Exception as exc:
        return Response(f"database does not answer, incident {incident(exc)}\n", status=503, content_type="text/plain")
    return Response("ok\n", content_type="text/plain")
