"""API keys: what one looks like, how it is kept, and what its holder may do.

A key is `KEY_LENGTH` hexadecimal digits from the system's random source: the first `PREFIX` are kept as they are, to find the row
and to let people recognise the key; the other 160 bits are the secret. Only the SHA-256 of the whole is stored. A password needs
a slow hash because people choose it from few; 160 random bits cannot be tried out, however fast the hash, so a slow one would
cost every call and protect nothing.

`KeyFacts` is all that a call needs to know of a key: it is read once and remembered by `server.security.credentials`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from server.errors import AccessError, ValidationError
from server.security.reach import reached
from server.text import Text, _

if TYPE_CHECKING:
    from server.model.environment import Environment
    from server.model.modelset import Method, ModelSet

KEY_LENGTH = 48
PREFIX = 8

#: What a key may be allowed to do with a model. `call` are the methods that are none of the other four.
OPERATIONS = ("read", "write", "create", "unlink", "call")

_VERBS: dict[str, Text] = {
    "read": _("read"),
    "write": _("change"),
    "create": _("create"),
    "unlink": _("delete"),
    "call": _("call other methods"),
}

#: Record methods that write, and what they do. Readonly ones read; whatever is not named here is `call`.
_NEEDS: dict[str, tuple[str, ...]] = {
    "create": ("create",),
    "name_create": ("create",),
    "copy": ("create",),
    "write": ("write",),
    "write_multi": ("write",),
    "unlink": ("unlink",),
    "load": ("create", "write"),
    "web_save": ("create", "write"),
    "web_save_multi": ("write",),
    "web_resequence": ("write",),
    "action_archive": ("write",),
    "action_unarchive": ("write",),
    "toggle_active": ("write",),
}

#: Methods that are `call` (they may leave something behind) and whose arguments lead on like those of record methods.
_LEAD_ON = frozenset({"export_data", "onchange"})

#: Methods for which the key given as argument is the authority: a key of any scope may renew or end itself, never widen itself.
_ALWAYS = frozenset({("res.users.apikeys", "generate"), ("res.users.apikeys", "rotate"), ("res.users.apikeys", "revoke")})

_SHAPE = re.compile(rf"[0-9a-f]{{{KEY_LENGTH}}}")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def make_key() -> str:
    """A new key: 192 random bits, of which 160 are secret."""
    return secrets.token_hex(KEY_LENGTH // 2)


def is_key(text: Any) -> bool:
    """True when `text` looks like a key of ours; the empty work of looking it up is spared to everything else."""
    return isinstance(text, str) and len(text) == KEY_LENGTH and _SHAPE.fullmatch(text) is not None


def digest_of(key: str) -> str:
    """What is stored of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class KeyFacts:
    """One living key, as far as a call needs to know it.

    :ivar login: of the user, so that a login with it needs no further look.
    :ivar readonly: only methods that write nothing.
    :ivar models: {model: operations} the key is for; None for all.
    :ivar companies: ids of the companies it works in; empty for all of the user.
    :ivar networks: where it may be used from; empty for everywhere.
    :ivar rate: calls per minute; 0 for no limit.
    """

    id: int
    name: str
    uid: int
    login: str
    digest: str
    scope: str | None = None
    expiration: dt.datetime | None = None
    readonly: bool = False
    models: Mapping[str, tuple[str, ...]] | None = None
    companies: frozenset[int] = frozenset()
    networks: tuple[Network, ...] = field(default=())
    rate: int = 0

    def expired(self, now: dt.datetime) -> bool:
        """True when the key's time is over at `now` (naive UTC)."""
        return self.expiration is not None and self.expiration <= now

    def usable_from(self, address: str) -> bool:
        """True when the key may be used from `address`; a call without an address comes from this machine's own code."""
        if not self.networks or not address:
            return True
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network or found in network for network in self.networks)

    def permit(self, model: str, method: Method) -> None:
        """Raise `AccessError`, saying what the key is for, unless the scope covers `model.method`.

        About the call as it comes through the door: what an allowed method does inside follows the rights of the user.
        """
        if (model, method.name) in _ALWAYS:
            return
        needed = needs(method)
        if self.readonly and needed != ("read",):
            raise self._refusal(
                _(
                    "The API key %(name)s may only read: it cannot call %(model)s.%(method)s. Use a key that may write.",
                    name=self.name,
                    model=model,
                    method=method.name,
                ),
                model,
                method,
            )
        if self.models is None:
            return
        allowed = self.models.get(model)
        if allowed is None:
            raise self._refusal(
                _(
                    "The API key %(name)s is not for the model %(model)s; it is for %(models)s.",
                    name=self.name,
                    model=model,
                    models=", ".join(sorted(self.models)[:20]) or "-",
                ),
                model,
                method,
            )
        missing = [one for one in needed if one not in allowed]
        if missing:
            raise self._refusal(
                _(
                    "The API key %(name)s cannot call %(model)s.%(method)s: with this model it may only %(operations)s.",
                    name=self.name,
                    model=model,
                    method=method.name,
                    operations=_Operations(allowed),
                ),
                model,
                method,
            )

    def permit_reach(
        self,
        models: ModelSet,
        model: str,
        method: Method,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise `AccessError` when the arguments of a record method, or the defaults in the `context` of the call, lead to a
        model that the key is not for.
        """
        name = method.name
        if self.models is None or (name not in _NEEDS and name not in _LEAD_ON and needs(method) != ("read",)):
            return
        for other, operation in reached(models, model, name, arguments, context):
            if operation not in self.models.get(other, ()):
                raise self._refusal(
                    _(
                        "The API key %(name)s cannot reach %(other)s through %(model)s.%(method)s: it may not %(operation)s this "
                        "model.",
                        name=self.name,
                        other=other,
                        model=model,
                        method=method.name,
                        operation=_VERBS[operation],
                    ),
                    other,
                    method,
                )

    def _refusal(self, text: Text, model: str, method: Method) -> AccessError:
        return AccessError(text, model=model, method=method.name, api_key=self.id)


class _Operations(Text):
    """A list of operations in the reader's language, for a refusal."""

    __slots__ = ("names",)

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__("")
        self.names = tuple(names)

    def render(self, lang: str | None = None) -> str:
        return ", ".join(_VERBS[name].render(lang) for name in self.names)


def needs(method: Method) -> tuple[str, ...]:
    """The operations that a call of `method` is, of `OPERATIONS`."""
    from server.rpc.arguments import READONLY

    if method.readonly or method.name in READONLY:
        return ("read",)
    return _NEEDS.get(method.name, ("call",))


def check_models(value: Any) -> dict[str, list[str]] | None:
    """The models of a key as they are stored: `["res.partner"]` means every operation, `{"res.partner": ["read"]}` these.

    Nothing and an empty list mean all models (None).

    :raises ValidationError: for anything else.
    """
    if not value:
        return None
    if isinstance(value, str):
        value = [name.strip() for name in value.replace(",", " ").split()]
    if isinstance(value, (list, tuple)):
        value = dict.fromkeys(value, OPERATIONS) if all(isinstance(name, str) for name in value) else None
    if not isinstance(value, Mapping):
        raise ValidationError(_MODELS_HELP)
    checked = {}
    for name, operations in value.items():
        given = operations.replace(",", " ").split() if isinstance(operations, str) else operations
        if not isinstance(name, str) or not isinstance(given, (list, tuple)) or not given or set(given) - set(OPERATIONS):
            raise ValidationError(_MODELS_HELP)
        checked[name] = [one for one in OPERATIONS if one in given]
    return checked


_MODELS_HELP = _(
    'The models of a key are a list of model names, or a mapping of model names to operations such as {"res.partner": ["read"]}. '
    "The operations are %(operations)s.",
    operations=", ".join(OPERATIONS),
)


def check_networks(text: str | None) -> tuple[Network, ...]:
    """The networks of a key: addresses or `10.0.0.0/8`, separated by spaces or commas.

    :raises ValidationError: naming the one that is neither.
    """
    found = []
    for word in (text or "").replace(",", " ").split():
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            raise ValidationError(
                _(
                    "%(network)s is neither an IP address nor a network. Write them like 192.0.2.7 or 192.0.2.0/24.",
                    network=word[:60],
                )
            ) from None
    return tuple(found)


def find_key(env: Environment, key: str) -> KeyFacts | None:
    """The living key behind the digits, None when there is none (expired, revoked, or its user archived)."""
    table = env.transaction.registry.metadata.tables.get("res_users_apikeys")
    if table is None:
        return None
    digest = digest_of(key)
    for row in _rows(env, table.c.prefix == key[:PREFIX]):
        if hmac.compare_digest(row.key_hash or "", digest):
            return _facts(env, row)
    return None


def read_key(env: Environment, key_id: int) -> KeyFacts | None:
    """The living key with this id, as it is now."""
    table = env.transaction.registry.metadata.tables["res_users_apikeys"]
    row = next(iter(_rows(env, table.c.id == key_id)), None)
    return _facts(env, row) if row is not None else None


def _rows(env: Environment, where: Any) -> list[Any]:
    """Key rows of active users, with the user's login."""
    tables = env.transaction.registry.metadata.tables
    keys, users = tables["res_users_apikeys"], tables["res_users"]
    joined = sa.select(keys, users.c.login).join(users, users.c.id == keys.c.user_id)
    return list(env.run(joined.where(where, users.c.active.is_(True))))


def _facts(env: Environment, row: Any) -> KeyFacts | None:
    from server.model.environment import ROOT_UID

    if row.user_id == ROOT_UID:
        return None
    pairs = env.transaction.registry.metadata.tables["res_users_apikeys_company_rel"]
    companies = frozenset(env.run(sa.select(pairs.c.company_id).where(pairs.c.key_id == row.id)).scalars())
    models = {name: tuple(operations) for name, operations in row.allowed_models.items()} if row.allowed_models else None
    facts = KeyFacts(
        id=row.id,
        name=row.name,
        uid=row.user_id,
        login=row.login,
        digest=row.key_hash,
        scope=row.scope,
        expiration=row.expiration_date,
        readonly=bool(row.readonly),
        models=models,
        companies=companies,
        networks=check_networks(row.networks),
        rate=row.rate_limit or env.settings.get("api.rate_limit_key"),
    )
    return None if facts.expired(env.now()) else facts
