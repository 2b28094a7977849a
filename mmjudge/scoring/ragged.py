"""Rows of different lengths as two arrays."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Ragged(NamedTuple):
    """Rows of different lengths, one after the other.

    Attributes:
        starts: Where each row begins among the values, and where the last one ends, shape (n + 1,).
        values: Of all rows, shape (m, ...).

    Example:
        >>> rows = Ragged.of(np.array([2, 0, 1]), np.array([5, 6, 7]))
        >>> rows.values[rows.at(np.array([2, 0]))].tolist()
        [7, 5, 6]
    """

    starts: Ints
    values: NDArray[Any]

    @classmethod
    def of(cls, lengths: Ints, values: NDArray[Any]) -> Self:
        """Rows of those lengths."""
        return cls(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64), values)

    @classmethod
    def joined(cls, parts: "list[Ragged]") -> "Ragged":
        """The rows of several, one after the other."""
        lengths = np.concatenate([part.lengths for part in parts])
        return cls.of(lengths, np.concatenate([part.values for part in parts]))

    @property
    def lengths(self) -> Ints:
        """How many values each row has, shape (n,)."""
        return np.diff(self.starts)

    def at(self, rows: Ints) -> Ints:
        """The places of the values of some rows, one row after the other."""
        lengths = self.lengths[rows]
        ends = np.cumsum(lengths)
        begin = self.starts[rows] - (ends - lengths)
        return np.repeat(begin, lengths) + np.arange(int(ends[-1]) if len(ends) else 0)

    def take(self, rows: Ints) -> "Ragged":
        """Some rows, in that order."""
        return Ragged.of(self.lengths[rows], self.values[self.at(rows)])


def within(lengths: Ints) -> Ints:
    """The place of each value in its row, from 0.

    Example:
        >>> within(np.array([2, 0, 3])).tolist()
        [0, 1, 0, 1, 2]
    """
    ends = np.cumsum(lengths)
    return np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths, lengths)


class Lines:
    """Collects rows of different lengths: their values in one list, and how many each has."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.lengths: list[int] = []

    def add(self, row: Sequence[Any]) -> None:
        """Append one row."""
        self.values.extend(row)
        self.lengths.append(len(row))

    def padded(self, coded: Sequence[float] | NDArray[Any], fill: float) -> NDArray[Any]:
        """The rows as a matrix, with `coded` in place of their values."""
        lengths = np.array(self.lengths, dtype=np.int64)
        values = np.asarray(coded, dtype=None if len(coded) else np.int64)
        out = np.full((len(lengths), int(lengths.max(initial=0))), fill, dtype=values.dtype)
        out[np.arange(out.shape[1]) < lengths[:, None]] = values
        return out
