"""Several calls in one transaction: all of them or none, and later ones may use what earlier ones answered.

A batch is a list of calls as JSON-RPC writes them, `{"id": "order", "method": "sale.order.create", "params": {...}}`, with
`params` by name (the ids of a record method as `ids`) or by position. Anywhere in the `params` of a later call

    {"$ref": "order"}                            stands for the whole answer of the call with that id
    {"$ref": "rows", "path": "/0/partner_id/0"}  for a part of it, by a JSON pointer (RFC 6901)
    {"$value": {...}}                            for the mapping inside, as it is: for values that look like a reference

Every call goes through the dispatcher like any other, with its own context, rights and locks; what it wrote is sent to the
database before the next one begins, and what the transaction remembers is forgotten, so that each call finds what it would have
found had it come alone. On the first refusal nothing is kept, and the error carries `batch`: which call it was, and what became
of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from server.rpc import json, values
from server.rpc.arguments import BATCH
from server.rpc.dispatcher import Call, reads_only
from server.rpc.errors import ArgumentError
from server.rpc.locating import Origin
from server.text import _

#: Calls in one batch. More would hold their locks too long; send them in parts.
MAX_CALLS = 1_000

_MEMBERS = frozenset({"jsonrpc", "id", "method", "params"})


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a batch, as it was asked for."""

    id: str | int
    model: str
    method: str
    params: Any

    @property
    def name(self) -> str:
        """`sale.order.create`."""
        return f"{self.model}.{self.method}"


class Batch:
    """Calls to be done together, in a transaction that is open already.

    :param calls: the list as the client sent it; an `id` that is missing is the place in the list.
    :param context: what holds for every call that does not say otherwise in its own context.
    :param at: steps to that list in the request, for the paths of errors.
    :raises ArgumentError: when it is no list of calls, has none or too many, or a reference names no earlier call.
    """

    def __init__(
        self,
        database: Any,
        uid: int,
        calls: Any,
        proof: Any = None,
        context: Mapping[str, Any] | None = None,
        at: tuple[str | int, ...] = ("calls",),
    ) -> None:
        self.database = database
        self.uid = uid
        self.proof = proof
        self.at = at
        self.context = dict(context or {})
        self.steps = _read(calls, at)
        self.lang: str | None = self.context.get("lang")

    def inside(self, env: Any) -> list[Any]:
        """The answers in the order of the calls, worked out in the open transaction of `env`.

        :raises Exception: what the first refused call raised, with `batch` on it: the transaction must not be committed.
        """
        results: list[Any] = []
        known: dict[str | int, Any] = {}
        for index, step in enumerate(self.steps):
            try:
                answer = known[step.id] = self._do(env, index, step, known)
            except Exception as error:
                self._mark(error, index, ran=index)
                raise
            results.append(answer)
        return results

    def _do(self, env: Any, index: int, step: Step, known: Mapping[str | int, Any]) -> Any:
        place = (*self.at, index, "params")
        params = _resolved(step.params, known, place)
        by_name = isinstance(params, Mapping)
        args, kwargs = ([], params) if by_name else (params, None)
        call = Call(self.database, self.uid, step.model, step.method, args, kwargs, self.proof)
        call.origin = Origin(place, 0, place)
        call.context = {**self.context, **call.context}
        call.prepare(env.transaction.registry)
        answer = call.inside(env)
        self.lang = call.lang or self.lang
        # As a client gets it: what later calls change does not reach into it any more.
        answer = orjson.loads(json.dumps(answer, call.lang))
        if not call.readonly:
            env.flush()
            env.transaction.clear()
        return answer

    def _mark(self, error: BaseException, index: int, ran: int) -> None:
        """Put on the error which call was refused, and what became of the others."""
        if hasattr(error, "batch"):
            return
        states = ["rolled_back"] * ran + ["not_run"] * (len(self.steps) - ran)
        states[index] = "failed"
        step = self.steps[index]
        error.batch = {  # type: ignore[attr-defined]
            "index": index,
            "id": step.id,
            "method": step.name,
            "calls": [{"id": s.id, "method": s.name, "state": state} for s, state in zip(self.steps, states, strict=True)],
        }
        if not getattr(error, "path", None):
            error.path = (*self.at, index)  # type: ignore[attr-defined]


def only_reads(registry: Any, calls: Any) -> bool:
    """Whether all methods that `calls` name are known to write nothing; False for what is no proper batch."""
    if not isinstance(calls, (list, tuple)):
        return False
    for call in calls:
        name = call.get("method") if isinstance(call, Mapping) else None
        model, _dot, method = name.rpartition(".") if isinstance(name, str) else ("", "", "")
        cls = registry.for_enabled(registry.names).find(model)
        found = cls.public_methods().get(method) if cls is not None else None
        if found is None or not reads_only(found):
            return False
    return True


