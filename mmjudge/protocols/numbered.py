"""Replies of one word for each of several numbered things: questions of a checklist, steps."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from mmjudge.protocols.anchors import (
    AROUND,
    BRACKETED,
    LEADING,
    OWN_QUOTES,
    QUOTED,
    QUOTED_OBJECT,
    REFUSAL,
    bare,
    decide,
    find,
    normalise,
    shorten,
)
from mmjudge.protocols.usual import Usual
from mmjudge.types import Failure

_NUMBER = r"[\s_]*(?:no\.?\s*|number\s*|#\s*)?(\d{1,4})(?!\w)"
_AFTER = (
    r"[\s*_]*(?:\([^()\n]{0,80}\))?[\s*_]*(?:is\b)?"
    r"(?:->|=>|\u2192|[\s*_:=)]|[.\u2013\u2014-](?!\.?\d))*"
)
_NUMBERED = re.compile(
    r"(\d{1,4})[*_]{0,3}(?:[.)\]]?[*_]{0,3}\s{0,3}[:=]+|[.)\]]+(?=[\s*_])"
    r"|\u3001|\s{1,3}[-\u2013\u2014]+(?=\s))[\s*_]*"
)
_JOINED = re.compile(r"(?!^)[\s_-]+|^[\s_-]+(?!\s*\.?\d)")
"""What joins two words; not the sign of a number."""
_DENIED = re.compile(r"\b(?:not|never)\s{0,3}\[\[", re.I)
_ANSWERED = re.compile(r"(?:answer|verdict)\b", re.I)
_HINT = re.compile(r"[^\W\d_]\w*(?:[ _-]\w+){0,2}")
_BETWEEN = r"\]\][*_]{0,3}(?:[ \t,;.|]|\band\b){0,8}"
_BULLETS = " \t#*_-+•("
_OPENS = re.compile(r"[\[{](?=\s{0,40}[\"\[{])")
_MOST_TRIED = 1000
"""Places of a reply at which JSON may begin and does not: then no more is looked for."""
_LONGEST_WORD = 400
_READ_AGAIN = ("incomplete", "off_scale")
"""Failures of a reply that may say it all in another form."""
_HELD = re.compile(r"answers|steps|verdicts|results|checklist|questions|errors|labels", re.I)
_SAYS = re.compile(r"answer|verdict|error|error_type|label|result|value|judge?ment|type", re.I)
_ERROR = re.compile(r"error", re.I)
_NUMBERS = re.compile(r"question|step|number|id|index|no|n|q|question_id|step_id", re.I)


class Stated(NamedTuple):
    """What a reply says of one number.

    `word`: one of the allowed, or what was found instead, empty for a sentence; `known`: whether
    it is one of them;
    `labelled`: its line or its object says what it is about; `closed`: nothing of it can be
    missing; `position`: its line.
    """

    number: int
    word: str
    known: bool
    labelled: bool
    closed: bool
    position: int


class Form(NamedTuple):
    """What is asked: `words[i]` are those allowed for number i + 1.

    `names` is a pattern of what the numbers are called, `many` their name in messages. `also`: an
    allowed word by other ways to say it; `null`: the one that an error of null in JSON stands for.
    """

    words: tuple[tuple[str, ...], ...]
    names: str
    many: str
    also: Mapping[str, str] = MappingProxyType({})
    null: str | None = None

    def word(self, number: int, token: str) -> str | None:
        """The word allowed for a number that a token spells."""
        if not 1 <= number <= len(self.words):
            return None
        word = word_of(self.words[number - 1], token)
        return self.also.get(_loose(token)) if word is None and self.also else word


def read_words(form: Form, text: str, cut: bool) -> tuple[str, ...] | Failure:
    """The word for each number, in order, or why there is none.

    A labelled line outranks numbered ones before it; two different words for one number are none,
    and what is missing or one too many fails the whole: a part of it would be a guess.

    Args:
        form: What is asked.
        text: The judge's own words, as `spoken_text` gives them.
        cut: Whether the token limit ended the reply.
    """
    outcome = _read(form, text, cut)
    if cut or not isinstance(outcome, Failure) or outcome.reason not in _READ_AGAIN:
        return outcome
    label, _ = _patterns(form.names)
    usual = Usual(label, form.names, form.many[:-1], form.words, form.word)
    again = _read(form, usual.rewritten(text), cut)
    return outcome if isinstance(again, Failure) else again


def _read(form: Form, text: str, cut: bool) -> tuple[str, ...] | Failure:
    found = [*_in_json(form, text), *_in_lines(form, text)]
    if len(form.words) == 1 and not found:
        return _only(form, text, cut)
    return _decided(form, found, text, cut)


def word_of(allowed: Sequence[str], token: str) -> str | None:
    """The allowed word that a token spells, None if it spells none.

    Case means nothing; nor do spaces, hyphens and underscores, where the words differ in more.

    Example:
        >>> word_of(("calculation_error", "visual"), "Calculation Error")
        'calculation_error'
    """
    if len(token) > _LONGEST_WORD:
        return None
    exact, loose = _spellings(tuple(allowed))
    close = _close(token)
    return exact[close] if close in exact else loose.get(_loose(token))


@lru_cache(maxsize=1024)
def _spellings(allowed: tuple[str, ...]) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """The words by what is left of them; a spelling that two share is none of theirs."""
    exact: dict[str, str | None] = {}
    loose: dict[str, str | None] = {}
    for word in allowed:
        for known, spelt in ((exact, _close(word)), (loose, _loose(word))):
            known[spelt] = None if spelt in known or not spelt else word
    return exact, loose


def _close(word: str) -> str:
    return normalise(word).strip().casefold()


def _loose(word: str) -> str:
    return _JOINED.sub(" ", bare(normalise(word))).strip().casefold()


def _only(form: Form, text: str, cut: bool) -> tuple[str, ...] | Failure:
    """Of one thing alone the word may stand without a number: in brackets, or as all there is."""
    label = re.compile(rf"(?:{form.names}|verdict)\b[\s*_]*(?:is\b)?[\s*_:=]*", re.I)
    outcome = decide(find(text, label, lambda token: form.word(1, token)), text, cut)
    if not isinstance(outcome, Failure):
        return (str(outcome),)
    none = outcome.reason == "ambiguous" and outcome.detail.startswith("no verdict")
    return _nothing(form, text) if none and not cut else outcome


def _nothing(form: Form, text: str) -> Failure:
    if REFUSAL.search(text[:300]):
        return Failure(reason="refused", detail=shorten(text))
    detail = f"none of {len(form.words)} {form.many} in: {shorten(text)}"
    return Failure(reason="incomplete", detail=detail)


def _decided(
    form: Form, found: Sequence[Stated], text: str, cut: bool
) -> tuple[str, ...] | Failure:
    firm = [one for one in found if (one.known or one.closed)]
    firm = [one for one in firm if one.labelled and one.closed] if cut else firm
    said = _by_number(firm, [one for one in found if not one.word])
    numbers = range(1, len(form.words) + 1)
    if several := {n: list(words) for n, words in said.items() if len(words) > 1}:
        number, words = min(several.items())
        shown = ", ".join(word for word, _ in words)
        return Failure(reason="ambiguous", detail=f"{number}: verdicts {shown:.200}")
    missing = [n for n in numbers if n not in said]
    hints = {} if cut else {one.number: one.word for one in found if one.word and not one.known}
    off = {n: word for n, words in said.items() for word, known in words if not known}
    off |= {n: hints[n] for n in missing if n in hints}
    if extra := sorted(set(said) - set(numbers)):
        detail = f"{len(numbers)} {form.many}, found one of number {extra[0]}"
        return Failure(reason="incomplete", detail=detail)
    if off:
        number, word = min(off.items())
        allowed = ", ".join(form.words[number - 1])
        return Failure(
            reason="off_scale", detail=f"{number}: {word:.80} where {allowed} is allowed"
        )
    if missing and cut:
        return Failure(
            reason="truncated", detail=f"the token limit came before number {missing[0]}"
        )
    if missing:
        shown = ", ".join(map(str, missing[:20]))
        detail = f"{len(numbers)} {form.many}, missing {shown}"
        return Failure(reason="incomplete", detail=detail) if said else _nothing(form, text)
    return tuple(next(iter(said[n]))[0] for n in numbers)


def _by_number(
    firm: Sequence[Stated], unread: Sequence[Stated]
) -> dict[int, dict[tuple[str, bool], None]]:
    """The different words of each number; a numbered line counts only after the last label.

    Nor does it where the number's answer stands after it and cannot be read: it may be an option.
    """
    last = max((one.position for one in firm if one.labelled), default=-1)
    later = {one.number: one.position for one in unread}
    said: dict[int, dict[tuple[str, bool], None]] = defaultdict(dict)
    for one in firm:
        if one.labelled or one.position > max(last, later.get(one.number, -1)):
            said[one.number][one.word, one.known] = None
    return said


def _stated(form: Form, number: int, token: str, how: tuple[bool, bool, int]) -> Stated:
    if 1 <= number <= len(form.words):
        word = form.word(number, token)
    else:
        word = word_of(tuple(w for words in form.words for w in words), token)
    return Stated(number, token.strip() if word is None else word, word is not None, *how)


def _in_lines(form: Form, text: str) -> Iterator[Stated]:
    """Words on lines that begin with a number, or with what the numbers are called."""
    label, several = _patterns(form.names)
    announced = 0
    for position, whole in enumerate(text.split("\n")):
        for line in _split(whole, several):
            core = line.lstrip(LEADING).rstrip(" \t*_")
            stated = label.match(core)
            start = stated or _NUMBERED.match(core := line.lstrip(_BULLETS).rstrip(" \t*_"))
            number = int(start[1]) if start else announced
            rest = core[start.end() :] if start else line.strip(AROUND)
            if number and rest:
                labelled = bool(stated) or not start
                yield from _on_line(form, number, line, rest, (labelled, position))
            if start or core:
                announced = number if stated and not rest else 0


def _on_line(
    form: Form, number: int, line: str, rest: str, how: tuple[bool, int]
) -> Iterator[Stated]:
    """What a line says of its number; what stands in quotation marks is somebody else's word."""
    labelled, position = how
    own = OWN_QUOTES.fullmatch(rest)
    inner = BRACKETED.findall(own[1] if own else QUOTED.sub("", line))
    denied = "not " if _DENIED.search(rest) else ""
    for token in inner:
        yield _stated(form, number, denied + token, (labelled, True, position))
    if not inner:
        found = _stated(form, number, bare(rest), (labelled, False, position))
        if found.known or (len(found.word) <= 60 and _HINT.fullmatch(found.word)):
            yield found
        elif _ANSWERED.match(line.lstrip(LEADING)):
            yield found._replace(word="")


