"""`/json/2/<model>/<method>`: one call per request, the arguments by name in a JSON object, an API key in the header.

    POST /json/2/res.partner/search_read
    Authorization: Bearer <API key>
    {"domain": [["is_company", "=", true]], "fields": ["name"], "limit": 5}

The answer is the bare value; a refusal is a bare mapping (`server.rpc.jsonrpc.data_of`) under the HTTP status of
`server.rpc.errors`. Nothing is decided here: the call goes the way of every other door, through `server.rpc.dispatcher.Call`.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request

from server.errors import AccessDenied, UserError
from server.rpc import calllog, json, values
from server.rpc.dispatcher import Call, StaleProof, known_method
from server.rpc.errors import ArgumentError, Fault, MalformedRequest, UnknownModel, describe
from server.rpc.jsonrpc import data_of
from server.rpc.locating import Origin
from server.rpc.routes import body_of, the_server
from server.text import Text, _, render

json2 = Blueprint("json2", __name__)

JSON = "application/json; charset=utf-8"
#: `Prefer: values=typed`, also among other preferences.
_TYPED = re.compile(r"(?:^|,)\s*values\s*=\s*\"?typed\"?\s*(?:;|,|$)", re.IGNORECASE).search


#: The arguments are the body, without anything around them.
_BODY = Origin(kwargs=())


class Refused(Exception):
    """A request that is answered before any call is made: wrong key, unknown database."""

    def __init__(self, status: int, name: str, message: Text | str) -> None:
        super().__init__(str(message))
        self.status = status
        self.name = f"werkzeug.exceptions.{name}"
        self.message = message


def request_id() -> str:
    """The number under which a request is spoken of: the one its client gave it, or a new one."""
    return calllog.request_id()


def bearer() -> str:
    """The API key of the request. :raises Refused: 401, when there is none."""
    scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise unauthorized()
    return key


def unauthorized() -> Refused:
    """The refusal of a missing, wrong or expired key; which of them it is, is nobody's business."""
    return Refused(401, "Unauthorized", "Invalid apikey")


def database_of(name: str | None) -> Any:
    """The database that the header `X-Odoo-Database` names, or the one there is.

    :raises Refused: 404, when there is none of this name.
    """
    server = the_server()
    if not name:
        return server.database
    try:
        return server.find(name)
    except UserError as exc:
        raise Refused(404, "NotFound", exc.message) from None


def proof_of(database: Any, key: str) -> Any:
    """The proof that `key` is a live key of somebody. :raises Refused: 401, otherwise."""
    from server.security import credentials

    proof = credentials.prove_key(database, key, request.remote_addr or "")
    if proof is None:
        raise unauthorized()
    return proof


@json2.post("/json/2/<model>/<method>", strict_slashes=False)
def call(model: str, method: str) -> Response:
    """Call a public method of a model."""
    made: Call | None = None
    typed = bool(_TYPED(request.headers.get("Prefer", "")))
    try:
        database = database_of(request.headers.get("X-Odoo-Database"))
        key = bearer()
        proof = proof_of(database, key)
        body = arguments_of(body_of())
        if typed:
            body["context"] = {**values.context(body.get("context")), "typed_values": True}
        made = prepared(database, proof, model, method, dict(body))
        try:
            value = made.run()
        except StaleProof:
            # The user or the key was changed since it was remembered: prove it again from the start, once.
            made = prepared(database, proof_of(database, key), model, method, dict(body))
            value = made.run()
        if method == "create" and isinstance(value, int):
            value = [value]
        response = Response(json.dumps(value, made.lang), content_type=JSON)
    except Exception as exc:
        response = refusal(exc, made.lang if made is not None else None, model)
    if typed:
        response.headers["Preference-Applied"] = "values=typed"
    response.headers["X-Request-Id"] = request_id()
    return response


def arguments_of(body: bytes) -> dict[str, Any]:
    """The arguments by name. No body at all is no argument.

    :raises MalformedRequest: no JSON, or no object.
    """
    if not body:
        return {}
    found = json.loads(body)
    if not isinstance(found, dict):
        raise MalformedRequest(_("The body is not a JSON object: it holds the arguments of the method by name."))
    json.check(body, found)
    return found


def prepared(database: Any, proof: Any, model: str, name: str, kwargs: dict[str, Any]) -> Call:
    """The call that a request means: the ids of a record method stand first.

    :raises ArgumentError: ids for a method of the model. :raises UserError: as `find_method`.
    """
    method = known_method(database, model, name)
    args: list[Any] = []
    if not method.model:
        ids = kwargs.pop("ids", None)
        # Always a list, so that the answer (of `copy`) has one shape.
        args.append(ids if isinstance(ids, list) else [] if values.nothing(ids) else [ids])
    elif "ids" in kwargs and "ids" not in method.signature.parameters:
        ids = kwargs.pop("ids")
        if not values.nothing(ids) and ids != []:
            raise ArgumentError(_("%(method)s works on the model, not on records: leave `ids` out.", method=f"{model}.{name}"))
    call = Call(database, proof.uid, model, name, args, kwargs, proof)
    call.origin = _BODY
    return call


def refusal(exc: Exception, lang: str | None, model: str = "") -> Response:
    """The answer to a request that was not carried out: the mapping that clients of JSON-2 read, under its HTTP status."""
    headers = {}
    if isinstance(exc, StaleProof):
        exc = unauthorized()
    elif isinstance(exc, UnknownModel) and model:
        exc = Refused(404, "NotFound", _("the model '%(model)s' does not exist", model=model[:100]))
    if isinstance(exc, Refused):
        message = render(exc.message, lang)
        fault = Fault(exc.name, message, 2, "", "access_denied" if exc.status == 401 else "user_error", {}, exc.status)
        data = {**data_of(fault), "arguments": [message, exc.status]}
        if exc.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
    else:
        fault = describe(exc, lang)
        data = data_of(fault)
        if fault.status == 400:
            data["name"] = "werkzeug.exceptions.BadRequest"
    wait = fault.details.get("wait")
    if isinstance(exc, AccessDenied) and isinstance(wait, (int, float)):
        # Somebody tries keys: told when to come back.
        fault = Fault(fault.name, fault.message, fault.code, fault.legacy, fault.kind, fault.details, 429)
        headers["Retry-After"] = str(int(wait) + 1)
    return Response(json.dumps(data, lang), fault.status, headers, content_type=JSON)
