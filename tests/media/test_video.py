"""Videos: the frame that was asked for is the frame that comes, or the item fails."""

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmjudge.media import MediaError, decode_video
from mmjudge.media.video import VideoIndex, choose, fastest
from mmjudge.types import Sampling
from tests.media.made import needs, number_of, video

needs("av")
LIBRARIES = ("pyav", "decord", "torchcodec")


def sampled(path: Path, **fields: Any) -> Any:
    return decode_video(path, path.name, Sampling.model_validate(fields))


def backend(library: str, path: Path) -> None:
    """Skip, loudly, where a library is not here or does not load."""
    needs({"pyav": "av"}.get(library, library))
    if problem := unusable(library, path):
        pytest.skip(f"{library} does not load here: IT IS NOT TESTED: {problem}")


PROBLEMS: dict[str, str] = {}


def unusable(library: str, path: Path) -> str:
    if library not in PROBLEMS:
        PROBLEMS[library] = ""
        try:
            sampled(path, backend=library, frames=1)
        except MediaError as error:
            if "cannot be used here" not in str(error):
                raise
            PROBLEMS[library] = str(error)
    return PROBLEMS[library]


@pytest.fixture(scope="module", params=["mp4-12", "mp4-1", "mp4-900", "webm-20", "avi-12"])
def clip(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kind, gop = request.param.split("-")
    return video(tmp_path_factory.mktemp("clip") / f"clip.{kind}", n=90, gop=int(gop))


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_gives_the_frame_of_each_index(clip: Path, library: str):
    backend(library, clip)
    for frames in (1, 7, 90):
        found = sampled(clip, backend=library, frames=frames)
        assert tuple(map(number_of, found.frames)) == found.indices
        assert (found.backend, found.n_frames, len(found.indices)) == (library, 90, frames)


@pytest.mark.parametrize("library", LIBRARIES[1:])
def test_all_libraries_give_the_same_pixels(clip: Path, library: str):
    backend(library, clip)
    ours, theirs = (sampled(clip, backend=name, frames=9) for name in ("pyav", library))
    assert ours.indices == theirs.indices
    assert np.abs(ours.frames.astype(int) - theirs.frames).max() <= 3


@pytest.mark.parametrize("library", LIBRARIES)
def test_uneven_frames_keep_their_order_and_times(tmp_path: Path, library: str):
    times = [i * i for i in range(20)]
    path = video(tmp_path / "uneven.mp4", 20, times=times, tick=Fraction(1, 100))
    backend(library, path)
    found = sampled(path, backend=library, strategy="fps", fps=2)
    assert tuple(map(number_of, found.frames)) == found.indices
    # What is on the screen at 0, 0.5, 1, ... s: the last frame that began until then.
    wanted = {max(i for i in range(20) if i * i <= t) for t in range(0, 381, 50)}
    assert found.indices == tuple(sorted(wanted))


def test_uniform_sampling_takes_the_middles():
    assert choose(index(100), Sampling(frames=4), "x") == (12, 37, 62, 87)
    assert choose(index(3), Sampling(frames=8), "x") == (0, 1, 2)


def test_keyframe_sampling_takes_keyframes_only(tmp_path: Path):
    found = sampled(video(tmp_path / "a.mp4", 60, gop=12), strategy="keyframes", frames=3)
    assert all(i % 12 == 0 for i in found.indices)
    assert tuple(map(number_of, found.frames)) == found.indices
    assert len(found.indices) == 3


def index(n: int, keys: tuple[int, ...] = (0,), side: int = 16) -> VideoIndex:
    pts = tuple(range(n))
    return VideoIndex(pts, keys, keys, 1 / 30, 30.0, n / 30, side, side)


def test_where_everything_must_be_decoded_decord_does_it():
    needs("decord")
    assert fastest(index(1800)) == "decord"
    assert fastest(index(1800, keys=(0, 250, 500))) == "pyav"


def test_the_choice_is_recorded(tmp_path: Path):
    needs("decord")
    assert sampled(video(tmp_path / "a.mp4", 30, gop=900)).backend == "decord"
    assert sampled(video(tmp_path / "b.mp4", 30, gop=12)).backend == "pyav"


def test_frames_that_take_too_much_memory_are_refused_before_they_are_decoded():
    with pytest.raises(MediaError, match="ask for fewer frames or a smaller max_side"):
        choose(index(1000, side=4000), Sampling(frames=1000), "x.mp4")
    assert len(choose(index(1000, side=4000), Sampling(frames=1000, max_side=100), "x")) == 1000


def test_large_frames_are_scaled_down_and_small_ones_left_alone(tmp_path: Path):
    path = video(tmp_path / "a.mp4", 5)
    assert sampled(path, max_side=80).frames.shape == (5, 48, 80, 3)
    assert sampled(path, max_side=800).frames.shape == (5, 96, 160, 3)
    assert tuple(map(number_of, sampled(path, max_side=80).frames)) == (0, 1, 2, 3, 4)


def test_one_frame_is_a_video(tmp_path: Path):
    found = sampled(video(tmp_path / "a.mp4", 1))
    assert (found.indices, found.fps, found.n_frames) == ((0,), 0.0, 1)
    assert sampled(tmp_path / "a.mp4", strategy="fps", fps=1).indices == (0,)


def test_ten_hours_are_sampled_as_ten_minutes_are(tmp_path: Path):
    path = video(tmp_path / "long.mp4", 360, times=[100 * i for i in range(360)], tick=Fraction(1))
    found = sampled(path, frames=4)
    assert found.indices == (45, 135, 225, 315)
    assert tuple(map(number_of, found.frames)) == found.indices
    assert found.duration_s == pytest.approx(36_000)
    assert len(sampled(path, strategy="fps", fps=0.001).indices) == 36
    assert len(sampled(path, strategy="fps", fps=30).indices) == 360


def test_a_file_without_pictures_is_refused(tmp_path: Path):
    av = needs("av")
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=44_100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.rate = 44_100
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    with pytest.raises(MediaError, match="no video stream"):
        sampled(path)


@pytest.mark.parametrize("kind", ["late.mp4", "early.mp4", "a.webm", "a.avi"])
@pytest.mark.parametrize("library", ["auto", "decord"])
def test_a_video_cut_anywhere_fails(kind: str, library: str, tmp_path: Path):
    if library == "decord":
        needs("decord")
    options = {"movflags": "faststart"} if kind == "early.mp4" else {}
    whole = video(tmp_path / kind, **options).read_bytes()
    cut = tmp_path / f"cut{kind[kind.rindex('.') :]}"
    for share in range(40):
        cut.write_bytes(whole[: len(whole) * share // 40 + (share == 39)])
        with pytest.raises(MediaError):
            sampled(cut, backend=library)


@pytest.mark.parametrize("kind", ["early.mp4", "a.webm", "a.avi"])
def test_fewer_frames_than_promised_fail_even_where_no_byte_is_missing(kind: str, tmp_path: Path):
    """The end is overwritten with zeros of the same length, as by a download that broke off."""
    options = {"movflags": "faststart"} if kind == "early.mp4" else {}
    path = video(tmp_path / kind, **options)
    whole = path.read_bytes()
    keep = len(whole) * 6 // 10
    path.write_bytes(whole[:keep] + bytes(len(whole) - keep))
    with pytest.raises(MediaError):
        sampled(path, frames=60)


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n%s\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize("library", ["auto", "decord"])
@pytest.mark.parametrize("kind", ["hls", "concat", "dash", "text", "one byte"])
def test_what_only_calls_itself_a_video_is_refused(kind: str, library: str, tmp_path: Path):
    secret = video(tmp_path / "secret.mp4", 5)
    content = {
        "hls": PLAYLIST % str(secret).encode(),
        "concat": f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
        "dash": b"<?xml version='1.0'?><MPD></MPD>",
        "text": b"not a video, whatever it is called",
        "one byte": b"x",
    }[kind]
    (tmp_path / "list.mp4").write_bytes(content)
    with pytest.raises(MediaError, match=r"^list\.mp4: text or unknown data, not a file of mov"):
        sampled(tmp_path / "list.mp4", backend=library)


def test_a_name_is_no_protocol(tmp_path: Path):
    odd = tmp_path / "concat:a|b.mp4"
    shutil.copy(video(tmp_path / "a.mp4", 3), odd)
    assert sampled(odd).n_frames == 3
