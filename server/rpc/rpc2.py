"""`/rpc/2`: JSON-RPC 2.0 as the specification has it, for new programs. Calls by name or by position, batches, an API key or a
password in the header.

    POST /rpc/2
    Authorization: Bearer <API key>
    {"jsonrpc": "2.0", "id": 1, "method": "res.partner.search_read",
     "params": {"domain": [["is_company", "=", true]], "fields": ["name"], "limit": 5}}

Methods are `<model>.<method>`, `common.version` and `rpc.discover`. Here stands what the protocol asks for: envelopes,
notifications, arrays of requests, numbers of errors. jsonrpcserver dispatches each request that is one; the call itself goes the
way of every other door, through `server.rpc.dispatcher.Call`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, request

from server.errors import AccessDenied, AccessError, FieldError, LockError, MissingError, UserError, ValidationError
from server.rpc import idempotency, json
from server.rpc.arguments import BATCH
from server.rpc.batch import MAX_CALLS
from server.rpc.dispatcher import Call, StaleProof
from server.rpc.errors import (
    ArgumentError,
    Fault,
    MalformedRequest,
    UnknownMethod,
    UnknownModel,
    ValueRefused,
    describe,
)
from server.rpc.json2 import Refused, database_of, request_id
from server.rpc.locating import Origin
from server.rpc.routes import body_of, the_server
from server.security.limits import RateLimited
from server.text import _

rpc2 = Blueprint("rpc2", __name__)

JSON = "application/json; charset=utf-8"

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
_MESSAGES = {
    PARSE_ERROR: "Parse error",
    INVALID_REQUEST: "Invalid Request",
    METHOD_NOT_FOUND: "Method not found",
    INVALID_PARAMS: "Invalid params",
    INTERNAL_ERROR: "Internal error",
}

UNAUTHENTICATED, UNKNOWN_DATABASE, ROLLED_BACK, NOT_RUN = 4010, 4041, 4091, 4093

#: Kind of refusal → number of the error: the HTTP status it would be, and a digit. The first that fits; numbers never change.
_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (RateLimited, 4290),
    (AccessDenied, UNAUTHENTICATED),
    (StaleProof, UNAUTHENTICATED),
    (AccessError, 4030),
    (MissingError, 4040),
    (idempotency.InProgress, 4092),
    (LockError, 4090),
    (idempotency.KeyReused, 4223),
    (ValidationError, 4221),
    (UnknownModel, METHOD_NOT_FOUND),
    (UserError, 4220),
    (UnknownMethod, METHOD_NOT_FOUND),
    (ArgumentError, INVALID_PARAMS),
    (FieldError, 4222),
    (MalformedRequest, INVALID_REQUEST),
    (ValueRefused, 4222),
)

_ATOMIC = re.compile(r"(?:^|,)\s*transaction\s*=\s*\"?atomic\"?\s*(?:;|,|$)", re.IGNORECASE).search
_TYPED = re.compile(r"(?:^|,)\s*values\s*=\s*\"?typed\"?\s*(?:;|,|$)", re.IGNORECASE).search

#: The arguments of a call, by position and by name, are its `params`.
_PARAMS = Origin(("params",), 0, ("params",))


def code_of(exc: BaseException, fault: Fault) -> int:
    """The number of the error that `exc` becomes."""
    for cls, code in _CODES:
        if isinstance(exc, cls):
            return code
    return 4222 if fault.name == "builtins.ValueError" and "incident" not in fault.details else INTERNAL_ERROR


def error_of(exc: BaseException, lang: str | None = None) -> dict[str, Any]:
    """The `error` member: number, one sentence, and what a program may want to know."""
    if isinstance(exc, Refused):
        fault = Fault(exc.name, str(exc.message), 2, "", "", {}, exc.status)
        code = UNAUTHENTICATED if exc.status == 401 else UNKNOWN_DATABASE
    else:
        fault = describe(AccessDenied(_("Access Denied")) if isinstance(exc, StaleProof) else exc, lang)
        code = code_of(exc, fault)
    data = {**fault.details, "name": fault.name, "message": fault.message}
    return {"code": code, "message": _MESSAGES.get(code, fault.message), "data": data}


class Caller:
    """Who sends the request: database and proof, asked for when the first method needs them."""

    def __init__(self) -> None:
        self._database: Any = None

    @property
    def database(self) -> Any:
        """:raises Refused: there is no database of this name."""
        if self._database is None:
            self._database = database_of(request.headers.get("X-Odoo-Database"))
        return self._database

    def proof(self) -> Any:
        """The proof of the key or of login and password in the header; each call is counted.

        :raises Refused: 401, without valid ones. :raises UserError: guessers and callers over their limit.
        """
        scheme, _space, rest = request.headers.get("Authorization", "").partition(" ")
        proof = None
        if scheme.lower() == "bearer" and rest.strip():
            proof = self._by_key(rest.strip())
        elif scheme.lower() == "basic":
            proof = self._by_password(rest.strip())
        if proof is None:
            raise Refused(401, "Unauthorized", _("Send an API key (Bearer) or login and password (Basic) that are valid."))
        return proof

    def _by_key(self, key: str) -> Any:
        from server.security import credentials

        return credentials.prove_key(self.database, key, request.remote_addr or "")

    def _by_password(self, encoded: str) -> Any:
        from server.security import credentials

        try:
            login, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        if not (colon and login and password):
            return None
        address = request.remote_addr or ""
        uid = credentials.check(self.database, login, password, address)
        return credentials.prove(self.database, uid, password, address) if uid else None


class Request:
    """One request of the body while it is dispatched: jsonrpcserver hands it to the method as context."""

    __slots__ = ("caller", "key", "lang", "refused", "typed")

    def __init__(self, caller: Caller, typed: bool, key: str | None) -> None:
        self.caller = caller
        self.typed = typed
        self.key = key
        self.lang: str | None = None
        #: HTTP status of a caller who is not let in
        self.refused = 0

    def call(self, model: str, method: str, params: Any) -> Any:
        """The answer of a model's method. :raises Exception: as `Call.run`."""
        made = self._made(model, method, params)
        try:
            try:
                return made.run()
            except StaleProof:
                # The user or the key was changed since it was remembered: prove it again from the start, once.
                made = self._made(model, method, params)
                return made.run()
        finally:
            self.lang = made.lang

    def _made(self, model: str, method: str, params: Any) -> Call:
        proof = self.caller.proof()
        by_name = isinstance(params, dict)
        args, kwargs = ([], params) if by_name else (params, None)
        made = Call(self.caller.database, proof.uid, model, method, args, kwargs, proof)
        made.origin = _PARAMS
        made.key = self.key
        if self.typed:
            made.context = {**made.context, "typed_values": True}
        return made


