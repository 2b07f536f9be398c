"""The master password: what it opens is every database of the server, so it is off until somebody sets it."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from server.config import Config
from server.errors import AccessDenied, UserError
from server.security.passwords import MAX_LENGTH, hash_password, verify_password
from server.security.throttle import Throttle
from server.text import _

#: Characters a new master password has at least.
SHORTEST = 8

#: Failures per address: three at once, then one in twenty seconds.
_addresses = Throttle(burst=3, period=20.0)
#: Failures of all addresses together: a guesser with many of them is slowed too.
_everybody = Throttle(burst=30, period=5.0, size=1)


def _file(config: Config) -> Path:
    return config.data_dir / "master_password"


def switched_on(config: Config) -> bool:
    """Whether databases can be managed from outside at all."""
    return bool(config.master_password)


def check(config: Config, given: object, address: str = "") -> None:
    """Nothing when `given` is the master password.

    :raises AccessDenied: it is not, or there is none; after some failures the text says how long to wait.
    """
    if not switched_on(config):
        raise AccessDenied(_("Access Denied"))
    wait = max(_addresses.wait(address), _everybody.wait(""))
    if wait > 0:
        raise AccessDenied(_("Too many wrong master passwords. Wait %(seconds)s seconds and try again.", seconds=int(wait) + 1))
    password = given if isinstance(given, str) and 0 < len(given) <= MAX_LENGTH and _writable(given) else ""
    try:
        stored = _file(config).read_text().strip()
    except FileNotFoundError:
        # the hash of nobody is checked all the same: the answer takes as long as it does with a stored one
        verify_password(None, password)
        right = hmac.compare_digest(password.encode(), config.master_password.encode())
    else:
        right = verify_password(stored, password)
    if not right:
        _addresses.failed(address)
        _everybody.failed("")
        raise AccessDenied(_("Access Denied"))
    _addresses.succeeded(address)


def _writable(text: str) -> bool:
    """Whether a text can be encoded at all: JSON can bring halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def change(config: Config, new: object) -> None:
    """Make `new` the master password from now on, in place of COLCA_MASTER_PASSWORD. Only its hash is kept.

    :raises UserError: it is too short.
    """
    if not isinstance(new, str) or not SHORTEST <= len(new.strip()) <= MAX_LENGTH or not _writable(new):
        raise UserError(_("The master password needs at least %(count)s characters.", count=SHORTEST))
    target = _file(config)
    temporary = target.with_name(f".master_password-{secrets.token_hex(6)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(hash_password(new) + "\n")
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
