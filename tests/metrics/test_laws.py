"""Laws that every registered measure keeps."""

import numpy as np
import pytest

from mmjudge.errors import MeasureError
from mmjudge.metrics import Measure
from mmjudge.metrics.weighted import dense


def _weights(measure, columns, n, seed, shape=()):
    """Whole weights; rows of an item weigh the same where the measure asks for it."""
    rng = np.random.default_rng(seed)
    if "item" in columns:
        codes, n_items = dense(columns["item"])
        return rng.integers(0, 4, (*shape, n_items))[..., codes].astype(float)
    return rng.integers(0, 4, (*shape, n)).astype(float)


def _repeated(columns, w):
    """Each row as often as its weight says; copies of an item are new items."""
    w = w.astype(int)
    out = {name: np.repeat(column, w, axis=0) for name, column in columns.items()}
    if "item" in out:
        copy = np.concatenate([np.arange(k) for k in w]) if len(w) else w
        out["item"] = out["item"] * 10 + copy
    return out


@pytest.mark.parametrize("n", [3, 12, 90])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_weight_counts_a_row_as_often_as_repeating_it(measure, columns_of, n, seed):
    columns = columns_of(measure, n, seed)
    w = _weights(measure, columns, n, seed)
    np.testing.assert_allclose(
        measure(columns, w), measure(_repeated(columns, w)), atol=1e-12, equal_nan=True
    )


@pytest.mark.parametrize("shape", [(1,), (5,), (2, 3)])
def test_a_batch_of_weights_equals_the_loop_over_them(measure, columns_of, shape):
    columns = columns_of(measure, 45, 7)
    w = _weights(measure, columns, 45, 7, shape)
    batch = measure(columns, w)
    loop = [measure(columns, row) for row in w.reshape(-1, 45)]
    assert batch.shape == shape
    np.testing.assert_allclose(batch.ravel(), loop, atol=1e-12, equal_nan=True)


def test_no_weights_are_weights_of_one(measure, columns_of):
    columns = columns_of(measure, 60, 3)
    assert isinstance(measure(columns), float)
    assert measure(columns) == pytest.approx(measure(columns, np.ones(60)), nan_ok=True)


def test_the_order_of_the_rows_says_nothing(measure, columns_of):
    columns = columns_of(measure, 60, 4)
    order = np.random.default_rng(4).permutation(60)
    shuffled = {name: column[order] for name, column in columns.items()}
    assert measure(shuffled) == pytest.approx(measure(columns), abs=1e-12, nan_ok=True)


def test_values_stay_in_the_registered_range(measure, columns_of):
    low, high = measure.spec.bounds
    for seed in range(20):
        n = 3 * (1 + seed)
        columns = columns_of(measure, n, seed)
        values = measure(columns, _weights(measure, columns, n, seed, (4,)))
        defined = values[~np.isnan(values)]
        assert np.all((low - 1e-9 <= defined) & (defined <= high + 1e-9))


def test_no_rows_are_undefined_not_an_error(measure, columns_of):
    columns = {name: column[:0] for name, column in columns_of(measure, 9, 0).items()}
    assert np.isnan(measure(columns))
    assert measure(columns, np.zeros((4, 0))).shape == (4,)


def test_weights_of_zero_are_undefined(measure, columns_of):
    assert np.isnan(measure(columns_of(measure, 9, 0), np.zeros(9)))


def test_columns_of_unequal_length_are_refused(measure, columns_of):
    columns = columns_of(measure, 9, 0)
    with pytest.raises(MeasureError, match="9"):
        measure(columns, np.ones(8))
    if len(columns) > 1:
        columns[measure.columns[0]] = columns[measure.columns[0]][:5]
        with pytest.raises(MeasureError):
            measure(columns)


def test_a_missing_column_is_named(measure):
    with pytest.raises(MeasureError, match=measure.columns[-1]):
        measure({})


def test_the_name_round_trips(measure):
    assert Measure.parse(str(measure)) == measure


SYMMETRIC = [
    "kappa", "scott_pi", "pearson", "spearman", "tau_b", "mae", "rmse", "quadratic_kappa",
    "f1", "rank_tau_b", "footrule", "question_kappa", "step_kappa",
]  # fmt: skip


@pytest.mark.parametrize("name", SYMMETRIC)
def test_a_symmetric_measure_does_not_mind_who_is_gold(name, columns_of):
    measure = Measure.parse(name)
    columns = columns_of(measure, 80, 5)
    first, second = measure.columns
    swapped = {first: columns[second], second: columns[first]}
    if measure.protocol == "rank":
        swapped = {key: np.where(columns["ranks"] > 0, swapped[key], 0) for key in swapped}
        columns = {key: np.where(columns["ranks"] > 0, columns[key], 0) for key in columns}
    assert measure(swapped) == pytest.approx(measure(columns))
