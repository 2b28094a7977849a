"""Decoding that runs beside judging: processes that may die, bounded memory, a batch at a time."""

import os
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from mmjudge.errors import MissingExtraError
from mmjudge.media.audio import AudioClip
from mmjudge.media.changes import file_modality
from mmjudge.media.image import MediaError, UnchangedError
from mmjudge.media.process import Answer, Limits, Worker, WorkerLostError
from mmjudge.media.source import fetch, is_remote
from mmjudge.media.video import VideoFrames
from mmjudge.types import Media, Part, Request, Sampling

Decoded = Any
"""A decoded medium: `PIL.Image.Image` in RGB, `VideoFrames` or `AudioClip`."""

CHUNK = 32
"""The most images decoded in one step of a worker: enough to make handing over cheap."""

ROOM = 64 << 20
"""Bytes decoded in one step; the first medium beyond is the last, the others come in a next one."""

AHEAD = 2
"""Chunks that a worker has at once: it goes on while the answer to the first is taken in."""

_Results = dict[Media, Decoded | MediaError]
_Jobs = dict[Media, dict[str, Any]]
_Answers = dict[Media, Answer]
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


class _Asked(NamedTuple):
    """A chunk that a worker was sent, what it was told, and what is to be done away afterwards."""

    chunk: _Chunk
    jobs: _Jobs
    refused: _Results
    fetched: "_Fetched"


