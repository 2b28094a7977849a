"""Replies in the form of a published judge: where its verdict stands, and what it looks like.

Pure, like the suite's own form, and under the same rules: two different verdicts are no verdict,
what cannot be read is a typed failure, nothing is rescaled or guessed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from mmjudge.protocols import checklist, pair, rank, score, steps
from mmjudge.protocols.anchors import bare, decide, objects, without_quotations
from mmjudge.protocols.sentences import stated
from mmjudge.types import Failure, Grammar, Preference, ProtocolName, Request, Verdict

TextParser = Callable[[Request, str, bool], Verdict | Failure]

TEXT_PARSERS: Mapping[ProtocolName, TextParser] = {
    "pair": pair.parse_text,
    "score": score.parse_text,
    "rank": rank.parse_text,
    "checklist": checklist.parse_text,
    "steps": steps.parse_text,
}
"""What reads the suite's own form, by protocol."""

NUMBERED: tuple[ProtocolName, ...] = ("checklist", "steps")
"""Protocols whose verdict has a word for each of several things."""

_BRACKETED = re.compile(r"\[\[([^\[\]\n]{1,40})\]\]")
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_WRAPPED = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\{([^{}]*)\}")
_BETWEEN = re.compile(r"[\s,;]+")
_READABLE = re.compile(r"[^\[\]\n]{1,200}")


class Piece(NamedTuple):
    """The text where a verdict should stand; `closed`: nothing of it can be missing."""

    text: str
    closed: bool


def read(
    grammar: Grammar, request: Request, text: str, cut: bool
) -> Verdict | Failure | tuple[float, ...]:
    """The verdict that a reply states, in slots; or the scores of the candidates, as shown.

    Args:
        grammar: How the judge answers.
        request: What was asked, on the judge's own scale if it has one.
        text: The judge's own words: no thoughts, no repeated material.
        cut: Whether the token limit ended the reply.
    """
    if request.protocol in NUMBERED and (grammar.form != "verdict" or grammar.at == "sentence"):
        detail = f"a {request.protocol} is not read from {grammar.at} with form {grammar.form}"
        return Failure(reason="unsupported", detail=detail)
    if grammar.at == "verdict":
        if grammar.form == "choice":
            return _stated_choice(grammar, text, cut)
        return TEXT_PARSERS[request.protocol](request, text, cut)
    if grammar.at == "sentence":
        return _preference(decide(stated(text, grammar.choices, cut), text, cut))
    return _in_pieces(grammar, request, text, cut)


def _in_pieces(
    grammar: Grammar, request: Request, text: str, cut: bool
) -> Verdict | Failure | tuple[float, ...]:
    pieces = [piece for piece in _PLACES[grammar.at](grammar, text) if piece.closed or not cut]
    if not pieces:
        return _nothing(text)
    if grammar.form == "scores":
        return _scores(request, pieces, text)
    return _one(grammar, request, pieces, text)


def _nothing(text: str) -> Failure:
    failure = decide((), text)
    assert isinstance(failure, Failure)
    return failure


def _preference(value: object | Failure) -> Preference | Failure:
    return value if isinstance(value, Failure) else Preference.model_validate({"value": value})


def _stated_choice(grammar: Grammar, text: str, cut: bool) -> Preference | Failure:
    return pair.stated(text, lambda token: _choice(grammar, token), cut)


def _choice(grammar: Grammar, token: str) -> str | None:
    """The preference that a phrase of the grammar stands for; case and space mean nothing.

    A number with a full stop is none: it may be the first of a list.
    """
    plain = _folded(token)
    if plain.isdigit() and "." in token:
        return None
    return next((v for phrase, v in grammar.choices.items() if _folded(phrase) == plain), None)


def _folded(text: str) -> str:
    return re.sub(r"\s+", "", bare(_unwrapped(bare(text)))).casefold()


def _unwrapped(text: str) -> str:
    inner = text.strip()
    for opening, closing in (("[[", "]]"), ("[", "]"), ("(", ")"), ("{", "}")):
        if inner.startswith(opening) and inner.endswith(closing):
            return inner[len(opening) : -len(closing)].strip()
    return inner


