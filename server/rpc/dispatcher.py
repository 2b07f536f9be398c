"""The one way from any door to a model's method: find, check, bind, call, convert; one transaction, retried whole by the
database.

The rules are those of the external API: private methods stay private, record methods take ids first, `context` travels in the
keyword arguments (or, from old clients, after the last positional one), record sets go out as ids. A codec adds nothing to them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from server import whereabouts
from server.errors import AccessDenied, AccessError
from server.model.environment import Environment
from server.model.records import Records
from server.rpc import arguments, calllog, idempotency, values
from server.rpc.arguments import BATCH
from server.rpc.errors import ArgumentError, UnknownMethod, UnknownModel, ValueRefused
from server.rpc.locating import Origin, locate
from server.rpc.typed import typed
from server.text import _


class StaleProof(Exception):
    """The user was changed since the password was remembered: it has to be proven again."""


class Call:
    """One call of a model's method by a known user.

    `run()` does it in a transaction of its own. Several calls in one transaction: `prepare()` each, then `inside(env)` of an
    environment of the open transaction. `lang` is the language of whoever asked, once known.
    """

    __slots__ = ("args", "context", "database", "key", "kwargs", "lang", "method", "model", "origin", "proof", "readonly", "uid")

    def __init__(self, database: Any, uid: int, model: Any, method: Any, args: Any, kwargs: Any, proof: Any = None) -> None:
        if not isinstance(model, str) or not isinstance(method, str):
            raise ArgumentError(_("A call names its model and method as texts, such as `res.partner` and `search_read`."))
        self.database = database
        self.uid = uid
        #: `server.security.credentials.Proof` of a remembered password, looked at again inside the transaction
        self.proof = proof
        self.model = model
        self.method = method
        self.args = _positional(args)
        self.kwargs = _keywords(kwargs)
        self.context = values.context(self.kwargs.pop("context", None))
        self.lang: str | None = self.context.get("lang")
        #: whether a read transaction is enough; known once `prepare()` was called
        self.readonly = False
        #: where in the request the arguments stand, for the paths of errors
        self.origin = Origin()
        #: under which the answer is kept, so that the same call sent again has no second effect (`server.rpc.idempotency`)
        self.key: str | None = idempotency.of_request()

    def run(self) -> Any:
        """The result as plain values, the transaction committed.

        :raises UserError: and its children, for refusals; `UnknownMethod`, `ArgumentError`, `ValueError` for wrong calls.
        """
        return calllog.noted(self, self._run)

    def _run(self) -> Any:
        self.prepare()
        if self.key is not None and not self.readonly and idempotency.keeps(self.model, self.method, self._calls()):
            self.key = idempotency.checked(self.key)
            return self.database.run(self.uid, self.context, self._once)
        return self.database.run(self.uid, self.context, self._inside, readonly=self.readonly)

    def prepare(self, registry: Any = None) -> None:
        """Find the method, put the arguments in order, settle the context; to be called once, before `inside`. No statement,
        unless there is no such model or method: then another process may have made it meanwhile.

        :param registry: that of an open transaction, which may have models that are not committed yet.
        :raises UserError: unknown model. :raises AccessError: private method. :raises UnknownMethod: no such method.
        """
        if registry is not None:
            method = find_method(registry, self.model, self.method)
        else:
            method = known_method(self.database, self.model, self.method)
        if self.model == BATCH and self.method == "execute":
            self._prepare_batch()
            return
        if self.proof is not None:
            self.proof.permit(self.model, method)
        if not method.model:
            # The ids stand before the parameters of a record method.
            ids, self.args = self.args[:1], self.args[1:]
            self._take_old_forms(method.parameters)
            self.args[:0] = ids
        else:
            self._take_old_forms(method.parameters)
        if self.method == "search" and self.kwargs.pop("count", False):
            self.method, self.args = "search_count", self.args[:1]
            self.kwargs = {key: value for key, value in self.kwargs.items() if key in ("domain", "args")}
        if self.method not in arguments.WITH_DEFAULTS:
            # Defaults are for the record a client makes, never for those that an action makes on its way.
            self.context = {key: value for key, value in self.context.items() if not key.startswith("default_")}
        self.lang = self.context.get("lang")
        self.readonly = reads_only(method)
        self._take_key()

    def _prepare_batch(self) -> None:
        """A batch of calls: each of them is asked for its own right, so the batch as such needs none."""
        from server.rpc.batch import only_reads

        self.lang = self.context.get("lang")
        self.readonly = only_reads(self.database.registry, self._calls())
        self._take_key()

    def _calls(self) -> Any:
        """The calls of a batch; None when it is none."""
        return (self.args[0] if self.args else self.kwargs.get("calls")) if self.model == BATCH else None

    def _take_key(self) -> None:
        """A key in the context: for clients that cannot send a header."""
        key = self.context.pop(idempotency.CONTEXT, None)
        if key is not None and self.key is None:
            self.key = key or None

    def inside(self, env: Any) -> Any:
        """The result as plain values, worked out in the open transaction of `env` as the user and in the language of the call.

        What the call writes may still wait in the transaction: `env.flush()` sends it. Rights are looked at anew for each call.
        """
        return calllog.noted(self, lambda: self._inside(Environment(env.transaction, self.uid, self.context)))

    def _once(self, env: Any) -> Any:
        """As `_inside`, or the answer that is kept under the key."""
        self._prove(env)
        print_ = idempotency.fingerprint(self.model, self.method, self.args, self.kwargs, self.context)
        name = f"{self.model}.{self.method}"[:200]
        return idempotency.once(env, str(self.key), name, print_, lambda: (self._inside(env), self.lang))

    def _prove(self, env: Any) -> None:
        if self.proof is not None:
            try:
                self.proof.holds(env)
            except AccessDenied:
                raise StaleProof() from None

    def _inside(self, env: Any) -> Any:
        """What happens in the transaction; runs again from the start when the database asks for it."""
        self._prove(env)
        self.lang = env.lang or self.lang
        cls = env.models.find(self.model)
        if cls is None:
            raise unknown_model(self.model)
        method = method_of(cls, self.model, self.method)
        records, args, kwargs = env[self.model], list(self.args), dict(self.kwargs)
        bare = False
        try:
            if not method.model:
                records, bare = self._records(records, args, kwargs)
                if method.access:
                    records.check_outside(method.access, lock=not method.readonly)
            bound = bind(method, self.model, args, kwargs)
            if self.proof is not None:
                self.proof.permit_reach(env.models, self.model, method, bound.arguments, self.context)
            result = getattr(records, self.method)(*bound.args, **bound.kwargs)
            if not self.readonly:
                env.flush()  # what the database refuses of it is refused here, where it is known what was asked
        except Exception as error:
            locate(error, self, method, env)
            raise
        if self.context.get("typed_values"):
            result = typed(records, self.method, bound.arguments, result)
        return plain(result, bare or _made_one(self.method, bound))

    def _records(self, records: Any, args: list[Any], kwargs: dict[str, Any]) -> tuple[Any, bool]:
        """The record set of the ids that come first (or as `ids`); whether one bare id was given."""
        where = f"{self.model}.{self.method}"
        if args:
            given = args.pop(0)
        elif "ids" in kwargs:
            given = kwargs.pop("ids")
        else:
            raise ArgumentError(_("%(method)s works on records: its first argument is a list of ids.", method=where))
        records = records.browse(values.record_ids(given, where))
        return records, not isinstance(given, (list, tuple)) and not values.nothing(given)

    def _take_old_forms(self, parameters: Sequence[inspect.Parameter]) -> None:
        """Old clients send the context as the argument after the last one the method knows, and `search` a `count` before it."""
        last = self.args[-1] if self.args else 0
        if not (isinstance(last, Mapping) or values.nothing(last) or self.method in arguments.OLD_POSITIONS):
            return
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            return
        known = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
        if isinstance(last, Mapping) and len(self.args) > arguments.OLD_CONTEXT.get(self.method, known):
            self.context = {**values.context(self.args.pop()), **self.context}
        old = arguments.OLD_POSITIONS.get(self.method, ())
        extra = self.args[known:]
        if (
            extra
            and len(extra) <= len(old) + 1
            and (isinstance(extra[-1], Mapping) or (len(extra) > len(old) and values.nothing(extra[-1])))
        ):
            self.context = {**values.context(extra.pop()), **self.context}
        if extra and len(extra) <= len(old):
            self.kwargs.update(zip(old, extra, strict=False))
            extra = []
        self.args[known:] = extra


def dispatch(
    database: Any, uid: int, model: str, method: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> Any:
    """Call `model.method` as user `uid`, in one transaction; the result holds no record sets.

    :param args: positional arguments, the ids first for a record method.
    :param kwargs: keyword arguments; `context` among them is the context of the call.
    :raises UserError: a refusal (unknown model, no right, missing record, business rule).
    :raises AttributeError: no such public method. :raises TypeError: wrong arguments. :raises ValueError: wrong values.
    """
    return Call(database, uid, model, method, list(args), dict(kwargs or {})).run()


def find_method(registry: Any, model: str, name: str) -> Any:
    """The public method as it is with all installed addons on: enough to know whether it writes, before a transaction is opened.

    :raises UserError: unknown model. :raises AccessError: private method. :raises UnknownMethod: no such method.
    """
    cls = registry.for_enabled(registry.names).find(model)
    if cls is None:
        raise unknown_model(model)
    return method_of(cls, model, name)


def reads_only(method: Any) -> bool:
    """Whether a public method is known to write nothing, so that a read transaction is enough for it."""
    return method.readonly or method.name in arguments.READONLY


def known_method(database: Any, model: str, name: str) -> Any:
    """As `find_method`; before it says that there is none, it looks whether another process made one meanwhile."""
    try:
        return find_method(database.registry, model, name)
    except (UnknownModel, UnknownMethod):
        if not database.renew():
            raise
        return find_method(database.registry, model, name)


def method_of(cls: Any, model: str, name: str) -> Any:
    """The public method `name` of a model class.

    :raises AccessError: when it is private: a leading underscore, or not marked as an action. :raises UnknownMethod: when there
        is none.
    """
    method = cls.public_methods().get(name)
    if method is not None:
        return method
    if name.startswith("_") or callable(getattr(cls, name, None)):
        raise AccessError(
            _("Private methods (such as '%(model)s.%(method)s') cannot be called remotely.", model=model, method=name[:100])
        )
    raise UnknownMethod(_("The method '%(model)s.%(method)s' does not exist", model=model, method=name[:100]))


def unknown_model(model: str) -> UnknownModel:
    """The refusal for a model that no enabled addon declares."""
    return UnknownModel(_("Object %(model)s doesn't exist", model=model[:100]))


def bind(method: Any, model: str, args: list[Any], kwargs: dict[str, Any]) -> inspect.BoundArguments:
    """The arguments in their places, those of the record methods parsed (`values.RECORD_METHODS`).

    :raises ArgumentError: naming the wrong argument and the signature.
    """
    name = method.name
    signature: inspect.Signature = method.signature
    for old, new in arguments.OLD_KEYWORDS.get(name, {}).items():
        if old in kwargs and old not in signature.parameters:
            kwargs.setdefault(new, kwargs.pop(old))
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as exc:
        raise ArgumentError(
            _(
                "%(model)s.%(method)s%(signature)s: %(reason)s.",
                model=model,
                method=name,
                signature=_told(method),
                reason=str(exc),
            )
        ) from None
    readers = arguments.readers_of(name, signature)
    if readers:
        where = f"{model}.{name}"
        given = bound.arguments
        parameter = ""
        try:
            for parameter in given:
                reader = readers.get(parameter)
                if reader is not None:
                    given[parameter] = reader(given[parameter], parameter, where)
        except (ArgumentError, ValueRefused) as error:
            whereabouts.in_argument(error, parameter)
            raise
    return bound


def _told(method: Any) -> str:
    """The signature as a client sees it: ids first for a record method, no annotations."""
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in method.parameters]
    if not method.model:
        parameters.insert(0, inspect.Parameter("ids", inspect.Parameter.POSITIONAL_ONLY))
    names = [str(p) for p in parameters]
    return f"({', '.join(names)})"


def _made_one(name: str, bound: inspect.BoundArguments) -> bool:
    """Whether `create` was given one mapping: then its answer is one id."""
    if name != "create":
        return False
    first = next(iter(bound.arguments.values()), None)
    return isinstance(first, Mapping)


def plain(value: Any, one: bool = False) -> Any:
    """A result without record sets: their ids instead, the bare id when `one` record was meant; nested ones too are left to the
    codec.
    """
    if isinstance(value, Records):
        ids = list(value.ids)
        return ids[0] if one and len(ids) == 1 else ids
    return value


def _positional(args: Any) -> list[Any]:
    if values.nothing(args):
        return []
    if not isinstance(args, (list, tuple)):
        raise ArgumentError(_("The positional arguments must be a list; %(value)s is none.", value=values.shown(args)))
    return list(args)


def _keywords(kwargs: Any) -> dict[str, Any]:
    if values.nothing(kwargs) or (isinstance(kwargs, (list, tuple)) and not kwargs):
        return {}
    if not isinstance(kwargs, Mapping) or not all(isinstance(key, str) for key in kwargs):
        raise ArgumentError(_("The keyword arguments must be a mapping; %(value)s is none.", value=values.shown(kwargs)))
    return dict(kwargs)
