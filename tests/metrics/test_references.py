"""Measures against implementations that others wrote, on random, tied and constant inputs."""

import warnings

import evalica
import krippendorff
import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein
from scipy import stats
from sklearn import metrics as sk

from mmjudge.metrics import (
    Measure,
    agreement,
    calibration,
    ceiling,
    correlation,
    modality,
    presentation,
    ranking,
    systems,
)

SEEDS = range(6)


def _pairs(seed, n=70, failures=True):
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 3, n)
    verdict = np.where(rng.random(n) < 0.5, gold, rng.integers(-1 if failures else 0, 3, n))
    return gold, verdict


def _scores(seed, n, levels):
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, levels, n).astype(float) / 7
    return gold, gold + rng.integers(0, levels, n) / 3


@pytest.mark.parametrize("seed", SEEDS)
def test_kappa_matches_sklearn(seed):
    gold, verdict = _pairs(seed)
    assert agreement.kappa(gold, verdict) == pytest.approx(sk.cohen_kappa_score(gold, verdict))


@pytest.mark.parametrize("seed", SEEDS)
def test_alpha_matches_krippendorff_with_failures_missing(seed):
    gold, verdict = _pairs(seed)
    ratings = np.where(verdict < 0, np.nan, [gold, verdict])
    want = krippendorff.alpha(ratings, level_of_measurement="nominal")
    assert agreement.alpha(gold, verdict) == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_scott_pi_is_kappa_of_the_two_raters_pooled_both_ways(seed):
    gold, verdict = _pairs(seed)
    both = np.concatenate([gold, verdict]), np.concatenate([verdict, gold])
    assert agreement.scott_pi(gold, verdict) == pytest.approx(sk.cohen_kappa_score(*both))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("label", ["macro", "first", "second", "tie"])
def test_precision_recall_f1_match_sklearn(seed, label):
    gold, verdict = _pairs(seed, n=25)
    if label == "macro":
        used = np.union1d(gold, verdict[verdict >= 0])
        want = sk.precision_recall_fscore_support(
            gold, verdict, labels=used, average="macro", zero_division=0
        )
    else:
        code = agreement.LABELS[label]
        want = sk.precision_recall_fscore_support(
            gold, verdict, labels=[code], average="macro", zero_division=np.nan
        )
    got = [fn(gold, verdict, label=label) for fn in (agreement.precision, agreement.recall)]
    assert [*got, agreement.f1(gold, verdict, label=label)] == pytest.approx(want[:3], nan_ok=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_balanced_accuracy_matches_sklearn(seed):
    gold, verdict = _pairs(seed, failures=False)
    want = sk.balanced_accuracy_score(gold, verdict)
    assert agreement.balanced_accuracy(gold, verdict) == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("n", "levels"), [(4, 3), (60, 3), (60, 1000), (700, 5), (1500, 10**6)])
@pytest.mark.parametrize("name", ["pearson", "spearman", "tau_b"])
def test_correlations_match_scipy_with_and_without_ties(name, n, levels, seed):
    reference = {
        "pearson": stats.pearsonr,
        "spearman": stats.spearmanr,
        "tau_b": stats.kendalltau,
    }[name]
    gold, verdict = _scores(seed, n, levels)
    if np.ptp(gold) and np.ptp(verdict):
        got = getattr(correlation, name)(gold, verdict)
        assert got == pytest.approx(reference(gold, verdict).statistic, abs=1e-12)


@pytest.mark.parametrize("levels", [(3, 10**6), (10**6, 3), (60, 60), (60, 10**6), (300, 10**6)])
def test_tau_b_matches_scipy_where_one_side_has_few_levels(levels):
    rng = np.random.default_rng(1)
    gold, verdict = (rng.integers(0, k, 2000).astype(float) for k in levels)
    gold[:500] = gold[0]  # one level far larger than a bucket
    w = rng.integers(0, 3, (3, 2000))
    got = correlation.tau_b(gold, verdict, weights=w.astype(float))
    want = [stats.kendalltau(np.repeat(gold, r), np.repeat(verdict, r)).statistic for r in w]
    np.testing.assert_allclose(got, want, atol=1e-12)


@pytest.mark.parametrize("n", [2, 31, 33, 1024, 1025, 1100, 33_000])
@pytest.mark.parametrize("levels", [31, 33, 10**9])
def test_tau_b_of_any_number_of_rows_and_merges_matches_scipy(n, levels):
    rng = np.random.default_rng(n + levels)
    gold = rng.integers(0, levels, n).astype(float)
    verdict = rng.permutation(gold) if n % 2 else gold + rng.integers(0, levels, n)
    w = np.stack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n))])
    got = correlation.tau_b(gold, verdict, weights=w)
    for value, row in zip(got, w.astype(int), strict=True):
        want = stats.kendalltau(np.repeat(gold, row), np.repeat(verdict, row)).statistic
        assert value == pytest.approx(want, abs=1e-12, nan_ok=True)


