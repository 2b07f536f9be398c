"""Password hashes: argon2id with the parameters of the OWASP password storage cheat sheet (19 MiB, two passes, one lane).

That is some 20 ms and 19 MiB a check: dear for whoever guesses, cheap enough for a login, and never paid per call (see
`credentials`).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from server.errors import FieldError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: Longer passwords are refused before hashing, so that nobody keeps the server busy with megabytes.
MAX_LENGTH = 1024


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobody() -> str:
    """A hash that no password matches, checked for unknown users so that they take as long as known ones."""
    import secrets

    return _hasher().hash(secrets.token_hex(32))


def hash_password(password: str) -> str:
    """The argon2id hash of a password, salt and parameters included. Raises `ValueError` for an empty or endless one."""
    if not password or len(password) > MAX_LENGTH:
        raise FieldError(f"A password has 1 to {MAX_LENGTH} characters.")
    return _hasher().hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """True when `password` belongs to the hash; takes the same time when there is no hash at all."""
    from argon2.exceptions import InvalidHashError, VerificationError

    usable = bool(stored) and 0 < len(password) <= MAX_LENGTH
    try:
        return _hasher().verify(stored if usable and stored else _nobody(), password[:MAX_LENGTH]) and usable
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """True when the hash was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(stored)
