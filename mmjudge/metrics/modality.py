"""What the judge owes to the modality: measures on pairs whose content is shown in two ways.

`shown` and `exchanged` are verdicts on the same pair in item order, of an item as it is and of its
twin, which has the same content in another modality; both were asked in the same order of slots.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.agreement import accuracy, three_way
from mmjudge.metrics.bias import cue_preference_log_odds
from mmjudge.metrics.weighted import (
    Batch,
    Bools,
    Floats,
    Ints,
    Value,
    Weights,
    dense,
    mean_defined,
    ratio,
)


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


def modality_preference_log_odds(
    gold: Ints, verdict: Ints, medium: Ints, *, weights: Weights = None
) -> Value:
    """The same as log-odds of the medium over the text, half a verdict added to each: 0 without.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4; only ties (2 to 4) count.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        medium: Which candidate is the medium, in item order, shape (n,), or -1.
        weights: How often each row counts, shape (..., n).

    Returns:
        Any number, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> tie = np.full(2, 2)
        >>> modality_preference_log_odds(tie, np.array([0, 1]), np.array([0, 0]))
        0.0
    """
    Batch(weights, gold, verdict, medium)
    asked = (gold >= 2) & (medium >= 0) & ((verdict == 0) | (verdict == 1))
    chosen = np.where(asked, (verdict == medium).astype(np.int64), -1)
    return cue_preference_log_odds(chosen, weights=weights)


def modality_gap(gold: Ints, verdict: Ints, here: Ints, *, weights: Weights = None) -> Value:
    """Accuracy in one modality minus accuracy in the others, or in another one.

    Accuracy is `accuracy(ties=half)`. Undefined where one of the two has no pair whose gold is
    decided.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        here: 1 in that modality, 0 in what it is compared with, -1 in neither, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> modality_gap(np.array([0, 1, 0]), np.array([0, 1, 1]), np.array([1, 1, 0]))
        1.0
    """
    batch = Batch(weights, gold, verdict, here)
    inside = _accuracy(batch, gold, verdict, here == 1)
    return batch.value(inside - _accuracy(batch, gold, verdict, here == 0))


def offset_spread(
    gold: Floats, verdict: Floats, modality: Ints, *, weights: Weights = None
) -> Value:
    """How far apart a judge's leniency is in different modalities, in points.

    The standard deviation over modalities of the mean error (judge minus people), each modality
    counted alike. Few items in a modality push it up. Undefined with fewer than two modalities.

    Args:
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,).
        modality: Code of the row's modality, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        Points from 0 up, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> offset_spread(np.zeros(2), np.array([1.0, -1.0]), np.array([0, 1]))
        1.0
    """
    batch = Batch(weights, gold, verdict, modality)
    codes, n = dense(modality)
    if n < 2:
        return batch.value(np.full(len(batch.w), np.nan))
    errors = np.zeros((len(codes), n))
    errors[np.arange(len(codes)), codes] = verdict - gold
    offset = ratio(batch.sum(errors), batch.tally(codes, n))
    mean = mean_defined(offset)
    spread = np.sqrt(mean_defined((offset - mean[:, None]) ** 2))
    return batch.value(np.where((~np.isnan(offset)).sum(axis=1) < 2, np.nan, spread))


def criteria_consistency(
    gold: Ints, verdict: Ints, criterion: Ints, modality: Ints, *, weights: Weights = None
) -> Value:
    """Whether a judge finds the same criteria hard in every modality.

    Spearman's correlation over criteria between the accuracies in two modalities, averaged over
    pairs of modalities: 1 if the criteria come in the same order everywhere. Accuracy is
    `accuracy(ties=half)`. Pairs of modalities with fewer than three criteria in common, or with the
    same accuracy on all of them, are left out; undefined when that leaves none.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        criterion: Code of the row's criterion, shape (n,).
        modality: Code of the row's modality, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold, verdict = np.zeros(6, dtype=np.int64), np.array([0, 2, 1, 0, 2, 1])
        >>> criteria_consistency(gold, verdict, np.tile([0, 1, 2], 2), np.repeat([0, 1], 3))
        1.0
    """
    batch = Batch(weights, gold, verdict, criterion, modality)
    (rows, n_rows), (columns, n_columns) = dense(modality), dense(criterion)
    right = np.where(three_way(verdict) == 2, 0.5, (gold == verdict).astype(np.float64))
    cell = np.where(gold < 2, rows * n_columns + columns, n_rows * n_columns)
    sums = np.zeros((len(cell), n_rows * n_columns + 1))
    sums[np.arange(len(cell)), cell] = right
    found = ratio(batch.sum(sums), batch.tally(cell, n_rows * n_columns + 1))[:, :-1]
    by_modality = found.reshape(len(batch.w), n_rows, n_columns)
    pairs = [
        _rank_correlation(by_modality[:, a], by_modality[:, b])
        for a in range(n_rows)
        for b in range(a)
    ]
    if not pairs:
        return batch.value(np.full(len(batch.w), np.nan))
    return batch.value(mean_defined(np.stack(pairs, axis=1)))


def _rank_correlation(a: Floats, b: Floats) -> Floats:
    """Spearman's correlation of the columns of each row where both are defined, shape (batch,)."""
    both = ~np.isnan(a) & ~np.isnan(b)
    ranked = [_mid_ranks(np.where(both, part, np.nan)) for part in (a, b)]
    centred = [np.where(both, r - mean_defined(r)[:, None], 0.0) for r in ranked]
    size = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    found = ratio((centred[0] * centred[1]).sum(axis=1), size)
    return np.where(both.sum(axis=1) < 3, np.nan, np.clip(found, -1, 1))


def _mid_ranks(values: Floats) -> Floats:
    """Mid-ranks from 0 within each row, nan where the value is."""
    one, other = values[:, :, None], values[:, None, :]
    below = (other < one).sum(axis=2) + (other == one).sum(axis=2) / 2
    return np.where(np.isnan(values), np.nan, below)


def _accuracy(batch: Batch, gold: Ints, verdict: Ints, keep: Bools | None = None) -> Floats:
    """`accuracy(ties=half)` of the rows to keep for each weight vector, shape (batch,)."""
    w = batch.w if keep is None else batch.w * keep
    return np.asarray(accuracy(gold, verdict, weights=w, ties="half"))
