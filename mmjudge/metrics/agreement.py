"""How often the judge prefers what people prefer: measures on pairs.

Columns `gold` and `verdict` are in item order: 0 first, 1 second, 2 tie, 3 both good, 4 both bad;
the verdict is -1 where the judge failed, which is never right. Three classes (the default) read 3
and 4 as ties; `classes=4` keeps them apart, and a bare tie is then right only against a bare tie.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.weighted import Batch, Bools, Floats, Ints, Value, Weights, mean_defined, ratio

LABELS = {"first": 0, "second": 1, "tie": 2}
N_CODES = 6  # -1 to 4


def three_way(codes: Ints) -> Ints:
    """Collapse both good and both bad to a tie.

    Example:
        >>> three_way(np.array([-1, 0, 1, 2, 3, 4])).tolist()
        [-1, 0, 1, 2, 2, 2]
    """
    collapsed: Ints = np.minimum(codes, 2)
    return collapsed


def _classes(codes: Ints, classes: int) -> Ints:
    return three_way(codes) if classes == 3 else codes


def accuracy(
    gold: Ints,
    verdict: Ints,
    *,
    weights: Weights = None,
    ties: str = "strict",
    classes: int = 3,
) -> Value:
    """Share of pairs that the judge decides as people did.

    A judge that copies the gold scores 1, one that always fails scores 0. Undefined (nan) without
    rows, or when every gold is a tie and ties are left out.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n).
        ties: "strict" takes a tie as a class like any other; "half" leaves gold ties out and
            counts a judge's tie as half right; "wrong" leaves gold ties out and counts it wrong.
        classes: 3, or 4 to keep both good and both bad apart.

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold, verdict = np.array([0, 1, 2, 0]), np.array([0, 2, 2, -1])
        >>> accuracy(gold, verdict), accuracy(gold, verdict, ties="half")
        (0.5, 0.5)
        >>> round(accuracy(gold, verdict, ties="wrong"), 3)
        0.333
    """
    batch = Batch(weights, gold, verdict)
    given, wanted = _classes(verdict, classes), _classes(gold, classes)
    right = (given == wanted).astype(np.float64)
    if ties == "strict":
        return batch.value(batch.mean(right))
    if ties == "half":
        right[given >= 2] = 0.5
    return batch.value(batch.mean(right, wanted < 2))


def consistent_accuracy(
    gold: Ints, given: Ints, swapped: Ints, *, weights: Weights = None
) -> Value:
    """Share of pairs that the judge decides rightly in both orders (three classes).

    A judge that always picks the first slot scores 0 on decisive golds. Undefined without rows.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        given: Verdict in the given order, in item order, shape (n,), codes -1 to 4.
        swapped: Verdict in the swapped order, in item order, same coding.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> consistent_accuracy(np.array([0, 1]), np.array([0, 1]), np.array([0, 0]))
        0.5
    """
    batch = Batch(weights, gold, given, swapped)
    wanted = three_way(gold)
    return batch.value(batch.mean((three_way(given) == wanted) & (three_way(swapped) == wanted)))


def confusion(batch: Batch, gold: Ints, verdict: Ints, classes: int = 3) -> Floats:
    """Weight of every (gold, verdict) cell, shape (batch, 6, 6); index 0 is a failure, 1 first."""
    cells = (_classes(gold, classes) + 1) * N_CODES + _classes(verdict, classes) + 1
    return batch.tally(cells, N_CODES * N_CODES).reshape(-1, N_CODES, N_CODES)


def kappa(gold: Ints, verdict: Ints, *, weights: Weights = None, classes: int = 3) -> Value:
    """Cohen's kappa: agreement beyond what the two marginals would give by chance.

    1 is full agreement, 0 is chance. A failure is a class of its own that the gold never takes.
    Undefined when both always give the same class.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n).
        classes: 3, or 4 to keep both good and both bad apart.

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Cohen 1960, A coefficient of agreement for nominal scales (unchecked); equal to
        scikit-learn's cohen_kappa_score by test.

    Example:
        >>> kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
        0.5
    """
    batch = Batch(weights, gold, verdict)
    return batch.value(beyond_chance(batch, _classes(gold, classes), _classes(verdict, classes)))


def beyond_chance(batch: Batch, gold: Ints, verdict: Ints) -> Floats:
    """Cohen's kappa of codes from -1 on, for each weight vector, shape (batch,)."""
    if not len(gold):
        return np.full(len(batch.w), np.nan)
    n_codes = 2 + int(max(gold.max(), verdict.max()))
    n, right = batch.w.sum(axis=1), batch.sum(gold == verdict)
    of_gold = batch.tally(gold.astype(np.int64) + 1, n_codes)
    of_judge = batch.tally(verdict.astype(np.int64) + 1, n_codes)
    chance = (of_gold * of_judge).sum(axis=1)
    return ratio(n * right - chance, n * n - chance)


