"""Whether the judge's confidence means what it says.

`right` is 1 where the verdict was right and 0 where it was wrong; `confidence` is the probability
of being right that the judge gave, from 0 to 1.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.levels import level_weights, sort_levels
from mmjudge.metrics.weighted import Batch, Floats, Ints, Value, Weights, ratio


def brier(right: Ints, confidence: Floats, *, weights: Weights = None) -> Value:
    """Mean squared difference between confidence and outcome.

    0 for certain and always right, 0.25 for always saying 0.5. Undefined without rows.

    Args:
        right: Whether the verdict was right, shape (n,), 0 or 1.
        confidence: Probability of being right, shape (n,), from 0 to 1.
        weights: How often each row counts, shape (..., n).

    Returns:
        From 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> brier(np.array([1, 0]), np.array([1.0, 0.5]))
        0.125
    """
    batch = Batch(weights, right, confidence)
    return batch.value(batch.mean((confidence - right) ** 2))


def ece(right: Ints, confidence: Floats, *, weights: Weights = None, bins: int = 10) -> Value:
    """Expected calibration error: mean gap between confidence and accuracy over confidence bins.

    Bins are equally wide and closed above; a bin's gap counts by its rows. 0 when accuracy in
    every bin is its mean confidence. Undefined without rows.

    Args:
        right: Whether the verdict was right, shape (n,), 0 or 1.
        confidence: Probability of being right, shape (n,), from 0 to 1.
        weights: How often each row counts, shape (..., n).
        bins: Number of bins.

    Returns:
        From 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Guo et al. 2017, On calibration of modern neural networks, equation 3 (unchecked).

    Example:
        >>> ece(np.array([1, 1, 0, 0]), np.array([1.0, 1.0, 0.25, 0.25]))
        0.125
    """
    batch = Batch(weights, right, confidence)
    code = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = np.zeros((len(code), bins))
    gap[np.arange(len(code)), code] = confidence - right
    return batch.value(ratio(np.abs(batch.sum(gap)).sum(axis=1), batch.w.sum(axis=1)))


def auroc(right: Ints, confidence: Floats, *, weights: Weights = None) -> Value:
    """Chance that a right verdict has more confidence than a wrong one, ties counting half.

    1 when confidence separates them, 0.5 when it says nothing. Undefined when all are right or
    all wrong.

    Args:
        right: Whether the verdict was right, shape (n,), 0 or 1.
        confidence: Probability of being right, shape (n,), from 0 to 1.
        weights: How often each row counts, shape (..., n).

    Returns:
        From 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> auroc(np.array([1, 1, 0]), np.array([0.9, 0.5, 0.5]))
        0.75
    """
    batch = Batch(weights, right, confidence)
    levels = sort_levels(confidence)
    hit = level_weights(batch.w * (right == 1), levels)
    miss = level_weights(batch.w * (right == 0), levels)
    below = np.cumsum(miss, axis=1) - miss / 2
    won = np.einsum("bi,bi->b", hit, below)
    return batch.value(ratio(won, hit.sum(axis=1) * miss.sum(axis=1)))
