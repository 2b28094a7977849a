"""WebDevJudge: one pair in every way to show it, and the authors' rules over both protocols."""

import json
import shutil

import numpy as np
import pytest
from mmjudge_tasks import webdev_judge
from mmjudge_tasks.webdev_judge.pairs import LIKERT

from mmjudge.errors import TaskError
from mmjudge.metrics.agreement import balanced_accuracy
from mmjudge.sources import hub
from mmjudge.sources.folder import open_task
from mmjudge.sources.hub import HubName, media_cache
from mmjudge.sources.public_rows import HubTable
from mmjudge.task import JudgedRow, checked
from mmjudge.types import Answers, Failure, Media, Reply, Score
from tests.tasks.judged_rows import by_id, figures, is_bad, judged
from tests.tasks.small_hub_data import write_dataset

GOLDS = {"cart": "first", "profile": "second", "rates": "tie"}
WAYS = ("code", "screenshot", "both", "driven")


@pytest.fixture
def folder(small):
    return small("webdev_judge")


def kinds(item):
    return {type(part) for candidate in item.candidates for part in candidate.parts}


def test_a_pair_is_one_content_in_four_ways_with_one_gold(folder):
    items = by_id(open_task("webdev_judge", folder), "pair")
    assert list(items) == [f"{pair}/{way}" for pair in GOLDS for way in WAYS]
    for name, item in items.items():
        pair, way = name.split("/")
        assert (item.strata["pair"], item.strata["condition"]) == (pair, way)
        assert item.gold["overall"].value == GOLDS[pair]
        assert item.absent is None
    assert kinds(items["cart/code"]) == {str}
    assert kinds(items["cart/screenshot"]) == {Media}
    assert kinds(items["cart/both"]) == kinds(items["cart/driven"]) == {str, Media}
    assert items["cart/code"].candidates[0].system == "model-x"


def test_a_film_tells_a_working_button_from_a_broken_one(folder):
    works, broken = by_id(open_task("webdev_judge", folder), "pair")["cart/driven"].candidates
    assert sum(isinstance(part, Media) for part in works.parts) == 2
    assert sum(isinstance(part, Media) for part in broken.parts) == 1
    assert "Error in its script: addCup is not defined" in broken.parts[-1]


def test_ways_without_pictures_are_left_out_and_one_missing_picture_is_absent(folder):
    (folder / "screenshots/rates_b.png").unlink()
    shutil.rmtree(folder / "films/cart_a")
    failed = {"key": "", "made_by": "", "driven": False, "failed": "profile_b: does not answer"}
    (folder / "films/profile_b/film.json").write_text(json.dumps(failed))
    items = by_id(open_task("webdev_judge", folder), "pair")
    assert {name: item.absent for name, item in items.items() if item.absent} == {
        "cart/driven": "film of page cart_a",
        "profile/driven": "film of page profile_b: profile_b: does not answer",
        "rates/screenshot": "screenshot of page rates_b",
        "rates/both": "screenshot of page rates_b",
    }
    shutil.rmtree(folder / "screenshots")
    shutil.rmtree(folder / "films")
    left = by_id(open_task("webdev_judge", folder), "pair")
    assert list(left) == [f"{pair}/code" for pair in GOLDS]


