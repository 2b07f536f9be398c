"""`/jsonrpc`: the JSON-RPC envelope of Odoo's clients over jsonrpcserver.

Those clients send `method` "call" with anything in it, forget `jsonrpc` or `id`, and add members of their own; jsonrpcserver is
right to refuse that. So the envelope is put in order first (`normalise`), and jsonrpcserver dispatches what is then proper
JSON-RPC 2.0: one method, `call`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from server.rpc.errors import ArgumentError, Fault, MalformedRequest, describe
from server.rpc.services import Server, ServiceCall
from server.rpc.values import nothing
from server.text import _

if TYPE_CHECKING:
    from jsonrpcserver import Result


def normalise(envelope: Any) -> dict[str, Any]:
    """A proper JSON-RPC 2.0 request for the method `call`, from what a client sent.

    :raises MalformedRequest: when it is no object.
    """
    if not isinstance(envelope, dict):
        raise MalformedRequest(_("The body is not a JSON object: a call is one object with `params`."))
    return {"jsonrpc": "2.0", "method": "call", "params": {"params": envelope.get("params")}, "id": envelope.get("id")}


#: Errors that have a code and message of their own in the envelope.
_ENVELOPES = {
    "odoo.http.SessionExpiredException": (100, "Odoo Session Expired"),
    "werkzeug.exceptions.NotFound": (404, "404: Not Found"),
}


def error_of(fault: Fault) -> dict[str, Any]:
    """The `error` member: code, message and the `data` mapping that clients read."""
    code, message = _ENVELOPES.get(fault.name, (200, "Odoo Server Error"))
    return {"code": code, "message": message, "data": data_of(fault)}


def data_of(fault: Fault) -> dict[str, Any]:
    """Everything a client may want to know of a refusal."""
    return {
        "name": fault.name,
        "message": fault.message,
        "arguments": [fault.message],
        "context": fault.details,
        "debug": fault.debug,
        "exception_type": fault.kind,
    }


class Answer:
    """One request through jsonrpcserver: `run` is the function that does the work and says the language afterwards."""

    __slots__ = ("lang", "work")

    def __init__(self, work: Callable[[dict[str, Any], Answer], Any]) -> None:
        self.work = work
        self.lang: str | None = None


def _call(answer: Answer, params: Any) -> Result:
    """The one method jsonrpcserver knows: whatever goes wrong becomes the error its clients expect."""
    from jsonrpcserver import Error, Success

    try:
        if not isinstance(params, dict) and not nothing(params):
            raise ArgumentError(_("`params` is not a JSON object: it holds `service`, `method` and `args`."))
        return Success(answer.work(params or {}, answer))
    except Exception as exc:
        error = error_of(describe(exc, answer.lang))
        return Error(error["code"], error["message"], error["data"])


# jsonrpcserver asks for the signature at every call; this answers it once.
_call.__signature__ = inspect.signature(_call)  # type: ignore[attr-defined]
_METHODS = {"call": _call}


def warm_up() -> None:
    """Load jsonrpcserver (its JSON schema machinery takes longer than all our own modules): when the server already answers."""
    import jsonrpcserver  # noqa: F401


def _as_it_is(value: Any) -> Any:
    return value


def respond(envelope: Any, work: Callable[[dict[str, Any], Answer], Any]) -> tuple[Any, str | None]:
    """The response for a decoded envelope, and the language for the texts in it.

    :param work: called with the `params` of the request; its value is the `result`.
    :raises MalformedRequest: when the envelope is none.
    """
    from jsonrpcserver import dispatch_to_serializable

    answer = Answer(work)
    response = dispatch_to_serializable(
        normalise(envelope),
        methods=_METHODS,
        context=answer,
        deserializer=_as_it_is,
        # `normalise` has made the envelope itself: the schema has nothing left to find.
        validator=_as_it_is,
    )
    return response, answer.lang


def service_work(server: Server, address: str) -> Callable[[dict[str, Any], Answer], Any]:
    """What `/jsonrpc` does with its params: call the service they name; other members are ignored."""

    def work(params: dict[str, Any], answer: Answer) -> Any:
        call = ServiceCall(server, params.get("service"), params.get("method"), params.get("args"), address)
        try:
            return call.run()
        finally:
            answer.lang = call.lang

    return work
