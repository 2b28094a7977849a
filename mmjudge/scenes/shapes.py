"""Shapes as masks: drawn large, then made small, so that their edges are smooth."""

import math
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

_FINER = 4
Point = tuple[float, float]


def _turned(n: int, radii: tuple[float, ...], start: float) -> list[Point]:
    """Corners around the centre, the first at the angle `start` (radians, clockwise from right)."""
    angles = [start + 2 * math.pi * i / n for i in range(n)]
    return [
        (radii[i % len(radii)] * math.cos(a), radii[i % len(radii)] * math.sin(a))
        for i, a in enumerate(angles)
    ]


def _cross(arm: float) -> list[Point]:
    a, b = arm, 0.95
    quarter = [(a, -b), (a, -a), (b, -a)]
    corners = []
    for _ in range(4):
        corners += quarter
        quarter = [(-y, x) for x, y in quarter]
    return corners


def _heart() -> list[Point]:
    """The curve 16 sin^3 t, 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t, scaled to the radius."""
    points = []
    for i in range(60):
        t = 2 * math.pi * i / 60
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((x / 17, -(y + 2.5) / 17))
    return points


CORNERS: dict[str, list[Point]] = {
    "circle": _turned(72, (0.9,), 0.0),
    "square": _turned(4, (1.15,), math.pi / 4),
    "triangle": _turned(3, (1.1,), -math.pi / 2),
    "star": _turned(10, (1.1, 0.46), -math.pi / 2),
    "cross": _cross(0.32),
    "heart": _heart(),
    "ring": _turned(72, (0.95,), 0.0),
    "diamond": [(0.0, -1.1), (0.62, 0.0), (0.0, 1.1), (-0.62, 0.0)],
}
"""Corners of each shape for the radius 1, y downwards."""

_HOLE = 0.55
"""Radius of the hole of a ring, as a share of its own."""


@lru_cache(maxsize=8192)
def masks(shape: str, radius: float, turn: int) -> tuple[Image.Image, Image.Image]:
    """Coverage of a shape and of its inside within the outline, mode L, in the same frame.

    Args:
        shape: One of `CORNERS`.
        radius: In pixels.
        turn: Degrees, clockwise.
    """
    side = 2 * math.ceil(radius * 1.2 + 1)
    large = Image.new("L", (side * _FINER, side * _FINER))
    canvas = ImageDraw.Draw(large)
    canvas.polygon(_placed(CORNERS[shape], radius, turn, side), fill=255)
    if shape == "ring":
        canvas.polygon(_placed(CORNERS[shape], radius * _HOLE, turn, side), fill=0)
    inner = large.filter(ImageFilter.MinFilter(2 * _FINER - 1))
    small = (side, side)
    return large.resize(small, Image.Resampling.BOX), inner.resize(small, Image.Resampling.BOX)


def _placed(corners: list[Point], radius: float, turn: int, side: int) -> list[Point]:
    c, s = math.cos(math.radians(turn)) * radius, math.sin(math.radians(turn)) * radius
    middle = side / 2
    return [
        ((x * c - y * s + middle) * _FINER, (x * s + y * c + middle) * _FINER) for x, y in corners
    ]


def stamp(
    image: Image.Image,
    shape: str,
    colour: tuple[int, int, int],
    centre: Point,
    look: tuple[float, int],
) -> None:
    """Draw a shape with a darker outline.

    Args:
        image: Mode RGB.
        shape: One of `CORNERS`.
        colour: sRGB of the inside.
        centre: In pixels, x and y.
        look: Radius in pixels and turn in degrees.
    """
    outer, inner = masks(shape, *look)
    left, top = (round(c - outer.size[0] / 2) for c in centre)
    dark = tuple(round(0.55 * c) for c in colour)
    image.paste(dark, (left, top), outer)
    image.paste(colour, (left, top), inner)
