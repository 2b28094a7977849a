"""Memory that a decoding process shares with its owner: written there, read here, then reused.

Fresh memory from the system costs a good part of what it takes to decode a small picture, and so
does every copy: a block is written once, looked at in place, and taken again when its reader is
done with it.
"""

import mmap
import os
import weakref
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEGMENT = 64 << 20
"""Bytes by which the shared file grows, unless one block is larger."""

IDLE = 256 << 20
"""Bytes of free blocks that are kept for later; the memory of further ones goes back."""

_PAGE = mmap.PAGESIZE

Place = tuple[int, int, int, int]
"""Where a block lies: start and length of its segment in the file, start in it, bytes written."""


class Arena:
    """The writer's side: gives out blocks of a shared file.

    Args:
        descriptor: Of the file, as inherited.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._segments: dict[int, mmap.mmap] = {}
        self._latest = 0
        self._taken = 0  # bytes of the latest segment that were given out
        self._free: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._idle = 0

    def put(self, raw: bytes | memoryview) -> Place:
        """Copy bytes into a block and say where it is.

        Raises:
            OSError: The system has no more memory.
        """
        size = _rounded(len(raw))
        if self._free[size]:
            segment, start = self._free[size].pop()
            self._idle -= size
        else:
            segment, start = self._new(size)
        mapped = self._segments[segment]
        mapped[start : start + len(raw)] = raw
        return segment, len(mapped), start, len(raw)

    def take_back(self, places: Iterable[Place]) -> None:
        """Note blocks that the reader is done with."""
        for segment, _, start, used in places:
            size = _rounded(used)
            self._free[size].append((segment, start))
            self._idle += size
            if self._idle > IDLE and hasattr(mmap, "MADV_REMOVE"):
                self._segments[segment].madvise(mmap.MADV_REMOVE, start, size)

    def _new(self, size: int) -> tuple[int, int]:
        """Segment and start of a block that was never given out."""
        if not self._segments or self._taken + size > len(self._segments[self._latest]):
            end = self._latest + len(self._segments[self._latest]) if self._segments else 0
            length = max(SEGMENT, size)
            os.ftruncate(self.descriptor, end + length)
            self._segments[end] = mmap.mmap(self.descriptor, length, offset=end)
            self._latest, self._taken = end, 0
        start = self._taken
        self._taken += size
        return self._latest, start


class Lending:
    """The reader's side: arrays over blocks, which are free again when nothing refers to them."""

    def __init__(self) -> None:
        if hasattr(os, "memfd_create"):
            self._file = os.fdopen(os.memfd_create("mmjudge"), "r+b")
        else:
            import tempfile

            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as this)
        self._segments: dict[int, NDArray[np.uint8]] = {}
        self._returned: deque[Place] = deque()

    @property
    def descriptor(self) -> int:
        """Of the shared file, for the process that writes to it."""
        return self._file.fileno()

    def lend(self, place: Place) -> "NDArray[np.uint8]":
        """The bytes of a block, shape (n,); the block is free when this and its views are gone."""
        import numpy as np

        segment, length, start, used = place
        if segment not in self._segments:
            mapped = mmap.mmap(self.descriptor, length, offset=segment)
            self._segments[segment] = np.frombuffer(mapped, np.uint8)
        # A view of a view refers to the first array only; through a memoryview it refers to this.
        block = self._segments[segment][start : start + used]
        weakref.finalize(block, self._returned.append, place).atexit = False
        return np.frombuffer(block.data, np.uint8)

    def returned(self) -> list[Place]:
        """The blocks that became free since the last call."""
        places = []
        while self._returned:
            places.append(self._returned.popleft())
        return places

    def close(self) -> None:
        """Close the file; what is lent stays readable."""
        self._file.close()


def _rounded(size: int) -> int:
    """Bytes of the block for so many: whole pages, and few different sizes.

    Example:
        >>> _rounded(1), _rounded(4097), _rounded(1_000_001)
        (4096, 8192, 1048576)
    """
    step = max(_PAGE, 1 << max(size.bit_length() - 4, 0))
    return max(-(-size // step), 1) * step
