"""Measures of checklists and steps, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn import metrics as sk

from mmjudge.metrics import Measure, checklist, steps
from mmjudge.metrics.ceiling import EVERY, human_ceiling, majority

SEEDS = range(6)


def _codes(seed, n=60, most=4, failed=0.1):
    rng = np.random.default_rng(seed)
    gold = np.where(rng.random(n) < 0.5, 0, rng.integers(0, most, n))
    said = np.where(rng.random(n) < 0.6, gold, rng.integers(0, most, n))
    return gold, np.where(rng.random(n) < failed, -1, said)


@pytest.mark.parametrize("seed", SEEDS)
def test_kappas_match_sklearn_with_failures_as_a_class(seed):
    gold, said = _codes(seed)
    want = sk.cohen_kappa_score(gold, said)
    assert checklist.question_kappa(gold, said) == pytest.approx(want)
    assert steps.step_kappa(gold, said, types="apart") == pytest.approx(want)
    together = sk.cohen_kappa_score(np.minimum(gold, 1), np.minimum(said, 1))
    assert steps.step_kappa(gold, said) == pytest.approx(together)


@pytest.mark.parametrize("constant", [0, 1])
def test_who_always_says_the_same_is_at_chance_by_kappa_whatever_people_say(constant):
    gold = np.repeat([0, 1], [90, 10])
    assert checklist.question_kappa(gold, np.full(100, constant)) == pytest.approx(0)
    assert steps.step_kappa(gold, np.full(100, constant)) == pytest.approx(0)
    assert checklist.question_accuracy(gold, np.full(100, 0)) == 0.9


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("correct", "lowest"), [("left_out", 1), ("class", 0)])
def test_macro_f1_matches_sklearn_over_the_types_in_use(seed, correct, lowest):
    gold, said = _codes(seed, n=30, most=6)
    used = np.union1d(gold, said)
    used = used[used >= lowest]
    want = sk.f1_score(gold, said, labels=used, average="macro", zero_division=0)
    assert steps.error_macro_f1(gold, said, correct=correct) == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_accuracy_of_errors_is_the_recall_of_all_types_together(seed):
    gold, said = _codes(seed, most=5)
    labels = np.arange(1, 5)
    want = sk.recall_score(gold, said, labels=labels, average="micro", zero_division=0)
    assert steps.error_accuracy(gold, said) == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_first_wrong_f1_is_the_harmonic_mean_of_two_accuracies(seed):
    gold, said = _codes(seed, most=3)
    halves = [np.mean((said == gold)[rows]) for rows in (gold > 0, gold == 0)]
    want = 2 * np.prod(halves) / np.sum(halves)
    assert steps.first_wrong_f1(gold, said) == pytest.approx(want)


@pytest.mark.parametrize("said", [0, 2])
def test_first_wrong_f1_of_who_finds_an_error_nowhere_or_everywhere_is_zero(said):
    gold = np.array([0, 0, 2, 2])
    assert steps.first_wrong_f1(gold, np.full(4, said)) == 0


def test_first_wrong_f1_needs_solutions_of_both_kinds():
    assert np.isnan(steps.first_wrong_f1(np.array([0, 0]), np.array([0, 1])))


def test_a_failed_solution_is_right_nowhere():
    gold = np.array([0, 0, 1, 2])
    for name in ("step_accuracy", "error_accuracy", "error_macro_f1"):
        assert Measure(name)({"gold_step": gold, "step": np.full(4, -1)}) == 0
    for name in ("first_wrong_accuracy", "first_wrong_f1"):
        assert Measure(name)({"gold": gold, "verdict": np.full(4, -1)}) == 0


def test_incoherence_looks_at_nothing_but_what_builds_on_what_is_not_met():
    as_wanted, parents_met = np.array([1, 0, 1, 1, -1, 1]), np.array([0, 0, 1, -1, -1, 0])
    assert checklist.incoherence(as_wanted, parents_met) == pytest.approx(2 / 3)


def test_a_split_vote_on_a_question_is_nobodys_answer():
    votes = np.array([[0, 1], [3, 3], [-1, 2]])
    assert majority(votes, split=-1).tolist() == [-1, 3, 2]
    ratings = np.array([[7, 7, 7], [6, 6, 7], [1, 1, 1]])
    found = human_ceiling(ratings, steps.first_wrong_accuracy, classes=EVERY)
    assert found == pytest.approx((2 / 2 + 2 / 2 + 2 / 3) / 3)
