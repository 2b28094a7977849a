"""What is kept of a million items: a few bytes of each, or a few of them."""

from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
RECENT = 4096
"""Values that are kept as they came before they are packed."""
MOST_WORDS = 20_000
"""Words that are counted at once."""


class Stood:
    """Values that came before, each with a number, in 16 bytes a value.

    Values are told apart by their hashes: that two of a million share one of 64 bits has a chance
    of one in thirty million.

    Example:
        >>> stood = Stood()
        >>> stood.add("a", 1), stood.add("b", 2), stood.add("a", 3)
        (None, None, 1)
    """

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._hashes = np.empty(0, dtype=np.int64)
        self._numbers = np.empty(0, dtype=np.int64)

    def add(self, value: object, number: int) -> int | None:
        """The number that the value came with first, None if it is new."""
        code = hash(value)
        place = int(self._hashes.searchsorted(code))
        if place < len(self._hashes) and self._hashes[place] == code:
            return int(self._numbers[place])
        if code in self._recent:
            return self._recent[code]
        self._recent[code] = number
        if len(self._recent) == RECENT:
            self._pack()
        return None

    def _pack(self) -> None:
        codes = np.fromiter(self._recent.keys(), dtype=np.int64, count=len(self._recent))
        numbers = np.fromiter(self._recent.values(), dtype=np.int64, count=len(self._recent))
        self._hashes = np.concatenate((self._hashes, codes))
        self._numbers = np.concatenate((self._numbers, numbers))
        order = self._hashes.argsort(kind="stable")
        self._hashes, self._numbers = self._hashes[order], self._numbers[order]
        self._recent.clear()


class Spread(Generic[T]):
    """Some values of a stream, evenly spaced over all of it, however long it becomes.

    Args:
        least: How many are kept at least, of a stream that has as many; at most twice as many.

    Example:
        >>> spread = Spread(3)
        >>> for number in range(20):
        ...     spread.add(number)
        >>> list(spread)
        [0, 4, 8, 12, 16]
    """

    def __init__(self, least: int) -> None:
        self._least, self._step, self._seen = least, 1, 0
        self._kept: list[T] = []

    def add(self, value: T) -> None:
        """Take the next value of the stream."""
        if self._seen % self._step == 0:
            self._kept.append(value)
        self._seen += 1
        if len(self._kept) == 2 * self._least:
            self._kept = self._kept[::2]
            self._step *= 2

    def __iter__(self) -> Iterator[T]:
        return iter(self._kept)


class Words:
    """Counts by word; where there are more than `MOST_WORDS`, the rarest are forgotten.

    A word that comes again after that is counted anew: one that many items have loses a few.
    """

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str], list[int]] = {}
        self._rare = 1

    def add(self, word: tuple[str, str], right: bool) -> None:
        """Count a word, and whether it stood where it would be right."""
        count = self.counts.setdefault(word, [0, 0])
        count[0] += right
        count[1] += 1
        while len(self.counts) > MOST_WORDS:
            self.counts = {k: v for k, v in self.counts.items() if v[1] > self._rare}
            self._rare *= 2 if len(self.counts) > MOST_WORDS // 2 else 1
