"""Names and sets of them as small numbers, shared by all runs of a page."""

from collections.abc import Iterable


class Names:
    """Names with a code each, in the order in which they came.

    Example:
        >>> names = Names()
        >>> names.of(["b", "a", "b"]), names.all
        ([0, 1, 0], ['b', 'a'])
    """

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def of(self, names: Iterable[str]) -> list[int]:
        """Codes of names; new ones for those that are new."""
        return [self._codes.setdefault(name, len(self._codes)) for name in names]

    @property
    def all(self) -> list[str]:
        """Every name, by its code."""
        return list(self._codes)

    def __len__(self) -> int:
        return len(self._codes)


class Sets:
    """Sets of small numbers with a code each; 0 is the empty one.

    Example:
        >>> sets = Sets()
        >>> sets.code({2, 1}), sets.code(()), sets.all
        (1, 0, [[], [1, 2]])
    """

    def __init__(self) -> None:
        self._codes: dict[tuple[int, ...], int] = {(): 0}

    def code(self, members: Iterable[int]) -> int:
        """Code of a set."""
        return self._codes.setdefault(tuple(sorted(members)), len(self._codes))

    @property
    def all(self) -> list[list[int]]:
        """Every set, by its code."""
        return [list(members) for members in self._codes]


class Known:
    """What the units of all runs share."""

    def __init__(self) -> None:
        self.criteria, self.reasons, self.probes = Names(), Names(), Names()
        self.failed, self.moved = Sets(), Sets()
