"""Places as intervals: who is better beyond chance, of many systems compared by pairs.

Systems are scored on parts, such as tasks, each with the same resamples of items for all of them.
Two systems are compared on the parts that both have.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmjudge.errors import MeasureError
from mmjudge.metrics.testing import holm
from mmjudge.metrics.weighted import Bools, Floats, Ints

FEW = 10
"""Of fewer units nothing is said: a difference of one would be large."""
MOST_UNDEFINED = 0.1
"""Share of the resamples in which a part may be undefined; with more it counts as missing."""


class Parts(NamedTuple):
    """What systems have in the parts of a column.

    Attributes:
        values: Shape (n_systems, n_parts), nan where a system has nothing.
        samples: Their resamples, shape (n_systems, n_parts, n_resamples), nan where undefined.
        units: Units drawn, such as items, shape (n_systems, n_parts).
        weights: Of the parts, shape (n_parts,).
    """

    values: Floats
    samples: Floats
    units: Ints
    weights: Floats


class Compared(NamedTuple):
    """All pairs of systems, each array of shape (n_systems, n_systems), row minus column.

    Attributes:
        difference: Of the weighted means over the parts that both have, nan where there is none.
        error: Standard error of the difference.
        p_value: Two-sided, of no difference; nan where two are not compared.
        p_holm: The same, corrected over all pairs.
        units: Units that the comparison rests on.
    """

    difference: Floats
    error: Floats
    p_value: Floats
    p_holm: Floats
    units: Ints


def compared(parts: Parts) -> Compared:
    """Compare all systems by pairs.

    The standard error is that of the difference over the resamples, which both systems share, so
    what they have in common falls out. The p-value is that of Student's t with one degree of
    freedom less than there are units, and at least 2 / 2**units: less no exact test of so many
    signs can say, however equal the differences. With fewer than `FEW` units two are not compared.

    Args:
        parts: What the systems have; higher is better.

    Returns:
        Differences, errors and p-values; nan on the diagonal.

    Raises:
        MeasureError: The shapes do not fit.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> drawn = rng.normal(0.0, 0.01, (3, 1, 200))
        >>> values = np.array([[0.9], [0.5], [0.5]])
        >>> found = compared(Parts(values, values[:, :, None] + drawn, np.full((3, 1), 50),
        ...     np.ones(1)))
        >>> (found.p_holm < 0.05)[0].tolist(), bool(found.p_holm[1, 2] < 0.05)
        ([False, True, True], False)
    """
    n, n_parts = parts.values.shape
    if parts.samples.shape[:2] != (n, n_parts) or parts.units.shape != (n, n_parts):
        raise MeasureError(
            f"parts: values {parts.values.shape}, samples {parts.samples.shape} and units "
            f"{parts.units.shape} do not fit"
        )
    there = _usable(parts)
    difference, error = np.full((n, n), np.nan), np.full((n, n), np.nan)
    units = np.zeros((n, n), dtype=np.int64)
    masks, group = np.unique(there, axis=0, return_inverse=True)
    rows = [np.flatnonzero(group.ravel() == i) for i in range(len(masks))]
    for i, mine in enumerate(masks):
        for j, theirs in enumerate(masks):
            common = mine & theirs & (parts.weights > 0)
            if not common.any():
                continue
            cells = np.ix_(rows[i], rows[j])
            difference[cells], error[cells] = _block(parts, rows[i], rows[j], common)
            of_i, of_j = (parts.units[rows[k]][:, common] for k in (i, j))
            units[cells] = np.minimum(of_i[:, None], of_j[None, :]).sum(axis=2)
    p_value = _p_values(difference, error, units)
    return Compared(difference, error, p_value, _corrected(p_value), units)


def _usable(parts: Parts) -> Bools:
    undefined = np.isnan(parts.samples).mean(axis=2) if parts.samples.shape[2] else 1.0
    usable: Bools = ~np.isnan(parts.values) & (undefined <= MOST_UNDEFINED)
    return usable


def _block(parts: Parts, a: Ints, b: Ints, common: Bools) -> tuple[Floats, Floats]:
    """Differences and their standard errors of some systems to others, over common parts."""
    w = parts.weights[common] / parts.weights[common].sum()
    values, samples = parts.values[:, common] @ w, {}
    for name, rows in (("a", a), ("b", b)):
        drawn = parts.samples[rows][:, common]
        middle = np.nanmean(drawn, axis=2, keepdims=True)
        drawn = np.where(np.isnan(drawn), middle, drawn) - middle
        samples[name] = np.einsum("kpr,p->kr", drawn, w)
    n = samples["a"].shape[1] - 1
    variance = [(s * s).sum(axis=1) / n for s in (samples["a"], samples["b"])]
    shared = samples["a"] @ samples["b"].T / n
    spread = variance[0][:, None] + variance[1][None, :] - 2 * shared
    floor = 1e-12 * (variance[0][:, None] + variance[1][None, :])
    error = np.sqrt(np.where(spread > floor, spread, 0.0))  # less is rounding of equal samples
    return values[a][:, None] - values[b][None, :], error


def _p_values(difference: Floats, error: Floats, units: Ints) -> Floats:
    from scipy.special import stdtr

    same = np.abs(difference) < 1e-12
    ratio = np.divide(difference, error, out=np.full_like(difference, np.inf), where=error > 0)
    ratio = np.where(same, 0.0, np.abs(ratio))
    p = 2 * stdtr(np.maximum(units - 1, 1), -ratio)
    p = np.maximum(p, 2.0 ** (1.0 - units))
    compared = ~np.isnan(difference) & (units >= FEW) & ~np.eye(len(units), dtype=np.bool_)
    return np.where(compared, np.minimum(p, 1.0), np.nan)


def _corrected(p_value: Floats) -> Floats:
    above = np.triu_indices(len(p_value), 1)
    out = np.full_like(p_value, np.nan)
    out[above] = holm(p_value[above])
    out.T[above] = out[above]
    return out


def margin(units: Ints, level: float = 0.05) -> Floats:
    """Standard errors to either side of a difference that its interval takes.

    Args:
        units: Units that a comparison rests on.
        level: One less the coverage.

    Example:
        >>> float(margin(np.array([31])).round(3)[0])
        2.042
    """
    from scipy.special import stdtrit

    return np.asarray(stdtrit(np.maximum(units - 1, 1), 1 - level / 2))


def place_intervals(found: Compared, level: float = 0.05) -> Ints:
    """The interval of each system's place: best place and worst place, 1 is first.

    The best place is 1 + the number of systems that are better beyond chance, the worst the number
    of systems less those that are worse beyond chance, where Holm's method over all pairs keeps the
    chance of any false "better" at `level`: then all intervals hold the true places at once with
    probability 1 - level, as far as the p-values are right. Systems that the data cannot separate
    from any other have the whole range. A system that could not be compared with another one is
    not separated from it.

    Args:
        found: All pairs.
        level: Chance that any interval is wrong, between 0 and 1.

    Returns:
        Shape (n_systems, 2).

    Reference:
        Mogstad, Romano, Shaikh and Wilhelm 2024, Inference for Ranks, Review of Economic Studies
        91 (doi 10.1093/restud/rdad006): intervals of ranks from simultaneous intervals of
        differences, with a step-down over the bootstrap's largest t in place of Holm (as the
        documentation of its R package csranks says; the paper itself unchecked).

    Example:
        >>> p = np.array([[np.nan, 0.01, 0.01], [0.01, np.nan, 0.5], [0.01, 0.5, np.nan]])
        >>> d = np.array([[0.0, 0.3, 0.3], [-0.3, 0.0, 0.0], [-0.3, 0.0, 0.0]])
        >>> place_intervals(Compared(d, d, p, p, np.full((3, 3), 50))).tolist()
        [[1, 1], [2, 3], [2, 3]]
    """
    certain = np.nan_to_num(found.p_holm, nan=1.0) <= level
    better, worse = certain & (found.difference > 0), certain & (found.difference < 0)
    return np.stack([1 + worse.sum(axis=1), len(certain) - better.sum(axis=1)], axis=1)
