"""Decoding as ratios, measured side by side in one run: `python bench/media.py`.

Ours is what a run does: a loader with a decoding process that is warm, arrays as a judge gets them.
The others are called directly, in this process. All take turns, five times; the figure is the
median of the ratios to the best of the others in the same round.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import numpy as np
from harness import ROUNDS, Figure, show

from mmjudge.api import run
from mmjudge.judges.base import Judge, JudgeContext, MediaMap
from mmjudge.media import Loader, MediaError, gather
from mmjudge.types import Item, JudgeCard, Media, Reply, Request, Sampling

KEPT = Path(__file__).parent.parent / "build" / "bench-media"
FPS, SECONDS, WIDTH, HEIGHT = 30, 60, 1280, 720
GOPS = {"every 15 frames": 15, "every 250 frames": 250, "a single one": 10_000}


def made_video(gop: int) -> Path:
    """60 s of a picture that pans, in H.264; made once and kept."""
    import av

    path = KEPT / f"{gop}.mp4"
    if path.exists():
        return path
    KEPT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    wide = coarse.repeat(40, 0).repeat(40, 1)
    part = path.with_suffix(".part.mp4")
    with av.open(str(part), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = gop
        least = str(min(gop, 25))
        stream.options = {"preset": "veryfast", "sc_threshold": "0", "keyint_min": least}
        for i in range(FPS * SECONDS):
            x, y = 3 * i % 1000, 2 * i % 1000
            pixels = np.ascontiguousarray(wide[y : y + HEIGHT, x : x + WIDTH])
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    part.rename(path)
    return path


def with_decord(path: Path, indices: Sequence[int]) -> Any:
    import decord

    return decord.VideoReader(str(path)).get_batch(list(indices)).asnumpy()


def with_torchcodec(path: Path, indices: Sequence[int]) -> Any:
    from torchcodec.decoders import VideoDecoder

    return VideoDecoder(str(path), dimension_order="NHWC").get_frames_at(list(indices)).data.numpy()


def with_pyav(path: Path, indices: Sequence[int]) -> Any:
    """As its documentation shows it: seek to each frame, decode up to it."""
    import av

    found = []
    with av.open(str(path)) as opened:
        stream = opened.streams.video[0]
        stream.thread_type = "AUTO"
        for index in indices:
            wanted = round(index / FPS / stream.time_base)
            opened.seek(wanted, stream=stream)
            frame = next(f for f in opened.decode(stream) if f.pts >= wanted)
            found.append(frame.to_ndarray(format="rgb24"))
    return np.stack(found)


DIRECT = {"decord": with_decord, "PyAV": with_pyav, "torchcodec": with_torchcodec}


def usable(path: Path) -> dict[str, Callable[..., Any]]:
    """The libraries that work here; the others are named as not measured."""
    working = {}
    for name, call in DIRECT.items():
        try:
            call(path, [0])
            working[name] = call
        except (ImportError, RuntimeError, OSError) as error:
            print(f"{name}: NOT MEASURED: {str(error).splitlines()[0]}", file=sys.stderr)
    return working


def seconds(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def loaded(loader: Loader, path: Path, modality: str) -> Any:
    media = Media.model_validate({"modality": modality, "uri": path.name})
    wish = Request.model_construct(prompt=(media,), reference=None, candidates=())
    found = gather(loader.submit([wish]))[media]
    if isinstance(found, MediaError):
        raise RuntimeError(str(found))
    return found


def contenders(
    libraries: Mapping[str, Callable[..., Any]], path: Path, ours: Any
) -> dict[str, Callable[..., Any]]:
    """The libraries that may be the best: one that takes three times as long is left out."""
    took = {}
    for library, call in libraries.items():
        begun = time.perf_counter()
        theirs = call(path, ours.indices)
        took[library] = time.perf_counter() - begun
        if any(
            np.abs(a.astype(np.int16) - b).max() > 3
            for a, b in zip(theirs, ours.frames, strict=True)
        ):
            raise RuntimeError(f"{library} shows other frames of {path}")
    return {name: libraries[name] for name in took if took[name] < 3 * min(took.values())}


def videos() -> Iterator[Figure]:
    """8 and 32 frames of 60 s, against the best of the libraries called directly."""
    paths = {name: made_video(gop) for name, gop in GOPS.items()}
    libraries = usable(next(iter(paths.values())))
    for count in (8, 32):
        loader = Loader(KEPT, 1, Sampling(frames=count))
        for name, path in paths.items():
            first = loaded(loader, path, "video")
            indices = first.indices
            close = contenders(libraries, path, first)
            rounds = []
            for _ in range(ROUNDS):
                ours = seconds(lambda path=path, loader=loader: loaded(loader, path, "video"))
                direct = {
                    library: seconds(lambda c=call, p=path, i=indices: c(p, i))
                    for library, call in close.items()
                }
                rounds.append((ours, direct))
            label = f"{count} frames, keyframes {name}"
            ratio = statistics.median(ours / min(direct.values()) for ours, direct in rounds)
            note = ", ".join(
                f"{library} {statistics.median(d[library] for _, d in rounds):.2f} s"
                for library in close
            )
            mine = statistics.median(ours for ours, _ in rounds)
            note = f"{first.backend} {mine:.2f} s; direct: {note}"
            yield Figure(f"{label}: ours / best", ratio, "x", 1.3, "at most", note)
        loader.close()


def torchcodec() -> Iterator[Figure]:
    """In a decoding process, against what `auto` takes: the first video, and then more."""
    import_module("torchcodec")
    paths = {name: made_video(gop) for name, gop in GOPS.items()}
    for count in (8, 32):
        loaders = [
            Loader(KEPT, 1, Sampling(frames=count, backend=backend))
            for backend in ("torchcodec", "auto")
        ]
        some = next(iter(paths.values()))
        first = [seconds(lambda one=one, path=some: loaded(one, path, "video")) for one in loaders]
        label = f"{count} frames: torchcodec / auto"
        note = f"process and libraries started: {first[0]:.2f} and {first[1]:.2f} s"
        yield Figure(f"{label}, first video", first[0] / first[1], "x", note=note)
        for name, path in paths.items():
            rounds = [
                [seconds(lambda one=one, path=path: loaded(one, path, "video")) for one in loaders]
                for _ in range(ROUNDS)
            ]
            ratio = statistics.median(theirs / ours for theirs, ours in rounds)
            medians = [statistics.median(side) for side in zip(*rounds, strict=True)]
            note = f"{medians[0]:.2f} and {medians[1]:.2f} s"
            yield Figure(f"{label}, keyframes {name}", ratio, "x", note=note)
        for one in loaders:
            one.close()


def sound() -> Iterator[Figure]:
    """30 s of 44.1 kHz stereo to 16 kHz mono, against librosa."""
    import librosa
    import soundfile

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.wav"
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (30 * 44_100, 2))
        soundfile.write(path, noise, 44_100, subtype="PCM_16")
        loader = Loader(Path(name), 1)
        ours = loaded(loader, path, "audio").samples
        theirs, _ = librosa.load(path, sr=16_000, mono=True)
        if np.abs(ours - theirs).max() > 1e-4:
            raise RuntimeError("librosa hears something else")
        pairs = [
            (
                seconds(lambda: loaded(loader, path, "audio")),
                seconds(lambda: librosa.load(path, sr=16_000, mono=True)),
            )
            for _ in range(3 * ROUNDS)
        ]
        loader.close()
    ratio = statistics.median(a / b for a, b in pairs)
    note = " / ".join(
        f"{1000 * statistics.median(side):.0f} ms" for side in zip(*pairs, strict=True)
    )
    yield Figure("30 s of WAV to 16 kHz mono: ours / librosa", ratio, "x", 0.5, "at most", note)


class Sleeper(Judge):
    """Sleeps as long as a GPU would work, and notes when it was waiting for the next batch."""

    def __init__(self, pause_s: float, batch_size: int, frames: int) -> None:
        self.pause_s = pause_s
        self.calls: list[tuple[float, float]] = []
        self.card = JudgeCard(
            name="sleeper",
            summary="Sleeps.",
            fingerprint="0",
            media=True,
            batch_size=batch_size,
            sampling=Sampling(frames=frames),
        )

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Not opened by name."""
        raise NotImplementedError

    @classmethod
    def catalog(cls) -> list[JudgeCard]:
        """Not listed."""
        return []

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """Sleep, and note when."""
        begun = time.perf_counter()
        time.sleep(self.pause_s)
        self.calls.append((begun, time.perf_counter()))
        return [Reply(text="[[A]]", finish_reason="stop") for _ in batch]

    @property
    def waited(self) -> float:
        """Share of the time from the first call to the last that went by between calls."""
        gaps = sum(b[0] - a[1] for a, b in zip(self.calls, self.calls[1:], strict=False))
        return gaps / (self.calls[-1][1] - self.calls[0][0])


