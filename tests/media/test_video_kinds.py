"""Videos of odd kinds: turned, without a rate, of one frame, claiming ten hours."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmjudge.media import MediaError
from tests.media.made import needs, number_of, turned, video
from tests.media.test_video import LIBRARIES, backend, sampled

needs("av")


@pytest.mark.parametrize("gop", [10, 900])
@pytest.mark.parametrize("degrees", [90, 180, 270])
@pytest.mark.parametrize("library", [*LIBRARIES, "auto"])
def test_a_turned_video_is_shown_upright_by_every_library(
    library: str, degrees: int, gop: int, tmp_path: Path
):
    path = video(tmp_path / "a.mp4", 30, gop=gop)
    plain = sampled(path, frames=3)
    turned(path, degrees)
    if library != "auto":
        backend(library, path)
    found = sampled(path, frames=3, backend=library)
    assert found.indices == plain.indices
    for frame, wanted in zip(found.frames, plain.frames, strict=True):
        clockwise = np.rot90(wanted, -degrees // 90)
        assert frame.shape == clockwise.shape
        assert np.abs(frame.astype(int) - clockwise).max() <= 3


def without_rate(path: Path) -> Path:
    """Write 0 for the duration of every frame of an MP4: they all begin at once."""
    content = bytearray(path.read_bytes())
    at = content.index(b"stts")
    for entry in range(int.from_bytes(content[at + 8 : at + 12], "big")):
        content[at + 16 + 8 * entry : at + 20 + 8 * entry] = bytes(4)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("library", ["auto", "decord"])
def test_frames_that_all_stand_at_one_time_are_refused(library: str, tmp_path: Path):
    needs("decord")
    with pytest.raises(MediaError, match=r"^a\.mp4: \d+ frames at \d+ times"):
        sampled(without_rate(video(tmp_path / "a.mp4", 30, gop=10)), backend=library)


TEN_HOURS_S = 36_000


def claiming(path: Path, box: bytes, at: int, scale: int) -> Path:
    """Write another duration into a header of an MP4."""
    content = bytearray(path.read_bytes())
    place = content.index(box) + at
    content[place : place + 4] = (TEN_HOURS_S * scale).to_bytes(4, "big")
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("box", "at", "scale"), [(b"mvhd", 20, 1000), (b"tkhd", 24, 1000)])
@pytest.mark.parametrize("fields", [{"frames": 4}, {"strategy": "fps", "fps": 4}])
def test_a_small_file_that_claims_ten_hours_is_sampled_by_its_frames(
    box: bytes, at: int, scale: int, fields: dict[str, Any], tmp_path: Path
):
    path = video(tmp_path / "a.mp4", 30, gop=10)
    plain = sampled(path, **fields)
    found = sampled(claiming(path, box, at, scale), **fields)
    assert found.indices == plain.indices
    assert tuple(map(number_of, found.frames)) == found.indices
    assert found.duration_s == pytest.approx(1.0)


@pytest.mark.parametrize("kind", ["mkv", "webm"])
def test_a_matroska_that_claims_ten_hours_ends_too_early(kind: str, tmp_path: Path):
    path = video(tmp_path / f"a.{kind}", 30, gop=10)
    content = bytearray(path.read_bytes())
    at = content.index(b"\x44\x89\x88") + 3
    content[at : at + 8] = struct.pack(">d", TEN_HOURS_S * 1000)
    path.write_bytes(content)
    with pytest.raises(MediaError, match="promises 36000"):
        sampled(path)


@pytest.mark.parametrize("kind", ["mp4", "webm", "mkv", "avi"])
def test_one_frame_is_a_video_in_every_container(kind: str, tmp_path: Path):
    """decord cannot read such a Matroska; the choice falls back to what can."""
    found = sampled(video(tmp_path / f"a.{kind}", 1))
    assert (found.indices, found.fps, found.n_frames) == ((0,), 0.0, 1)
    assert number_of(found.frames[0]) == 0
