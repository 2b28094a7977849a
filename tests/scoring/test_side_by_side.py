"""Judges beside each other: agreement, an order with ties, what probes move."""

from random import Random

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

import mmjudge
from mmjudge.metrics.measure import Measure
from mmjudge.scoring.biases import biases
from mmjudge.scoring.side_by_side import agreements, compare_presentations, compare_probes, places
from mmjudge.scoring.table import Table
from mmjudge.types import Failure, Reply, Request
from tests.biases.habits import follows_authority, judge, right, texts
from tests.scoring.scoring_helpers import ListTask, Scripted, pair_item, rank_item, score_item, spec

MAIN = Measure.parse("accuracy(ties=half)")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    def go(task, answering, **settings) -> Table:
        out = tmp_path_factory.mktemp("side") / "run"
        return Table.load(mmjudge.run(task=task, judge=answering, out=out, **settings).folder)

    return go


def right_on(share: float, seed: str) -> Scripted:
    """A judge that is right on a fixed share of the items, whatever the order."""

    def answer(request: Request) -> Reply:
        slot = right(request)
        good = Random(f"{seed}/{request.item}").random() < share
        return Reply(text=f"[[{'AB'[slot if good else 1 - slot]}]]")

    return Scripted(answer)


def test_agreement_is_scikits_kappa_of_the_verdicts_and_never_looks_at_gold(table):
    task = texts(80)
    one, other = (table(task, right_on(0.7, seed), orders="both") for seed in "ab")
    (found,) = agreements([one, other], 50)
    want = cohen_kappa_score(one.verdict, other.verdict)
    assert found.value == pytest.approx(want)
    assert found.ci95 is not None
    assert found.ci95[0] <= found.value <= found.ci95[1]
    assert (found.metric, found.n_items) == ("kappa", 80)
    unknown = [one.model_copy(update={"gold": {}}) for one in task.items]
    blind = [
        table(ListTask(task.spec, unknown), right_on(0.7, seed), orders="both") for seed in "ab"
    ]
    assert len({found.value for found in agreements(blind, 0)}) == 1


def test_a_judge_agrees_wholly_with_itself_whatever_the_protocol_and_the_order(table):
    pairs = texts(30)
    scores = ListTask(spec("score"), [score_item(str(i), i % 5 + 1) for i in range(30)])
    ranks = ListTask(spec("rank"), [rank_item(str(i), (1, 2, 3)) for i in range(30)])
    for task in (pairs, scores, ranks):
        runs = [table(task, "baseline:oracle", orders=orders) for orders in ("given", "balanced")]
        (found,) = agreements(runs, 0)
        assert found.value == pytest.approx(1)
        assert found.n_items == 30


def test_failures_are_in_no_agreement(table):
    def fails(request: Request) -> Reply:
        if int(request.item) // 2 % 2:
            return Reply(error=Failure(reason="infra", detail=""))
        return Reply(text=f"[[{'AB'[right(request)]}]]")

    runs = [table(texts(40), Scripted(fails)), table(texts(40), right_on(1, ""))]
    (found,) = agreements(runs, 0)
    assert (found.value, found.n_items) == (1, 20)


def test_the_data_separate_a_good_judge_from_two_that_are_alike_and_not_these(table):
    task = texts(120)
    shares = ((0.6, "a"), (0.95, "b"), (0.6, "c"))
    runs = [table(task, right_on(share, seed)) for share, seed in shares]
    order = places(runs, MAIN, 200)
    assert order[0].run == 1
    assert (order[0].best, order[0].worst) == (1, 1)
    assert {(place.best, place.worst) for place in order[1:]} == {(2, 3)}
    for place in order:
        assert place.value == pytest.approx(np.mean(runs[place.run].verdict == runs[0].gold[0]))
        assert place.ci95[0] <= place.value <= place.ci95[1]
        assert place.n_items == 120
    assert places(runs, MAIN, 200) == order


def test_places_are_over_the_items_that_all_runs_have(table):
    task = texts(60)
    few = ListTask(task.spec, task.items[:40])
    order = places([table(few, right_on(1, "")), table(task, right_on(0.5, ""))], MAIN, 100)
    assert {place.n_items for place in order} == {40}


PROBES = "rerun,authority"


def test_what_a_probe_moves_in_one_judge_less_in_the_other_is_the_difference_of_the_biases(table):
    task = texts(60)
    habits = (follows_authority, lambda request, _: right(request))
    runs = [table(task, judge(habit), probes=PROBES) for habit in habits]
    found = {(one.stratum, one.metric): one for one in compare_probes(*runs, 100)}
    one = found["probe=authority", "cue_shift"]
    shifts = [
        next(b for b in biases(run, 0) if b.probe == "authority").figure("cue_shift").value
        for run in runs
    ]
    assert (one.a, one.b) == pytest.approx(tuple(shifts))
    assert one.difference == pytest.approx(shifts[0] - shifts[1])
    assert shifts[0] > 0.3 > shifts[1] == 0
    assert one.p_holm < 0.1
    assert one.ci95[0] > 0
    first = {stratum: metric for stratum, metric in reversed(found)}
    assert first["probe=authority"] == "cue_shift"
    assert found["probe=rerun", "robustness"].difference == 0


def test_a_probe_that_one_run_did_not_ask_is_not_compared(table):
    task = texts(20)
    one, other = (table(task, judge(follows_authority), probes=p) for p in (PROBES, "rerun"))
    assert {c.stratum for c in compare_probes(one, other, 20)} == {"probe=rerun"}


def test_flips_between_presentations_are_compared_where_both_runs_have_them(table):
    items = [
        pair_item(f"{pair}-{way}", "first", condition=way, pair=str(pair))
        for pair in range(20)
        for way in ("text", "sound")
    ]
    task = ListTask(spec("pair"), items)
    steady = Scripted(lambda r: Reply(text="[[A]]" if r.order[0] == 0 else "[[B]]"))

    def hears(request: Request) -> Reply:
        first = request.item.endswith("sound")
        return Reply(text="[[A]]" if first == (request.order[0] == 0) else "[[B]]")

    runs = [table(task, one, orders="both") for one in (Scripted(hears), steady)]
    found = {one.metric: one for one in compare_presentations(*runs, 50)}
    assert found["presentation_flip_rate"].difference == 1
    assert found["order_baseline"].difference == 0
    assert found["presentation_excess"].stratum == "condition=text/sound"
