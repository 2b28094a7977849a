"""The order of systems over several columns, under rules by which groups of people vote.

A table has a row for each system and a column for each voter, such as a task: higher is better,
equal numbers tie, nan is a missing cell, and a column counts with its weight. A column says nothing
about a system that it lacks: rules of points (plurality, Borda, Dowdall) give a system none for it,
and others none for beating it, so leaving a column out never pays; rules of pairs (Copeland,
Minimax, Condorcet, Bradley-Terry) compare two systems on the columns that both have; the mean is
over what is there. Every rule gives a score for each system, higher is better, and nan for one
without any cell.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import MeasureError
from mmjudge.metrics.weighted import Bools, Floats, Ints, ratio

DIGITS = 9
"""Decimals to which scores must agree to be a tie: less is rounding of sums."""
TOLERANCE, MOST_STEPS = 1e-12, 100_000


def places(scores: Floats) -> Ints:
    """Place of each system by its score: 1 is best, equal ones share the better place.

    Args:
        scores: Shape (n,), higher is better, nan for no place.

    Returns:
        Shape (n,), 0 for no place.

    Example:
        >>> places(np.array([0.5, 0.9, np.nan, 0.5])).tolist()
        [2, 1, 0, 2]
    """
    rounded = np.round(scores, DIGITS)
    better = rounded[:, None] < rounded[None, :]
    return np.where(np.isnan(scores), 0, 1 + better.sum(axis=1))


def mean(
    table: Floats, weights: Floats | None = None, *, missing: Literal["out", "median"] = "out"
) -> Floats:
    """Weighted mean of a system's cells.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,), at least 0; ones if left out.
        missing: "out" takes the mean of the cells that are there; "median", as Vote'n'Rank does,
            puts the median of the column in place of a missing cell.

    Returns:
        Shape (n_systems,).

    Raises:
        MeasureError: The weights do not fit the table, or are negative.

    Example:
        >>> mean(np.array([[1.0, 3.0], [2.0, np.nan]])).tolist()
        [2.0, 2.0]
    """
    w = _weights(table, weights)
    there = _there(table)
    if missing == "median":
        with_any = there.any(axis=0)
        filled = table[:, with_any].copy()
        middle = np.broadcast_to(np.nanmedian(filled, axis=0), filled.shape)
        filled = np.where(np.isnan(filled), middle, filled)
        return _placed(filled @ w[with_any] / w[with_any].sum(), there, w)
    return ratio(np.where(there, table, 0.0) @ w, there @ w)


def plurality(
    table: Floats, weights: Floats | None = None, *, ties: Literal["shared", "alone"] = "shared"
) -> Floats:
    """Weight of the columns in which a system is first.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,).
        ties: "shared" gives each of k firsts 1/k of the vote; "alone", as Vote'n'Rank does by
            taking the last of tied ranks, gives none to any.

    Returns:
        Shape (n_systems,).

    Raises:
        MeasureError: The weights do not fit the table, or are negative.

    Example:
        >>> table = np.array([[3.0, 2.0], [1.0, 2.0], [0.0, 1.0]])
        >>> plurality(table).tolist(), plurality(table, ties="alone").tolist()
        ([1.5, 0.5, 0.0], [1.0, 0.0, 0.0])
    """
    better, alike = _ahead(table)
    vote = np.where(better == 0, 1.0 / alike, 0.0)
    if ties == "alone":
        vote = np.floor(vote)
    return _points(table, weights, vote)


def borda(
    table: Floats, weights: Floats | None = None, *, ties: Literal["half", "last"] = "half"
) -> Floats:
    """Weighted number of systems that a system beats, over all columns.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,).
        ties: "half" counts a tied system as half beaten; "last", as Vote'n'Rank does by taking the
            last of tied ranks, as not beaten.

    Returns:
        Shape (n_systems,).

    Raises:
        MeasureError: The weights do not fit the table, or are negative.

    Reference:
        Rofin et al. 2023, Vote'n'Rank (arXiv 2210.05769); `ties="last"` equals its code
        (PragmaticsLab/vote_and_rank 6d9cbe3, `_rules.py`), checked.

    Example:
        >>> table = np.array([[3.0], [2.0], [2.0], [1.0]])
        >>> borda(table).tolist(), borda(table, ties="last").tolist()
        ([3.0, 1.5, 1.5, 0.0], [3.0, 1.0, 1.0, 0.0])
    """
    better, alike = _ahead(table)
    beaten = _there(table).sum(axis=0) - better - alike
    return _points(table, weights, beaten + (0.5 * (alike - 1) if ties == "half" else 0.0))


def dowdall(
    table: Floats, weights: Floats | None = None, *, ties: Literal["mean", "first"] = "mean"
) -> Floats:
    """Weighted sum of one over the place, over all columns.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,).
        ties: "mean" gives tied systems the mean of what their places give; "first", as
            Vote'n'Rank does, all that of the best of them.

    Returns:
        Shape (n_systems,).

    Raises:
        MeasureError: The weights do not fit the table, or are negative.

    Example:
        >>> table = np.array([[3.0], [2.0], [2.0]])
        >>> dowdall(table, ties="first").tolist()
        [1.0, 0.5, 0.5]
        >>> dowdall(table).round(4).tolist()
        [1.0, 0.4167, 0.4167]
    """
    better, alike = _ahead(table)
    if ties == "first":
        return _points(table, weights, 1.0 / (better + 1))
    upto = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, len(table) + 1))])
    return _points(table, weights, (upto[better + alike] - upto[better]) / alike)


def support(table: Floats, weights: Floats | None = None) -> Floats:
    """Weight of the columns in which one system is ahead of another.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,).

    Returns:
        Shape (n_systems, n_systems); entry [i, j] is the weight for i against j.

    Raises:
        MeasureError: The weights do not fit the table, or are negative.

    Example:
        >>> support(np.array([[2.0, 1.0, 5.0], [1.0, 2.0, np.nan]])).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    found = np.zeros((len(table), len(table)))
    for column, weight in zip(table.T, _weights(table, weights), strict=True):
        found += weight * (column[:, None] > column[None, :])
    return found


