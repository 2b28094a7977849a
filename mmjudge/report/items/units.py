"""What a judge said of an item on one criterion, in all orders and repeats: what filters look at.

A unit is such an (item, judge, criterion). Of each run all units are computed at once, as arrays.
"""

import zlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.agreement import three_way
from mmjudge.report.browser import right_rows
from mmjudge.report.items.known import Known, Sets
from mmjudge.report.lists import known_right, parts_off
from mmjudge.scoring.probed import cards, join, tolerance
from mmjudge.scoring.ragged import Ragged, within
from mmjudge.scoring.table import NO_GOLD, Floats, Ints, Table

VERDICTS = ("right", "some", "wrong", "none")
"""Right in all plain judgments, in some, in none of them; or nobody knows."""
ORDERS = ("flipped", "varied", "steady")
"""Another verdict in another order; in a repeat of one order; neither, though asked again."""

_MIX = tuple(np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xBF58476D1CE4E5B9))


class Units(NamedTuple):
    """Arrays of shape (n_units,).

    Attributes:
        item: Number of the item.
        judge: Number of the judge.
        criterion: Code of the criterion.
        verdict: Place in `VERDICTS`.
        order: Sum of 1, 2 and 4 for each of `ORDERS`.
        failed: Code of the set of reasons for which plain judgments failed.
        moved: Code of the set of probes that moved a verdict.
        said: Class of a pair, mean score, or number of a ranking; below -1 a number of what was
            said in each order and repeat, where that is not the same; nan where all failed.
        sure: Largest probability that the judge gave to a wrong verdict, in thousandths; -1: none.
        error: Mean distance from gold, of a score or of ranks; -1 where that means nothing.
    """

    item: Ints
    judge: Ints
    criterion: Ints
    verdict: Ints
    order: Ints
    failed: Ints
    moved: Ints
    said: Floats
    sure: Ints
    error: Floats


class RowFacts(NamedTuple):
    """Of each judgment, shape (n,): 1 right, 0 not, -1 nobody knows; whether it was moved."""

    right: NDArray[np.int8]
    moved: NDArray[np.bool_]


def units_of(
    table: Table, numbers: Ints, judge: int, reasons: Sequence[str | None], known: Known
) -> tuple[Units, RowFacts]:
    """All units of a run, sorted by item and criterion, and facts of its judgments.

    Args:
        table: The run.
        numbers: Number of each of its items among those of all runs, shape (n_items,).
        judge: Number of the judge.
        reasons: Why each judgment failed, as `RunStore.reasons` gives it.
        known: Names that are shared; new ones are added.
    """
    criteria = np.array(known.criteria.of(table.criteria), dtype=np.int64)
    width = len(known.criteria)
    rows = np.flatnonzero(table.plain)
    keys = numbers[table.item[rows]] * width + criteria[table.columns.criterion[rows]]
    key, unit = np.unique(keys, return_inverse=True)
    groups = _Groups(table, rows, unit, len(key))
    facts = RowFacts(groups.right, np.zeros(len(table.item), dtype=bool))
    units = Units(
        item=key // width,
        judge=np.full(len(key), judge, dtype=np.int64),
        criterion=key % width,
        verdict=groups.verdicts(),
        order=groups.orders(),
        failed=_failed(groups, reasons, known),
        moved=_moved(table, groups, facts.moved, known),
        said=groups.said(),
        sure=groups.sure(),
        error=groups.error(),
    )
    return units, facts