def _read(calls: Any, at: tuple[str | int, ...]) -> list[Step]:
    if not isinstance(calls, (list, tuple)) or not calls:
        raise _wrong(
            _('A batch is a list of calls like {"id": "a", "method": "res.partner.create", "params": {…}}, at least one.'), at
        )
    if len(calls) > MAX_CALLS:
        raise _wrong(
            _("The batch has %(count)s calls; at most %(limit)s are taken. Send it in parts.", count=len(calls), limit=MAX_CALLS),
            at,
        )
    steps: list[Step] = []
    ids: set[str | int] = set()
    for index, call in enumerate(calls):
        place = (*at, index)
        if not isinstance(call, Mapping):
            raise _wrong(_("A call of a batch is a mapping with `method`; %(value)s is none.", value=values.shown(call)), place)
        unknown = sorted(str(key) for key in call if key not in _MEMBERS)
        if unknown:
            raise _wrong(
                _("A call of a batch has no member %(name)s; it has id, method and params.", name=unknown[0][:60]), place
            )
        id = call.get("id", index)
        if type(id) not in (str, int):
            raise _wrong(
                _("The id of a call is a text or a whole number; %(value)s is none.", value=values.shown(id)), (*place, "id")
            )
        if id in ids:
            raise _wrong(_("Two calls of the batch have the id %(id)s.", id=values.shown(id)), (*place, "id"))
        name = call.get("method")
        model, _dot, method = name.rpartition(".") if isinstance(name, str) else ("", "", "")
        if not model:
            raise _wrong(
                _("A method is named with its model, such as res.partner.create; %(value)s is not.", value=values.shown(name)),
                (*place, "method"),
            )
        if model == BATCH:
            raise _wrong(_("A batch cannot hold another one: write the calls of both in one list."), (*place, "method"))
        params = call.get("params")
        if params is None or params is False or params == "":
            params = {}
        if not isinstance(params, (list, tuple, Mapping)):
            raise _wrong(
                _("`params` is a mapping by name or a list by position; %(value)s is neither.", value=values.shown(params)),
                (*place, "params"),
            )
        _check_references(params, ids, (*place, "params"))
        ids.add(id)
        steps.append(Step(id, model, method, params))
    return steps


def _wrong(message: Any, place: Sequence[str | int]) -> ArgumentError:
    error = ArgumentError(message)
    error.path = tuple(place)  # type: ignore[attr-defined]
    return error


def _is_reference(value: Mapping[Any, Any]) -> bool:
    return "$ref" in value and (len(value) == 1 or (len(value) == 2 and "path" in value))


def _check_references(value: Any, ids: set[str | int], place: tuple[str | int, ...]) -> None:
    """:raises ArgumentError: for a reference to no earlier call."""
    if isinstance(value, Mapping):
        if len(value) == 1 and "$value" in value:
            return
        if _is_reference(value):
            target, path = value["$ref"], value.get("path", "")
            if type(target) not in (str, int) or target not in ids:
                raise _wrong(
                    _("$ref names an earlier call of the batch by its id; there is none with %(id)s.", id=values.shown(target)),
                    place,
                )
            if not isinstance(path, str) or (path and not path.startswith("/")):
                raise _wrong(
                    _("path is a JSON pointer such as /0/name; %(value)s is none.", value=values.shown(path)), (*place, "path")
                )
            return
        for key, item in value.items():
            if isinstance(item, (Mapping, list, tuple)):
                _check_references(item, ids, (*place, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if isinstance(item, (Mapping, list, tuple)):
                _check_references(item, ids, (*place, index))


def _resolved(value: Any, known: Mapping[str | int, Any], place: tuple[str | int, ...]) -> Any:
    """`value` with the answers in place of the references to them."""
    if isinstance(value, Mapping):
        if len(value) == 1 and "$value" in value:
            return value["$value"]
        if _is_reference(value):
            return _part(known[value["$ref"]], value.get("path", ""), value["$ref"], place)
        return {key: _resolved(item, known, (*place, str(key))) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_resolved(item, known, (*place, index)) for index, item in enumerate(value)]
    return value


def _part(answer: Any, path: str, target: Any, place: tuple[str | int, ...]) -> Any:
    """What the JSON pointer `path` points at in an answer. :raises ArgumentError: when there is no such part."""
    for token in path.split("/")[1:]:
        token = token.replace("~1", "/").replace("~0", "~")
        if isinstance(answer, Mapping) and token in answer:
            answer = answer[token]
        elif isinstance(answer, list) and token.isascii() and token.isdigit() and len(token) < 9 and int(token) < len(answer):
            answer = answer[int(token)]
        else:
            raise _wrong(
                _(
                    "The answer of call %(id)s has nothing at %(path)s (%(answer)s). Correct the path.",
                    id=values.shown(target),
                    path=path[:100],
                    answer=values.shown(answer),
                ),
                (*place, "path"),
            )
    return answer
