"""Verdicts as plain sentences: "The first response is better", "Image 2 is better"."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from mmjudge.protocols.anchors import Found
from mmjudge.types import PreferenceValue

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_BEFORE = (
    r"[\s*_#\-]*(?:(?:therefore|thus|so|hence|overall|finally|in conclusion|in summary|"
    r"(?:my\s+|the\s+)?(?:final\s+|overall\s+)?(?:answer|verdict|judge?ment|conclusion|decision))"
    r"(?:\s+is(?:\s+that)?)?[\s*_,:]+){0,4}"
)
_THAN = (
    r"(?:\s+than\s+(?:the\s+)?(?:other|first|second|image|answer|response|video)"
    r"(?:\s+(?:one|response|image|answer|video|1|2))?)?"
)
_WHY = re.compile(r"\s*,?\s*(?:because|since|due to)\b", re.I)
_TURN = re.compile(r"\b(?:but|however|although|though|while|whereas|yet|not)\b", re.I)
_MARKS = '"“”«»`'
_SPAN = re.compile(
    r"(?<!\w)\"[^\"\n]{0,400}\"(?!\w)|“[^“”\n]{0,400}”|«[^«»\n]{0,400}»|(?<!\w)`[^`\n]{0,400}`(?!\w)"
)
_OPEN_MARK = re.compile(f"[{_MARKS}]")


def stated(text: str, choices: Mapping[str, PreferenceValue], cut: bool) -> list[Found]:
    """The sentences that state a choice and nothing else, but for the reason why.

    What stands in quotation marks is somebody else's word, and after a mark without its partner
    nobody knows whose: neither counts. Nor does a question, a sentence that turns round ("but",
    "although"), or one that names two choices.

    Args:
        text: The judge's own words.
        choices: Sentences, without their full stop, and what they say.
        cut: Whether the token limit ended the text: then its last sentence may go on.
    """
    phrases = {_flat(phrase): value for phrase, value in choices.items()}
    return [
        Found(value, labelled=True, closed=True, position=position)
        for position, sentence in enumerate(_sentences(text, cut))
        if (value := _said(sentence, phrases)) is not None
    ]


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold()


def _sentences(text: str, cut: bool) -> Iterator[str]:
    own = _SPAN.sub(" ~ ", text)
    if lone := _OPEN_MARK.search(own):
        own, cut = own[: lone.start()], True
    for match in _SENTENCE.finditer(own):
        sentence = match[0]
        may_go_on = cut and match.end() == len(own) and sentence[-1] not in ".!?"
        if not may_go_on and not sentence.endswith("?"):
            yield sentence.rstrip(".! \t*_")


def _said(sentence: str, phrases: Mapping[str, PreferenceValue]) -> PreferenceValue | None:
    flat = _flat(sentence)
    for phrase, value in phrases.items():
        found = _form(phrase).match(flat)
        if found is None:
            continue
        tail = flat[found.end() :]
        turned = _TURN.search(tail) or any(other in tail for other in phrases)
        if not tail.strip() or (_WHY.match(tail) and not turned):
            return value
    return None


@lru_cache(maxsize=256)
def _form(phrase: str) -> re.Pattern[str]:
    return re.compile(_BEFORE + re.escape(phrase) + _THAN)
