"""Files from the web, guarded: https only, public addresses only, each resolved once and pinned."""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from mmjudge.media.image import MediaError

MAX_BYTES = 256 * 1024 * 1024
TIME_LIMIT_S = 60.0
MAX_HOPS = 5
_BLOCK = 1 << 16


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet.

    Example:
        >>> [is_public(ip) for ip in ("127.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", "1.1.1.1")]
        [False, False, False, True]
    """
    ip = ipaddress.ip_address(address)
    embedded = [
        inner
        for inner in (getattr(ip, "ipv4_mapped", None), getattr(ip, "sixtofour", None))
        if inner is not None
    ]
    return all(one.is_global and not one.is_multicast for one in (ip, *embedded))


class Rules(NamedTuple):
    """What a download may do; the defaults are what users get."""

    allowed: Callable[[str], bool] = is_public
    context: ssl.SSLContext | None = None
    max_bytes: int = MAX_BYTES
    limit_s: float = TIME_LIMIT_S


class _Pinned(http.client.HTTPSConnection):
    """Connects to an address that was checked, whatever the name means by then."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=10, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def download(url: str, target: Path, rules: Rules | None = None) -> None:
    """Write what an https URL gives to a file.

    Args:
        url: Where it is.
        target: The file to write; it is not there if this fails.
        rules: Other limits.

    Raises:
        MediaError: A hop is not https or not public, or it takes too long or too much.
    """
    rules = rules or Rules()
    deadline = time.monotonic() + rules.limit_s
    at = url
    try:
        for _ in range(MAX_HOPS + 1):
            moved = _hop(at, target, rules, deadline)
            if moved is None:
                return
            at = urljoin(at, moved)
        raise MediaError(f"{url}: more than {MAX_HOPS} redirections")
    except (OSError, http.client.HTTPException, ValueError) as error:
        target.unlink(missing_ok=True)
        raise MediaError(f"{url}: {type(error).__name__}: {error}") from error
    except MediaError:
        target.unlink(missing_ok=True)
        raise


def _hop(url: str, target: Path, rules: Rules, deadline: float) -> str | None:
    """One request; where it is redirected to, or None when the file is written."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise MediaError(f"{url}: only plain https:// is fetched")
    address = _resolve(parts, rules)
    context = rules.context or ssl.create_default_context()
    connection = _Pinned(parts.hostname, parts.port or 443, address, context)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"User-Agent": "mmjudge"})
        answer = connection.getresponse()
        location = answer.getheader("Location")
        if answer.status in (301, 302, 303, 307, 308) and location:
            return location
        if answer.status != 200:
            raise MediaError(f"{url}: the server answered {answer.status} {answer.reason}")
        _save(answer, connection, target, rules, deadline)
    finally:
        connection.close()
    return None


def _resolve(parts: SplitResult, rules: Rules) -> str:
    """The address to connect to: one, asked for once; all that the name has must be allowed."""
    host = parts.hostname or ""
    found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not rules.allowed(address):
            raise MediaError(f"{host}: {address} is not a public address")
    return addresses[0]


def _save(
    answer: http.client.HTTPResponse,
    connection: _Pinned,
    target: Path,
    rules: Rules,
    deadline: float,
) -> None:
    promised, size = answer.length, 0
    if (promised or 0) > rules.max_bytes:
        raise MediaError(f"{connection.host}: {promised} bytes; at most {rules.max_bytes}")
    with target.open("wb") as file:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise MediaError(f"{connection.host}: took longer than {rules.limit_s:g} s")
            if connection.sock is not None:
                connection.sock.settimeout(min(left, 10.0))
            block = answer.read1(_BLOCK)
            if not block:
                break
            size += len(block)
            if size > rules.max_bytes:
                raise MediaError(f"{connection.host}: more than {rules.max_bytes} bytes")
            file.write(block)
    if promised is not None and size != promised:
        raise MediaError(f"{connection.host}: {size} of {promised} bytes came")
