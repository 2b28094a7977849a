"""The authors' figures of likeness: accuracy, plain and balanced, and the two rates of errors.

Of what was answered, as the authors leave out what was not; in percent, by set.

Reference: Woodygan/AudioJudge 9dff515, experiments/main_experiments/results; `accuracy` there is
the balanced one, one less the mean of false positives and false negatives.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from mmjudge.metrics.weighted import Batch, Ints, Value, Weights
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Answers

SAME = "yes"


def _tables(rows: Sequence[JudgedRow], statistic: Callable[..., Value]) -> Iterator[PublishedTable]:
    for name, members in grouped(rows, lambda row: row.criterion).items():
        known = [
            (row, gold.answers[0] == SAME, row.outcome.answers[0] == SAME)
            for row in members
            if isinstance(gold := row.item.gold.get(name), Answers)
            and isinstance(row.outcome, Answers)
        ]
        if known:
            yield PublishedTable(
                criterion=name,
                stratum=f"dataset={name}",
                columns=(
                    np.array([gold for _, gold, _ in known], dtype=np.int64),
                    np.array([said for _, _, said in known], dtype=np.int64),
                ),
                item=codes(row.item.id for row, _, _ in known),
                statistic=statistic,
                n_failed=len(members) - len(known),
            )


def accuracy(gold: Ints, said: Ints, *, weights: Weights = None) -> Value:
    """Percentage that is right.

    Args:
        gold: 1 for the same, 0 for different, shape (n,).
        said: What the judge says, coded alike, shape (n,).
        weights: How often each row counts, shape (..., n).

    Example:
        >>> accuracy(np.array([1, 1, 1, 0]), np.array([1, 1, 1, 1]))
        75.0
    """
    batch = Batch(weights, gold, said)
    return batch.value(100 * batch.mean(_floats(gold == said)))


def false_same(gold: Ints, said: Ints, *, weights: Weights = None) -> Value:
    """Percentage of the different pairs that the judge calls the same; nan if there is none."""
    batch = Batch(weights, gold, said)
    return batch.value(100 * batch.mean(_floats(said == 1), gold == 0))


def false_different(gold: Ints, said: Ints, *, weights: Weights = None) -> Value:
    """Percentage of the same pairs that the judge calls different; nan if there is none."""
    batch = Batch(weights, gold, said)
    return batch.value(100 * batch.mean(_floats(said == 0), gold == 1))


def balanced(gold: Ints, said: Ints, *, weights: Weights = None) -> Value:
    """100 less the mean of the two rates of errors: 50 for a judge that always says the same.

    Example:
        >>> balanced(np.array([1, 1, 1, 0]), np.array([1, 1, 1, 1]))
        50.0
    """
    same = false_same(gold, said, weights=weights)
    different = false_different(gold, said, weights=weights)
    return 100 - (same + different) / 2


def _floats(found: np.ndarray) -> np.ndarray:
    return found.astype(np.float64)


RULES = tuple(
    PublishedRule(f"audiojudge_same.{statistic.__name__}", partial(_tables, statistic=statistic))
    for statistic in (accuracy, balanced, false_same, false_different)
)
