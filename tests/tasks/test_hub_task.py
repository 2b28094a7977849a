"""A dataset of the Hub's form, written here and loaded through `datasets` with the network off."""

import hashlib
import json
import time

import pytest

from mmjudge.errors import TaskError
from mmjudge.sources.folder import open_task
from mmjudge.sources.hub import hub_rows, local_rows, parse_name
from mmjudge.task import BadItem, checked
from tests.tasks.small_hub_data import png, write_parquet

NAME = "hub:someone/cups@0123abc"
CARD = """\
name: cups
protocols: [pair]
modalities: [text, image]
primary: accuracy
criteria:
  - name: alignment
    question: Which picture shows what the text says?
card:
  summary: Two pictures of cups.
"""


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    (folder / "task.yaml").write_text(CARD)

    def part(modality, blob=None, uri=None):
        data = None if blob is None else {"bytes": blob, "path": "x.png"}
        return {"text": None, "modality": modality, "uri": uri, "data": data}

    def candidates(first, second):
        return [
            {"id": "a", "system": "sdxl", "parts": [first]},
            {"id": "b", "system": None, "parts": [second]},
        ]

    text = {"text": "a description", "modality": None, "uri": None, "data": None}
    gold = {"alignment": {"kind": "preference", "value": "second"}}
    write_parquet(
        folder / "data" / "test-00000.parquet",
        {
            "id": ["1", "2", "3"],
            "prompt": [["A red \u202ecup"], ["A cup"], ["A cup"]],
            "candidates": [
                candidates(part("image", png("red")), part("image", png("blue"))),
                candidates(part("image", uri="img/a.png"), text),
                candidates(part("image", uri="../a.png"), text),
            ],
            "gold": [json.dumps(gold)] * 3,
            "strata": [
                {"modality": "text->image", "category": None},
                {"modality": "text->image", "category": "spatial"},
                {"modality": None, "category": None},
            ],
            "unrelated": [1, 2, 3],
        },
    )
    return folder


def test_rows_become_items_and_media_are_kept_undecoded(copy):
    task = open_task(NAME, copy)
    first, second, third = checked(task, "pair")
    assert first.prompt == ("A red \u202ecup",)
    assert first.strata == {"modality": "text->image"}
    assert first.gold["alignment"].value == "second"
    (media,) = first.candidates[0].parts
    kept = (task.root / media.uri).read_bytes()
    assert kept == png("red")
    assert media.sha256 == hashlib.sha256(kept).hexdigest()
    assert second.candidates[0].parts[0].uri == "hf://datasets/someone/cups@0123abc/img/a.png"
    assert second.candidates[1].parts == ("a description",)
    assert isinstance(third, BadItem)
    assert "must stay in the folder" in third.problem
    assert "row 2" in third.where


def test_a_row_that_is_no_item_is_reported_with_its_place(copy):
    write_parquet(
        copy / "data" / "test-00000.parquet",
        {"id": ["1", "2"], "prompt": [["A"], ["B"]], "candidates": ["[]", "not json"]},
    )
    first, second = open_task(NAME, copy).load("pair")
    assert "candidates" in first.problem
    assert second.where == f"{NAME} row 1"
    assert "not JSON" in second.problem


def test_a_dataset_needs_its_revision():
    with pytest.raises(TaskError, match="owner/name@revision is needed"):
        open_task("hub:someone/cups")


def test_without_a_network_the_answer_is_quick_and_says_what_to_do():
    began = time.monotonic()
    with pytest.raises(TaskError, match=r"HF_HUB_OFFLINE is set.*local copy"):
        open_task(NAME)
    with pytest.raises(TaskError, match="HF_HUB_OFFLINE"):
        next(hub_rows(parse_name("a/b@c"), None, None))
    assert time.monotonic() - began < 5


def test_a_hub_that_does_not_answer_is_given_up_within_five_seconds(monkeypatch):
    from mmjudge.sources import hub

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(hub, "_ask", lambda name, problem: time.sleep(30))
    began = time.monotonic()
    with pytest.raises(TaskError, match="did not answer in 4 s"):
        open_task(NAME)
    assert time.monotonic() - began < 5


def test_a_hub_that_refuses_is_quoted(monkeypatch):
    from mmjudge.sources import hub

    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setattr(hub, "_ask", lambda name, problem: problem.append("ConnectError: refused"))
    with pytest.raises(TaskError, match=r"ConnectError: refused.*local copy"):
        open_task(NAME)


def test_a_copy_without_card_or_rows_says_so(tmp_path):
    with pytest.raises(TaskError, match=r"needs task\.yaml"):
        open_task(NAME, tmp_path)
    with pytest.raises(TaskError, match=r"no .*parquet in it"):
        next(local_rows(tmp_path))


GENERATION = {
    "prompt": ["a cat", "a dog"],
    "left_model": ["sdxl", "flux"],
    "right_model": ["flux", "sdxl"],
    "left_image": [{"bytes": png("red"), "path": None}] * 2,
    "right_image": [{"bytes": png("blue"), "path": None}] * 2,
    "vote_type": ["leftvote", "nobody"],
}
EDITION = {
    "source_prompt": ["a street"],
    "target_prompt": ["a street with sheep"],
    "instruct_prompt": ["add sheep"],
    "source_image": [{"bytes": png("green"), "path": "s.png"}],
    "left_output_image": [{"bytes": png("red"), "path": None}],
    "right_output_image": [{"bytes": png("blue"), "path": None}],
    "vote_type": ["bothbad_vote"],
}


def test_genai_bench_reads_the_columns_of_the_public_data(tmp_path, monkeypatch):
    import mmjudge_tasks.genai_bench as plugin

    write_parquet(tmp_path / "public" / "image_generation" / "test.parquet", GENERATION)
    write_parquet(tmp_path / "public" / "image_edition" / "test.parquet", EDITION)
    asked = []

    def rows(name, config, split):
        asked.append((str(name), config, split))
        yield from local_rows(tmp_path / "public" / config)

    monkeypatch.setattr(plugin, "hub_rows", rows)
    task = open_task("genai_bench")
    first, bad, edited = checked(task, "pair")
    revision = task.spec.card.revision
    assert asked == [
        (f"TIGER-Lab/GenAI-Bench@{revision}", subset, "test_v1")
        for subset in ("image_generation", "image_edition")
    ]
    assert first.id == "image_generation/0"
    assert [c.system for c in first.candidates] == ["sdxl", "flux"]
    assert (task.root / first.candidates[1].parts[0].uri).read_bytes() == png("blue")
    assert isinstance(bad, BadItem)
    assert "vote_type" in bad.problem
    assert edited.gold["overall"].value == "both_bad"
    assert (task.root / edited.prompt[1].uri).read_bytes() == png("green")
    assert edited.prompt[1].uri.endswith(".png")


def test_genai_bench_names_a_column_that_is_missing(tmp_path):
    from mmjudge_tasks.genai_bench import public_item

    write_parquet(
        tmp_path / "test.parquet", {k: v for k, v in GENERATION.items() if k != "vote_type"}
    )
    (row, _) = local_rows(tmp_path)
    bad = public_item("image_generation", 0, row)
    assert isinstance(bad, BadItem)
    assert "vote_type" in bad.problem
