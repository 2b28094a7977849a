"""The rows and columns that a measure takes, cut out of a run's table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.measure import Measure
from mmjudge.metrics.registry import fits
from mmjudge.scoring.parts import found_of
from mmjudge.scoring.table import MODALITY, NO_GOLD, TWIN, Ints, Table

Rows = NDArray[np.bool_]
PARTS = frozenset({"gold_answer", "answer", "gold_step", "step", "as_wanted", "parents_met"})
"""Columns that have a row for each question or step."""
TIE = 2
"""The code of a tie; those above it are ties of another kind."""


class Frame(NamedTuple):
    """What one measure is computed from.

    `columns` by name, each of shape (n_rows, ...); `item` the item of each row; `n_items` and
    `n_failed` count what was asked, failures included; `note` says what else is not in the rows.
    """

    columns: Mapping[str, NDArray[Any]]
    item: Ints
    n_items: int
    n_failed: int
    note: str = ""


@dataclass(frozen=True)
class Slice:
    """The judgments that a figure is about: of one criterion, or of all (None); of some rows.

    Rows asked in a changed way are left out: what they say is in `mmjudge.scoring.biases`.
    """

    table: Table
    criterion: int | None
    rows: Rows
    cut: dict[tuple[str, tuple[str, ...]], Frame | None] = field(default_factory=dict)

    def frame(self, measure: Measure) -> Frame | None:
        """The rows of a measure, or None where the run has nothing that it could be about.

        Measures of the same kind and columns share one frame.
        """
        key = (measure.kind, measure.columns)
        if measure.kind == "presentation":
            return None  # it is about two slices, see `presentations`
        if measure.spec.same_scale and not self.table.same_scale(self.criterion):
            return None
        if key not in self.cut:
            self.cut[key] = self._frame(measure)
        return self.cut[key]

    def _frame(self, measure: Measure) -> Frame | None:
        wanted = set(measure.columns)
        if measure.kind == "ceiling":
            return self._ratings() if "ratings" in wanted else self._part_ratings(measure)
        if not self._fits(measure, wanted):
            return None
        if wanted & (PARTS | {"given", "shown"}):
            return self._of_its_own(measure, wanted)
        rows = self.rows if self.criterion is None else self.rows & self._of_criterion
        if measure.kind == "criteria":
            rows = rows & self._asked_once
        if wanted & {"gold", "gold_ranks", "right"}:
            rows = rows & self._has_gold
        if measure.kind in ("modality", "own", "systems"):
            rows = rows & self._compared(wanted)
        return self._cut(measure, np.flatnonzero(rows))

    def _of_its_own(self, measure: Measure, wanted: set[str]) -> Frame | None:
        """A frame whose rows are not single judgments."""
        if "given" in wanted:
            return self._both_orders(measure)
        if "shown" in wanted:
            return self._twins(measure)
        return self._parts(measure, wanted)

    def _fits(self, measure: Measure, wanted: set[str]) -> bool:
        """Whether the run has what the measure is about at all."""
        header = self.table.header
        return (
            measure.kind != "bias"
            and fits(measure.protocol, header.settings.protocol)
            and (measure.kind == "criteria") == (self.criterion is None)
            and ("confidence" not in wanted or self.table.confidence is not None)
            and (measure.kind != "fairness" or header.task.groups is not None)
            and (measure.kind != "systems" or len(self.table.system_names) >= 3)
            and ("group" not in wanted or len(np.unique(self._item_groups)) > 1)
            and (measure.kind != "modality" or self._differs(wanted))
            and ("modality" not in wanted or self._has_modalities)
        )

    def _compared(self, wanted: set[str]) -> Rows:
        """Rows that a measure of modalities or of systems is about, shape (n,)."""
        items = self.table.item
        if wanted & {"system", "system_first", "system_second"}:
            named: Rows = np.all(self.table.systems[items] >= 0, axis=1)
            return named
        if "own" in wanted:
            return self.table.own[items] >= 0
        if "modality" in wanted:
            return self.table.strata[MODALITY][0][items] > 0
        if "media_side" in wanted:
            return self.table.shown.media_side[items] >= 0
        tied = _gold(self, np.arange(len(items))) >= TIE
        return (self.table.shown.medium[items] >= 0) & tied

    def _differs(self, wanted: set[str]) -> bool:
        """Whether these rows hold what a measure of modalities compares."""
        items = self.table.item[self.rows]
        if wanted & {"modality", "here"}:
            return "here" not in wanted  # each modality against others: `modality_gaps`
        if "media_side" in wanted:
            return {0, 1} <= set(self.table.shown.media_side[items].tolist())
        if "medium" in wanted:
            return bool(np.any(self.table.shown.medium[items] >= 0))
        return TWIN in self.table.strata

    @property
    def _has_modalities(self) -> bool:
        """Whether the slice has items of two modalities."""
        codes = self.table.strata.get(MODALITY, (np.zeros(len(self.table.places)), ()))[0]
        return len(set(codes[self.table.item[self.rows]].tolist()) - {0}) > 1

    @cached_property
    def _of_criterion(self) -> Rows:
        found: Rows = self.table.plain & (self.table.columns.criterion == self.criterion)
        return found

    @property
    def _asked_once(self) -> Rows:
        """One order and repeat of each item: all criteria are asked to be right in one pass."""
        columns = self.table.columns
        identity = [order == tuple(sorted(order)) for order in columns.orders]
        given = np.array(identity, dtype=bool)[columns.order]
        both = self.table.header.settings.orders == "both"
        once: Rows = (columns.repeat == 0) & (given | (not both))
        return once

    @cached_property
    def _has_gold(self) -> Rows:
        """Rows whose item has gold for the row's criterion, shape (n,)."""
        found = np.zeros(len(self.table.item), dtype=bool)
        for index, gold in enumerate(self.table.gold):
            mine = self.table.columns.criterion == index
            found[mine] = known_gold(gold)[self.table.item[mine]]
        return found

    @cached_property
    def _item_groups(self) -> Ints:
        axis = self.table.header.task.groups
        if axis is None:
            return self.table.systems[:, 0] if self.table.systems.size else np.zeros(0, np.int64)
        if axis not in self.table.strata:
            return np.zeros(len(self.table.places), dtype=np.int64)
        return self.table.strata[axis][0]

    def _cut(self, measure: Measure, rows: Ints) -> Frame | None:
        if not len(rows):
            return None
        failed = self.table.failed[rows]
        n_items, n_failed = self._count(rows), int(failed.sum())
        if self.table.scored and "verdict" in measure.columns:
            rows = rows[~failed]
        note = ""
        if "confidence" in measure.columns:
            sure = ~np.isnan(_confidence(self, rows))
            if unsure := int((~sure & ~failed).sum()):
                note = f"{unsure} verdicts came without probabilities and are left out"
            rows = rows[sure]
        named = {name: _COLUMNS[name](self, rows) for name in measure.columns}
        return Frame(named, self.table.item[rows], n_items, n_failed, note)

    def _parts(self, measure: Measure, wanted: set[str]) -> Frame | None:
        """A row for each question or step of the judgments, failed ones included.

        Beside what the measure takes there are `kind`, what a question is about or a step's error,
        and `judgment`, the place of what the row is part of.
        """
        if self.table.parts is None or self.criterion is None:
            return None
        asked, items = self.table.parts.asked[self.criterion], self.table.item
        about = asked.depends if "parents_met" in wanted else asked.known
        rows = np.flatnonzero(self.rows & self._of_criterion & about[items])
        if not len(rows):
            return None
        said = self.table.parts.said.take(rows)
        item = np.repeat(items[rows], said.lengths)
        if "parents_met" in wanted:
            named: dict[str, NDArray[Any]] = found_of(asked, items[rows], said)._asdict()
        else:
            unit = asked.gold.at(items[rows])
            gold = asked.gold.values[unit]
            named = dict(zip(measure.columns, (gold, said.values), strict=True))
            named["kind"] = gold if self._protocol == "steps" else asked.kind[unit]
            named["judgment"] = np.repeat(rows, said.lengths)
        return Frame(named, item, self._count(rows), int(self.table.failed[rows].sum()))

    def _part_ratings(self, measure: Measure) -> Frame | None:
        """What each annotator found of each question or step of the items that were asked."""
        if self.table.parts is None or self.criterion is None:
            return None
        asked = self.table.parts.asked[self.criterion]
        if asked.ratings is None or not fits(measure.protocol, self._protocol):
            return None
        items = np.flatnonzero(np.bincount(self.table.item[self.rows & self._of_criterion]))
        at, item = asked.gold.at(items), np.repeat(items, asked.gold.lengths[items])
        several = (asked.ratings[at] >= 0).sum(axis=1) >= 2
        named = {measure.columns[0]: asked.ratings[at[several]].astype(np.int64)}
        item = item[several]
        return Frame(named, item, len(np.unique(item)), 0) if len(item) else None

    @property
    def _protocol(self) -> str:
        return self.table.header.settings.protocol

    def _both_orders(self, measure: Measure) -> Frame | None:
        columns = self.table.columns
        asked = self.rows & self._of_criterion
        if "gold" in measure.columns:
            asked = asked & self._has_gold
        identity = np.array([order == tuple(sorted(order)) for order in columns.orders], dtype=bool)
        in_order = identity[columns.order] if len(identity) else np.zeros(0, dtype=bool)
        given, swapped = np.flatnonzero(asked & in_order), np.flatnonzero(asked & ~in_order)
        most = int(columns.repeat.max(initial=0)) + 1
        code = self.table.item * most + columns.repeat
        _, at_given, at_swapped = np.intersect1d(code[given], code[swapped], return_indices=True)
        return self._side_by_side(
            measure, {"given": given[at_given], "swapped": swapped[at_swapped]}
        )

    def _twins(self, measure: Measure) -> Frame | None:
        """Each item of the slice beside its twin, wherever that is, asked in the same order."""
        columns, shown = self.table.columns, self.table.shown
        twin = self.table.strata[TWIN][0][self.table.item]
        asked = self._of_criterion & (twin > 0)
        if "gold" in measure.columns:
            asked = asked & self._has_gold
        original = shown.original[self.table.item] == 1
        one, other = np.flatnonzero(asked & original & self.rows), np.flatnonzero(asked & ~original)
        most = int(columns.repeat.max(initial=0)) + 1
        code = (twin * most + columns.repeat) * len(columns.orders) + columns.order
        if not len(one):
            return None
        one = one[np.argsort(code[one])]
        beside = one[np.minimum(np.searchsorted(code[one], code[other]), len(one) - 1)]
        same = code[beside] == code[other]
        return self._side_by_side(measure, {"shown": beside[same], "exchanged": other[same]})

    def _side_by_side(self, measure: Measure, rows: Mapping[str, Ints]) -> Frame | None:
        """Verdicts that belong together as columns; gold is that of the first."""
        first, second = rows.values()
        if not len(first):
            return None
        named: dict[str, NDArray[Any]] = {n: self.table.verdict[at] for n, at in rows.items()}
        if "gold" in measure.columns:
            named["gold"] = _gold(self, first)
        failed = int(self.table.failed[first].sum() + self.table.failed[second].sum())
        return Frame(named, self.table.item[first], self._count(first), failed)

    def _count(self, rows: Ints) -> int:
        """Number of items that the rows are about."""
        return int(np.count_nonzero(np.bincount(self.table.item[rows])))

    def _ratings(self) -> Frame | None:
        if self.criterion is None:
            return None
        ratings = self.table.ratings[self.criterion]
        if ratings is None or ratings.shape[1] < 2:
            return None
        items = np.flatnonzero(np.bincount(self.table.item[self.rows & self._of_criterion]))
        items = items[(_known_ratings(ratings[items])).sum(axis=1) >= 2]
        return Frame({"ratings": ratings[items]}, items, len(items), 0) if len(items) else None


