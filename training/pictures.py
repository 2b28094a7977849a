"""Still scenes to train on: families of scenes a fact apart, as small pictures."""

import io
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmjudge.scenes import draw
from mmjudge.scenes.edits import chain, editable
from mmjudge.scenes.facts import CRITERIA, GRID, Scene, Still
from mmjudge.scenes.levels import LEVELS, Level, LevelName
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream

SIDE = 144
"""Pixels of a side as the models see a picture."""

MEMBERS = 5
"""Scenes in a family."""

GROUND, SPREAD = 0.875, 0.25
"""Brightness of a ground and how far objects are from it, from 0 to 1: for all three colours."""

GROUNDS = 500
"""Grounds that are drawn once for a level; pictures to train on share them."""

HARD = {"position": 2, "relation": 2, "shape": 2}
"""How often what is learned slowly is changed, where other facts are once."""

_AT_ONCE = 250
"""Families that a process draws before it hands them over."""


class Families(NamedTuple):
    """Families of scenes: one, and others that are a fact apart from it.

    `pictures`: shape (families, `MEMBERS`, side, side, 3).
    """

    scenes: Sequence[Sequence[Still]]
    pictures: NDArray[np.uint8]


def families(seed: str, level: LevelName, count: int, workers: int = 1) -> Families:
    """Draw families of a level.

    Args:
        seed: Everything follows from it.
        level: Difficulty.
        count: Number of families.
        workers: Processes that draw.
    """
    pictures = np.empty((count, MEMBERS, SIDE, SIDE, 3), np.uint8)
    scenes: list[list[Still]] = []
    jobs = [(seed, level, range(n, min(count, n + _AT_ONCE))) for n in range(0, count, _AT_ONCE)]
    for numbers, part in zip((job[2] for job in jobs), _done(jobs, workers), strict=True):
        pictures[numbers.start : numbers.stop] = part.pictures
        scenes += part.scenes
    return Families(scenes, pictures)


def _done(jobs: Sequence[tuple[str, LevelName, range]], workers: int) -> Iterator[Families]:
    if workers < 2:
        yield from map(_some, jobs)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_some, jobs)


def _some(job: tuple[str, LevelName, range]) -> Families:
    seed, name, numbers = job
    level, scenes, pictures = LEVELS[name], [], []
    for number in numbers:
        stream = Stream(seed, name, number)
        found = _family(stream, level)
        looks = (stream.fork("look", i) for i in range(MEMBERS))
        pictures.append([picture(s, level, look) for s, look in zip(found, looks, strict=True)])
        scenes.append(found)
    return Families(scenes, np.asarray(pictures))


def _family(stream: Stream, level: Level) -> list[Still]:
    criterion = stream.choice(CRITERIA["still"])
    start = sample("still", level, stream.fork("scene"), criterion)
    found = {fact.criterion for fact in editable(start, level)}
    often = [c for c in sorted(found) for _ in range(HARD.get(c, 1))]
    scenes: list[Scene] = [start]
    for number in range(MEMBERS - 1):
        chosen = stream.choice(often)
        scenes.append(chain(start, 1, level, stream.fork("edit", number), chosen).scenes[1])
    return [scene for scene in scenes if isinstance(scene, Still)]


def picture(scene: Still, level: Level, stream: Stream, side: int = SIDE) -> NDArray[np.uint8]:
    """A scene as the model sees it, shape (side, side, 3)."""
    ground = _ground(level.name, stream.below(GROUNDS))
    drawn = draw.draw(scene, level, stream, ground.copy())
    if level.jpeg is not None:
        drawn = _reread(draw.encode(drawn, level, stream)[0])
    return np.asarray(drawn.resize((side, side), Image.Resampling.BICUBIC))


def _reread(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@lru_cache(maxsize=3 * GROUNDS)
def _ground(level: LevelName, number: int) -> Image.Image:
    found = LEVELS[level]
    return draw.ground((found.side, found.side), found, Stream("grounds", level, number))


def mirrored(scene: Still) -> Still:
    """The scene of the picture turned left to right; every shape is its own mirror image."""
    turned = (replace(g, cell=(g.cell[0], GRID - 1 - g.cell[1])) for g in scene.groups)
    return replace(scene, groups=tuple(turned))


def normalised(pictures: NDArray[np.uint8]) -> Any:
    """Pictures as a tensor of shape (n, 3, side, side), in which a plain ground is about 0."""
    import torch

    shown = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float()
    return shown.div_(255 * SPREAD).sub_(GROUND / SPREAD)
