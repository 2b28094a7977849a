"""Helpers for published rules: codes of verdicts, shares in percent, whole, by stratum and macro.

Codes are those of `metrics.agreement`: 0 first, 1 second, 2 any tie, -1 a failure. A column `right`
holds 1 for right, 0 for wrong, and nan for what a rule leaves out.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from mmjudge.metrics.weighted import Batch, Floats, Ints, Value, Weights, mean_defined
from mmjudge.sources.rows import codes, grouped
from mmjudge.task import JudgedRow, PublishedTable
from mmjudge.types import Failure, Preference, Ranking, Score, Verdict

CODES = {"first": 0, "second": 1, "tie": 2, "both_good": 2, "both_bad": 2}
FAILED = -1
ALL = "all"


def pair_code(outcome: Verdict | Failure) -> int:
    """Code of a verdict on a pair, or of the gold, which is one too.

    Example:
        >>> pair_code(Preference(value="both_bad")), pair_code(Failure(reason="empty"))
        (2, -1)
    """
    return CODES[outcome.value] if isinstance(outcome, Preference) else FAILED


def gold_code(row: JudgedRow) -> int:
    """Code of people's preference on the row's pair; failed where there is none."""
    gold = row.item.gold.get(row.criterion)
    return FAILED if gold is None else pair_code(gold)


class Counted(NamedTuple):
    """What counts once in a share: an item, or one judgment of it, with what makes it right."""

    row: JudgedRow
    right: float
    failed: bool = False


def each(rows: Sequence[JudgedRow]) -> list[Counted]:
    """Every judgment of a pair that has gold: right, or wrong; a failure is wrong."""
    judged = ((row, gold_code(row), pair_code(row.outcome)) for row in rows)
    return [
        Counted(row, float(gold == verdict), verdict == FAILED)
        for row, gold, verdict in judged
        if gold != FAILED
    ]


def guessed(counted: Sequence[Counted], value: float = 0.5) -> list[Counted]:
    """The same with failures and ties counted as half right: what a coin tossed for them gives.

    Args:
        counted: Judgments of pairs that people decide.
        value: What such a judgment counts instead, such as nan to leave it out.
    """
    decided = (0, 1)
    return [
        one if pair_code(one.row.outcome) in decided else one._replace(right=value)
        for one in counted
    ]


def majority(rows: Sequence[JudgedRow]) -> list[Counted]:
    """Every item once, over its orders and repeats: right or wrong by more than half of them.

    An item on which neither reaches more than half is nan. Failures and ties count in the whole.
    """
    counted = []
    for members in grouped(each(rows), lambda one: (one.row.item.id, one.row.criterion)).values():
        gold = gold_code(members[0].row)
        right = sum(one.right for one in members)
        wrong = sum(pair_code(one.row.outcome) == 1 - gold for one in members)
        half = len(members) / 2
        value = 1.0 if right > half else 0.0 if wrong > half else np.nan
        counted.append(Counted(members[0].row, value, any(one.failed for one in members)))
    return counted


def share_tables(
    counted: Sequence[Counted], axis: str | None = None, macro: bool = False
) -> Iterator[PublishedTable]:
    """The percentage that is right: of all, of each stratum of an axis, and their plain mean.

    Args:
        counted: What counts.
        axis: Axis of strata to break down by, beside the whole; None for the whole alone.
        macro: Whether the whole is the mean over the strata instead of over what counts.
    """
    for criterion, members in grouped(counted, lambda one: one.row.criterion).items():
        groups = codes(one.row.item.strata.get(axis or "", "") for one in members)
        right = np.array([one.right for one in members], dtype=np.float64)
        columns = (right, groups) if macro else (right,)
        yield _table(criterion, ALL, members, columns, percent_macro if macro else percent)
        if axis is None or macro:
            continue
        parts = grouped(members, lambda one: one.row.item.strata.get(axis, ""))
        for value, part in parts.items():
            right = np.array([one.right for one in part], dtype=np.float64)
            yield _table(criterion, f"{axis}={value}", part, (right,), percent)


def share_by(counted: Sequence[Counted], axes: Sequence[str]) -> Iterator[PublishedTable]:
    """The percentage that is right: of all, then of each stratum of each axis."""
    for place, axis in enumerate(axes):
        tables = share_tables(counted, axis)
        yield from (table for table in tables if not place or table.stratum != ALL)


def _table(
    criterion: str,
    stratum: str,
    members: Sequence[Counted],
    columns: tuple[Floats | Ints, ...],
    statistic: Callable[..., Value],
) -> PublishedTable:
    return PublishedTable(
        criterion=criterion,
        stratum=stratum,
        columns=columns,
        item=codes(one.row.item.id for one in members),
        statistic=statistic,
        n_failed=sum(one.failed for one in members),
    )


def percent(right: Floats, *, weights: Weights = None) -> Value:
    """Weighted percentage of the rows that are right; nan is left out.

    Example:
        >>> percent(np.array([1.0, 0.0, np.nan]), weights=np.array([3.0, 1.0, 5.0]))
        75.0
    """
    batch = Batch(weights, right)
    return batch.value(100 * batch.mean(right))


def percent_macro(right: Floats, group: Ints, *, weights: Weights = None) -> Value:
    """Mean over the groups of the percentage that is right in each; an empty group is left out.

    Args:
        right: 1, 0 or nan, shape (n,).
        group: Codes from 0, shape (n,).
        weights: How often each row counts, shape (..., n).

    Returns:
        From 0 to 100, shape (...).

    Example:
        >>> percent_macro(np.array([1.0, 0.0, 1.0]), np.array([0, 0, 1]))
        75.0
    """
    batch = Batch(weights, right, group)
    means = [batch.mean(right, (group == code) & ~np.isnan(right)) for code in np.unique(group)]
    return batch.value(100 * mean_defined(np.stack(means, axis=1)))


def scores_of(rows: Sequence[JudgedRow]) -> Iterator[tuple[JudgedRow, float, float]]:
    """Rows whose gold and verdict are scores, with both."""
    for row in rows:
        gold = row.item.gold.get(row.criterion)
        if isinstance(gold, Score) and isinstance(row.outcome, Score):
            yield row, gold.value, row.outcome.value


def rankings_of(
    rows: Sequence[JudgedRow],
) -> Iterator[tuple[JudgedRow, tuple[float, ...], tuple[float, ...]]]:
    """Rows whose gold and verdict are rankings, with both."""
    for row in rows:
        gold = row.item.gold.get(row.criterion)
        if isinstance(gold, Ranking) and isinstance(row.outcome, Ranking):
            yield row, gold.ranks, row.outcome.ranks
