"""The same pair in several presentations, joined: items that differ in the stratum `condition`.

Items with the strata `condition` and `pair` show one content, the pair of that name, as text, as
sound, as a transcript: `condition` says how.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmjudge.scoring.frames import Frame
from mmjudge.scoring.table import CONDITION, CONTENT, Ints, Table

COLUMNS = ("one_given", "one_swapped", "other_given", "other_swapped")
MISSING = -1
"""The code of a verdict that was not asked for; a failure has the same."""


def presented(table: Table, criterion: int) -> Iterator[tuple[str, Frame]]:
    """Each two presentations that share contents, with the verdicts on what they share.

    Args:
        table: The judgments of a run.
        criterion: Place of the criterion.

    Yields:
        The stratum, such as `condition=text-text/audio-audio`, and a row for each content and
        repeat, whose item is that of the first of the two presentations.
    """
    if table.header.settings.protocol != "pair" or not {CONDITION, CONTENT} <= set(table.strata):
        return
    conditions, names = table.strata[CONDITION]
    rows = np.flatnonzero(_rows(table, criterion))
    used = np.unique(conditions[table.item[rows]])
    sides = {code: _Side(table, rows[conditions[table.item[rows]] == code]) for code in used}
    for one, other in combinations(used.tolist(), 2):
        frame = _joined(sides[one], sides[other])
        if frame is not None:
            yield f"{CONDITION}={names[one]}/{names[other]}", frame


def _rows(table: Table, criterion: int) -> NDArray[np.bool_]:
    """Plain judgments of the criterion on items that have a content and a presentation."""
    columns = table.columns
    has = (table.strata[CONDITION][0] > 0) & (table.strata[CONTENT][0] > 0)
    rows: NDArray[np.bool_] = has[table.item] & (columns.criterion == criterion)
    return rows & (columns.probe < 0)


class _Side:
    """The verdicts in one presentation, by content and repeat.

    Attributes:
        key: Content and repeat of each row, ascending, shape (n,).
        item: Item of each row, shape (n,).
        verdicts: In the given and in the swapped order, shape (n, 2).
        failed: How many of the two failed, shape (n,).
    """

    def __init__(self, table: Table, rows: Ints) -> None:
        most = int(table.columns.repeat.max(initial=0)) + 1
        key = table.strata[CONTENT][0][table.item[rows]] * most + table.columns.repeat[rows]
        self.key, first, place = np.unique(key, return_index=True, return_inverse=True)
        self.item = table.item[rows[first]]
        given = np.array([order == tuple(sorted(order)) for order in table.columns.orders], bool)
        slot = np.where(given[table.columns.order[rows]], 0, 1)
        self.verdicts = np.full((len(self.key), 2), MISSING)
        self.verdicts[place, slot] = table.verdict[rows]
        self.failed = np.bincount(place, table.failed[rows], len(self.key)).astype(np.int64)


def _joined(one: _Side, other: _Side) -> Frame | None:
    """The contents that both have, or None where there is none."""
    _, here, there = np.intersect1d(one.key, other.key, return_indices=True)
    if not len(here):
        return None
    verdicts = np.hstack([one.verdicts[here], other.verdicts[there]])
    named: dict[str, NDArray[Any]] = dict(zip(COLUMNS, verdicts.T, strict=True))
    failed = int(one.failed[here].sum() + other.failed[there].sum())
    return Frame(named, one.item[here], len(np.unique(one.item[here])), failed)