def scott_pi(gold: Ints, verdict: Ints, *, weights: Weights = None, classes: int = 3) -> Value:
    """Scott's pi: agreement beyond what the pooled marginal of both would give by chance.

    Like kappa, but a judge whose ties are too frequent pays for it. Undefined when both always
    give the same class.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n).
        classes: 3, or 4 to keep both good and both bad apart.

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Scott 1955, Reliability of content analysis (unchecked).

    Example:
        >>> round(scott_pi(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])), 4)
        0.4667
    """
    batch = Batch(weights, gold, verdict)
    table = confusion(batch, gold, verdict, classes)
    n, right = table.sum(axis=(1, 2)), np.trace(table, axis1=1, axis2=2)
    chance = ((table.sum(axis=1) + table.sum(axis=2)) ** 2).sum(axis=1)
    return batch.value(ratio(4 * n * right - chance, 4 * n * n - chance))


def alpha(gold: Ints, verdict: Ints, *, weights: Weights = None, classes: int = 3) -> Value:
    """Krippendorff's alpha for nominal data and two raters, failures being missing ratings.

    1 is full agreement, 0 is chance. Undefined when all ratings that can be paired are one class.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4; rows of -1 are left out.
        weights: How often each row counts, shape (..., n).
        classes: 3, or 4 to keep both good and both bad apart.

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Krippendorff, Computing Krippendorff's alpha-reliability (unchecked); equal to the
        krippendorff package by test.

    Example:
        >>> round(alpha(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0])), 4)
        0.5333
    """
    batch = Batch(weights, gold, verdict)
    table = confusion(batch, gold, verdict, classes)[:, 1:, 1:]
    n, right = table.sum(axis=(1, 2)), np.trace(table, axis1=1, axis2=2)
    pooled = ((table.sum(axis=1) + table.sum(axis=2)) ** 2).sum(axis=1)
    disagreement = ratio((2 * n - 1) * 2 * (n - right), 4 * n * n - pooled)
    return batch.value(1.0 - disagreement)


def precision(gold: Ints, verdict: Ints, *, weights: Weights = None, label: str = "macro") -> Value:
    """Of the judge's verdicts for a class, the share that people share (three classes).

    "macro" is the mean over the classes that gold or judge use; a class that the judge never gives
    counts 0 there. Undefined without rows; for one class, when the judge never gives it.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n).
        label: "macro", "first", "second" or "tie".

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> precision(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), label="second")
        1.0
    """
    batch = Batch(weights, gold, verdict)
    right, wanted, given = _class_counts(batch, gold, verdict)
    return batch.value(_by_label(ratio(right, given), (wanted > 0) | (given > 0), label))


def recall(gold: Ints, verdict: Ints, *, weights: Weights = None, label: str = "macro") -> Value:
    """Of the pairs that people put in a class, the share that the judge puts there.

    "macro" is the mean over the classes that gold or judge use; a class that gold lacks counts 0
    there. Undefined without rows; for one class, when gold lacks it.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n).
        label: "macro", "first", "second" or "tie".

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> recall(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), label="second")
        0.5
    """
    batch = Batch(weights, gold, verdict)
    right, wanted, given = _class_counts(batch, gold, verdict)
    return batch.value(_by_label(ratio(right, wanted), (wanted > 0) | (given > 0), label))


def f1(gold: Ints, verdict: Ints, *, weights: Weights = None, label: str = "macro") -> Value:
    """Harmonic mean of precision and recall of a class, or its mean over the classes in use.

    Undefined without rows; for one class, when neither gold nor judge use it.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n).
        label: "macro", "first", "second" or "tie".

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> round(f1(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), label="second"), 4)
        0.6667
    """
    batch = Batch(weights, gold, verdict)
    right, wanted, given = _class_counts(batch, gold, verdict)
    return batch.value(
        _by_label(ratio(2 * right, wanted + given), (wanted > 0) | (given > 0), label)
    )


def balanced_accuracy(gold: Ints, verdict: Ints, *, weights: Weights = None) -> Value:
    """Mean recall over the classes that occur in gold, so that a rare tie counts like the rest.

    A judge that always gives one of k classes scores 1 / k. Undefined without rows.

    Args:
        gold: Preference of people, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> balanced_accuracy(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]))
        0.5
    """
    batch = Batch(weights, gold, verdict)
    right, wanted, _ = _class_counts(batch, gold, verdict)
    return batch.value(mean_defined(ratio(right, wanted)))


def _class_counts(batch: Batch, gold: Ints, verdict: Ints) -> tuple[Floats, Floats, Floats]:
    """Right, wanted and given of the three classes, each of shape (batch, 3)."""
    table = confusion(batch, gold, verdict)
    right = np.diagonal(table, axis1=1, axis2=2)
    return right[:, 1:4], table.sum(axis=2)[:, 1:4], table.sum(axis=1)[:, 1:4]


def _by_label(values: Floats, used: Bools, label: str) -> Floats:
    if label != "macro":
        return values[:, LABELS[label]]
    return mean_defined(np.where(used, np.nan_to_num(values), np.nan))
