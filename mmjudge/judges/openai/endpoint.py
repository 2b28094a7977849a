"""Where requests go and with what right: the address, the key, and what no message may show."""

import base64
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from mmjudge.errors import JudgeError

PLACEHOLDER = "none"
"""The key that is sent where there is none: servers that ask for no key want one all the same."""

LEAST_SECRET = 8
"""Characters of a secret that is looked for in texts; a shorter one may be a word."""

KEPT_HEADERS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
    | {"x-stainless-raw-response"}  # the client looks for it in the request that was sent
)
"""Headers that are sent beside our own: no other leaves, whatever the environment adds to them."""


@dataclass(frozen=True)
class Endpoint:
    """A server, without its secrets when it is printed.

    `name` is host, port and path; `url` is where paths are joined to, without user and query.
    """

    name: str
    url: str = field(repr=False)
    local: bool = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    authorization: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def redacted(self, text: str) -> str:
        """A text of the server without our key, which it may have repeated."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    async def prepare(self, request: Any) -> None:
        """Strip an HTTP request of all headers but ours; a hook of the HTTP client."""
        for name in list(request.headers):
            if name.lower() not in KEPT_HEADERS:
                del request.headers[name]
        request.headers["Authorization"] = self.authorization
        request.headers["User-Agent"] = "mmjudge"
        if self.query:
            request.url = request.url.copy_merge_params(dict(self.query))


def read_endpoint(judge: str, base_url: str, api_key_env: str) -> Endpoint:
    """The server at an address, with the key of an environment variable.

    Args:
        judge: For messages.
        base_url: `http://` or `https://`, with the path up to where `/chat/completions` follows.
        api_key_env: Name of the variable; empty for no key.

    Raises:
        JudgeError: The address is none, or the variable is not set.
    """
    if not base_url:
        raise JudgeError(
            f"judge {judge}: needs base_url, as in -J base_url=http://127.0.0.1:8000/v1"
        )
    parts = _split(judge, base_url)
    key = read_key(judge, api_key_env)
    if key and parts.username:
        raise JudgeError(f"judge {judge}: api_key_env and a user in base_url: give one of them")
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    host = parts.netloc.rpartition("@")[2].lower()
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    basic = base64.b64encode(login.encode()).decode()
    secrets = [key, *query.values()]
    if parts.username:
        secrets += [login, unquote(parts.password or ""), unquote(parts.username), basic]
    endpoint = Endpoint(
        name=host + path,
        url=f"{parts.scheme}://{host}{path}",
        local=parts.hostname in {"localhost", "::1"} or str(parts.hostname).startswith("127."),
        query=query,
        authorization=f"Basic {basic}" if parts.username else f"Bearer {key or PLACEHOLDER}",
        secrets=tuple(sorted({s for s in secrets if len(s) >= LEAST_SECRET}, key=len)[::-1]),
    )
    _keep_out_of_logs(endpoint)
    return endpoint


def _split(judge: str, base_url: str) -> SplitResult:
    try:
        parts = urlsplit(base_url)
        whole = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or re.search(r"[\s\x00-\x1f\x7f]", base_url):
        # The address is not shown: what does not parse may be a key in the wrong place.
        raise JudgeError(
            f"judge {judge}: base_url is no address; http://HOST:PORT/PATH or https://HOST/PATH "
            "is needed, as in http://127.0.0.1:8000/v1"
        )
    return parts


def read_key(judge: str, variable: str) -> str:
    """The key in an environment variable; empty without one.

    Raises:
        JudgeError: The variable is not set, is empty, or holds what no header can carry.
    """
    if not variable:
        return ""
    # A name that does not look like one is not shown: it may be the key itself.
    shown = variable if re.fullmatch(r"[A-Z][A-Z0-9_]*", variable) else "of that name"
    key = os.environ.get(variable, "").strip()
    if not key:
        raise JudgeError(
            f"judge {judge}: api_key_env: the environment variable {shown} is not set; "
            "give the name of the variable that holds the key, not the key"
        )
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise JudgeError(
            f"judge {judge}: api_key_env: the variable {shown} holds spaces or characters that no "
            "key has"
        )
    return key


class _Redaction(logging.Filter):
    """Takes secrets out of what the HTTP client logs, which are addresses with their query."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, redacted."""
        message = record.getMessage()
        for secret in self.secrets:
            message = message.replace(secret, "***")
        record.msg, record.args = message, None
        return True


_REDACTION = _Redaction()


def _keep_out_of_logs(endpoint: Endpoint) -> None:
    if endpoint.query:
        _REDACTION.secrets.update(endpoint.secrets)
        for name in ("httpx", "httpx2"):
            logging.getLogger(name).addFilter(_REDACTION)