class _Fetched:
    """What has to be fetched for a chunk: every address is asked once, and gone afterwards."""

    def __init__(self, allow_urls: bool) -> None:
        self._allow_urls = allow_urls
        self._folder: Path | None = None
        self._found: dict[str, Path | MediaError] = {}

    def path(self, uri: str) -> Path:
        """Where it lies now.

        Raises:
            MediaError: It cannot be had.
        """
        if uri not in self._found:
            self._found[uri] = self._fetch(uri)
        found = self._found[uri]
        if isinstance(found, MediaError):
            raise found
        return found

    def _fetch(self, uri: str) -> Path | MediaError:
        self._folder = self._folder or Path(tempfile.mkdtemp(prefix="mmjudge-"))
        try:
            return fetch(uri, self._folder, self._allow_urls).resolve()
        except MediaError as error:
            return error

    def remove(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


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
        return self.decode([media for request in batch for media in media_of(request)])

    def decode(self, media: Iterable[Media]) -> Pending:
        """Start decoding media, each once.

        Raises:
            MissingExtraError: A library that they need is not installed.
        """
        wanted = list(dict.fromkeys(media))
        for modality in set(map(_in_file, wanted)):
            for library, extra in _NEEDED.get(modality, ()):
                if find_spec(library) is None:
                    raise MissingExtraError(f"decoding {modality}", library, extra)
        pending = Pending(self)
        each = min(CHUNK, 1 + len(wanted) // (AHEAD * len(self._threads)))
        pending.chunks = [_Chunk(pending, some) for some in _chunked(wanted, each)]
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

    def _next(self, wait: bool) -> _Chunk | None:
        """The next chunk that there is room for; None when there is none, or will be none."""
        with self._changed:
            while not self._closed:
                room = self._held < self.limits.ahead
                for place, chunk in enumerate(self._waiting):
                    if room or chunk.batch.wanted:
                        del self._waiting[place]
                        return chunk
                if not wait:
                    return None
                self._changed.wait()
            return None

    def _serve(self) -> None:
        """The life of one thread: chunks, until the loader is closed."""
        with self._changed:
            if self._closed:
                return
            worker = Worker(self.limits)
            self.workers.append(worker)
        asked: deque[_Asked] = deque()
        while True:
            while len(asked) < AHEAD and (chunk := self._next(wait=not asked)):
                with _raised_where_gathered(chunk):
                    asked.append(self._ask(worker, chunk))
            if not asked:
                return
            first = asked.popleft()
            with _raised_where_gathered(first.chunk):
                answers = self._answers(worker, first.jobs, asked)
                first.chunk.done.set_result(self._results(first, answers))

    def _ask(self, worker: Worker, chunk: _Chunk) -> _Asked:
        asked = _Asked(chunk, {}, {}, _Fetched(self.allow_urls))
        full = f"more than {self.limits.batch} bytes in one batch; lower batch_size or max_side"
        for media in chunk.media:
            try:
                if chunk.batch.size > self.limits.batch:
                    raise MediaError(f"{media.uri}: {full}")
                asked.jobs[media] = self._job(media, asked.fetched)
            except MediaError as error:
                asked.refused[media] = error
        self._send(worker, asked.jobs, min(ROOM, self.limits.batch - chunk.batch.size))
        return asked

    def _job(self, media: Media, fetched: "_Fetched") -> dict[str, Any]:
        """What a process is told of a medium."""
        path = str(fetched.path(media.uri)) if is_remote(media.uri) else ""
        return media.model_dump() | {"path": path}

    def _send(self, worker: Worker, jobs: _Jobs, room: int = ROOM) -> None:
        if jobs:
            worker.send(self._request | {"jobs": list(jobs.values()), "room": room})

    def _answers(self, worker: Worker, jobs: _Jobs, later: Iterable[_Asked] = ()) -> _Answers:
        """What the process answers to the jobs sent first: for want of room not always to all.

        The `later` ones are sent again if the process was lost.
        """
        if not jobs:
            return {}
        if self._closed:
            # Its process is gone: to wait for an answer would be to wait for the time limit.
            return {media: ({"error": f"{media.uri}: no longer wanted"}, None) for media in jobs}
        try:
            return dict(zip(jobs, worker.receive(), strict=False))
        except WorkerLostError as lost:
            answers = self._apart(worker, jobs, lost)
        if not self._closed:
            for asked in later:
                self._send(worker, asked.jobs)
        return answers

    def _apart(self, worker: Worker, jobs: _Jobs, lost: WorkerLostError) -> _Answers:
        """Each job of a chunk that broke a process, by itself; one that breaks two is to blame."""
        if self._closed or (len(jobs) == 1 and lost.hung):
            return {media: ({"error": f"{media.uri}: {lost}"}, None) for media in jobs}
        answers: _Answers = {}
        for media, job in jobs.items():
            whole = answers.get(media.model_copy(update={"changes": ()}))
            if whole and whole[1] is None:
                answers[media] = whole  # what cannot be decoded is not waited for in each form
                continue
            self._send(worker, {media: job})
            try:
                answers[media] = worker.receive()[0]
            except WorkerLostError as again:
                if len(jobs) > 1:
                    answers |= self._apart(worker, {media: job}, again)
                else:
                    answers[media] = ({"error": f"{media.uri}: {again}"}, None)
        return answers

    def _results(self, asked: _Asked, answers: _Answers) -> _Results:
        asked.fetched.remove()
        results, size = asked.refused, 0
        for media, (head, raw) in answers.items():
            results[media] = _decoded(media, head, raw)
            size += len(raw) if raw is not None else 0
        batch = asked.chunk.batch
        rest = _Chunk(batch, [media for media in asked.jobs if media not in answers])
        with self._changed:
            batch.size += size
            self._held += size
            if rest.media:
                batch.chunks.append(rest)
                self._waiting.appendleft(rest)
                self._changed.notify_all()
        return results

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


@contextmanager
def _raised_where_gathered(chunk: _Chunk) -> Iterator[None]:
    try:
        yield
    except BaseException as error:  # noqa: BLE001 (the thread is to go on with other chunks)
        chunk.done.set_exception(error)


def _chunked(media: Sequence[Media], each: int) -> Iterator[list[Media]]:
    """Images at hand in groups; a video, or what has to be fetched, takes long enough alone.

    A medium and its changed forms stay together: then it is decoded once for all of them.
    """
    forms: dict[tuple[str, str, str | None], list[Media]] = {}
    for one in media:
        forms.setdefault((_in_file(one), one.uri, one.sha256), []).append(one)
    group: list[Media] = []
    for (kind, uri, _), some in forms.items():
        if kind == "image" and not is_remote(uri):
            group += some
            if len(group) >= each:
                yield group
                group = []
    if group:
        yield group
    yield from (some for (kind, uri, _), some in forms.items() if kind != "image" or is_remote(uri))


def _in_file(media: Media) -> str:
    return file_modality(media.modality, media.changes)


def _decoded(media: Media, head: dict[str, Any], raw: Any) -> Decoded | MediaError:
    """The value that a judge gets: it lies in the memory that the process wrote to."""
    if raw is None:
        return (UnchangedError if head.get("unchanged") else MediaError)(head["error"])
    if media.modality == "image":
        return _picture(raw, tuple(head["size"]))
    if media.modality == "audio":
        return AudioClip(raw.view("float32"), head["rate"])
    indices, *facts = head["facts"]
    return VideoFrames(raw.reshape(head["shape"]), tuple(indices), *facts)


def _picture(raw: Any, size: tuple[int, int]) -> Any:
    """Pixels of four bytes as a `PIL.Image.Image` in RGB, without a copy."""
    import pyarrow as pa
    from PIL import Image

    values = pa.Array.from_buffers(pa.uint8(), len(raw), [None, pa.py_buffer(raw)])
    return Image.fromarrow(pa.FixedSizeListArray.from_arrays(values, 4), "RGB", size)


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
