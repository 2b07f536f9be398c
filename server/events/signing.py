"""Signatures after the Standard Webhooks specification: HMAC-SHA256 over `id.timestamp.body`, so that receivers can use any
library that knows it.

A secret is `whsec_` and 24 to 64 random bytes in base64. While a secret is being changed, two signatures are sent, and one that
fits is enough.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "whsec_"


def new_secret() -> str:
    """A random secret of 32 bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The bytes behind a secret.

    :raises ValueError: when it is not `whsec_` and 24 to 64 bytes in base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError("whsec_ and 24 to 64 bytes in base64 are needed")
    return key


def signature(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """One signature: `v1,` and the base64 of the HMAC."""
    digest = hmac.new(key_of(secret), f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(secrets_: list[str], id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of the specification, signed with each of the secrets."""
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, id, timestamp, body) for secret in secrets_),
    }
