"""Steps: each step of one candidate is right, or has an error of one of the criterion's types."""

from collections.abc import Sequence

from mmjudge.protocols.numbered import Form, read_words, word_of
from mmjudge.protocols.render import CORRECT, step_words
from mmjudge.types import WRONG, Failure, Request, Steps

_NAMES = r"step|verdict|schritt|[eé]tape|paso|шаг|步骤|步驟"
"""Not answer: "Answer 7 is correct" is said of what a solution comes to."""


def parse_text(request: Request, text: str, cut: bool) -> Steps | Failure:
    """What a reply says of each step."""
    n = len(request.candidates[0].parts)
    words = (step_words(request.criterion),) * n
    also = {"right": CORRECT, "no error": CORRECT}
    if not request.criterion.error_types:
        also["incorrect"] = WRONG
    found = read_words(Form(words, _NAMES, "steps", also, CORRECT), text, cut)
    return found if isinstance(found, Failure) else Steps(errors=tuple(map(_error, found)))


def checked(request: Request, errors: Sequence[str | None]) -> Steps | Failure:
    """A recorded verdict, if it is on each step and names known types of error alone."""
    n = len(request.candidates[0].parts)
    if len(errors) != n:
        return Failure(reason="incomplete", detail=f"{n} steps, found {len(errors)} verdicts")
    allowed = step_words(request.criterion)
    found: list[str | None] = []
    for place, error in enumerate(errors, 1):
        word = CORRECT if error is None else word_of(allowed, error)
        if word is None:
            detail = f"{place}: {error:.80} where {', '.join(allowed)} is allowed"
            return Failure(reason="off_scale", detail=detail)
        found.append(_error(word))
    return Steps(errors=tuple(found))


def _error(word: str) -> str | None:
    return None if word == CORRECT else word
