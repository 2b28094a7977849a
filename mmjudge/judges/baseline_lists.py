"""What judges that know nothing say to a checklist and of steps, and what the oracle says."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from mmjudge.protocols.render import CORRECT, step_words
from mmjudge.types import (
    Answers,
    AnyVerdict,
    Gold,
    Question,
    Reply,
    Request,
    Scale,
    Score,
    Steps,
    Verdict,
)

_VERDICT: TypeAdapter[AnyVerdict] = TypeAdapter(Verdict)


def words_of(request: Request) -> list[tuple[str, ...]]:
    """What may be said of each question of a checklist, or of each step."""
    if request.protocol == "checklist":
        return [question.answers for question in request.questions]
    return [step_words(request.criterion)] * len(request.candidates[0].parts)


def spoken(request: Request, words: Sequence[str]) -> Reply:
    """A reply that says these words."""
    if request.protocol == "checklist":
        return Reply(verdict=Answers(answers=tuple(words)))
    return Reply(verdict=Steps(errors=tuple(None if w == CORRECT else w for w in words)))


def first(request: Request) -> Reply:
    """Always the first answer; every step correct."""
    return spoken(request, [words[0] for words in words_of(request)])


def last(request: Request) -> Reply:
    """Always the last answer; every step wrong, of the last type."""
    return spoken(request, [words[-1] for words in words_of(request)])


def constant(request: Request, options: Mapping[str, Any]) -> Reply:
    """Always the word `value`, by default the first."""
    value = options["value"]
    if value is None:
        return first(request)
    if not isinstance(value, bool):
        return spoken(request, [value] * len(words_of(request)))
    names = ("yes", "true") if value else ("no", "false")  # as YAML has it without quotation marks
    meant = [next((w for w in words if w.casefold() in names), "") for words in words_of(request)]
    return spoken(request, [word or names[0] for word in meant])


def drawn(request: Request, shares: Sequence[float]) -> Reply:
    """One of the words each, all alike probable.

    Args:
        request: What is asked.
        shares: A draw from [0, 1) for each question or step.
    """
    pairs = zip(words_of(request), shares, strict=True)
    return spoken(request, [words[int(share * len(words))] for words, share in pairs])


def salt(request: Request, place: int) -> str:
    """What a draw for a question or a step depends on, beside the candidate."""
    if request.protocol != "checklist":
        return str(place)
    question = request.questions[place]
    return f"{place} {hashlib.sha256(repr((question.text, question.answers)).encode()).hexdigest()}"


def by_gold(request: Request, gold: Gold, questions: Sequence[Question]) -> AnyVerdict:
    """The gold as a verdict; a score as the answers whose share met comes nearest to it.

    The first questions are answered as wanted and the others not, so that no met question has a
    parent that is not. A checklist of n questions has n + 1 shares: golds between them are told
    apart by none, so that a correlation with the gold need not reach 1.

    Args:
        request: What is asked.
        gold: Its gold.
        questions: The item's, which say what is wanted.
    """
    if isinstance(gold, Score) and request.protocol == "checklist":
        met = round(_share(request.criterion.scale, gold.value) * len(questions))
        answers = (_answer(one, place < met) for place, one in enumerate(questions))
        return Answers(answers=tuple(answers))
    return _plain(gold)


def _share(scale: Scale | None, value: float) -> float:
    lowest, highest = (scale.lowest, scale.highest) if scale else (0.0, 1.0)
    return min(1.0, max(0.0, (value - lowest) / (highest - lowest)))


def _answer(question: Question, wanted: bool) -> str:
    others = [answer for answer in question.answers if answer != question.wanted]
    return question.wanted if wanted else others[0]


def _plain(gold: Gold) -> AnyVerdict:
    """Without the ratings."""
    return _VERDICT.validate_python(gold.model_dump(exclude={"ratings"}))
