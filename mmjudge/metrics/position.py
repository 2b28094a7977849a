"""What the judge owes to the slot: the only measures that know where a candidate was shown.

`given` and `swapped` are verdicts on the same pair in item order, as everywhere; the given order
shows candidate 0 in the first slot, the swapped order candidate 1.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.ranking import first_placed, item_tau_b
from mmjudge.metrics.weighted import Batch, Floats, Ints, Value, Weights, ratio

SHARES = {"consistent": None, "prefers_first": (0, 1), "prefers_second": (1, 0)}


def flip_rate(given: Ints, swapped: Ints, *, weights: Weights = None) -> Value:
    """Share of pairs whose verdict changes when the two candidates swap places.

    A judge without position bias or noise scores 0, one that always picks the first slot scores 1.
    Both good and both bad count as ties; pairs with a failure in either order are left out.
    Undefined (nan) when that leaves none.

    Args:
        given: Verdict in the given order, in item order, shape (n,), codes -1 to 4.
        swapped: Verdict in the swapped order, in item order, same coding.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> flip_rate(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
        0.25
    """
    batch = Batch(weights, given, swapped)
    answered = (given >= 0) & (swapped >= 0)
    return batch.value(batch.mean(three_way(given) != three_way(swapped), answered))


def consistency(
    given: Ints, swapped: Ints, *, weights: Weights = None, share: str = "consistent"
) -> Value:
    """Of the pairs decided in both orders, the share that is consistent, or goes by the slot.

    The three shares add up to 1. Undefined where no pair is decided in both orders.

    Args:
        given: Verdict in the given order, in item order, shape (n,), codes -1 to 4.
        swapped: Verdict in the swapped order, in item order, same coding.
        weights: How often each row counts, shape (..., n).
        share: "consistent" (the same candidate twice), "prefers_first" (the first slot twice) or
            "prefers_second".

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        AudioJudge, arXiv 2507.12705; the rule reproduces its published shares (see the docs).

    Example:
        >>> consistency(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), share="prefers_first")
        0.3333333333333333
    """
    batch = Batch(weights, given, swapped)
    decided = np.isin(given, (0, 1)) & np.isin(swapped, (0, 1))
    pattern = SHARES[share]
    if pattern is None:
        return batch.value(batch.mean(given == swapped, decided))
    return batch.value(batch.mean((given == pattern[0]) & (swapped == pattern[1]), decided))


def first_slot_share(slot: Ints, *, weights: Weights = None) -> Value:
    """Of the decisive verdicts, the share that chose the candidate shown first.

    0.5 without position bias when the order is balanced; 1 for a judge that always says A.
    Undefined without decisive verdicts.

    Args:
        slot: Slot that the verdict chose, shape (n,): 0 first, 1 second, -1 none.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> first_slot_share(np.array([0, 0, 1, -1]))
        0.6666666666666666
    """
    batch = Batch(weights, slot)
    return batch.value(batch.mean(slot == 0, slot >= 0))


def position_bias(gold: Ints, verdict: Ints, gold_slot: Ints, *, weights: Weights = None) -> Value:
    """Accuracy when the better candidate is shown first, minus accuracy when it is shown second.

    0 without position bias, 1 for a judge that always picks the first slot, -1 for the second.
    Gold ties are left out; a failure is wrong. Undefined when the gold never sits in one slot.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        gold_slot: Slot in which the preferred candidate was shown, shape (n,): 0 first, 1 second,
            -1 where the gold is a tie.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold, slot = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
        >>> position_bias(gold, np.array([0, 1, 0, 0]), slot)
        0.5
    """
    batch = Batch(weights, gold, verdict, gold_slot)
    right, decisive = gold == verdict, gold < 2
    first = batch.mean(right, decisive & (gold_slot == 0))
    return batch.value(first - batch.mean(right, decisive & (gold_slot == 1)))


def top_slot(ranks: Floats, slots: Ints, *, weights: Weights = None) -> Value:
    """Mean slot of the judge's best candidate in rankings, from 0 (shown first) to 1 (last).

    0.5 without position bias when the order is balanced; candidates tied for first count alike.
    Failed items and items of one candidate are left out.

    Args:
        ranks: Ranks by the judge, shape (n, k), 0 pads; all zero where it failed.
        slots: Slot in which each candidate was shown, shape (n, k), from 0; -1 pads.
        weights: How often each row counts, shape (..., n).

    Returns:
        From 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> top_slot(np.array([[2.0, 1.0, 3.0]]), np.array([[0, 1, 2]]))
        0.5
    """
    batch = Batch(weights, ranks, slots)
    present = (ranks > 0) & (slots >= 0)
    best = first_placed(ranks, present)
    last = present.sum(axis=1) - 1
    slot = ratio((best * slots).sum(axis=1), best.sum(axis=1) * last)
    return batch.value(batch.mean(slot, last > 0))


def slot_tau_b(ranks: Floats, slots: Ints, *, weights: Weights = None) -> Value:
    """Mean over items of Kendall's tau-b between the slot of a candidate and its rank.

    1 for a judge that ranks in the order shown, 0 without position bias. Failed items and items
    that are one tie are left out.

    Args:
        ranks: Ranks by the judge, shape (n, k), 0 pads; all zero where it failed.
        slots: Slot in which each candidate was shown, shape (n, k), from 0; -1 pads.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> slot_tau_b(np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[0, 1], [0, 1]]))
        1.0
    """
    batch = Batch(weights, ranks, slots)
    present = (ranks > 0) & (slots >= 0)
    return batch.value(batch.mean(item_tau_b(ranks, slots.astype(np.float64), present)))
