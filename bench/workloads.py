"""What the harness measures, one workload a process: `python bench/workloads.py NAME ARGUMENTS`.

Each workload prints one JSON line. Seconds are those of the work alone, imports left out; memory is
the peak of the whole process.
"""

import hashlib
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from mmjudge.api import run
from mmjudge.judges.base import Judge, JudgeContext, MediaMap
from mmjudge.store.run_store import Judged, RunStore, StoredItem
from mmjudge.task import Task
from mmjudge.types import (
    Candidate,
    Criterion,
    Item,
    JudgeCard,
    Media,
    Preference,
    PreferenceGold,
    PreferenceValue,
    Reply,
    Request,
    RunHeader,
    RunSettings,
    Scale,
    Score,
    TaskCard,
    TaskSpec,
)

N_IMAGES = 512
SIDE = 224
SIDES: tuple[PreferenceValue, ...] = ("first", "second")


class Instant(Judge):
    """Answers at once; with `media` it asks for decoded media and touches none of them."""

    def __init__(self, media: bool = False) -> None:
        self.card = JudgeCard(name="instant", summary="At once.", fingerprint="0", media=media)

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """The judge; there is nothing to choose."""
        return cls()

    @classmethod
    def catalog(cls) -> list[JudgeCard]:
        """No cards: it is not registered."""
        return []

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """The same reply to each request."""
        return [Reply(text="Verdict: [[A]]", finish_reason="stop") for _ in batch]


class Texts(Task):
    """Text-only pairs; `ready` holds them in memory, as the peer's dataset does."""

    spec = TaskSpec(
        name="bench",
        protocols=("pair", "score"),
        criteria=(Criterion(name="overall", question="Which is better?", scale=Scale()),),
        modalities=("text",),
        card=TaskCard(summary="Made by the bench."),
        primary="accuracy",
    )

    def __init__(self, count: int, ready: bool) -> None:
        super().__init__()
        self.count = count
        self.ready = [text_item(i) for i in range(count)] if ready else None

    def load(self, protocol: str) -> Iterator[Item]:
        """Yield the items, ready ones or new ones."""
        yield from self.ready if self.ready is not None else map(text_item, range(self.count))


class Images(Texts):
    """Pairs of JPEG images in a folder."""

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(0, ready=True)
        self.data = folder
        self.ready = [image_item(i) for i in range(count)]


def text_item(i: int) -> Item:
    return Item(
        id=str(i),
        prompt=(f"Say the number {i}.",),
        candidates=(
            Candidate(id="a", parts=(f"It is {i}.",)),
            Candidate(id="b", parts=(f"It is {i + 1}.",)),
        ),
        gold={"overall": PreferenceGold(value=SIDES[i % 2])},
    )


def image_item(i: int) -> Item:
    first, second = image_name(2 * i), image_name(2 * i + 1)
    return Item(
        id=str(i),
        prompt=(f"A picture of number {i}.",),
        candidates=(
            Candidate(id="a", parts=(Media(modality="image", uri=first),)),
            Candidate(id="b", parts=(Media(modality="image", uri=second),)),
        ),
        gold={"overall": PreferenceGold(value=SIDES[i % 2])},
    )


def image_name(i: int) -> str:
    return f"{i % N_IMAGES}.jpg"


def make_images(folder: Path) -> dict[str, float]:
    """Gradients with noise, of the size that photographs of 224 pixels have."""
    from PIL import Image

    rng = np.random.default_rng(0)
    sizes = []
    for i in range(N_IMAGES):
        ramp = np.linspace(0, 255, SIDE)
        picture = np.stack([np.outer(ramp, np.roll(ramp, 9 * i)) / 255] * 3, axis=-1)
        noisy = np.clip(picture + rng.normal(0, 30, picture.shape), 0, 255).astype(np.uint8)
        content = io.BytesIO()
        Image.fromarray(noisy).save(content, "JPEG", quality=88)
        (folder / image_name(i)).write_bytes(content.getvalue())
        sizes.append(len(content.getvalue()))
    return {"images": N_IMAGES, "mean_bytes": float(np.mean(sizes))}


def timed_run(task: Task, judge: Judge, count: int, workers: int = 2) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        start, busy = time.perf_counter(), time.process_time()
        done = run(task, judge, out=Path(folder) / "run", workers=workers)
        seconds, busy = time.perf_counter() - start, time.process_time() - busy
    if done.stats is None or done.stats.judged != count:
        raise SystemExit(f"judged {done.stats}, not {count}")
    return {"items_per_s": count / seconds, "items_per_cpu_s": count / busy, "peak_mb": peak_mb()}


def text(count: int) -> dict[str, float]:
    return timed_run(Texts(count, ready=True), Instant(), count)


def memory(count: int) -> dict[str, float]:
    return timed_run(Texts(count, ready=False), Instant(), count)


def images(folder: Path, count: int, workers: int) -> dict[str, float]:
    return timed_run(Images(folder, count), Instant(media=True), count, workers)


