"""Judges whose score is known before: the figures of a run are those of the judge."""

from itertools import cycle, islice

import numpy as np
import pytest

from mmjudge.task import BadItem
from mmjudge.types import Reply
from tests.scoring.scoring_helpers import ListTask, Scripted, pair_item, rank_item, score_item, spec

GOLDS = list(islice(cycle(["first", "second", "tie", "second", "first"]), 60))
PAIRS = ListTask(spec("pair"), [pair_item(str(i), g, [g, g, g]) for i, g in enumerate(GOLDS)])
SCORES = ListTask(
    spec("score"), [score_item(str(i), 1 + i % 5, [1 + i % 5, 1 + i % 5]) for i in range(60)]
)
RANKS = ListTask(
    spec("rank"), [rank_item(str(i), np.roll([1, 2, 3, 4], i).tolist()) for i in range(40)]
)


def says(token):
    return Scripted(lambda request: Reply(text=f"Verdict: [[{token}]]"))


def test_a_judge_that_always_says_a_contradicts_itself_across_orders(score):
    figures = score(PAIRS, says("A"), orders="both")
    assert figures["flip_rate"].value == 1
    assert figures["consistency"].value == 0
    assert figures["consistent_accuracy"].value == 0
    assert figures["first_slot_share"].value == 1
    assert figures["position_bias"].value == 1


def test_a_judge_that_always_says_b_prefers_the_second_slot(score):
    figures = score(PAIRS, says("B"), orders="both")
    assert figures["first_slot_share"].value == 0
    assert figures["position_bias"].value == -1


def test_balanced_orders_take_the_slot_out_of_accuracy(score):
    decided = ListTask(spec("pair"), [pair_item(str(i), "first") for i in range(60)])
    balanced = score(decided, says("A"), orders="balanced")
    given = score(decided, says("A"), orders="given")
    assert balanced["accuracy"].value == pytest.approx(0.5, abs=1e-9)
    assert given["accuracy"].value == 1


def test_the_oracle_reaches_the_upper_end_of_every_measure_of_pairs(score):
    figures = score(PAIRS, "baseline:oracle", orders="both")
    for name in ("accuracy", "kappa", "scott_pi", "precision", "recall", "f1", "consistency"):
        assert figures[name].value == 1, name
    assert figures["flip_rate"].value == 0
    assert figures["ceiling(of=accuracy)"].value == 1


def test_the_oracle_reaches_the_upper_end_of_every_measure_of_scores(score):
    figures = score(SCORES, "baseline:oracle")
    for name in ("pearson", "spearman", "tau_b", "quadratic_kappa"):
        assert figures[name].value == pytest.approx(1), name
    for name in ("mae", "rmse", "mean_error"):
        assert figures[name].value == 0, name


def test_the_oracle_reaches_the_upper_end_of_every_measure_of_rankings(score):
    figures = score(RANKS, "baseline:oracle", orders="both")
    for name in ("rank_tau_b", "ndcg", "top1", "pairwise_agreement"):
        assert figures[name].value == pytest.approx(1), name
    for name in ("levenshtein", "footrule", "slot_tau_b"):
        assert figures[name].value == pytest.approx(0), name


def test_a_judge_that_ranks_in_the_order_shown_is_seen_to_do_so(score):
    figures = score(RANKS, Scripted(lambda r: Reply(text="Ranking: A > B > C > D")), orders="both")
    assert figures["slot_tau_b"].value == pytest.approx(1)
    assert figures["top_slot"].value == 0
    assert figures["rank_tau_b"].value == pytest.approx(0, abs=1e-9)


def test_a_failed_judgment_is_wrong_and_counted_and_never_dropped(score):
    silent = Scripted(lambda r: Reply(text="" if int(r.item) < 15 else f"[[{gold(r)}]]"))

    def gold(request):
        value = GOLDS[int(request.item)]
        shown = {"first": 0, "second": 1}.get(value)
        return "tie" if shown is None else "AB"[request.order.index(shown)]

    figures = score(PAIRS, silent)
    assert figures["accuracy"].value == pytest.approx(45 / 60)
    assert (figures["accuracy"].n_items, figures["accuracy"].n_failed) == (60, 15)


def test_a_correlation_is_taken_over_what_was_scored_and_says_how_many_failed(score):
    some = Scripted(lambda r: Reply(text="9" if int(r.item) < 6 else str(1 + int(r.item) % 5)))
    figures = score(SCORES, some)
    assert figures["spearman"].value == pytest.approx(1)
    assert (figures["spearman"].n_items, figures["spearman"].n_failed) == (60, 6)


def test_a_constant_judge_has_no_correlation_and_the_figure_says_so(score):
    figures = score(SCORES, Scripted(lambda r: Reply(text="Score: 3")), resamples=50)
    assert figures["spearman"].value is None
    assert "constant" in figures["spearman"].note


def test_a_lenient_judge_has_its_leniency_as_mean_error(score):
    lenient = Scripted(lambda r: Reply(text=f"Score: {min(5, 2 + int(r.item) % 5)}"))
    assert score(SCORES, lenient)["mean_error"].value == pytest.approx(4 / 5)


def test_a_scorer_on_its_own_scale_gets_no_error_in_points(score):
    scorer = Scripted(lambda r: Reply(scores=(100.0 * (int(r.item) % 5),)), scale="own")
    figures = score(SCORES, scorer)
    assert figures["spearman"].value == pytest.approx(1)
    assert not {"mae", "rmse", "mean_error", "quadratic_kappa"} & set(figures)


def test_orders_and_repeats_of_an_item_are_one_item_for_the_interval(score):
    once = score(PAIRS, "baseline:random", resamples=400)
    often = score(PAIRS, says("A"), resamples=400, repeats=5, orders="given")
    single = score(PAIRS, says("A"), resamples=400, repeats=1, orders="given")
    assert often["accuracy"].ci95 == pytest.approx(single["accuracy"].ci95, abs=0.04)
    assert once["accuracy"].n_items == often["accuracy"].n_items == 60


def test_intervals_hold_the_value_and_do_not_depend_on_the_run_being_read_again(score, tmp_path):
    first = score(PAIRS, "baseline:random", resamples=200)
    again = score(PAIRS, "baseline:random", resamples=200)
    for name, figure in first.items():
        assert figure.ci95 == again[name].ci95
    low, high = first["accuracy"].ci95
    assert low <= first["accuracy"].value <= high
    assert high - low > 0.1


def test_random_is_near_chance_within_its_interval(score):
    many = ListTask(spec("pair"), [pair_item(str(i), GOLDS[i % 60]) for i in range(900)])
    figure = score(many, "baseline:random", resamples=500)["accuracy"]
    low, high = figure.ci95
    assert low <= 1 / 3 <= high


def test_bad_items_are_neither_asked_nor_counted_as_items(score):
    items = [*PAIRS.items, BadItem(id="bad", where="items.jsonl:61", problem="not JSON")]
    figures = score(ListTask(spec("pair"), items), "baseline:oracle")
    assert figures["accuracy"].n_items == 60
    assert figures["accuracy"].value == 1