@lru_cache(maxsize=4)
def _patterns(names: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A label at the start of a line, and a line of several labelled words."""
    label = rf"(?:{names}){_NUMBER}{_AFTER}"
    one = (
        rf"(?:{names})\s{{0,2}}#?\d{{1,4}}[\s*_:=.)-]{{0,8}}"
        rf"\[\[[^\[\]\n]{{1,200}}{_BETWEEN}"
    )
    return re.compile(label, re.I), re.compile(rf"[\s*_-]*(?:{one}){{2,}}", re.I)


def _split(line: str, several: re.Pattern[str]) -> list[str]:
    """A line of several labelled words, and of nothing else, as several lines."""
    if line.count("]]") > 1 and several.fullmatch(line):
        return [f"{part}]]" for part in re.split(_BETWEEN, line) if part]
    return [line]


class _Object(list[tuple[str, Any]]):
    """The pairs of a JSON object; a key may stand there twice."""


_DECODER = json.JSONDecoder(object_pairs_hook=_Object, strict=False)


def _in_json(form: Form, text: str) -> Iterator[Stated]:
    """Words in JSON: under their numbers, or in a list in order."""
    for position, value, whole in _values(text):
        held = value if isinstance(value, _Object) or whole or _objects(value) else []
        for number, said in _said(held, form.names):
            token = _spelt(form, number, said)
            if token is not None:
                yield _stated(form, number, token, (True, True, position))


def _spelt(form: Form, number: int, said: Any) -> str | None:
    """What a JSON value says as text; a number, or null, only where it is an answer."""
    if isinstance(said, str):
        inner = BRACKETED.fullmatch(said.strip())
        return inner[1] if inner else said
    if isinstance(said, bool):
        names = ("true", "yes") if said else ("false", "no")
        return next((name for name in names if form.word(number, name) is not None), str(said))
    if isinstance(said, int):
        return str(said) if form.word(number, str(said)) is not None else None
    return form.null if said is None else None


def _values(text: str) -> Iterator[tuple[int, Any, bool]]:
    """JSON objects and lists outside of quotation marks: line, value, and whether it is all."""
    own = text.strip(" \t\n`'")
    text = own if own[:1] in "[{" and own[-1:] in "]}" else QUOTED_OBJECT.sub("", text)
    first, last = len(text) - len(text.lstrip()), len(text.rstrip())
    at = line = tried = 0
    quoted = False
    while tried < _MOST_TRIED and (start := _OPENS.search(text, at)):
        gap = text[at : start.start()]
        line, quoted = line + gap.count("\n"), quoted and "\n" not in gap
        quoted ^= gap.rpartition("\n")[2].count('"') % 2 == 1
        at = start.end()
        try:
            value, end = _DECODER.raw_decode(text, start.start())
        except ValueError:
            tried += 1
            continue
        except RecursionError:
            return
        if not quoted:
            yield line, value, start.start() <= first and end >= last
        line, at = line + text.count("\n", start.start(), end), end


def _objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, _Object) for v in value)


def _said(value: Any, names: str) -> Iterator[tuple[int, Any]]:
    """Number and word of each that a JSON value states."""
    if not isinstance(value, _Object):
        yield from _listed(value, nulls=False)
        return
    alone = _entry(value)
    if alone is not None and alone[0] is not None:
        yield alone[0], alone[1]
        return
    numbered = re.compile(rf"(?:(?:{names})[ _-]*)?(\d{{1,4}})", re.I)
    for key, one in value:
        if number := numbered.fullmatch(key.strip()):
            entry = _entry(one) if isinstance(one, _Object) else None
            said = entry[1] if entry else one
            yield from [] if said is None and not entry else [(int(number[1]), said)]
        elif _HELD.fullmatch(key.strip()) and isinstance(one, _Object):
            yield from _said(one, names)
        elif _HELD.fullmatch(key.strip()) and isinstance(one, list):
            yield from _listed(one, nulls=_ERROR.match(key.strip()) is not None)


def _listed(values: Any, *, nulls: bool) -> Iterator[tuple[int, Any]]:
    """Number and word of each in a list; a null says something in a list of errors alone."""
    for place, one in enumerate(values if isinstance(values, list) else (), 1):
        entry = _entry(one) if isinstance(one, _Object) else (None, one)
        if entry is not None and (nulls or one is not None):
            yield place if entry[0] is None else entry[0], entry[1]


def _entry(pairs: _Object) -> tuple[int | None, Any] | None:
    """Number (None where there is none) and word of an object such as {"step": 2, "error": "x"}."""
    said = [(k.strip(), v) for k, v in pairs if _SAYS.fullmatch(k.strip())]
    words: list[Any] = [v for _, v in said if isinstance(v, str | int)]
    words = words or [v for k, v in said if v is None and _ERROR.match(k)]
    numbers = [v for k, v in pairs if _NUMBERS.fullmatch(k.strip())]
    if len(words) != 1:
        return None
    digits = re.fullmatch(r"\D{0,20}(\d{1,4})", str(numbers[0]).strip()) if numbers else None
    return (int(digits[1]) if digits else None), words[0]
