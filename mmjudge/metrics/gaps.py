"""What a judge of scores or rankings has in one modality beyond what it has in others.

`here` is 1 for rows in the modality, 0 for those that it is compared with, -1 for neither.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.correlation import mean_error, tau_b
from mmjudge.metrics.ranking import rank_tau_b
from mmjudge.metrics.weighted import Batch, Floats, Ints, Value, Weights


def tau_b_gap(gold: Floats, verdict: Floats, here: Ints, *, weights: Weights = None) -> Value:
    """Kendall's tau-b within one modality minus tau-b within the others, or within another one.

    Pairs of items of both sides are in neither. Undefined where one side is constant or empty.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,).
        here: 1 in that modality, 0 in what it is compared with, -1 in neither, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        From -2 to 2, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold = np.array([1.0, 2.0, 1.0, 2.0])
        >>> tau_b_gap(gold, np.array([1.0, 2.0, 2.0, 1.0]), np.array([1, 1, 0, 0]))
        2.0
    """
    batch = Batch(weights, gold, verdict, here)
    inside, outside = (
        np.asarray(tau_b(gold[here == k], verdict[here == k], weights=batch.w[:, here == k]))
        for k in (1, 0)
    )
    return batch.value(inside - outside)


def offset_gap(gold: Floats, verdict: Floats, here: Ints, *, weights: Weights = None) -> Value:
    """Leniency in one modality minus leniency in the others, or in another one, in points.

    Leniency is the mean of judge minus people. Undefined where one side is empty.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,).
        here: 1 in that modality, 0 in what it is compared with, -1 in neither, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        Points, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> offset_gap(np.zeros(2), np.array([1.0, -1.0]), np.array([1, 0]))
        2.0
    """
    batch = Batch(weights, gold, verdict, here)
    inside, outside = (
        np.asarray(mean_error(gold, verdict, weights=batch.w * (here == k))) for k in (1, 0)
    )
    return batch.value(inside - outside)


def rank_tau_b_gap(
    gold_ranks: Floats, ranks: Floats, here: Ints, *, weights: Weights = None
) -> Value:
    """Mean tau-b of rankings in one modality minus that in the others, or in another one.

    Undefined where one side has no item that counts.

    Args:
        gold_ranks: Ranks by people, shape (n, k), 0 pads.
        ranks: Ranks by the judge, same shape; all zero where it failed.
        here: 1 in that modality, 0 in what it is compared with, -1 in neither, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        From -2 to 2, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold = np.array([[1.0, 2.0], [1.0, 2.0]])
        >>> rank_tau_b_gap(gold, np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([1, 0]))
        2.0
    """
    batch = Batch(weights, gold_ranks, ranks, here)
    inside, outside = (
        np.asarray(rank_tau_b(gold_ranks, ranks, weights=batch.w * (here == k))) for k in (1, 0)
    )
    return batch.value(inside - outside)