def copeland(table: Floats, weights: Floats | None = None) -> Floats:
    """Number of systems that a system beats by majority, less those that it loses to.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,).

    Returns:
        Shape (n_systems,), from 1 - n to n - 1.

    Raises:
        MeasureError: The weights do not fit the table, or are negative.

    Reference:
        Equals "difference" of Vote'n'Rank's code (6d9cbe3, `_rules.py`), checked.

    Example:
        >>> copeland(np.array([[3.0, 3.0], [2.0, 1.0], [1.0, 2.0]])).tolist()
        [2.0, -1.0, -1.0]
    """
    margin = _margin(support(table, weights))
    return _placed((margin > 0).sum(axis=1) - (margin < 0).sum(axis=1), _there(table), weights)


def minimax(table: Floats, weights: Floats | None = None) -> Floats:
    """Minus the support of the worst defeat: of the systems that beat it, the largest support.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,).

    Returns:
        Shape (n_systems,), at most 0; 0 for a system that none beats.

    Raises:
        MeasureError: The weights do not fit the table, or are negative.

    Reference:
        Equals "winning_votes" of Vote'n'Rank's code (6d9cbe3, `_rules.py`), checked.

    Example:
        >>> minimax(np.array([[3.0, 3.0], [2.0, 1.0], [1.0, 2.0]])).tolist()
        [0.0, -2.0, -2.0]
    """
    by = support(table, weights)
    lost = np.where(_margin(by).T > 0, by.T, 0.0)
    return _placed(0.0 - lost.max(axis=1, initial=0.0), _there(table), weights)


def condorcet(table: Floats, weights: Floats | None = None) -> int | None:
    """The system that beats every other one by majority, None where there is none.

    A system with which another shares no column does not beat it.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,).

    Returns:
        Its row.

    Raises:
        MeasureError: The weights do not fit the table, or are negative.

    Example:
        >>> condorcet(np.array([[3.0, 3.0], [2.0, 1.0], [1.0, 2.0]]))
        0
        >>> condorcet(np.array([[3.0, 2.0, 1.0], [2.0, 1.0, 3.0], [1.0, 3.0, 2.0]])) is None
        True
    """
    wins = (_margin(support(table, weights)) > 0).sum(axis=1)
    found = np.flatnonzero(wins == len(table) - 1)
    return int(found[0]) if len(found) and len(table) > 1 else None


