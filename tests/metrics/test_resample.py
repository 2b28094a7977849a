"""Intervals and tests by resampling."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests

from mmjudge.errors import MeasureError
from mmjudge.metrics import (
    Measure,
    agreement,
    bootstrap,
    correlation,
    fairness,
    holm,
    intervals,
    mcnemar,
    paired_bootstrap,
    patterns,
    resample,
)
from mmjudge.metrics.resample import Sampled


def _likert(n, seed=0):
    rng = np.random.default_rng(seed)
    gold = rng.integers(1, 6, n).astype(float)
    return gold, np.clip(gold + rng.integers(-2, 3, n), 1, 5)


def _continuous(n, seed=0):
    rng = np.random.default_rng(seed)
    gold = rng.normal(size=n)
    return gold, gold + rng.normal(size=n)


@pytest.mark.parametrize("columns", [_likert(300), _continuous(300)], ids=["tied", "untied"])
@pytest.mark.parametrize(
    ("fn", "reference"),
    [
        (correlation.pearson, lambda x, y: stats.pearsonr(x, y).statistic),
        (correlation.spearman, lambda x, y: stats.spearmanr(x, y).statistic),
        (correlation.tau_b, lambda x, y: stats.kendalltau(x, y).statistic),
        (correlation.mae, lambda x, y: np.abs(x - y).mean()),
    ],
)
def test_intervals_agree_with_scipys_bootstrap(columns, fn, reference):
    ours = bootstrap(columns, np.arange(300), fn, 4000, seed=1)
    theirs = stats.bootstrap(
        columns, reference, paired=True, vectorized=False, n_resamples=1000,
        method="percentile", rng=np.random.default_rng(2),
    )  # fmt: skip
    width = ours.high - ours.low
    assert ours.value == pytest.approx(reference(*columns))
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.06 * width)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.06 * width)


def test_the_interval_is_that_of_the_percentiles():
    found = resample.interval_of(Sampled(0.5, np.append(np.arange(1001.0), np.nan)), 0.9)
    assert found == pytest.approx((0.5, 50, 950, 1))


def test_the_interval_of_a_share_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(3)
    gold, hits, rounds = np.zeros(200, dtype=int), 0, 400
    for seed in range(rounds):
        verdict = (rng.random(200) < 0.3).astype(int)
        found = bootstrap([gold, verdict], np.arange(200), agreement.accuracy, 300, seed=seed)
        hits += found.low <= 0.7 <= found.high
    assert 0.90 < hits / rounds < 0.98


def _orders(n_items, rows=2, seed=0):
    rng = np.random.default_rng(seed)
    gold = np.repeat(rng.integers(0, 2, n_items), rows)
    difficulty = np.repeat(rng.random(n_items), rows)
    verdict = np.where(rng.random(n_items * rows) < difficulty, gold, 1 - gold)
    return [gold, verdict], np.repeat(np.arange(n_items), rows)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_collapsed_and_uncollapsed_draws_have_one_distribution(rows, monkeypatch):
    columns, item = _orders(400, rows)

    def samples(seed):
        found = patterns.collapse(dict(zip("ab", columns, strict=True)), item)
        drawn = resample.draw(found, 3000, seed)
        values = [agreement.accuracy(*found.columns.values(), weights=w) for _, w in drawn]
        return len(found.counts), np.concatenate(values)

    few, collapsed = samples(0)
    monkeypatch.setattr(patterns, "MOST_ROWS", 0)
    many, whole = samples(1)
    assert (few < 100, many) == (True, 400)
    assert stats.ks_2samp(collapsed, whole).pvalue > 0.001
    assert collapsed.std() == pytest.approx(whole.std(), rel=0.08)


def test_every_way_of_drawing_gives_the_item_counts_of_a_bootstrap():
    counts = np.array([1, 2, 7])
    for extra in (0, 1000):
        found = patterns.Patterns({}, np.arange(3), counts + extra)
        w = np.concatenate([w for _, w in resample.draw(found, 4000, seed=0)])
        n = found.counts.sum()
        share = found.counts / n
        assert np.all(w.sum(axis=1) == n)
        np.testing.assert_allclose(w.mean(axis=0), n * share, rtol=0.05)
        np.testing.assert_allclose(w.var(axis=0), n * share * (1 - share), rtol=0.1)


def test_items_whose_rows_differ_in_order_only_are_one_pattern():
    verdict, item = np.array([0, 1, 1, 0, 0, 0]), np.array([0, 0, 1, 1, 2, 2])
    found = patterns.collapse({"verdict": verdict}, item)
    assert sorted(found.counts) == [1, 2]
    assert len(found.columns["verdict"]) == 4


def test_rows_of_an_item_are_drawn_together():
    columns, item = _orders(100, rows=1)
    once = bootstrap(columns, item, agreement.accuracy, 2000)
    twice = bootstrap(
        [np.repeat(c, 8) for c in columns], np.repeat(item, 8), agreement.accuracy, 2000
    )
    assert twice.high - twice.low == pytest.approx(once.high - once.low, rel=0.1)


@pytest.mark.parametrize("n", [50, 3000])
def test_the_same_seed_gives_the_same_interval_and_the_order_of_the_rows_does_not_matter(n):
    columns, item = _likert(n), np.arange(n)
    order = np.random.default_rng(1).permutation(n)
    first = bootstrap(columns, item, correlation.spearman, 50, seed=4)
    again = bootstrap(columns, item, correlation.spearman, 50, seed=4)
    shuffled = bootstrap([c[order] for c in columns], item[order], correlation.spearman, 50, seed=4)
    assert first == again
    assert first == pytest.approx(shuffled)
    assert first != bootstrap(columns, item, correlation.spearman, 50, seed=5)


def test_undefined_resamples_are_counted_and_left_out():
    gold, verdict = np.array([0.0, 0.0, 0.0, 1.0]), np.array([1.0, 2.0, 3.0, 4.0])
    found = bootstrap([gold, verdict], np.arange(4), correlation.pearson, 2000)
    # gold is constant when the last item is never drawn, or always
    assert found.n_undefined / 2000 == pytest.approx(0.75**4 + 0.25**4, abs=0.04)
    assert not np.isnan(found.low + found.high)
    never = bootstrap([gold * 0, verdict], np.arange(4), correlation.pearson, 30)
    assert np.isnan([never.value, never.low, never.high]).all()
    assert never.n_undefined == 30
    none = bootstrap([gold[:0], gold[:0]], np.arange(0), correlation.pearson, 30)
    assert none.n_undefined == 30


def test_measures_of_one_run_share_their_resamples(measure, columns_of):
    columns = columns_of(measure, 90, 1)
    item = columns.get("item", np.arange(90))
    found = measure.interval(columns, item, 60, seed=2)
    assert found.value == pytest.approx(measure(columns), nan_ok=True)
    low, high = measure.spec.bounds
    if found.n_undefined < 60:
        assert low - 1e-9 <= found.low <= found.high <= high + 1e-9


def test_several_measures_have_the_values_of_each():
    columns, item = _orders(200)
    data = dict(zip(("gold", "verdict"), columns, strict=True))
    of = [Measure.parse(name) for name in ("accuracy", "kappa", "f1")]
    for measure, found in zip(of, intervals(of, data, item, 100), strict=True):
        assert found == measure.interval(data, item, 100)


def _judge(gold, share, seed):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(len(gold)) < share, gold, 1 - gold)


def test_a_judge_does_not_differ_from_itself():
    columns, item = _orders(300)
    same = paired_bootstrap((columns, item), (columns, item), agreement.accuracy, 200)
    assert same[:4] == (0, 0, 0, 1)


def test_the_paired_difference_is_tighter_than_the_two_intervals():
    gold = np.arange(2000) % 2
    a = _judge(gold, 0.8, 0)
    b = np.where(np.random.default_rng(1).random(2000) < 0.03, 1 - a, a)
    item = np.arange(2000)
    found = paired_bootstrap(([gold, a], item), ([gold, b], item), agreement.accuracy)
    alone = bootstrap([gold, a], item, agreement.accuracy)
    assert found.value == pytest.approx(np.mean(a == gold) - np.mean(b == gold))
    assert found.high - found.low < 0.6 * (alone.high - alone.low)
    assert found.low < found.value < found.high
    assert found.p_value < 0.01


def test_only_common_items_are_compared_whatever_their_order():
    gold = np.arange(400) % 2
    a, b = _judge(gold, 0.9, 0), _judge(gold, 0.7, 1)
    item = np.arange(400)
    keep, order = item < 300, np.random.default_rng(2).permutation(300)
    whole = paired_bootstrap(
        ([gold[keep], a[keep]], item[keep]), ([gold, b], item), agreement.kappa
    )
    part = paired_bootstrap(
        ([gold[keep][order], a[keep][order]], item[keep][order]),
        ([gold[keep], b[keep]], item[keep]),
        agreement.kappa,
    )
    assert whole == pytest.approx(part)
    assert whole.n_items == 300
    with pytest.raises(MeasureError, match="share no item"):
        paired_bootstrap(([gold, a], item), ([gold, b], item + 400), agreement.kappa)


def test_p_values_are_uniform_when_the_judges_are_equally_good():
    gold, item, p_values = np.zeros(150, dtype=int), np.arange(150), []
    for seed in range(300):
        a, b = _judge(gold, 0.7, 2 * seed), _judge(gold, 0.7, 2 * seed + 1)
        a_b = ([gold, a], item), ([gold, b], item)
        p_values.append(paired_bootstrap(*a_b, agreement.accuracy, 200, seed=seed).p_value)
    assert np.mean(np.array(p_values) < 0.05) < 0.09
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.12)


def test_every_measure_compares_two_judges(measure, columns_of):
    a, b = columns_of(measure, 60, 0), columns_of(measure, 60, 1)
    if "item" in a:
        a["criterion" if "criterion" in a else "item"] = b[
            "criterion" if "criterion" in b else "item"
        ]
    item = a.get("item", np.arange(60))
    found = measure.paired((a, item), (b, item), 20)
    assert found.value == pytest.approx(measure(a) - measure(b), nan_ok=True)


@pytest.mark.parametrize("seed", range(5))
def test_holm_matches_statsmodels(seed):
    p = np.random.default_rng(seed).random(7) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])


def test_holm_leaves_undefined_tests_out():
    assert holm([0.01, float("nan"), 0.03])[[0, 2]].tolist() == holm([0.01, 0.03]).tolist()
    assert np.isnan(holm([0.01, float("nan")])[1])


@pytest.mark.parametrize("seed", range(8))
def test_mcnemar_matches_statsmodels(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.random(40) < 0.8, rng.random(40) < 0.6
    table = [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]]
    assert mcnemar(a, b) == pytest.approx(reference_mcnemar(table, exact=True).pvalue)


CHANCES = np.array([0.5, 0.3, 0.2])
ALIKE = float((CHANCES**2).sum())
"""What `acc` is of two people of one group, whose scores are drawn with these chances."""


def _covered(centred, n_groups=6, size=12, n_runs=200):
    """How often the interval of `acc` holds what it estimates."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(n_groups), size)
    hits = 0
    for seed in range(n_runs):
        scores = rng.choice(3, n_groups * size, p=CHANCES).astype(float)
        item = np.arange(len(scores))
        found = bootstrap([scores, group], item, fairness.acc, 300, seed=seed, centred=centred)
        hits += found.low <= ALIKE <= found.high
    return hits / n_runs


def test_the_interval_of_likeness_covers_though_an_item_drawn_twice_is_like_itself():
    assert _covered(centred=True) >= 0.9
    assert _covered(centred=False) < 0.85


def test_centred_resamples_have_the_value_as_their_mean_and_no_other_width():
    rng = np.random.default_rng(1)
    scores, group = rng.random(60), np.repeat(np.arange(3), 20)
    plain, moved = (
        bootstrap([scores, group], np.arange(60), fairness.acc, 500, centred=centred)
        for centred in (False, True)
    )
    assert moved.low < plain.low
    assert moved.low < moved.value < moved.high
    assert moved.high - moved.low == pytest.approx(plain.high - plain.low)


def test_a_statistic_that_is_undefined_is_not_moved():
    found = bootstrap([np.ones(3), np.arange(3)], np.arange(3), fairness.acc, 50, centred=True)
    assert np.isnan(found.value)
