"""Still scenes to train on: families of scenes a fact apart, as small pictures and captions."""

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmjudge.scenes import draw
from mmjudge.scenes.edits import chain, editable
from mmjudge.scenes.facts import CRITERIA, Scene, Still
from mmjudge.scenes.levels import LEVELS, Level, LevelName
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.scenes.texts import caption

SIDE = 96
"""Pixels of a side as the models see a picture."""

GROUND, SPREAD = 0.875, 0.25
"""Brightness of a ground and how far objects are from it, from 0 to 1: for all three colours."""

GROUNDS = 500
"""Grounds that are drawn once for a level; pictures to train on share them."""


class Family(NamedTuple):
    """A scene and others that are a fact apart from it: pictures, shape (n, side, side, 3)."""

    pictures: NDArray[np.uint8]
    captions: tuple[str, ...]


HARD = {"position": 2, "relation": 3}
"""How often places are changed, where other facts are once: they are the slowest to be learned."""


def families(seed: str, level: LevelName, n: int) -> Iterator[Family]:
    """Families without end.

    Args:
        seed: Everything follows from it.
        level: Difficulty.
        n: Scenes in a family, the first of which the others were made from.
    """
    number = 0
    while True:
        yield _family(Stream(seed, level, number), LEVELS[level], n)
        number += 1


def _family(stream: Stream, level: Level, n: int) -> Family:
    criterion = stream.choice(CRITERIA["still"])
    start = sample("still", level, stream.fork("scene"), criterion)
    found = {fact.criterion for fact in editable(start, level)}
    often = [c for c in sorted(found) for _ in range(HARD.get(c, 1))]
    scenes: list[Scene] = [start]
    for number in range(n - 1):
        chosen = stream.choice(often)
        scenes.append(chain(start, 1, level, stream.fork("edit", number), chosen).scenes[1])
    stills = [scene for scene in scenes if isinstance(scene, Still)]
    return Family(
        np.stack([picture(s, level, stream.fork("look", i)) for i, s in enumerate(stills)]),
        tuple(caption(s, stream.fork("say", i)) for i, s in enumerate(stills)),
    )


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


def normalised(pictures: NDArray[np.uint8]) -> Any:
    """Pictures as a tensor of shape (n, 3, side, side), in which a plain ground is about 0."""
    import torch

    shown = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    return shown.div_(255 * SPREAD).sub_(GROUND / SPREAD)