class Methods(Mapping[str, Callable[..., Any]]):
    """The methods as jsonrpcserver looks them up: any `<model>.<method>`; which of them there are is known by the database."""

    def __getitem__(self, name: str) -> Callable[..., Any]:
        if name in SERVICES:
            return _method(name, lambda req, params: _service(name, req, params))
        model, _dot, method = name.rpartition(".")
        return _method(name, lambda req, params: req.call(model, method, params))

    def __iter__(self) -> Iterator[str]:
        return iter(SERVICES)

    def __len__(self) -> int:
        return len(SERVICES)


def _method(name: str, work: Callable[[Request, Any], Any]) -> Callable[..., Any]:
    """What jsonrpcserver calls: the request as context, then the parameters as they came."""
    from jsonrpcserver import Error, Success

    def method(req: Request, /, *args: Any, **kwargs: Any) -> Any:
        try:
            if "." not in name:
                raise UnknownMethod(
                    _("There is no method %(name)s. A method is named with its model: res.partner.search_read.", name=name[:100])
                )
            return Success(work(req, kwargs if kwargs else list(args)))
        except Exception as exc:
            error = error_of(exc, req.lang)
            if isinstance(exc, Refused):
                req.refused = exc.status
            elif isinstance(exc, RateLimited):
                req.refused = 429
            elif error["code"] == UNAUTHENTICATED:
                req.refused = 401
            return Error(error["code"], error["message"], error["data"])

    return method


METHODS = Methods()


def version(req: Request) -> dict[str, Any]:
    """`common.version`: the announced version, without any credentials."""
    return the_server().version()


