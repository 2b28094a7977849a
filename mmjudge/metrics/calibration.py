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


def selective_accuracy(
    right: Ints, confidence: Floats, *, weights: Weights = None, coverage: float = 0.8
) -> Value:
    """Accuracy over the share of verdicts with the most confidence.

    With coverage 1 it is the accuracy of all; 1 where all that are kept are right. Of verdicts of
    equal confidence that are not all kept, each is kept in part. Undefined without rows.

    Args:
        right: Whether the verdict was right, shape (n,), 0 or 1.
        confidence: Probability of being right, shape (n,), from 0 to 1; only its order counts.
        weights: How often each row counts, shape (..., n).
        coverage: Share of the verdicts that is kept, above 0 and at most 1.

    Returns:
        From 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        El-Yaniv and Wiener 2010, On the foundations of noise-free selective classification
        (unchecked).

    Example:
        >>> selective_accuracy(np.array([1, 0]), np.array([0.9, 0.6]), coverage=0.5)
        1.0
    """
    batch = Batch(weights, right, confidence)
    wrong, size = _most_confident_first(batch, right, confidence)
    kept = coverage * size.sum(axis=1, keepdims=True)
    taken = np.clip(kept - (np.cumsum(size, axis=1) - size), 0, size)
    share = np.nan_to_num(ratio(taken, size))
    risk = ratio(np.einsum("bl,bl->b", wrong, share), kept[:, 0])
    return batch.value(np.clip(1 - risk, 0.0, 1.0))


def aurc(right: Ints, confidence: Floats, *, weights: Weights = None) -> Value:
    """Area under the risk-coverage curve: mean share of wrong verdicts over all coverages.

    The most confident verdicts are kept first. 0 for a judge that is always right, the error rate
    where confidence says nothing, and less the better it tells. The curve is continuous: verdicts
    of equal confidence come in together, each row bit by bit. Undefined without rows.

    Args:
        right: Whether the verdict was right, shape (n,), 0 or 1.
        confidence: Probability of being right, shape (n,), from 0 to 1; only its order counts.
        weights: How often each row counts, shape (..., n).

    Returns:
        From 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Geifman, Uziel and El-Yaniv 2019, arXiv 1805.08206 (equation unchecked). Implementations
        take the mean of the risk at each of the n verdicts, which this comes to for many.

    Example:
        >>> aurc(np.array([1, 0]), np.array([0.5, 0.5]))
        0.5
    """
    batch = Batch(weights, right, confidence)
    wrong, size = _most_confident_first(batch, right, confidence)
    end = np.cumsum(size, axis=1)
    start = end - size
    rate = np.nan_to_num(ratio(wrong, size))
    # within a level the kept are t and the wrong among them `offset + rate * t`
    offset = np.cumsum(wrong, axis=1) - wrong - rate * start
    growth = np.zeros_like(end)
    np.log(ratio(end, start), out=growth, where=start > 0)
    area = np.einsum("bl,bl->b", offset, growth) + np.einsum("bl,bl->b", rate, size)
    return batch.value(np.clip(ratio(area, size.sum(axis=1)), 0.0, 1.0))


def _most_confident_first(batch: Batch, right: Ints, confidence: Floats) -> tuple[Floats, Floats]:
    """Weight of the wrong and of all rows of each level of confidence, shape (batch, levels)."""
    levels = sort_levels(-confidence)
    return level_weights(batch.w * (right == 0), levels), level_weights(batch.w, levels)


def risk_coverage(right: Ints, confidence: Floats) -> tuple[Floats, Floats]:
    """The risk-coverage curve: what share is wrong among the most confident, for each share kept.

    Args:
        right: Whether the verdict was right, shape (n,), 0 or 1.
        confidence: Probability of being right, shape (n,), from 0 to 1.

    Returns:
        Coverage, rising to 1, and risk, each of shape (levels,): one point for each level of
        confidence as the threshold above which verdicts are kept.

    Raises:
        MeasureError: The columns differ in length.

    Example:
        >>> risk_coverage(np.array([1, 0]), np.array([0.9, 0.6]))
        (array([0.5, 1. ]), array([0. , 0.5]))
    """
    wrong, size = _most_confident_first(Batch(None, right, confidence), right, confidence)
    kept = np.cumsum(size[0])
    return kept / max(len(right), 1), np.cumsum(wrong[0]) / kept
