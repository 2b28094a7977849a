"""Runs of one judge on several tasks as one table: what figures across tasks are computed from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import StoreError
from mmjudge.scoring.confidence import Confidence
from mmjudge.scoring.parts import Parts, pooled_parts
from mmjudge.scoring.table import CONTENT, NO_GOLD, TWIN, Ints, Shown, Table
from mmjudge.store.probed_rows import Unasked
from mmjudge.store.run_store import Columns
from mmjudge.types import RunHeader

V = TypeVar("V")
Strata = dict[str, tuple[Ints, tuple[str, ...]]]
TASK = "task"
"""The axis of strata that a pooled table has beside those of its tasks: name and version."""


def pool(tables: Sequence[Table]) -> Table:
    """The judgments of several runs of one judge under one protocol, as if of one task.

    Criteria of the same name are one criterion. The measures of the first task are those of all.
    What compares systems or annotators is of one task alone, and left out.

    Args:
        tables: Of different tasks; at least one.

    Returns:
        The only table itself, or one of all items in turn, with the axis `task`.

    Raises:
        StoreError: Judge or protocol differ, or two runs are of the same task.
    """
    first = tables[0]
    if len(tables) == 1:
        return first
    for other in tables[1:]:
        _check(first, other)
    labels = [table.header.task.label for table in tables]
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise StoreError(f"two runs of {', '.join(twice)} by {first.header.judge.name}: give one")
    header = _header(tables)
    names = [criterion.name for criterion in header.task.criteria]
    starts = np.cumsum([0, *(len(table.places) for table in tables)])
    sizes = list(zip(tables, starts.tolist(), strict=False))
    return Table(
        header=header,
        columns=_columns(tables, names, starts.tolist()),
        places=np.arange(starts[-1]),
        item=np.concatenate([table.item + start for table, start in sizes]),
        gold=tuple(_gold(tables, name) for name in names),
        ratings=(None,) * len(names),
        strata=_strata(tables),
        systems=np.full((int(starts[-1]), 2), -1),
        system_names=(),
        shown=Shown(*(np.concatenate(c) for c in zip(*(t.shown for t in tables), strict=True))),
        n_bad_items=sum(table.n_bad_items for table in tables),
        confidence=_confidence(tables),
        unasked=_unasked(tables, names, starts.tolist()),
        parts=_parts(tables, names),
        unlike=tuple(any(_unlike(table, name) for table in tables) for name in names),
    )


def _parts(tables: Sequence[Table], names: Sequence[str]) -> Parts | None:
    """Single questions and steps of all tables."""
    each = [(t.parts, t.criteria, len(t.places)) for t in tables if t.parts is not None]
    return pooled_parts(each, names) if each else None


def _unlike(table: Table, name: str) -> bool:
    return name in table.criteria and any(
        unlike for unlike, own in zip(table.unlike, table.criteria, strict=False) if own == name
    )


def without(table: Table, rows: NDArray[np.bool_]) -> Table:
    """The table less some judgments; its items stay.

    Args:
        table: The judgments.
        rows: What is left out, shape (n,).
    """
    kept = np.flatnonzero(~rows)
    columns, sure = table.columns, table.confidence
    return replace(
        table,
        columns=Columns(
            columns.place[kept],
            columns.criterion[kept],
            columns.order[kept],
            columns.repeat[kept],
            columns.kind[kept],
            columns.value[kept],
            columns.orders,
            _kept(columns.rankings, kept),
            columns.probe[kept],
            columns.probes,
            _kept(columns.cues, kept),
        ),
        parts=table.parts and table.parts._replace(said=table.parts.said.take(kept)),
        item=table.item[kept],
        confidence=sure and Confidence(*(column[kept] for column in sure)),
    )


def _kept(values: Mapping[int, V], rows: NDArray[np.int64]) -> dict[int, V]:
    """What single rows have, by their new places among those that are kept."""
    return {place: values[row] for place, row in enumerate(rows.tolist()) if row in values}


def _header(tables: Sequence[Table]) -> RunHeader:
    """The first table's header, with a task that has the criteria, and the probes, of all."""
    criteria = {c.name: c for table in tables for c in table.header.task.criteria}
    task = {"name": "pooled", "version": 1, "criteria": tuple(criteria.values()), "groups": None}
    first = tables[0].header
    probes = {card.name: card for table in tables for card in table.header.probes}
    return first.model_copy(
        update={"task": first.task.model_copy(update=task), "probes": tuple(probes.values())}
    )


def _check(first: Table, other: Table) -> None:
    for name, mine, theirs in (
        ("judge", first.header.judge.name, other.header.judge.name),
        ("protocol", first.header.settings.protocol, other.header.settings.protocol),
    ):
        if mine != theirs:
            raise StoreError(f"runs of {name} {mine} and {theirs} cannot be pooled")


