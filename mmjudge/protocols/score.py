"""Scoring: a number on the criterion's scale. What is off the scale is never rescaled."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mmjudge.protocols.anchors import Found, decide, find, json_objects
from mmjudge.types import Failure, Request, Scale, Score

_LABEL = re.compile(
    r"(?:(?:my|the|so|therefore|thus)[ ,]+)*(?:final\s+|overall\s+)?"
    r"(?:score|rating|grade|verdict|answer)\b[\s*_]*(?:is\b)?[\s*_:=]*",
    re.I,
)
_NUMBER = r"[-+]?\d{1,12}(?:\.\d{1,12})?(?:[eE][-+]?\d{1,3})?"
_SCORE = re.compile(rf"({_NUMBER})(?:\s*(?:/|out of)\s*({_NUMBER}))?")
_OUT_OF = re.compile(rf"\]\](\s*(?:/|out of)\s*{_NUMBER})")


class _Stated(NamedTuple):
    """A number as it was stated, with what it is said to be out of, if anything."""

    value: float
    out_of: float | None = None

    def __str__(self) -> str:
        return f"{self.value:g}" if self.out_of is None else f"{self.value:g}/{self.out_of:g}"


def parse_text(request: Request, text: str, cut: bool) -> Score | Failure:
    """The score that a reply states: in brackets, on a labelled line, as JSON, or as a level."""
    text, scale = _OUT_OF.sub(r"\1]]", text), request.criterion.scale
    found = _from_json(request, text) or find(text, _LABEL, lambda token: _read(scale, token))
    value = decide(found, text, cut)
    if isinstance(value, Failure):
        return value
    assert isinstance(value, _Stated)
    return _score(request, value)


def read_score(request: Request, token: str) -> Score | Failure | None:
    """The score that a token states, a failure if the scale has it not, None if it states none."""
    value = _read(request.criterion.scale, token)
    return None if value is None else _score(request, value)


def lowest_of(request: Request, token: str) -> Score | Failure | None:
    """The lowest of the sub-scores in a JSON list, one for each that the criterion names.

    Of a criterion without sub-scores, the only score of the list; None if it is no such list.
    """
    try:
        values = json.loads(token, parse_int=float)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list) or len(values) != max(1, len(request.criterion.subscores)):
        return None
    value = _lowest(request, values if len(values) > 1 else values[0])
    return None if value is None else _score(request, value)


def _score(request: Request, value: _Stated) -> Score | Failure:
    scale = request.criterion.scale
    if value.out_of is not None and (scale is None or value.out_of != scale.highest):
        wanted = f"{scale.highest:g}" if scale else "none"
        detail = f"a score out of {value.out_of:g} where the scale ends at {wanted}"
        return Failure(reason="off_scale", detail=detail)
    return on_scale(request, value.value)


def on_scale(request: Request, value: float) -> Score | Failure:
    """The score if the criterion's scale has it, else `off_scale`."""
    scale = request.criterion.scale
    if not math.isfinite(value):
        return Failure(reason="off_scale", detail=f"{value} is not a finite number")
    if scale is None:
        return Score(value=value)
    if not scale.lowest <= value <= scale.highest:
        detail = f"{value:g} where {scale.lowest:g} to {scale.highest:g} is allowed"
        return Failure(reason="off_scale", detail=detail)
    if scale.integer and value != int(value):
        return Failure(reason="off_scale", detail=f"{value:g} where whole numbers are allowed")
    return Score(value=value)


def expected(request: Request, options: Mapping[str, float]) -> Score | Failure:
    """The expected score over the probabilities of the levels, which need not sum to 1."""
    levels = level_values(request.criterion.scale, options)
    if unknown := [o for o, level in zip(options, levels, strict=True) if level is None]:
        return Failure(reason="infra", detail=f"options that are no level of the scale: {unknown}")
    total = sum(options.values())
    if not 0 < total < math.inf:
        return Failure(reason="infra", detail=f"the options' probabilities add up to {total:g}")
    value = sum(
        p * level for p, level in zip(options.values(), levels, strict=True) if level is not None
    )
    return Score(value=value / total)


def level_values(scale: Scale | None, options: Iterable[str]) -> list[float | None]:
    """The number that each option stands for, None for one that is no level.

    Args:
        scale: The criterion's scale; its labels count from `lowest`.
        options: Numbers or labels.

    Example:
        >>> level_values(Scale(labels=("bad", "fair", "good", "fine", "best")), ["2", "Good", "?"])
        [2.0, 3.0, None]
    """
    stated = (_read(scale, option) for option in options)
    return [None if one is None else float(one.value) for one in stated]


def _read(scale: Scale | None, token: str) -> _Stated | None:
    token = token.strip()
    if number := _SCORE.fullmatch(token):
        out_of = float(number[2]) if number[2] else None
        return _Stated(float(number[1]), out_of)
    level = _level(scale, token)
    return None if level is None else _Stated(level)


def _level(scale: Scale | None, token: str) -> float | None:
    if scale is None:
        return None
    words = " ".join(token.split()).casefold()
    labels = [label.casefold() for label in scale.labels]
    return scale.lowest + labels.index(words) if words in labels else None


def _from_json(request: Request, text: str) -> list[Found]:
    """Scores in JSON objects with a `score`; of sub-scores the lowest counts."""
    found = []
    for place, (_, content) in enumerate(json_objects(text)):
        value = _lowest(request, content.get("score"))
        if value is not None:
            found.append(Found(value, labelled=True, closed=True, position=place))
    return found


def _lowest(request: Request, value: Any) -> _Stated | None:
    values = value if isinstance(value, list) else [value]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    single = len(numbers) == 1 and not isinstance(value, list)
    if not numbers or len(numbers) != len(values) or not (single or request.criterion.subscores):
        return None
    off = [v for v in numbers if isinstance(on_scale(request, float(v)), Failure)]
    return _Stated(float(off[0]) if off else float(min(numbers)))
