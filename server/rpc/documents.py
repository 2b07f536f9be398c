"""What describes the API to programs: `/doc-bearer/…` and `/doc/…` (one model, or the index), `/json/2/openapi.json` and
`/rpc/2/openrpc.json`.

Every document is about what its caller may do, in his language and company (`?lang=es_MX`, `?company=2`). Each has an ETag: a
client that sends it back in `If-None-Match` gets 304 while nothing has changed.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from server.describe import publish
from server.rpc import values
from server.rpc.dispatcher import StaleProof
from server.rpc.errors import ValueRefused
from server.rpc.json2 import Refused, bearer, database_of, proof_of, refusal, request_id
from server.rpc.routes import the_server
from server.text import _

documents = Blueprint("documents", __name__)

#: Names or patterns in `?models=`.
MAX_PATTERNS = 200


class Caller:
    """Who asks: the database, the user, and what was shown."""

    __slots__ = ("database", "proof", "uid")

    def __init__(self, database: Any, uid: int, proof: Any) -> None:
        self.database = database
        self.uid = uid
        self.proof = proof


def by_key() -> Caller:
    """The owner of the API key. :raises Refused: 401, without a valid one; 404, unknown database."""
    database = database_of(request.headers.get("X-Odoo-Database"))
    proof = proof_of(database, bearer())
    return Caller(database, proof.uid, proof)


def by_session() -> Caller:
    """The user of the session cookie. :raises Refused: 403, without a live session."""
    from server.web.session import current

    found = current()
    if found is None:
        raise Refused(403, "Forbidden", _("Session expired: log in again."))
    return Caller(found.database, found.proof.uid, found.proof)


def by_either() -> Caller:
    """The owner of the key, or the user of the session where no key is sent."""
    return by_key() if "Authorization" in request.headers else by_session()


@documents.get("/doc-bearer/<model>.json")
def bearer_document(model: str) -> Response:
    """One model, by key."""
    return answer(by_key, *_model(model))


@documents.get("/doc/<model>.json")
def session_document(model: str) -> Response:
    """One model, by session."""
    return answer(by_session, *_model(model))


@documents.get("/json/2/openapi.json")
def openapi() -> Response:
    """OpenAPI of `/json/2`. `?models=sale.*,res.partner` describes only those; `?values=typed` the typed answers."""
    typed = request.args.get("values", "") == "typed"
    patterns = _patterns()
    series = the_server().config.series
    return answer(by_either, ("openapi", series, patterns, typed), publish.openapi(series, patterns, typed))


@documents.get("/rpc/2/openrpc.json")
def openrpc() -> Response:
    """OpenRPC of `/rpc/2`, as `rpc.discover` answers it. `?models=` as for OpenAPI."""
    patterns = _patterns()
    series = the_server().config.series
    return answer(by_either, ("openrpc", series, patterns), publish.openrpc(series, patterns))


def _model(model: str) -> tuple[Any, publish.Build]:
    if model == "index":
        return "index", publish.bearer_index
    return ("model", model), publish.bearer_model(model)


def _patterns() -> tuple[str, ...]:
    given = request.args.get("models", "")
    return tuple(sorted({pattern.strip() for pattern in given.split(",") if pattern.strip()}))[:MAX_PATTERNS]


def answer(identify: Any, name: Any, build: publish.Build) -> Response:
    """The document for whoever asks, or the refusal."""
    try:
        context = _context()
        try:
            found = _published(identify(), context, name, build)
        except StaleProof:
            found = _published(identify(), context, name, build)
        if found is None:
            raise Refused(404, "NotFound", _("There is no such model, or it is not for this user."))
    except Exception as exc:
        response = refusal(exc, None)
    else:
        response = _response(found)
    response.headers["X-Request-Id"] = request_id()
    return response


def _published(caller: Caller, context: dict[str, Any], name: Any, build: publish.Build) -> publish.Document | None:
    return publish.publish(caller.database, caller.uid, caller.proof, context, name, build)


def _context() -> dict[str, Any]:
    """Language and company that the address asks for. :raises ValueRefused: a company that is no number."""
    context: dict[str, Any] = {}
    if lang := request.args.get("lang"):
        if len(lang) > 20:
            raise ValueRefused(_("%(lang)s is no language.", lang=lang[:20]))
        context["lang"] = lang.replace("-", "_")
    if company := request.args.get("company"):
        context["allowed_company_ids"] = [values.record_id(company, "company")]
    return context


def _response(document: publish.Document) -> Response:
    """The document as the client takes it: compressed, whole, or not at all when it has it already."""
    if request.accept_encodings["gzip"] > 0:
        response = Response(document.packed, content_type="application/json; charset=utf-8")
        response.content_encoding = "gzip"
    else:
        response = Response(document.body, content_type="application/json; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept-Encoding, Authorization, Cookie, X-Odoo-Database"
    response.set_etag(document.etag, weak=True)
    if not request.cache_control.no_cache:
        response.make_conditional(request)
    return response
