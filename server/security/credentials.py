"""Who is calling: logins, passwords and API keys, and the short memory that makes them cheap.

XML-RPC and `/jsonrpc` bring the password with every call, and a good password hash is slow on purpose. So a verified pair of user
and password is remembered in this process for `MEMORY_SECONDS` under a keyed digest (HMAC-SHA256 with a key that lives and dies
with the process: the memory holds no password and nothing one could try passwords against elsewhere). It is forgotten the moment
the password or the user changes, in whichever process: each entry carries the data version it was checked at, and a later version
makes it look at the user's row again.

    proof = credentials.prove(database, uid, password)          # None: wrong. No query when remembered
    database.run(uid, context, lambda env: proof.holds(env) and work(env))

`holds` compares the version that the transaction has read anyway, so a remembered caller costs no statement at all.

An API key (`prove_key`, and `prove` and `check` in place of the password) is remembered in the same way. Its proof carries what
the key is for: `proof.permit(model, method)` refuses what its scope does not cover.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from server.aside import aside_of
from server.errors import AccessDenied
from server.security import limits
from server.security.keys import KeyFacts, find_key, is_key, read_key
from server.security.passwords import MAX_LENGTH, hash_password, outdated, verify_password
from server.security.throttle import Throttle
from server.text import _

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment
    from server.model.modelset import Method, ModelSet

SYSTEM_UID = 1

#: How long a verified pair is remembered without hashing again.
MEMORY_SECONDS = 300.0

#: Pairs remembered per process; the one unused for longest is forgotten first.
MEMORY_SIZE = 4096

#: The last login is written at most this often, so that polling programs do not write a row per call.
LOGIN_DATE_SECONDS = 60

#: A password shown when a session was opened counts as a fresh proof for this long.
FRESH_SECONDS = 600


class TooManyAttempts(AccessDenied):
    """Too many wrong passwords for this login from this address; says how long to wait."""


class AddressRefused(AccessDenied):
    """A right key, used from where it may not be used."""


@dataclass(frozen=True)
class SessionFacts:
    """One living session (`server.security.sessions`): when it was opened with a password, and when it ends at the latest."""

    id: int
    uid: int
    opened: dt.datetime
    expires: dt.datetime


@dataclass
class _Entry:
    uid: int
    stored: str
    version: Any
    expires: float
    key: KeyFacts | None = None
    #: calls per minute, 0 for no limit
    rate: int = 0
    session: SessionFacts | None = None


class Memory:
    """The verified pairs of one database in this process."""

    def __init__(self, clock: Any = time.monotonic) -> None:
        self.clock = clock
        self._key = secrets.token_bytes(32)
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._lock = Lock()
        #: Failures per login and address: five at once, then one in ten seconds.
        self.throttle = Throttle(burst=5, period=10.0)
        #: Failures per address over all logins: against lists of logins. Wide, since offices share an address.
        self.addresses = Throttle(burst=100, period=1.0)
        #: Wrong keys per address: nobody mistypes a key, so a few are an old configuration and more are a guesser.
        self.keys = Throttle(burst=20, period=3.0)

    def digest(self, who: str, password: str) -> bytes:
        """The key under which a pair is remembered."""
        return hmac.new(self._key, f"{len(who)}:{who}:{password}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def get(self, digest: bytes) -> _Entry | None:
        """The entry of a pair unless it is too old."""
        with self._lock:
            entry = self._entries.get(digest)
            if entry is None:
                return None
            if entry.expires < self.clock():
                del self._entries[digest]
                return None
            self._entries.move_to_end(digest)
            return entry

    def put(
        self,
        digest: bytes,
        uid: int,
        stored: str,
        version: Any,
        key: KeyFacts | None = None,
        rate: int = 0,
        session: SessionFacts | None = None,
    ) -> _Entry:
        """Remember a pair, a key or a session."""
        entry = _Entry(uid, stored, version, self.clock() + MEMORY_SECONDS, key, rate, session)
        with self._lock:
            self._entries[digest] = entry
            self._entries.move_to_end(digest)
            while len(self._entries) > MEMORY_SIZE:
                self._entries.popitem(last=False)
        return entry

    def forget(self, digest: bytes) -> None:
        """Forget a pair."""
        with self._lock:
            self._entries.pop(digest, None)

    def clear(self) -> None:
        """Forget every pair."""
        with self._lock:
            self._entries.clear()


_memories: WeakKeyDictionary[Any, Memory] = WeakKeyDictionary()
_memories_lock = Lock()


def memory_of(database: Database) -> Memory:
    """The memory of a database in this process."""
    with _memories_lock:
        memory = _memories.get(database)
        if memory is None:
            memory = _memories[database] = Memory()
        return memory


class Proof:
    """A caller who has shown the right password, key or session cookie a moment ago.

    :ivar uid: whose it is.
    :ivar key: what is known of the API key; None for a password or session.
    :ivar session: what is known of the session; None for a password or key.
    :ivar address: where the request came from, empty when unknown.
    """

    __slots__ = ("address", "key", "session", "uid", "_digest", "_entry", "_memory")

    def __init__(self, memory: Memory, digest: bytes, entry: _Entry, address: str = "") -> None:
        self.uid = entry.uid
        self.key = entry.key
        self.session = entry.session
        self.address = address
        self._memory = memory
        self._digest = digest
        self._entry = entry

    @property
    def fresh(self) -> bool:
        """True when the person proved who it is a moment ago: the request carries the password, or the session was opened with it
        less than `FRESH_SECONDS` ago. A key proves only that it is known.
        """
        if self.session is not None:
            return (dt.datetime.now(dt.UTC).replace(tzinfo=None) - self.session.opened).total_seconds() < FRESH_SECONDS
        return self.key is None

    def forget(self) -> None:
        """Have the next request look at the database again."""
        self._memory.forget(self._digest)

    def permit(self, model: str, method: Method) -> None:
        """Raise `AccessError` when the scope of the key does not cover the call; a password covers what the user may do."""
        if self.key is not None:
            self.key.permit(model, method)

    def permit_reach(
        self, models: ModelSet, model: str, method: Method, arguments: Mapping[str, Any], context: Mapping[str, Any] | None = None
    ) -> None:
        """Raise `AccessError` when arguments or defaults of the context lead to a model that the key is not for."""
        if self.key is not None and self.key.models is not None:
            self.key.permit_reach(models, model, method, arguments, context)

    def holds(self, env: Environment) -> bool:
        """True inside the transaction of `env` too; raises `AccessDenied` when the password, key or user changed meanwhile.

        Costs a statement only when reference data changed somewhere since the check. Narrows `env` to the companies of the key.
        """
        entry = self._entry
        version = env.transaction.data_version
        if entry.version != version:
            if not self._unchanged(env):
                self.forget()
                raise AccessDenied(_("Access Denied"))
            entry.version = version
        key = self.key
        if key is not None:
            if key.expired(env.now()):
                raise AccessDenied(_("Access Denied"))
            if key.companies:
                env.restrict_companies(key.companies, key.name)
        env.transaction.caller = self
        if key is not None:
            aside_of(env.database).used_key(key.id, self.address)
        elif self.session is not None:
            aside_of(env.database).used_session(self.session.id, self.address)
        return True

    def _unchanged(self, env: Environment) -> bool:
        if self.key is not None:
            return read_key(env, self.key.id) == self.key
        if self.session is not None:
            from server.security.sessions import read_session

            self._entry.rate = _password_rate(env)
            table = env.transaction.registry.metadata.tables["res_device"]
            return read_session(env, table.c.id == self.session.id) == self.session
        row = _row(env, env.transaction.registry.metadata.tables["res_users"].c.id == self.uid)
        self._entry.rate = _password_rate(env)
        return row is not None and bool(row.active) and row.password_hash == self._entry.stored


def _row(env: Environment, where: Any) -> Any:
    users = env.transaction.registry.metadata.tables["res_users"]
    return env.run(
        sa.select(users.c.id, users.c.login, users.c.active, users.c.password_hash, users.c.login_date).where(where)
    ).first()


def _password_rate(env: Environment) -> int:
    rate: int = env.settings.get("api.rate_limit_password")
    return rate


def _read(database: Database, where: str, value: Any) -> tuple[Any, Any, int]:
    """The user's row, the data version of the same transaction, and the calls a minute of passwords."""

    def look(env: Environment) -> tuple[Any, Any, int]:
        users = env.transaction.registry.metadata.tables["res_users"]
        return _row(env, users.c[where] == value), env.transaction.data_version, _password_rate(env)

    return database.run(SYSTEM_UID, {}, look, readonly=True)


