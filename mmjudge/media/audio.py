"""Sounds as mono float32 at any rate: soundfile and soxr, and PyAV for the track of a video."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mmjudge.media.containers import SOUNDS, VIDEOS, require_container
from mmjudge.media.image import MediaError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmjudge.types import Sampling

MAX_SAMPLES = 128 << 20
"""Samples of one channel: 48 minutes at 44.1 kHz; a longer sound needs `audio_max_s`."""

_BLOCK = 1 << 20
_SHORTER_BY_S = 0.1
"""How much less than promised a codec with a lead-in may give."""


class AudioClip(NamedTuple):
    """A mono sound: `samples` of shape (n,), `rate` of them a second."""

    samples: "NDArray[np.float32]"
    rate: int


def decode_audio(path: Path, name: str, sampling: "Sampling") -> AudioClip:
    """Decode a sound to the mean of its channels, at `sampling.audio_rate`.

    Raises:
        MediaError: The file is no allowed container, was cut, has no sound, too much of it, or
            samples that are no numbers.
    """
    import numpy as np

    container = require_container(path, name, SOUNDS)
    read = _sound_track if container in VIDEOS else _sound_file
    samples, rate = read(path, name, container, sampling.audio_max_s)
    if rate != sampling.audio_rate and samples.size:
        import soxr

        samples = soxr.resample(samples, rate, sampling.audio_rate)
    if not samples.size:
        raise MediaError(f"{name}: no sample of sound")
    if not np.isfinite(samples).all():
        raise MediaError(f"{name}: samples that are no finite numbers")
    return AudioClip(np.ascontiguousarray(samples, np.float32), sampling.audio_rate)


def _sound_file(
    path: Path, name: str, container: str, max_s: float | None
) -> tuple["NDArray[np.float32]", int]:
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            count = _limited(file.frames, file.samplerate, max_s, name)
            return _read(file, count, name), file.samplerate
    except soundfile.SoundFileError as error:
        raise MediaError(f"{name}: damaged or unreadable: {error}") from error


def _read(file: Any, count: int, name: str) -> "NDArray[np.float32]":
    import numpy as np

    mono = np.empty(count, np.float32)
    # Of 16-bit samples the same numbers come ten times as fast when they are scaled here.
    whole = file.subtype == "PCM_16"
    for start in range(0, count, _BLOCK):
        wanted = min(_BLOCK, count - start)
        block = file.read(wanted, dtype="int16" if whole else "float32", always_2d=True)
        if len(block) != wanted:
            raise MediaError(f"{name}: {start + len(block)} samples; the file promises {count}")
        mono[start : start + wanted] = _mean(block.T.astype(np.float32, copy=False))
    if whole:
        mono /= 1 << 15
    return mono


def _mean(channels: Any) -> "NDArray[np.float32]":
    """Mean over channels: a sum of columns is many times faster than a reduction of short rows."""
    total: NDArray[np.float32] = channels[0]
    if len(channels) == 1:
        return total
    total = channels[0] + channels[1]
    for channel in channels[2:]:
        total += channel
    total /= len(channels)
    return total


def _limited(count: int, rate: int, max_s: float | None, name: str) -> int:
    """How many samples to read."""
    if max_s is not None:
        count = min(count, math.ceil(max_s * rate))
    if count > MAX_SAMPLES:
        raise MediaError(
            f"{name}: {count / rate:.0f} s of sound; at most {MAX_SAMPLES // rate} s, "
            "or the beginning with audio_max_s"
        )
    return count


def _sound_track(
    path: Path, name: str, container: str, max_s: float | None
) -> tuple["NDArray[np.float32]", int]:
    import av

    from mmjudge.media.video_pyav import open_container

    try:
        with open_container(path, container) as opened:
            if not opened.streams.audio:
                raise MediaError(f"{name}: no sound track")
            return _decode_track(opened, name, max_s)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"{name}: damaged or unreadable: {error}") from error


def _decode_track(opened: Any, name: str, max_s: float | None) -> tuple["NDArray[np.float32]", int]:
    import av
    import numpy as np

    stream = opened.streams.audio[0]
    rate = int(stream.rate)
    promised_s = float((stream.duration or 0) * (stream.time_base or 0))
    wanted = _limited(int(promised_s * rate), rate, max_s, name) or math.inf
    if max_s is not None:
        wanted = min(wanted, math.ceil(max_s * rate))
    resampler = av.AudioResampler(format="fltp", layout=stream.layout.name, rate=rate)
    parts: list[NDArray[np.float32]] = []
    count = 0
    for frame in opened.decode(stream):
        for plain in resampler.resample(frame):
            parts.append(_mean(plain.to_ndarray()))
            count += len(parts[-1])
        if count >= wanted:
            break
        _limited(count, rate, None, name)
    if math.isfinite(wanted) and count < wanted - _SHORTER_BY_S * rate:
        raise MediaError(
            f"{name}: {count / rate:.2f} s of sound; the container promises {promised_s:.2f}"
        )
    samples = np.concatenate(parts) if parts else np.empty(0, np.float32)
    return (samples[: int(wanted)] if math.isfinite(wanted) else samples), rate
