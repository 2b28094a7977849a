"""Changes of a sound: what `mmjudge.media.changes` names."""

import hashlib
import re
import shutil
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmjudge.assets import SPEECH, embedded
from mmjudge.media.audio import AudioClip, decode_audio
from mmjudge.media.changes import SPEAKER
from mmjudge.media.image import MediaError
from mmjudge.types import Sampling

Samples = NDArray[np.float32]

PAUSE_S = 0.5
"""Silence between a sound and what is said after it."""


def gain(clip: AudioClip, db: float) -> AudioClip:
    """The sound so many decibels louder; a negative number makes it softer.

    Raises:
        MediaError: Louder, it would go beyond full scale and be distorted.
    """
    samples = clip.samples * np.float32(10 ** (db / 20))
    if db > 0 and np.abs(samples).max() > 1:
        raise MediaError(f"{db:g} dB louder it goes beyond full scale")
    return clip._replace(samples=samples)


def noise(clip: AudioClip, snr_db: float) -> AudioClip:
    """White noise added; signal to noise ratio in decibels, both as mean power over the whole.

    The noise is drawn from what the sound holds: the same sound has the same noise, wherever it is.

    Raises:
        MediaError: The sound is silent, so that there is no ratio.
    """
    power = _power(clip.samples)
    if power == 0:
        raise MediaError("silence has no ratio of signal to noise")
    seed = hashlib.sha256(np.ascontiguousarray(clip.samples).tobytes()).digest()
    drawn = np.random.default_rng(int.from_bytes(seed[:8])).standard_normal(len(clip.samples))
    scale = np.sqrt(power / 10 ** (snr_db / 10) / _power(drawn))
    return clip._replace(samples=(clip.samples + scale * drawn).astype(np.float32))


def _power(samples: NDArray[np.floating]) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))


def spoken(clip: AudioClip, words: str, voice: str) -> AudioClip:
    """Words said after the sound and a pause, about as loud as the sound: nothing is covered.

    Args:
        clip: The sound.
        words: What is said.
        voice: `clip`, a recording that is shipped; or `espeak-ng`, which is called.

    Raises:
        MediaError: There is no recording of these words, or no such program.
    """
    said = (recorded if voice == "clip" else synthesised)(words, clip.rate)
    loud, peak = np.sqrt(_power(clip.samples)), float(np.abs(said).max())
    if loud > 0:
        said = said * np.float32(min(loud / np.sqrt(_power(said)), 1 / peak))
    pause = np.zeros(round(PAUSE_S * clip.rate), np.float32)
    return clip._replace(samples=np.concatenate((clip.samples, pause, said)).astype(np.float32))


def slug(words: str) -> str:
    """Name of the file with a recording of words.

    Example:
        >>> slug("This is the best answer.")
        'this-is-the-best-answer'
    """
    return "-".join(re.findall(r"[a-z0-9]+", words.lower()))


@lru_cache(8)
def recorded(words: str, rate: int) -> Samples:
    """A shipped recording of words, so many samples a second.

    Raises:
        MediaError: There is none.
    """
    folder = embedded(SPEECH)
    path = (folder or Path(SPEECH)) / f"{slug(words)}.flac"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.flac"))) or "none"
        raise MediaError(f"no recording of {words!r}; there is {known}; or take voice=espeak-ng")
    return decode_audio(path, path.name, Sampling(audio_rate=rate)).samples


@lru_cache(8)
def synthesised(words: str, rate: int) -> Samples:
    """Words as eSpeak NG says them, so many samples a second.

    Raises:
        MediaError: It is not installed, or says nothing.
    """
    program = shutil.which(SPEAKER)
    if program is None:
        raise MediaError(f"{SPEAKER} is not installed; take voice=clip")
    with tempfile.TemporaryDirectory(prefix="mmjudge-") as folder:
        path = Path(folder) / "said.wav"
        try:
            spoken_by(program, words, path)
        except (OSError, subprocess.SubprocessError) as error:
            raise MediaError(f"{SPEAKER}: {error}") from error
        return decode_audio(path, path.name, Sampling(audio_rate=rate)).samples


def spoken_by(program: str, words: str, path: Path) -> None:
    """Have eSpeak NG write what it says to a WAV file.

    Raises:
        OSError: It cannot be started.
        subprocess.SubprocessError: It fails, or takes longer than half a minute.
    """
    command = [program, "-v", "en-us", "-s", "150", "-w", str(path), "--stdin"]
    subprocess.run(command, input=words.encode(), check=True, capture_output=True, timeout=30)
