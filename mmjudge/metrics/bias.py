"""What a change moves that should move nothing: a request asked plainly, and in a changed way.

A row is one plain judgment and the one of the same request in its changed form. `moved` says what
became of the verdict: 0 it stayed, 1 it went towards what the change speaks for, 2 it went away
from that, 3 it changed and neither; -1 the plain request failed, so there is nothing to compare;
-2 the changed one alone failed: the grader broke, which is not the same as being won over.
`moved_again` is the same of the request asked plainly once more, the judge's own noise; -1 where
it was not asked again.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.correlation import tau_b
from mmjudge.metrics.ranking import rank_tau_b
from mmjudge.metrics.weighted import Batch, Bools, Column, Floats, Ints, Value, Weights

STAYED, TOWARDS, AWAY, ELSEWHERE = 0, 1, 2, 3
NOTHING, BROKE = -1, -2
FOR, AGAINST = 1, 0


def robustness(moved: Ints, *, weights: Weights = None) -> Value:
    """Share of verdicts that stay when the request is asked in the changed way.

    1 for a judge that the change does not reach. The judge's own noise is in it: see `baseline`.
    Rows where either request failed are left out. Undefined (nan) when that leaves none.

    Args:
        moved: What became of the verdict, shape (n,), codes -2 to 3.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        The robustness rate of CALM, arXiv 2410.02736 (read in descriptions of it).

    Example:
        >>> robustness(np.array([0, 0, 1, -2]))
        0.6666666666666666
    """
    batch = Batch(weights, moved)
    return batch.value(batch.mean(moved == STAYED, moved >= 0))


def robustness_gap(moved: Ints, moved_again: Ints, *, weights: Weights = None) -> Value:
    """Robustness minus its baseline, over the requests that have both.

    0 for a judge that moves no more than when asked the same again; -1 for one that always moves
    with the change and never by itself. Undefined where no row has both.

    Args:
        moved: What became of the verdict under the change, shape (n,), codes -2 to 3.
        moved_again: The same when the request was asked plainly again.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> robustness_gap(np.array([0, 1, 2, 0]), np.array([0, 0, 1, 0]))
        -0.25
    """
    batch = Batch(weights, moved, moved_again)
    both = (moved >= 0) & (moved_again >= 0)
    kept = batch.mean(moved == STAYED, both) - batch.mean(moved_again == STAYED, both)
    return batch.value(kept)


def cue_shift(moved: Ints, cued: Ints, *, weights: Weights = None, share: str = "net") -> Value:
    """Share of verdicts that move towards what the change speaks for, less those that move away.

    A judge's own noise moves verdicts both ways alike, so it is 0 without bias, however noisy the
    judge: asked plainly or in the changed way, it then answers from the same distribution. A judge
    that follows a cue with probability p has p times the share of verdicts that were not the cue's
    already. Failures and changes that speak for nothing are left out; undefined without rows.

    Args:
        moved: What became of the verdict, shape (n,), codes -2 to 3.
        cued: Whether the change speaks for something, shape (n,): 0 or 1.
        weights: How often each row counts, shape (..., n).
        share: "net", or the share that moved "towards" it, or "away", alone.

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> cue_shift(np.array([1, 1, 2, 0, -2]), np.ones(5, dtype=np.int64))
        0.25
    """
    batch = Batch(weights, moved, cued)
    step = np.zeros(len(moved))
    if share != "away":
        step[moved == TOWARDS] = 1
    if share != "towards":
        step[moved == AWAY] = 1 if share == "away" else -1
    return batch.value(batch.mean(step, _answered(moved, cued)))


def cue_log_odds(moved: Ints, cued: Ints, *, weights: Weights = None) -> Value:
    """How much the change adds to the log-odds of a verdict for what it speaks for.

    The logarithm of verdicts that moved towards it over those that moved away, half a verdict added
    to each: the odds ratio of matched pairs, whatever the single items are like. A judge that
    adds b to the log-odds of the cued candidate has b; one that adds b to those of the first slot
    has 2 b when the candidates swap places. 0 where none moved; undefined without rows.

    Args:
        moved: What became of the verdict, shape (n,), codes -2 to 3.
        cued: Whether the change speaks for something, shape (n,): 0 or 1.
        weights: How often each row counts, shape (..., n).

    Returns:
        Any number, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        The conditional odds ratio of McNemar 1947, smoothed as by Haldane 1956 (both unchecked).

    Example:
        >>> cue_log_odds(np.array([1, 1, 2, 2, 0]), np.ones(5, dtype=np.int64))
        0.0
    """
    batch = Batch(weights, moved, cued)
    kept = _answered(moved, cued)
    towards, away = batch.sum(kept & (moved == TOWARDS)), batch.sum(kept & (moved == AWAY))
    return batch.value(_log_odds(towards, away, batch.sum(kept)))


def broken(moved: Ints, *, weights: Weights = None) -> Value:
    """Of the requests with a plain verdict, the share that has none in the changed form.

    The grader broke: no verdict could be read, or none came. Undefined without rows.

    Args:
        moved: What became of the verdict, shape (n,), codes -2 to 3.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> broken(np.array([0, 1, -2, -1]))
        0.3333333333333333
    """
    batch = Batch(weights, moved)
    return batch.value(batch.mean(moved == BROKE, moved != NOTHING))


def score_shift(plain: Floats, probed: Floats, cue: Ints, *, weights: Weights = None) -> Value:
    """Mean change of a score in the direction that the change speaks for, in points.

    Where it speaks for nothing a change counts as it is, upwards positive. Undefined without rows.

    Args:
        plain: Score of the plain request, shape (n,).
        probed: Score of the changed one, same shape; nan in either is left out.
        cue: 1 for a higher score, -1 for a lower one, 0 for neither, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        Points, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> score_shift(np.array([3.0, 3.0]), np.array([4.0, 2.0]), np.array([1, -1]))
        1.0
    """
    batch = Batch(weights, plain, probed, cue)
    return batch.value(batch.mean((probed - plain) * np.where(cue == 0, 1, cue)))


def tau_b_lost(gold: Floats, plain: Floats, probed: Floats, *, weights: Weights = None) -> Value:
    """Agreement with people that is lost: tau-b of the plain scores minus that of the changed ones.

    Undefined where either is.

    Args:
        gold: Scores of people, shape (n,).
        plain: Scores of the plain requests, same shape.
        probed: Scores of the changed ones, same shape.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -2 to 2, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold = np.array([1.0, 2.0, 3.0])
        >>> tau_b_lost(gold, gold, gold[::-1])
        2.0
    """
    batch = Batch(weights, gold, plain, probed)
    lost = np.asarray(tau_b(gold, plain, weights=batch.w)) - np.asarray(
        tau_b(gold, probed, weights=batch.w)
    )
    return batch.value(lost)


def step_accuracy_lost(
    plain_share: Floats, probed_share: Floats, *, weights: Weights = None
) -> Value:
    """Share of a solution's steps found right or wrong as people did that is lost, on average.

    Every solution counts the same, however many steps it has. Undefined without rows.

    Args:
        plain_share: Share of the steps asked plainly, shape (n,), 0 where the judge failed.
        probed_share: The same in the changed form.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> step_accuracy_lost(np.array([1.0, 0.5]), np.array([0.5, 0.5]))
        0.25
    """
    batch = Batch(weights, plain_share, probed_share)
    return batch.value(batch.mean(plain_share - probed_share))


def rank_tau_b_lost(
    gold_ranks: Floats, plain_ranks: Floats, probed_ranks: Floats, *, weights: Weights = None
) -> Value:
    """The same of rankings: mean tau-b of the plain ones minus that of the changed ones.

    Args:
        gold_ranks: Ranks by people, shape (n, k), 1 is best, 0 pads.
        plain_ranks: Ranks of the plain requests, same shape, all 0 where failed.
        probed_ranks: Ranks of the changed ones, same shape.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -2 to 2, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> gold = np.array([[1.0, 2.0, 3.0]])
        >>> rank_tau_b_lost(gold, gold, gold[:, ::-1])
        2.0
    """
    batch = Batch(weights, gold_ranks, plain_ranks, probed_ranks)
    plain = np.asarray(rank_tau_b(gold_ranks, plain_ranks, weights=batch.w))
    return batch.value(plain - np.asarray(rank_tau_b(gold_ranks, probed_ranks, weights=batch.w)))


def cue_preference(chosen: Ints, *, weights: Weights = None) -> Value:
    """Of the decisive verdicts in the changed form, the share for what the change speaks for.

    Where text contradicts media it is text dominance: 0 for a judge that goes by the media, 1 for
    one that goes by the text. Where equally good candidates differ in modality it is the preference
    for the medium, 0.5 without. Undefined where nothing was decided.

    Args:
        chosen: Whether the verdict is for it, shape (n,): 1 yes, 0 for the other; -1 for a tie, a
            failure, and a change that speaks for nothing.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> cue_preference(np.array([1, 1, 0, -1]))
        0.6666666666666666
    """
    batch = Batch(weights, chosen)
    return batch.value(batch.mean(chosen == FOR, chosen >= 0))


def cue_preference_log_odds(chosen: Ints, *, weights: Weights = None) -> Value:
    """The same as log-odds, half a verdict added to each side: 0 without preference.

    Args:
        chosen: Whether the verdict is for it, shape (n,), codes -1 to 1.
        weights: How often each row counts, shape (..., n).

    Returns:
        Any number, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> round(cue_preference_log_odds(np.array([1, 1, 1, 0])), 3)
        0.847
    """
    batch = Batch(weights, chosen)
    for_it, against = batch.sum(chosen == FOR), batch.sum(chosen == AGAINST)
    return batch.value(_log_odds(for_it, against, for_it + against))


def steps(before: Column, after: Column, changed: Bools, cued: Bools) -> Ints:
    """What became of answered verdicts, as the codes of `moved`.

    Args:
        before: How much the plain verdict is for what the change speaks for, shape (n,).
        after: The same of the changed verdict.
        changed: Whether it is another verdict, shape (n,).
        cued: Whether the change speaks for something, shape (n,).

    Example:
        >>> steps(np.array([0, 1]), np.array([1, 1]), np.array([True, False]), np.array([True] * 2))
        array([1, 0])
    """
    way = np.where(after > before, TOWARDS, np.where(after < before, AWAY, ELSEWHERE))
    found: Ints = np.where(changed, np.where(cued, way, ELSEWHERE), STAYED).astype(np.int64)
    return found


def _answered(moved: Ints, cued: Ints) -> Bools:
    answered: Bools = (moved >= 0) & (cued == 1)
    return answered


def _log_odds(yes: Floats, no: Floats, n: Floats) -> Floats:
    return np.where(n > 0, np.log((yes + 0.5) / (no + 0.5)), np.nan)
