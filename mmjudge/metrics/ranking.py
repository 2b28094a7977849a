"""How the judge orders several candidates: measures on rankings.

Columns `gold_ranks` and `ranks` have shape (n, k): the rank of candidate i, 1 is best, equal
numbers are ties, and 0 pads an item of fewer candidates. Only the order of the numbers counts. A
failed row has all-zero `ranks`: it is wrong for `top1` and `pairwise_agreement`, and left out of
the distances and correlations. Values are taken for each item, then averaged.
"""

from __future__ import annotations

import numpy as np

from mmjudge.metrics.weighted import Batch, Bools, Floats, Ints, Value, Weights, ratio


def _valid(gold_ranks: Floats, ranks: Floats) -> tuple[Bools, Bools]:
    """Which cells hold a candidate, and which rows the judge answered."""
    present = gold_ranks > 0
    return present, np.all((ranks > 0) == present, axis=1) & present.any(axis=1)


def _better_and_tied(ranks: Floats, present: Bools) -> tuple[Floats, Floats]:
    """For each candidate: how many are strictly better, and how many share its place (with it)."""
    better, tied = np.zeros(ranks.shape), np.zeros(ranks.shape)
    for j in range(ranks.shape[1]):
        other = ranks[:, j : j + 1]
        better += (other < ranks) & present[:, j : j + 1]
        tied += (other == ranks) & present[:, j : j + 1]
    return better, tied


def mid_ranks(ranks: Floats, present: Bools) -> Floats:
    """Ranks in which tied candidates share the mean of their places; 0 where there is none.

    Example:
        >>> mid_ranks(np.array([[1.0, 1.0, 7.0, 0.0]]), np.array([[True, True, True, False]]))
        array([[1.5, 1.5, 3. , 0. ]])
    """
    better, tied = _better_and_tied(ranks, present)
    return np.where(present, better + (tied + 1) / 2, 0.0)


def levenshtein(gold_ranks: Floats, ranks: Floats, *, weights: Weights = None) -> Value:
    """Edit distance between the two orders, written as strings of candidates, over their length.

    0 for the same order. Tied candidates are written in item order, in gold and verdict alike.
    Undefined (nan) without answered rows.

    Args:
        gold_ranks: Ranks by people, shape (n, k), 0 pads.
        ranks: Ranks by the judge, same shape; all zero where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        Mean over items, from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Chen et al. 2024, MLLM-as-a-Judge, arXiv 2402.04788, batch ranking (the treatment of ties
        is unchecked).

    Example:
        >>> levenshtein(np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[2.0, 1.0, 3.0, 4.0]]))
        0.5
    """
    batch = Batch(weights, gold_ranks, ranks)
    present, answered = _valid(gold_ranks, ranks)
    distance = edit_distance(_order(gold_ranks, present), _order(ranks, present))
    return batch.value(batch.mean(ratio(distance, present.sum(axis=1)), answered))


def _order(ranks: Floats, present: Bools) -> Ints:
    """Candidates from best to worst, padded with -1."""
    order = np.argsort(np.where(present, ranks, np.inf), axis=1, kind="stable")
    return np.where(np.sort(~present, axis=1), -1, order)


def edit_distance(first: Ints, second: Ints) -> Floats:
    """Levenshtein distance between the rows of two code matrices of shape (n, k).

    Equal padding at the end of both changes nothing.

    Example:
        >>> edit_distance(np.array([[0, 1, 2]]), np.array([[1, 2, 0]])).tolist()
        [2.0]
    """
    n, k = first.shape
    row = np.tile(np.arange(k + 1.0), (n, 1))
    for i in range(k):
        above = row.copy()
        row[:, 0] = i + 1
        for j in range(k):
            swap = above[:, j] + (first[:, i] != second[:, j])
            row[:, j + 1] = np.minimum(np.minimum(above[:, j + 1], row[:, j]) + 1, swap)
    return row[:, k]


def item_tau_b(first: Floats, second: Floats, present: Bools) -> Floats:
    """Kendall's tau-b between two numberings of the candidates of each item.

    Args:
        first: Numbers, shape (n, k).
        second: Numbers, same shape.
        present: Cells that hold a candidate, same shape.

    Returns:
        Shape (n,); nan where either numbering is constant.

    Example:
        >>> item_tau_b(np.array([[1, 2.0]]), np.array([[5, 4.0]]), np.ones((1, 2), dtype=bool))
        array([-1.])
    """
    n, k = first.shape
    both, left, right = np.zeros(n), np.zeros(n), np.zeros(n)
    for i in range(k):
        for j in range(i):
            pair = present[:, i] & present[:, j]
            x = np.sign(first[:, i] - first[:, j]) * pair
            y = np.sign(second[:, i] - second[:, j]) * pair
            both += x * y
            left += x * x
            right += y * y
    return ratio(both, np.sqrt(left * right))


def rank_tau_b(gold_ranks: Floats, ranks: Floats, *, weights: Weights = None) -> Value:
    """Mean over items of Kendall's tau-b between the two rankings.

    1 for the same order, -1 for the reverse. Items where either ranking is one tie are left out;
    undefined when that leaves none.

    Args:
        gold_ranks: Ranks by people, shape (n, k), 0 pads.
        ranks: Ranks by the judge, same shape; all zero where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        From -1 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> rank_tau_b(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 3.0, 2.0]]))
        0.3333333333333333
    """
    batch = Batch(weights, gold_ranks, ranks)
    present, answered = _valid(gold_ranks, ranks)
    return batch.value(batch.mean(item_tau_b(gold_ranks, ranks, present), answered))


