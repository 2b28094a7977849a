"""Whether the judge tells criteria apart: measures over several criteria of one item.

A row is (item, criterion); the rows of an item stand together under one code of `item` and carry
the same weight, so these measures weigh items. `gold` and `verdict` are pair codes as in
`agreement`, or scores for `halo`. The three pair measures are those of Multi-Crit (Xiong et al.
2025, arXiv 2511.21662, section 3.5). They were held against the implementation in lmms-eval
(9a33763, lmms_eval/tasks/multi_crit/utils.py, by the authors' code at c4b0c32), where a preference
is for one of the two; the equations in the paper were not read, and gold that is a tie is ours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.correlation import pearson
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


class Bundles(NamedTuple):
    """The rows of one item as one: `order` sorts rows by item, `starts` opens each item."""

    order: Ints
    starts: Ints

    def flagged(self, flags: Bools) -> Ints:
        """Number of flagged rows of each item."""
        counts: Ints = np.add.reduceat(flags[self.order].astype(np.int64), self.starts)
        return counts


def bundle(item: Ints) -> Bundles:
    """Group rows by item.

    Example:
        >>> bundle(np.array([4, 9, 4])).starts.tolist()
        [0, 2]
    """
    order = np.argsort(item, kind="stable")
    opens = np.ones(len(item), dtype=np.bool_)
    opens[1:] = item[order][1:] != item[order][:-1]
    return Bundles(order, np.flatnonzero(opens))


def _item_batch(weights: Weights, item: Ints, *columns: Ints) -> tuple[Batch, Bundles]:
    rows = Batch(weights, item, *columns)
    bundles = bundle(item)
    first = bundles.order[bundles.starts]
    items = Batch(rows.w[:, first].reshape(*rows.shape, len(first)), first)
    return items, bundles


def pluralistic_accuracy(
    item: Ints, gold: Ints, verdict: Ints, *, weights: Weights = None
) -> Value:
    """Share of items that the judge decides rightly on every criterion (three classes).

    A judge that ignores the criterion scores at most the share of items without a conflict.
    Undefined without rows.

    Args:
        item: Code of the item that each row belongs to, shape (n,).
        gold: Preference of people under the row's criterion, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n), the same for all rows of an item.

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Multi-Crit, PAcc: the mean over prompts of whether all their criteria are judged correctly.

    Example:
        >>> item, gold = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 0])
        >>> pluralistic_accuracy(item, gold, np.array([0, 0, 0, 0]))
        0.5
    """
    if len(item) == 0:
        return Batch(weights, item).value(Batch(weights, item).mean(item))
    batch, bundles = _item_batch(weights, item, gold, verdict)
    wrong = bundles.flagged(three_way(gold) != three_way(verdict))
    return batch.value(batch.mean(wrong == 0))


def tradeoff_sensitivity(
    item: Ints, gold: Ints, verdict: Ints, *, weights: Weights = None
) -> Value:
    """Of the items on which people's criteria conflict, the share on which the judge's do too.

    A conflict is a criterion that prefers the first and another that prefers the second. The judge
    notices it if of one such pair of criteria it decides one for each side, whichever is which; a
    failure or a tie decides nothing. A judge with one overall opinion scores 0. Undefined where no
    item has a conflict.

    Args:
        item: Code of the item that each row belongs to, shape (n,).
        gold: Preference of people under the row's criterion, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n), the same for all rows of an item.

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Multi-Crit, TOS: of the prompts with a conflict, those with opposite verdicts on a pair of
        criteria in conflict.

    Example:
        >>> item, gold = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
        >>> tradeoff_sensitivity(item, gold, np.array([1, 0, 0, 0]))
        0.5
    """
    if len(item) == 0:
        return Batch(weights, item).value(Batch(weights, item).mean(item))
    batch, bundles = _item_batch(weights, item, gold, verdict)
    conflict = (bundles.flagged(gold == 0) > 0) & (bundles.flagged(gold == 1) > 0)
    told = {
        (a, b): bundles.flagged((gold == a) & (verdict == b)) > 0 for a in (0, 1) for b in (0, 1)
    }
    noticed = (told[0, 0] & told[1, 1]) | (told[0, 1] & told[1, 0])
    return batch.value(batch.mean(noticed, conflict))


def conflict_matching_rate(
    item: Ints, gold: Ints, verdict: Ints, *, weights: Weights = None
) -> Value:
    """Of the pairs of criteria on which people conflict, the share that the judge gets both right.

    Counted over all conflicting pairs of criteria of all items. A judge with one overall opinion
    scores 0. Undefined where there is no conflict.

    Args:
        item: Code of the item that each row belongs to, shape (n,).
        gold: Preference of people under the row's criterion, shape (n,), codes 0 to 4.
        verdict: Preference of the judge, shape (n,), codes -1 to 4.
        weights: How often each row counts, shape (..., n), the same for all rows of an item.

    Returns:
        A fraction from 0 to 1, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Reference:
        Multi-Crit, CMR: of all pairs of criteria in conflict, of all prompts together, those of
        which both are judged correctly.

    Example:
        >>> item, gold = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
        >>> conflict_matching_rate(item, gold, np.array([0, 1, 1, 0]))
        0.5
    """
    if len(item) == 0:
        return Batch(weights, item).value(Batch(weights, item).mean(item))
    batch, bundles = _item_batch(weights, item, gold, verdict)
    right = gold == verdict
    conflicts = bundles.flagged(gold == 0) * bundles.flagged(gold == 1)
    matched = bundles.flagged(right & (gold == 0)) * bundles.flagged(right & (gold == 1))
    return batch.value(ratio(batch.sum(matched), batch.sum(conflicts)))


def halo(
    item: Ints, criterion: Ints, gold: Floats, verdict: Floats, *, weights: Weights = None
) -> Value:
    """How much more the judge's scores of two criteria move together than people's do.

    The Pearson correlation over items between the judge's scores of two criteria, less that
    between people's, averaged over the pairs of criteria. 0 for a judge that keeps criteria apart
    as people do; above 0 one impression colours all. Pairs where either correlation is undefined
    are left out; undefined when that leaves none.

    Args:
        item: Code of the item that each row belongs to, shape (n,).
        criterion: Code of the row's criterion, shape (n,); at most one row for item and criterion.
        gold: Scores of people, shape (n,).
        verdict: Scores of the judge, shape (n,).
        weights: How often each row counts, shape (..., n), the same for all rows of an item.

    Returns:
        From -2 to 2, shape (...).

    Raises:
        MeasureError: The columns or the weights differ in length.

    Example:
        >>> item, criterion = np.repeat(np.arange(3), 2), np.tile([0, 1], 3)
        >>> gold = np.array([1.0, 3.0, 2.0, 2.0, 3.0, 1.0])
        >>> halo(item, criterion, gold, np.array([1.0, 1.0, 2.0, 2.0, 3.0, 3.0]))
        2.0
    """
    batch = Batch(weights, item, criterion, gold, verdict)
    rows, n_items = dense(item)
    columns, n_criteria = dense(criterion)
    row_of = np.full((n_items, n_criteria), -1, dtype=np.int64)
    row_of[rows, columns] = np.arange(len(item))
    excess = [
        _excess(batch, gold, verdict, row_of[:, [a, b]])
        for a in range(n_criteria)
        for b in range(a)
    ]
    if not excess:
        return batch.value(np.full(len(batch.w), np.nan))
    return batch.value(mean_defined(np.stack(excess, axis=1)))


def _excess(batch: Batch, gold: Floats, verdict: Floats, pair: Ints) -> Floats:
    """Correlation of two criteria in the judge's scores less that in people's, shape (batch,)."""
    first, second = pair[np.all(pair >= 0, axis=1)].T
    w = batch.w[:, first]
    judge = pearson(verdict[first], verdict[second], weights=w)
    people = pearson(gold[first], gold[second], weights=w)
    excess: Floats = np.asarray(judge) - np.asarray(people)
    return excess
