"""Correct answers against distractors: the mean score of the ones less that of the others.

Reference: arXiv 2509.21451, table 1, the column of LongVideoBench, by its name: whether the authors
average over questions first was not read; here every answer counts once.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from mmjudge.metrics.weighted import Batch, Floats, Ints, Value, Weights
from mmjudge.sources.rows import codes
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Score

AXIS = "answer"
"""Axis of strata: whether an answer is `correct` or a `distractor`."""


def _tables(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    known = [row for row in rows if AXIS in row.item.strata]
    scored = [(row, row.outcome.value) for row in known if isinstance(row.outcome, Score)]
    if scored:
        yield PublishedTable(
            criterion="overall",
            stratum="all",
            columns=(
                np.array([value for _, value in scored], dtype=np.float64),
                np.array([row.item.strata[AXIS] == "correct" for row, _ in scored], dtype=np.int64),
            ),
            item=codes(row.item.id for row, _ in scored),
            statistic=correct_less_distractor,
            n_failed=len(known) - len(scored),
        )


def correct_less_distractor(score: Floats, correct: Ints, *, weights: Weights = None) -> Value:
    """Mean score of the correct answers less that of the distractors, in points.

    A judge that scores all alike has 0; nan where one of the two kinds is missing.

    Args:
        score: The judge's scores, shape (n,).
        correct: 1 for a correct answer, 0 for a distractor, shape (n,).
        weights: How often each row counts, shape (..., n).

    Example:
        >>> correct_less_distractor(np.array([5.0, 2.0, 3.0]), np.array([1, 0, 0]))
        2.5
    """
    batch = Batch(weights, score, correct)
    return batch.value(batch.mean(score, correct == 1) - batch.mean(score, correct == 0))


RULES = (PublishedRule("video_judge.correct_less_distractor", _tables),)