def discover(req: Request) -> Any:
    """`rpc.discover`: the OpenRPC document of this database, for the rights of the caller; without credentials only that
    of the methods which need none.
    """
    series = the_server().config.series
    if "Authorization" not in request.headers:
        methods = [{"name": name, "params": [], "result": {"name": "result", "schema": {"type": "object"}}} for name in SERVICES]
        return {"openrpc": "1.3.2", "info": {"title": "Colca", "version": series}, "methods": methods}
    from server.describe import publish

    def published() -> Any:
        proof = req.caller.proof()
        return publish.publish(req.caller.database, proof.uid, proof, {}, ("openrpc", series, ()), publish.openrpc(series))

    try:
        document = published()
    except StaleProof:
        document = published()
    return orjson.Fragment(document.body)


def _service(name: str, req: Request, params: Any) -> Any:
    if params:
        raise ArgumentError(_("%(method)s takes no parameters.", method=name))
    return SERVICES[name](req)


SERVICES: dict[str, Callable[..., Any]] = {"common.version": version, "rpc.discover": discover}


# -- envelopes --------------------------------------------------------------------------------------------------------------


def check_envelope(item: Any) -> None:
    """:raises MalformedRequest: when it is no Request object of JSON-RPC 2.0."""
    if not isinstance(item, dict):
        raise MalformedRequest(_("A request is a JSON object with jsonrpc, method, params and id."))
    if item.get("jsonrpc") != "2.0":
        raise MalformedRequest(_('The member `jsonrpc` must be "2.0".'))
    if not isinstance(item.get("method"), str):
        raise MalformedRequest(_("The member `method` must be a text such as res.partner.search_read."))
    if "params" in item and not isinstance(item["params"], (list, dict)):
        raise MalformedRequest(_("The member `params` must be an object (by name) or an array (by position)."))
    if not (item.get("id") is None or type(item["id"]) in (str, int, float)):
        raise MalformedRequest(_("The member `id` must be a text, a number or null."))


