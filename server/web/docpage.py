"""`/doc`: the API of this database for people, with a place to try calls.

The page holds no data: it asks `/doc-bearer/…` (or `/doc/…`, in a session) like any client, in the browser. Nothing comes from
another host, so it works without the internet, and its policy lets nothing else run.
"""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request

from server.text import Text, _
from server.web.pages import LANGUAGES

docpage = Blueprint("docpage", __name__, template_folder="templates")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

#: What the script shows.
TEXTS: dict[str, Text] = {
    "alias": _("Another name of %(name)s", name="%s"),
    "answers": _("Answers"),
    "attempt": _("Try it:"),
    "call": _("Call"),
    "choose": _("Choose a model."),
    "copied": _("Copied"),
    "copy": _("Copy as curl"),
    "count": _("%(count)s of %(total)s models", count="%n", total="%all"),
    "field": _("Field"),
    "fields": _("Fields"),
    "ids": _("The records to work on."),
    "label": _("Label"),
    "methods": _("Methods"),
    "models": _("Models"),
    "needs_key": _("Type an API key at the top: calls are made with it."),
    "no_answer": _("The server does not answer:"),
    "no_json": _("The arguments are not valid JSON:"),
    "nothing": _("Nothing found."),
    "openapi": _("Save as OpenAPI"),
    "parameters": _("Parameters"),
    "readonly": _("read only"),
    "reads": _("reads only"),
    "real": _("This changes real data."),
    "required": _("required"),
    "type": _("Type"),
    "typed": _("null and objects in the answer"),
    "wrong_key": _("This API key is not valid (any more)."),
}


@docpage.get("/doc", strict_slashes=False)
def page() -> Response:
    """The page, in the language that is asked for or that the browser prefers."""
    best = request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
    asked = request.args.get("lang", "").replace("_", "-")
    lang = (asked if asked in LANGUAGES else best).replace("-", "_")

    def translated(text: str, **values: Any) -> str:
        return _(text, **values).render(lang)

    server = current_app.extensions["colca"]
    html = render_template(
        "doc.html",
        _=translated,
        lang=lang.replace("_", "-"),
        short=lang.partition("_")[0],
        languages=(("en", "English"), ("es", "Español")),
        base_url=request.url_root.rstrip("/"),
        database=server.config.database_name,
        page={
            "session": "session_id" in request.cookies,
            "lang": "en_US" if lang == "en" else lang,
            "texts": {name: text.render(lang) for name, text in TEXTS.items()},
        },
    )
    return Response(
        html,
        headers={
            "Content-Language": lang.replace("_", "-"),
            "Vary": "Accept-Language",
            "Content-Security-Policy": _POLICY,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
        },
    )


@docpage.get("/doc/page.js")
def script() -> Response:
    """The script of the page."""
    return _static("doc.js", "text/javascript; charset=utf-8")


@docpage.get("/doc/page.css")
def style() -> Response:
    """The style of the page."""
    return _static("doc.css", "text/css; charset=utf-8")


def _static(name: str, kind: str) -> Response:
    body = files("server.web").joinpath("static", name).read_bytes()
    response = Response(body, content_type=kind, headers={"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"})
    response.set_etag(sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response
