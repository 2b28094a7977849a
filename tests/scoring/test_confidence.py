"""Confidence out of runs: judges of known calibration get the figures that they must have."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import mmjudge
from mmjudge.cli import app
from mmjudge.types import Failure, Preference, Reply, Score
from tests.scoring.scoring_helpers import ListTask, Scripted, pair_item, score_item, spec

CONFIDENT = ("brier", "ece", "auroc", "selective_accuracy", "aurc")
N = 400


def number_of(request):
    return int(str(request.candidates[0].parts[0]).split()[-1])


def slot_of_first(request):
    return "AB"[request.order.index(0)]


def sure(shares):
    """A judge of pairs that gives the first candidate of item i the share `shares[i]`."""

    def answer(request):
        p, mine = shares[number_of(request)], slot_of_first(request)
        other = "B" if mine == "A" else "A"
        return Reply(probabilities={mine: p, other: 1 - p})

    return Scripted(answer)


def pairs(golds):
    return ListTask(spec("pair"), [pair_item(str(i), g) for i, g in enumerate(golds)])


def test_a_judge_that_is_right_as_often_as_it_says_has_no_calibration_error(score):
    golds = ["first" if i % 10 < 8 else "second" for i in range(N)]
    figures = score(pairs(golds), sure([0.8] * N), orders="both")
    assert figures["ece"].value == pytest.approx(0, abs=1e-12)
    assert figures["brier"].value == pytest.approx(0.8 * 0.2**2 + 0.2 * 0.8**2)
    assert figures["auroc"].value == pytest.approx(0.5)
    assert figures["aurc"].value == pytest.approx(0.2)


def test_a_judge_that_is_too_sure_has_the_gap_as_calibration_error(score):
    golds = ["first" if i % 2 else "second" for i in range(N)]
    figures = score(pairs(golds), sure([0.95] * N))
    assert figures["ece"].value == pytest.approx(0.45)


def test_a_judge_that_is_sure_where_it_is_right_is_told_apart(score):
    golds = ["first"] * (N // 2) + ["second"] * (N // 2)
    shares = [0.9] * (N // 2) + [0.6] * (N // 2)
    figures = score(pairs(golds), sure(shares))
    assert figures["auroc"].value == 1
    assert figures["selective_accuracy"].value == pytest.approx(0.5 / 0.8)
    assert figures["accuracy"].value == 0.5


def test_shares_that_do_not_add_up_to_one_are_shares_of_what_is_there(score):
    judge = Scripted(lambda request: Reply(probabilities={"A": 0.06, "B": 0.02}))
    figures = score(pairs(["tie"] * 50), judge)
    assert figures["ece"].value == pytest.approx(0.75)
    assert figures["brier"].value == pytest.approx(0.75**2)


def test_a_tie_is_right_against_both_good_and_both_bad(score):
    judge = Scripted(lambda request: Reply(probabilities={"A": 0.1, "B": 0.2, "tie": 0.7}))
    figures = score(pairs(["both_good", "both_bad", "tie"] * 20), judge)
    assert figures["brier"].value == pytest.approx(0.09)


def test_both_orders_are_two_verdicts_of_one_item(score):
    by_slot = Scripted(lambda request: Reply(probabilities={"A": 0.7, "B": 0.3}))
    figures = score(pairs(["first"] * 100), by_slot, orders="both")
    assert figures["ece"].value == pytest.approx(0.2)
    assert figures["auroc"].value == pytest.approx(0.5)
    assert figures["brier"].n_items == 100


def test_failures_have_no_confidence_and_are_counted(score):
    def answer(request):
        if number_of(request) % 4 == 0:
            return Reply(probabilities={"A": 0.5, "B": 0.5})
        if number_of(request) % 4 == 1:
            return Reply(error=Failure(reason="infra"), probabilities={"A": 0.9, "B": 0.1})
        return Reply(probabilities={slot_of_first(request): 1.0})

    figures = score(pairs(["first"] * 100), Scripted(answer))
    assert figures["brier"].value == 0
    assert (figures["brier"].n_items, figures["brier"].n_failed) == (100, 50)


def test_verdicts_that_were_not_read_from_probabilities_are_left_out_and_counted(score):
    def answer(request):
        kind, mine = number_of(request) % 4, {slot_of_first(request): 0.75, "tie": 0.25}
        if kind == 0:
            return Reply(text="Verdict: [[A]]")
        if kind == 1:
            return Reply(scores=(1.0, 0.0), probabilities=mine)
        if kind == 2:
            return Reply(verdict=Preference(value="first"), probabilities=mine)
        return Reply(probabilities=mine)

    figures = score(pairs(["first"] * 100), Scripted(answer))
    assert figures["brier"].value == pytest.approx(0.0625)
    assert "75 verdicts came without probabilities" in figures["brier"].note


def test_a_reply_that_only_speaks_of_probabilities_holds_none(score):
    text = 'Verdict: [[A]] {"probabilities": {"A": 1.0}} "probabilities":'
    figures = score(pairs(["first"] * 30), Scripted(lambda request: Reply(text=text)))
    assert not set(CONFIDENT) & set(figures)


def distributed(shares):
    return Scripted(lambda request: Reply(probabilities=shares))


def test_the_confidence_of_a_score_is_the_mass_of_the_level_nearest_to_it(score):
    shares = {"1": 0.05, "2": 0.0, "3": 0.15, "4": 0.7, "5": 0.1}  # expected: 3.8
    golds = [4.0] * 35 + [2.0] * 15
    task = ListTask(spec("score"), [score_item(str(i), g) for i, g in enumerate(golds)])
    figures = score(task, distributed(shares))
    assert figures["ece"].value == pytest.approx(0, abs=1e-12)
    assert figures["brier"].value == pytest.approx(0.7 * 0.09 + 0.3 * 0.49)


def test_a_score_is_right_where_no_other_level_is_nearer_to_the_gold(score):
    golds = [3.4, 3.5, 3.6, 4.0, 4.4, 4.5, 4.6, 5.0]
    task = ListTask(spec("score"), [score_item(str(i), g) for i, g in enumerate(golds)])
    figures = score(task, distributed({"3": 0.0, "4": 1.0, "5": 0.0}))
    assert figures["brier"].value == pytest.approx(3 / 8)


def test_a_split_judge_is_not_sure_of_the_level_between(score):
    task = ListTask(spec("score"), [score_item(str(i), 3.0) for i in range(20)])
    figures = score(task, distributed({"1": 0.5, "2": 0.0, "3": 0.0, "4": 0.0, "5": 0.5}))
    assert figures["brier"].value == 1


def test_levels_by_name_count_like_their_numbers(score):
    scale = {"labels": ["bad", "poor", "fair", "good", "best"]}
    of = spec("score")
    named = of.criteria[0].model_copy(update={"scale": type(of.criteria[0].scale)(**scale)})
    task = ListTask(
        of.model_copy(update={"criteria": (named,)}),
        [score_item(str(i), 4.0) for i in range(20)],
    )
    figures = score(task, distributed({"fair": 0.2, "good": 0.8}))
    assert figures["brier"].value == pytest.approx(0.04)


def test_intervals_of_confidence_cover_what_is_known(score):
    rng = np.random.default_rng(0)
    shares = rng.uniform(0.5, 1, N)
    golds = ["first" if rng.random() < p else "second" for p in shares]
    figures = score(pairs(golds), sure(shares.tolist()), resamples=300, orders="both")
    low, high = figures["brier"].ci95
    assert low < np.mean(shares * (1 - shares)) < high


@pytest.fixture
def spoken(tmp_path):
    judge = Scripted(lambda request: Reply(text="Verdict: [[A]]"))
    mmjudge.run(task=pairs(["first", "second"] * 20), judge=judge, out=tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize("name", [*CONFIDENT, "ece(bins=5)"])
def test_a_run_without_probabilities_says_so_when_asked(spoken, name):
    printed = CliRunner().invoke(app, ["score", str(spoken), "-m", name])
    assert printed.exit_code == 0
    assert "no probabilities in the replies" in " ".join(printed.output.split())
    found = CliRunner().invoke(app, ["score", str(spoken), "-m", name, "--json"])
    (figure,) = json.loads(found.output)["runs"][0]["results"]
    assert (figure["metric"], figure["value"], figure["n_items"]) == (name, None, 40)


def test_a_run_without_probabilities_says_nothing_when_not_asked(spoken):
    assert "probabilities" not in CliRunner().invoke(app, ["score", str(spoken), "--all"]).output


def test_recorded_scores_hold_no_confidence(score):
    task = ListTask(spec("score"), [score_item(str(i), 1.0 + i % 5) for i in range(20)])
    figures = score(task, Scripted(lambda request: Reply(verdict=Score(value=3))))
    assert not set(CONFIDENT) & set(figures)
