"""How a judge finds the wrong steps of solutions: measures of single steps, and of whole solutions.

`gold_step` and `step` have a row for each step: 0 is right, 1 and on are types of error in the
order of the criterion (of one without types 1 is wrong), -1 where the judge failed on the whole
solution. `gold` and `verdict` have a row for each solution: the number of its first wrong step from
1, 0 where all are right, -1 where the judge failed. A failure is never right.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.agreement import beyond_chance
from mmjudge.metrics.weighted import Batch, Floats, Ints, Value, Weights, mean_defined, ratio


def step_accuracy(
    gold_step: Ints, step: Ints, *, weights: Weights = None, types: str = "together"
) -> Value:
    """Share of the steps that the judge finds right or wrong as people did; all count the same.

    A judge that finds no error scores the share of right steps, which is often high. Undefined
    (nan) without rows.

    Args:
        gold_step: What people find, shape (n,), codes 0 and on.
        step: What the judge finds, shape (n,), codes -1 and on.
        weights: How often each row counts, shape (..., n).
        types: "together" takes all errors as one; "apart" asks for the same type, too.

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Ai et al. 2025, ProJudge, arXiv 2503.06553, step correctness (read in its tables).

    Example:
        >>> gold, step = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1])
        >>> step_accuracy(gold, step), step_accuracy(gold, step, types="apart")
        (0.75, 0.5)
    """
    batch = Batch(weights, gold_step, step)
    return batch.value(batch.mean(_found(gold_step, types) == _found(step, types)))


def step_kappa(
    gold_step: Ints, step: Ints, *, weights: Weights = None, types: str = "together"
) -> Value:
    """Cohen's kappa of the steps: agreement beyond what the two marginals give by chance.

    1 is full agreement, 0 is chance, however rare errors are: a judge that finds none, or nothing
    else, scores 0. A failure is a class of its own. Undefined where both always find the same.

    Args:
        gold_step: What people find, shape (n,), codes 0 and on.
        step: What the judge finds, shape (n,), codes -1 and on.
        weights: How often each row counts, shape (..., n).
        types: "together" takes all errors as one; "apart" asks for the same type, too.

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Cohen 1960, A coefficient of agreement for nominal scales (unchecked); equal to
        scikit-learn's cohen_kappa_score by test.

    Example:
        >>> step_kappa(np.array([0, 0, 1, 2]), np.array([0, 0, 2, 0]))
        0.5
    """
    batch = Batch(weights, gold_step, step)
    return batch.value(beyond_chance(batch, _found(gold_step, types), _found(step, types)))


def _found(steps: Ints, types: str) -> Ints:
    found: Ints = np.minimum(steps, 1) if types == "together" else steps
    return found


def error_accuracy(gold_step: Ints, step: Ints, *, weights: Weights = None) -> Value:
    """Of the steps that people find wrong, the share in which the judge finds the same error.

    A step that it takes for right is wrong here. Undefined where people find no error.

    Args:
        gold_step: What people find, shape (n,), codes 0 and on.
        step: What the judge finds, shape (n,), codes -1 and on.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Ai et al. 2025, ProJudge, arXiv 2503.06553: its table of error types has one such figure for
        each type, and one over all. Its rule was read from the table alone: a mean over the types
        it is not, the figures do not fit.

    Example:
        >>> error_accuracy(np.array([0, 1, 1, 2]), np.array([1, 1, 0, 1]))
        0.3333333333333333
    """
    batch = Batch(weights, gold_step, step)
    return batch.value(batch.mean(gold_step == step, gold_step > 0))


def error_macro_f1(
    gold_step: Ints, step: Ints, *, weights: Weights = None, correct: str = "left_out"
) -> Value:
    """Mean over the types of error of the harmonic mean of precision and recall.

    The mean is over the types that people or the judge find; a failure is of none, and counts as
    missed. Undefined where neither finds any.

    Args:
        gold_step: What people find, shape (n,), codes 0 and on.
        step: What the judge finds, shape (n,), codes -1 and on.
        weights: How often each row counts, shape (..., n).
        correct: "left_out" takes the mean over the types of error alone; for "class" a right step
            is one more of them, and as it is the easiest the mean is higher.

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        The usual macro F1; equal to scikit-learn's f1_score(average="macro") by test. ProJudge,
        whose types of error it is meant for, prints shares of each type (`error_accuracy`) instead.

    Example:
        >>> gold, step = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 1, 0, 1])
        >>> error_macro_f1(gold, step), round(error_macro_f1(gold, step, correct="class"), 4)
        (0.25, 0.4333)
    """
    batch = Batch(weights, gold_step, step)
    if not len(gold_step):
        return batch.value(np.full(len(batch.w), np.nan))
    gold, given = gold_step.astype(np.int64), step.astype(np.int64)
    n_codes = 2 + int(max(gold.max(), given.max()))
    wanted, found = batch.tally(gold + 1, n_codes), batch.tally(given + 1, n_codes)
    right = batch.tally(np.where(gold == given, gold, -1) + 1, n_codes)
    first = 1 if correct == "class" else 2  # 0 is a failure, 1 a right step
    scores = ratio(2 * right[:, first:], (wanted + found)[:, first:])
    return batch.value(mean_defined(scores))


def first_wrong_accuracy(gold: Ints, verdict: Ints, *, weights: Weights = None) -> Value:
    """Share of the solutions whose first wrong step the judge finds, or finds that there is none.

    A judge that finds no error scores the share of the solutions without one. Undefined (nan)
    without rows.

    Args:
        gold: First step that people find wrong, shape (n,), from 1, 0 for none.
        verdict: The same of the judge, shape (n,), -1 where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> first_wrong_accuracy(np.array([0, 0, 2, 3]), np.array([0, 1, 2, 2]))
        0.5
    """
    batch = Batch(weights, gold, verdict)
    return batch.value(batch.mean(gold == verdict))


def first_wrong_f1(gold: Ints, verdict: Ints, *, weights: Weights = None) -> Value:
    """Harmonic mean of the accuracies on solutions with an error and on solutions without one.

    With an error the judge must name the very step that is the first wrong one. 0 for a judge that
    finds an error everywhere, or nowhere. Undefined without solutions of both kinds.

    Args:
        gold: First step that people find wrong, shape (n,), from 1, 0 for none.
        verdict: The same of the judge, shape (n,), -1 where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Zheng et al. 2024, ProcessBench, arXiv 2412.06559, F1, as in the authors' code, where it is
        0 / 0 if both accuracies are 0; here it is 0 then.

    Example:
        >>> first_wrong_f1(np.array([0, 0, 2, 3]), np.array([0, 0, 2, 2]))
        0.6666666666666666
    """
    batch = Batch(weights, gold, verdict)
    right = gold == verdict
    return batch.value(_harmonic(batch.mean(right, gold > 0), batch.mean(right, gold == 0)))


def _harmonic(a: Floats, b: Floats) -> Floats:
    """Harmonic mean, 0 where both are 0, nan where one is."""
    total = a + b
    return np.where(total == 0, 0.0, ratio(2 * a * b, total))
