"""Real media of three kinds and seeded damage to them: cut, flipped, spliced, zeroed."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tests.media.made import needs, sine, video

WAYS = ("cut", "flipped", "spliced", "zeroed")
CHECKED = (".png", ".flac", ".ogg")
"""Kinds of files with a checksum of every part: damage of any kind is found."""


class Damaged(NamedTuple):
    """A damaged copy of a file, and how it was done."""

    path: Path
    whole: Path
    modality: str
    way: str


def originals(folder: Path) -> dict[str, list[Path]]:
    """Small files in all formats that are decoded, by modality."""
    folder.mkdir(exist_ok=True)
    return {"image": _images(folder), "video": _videos(folder), "audio": _sounds(folder)}


def _images(folder: Path) -> list[Path]:
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(small).resize((96, 72), Image.Resampling.BICUBIC)
    paths = [folder / f"a.{kind}" for kind in ("jpg", "png", "webp", "gif", "bmp")]
    for path in paths:
        picture.save(path)
    picture.save(folder / "progressive.jpg", progressive=True)
    return [*paths, folder / "progressive.jpg"]


def _videos(folder: Path) -> list[Path]:
    return [
        video(folder / "a.mp4", 30, gop=10),
        video(folder / "single.mp4", 30, gop=900),
        video(folder / "early.mp4", 30, gop=10, movflags="faststart"),
        video(folder / "a.webm", 30, gop=10),
        video(folder / "a.mkv", 30, gop=10),
        video(folder / "a.avi", 30, gop=10),
    ]


def _sounds(folder: Path) -> list[Path]:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 16_000)
    paths = [folder / f"a.{kind}" for kind in ("wav", "flac", "ogg", "mp3")]
    for path in paths:
        needs("soundfile").write(path, noise + sine(1, 16_000), 16_000)
    return [*paths, video(folder / "sound.mp4", 30, audio_s=1.0)]


def damage(content: bytes, way: str, rng: np.random.Generator) -> bytes:
    """A damaged copy: cut at a point, up to 8 bits flipped, or up to a quarter overwritten."""
    n = len(content)
    if way == "cut":
        return content[: int(rng.integers(1, n))]
    out = bytearray(content)
    if way == "flipped":
        for _ in range(int(rng.integers(1, 9))):
            out[int(rng.integers(n))] ^= 1 << int(rng.integers(8))
        return bytes(out)
    at, size = int(rng.integers(n)), int(rng.integers(1, n // 4))
    source = int(rng.integers(n))
    piece = content[source : source + size] if way == "spliced" else bytes(size)
    out[at : at + len(piece)] = piece
    return bytes(out[:n])


def spread(files: dict[str, list[Path]], folder: Path, n: int) -> Iterator[Damaged]:
    """`n` damaged files, spread evenly over modalities, ways and formats; none equals its whole."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)
    for place in range(n):
        modality = tuple(files)[place % 3]
        way = WAYS[place // 3 % 4]
        whole = files[modality][place // 12 % len(files[modality])]
        content = whole.read_bytes()
        while (changed := damage(content, way, rng)) == content:
            pass
        path = folder / f"{place}-{way}{whole.suffix}"
        path.write_bytes(changed)
        yield Damaged(path, whole, modality, way)
