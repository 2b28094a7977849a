"""A dataset of the Hub's form, mapped to items by YAML, read as from the Hub and from a copy."""

import re

import pytest

from mmjudge.errors import MmjudgeError, TaskError
from mmjudge.sources import hub
from mmjudge.sources.folder import open_task
from mmjudge.sources.hub import HubName
from mmjudge.task import BadItem, checked
from tests.tasks.small_hub_data import png, write_dataset, write_parquet

CARD = """\
name: cups
protocols: [pair]
modalities: [text, image]
primary: accuracy
criteria:
  - name: alignment
    question: Which picture shows what the text says?
  - name: beauty
    question: Which picture is nicer?
card:
  summary: Two pictures of cups.
hub: {dataset: someone/cups, revision: 0123abc, split: test}
columns:
  id: uid
  prompt: [{text: "Draw:"}, caption]
  candidates:
    - {parts: [{column: left, media: image}], system: models.0}
    - {parts: [{column: right, media: image}], system: models.1}
  gold:
    alignment:
      column: vote
      labels: {leftvote: first, rightvote: second, tievote: tie}
      ratings: [rater]
    beauty: {scores: [left_stars, right_stars]}
  strata: {category: kind}
"""


def rows(**changes):
    return {
        "uid": [7, 8, 9],
        "caption": ["a red cup", "a cup", "no cup"],
        "left": [{"bytes": png("red"), "path": "l.png"}] * 3,
        "right": [{"bytes": png("blue"), "path": None}] * 3,
        "models": [["sdxl", "flux"]] * 3,
        "vote": ["rightvote", "tievote", "nobody"],
        "rater": ["rightvote", None, "leftvote"],
        "left_stars": [3, None, 1],
        "right_stars": [2, None, 1],
        "kind": ["colour", None, "colour"],
        "unrelated": [0] * 3,
        **changes,
    }


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "hf"))
    monkeypatch.setenv("MMJUDGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def mapped(tmp_path):
    def make(card=CARD, columns=None):
        folder = tmp_path / "cups"
        folder.mkdir(exist_ok=True)
        (folder / "task.yaml").write_text(card)
        write_dataset(tmp_path / "copy", "test", columns or rows())
        write_parquet(tmp_path / "copy" / "data" / "train-00000.parquet", {"other": [1]})
        return open_task(str(folder), tmp_path / "copy")

    return make


def test_rows_become_items_as_the_mapping_says(mapped):
    task = mapped()
    first, second, third = checked(task, "pair")
    assert first.id == "7"
    assert first.prompt == ("Draw:", "a red cup")
    assert [c.system for c in first.candidates] == ["sdxl", "flux"]
    (medium,) = first.candidates[0].parts
    assert (task.root / medium.uri).read_bytes() == png("red")
    assert first.gold["alignment"].value == "second"
    assert first.gold["alignment"].ratings == ("second",)
    assert first.gold["beauty"].value == "first"
    assert first.strata == {"modality": "text->image", "category": "colour"}
    assert second.criteria == ("alignment",)
    assert second.strata == {"modality": "text->image"}
    assert isinstance(third, BadItem)
    assert third.where == "someone/cups@0123abc test row 2"
    assert "column vote says 'nobody'; known labels: leftvote" in third.problem


def test_the_hub_and_a_local_copy_give_the_same_items(mapped, monkeypatch, tmp_path):
    local = list(mapped().load("pair"))
    monkeypatch.setattr(hub, "require", lambda name: None)
    task = open_task(str(tmp_path / "cups"))
    task.name = HubName(str(tmp_path / "copy"), "main")  # `datasets` reads a folder like the Hub
    served = list(task.load("pair"))
    assert served[:2] == local[:2]


def test_a_changed_column_is_named_with_line_what_was_expected_what_is_there_and_revision(mapped):
    columns = rows()
    columns["votes"] = columns.pop("vote")
    columns.pop("models")
    with pytest.raises(TaskError) as raised:
        list(mapped(columns=columns).load("pair"))
    said = str(raised.value)
    assert re.search(
        r"task\.yaml:21: columns\.gold\.alignment\.column: column 'vote' is expec", said
    )
    assert "did you mean 'votes'?" in said
    assert "task.yaml:17: columns.candidates.0.system: column 'models'" in said
    assert "there at revision 0123abc" in said
    assert "left_stars" in said


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            {"caption": [3, 4, 5]},
            "column caption: text is needed for columns.prompt.1, found int 3",
        ),
        ({"models": [["sdxl"]] * 3}, "column models.1: no '1' in it"),
        ({"left": [4] * 3}, "image (bytes, or a path) is needed"),
        ({"left": ["../../etc/passwd"] * 3}, "a path in the dataset is needed"),
        ({"left": ["img/none.png"] * 3}, "no file img/none.png"),
        ({"left_stars": ["many"] * 3}, "column left_stars: a number is needed, found 'many'"),
    ],
)
def test_a_row_of_another_form_is_a_bad_item_that_says_what_was_expected(mapped, columns, words):
    first = next(iter(mapped(columns=rows(**columns)).load("pair")))
    assert isinstance(first, BadItem)
    assert words in first.problem