def known_gold(gold: NDArray[Any]) -> Rows:
    """Rows whose gold is known, shape (n,), of codes, scores or ranks."""
    if gold.ndim == 2:
        ranked: Rows = np.any(gold > 0, axis=1)
        return ranked
    known: Rows = gold != NO_GOLD if gold.dtype.kind == "i" else ~np.isnan(gold)
    return known


def _known_ratings(ratings: NDArray[Any]) -> Rows:
    known: Rows = ratings != NO_GOLD if ratings.dtype.kind == "i" else ~np.isnan(ratings)
    return known


def _gold(cut: Slice, rows: Ints) -> NDArray[Any]:
    criterion = cut.table.columns.criterion[rows]
    gold = np.empty(len(rows), dtype=cut.table.gold[0].dtype)
    for index, values in enumerate(cut.table.gold):
        mine = criterion == index
        gold[mine] = values[cut.table.item[rows[mine]]]
    return gold


def _verdict(cut: Slice, rows: Ints) -> NDArray[Any]:
    return cut.table.columns.value[rows] if cut.table.scored else cut.table.verdict[rows]


def _confidence(cut: Slice, rows: Ints) -> NDArray[Any]:
    assert cut.table.confidence is not None
    chance: NDArray[Any] = cut.table.confidence.chance[rows]
    return chance


