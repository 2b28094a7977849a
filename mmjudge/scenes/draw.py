"""Still scenes as images: smooth shapes on a textured ground with faint grey marks."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mmjudge.scenes.facts import GRID, Group, Still
from mmjudge.scenes.levels import COLOURS, Level
from mmjudge.scenes.shapes import Point, stamp
from mmjudge.scenes.stream import Stream

_INSET = 0.06
"""Free edge of a cell as a share of its side, so that neighbours in two cells stay apart."""

ARRANGED: dict[int, tuple[tuple[Point, ...], ...]] = {
    1: (((0, 0),),),
    2: (
        ((-0.5, 0), (0.5, 0)),
        ((0, -0.5), (0, 0.5)),
        ((-0.5, -0.5), (0.5, 0.5)),
        ((0.5, -0.5), (-0.5, 0.5)),
    ),
    3: (((-0.5, 0.5), (0.5, 0.5), (0, -0.5)), ((-0.5, -0.5), (0.5, -0.5), (0, 0.5))),
    4: (((-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)),),
}
"""Places of the objects of a group around the centre of its cell, in slots (half a cell)."""


def draw(scene: Still, level: Level, stream: Stream, on: Image.Image | None = None) -> Image.Image:
    """An image of the scene, mode RGB; everything but the facts follows from the stream.

    Args:
        scene: What is shown.
        level: How it is shown.
        stream: Decides all that is no fact.
        on: A ground to draw on; from the stream if left out.
    """
    image = on or ground((level.side, level.side), level, stream.fork("ground"))
    for group in scene.groups:
        _draw_group(image, group, level, stream.fork("group", group.name))
    return image


def _draw_group(image: Image.Image, group: Group, level: Level, stream: Stream) -> None:
    small, large = level.radius
    cell = level.side / GRID
    slot = cell * (1 - 2 * _INSET) / 2
    radius = round(2 * slot * (large if group.size == "large" else small)) / 2
    spare = max(0.0, slot / 2 - 1.1 * radius)
    column, row = ((place + 0.5) * cell for place in group.cell[::-1])
    for x, y in stream.choice(ARRANGED[group.count]):
        centre = (
            column + x * slot + stream.uniform(-spare, spare),
            row + y * slot + stream.uniform(-spare, spare),
        )
        stamp(image, group.shape, COLOURS[group.colour], centre, (radius, 3 * stream.below(5) - 6))


def ground(size: tuple[int, int], level: Level, stream: Stream) -> Image.Image:
    """A light ground: a slope of brightness, a texture, and marks that are no objects."""
    rng = np.random.PCG64(stream.seed)
    width, height = size
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)
    coarse = stream.choice((8, 16, 32))
    grey = _texture(rng, (width // coarse, height // coarse), size)
    if stream.coin(0.3):
        period = stream.uniform(6, 20)
        across, down = stream.choice(((1, 0), (0, 1), (1, 1), (1, -1)))
        wave = (across * columns * width + down * rows * height) * np.float32(np.pi / period)
        grey += 0.5 * np.sin(wave)
    grey += _bytes(rng, (height, width)) * np.float32(1 / 255)
    grey *= level.texture
    grey += stream.uniform(-8, 8) * rows + stream.uniform(-8, 8) * columns
    grey += stream.uniform(212, 236) - level.texture / 2
    tint = np.array([stream.uniform(-7, 7) for _ in range(3)], dtype=np.float32)
    pixels = (grey[..., None] + tint).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(pixels)
    for _ in range(level.marks):
        _mark(image, stream)
    return image


def _bytes(rng: np.random.PCG64, shape: tuple[int, int]) -> NDArray[Any]:
    """Random bytes from the raw stream of bits, which no version of numpy changes."""
    count = shape[0] * shape[1]
    raw = np.asarray(rng.random_raw(-(-count // 8)), dtype="<u8")
    return raw.view(np.uint8)[:count].reshape(shape)


def _texture(rng: np.random.PCG64, cells: tuple[int, int], size: tuple[int, int]) -> NDArray[Any]:
    coarse = Image.fromarray(_bytes(rng, (cells[1], cells[0])))
    fine = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)
    return fine * np.float32(1 / 127.5) - 1


def _mark(image: Image.Image, stream: Stream) -> None:
    """A thin grey stroke or arc: in no colour of objects, and too thin for one."""
    grey = (stream.below(40) + 150,) * 3
    x, y = (stream.uniform(0, side) for side in image.size)
    dx, dy = stream.uniform(-24, 24), stream.uniform(-24, 24)
    canvas = ImageDraw.Draw(image)
    if stream.coin(0.6):
        canvas.line([(x, y), (x + dx, y + dy)], fill=grey, width=1)
    else:
        start = stream.below(360)
        box = (min(x, x + dx), min(y, y + dy), max(x, x + dx) + 4, max(y, y + dy) + 4)
        canvas.arc(box, start, start + 90 + stream.below(90), fill=grey, width=1)


def encode(
    image: Image.Image, level: Level, stream: Stream, compact: bool = False
) -> tuple[bytes, str]:
    """The bytes of the image file and its ending: PNG, or JPEG of a quality of the level.

    A compact PNG is a fifth smaller and takes twenty times as long; its pixels are the same.
    """
    content = io.BytesIO()
    if level.jpeg is None:
        image.save(content, "PNG", compress_level=9 if compact else 1)
        return content.getvalue(), ".png"
    lowest, highest = level.jpeg
    image.save(content, "JPEG", quality=lowest + stream.below(highest - lowest + 1))
    return content.getvalue(), ".jpg"
