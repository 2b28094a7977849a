"""Sounds to train on: families of scenes one fact apart, and what a CLAP hears of them."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.judges.scorers.dual import windows
from mmjudge.scenes.edits import chain
from mmjudge.scenes.facts import CRITERIA, Sound
from mmjudge.scenes.items import Place, content
from mmjudge.scenes.levels import LEVELS, RHYTHM_S, LevelName
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.sound import GAP_S, RATE, play
from mmjudge.scenes.stream import Stream

FAMILY = 4
"""Scenes of a family: one, and others that differ from it in one fact each."""

EXTRACTOR: dict[str, Any] = {
    "feature_size": 64,
    "sampling_rate": RATE,
    "hop_length": 256,
    "fft_window_size": 1024,
    "max_length_s": 7,
    "frequency_min": 100,
    "frequency_max": 6000,
    "truncation": "rand_trunc",
    "padding": "pad",
}
"""Options of `ClapFeatureExtractor`: 7 s hold every easy sound and most of level medium; longer
ones are heard in windows. Padding is silence: a sound that is repeated has another count."""

FRAMES = 1 + EXTRACTOR["max_length_s"] * RATE // EXTRACTOR["hop_length"]
SHARD = 500
"""Groups of scenes whose sounds are kept in one file."""

SILENCE_DB = -100.0

VALUES: dict[str, tuple[object, ...]] = {
    "timbre": ("pure", "bell", "buzzy", "plucked", "hollow", "hiss", "rumble"),
    "count": (2, 3, 4, 5),
    "rhythm": ("quick", "slow", "dotted"),
    "loudness": ("soft", "loud"),
    "pitch": (None, "low", "middle", "high"),
    "contour": (None, "rising", "falling", "level"),
}
"""Attributes of a phrase; their places here are the codes of `fact_codes`."""

SIZES = tuple(len(values) for values in VALUES.values())
POSITIONS = 3
PATCHES = 64
"""Stretches of time that the model cuts a window into."""

NOT_THERE = -100
Mels = NDArray[np.float16]


class Sounds(NamedTuple):
    """Scenes in groups with what is heard of them.

    `mels`: shape (groups, scenes of a group, `FRAMES`, mel bins), decibels.
    """

    scenes: tuple[tuple[Sound, ...], ...]
    mels: Mels


class Pair(NamedTuple):
    """A pair of `text->audio` that is no tie: the right scene and the wrong one."""

    truth: Sound
    wrong: Sound
    breaks: str


def family(seed: str, level: LevelName, number: int) -> tuple[Sound, ...]:
    """A scene, and versions of it that break one fact each, of criteria that differ."""
    stream = Stream(seed, level, "family", number)
    first = sample("sound", LEVELS[level], stream.fork("scene"))
    criteria = stream.shuffled(CRITERIA["sound"])[: FAMILY - 1]
    edited = (
        chain(first, 1, LEVELS[level], stream.fork("edit", criterion), criterion).scenes[1]
        for criterion in criteria
    )
    return tuple(scene for scene in (first, *edited) if isinstance(scene, Sound))


def decisive_pairs(seed: str, level: LevelName, items: int) -> list[Pair]:
    """The pairs without a tie among the first items of a pack of `text->audio`."""
    found = []
    for number in range(items):
        asked = content(seed, Place("text->audio", level, "pair", number))
        truth = asked.truth
        wrong = [scene for scene in asked.candidates if scene != truth]
        if len(wrong) == 1 and isinstance(truth, Sound) and isinstance(wrong[0], Sound):
            found.append(Pair(truth, wrong[0], asked.breaks))
    return found


def rendered(
    seed: str, level: LevelName, groups: Sequence[tuple[Sound, ...]], workers: int = 1
) -> Sounds:
    """The sounds of scenes, each played from a random stream of its own.

    Args:
        seed: Decides how scenes are played.
        level: Of the scenes.
        groups: All of one length.
        workers: Processes; what is made is the same for any number.
    """
    jobs = [(seed, level, number, scenes) for number, scenes in enumerate(groups)]
    mels: Mels = np.empty((len(jobs), len(groups[0]), FRAMES, EXTRACTOR["feature_size"]), "<f2")
    if workers == 1:
        _fill(mels, map(_group_mels, jobs))
    else:
        with ProcessPoolExecutor(workers) as pool:
            _fill(mels, pool.map(_group_mels, jobs, chunksize=32))
    return Sounds(tuple(groups), mels)


def kept(
    seed: str, level: LevelName, groups: Sequence[tuple[Sound, ...]], workers: int, folder: Path
) -> Sounds:
    """As `rendered`, in shards that are read from the folder where an earlier call left them."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = []
    for start in range(0, len(groups), SHARD):
        part = groups[start : start + SHARD]
        path = folder / f"{seed}-{level}-{start}-{len(part)}.npy"
        if not path.exists():
            np.save(path, rendered(f"{seed}-{start}", level, part, workers).mels)
        shards.append(np.load(path))
    return Sounds(tuple(groups), np.concatenate(shards))