def _right(cut: Slice, rows: Ints) -> NDArray[Any]:
    """Whether a verdict is that of gold; of a score, whether no other level is nearer to it."""
    gold, sure = _gold(cut, rows), cut.table.confidence
    if cut.table.header.settings.protocol == "pair":
        return np.equal(three_way(gold), three_way(cut.table.verdict[rows])).astype(np.int64)
    assert sure is not None
    nearest = (sure.low[rows] <= gold) & (gold <= sure.high[rows])
    return np.asarray(nearest, dtype=np.int64)


def _slot_of(cut: Slice, rows: Ints, preference: NDArray[Any]) -> Ints:
    decided = (preference == 0) | (preference == 1)
    slots = cut.table.slots[rows]
    chosen = np.take_along_axis(slots, np.where(decided, preference, 0)[:, None], axis=1)[:, 0]
    return np.where(decided, chosen, -1)


def _gold_ranks(cut: Slice, rows: Ints) -> NDArray[Any]:
    assert cut.criterion is not None
    gold = cut.table.gold[cut.criterion][cut.table.item[rows]]
    width = cut.table.ranks.shape[1]
    return np.pad(gold, ((0, 0), (0, width - gold.shape[1])))


def _slots(cut: Slice, rows: Ints) -> NDArray[Any]:
    slots = cut.table.slots[rows]
    width = cut.table.ranks.shape[1]
    return np.pad(slots, ((0, 0), (0, width - slots.shape[1])), constant_values=-1)