def bradley_terry(table: Floats, weights: Floats | None = None, *, prior: float = 1.0) -> Floats:
    """Strength of each system, if each column is a game between every two systems that it has.

    A tie is half a win. Without more, strengths would not exist where one system wins all its
    games: so each also ties `prior` games with one imagined opponent.

    Args:
        table: Shape (n_systems, n_columns).
        weights: Of the columns, shape (n_columns,): a game counts with the weight of its column.
        prior: Games with the imagined opponent, above 0.

    Returns:
        Log odds of beating the imagined opponent, shape (n_systems,).

    Raises:
        MeasureError: The weights do not fit the table, or are negative, or the prior is not
            above 0.

    Reference:
        Fitted by evalica (Newman 2023, as its documentation says).

    Example:
        >>> found = bradley_terry(np.array([[2.0, 2.0, 1.0], [1.0, 1.0, 2.0]]), prior=1e-6)
        >>> bool(np.isclose(found[0] - found[1], np.log(2), atol=1e-4))
        True
    """
    import evalica

    if not prior > 0:
        raise MeasureError(f"bradley_terry: prior must be above 0, found {prior}")
    by = support(table, weights)
    tied = 0.5 * np.triu(_met(table, weights) - by - by.T, 1)
    games = by + tied + tied.T
    first, second = np.nonzero(games)
    imagined, each = len(table), np.arange(len(table))
    xs = [*first.tolist(), *each.tolist()]
    ys = [*second.tolist(), *[imagined] * len(table)]
    winners = [evalica.Winner.X] * len(first) + [evalica.Winner.Draw] * len(table)
    counts = [*games[first, second].tolist(), *[prior] * len(table)]
    found = evalica.bradley_terry(
        xs, ys, winners, weights=counts, tolerance=TOLERANCE, limit=MOST_STEPS
    ).scores
    strengths = np.log([found[i] for i in (*each.tolist(), imagined)])
    return _placed(strengths[:-1] - strengths[-1], _there(table), weights)


def _weights(table: Floats, weights: Floats | None) -> Floats:
    if table.ndim != 2:
        raise MeasureError(f"table: a row a system and a column a voter, found {table.shape}")
    w = np.ones(table.shape[1]) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (table.shape[1],) or not (w >= 0).all():
        raise MeasureError(
            f"weights: {table.shape[1]} numbers of at least 0 are needed, found {w.tolist()}"
        )
    return w


def _there(table: Floats) -> Bools:
    there: Bools = ~np.isnan(table)
    return there


def _ahead(table: Floats) -> tuple[Ints, Ints]:
    """Of each cell, how many are better in its column, and how many equal, itself included."""
    better = (table[:, None, :] < table[None, :, :]).sum(axis=1)
    alike = (table[:, None, :] == table[None, :, :]).sum(axis=1)
    return better, np.maximum(alike, 1)


def _points(table: Floats, weights: Floats | None, points: NDArray[np.float64]) -> Floats:
    there, w = _there(table), _weights(table, weights)
    return _placed(np.where(there, points, 0.0) @ w, there, w)


def _placed(scores: NDArray[np.float64], there: Bools, weights: Floats | None) -> Floats:
    """Scores of the systems that some column with a weight has, nan for all others."""
    heard = there if weights is None else there[:, np.asarray(weights) > 0]
    return np.where(heard.any(axis=1), scores, np.nan)


def _margin(by: Floats) -> Floats:
    margin: Floats = np.round(by - by.T, DIGITS)
    return margin


def _met(table: Floats, weights: Floats | None) -> Floats:
    """Weight of the columns that two systems share, shape (n_systems, n_systems)."""
    there = _there(table).astype(np.float64)
    return (there * _weights(table, weights)) @ there.T
