"""Concordant minus discordant pairs under many weight vectors at once, for Kendall's tau-b.

Which pairs are concordant does not change from one resample to the next, only how often each is
counted. Both columns are cut into about sqrt(n) buckets that never split a tie. A pair then falls
in one of three parts, each a matrix product: in different buckets of both columns (a contingency
table), in the same x bucket, or in the same y bucket and different x buckets. Columns of few
levels need the first part only.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.weighted import Bools, Floats, Ints, product

Exact: TypeAlias = NDArray[
    Any
]  # float32 where all sums are whole numbers below 2**24, else float64

MANY_ROWS = 100_000  # above, the table of buckets is slower than sorting each resample


class Buckets(NamedTuple):
    """A column cut into runs of neighbouring levels.

    Attributes:
        code: Bucket of each row, shape (n,), ascending with the level.
        n: Number of buckets.
        mixed: Whether a bucket holds several levels, so has pairs left to compare, shape (n,).
    """

    code: Ints
    n: int
    mixed: Bools


def concordance(w: Floats, x: Ints, y: Ints) -> Floats:
    """Weight of the concordant minus that of the discordant pairs of rows.

    Args:
        w: Weights, shape (batch, n).
        x: Levels of one column as dense codes, shape (n,).
        y: Levels of the other, same coding.

    Returns:
        Shape (batch,); a row taken twice makes no pair with itself.

    Example:
        >>> concordance(np.array([[1.0, 1.0, 2.0]]), np.array([0, 1, 2]), np.array([0, 2, 1]))
        array([1.])
    """
    if w.shape[1] == 0:
        return np.zeros(len(w))
    whole = np.array_equal(w, np.rint(w)) and w.sum(axis=1).max(initial=0) < 1 << 24
    by_x, by_y = cut(x), cut(y)
    if whole and len(x) > MANY_ROWS and by_x.mixed.any() and by_y.mixed.any():
        return np.array([_one_by_one(row.astype(np.int64), x, y) for row in w])
    v: Exact = w.astype(np.float32) if whole else w
    total, table = _table_by_x(v, by_x, by_y, (x, y))
    if by_y.mixed.any():
        order, runs = _runs(by_y)
        sorted_v = v.take(order, axis=1)
        for run in (runs[bucket] for bucket in np.flatnonzero(by_y.mixed)):
            total += _within(sorted_v[:, run], by_x.code[order[run]], y[order[run]])
    return total + _across(table)


def _table_by_x(
    v: Exact, by_x: Buckets, by_y: Buckets, levels: tuple[Ints, Ints]
) -> tuple[Floats, Exact]:
    """Part of the pairs within x buckets, and the weights as a table of (batch, G, H) buckets."""
    table = np.empty((len(v), by_x.n, by_y.n), dtype=v.dtype)
    total = np.zeros(len(v))
    one_hot = np.eye(by_y.n, dtype=v.dtype)
    order, runs = _runs(by_x)
    sorted_v = v.take(order, axis=1)
    for bucket, run in enumerate(runs):
        rows = order[run]
        table[:, bucket] = product(sorted_v[:, run], one_hot[by_y.code[rows]])
        if by_x.mixed[bucket]:
            total += _within(sorted_v[:, run], levels[0][rows], levels[1][rows])
    return total, table


def _one_by_one(w: Ints, x: Ints, y: Ints) -> float:
    """Concordance of the repeated rows, where a table of pairs would be too large to be quick."""
    from scipy.stats import kendalltau

    x, y = np.repeat(x, w), np.repeat(y, w)
    n = float(w.sum())
    untied = [(n * n - float((np.bincount(codes) ** 2.0).sum())) / 2 for codes in (x, y)]
    if min(untied, default=0.0) <= 0:
        return 0.0
    return float(kendalltau(x, y).statistic) * float(np.sqrt(untied[0] * untied[1]))


def cut(levels: Ints) -> Buckets:
    """Cut a column into about sqrt(n) buckets; a level of many rows gets a bucket of its own.

    Example:
        >>> cut(np.array([0, 0, 1])).code.tolist()
        [0, 0, 1]
    """
    counts = np.bincount(levels)
    size = max(int(np.sqrt(len(levels))), 1)
    if len(counts) <= max(2 * size, 32):
        return Buckets(levels, len(counts), np.zeros(len(counts), dtype=np.bool_))
    starts = np.cumsum(counts) - counts
    slot = starts // size
    large = 2 * counts > size
    opens = np.ones(len(counts), dtype=np.int64)
    opens[1:] = (slot[1:] != slot[:-1]) | large[1:] | large[:-1]
    bucket = np.cumsum(opens) - 1
    return Buckets(bucket[levels], int(bucket[-1]) + 1, np.bincount(bucket) > 1)


def _runs(buckets: Buckets) -> tuple[Ints, list[slice]]:
    """Order of the rows by bucket, and where each bucket lies in it."""
    order = np.argsort(buckets.code, kind="stable")
    ends = np.cumsum(np.bincount(buckets.code, minlength=buckets.n)).tolist()
    return order, [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def _within(v: Exact, levels_x: Ints, levels_y: Ints) -> Floats:
    """Part of the pairs among a few rows, from the sign of each of their pairs."""
    x, y = levels_x.astype(v.dtype), levels_y.astype(v.dtype)
    signs = np.sign(x[:, None] - x[None, :]) * np.sign(y[:, None] - y[None, :])
    total: Floats = np.einsum("bi,bi->b", v, product(v, signs), dtype=np.float64) / 2
    return total


def _across(table: Exact) -> Floats:
    """Part of the pairs that differ in both buckets, from a table of shape (batch, G, H)."""
    batch, g, h = table.shape
    below = product(table.reshape(batch * g, h), _after_minus_before(h, table.dtype))
    turned = table.transpose(0, 2, 1).reshape(batch * h, g)
    left = product(turned, _after_minus_before(g, table.dtype)).reshape(batch, h, g)
    below = below.reshape(batch, g, h)
    total: Floats = np.einsum("bgh,bhg->b", below, left, dtype=np.float64) / -2
    return total


def _after_minus_before(n: int, dtype: Any) -> Exact:
    """Matrix that turns the weights of n levels into the weight above minus below each."""
    lower = np.tri(n, n, -1, dtype=dtype)
    difference: Exact = lower - lower.T
    return difference
