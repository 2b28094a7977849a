"""Sound scenes as audio: notes with envelopes, bursts of noise, equal loudness across timbres."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import MissingExtraError
from mmjudge.scenes.facts import Phrase, Sound
from mmjudge.scenes.levels import PITCH_HZ, RHYTHM_S, Level
from mmjudge.scenes.stream import Stream

RATE = 16_000
"""Samples a second: what judges of sound decode to."""

LOUD = 0.08
"""A-weighted RMS of a loud note, full scale 1; at the lowest note the peak stays below 1."""

GAP_S = 0.6
"""Silence between two phrases; longer than any between two notes of one."""

_ATTACK_S, _RELEASE_S = 0.01, 0.04
_SOUNDING = 0.8
"""Share of the time to the next onset that a note sounds."""

_HARMONICS: dict[str, tuple[float, ...]] = {
    "pure": (1.0,),
    "buzzy": tuple(1.0 / n for n in range(1, 25)),
    "hollow": tuple(1.0 / n if n % 2 else 0.0 for n in range(1, 16)),
    "plucked": tuple(0.75**n for n in range(12)),
}
"""Amplitudes of the harmonics 1, 2, 3, ..."""

_BELL = ((1.0, 1.0, 3.0), (2.76, 0.6, 5.0), (5.4, 0.35, 9.0))
"""Partials of a bell: frequency as a multiple, amplitude, decay per second. A free bar has its
partials at 1, 2.76 and 5.40 times the lowest."""

Samples = NDArray[np.float32]


def play(scene: Sound, level: Level, stream: Stream) -> Samples:
    """The scene as samples of shape (n,), within -1 and 1, `RATE` of them a second."""
    silence = np.zeros(round(GAP_S * RATE), np.float32)
    parts = [silence[: round(stream.uniform(0.1, 0.4) * RATE)]]
    cents = stream.uniform(-30, 30)
    for phrase in scene.in_order():
        parts += [phrase_samples(phrase, cents, level, stream.fork("phrase", phrase.name)), silence]
    samples = np.concatenate(parts)
    samples *= np.float32(10 ** (stream.uniform(-3, 0) / 20))
    if level.noise_db is not None:
        noise = _noise(len(samples), stream.fork("noise")) * np.float32(10 ** (level.noise_db / 20))
        samples += noise
    return samples


def notes_hz(phrase: Phrase, step: int) -> tuple[float, ...]:
    """Frequencies of the notes of a phrase, centred on its register, `step` semitones apart."""
    way = {"rising": 1, "falling": -1, "level": 0}[phrase.contour or "level"]
    centre = PITCH_HZ[phrase.pitch or "middle"]
    middle = (phrase.count - 1) / 2
    return tuple(centre * 2 ** (way * step * (i - middle) / 12) for i in range(phrase.count))


def phrase_samples(phrase: Phrase, cents: float, level: Level, stream: Stream) -> Samples:
    """One phrase, its notes all of the same A-weighted RMS, tuned `cents` higher."""
    softer_db = level.loudness_db if phrase.loudness == "soft" else 0.0
    wanted = LOUD * 10 ** (-softer_db / 20)
    notes = []
    for place, hertz in enumerate(notes_hz(phrase, level.step)):
        apart = RHYTHM_S[phrase.rhythm][place % 2]
        sounding, whole = round(_SOUNDING * apart * RATE), round(apart * RATE)
        if phrase.pitch is None:
            wave = _burst(phrase.timbre, sounding, stream.fork("burst", place))
        else:
            wave = tone(phrase.timbre, hertz * 2 ** (cents / 1200), sounding)
        note = np.zeros(whole, np.float32)
        note[:sounding] = wave * np.float32(wanted / a_weighted_rms(wave))
        notes.append(note)
    return np.concatenate(notes)


def tone(timbre: str, hertz: float, n: int) -> Samples:
    """A note of n samples with its envelope, not yet scaled to a loudness."""
    t = np.arange(n) / RATE
    if timbre == "bell":
        partials = [(m, a, d) for m, a, d in _BELL if m * hertz < 0.45 * RATE]
        wave = sum(a * np.exp(-d * t) * np.sin(2 * np.pi * m * hertz * t) for m, a, d in partials)
    else:
        wave = np.zeros(n)
        for number, amplitude in enumerate(_HARMONICS[timbre], 1):
            if amplitude and number * hertz < 0.45 * RATE:
                wave += amplitude * np.sin(2 * np.pi * number * hertz * t)
    if timbre == "plucked":
        wave *= np.exp(-9 * t)
    return np.asarray(wave * _envelope(n), np.float32)


def _envelope(n: int) -> NDArray[Any]:
    attack, release = round(_ATTACK_S * RATE), round(_RELEASE_S * RATE)
    shape = np.ones(n)
    shape[:attack] = np.linspace(0, 1, attack)
    shape[n - release :] = np.linspace(1, 0, release)
    return shape


def _burst(timbre: str, n: int, stream: Stream) -> Samples:
    """Noise of a band: hiss above 3 kHz, rumble from 100 to 400 Hz."""
    low, high = {"hiss": (3000.0, 0.45 * RATE), "rumble": (100.0, 400.0)}[timbre]
    spectrum = np.fft.rfft(_noise(n, stream))
    hertz = np.fft.rfftfreq(n, 1 / RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    return np.asarray(np.fft.irfft(spectrum, n) * _envelope(n), np.float32)


def _noise(n: int, stream: Stream) -> Samples:
    """White noise of RMS 1 from the raw stream of bits, which no version of numpy changes."""
    raw = np.asarray(np.random.PCG64(stream.seed).random_raw(-(-n // 2)), dtype="<u8")
    uniform = raw.view(np.uint32)[:n] / 2**31 - 1
    return np.asarray(uniform * np.sqrt(3), np.float32)


def a_weighted_rms(samples: Samples) -> float:
    """RMS after A-weighting: how loud a sound is to the ear, whatever its pitch."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float(np.sqrt(2 * np.sum(power * _a_weights(len(samples)))) / len(samples))


@lru_cache(maxsize=64)
def _a_weights(n: int) -> NDArray[Any]:
    """Gain in power at each frequency of a spectrum of n samples: IEC 61672-1, 0 dB at 1 kHz."""
    f2 = np.fft.rfftfreq(n, 1 / RATE) ** 2
    gain = 12194**2 * f2**2 / ((f2 + 20.6**2) * (f2 + 12194**2))
    gain /= np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2))
    return np.asarray((gain * 10 ** (2.0 / 20)) ** 2)


def encode(samples: Samples, stream: Stream, compact: bool = False) -> tuple[bytes, str]:
    """The bytes of a sound file and its ending: WAV or FLAC, 16 bits; if compact, always FLAC.

    Raises:
        MissingExtraError: soundfile is not installed.
    """
    try:
        import soundfile
    except ImportError as error:
        raise MissingExtraError("a scene as sound", "soundfile", "audio") from error
    form = "FLAC" if compact else stream.choice(("WAV", "FLAC"))
    content = io.BytesIO()
    soundfile.write(content, samples, RATE, format=form, subtype="PCM_16")
    return content.getvalue(), f".{form.lower()}"
