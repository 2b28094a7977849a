"""Weight vectors in batches: the one idea under every measure.

A resample of the items is a count of how often each row is taken, so a bootstrap is a matrix of
weights of shape (batch, n), and a measure of all resamples at once is a few matrix products.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import MeasureError

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Column: TypeAlias = NDArray[Any]
Weights: TypeAlias = Floats | None
Value: TypeAlias = float | Floats

ONE_THREAD = 1 << 18  # multiplications up to which OpenBLAS keeps to one thread
CACHED = 1 << 17  # weights of which a processor's cache holds a few copies
DEPTH = 1 << 14  # cells of a factor taken at once, where it has more than that many
ONE_HOT_CELLS = (
    1 << 22
)  # above 32 MiB a one-hot matrix costs more than a bincount for each resample


class Batch:
    """The weights of one call as a matrix, and the way back to the shape that the caller gave.

    Attributes:
        w: Weights, shape (batch, n).
        shape: What the caller's weights have before their last axis; () when there are none.
    """

    def __init__(self, weights: Weights, *columns: Column) -> None:
        n = len(columns[0])
        if any(len(column) != n for column in columns):
            found = [len(column) for column in columns]
            raise MeasureError(f"columns: all need the same number of rows, found {found}")
        w = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
        if w.ndim == 0 or w.shape[-1] != n:
            raise MeasureError(f"weights: the last axis needs {n} entries, found shape {w.shape}")
        self.shape: tuple[int, ...] = w.shape[:-1]
        self.w: Floats = w.reshape(-1, n) if n else np.zeros((int(np.prod(self.shape)), 0))

    def value(self, values: Floats) -> Value:
        """Give one value per weight vector back in the caller's shape, a float for one vector."""
        return float(values[0]) if self.shape == () else values.reshape(self.shape)

    def slices(self) -> Iterator[slice]:
        """Weight vectors to work on at once, so that a few copies of them stay in the cache."""
        step = max(1, CACHED // max(1, self.w.shape[1]))
        for start in range(0, len(self.w), step):
            yield slice(start, start + step)

    def sum(self, values: Column) -> Floats:
        """Weighted sum of a column of shape (n,), or of each of m columns (n, m) -> (batch, m)."""
        values = np.asarray(values, dtype=np.float64)
        if values.ndim == 2:
            return product(self.w, values)
        return product(self.w, values[:, None])[:, 0]

    def mean(self, values: Column, keep: Bools | None = None) -> Floats:
        """Weighted mean of a column over the rows to keep; nan rows are left out, none gives nan.

        Args:
            values: Shape (n,).
            keep: Rows that count, shape (n,); None keeps all.

        Returns:
            One mean for each weight vector, shape (batch,).
        """
        values = np.asarray(values, dtype=np.float64)
        kept = ~np.isnan(values) if keep is None else keep & ~np.isnan(values)
        return ratio(self.sum(np.where(kept, values, 0.0)), self.sum(kept))

    def tally(self, codes: Ints, n_codes: int) -> Floats:
        """Total weight of every code, shape (batch, n_codes)."""
        return tally(self.w, codes, n_codes)


def are_whole(w: Floats) -> bool:
    """Whether all weights are whole numbers, looked at a cache's worth at a time.

    Example:
        >>> are_whole(np.array([[1.0, 2.0]])), are_whole(np.array([[1.0, 0.5]]))
        (True, False)
    """
    flat = w.reshape(-1)
    parts = (flat[start : start + CACHED] for start in range(0, len(flat), CACHED))
    return all(np.array_equal(part, np.rint(part)) for part in parts)


def tally(w: Floats, codes: Ints, n_codes: int) -> Floats:
    """Total weight of every code for each weight vector.

    Args:
        w: Weights, shape (batch, n).
        codes: One code a row, shape (n,), from 0 to n_codes - 1.
        n_codes: Number of codes.

    Returns:
        Totals, shape (batch, n_codes).

    Example:
        >>> tally(np.array([[1.0, 2.0, 3.0]]), np.array([0, 1, 0]), 3).tolist()
        [[4.0, 2.0, 0.0]]
    """
    if len(codes) * n_codes <= ONE_HOT_CELLS:
        one_hot = np.zeros((len(codes), n_codes))
        one_hot[np.arange(len(codes)), codes] = 1.0
        return product(w, one_hot)
    rows = [np.bincount(codes, weights=row, minlength=n_codes) for row in w]
    return np.array(rows, dtype=np.float64).reshape(len(w), n_codes)


def product(rows: Column, matrix: Column) -> Column:
    """Matrix product of shapes (m, k) and (k, l), in pieces that BLAS does not split over threads.

    On a busy machine the threads of many small products wait for each other far longer than the
    products take.

    Example:
        >>> product(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]])).tolist()
        [[11.0]]
    """
    depth, width = matrix.shape
    if rows.size == 0 or matrix.size == 0:
        return np.zeros((len(rows), width), dtype=rows.dtype)
    if matrix.size <= DEPTH:
        return _pieces(rows, matrix)
    step = max(1, DEPTH // width)
    total = np.zeros((len(rows), width), dtype=rows.dtype)
    for start in range(0, depth, step):
        total += _pieces(rows[:, start : start + step], matrix[start : start + step])
    return total


def _pieces(rows: Column, matrix: Column) -> Column:
    piece = max(1, ONE_THREAD // matrix.size)
    whole = len(rows) - len(rows) % piece
    out = np.empty((len(rows), matrix.shape[1]), dtype=rows.dtype)
    pieces = rows[:whole].reshape(-1, piece, rows.shape[1])
    np.matmul(pieces, matrix, out=out[:whole].reshape(-1, piece, matrix.shape[1]))
    np.matmul(rows[whole:], matrix, out=out[whole:])
    return out


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient that is nan, without a warning, where the denominator is zero.

    Example:
        >>> ratio(np.array([1.0, 1.0]), np.array([4.0, 0.0])).tolist()
        [0.25, nan]
    """
    out = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def mean_defined(values: Floats, weights: Floats | None = None) -> Floats:
    """Mean over the last axis of what is defined; nan where nothing is.

    Args:
        values: Shape (batch, m), nan where undefined.
        weights: Weight of each value, same shape; None counts all alike.

    Returns:
        Shape (batch,).

    Example:
        >>> mean_defined(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])).tolist()
        [2.0, nan]
    """
    defined = ~np.isnan(values)
    w = defined.astype(np.float64) if weights is None else np.where(defined, weights, 0.0)
    return ratio((np.where(defined, values, 0.0) * w).sum(axis=-1), w.sum(axis=-1))


def dense(values: Column) -> tuple[Ints, int]:
    """Codes 0, 1, ... of a column in ascending order of its values, and their number.

    Whole numbers of a small range, such as Likert scores, need no sort; nan is one more value.

    Example:
        >>> dense(np.array([2.5, 1.0, 2.5]))
        (array([1, 0, 1]), 2)
    """
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64), 0
    whole = _as_small_integers(values)
    if whole is None:
        levels, codes = np.unique(values, return_inverse=True)
        return codes.reshape(-1).astype(np.int64, copy=False), len(levels)
    present = np.zeros(int(whole.max()) + 1, dtype=np.int64)
    present[whole] = 1
    return (np.cumsum(present) - 1)[whole], int(present.sum())


def _as_small_integers(values: Column) -> Ints | None:
    lowest, highest = values.min(), values.max()
    if not np.isfinite(lowest) or not np.isfinite(highest):
        return None
    if float(highest) - float(lowest) > 4 * len(values) + 1024:
        return None
    if values.dtype.kind == "f":
        if not np.array_equal(values, np.rint(values)):
            return None
        values = values - lowest
        lowest = 0
    whole: Ints = values.astype(np.int64) - int(lowest)
    return whole
