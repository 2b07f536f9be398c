"""The finished documents: built when first asked for, kept in the process, sent compressed to those who take it so.

A document depends on what the caller can see and nothing else: the state of the database's definitions and rights, the addons
of the company, the groups of the user, the scope of the key, the language. That is its key here; two people with the same rights
get the same bytes, and the same ETag.
"""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from server.describe.bearer import index_document, model_document
from server.describe.catalog import ModelInfo, Permit, model_of, models_of
from server.describe.openapi import openapi_document
from server.describe.openrpc import openrpc_document
from server.errors import AccessDenied
from server.model.environment import Environment
from server.rpc import json
from server.rpc.dispatcher import StaleProof

#: Documents kept per database and process; each is some hundred kilobytes, compressed.
KEPT = 64


@dataclass(frozen=True, slots=True)
class Document:
    """The bytes of a document, compressed by gzip, and their tag."""

    packed: bytes
    etag: str

    @property
    def body(self) -> bytes:
        """The bytes as they are."""
        return gzip.decompress(self.packed)


_kept: WeakKeyDictionary[Any, OrderedDict[Any, Document | None]] = WeakKeyDictionary()
_lock = Lock()

Build = Callable[[Environment, "Permit | None"], Any]


def publish(database: Any, uid: int, proof: Any, context: Mapping[str, Any], name: Any, build: Build) -> Document | None:
    """The document `name` for a caller; None when there is no such document for him.

    :param proof: what the caller showed, if that was a password or key: it must hold, and a key may cover less than its user.
    :param name: what tells this document from others of the same caller.
    :param build: makes the document (None: there is none), when it is not kept.
    :raises StaleProof: the proof does not hold any more. :raises AccessError: a company that the caller does not have.
    """

    def inside(env: Environment) -> Document | None:
        if proof is not None:
            try:
                proof.holds(env)
            except AccessDenied:
                raise StaleProof() from None
        key = (
            name,
            database.registry_version,
            env.transaction.data_version,
            env.models.enabled,
            env.access.groups_key,
            env.lang,
            scope_of(proof),
        )
        found = _get(database, key)
        if found is None:
            value = build(env, getattr(proof, "permit", None) if scope_of(proof) is not None else None)
            if value is None:
                return None
            found = packed(json.dumps(value, env.lang))
            _put(database, key, found)
        return found

    result: Document | None = database.run(uid, dict(context), inside, readonly=True)
    return result


def scope_of(proof: Any) -> Any:
    """What distinguishes keys that cover different calls; None for one that covers all that its user may do."""
    facts = getattr(proof, "key", None)
    if facts is None or (not facts.readonly and facts.models is None):
        return None
    models = facts.models
    return facts.readonly, None if models is None else tuple(sorted((model, tuple(what)) for model, what in models.items()))


def packed(body: bytes) -> Document:
    """The document of these bytes."""
    return Document(gzip.compress(body, 6, mtime=0), hashlib.sha256(body).hexdigest()[:32])


def _get(database: Any, key: Any) -> Document | None:
    with _lock:
        kept = _kept.setdefault(database, OrderedDict())
        found = kept.get(key)
        if found is not None:
            kept.move_to_end(key)
        return found


def _put(database: Any, key: Any, document: Document) -> None:
    with _lock:
        kept = _kept.setdefault(database, OrderedDict())
        kept[key] = document
        while len(kept) > KEPT:
            kept.popitem(last=False)


# -- what there is -----------------------------------------------------------------------------------------------------------


def bearer_model(model: str) -> Build:
    """Builds `/doc-bearer/<model>.json`."""

    def build(env: Environment, permit: Permit | None) -> Any:
        found = model_of(env, model, permit)
        return None if found is None else model_document(found)

    return build


def bearer_index(env: Environment, permit: Permit | None) -> Any:
    """Builds `/doc-bearer/index.json`."""
    return index_document(env, models_of(env, permit))


def openapi(series: str, patterns: tuple[str, ...], typed: bool) -> Build:
    """Builds the OpenAPI document of `/json/2` over the models that fit one of `patterns` (`sale.*`), or all of them."""

    def build(env: Environment, permit: Permit | None) -> Any:
        return openapi_document(env, chosen(models_of(env, permit), patterns), series, typed)

    return build


def openrpc(series: str, patterns: tuple[str, ...] = ()) -> Build:
    """Builds the OpenRPC document of `/rpc/2` over the models that fit one of `patterns`, or all of them."""

    def build(env: Environment, permit: Permit | None) -> Any:
        return openrpc_document(env, chosen(models_of(env, permit), patterns), series)

    return build


def chosen(models: list[ModelInfo], patterns: tuple[str, ...]) -> list[ModelInfo]:
    """The models whose name fits one of the patterns; all of them without patterns."""
    if not patterns:
        return models
    return [model for model in models if any(fnmatch.fnmatchcase(model.name, pattern) for pattern in patterns)]
