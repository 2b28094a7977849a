"""The authors' figures: accuracy with a judge's tie half right, and the mean squared error.

Reference: Woodygan/AudioJudge 9dff515, experiments/main_experiments/utils_pointwise.py.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from mmjudge.metrics.correlation import rmse
from mmjudge.metrics.weighted import Floats, Value, Weights
from mmjudge.sources.published_rules import each, pair_code, scores_of, share_tables
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedRule, PublishedTable

TIE = 2
HALF = 0.5


def _accuracy(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    counted = [
        one._replace(right=HALF) if pair_code(one.row.outcome) == TIE and not one.right else one
        for one in each(rows)
    ]
    yield from share_tables(counted, "dataset")


def _squared(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    """The error of each set, of what was answered, as the authors leave out what was not."""
    quality = [row for row in rows if row.criterion == "quality"]
    for name, members in grouped(quality, lambda row: row.item.strata["dataset"]).items():
        answered = list(scores_of(members))
        if answered:
            yield PublishedTable(
                criterion="quality",
                stratum=f"dataset={name}",
                columns=(
                    np.array([gold for _, gold, _ in answered], dtype=np.float64),
                    np.array([verdict for _, _, verdict in answered], dtype=np.float64),
                ),
                item=codes(row.item.id for row, _, _ in answered),
                statistic=mse,
                n_failed=len(members) - len(answered),
            )


def mse(gold: Floats, verdict: Floats, *, weights: Weights = None) -> Value:
    """Mean squared difference between judge and people.

    Example:
        >>> float(mse(np.array([1.0, 5.0]), np.array([3.0, 3.0])))
        4.0
    """
    return np.square(rmse(gold, verdict, weights=weights))


ACCURACY = PublishedRule("audiojudge_speech.accuracy", _accuracy)
RULES = (
    ACCURACY,
    PublishedRule("audiojudge_speech.mse", _squared),
)
