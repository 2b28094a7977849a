"""Damaged media of three kinds in a run: no crash, a result each, and no part passed for the whole.

Without a sha256 a decoder may show damaged pixels, since most formats have no checksum. What holds
for each file is in `docs/media.md`, and tested here.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmjudge.api import run
from mmjudge.media import (
    AudioClip,
    MediaError,
    VideoFrames,
    decode_audio,
    decode_image,
    decode_video,
)
from mmjudge.types import Failure, Media, Reply, Sampling
from tests.engine.driven import Listed, Told, pair, stored
from tests.media.damaged import CHECKED, Damaged, originals, spread
from tests.media.made import needs

needs("av")
needs("soundfile")
needs("soxr")

SAMPLING = Sampling(frames=8)
MANY = pytest.mark.parametrize("n", [150, pytest.param(1000, marks=pytest.mark.slow)])


def judged(
    damaged: list[Damaged], root: Path, out: Path, digests: bool
) -> tuple[dict[str, Any], dict[Media, Any]]:
    """Outcomes by item, and what the judge was given."""
    media = [
        Media(
            modality=one.modality,  # type: ignore[arg-type]
            uri=str(one.path.relative_to(root)),
            sha256=hashlib.sha256(one.whole.read_bytes()).hexdigest() if digests else None,
        )
        for one in damaged
    ]
    items = [pair(place, prompt=("p", medium)) for place, medium in enumerate(media)]
    judge = Told(lambda _: Reply(text="[[A]]"), media=True, sampling=SAMPLING)
    done = run(Listed(items, root=root), judge, out=out, workers=1)
    assert done.stats
    assert done.stats.judged == len(damaged)
    assert set(done.stats.failures) <= {"media"}
    seen = {m: one for m, one in judge.media.items() if not isinstance(one, MediaError)}
    return {j.item: j.outcome for j in stored(out)}, seen


@MANY
def test_with_a_sha256_no_damage_passes(tmp_path: Path, n: int):
    damaged = list(spread(originals(tmp_path / "whole"), tmp_path / "files", n))
    found, seen = judged(damaged, tmp_path, tmp_path / "run", digests=True)
    assert not seen
    for place, one in enumerate(damaged):
        assert one.path.name in found[str(place)].detail


@MANY
def test_without_a_sha256_a_part_never_passes_for_the_whole(tmp_path: Path, n: int):
    damaged = list(spread(originals(tmp_path / "whole"), tmp_path / "files", n))
    found, seen = judged(damaged, tmp_path, tmp_path / "run", digests=False)
    shown = {medium.uri: decoded for medium, decoded in seen.items()}
    for place, one in enumerate(damaged):
        outcome, decoded = found[str(place)], shown.get(str(one.path.relative_to(tmp_path)))
        assert isinstance(outcome, Failure) == (decoded is None)
        if isinstance(outcome, Failure):
            assert one.path.name in outcome.detail
            continue
        assert one.way != "cut"
        if one.path.suffix in CHECKED:
            assert np.array_equal(pixels(decoded), pixels(whole(one)))
        check(decoded)


def whole(one: Damaged) -> Any:
    match one.modality:
        case "image":
            return decode_image(one.whole.read_bytes(), one.whole.name)
        case "video":
            return decode_video(one.whole, one.whole.name, SAMPLING)
        case _:
            return decode_audio(one.whole, one.whole.name, SAMPLING)


def pixels(decoded: Any) -> Any:
    if isinstance(decoded, VideoFrames):
        return decoded.frames
    return decoded.samples if isinstance(decoded, AudioClip) else np.asarray(decoded)


def check(decoded: Any) -> None:
    """What is shown is complete by what the file says of itself."""
    if isinstance(decoded, VideoFrames):
        assert len(decoded.frames) == len(decoded.indices) == min(8, decoded.n_frames)
        assert all(0 <= i < decoded.n_frames for i in decoded.indices)
    elif isinstance(decoded, AudioClip):
        assert decoded.samples.size
        assert np.isfinite(decoded.samples).all()
    else:
        assert decoded.mode == "RGB"
        assert min(decoded.size) >= 1