def test_tau_b_of_more_than_a_hundred_thousand_rows_matches_scipy():
    rng = np.random.default_rng(2)
    gold = rng.normal(size=100_500)
    verdict = gold + rng.normal(size=len(gold))
    want = stats.kendalltau(gold, verdict).statistic
    assert correlation.tau_b(gold, verdict) == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("name", ["spearman", "tau_b"])
def test_weights_too_large_for_narrow_numbers_are_counted_exactly(name):
    rng = np.random.default_rng(5)
    gold, verdict = rng.permutation(40).astype(float), rng.permutation(40).astype(float)
    w = rng.integers(0, 300, 40)
    w[0] = 20_000
    want = {"spearman": stats.spearmanr, "tau_b": stats.kendalltau}[name](
        np.repeat(gold, w), np.repeat(verdict, w)
    )
    got = getattr(correlation, name)(gold, verdict, weights=w.astype(float))
    assert got == pytest.approx(want.statistic, abs=1e-12)


@pytest.mark.parametrize("levels", [4, 10**9])
@pytest.mark.parametrize("name", ["spearman", "tau_b"])
def test_fractional_weights_mean_the_same_in_any_unit(name, levels):
    rng = np.random.default_rng(6)
    gold, verdict = rng.integers(0, levels, (2, 300)).astype(float)
    w = rng.integers(0, 4, (3, 300)).astype(float)
    fn = getattr(correlation, name)
    np.testing.assert_allclose(
        fn(gold, verdict, weights=w / 3), fn(gold, verdict, weights=w), atol=1e-12
    )


