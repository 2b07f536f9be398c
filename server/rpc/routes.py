"""The HTTP routes of the integration doors: read the body, decode, call, encode. Faults are answers here, never HTTP errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected, NotFound, RequestEntityTooLarge

from server.rpc import json, jsonrpc, xmlrpc
from server.rpc.errors import MalformedRequest, describe
from server.rpc.services import Server, ServiceCall
from server.text import _

rpc = Blueprint("rpc", __name__)

_XMLRPC_SERVICES = ("common", "object", "db")


def the_server() -> Server:
    """What the current application serves."""
    server: Server = current_app.extensions["colca"]
    return server


def body_of() -> bytes:
    """The whole body of the request.

    :raises MalformedRequest: when it is larger than COLCA_MAX_BODY, or ends before its declared length.
    """
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        limit = the_server().config.max_body
        _drain(4 * limit)
        raise MalformedRequest(
            _("The request is larger than %(limit)s bytes. Send it in parts, or have COLCA_MAX_BODY raised.", limit=limit)
        ) from None
    except ClientDisconnected:
        raise MalformedRequest(_("The request ends before its declared length.")) from None


def _drain(limit: int) -> None:
    """Read the rest of a refused body: a client that is still sending would see a broken connection, not the refusal."""
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, limit)
    while left > 0:
        chunk = stream.read(min(left, 65536))
        if not chunk:
            break
        left -= len(chunk)


@rpc.post("/xmlrpc/2/<service>", strict_slashes=False)
def xmlrpc_2(service: str) -> Response:
    """XML-RPC with integer fault codes."""
    return _answer_xml(service, legacy=False)


@rpc.post("/xmlrpc/<service>", strict_slashes=False)
def xmlrpc_1(service: str) -> Response:
    """XML-RPC with the older string fault codes."""
    return _answer_xml(service, legacy=True)


def _answer_xml(service: str, legacy: bool) -> Response:
    if service not in _XMLRPC_SERVICES:
        raise NotFound()
    lang: str | None = None
    try:
        method, params = xmlrpc.loads(body_of())
        call = ServiceCall(the_server(), service, method, params, request.remote_addr or "")
        try:
            value = call.run()
        finally:
            lang = call.lang
        document = xmlrpc.dumps(value, lang)
    except Exception as exc:
        document = xmlrpc.dumps_fault(describe(exc, lang), legacy)
    return Response(document, content_type="text/xml; charset=utf-8")


def answer_json(work: Callable[[dict[str, Any], jsonrpc.Answer], Any]) -> Response:
    """The response to a JSON-RPC envelope whose `params` go to `work`. HTTP 400 only for what is no envelope at all."""
    try:
        body = body_of()
        envelope = json.loads(body)

        def checked(params: dict[str, Any], answer: jsonrpc.Answer) -> Any:
            json.check(body, envelope)
            return work(params, answer)

        response, lang = jsonrpc.respond(envelope, checked)
    except MalformedRequest as exc:
        error = jsonrpc.error_of(describe(exc, None))
        return _json({"jsonrpc": "2.0", "id": None, "error": error}, None, 400)
    try:
        return _json(response, lang)
    except TypeError as exc:
        error = jsonrpc.error_of(describe(exc, lang))
        return _json({"jsonrpc": "2.0", "id": response["id"], "error": error}, lang)


def _json(value: Any, lang: str | None, status: int = 200) -> Response:
    return Response(json.dumps(value, lang), status=status, content_type="application/json; charset=utf-8")


@rpc.post("/jsonrpc", strict_slashes=False)
def jsonrpc_route() -> Response:
    """JSON-RPC: `{service, method, args}` in `params`."""
    return answer_json(jsonrpc.service_work(the_server(), request.remote_addr or ""))


@rpc.post("/web/webclient/version_info", strict_slashes=False)
def version_info() -> Response:
    """The announced version, for clients that look before they log in."""
    return answer_json(lambda params, answer: the_server().version())


@rpc.get("/web/version", strict_slashes=False)
def web_version() -> Response:
    """The announced version as one small JSON object, without an envelope."""
    config = the_server().config
    return _json({"version": config.series, "version_info": config.version_info}, None)


@rpc.post("/web/database/list", strict_slashes=False)
def database_list() -> Response:
    """The names of the databases, as `db.list`."""
    return answer_json(lambda params, answer: ServiceCall(the_server(), "db", "list", []).run())
