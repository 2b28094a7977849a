"""Where a reply states its verdict: what is the judge's own word, and what is only quoted."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from mmjudge.protocols.render import nonce
from mmjudge.types import Failure, Reply, Request

T = TypeVar("T")

_BRACKETED = re.compile(r"\[\[([^\[\]\n]{1,200})\]\]")
_QUOTED = re.compile(
    r"""["'`\u2018\u201c\xab]\s*\[\[[^\[\]\n]{1,200}\]\]\s*["'`\u2019\u201d\xbb]"""
)
_BLOCKQUOTE = re.compile(r"^[ \t]*>.*$", re.M)
_THOUGHT = re.compile(r"<(think|thinking|thought)>.*?</\1>", re.S | re.I)
_THOUGHT_OPEN = re.compile(r"<(?:think|thinking|thought)>", re.I)
_THOUGHT_CLOSE = re.compile(r".*</(?:think|thinking|thought)>", re.S | re.I)
_TAGS = re.compile(r"</?(?:answer|output|response)>", re.I)
_DECORATION = re.compile(r"^[\s#*_\-+•\d.)(]*|[\s*_`]+$")
_REFUSAL = re.compile(
    r"\b(?:i'?m sorry|i am sorry|i apologi[sz]e|i can(?:'t|not)|i'?m (?:not able|unable)|"
    r"i am (?:not able|unable)|i won'?t|as an ai)\b",
    re.I,
)


class Found(NamedTuple):
    """A verdict found in a reply; `labelled` when its line says that it is one."""

    value: object
    labelled: bool
    position: int


def normalise(text: str) -> str:
    """Undo what could hide a verdict or fake one: full-width forms, invisible characters.

    Example:
        >>> normalise("\uff3b\uff3b\uff21\uff3d\uff3d"), normalise("[[\u200bA]]")
        ('[[A]]', '[[A]]')
    """
    folded = unicodedata.normalize("NFKC", text)
    visible = (
        c for c in folded if c in "\n\t" or unicodedata.category(c) not in ("Cf", "Cc", "Cs")
    )
    return "".join(visible).replace("\u2019", "'")


def spoken_text(reply: Reply, request: Request) -> str | Failure:
    """The judge's own words: thoughts, quotations and repeated material taken out."""
    if reply.finish_reason == "content_filter":
        return Failure(reason="refused", detail="the backend's content filter")
    text = reply.text or ""
    if not text.strip():
        return Failure(reason="empty", detail="no text")
    text = normalise(text)
    text = _THOUGHT.sub("", text)
    text = _THOUGHT_CLOSE.sub("", text)
    if opened := _THOUGHT_OPEN.search(text):
        text = text[: opened.start()]
    if not text.strip():
        if reply.finish_reason == "length":
            return Failure(reason="truncated", detail="the token limit came while it was thinking")
        return Failure(reason="empty", detail="only thoughts")
    code = nonce(request)
    if code in text:
        text = re.sub(rf"<(?P<mark>\w[^<>]*){code}>.*?</(?P=mark){code}>", "", text, flags=re.S)
    text = _BLOCKQUOTE.sub("", _TAGS.sub(" ", text))
    without_quotes = _QUOTED.sub("", text)
    return without_quotes if without_quotes.strip() else text


def find(text: str, label: re.Pattern[str], read: Callable[[str], object | None]) -> list[Found]:
    """All verdicts in a text: those on a labelled line, and those in double brackets.

    Args:
        text: What `spoken_text` gave.
        label: Matches the start of a line that states a verdict.
        read: The verdict in a few characters, or None.
    """
    found: list[Found] = []
    for position, line in enumerate(text.split("\n")):
        core = _DECORATION.sub("", line)
        stated = label.match(core)
        bracketed = [read(inner) for inner in _BRACKETED.findall(line)]
        values = [value for value in bracketed if value is not None]
        if stated and not bracketed:
            value = read(core[stated.end() :].strip(" \t*_`\"'.:!"))
            values = [value] if value is not None else []
        found += [Found(value, bool(stated), position) for value in values]
    if not found and (value := read(text.strip().strip(" \t\n*_`\"'.:!"))) is not None:
        found.append(Found(value, labelled=True, position=0))
    return found


def decide(found: Iterable[Found], text: str) -> object | Failure:
    """The one verdict of a reply.

    A labelled verdict outranks those mentioned on the way to it; two different ones of the same
    standing are no verdict, since picking one would be a guess.
    """
    verdicts = list(found)
    labelled = [f for f in verdicts if f.labelled]
    counted = labelled or verdicts
    if labelled:
        counted = labelled + [f for f in verdicts if f.position > labelled[-1].position]
    values = list(dict.fromkeys(f.value for f in counted))
    if len(values) == 1:
        return values[0]
    if values:
        return Failure(reason="ambiguous", detail=f"verdicts {values}")
    if _REFUSAL.search(text[:300]):
        return Failure(reason="refused", detail=shorten(text))
    return Failure(reason="ambiguous", detail=f"no verdict in: {shorten(text)}")


def shorten(text: str) -> str:
    """The end of a text, where a verdict should have been, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 120 else "..." + line[-117:]