def footrule(gold_ranks: Floats, ranks: Floats, *, weights: Weights = None) -> Value:
    """Spearman's footrule: how far candidates sit from their gold place, over its maximum.

    0 for the same order, 1 for the reverse. Ties take mid-ranks; the maximum is floor(k^2 / 2).
    Items of one candidate are left out; undefined when that leaves none.

    Args:
        gold_ranks: Ranks by people, shape (n, k), 0 pads.
        ranks: Ranks by the judge, same shape; all zero where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        Mean over items, from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Diaconis and Graham 1977, Spearman's footrule as a measure of disarray (unchecked).

    Example:
        >>> footrule(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 1.0, 3.0]]))
        0.5
    """
    batch = Batch(weights, gold_ranks, ranks)
    present, answered = _valid(gold_ranks, ranks)
    moved = np.abs(mid_ranks(gold_ranks, present) - mid_ranks(ranks, present)).sum(axis=1)
    largest = present.sum(axis=1) ** 2 // 2
    return batch.value(batch.mean(ratio(moved, largest), answered))


def ndcg(gold_ranks: Floats, ranks: Floats, *, weights: Weights = None, k: int = 0) -> Value:
    """Discounted gain of the judge's first k places, over that of the gold order.

    The gain of a candidate is the number of candidates that people put below it, a tie counting
    half; the discount of place p is 1 / log2(1 + p), averaged over the places that tied candidates
    share. 1 for the gold order. Items of one candidate are left out.

    Args:
        gold_ranks: Ranks by people, shape (n, m), 0 pads.
        ranks: Ranks by the judge, same shape; all zero where it failed.
        weights: How often each row counts, shape (..., n).
        k: Number of places that count; 0 counts all.

    Returns:
        Mean over items, from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Jarvelin and Kekalainen 2002 (unchecked); ties as in McSherry and Najork 2008 (unchecked);
        equal to scikit-learn's ndcg_score by test.

    Example:
        >>> ndcg(np.array([[1.0, 2.0]]), np.array([[2.0, 1.0]]))
        0.6309297535714575
    """
    batch = Batch(weights, gold_ranks, ranks)
    present, answered = _valid(gold_ranks, ranks)
    size = present.sum(axis=1, keepdims=True)
    gain = np.where(present, size - mid_ranks(gold_ranks, present), 0.0)
    got = (gain * _discount(ranks, present, k)).sum(axis=1)
    best = (gain * _discount(gold_ranks, present, k)).sum(axis=1)
    return batch.value(batch.mean(ratio(got, best), answered))


def _discount(ranks: Floats, present: Bools, k: int) -> Floats:
    """Mean discount of the places that each candidate may take."""
    places = np.arange(1, ranks.shape[1] + 1)
    single = np.where((places <= k) | (k == 0), 1 / np.log2(1 + places), 0.0)
    upto = np.concatenate([[0.0], np.cumsum(single)])
    better, tied = _better_and_tied(ranks, present)
    first, last = better.astype(np.int64), (better + tied).astype(np.int64)
    return np.where(present, ratio(upto[last] - upto[first], tied), 0.0)


def top1(gold_ranks: Floats, ranks: Floats, *, weights: Weights = None) -> Value:
    """Share of items whose best candidate the judge puts first; a failed item is wrong.

    Where the judge ties m candidates for first, each that people also put first counts 1 / m.

    Args:
        gold_ranks: Ranks by people, shape (n, k), 0 pads.
        ranks: Ranks by the judge, same shape; all zero where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...); nan without rows.

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> top1(np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[1.0, 1.0], [0.0, 0.0]]))
        0.25
    """
    batch = Batch(weights, gold_ranks, ranks)
    present, answered = _valid(gold_ranks, ranks)
    chosen = first_placed(ranks, present)
    shared = ratio((chosen & first_placed(gold_ranks, present)).sum(axis=1), chosen.sum(axis=1))
    return batch.value(batch.mean(np.where(answered, shared, 0.0)))


def first_placed(ranks: Floats, present: Bools) -> Bools:
    """The candidates in first place, shape (n, k)."""
    best = np.where(present, ranks, np.inf)
    placed: Bools = present & (best == best.min(axis=1, keepdims=True, initial=np.inf))
    return placed


def pairwise_agreement(gold_ranks: Floats, ranks: Floats, *, weights: Weights = None) -> Value:
    """Share of the candidate pairs that people order which the judge orders the same way.

    A judge's tie counts half, a failed item is wrong on all its pairs, and every pair counts the
    same, so an item of more candidates weighs more. Undefined when people tie everything.

    Args:
        gold_ranks: Ranks by people, shape (n, k), 0 pads.
        ranks: Ranks by the judge, same shape; all zero where it failed.
        weights: How often each row counts, shape (..., n).

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> pairwise_agreement(np.array([[1.0, 2.0, 3.0]]), np.array([[1.0, 2.0, 2.0]]))
        0.8333333333333334
    """
    batch = Batch(weights, gold_ranks, ranks)
    present, answered = _valid(gold_ranks, ranks)
    right, pairs = np.zeros(len(ranks)), np.zeros(len(ranks))
    for i in range(ranks.shape[1]):
        for j in range(i):
            wanted = np.sign(gold_ranks[:, i] - gold_ranks[:, j])
            wanted = np.where(present[:, i] & present[:, j], wanted, 0.0)
            given = np.sign(ranks[:, i] - ranks[:, j])
            right += np.where(answered, (1 + wanted * given) / 2, 0.0) * np.abs(wanted)
            pairs += np.abs(wanted)
    return batch.value(ratio(batch.sum(right), batch.sum(pairs)))
