"""The log of calls (`ir.api.log`): what is noted of each call that comes through a door.

`begin` remembers where a request came from, `noted` measures a call and notes it for `server.aside`, which writes it later.
Nothing here costs a statement, and nothing of it can make a call fail. Arguments and values are never noted.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from server.aside import aside_of
from server.rpc import errors

if TYPE_CHECKING:
    from server.rpc.dispatcher import Call

T = TypeVar("T")

#: Beginning of the path → what the door is called in the log; the first that fits.
_DOORS = (
    ("/xmlrpc/2", "xmlrpc/2"),
    ("/xmlrpc", "xmlrpc"),
    ("/jsonrpc", "jsonrpc"),
    ("/json/2", "json/2"),
    ("/rpc/2", "rpc/2"),
    ("/web/dataset", "web"),
    ("/web/session", "web"),
    ("/web/login", "web"),
    ("/doc", "doc"),
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}").fullmatch


@dataclass(frozen=True)
class Origin:
    """Where a request came from: the door, the address, and the number under which it is spoken of."""

    door: str
    address: str
    request_id: str


_origin: ContextVar[Origin | None] = ContextVar("colca_origin", default=None)


def begin(path: str, address: str, request_id: str) -> None:
    """Remember where the request that begins came from. `request_id` is its client's; without a usable one it gets a new one."""
    door = next((name for start, name in _DOORS if path.startswith(start)), "")
    _origin.set(Origin(door, address, request_id if _REQUEST_ID(request_id) else secrets.token_hex(8)) if door else None)


def request_id() -> str:
    """The number of the current request, empty outside of the doors."""
    origin = _origin.get()
    return origin.request_id if origin is not None else ""


def noted(call: Call, work: Callable[[], T]) -> T:
    """`work()`, with a line of the log about it when the setting `api.log` wants one."""
    origin = _origin.get()
    if origin is None or not _wanted(call):
        return work()
    began = time.perf_counter()
    # What the client named: `search` with `count`, for one, becomes another method on its way.
    method, args = call.method, list(call.args)
    try:
        result = work()
    except Exception as error:
        from server.rpc.dispatcher import StaleProof

        if isinstance(error, StaleProof):  # it is proven and called again
            raise
        _note(call, origin, method, began, _size(args, None), errors.outcome(error), errors.number_of(error))
        raise
    _note(call, origin, method, began, _size(args, result), "ok", None)
    return result


def _wanted(call: Call) -> bool:
    proof = call.proof
    try:
        return proof is not None and aside_of(call.database).wants(proof.key is not None)
    except Exception:  # a stand-in for a database, which has no log
        return False


def denied(database: Any, uid: int | None, address: str) -> None:
    """Note that somebody came with a wrong password or key; `uid` when the user is known."""
    origin = _origin.get()
    if origin is None or not aside_of(database).wants(True):
        return
    _add(database, origin, uid, None, address or origin.address, None, None, 0, 0, "odoo.exceptions.AccessDenied", None)


def _note(call: Call, origin: Origin, method: str, began: float, size: int, outcome: str, incident: str | None) -> None:
    proof = call.proof
    duration = round((time.perf_counter() - began) * 1000)
    address = proof.address or origin.address
    _add(call.database, origin, call.uid, proof.key, address, call.model, method, size, duration, outcome, incident)


def _add(
    database: Any,
    origin: Origin,
    uid: int | None,
    key: Any,
    address: str,
    model: str | None,
    method: str | None,
    size: int,
    duration: int,
    outcome: str,
    incident: str | None,
) -> None:
    try:
        aside_of(database).add(
            {
                "date": dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0),
                "user_id": uid,
                "key_id": key.id if key is not None else 0,
                "key_name": key.name if key is not None else None,
                "address": address or None,
                "door": origin.door,
                "model": model[:100] if model else None,
                "method": method[:100] if method else None,
                "count": size,
                "duration": min(duration, 2**31 - 1),
                "outcome": outcome,
                "incident": incident,
                "request_id": origin.request_id,
            }
        )
    except Exception:
        logging.getLogger(__name__).warning("A call could not be noted.", exc_info=True)


def _size(args: list[Any], result: Any) -> int:
    """Records that a call was about: rows or ids it answered, else ids it was given."""
    if isinstance(result, (list, tuple)):
        return len(result)
    if isinstance(result, dict) and isinstance(result.get("records"), list):
        return len(result["records"])
    first = args[0] if args else None
    if isinstance(first, (list, tuple)):
        return len(first)
    return 1 if type(first) is int else 0
