"""The tasks of this package, their samples, and where the real data of some lies."""

import json
import shutil
from itertools import islice
from pathlib import Path

import pytest

from mmjudge.assets import PACK, embedded
from mmjudge.registry import TASKS, registry
from mmjudge.sources.samples import sample_of
from mmjudge.task import Task

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "parity"
FOLDERS = {
    "audiojudge": "audiojudge",
    "evalbiasbench": "../benchmarks/evalbiasbench",
    "genai_bench": "genai_bench",
    "mj_bench_bias": "mj_bench_bias",
    "mj_bench_objects": "../benchmarks/mj_bench_objects",
    "pandalm": "pandalm",
    "tifa160": "tifa",
    "viescore": "viescore",
}
"""Tasks whose real data is in ../shared/data, and where."""

UNREAD = {("tifa160", "real"): ("checklist",)}
"""Protocols of a task whose real data is not in ../shared/data."""

NAMES = sorted(
    name
    for name, point in registry(TASKS).points.items()
    if point.value.startswith("mmjudge_tasks.")
)
SAMPLES = {
    name: folder for name in NAMES if (folder := sample_of(registry(TASKS).load(name))) is not None
}
EMBEDDED = [name for name in NAMES if name not in SAMPLES]
"""Tasks without a sample: their real data comes with them."""

REAL = [name for name in NAMES if name in FOLDERS or name in EMBEDDED]
CASES = [
    pytest.param(name, kind, id=f"{name}-{kind}")
    for kind, names in (("small", NAMES), ("real", REAL))
    for name in names
]


REAL_SLOW = [
    pytest.param(*case.values, id=case.id, marks=pytest.mark.slow if "real" in case.values else ())
    for case in CASES
]
"""The same where the sample tells as much, and the real data takes long."""


def real(name: str) -> Path | None:
    """What `--data` names for a task on its real data; the test is skipped where that is not."""
    if name in EMBEDDED:
        return None
    if not SHARED.is_dir():
        pytest.skip("the parity data (../shared/data) is not here")
    return SHARED / FOLDERS[name]


def protocols_of(task: Task, name: str, kind: str) -> list[str]:
    """The protocols of a task whose data of that kind, small or real, is here."""
    return [p for p in task.spec.protocols if p not in UNREAD.get((name, kind), ())]


def copy_sample(name: str, folder: Path) -> None:
    """A copy of a task's sample, or of the first items of its embedded data."""
    if name in EMBEDDED:
        _first_of_the_pack(name.removeprefix("scenes_"), folder)
    else:
        shutil.copytree(SAMPLES[name], folder)


def _first_of_the_pack(family: str, folder: Path) -> None:
    """The first items of a family, of each protocol; media of theirs lie beside them."""
    pack = embedded(PACK)
    assert pack is not None
    folder.mkdir(parents=True)
    for path in pack.glob("items.*.jsonl"):
        rows = map(json.loads, path.read_text().splitlines())
        some = list(islice((row for row in rows if row["strata"]["family"] == family), 3))
        if some:
            (folder / path.name).write_text("".join(json.dumps(row) + "\n" for row in some))
        for row in some:
            for part in (*row["prompt"], *(p for c in row["candidates"] for p in c["parts"])):
                if not isinstance(part, str):
                    (folder / part["uri"]).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(pack / part["uri"], folder / part["uri"])
