"""Measures of bias and across modalities against others' implementations, or counted by hand."""

from itertools import combinations
from math import log

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from mmjudge.metrics import bias, gaps, modality

SEEDS = range(6)


def _moved(seed, n=80):
    rng = np.random.default_rng(seed)
    return rng.integers(-2, 4, n), rng.integers(-1, 4, n), rng.integers(0, 2, n)


@pytest.mark.parametrize("seed", SEEDS)
def test_robustness_is_the_agreement_of_two_raters_that_both_answered(seed):
    rng = np.random.default_rng(seed)
    plain, probed = rng.integers(-1, 3, (2, 90))
    moved = np.where(plain == probed, 0, 3)
    moved = np.where(plain < 0, -1, np.where(probed < 0, -2, moved))
    both = (plain >= 0) & (probed >= 0)
    want = sk.accuracy_score(plain[both], probed[both])
    assert bias.robustness(moved) == pytest.approx(want)
    assert bias.broken(moved) == pytest.approx(np.mean(probed[plain >= 0] < 0))


@pytest.mark.parametrize("seed", SEEDS)
def test_pulls_and_gaps_are_counted_row_by_row(seed):
    moved, again, cued = _moved(seed)
    rows = [m for m, c in zip(moved, cued, strict=True) if m >= 0 and c]
    towards, away = rows.count(1), rows.count(2)
    assert bias.cue_shift(moved, cued) == pytest.approx((towards - away) / len(rows))
    assert bias.cue_shift(moved, cued, share="towards") == pytest.approx(towards / len(rows))
    assert bias.cue_shift(moved, cued, share="away") == pytest.approx(away / len(rows))
    want = log((towards + 0.5) / (away + 0.5))
    assert bias.cue_log_odds(moved, cued) == pytest.approx(want)
    both = [(m, a) for m, a in zip(moved, again, strict=True) if m >= 0 and a >= 0]
    gap = np.mean([m == 0 for m, _ in both]) - np.mean([a == 0 for _, a in both])
    assert bias.robustness_gap(moved, again) == pytest.approx(gap)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_judge_that_is_asked_the_same_has_no_gap_and_no_pull_on_average(seed):
    rng = np.random.default_rng(seed)
    n, p = 4000, rng.random(4000)
    plain, probed, again = (rng.random(n) < p for _ in range(3))
    moved = np.where(plain == probed, 0, np.where(probed, 1, 2))
    twice = np.where(plain == again, 0, 3)
    cued = np.ones(n, dtype=np.int64)
    assert abs(bias.cue_shift(moved, cued)) < 4 * np.sqrt(1 / n)
    assert abs(bias.cue_log_odds(moved, cued)) < 0.3
    assert abs(bias.robustness_gap(moved, twice)) < 4 * np.sqrt(1 / n)


@pytest.mark.parametrize("seed", SEEDS)
def test_tau_b_lost_is_the_difference_of_scipys(seed):
    rng = np.random.default_rng(seed)
    gold, plain, probed = rng.integers(1, 6, (3, 60)).astype(float)
    want = stats.kendalltau(gold, plain).statistic - stats.kendalltau(gold, probed).statistic
    assert bias.tau_b_lost(gold, plain, probed) == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_offset_spread_is_the_deviation_of_the_means(seed):
    rng = np.random.default_rng(seed)
    gold, verdict = rng.normal(size=(2, 90))
    group = rng.integers(0, 4, 90)
    want = np.std([np.mean((verdict - gold)[group == g]) for g in range(4)])
    assert modality.offset_spread(gold, verdict, group) == pytest.approx(want)


def _accuracy(gold, verdict):
    kept = gold < 2
    points = np.where(verdict[kept] >= 2, 0.5, (gold == verdict)[kept])
    return np.mean(points)


@pytest.mark.parametrize("seed", SEEDS)
def test_consistency_of_criteria_is_the_mean_of_scipys_spearman(seed):
    rng = np.random.default_rng(seed)
    n, n_groups, n_criteria = 400, 3, 5
    gold, verdict = rng.integers(0, 5, n), rng.integers(-1, 5, n)
    group, criterion = rng.integers(0, n_groups, n), rng.integers(0, n_criteria, n)
    table = [
        [
            _accuracy(gold[at], verdict[at])
            for at in ((group == g) & (criterion == c) for c in range(n_criteria))
        ]
        for g in range(n_groups)
    ]
    want = np.mean([stats.spearmanr(a, b).statistic for a, b in combinations(table, 2)])
    got = modality.criteria_consistency(gold, verdict, criterion, group)
    assert got == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_modality_gap_is_counted_row_by_row(seed):
    rng = np.random.default_rng(seed)
    gold, verdict, here = rng.integers(0, 5, 90), rng.integers(-1, 5, 90), rng.integers(-1, 2, 90)
    one, other = (_accuracy(gold[here == k], verdict[here == k]) for k in (1, 0))
    assert modality.modality_gap(gold, verdict, here) == pytest.approx(one - other)


@pytest.mark.parametrize("seed", SEEDS)
def test_gaps_of_scores_are_the_differences_of_scipys_tau_and_of_the_means(seed):
    rng = np.random.default_rng(seed)
    gold, verdict = rng.integers(1, 6, (2, 80)).astype(float)
    here = rng.integers(-1, 2, 80)
    tau, mean = (
        [fn(gold[here == k], verdict[here == k]) for k in (1, 0)]
        for fn in (lambda a, b: stats.kendalltau(a, b).statistic, lambda a, b: np.mean(b - a))
    )
    assert gaps.tau_b_gap(gold, verdict, here) == pytest.approx(tau[0] - tau[1])
    assert gaps.offset_gap(gold, verdict, here) == pytest.approx(mean[0] - mean[1])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_gap_of_rankings_is_the_difference_of_the_mean_taus(seed):
    rng = np.random.default_rng(seed)
    gold, ranks = (np.argsort(rng.random((60, 4)), axis=1) + 1.0 for _ in range(2))
    here = rng.integers(-1, 2, 60)
    tau = np.array([stats.kendalltau(a, b).statistic for a, b in zip(gold, ranks, strict=True)])
    want = tau[here == 1].mean() - tau[here == 0].mean()
    assert gaps.rank_tau_b_gap(gold, ranks, here) == pytest.approx(want)
