"""Calls by people who are logged in: `/web/dataset/*`. The way is that of every door, `server.rpc.dispatcher.Call`; the cookie
says who calls."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from server.rpc.dispatcher import Call, StaleProof
from server.rpc.errors import NotHere, SessionExpired, UnknownModel
from server.rpc.jsonrpc import Answer
from server.web.session import Current, json_door, required

dataset = Blueprint("dataset", __name__)


def _called(answer: Answer, model: Any, method: Any, args: Any, kwargs: Any) -> Any:
    """The result of one call as the user of the session.

    :raises SessionExpired: nobody is logged in. :raises NotHere: unknown model.
    """
    found = required()
    try:
        return _call(found, answer, model, method, args, kwargs)
    except StaleProof:
        # The session or its user was changed: look again, once.
        try:
            return _call(required(), answer, model, method, args, kwargs)
        except StaleProof:
            raise SessionExpired() from None


def _call(found: Current, answer: Answer, model: Any, method: Any, args: Any, kwargs: Any) -> Any:
    call = Call(found.database, found.proof.uid, model, method, args, kwargs, found.proof)
    try:
        return call.run()
    except UnknownModel as exc:
        raise NotHere(exc.message) from None
    finally:
        answer.lang = call.lang


@dataset.post("/web/dataset/call_kw", strict_slashes=False)
@dataset.post("/web/dataset/call_kw/<path:shown>", strict_slashes=False)
def call_kw(shown: str = "") -> Response:
    """Call a method; what stands behind the path is decoration for logs."""
    return json_door(
        lambda params, answer: _called(
            answer, params.get("model"), params.get("method"), params.get("args"), params.get("kwargs")
        )
    )


@dataset.post("/web/dataset/call_button", strict_slashes=False)
@dataset.post("/web/dataset/call_button/<path:shown>", strict_slashes=False)
def call_button(shown: str = "") -> Response:
    """Call a method for the action it answers; false when it answers none."""

    def work(params: dict[str, Any], answer: Answer) -> Any:
        result = _called(answer, params.get("model"), params.get("method"), params.get("args"), params.get("kwargs"))
        return result if isinstance(result, dict) else False

    return json_door(work)


@dataset.post("/web/dataset/call", strict_slashes=False)
def call() -> Response:
    """Call with positional arguments only."""
    return json_door(lambda params, answer: _called(answer, params.get("model"), params.get("method"), params.get("args"), None))


@dataset.post("/web/dataset/search_read", strict_slashes=False)
def search_read() -> Response:
    """One page of records and the number of all that are found: `{length, records}`."""

    def work(params: dict[str, Any], answer: Answer) -> Any:
        model, domain = params.get("model"), params.get("domain")
        context = params.get("context")
        offset, limit = params.get("offset"), params.get("limit")
        kwargs = {"domain": domain, "fields": params.get("fields"), "offset": offset, "limit": limit, "context": context}
        records = _called(answer, model, "search_read", [], {**kwargs, "order": params.get("sort")})
        start, most = int(offset or 0), int(limit or 0)
        if not most or (records and len(records) < most) or (not records and not start):
            return {"length": start + len(records), "records": records}
        return {"length": _called(answer, model, "search_count", [domain], {"context": context}), "records": records}

    return json_door(work)
