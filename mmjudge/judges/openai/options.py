"""Options of the judge `openai:`, what each may be, and which of them shape its answers."""

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from mmjudge.errors import JudgeError
from mmjudge.judges.base import take_options
from mmjudge.judges.openai.messages import IMAGES, VIDEOS
from mmjudge.types import Modality, Sampling

MODES = ("generate", "logits")
STRUCTURED = ("none", "json_schema")
LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")
OURS = frozenset(
    {"model", "messages", "stream", "n", "temperature", "seed", "response_format"}
    | {"logprobs", "top_logprobs", *LIMIT_FIELDS}
)
"""Fields of a request's body that `extra` may not set: they have options of their own."""

DEFAULTS: dict[str, Any] = {
    "base_url": "",
    "api_key_env": "",
    "mode": "generate",
    "max_tokens": 512,
    "temperature": 0.0,
    "seed": None,
    "structured": "none",
    "top_logprobs": 20,
    "modalities": "text,image,video,audio",
    "image": "png",
    "detail": "",
    "video": "frames",
    "frames": 8,
    "max_side": None,
    "limit_field": "max_tokens",
    "extra": {},
    "endpoint": "",
    "concurrency": 8,
    "batch_size": None,
    "attempts": 6,
    "timeout_s": 120.0,
    "give_up_s": 600.0,
    "wait_s": 0.5,
    "breaker": 16,
    "price_in": None,
    "price_out": None,
}

_ONE_OF = {
    "mode": MODES,
    "structured": STRUCTURED,
    "image": IMAGES,
    "video": VIDEOS,
    "limit_field": LIMIT_FIELDS,
}
_WHOLE = ("seed", "max_side", "batch_size")
_LEAST = {
    "max_tokens": 1,
    "temperature": 0,
    "top_logprobs": 1,
    "frames": 1,
    "max_side": 1,
    "concurrency": 1,
    "batch_size": 1,
    "attempts": 1,
    "timeout_s": 0.01,
    "give_up_s": 0.01,
    "wait_s": 0,
    "breaker": 1,
    "price_in": 0,
    "price_out": 0,
}
BATCHES = 8
"""Requests in a batch for each call at a time: so many that the last ones to end cost little."""


class Prices(NamedTuple):
    """US dollars for a million tokens read, and for a million written."""

    read: float
    written: float

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost.

        Example:
            >>> Prices(2.5, 10.0).of(1_000_000, 100_000)
            3.5
        """
        return (tokens_in * self.read + tokens_out * self.written) / 1e6


def read_options(judge: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Options with defaults filled in.

    Args:
        judge: For messages.
        given: As a person gave them; `temperature` and `max_tokens` may be None: they are not sent.

    Raises:
        JudgeError: An option is unknown, of another type, out of range, or does not fit another.
    """
    unset = {name for name in ("temperature", "max_tokens") if given.get(name, 0) is None}
    rest = {name: value for name, value in given.items() if name not in unset}
    options = take_options(judge, rest, DEFAULTS) | dict.fromkeys(unset)
    for name, allowed in _ONE_OF.items():
        if options[name] not in allowed:
            raise _wrong(judge, name, f"one of {', '.join(allowed)}", options[name])
    for name in _WHOLE:
        if options[name] is not None and type(options[name]) is not int:
            raise _wrong(judge, name, "a whole number", options[name])
    for name, least in _LEAST.items():
        _check_least(judge, name, options[name], least)
    _check_together(judge, options)
    return options


def _check_least(judge: str, name: str, value: Any, least: float) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value < float("inf"):
        raise _wrong(judge, name, f"a number, at least {least:g}", value)


def _check_together(judge: str, options: Mapping[str, Any]) -> None:
    if options["mode"] == "logits" and options["structured"] != "none":
        raise JudgeError(f"judge {judge}: structured={options['structured']} needs mode=generate")
    if (options["price_in"] is None) != (options["price_out"] is None):
        raise JudgeError(f"judge {judge}: price_in and price_out: give both, or none of them")
    if clash := sorted(OURS & set(options["extra"])):
        raise JudgeError(f"judge {judge}: extra: {clash[0]} has an option of its own")
    read_modalities(judge, options["modalities"])


def read_modalities(judge: str, text: str) -> tuple[Modality, ...]:
    """Modalities as a person lists them: `text,image`.

    Raises:
        JudgeError: One of them is unknown, or text is missing: the question itself is a text.
    """
    named = [name.strip() for name in text.split(",")]
    known: tuple[Modality, ...] = get_args(Modality)
    if "text" not in named or not set(named) <= set(known):
        raise _wrong(judge, "modalities", f"text and some of {', '.join(known)}", text)
    return tuple(modality for modality in known if modality in named)


def _wrong(judge: str, name: str, allowed: str, found: Any) -> JudgeError:
    return JudgeError(f"judge {judge}: {name} must be {allowed}, found {found!r}")


def read_prices(options: Mapping[str, Any]) -> Prices | None:
    """The prices, where both are given."""
    if options["price_in"] is None:
        return None
    return Prices(float(options["price_in"]), float(options["price_out"]))


def read_sampling(options: Mapping[str, Any]) -> Sampling:
    """What of videos is decoded, and how large a picture may be."""
    return Sampling(frames=options["frames"], max_side=options["max_side"])


def shaping(options: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
    """The options that shape an answer: they are the judge's fingerprint.

    Args:
        options: All of them.
        endpoint: Name of the server, in place of its address and what that may hold.
    """
    names = ["mode", "temperature", "seed", "image", "detail", "video", "extra"]
    names += ["max_tokens", "structured"] if options["mode"] == "generate" else ["top_logprobs"]
    return {"endpoint": endpoint} | {name: options[name] for name in names}
