"""All judgments of a run joined with their gold, as arrays: what measures are computed from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from mmjudge.errors import MmjudgeError, unknown
from mmjudge.scoring.confidence import Confidence, read_confidence
from mmjudge.scoring.parts import (
    Asked,
    Collector,
    Parts,
    annotators,
    first_wrong,
    one_gold,
    said_of,
    shares,
)
from mmjudge.scoring.ragged import Lines
from mmjudge.store.outcomes import FAILED, LOST, PREFERENCES, RANKING, UNCHANGED, Listed
from mmjudge.store.probed_rows import Unasked
from mmjudge.store.run_store import Columns, RunStore
from mmjudge.types import Criterion, RunHeader

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_GOLD = -1
SCORED = ("score", "checklist")
"""Protocols whose verdicts come to a number: what is measured of scores is measured of these."""
MODALITY = "modality"
"""The axis of strata that says how an item is shown, such as `text->image`."""
TWIN = "twin"
"""The axis of strata whose values items of the same content share."""
CONDITION = "condition"
"""The axis of strata that says in which presentation an item shows its content."""
CONTENT = "pair"
"""The axis of strata that names the content which items of several conditions share."""
KINDS = {"text": 1, "image": 2, "video": 4, "audio": 8}
"""A bit for each modality that a candidate may be made of."""
LISTS = ("answers", "steps")
"""Kinds of gold that say something of each part."""
_CODES: dict[str | None, int] = {name: code for code, name in enumerate(PREFERENCES)}


class Shown(NamedTuple):
    """How items are shown, each of shape (n_items,).

    Attributes:
        media_side: 0 where media are in the prompt alone, 1 where they are in every candidate and
            not in the prompt, -1 otherwise.
        medium: Of two candidates the one with media, where the other has none; -1 otherwise.
        original: 1, or 0 where the item is another one's twin.
        kind_first: Of two candidates the modalities of the first, bits of `KINDS`; 0 otherwise.
        kind_second: The same of the second.
    """

    media_side: Ints
    medium: Ints
    original: Ints
    kind_first: Ints
    kind_second: Ints


@dataclass(frozen=True)
class Table:
    """Judgments as rows, items and their gold beside them.

    `item[r]` is the index of row r's item among `places`; `gold` is by criterion: of a pair codes
    of shape (n_items,), of a score numbers, of a ranking ranks (n_items, k), where there is none
    -1, nan and zeros; `ratings` is the same for each annotator, (n_items, annotators), None where
    nobody's are known. A checklist is a score, the share of its questions that are met; of steps
    `gold` is the first wrong one from 1, 0 for none, and so is the `value` of `columns`; `parts`
    holds the single questions and steps, None in other runs; `unlike` says of each criterion
    whether people's scores are on another scale than the judge's; `shown` says of each item where
    its media are; `confidence` is None where no reply holds probabilities; `unasked` is what no
    probe could ask, by place.
    """

    header: RunHeader
    columns: Columns
    places: Ints
    item: Ints
    gold: tuple[NDArray[Any], ...]
    ratings: tuple[NDArray[Any] | None, ...]
    strata: Mapping[str, tuple[Ints, tuple[str, ...]]]
    systems: Ints
    system_names: tuple[str, ...]
    shown: "Shown"
    n_bad_items: int
    confidence: Confidence | None = None
    unasked: tuple[Unasked, ...] = ()
    parts: Parts | None = None
    unlike: tuple[bool, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> "Table":
        """Read a run.

        Raises:
            StoreError: There is no readable run.
        """
        with RunStore.open(folder) as store:
            columns = store.columns()
            facts = _Facts(store.header)
            for place, bad, body in store.bodies():
                facts.add(place, bad, body)
            table = facts.table(store.header, columns)
            sure, unasked = read_confidence(store, columns), tuple(store.unasked())
            return replace(table, confidence=sure, unasked=unasked)

    def with_own(self, names: Sequence[str]) -> "Table":
        """The same, of a judge whose own family made what systems of these names made.

        Raises:
            MmjudgeError: No system of the run has such a name.
        """
        if names and not self.system_names:
            raise MmjudgeError("--own: this run does not say which system made which candidate")
        for name in names:
            if not any(fnmatchcase(system, name) for system in self.system_names):
                raise MmjudgeError(f"--own: {unknown('system', name, self.system_names)}")
        judge = self.header.judge.model_copy(update={"own": tuple(names)})
        return replace(self, header=self.header.model_copy(update={"judge": judge}))

    @cached_property
    def own(self) -> Ints:
        """Of two candidates the one of the judge's own family, -1 without one, shape (n_items,)."""
        names = self.header.judge.own
        if self.systems.shape[1:] != (2,) or not names:
            return np.full(len(self.places), -1)
        family = [any(fnmatchcase(s, name) for name in names) for s in self.system_names]
        mine = np.array([*family, False])[self.systems] & (self.systems >= 0)
        alone = (mine.sum(axis=1) == 1) & (self.systems >= 0).all(axis=1)
        return np.where(alone, mine.argmax(axis=1), -1)

    @property
    def criteria(self) -> tuple[str, ...]:
        """Names of the criteria, by index."""
        return tuple(criterion.name for criterion in self.header.task.criteria)

    @property
    def scored(self) -> bool:
        """Whether verdicts come to a number."""
        return self.header.settings.protocol in SCORED

    def same_scale(self, criterion: int | None) -> bool:
        """Whether the numbers of judge and people are on one scale, under a criterion or all."""
        unlike = self.unlike if criterion is None else self.unlike[criterion : criterion + 1]
        return self.header.judge.scale != "own" and not any(unlike)

    @cached_property
    def first(self) -> int:
        """Place of the first criterion that was asked plainly: of a checklist it need not be 0."""
        asked = np.bincount(self.columns.criterion[self.plain], minlength=1)
        return int(np.argmax(asked > 0))

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Rows without a verdict, shape (n,)."""
        failed: NDArray[np.bool_] = np.isin(self.columns.kind, (FAILED, LOST, UNCHANGED))
        return failed

    @property
    def plain(self) -> NDArray[np.bool_]:
        """Rows that were asked plainly, in no changed way, shape (n,)."""
        plain: NDArray[np.bool_] = self.columns.probe < 0
        return plain

    @cached_property
    def verdict(self) -> Ints:
        """Code of each row's preference, -1 where it failed, shape (n,)."""
        return np.where(self.failed, -1, np.nan_to_num(self.columns.value, nan=-1)).astype(np.int64)

    @cached_property
    def ranks(self) -> Floats:
        """Ranks of each row in item order, zeros where it failed, shape (n, k)."""
        ranked = self.columns.rankings
        width = max((len(ranks) for ranks in ranked.values()), default=0)
        width = max([width, *(gold.shape[1] for gold in self.gold if gold.ndim == 2)])
        out = np.zeros((len(self.item), width))
        for row, ranks in ranked.items():
            out[row, : len(ranks)] = ranks
        return out

    @cached_property
    def slots(self) -> Ints:
        """Slot in which each candidate of a row was shown, -1 beyond the last, shape (n, k)."""
        orders = self.columns.orders
        width = max((len(order) for order in orders), default=0)
        table = np.full((len(orders), width), -1, dtype=np.int64)
        for index, order in enumerate(orders):
            table[index, list(order)] = np.arange(len(order))
        return table[self.columns.order] if len(orders) else np.zeros((0, width), dtype=np.int64)

    @cached_property
    def units(self) -> Ints:
        """What is drawn as one in a bootstrap: the first item with the same stratum `twin`.

        Or, of items with a `condition`, the first with the same stratum `pair`. Shape (n_items,);
        an item without a twin stands for itself.
        """
        units = np.arange(len(self.places))
        for codes in self._shared:
            _, first, group = np.unique(codes, return_index=True, return_inverse=True)
            units = np.where(codes > 0, first[group], units)
        return units

    @property
    def _shared(self) -> Iterator[Ints]:
        """Codes of what several items share, 0 for those that share nothing, shape (n_items,)."""
        if CONDITION in self.strata and CONTENT in self.strata:
            yield np.where(self.strata[CONDITION][0] > 0, self.strata[CONTENT][0], 0)
        if TWIN in self.strata:
            yield self.strata[TWIN][0]

    def strata_of(self, axis: str) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Each value of an axis with the rows of its items."""
        if axis in self.strata:
            codes, values = self.strata[axis]
            for code, value in sorted(enumerate(values), key=lambda pair: pair[1]):
                if value:
                    yield value, codes[self.item] == code


class _Facts:
    """Collects what scoring needs of the items, from their JSON, one at a time.

    A run may have a million of them: values are collected flat and coded all at once.
    """

    def __init__(self, header: RunHeader) -> None:
        self.protocol = header.settings.protocol
        self.names = [criterion.name for criterion in header.task.criteria]
        self.places: list[int] = []
        self.gold: list[list[Any]] = [[] for _ in self.names]
        self.ratings: list[Lines] = [Lines() for _ in self.names]
        self.strata: dict[str, dict[int, str]] = {}
        self.systems = Lines()
        self.shown: list[tuple[int, ...]] = []
        self.parts: Collector | None = None
        if self.protocol in ("checklist", "steps"):
            self.parts = Collector(self.protocol, header.task.criteria)
        self.bad = 0

    def add(self, place: int, bad: bool, body: str) -> None:
        """Take the facts of one item; a bad one is only counted."""
        if bad:
            self.bad += 1
            return
        item = from_json(body, allow_inf_nan=False)
        index = len(self.places)
        self.places.append(place)
        gold = item.get("gold", {})
        for name, values, ratings in zip(self.names, self.gold, self.ratings, strict=True):
            one = gold.get(name, {})
            values.append(one.get("value", one.get("ranks")))
            ratings.add(one.get("ratings", ()) if one.get("kind") not in LISTS else ())
        for axis, value in item.get("strata", {}).items():
            self.strata.setdefault(axis, {})[index] = value
        self.systems.add([candidate.get("system") for candidate in item["candidates"]])
        self.shown.append(_shown(item))
        if self.parts is not None:
            self.parts.add(item)

    def table(self, header: RunHeader, columns: Columns) -> Table:
        """All that was collected, with the judgments."""
        places = np.array(self.places, dtype=np.int64)
        systems: dict[str, int] = {}
        for name in self.systems.values:
            if name is not None:
                systems.setdefault(name, len(systems))
        table = Table(
            header=header,
            columns=columns,
            places=places,
            item=np.searchsorted(places, columns.place),
            gold=tuple(self._gold(values) for values in self.gold),
            ratings=tuple(self._ratings(ratings) for ratings in self.ratings),
            strata={axis: _coded(values, len(places)) for axis, values in self.strata.items()},
            systems=self.systems.padded([systems.get(n, -1) for n in self.systems.values], -1),
            system_names=tuple(systems),
            shown=Shown(*np.array(self.shown, dtype=np.int64).reshape(-1, 5).T),
            n_bad_items=self.bad,
        )
        return table if self.parts is None else _with_parts(table, self.parts.asked())

    def _gold(self, values: list[Any]) -> NDArray[Any]:
        if self.protocol in ("pair", "steps"):
            return np.array([_CODES.get(value, NO_GOLD) for value in values], dtype=np.int64)
        if self.protocol in SCORED:
            return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        ranks = Lines()
        for value in values:
            ranks.add(value or ())
        return ranks.padded(np.array(ranks.values, dtype=np.float64), 0)

    def _ratings(self, ratings: "Lines") -> NDArray[Any] | None:
        if self.protocol == "rank" or not ratings.values:
            return None
        if self.protocol == "pair":
            return ratings.padded([_CODES.get(value, NO_GOLD) for value in ratings.values], NO_GOLD)
        known = [np.nan if value is None else float(value) for value in ratings.values]
        return ratings.padded(known, np.nan)


def _with_parts(table: Table, asked: tuple[Asked, ...]) -> Table:
    """The table of a run of checklists or steps, with what its verdicts and its gold come to."""
    columns = table.columns
    nothing = Listed(np.zeros(len(table.item), np.int64), np.zeros(0, np.int32), ("",))
    listed = columns.listed or nothing
    said = said_of(asked, columns.criterion, table.item, table.failed, listed)
    items = np.arange(len(table.places))
    if table.header.settings.protocol == "steps":
        value = np.where(table.failed, np.nan, first_wrong(said))
        gold: tuple[NDArray[Any], ...] = tuple(first_wrong(one.gold) for one in asked)
        unlike = (False,) * len(asked)
        ratings = tuple(_columns([first_wrong(t) for _, t in annotators(one)]) for one in asked)
    else:
        value = np.full(len(table.item), np.nan)
        for place, one in enumerate(asked):
            mine = np.flatnonzero(columns.criterion == place)
            value[mine] = shares(one, table.item[mine], said.take(mine))
        gold = tuple(
            one_gold(c.scale, scores, shares(one, items, one.gold))
            for c, one, scores in zip(table.header.task.criteria, asked, table.gold, strict=True)
        )
        unlike = tuple(
            bool(np.any(~np.isnan(scores))) and (c.scale is None or _ends(c) != (0, 1))
            for c, scores in zip(table.header.task.criteria, table.gold, strict=True)
        )
        ratings = tuple(
            scores if one.ratings is None
            else _columns([shares(one, items, theirs) for _, theirs in annotators(one)])
            for one, scores in zip(asked, table.ratings, strict=True)
        )  # fmt: skip
    return replace(
        table,
        columns=columns._replace(value=value, listed=None),
        gold=gold,
        ratings=ratings,
        parts=Parts(asked, said),
        unlike=unlike,
    )


def _ends(criterion: Criterion) -> tuple[float, float] | None:
    return None if criterion.scale is None else (criterion.scale.lowest, criterion.scale.highest)


def _columns(each: Sequence[NDArray[Any]]) -> NDArray[Any] | None:
    return np.stack(each, axis=1) if each else None


def _shown(item: Mapping[str, Any]) -> tuple[int, ...]:
    """The fields of `Shown` of one item."""
    prompt = _has_media(item["prompt"])
    made = [_has_media(candidate["parts"]) for candidate in item["candidates"]]
    side = 0 if prompt and not any(made) else 1 if all(made) and not prompt else -1
    medium = made.index(True) if len(made) == 2 and sum(made) == 1 else -1
    original = int(item.get("strata", {}).get(TWIN, item["id"]) == item["id"])
    kinds = [_kind(candidate["parts"]) for candidate in item["candidates"]]
    return side, medium, original, *(kinds if len(kinds) == 2 else (0, 0))


def _kind(parts: Sequence[Any]) -> int:
    """The modalities of a candidate, as bits of `KINDS`."""
    return sum({KINDS["text" if isinstance(part, str) else part["modality"]] for part in parts})


def _has_media(parts: Sequence[Any]) -> bool:
    return any(not isinstance(part, str) for part in parts)


def _coded(values: Mapping[int, str], n_items: int) -> tuple[Ints, tuple[str, ...]]:
    """Codes of an axis, 0 and the empty name for items that are not on it."""
    names: dict[str, int] = {"": 0}
    codes = np.zeros(n_items, dtype=np.int64)
    for index, value in values.items():
        codes[index] = names.setdefault(value, len(names))
    return codes, tuple(names)


__all__ = ["NO_GOLD", "RANKING", "Table"]