def _established(database: Database, who: str, where: str, value: Any, password: str, address: str) -> Proof | None:
    """The slow way: read the row, hash, remember. Failures are counted."""
    memory = memory_of(database)
    throttle_key = f"{who}\0{address}"
    wait = max(memory.throttle.wait(throttle_key), memory.addresses.wait(address) if address else 0.0)
    if wait > 0:
        raise TooManyAttempts(
            _(
                "Too many wrong passwords for this user from this address. Wait %(seconds)s seconds and try again.",
                seconds=int(wait) + 1,
            ),
            wait=wait,
        )
    row, version, rate = _read(database, where, value)
    usable = row is not None and row.active and row.id != SYSTEM_UID
    right = verify_password(row.password_hash if usable else None, password)
    if not (right and usable):
        memory.throttle.failed(throttle_key)
        if address:
            memory.addresses.failed(address)
        _log_denied(database, row.id if row is not None else None, address)
        return None
    memory.throttle.succeeded(throttle_key)
    digest = memory.digest(who, password)
    return Proof(memory, digest, memory.put(digest, row.id, row.password_hash, version, rate=rate), address)


def prove(database: Database, uid: int, password: str, address: str = "") -> Proof | None:
    """A proof that `password`, or an API key in its place, is that of user `uid`, None when it is not (or the user is archived,
    unknown or the system).

    A remembered pair costs no query; ask `proof.holds(env)` inside the transaction, which notices changes made since.
    Raises `TooManyAttempts` for a guesser.
    """
    if not _plausible(password) or isinstance(uid, bool) or not isinstance(uid, int) or not 0 < uid < 2**63:
        return None
    memory = memory_of(database)
    if is_key(password):
        proof = _known_key(database, memory, password, address)
        if proof is not None and proof.uid == uid:
            return counted(database, proof)
        # 48 hexadecimal digits may be somebody's password too; and a wrong key takes as long as a wrong password.
    who = f"#{uid}"
    digest = memory.digest(who, password)
    entry = memory.get(digest)
    if entry is not None:
        return counted(database, Proof(memory, digest, entry, address))
    proof = _established(database, who, "id", uid, password, address)
    return counted(database, proof) if proof is not None else None


