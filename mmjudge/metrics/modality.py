"""What the judge owes to the modality: measures on pairs whose content is shown in two ways.

`shown` and `exchanged` are verdicts on the same pair in item order, of an item as it is and of its
twin, which has the same content in another modality; both were asked in the same order of slots.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.agreement import accuracy, three_way
from mmjudge.metrics.weighted import Batch, Bools, Floats, Ints, Value, Weights


def swap_flip_rate(shown: Ints, exchanged: Ints, *, weights: Weights = None) -> Value:
    """Share of pairs whose verdict changes when the same content is shown in another modality.

    A judge that sees through the modality scores 0. Chance flips are in it: a judge that does not
    answer alike when asked twice is above 0 without looking at the modality. Both good and both
    bad count as ties; pairs with a failure on either side are left out. Undefined (nan) when that
    leaves none.

    Args:
        shown: Verdict on the item, in item order, shape (n,), codes -1 to 4.
        exchanged: Verdict on its twin, in item order, same coding.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> swap_flip_rate(np.array([0, 1, 2, 0]), np.array([0, 1, 1, -1]))
        0.3333333333333333
    """
    batch = Batch(weights, shown, exchanged)
    answered = (shown >= 0) & (exchanged >= 0)
    return batch.value(batch.mean(three_way(shown) != three_way(exchanged), answered))


def swap_gap(gold: Ints, shown: Ints, exchanged: Ints, *, weights: Weights = None) -> Value:
    """Accuracy on items as they are, minus accuracy on their twins in another modality.

    0 for a judge that is as good in both, 1 for one that is always right as shown and never when
    the modality is exchanged. Accuracy is `accuracy(ties=half)`: gold ties are left out, a judge's
    tie is half right, a failure is wrong. Undefined when every gold is a tie.

    Args:
        gold: Preference of people, the same for an item and its twin, shape (n,), codes 0 to 4.
        shown: Verdict on the item, in item order, shape (n,), codes -1 to 4.
        exchanged: Verdict on its twin, in item order, same coding.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> swap_gap(np.array([0, 1]), np.array([0, 1]), np.array([0, 0]))
        0.5
    """
    batch = Batch(weights, gold, shown, exchanged)
    return batch.value(_accuracy(batch, gold, shown) - _accuracy(batch, gold, exchanged))


def understanding_gap(
    gold: Ints, verdict: Ints, media_side: Ints, *, weights: Weights = None
) -> Value:
    """Accuracy with the media in the prompt, minus accuracy with the media in the candidates.

    Above 0 the judge is better at understanding (which text fits the picture?) than at judging
    generation (which picture fits the text?). Accuracy is `accuracy(ties=half)`. Undefined where
    one of the two sides has no pair whose gold is decided.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        media_side: Where the media are, shape (n,): 0 in the prompt alone, 1 in all candidates and
            not in the prompt, -1 otherwise.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold, side = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
        >>> understanding_gap(gold, np.array([0, 1, 0, 0]), side)
        0.5
    """
    batch = Batch(weights, gold, verdict, media_side)
    prompt = _accuracy(batch, gold, verdict, media_side == 0)
    return batch.value(prompt - _accuracy(batch, gold, verdict, media_side == 1))


def modality_preference(
    gold: Ints, verdict: Ints, medium: Ints, *, weights: Weights = None
) -> Value:
    """Of the decisive verdicts on pairs of equal gold, the share for the medium over the text.

    Candidates are equally good, one of them an image, video or sound and the other a text. 0.5
    without preference; 1 for a judge that always takes the medium. Failures and a judge's ties are
    left out. Undefined where nothing was decided.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4; only ties (2 to 4) count.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        medium: Which candidate is the medium, in item order, shape (n,): 0 or 1; -1 where the
            candidates do not differ in this way.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> tie = np.full(4, 2)
        >>> modality_preference(tie, np.array([0, 1, 1, 2]), np.array([0, 1, 0, 0]))
        0.6666666666666666
    """
    batch = Batch(weights, gold, verdict, medium)
    decided = (verdict == 0) | (verdict == 1)
    return batch.value(batch.mean(verdict == medium, decided & (gold >= 2) & (medium >= 0)))


def _accuracy(batch: Batch, gold: Ints, verdict: Ints, keep: Bools | None = None) -> Floats:
    """`accuracy(ties=half)` of the rows to keep for each weight vector, shape (batch,)."""
    w = batch.w if keep is None else batch.w * keep
    return np.asarray(accuracy(gold, verdict, weights=w, ties="half"))