def _columns(tables: Sequence[Table], names: list[str], starts: list[int]) -> Columns:
    orders: dict[tuple[int, ...], int] = {}
    rankings: dict[int, tuple[float, ...]] = {}
    cues: dict[int, tuple[int, ...]] = {}
    probes = tuple(dict.fromkeys(name for table in tables for name in table.columns.probes))
    criteria, shown, asked, rows = [], [], [], 0
    for table in tables:
        columns = table.columns
        order = [orders.setdefault(one, len(orders)) for one in columns.orders]
        criterion = [names.index(name) for name in table.criteria]
        criteria.append(np.array(criterion, dtype=np.int64)[columns.criterion])
        shown.append(np.array(order, dtype=np.int64)[columns.order])
        rankings |= {row + rows: ranks for row, ranks in columns.rankings.items()}
        cues |= {row + rows: cue for row, cue in columns.cues.items()}
        probe = [probes.index(name) for name in columns.probes]
        asked.append(np.array([*probe, -1], dtype=np.int64)[columns.probe])
        rows += len(columns.kind)
    return Columns(
        np.concatenate([t.item + start for t, start in zip(tables, starts, strict=False)]),
        np.concatenate(criteria),
        np.concatenate(shown),
        np.concatenate([table.columns.repeat for table in tables]),
        np.concatenate([table.columns.kind for table in tables]),
        np.concatenate([table.columns.value for table in tables]),
        tuple(orders),
        rankings,
        np.concatenate(asked),
        probes,
        cues,
    )


def _unasked(tables: Sequence[Table], names: list[str], starts: list[int]) -> tuple[Unasked, ...]:
    """What was not asked, by the places and criteria of the pooled table."""
    found = []
    for table, start in zip(tables, starts, strict=False):
        at = np.searchsorted(table.places, [row.place for row in table.unasked])
        for row, item in zip(table.unasked, at.tolist(), strict=True):
            criterion = names.index(table.criteria[row.criterion])
            found.append(row._replace(place=item + start, criterion=criterion))
    return tuple(found)


def _gold(tables: Sequence[Table], name: str) -> NDArray[Any]:
    """Gold of a criterion for the items of all tables, unknown where a task does not have it."""
    parts = [
        table.gold[table.criteria.index(name)]
        if name in table.criteria
        else _no_gold(table.gold[0])
        for table in tables
    ]
    width = max(part.shape[1] if part.ndim == 2 else 0 for part in parts)
    if width:
        parts = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts]
    return np.concatenate(parts)


def _no_gold(like: NDArray[Any]) -> NDArray[Any]:
    nothing = 0 if like.ndim == 2 else np.nan if like.dtype.kind == "f" else NO_GOLD
    return np.full_like(like, nothing)


def _strata(tables: Sequence[Table]) -> Strata:
    """Strata of all items, recoded; those of a task alone are empty elsewhere."""
    taken = _taken_twice(tables)
    labelled = []
    for table in tables:
        label, strata = table.header.task.label, dict(table.strata)
        if TWIN in strata:
            codes, twins = strata[TWIN]
            strata[TWIN] = codes, tuple(f"{label} {t}" if t in taken else t for t in twins)
        if CONTENT in strata:
            codes, contents = strata[CONTENT]
            strata[CONTENT] = codes, tuple(f"{label} {c}" if c else c for c in contents)
        strata[TASK] = np.ones(len(table.places), dtype=np.int64), ("", label)
        labelled.append(strata)
    joined: Strata = {}
    for axis in dict.fromkeys(axis for strata in labelled for axis in strata):
        names: dict[str, int] = {"": 0}
        parts = []
        for table, strata in zip(tables, labelled, strict=True):
            codes, values = strata.get(axis, (np.zeros(len(table.places), dtype=np.int64), ("",)))
            known = [names.setdefault(value, len(names)) for value in values]
            parts.append(np.array(known, dtype=np.int64)[codes])
        joined[axis] = (np.concatenate(parts), tuple(names))
    return joined


def _taken_twice(tables: Sequence[Table]) -> set[str]:
    """Names that several tasks have given to twins of their own, who are no twins of each other."""
    owners: Counter[str] = Counter()
    for table in tables:
        codes, names = table.strata.get(TWIN, (np.zeros(len(table.places), dtype=np.int64), ()))
        owners.update(names[code] for code in np.unique(codes[table.shown.original == 1]) if code)
    return {name for name, count in owners.items() if count > 1}


def _confidence(tables: Sequence[Table]) -> Confidence | None:
    if all(table.confidence is None for table in tables):
        return None
    parts = [
        table.confidence or Confidence(*np.full((3, len(table.item)), np.nan)) for table in tables
    ]
    return Confidence(*(np.concatenate(column) for column in zip(*parts, strict=True)))