def prove_key(database: Database, key: str, address: str = "") -> Proof | None:
    """A proof that `key` is a living API key, None when it is not (or expired, revoked, or its user is archived).

    A remembered key costs no query; ask `proof.holds(env)` inside the transaction, and `proof.permit(model, method)` before the
    call. Raises `TooManyAttempts` for a guesser, `AddressRefused` for a key that is not for this
    address, `RateLimited` for a call too many.
    """
    memory = memory_of(database)
    if not is_key(key):
        return None  # a password where a key belongs, say: it can be no key, so nothing is guessed by it
    proof = _known_key(database, memory, key, address)
    if proof is None and address:
        _refuse_guesser(memory.keys.wait(address))
        memory.keys.failed(address)
        memory.addresses.failed(address)
    if proof is None:
        _log_denied(database, None, address)
    return counted(database, proof) if proof is not None else None


def counted(database: Database, proof: Proof) -> Proof:
    """The proof, once the request is counted. :raises RateLimited: the caller has made too many."""
    entry = proof._entry
    if entry.rate > 0:
        who = f"key {entry.key.id}" if entry.key is not None else f"user {entry.uid}"
        limits.spend(f"{database.url} {who}", entry.rate)
    return proof


def _known_key(database: Database, memory: Memory, key: str, address: str) -> Proof | None:
    """The proof of a key, from the memory or from its row; failures are counted by the caller."""
    digest = memory.digest("key", key)
    entry = memory.get(digest)
    if entry is None:
        _refuse_guesser(memory.addresses.wait(address) if address else 0.0)

        def look(env: Environment) -> tuple[KeyFacts | None, Any]:
            return find_key(env, key), env.transaction.data_version

        facts, version = database.run(SYSTEM_UID, {}, look, readonly=True)
        if facts is None:
            return None
        entry = memory.put(digest, facts.uid, facts.digest, version, facts, facts.rate)
    known = entry.key
    if known is None or known.expired(dt.datetime.now(dt.UTC).replace(tzinfo=None)):
        memory.forget(digest)
        return None
    if not known.usable_from(address):
        raise AddressRefused(
            _("The API key %(name)s may not be used from the address %(address)s.", name=known.name, address=address)
        )
    return Proof(memory, digest, entry, address)


