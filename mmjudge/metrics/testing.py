"""Tests of judges on the same items: a correction for several, and an exact one of two."""

from collections.abc import Sequence

import numpy as np

from mmjudge.errors import MeasureError
from mmjudge.metrics.weighted import Bools, Floats


def holm(p_values: Sequence[float] | Floats) -> Floats:
    """Adjust p-values of several tests by Holm's step-down method.

    Args:
        p_values: Shape (m,), each from 0 to 1; nan (no test) stays nan and is not counted.

    Returns:
        Adjusted p-values in the given order, shape (m,).

    Reference:
        Holm 1979 (unchecked); equal to statsmodels' multipletests(method="holm") by test.

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    order = order[~np.isnan(p[order])]
    stepped = p[order] * np.arange(len(order), 0, -1)
    out = np.full(len(p), np.nan)
    out[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return out


def mcnemar(right_a: Bools, right_b: Bools) -> float:
    """Exact McNemar test of two judges on the same items: the chance of so uneven a split.

    Only items that one of them gets right count; without any, p is 1.

    Args:
        right_a: Whether judge a was right on each item, shape (n,).
        right_b: The same for judge b.

    Returns:
        Two-sided p-value, from 0 to 1.

    Raises:
        MeasureError: The shapes differ.

    Reference:
        McNemar 1947 (unchecked); equal to statsmodels' mcnemar(exact=True) by test.

    Example:
        >>> mcnemar(np.array([True, True, True, False]), np.array([False, False, False, False]))
        0.25
    """
    if right_a.shape != right_b.shape:
        raise MeasureError(f"mcnemar: shapes {right_a.shape} and {right_b.shape} differ")
    from scipy.special import bdtr

    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    if only_a + only_b == 0:
        return 1.0
    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))
