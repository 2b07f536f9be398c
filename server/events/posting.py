"""One POST to somebody else's server, on our guard: only to addresses of the public internet (or networks that the operator
allows), no redirects, certificates checked, an end to waiting, and only the beginning of the answer read.

The name is resolved once and the connection made to the address that was checked, so that a name that changes in between leads
nowhere else.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Event, Timer
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Seconds until a connection must stand, between two pieces of the answer, and for all of it.
CONNECT, READ, TOTAL = 5.0, 10.0, 20.0

#: Characters of the answer that are kept.
EXCERPT = 1000


class Refused(Exception):
    """The address may not be called; the text says why."""


@dataclass(frozen=True)
class Answer:
    """What came of a POST: a status, or 0 and an error."""

    status: int
    excerpt: str = ""
    error: str = ""
    #: seconds that the server asked us to wait
    retry_after: int | None = None
    milliseconds: int = 0

    @property
    def good(self) -> bool:
        """Whether the receiver has it."""
        return 200 <= self.status < 300

    @property
    def away(self) -> bool:
        """Whether the receiver as a whole is not there (or asks us to slow down), so that trying other events is of no use."""
        return self.status in (0, 429, 502, 503, 504)


def post(url: str, body: bytes, headers: Mapping[str, str], networks: Sequence[Network] = ()) -> Answer:
    """POST `body`; what came of it. Never raises for what goes wrong outside.

    :param networks: networks beside the public internet that may be called; plain http is for these alone.
    """
    started = time.monotonic()

    def since() -> int:
        return int((time.monotonic() - started) * 1000)

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = checked(parts.scheme, host, port, networks)
        status, excerpt, retry_after = _exchange(parts, host, port, address, body, headers)
        return Answer(status, excerpt, "" if 200 <= status < 300 else f"HTTP {status}", retry_after, since())
    except Refused as refusal:
        return Answer(0, error=str(refusal), milliseconds=since())
    except TimeoutError:
        return Answer(0, error="No answer in time.", milliseconds=since())
    except ssl.SSLCertVerificationError as error:
        return Answer(0, error=f"The certificate cannot be trusted: {error.verify_message}", milliseconds=since())
    except (HTTPError, OSError, ValueError) as error:
        late = time.monotonic() - started >= TOTAL
        reason = "No answer in time." if late else f"{type(error).__name__}: {_short(error)}"
        return Answer(0, error=reason, milliseconds=since())


def checked(scheme: str, host: str, port: int, networks: Sequence[Network] = ()) -> str:
    """An address of the host that may be called.

    :raises Refused: when one of its addresses may not, or there is none.
    """
    if scheme not in ("https", "http") or not host:
        raise Refused("The address is not an https:// URL.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused(f"The name {host} is not known.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for text in addresses:
        address = ipaddress.ip_address(text)
        inside = any(address in network for network in networks if network.version == address.version)
        if not inside and not public(address):
            raise Refused(f"{host} leads to {text}, which is not an address of the public internet (see COLCA_WEBHOOK_NETWORKS).")
        if scheme == "http" and not inside:
            raise Refused("Plain http is refused outside of the networks of COLCA_WEBHOOK_NETWORKS; use https.")
    if not addresses:
        raise Refused(f"The name {host} is not known.")
    # IPv4 first: where there is no route for IPv6 the name has both all the same
    return sorted(addresses, key=lambda text: ":" in text)[0]


def public(address: Address) -> bool:
    """Whether an address is of the public internet; those that carry another address inside are judged by it."""
    if isinstance(address, ipaddress.IPv6Address):
        for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
            if inner is not None:
                return public(inner)
        if address in _NAT64:
            return public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def parse_networks(text: str) -> tuple[Network, ...]:
    """The networks of a setting such as `10.0.0.0/8, 127.0.0.1`.

    :raises ValueError: when one is not.
    """
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _exchange(
    parts: Any, host: str, port: int, address: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str, int | None]:
    """(status, beginning of the answer, seconds to wait) of one request to `address`."""
    if parts.scheme == "https":
        connection: HTTPConnection = HTTPSConnection(
            address, port, timeout=CONNECT, ssl_context=_trust(), server_hostname=host, assert_hostname=host
        )
    else:
        connection = HTTPConnection(address, port, timeout=CONNECT)
    # a server that sends a byte now and then would keep us for ever: each byte ends a wait
    late = Event()
    end = Timer(TOTAL, _cut, [connection, late])
    end.daemon = True
    end.start()
    try:
        connection.connect()
        connection.sock.settimeout(READ)
        shown = f"[{host}]" if ":" in host else host
        default = port == (443 if parts.scheme == "https" else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "POST",
            target,
            body=body,
            headers={**headers, "Host": shown if default else f"{shown}:{port}", "Accept-Encoding": "identity"},
            preload_content=False,
            decode_content=False,
        )
        response = connection.getresponse()
        if late.is_set():  # cut off within the headers, which looks like their end
            raise TimeoutError
        try:
            text = response.read1(EXCERPT * 4, decode_content=False)
        except (HTTPError, OSError):  # the status is known, which is what counts
            text = b""
        wait = response.headers.get("retry-after", "")
        return (
            response.status,
            text.decode("utf-8", "replace")[:EXCERPT].replace("\x00", ""),
            int(wait) if wait.isdigit() else None,
        )
    finally:
        end.cancel()
        connection.close()


def _cut(connection: HTTPConnection, late: Event) -> None:
    """Close the socket under a read that takes too long."""
    late.set()
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _short(error: Exception) -> str:
    """What went wrong, without the object's address that urllib3 puts before it."""
    text = str(error)
    return (text.partition(">: ")[2] or text)[:300]
