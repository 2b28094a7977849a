"""Scores of whole systems from judgments of their outputs, and whether the judge ranks them well.

Systems are codes 0 to n_systems - 1. A table of system scores has shape (..., n_systems) and is
nan for a system without data, or one whose strength does not exist.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.weighted import (
    ONE_THREAD,
    Batch,
    Bools,
    Column,
    Floats,
    Ints,
    Value,
    Weights,
    ratio,
)

MAX_STEP = 2.0
N_STEPS = 100


def _table(batch: Batch, values: Floats) -> Floats:
    return values.reshape(*batch.shape, values.shape[-1])


def mean_score(score: Floats, system: Ints, n_systems: int, *, weights: Weights = None) -> Floats:
    """Mean score of every system.

    Args:
        score: Scores, shape (n,).
        system: System that each score is for, shape (n,).
        n_systems: Number of systems.
        weights: How often each row counts, shape (..., n).

    Returns:
        Shape (..., n_systems); nan without rows.

    Example:
        >>> mean_score(np.array([1.0, 2.0, 5.0]), np.array([0, 0, 1]), 2).tolist()
        [1.5, 5.0]
    """
    batch = Batch(weights, score, system)
    total = _tally_values(batch, system, score, n_systems)
    return _table(batch, ratio(total, batch.tally(system, n_systems)))


def _tally_values(batch: Batch, codes: Ints, values: Column, n_codes: int) -> Floats:
    """Weighted sum of a column for every code, shape (batch, n_codes)."""
    sums = [np.bincount(codes, weights=w * values, minlength=n_codes) for w in batch.w]
    return np.array(sums, dtype=np.float64).reshape(len(batch.w), n_codes)


def median_score(score: Floats, system: Ints, n_systems: int, *, weights: Weights = None) -> Floats:
    """Median score of every system; of an even number, the mean of the middle two.

    Args:
        score: Scores, shape (n,).
        system: System that each score is for, shape (n,).
        n_systems: Number of systems.
        weights: How often each row counts, shape (..., n).

    Returns:
        Shape (..., n_systems); nan without rows.

    Example:
        >>> median_score(np.array([1.0, 9.0, 2.0, 5.0]), np.array([0, 0, 0, 1]), 2).tolist()
        [2.0, 5.0]
    """
    batch = Batch(weights, score, system)
    out = np.full((len(batch.w), n_systems), np.nan)
    for s in range(n_systems):
        rows = np.flatnonzero(system == s)
        rows = rows[np.argsort(score[rows], kind="stable")]
        if len(rows):
            out[:, s] = _median(score[rows], np.cumsum(batch.w[:, rows], axis=1))
    return _table(batch, out)


def _median(ascending: Floats, upto: Floats) -> Floats:
    total = upto[:, -1:]
    below = ascending[np.argmax(upto > np.floor((total - 1) / 2), axis=1)]
    above = ascending[np.argmax(upto > np.floor(total / 2), axis=1)]
    return np.where(total[:, 0] > 0, (below + above) / 2, np.nan)


def win_counts(
    first: Ints, second: Ints, verdict: Ints, n_systems: int, *, weights: Weights = None
) -> Floats:
    """How often each system beat each other one; a tie is half a win for both.

    Args:
        first: System of candidate 0, shape (n,).
        second: System of candidate 1, shape (n,).
        verdict: Pair codes, shape (n,), -1 to 4; failures are left out.
        n_systems: Number of systems.
        weights: How often each row counts, shape (..., n).

    Returns:
        Shape (..., n_systems, n_systems); entry [i, j] is the number of times that i beat j.

    Example:
        >>> win_counts(np.array([0, 0]), np.array([1, 1]), np.array([0, 2]), 2).tolist()
        [[0.0, 1.5], [0.5, 0.0]]
    """
    batch = Batch(weights, first, second, verdict)
    cell = first * n_systems + second
    first_won = np.select([verdict == 0, verdict >= 2], [1.0, 0.5], 0.0)
    second_won = np.select([verdict == 1, verdict >= 2], [1.0, 0.5], 0.0)
    shape = (len(batch.w), n_systems, n_systems)
    wins = _tally_values(batch, cell, first_won, n_systems**2).reshape(shape)
    losses = _tally_values(batch, cell, second_won, n_systems**2).reshape(shape)
    wins = (wins + losses.swapaxes(1, 2)) * (1 - np.eye(n_systems))
    return wins.reshape(*batch.shape, n_systems, n_systems)


def win_rate(
    first: Ints, second: Ints, verdict: Ints, n_systems: int, *, weights: Weights = None
) -> Floats:
    """Share of its comparisons that each system wins, a tie being half a win.

    Args:
        first: System of candidate 0, shape (n,).
        second: System of candidate 1, shape (n,).
        verdict: Pair codes, shape (n,), -1 to 4; failures are left out.
        n_systems: Number of systems.
        weights: How often each row counts, shape (..., n).

    Returns:
        Shape (..., n_systems), from 0 to 1; nan for a system without comparisons.

    Example:
        >>> win_rate(np.array([0, 0]), np.array([1, 1]), np.array([0, 2]), 2).tolist()
        [0.75, 0.25]
    """
    wins = win_counts(first, second, verdict, n_systems, weights=weights)
    return ratio(wins.sum(axis=-1), (wins + wins.swapaxes(-1, -2)).sum(axis=-1))


def bradley_terry(
    first: Ints,
    second: Ints,
    verdict: Ints,
    n_systems: int,
    *,
    weights: Weights = None,
) -> Floats:
    """Bradley-Terry strength of every system: log odds of beating the average system.

    The maximum-likelihood strengths exist only when every system can be reached from every other
    by a chain of wins; where they do not, all are nan. Ties count as half a win each.

    Args:
        first: System of candidate 0, shape (n,).
        second: System of candidate 1, shape (n,).
        verdict: Pair codes, shape (n,), -1 to 4; failures are left out.
        n_systems: Number of systems.
        weights: How often each row counts, shape (..., n).

    Returns:
        Log odds with mean 0, shape (..., n_systems).

    Reference:
        Bradley and Terry 1952 (unchecked); existence as in Ford 1957 (unchecked). Equal to
        evalica's bradley_terry by test.

    Example:
        >>> first, second = np.zeros(4, dtype=np.int64), np.ones(4, dtype=np.int64)
        >>> strength = bradley_terry(first, second, np.array([0, 0, 0, 1]), 2)
        >>> bool(np.isclose(strength[0] - strength[1], np.log(3)))
        True
    """
    wins = win_counts(first, second, verdict, n_systems, weights=weights)
    return strengths(wins)


def strengths(wins: Floats) -> Floats:
    """Bradley-Terry strengths from win counts of shape (..., s, s), by Newton's method.

    Example:
        >>> strengths(np.array([[0.0, 1.0], [1.0, 0.0]])).tolist()
        [0.0, 0.0]
    """
    n = wins.shape[-1]
    if wins.size == 0:
        return np.zeros(wins.shape[:-1])
    tables = wins.reshape(-1, n, n)
    out = np.full((len(tables), n), np.nan)
    solvable = _connected(tables)
    if solvable.any():
        out[solvable] = _newton(tables[solvable])
    return out.reshape(wins.shape[:-1])


def _connected(wins: Floats) -> Bools:
    """Whether every system reaches every other by a chain of wins, shape (batch,)."""
    n = wins.shape[-1]
    reach = ((wins > 0) | np.eye(n, dtype=np.bool_)).astype(np.float32)
    step = max(1, ONE_THREAD // (n * n))
    for _ in range(max(n - 1, 1).bit_length()):
        parts = [reach[:, start : start + step] @ reach for start in range(0, n, step)]
        reach = np.minimum(np.concatenate(parts, axis=1), 1.0)
    connected: Bools = np.all(reach > 0, axis=(1, 2))
    return connected


def _newton(wins: Floats) -> Floats:
    n = wins.shape[-1]
    games = wins + wins.swapaxes(1, 2)
    won, eye = wins.sum(axis=2), np.eye(n)
    theta = np.zeros((len(wins), n))
    for _ in range(N_STEPS):
        p = 1 / (1 + np.exp(theta[:, None, :] - theta[:, :, None]))
        slope = won - (games * p).sum(axis=2)
        spread = games * p * (1 - p)
        # the ones fix the mean, which the comparisons leave open
        curvature = spread.sum(axis=2)[:, :, None] * eye - spread + 1.0 / n
        step = np.linalg.solve(curvature, slope[:, :, None])[:, :, 0]
        largest = np.abs(step).max(axis=1, keepdims=True)
        theta += step * np.minimum(1.0, MAX_STEP / np.maximum(largest, MAX_STEP))
        theta -= theta.mean(axis=1, keepdims=True)
        if largest.max() < 1e-10:
            break
    return theta


def ranking_tau(gold: Floats, judge: Floats) -> Floats:
    """Kendall's tau-b between two tables of system scores, over the systems that both score.

    Args:
        gold: Shape (..., n_systems), nan where there is none.
        judge: Same shape.

    Returns:
        Shape (...); nan where either side is constant.

    Example:
        >>> float(ranking_tau(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])))
        0.3333333333333333
    """
    known = ~(np.isnan(gold) | np.isnan(judge))
    pairs = known[..., :, None] & known[..., None, :]
    x = _order_signs(np.where(known, gold, 0.0)) * pairs
    y = _order_signs(np.where(known, judge, 0.0)) * pairs
    both, left, right = (np.sum(a * b, axis=(-1, -2)) for a, b in ((x, y), (x, x), (y, y)))
    return ratio(np.asarray(both), np.sqrt(np.asarray(left * right)))


def _order_signs(scores: Floats) -> Floats:
    """Sign of every difference; scores equal but for rounding are a tie."""
    difference = scores[..., :, None] - scores[..., None, :]
    return np.where(np.abs(difference) < 1e-9, 0.0, np.sign(difference))


def system_tau(
    gold: Floats, verdict: Floats, system: Ints, *, weights: Weights = None, score: str = "mean"
) -> Value:
    """Kendall's tau-b between the systems as people's scores rank them and as the judge's do.

    Undefined where either side ties all systems.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,).
        system: System that each row judges, shape (n,), codes from 0.
        weights: How often each row counts, shape (..., n).
        score: "mean" or "median" of a system's scores.

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> system_tau(np.array([1.0, 2.0]), np.array([3.0, 5.0]), np.array([0, 1]))
        1.0
    """
    batch = Batch(weights, gold, verdict, system)
    n_systems = int(system.max(initial=-1)) + 1
    rule = mean_score if score == "mean" else median_score
    people = rule(gold, system, n_systems, weights=batch.w)
    return batch.value(ranking_tau(people, rule(verdict, system, n_systems, weights=batch.w)))


def system_pair_tau(
    gold: Ints,
    verdict: Ints,
    system_first: Ints,
    system_second: Ints,
    *,
    weights: Weights = None,
    score: str = "win_rate",
) -> Value:
    """Kendall's tau-b between the systems as people's preferences rank them and as the judge's do.

    Undefined where either side ties all systems, or where a Bradley-Terry strength does not exist.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        system_first: System of candidate 0, shape (n,), codes from 0.
        system_second: System of candidate 1, same coding.
        weights: How often each row counts, shape (..., n).
        score: "win_rate" or "bradley_terry".

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> first, second = np.array([0, 0]), np.array([1, 1])
        >>> system_pair_tau(np.array([0, 2]), np.array([0, 0]), first, second)
        1.0
    """
    batch = Batch(weights, gold, verdict, system_first, system_second)
    n = int(max(system_first.max(initial=-1), system_second.max(initial=-1))) + 1
    rule = win_rate if score == "win_rate" else bradley_terry
    people = rule(system_first, system_second, gold, n, weights=batch.w)
    judge = rule(system_first, system_second, verdict, n, weights=batch.w)
    return batch.value(ranking_tau(people, judge))
