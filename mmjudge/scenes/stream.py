"""Random numbers that are the same everywhere: each stream follows from its name alone."""

import hashlib
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Stream:
    """A source of random numbers named by words, such as seed, direction and index of an item.

    The words are hashed with SHA-256 into an integer that seeds `random.Random`. Only its method
    `random()` is called, which Python promises to keep; what else is drawn is computed here from
    it. So neither the order in which items are made, nor PYTHONHASHSEED, nor a version of Python or
    numpy changes what is drawn.

    Args:
        words: Names of the stream; different words, different numbers.

    Example:
        >>> Stream("7", "easy", 0).below(1000), Stream("7", "easy", 0).below(1000)
        (42, 42)
    """

    def __init__(self, *words: str | int) -> None:
        self._words = words
        self._random = Random(self._number()).random

    def _number(self) -> int:
        text = "".join(f"{len(str(word))}:{word}" for word in self._words)
        return int.from_bytes(hashlib.sha256(text.encode()).digest())

    def fork(self, *words: str | int) -> "Stream":
        """A stream of its own, whatever was drawn from this one."""
        return Stream(*self._words, *words)

    @property
    def seed(self) -> int:
        """128 bits for another generator; its numbers may be used for pixels and samples only."""
        return self.fork("seed")._number() >> 128

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self._random()

    def below(self, n: int) -> int:
        """A whole number in 0..n-1."""
        return int(self._random() * n)

    def choice(self, values: Sequence[T]) -> T:
        """One of the values."""
        return values[self.below(len(values))]

    def coin(self, share: float = 0.5) -> bool:
        """True for that share of draws."""
        return self._random() < share

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """The values in random order (Fisher and Yates)."""
        mixed = list(values)
        for last in range(len(mixed) - 1, 0, -1):
            other = self.below(last + 1)
            mixed[last], mixed[other] = mixed[other], mixed[last]
        return mixed
