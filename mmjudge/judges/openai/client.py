"""One call to a chat-completions endpoint, and what its answer or its failure means."""

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any, Literal, NamedTuple

from mmjudge.errors import JudgeError
from mmjudge.judges.openai.endpoint import Endpoint
from mmjudge.types import Failure

FinishReason = Literal["stop", "length", "content_filter", "tool"]
Conversation = list[dict[str, Any]]

FINISHES: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool",
    "function_call": "tool",
}

WIDTH = 300
"""Characters of a server's message that are kept."""

_FILTERED = re.compile(
    r"content_filter|content_policy_violation|ResponsibleAIPolicyViolation|moderation_blocked"
    r"|content management policy|flagged by .{0,40}moderation|input was flagged",
    re.I,
)
_NO_MODEL = re.compile(
    r"model_not_found|DeploymentNotFound|pinned to|(?:no such|unknown|invalid) model\b"
    r"|\bmodel\b.{0,200}(?:not found|does not exist|not exist)",
    re.I,
)
_NO_CREDIT = re.compile(r"insufficient_quota|billing_hard_limit_reached|billing_not_active", re.I)
_STOPS = frozenset({401, 402, 403, 404, 405, 407, 410})
_AGAIN = frozenset({408, 409, 425, 429})


class RetryableError(Exception):
    """A call that failed in a way that may pass.

    Args:
        detail: What happened, without secrets.
        wait_s: Seconds that the server asks for, None if it does not.
        garbage: Whether it answered something that is no answer: such a call was made and may have
            been paid for, so it is repeated once at most.

    `tried` is how often the call was made.
    """

    def __init__(self, detail: str, wait_s: float | None = None, garbage: bool = False) -> None:
        super().__init__(detail)
        self.detail, self.wait_s, self.garbage = detail, wait_s, garbage
        self.tried = 1


class RejectedError(Exception):
    """A call that the server refuses to answer, and would again."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class Token(NamedTuple):
    """A token of an answer; `top` are the likeliest in its place with their log-probabilities."""

    text: str
    top: tuple[tuple[str, float], ...]


class Answer(NamedTuple):
    """What a server answered. `tokens` is None where it gives no log-probabilities."""

    text: str
    refusal: str
    finish_reason: FinishReason | None
    tokens_in: int | None
    tokens_out: int | None
    tokens: tuple[Token, ...] | None


class Channel:
    """Calls to one model at one endpoint, for the event loop that it is opened in.

    The client's own retries are off: `mmjudge.judges.openai.calls` decides what is tried again.

    Args:
        endpoint: Where to.
        model: What the server calls the model.
        timeout_s: Seconds that one call may take in all.
    """

    def __init__(self, endpoint: Endpoint, model: str, timeout_s: float) -> None:
        import openai

        self.endpoint, self.model, self.timeout_s = endpoint, model, timeout_s
        self._openai = openai
        # In the clear, on this machine, past every proxy, no certificate is ever met; to read those
        # that are trusted takes 50 ms a batch.
        in_the_clear = endpoint.local and endpoint.url.startswith("http:")
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.url,
            api_key="set-by-the-hook",
            max_retries=0,
            timeout=timeout_s,
            http_client=openai.DefaultAsyncHttpxClient(
                event_hooks={"request": [endpoint.prepare]},
                follow_redirects=False,
                trust_env=not endpoint.local,
                verify=not in_the_clear,
            ),
        )

    async def __aenter__(self) -> "Channel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def ask(self, messages: Conversation, fields: Mapping[str, Any]) -> Answer:
        """One call.

        Args:
            messages: The conversation.
            fields: Everything else of the request's body but the model.

        Raises:
            RetryableError: It may work when it is tried again.
            RejectedError: This request alone cannot be answered.
            JudgeError: No request can.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                raw = await self._client.chat.completions.with_raw_response.create(
                    model=self.model,
                    messages=messages,
                    extra_body=dict(fields),
                )
        except (TimeoutError, self._openai.APITimeoutError):
            raise RetryableError(f"no answer in {self.timeout_s:g} s") from None
        except self._openai.APIStatusError as error:
            response = error.response
            text = self.endpoint.redacted(response.text)
            raise self._problem(response.status_code, response.headers, text) from None
        except self._openai.APIConnectionError as error:
            cause = f"{type(error.__cause__).__name__}: {error.__cause__}".rstrip(": ")
            raise RetryableError(self.endpoint.redacted(f"no connection: {cause}")) from None
        return self._answer(self.endpoint.redacted(raw.text))

    def _problem(self, status: int, headers: Mapping[str, str], text: str) -> Exception:
        return problem(status, headers, text, f"{self.model} at {self.endpoint.name}")

    def _answer(self, text: str) -> Answer:
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            raise _garbage("no JSON", text) from None
        error = body.get("error") if isinstance(body, dict) else None
        if error and not body.get("choices"):
            code = error.get("code") if isinstance(error, dict) else None
            status = code if isinstance(code, int) and 400 <= code < 600 else 500
            raise self._problem(status, {}, text)
        try:
            return read_answer(body)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise _garbage("not a chat completion", text) from None


