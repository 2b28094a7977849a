"""Decoding that runs beside judging: processes that may die, bounded memory, a batch at a time."""

import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmjudge.errors import MissingExtraError
from mmjudge.media.audio import AudioClip
from mmjudge.media.image import MediaError
from mmjudge.media.process import Limits, Worker, WorkerLostError
from mmjudge.media.source import fetch, is_remote
from mmjudge.media.video import VideoFrames
from mmjudge.types import Media, Part, Request, Sampling

Decoded = Any
"""A decoded medium: `PIL.Image.Image` in RGB, `VideoFrames` or `AudioClip`."""

CHUNK = 8
"""Images decoded in one step of a worker: enough to make handing over cheap."""

_Results = dict[Media, Decoded | MediaError]
_NEEDED = {"video": (("av", "video"),), "audio": (("soundfile", "audio"), ("soxr", "audio"))}


@dataclass(eq=False)
class Pending:
    """A batch that was submitted; empty, it is a batch without media."""

    loader: "Loader | None" = None
    chunks: list["_Chunk"] = field(default_factory=list)
    size: int = 0
    wanted: bool = False


@dataclass(eq=False)
class _Chunk:
    batch: Pending
    media: list[Media]
    done: "Future[_Results]" = field(default_factory=Future)


class Loader:
    """Decodes the media of requests in `workers` processes, one thread waiting for each.

    A process that dies is replaced, and what it was at is tried once more; what kills a second one,
    or takes too long, is a `MediaError` of that medium alone.

    Args:
        root: Folder that relative URIs start from.
        workers: Number of processes.
        sampling: What of videos and sounds is decoded.
        allow_urls: Whether `https://` is fetched.
        limits: What decoding may take.
    """

    def __init__(
        self,
        root: Path | None,
        workers: int,
        sampling: Sampling | None = None,
        allow_urls: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.allow_urls = allow_urls
        self._request = {
            "root": str(root.resolve()) if root else "",
            "sampling": (sampling or Sampling()).model_dump(),
            "threads": max(1, (os.cpu_count() or 1) // workers),
        }
        self._changed = threading.Condition()
        self._waiting: deque[_Chunk] = deque()
        self._held = 0
        self._closed = False
        self.workers: list[Worker] = []
        self._threads = [
            threading.Thread(target=self._serve, name=f"decode-{i}", daemon=True)
            for i in range(workers)
        ]

    def submit(self, batch: Sequence[Request]) -> Pending:
        """Start decoding all media of a batch, each once.

        Raises:
            MissingExtraError: A library that they need is not installed.
        """
        wanted = list(dict.fromkeys(media for request in batch for media in media_of(request)))
        for modality in {media.modality for media in wanted}:
            for library, extra in _NEEDED.get(modality, ()):
                if find_spec(library) is None:
                    raise MissingExtraError(f"decoding {modality}", library, extra)
        pending = Pending(self)
        pending.chunks = [_Chunk(pending, media) for media in _chunked(wanted)]
        if pending.chunks:
            with self._changed:
                self._waiting += pending.chunks
                self._changed.notify_all()
            for thread in self._threads:
                if thread.ident is None:
                    thread.start()
        return pending

    def taken(self, pending: Pending) -> None:
        """Note that a batch is the judge's now, and no longer held here."""
        with self._changed:
            self._held -= pending.size
            pending.size = 0
            self._changed.notify_all()

    def want(self, pending: Pending) -> None:
        """Let a batch be decoded whatever is held already: somebody waits for it."""
        with self._changed:
            pending.wanted = True
            self._changed.notify_all()

    def _next(self) -> _Chunk | None:
        """The next chunk, when there is room for it; None when there will be none."""
        with self._changed:
            while not self._closed:
                room = self._held < self.limits.ahead
                for place, chunk in enumerate(self._waiting):
                    if room or chunk.batch.wanted:
                        del self._waiting[place]
                        return chunk
                self._changed.wait()
            return None

    def _serve(self) -> None:
        """The life of one thread: chunks, until the loader is closed."""
        with self._changed:
            if self._closed:
                return
            worker = Worker(self.limits)
            self.workers.append(worker)
        while chunk := self._next():
            try:
                results = self._decode(worker, chunk)
            except BaseException as error:  # noqa: BLE001 (raised again where it is gathered)
                chunk.done.set_exception(error)
                continue
            chunk.done.set_result(results)

    def _decode(self, worker: Worker, chunk: _Chunk) -> _Results:
        if chunk.batch.size > self.limits.batch:
            full = f"more than {self.limits.batch} bytes in one batch; lower batch_size or max_side"
            return {media: MediaError(f"{media.uri}: {full}") for media in chunk.media}
        results: _Results = {}
        jobs: dict[Media, dict[str, Any]] = {}
        fetched: list[Path] = []
        for media in chunk.media:
            try:
                jobs[media] = self._job(media, fetched)
            except MediaError as error:
                results[media] = error
        answers = self._ask(worker, jobs)
        for folder in fetched:
            shutil.rmtree(folder, ignore_errors=True)
        size = 0
        for media, (head, raw) in answers.items():
            results[media] = _decoded(media, head, raw)
            size += len(raw)
        with self._changed:
            chunk.batch.size += size
            self._held += size
        return results

    def _job(self, media: Media, fetched: list[Path]) -> dict[str, Any]:
        """What a process is told of a medium; what had to be fetched lies in one of `fetched`."""
        path = ""
        if is_remote(media.uri):
            fetched.append(Path(tempfile.mkdtemp(prefix="mmjudge-")))
            path = str(fetch(media.uri, fetched[-1], self.allow_urls).resolve())
        return media.model_dump() | {"path": path}

    def _ask(
        self, worker: Worker, jobs: dict[Media, dict[str, Any]], again: bool = False
    ) -> dict[Media, tuple[dict[str, Any], Any]]:
        """What the process answers; a chunk that breaks it is taken apart to find who did."""
        if not jobs:
            return {}
        try:
            answers = worker.ask(self._request | {"jobs": list(jobs.values())})
            return dict(zip(jobs, answers, strict=True))
        except WorkerLostError as lost:
            if self._closed or (len(jobs) == 1 and (lost.hung or again)):
                return {media: ({"error": f"{media.uri}: {lost}"}, b"") for media in jobs}
            alone = [{media: job} for media, job in jobs.items()]
            found: dict[Media, tuple[dict[str, Any], Any]] = {}
            for one in alone:
                found |= self._ask(worker, one, again=len(jobs) == 1)
            return found

    def close(self) -> None:
        """Drop what was not gathered and end the processes."""
        with self._changed:
            self._closed = True
            for chunk in self._waiting:
                chunk.done.cancel()
            self._waiting.clear()
            self._changed.notify_all()
            for worker in self.workers:
                worker.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for worker in self.workers:
            worker.close()


def _chunked(media: Sequence[Media]) -> Iterator[list[Media]]:
    """Images in groups, everything else alone: a video takes long enough by itself."""
    group: list[Media] = []
    for one in media:
        if one.modality != "image":
            yield [one]
            continue
        group.append(one)
        if len(group) == CHUNK:
            yield group
            group = []
    if group:
        yield group


def _decoded(media: Media, head: dict[str, Any], raw: Any) -> Decoded | MediaError:
    """The value that a judge gets, from what came over the socket; arrays share its memory."""
    if "error" in head:
        return MediaError(head["error"])
    if media.modality == "image":
        from PIL import Image

        return Image.frombytes("RGB", tuple(head["size"]), raw)
    import numpy as np

    if media.modality == "audio":
        return AudioClip(np.frombuffer(raw, np.float32), head["rate"])
    indices, *facts = head["facts"]
    frames = np.frombuffer(raw, np.uint8).reshape(head["shape"])
    return VideoFrames(frames, tuple(indices), *facts)


def gather(pending: Pending) -> dict[Media, Decoded | MediaError]:
    """Wait for a batch that was submitted."""
    decoded: dict[Media, Decoded | MediaError] = {}
    if pending.loader is None:
        return decoded
    pending.loader.want(pending)
    for chunk in pending.chunks:
        decoded.update(chunk.done.result())
    pending.loader.taken(pending)
    pending.chunks = []
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