def _fill(mels: Mels, made: Iterable[Mels]) -> None:
    for number, group in enumerate(made):
        mels[number] = group


def _group_mels(job: tuple[str, LevelName, int, tuple[Sound, ...]]) -> Mels:
    seed, level, number, scenes = job
    heard = []
    for place, scene in enumerate(scenes):
        stream = Stream(seed, level, "played", number, place)
        form = stream.fork("file").choice(("WAV", "FLAC"))
        parts = windows(as_stored(play(scene, LEVELS[level], stream), form), _samples())
        heard.append(log_mel(stream.fork("window").choice(parts)))
    return np.stack(heard).astype(np.float16)


def _samples() -> int:
    return int(EXTRACTOR["max_length_s"] * RATE)


def moved(mels: Mels, random: np.random.Generator) -> NDArray[np.float32]:
    """Sounds a little earlier or later, softer or louder: as if they had been played anew.

    Args:
        mels: Shape (groups, scenes of a group, frames, bins).
        random: Decides how far.
    """
    found = mels.astype(np.float32)
    for group in found:
        for heard in group:
            heard[:] = np.roll(heard, random.integers(-4, 9), axis=0)
            heard[heard > SILENCE_DB] += random.uniform(-1.5, 1.5)
    return found


def as_stored(samples: NDArray[np.float32], form: str) -> NDArray[np.float32]:
    """Samples as they come back from a file of 16 bits.

    libsndfile rounds for FLAC; for WAV it rounds to 32 bits and keeps the upper half.
    """
    if form == "WAV":
        whole = np.floor(np.rint(samples.astype(np.float64) * 2**31) / 2**16)
    else:
        whole = np.rint(samples * np.float32(2**15))
    return np.asarray(whole / 2**15, np.float32)


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `ClapFeatureExtractor` makes of a sound, a dozen times faster.

    Args:
        samples: At most as long as the extractor's window, which silence fills up.

    Returns:
        Decibels, shape (`FRAMES`, mel bins).
    """
    from scipy.fft import rfft

    size, hop = EXTRACTOR["fft_window_size"], EXTRACTOR["hop_length"]
    whole = np.pad(samples, (0, _samples() - len(samples)))
    whole = np.pad(whole, size // 2, mode="reflect")
    sounding = min(FRAMES, (len(samples) + size // 2) // hop + 1)
    frames = np.lib.stride_tricks.sliding_window_view(whole, size)[::hop][:sounding]
    window, filters = _analysis()
    power = np.abs(rfft(frames * window, axis=1)) ** 2
    found = np.full((FRAMES, filters.shape[1]), SILENCE_DB, np.float32)
    found[:sounding] = 10 * np.log10(np.maximum(power @ filters, 1e-10))
    return found


@lru_cache(maxsize=1)
def _analysis() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The window of a frame, and the mel filters, shape (frequencies, mel bins)."""
    from transformers import ClapFeatureExtractor
    from transformers.audio_utils import window_function

    extractor = ClapFeatureExtractor(**EXTRACTOR)
    window = window_function(extractor.fft_window_size, "hann")
    return window.astype(np.float32), extractor.mel_filters_slaney.astype(np.float32)


def patch_codes(scene: Sound, heard: NDArray[np.float32]) -> NDArray[np.int64]:
    """Facts of what sounds in each patch, of a sound without noise behind it.

    Args:
        scene: Two phrases or more.
        heard: Decibels, shape (frames, bins); the scene begins where silence ends.

    Returns:
        Place of the phrase in the order of time, then its facts: shape (`PATCHES`,
        1 + attributes); `NOT_THERE` where nothing sounds.
    """
    hop, half = EXTRACTOR["hop_length"], EXTRACTOR["fft_window_size"] // 2
    loudest = heard.max(axis=1) > SILENCE_DB + 20
    start = (int(loudest.argmax()) * hop + half) / RATE
    centres = (np.arange(PATCHES) + 0.5) * EXTRACTOR["max_length_s"] / PATCHES
    codes = np.full((PATCHES, 1 + len(VALUES)), NOT_THERE, np.int64)
    for place, (phrase, facts) in enumerate(zip(scene.in_order(), fact_codes(scene), strict=False)):
        whole = sum(RHYTHM_S[phrase.rhythm][note % 2] for note in range(phrase.count))
        codes[(centres >= start) & (centres < start + whole)] = [place, *facts]
        start += whole + GAP_S
    return codes


def fact_codes(scene: Sound) -> NDArray[np.int64]:
    """The facts of the first phrases in the order of time, shape (`POSITIONS`, attributes).

    `NOT_THERE` where a sound has fewer phrases.
    """
    codes = np.full((POSITIONS, len(VALUES)), NOT_THERE, np.int64)
    for place, phrase in enumerate(scene.in_order()[:POSITIONS]):
        codes[place] = [values.index(getattr(phrase, name)) for name, values in VALUES.items()]
    return codes