def read_answer(body: Any) -> Answer:
    """The first choice of a chat completion.

    Raises:
        KeyError, IndexError, TypeError, ValueError, AttributeError: It is not one.
    """
    choice = body["choices"][0]
    message = choice["message"]
    usage = body.get("usage") or {}
    return Answer(
        text=_text(message.get("content")),
        refusal=_text(message.get("refusal")),
        finish_reason=FINISHES.get(str(choice.get("finish_reason"))),
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        tokens=_tokens(choice.get("logprobs")),
    )


def _text(content: Any) -> str:
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if part.get("type") == "text")
    if not isinstance(content, str | None):
        raise TypeError("content is no text")
    (content or "").encode()  # a lone surrogate, which no file can keep, is a ValueError
    return content or ""


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _tokens(logprobs: Any) -> tuple[Token, ...] | None:
    if not isinstance(logprobs, dict) or not isinstance(logprobs.get("content"), list):
        return None
    tokens = []
    for token in logprobs["content"]:
        top = tuple((str(t["token"]), float(t["logprob"])) for t in token.get("top_logprobs") or ())
        if any(p > 0 or p != p for _, p in top):  # noqa: PLR0124 (nan is not itself)
            raise ValueError("a log-probability above 0")
        tokens.append(Token(str(token["token"]), top))
    return tuple(tokens) if any(token.top for token in tokens) else None


def _garbage(what: str, text: str) -> RetryableError:
    return RetryableError(f"status 200, but {what}: {_shown(text)}", garbage=True)


def problem(status: int, headers: Mapping[str, str], text: str, where: str) -> Exception:
    """What a status that is no success means.

    Args:
        status: Of HTTP.
        headers: Of the response.
        text: Its body, without secrets.
        where: Model and server, for the message.

    Returns:
        `RejectedError` for this request alone, `RetryableError` for what may pass, `JudgeError`
        for what concerns every request.
    """
    detail = f"status {status}: {_message(text)}"
    if 400 <= status < 500 and _FILTERED.search(text):
        return RejectedError(Failure(reason="refused", detail=detail))
    if status in _STOPS or status < 400 or (status < 500 and _NO_MODEL.search(text)):
        return JudgeError(f"{where}: {detail}. {_next_step(status)}")
    if _NO_CREDIT.search(text):
        return JudgeError(f"{where}: {detail}. The account has nothing left to pay with")
    if status in _AGAIN or status >= 500:
        return RetryableError(detail, wait_s=retry_after(headers))
    return RejectedError(Failure(reason="unsupported", detail=detail))


def _next_step(status: int) -> str:
    if status in {401, 403, 407}:
        return "Name the environment variable that holds the right key: -J api_key_env=NAME"
    if status == 402:
        return "The account has nothing left to pay with"
    if status < 400:
        return "The server points elsewhere; give the address that it points to as base_url"
    return "See whether the model's name and base_url are right"


def _message(text: str) -> str:
    """The message in an error's body, wherever servers put it."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return _shown(text)
    for name in ("error", "detail", "message", "msg"):
        while isinstance(body, dict) and body.get(name):
            body = body[name]
    if isinstance(body, str):
        return _shown(body)
    return _shown(json.dumps(body, ensure_ascii=False))


def _shown(text: str) -> str:
    line = " ".join(text.encode("utf-8", "replace").decode().split())
    line = line or "an empty body"
    return line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait, written as seconds or as a date; None if it does not.

    A date is read against the server's own clock where it tells it.

    Example:
        >>> retry_after({"retry-after": "2.5"}), retry_after({})
        (2.5, None)
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
        return max(0.0, seconds) if isfinite(seconds) else None
    except ValueError:
        pass
    until, now = _date(value), _date(headers.get("date", ""))
    if until is None:
        return None
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
