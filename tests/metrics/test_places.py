"""Places as intervals: laws, a case by hand, and how often chance alone separates systems."""

import numpy as np
import pytest
from scipy import stats

from mmjudge.errors import MeasureError
from mmjudge.metrics.places import Parts, compared, margin, place_intervals


def drawn(right, n_resamples=400, seed=0):
    """Mean of each system over items, and its resamples; `right` has shape (systems, items)."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(right.shape[1], np.full(right.shape[1], 1 / right.shape[1]), 400)
    return right.mean(axis=1), right @ counts[:n_resamples].T / right.shape[1]


def parts(*rights, weights=None):
    pairs = [drawn(right, seed=i) for i, right in enumerate(rights)]
    values = np.stack([value for value, _ in pairs], axis=1)
    samples = np.stack([sample for _, sample in pairs], axis=1)
    units = np.stack([np.full(len(r), r.shape[1]) for r in rights], axis=1)
    return Parts(values, samples, units, np.ones(len(rights)) if weights is None else weights)


def answers(shares, n=200, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.random((len(shares), n)) < np.array(shares)[:, None]).astype(float)


def test_equal_judges_share_all_places():
    right = np.repeat(answers([0.7]), 4, axis=0)
    found = place_intervals(compared(parts(right)))
    assert found.tolist() == [[1, 4]] * 4


def test_clearly_different_judges_have_a_place_each():
    found = place_intervals(compared(parts(answers([0.95, 0.7, 0.3, 0.05]))))
    assert found.tolist() == [[1, 1], [2, 2], [3, 3], [4, 4]]


def test_two_that_cannot_be_separated_share_a_place_behind_a_better_one():
    found = place_intervals(compared(parts(answers([0.95, 0.5, 0.5]))))
    assert found.tolist() == [[1, 1], [2, 3], [2, 3]]


def test_the_order_of_systems_does_not_matter():
    given = parts(answers([0.9, 0.8, 0.6, 0.5]), answers([0.5, 0.9, 0.4, 0.6], seed=1))
    moved = [2, 0, 3, 1]
    other = Parts(given.values[moved], given.samples[moved], given.units[moved], given.weights)
    plain, again = compared(given), compared(other)
    np.testing.assert_allclose(again.p_holm, plain.p_holm[np.ix_(moved, moved)])
    np.testing.assert_allclose(again.difference, plain.difference[np.ix_(moved, moved)])


def test_p_values_match_the_paired_t_test():
    right = answers([0.8, 0.65, 0.5], n=300)
    found = compared(parts(right))
    for i, j in ((0, 1), (0, 2), (1, 2)):
        want = stats.ttest_rel(right[i], right[j])
        assert found.difference[i, j] == pytest.approx((right[i] - right[j]).mean())
        assert found.p_value[i, j] == pytest.approx(want.pvalue, rel=0.5, abs=1e-4)


def test_what_two_have_in_common_does_not_blur_their_difference():
    right = answers([0.5], n=400)
    better = right.copy()
    better[0, np.flatnonzero(right[0] == 0)[:12]] = 1.0
    paired = compared(parts(np.concatenate([better, right])))
    alone = compared(parts(np.concatenate([better, answers([0.5], n=400, seed=3)])))
    assert paired.p_value[0, 1] < 0.01 < alone.p_value[0, 1]
    assert paired.error[0, 1] < alone.error[0, 1]


def test_two_are_compared_on_the_parts_that_both_have():
    first, second = answers([0.9, 0.5, 0.5]), answers([0.1, 0.5, 0.5], seed=1)
    given = parts(first, second)
    given.values[0, 1], given.samples[0, 1] = np.nan, np.nan
    found = compared(given)
    assert found.difference[0, 1] == pytest.approx(first[0].mean() - first[1].mean())
    assert found.units[0, 1] == 200
    assert found.units[1, 2] == 400


def test_systems_without_a_common_part_are_not_separated():
    given = parts(answers([0.9, 0.1]), answers([0.9, 0.1], seed=1))
    for system, part in ((0, 1), (1, 0)):
        given.values[system, part], given.samples[system, part] = np.nan, np.nan
    found = compared(given)
    assert np.isnan(found.p_holm).all()
    assert place_intervals(found).tolist() == [[1, 2], [1, 2]]


def test_few_items_separate_nobody_and_a_part_that_is_mostly_undefined_does_not_count():
    few = compared(parts(np.array([[1.0] * 9, [0.0] * 9])))
    assert np.isnan(few.p_value).all()
    given = parts(answers([0.9, 0.1]))
    given.samples[0, 0, :200] = np.nan
    assert np.isnan(compared(given).p_value).all()


def test_always_right_against_always_wrong_is_no_more_certain_than_so_many_coins():
    found = compared(parts(np.array([[1.0] * 12, [0.0] * 12])))
    assert found.p_value[0, 1] == pytest.approx(stats.binomtest(12, 12).pvalue)


def test_a_part_of_weight_0_is_as_good_as_none():
    both = parts(answers([0.9, 0.5]), answers([0.1, 0.5], seed=1), weights=np.array([1.0, 0.0]))
    one = parts(answers([0.9, 0.5]))
    assert compared(both).difference[0, 1] == pytest.approx(compared(one).difference[0, 1])
    assert compared(both).units[0, 1] == 200


def test_chance_alone_rarely_separates_any_two_of_six_equal_judges():
    wrong = sum(
        bool((place_intervals(compared(parts(answers([0.6] * 6, n=80, seed=s)))) != [1, 6]).any())
        for s in range(120)
    )
    # 5 % of 120 are 6; 13 or more are less likely than 1 in 100.
    assert wrong < 13


def test_margin_is_that_of_student():
    assert margin(np.array([11]))[0] == pytest.approx(stats.t.ppf(0.975, 10))


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(MeasureError, match="do not fit"):
        compared(Parts(np.zeros((2, 1)), np.zeros((2, 2, 5)), np.zeros((2, 1)), np.ones(1)))
