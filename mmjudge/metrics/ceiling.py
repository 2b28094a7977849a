"""The human ceiling: the judge's measure with a person in the judge's place.

Each annotator in turn is scored against the rest, so an annotator is never part of the gold that
scores them.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.weighted import Batch, Column, Floats, Ints, Value, Weights, mean_defined

EVERY = 0
"""In the place of a number of classes: codes of no pair, which a split vote leaves open."""


class GoldStatistic(Protocol):
    """A measure of gold and verdict, such as `kappa`."""

    def __call__(self, gold: Column, verdict: Column, /, *, weights: Weights = None) -> Value:
        """Compute the statistic for every weight vector."""


def majority(votes: Ints, split: int = 2) -> Ints:
    """Most frequent code of each row, `split` where several lead, -1 where nobody voted.

    Args:
        votes: Codes from 0, -1 missing, shape (n, annotators).
        split: What a split vote is: of pair codes a tie (2), of others -1 for unknown.

    Returns:
        Codes of shape (n,).

    Example:
        >>> majority(np.array([[0, 0, 1], [0, 1, -1], [-1, -1, -1]])).tolist()
        [0, 2, -1]
    """
    codes = range(int(votes.max(initial=0)) + 1)
    counts = np.stack([(votes == code).sum(axis=1) for code in codes], axis=1)
    most = counts.max(axis=1)
    leaders = (counts == most[:, None]).sum(axis=1)
    winner = np.where(leaders > 1, split, counts.argmax(axis=1))
    chosen: Ints = np.where(most == 0, -1, winner)
    return chosen


def human_ceiling(
    ratings: Column, fn: GoldStatistic, *, weights: Weights = None, classes: int = 3
) -> Value:
    """Mean over annotators of a measure of one annotator against the rest.

    Whole-number ratings of shape (n, annotators) are codes, and the rest is their majority (of pair
    codes a tie where votes are split, of others unknown); floats are scores, and the rest is their
    mean; floats of shape (n, annotators, k) are rankings, and the rest is the mean rank. Rows where
    the annotator or all others are missing are left out. Undefined (nan) with fewer than two
    annotators.

    Args:
        ratings: Missing is -1 in codes, nan in scores, all 0 in rankings.
        fn: The measure, taking gold and verdict.
        weights: How often each row counts, shape (..., n).
        classes: For pair codes: 3 reads both good and both bad as ties before voting, 4 does not.
            `EVERY` for codes that are not those of pairs.

    Returns:
        In the unit of the measure, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> from mmjudge.metrics.agreement import accuracy
        >>> human_ceiling(np.array([[0, 0, 0], [1, 1, 0]]), accuracy)
        0.5
    """
    batch = Batch(weights, ratings)
    coded = ratings.dtype.kind == "i"
    votes: Column = three_way(ratings) if coded and classes == 3 else ratings
    n_annotators = votes.shape[1]
    values = np.full((len(batch.w), n_annotators), np.nan)
    for a in range(n_annotators):
        others = np.delete(votes, a, axis=1)
        rest = majority(others, 2 if classes else -1) if coded else _mean_of(others)
        rated = _is_rated(votes[:, a]) & _is_rated(rest)
        values[:, a] = fn(rest[rated], votes[rated, a], weights=batch.w[:, rated])
    return batch.value(mean_defined(values))


def _is_rated(column: Column) -> Column:
    if column.ndim == 2:
        return np.asarray(np.any(column > 0, axis=1))
    rated: Column = ~np.isnan(column) if column.dtype.kind == "f" else column >= 0
    return rated


def _mean_of(others: Floats) -> Floats:
    """Mean of the annotators who rated, nan (0 for a rank) where nobody did."""
    rated = others > 0 if others.ndim == 3 else ~np.isnan(others)
    total, count = np.where(rated, others, 0.0).sum(axis=1), rated.sum(axis=1)
    missing = 0.0 if others.ndim == 3 else np.nan
    return np.where(count > 0, total / np.maximum(count, 1), missing)
