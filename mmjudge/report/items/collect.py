"""All items of runs by number, and all units: what a page needs to list and filter them."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import from_json

from mmjudge.report.items.known import Known, Names
from mmjudge.report.items.units import RowFacts, Units, together, units_of
from mmjudge.report.overview import Judged
from mmjudge.report.untrusted import visible
from mmjudge.scoring.table import Ints
from mmjudge.store.run_store import RunStore
from mmjudge.types import RunHeader

TITLE = 72
"""Characters of an item's first text that a list shows."""
MOST_VALUES = 200
"""An axis of more values, such as one that names twins, is no filter."""


class Run(NamedTuple):
    """A run, and where its judgments are.

    Attributes:
        folder: Of its store.
        judge: Number of the judge.
        header: Its header.
        criteria: Code of each of its criteria among all.
        rows: Its judgments by number of the item, as rows of its table, shape (n,).
        ids: Of each of these the id of its row in the store.
        numbers: Of each of these the number of its item, ascending.
        facts: Of each judgment, by row.
    """

    folder: Path
    judge: int
    header: RunHeader
    criteria: tuple[int, ...]
    rows: Ints
    ids: Ints
    numbers: Ints
    facts: RowFacts


class Items:
    """The items of all runs, by number: those of one task, protocol and id are one.

    Attributes:
        run: Place of the run that an item is read from.
        place: Its place there.
        task: Code of its task.
        protocol: Code of its protocol.
        names: Its id.
        titles: Its first words.
        axes: Values of each axis of strata, and each item's code of it, 0 for none.
    """

    def __init__(self) -> None:
        self.tasks, self.protocols = Names(), Names()
        self.run, self.place = array("l"), array("q")
        self.task, self.protocol = array("l"), array("l")
        self.names: list[str] = []
        self.titles: list[str] = []
        self.axes: dict[str, tuple[Names, array[int]]] = {}
        self._numbers: dict[tuple[int, int, str], int] = {}

    def __len__(self) -> int:
        return len(self.names)

    def add(self, run: int, header: RunHeader, place: int, item: Mapping[str, Any]) -> int:
        """The number of an item, which is new or known from another run."""
        (task,) = self.tasks.of([header.task.label])
        (protocol,) = self.protocols.of([header.settings.protocol])
        key = (task, protocol, item["id"])
        number = self._numbers.setdefault(key, len(self.names))
        if number == len(self.names):
            self.run.append(run)
            self.place.append(place)
            self.task.append(task)
            self.protocol.append(protocol)
            self.names.append(item["id"])
            self.titles.append(_title(item))
            for axis, value in item.get("strata", {}).items():
                self._add_stratum(axis, value, number)
        return number

    def _add_stratum(self, axis: str, value: str, number: int) -> None:
        if axis not in self.axes:
            names = Names()
            names.of([""])
            self.axes[axis] = (names, array("l"))
        names, codes = self.axes[axis]
        codes.extend([0] * (number - len(codes)))
        codes.append(names.of([value])[0])

    def filters(self) -> Iterator[tuple[str, list[str], list[int]]]:
        """Each axis that may be filtered by, with its values and the code of every item."""
        for axis, (names, codes) in self.axes.items():
            if len(names) <= MOST_VALUES + 1:
                yield axis, names.all, [*codes, *[0] * (len(self) - len(codes))]


class Collected(NamedTuple):
    """All of it."""

    judges: tuple[str, ...]
    own_scale: tuple[bool, ...]
    runs: tuple[Run, ...]
    items: Items
    units: Units
    known: Known


def collect(judges: Sequence[Judged]) -> Collected:
    """Number the items of all runs of judges, and compute their units.

    Raises:
        StoreError: A run cannot be read.
    """
    items, known = Items(), Known()
    runs: list[Run] = []
    parts: list[Units] = []
    for judge, judged in enumerate(judges):
        for folder, table in zip(judged.runs, judged.tables, strict=True):
            at, ids, reasons = _numbered(folder, table.header, len(runs), items)
            units, facts = units_of(table, at, judge, reasons, known)
            of_rows = at[table.item]
            rows = np.argsort(of_rows, kind="stable")
            criteria = tuple(known.criteria.of(table.criteria))
            where = (rows, ids[rows], of_rows[rows])
            runs.append(Run(folder, judge, table.header, criteria, *where, facts))
            parts.append(units)
    return Collected(
        tuple(judged.name for judged in judges),
        tuple(judged.card.scale == "own" for judged in judges),
        tuple(runs),
        items,
        together(parts),
        known,
    )


def _numbered(
    folder: Path, header: RunHeader, index: int, items: Items
) -> tuple[Ints, Ints, Sequence[str | None]]:
    """The number of each item of a run; of each judgment its id in the store, and why it failed."""
    with RunStore.open(folder) as store:
        bodies = ((place, from_json(body)) for place, bad, body in store.bodies() if not bad)
        numbers = [items.add(index, header, place, item) for place, item in bodies]
        reasons = store.reasons()
        found = store.connection.execute("SELECT rowid FROM judgments ORDER BY rowid")
        ids = np.array([row[0] for row in found], dtype=np.int64)
    return np.array(numbers, dtype=np.int64), ids, reasons


def _title(item: Mapping[str, Any]) -> str:
    """The first text of an item, in one line."""
    parts = [*item["prompt"], *(p for c in item["candidates"] for p in c["parts"])]
    first = next((part for part in parts if isinstance(part, str) and part.strip()), "")
    line = " ".join(first[: 4 * TITLE].split())
    return visible(line if len(line) <= TITLE else f"{line[: TITLE - 3].rstrip()}...", 2 * TITLE)
