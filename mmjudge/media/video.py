"""Videos: an index of all frames without decoding, the frames to show, and the fastest decoder."""

import bisect
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mmjudge.media.containers import VIDEOS, require_container
from mmjudge.media.image import MediaError, fitted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmjudge.types import Sampling

MAX_DECODED = 1 << 30
"""Bytes of one decoded medium; what would take more is refused before it is decoded."""


class VideoFrames(NamedTuple):
    """Frames of a video, upright, RGB.

    `frames` has shape (n, height, width, 3); `indices[i]` is the place of frame i among the
    `n_frames` of the file, in the order of presentation. `fps` is 0 for a single frame.
    """

    frames: "NDArray[np.uint8]"
    indices: tuple[int, ...]
    fps: float
    n_frames: int
    duration_s: float
    backend: str


class VideoIndex(NamedTuple):
    """What demuxing tells: `pts` of all frames in order of presentation, in units of `tick_s`.

    `keys` are the indices of keyframes, `key_dts` where to seek for them.
    """

    pts: tuple[int, ...]
    keys: tuple[int, ...]
    key_dts: tuple[int, ...]
    tick_s: float
    fps: float
    duration_s: float
    width: int
    height: int


class Order(NamedTuple):
    """What a backend is asked for: `wanted` indices, ascending, with `threads` threads."""

    path: Path
    name: str
    container: str
    scan: VideoIndex
    wanted: tuple[int, ...]
    threads: int


Backend = Callable[[Order], "Iterator[NDArray[np.uint8]]"]


def decode_video(path: Path, name: str, sampling: "Sampling", threads: int = 1) -> VideoFrames:
    """Decode the frames that the sampling asks for.

    Args:
        path: The file, on this machine.
        name: For messages.
        sampling: Which frames, how large, by which library.
        threads: Threads of the decoder.

    Raises:
        MediaError: The file is no allowed container, was cut, has no video, holds fewer frames than
            it promises, or cannot be decoded; or the frames would take too much memory.
    """
    from mmjudge.media.video_pyav import index_video

    container = require_container(path, name, VIDEOS)
    index = index_video(path, name, container)
    order = Order(path, name, container, index, choose(index, sampling, name), threads)
    backend = sampling.backend if sampling.backend != "auto" else fastest(index)
    try:
        frames = _frames(order, backend, sampling.max_side)
    except MediaError:
        if sampling.backend != "auto" or backend == "pyav":
            raise
        backend = "pyav"
        frames = _frames(order, backend, sampling.max_side)
    return VideoFrames(frames, order.wanted, index.fps, len(index.pts), index.duration_s, backend)


def choose(index: VideoIndex, sampling: "Sampling", name: str) -> tuple[int, ...]:
    """Indices of the frames to decode, ascending, each once.

    Raises:
        MediaError: They would take more than `MAX_DECODED` bytes.
    """
    match sampling.strategy:
        case "uniform":
            chosen = middles(len(index.pts), sampling.frames)
        case "keyframes":
            chosen = tuple(index.keys[i] for i in middles(len(index.keys), sampling.frames))
        case "fps":
            chosen = ticks(index, sampling.fps or 1.0, name)
    width, height = fitted(index.width, index.height, sampling.max_side)
    _require_room(len(chosen) * width * height * 3, name)
    return chosen


def _require_room(size: int, name: str) -> None:
    if size > MAX_DECODED:
        raise MediaError(
            f"{name}: {size} bytes when decoded; at most {MAX_DECODED}: "
            "ask for fewer frames or a smaller max_side"
        )


def middles(n: int, k: int) -> tuple[int, ...]:
    """The middles of k equal parts of 0..n-1; all of them where there are no more than k.

    Example:
        >>> middles(10, 2), middles(3, 8)
        ((2, 7), (0, 1, 2))
    """
    if n <= k:
        return tuple(range(n))
    return tuple((2 * i + 1) * n // (2 * k) for i in range(k))


def ticks(index: VideoIndex, fps: float, name: str) -> tuple[int, ...]:
    """What is on the screen every 1/fps seconds from the first frame on; each frame once."""
    count = int(index.duration_s * fps) + 1
    if count > MAX_DECODED:
        raise MediaError(f"{name}: {index.duration_s:g} s are too long for {fps:g} frames a second")
    if count > len(index.pts) * 4:
        count = len(index.pts) * 4
        fps = count / max(index.duration_s, 1e-9)
    shown = {0}
    for tick in range(count):
        at = index.pts[0] + tick / fps / index.tick_s
        if tick / fps < index.duration_s:
            shown.add(bisect.bisect_right(index.pts, at + 1e-6) - 1)
    return tuple(sorted(shown))


def fastest(index: VideoIndex) -> str:
    """The library that decodes such a file fastest.

    Where there are keyframes to jump to, PyAV skips what lies between; with a single one everything
    has to be decoded, and decord does that with the least overhead.
    """
    return "decord" if len(index.keys) == 1 and find_spec("decord") else "pyav"


def _frames(order: Order, backend: str, max_side: int | None) -> "NDArray[np.uint8]":
    import numpy as np

    read: Backend = import_module(f"mmjudge.media.video_{backend}").read_frames
    stack: Any = None
    count = 0
    for count, frame in enumerate(_typed(read, order), 1):
        small = shrunk(frame, max_side)
        if stack is None:
            _require_room(len(order.wanted) * small.size, order.name)
            stack = np.empty((len(order.wanted), *small.shape), np.uint8)
        if small.shape != stack.shape[1:]:
            raise MediaError(f"{order.name}: the size changes at frame {order.wanted[count - 1]}")
        stack[count - 1] = small
    if count != len(order.wanted):
        raise MediaError(f"{order.name}: {count} of {len(order.wanted)} frames could be decoded")
    return stack  # type: ignore[no-any-return]


def _typed(read: Backend, order: Order) -> "Iterator[NDArray[np.uint8]]":
    """The frames; whatever a library raises becomes a `MediaError`."""
    try:
        yield from read(order)
    except (MediaError, MemoryError, GeneratorExit):
        raise
    except ImportError as error:
        first = str(error).strip().splitlines()[0]
        raise MediaError(f"{order.name}: the decoder cannot be used here: {first}") from error
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        raise MediaError(f"{order.name}: cannot be decoded: {first}") from error


def shrunk(frame: "NDArray[np.uint8]", max_side: int | None) -> "NDArray[np.uint8]":
    """The frame, scaled down where a side is longer than `max_side`."""
    height, width = frame.shape[:2]
    size = fitted(width, height, max_side)
    if size == (width, height):
        return frame
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))


def require_count(order: Order, found: int, library: str) -> None:
    """Return if a library counts as many frames as there are.

    Raises:
        MediaError: It counts others, so its indices mean other frames.
    """
    if found != len(order.scan.pts):
        raise MediaError(
            f"{order.name}: {library} counts {found} frames, the file has {len(order.scan.pts)}"
        )


def in_pieces(order: Order) -> Iterator[Sequence[int]]:
    """The wanted indices in pieces of some 128 MB when decoded."""
    size = max(1, (128 << 20) // (order.scan.width * order.scan.height * 3))
    for start in range(0, len(order.wanted), size):
        yield list(order.wanted[start : start + size])
