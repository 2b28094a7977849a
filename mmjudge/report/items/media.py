"""Media of all items as files in a folder, each distinct content once."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from mmjudge.report.browser import media_root
from mmjudge.report.embed import Embedded, Embedder
from mmjudge.report.untrusted import visible
from mmjudge.types import Media, RunHeader

LARGEST = 8_000_000
"""A video of more bytes is named and not shown."""
BLOCK = 1_000_000
"""Characters of data URIs that a page holds together: what is looked at is taken apart, no more."""
AT_ONCE = 64
_ENDINGS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
}
TYPES = {ending: mime for mime, ending in _ENDINGS.items()}
"""What a file of this ending is, to a browser."""

Shown = dict[str, Any]
"""A medium as data of a page: kind `k`; file `f`, its block `b`, width `w` and height `h`; or why
it is not shown, `n`; what it shows or says in words, `t`, where the task has that."""


class MediaFiles:
    """Writes media into a folder and says how a page finds them.

    Args:
        folder: Where to; it is there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blocks: list[list[str]] = [[]]
        self.characters = 0
        self._room = BLOCK
        self._known: dict[tuple[str, Media], Shown] = {}
        self._files: dict[str, int] = {}
        self._embedders: dict[str, Embedder] = {}

    def take(self, header: RunHeader, media: Iterable[Media]) -> None:
        """Write those that are not there yet."""
        label = header.task.label
        if label not in self._embedders:
            self._embedders[label] = Embedder(media_root(header), 1 << 62, LARGEST)
        embedder = self._embedders[label]
        new = [one for one in dict.fromkeys(media) if (label, one) not in self._known]
        for some in _batches(new):
            for one, made in embedder.embed(some).items():
                self._known[label, one] = self._shown(made)

    def of(self, label: str, media: Media) -> Shown:
        """How a page shows a medium that was taken."""
        return self._known[label, media]

    def _shown(self, made: Embedded) -> Shown:
        if not made.src:
            return {"k": made.modality, "n": visible(made.note, 400)}
        head, _, body = made.src.partition(";base64,")
        content = base64.b64decode(body)
        name = hashlib.sha256(content).hexdigest()[:24]
        file = f"{name}.{_ENDINGS[head.removeprefix('data:')]}"
        if file not in self._files:
            (self.folder / file).write_bytes(content)
            self._files[file] = self._block(file, len(made.src))
        shown = {"k": made.modality, "f": file, "b": self._files[file]}
        return shown | ({"w": made.width, "h": made.height} if made.width else {})

    def _block(self, file: str, size: int) -> int:
        self.characters += size
        if self._room <= 0:
            self.blocks.append([])
            self._room = BLOCK
        self._room -= size
        self.blocks[-1].append(file)
        return len(self.blocks) - 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for embedder in self._embedders.values():
            embedder.close()


def _batches(media: list[Media]) -> Iterator[list[Media]]:
    """Videos one by one, since they may be large, and some of all others together."""
    others = [one for one in media if one.modality != "video"]
    yield from ([one] for one in media if one.modality == "video")
    for start in range(0, len(others), AT_ONCE):
        yield others[start : start + AT_ONCE]
