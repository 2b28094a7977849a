"""Reads facts back from pixels and samples, knowing nothing of how they were made."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull

PALETTE = {
    "red": (206, 32, 41),
    "blue": (32, 84, 214),
    "green": (24, 148, 62),
    "yellow": (246, 206, 12),
    "orange": (244, 128, 18),
    "purple": (128, 44, 168),
    "pink": (248, 138, 196),
    "brown": (112, 66, 28),
}


def colours(pixels: np.ndarray, reach: float = 60.0) -> np.ndarray:
    """Place in the palette of the nearest colour, or -1 where none is near; shape (..., h, w)."""
    nearest = np.full(pixels.shape[:-1], reach**2, np.float32)
    found = np.full(pixels.shape[:-1], -1, np.int8)
    for place, colour in enumerate(PALETTE.values()):
        distance = ((pixels.astype(np.float32) - np.array(colour, np.float32)) ** 2).sum(-1)
        found[distance < nearest] = place
        nearest = np.minimum(nearest, distance)
    return found


def shape_of(mask: np.ndarray) -> tuple[str, float]:
    """The shape of one component, by how it fills its hull, its circle and its box; its radius."""
    points = np.argwhere(mask).astype(float)
    square = np.array([(-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)])
    corners = (points[:, None] + square).reshape(-1, 2)
    hull = ConvexHull(corners)
    radius = np.linalg.norm(points - (points.max(0) + points.min(0)) / 2, axis=1).max()
    if len(points) / hull.volume < 0.74:
        return "star", radius
    if len(points) > 0.84 * np.pi * (radius + 0.5) ** 2:  # all for a circle, .64 for a square
        return "circle", radius
    height, width = np.ptp(points, axis=0) + 1
    return ("square" if len(points) > 0.65 * height * width else "triangle"), radius


def objects(path: Path) -> list[dict[str, Any]]:
    """Every object of an easy image: colour, shape, size and cell."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    side = len(pixels)
    found = []
    places = colours(pixels)
    for colour in ("red", "blue", "green", "yellow"):
        labels, count = ndimage.label(places == list(PALETTE).index(colour))
        for place in range(1, count + 1):
            mask = labels == place
            if mask.sum() < 40:
                continue
            shape, radius = shape_of(mask)
            y, x = ndimage.center_of_mass(mask)
            cell = [int(3 * y / side), int(3 * x / side)]
            size = "large" if radius > 12.8 else "small"
            found.append({"colour": colour, "shape": shape, "size": size, "cell": cell})
    return found


def frames(path: Path) -> np.ndarray:
    """All frames of a video, shape (n, h, w, 3)."""
    import av

    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def track(places: np.ndarray, colour: str) -> np.ndarray:
    """Centre of the pixels of a colour in each frame of `colours`, shape (n, 2): x, y."""
    masks = places == list(PALETTE).index(colour)
    return np.array([ndimage.center_of_mass(mask)[::-1] for mask in masks])


def direction(step: np.ndarray) -> str:
    x, y = step
    if abs(x) > abs(y):
        return "right" if x > 0 else "left"
    return "down" if y > 0 else "up"


def runs(loud: np.ndarray, shortest_gap: int) -> list[tuple[int, int]]:
    """Stretches of True, with gaps shorter than that closed: [(start, end), ...]."""
    at = np.flatnonzero(loud)
    cuts = np.flatnonzero(np.diff(at) > shortest_gap)
    starts, ends = at[np.r_[0, cuts + 1]], at[np.r_[cuts, len(at) - 1]]
    return [(int(s), int(e) + 1) for s, e in zip(starts, ends, strict=True)]


def peak_hz(samples: np.ndarray, rate: int) -> float:
    """The strongest frequency, by a parabola through the peak of the spectrum."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    return float(power.argmax() * rate / (8 * len(samples)))


def lowest_hz(samples: np.ndarray, rate: int) -> float:
    """The lowest frequency that is not far weaker than the strongest."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8 * len(samples)))
    first = int(np.flatnonzero(power > 0.3 * power.max())[0])
    width = 8 * 4
    return float((first + power[first : first + width].argmax()) * rate / (8 * len(samples)))


def timbre(samples: np.ndarray, rate: int) -> str:
    """Pure, bell or buzzy: by what sounds at 1, 2 and 2.76 times the lowest frequency."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    base = lowest_hz(samples, rate)

    def strength(multiple: float) -> float:
        return float(spectrum[np.abs(hertz - multiple * base) < 0.06 * base].max())

    if strength(2.76) > 0.15 * strength(1):
        return "bell"
    return "buzzy" if strength(2) > 0.15 * strength(1) else "pure"


def phrases(path: Path) -> list[dict[str, Any]]:
    """Every phrase of an easy sound, with levels in dB."""
    import soundfile

    samples, rate = soundfile.read(path)
    found = []
    for start, end in runs(np.abs(samples) > 2e-4, round(0.55 * rate)):
        part = samples[start:end]
        notes = runs(np.abs(part) > 2e-4, round(0.02 * rate))
        found.append(phrase([part[s:e] for s, e in notes], [s for s, _ in notes], rate))
    return found


def phrase(notes: list[np.ndarray], onsets: list[int], rate: int) -> dict[str, Any]:
    apart = np.diff(onsets) / rate
    spectrum = np.abs(np.fft.rfft(notes[0])) ** 2
    rhythm = "quick" if apart.mean() < 0.3 else "slow"
    told = {"count": len(notes), "rhythm": rhythm}
    hertz = np.fft.rfftfreq(len(notes[0]), 1 / rate)
    share = spectrum[hertz > 3000].sum() / spectrum.sum()
    if share > 0.9:
        return {**told, "timbre": "hiss", "pitch": None, "contour": None}
    band = spectrum[(hertz > 100) & (hertz < 400)]
    tonal = spectrum.max() / band.mean() if band.mean() else np.inf
    if band.sum() / spectrum.sum() > 0.9 and tonal < 12:
        return {**told, "timbre": "rumble", "pitch": None, "contour": None}
    pitches = [lowest_hz(note, rate) for note in notes]
    steps = [12 * np.log2(b / a) for a, b in pairwise(pitches)]
    contour = "level" if max(map(abs, steps)) < 1 else "rising" if steps[0] > 0 else "falling"
    middle = float(np.exp(np.log(pitches).mean()))
    register = "low" if middle < 370 else "middle" if middle < 1040 else "high"
    return {**told, "timbre": timbre(notes[0], rate), "pitch": register, "contour": contour}
