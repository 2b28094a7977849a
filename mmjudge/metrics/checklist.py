"""How a judge answers the questions of checklists: measures whose rows are single questions.

`gold_answer` and `answer` are places in the question's own list of answers, so that of questions
with the answers yes and no 0 is yes and 1 is no. The answer is -1 where the judge failed on the
whole checklist, which is never right.
"""

from __future__ import annotations

from mmjudge.metrics.agreement import beyond_chance
from mmjudge.metrics.weighted import Batch, Ints, Value, Weights


def question_accuracy(gold_answer: Ints, answer: Ints, *, weights: Weights = None) -> Value:
    """Share of the questions that the judge answers as people did; every question counts the same.

    A judge that always says the same scores the share of the questions where people said that.
    Undefined (nan) without rows.

    Args:
        gold_answer: Answer of people, shape (n,), places from 0.
        answer: Answer of the judge, shape (n,), places from 0, -1 where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> import numpy as np
        >>> question_accuracy(np.array([0, 1, 0, 0]), np.array([0, 1, 1, -1]))
        0.5
    """
    batch = Batch(weights, gold_answer, answer)
    return batch.value(batch.mean(gold_answer == answer))


def question_kappa(gold_answer: Ints, answer: Ints, *, weights: Weights = None) -> Value:
    """Cohen's kappa of the answers: agreement beyond what the two marginals give by chance.

    1 is full agreement, 0 is chance, whatever people mostly say: a judge that always says the same
    scores 0. A failure is a class of its own that people never take. Undefined where both always
    say the same.

    Args:
        gold_answer: Answer of people, shape (n,), places from 0.
        answer: Answer of the judge, shape (n,), places from 0, -1 where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Cohen 1960, A coefficient of agreement for nominal scales (unchecked); equal to
        scikit-learn's cohen_kappa_score by test.

    Example:
        >>> import numpy as np
        >>> question_kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
        0.5
    """
    batch = Batch(weights, gold_answer, answer)
    return batch.value(beyond_chance(batch, gold_answer, answer))


def incoherence(as_wanted: Ints, parents_met: Ints, *, weights: Weights = None) -> Value:
    """Of the questions whose parents the judge finds not met, the share answered as if they were.

    Where a judge sees no cup, a red cup is not there: to find the cup red all the same contradicts
    what it said itself, whatever people say. 0 for a judge that never does, about a half for one
    that throws a coin. Failures are left out; undefined where all parents are met.

    Args:
        as_wanted: 1 where the judge gives the answer that speaks for the candidate, 0 where it
            gives another one, -1 where it failed, shape (n,).
        parents_met: 1 where all that the question builds on is met by the judge's own answers, 0
            where it is not, -1 where it builds on nothing or the judge failed, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        The dependencies are those of Cho et al. 2024, Davidsonian Scene Graph, arXiv 2310.18235,
        where such an answer counts as no; the share of them is ours.

    Example:
        >>> import numpy as np
        >>> incoherence(np.array([0, 1, 1, 0]), np.array([-1, 0, 1, 0]))
        0.5
    """
    batch = Batch(weights, as_wanted, parents_met)
    return batch.value(batch.mean(as_wanted == 1, (parents_met == 0) & (as_wanted >= 0)))