_COLUMNS: Mapping[str, Callable[[Slice, Ints], NDArray[Any]]] = {
    "gold": _gold,
    "verdict": _verdict,
    "item": lambda cut, rows: cut.table.item[rows],
    "criterion": lambda cut, rows: cut.table.columns.criterion[rows],
    "slot": lambda cut, rows: _slot_of(cut, rows, cut.table.verdict[rows]),
    "gold_slot": lambda cut, rows: _slot_of(cut, rows, _gold(cut, rows)),
    "group": lambda cut, rows: cut._item_groups[cut.table.item[rows]],
    "system": lambda cut, rows: cut.table.systems[cut.table.item[rows], 0],
    "system_first": lambda cut, rows: cut.table.systems[cut.table.item[rows], 0],
    "system_second": lambda cut, rows: cut.table.systems[cut.table.item[rows], 1],
    "ranks": lambda cut, rows: cut.table.ranks[rows],
    "gold_ranks": _gold_ranks,
    "slots": _slots,
    "modality": lambda cut, rows: cut.table.strata[MODALITY][0][cut.table.item[rows]],
    "media_side": lambda cut, rows: cut.table.shown.media_side[cut.table.item[rows]],
    "medium": lambda cut, rows: cut.table.shown.medium[cut.table.item[rows]],
    "own": lambda cut, rows: cut.table.own[cut.table.item[rows]],
    "right": _right,
    "confidence": _confidence,
}
