"""Figures by criterion and by stratum."""

import pytest

import mmjudge
from mmjudge.errors import MmjudgeError
from mmjudge.report.overview import overview
from mmjudge.report.page import render
from mmjudge.scoring.score import score_run, task_warnings
from mmjudge.scoring.table import Table
from mmjudge.types import PreferenceGold, Reply
from tests.scoring.scoring_helpers import ListTask, Scripted, pair_item, spec


def first(request):
    return Reply(text="[[A]]" if request.order[0] == 0 else "[[B]]")


def by(results, metric):
    return {(r.criterion, r.stratum): r.value for r in results if r.metric == metric}


def test_a_stratum_has_the_figure_of_its_items_alone(tmp_path):
    items = [
        pair_item(str(i), "first" if i < 10 else "second", modality="image" if i < 10 else "text")
        for i in range(40)
    ]
    run = mmjudge.run(task=ListTask(spec("pair"), items), judge=Scripted(first), out=tmp_path / "r")
    found = by(score_run(run.folder, 0, by=("modality",)), "accuracy")
    assert found["overall", "all"] == pytest.approx(10 / 40)
    assert found["overall", "modality=image"] == 1
    assert found["overall", "modality=text"] == 0


def test_an_unknown_axis_is_refused_with_those_that_there_are(tmp_path):
    task = ListTask(spec("pair"), [pair_item("1", "first", language="en")])
    run = mmjudge.run(task=task, judge=Scripted(first), out=tmp_path / "r")
    with pytest.raises(MmjudgeError, match=r"--by modality.*language"):
        score_run(run.folder, 0, by=("modality",))


def test_criteria_are_scored_apart_and_those_measures_over_all_of_them_together(tmp_path):
    gold = {"one": PreferenceGold(value="first"), "two": PreferenceGold(value="second")}
    items = [pair_item(str(i), "first").model_copy(update={"gold": gold}) for i in range(20)]
    task = ListTask(spec("pair", ("one", "two")), items)
    run = mmjudge.run(task=task, judge=Scripted(first), out=tmp_path / "r", orders="both")
    results = score_run(run.folder, 0)
    assert by(results, "accuracy") == {("one", "all"): 1, ("two", "all"): 0}
    assert by(results, "pluralistic_accuracy") == {("all", "all"): 0}
    assert by(results, "tradeoff_sensitivity") == {("all", "all"): 0}
    oracle = mmjudge.run(task=task, judge="baseline:oracle", out=tmp_path / "o", orders="both")
    assert by(score_run(oracle.folder, 0), "conflict_matching_rate") == {("all", "all"): 1}


def test_an_item_without_gold_counts_for_position_and_not_for_agreement(tmp_path):
    items = [pair_item(str(i), "first") for i in range(10)]
    items += [pair_item(f"n{i}", "first").model_copy(update={"gold": {}}) for i in range(30)]
    run = mmjudge.run(task=ListTask(spec("pair"), items), judge=Scripted(first), out=tmp_path / "r")
    figures = {r.metric: r for r in score_run(run.folder, 0)}
    assert figures["accuracy"].n_items == 10
    assert figures["first_slot_share"].n_items == 40


def test_only_the_measures_that_were_named_are_computed(tmp_path):
    task = ListTask(spec("pair"), [pair_item(str(i), "first") for i in range(5)])
    run = mmjudge.run(task=task, judge=Scripted(first), out=tmp_path / "r")
    names = ("kappa", "accuracy(ties=half)")
    assert [r.metric for r in score_run(run.folder, 0, measures=names)] == list(names)


def test_a_task_whose_gold_always_sits_in_one_slot_is_reported(tmp_path):
    one_sided = ListTask(spec("pair"), [pair_item(str(i), "second") for i in range(30)])
    run = mmjudge.run(task=one_sided, judge=Scripted(first), out=tmp_path / "r")
    (warning,) = task_warnings(Table.load(run.folder))
    assert "second candidate in 30 of 30" in warning
    even = ListTask(
        spec("pair"), [pair_item(str(i), ["first", "second"][i % 2]) for i in range(30)]
    )
    run = mmjudge.run(task=even, judge=Scripted(first), out=tmp_path / "even")
    assert task_warnings(Table.load(run.folder)) == []


def test_a_run_without_gold_says_so_in_text_and_on_the_page(tmp_path):
    items = [pair_item(str(i), "first").model_copy(update={"gold": {}}) for i in range(3)]
    run = mmjudge.run(task=ListTask(spec("pair"), items), judge=Scripted(first), out=tmp_path / "r")
    assert task_warnings(Table.load(run.folder)) == [
        "no item has gold: whether the judge is right cannot be said"
    ]
    page = render(overview([run.folder], 20), items=1)
    assert "no item has gold" in page
    assert "takes none of these items" not in page


def test_a_run_whose_judgments_with_gold_all_failed_says_so(tmp_path):
    golds = [{}] * 2 + [pair_item("0", "first").gold] * 3
    items = [
        pair_item(str(i), "first").model_copy(update={"gold": gold}) for i, gold in enumerate(golds)
    ]
    silent = Scripted(lambda asked: Reply(text="[[A]]" if int(asked.item) < 2 else ""))
    run = mmjudge.run(task=ListTask(spec("pair"), items), judge=silent, out=tmp_path / "r")
    (warning,) = task_warnings(Table.load(run.folder))
    assert "all 3 judgments of items with gold failed" in warning
