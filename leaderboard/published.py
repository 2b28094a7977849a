"""What authors published of the judges that they recorded, by the names of our measures."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

OVERALL = "overall"


class Published(NamedTuple):
    """A figure as the authors gave it, with so many decimals; `note`: why ours is another one."""

    metric: str
    criterion: str
    stratum: str
    value: float
    digits: int
    note: str = ""


def published(task: str, judge: str, data: Path) -> Iterator[Published]:
    """The published figures of a recorded judge that this suite recomputes.

    Args:
        task: Installed task.
        judge: Its name in the recording.
        data: Folder of the recording.
    """
    reader = {
        "genai_bench": _genai_bench,
        "viescore": _viescore,
        "tifa160": _tifa160,
        "mj_bench_bias": _mj_bench_bias,
        "audiojudge": _audiojudge,
        "pandalm": _pandalm,
    }.get(task)
    if reader is not None:
        yield from reader(judge, data)


def _genai_bench(judge: str, data: Path) -> Iterator[Published]:
    text = (data / "published.txt").read_text(encoding="utf-8")
    rows = re.findall(r"^\|\s*(\S+)\s*\|\s*pairwise\s*\|\s*([\d.]+)\s*\|\s*([\d.]+)", text, re.M)
    for name, *values in rows:
        for subset, value in zip(("image_generation", "image_editing"), values, strict=True):
            if name == judge:
                yield Published(
                    metric="genai_bench.accuracy",
                    criterion=OVERALL,
                    stratum=f"subset={subset}",
                    value=float(value),
                    digits=2,
                )


TIES = "people's means are rounded here, so that equal ones tie; the authors' are not"
VIESCORE_NOTES = {
    ("Multi-Concept_IC", "gpt4o_0shot", "PQ"): "a sub-score of 8.5, which the authors cut to 8",
    ("Subject-Driven_IE", "gpt4o_1shot", "O"): "the published cell repeats that of gpt4o_0shot",
}


def _viescore(judge: str, data: Path) -> Iterator[Published]:
    table = json.loads((data / "published_table2.json").read_text(encoding="utf-8"))
    for subtask, rows in table.items():
        for criterion, value in zip(("SC", "PQ", "O"), rows.get(judge, ()), strict=False):
            yield Published(
                metric="viescore.tanh_mean",
                criterion=criterion,
                stratum=f"subtask={subtask}",
                value=value,
                digits=4,
                note=VIESCORE_NOTES.get(
                    (subtask, judge, criterion), TIES if criterion == "O" else ""
                ),
            )


TIFA160 = {
    "tifa_mplug-large": (0.596720, 0.471716),
    "tifa_blip2-flant5xl": (0.558983, 0.435997),
    "clipscore_vitb32": (0.331818, 0.231446),
}


def _tifa160(judge: str, _: Path) -> Iterator[Published]:
    for rule, value in zip(("pearson", "tau_b"), TIFA160.get(judge, ()), strict=False):
        yield Published(
            metric=f"tifa.{rule}", criterion="faithfulness", stratum="all", value=value, digits=6
        )


MJ_BENCH = {
    "CLIP-v2": "clipscore_v2",
    "ImageReward": "ImageReward",
    "Aesthetics": "aesthetics",
    "GPT-4-vision": "gpt-4-turbo",
    "GPT-4o": "gpt-4o",
}


def _mj_bench_bias(judge: str, data: Path) -> Iterator[Published]:
    content = json.loads((data / "published.json").read_text(encoding="utf-8"))
    for row in content["benchmark"]:
        if MJ_BENCH.get(row["Model"]) == judge:
            for figure in ("acc", "nds", "ges"):
                yield Published(
                    metric=f"mj_bench.benchmark.{figure}",
                    criterion="scale5",
                    stratum="all",
                    value=row[f"Bias_{figure.upper()}"],
                    digits=1,
                )


AUDIOJUDGE: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "gemini2.0flash": {
        "text-text": (84.87, 5.16, 9.97),
        "audio-text": (84.89, 7.53, 7.58),
        "audio-audio": (80.99, 9.36, 9.64),
        "transcript": (81.27, 6.45, 12.27),
    }
}


def _audiojudge(judge: str, _: Path) -> Iterator[Published]:
    for condition, values in AUDIOJUDGE.get(judge, {}).items():
        shares = ("consistent", "prefers_first", "prefers_second")
        for share, value in zip(shares, values, strict=True):
            yield Published(
                metric=f"audiojudge.position.{share}",
                criterion=OVERALL,
                stratum=f"condition={condition}",
                value=value,
                digits=2,
            )


PANDALM: Mapping[str, tuple[Any, ...]] = {
    "pandalm7b": (0.6677, 0.5738, 0.5750, 0.5743),
    "gpt35": (0.6977, 0.5365, 0.5324, 0.5274),
}


def _pandalm(judge: str, _: Path) -> Iterator[Published]:
    rules = ("agreement", "precision", "recall", "f1")
    for rule, value in zip(rules, PANDALM.get(judge, ()), strict=False):
        yield Published(
            metric=f"pandalm.{rule}", criterion=OVERALL, stratum="all", value=value, digits=4
        )