def images_bare(folder: Path, count: int) -> dict[str, float]:
    """One thread that reads and decodes the same files, and does nothing else."""
    from PIL import Image

    paths = [[folder / image_name(2 * i), folder / image_name(2 * i + 1)] for i in range(count)]
    start = time.perf_counter()
    for pair in paths:
        for path in pair:
            Image.open(io.BytesIO(path.read_bytes())).convert("RGB").load()
    return {"items_per_s": count / (time.perf_counter() - start)}


def store(folder: Path, judgments: int, protocol: str) -> dict[str, float]:
    """A run of so many judgments: pairs in 2 orders, or scores in 2 repeats, by 2 criteria."""
    names = ("look", "match")
    criteria = tuple(Criterion(name=n, question="Which is better?", scale=Scale()) for n in names)
    spec = Texts.spec.model_copy(update={"criteria": criteria})
    settings = RunSettings(protocol=protocol, orders="both", template="0")
    header = RunHeader(
        run_id="bench", task=spec, judge=Instant().card, settings=settings, packages={}
    )
    rng = np.random.default_rng(0)
    start = time.perf_counter()
    with RunStore.create(folder, header) as opened:
        for first in range(0, judgments // 4, 500):
            places = range(first, min(first + 500, judgments // 4))
            opened.add(
                (store_item(i, protocol) for i in places),
                [j for i in places for j in store_rows(i, spec, protocol, rng)],
            )
    size = (folder / "run.db").stat().st_size / 2**20
    return {"rows_per_s": judgments / (time.perf_counter() - start), "file_mb": size}


def store_item(i: int, protocol: str) -> StoredItem:
    gold: dict[str, Any] = {
        name: {"kind": "preference", "value": SIDES[i % 2]}
        if protocol == "pair"
        else {"kind": "score", "value": 1 + i % 5}
        for name in ("look", "match")
    }
    candidates = [{"id": "a", "parts": [f"It is {i}."], "system": f"s{i % 7}"}]
    if protocol == "pair":
        candidates.append({"id": "b", "parts": [f"It is {i + 1}."], "system": f"s{(i + 1) % 7}"})
    body = {"id": str(i), "prompt": [f"Say {i}."], "candidates": candidates, "gold": gold}
    return StoredItem(i, i.to_bytes(16), bad=False, body=json.dumps(body))


def store_rows(i: int, spec: TaskSpec, protocol: str, rng: np.random.Generator) -> Iterator[Judged]:
    for criterion in range(2):
        for turn in range(2):
            right = rng.random() < 0.7
            pair = protocol == "pair"
            level = float(np.clip(1 + i % 5 + rng.integers(-1, 2), 1, 5))
            order = ((0, 1), (1, 0))[turn] if pair else (0,)
            request = Request.model_construct(
                key=hashlib.sha256(f"{i}/{criterion}/{turn}".encode()).hexdigest()[:32],
                order=order,
                repeat=0 if pair else turn,
                probe=None,
            )
            stated = "A" if right == (turn == 0) else "B"
            reply = Reply(text=f"Verdict: [[{stated if pair else level}]]", finish_reason="stop")
            outcome = Preference(value=SIDES[i % 2 if right else 1 - i % 2])
            yield Judged(i, criterion, request, reply, outcome if pair else Score(value=level))


def scan(folder: Path) -> dict[str, float]:
    """What a resumed run reads before it plans: the header, all keys, all digests of items."""
    start = time.perf_counter()
    with RunStore.open(folder) as opened:
        keys = opened.done_keys()
        digests = sum(1 for _ in opened.digests())
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "cpu_s": cpu_s(), "keys": len(keys), "items": digests}


def score(folder: Path, resamples: int) -> dict[str, float]:
    from mmjudge.scoring.score import score_run

    start = time.perf_counter()
    figures = score_run(folder, n_resamples=resamples)
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "cpu_s": cpu_s(),
        "figures": len(figures),
        "peak_mb": peak_mb(),
    }


def resume(folder: Path, count: int) -> dict[str, float]:
    """The same command on a run that is finished: everything is verified, nothing is asked."""
    task = Texts(count, ready=False)
    start = time.perf_counter()
    done = run(task, Instant(), out=folder)
    seconds = time.perf_counter() - start
    judged = done.stats.judged if done.stats else 0
    return {"seconds": seconds, "judged": judged, "peak_mb": peak_mb()}


def cpu_s() -> float:
    """Processor time of the whole process, imports included: it changes less on a busy machine."""
    return time.process_time()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


WORKLOADS = {
    "text": lambda n: text(int(n)),
    "memory": lambda n: memory(int(n)),
    "make-images": lambda folder: make_images(Path(folder)),
    "images": lambda folder, n, workers: images(Path(folder), int(n), int(workers)),
    "images-bare": lambda folder, n: images_bare(Path(folder), int(n)),
    "store": lambda folder, n, protocol: store(Path(folder), int(n), protocol),
    "scan": lambda folder: scan(Path(folder)),
    "score": lambda folder, n: score(Path(folder), int(n)),
    "resume": lambda folder, n: resume(Path(folder), int(n)),
}

if __name__ == "__main__":
    print(json.dumps(WORKLOADS[sys.argv[1]](*sys.argv[2:])))
