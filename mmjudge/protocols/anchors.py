"""Where a reply states its verdict: what is the judge's own word, and what is only quoted."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from mmjudge.protocols.render import nonce
from mmjudge.types import Failure, Reply, Request

T = TypeVar("T")

_TOKEN = r"\[\[[^\[\]\n]{1,200}\]\]"
BRACKETED = re.compile(r"\[\[([^\[\]\n]{1,200})\]\]")
_INSIDE = r"(?:[^'\n]|(?<=\w)'(?=\w)){0,400}?"


@lru_cache(maxsize=64)
def _quoting(token: str) -> re.Pattern[str]:
    """Matches quotation marks of any kind with a token between them."""
    return re.compile(
        rf"[\"“”][^\"“”\n]{{0,400}}{token}[^\"“”\n]{{0,400}}[\"“”]"
        rf"|«[^«»\n]{{0,400}}{token}[^«»\n]{{0,400}}»"
        rf"|`[^`\n]{{0,400}}{token}[^`\n]{{0,400}}`"
        rf"|(?<!\w)'{_INSIDE}{token}{_INSIDE}'(?!\w)",
        re.I,
    )


QUOTED = _quoting(_TOKEN)
OWN_QUOTES = re.compile(rf"[*_\s]*[\"'`“«]\s*({_TOKEN})\s*[\"'`”«»][\s*_.!]*")
_CODED = re.compile(r"[0-9a-f]{12}>")
_BLOCKQUOTE = re.compile(r"^(?:[ \t#*+`_-]|\d{1,3}[.)][ \t]){0,20}>.*$", re.M)
_FLAT_OBJECT = re.compile(r"\{[^{}]*\}")
QUOTED_OBJECT = re.compile(
    r"(?<!`)`[^`\n]{0,400}\{[^`\n]{0,400}`(?!`)|“[^“”\n]{0,400}\{[^“”\n]{0,400}”"
    r"|(?<!\w)'\{[^'\n]{0,400}\}'(?!\w)|\"\{[^\n]{0,400}?\}\"(?=[\s.,;)]|$)"
)
_BARE_JSON = re.compile(r"\[[-+.,\s\d]{1,200}\]|-?\d{1,9}(?:\.\d{1,9})?")
_THOUGHT = re.compile(r"<(/?)(?:think|thinking|thought)>", re.I)
_TAGS = re.compile(r"</?(?:answer|output|response)>", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_UNSEEN = ("Cf", "Cc", "Cs")
_UNSEEN_MARKS = "\u034f\u180b\u180c\u180d" + "".join(map(chr, range(0xFE00, 0xFE10)))
_FOLDED = ("<wide>", "<narrow>", "<font>", "<noBreak>", "<compat>")
LEADING = " \t#*_-+•0123456789.)("
AROUND = " \t#*_"
_QUOTES = "\"'`“”«»"
REFUSAL = re.compile(
    r"\b(?:i'?m sorry|i am sorry|i apologi[sz]e|i can(?:'t|not)|i'?m (?:not able|unable)|"
    r"i am (?:not able|unable)|i won'?t|as an ai)\b",
    re.I,
)


class Found(NamedTuple):
    """A verdict found in a reply.

    `labelled`: its line says that it is one; `closed`: it stands in brackets or in an object, so
    that nothing of it can be missing; `position`: its line.
    """

    value: object
    labelled: bool
    closed: bool
    position: int


def normalise(text: str) -> str:
    """Undo what could hide a verdict or fake one: full-width forms, invisible characters.

    Superscripts and fractions stay: folded, they would run into the digits beside them.

    Example:
        >>> normalise("[[\uff21]]"), normalise("[[\u200bA]]")
        ('[[A]]', '[[A]]')
        >>> normalise("5²")
        '5²'
    """
    text = "\n".join(text.splitlines())
    if text.isascii():
        return _CONTROL.sub("", text)
    return unicodedata.normalize("NFC", "".join(map(_fold, text)))


@lru_cache(maxsize=4096)
def _fold(char: str) -> str:
    if char in "\n\t":
        return char
    if char in _UNSEEN_MARKS or unicodedata.category(char) in _UNSEEN:
        return ""
    if char in "\u2018\u2019":
        return "'"
    folds = unicodedata.decomposition(char).startswith(_FOLDED)
    return unicodedata.normalize("NFKC", char) if folds else char


def spoken_text(reply: Reply, request: Request, *, tags: bool = False) -> str | Failure:
    """The judge's own words: thoughts, quotations and repeated material taken out.

    Args:
        reply: What it answered.
        request: What it was asked, for the marks around the material.
        tags: Whether `<answer>` and the like stay where they are.
    """
    if reply.finish_reason == "content_filter":
        return Failure(reason="refused", detail="the backend's content filter")
    text = reply.text or ""
    if not text.strip():
        return Failure(reason="empty", detail="no text")
    text = normalise(text)
    text = _without_thoughts(text)
    if not text.strip():
        if reply.finish_reason == "length":
            return Failure(reason="truncated", detail="the token limit came while it was thinking")
        return Failure(reason="empty", detail="only thoughts")
    if _CODED.search(text) and (code := nonce(request)) in text:
        text = re.sub(rf"<(?P<mark>\w[^<>]*){code}>.*?</(?P=mark){code}>", "", text, flags=re.S)
        text = re.sub(
            rf"^[ \t]*<(?!question)\w[^<>\n]*{code}>[ \t]*$.*", "", text, flags=re.S | re.M
        )
    return _BLOCKQUOTE.sub("", text if tags else _TAGS.sub(" ", text))


def _without_thoughts(text: str) -> str:
    """What was said aloud: nothing between thought marks, nor before a close without an open."""
    spoken: list[str] = []
    start, thinking = 0, False
    for mark in _THOUGHT.finditer(text):
        if mark[1]:
            spoken = spoken if thinking else []
            start, thinking = mark.end(), False
        elif not thinking:
            spoken.append(text[start : mark.start()])
            thinking = True
    return "".join(spoken if thinking else [*spoken, text[start:]])


def find(text: str, label: re.Pattern[str], read: Callable[[str], object | None]) -> list[Found]:
    """All verdicts in a text: those on a labelled line, in double brackets, or as JSON.

    What stands in quotation marks is somebody else's word, unless it is all that a labelled line
    or the whole reply says.

    Args:
        text: What `spoken_text` gave.
        label: Matches the start of a line that states a verdict.
        read: The verdict in a few characters, or None.
    """
    found = _in_json(text, label, read)
    announced = False
    for position, line in enumerate(text.split("\n")):
        core = line.lstrip(LEADING).rstrip(" \t*_")
        stated = label.match(core)
        rest = core[stated.end() :] if stated else line.strip(AROUND) if announced else ""
        own = OWN_QUOTES.fullmatch(rest)
        inner = BRACKETED.findall(own[1] if own else QUOTED.sub("", line))
        labelled = bool(stated) or announced
        values = [read(token) for token in inner] or ([read(bare(rest))] if labelled else [])
        known = [value for value in values if value is not None]
        found += [Found(value, labelled, bool(inner), position) for value in known]
        announced = bool(stated and not rest) or (announced and not core)
    if not found and (value := read(_unbracketed(bare(text.strip())))) is not None:
        found.append(Found(value, labelled=True, closed=False, position=0))
    return found


def bare(token: str) -> str:
    """A token without the quotation marks and the emphasis around it."""
    return token.lstrip(_QUOTES + " \t\n*_:!").rstrip(_QUOTES + " \t\n*_.:!")


def without_quotations(text: str, token: str) -> str:
    """A text without what stands in quotation marks together with a token (an expression)."""
    return _quoting(token).sub("", text)


def objects(text: str, key: str) -> list[str]:
    """What JSON objects in a text hold under a key, as text; so too a bare number or list.

    A key that is there twice gives both values; an object in quotation marks is somebody else's,
    unless it is all that the text says.
    """
    if _BARE_JSON.fullmatch(text.strip()):
        return [text.strip()]
    own = text.strip(" \t\n`'")
    text = own if own.startswith("{") and own.endswith("}") else QUOTED_OBJECT.sub("", text)
    spans = [match[0] for match in _FLAT_OBJECT.finditer(text)]
    found = [value for span in spans for value in _values(span, key)]
    if not found and "{" in text:
        found = _values(text[text.find("{") : text.rfind("}") + 1], key)
    return found


def _values(span: str, key: str) -> list[str]:
    values: list[str] = []

    def pairs(content: list[tuple[str, object]]) -> None:
        values.extend(_plain(v) for k, v in content if k.casefold() == key.casefold())

    try:
        json.loads(span, strict=False, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return []
    return values


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _unbracketed(token: str) -> str:
    inner = BRACKETED.fullmatch(token)
    return inner[1] if inner else token


def _in_json(
    text: str, label: re.Pattern[str], read: Callable[[str], object | None]
) -> list[Found]:
    """Verdicts under a key that is a label, as in `{"verdict": "A"}`."""
    found = []
    place = counted = 0
    for start, content in json_objects(text):
        place, counted = place + text.count("\n", counted, start), start
        stated = [str(v) for k, v in content.items() if isinstance(v, str) and label.fullmatch(k)]
        values = [read(_unbracketed(value.strip())) for value in stated]
        known = [value for value in values if value is not None]
        found += [Found(v, labelled=True, closed=True, position=place) for v in known]
    return found


def json_objects(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Where each JSON object of a text starts, and what it holds: all of the text, or parts of it.

    Only a whole reply may have braces inside of its strings.

    Example:
        >>> list(json_objects('{"reasons": "uses {x}", "verdict": "A"}'))
        [(0, {'reasons': 'uses {x}', 'verdict': 'A'})]
        >>> list(json_objects('So: {"verdict": "A"}.'))
        [(4, {'verdict': 'A'})]
    """
    whole = text.strip()
    parts = [(text.index(whole), whole)] if whole.startswith("{") else []
    parts += [(m.start(), m[0]) for m in _FLAT_OBJECT.finditer(text) if m[0] != whole]
    for start, part in parts:
        try:
            content = json.loads(part, parse_int=float)
        except (ValueError, RecursionError):
            continue
        if isinstance(content, dict):
            yield start, content


def decide(found: Iterable[Found], text: str, cut: bool = False) -> object | Failure:
    """The one verdict of a reply.

    A labelled verdict outranks those mentioned on the way to it; two different ones of the same
    standing are no verdict, since picking one would be a guess. Of a reply that was cut by the
    token limit only a labelled verdict in brackets counts: "Score: 1" may have been a 10.
    """
    verdicts = [f for f in found if not cut or (f.labelled and f.closed)]
    labelled = [f for f in verdicts if f.labelled]
    counted = labelled or verdicts
    if labelled:
        counted = labelled + [f for f in verdicts if f.position > labelled[-1].position]
    values = list(dict.fromkeys(f.value for f in counted))
    if len(values) == 1:
        return values[0]
    if values:
        return Failure(reason="ambiguous", detail=f"verdicts {', '.join(map(str, values))}")
    if REFUSAL.search(text[:300]):
        return Failure(reason="refused", detail=shorten(text))
    return Failure(reason="ambiguous", detail=f"no verdict in: {shorten(text)}")


def shorten(text: str) -> str:
    """The end of a text, where a verdict should have been, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 120 else "..." + line[-117:]
