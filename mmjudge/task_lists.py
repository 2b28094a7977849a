"""What keeps an item from being judged by a checklist, or step by step."""

import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from mmjudge.types import (
    WRONG,
    AnswersGold,
    Criterion,
    Item,
    Question,
    ScoreGold,
    StepsGold,
    TaskSpec,
)

_WORD = re.compile(r"(?=.*\w)(?!\s)[^\[\]\n\r]{1,100}(?<!\s)")
"""What a judge can write between double brackets."""
T = TypeVar("T")
_READ = (
    "at most 100 characters on one line, one of them a letter or a digit, "
    "without square brackets or space around them"
)


def checklist_problems(spec: TaskSpec, item: Item) -> Iterator[str]:
    """What is wrong with the checklists of an item, and with the gold that they have."""
    known = {criterion.name for criterion in spec.criteria}
    for name in item.checklists:
        if name not in known:
            yield f"checklists: unknown criterion {name!r}; the task has {sorted(known)}"
    asked = [name for name in item.checklists if name in (item.criteria or known)]
    if not asked:
        yield "checklists: a checklist needs a question on a criterion that the item is judged on"
    for name, questions in item.checklists.items():
        for question in questions:
            if odd := _odd(question.answers):
                place = f"checklists.{name}: question {question.id!r}: answers"
                yield f"{place}: {_READ} are needed, found {odd}"
        if name in known and name in item.gold:
            yield from _answers_problems(f"gold.{name}", item.gold[name], questions)


def _odd(words: Sequence[str]) -> str | None:
    return next((f"{word!r:.120}" for word in words if not _WORD.fullmatch(word)), None)


def _answers_problems(place: str, gold: object, questions: Sequence[Question]) -> Iterator[str]:
    if isinstance(gold, ScoreGold):
        return
    if not isinstance(gold, AnswersGold):
        kind = getattr(gold, "kind", type(gold).__name__)
        yield f"{place}.kind: a checklist needs answers or score, found {kind}"
        return
    for field, said in _said("answers", gold.answers, gold.ratings):
        if len(said) != len(questions):
            yield f"{place}.{field}: {len(questions)} questions, found {len(said)} answers"
            continue
        for question, answer in zip(questions, said, strict=True):
            if answer not in question.answers:
                yield (
                    f"{place}.{field}: question {question.id!r}: one of "
                    f"{list(question.answers)} is needed, found {answer!r:.120}"
                )


def steps_problems(spec: TaskSpec, item: Item) -> Iterator[str]:
    """What is wrong with the gold of an item that is judged step by step."""
    n = len(item.candidates[0].parts)
    for criterion in spec.criteria:
        place = f"criterion {criterion.name}: error_types"
        if odd := _odd(criterion.error_types):
            yield f"{place}: {_READ} are needed, found {odd}"
        folded = [_folded(one) for one in criterion.error_types]
        if "correct" in folded or len(set(folded)) < len(folded):
            found = list(criterion.error_types)
            yield f"{place}: must differ in more than case, and from 'correct', found {found}"
        if (gold := item.gold.get(criterion.name)) is not None:
            yield from _errors_problems(criterion, gold, n)


def _folded(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word).strip().casefold()


def _errors_problems(criterion: Criterion, gold: object, n: int) -> Iterator[str]:
    place = f"gold.{criterion.name}"
    if not isinstance(gold, StepsGold):
        kind = getattr(gold, "kind", type(gold).__name__)
        yield f"{place}.kind: a verdict on steps needs steps, found {kind}"
        return
    allowed = criterion.error_types or (WRONG,)
    for field, said in _said("errors", gold.errors, gold.ratings):
        if len(said) != n:
            yield f"{place}.{field}: {n} steps, found {len(said)} errors"
        for number, error in enumerate(said, 1):
            if error is not None and error not in allowed:
                yield (
                    f"{place}.{field}: step {number}: null or one of {list(allowed)} is needed, "
                    f"found {error!r:.120}"
                )


def _said(
    field: str, gold: Sequence[T], ratings: Sequence[Sequence[T] | None]
) -> Iterator[tuple[str, Sequence[T]]]:
    """The gold, and each annotator's own, with their fields."""
    yield field, gold
    for place, rating in enumerate(ratings):
        if rating is not None:
            yield f"ratings.{place}", rating