def _one(
    grammar: Grammar, request: Request, pieces: Sequence[Piece], text: str
) -> Verdict | Failure:
    """The one verdict of all pieces; a piece that says nothing readable makes it ambiguous."""
    found: list[Verdict] = []
    for piece in pieces:
        value = _read_piece(grammar, request, piece.text)
        if isinstance(value, Failure):
            return value if value.reason != "ambiguous" else _nothing(text)
        found.append(value)
    distinct = list(dict.fromkeys(found))
    if len(distinct) == 1:
        return distinct[0]
    shown = ", ".join(bare(piece.text)[:40] for piece in pieces)
    return Failure(reason="ambiguous", detail=f"verdicts {shown}")


def _read_piece(grammar: Grammar, request: Request, token: str) -> Verdict | Failure:
    if grammar.form == "choice":
        value = _choice(grammar, token)
        return _preference(value) if value else Failure(reason="ambiguous")
    if request.protocol in NUMBERED:
        return TEXT_PARSERS[request.protocol](request, token, False)
    if request.protocol == "rank":
        token = _BRACKETED.sub(r"\1", token)
    if grammar.at == "json" and token.startswith("[") and not token.startswith("[["):
        listed = score.lowest_of(request, token) if request.protocol == "score" else None
        return listed or Failure(reason="ambiguous")
    inner = bare(_unwrapped(bare(token)))
    if not _READABLE.fullmatch(inner):
        return Failure(reason="ambiguous")
    return TEXT_PARSERS[request.protocol](request, f"[[{inner}]]", False)


def _scores(request: Request, pieces: Sequence[Piece], text: str) -> Failure | tuple[float, ...]:
    """A number for each candidate, in the order shown; more or fewer are no verdict."""
    values: list[float] = []
    for piece in pieces:
        for token in _BETWEEN.split(_unwrapped(bare(piece.text))):
            value = score.read_score(request, token)
            if value is None:
                return _nothing(text)
            if isinstance(value, Failure):
                return value
            values.append(value.value)
    if len(values) != len(request.candidates):
        reason = "not_a_permutation" if request.protocol == "rank" else "ambiguous"
        detail = f"{len(request.candidates)} candidates, found {len(values)} scores: {values}"
        return Failure.model_validate({"reason": reason, "detail": detail})
    return tuple(values)


def _first_line(_: Grammar, text: str) -> list[Piece]:
    line, newline, _after = text.strip().partition("\n")
    return [Piece(line, bool(newline))] if line else []


def _answer_tags(grammar: Grammar, text: str) -> list[Piece]:
    """What stands in the tags of the grammar; of several tags, each must stand there once."""
    if len(grammar.tags) < 2:
        return _between(text, *(grammar.tags or ("answer",)))
    found = [_between(text, tag) for tag in grammar.tags]
    return [piece for (piece,) in found] if all(len(one) == 1 for one in found) else []


def _between(text: str, tag: str) -> list[Piece]:
    """What stands between an opening tag and the close that follows it; an open end is nothing."""
    text = without_quotations(text, rf"<{tag}>")
    pieces, opened = [], -1
    for mark in re.finditer(rf"<(/?){tag}>", text, re.I):
        if mark[1] and opened >= 0:
            pieces.append(Piece(text[opened : mark.start()], closed=True))
        opened = -1 if mark[1] else mark.end()
    return pieces


def _boxed(_: Grammar, text: str) -> list[Piece]:
    text = without_quotations(text, r"\\boxed\{")
    return [Piece(_WRAPPED.sub(r"\1", m[1]), closed=True) for m in _BOXED.finditer(text)]


def _after_marker(grammar: Grammar, text: str) -> list[Piece]:
    """The rest of the line after the marker, or the next line that says something."""
    marker = re.escape(grammar.marker)
    text = without_quotations(text, marker)
    lines = re.finditer(rf"{marker}[*_ \t\n]*([^\n]*)(\n?)", text, re.I)
    return [Piece(match[1], closed=bool(match[2])) for match in lines]


def _under_key(grammar: Grammar, text: str) -> list[Piece]:
    return [Piece(value, closed=True) for value in objects(text, grammar.key)]


_PLACES: Mapping[str, Callable[[Grammar, str], list[Piece]]] = {
    "first_line": _first_line,
    "answer_tags": _answer_tags,
    "boxed": _boxed,
    "marker": _after_marker,
    "json": _under_key,
}
