"""The authors' correlation: Spearman within each generator, then tanh of the mean."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mmjudge.metrics.correlation import spearman, within_group
from mmjudge.metrics.weighted import Column, Ints, Value, Weights
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedTable
from mmjudge.types import ScoreGold

_OBJECT = re.compile(r"\{[^{}]*\}")


class _Judged(NamedTuple):
    """An image with both of its scores, judge's and people's, from 0 to 1."""

    item: str
    generator: str
    judge: dict[str, float]
    people: dict[str, float]


def lowest(answer: tuple[float, ...] | list[float] | float | None) -> float | None:
    """A judge's score from 0 to 1: the lowest sub-score over 10, clipped; None if there is none.

    Example:
        >>> lowest([7.5, 8]), lowest(3), lowest([66]), lowest([])
        (0.75, 0.3, 1.0, None)
    """
    if isinstance(answer, tuple | list):
        answer = min((float(n) for n in answer), default=None)
    if answer is None:
        return None
    return min(max(answer / 10, 0.0), 1.0)


def stated(text: str | None) -> float | None:
    """The score that a reply of the asked form states, or None.

    Example:
        >>> stated('{"score": [8, 3], "reasoning": ""}'), stated("eight")
        (0.3, None)
    """
    for match in _OBJECT.findall(text or ""):
        try:
            answer = json.loads(match).get("score")
            return lowest(answer)
        except (AttributeError, OverflowError, RecursionError, TypeError, ValueError):
            continue
    return None


def tanh_mean(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    """SC, PQ and O = sqrt(SC * PQ) of each sub-task; images without both scores are left out.

    Rankings, whose items have no one generator, have no part in it.
    """
    scored = (row for row in rows if "generator" in row.item.strata)
    for subtask, members in grouped(scored, lambda row: row.item.strata["subtask"]).items():
        images = grouped(members, lambda row: (row.item.id, row.repeat))
        judged = [image for image in map(_judged, images.values()) if image is not None]
        for criterion in ("SC", "PQ", "O"):
            yield PublishedTable(
                criterion=criterion,
                stratum=f"subtask={subtask}",
                columns=(
                    np.array([image.people[criterion] for image in judged], dtype=np.float64),
                    np.array([image.judge[criterion] for image in judged], dtype=np.float64),
                    codes(image.generator for image in judged),
                ),
                item=codes(image.item for image in judged),
                statistic=tanh_of_mean,
                n_failed=len(images) - len(judged),
            )


def tanh_of_mean(
    people: Column, judge: Column, generator: Ints, *, weights: Weights = None
) -> Value:
    """Tanh of the mean over generators of Spearman's correlation within each."""
    return np.tanh(within_group(spearman, people, judge, generator, weights=weights))


def _judged(members: Sequence[JudgedRow]) -> _Judged | None:
    given = {row.criterion: stated(row.reply.text) for row in members}
    sc, pq = given.get("SC"), given.get("PQ")
    item = members[0].item
    golds = [item.gold.get("SC"), item.gold.get("PQ")]
    ratings = [gold.ratings for gold in golds if isinstance(gold, ScoreGold)]
    if sc is None or pq is None or len(ratings) != 2:
        return None
    both = [(a or 0.0, b or 0.0) for a, b in zip(*ratings, strict=True)]
    people = {"SC": _mean([a for a, _ in both]), "PQ": _mean([b for _, b in both])}
    people["O"] = _mean([math.sqrt(a * b) for a, b in both])
    judge = {"SC": sc, "PQ": pq, "O": math.sqrt(sc * pq)}
    return _Judged(item.id, item.strata["generator"], judge, people)


def _mean(ratings: Sequence[float]) -> float:
    """Mean, rounded so that equal means of different people are equal numbers."""
    return round(sum(ratings) / len(ratings), 9)
