"""One effect for a call that is sent twice: the answer is kept with the effect, and given again.

A client that got no answer does not know whether its call was carried out. So it names the call with a key of its own, in the
header `Idempotency-Key` (as the IETF draft of that name) or, where headers cannot be set, as `idempotency_key` in the context,
and sends it again until it is answered. The first to come through writes a row of `ir.idempotency` in the transaction of the call
itself: call and row are saved together or not at all. Whoever comes later with the same key

- and the same call, gets the answer of the first, and nothing else happens;
- and another call, is refused (`KeyReused`);
- while the first is still at work, waits for it: the unique index makes it wait. Whoever waits too long gets `InProgress`.

A call that is refused leaves nothing, so that it may be sent again under the same key when its reason is gone. Calls that only
read ignore the key, and those whose answer is a secret, or whose arguments are a password, do too: neither is for keeping.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from server.errors import LockError, Retry, UserError
from server.rpc import json, values
from server.rpc.errors import ArgumentError
from server.text import _

if TYPE_CHECKING:
    from server.model.environment import Environment

HEADER = "Idempotency-Key"
CONTEXT = "idempotency_key"

#: Characters of a key; a UUID has 36.
MAX_KEY = 255

#: Calls whose answer or arguments are secrets.
SECRET_MODELS = frozenset(
    {"res.users.apikeys", "res.users.apikeys.description", "res.users.apikeys.show", "res.users.identitycheck"}
)
SECRET_METHODS = frozenset({"change_password", "make_key", "run_check", "action_reveal_secret", "action_rotate_secret"})

#: The key of the HTTP request that is being answered, and whether its answer was one that was kept.
_header: ContextVar[str | None] = ContextVar("colca_idempotency_key", default=None)
_replayed: ContextVar[bool] = ContextVar("colca_idempotency_replayed", default=False)


class KeyReused(UserError):
    """The same key for another call."""


class InProgress(LockError):
    """The first call with this key is still at work."""


def begin(header: str | None) -> None:
    """A request begins, in this thread; `header` is its `Idempotency-Key`."""
    _header.set(header)
    _replayed.set(False)


def headers() -> dict[str, str]:
    """What the answer says of it: `Idempotency-Replayed: true` for one that was kept."""
    return {"Idempotency-Replayed": "true"} if _replayed.get() else {}


def of_request() -> str | None:
    """The key in the header of the request that is being answered."""
    return _header.get()


def checked(key: Any) -> str | None:
    """A key as it is kept; None for nothing. The header may have it in quotation marks, as the draft says, or bare.

    :raises ArgumentError: too long, or with characters that do not belong into a header.
    """
    if values.nothing(key):
        return None
    text = key.strip() if isinstance(key, str) else ""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not text or len(text) > MAX_KEY or not all(" " <= letter <= "~" for letter in text):
        raise ArgumentError(
            _(
                "The idempotency key must be a text of 1 to %(limit)s printable ASCII characters, such as a UUID; %(value)s is "
                "none.",
                limit=MAX_KEY,
                value=values.shown(key),
            )
        )
    return text


def keeps(model: str, method: str, calls: Any = None) -> bool:
    """Whether the answer to a call may be kept; to a batch, when all of its `calls` may."""
    if isinstance(calls, (list, tuple)):
        names = [str(call.get("method")).rpartition(".") for call in calls if isinstance(call, Mapping)]
        return all(keeps(one, other) for one, _dot, other in names)
    return model not in SECRET_MODELS and method not in SECRET_METHODS


def fingerprint(model: str, method: str, args: Any, kwargs: Any, context: Any) -> str:
    """What makes a call the same call: model, method, arguments, context. Passwords among the values do not count."""
    request = [model, method, args, kwargs, context]
    text = orjson.dumps(request, default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    if b"passw" in text:
        text = orjson.dumps(_without_passwords(request), default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(text).hexdigest()


def _without_passwords(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: None if "passw" in str(key) else _without_passwords(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_passwords(item) for item in value]
    return value


def once(env: Environment, key: str, name: str, print_: str, work: Callable[[], tuple[Any, str | None]]) -> Any:
    """The answer of `work`, or the one kept under `key` for the user of `env`; runs in the transaction of the call.

    :param name: the method, for those who look at the table. :param print_: `fingerprint` of the call.
    :param work: does the call; its answer and the language for the texts in it.
    :raises KeyReused: another call has the key. :raises InProgress: the first call is at work, and takes too long to wait for.
    """
    table = env.transaction.registry.metadata.tables["ir_idempotency"]
    now = env.now()
    hours = max(env.settings.get("api.idempotency_hours"), 1)
    fresh = {
        "fingerprint": print_,
        "method": name,
        "answer": None,
        "expires_at": now + dt.timedelta(hours=hours),
        "create_date": now,
        "create_uid": env.uid,
        "write_date": now,
        "write_uid": env.uid,
    }
    insert = postgresql.insert if env.transaction.dialect == "postgresql" else sqlite.insert
    statement = (
        insert(table)
        .values(user_id=env.uid, key=key, **fresh)
        .on_conflict_do_update(index_elements=[table.c.user_id, table.c.key], set_=fresh, where=table.c.expires_at <= now)
        .returning(table.c.id)
    )
    try:
        row_id = env.run(statement).scalar()
    except LockError as error:
        raise InProgress(
            _("A call with the same idempotency key is still at work. Wait a moment and send it again: you will get its answer."),
            code="idempotency_in_progress",
        ) from error
    if row_id is None:
        return _kept(env, table, key, print_)
    answer, lang = work()
    text = json.dumps(answer, lang).decode()
    env.run(table.update().where(table.c.id == row_id).values(answer=text))
    return answer


def _kept(env: Environment, table: sa.Table, key: str, print_: str) -> Any:
    row = env.run(
        sa.select(table.c.fingerprint, table.c.answer).where(table.c.user_id == env.uid, table.c.key == key)
    ).one_or_none()
    if row is None:  # swept away between the two statements
        raise Retry
    if row.fingerprint != print_:
        raise KeyReused(
            _(
                "The idempotency key %(key)s was used for another call. Nothing was done: send the same call again, or take a "
                "new key.",
                key=key,
            ),
            code="idempotency_key_reused",
        )
    _replayed.set(True)
    return orjson.loads(row.answer)
