"""Paired differences of two runs."""

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

import mmjudge
from mmjudge.errors import StoreError
from mmjudge.scoring.comparison import compare_runs
from mmjudge.types import PreferenceGold, Reply
from tests.scoring.scoring_helpers import ListTask, Scripted, pair_item, score_item, spec

N = 120
GOLD = ["first" if i % 2 else "second" for i in range(N)]
TASK = ListTask(spec("pair"), [pair_item(str(i), gold) for i, gold in enumerate(GOLD)])


def right_on(share, seed):
    """A judge that is right on a fixed share of the items, drawn by seed."""
    right = np.random.default_rng(seed).random(N) < share

    def answer(request):
        gold = GOLD[int(request.item)]
        wanted = gold if right[int(request.item)] else {"first": "second"}.get(gold, "first")
        return Reply(text="[[A]]" if request.order[0] == (wanted == "second") else "[[B]]")

    return Scripted(answer), right


@pytest.fixture
def runs(tmp_path):
    def go(*judges, task=TASK, **settings):
        folders = [tmp_path / f"run{i}" for i in range(len(judges))]
        for folder, judge in zip(folders, judges, strict=True):
            mmjudge.run(task=task, judge=judge, out=folder, **settings)
        return folders

    return go


def test_the_difference_is_that_of_the_two_figures(runs):
    (good, right_a), (poor, right_b) = right_on(0.9, 1), right_on(0.6, 2)
    found = {c.metric: c for c in compare_runs(*runs(good, poor), 400)}["accuracy"]
    assert found.a == pytest.approx(right_a.mean())
    assert found.b == pytest.approx(right_b.mean())
    assert found.difference == pytest.approx(right_a.mean() - right_b.mean())
    assert found.ci95[0] > 0
    assert found.p_value < 0.01


def test_the_exact_test_is_that_of_statsmodels(runs):
    (one, right_a), (other, right_b) = right_on(0.8, 3), right_on(0.7, 4)
    found = {c.metric: c for c in compare_runs(*runs(one, other), 50)}["accuracy"]
    table = [
        [(right_a & right_b).sum(), (right_a & ~right_b).sum()],
        [(~right_a & right_b).sum(), (~right_a & ~right_b).sum()],
    ]
    assert found.p_mcnemar == pytest.approx(mcnemar(table, exact=True).pvalue)


def test_a_judge_does_not_differ_from_itself(runs):
    judge, _ = right_on(0.7, 5)
    for one in compare_runs(*runs(judge, judge), 100):
        assert one.difference == 0
        assert one.p_value == 1


def test_the_difference_changes_its_sign_with_the_order_of_the_runs(runs):
    folders = runs(right_on(0.9, 1)[0], right_on(0.6, 2)[0])
    there = compare_runs(*folders, 100)
    back = compare_runs(*folders[::-1], 100)
    assert [c.difference for c in there] == pytest.approx([-c.difference for c in back])


def test_p_values_are_corrected_over_the_criteria_of_a_measure(runs):
    names = ("one", "two", "three")
    gold = {name: PreferenceGold(value="first") for name in names}
    items = [pair_item(str(i), "first").model_copy(update={"gold": gold}) for i in range(60)]
    task = ListTask(spec("pair", names), items)

    def weaker_on_later_criteria(request):
        limit = 60 - 8 * names.index(request.criterion.name)
        right = int(request.item) < limit
        return Reply(text="[[A]]" if (request.order[0] == 0) == right else "[[B]]")

    folders = runs("baseline:oracle", Scripted(weaker_on_later_criteria), task=task)
    found = [c for c in compare_runs(*folders, 300) if c.metric == "accuracy"]
    assert [c.criterion for c in found] == list(names)
    expected = multipletests([c.p_value for c in found], method="holm")[1]
    assert [c.p_holm for c in found] == pytest.approx(list(expected))


def test_runs_of_different_items_are_not_compared(runs, tmp_path):
    other = ListTask(spec("pair"), [pair_item(str(i), "tie") for i in range(N)])
    mmjudge.run(task=other, judge="baseline:first", out=tmp_path / "other")
    with pytest.raises(StoreError, match="item '0' is not the same in both"):
        compare_runs(*runs("baseline:first"), tmp_path / "other")


def test_runs_of_different_protocols_are_not_compared(runs, tmp_path):
    scores = ListTask(spec("score"), [score_item("1", 3.0)])
    mmjudge.run(task=scores, judge="baseline:random", out=tmp_path / "scores")
    with pytest.raises(StoreError, match="protocol pair and score"):
        compare_runs(*runs("baseline:first"), tmp_path / "scores")


def test_only_items_that_both_have_are_compared(runs, tmp_path):
    mmjudge.run(task=TASK, judge="baseline:oracle", out=tmp_path / "part", limit=40)
    found = {c.metric: c for c in compare_runs(*runs("baseline:first"), tmp_path / "part")}
    assert found["accuracy"].n_items == 40