def test_columns_changed_in_place_are_not_taken_for_the_old_ones():
    gold, verdict = np.arange(50.0), np.arange(50.0)
    assert correlation.tau_b(gold, verdict) == correlation.spearman(gold, verdict) == 1
    verdict[:] = -gold
    assert correlation.tau_b(gold, verdict) == correlation.spearman(gold, verdict) == -1


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6 + 0.1])
@pytest.mark.parametrize("name", ["pearson", "spearman", "tau_b"])
def test_a_correlation_with_a_constant_is_undefined_in_data_and_resamples(name, constant):
    fn = getattr(correlation, name)
    varied, flat = np.array([0.3, 0.1, 0.2, 0.1]), np.full(4, constant)
    assert np.isnan(fn(varied, flat))
    assert np.isnan(fn(flat, varied))
    first_only = np.array([[3.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    assert np.isnan(fn(varied, np.arange(4.0), weights=first_only)).tolist() == [True, True, False]


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_pearson_keeps_its_digits_far_from_zero(shift):
    gold, verdict = _scores(3, 200, 10)
    want = stats.pearsonr(gold, verdict).statistic
    assert correlation.pearson(gold + shift, verdict + shift) == pytest.approx(want, abs=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_quadratic_kappa_matches_sklearn_on_whole_levels(seed):
    rng = np.random.default_rng(seed)
    gold = rng.integers(1, 6, 60)
    verdict = np.clip(gold + rng.integers(-1, 3, 60), 1, 5)
    want = sk.cohen_kappa_score(gold, verdict, weights="quadratic", labels=range(1, 6))
    got = correlation.quadratic_kappa(gold.astype(float), verdict.astype(float))
    assert got == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_errors_match_sklearn(seed):
    gold, verdict = _scores(seed, 40, 9)
    assert correlation.mae(gold, verdict) == pytest.approx(sk.mean_absolute_error(gold, verdict))
    want = sk.root_mean_squared_error(gold, verdict)
    assert correlation.rmse(gold, verdict) == pytest.approx(want)


def _rankings(seed, n=40, k=5, ties=False):
    rng = np.random.default_rng(seed)
    draw = rng.integers(1, 4, (2, n, k)) if ties else np.argsort(rng.random((2, n, k)), axis=2) + 1
    return draw[0].astype(float), draw[1].astype(float)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("ties", [False, True])
def test_levenshtein_matches_rapidfuzz(seed, ties):
    gold, ranks = _rankings(seed, ties=ties)
    orders = zip(np.argsort(gold, kind="stable"), np.argsort(ranks, kind="stable"), strict=True)
    want = np.mean([Levenshtein.distance(list(a), list(b)) / 5 for a, b in orders])
    assert ranking.levenshtein(gold, ranks) == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_rank_tau_b_is_the_mean_of_scipys_over_items(seed):
    gold, ranks = _rankings(seed, ties=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        each = [stats.kendalltau(a, b).statistic for a, b in zip(gold, ranks, strict=True)]
    assert ranking.rank_tau_b(gold, ranks) == pytest.approx(np.nanmean(each))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [None, 1, 3])
@pytest.mark.parametrize("ties", [False, True])
def test_ndcg_matches_sklearn(seed, k, ties):
    gold, ranks = _rankings(seed, ties=ties)
    gain = 5 - np.apply_along_axis(stats.rankdata, 1, gold)
    assert ranking.ndcg(gold, ranks, k=k or 0) == pytest.approx(sk.ndcg_score(gain, -ranks, k=k))


@pytest.mark.parametrize("seed", SEEDS)
def test_bradley_terry_matches_evalica(seed):
    rng = np.random.default_rng(seed)
    strength = rng.normal(size=6)
    first = rng.integers(0, 6, 3000)
    second = (first + rng.integers(1, 6, 3000)) % 6
    won = rng.random(3000) < 1 / (1 + np.exp(strength[second] - strength[first]))
    verdict = np.where(rng.random(3000) < 0.1, 2, np.where(won, 0, 1))
    outcome = [evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw]
    want = evalica.bradley_terry(
        [f"s{i}" for i in first],
        [f"s{i}" for i in second],
        [outcome[v] for v in verdict],
        tie_weight=0.5,
        tolerance=1e-10,
    ).scores
    want = np.log([want[f"s{i}"] for i in range(6)])
    got = systems.bradley_terry(first, second, verdict, 6)
    np.testing.assert_allclose(got, want - want.mean(), atol=1e-4)


def test_bradley_terry_of_a_system_that_never_loses_does_not_exist():
    found = systems.bradley_terry(np.array([0, 0]), np.array([1, 1]), np.array([0, 0]), 2)
    assert np.isnan(found).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_system_scores_match_plain_loops_over_repeated_rows(seed):
    rng = np.random.default_rng(seed)
    score, system, w = rng.normal(size=50), rng.integers(0, 4, 50), rng.integers(0, 3, 50)
    rows, of = np.repeat(score, w), np.repeat(system, w)
    for fn, plain in ((systems.mean_score, np.mean), (systems.median_score, np.median)):
        got = fn(score, system, 4, weights=w.astype(float))
        np.testing.assert_allclose(got, [plain(rows[of == s]) for s in range(4)])


@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_matches_sklearn(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.integers(0, 11, 80) / 10
    columns = {"right": (rng.random(80) < confidence).astype(int), "confidence": confidence}
    truth = columns["right"]
    assert Measure("auroc")(columns) == pytest.approx(sk.roc_auc_score(truth, confidence))
    assert Measure("brier")(columns) == pytest.approx(sk.brier_score_loss(truth, confidence))


def test_the_ceiling_is_each_annotator_against_the_rest():
    rng = np.random.default_rng(0)
    ratings = rng.integers(1, 6, (50, 3)).astype(float)
    want = []
    for a in range(3):
        rest = np.delete(ratings, a, axis=1).mean(axis=1)
        want.append(stats.spearmanr(rest, ratings[:, a]).statistic)
    got = ceiling.human_ceiling(ratings, correlation.spearman)
    assert got == pytest.approx(np.mean(want))


def test_the_ceiling_leaves_missing_ratings_out():
    votes = np.array([[0, 0, -1], [1, 1, -1], [0, 1, -1]])
    assert ceiling.human_ceiling(votes, agreement.accuracy) == pytest.approx(2 / 3)
    rankings = np.array([[[1.0, 2.0], [1.0, 2.0], [0.0, 0.0]]])
    assert ceiling.human_ceiling(rankings, ranking.top1) == 1.0


def _confident(seed, n=300):
    rng = np.random.default_rng(seed)
    confidence = rng.random(n)
    return (rng.random(n) < confidence).astype(int), confidence


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("coverage", [0.25, 0.5, 1.0])
def test_selective_accuracy_is_the_accuracy_of_the_most_confident(seed, coverage):
    right, confidence = _confident(seed)
    kept = np.argsort(-confidence)[: int(coverage * len(right))]
    got = calibration.selective_accuracy(right, confidence, coverage=coverage)
    assert got == pytest.approx(right[kept].mean())


@pytest.mark.parametrize("ties", [1000, 4])
@pytest.mark.parametrize("seed", SEEDS)
def test_aurc_is_the_area_under_the_curve_of_selective_accuracy(seed, ties):
    right, confidence = _confident(seed)
    confidence = np.round(confidence * ties) / ties
    grid = (np.arange(20_000) + 0.5) / 20_000
    risk = [1 - calibration.selective_accuracy(right, confidence, coverage=c) for c in grid[::20]]
    assert calibration.aurc(right, confidence) == pytest.approx(np.mean(risk), abs=2e-3)


def test_aurc_of_many_verdicts_is_the_mean_risk_at_each():
    right, confidence = _confident(1, n=50_000)
    wrong = 1 - right[np.argsort(-confidence)]
    want = np.mean(np.cumsum(wrong) / np.arange(1, len(wrong) + 1))
    assert calibration.aurc(right, confidence) == pytest.approx(want, abs=1e-4)


def test_the_risk_coverage_curve_ends_with_the_error_rate_of_all():
    right, confidence = _confident(2)
    coverage, risk = calibration.risk_coverage(right, confidence)
    assert coverage[-1] == 1
    assert risk[-1] == pytest.approx(1 - right.mean())
    for share, wrong in zip(coverage[::60], risk[::60], strict=True):
        got = calibration.selective_accuracy(right, confidence, coverage=share)
        assert 1 - got == pytest.approx(wrong)


def _twins(seed, n=80):
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 5, n)
    shown, exchanged = (np.where(rng.random(n) < 0.6, gold, rng.integers(-1, 5, n)) for _ in "12")
    return gold, shown, exchanged


def _of_decided(gold, verdict, kept):
    """Accuracy with gold ties left out and a judge's tie half right, row by row."""
    decided = [(g, v) for g, v, k in zip(gold, verdict, kept, strict=True) if k and g < 2]
    return sum(1.0 if v == g else 0.5 if v >= 2 else 0.0 for g, v in decided) / len(decided)


@pytest.mark.parametrize("seed", SEEDS)
def test_swap_flips_are_the_disagreement_of_two_raters_that_both_answered(seed):
    _, shown, exchanged = _twins(seed)
    both = (shown >= 0) & (exchanged >= 0)
    classes = [np.minimum(verdict[both], 2) for verdict in (shown, exchanged)]
    want = 1 - sk.accuracy_score(*classes)
    assert modality.swap_flip_rate(shown, exchanged) == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_gaps_of_modality_are_differences_counted_row_by_row(seed):
    gold, shown, exchanged = _twins(seed)
    every = np.ones(len(gold), dtype=bool)
    want = _of_decided(gold, shown, every) - _of_decided(gold, exchanged, every)
    assert modality.swap_gap(gold, shown, exchanged) == pytest.approx(want)
    side = np.random.default_rng(100 + seed).integers(-1, 2, len(gold))
    want = _of_decided(gold, shown, side == 0) - _of_decided(gold, shown, side == 1)
    assert modality.understanding_gap(gold, shown, side) == pytest.approx(want)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_liking_for_media_is_counted_row_by_row(seed):
    gold, verdict, _ = _twins(seed)
    medium = np.random.default_rng(100 + seed).integers(-1, 2, len(gold))
    rows = [
        v == m
        for g, v, m in zip(gold, verdict, medium, strict=True)
        if g >= 2 and m >= 0 and v in (0, 1)
    ]
    got = modality.modality_preference(gold, verdict, medium)
    assert got == pytest.approx(np.mean(rows))


def _disagreement(*pairs):
    """The disagreement of two raters over all verdicts that both gave, by scikit-learn."""
    first, second = (np.minimum(np.concatenate(side), 2) for side in zip(*pairs, strict=True))
    both = (first >= 0) & (second >= 0)
    return 1 - sk.accuracy_score(first[both], second[both])


@pytest.mark.parametrize("seed", SEEDS)
def test_flips_between_presentations_are_disagreements_over_both_orders(seed):
    rng = np.random.default_rng(seed)
    one, turned, other, other_turned = columns = rng.integers(-1, 5, (4, 80))
    same = _disagreement((one, other), (turned, other_turned))
    crossed = _disagreement((one, other_turned), (turned, other))
    base = _disagreement((one, turned), (other, other_turned))
    flips, excess = presentation.presentation_flip_rate, presentation.presentation_excess
    assert flips(*columns) == pytest.approx(same)
    assert flips(*columns, shown="crossed") == pytest.approx(crossed)
    assert presentation.order_baseline(*columns) == pytest.approx(base)
    assert excess(*columns) == pytest.approx(same - base)
    assert excess(*columns, shown="crossed") == pytest.approx(crossed - base)
