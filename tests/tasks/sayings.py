"""Replies to any request in the suite's own form, each with the verdict it states, in slots."""

from collections.abc import Callable, Iterator, Sequence
from string import ascii_uppercase
from typing import Any

from mmjudge.types import WRONG, Request

TOKENS = {
    "first": "A",
    "second": "B",
    "tie": "tie",
    "both_good": "both_good",
    "both_bad": "both_bad",
}

Saying = tuple[str, Any]


def pair(request: Request) -> Iterator[Saying]:
    for option in request.criterion.options:
        yield f"Verdict: [[{TOKENS[option]}]]", option


def score(request: Request) -> Iterator[Saying]:
    scale = request.criterion.scale
    if scale is None:
        yield "Score: [[0.25]]", 0.25
        return
    for level in (scale.lowest, scale.highest):
        named = scale.labels[int(level - scale.lowest)] if scale.labels else f"{level:g}"
        yield f"Score: [[{named}]]", level


def rank(request: Request) -> Iterator[Saying]:
    letters = ascii_uppercase[: len(request.candidates)]
    for order in (letters, letters[::-1], letters[1:] + letters[0]):
        ranks = tuple(order.index(letter) + 1.0 for letter in letters)
        yield f"Ranking: [[{' > '.join(order)}]]", ranks


def checklist(request: Request) -> Iterator[Saying]:
    for place in (0, -1):
        words = tuple(question.answers[place] for question in request.questions)
        yield _lines("Answer", words), words


def steps(request: Request) -> Iterator[Saying]:
    places = range(len(request.candidates[0].parts))
    for error in request.criterion.error_types or (WRONG,):
        errors = tuple(error if place % 2 else None for place in places)
        yield _lines("Step", [each or "correct" for each in errors]), errors


def _lines(name: str, words: Sequence[str]) -> str:
    return "\n".join(f"{name} {number}: [[{word}]]" for number, word in enumerate(words, 1))


SAYINGS: dict[str, Callable[[Request], Iterator[Saying]]] = {
    "pair": pair,
    "score": score,
    "rank": rank,
    "checklist": checklist,
    "steps": steps,
}