def overlap() -> Iterator[Figure]:
    """A judge that sleeps 1.5 times as long as two workers need to decode its batch."""
    from workloads import Texts

    path = made_video(15)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        batch, count = 2, 24
        for i in range(2 * count):
            (folder / f"{i}.mp4").symlink_to(folder / "v.mp4")
        (folder / "v.mp4").write_bytes(path.read_bytes())
        shares = []
        for _ in range(ROUNDS):
            loader = Loader(folder, 2, Sampling(frames=2))
            warm = [loader.submit([shown(f"{i}.mp4")]) for i in range(4)]
            for one in warm:
                gather(one)

            def once(loader: Loader = loader) -> None:
                for one in [loader.submit([shown(f"{i}.mp4")]) for i in range(8)]:
                    gather(one)

            per_video = seconds(once) / 8
            loader.close()
            task = Texts(0, ready=True)
            task.data = folder
            task.ready = [video_item(i) for i in range(count)]
            judge = Sleeper(1.5 * 2 * batch * per_video, batch, 2)
            run(task, judge, out=folder / f"run-{time.monotonic_ns()}", workers=2)
            shares.append(judge.waited)
    note = f"{count} pairs of videos, 2 frames of each, batches of {batch}"
    share = statistics.median(shares)
    yield Figure("time that the judge waits for decoding", share, "share", 0.05, "at most", note)


def shown(uri: str) -> Request:
    media = Media(modality="video", uri=uri)
    return Request.model_construct(prompt=(media,), reference=None, candidates=())


def video_item(i: int) -> Item:
    def candidate(name: str, place: int) -> dict[str, Any]:
        return {"id": name, "parts": [{"modality": "video", "uri": f"{place}.mp4"}]}

    candidates = [candidate("a", 2 * i), candidate("b", 2 * i + 1)]
    return Item.model_validate({"id": str(i), "prompt": ["Which?"], "candidates": candidates})


CASES = {case.__name__: case for case in (videos, torchcodec, sound, overlap)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(CASES), action="append", help="a case; repeatable")
    missed = False
    for name in parser.parse_args().only or CASES:
        try:
            for figure in CASES[name]():
                show(figure)
                missed |= figure.reached is False
        except ImportError as error:
            print(f"{name}: NOT MEASURED: {error}", file=sys.stderr)
            missed = True
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
