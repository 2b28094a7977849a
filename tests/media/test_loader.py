"""Decoding in processes that may crash, hang and eat memory: the run neither stops nor errs."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mmjudge.api import run
from mmjudge.media import AudioClip, Limits, Loader, MediaError, VideoFrames, gather
from mmjudge.types import Candidate, Failure, Media, Reply, Request, Sampling
from tests.engine.driven import Listed, Told, pair, stored
from tests.media.made import jpeg, needs, number_of, sine, video, wav


def wish(*media: Media) -> Request:
    return Request.model_construct(prompt=media, reference=None, candidates=())


def medium(uri: str, modality: str = "image", sha256: str | None = None) -> Media:
    return Media.model_validate({"modality": modality, "uri": uri, "sha256": sha256})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(20):
        jpeg(tmp_path / f"{i}.jpg", seed=i)
    return tmp_path


@pytest.fixture
def loaders() -> Iterator[Any]:
    made: list[Loader] = []

    def make(*arguments: Any, **options: Any) -> Loader:
        made.append(Loader(*arguments, **options))
        return made[-1]

    yield make
    for loader in made:
        loader.close()


def signalled(loader: Loader, number: int, times: int = 1) -> threading.Thread:
    """Send a signal to each new process of a loader, so many times."""

    def go() -> None:
        seen: set[int] = set()
        deadline = time.monotonic() + 60
        while len(seen) < times and time.monotonic() < deadline:
            for worker in loader.workers:
                if worker.process.pid not in seen:
                    seen.add(worker.process.pid)
                    os.kill(worker.process.pid, number)
            time.sleep(0.005)

    thread = threading.Thread(target=go)
    thread.start()
    return thread


def test_a_judge_gets_each_kind_as_what_it_is(folder: Path, loaders: Any):
    needs("av")
    needs("soundfile")
    video(folder / "v.mp4", 30)
    wav(folder / "s.wav", sine(1, 44_100))
    media = (medium("v.mp4", "video"), medium("s.wav", "audio"), medium("3.jpg"))
    loader = loaders(folder, 1, Sampling(frames=3))
    frames, sound, image = (gather(loader.submit([wish(*media)]))[one] for one in media)
    assert isinstance(frames, VideoFrames)
    assert tuple(map(number_of, frames.frames)) == frames.indices == (5, 15, 25)
    assert isinstance(sound, AudioClip)
    assert (sound.samples.dtype, len(sound.samples)) == (np.float32, 16_000)
    with Image.open(folder / "3.jpg") as wanted:
        assert (np.asarray(image) == np.asarray(wanted)).all()


def test_the_sha256_is_checked_for_every_kind(folder: Path, loaders: Any):
    needs("av")
    needs("soundfile")
    video(folder / "v.mp4", 3)
    wav(folder / "s.wav", sine(1, 16_000), 16_000)
    files = {"v.mp4": "video", "s.wav": "audio", "0.jpg": "image"}
    loader = loaders(folder, 1)
    for name, kind in files.items():
        content = bytearray((folder / name).read_bytes())
        digest = hashlib.sha256(content).hexdigest()
        whole = medium(name, kind, digest)
        assert not isinstance(gather(loader.submit([wish(whole)]))[whole], MediaError)
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)
        assert "sha256 is" in str(gather(loader.submit([wish(whole)]))[whole])


def test_a_process_that_is_killed_costs_no_item(folder: Path, loaders: Any):
    loader = loaders(folder, 2)
    media = [medium(f"{i}.jpg") for i in range(20)]
    killer = signalled(loader, signal.SIGKILL, times=2)
    found = gather(loader.submit([wish(*media)]))
    killer.join()
    assert all(isinstance(found[one], Image.Image) for one in media)


def test_what_kills_every_process_fails_alone(folder: Path, loaders: Any):
    """A process may allocate less than one picture takes: the picture fails, the others do not."""
    Image.new("RGB", (7_900, 7_900)).save(folder / "large.png")
    loader = loaders(folder, 1, limits=Limits(memory=150 << 20))
    media = [medium("large.png"), *(medium(f"{i}.jpg") for i in range(3))]
    found = gather(loader.submit([wish(*media)]))
    assert isinstance(found[media[0]], MediaError)
    assert "memory" in str(found[media[0]])
    assert all(isinstance(found[one], Image.Image) for one in media[1:])


def test_a_decoder_that_always_dies_fails_its_item_with_the_reason(folder: Path, loaders: Any):
    loader = loaders(folder, 1)
    killer = signalled(loader, signal.SIGSEGV, times=3)
    found = gather(loader.submit([wish(medium("0.jpg"))]))[medium("0.jpg")]
    assert isinstance(found, (MediaError, Image.Image))
    if isinstance(found, MediaError):
        assert str(found) == "0.jpg: the decoder died: exit status -11"
    gather(loader.submit([wish(medium("2.jpg"))]))
    killer.join()
    after = gather(loader.submit([wish(medium("1.jpg"))]))[medium("1.jpg")]
    assert isinstance(after, Image.Image)


def test_a_decoder_that_hangs_fails_its_item_and_is_replaced(folder: Path, loaders: Any):
    loader = loaders(folder, 1, limits=Limits(time_s=1.5))
    gather(loader.submit([wish(medium("0.jpg"))]))
    first = loader.workers[0].process.pid
    os.kill(first, signal.SIGSTOP)
    found = gather(loader.submit([wish(medium("1.jpg"))]))[medium("1.jpg")]
    assert str(found) == "1.jpg: decoding took longer than 1.5 s"
    after = gather(loader.submit([wish(medium("2.jpg"))]))[medium("2.jpg")]
    assert isinstance(after, Image.Image)
    assert loader.workers[0].process.pid != first


def test_decoding_ahead_stops_at_its_limit_and_goes_on_when_a_batch_is_taken(
    folder: Path, loaders: Any
):
    size = 64 * 64 * 3
    loader = loaders(folder, 1, limits=Limits(ahead=2 * size))
    batches = [loader.submit([wish(medium(f"{i}.jpg"))]) for i in range(10)]
    time.sleep(1.5)
    assert sum(chunk.done.done() for batch in batches for chunk in batch.chunks) <= 3
    for i in (9, *range(9)):
        assert isinstance(gather(batches[i])[medium(f"{i}.jpg")], Image.Image)


def test_a_batch_without_media_is_empty(folder: Path, loaders: Any):
    assert gather(loaders(folder, 1).submit([wish()])) == {}


def test_a_batch_beyond_its_limit_fails_in_part_and_not_by_the_memory(folder: Path, loaders: Any):
    loader = loaders(folder, 1, limits=Limits(batch=1000))
    found = gather(loader.submit([wish(*(medium(f"{i}.jpg") for i in range(20)))]))
    failed = [str(one) for one in found.values() if isinstance(one, MediaError)]
    assert len(failed) == 18
    assert "in one batch" in failed[0]


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.1, 0.3])
def test_a_closed_loader_leaves_no_process_and_waits_for_none(folder: Path, moment: float):
    """Whatever is under way: what a process was asked, and has not yet answered, above all."""
    loader = Loader(folder, 2, limits=Limits(time_s=20))
    loader.submit([wish(*(medium(f"{i}.jpg") for i in range(20)))])
    time.sleep(moment)
    start = time.monotonic()
    loader.close()
    assert time.monotonic() - start < loader.limits.time_s / 4
    assert all(worker.process.poll() is not None for worker in loader.workers)


def test_processes_end_with_a_parent_that_is_killed(folder: Path):
    script = f"""