def test_a_path_of_a_medium_is_read_beside_the_copy(mapped, tmp_path):
    (tmp_path / "copy" / "img").mkdir(parents=True)
    (tmp_path / "copy" / "img" / "a.png").write_bytes(png("green"))
    card = CARD.replace("{column: left, media: image}", "{column: left, media: image, folder: img}")
    task = mapped(card, rows(left=["a.png"] * 3))
    first = next(iter(task.load("pair")))
    assert (task.root / first.candidates[0].parts[0].uri).read_bytes() == png("green")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "column: vote",
            "colum: vote",
            r"task\.yaml:21: columns\.gold\.alignment\.colum: .*allowed",
        ),
        ("leftvote: first", "leftvote: left", r"task\.yaml:22: columns\.gold\.alignment\.labels"),
        ("revision: 0123abc, ", "", r"task\.yaml:12: hub\.revision"),
        (
            "media: image}], system: models.0",
            "media: picture}], system: models.0",
            r"task\.yaml:17",
        ),
        ("beauty: {scores", "taste: {scores", r"no criterion 'taste'"),
        ("left_stars, right_stars", "left_stars", r"scores: one column for each candidate"),
        ("protocols: [pair]", "protocols: [score]", r"a score needs 1, found 2"),
        ("protocols: [pair]", "protocols: [pair, score]", r"a mapping is of one"),
        ('{text: "Draw:"}', "{}", r"either column or text"),
        ("split: test", "splitt: test", r"task\.yaml:12: hub\.splitt: .*allowed here: config"),
    ],
)
def test_what_the_mapping_may_not_say_is_refused_with_its_line(mapped, old, new, words):
    with pytest.raises(MmjudgeError, match=words):
        mapped(CARD.replace(old, new))


RANKED = """\
name: cups
protocols: [rank]
modalities: [text]
primary: rank_tau_b
criteria: [{name: fit, question: Which fits?}]
card: {summary: Three texts.}
hub: {dataset: someone/cups, revision: 0123abc, split: test}
columns:
  prompt: [caption]
  candidates: [{parts: [a]}, {parts: [b]}, {parts: [c]}]
  gold: {fit: {ranks: [ranks.0, ranks.1, ranks.2]}}
"""


def test_a_ranking_is_read_from_a_number_for_each_candidate(mapped):
    columns = {"caption": ["x"], "a": ["1"], "b": ["2"], "c": ["3"], "ranks": [[2, 0, 2]]}
    (only,) = mapped(RANKED, columns).load("rank")
    assert only.gold["fit"].ranks == (2, 1, 2)
    assert only.id == "test/0"


def test_a_score_is_read_by_its_label(mapped):
    card = RANKED.replace("[rank]", "[score]").replace("rank_tau_b", "tau_b")
    card = card.replace(", {parts: [b]}, {parts: [c]}", "")
    card = card.replace(
        "{ranks: [ranks.0, ranks.1, ranks.2]}", "{column: b, labels: {1: 5, no: 1}}"
    )
    columns = {"caption": ["x", "y"], "a": ["1", "2"], "b": ["1", "False"]}
    first, second = mapped(card, columns).load("score")
    assert (first.gold["fit"].value, second.gold["fit"].value) == (5, 1)


def test_a_copy_without_the_split_says_which_files_it_has(mapped):
    task = mapped(CARD.replace("split: test", "split: dev"))
    with pytest.raises(TaskError, match=r"no \*\*/\*dev\*\.parquet in it.*test-00000"):
        list(task.load("pair"))


def test_a_mapped_task_runs_like_any_other(mapped, tmp_path):
    import mmjudge

    run = mmjudge.run(mapped(), "baseline:oracle", out=tmp_path / "run", orders="both")
    found = {(r.metric, r.criterion): r.value for r in run.scores(n_resamples=0)}
    assert found["accuracy", "alignment"] == 1.0
    assert found["accuracy", "beauty"] == 1.0