def _failed(exc: BaseException, id: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": error_of(exc), "id": id}


def _as_it_is(value: Any) -> Any:
    return value


def dispatch_one(item: Any, req: Request) -> dict[str, Any] | None:
    """The response to one decoded request; None for a notification."""
    from jsonrpcserver import dispatch_to_serializable

    try:
        check_envelope(item)
    except MalformedRequest as exc:
        return _failed(exc)
    # Validated above; the schema of jsonrpcserver refuses an id that is no text or whole number, and members of one's own.
    response: Any = dispatch_to_serializable(
        item, methods=METHODS, context=req, deserializer=_as_it_is, validator=_as_it_is
    )  # fmt: skip
    return response  # type: ignore[no-any-return]


def dispatch_each(items: list[Any], caller: Caller, typed: bool) -> tuple[list[bytes], int]:
    """The responses to an array of requests, in its order, each a transaction of its own; and the HTTP status."""
    answers: list[bytes] = []
    status = 200
    key = idempotency.of_request()
    for index, item in enumerate(items):
        req = Request(caller, typed, key_of_part(key, index))
        response = dispatch_one(item, req)
        status = req.refused or status
        if response is not None:
            answers.append(encoded(response, req.lang))
    return answers, status


def key_of_part(key: str | None, index: int) -> str | None:
    """The idempotency key of one request of an array, from that of the HTTP request."""
    if not key:
        return None
    key = idempotency.checked(key) or ""
    if len(key) > 200:
        key = hashlib.sha256(key.encode()).hexdigest()
    return f"{key}/{index}"


def dispatch_atomic(items: list[Any], caller: Caller, typed: bool) -> tuple[list[bytes], int]:
    """The responses to an array of requests that are done in one transaction: all of them or none."""
    broken = None
    for index, item in enumerate(items):
        try:
            check_envelope(item)
        except MalformedRequest as exc:
            broken = index, exc
            break
    if broken is not None:
        return [
            encoded(_failed(broken[1]) if n == broken[0] else _undone(item["id"], NOT_RUN, None), None)
            for n, item in enumerate(items)
            if n == broken[0] or (isinstance(item, dict) and type(item.get("id")) in (str, int))
        ], 200
    calls = [{key: item[key] for key in ("id", "method", "params") if item.get(key) is not None} for item in items]
    req = Request(caller, typed, idempotency.of_request())
    asked = [item for item in items if "id" in item]
    try:
        results = req.call(BATCH, "execute", [calls])
    except Exception as exc:
        path = getattr(exc, "path", ())
        if path[:2] == ("params", 0):
            exc.path = path[2:]  # type: ignore[attr-defined]  # the array is the body itself
        error = error_of(exc, req.lang)
        status = exc.status if isinstance(exc, Refused) else 429 if isinstance(exc, RateLimited) else 200
        batch = error["data"].get("batch")
        if batch is None:  # nothing was begun
            return [encoded({"jsonrpc": "2.0", "error": error, "id": item["id"]}, req.lang) for item in asked], status
        answers = []
        for item, state in zip(items, batch["calls"], strict=True):
            if "id" in item and state["state"] == "failed":
                answers.append({"jsonrpc": "2.0", "error": error, "id": item["id"]})
            elif "id" in item:
                answers.append(_undone(item["id"], ROLLED_BACK if state["state"] == "rolled_back" else NOT_RUN, batch))
        return [encoded(answer, req.lang) for answer in answers], status
    pairs = zip(items, results, strict=True)
    return [
        encoded({"jsonrpc": "2.0", "result": result, "id": item["id"]}, req.lang) for item, result in pairs if "id" in item
    ], 200


def _undone(id: Any, code: int, batch: Any) -> dict[str, Any]:
    """The response to a request that was not kept since another one was refused."""
    text = "Rolled back" if code == ROLLED_BACK else "Not run"
    message = f"{text}: another call of the transaction was refused"
    data: dict[str, Any] = {"name": "colca.exceptions.BatchRefused", "message": message}
    if batch is not None:
        data["refused"] = {key: batch[key] for key in ("index", "id", "method")}
    return {"jsonrpc": "2.0", "error": {"code": code, "message": message, "data": data}, "id": id}


def encoded(response: dict[str, Any], lang: str | None) -> bytes:
    """The JSON of a response; an answer that no JSON can hold is a fault of the method."""
    try:
        return json.dumps(response, lang)
    except TypeError as exc:
        return json.dumps(_failed(exc, response.get("id")), lang)


@rpc2.post("/rpc/2", strict_slashes=False)
def endpoint() -> Response:
    """JSON-RPC 2.0: one request, or an array of them. 204 when there is nothing to answer."""
    prefer = request.headers.get("Prefer", "")
    atomic, typed = bool(_ATOMIC(prefer)), bool(_TYPED(prefer))
    response = _respond(atomic, typed)
    applied = [word for word, used in (("transaction=atomic", atomic), ("values=typed", typed)) if used]
    if applied:
        response.headers["Preference-Applied"] = ", ".join(applied)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="colca", Basic realm="colca", charset="UTF-8"'
    response.headers["X-Request-Id"] = request_id()
    return response


def _respond(atomic: bool, typed: bool) -> Response:
    try:
        body = body_of()
    except MalformedRequest as exc:
        return Response(encoded(_failed(exc), None), 400, content_type=JSON)
    try:
        found = json.loads(body)
    except MalformedRequest as exc:
        error = {**error_of(exc), "code": PARSE_ERROR, "message": _MESSAGES[PARSE_ERROR]}
        return Response(json.dumps({"jsonrpc": "2.0", "error": error, "id": None}), 400, content_type=JSON)
    try:
        json.check(body, found)
        if isinstance(found, list) and not 0 < len(found) <= MAX_CALLS:
            raise MalformedRequest(_("An array of requests has at least one and at most %(limit)s.", limit=MAX_CALLS))
        if not isinstance(found, (list, dict)):
            check_envelope(found)
        idempotency.checked(idempotency.of_request())
    except (ValueRefused, ArgumentError) as exc:
        error = {**error_of(exc), "code": INVALID_REQUEST, "message": _MESSAGES[INVALID_REQUEST]}
        return Response(json.dumps({"jsonrpc": "2.0", "error": error, "id": None}), 400, content_type=JSON)
    caller = Caller()
    if isinstance(found, list):
        answers, status = (dispatch_atomic if atomic else dispatch_each)(found, caller, typed)
        if not answers:
            return Response(status=204)
        return Response(b"[" + b",".join(answers) + b"]", status, content_type=JSON)
    req = Request(caller, typed, idempotency.of_request())
    answer = dispatch_one(found, req)
    if answer is None:
        return Response(status=204)
    status = req.refused or (400 if answer.get("error", {}).get("code") == INVALID_REQUEST else 200)
    return Response(encoded(answer, req.lang), status, content_type=JSON)
