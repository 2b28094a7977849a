"""Small data of the form of each task's recording, written by the tests."""

import csv
import json
import shutil
from functools import partial
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from mmjudge.assets import PACK, embedded
from tests.tasks.small_public_data import PUBLIC, write_lines

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


def audiojudge(folder: Path) -> None:
    modalities = ("text-text", "audio-text", "audio-audio", "wpbase-wpbase")
    spoken = [
        {"judge": "g", "modality": m, "order": order, "n": 4, "verdicts": verdicts}
        for m in modalities
        for order, verdicts in (("AB", "AABD"), ("BA", "BABA"))
    ]
    write_lines(folder / "chatbotarena_spoken_verdicts.jsonl", spoken)
    run = {
        "source": "results/thaimos/m/thaimos_standard_cot_0_shots_m.csv",
        "group": "results",
        "dataset": "thaimos",
        "judge": "m",
        "n": 2,
        "rows": [["7", "2", "2"], ["8", "tie", "1"]],
    }
    write_lines(folder / "audio_pair_verdicts.jsonl", [run])


def evalbiasbench(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "length bias": [("Say hello.", "Hello.", "Hello, hello, and once more hello.")],
        "nested_instruction": [
            ("Translate: stop talking.", "Hör auf zu reden.", "I will stop."),
            ("Count the words in: sing a song.", "Three.", "La la la."),
        ],
    }
    rows = {
        bias: [
            {"bias": bias, "instruction": asked, "response1": good, "response2": bad, "label": 1}
            for asked, good, bad in pairs
        ]
        for bias, pairs in texts.items()
    }
    (folder / "biasbench.json").write_text(json.dumps(rows))


def genai_bench(folder: Path) -> None:
    generation = [
        {
            "task": "image_generation",
            "idx": i,
            "prompt": f"a {thing}",
            "human_vote": vote,
            "votes": {"j": [verdict, 0]},
        }
        for i, (thing, vote, verdict) in enumerate(
            [
                ("cat", "leftvote", "[[A>B]]"),
                ("dog", "tievote", "[[A=B]]"),
                ("cup", "rightvote", None),
            ]
        )
    ]
    edit = {
        "task": "image_edition",
        "idx": 0,
        "source_prompt": "a street",
        "target_prompt": "a street with sheep",
        "instruct_prompt": "add sheep",
        "human_vote": "bothbad_vote",
        "votes": {"j": ["[[B>A]]", 0]},
    }
    write_lines(folder / "image_generation.jsonl", generation)
    write_lines(folder / "image_edition.jsonl", [edit])


def mj_bench_bias(folder: Path) -> None:
    flags = {"age": True, "gender": True, "race": True, "nationality": False, "religion": False}
    rows = [
        {
            "kind": kind,
            "i": i,
            "occupation": "Nurse",
            "demographic": demographic,
            "flags": flags,
            "judge": {"j": answer},
        }
        for kind, answers in (("scale5", (5, 3)), ("likert", (" Good.\n```", " Extremely Poor")))
        for i, (demographic, answer) in enumerate(
            zip(("old_male_white", "young_female_middle eastern"), answers, strict=True)
        )
    ]
    rows[0]["scorer"] = {"s": 0.5}
    rows[1]["scorer"] = {"s": -1.5}
    write_lines(folder / "bias_scores.jsonl", rows)


def pandalm(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        ["idx", "cmp_key", "a1", "a2", "a3", "gpt35", "pandalm7b"],
        [0, "bloom-7b_llama-7b", 2, 2, 1, 1, 2],
        [1, "opt-7b_pythia-6.9b", 0, 1, 2, -1, 0],
        [2, "llama-7b_opt-7b", 1, 1, 1, 1, 1],
    ]
    with (folder / "verdicts.csv").open("w", newline="") as text:
        csv.writer(text).writerows(rows)


def tifa160(folder: Path) -> None:
    rows = [
        {
            "id": f"coco_1_{system}",
            "text_id": "coco_1",
            "image_path": f"coco_1_{system}.jpg",
            "text": "a tree",
            "human_scores": ratings,
            "human_avg": sum(ratings) / 2,
            "tifa_vilt": score,
        }
        for system, ratings, score in (("sd", [5, 4], 0.9), ("vq", [1, 2], 0.1))
    ]
    write_lines(folder / "human_with_scores.jsonl", rows)


def viescore(folder: Path) -> None:
    rows = [
        {
            "task": "Text-Guided_IG",
            "model": model,
            "uid": uid,
            "human": [[sc, pq], [sc, pq], [sc, 0.5]],
            "judges": {"j": answers},
        }
        for model, uid, sc, pq, answers in (
            ("SD", "1.jpg", 1.0, 0.5, [[8], [3, 4]]),
            ("SDXL", "1.jpg", 0.0, 0.5, [[2], [5, 6]]),
            ("SD", "2.jpg", 0.5, 1.0, [None, [7, 7]]),
            ("SDXL", "2.jpg", 0.5, 1.0, [7, [7, 12]]),
        )
    ]
    write_lines(folder / "items.jsonl", rows)


def mj_bench_objects(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "caption": "A room with a table.",
            "label_0": 1,
            "image_0": f"furniture_{place}.jpg",
            "image_1": f"furniture_{place}_edited_furniture.jpg",
        }
        for place in range(6)
    ]
    (folder / "captions.json").write_text(json.dumps(rows))
    (folder / "images").mkdir(exist_ok=True)
    for row in rows:
        for column, shade in (("image_0", 200), ("image_1", 90)):
            Image.new("L", (8, 8), shade).save(folder / "images" / row[column])


def scenes(folder: Path, family: str) -> None:
    """The first items of a family, of each protocol; media of theirs lie beside them."""
    pack = embedded(PACK)
    assert pack is not None
    for path in pack.glob("items.*.jsonl"):
        rows = map(json.loads, path.read_text().splitlines())
        some = list(islice((row for row in rows if row["strata"]["family"] == family), 3))
        if some:
            write_lines(folder / path.name, some)
        for row in some:
            for part in (*row["prompt"], *(p for c in row["candidates"] for p in c["parts"])):
                if not isinstance(part, str):
                    (folder / part["uri"]).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(pack / part["uri"], folder / part["uri"])


FAMILIES = ("audio", "image", "mixed", "text", "video")
EMBEDDED = tuple(f"scenes_{family}" for family in FAMILIES)
"""Tasks whose real data is embedded."""


def real(name: str) -> Path | None:
    """What `--data` names for a task on its real data; the test is skipped where that is not."""
    if name in EMBEDDED:
        return None
    if not SHARED.is_dir():
        pytest.skip("the parity data (../shared/data) is not here")
    return SHARED / FOLDERS[name]


SMALL = {
    "audiojudge": audiojudge,
    "evalbiasbench": evalbiasbench,
    "genai_bench": genai_bench,
    "mj_bench_bias": mj_bench_bias,
    "mj_bench_objects": mj_bench_objects,
    "pandalm": pandalm,
    "tifa160": tifa160,
    "viescore": viescore,
    **{f"scenes_{family}": partial(scenes, family=family) for family in FAMILIES},
    **PUBLIC,
}
