"""Decoding that runs beside judging: a bounded pool, a batch at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mmjudge.media.image import MediaError, decode_image, keep_memory
from mmjudge.media.source import read_source
from mmjudge.types import Media, Part, Request

Decoded = Any
"""A decoded medium: for an image a `PIL.Image.Image` in RGB."""

CHUNK = 8
"""Media decoded in one step of a worker: enough to make handing over cheap."""

Pending = list[Future[dict[Media, Decoded | MediaError]]]


class Loader:
    """Decodes the media of requests in `workers` threads; Pillow frees the interpreter meanwhile.

    Args:
        root: Folder that relative URIs start from.
        workers: Number of threads.
    """

    def __init__(self, root: Path | None, workers: int) -> None:
        self.root = root
        keep_memory()
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="decode")

    def submit(self, batch: Sequence[Request]) -> Pending:
        """Start decoding all media of a batch, each once."""
        wanted = list(dict.fromkeys(media for request in batch for media in media_of(request)))
        chunks = [wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK)]
        return [self._pool.submit(self._decode, chunk) for chunk in chunks]

    def _decode(self, chunk: Sequence[Media]) -> dict[Media, Decoded | MediaError]:
        return {media: self._decode_one(media) for media in chunk}

    def _decode_one(self, media: Media) -> Decoded | MediaError:
        if media.modality != "image":
            return MediaError(f"{media.uri}: {media.modality} is not decoded by this version")
        try:
            return decode_image(read_source(media, self.root), media.uri)
        except MediaError as error:
            return error
        except Exception as error:  # noqa: BLE001 (a file may make a decoder raise anything)
            return MediaError(f"{media.uri}: {type(error).__name__}: {error}")

    def close(self) -> None:
        """Drop what was not started and stop the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def gather(pending: Pending) -> dict[Media, Decoded | MediaError]:
    """Wait for a batch that was submitted."""
    decoded: dict[Media, Decoded | MediaError] = {}
    for future in pending:
        decoded.update(future.result())
    return decoded


def media_of(request: Request) -> list[Media]:
    """All media of a request, in the order in which they are shown."""
    return [part for part in parts_of(request) if isinstance(part, Media)]


def parts_of(request: Request) -> Iterator[Part]:
    """All texts and media of a request, in the order in which they are shown."""
    yield from request.prompt
    yield from request.reference or ()
    for candidate in request.candidates:
        yield from candidate.parts
