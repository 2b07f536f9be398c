"""Who is calling: logins and passwords, and the short memory that makes them cheap.

XML-RPC and `/jsonrpc` bring the password with every call, and a good password hash is slow on purpose. So a verified pair of user
and password is remembered in this process for `MEMORY_SECONDS` under a keyed digest (HMAC-SHA256 with a key that lives and dies
with the process: the memory holds no password and nothing one could try passwords against elsewhere). It is forgotten the moment
the password or the user changes, in whichever process: each entry carries the data version it was checked at, and a later version
makes it look at the user's row again.

    proof = credentials.prove(database, uid, password)          # None: wrong. No query when remembered
    database.run(uid, context, lambda env: proof.holds(env) and work(env))

`holds` compares the version that the transaction has read anyway, so a remembered caller costs no statement at all.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from server.errors import AccessDenied
from server.security.passwords import MAX_LENGTH, hash_password, outdated, verify_password
from server.security.throttle import Throttle
from server.text import _

if TYPE_CHECKING:
    from server.database import Database
    from server.model.environment import Environment

SYSTEM_UID = 1

#: How long a verified pair is remembered without hashing again.
MEMORY_SECONDS = 300.0

#: Pairs remembered per process; the one unused for longest is forgotten first.
MEMORY_SIZE = 4096

#: The last login is written at most this often, so that polling programs do not write a row per call.
LOGIN_DATE_SECONDS = 60


class TooManyAttempts(AccessDenied):
    """Too many wrong passwords for this login from this address; says how long to wait."""


@dataclass
class _Entry:
    uid: int
    stored: str
    version: Any
    expires: float


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

    def put(self, digest: bytes, uid: int, stored: str, version: Any) -> _Entry:
        """Remember a pair."""
        entry = _Entry(uid, stored, version, self.clock() + MEMORY_SECONDS)
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
    """A caller who has shown the right password a moment ago."""

    __slots__ = ("uid", "_memory", "_digest", "_entry")

    def __init__(self, memory: Memory, digest: bytes, entry: _Entry) -> None:
        self.uid = entry.uid
        self._memory = memory
        self._digest = digest
        self._entry = entry

    def holds(self, env: Environment) -> bool:
        """True inside the transaction of `env` too; raises `AccessDenied` when the password or the user changed meanwhile.

        Costs a statement only when reference data changed somewhere since the password was checked.
        """
        entry = self._entry
        version = env.transaction.data_version
        if entry.version == version:
            return True
        row = _row(env, env.transaction.registry.metadata.tables["res_users"].c.id == entry.uid)
        if row is None or not row.active or row.password_hash != entry.stored:
            self._memory.forget(self._digest)
            raise AccessDenied(_("Access Denied"))
        entry.version = version
        return True


def _row(env: Environment, where: Any) -> Any:
    users = env.transaction.registry.metadata.tables["res_users"]
    return env.run(
        sa.select(users.c.id, users.c.login, users.c.active, users.c.password_hash, users.c.login_date).where(where)
    ).first()


def _read(database: Database, where: str, value: Any) -> tuple[Any, Any]:
    """The user's row and the data version of the same transaction."""

    def look(env: Environment) -> tuple[Any, Any]:
        users = env.transaction.registry.metadata.tables["res_users"]
        return _row(env, users.c[where] == value), env.transaction.data_version

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
    row, version = _read(database, where, value)
    usable = row is not None and row.active and row.id != SYSTEM_UID
    right = verify_password(row.password_hash if usable else None, password)
    if not (right and usable):
        memory.throttle.failed(throttle_key)
        if address:
            memory.addresses.failed(address)
        return None
    memory.throttle.succeeded(throttle_key)
    digest = memory.digest(who, password)
    return Proof(memory, digest, memory.put(digest, row.id, row.password_hash, version))


def prove(database: Database, uid: int, password: str, address: str = "") -> Proof | None:
    """A proof that `password` is that of user `uid`, None when it is not (or the user is archived, unknown or the system).

    A remembered pair costs no query; ask `proof.holds(env)` inside the transaction, which notices changes made since.
    Raises `TooManyAttempts` for a guesser.
    """
    if not _plausible(password) or isinstance(uid, bool) or not isinstance(uid, int) or not 0 < uid < 2**63:
        return None
    memory = memory_of(database)
    who = f"#{uid}"
    digest = memory.digest(who, password)
    entry = memory.get(digest)
    if entry is not None:
        return Proof(memory, digest, entry)
    return _established(database, who, "id", uid, password, address)


def verify(database: Database, uid: int, password: str, address: str = "") -> bool:
    """True when `password` is that of the active user `uid`, now. One statement when remembered; see `prove` for none."""
    proof = prove(database, uid, password, address)
    if proof is None:
        return False
    try:
        return bool(database.run(SYSTEM_UID, {}, proof.holds, readonly=True))
    except AccessDenied:
        return _established(database, f"#{uid}", "id", uid, password, address) is not None


def check(database: Database, login: str, password: str, address: str = "") -> int | None:
    """The id of the user with this login and password, else None. An unknown login takes as long as a wrong password.

    Notes the time of the login. Raises `TooManyAttempts` for a guesser.
    """
    if not isinstance(login, str) or not login or len(login) > MAX_LENGTH or "\x00" in login or not _plausible(password):
        return None
    login = login.strip()
    memory = memory_of(database)
    digest = memory.digest(f"@{login}", password)
    entry = memory.get(digest)
    if entry is not None:
        try:
            if database.run(SYSTEM_UID, {}, Proof(memory, digest, entry).holds, readonly=True):
                return entry.uid
        except AccessDenied:
            pass
    proof = _established(database, f"@{login}", "login", login, password, address)
    if proof is None:
        return None
    entry = proof._entry
    # the calls that follow come with the id: they need not hash again
    memory.put(memory.digest(f"#{entry.uid}", password), entry.uid, entry.stored, entry.version)
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
