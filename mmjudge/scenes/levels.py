"""Levels of difficulty: which values facts take, and how far apart they are shown.

Distances are chosen so that a careful person tells any two values apart in every modality; the
tests measure them in what is drawn and played.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LevelName = Literal["easy", "medium", "hard"]

COLOURS = {
    "red": (206, 32, 41),
    "blue": (32, 84, 214),
    "green": (24, 148, 62),
    "yellow": (246, 206, 12),
    "orange": (244, 128, 18),
    "purple": (128, 44, 168),
    "pink": (248, 138, 196),
    "brown": (112, 66, 28),
}
"""sRGB. Any two are at least `MIN_COLOUR_DISTANCE` apart."""

MIN_COLOUR_DISTANCE = 25.0
"""In CIELAB (CIE 1976): about ten just noticeable differences of 2.3, to survive JPEG."""

MIN_SIZE_RATIO = 1.5
"""Radius of large over small: areas differ by 2.25, beyond what a turn of a shape hides."""

MIN_SPEED_RATIO = 2.0
"""Distance of fast over slow in the same second; far above the 5 to 10 % that eyes tell apart."""

MIN_LOUDNESS_DB = 12.0
"""Loud over soft, A-weighted: 10 dB sound about twice as loud."""

MIN_PITCH_SEMITONES = 7
"""Between the nearest notes of two registers; one step of a contour is at least two semitones."""

PITCH_HZ = {"low": 220.0, "middle": 622.25, "high": 1760.0}
"""Centres of the registers, 18 semitones apart; a phrase stays within 5 semitones of its own."""

RHYTHM_S = {"quick": (0.2, 0.2), "slow": (0.5, 0.5), "dotted": (0.5, 0.2)}
"""Seconds from one onset to the next, alternating; dotted is long, short, long."""

CENTRE_NAMES = ("low", "middle", "high")


@dataclass(frozen=True)
class Level:
    """What a level shows.

    Attributes:
        name: easy, medium or hard.
        values: Values of each attribute; all are equally likely.
        groups: Number of groups of a still scene: this or one more.
        movers: Number of movers of a moving scene.
        moves: Number of moves.
        phrases: Number of phrases of a sound.
        side: Pixels of the side of an image.
        radius: Radius of small and large objects, as a share of a slot (a sixth of the side).
        travel: Way of a slow and a fast move in a second, as a share of the frame.
        loudness_db: How much louder loud is.
        step: Semitones of a step of a contour.
        texture: Contrast of the background, in grey levels.
        marks: Number of faint grey marks in the background.
        jpeg: Range of JPEG quality; None for PNG.
        noise_db: Level of the noise behind a sound, under full scale; None for silence.
    """

    name: LevelName
    values: Mapping[str, tuple[object, ...]]
    groups: int
    movers: int
    moves: int
    phrases: int
    side: int
    radius: tuple[float, float]
    travel: tuple[float, float]
    loudness_db: float
    step: int
    texture: float
    marks: int
    jpeg: tuple[int, int] | None
    noise_db: float | None


def _values(
    colours: int, shapes: int, timbres: int, **more: tuple[object, ...]
) -> Mapping[str, tuple[object, ...]]:
    all_shapes = ("circle", "square", "triangle", "star", "cross", "heart", "ring", "diamond")
    return {
        "count": (1, 2, 3, 4),
        "notes": (2, 3, 4, 5),
        "size": ("small", "large"),
        "colour": tuple(COLOURS)[:colours],
        "shape": all_shapes[:shapes],
        "direction": ("left", "right", "up", "down"),
        "path": ("straight", "zigzag"),
        "speed": ("slow", "fast"),
        "timbre": ("pure", "bell", "buzzy", "plucked", "hollow")[:timbres],
        "noise": ("hiss", "rumble"),
        "pitch": CENTRE_NAMES,
        "contour": ("rising", "falling", "level"),
        "rhythm": ("quick", "slow", "dotted"),
        "loudness": ("soft", "loud"),
        **more,
    }


LEVELS: dict[LevelName, Level] = {
    "easy": Level(
        name="easy",
        values=_values(4, 4, 3, rhythm=("quick", "slow"), path=("straight",)),
        groups=2,
        movers=2,
        moves=2,
        phrases=2,
        side=256,
        radius=(0.26, 0.45),
        travel=(0.15, 0.48),
        loudness_db=20.0,
        step=2,
        texture=3.0,
        marks=0,
        jpeg=None,
        noise_db=None,
    ),
    "medium": Level(
        name="medium",
        values=_values(6, 6, 4),
        groups=3,
        movers=3,
        moves=3,
        phrases=3,
        side=256,
        radius=(0.26, 0.43),
        travel=(0.16, 0.44),
        loudness_db=16.0,
        step=2,
        texture=9.0,
        marks=10,
        jpeg=(75, 92),
        noise_db=-52.0,
    ),
    "hard": Level(
        name="hard",
        values=_values(8, 8, 5),
        groups=4,
        movers=3,
        moves=4,
        phrases=4,
        side=288,
        radius=(0.27, 0.41),
        travel=(0.18, 0.40),
        loudness_db=13.0,
        step=2,
        texture=16.0,
        marks=24,
        jpeg=(35, 60),
        noise_db=-44.0,
    ),
}
