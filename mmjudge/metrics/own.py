"""Whether a judge favours what its own family made, on pairs of which one candidate is of it.

`own` says which of the two that is, in item order, 0 or 1; -1 where none or both are.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.weighted import Batch, Floats, Ints, Value, Weights


def self_preference(gold: Ints, verdict: Ints, own: Ints, *, weights: Weights = None) -> Value:
    """How much more often a judge is right where people prefer its own than where they do not.

    Accuracy on the pairs whose own candidate people prefer, minus that on the pairs whose other
    one they prefer; a judge's tie is half right, a failure wrong, pairs of equal gold are left
    out. 0 for a judge that is always right, and for one that answers by chance, however good its
    own candidates are; p for one that takes its own with probability p and is right otherwise.
    Where its own are better by a wide margin more often than the others are, any judge is above 0:
    compare judges of other families on the same pairs. Undefined where one of the two has no pair.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        own: The candidate of the judge's own family, shape (n,), codes -1 to 1.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Equal opportunity of Wataoka et al. 2024, arXiv 2410.21819 (read in its abstract and in
        reviews of it; its formula was not).

    Example:
        >>> gold, own = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
        >>> self_preference(gold, np.array([0, 0, 0, 1]), own)
        0.5
    """
    batch = Batch(weights, gold, verdict, own)
    right = np.where(three_way(verdict) == 2, 0.5, (verdict == gold).astype(np.float64))
    known = (own >= 0) & (gold >= 0) & (gold < 2)
    mine, other = (batch.mean(right, known & side) for side in (gold == own, gold != own))
    return batch.value(mine - other)


def self_preference_share(
    gold: Ints, verdict: Ints, own: Ints, *, weights: Weights = None
) -> Value:
    """Share of decided pairs that a judge gives to its own, minus the share that people give it.

    A judge that is often wrong comes nearer to a half than people do, whoever made the candidates:
    where its own are the better ones that looks like modesty. `self_preference` is free of that.
    Pairs count where gold and verdict are both decided; undefined without any.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        own: The candidate of the judge's own family, shape (n,), codes -1 to 1.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold, own = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
        >>> self_preference_share(gold, np.array([0, 0, 0, 1]), own)
        0.25
    """
    batch = Batch(weights, gold, verdict, own)
    kept = (own >= 0) & np.isin(gold, (0, 1)) & np.isin(verdict, (0, 1))
    difference: Floats = (verdict == own).astype(np.float64) - (gold == own)
    return batch.value(batch.mean(difference, kept))


def self_preference_ties(gold: Ints, verdict: Ints, own: Ints, *, weights: Weights = None) -> Value:
    """Of the decided verdicts on pairs of equal gold, the share for the judge's own.

    0.5 without preference. Failures and a judge's ties are left out; undefined without any other.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4; only ties (2 to 4) count.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        own: The candidate of the judge's own family, shape (n,), codes -1 to 1.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> self_preference_ties(np.full(3, 2), np.array([0, 1, 2]), np.array([0, 0, 0]))
        0.5
    """
    batch = Batch(weights, gold, verdict, own)
    return batch.value(
        batch.mean(verdict == own, (own >= 0) & (gold >= 2) & np.isin(verdict, (0, 1)))
    )
