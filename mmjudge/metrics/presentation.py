"""What a verdict owes to the presentation: the same pair as text, as sound, as a transcript.

`one_given`, `one_swapped`, `other_given` and `other_swapped` are verdicts on the same pair, in item
order as everywhere: in one presentation and in another, each with candidate 0 in the first slot
(given) and with candidate 1 there (swapped). -1 stands where the judge failed or was not asked.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.weighted import Batch, Floats, Ints, Value, Weights, ratio


def presentation_flip_rate(
    one_given: Ints,
    one_swapped: Ints,
    other_given: Ints,
    other_swapped: Ints,
    *,
    weights: Weights = None,
    shown: str = "same",
) -> Value:
    """Share of verdicts that change between two presentations of the same pair.

    A judge that takes from each presentation what is in the other scores 0. Chance flips are in it.
    Both good and both bad count as ties; a comparison with a failure on either side is left out.
    Undefined (nan) when that leaves none.

    Args:
        one_given: Verdict in one presentation, candidates in the given order, shape (n,), -1 to 4.
        one_swapped: The same with the candidates in the opposite order.
        other_given: Verdict in the other presentation, candidates in the given order.
        other_swapped: The same with the candidates in the opposite order.
        weights: How often each row counts, shape (..., n).
        shown: "same" compares verdicts that were asked for in the same order of slots, "crossed"
            those in opposite orders, so that presentation and order change together.

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> text, swapped = np.array([0, 1, 1, 0]), np.array([0, 1, 1, -1])
        >>> sound = np.array([0, 1, 0, 0])
        >>> round(presentation_flip_rate(text, swapped, sound, sound), 3)
        0.286
    """
    batch = Batch(weights, one_given, one_swapped, other_given, other_swapped)
    others = (other_given, other_swapped) if shown == "same" else (other_swapped, other_given)
    return batch.value(_flips(batch, (one_given, others[0]), (one_swapped, others[1])))


def order_baseline(
    one_given: Ints,
    one_swapped: Ints,
    other_given: Ints,
    other_swapped: Ints,
    *,
    weights: Weights = None,
) -> Value:
    """Share of verdicts that change with the order alone, within the same two presentations.

    What a change of presentation is to be held against: a judge whose verdicts hang on the order,
    or on chance, changes them without any change of presentation. Failures are left out. Undefined
    where neither presentation was judged in both orders.

    Args:
        one_given: Verdict in one presentation, candidates in the given order, shape (n,), -1 to 4.
        one_swapped: The same with the candidates in the opposite order.
        other_given: Verdict in the other presentation, candidates in the given order.
        other_swapped: The same with the candidates in the opposite order.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> text, sound = np.array([0, 1]), np.array([0, 0])
        >>> order_baseline(text, text, text, sound)
        0.25
    """
    batch = Batch(weights, one_given, one_swapped, other_given, other_swapped)
    return batch.value(_flips(batch, (one_given, one_swapped), (other_given, other_swapped)))


def presentation_excess(
    one_given: Ints,
    one_swapped: Ints,
    other_given: Ints,
    other_swapped: Ints,
    *,
    weights: Weights = None,
    shown: str = "same",
) -> Value:
    """Flips between two presentations beyond those that a change of order makes in each of them.

    `presentation_flip_rate` less `order_baseline`, of the same pairs. With `shown=same` a judge
    that leans to a slot may be below 0, since it leans so in both presentations, and only the
    baseline has its flips; with `shown=crossed` the order changes on both sides of the subtraction,
    and a judge that owes nothing to the presentation is at 0 whatever it owes to the order.

    Args:
        one_given: Verdict in one presentation, candidates in the given order, shape (n,), -1 to 4.
        one_swapped: The same with the candidates in the opposite order.
        other_given: Verdict in the other presentation, candidates in the given order.
        other_swapped: The same with the candidates in the opposite order.
        weights: How often each row counts, shape (..., n).
        shown: "same" or "crossed", as in `presentation_flip_rate`.

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> first, second = np.zeros(4, dtype=np.int64), np.ones(4, dtype=np.int64)
        >>> presentation_excess(first, second, first, second)
        -1.0
        >>> presentation_excess(first, second, first, second, shown="crossed")
        0.0
    """
    columns = (one_given, one_swapped, other_given, other_swapped)
    flips = presentation_flip_rate(*columns, weights=weights, shown=shown)
    return flips - order_baseline(*columns, weights=weights)


def _flips(batch: Batch, *pairs: tuple[Ints, Ints]) -> Floats:
    """Share of changed verdicts over all comparisons of two columns, shape (batch,)."""
    changed, answered = np.zeros(len(batch.w)), np.zeros(len(batch.w))
    for first, second in pairs:
        known = (first >= 0) & (second >= 0)
        changed += batch.sum(known & (three_way(first) != three_way(second)))
        answered += batch.sum(known)
    return ratio(changed, answered)
