"""Moving scenes as films: H.264 in MP4, or the same frames as a strip."""

import io
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, pairwise
from typing import NamedTuple

from PIL import Image

from mmjudge.errors import MissingExtraError
from mmjudge.scenes.draw import ground
from mmjudge.scenes.facts import Move, Moving
from mmjudge.scenes.levels import COLOURS, Level
from mmjudge.scenes.shapes import Point, stamp
from mmjudge.scenes.stream import Stream

FPS = 12
SIDE = 192
"""Pixels of a side of the frame."""
RADIUS = 15
_APART = 2.5 * RADIUS
"""Pixels between the centres of two movers that is enough; closer ones would touch."""
_TRIES = 300
_REST = 4
"""Frames of stillness before, between and after the moves."""
_ZIGZAG = 13.0
"""Pixels that a zigzag leaves its line by, to either side, twice each in a move."""

STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class Staging(NamedTuple):
    """How a moving scene is staged: where each mover starts, how it is turned, on what ground."""

    starts: dict[int, Point]
    turns: dict[int, int]
    ground: Image.Image


def travelled(move: Move, share: float, level: Level) -> Point:
    """Way in pixels after a share of the second that a move takes."""
    far = level.travel[move.speed == "fast"] * SIDE
    x, y = STEPS[move.direction]
    aside = 0.0
    if move.path == "zigzag":
        aside = _ZIGZAG * 2 / math.pi * math.asin(math.sin(4 * math.pi * share))
    return x * far * share + y * aside, y * far * share + x * aside


def stage(scene: Moving, level: Level, stream: Stream) -> Staging:
    """A staging in which nothing leaves the frame, and movers keep apart if that can be had."""
    ranges = {mover.name: _range(scene, mover.name, level) for mover in scene.movers}
    starts, best = dict[int, Point](), -1.0
    for _ in range(_TRIES):
        tried = {name: _start(extent, stream) for name, extent in ranges.items()}
        clearance = _clearance(scene, tried, level)
        if clearance > best:
            starts, best = tried, clearance
        if best >= _APART:
            break
    turns = {mover.name: 3 * stream.below(5) - 6 for mover in scene.movers}
    return Staging(starts, turns, ground((SIDE, SIDE), level, stream.fork("ground")))


def _range(scene: Moving, mover: int, level: Level) -> tuple[float, float, float, float]:
    """How far a mover gets from its start: least and most x, least and most y."""
    x = y = 0.0
    seen = [(x, y)]
    for who, move in scene.in_order():
        if who.name == mover:
            ways = [travelled(move, share / 8, level) for share in range(9)]
            seen += [(x + dx, y + dy) for dx, dy in ways]
            x, y = x + ways[-1][0], y + ways[-1][1]
    xs, ys = zip(*seen, strict=True)
    return min(xs), max(xs), min(ys), max(ys)


def _start(extent: tuple[float, float, float, float], stream: Stream) -> Point:
    edge = RADIUS * 1.2 + 2
    left, right, top, bottom = extent
    return (
        stream.uniform(edge - left, SIDE - edge - right),
        stream.uniform(edge - top, SIDE - edge - bottom),
    )


def _clearance(scene: Moving, starts: dict[int, Point], level: Level) -> float:
    """Least distance of two movers in pixels, at moments among which a zigzag is farthest out."""
    nearest = math.inf
    for where in positions(scene, starts, level, [i / 8 for i in range(9)]):
        for one, other in combinations(where.values(), 2):
            nearest = min(nearest, math.dist(one, other))
    return nearest


def positions(
    scene: Moving, starts: dict[int, Point], level: Level, shares: list[float]
) -> Iterator[dict[int, Point]]:
    """Where all movers are at these shares of each move in turn."""
    now = dict(starts)
    for mover, move in scene.in_order():
        x, y = now[mover.name]
        for share in shares:
            dx, dy = travelled(move, share, level)
            yield {**now, mover.name: (x + dx, y + dy)}
        dx, dy = travelled(move, 1.0, level)
        now[mover.name] = (x + dx, y + dy)


def frames(scene: Moving, level: Level, staging: Staging) -> Iterator[Image.Image]:
    """The frames of the film: each move takes a second, with a rest around it."""
    shares = [0.0] * _REST + [i / FPS for i in range(1, FPS + 1)]
    last = None
    for where in positions(scene, staging.starts, level, shares):
        last = frame(scene, staging, where)
        yield last
    for _ in range(_REST if last is not None else 0):
        yield last  # type: ignore[misc]


def frame(scene: Moving, staging: Staging, where: dict[int, Point]) -> Image.Image:
    """One frame."""
    image = staging.ground.copy()
    for mover in scene.movers:
        look = (float(RADIUS), staging.turns[mover.name])
        stamp(image, mover.shape, COLOURS[mover.colour], where[mover.name], look)
    return image


def stills(scene: Moving, level: Level, staging: Staging) -> list[list[Image.Image]]:
    """Frames that show each move: its start, four moments on the way, its end.

    The moments are those at which a zigzag is farthest from its line.
    """
    shares = [0.0, 0.125, 0.375, 0.625, 0.875, 1.0]
    found = [frame(scene, staging, p) for p in positions(scene, staging.starts, level, shares)]
    cuts = range(0, len(found) + 1, len(shares))
    return [found[start:end] for start, end in pairwise(cuts)]


def encode(scene: Moving, level: Level, staging: Staging) -> tuple[bytes, str]:
    """The bytes of the film and their ending; the same on one version of PyAV and x264.

    Raises:
        MissingExtraError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("a scene as a video", "av", "video") from error
    content = io.BytesIO()
    options = {"fflags": "+bitexact"}
    with av.open(content, "w", format="mp4", options=options) as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        stream.codec_context.thread_count = 1
        quality = {"easy": "18", "medium": "23", "hard": "30"}[level.name]
        stream.options = {
            "crf": quality,
            "preset": "veryfast",
            "threads": "1",
            "flags": "+bitexact",
            # Without it x264 picks arithmetic by the processor, and the same frames become other
            # bytes now and then, even in one process.
            "x264-params": "cpu-independent=1",
        }
        for place, image in enumerate(frames(scene, level, staging)):
            picture = av.VideoFrame.from_image(image)
            picture.pts = place
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
    return content.getvalue(), ".mp4"