def _log_denied(database: Database, uid: int | None, address: str) -> None:
    from server.rpc.calllog import denied

    denied(database, uid, address)


def _refuse_guesser(wait: float) -> None:
    if wait > 0:
        raise TooManyAttempts(
            _(
                "Too many wrong passwords or keys from this address. Wait %(seconds)s seconds and try again.",
                seconds=int(wait) + 1,
            ),
            wait=wait,
        )


def verify(database: Database, uid: int, password: str, address: str = "") -> bool:
    """True when `password` is that of the active user `uid`, now. One statement when remembered; see `prove` for none."""
    proof = prove(database, uid, password, address)
    if proof is None:
        return False
    if _holds(database, proof):
        return True
    return proof.key is None and _established(database, f"#{uid}", "id", uid, password, address) is not None


def _holds(database: Database, proof: Proof) -> bool:
    """Whether a remembered proof is still good, in a transaction of its own."""
    try:
        return bool(database.run(proof.uid, {}, proof.holds, readonly=True))
    except AccessDenied:
        return False


def right_password(env: Environment, password: str) -> bool:
    """True when `password` is the calling user's, asked again inside a call. Raises `TooManyAttempts` for a guesser."""
    throttle = memory_of(env.database).throttle
    who = f"#{env.uid}\0again"
    _refuse_guesser(throttle.wait(who))
    row = _row(env, env.transaction.registry.metadata.tables["res_users"].c.id == env.uid)
    if row is not None and _plausible(password) and verify_password(row.password_hash, password):
        throttle.succeeded(who)
        return True
    throttle.failed(who)
    return False


def check(database: Database, login: str, password: str, address: str = "", *, keys: bool = True) -> int | None:
    """The id of the user with this login and password, else None. An unknown login takes as long as a wrong password.

    An API key of the user is taken for the password where `keys` are. Notes the time of the login. Raises `TooManyAttempts` for a
    guesser.
    """
    if not isinstance(login, str) or not login or len(login) > MAX_LENGTH or "\x00" in login or not _plausible(password):
        return None
    login = login.strip()
    memory = memory_of(database)
    if keys and is_key(password):
        known = _known_key(database, memory, password, address)
        if known is not None and known.key is not None and known.key.login == login and _holds(database, known):
            return counted(database, known).uid
    digest = memory.digest(f"@{login}", password)
    entry = memory.get(digest)
    if entry is not None and _holds(database, Proof(memory, digest, entry)):
        return entry.uid
    proof = _established(database, f"@{login}", "login", login, password, address)
    if proof is None:
        return None
    entry = proof._entry
    # the calls that follow come with the id: they need not hash again
    memory.put(memory.digest(f"#{entry.uid}", password), entry.uid, entry.stored, entry.version, rate=entry.rate)
    _note_login(database, entry, password)
    return entry.uid


def _plausible(password: Any) -> bool:
    return isinstance(password, str) and 0 < len(password) <= MAX_LENGTH


def _note_login(database: Database, entry: _Entry, password: str) -> None:
    """Write the time of the login, and a stronger hash when the stored one is outdated. Never stands in the way of the login."""

    def note(env: Environment) -> None:
        users = env.transaction.registry.metadata.tables["res_users"]
        row = _row(env, users.c.id == entry.uid)
        if row is None:
            return
        values: dict[str, Any] = {}
        now = env.now()
        if row.login_date is None or (now - row.login_date).total_seconds() >= LOGIN_DATE_SECONDS:
            values["login_date"] = now
        if row.password_hash == entry.stored and outdated(entry.stored):
            values["password_hash"] = entry.stored = hash_password(password)
        if values:
            env.run(users.update().where(users.c.id == entry.uid).values(**values))

    try:
        database.run(SYSTEM_UID, {}, note)
    except Exception:  # a read-only replica, a busy database: the person is let in all the same
        import logging

        logging.getLogger(__name__).warning("The time of the login of user %s could not be written.", entry.uid, exc_info=True)