def test_pages_that_cannot_be_used_are_named_and_the_others_are_there(folder):
    rows = [json.loads(line) for line in (folder / "all.jsonl").read_text().splitlines()]
    rows[0]["conversation_b"][-1]["object"] = None
    rows[1]["label"] = "model_c"
    (folder / "all.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "films/rates_a/film.json").write_text("{}")
    found = list(checked(open_task("webdev_judge", folder), "pair"))
    bad = [item for item in found if is_bad(item)]
    assert [item.id for item in bad] == ["cart", "line 2", "rates"]
    assert "conversation_b: its last turn has no object.code" in bad[0].problem
    assert "label" in bad[1].problem
    assert "film.json: is no film" in bad[2].problem
    (folder / "films/rates_a/film.json").unlink()
    (folder / "category.csv").write_text("index,category\n")
    with pytest.raises(TaskError, match=r"category\.csv: columns question_id, category"):
        list(open_task("webdev_judge", folder).load("pair"))


def test_balanced_is_the_measure_of_that_name_and_a_failure_is_wrong(folder):
    task = open_task("webdev_judge", folder)
    items = by_id(task, "pair")
    said = {"cart": ("first", "tie"), "profile": ("second", None), "rates": ("tie", "first")}
    rows = [row for pair in GOLDS for row in judged(items[f"{pair}/code"], *said[pair])]
    rows += judged(items["cart/driven"], "first")
    found = figures(task, rows)
    codes = {"first": 0, "second": 1, "tie": 2, None: -1}
    gold = np.array([codes[GOLDS[pair]] for pair in GOLDS for _ in range(2)])
    verdict = np.array([codes[value] for pair in GOLDS for value in said[pair]])
    expected = 100 * balanced_accuracy(gold, verdict)
    assert found["webdev_judge.balanced", "overall", "condition=code"] == pytest.approx(expected)
    assert found["webdev_judge.agreement", "overall", "condition=code"] == pytest.approx(50)
    assert found["webdev_judge.agreement", "overall", "all"] == pytest.approx(400 / 7)


def scored(items, name, sums, repeat=0):
    """Both pages of a pair with marks of those sums; nan leaves a mark out."""
    rows = []
    for side, total in zip("ab", sums, strict=True):
        marks = [1.0] * 12 + [total - 12]
        for criterion, mark in zip(LIKERT, marks, strict=True):
            missing = Failure(reason="off_scale")
            outcome = missing if np.isnan(mark) else Score(value=mark)
            item = items[f"{name}/code/{side}"]
            rows.append(JudgedRow(item, criterion, (0,), repeat, Reply(), outcome))
    return rows


@pytest.mark.parametrize(
    ("sums", "right"),
    [
        ({"cart": (15, 13), "profile": (13, 15), "rates": (13, 14)}, 3),
        ({"cart": (14, 13), "profile": (13, 15), "rates": (15, 13)}, 1),
        ({"cart": (np.nan, 13), "profile": (14, 16), "rates": (13, np.nan)}, 1),
    ],
)
def test_a_page_wins_by_more_than_one_mark_and_a_missing_mark_is_wrong(folder, sums, right):
    task = open_task("webdev_judge", folder)
    items = by_id(task, "score")
    rows = [row for name, pair in sums.items() for row in scored(items, name, pair)]
    found = figures(task, rows)
    assert found["webdev_judge.band_agreement", "overall", "all"] == pytest.approx(100 * right / 3)
    assert found["webdev_judge.band_balanced", "overall", "all"] == pytest.approx(100 * right / 3)


def answered(items, name, met):
    """Both pages of a pair, with how many questions of each branch they meet; None fails."""
    rows = []
    for side, shares in zip("ab", met, strict=True):
        item = items[f"{name}/code/{side}"]
        for (branch, questions), count in zip(item.checklists.items(), shares, strict=True):
            outcome = Failure(reason="incomplete")
            if count is not None:
                words = ["yes"] * count + ["no"] * (len(questions) - count)
                outcome = Answers(answers=tuple(words))
            rows.append(JudgedRow(item, branch, (0,), 0, Reply(), outcome))
    return rows


def test_leaves_of_a_rubric_tree_are_questions_and_the_page_that_meets_more_wins(folder):
    task = open_task("webdev_judge", folder)
    items = by_id(task, "checklist")
    assert len(items) == 2 * len(GOLDS) * len(WAYS)
    shown = items["cart/code/a"].checklists["static"]
    assert [question.text for question in shown] == [
        "Is this so? The cart: A count of the cups.",
        "Is this so? The cart: A button to add one.",
    ]
    assert {question.kind for question in shown} == {"The cart"}
    cart = answered(items, "cart", [(1, 1, 0), (0, 2, 0)])  # 1.5 shares against 1
    even = answered(items, "rates", [(1, 0, 1), (0, 1, 1)])
    failed = answered(items, "profile", [(1, None, 1), (1, 1, 1)])
    found = figures(task, [*cart, *even, *failed])
    assert found["webdev_judge.rubric_agreement", "overall", "all"] == pytest.approx(200 / 3)
    assert found["webdev_judge.rubric_balanced", "overall", "all"] == pytest.approx(100)


def test_checklists_need_the_rubric_and_its_bad_lines_are_named(folder):
    path = folder / "rubric.jsonl"
    rows = path.read_text().splitlines()
    none = json.dumps({"question_id": "rates", "rubric_tree": None})
    path.write_text("\n".join((rows[0], '{"question_id": "profile"}', none)) + "\n")
    found = list(checked(open_task("webdev_judge", folder), "checklist"))
    bad = [item for item in found if is_bad(item)]
    assert bad[0].where == f"{path}:2"
    assert [item.id for item in bad[1:]] == ["profile", "rates"]
    assert "has no rubric tree" in bad[1].problem
    assert len(found) == 2 * len(WAYS) + 3
    path.unlink()
    assert len(by_id(open_task("webdev_judge", folder), "pair")) == len(GOLDS) * len(WAYS)
    with pytest.raises(TaskError, match=r"needs rubric\.jsonl"):
        list(open_task("webdev_judge", folder).load("checklist"))


@pytest.mark.slow
def test_the_public_copy_is_the_labelled_rows_of_the_hub_as_code(monkeypatch, folder, tmp_path):
    monkeypatch.setattr(hub, "require", lambda name: None)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "hf"))
    rows = [json.loads(line) for line in (folder / "all.jsonl").read_text().splitlines()]
    columns = {name: [row[name] for row in rows] for name in rows[0] if name != "label"}
    served = tmp_path / "served"
    write_dataset(served, "test", columns)
    monkeypatch.setattr(webdev_judge, "HUB", HubTable(HubName(str(served), "main"), "test"))
    place = webdev_judge.GITHUB
    kept = media_cache() / "github" / place.repo / place.commit / "data"
    kept.mkdir(parents=True)
    (kept / "index2label.json").write_text('{"0": "model_a", "2": "tie"}')
    (kept / "index2category.csv").write_text("subcategory,category,index\nGames,Play,2\n")
    items = by_id(webdev_judge.WebdevJudge(), "pair")
    local = by_id(open_task("webdev_judge", folder), "pair")
    assert list(items) == ["cart/code", "rates/code"]
    assert items["rates/code"].strata["category"] == "Play"
    for name, item in items.items():
        assert (item.prompt, item.candidates, item.gold) == (
            local[name].prompt,
            local[name].candidates,
            local[name].gold,
        )
