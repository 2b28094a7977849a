"""The levels of a column: which rows tie, in what order the others come, what weight each has."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from mmjudge.metrics.weighted import Column, Floats, Ints, dense, tally

T = TypeVar("T")

FEW_LEVELS = 64  # up to which a product with a one-hot matrix beats sorting
KEPT = 4  # results that a remembered function keeps; each holds a few numbers for every row


class Levels(NamedTuple):
    """A column as levels.

    Attributes:
        code: Level of each row, shape (n_rows,), from 0 in ascending order of the values.
        n: Number of levels.
        order: Rows in ascending order of their level, shape (n_rows,).
        starts: Where each level begins in `order`, shape (n,).
        ends: Last place of each level in `order`, shape (n,).
    """

    code: Ints
    n: int
    order: Ints
    starts: Ints
    ends: Ints


def remembered(make: Callable[..., T]) -> Callable[..., T]:
    """Keep the last few results of a function of columns, found again by the columns' content.

    A bootstrap brings the same columns with every block of resamples, and to sort them again costs
    far more than to digest them.

    Args:
        make: A pure function of arrays; what it returns must not be written to.

    Returns:
        The same function.
    """
    kept: dict[bytes, T] = {}
    lock = threading.Lock()

    def found(*columns: Column) -> T:
        key = _digest(columns)
        with lock:
            if key in kept:
                kept[key] = kept.pop(key)  # the last used is the last to go
                return kept[key]
        made = make(*columns)
        with lock:
            kept[key] = made
            while len(kept) > KEPT:
                kept.pop(next(iter(kept)))
        return made

    return found


def _digest(columns: tuple[Column, ...]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for column in columns:
        digest.update(f"{column.dtype.str}{column.shape}".encode())
        digest.update(np.ascontiguousarray(column).data)
    return digest.digest()


def sort_levels(values: Column) -> Levels:
    """Find the levels of a column.

    Args:
        values: Shape (n_rows,); nan is a level of its own.

    Returns:
        The levels; read-only, since they are remembered.

    Example:
        >>> found = sort_levels(np.array([2.5, 1.0, 2.5]))
        >>> found.code.tolist(), found.n, found.order.tolist(), found.starts.tolist()
        ([1, 0, 1], 2, [1, 0, 2], [0, 1])
    """
    return _sort_levels(values)


@remembered
def _sort_levels(values: Column) -> Levels:
    code, n = dense(values)
    order = np.argsort(code, kind="stable")
    ends = np.cumsum(np.bincount(code, minlength=n)) - 1
    starts = np.append(0, ends[:-1] + 1) if n else ends
    for array in (code, order, starts, ends):
        array.setflags(write=False)
    return Levels(code, n, order, starts, ends)


def level_weights(w: Floats, levels: Levels) -> Floats:
    """Weight of every level.

    Args:
        w: Weights, shape (batch, n_rows).
        levels: The levels of the rows.

    Returns:
        Shape (batch, levels.n).

    Example:
        >>> level_weights(np.array([[1.0, 2.0, 3.0]]), sort_levels(np.array([5, 4, 5]))).tolist()
        [[2.0, 4.0]]
    """
    if levels.n <= FEW_LEVELS:
        return tally(w, levels.code, levels.n)
    runs = w.take(levels.order, axis=1)
    if levels.n == len(levels.code):
        return runs
    totals: Floats = np.add.reduceat(runs, levels.starts, axis=1)
    return totals
