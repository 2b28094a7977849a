"""Discordant pairs under many weight vectors at once, for Kendall's tau-b.

Which pairs of rows are discordant does not change from one resample to the next, only how often
each is counted. So the rows are put in order of one column, and the inversions of the other are
counted as a merge sort would meet them, with two differences: a merge joins up to 32 runs, and
what it needs of a resample are products of small matrices, made once for all resamples.

At each merge the rows stand in the order of y within their group, cut into blocks of 32, and the
digit of a row is the run of x that it comes from. An inversion is a pair whose earlier row has the
larger digit: within a block from the matrix of its pairs, across blocks from the weight that each
digit had before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.weighted import Floats, Ints, are_whole

Exact: TypeAlias = NDArray[
    Any
]  # float32 where all sums are whole numbers below 2**24, else float64
Digits: TypeAlias = NDArray[np.int8]

BLOCK = 32  # rows of a block, and the most runs that a merge joins
CHUNK = 32  # blocks worked on at once, so that they stay in the cache
RESAMPLES = 256  # worked on at once: with more, BLAS would split a product in threads
CELLS = 1 << 22  # weights turned at once: 16 MiB


class Merge(NamedTuple):
    """One merge: groups of runs that become one run each.

    Attributes:
        rows: Row at each place, by group and y, shape (blocks * BLOCK,); n_rows fills up.
        digit: Run of x that the row at each place comes from, shape (blocks, BLOCK).
        runs: Number of runs of a group.
        group: Blocks of a group; the last may have fewer.
    """

    rows: Ints
    digit: Digits
    runs: int
    group: int


def discordance(w: Floats, merges: Sequence[Merge]) -> Floats:
    """Weight of the discordant pairs of rows: the one above in x, the other above in y.

    Args:
        w: Weights, shape (batch, n).
        merges: What `plan` made of the two columns.

    Returns:
        Shape (batch,); a row taken twice makes no pair with itself.

    Example:
        >>> merges = plan(np.array([0, 1, 2]), np.array([0, 2, 1]))
        >>> discordance(np.array([[1.0, 1.0, 2.0]]), merges)
        array([2.])
    """
    total = np.zeros(len(w))
    step = min(RESAMPLES, max(1, CELLS // max(1, w.shape[1])))
    for start in range(0, len(w) if merges else 0, step):
        turned = _turned(w[start : start + step])
        for merge in merges:
            total[start : start + step] += _inversions(turned, merge)
    return total


def plan(x: Ints, y: Ints) -> list[Merge]:
    """Plan the merges, the smallest runs first; ties of a column stand in the order of the other.

    Args:
        x: Levels of one column as dense codes, shape (n,).
        y: Levels of the other, same coding.

    Returns:
        The merges, none without rows.
    """
    if len(x) == 0:
        return []
    if int(y.max()) < int(x.max()):
        x, y = y, x
    n = len(x)
    by_y = np.lexsort((x, y))
    if x.max() < BLOCK:
        return [_merge(by_y, np.zeros(n, dtype=np.int64), x[by_y], n)]
    rank = np.empty(n, dtype=np.int64)
    rank[np.lexsort((y, x))] = np.arange(n)
    rank = rank[by_y]
    merges = [_merge(by_y, rank // BLOCK, rank % BLOCK, BLOCK)]
    blocks, size = -(-n // BLOCK), BLOCK
    runs = _runs(blocks)
    while size < n:
        merges.append(_merge(by_y, rank // (size * runs), rank // size % runs, size * runs))
        size *= runs
    return merges


def _runs(blocks: int) -> int:
    """Runs to a merge, so that as few merges as can be join all blocks, and are alike."""
    depth = 1
    while BLOCK**depth < blocks:
        depth += 1
    runs = 2
    while runs**depth < blocks:
        runs += 1
    return runs


def _merge(by_y: Ints, group: Ints, digit: Ints, size: int) -> Merge:
    """Put rows, in the order of y, in groups of `size` rows, a multiple of BLOCK or all rows."""
    n, places = len(by_y), -(-len(by_y) // BLOCK) * BLOCK
    order = np.argsort(group, kind="stable")
    rows, digits = np.full(places, n), np.zeros(places, dtype=np.int8)
    rows[:n], digits[:n] = by_y[order], digit[order]
    return Merge(rows, digits.reshape(-1, BLOCK), int(digit.max()) + 1, -(-size // BLOCK))


def _turned(w: Floats) -> Exact:
    """Weights with a resample to a column and a row of zeros below, shape (n + 1, batch)."""
    n = w.shape[1]
    total, most = float(w.sum(axis=1).max()), float(w.max())
    whole = BLOCK * most * total < 1 << 24 and are_whole(w)
    turned = np.empty((n + 1, len(w)), dtype=np.float32 if whole else np.float64)
    turned[:n] = w.T
    turned[n] = 0
    return turned


def _inversions(w: Exact, merge: Merge) -> Floats:
    """Weight of the inversions that one merge removes, shape (batch,)."""
    total, batch = np.zeros(w.shape[1]), w.shape[1]
    before = np.zeros((merge.runs, batch), dtype=w.dtype)
    for first, last in _chunks(len(merge.digit), merge.group):
        digit = merge.digit[first:last]
        v = w.take(merge.rows[first * BLOCK : last * BLOCK], axis=0).reshape(-1, BLOCK, batch)
        larger_before = _within(v, digit)
        if merge.group > 1:
            if first % merge.group == 0:
                before[:] = 0
            larger_before += _across(v, digit, before)
        larger_before *= v
        total += _total(larger_before)
    return total


def _chunks(blocks: int, group: int) -> list[tuple[int, int]]:
    """Blocks to take at once: none spans two groups, unless each block is a group."""
    if group == 1:
        group = blocks
    return [
        (first, min(first + CHUNK, start + group, blocks))
        for start in range(0, blocks, group)
        for first in range(start, min(start + group, blocks), CHUNK)
    ]


def _within(v: Exact, digit: Digits) -> Exact:
    """Weight with a larger digit that stands before each row in its block, like v in shape."""
    larger_before = (digit[:, None, :] > digit[:, :, None]) & _EARLIER
    found: Exact = np.matmul(larger_before.astype(v.dtype), v)
    return found


def _across(v: Exact, digit: Digits, before: Exact) -> Exact:
    """Weight with a larger digit in the blocks before that of each row, like v in shape.

    Args:
        v: Weights, shape (blocks, BLOCK, batch).
        digit: Runs, shape (blocks, BLOCK).
        before: Weight of what stands before these blocks and has a larger digit than each run,
            shape (runs, batch); brought up to the end of these blocks.
    """
    runs = np.arange(len(before), dtype=np.int8)[:, None]
    larger = np.matmul((digit[:, None, :] > runs).astype(v.dtype), v)
    sums = np.empty_like(larger)
    for here, own in zip(sums, larger, strict=True):
        here[:] = before
        before += own
    place = digit + len(before) * np.arange(len(v))[:, None]
    found: Exact = sums.reshape(-1, v.shape[2]).take(place, axis=0)
    return found


def _total(parts: Exact) -> Floats:
    """Sum over blocks and rows, exact since the sum of a block is below 2**24."""
    ones = np.ones((1, parts.shape[1]), dtype=parts.dtype)
    total: Floats = np.matmul(ones, parts).sum(axis=(0, 1), dtype=np.float64)
    return total


_EARLIER = np.tri(BLOCK, BLOCK, -1, dtype=np.bool_)
