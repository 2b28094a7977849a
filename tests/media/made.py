"""Real media files made on the spot; every frame carries its own number, and is found again."""

import io
import subprocess
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

BITS = 10
WIDTH, HEIGHT = 160, 96


def needs(library: str) -> Any:
    return pytest.importorskip(
        library, reason=f"{library} is not here: WHAT NEEDS IT IS NOT TESTED"
    )


def numbered(number: int) -> np.ndarray:
    """A frame with its number in bars, black and white."""
    bars = np.array([255 * (number >> bit & 1) for bit in range(BITS)], np.uint8)
    row = np.repeat(bars, WIDTH // BITS)
    return np.repeat(np.tile(row, (HEIGHT, 1))[..., None], 3, axis=2)


def number_of(frame: np.ndarray) -> int:
    bars = frame.mean(axis=(0, 2)).reshape(BITS, -1).mean(axis=1) > 128
    return sum(1 << bit for bit in range(BITS) if bars[bit])


def video(
    path: Path,
    n: int = 60,
    gop: int = 12,
    times: Sequence[int] | None = None,
    tick: Fraction = Fraction(1, 30),
    audio_s: float = 0.0,
    **options: str,
) -> Path:
    """An H.264 (or in .avi MPEG-4) video of numbered frames; `times` in ticks."""
    wanted = _Wanted(n, gop, tuple(times or range(n)), tick, audio_s, tuple(options.items()))
    path.write_bytes(_video(path.suffix, wanted))
    return path


class _Wanted(NamedTuple):
    n: int
    gop: int
    times: tuple[int, ...]
    tick: Fraction
    audio_s: float
    options: tuple[tuple[str, str], ...]


@cache
def _video(suffix: str, wanted: _Wanted) -> bytes:
    """The bytes of a video; one that several tests ask for is made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"made{suffix}"
        _write_video(path, wanted)
        return path.read_bytes()


def _write_video(path: Path, wanted: _Wanted) -> None:
    n, gop, times, tick, audio_s, options = wanted
    av = needs("av")
    codec = {".avi": "mpeg4", ".webm": "libvpx"}.get(path.suffix, "libx264")
    with av.open(str(path), "w", options=dict(options)) as out:
        stream = out.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.time_base = tick
        if codec == "libx264":
            stream.options = {"sc_threshold": "0", "crf": "18", "keyint_min": str(min(gop, 12))}
        sound = out.add_stream("aac", rate=44_100, layout="stereo") if audio_s else None
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(numbered(i), format="rgb24")
            frame.pts, frame.time_base = times[i], tick
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if sound is not None:
            _sound(av, out, sound, audio_s)


def _sound(av: Any, out: Any, stream: Any, seconds: float) -> None:
    tone = sine(seconds, 44_100).astype(np.float32)
    for start in range(0, len(tone), 1024):
        block = np.stack([tone[start : start + 1024]] * 2)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), "fltp", "stereo")
        frame.rate, frame.pts = 44_100, start
        out.mux(stream.encode(frame))
    out.mux(stream.encode())


def sine(seconds: float, rate: int, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def wav(path: Path, samples: np.ndarray, rate: int = 44_100, subtype: str = "FLOAT") -> Path:
    needs("soundfile").write(path, samples, rate, subtype=subtype)
    return path


def jpeg(path: Path, seed: int = 0, side: int = 64) -> Path:
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "JPEG")
    path.write_bytes(content.getvalue())
    return path


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    try:
        subprocess.run(
            [*command, "-keyout", str(key), "-out", str(cert), *names],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not here: DOWNLOADS ARE NOT TESTED")
    return cert, key


MATRICES = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
"""Of a track header: x' = a x + c y, y' = b x + d y with y downwards, so 90 turns clockwise."""


def turned(path: Path, degrees: int) -> Path:
    """Write a display matrix into an MP4: its frames are to be shown turned clockwise."""
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 44
    a, b, c, d = MATRICES[degrees]
    for place, entry in zip((0, 4, 12, 16), (a, b, c, d), strict=True):
        content[at + place : at + place + 4] = (entry << 16).to_bytes(4, "big", signed=True)
    path.write_bytes(content)
    return path