class _Groups:
    """Plain rows of a run by unit: `unit[i]` is that of row `rows[i]`, of `n` units."""

    def __init__(self, table: Table, rows: Ints, unit: Ints, n: int) -> None:
        self.table, self.rows, self.unit, self.n = table, rows, unit, n
        self.codes = _codes(table)
        known = _gold_known(table)
        self.right = np.where(known, right_rows(table), -1).astype(np.int8)

    def count(self, those: NDArray[np.bool_]) -> Ints:
        """How many rows of each unit are among those."""
        return np.bincount(self.unit[those], minlength=self.n)

    def verdicts(self) -> Ints:
        """Place of each unit in `VERDICTS`."""
        right = self.right[self.rows]
        asked, good, unknown = (
            self.count(those) for those in (np.ones_like(right, dtype=bool), right == 1, right < 0)
        )
        clear = np.where(good == asked, 0, np.where(good > 0, 1, 2))
        verdicts: Ints = np.where(unknown > 0, 3, clear)
        return verdicts

    def orders(self) -> Ints:
        """Whether a unit's verdicts change with the order, with the repeat, or stay."""
        columns = self.table.columns
        flipped = self._differ(columns.repeat[self.rows])
        varied = self._differ(columns.order[self.rows])
        again = self.count(~np.isnan(self.codes[self.rows])) > 1
        found: Ints = flipped + 2 * varied + 4 * (again & ~flipped & ~varied)
        return found

    def _differ(self, within: Ints) -> NDArray[np.bool_]:
        """Units that hold two verdicts with the same value of `within`."""
        codes = self.codes[self.rows]
        there = ~np.isnan(codes)
        key, group = np.unique(
            self.unit[there] * (int(within.max(initial=0)) + 1) + within[there], return_inverse=True
        )
        low, high = _extremes(codes[there], group, len(key))
        found = np.zeros(self.n, dtype=bool)
        found[(key // (int(within.max(initial=0)) + 1))[high > low]] = True
        return found

    def said(self) -> Floats:
        """What each unit comes to."""
        codes = self.codes[self.rows]
        there = ~np.isnan(codes)
        low, high = _extremes(codes[there], self.unit[there], self.n)
        if self.table.header.settings.protocol == "score":
            whole = np.round(self._mean(codes), 3)
        else:
            whole = np.where(high > low, -2 - self._patterns(codes), low)
        return np.where(self.count(there) > 0, whole, np.nan)

    def _patterns(self, codes: Floats) -> Floats:
        """A number for which verdict was given in which order and repeat, equal for equal ones."""
        columns = self.table.columns
        orders = np.array([zlib.crc32(bytes(order)) for order in columns.orders], dtype=np.uint64)
        mixed = orders[columns.order[self.rows]] + columns.repeat[self.rows].astype(np.uint64)
        # Products of odd numbers modulo 2^64 mix the parts; sums of 20 bits are exact as floats.
        mixed = (mixed * _MIX[0]) ^ (np.nan_to_num(codes).astype(np.uint64) + np.uint64(1)) * _MIX[
            1
        ]
        mixed = (mixed * _MIX[2]) >> np.uint64(44)
        there = ~np.isnan(codes)
        weights = mixed[there].astype(np.float64)
        sums = np.bincount(self.unit[there], weights=weights, minlength=self.n)
        return sums.astype(np.float64)

    def sure(self) -> Ints:
        """The largest probability given to a wrong verdict."""
        found = np.full(self.n, -1, dtype=np.int64)
        if self.table.confidence is not None:
            chance = self.table.confidence.chance[self.rows]
            wrong = (self.right[self.rows] == 0) & ~np.isnan(chance)
            np.maximum.at(found, self.unit[wrong], np.round(1000 * chance[wrong]).astype(np.int64))
        return found

    def error(self) -> Floats:
        """The mean distance from gold."""
        table, rows = self.table, self.rows
        off = np.full(len(rows), np.nan)
        for criterion, gold in enumerate(table.gold):
            mine = table.columns.criterion[rows] == criterion
            wanted = gold[table.item[rows[mine]]]
            match table.header.settings.protocol:
                case "score" if table.header.judge.scale == "task":
                    off[mine] = np.abs(wanted - table.columns.value[rows[mine]])
                case "rank":
                    given = table.ranks[rows[mine]][:, : wanted.shape[1]]
                    n = np.maximum((wanted > 0).sum(axis=1), 1)
                    off[mine] = np.abs(given - wanted).sum(axis=1) / n
                case "checklist" | "steps":
                    off[mine] = _list_error(table, criterion, rows[mine])
        off[self.right[rows] < 0] = np.nan
        off[table.failed[rows]] = np.nan
        mean = self._mean(off)
        return np.where(np.isnan(mean), -1.0, np.round(mean, 3))

    def _mean(self, values: Floats) -> Floats:
        there = ~np.isnan(values)
        total = np.bincount(self.unit[there], weights=values[there], minlength=self.n)
        n = self.count(there)
        return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def _list_error(table: Table, criterion: int, rows: Ints) -> Floats:
    """The share of questions or steps that people see otherwise, or the distance of two shares."""
    assert table.parts is not None
    item = table.item[rows]
    apart: Floats = np.abs(table.gold[criterion][item] - table.columns.value[rows])
    answered = table.parts.asked[criterion].known[item]
    return np.where(answered, parts_off(table, criterion, rows), apart)


def _extremes(values: Floats, group: Ints, n: int) -> tuple[Floats, Floats]:
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, group, values)
    np.maximum.at(high, group, values)
    return low, high


def _codes(table: Table) -> Floats:
    """A number for each verdict, the same for the same one in every run; nan where it failed."""
    if table.parts is not None:
        return np.where(table.failed, np.nan, _list_codes(table.parts.said))
    match table.header.settings.protocol:
        case "pair":
            codes = three_way(table.verdict).astype(np.float64)
        case "score":
            codes = table.columns.value.astype(np.float64)
        case _:
            kinds, place = np.unique(table.ranks, axis=0, return_inverse=True)
            sums = [zlib.crc32(kind[kind > 0].tobytes()) for kind in kinds]
            codes = np.array(sums, dtype=np.float64)[place.reshape(-1)]
    return np.where(table.failed, np.nan, codes)


def _list_codes(said: Ragged) -> Floats:
    """A number for the list of each judgment, the same for the same one of as many entries."""
    place = within(said.lengths)
    rng = np.random.default_rng(0)  # sums of products below 2^53 are exact
    weights = rng.integers(1 << 32, size=int(said.lengths.max(initial=0)))
    row = np.repeat(np.arange(len(said.lengths)), said.lengths)
    values = (said.values + 1) * weights[place].astype(np.float64)
    sums = np.bincount(row, weights=values, minlength=len(said.lengths))
    return np.asarray(sums, dtype=np.float64)


def _gold_known(table: Table) -> NDArray[np.bool_]:
    """Rows of which it can be said whether they are right, shape (n,)."""
    known = np.zeros(len(table.item), dtype=bool)
    protocol = table.header.settings.protocol
    if protocol == "score" and table.header.judge.scale == "own":
        return known
    for criterion, gold in enumerate(table.gold):
        lists = table.parts is not None
        there: NDArray[np.bool_] = (
            known_right(table, criterion) if lists else _there(gold, protocol)
        )
        mine = table.columns.criterion == criterion
        known[mine] = there[table.item[mine]]
    return known


def _there(gold: NDArray[Any], protocol: str) -> NDArray[np.bool_]:
    """Items that have gold, shape (n_items,)."""
    if protocol == "score":
        return ~np.isnan(gold.astype(np.float64))
    there: NDArray[np.bool_] = np.asarray(gold != NO_GOLD)
    if protocol == "rank":
        there = np.any(gold > 0, axis=1)
    return there


def _failed(groups: _Groups, reasons: Sequence[str | None], known: Known) -> Ints:
    found: dict[int, set[int]] = defaultdict(set)
    for row, unit in zip(groups.rows.tolist(), groups.unit.tolist(), strict=True):
        if (reason := reasons[row]) is not None:
            found[unit].update(known.reasons.of([reason]))
    return _set_codes(found, groups.n, known.failed)


def _moved(table: Table, groups: _Groups, moved: NDArray[np.bool_], known: Known) -> Ints:
    """Which probes moved a verdict of each unit; marks the judgments in `moved`."""
    found: dict[int, set[int]] = defaultdict(set)
    unit_of_row = np.full(len(table.item), -1, dtype=np.int64)
    unit_of_row[groups.rows] = groups.unit
    everything = np.ones(len(table.item), dtype=bool)
    for card in cards(table):
        (probe,) = known.probes.of([card.name])
        for criterion in range(len(table.criteria)):
            joined = join(table, card, criterion, everything)
            before, after = groups.codes[joined.plain], groups.codes[joined.asked]
            # A comparison with nan is false: a verdict that is not there was not moved.
            changed = np.abs(after - before) > tolerance(table, criterion)
            moved[joined.asked[changed]] = True
            for unit in set(unit_of_row[joined.plain[changed]].tolist()):
                found[unit].add(probe)
    return _set_codes(found, groups.n, known.moved)


def _set_codes(found: dict[int, set[int]], n: int, sets: Sets) -> Ints:
    codes = np.zeros(n, dtype=np.int64)
    for unit, members in found.items():
        codes[unit] = sets.code(members)
    return codes


def together(parts: Sequence[Units]) -> Units:
    """Units of all runs, sorted by item, criterion and judge."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    item, judge, criterion = columns[:3]
    order = np.lexsort((judge, criterion, item))
    return Units._make(column[order] for column in columns)