import time
from pathlib import Path
from mmjudge.media import Loader, gather
from tests.media.test_loader import medium, wish
loader = Loader(Path({str(folder)!r}), 1)
gather(loader.submit([wish(medium("0.jpg"))]))
print(loader.workers[0].process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_script_without_a_main_guard_can_decode(folder: Path):
    script = folder / "user.py"
    script.write_text(
        "from pathlib import Path\n"
        "from mmjudge.media import Loader, gather\n"
        "from mmjudge.types import Media, Request\n"
        "media = Media(modality='image', uri='0.jpg')\n"
        "asked = Request.model_construct(prompt=(media,), reference=None, candidates=())\n"
        "loader = Loader(Path(__file__).parent, 1)\n"
        "print(gather(loader.submit([asked]))[media].size)\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("(64, 64)\n", "")


def test_importing_media_loads_no_decoder():
    script = "import sys, mmjudge.media.loader as _; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    heavy = {"av", "decord", "torch", "torchcodec", "soundfile", "soxr", "PIL", "numpy"}
    assert not heavy & set(done.stdout.split())


def test_a_run_survives_a_damaged_medium_of_each_kind(folder: Path, tmp_path: Path):
    needs("av")
    needs("soundfile")
    whole = video(folder / "v.mp4", 30).read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    wav(folder / "nan.wav", np.full(100, np.nan), 16_000)
    kinds = {"v.mp4": "video", "cut.mp4": "video", "nan.wav": "audio", "0.jpg": "image"}
    items = [
        pair(i, candidates=tuple(Candidate(id=c, parts=(medium(uri, kind),)) for c in "ab"))
        for i, (uri, kind) in enumerate(kinds.items())
    ]
    judge = Told(lambda _: Reply(text="[[A]]"), media=True, sampling=Sampling(frames=2))
    done = run(Listed(items, root=folder), judge, out=tmp_path / "run")
    found = {j.item: j.outcome for j in stored(done.folder)}
    assert [isinstance(found[str(i)], Failure) for i in range(4)] == [False, True, True, False]
    assert {found["1"].reason, found["2"].reason} == {"media"}  # type: ignore[union-attr]
    assert judge.media[medium("v.mp4", "video")].indices == (7, 22)
