"""How the judge's scores follow those of people: measures on scores.

Columns `gold` and `verdict` are float scores of shape (n,); rows where the judge failed are not
in the columns, and the caller counts them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np

from mmjudge.metrics.concordance import Merge, discordance, plan
from mmjudge.metrics.levels import Levels, level_weights, remembered, sort_levels
from mmjudge.metrics.weighted import (
    Batch,
    Column,
    Floats,
    Ints,
    Value,
    Weights,
    are_whole,
    dense,
    mean_defined,
    ratio,
)

Counts: TypeAlias = Column  # int32 or, where weights are no counts, float64

DOUBTFUL = 1e-9  # a variance this small beside the mean square may be rounding only


class PairStatistic(Protocol):
    """A measure of gold and verdict, such as `pearson`."""

    def __call__(self, gold: Floats, verdict: Floats, /, *, weights: Weights = None) -> Value:
        """Compute the statistic for every weight vector."""


def pearson(gold: Floats, verdict: Floats, *, weights: Weights = None) -> Value:
    """Pearson's correlation of the judge's scores with those of people.

    1 when the judge's scores are a rising line of the gold. Undefined (nan) where either is
    constant.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,), any scale.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> round(pearson(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0])), 4)
        0.982
    """
    batch = Batch(weights, gold, verdict)
    x, y = _about_a_row(gold), _about_a_row(verdict)
    n = batch.w.sum(axis=1)
    mx, my, mxx, myy, mxy = ratio(
        batch.sum(np.stack([x, y, x * x, y * y, x * y], axis=1)).T, n[None, :]
    )
    sx, sy = (_variance(batch.w, x, mx, mxx), _variance(batch.w, y, my, myy))
    r = ratio(mxy - mx * my, np.sqrt(sx * sy))
    return batch.value(np.clip(r, -1.0, 1.0))


def _about_a_row(values: Floats) -> Floats:
    """Shift a column by the value nearest its mean, so a constant column becomes exact zeros."""
    if len(values) == 0:
        return values
    shifted: Floats = values - values[np.argmin(np.abs(values - values.mean()))]
    return shifted


def _variance(w: Floats, x: Floats, mean: Floats, square: Floats) -> Floats:
    """Variance from moments, exactly zero where the rows that count hold one value."""
    variance = np.maximum(square - mean * mean, 0.0)
    for b in np.flatnonzero(variance <= DOUBTFUL * square):
        kept = x[w[b] > 0]
        exact = kept - kept.mean() if len(kept) and np.ptp(kept) > 0 else np.zeros(1)
        counts = w[b][w[b] > 0] if len(exact) > 1 else np.ones(1)
        variance[b] = np.average(exact**2, weights=counts) - np.average(exact, weights=counts) ** 2
    return np.maximum(variance, 0.0)


def spearman(gold: Floats, verdict: Floats, *, weights: Weights = None) -> Value:
    """Spearman's correlation: Pearson's of the mid-ranks, taken anew in every resample.

    1 when the judge orders all items as people do, ties alike. Undefined where either is constant.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,), any scale.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]))
        0.5
    """
    batch = Batch(weights, gold, verdict)
    x, y = sort_levels(gold), sort_levels(verdict)
    r = np.empty(len(batch.w))
    for some in batch.slices():
        w = _compact(batch.w[some])
        (rank_x, square_x), (rank_y, square_y) = _centred_ranks(w, x), _centred_ranks(w, y)
        r[some] = ratio(_dot(w * rank_x, rank_y), np.sqrt(square_x * square_y))
    return batch.value(np.clip(r, -1.0, 1.0))


def _compact(w: Floats) -> Counts:
    """Weights as whole numbers, of 32 bits where the square of their sum stays below 2**30."""
    if not are_whole(w):
        return w
    return w.astype(np.int32 if w.sum(axis=1).max(initial=0) < 1 << 15 else np.int64)


def _centred_ranks(w: Counts, levels: Levels) -> tuple[Counts, Floats]:
    """Twice the mid-rank of each row less the mean rank, and the weighted sum of its squares.

    Args:
        w: Weights, shape (batch, n).
        levels: The column, n rows.

    Returns:
        Shapes (batch, n) and (batch,); whole numbers where the weights are.
    """
    counts = w.take(levels.order, axis=1)
    below = np.cumsum(counts, axis=1, dtype=w.dtype)
    if 0 < levels.n < len(levels.code):
        below = below.take(levels.ends, axis=1)
        counts = np.diff(below, axis=1, prepend=below.dtype.type(0))
    ranks = 2 * below
    ranks -= counts
    ranks -= below[:, -1:]
    return ranks.take(levels.code, axis=1), _dot(counts * ranks, ranks)


def _dot(a: Counts, b: Counts) -> Floats:
    """Sum of a * b along the rows, shape (batch,)."""
    total: Floats = np.einsum(
        "bi,bi->b", a.astype(np.float64, copy=False), b.astype(np.float64, copy=False)
    )
    return total


def tau_b(gold: Floats, verdict: Floats, *, weights: Weights = None) -> Value:
    """Kendall's tau-b: concordant less discordant pairs of items, corrected for ties on each side.

    1 when the judge orders all items as people do. Undefined where either is constant.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,), any scale.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Kendall 1945, The treatment of ties in ranking problems (unchecked); equal to
        scipy.stats.kendalltau by test.

    Example:
        >>> round(tau_b(np.array([1.0, 2.0, 3.0, 3.0]), np.array([1.0, 3.0, 2.0, 2.0])), 4)
        0.2
    """
    batch = Batch(weights, gold, verdict)
    levels = _pair_levels(gold, verdict)
    total = batch.w.sum(axis=1) ** 2
    tied_x, tied_y, tied_both = _tied(batch.w, levels)
    discordant = discordance(batch.w, levels.merges)
    difference = (total - tied_x - tied_y + tied_both) / 2 - 2 * discordant
    r = ratio(difference, np.sqrt((total - tied_x) * (total - tied_y)) / 2)
    return batch.value(np.clip(r, -1.0, 1.0))


class _PairLevels(NamedTuple):
    """What tau-b needs of two columns: their ties, their common ties, their discordant pairs."""

    x: Levels
    y: Levels
    both: Levels
    merges: list[Merge]


@remembered
def _pair_levels(gold: Column, verdict: Column) -> _PairLevels:
    x, y = sort_levels(gold), sort_levels(verdict)
    both = sort_levels(x.code * y.n + y.code)
    return _PairLevels(x, y, both, plan(x.code, y.code))


def _tied(w: Floats, levels: _PairLevels) -> list[Floats]:
    """Weight of the ordered pairs of rows tied in x, in y and in both, a row with itself too."""
    alone = np.einsum("bi,bi->b", w, w)
    found = []
    for column in (levels.x, levels.y, levels.both):
        if column.n < w.shape[1]:
            counts = level_weights(w, column)
            found.append(np.einsum("bi,bi->b", counts, counts))
        else:
            found.append(alone)
    return found


def mae(gold: Floats, verdict: Floats, *, weights: Weights = None) -> Value:
    """Mean absolute difference between judge and people, in points of the scale.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge on the same scale, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        Points, 0 or more, shape (...); nan without rows.

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> mae(np.array([1.0, 5.0]), np.array([2.0, 2.0]))
        2.0
    """
    batch = Batch(weights, gold, verdict)
    return batch.value(batch.mean(np.abs(verdict - gold)))


def rmse(gold: Floats, verdict: Floats, *, weights: Weights = None) -> Value:
    """Root of the mean squared difference between judge and people, in points of the scale.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge on the same scale, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        Points, 0 or more, shape (...); nan without rows.

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> rmse(np.array([1.0, 5.0]), np.array([4.0, 1.0])) == 12.5**0.5
        True
    """
    batch = Batch(weights, gold, verdict)
    return batch.value(np.sqrt(batch.mean((verdict - gold) ** 2)))


def mean_error(gold: Floats, verdict: Floats, *, weights: Weights = None) -> Value:
    """Leniency: mean of judge minus people, in points of the scale; a generous judge is above 0.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge on the same scale, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        Points of either sign, shape (...); nan without rows.

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> mean_error(np.array([1.0, 5.0]), np.array([2.0, 5.0]))
        0.5
    """
    batch = Batch(weights, gold, verdict)
    return batch.value(batch.mean(verdict - gold))


def quadratic_kappa(gold: Floats, verdict: Floats, *, weights: Weights = None) -> Value:
    """Kappa whose penalty is the squared difference of the scores, on one common scale.

    1 is full agreement, 0 is chance. With the levels' values as distances it is
    1 - mean((v - g)^2) / (var v + var g + (mean v - mean g)^2), which is the usual form for levels
    one point apart. Undefined when both give one and the same score throughout.

    Args:
        gold: Scores of people, shape (n,), whole levels such as 1 to 5.
        verdict: Scores of the judge on the same levels, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Cohen 1968, Weighted kappa (unchecked); equal to scikit-learn's
        cohen_kappa_score(weights="quadratic") by test.

    Example:
        >>> quadratic_kappa(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 2.0]))
        0.6666666666666667
    """
    batch = Batch(weights, gold, verdict)
    pivot = gold[len(gold) // 2] if len(gold) else 0.0
    x, y = gold - pivot, verdict - pivot
    n, sx, sy, square, both = batch.sum(
        np.stack([np.ones(len(x)), x, y, x * x + y * y, (x - y) ** 2], axis=1)
    ).T
    return batch.value(1.0 - ratio(n * both, n * square - 2 * sx * sy))


def within_group(
    fn: PairStatistic, gold: Floats, verdict: Floats, group: Ints, *, weights: Weights = None
) -> Value:
    """Mean over the groups of a statistic taken within each, so that group means play no part.

    Groups where it is undefined are left out; `undefined_groups` counts them. Undefined where no
    group has a value.

    Args:
        fn: The statistic, such as `spearman`.
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,).
        group: Group of each row, such as its generator, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        In the unit of the statistic, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold, verdict = np.array([1.0, 2.0, 1.0, 2.0]), np.array([5.0, 6.0, 2.0, 1.0])
        >>> within_group(pearson, gold, verdict, np.array([0, 0, 1, 1]))
        0.0
    """
    batch = Batch(weights, gold, verdict, group)
    return batch.value(mean_defined(_by_group(fn, batch.w, gold, verdict, group)))


def undefined_groups(fn: PairStatistic, gold: Floats, verdict: Floats, group: Ints) -> int:
    """Number of groups that `within_group` leaves out because the statistic is undefined there.

    Example:
        >>> undefined_groups(pearson, np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([0, 0, 1]))
        2
    """
    batch = Batch(None, gold, verdict, group)
    return int(np.isnan(_by_group(fn, batch.w, gold, verdict, group)).sum())


def _by_group(fn: PairStatistic, w: Floats, gold: Floats, verdict: Floats, group: Ints) -> Floats:
    codes, n_groups = dense(group)
    values = np.full((len(w), n_groups), np.nan)
    for g in range(n_groups):
        rows = np.flatnonzero(codes == g)
        values[:, g] = fn(gold[rows], verdict[rows], weights=w[:, rows])
    return values


def _within(fn: PairStatistic) -> Callable[..., Value]:
    def within(gold: Floats, verdict: Floats, group: Ints, *, weights: Weights = None) -> Value:
        return within_group(fn, gold, verdict, group, weights=weights)

    return within


within_pearson = _within(pearson)
within_spearman = _within(spearman)
within_tau_b = _within(tau_b)
