"""What was decoded and is likely to be wanted again: kept within bounds, made once."""

import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Any

from mmjudge.media.changes import file_modality, make
from mmjudge.media.source import check_file

ROOM = 256 << 20
"""Bytes of decoded media that a process keeps."""


class Cache:
    """Values by key, the least recently used dropped when they outgrow a number of bytes."""

    def __init__(self, room: int) -> None:
        self.room, self.used = room, 0
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """The value, or None."""
        if key not in self._held:
            return None
        self._held.move_to_end(key)
        return self._held[key][0]

    def put(self, key: Hashable, value: Any, nbytes: int) -> None:
        """Keep a value, if there is room for it at all."""
        if nbytes > self.room or key in self._held:
            return
        self._held[key] = value, nbytes
        self.used += nbytes
        while self.used > self.room:
            self.used -= self._held.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Drop everything."""
        self._held.clear()
        self.used = 0

    def __len__(self) -> int:
        return len(self._held)


class Kept:
    """Decoded media and their changes by content: each is made once, as long as there is room.

    Args:
        room: Bytes that may be kept.
    """

    def __init__(self, room: int = ROOM) -> None:
        self.cache = Cache(room)

    def value(self, path: Path, job: dict[str, Any], facts: Any, decode: Callable[[], Any]) -> Any:
        """The decoded medium with the changes of a job.

        The file is checked each time; only decoding and changing are done once.

        Args:
            path: The file.
            job: What is asked for: a `Media` as it is dumped.
            facts: What else shapes the decoded medium.
            decode: Gives it unchanged.

        Raises:
            MediaError: The file is not there or not the right one, or a change fails.
        """
        check_file(path, job["uri"], job["sha256"])
        status = path.stat()
        content = job["sha256"] or (str(path), status.st_size, status.st_mtime_ns)
        changes = tuple(job.get("changes", ()))
        kind = file_modality(job["modality"], changes)
        seen = (kind, content, json.dumps(facts, sort_keys=True))
        value = self._made(seen, decode)
        for n, text in enumerate(changes, 1):
            value = self._made((*seen, changes[:n]), partial(make, value, kind, text, job["uri"]))
            kind = job["modality"]
        return value

    def _made(self, key: Hashable, maker: Callable[[], Any]) -> Any:
        value = self.cache.get(key)
        if value is None:
            value = maker()
            self.cache.put(key, value, nbytes(value))
        return value


def nbytes(decoded: Any) -> int:
    """Memory that a decoded medium takes."""
    array = getattr(decoded, "frames", getattr(decoded, "samples", None))
    if array is not None:
        return int(array.nbytes)
    return int(decoded.width * decoded.height * 4)
