"""Pair comparison: which of two candidates is better, or neither."""

import re
from collections.abc import Callable

from mmjudge.protocols.anchors import decide, find
from mmjudge.types import Failure, Preference, PreferenceValue, Request

_LABEL = re.compile(
    r"(?:(?:my|the|so|therefore|thus)[ ,]+)*(?:final\s+|overall\s+)?"
    r"(?:verdict|answer|choice|decision|winner|preference|judge?ment)\b[\s*_]*(?:is\b)?[\s*_:=]*",
    re.I,
)
_WHO = r"(?:model|candidate|response|assistant|answer|option|image|video|audio)?"
_MEANINGS: tuple[tuple[PreferenceValue, re.Pattern[str]], ...] = (
    ("first", re.compile(rf"{_WHO}a(?:>>?b|isbetter)?|b<<?a")),
    ("second", re.compile(rf"{_WHO}b(?:>>?a|isbetter)?|a<<?b")),
    ("both_good", re.compile(r"(?:a=b|b=a)=good|both_?good|bothgood")),
    ("both_bad", re.compile(r"(?:a=b|b=a)=bad|both_?bad|bothbad")),
    ("tie", re.compile(r"tie|c|a=b|b=a|equal")),
)


def read_preference(token: str) -> PreferenceValue | None:
    """The preference that a token states, in slots, or None.

    Example:
        >>> read_preference("A>>B"), read_preference("Candidate B"), read_preference("AB")
        ('first', 'second', None)
    """
    plain = re.sub(r"\s+", "", token).casefold()
    return next((value for value, form in _MEANINGS if form.fullmatch(plain)), None)


def parse_text(request: Request, text: str, cut: bool) -> Preference | Failure:
    """The preference that a reply states, in slots."""
    return stated(text, read_preference, cut)


def stated(text: str, read: Callable[[str], str | None], cut: bool) -> Preference | Failure:
    """The preference on a labelled line, in double brackets or in JSON, read by `read`."""
    value = decide(find(text, _LABEL, read), text, cut)
    if isinstance(value, Failure):
        return value
    return Preference.model_validate({"value": value})
