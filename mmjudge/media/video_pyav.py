"""Videos with PyAV: the index of a file, and frames by seeking only past a keyframe."""

import bisect
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmjudge.media.image import MediaError
from mmjudge.media.video import Order, VideoIndex

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS = {"protocol_whitelist": "file"}
"""A container that refers to other places gets nothing from them but local files."""

_SHORTER_BY_S = 0.25

_FORMATS = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm", "avi": "avi"}


def open_container(path: Path, container: str) -> Any:
    """Open a file as the container that it is, whatever a probe would take it for."""
    import av

    return av.open(str(path), options={**OPTIONS, "format_whitelist": _FORMATS[container]})


def index_video(path: Path, name: str, container: str) -> VideoIndex:
    """Read all packets of the video stream, decoding none.

    Raises:
        MediaError: There is no video stream, no frame, or fewer than the container promises.
    """
    import av

    try:
        with open_container(path, container) as opened:
            if not opened.streams.video:
                raise MediaError(f"{name}: no video stream")
            stream = opened.streams.video[0]
            # Where no number of frames is promised, the end of all streams together has to do.
            chosen = opened.streams if container == "matroska" else [stream]
            packets, last_s = [], 0.0
            for p in opened.demux(*chosen):
                if not p.size or p.is_corrupt:
                    continue
                pts = p.pts if p.pts is not None else p.dts
                if p.stream_index == stream.index:
                    packets.append((pts, p.dts, p.is_keyframe, p.is_discard))
                if container == "matroska" and pts is not None:
                    last_s = max(last_s, float((pts + (p.duration or 0)) * p.time_base))
            if container == "matroska":
                _require_end(last_s, opened.duration, name)
            return _index(packets, stream, name)
    except (av.FFmpegError, OSError, ValueError, OverflowError) as error:
        raise MediaError(f"{name}: damaged or unreadable: {error}") from error


def _require_end(last_s: float, promised: int | None, name: str) -> None:
    """Return if the packets reach as far as the container says that it lasts, in microseconds."""
    promised_s = (promised or 0) / 1_000_000
    if last_s < promised_s - _SHORTER_BY_S:
        raise MediaError(f"{name}: ends at {last_s:.2f} s; the container promises {promised_s:.2f}")


def _index(packets: list[Any], stream: Any, name: str) -> VideoIndex:
    if len(packets) < stream.frames or not packets:
        promised = f"promises {stream.frames}" if stream.frames else "should hold some"
        raise MediaError(f"{name}: {len(packets)} frames; the container {promised}")
    if any(pts is None for pts, _, _, _ in packets):
        raise MediaError(f"{name}: frames without a time")
    shown = sorted((packet for packet in packets if not packet[3]), key=itemgetter(0))
    if not shown:
        raise MediaError(f"{name}: {len(packets)} frames, none of which is to be shown")
    pts = tuple(packet[0] for packet in shown)
    if len(set(pts)) < len(pts):
        raise MediaError(f"{name}: {len(pts)} frames at {len(set(pts))} times: which is which?")
    keys = tuple(i for i, packet in enumerate(shown) if packet[2])
    # A stream whose codec is not known has neither width nor height.
    width, height = getattr(stream, "width", 0), getattr(stream, "height", 0)
    if not keys or stream.time_base is None or not (width and height):
        raise MediaError(f"{name}: no frame to begin with")
    tick = float(stream.time_base)
    span = (pts[-1] - pts[0]) * tick
    fps = (len(pts) - 1) / span if span > 0 else 0.0
    return VideoIndex(
        pts=pts,
        keys=keys,
        key_dts=tuple(pts[i] if shown[i][1] is None else shown[i][1] for i in keys),
        tick_s=tick,
        fps=fps,
        duration_s=span + (1 / fps if fps else 0.0),
        width=width,
        height=height,
    )


def read_frames(order: Order) -> "Iterator[NDArray[np.uint8]]":
    """The wanted frames, in order; between two of one keyframe it decodes on instead of seeking.

    Raises:
        MediaError: A frame is missing or damaged.
    """
    index = order.scan
    with open_container(order.path, order.container) as opened:
        stream = opened.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = order.threads
        decoded = opened.decode(stream)
        at = 0
        for wanted in order.wanted:
            frame = None
            for start in _starts(index, at, wanted):
                if start is not None:
                    opened.seek(start, stream=stream)
                    decoded = opened.decode(stream)
                frame = _forward(decoded, index.pts[wanted])
                if frame is not None:
                    break
            if frame is None or frame.is_corrupt:
                raise MediaError(f"{order.name}: frame {wanted} is missing or damaged")
            at = wanted
            yield _upright(frame)


def _starts(index: VideoIndex, at: int, wanted: int) -> Iterator[int | None]:
    """Where to decode from to get a frame, best first; None goes on from where the decoder is.

    Some containers seek by the time of presentation, some by that of decoding; the wrong one leads
    a keyframe too far back, which is slow, or too far on, where the frame does not come.
    """
    nearest = max(0, bisect.bisect_right(index.keys, wanted) - 1)
    if index.keys[nearest] > at:
        yield index.pts[index.keys[nearest]]
    else:
        yield None
    yield index.key_dts[nearest]
    yield min(0, index.key_dts[0])


def _forward(decoded: Iterator[Any], pts: int) -> Any:
    """Decode on to the frame of that time; None where it does not come."""
    for frame in decoded:
        found = frame.pts if frame.pts is not None else frame.dts
        if found is not None and found >= pts:
            return frame if found == pts else None
    return None


def _upright(frame: Any) -> "NDArray[np.uint8]":
    import numpy as np

    pixels: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.rot90(pixels, turns) if turns else pixels
