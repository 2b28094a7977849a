"""A rated image and what is shown of its prompt."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from mmjudge.types import Media, Parts, Record

from .published import lowest

Answer = tuple[float, ...] | float | None
SCORED = ("SC", "PQ")


class Shown(NamedTuple):
    """What a judge sees of a prompt: the prompt, and each generator's image."""

    prompt: Parts
    images: Mapping[str, Media]
    absent: str | None = None


class Row(Record):
    """An image: three ratings of (SC, PQ) from 0 to 1, and what each judge answered to both."""

    task: str
    model: str
    uid: str
    human: tuple[tuple[float, float], ...]
    judges: dict[str, tuple[Answer, Answer]]

    def ratings(self, criterion: str) -> tuple[float, ...]:
        """What each person says, from 0 to 10, of SC, PQ, or O = sqrt(SC * PQ)."""
        if criterion == "O":
            return tuple(10 * math.sqrt(sc * pq) for sc, pq in self.human)
        return tuple(10 * rating[SCORED.index(criterion)] for rating in self.human)

    def judged(self, judge: str, criterion: str) -> float | None:
        """The judge's score, or None where there is none."""
        answers = self.judges.get(judge, (None, None))
        sc, pq = (lowest(answer) for answer in answers)
        if criterion == "O":
            return None if sc is None or pq is None else math.sqrt(sc * pq)
        return (sc, pq)[SCORED.index(criterion)]
