"""Items whose rows are identical, collapsed into patterns with a count.

The pattern of an item is the bundle of its rows, in any order. Collapsing is skipped where it
cannot pay: where one column alone tells most rows apart, or where items have many rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mmjudge.errors import MeasureError
from mmjudge.metrics.weighted import Column, Floats, Ints, dense

MOST_ROWS = 16
FEW_ITEMS = 64
ITEM = "item"


class Patterns(NamedTuple):
    """One item of each pattern, with its rows.

    Attributes:
        columns: The rows of those items, each column of shape (rows, ...).
        pattern: Pattern that each row belongs to, shape (rows,).
        counts: Number of items of each pattern, shape (patterns,).
    """

    columns: dict[str, Column]
    pattern: Ints
    counts: Ints

    def rows(self, drawn: Floats) -> Floats:
        """Spread weights of patterns, shape (..., patterns), over the rows."""
        if len(self.pattern) == len(self.counts):  # one row each, in order
            return drawn
        return drawn.take(self.pattern, axis=-1)

    def once(self) -> Floats:
        """Row weights that count every item once, shape (rows,)."""
        return self.rows(self.counts.astype(np.float64))


def collapse(columns: Mapping[str, Column], item: Ints) -> Patterns:
    """Find the patterns of the items.

    Args:
        columns: Data by name, each of shape (n, ...). "item" is no data: it is replaced by the
            pattern, or kept where what is drawn as one holds several of its items.
        item: What each row is drawn with, shape (n,): its item, or the item and its twins.

    Returns:
        The patterns; without repeats, or with several items in one draw, every item is its own.

    Raises:
        MeasureError: The columns differ in length.

    Example:
        >>> collapse({"v": np.array([1, 2, 1])}, np.array([7, 8, 9])).counts.tolist()
        [2, 1]
    """
    for name, column in columns.items():
        if len(column) != len(item):
            raise MeasureError(f"{name}: {len(item)} rows wanted, found {len(column)}")
    code, n_items = dense(item)
    nested = ITEM in columns and dense(columns[ITEM])[1] > n_items
    # Rows do not say which of several items they belong to, so such draws are not told alike.
    table = None if nested else _bundles(code, n_items, _row_codes(columns, n_items))
    pattern_of = None if table is None else dense_rows(table)
    if pattern_of is None:
        order = np.argsort(code, kind="stable")
        pattern, counts = code[order], np.ones(n_items, dtype=np.int64)
    else:
        order, pattern, counts = _examples(code, pattern_of)
    taken = {name: column[order] for name, column in columns.items()}
    if ITEM in taken and not nested:
        taken[ITEM] = pattern
    return Patterns(taken, pattern, counts)


def _row_codes(columns: Mapping[str, Column], n_items: int) -> Ints | None:
    """One code for each distinct row, or None where rows are too diverse to collapse."""
    codes: Ints | None = None
    for name, column in columns.items():
        for part in _flat(column) if name != ITEM else ():
            code, n = dense(part)
            codes = code if codes is None else dense(codes * n + code)[0]
            if 2 * int(codes.max(initial=-1)) + 2 > n_items > FEW_ITEMS:
                return None
    return codes


def _flat(column: Column) -> list[Column]:
    wide = column.reshape(len(column), int(np.prod(column.shape[1:])))
    return [np.ascontiguousarray(wide[:, j]) for j in range(wide.shape[1])]


def _bundles(code: Ints, n_items: int, row_codes: Ints | None) -> Ints | None:
    """The row codes of each item in ascending order, padded with -1, shape (n_items, most)."""
    if row_codes is None or n_items == 0:
        return None
    sizes = np.bincount(code, minlength=n_items)
    most = int(sizes.max())
    if most > MOST_ROWS:
        return None
    table = np.full((n_items, most), -1, dtype=np.int64)
    order = np.argsort(code, kind="stable")
    slot = np.arange(len(code)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    table[code[order], slot] = row_codes[order]
    table.sort(axis=1)
    return table


def dense_rows(table: Ints) -> Ints:
    """Code of each distinct row of a table of integers.

    Example:
        >>> dense_rows(np.array([[0, 1], [2, 3], [0, 1]])).tolist()
        [0, 1, 0]
    """
    codes = np.zeros(len(table), dtype=np.int64)
    for part in table.T:
        code, n = dense(np.ascontiguousarray(part))
        codes = dense(codes * n + code)[0]
    return codes


def _examples(code: Ints, pattern_of: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows of one item of each pattern, the pattern of those rows, and the patterns' counts."""
    counts = np.bincount(pattern_of)
    example = np.zeros(len(counts), dtype=np.int64)
    example[pattern_of[::-1]] = np.arange(len(pattern_of))[::-1]
    chosen = np.zeros(len(pattern_of), dtype=np.bool_)
    chosen[example] = True
    rows = np.flatnonzero(chosen[code])
    rows = rows[np.argsort(pattern_of[code[rows]], kind="stable")]
    return rows, pattern_of[code[rows]], counts
