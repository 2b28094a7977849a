"""Cells with places: values, intervals and who is separated from whom, a column at a time."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.leaderboard.boards.board import Cell, Duel
from mmjudge.leaderboard.boards.numbers import Figure, Measured, interval
from mmjudge.leaderboard.boards.ranked_columns import Part, Plan
from mmjudge.leaderboard.boards.tasks import AskedTask
from mmjudge.metrics.places import Compared, Parts, compared, margin, place_intervals
from mmjudge.scoring.score import ALL

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEVEL = 0.05


class Ranked(NamedTuple):
    """A column as it was computed.

    Attributes:
        cells: By the place of the entry.
        entries: Places of the entries that have a place in the column.
        compared: All pairs of these; differences as the column has them, above 0 is better.
    """

    cells: dict[int, Cell]
    entries: Ints
    compared: Compared | None

    @property
    def separated(self) -> tuple[int, int]:
        """Pairs that the data separate, and all that were compared."""
        if self.compared is None:
            return 0, 0
        p = self.compared.p_holm[np.triu_indices(len(self.entries), 1)]
        return int((p <= LEVEL).sum()), int((~np.isnan(p)).sum())


class _Matrix(NamedTuple):
    """What the entries have in the parts of a column: figures, None where missing, and parts."""

    figures: list[list[Figure | None]]
    parts: Parts


def rank(plan: Plan, entries: Sequence[Measured], tasks: Mapping[str, AskedTask]) -> Ranked:
    """Compute a column: its cells, and the interval of each entry's place.

    Args:
        plan: The column, and what it is made of.
        entries: The numbers of all entries.
        tasks: The board's tasks, by id.
    """
    matrix = _matrix(plan, entries, tasks)
    has = np.array([any(row) for row in matrix.figures], dtype=bool)
    known = np.flatnonzero(has & ~np.isnan(matrix.parts.values).all(axis=1))
    cells = {}
    for place in known.tolist():
        cells[place] = _cell(plan, matrix, place)
    cells |= _partial(plan, entries, known)
    if plan.column.direction not in ("higher", "lower") or not plan.column.ranked:
        return Ranked(cells, known[:0], None)
    found = compared(_rows(matrix.parts, known, -1 if plan.column.direction == "lower" else 1))
    for place, (best, worst) in zip(known.tolist(), place_intervals(found, LEVEL), strict=True):
        cells[place] = cells[place].model_copy(update={"places": (int(best), int(worst))})
    return Ranked(cells, known, found)


def _matrix(plan: Plan, entries: Sequence[Measured], tasks: Mapping[str, AskedTask]) -> _Matrix:
    n_resamples = entries[0].samples.shape[1] if entries else 0
    shape = (len(entries), len(plan.parts))
    fill = 0.0 if plan.imputed else np.nan
    values, samples = np.full(shape, fill), np.full((*shape, n_resamples), fill)
    every = [len(np.unique(u[u >= 0])) for u in (tasks[part.task].unit for part in plan.parts)]
    units = np.tile(np.array(every, dtype=np.int64), (len(entries), 1))
    figures: list[list[Figure | None]] = []
    for i, entry in enumerate(entries):
        rows = entry.rows
        figures.append([_whole(entry, part) for part in plan.parts])
        for j, part in enumerate(plan.parts):
            figure = figures[i][j]
            if figure is None or figure.value is None:
                continue
            values[i, j] = _skill(np.array(figure.value), part, figure.share)
            samples[i, j] = _skill(rows[part.key][1].astype(np.float64), part, figure.share)
            units[i, j] = figure.n_units
    weights = np.array([part.weight for part in plan.parts])
    return _Matrix(figures, Parts(values, samples, units, weights))


def _whole(entry: Measured, part: Part) -> Figure | None:
    """The entry's figure of a part, None where it is missing or of some items only."""
    found = entry.rows.get(part.key)
    return found[0] if found is not None and entry.numbers.runs[part.task].whole else None


def _skill(value: Floats, part: Part, share: float) -> Floats:
    """A figure as it is, or how far it is above chance, 1 at most, over all items."""
    return value if part.chance is None else share * (value - part.chance) / (1 - part.chance)


def _rows(parts: Parts, places: Ints, sign: int) -> Parts:
    return Parts(
        sign * parts.values[places],
        sign * parts.samples[places],
        parts.units[places],
        parts.weights,
    )


def _cell(plan: Plan, matrix: _Matrix, place: int) -> Cell:
    """The weighted mean of what an entry has."""
    values, w = matrix.parts.values[place], matrix.parts.weights
    there = ~np.isnan(values) & (w > 0)
    share = w[there] / w[there].sum()
    known = [one for one in matrix.figures[place] if one is not None and one.value is not None]
    return Cell(
        value=float(values[there] @ share),
        ci95=interval(share @ matrix.parts.samples[place][there]),
        n_items=sum(one.n_items for one in known),
        n_failed=sum(one.n_failed for one in known),
        note=_note(plan, matrix.figures[place], known),
    )


def _note(plan: Plan, figures: Sequence[Figure | None], known: Sequence[Figure]) -> str:
    notes = [one.note for one in known if one.note and len(plan.parts) == 1]
    if len(known) < len(figures):
        rest = "the others count 0" if plan.imputed else "compared on these alone"
        notes.append(f"{len(known)} of {len(figures)} tasks; {rest}")
    return "; ".join(notes)


def _partial(plan: Plan, entries: Sequence[Measured], known: Ints) -> dict[int, Cell]:
    """Cells without a place: figures of some items only, undefined ones, and what is not taken."""
    cells: dict[int, Cell] = {}
    if plan.imputed:
        return cells
    for place in sorted(set(range(len(entries))) - set(known.tolist())):
        if len(plan.parts) == 1 and plan.parts[0].key in entries[place].rows:
            cells[place] = _unplaced(entries[place], plan.parts[0])
        elif any(_takes_nothing(entries[place], part) for part in plan.parts):
            cells[place] = Cell(value=None, note="the judge takes none of these items")
    return cells


def _unplaced(entry: Measured, part: Part) -> Cell:
    figure, where = entry.rows[part.key][0], entry.numbers.runs[part.task].header.settings.where
    only = ", ".join(f"{axis} {value}" for axis, value in sorted(where.items()))
    notes = [f"only items of {only}, so it has no place"] if only else []
    return Cell(
        value=figure.value,
        ci95=figure.ci95,
        n_items=figure.n_items,
        n_failed=figure.n_failed,
        note="; ".join([*notes, *filter(None, [figure.note])]),
    )


def _takes_nothing(entry: Measured, part: Part) -> bool:
    run = entry.numbers.runs.get(part.task)
    return run is not None and bool({ALL, part.modality} & set(run.not_taken))


def duels(plan: Plan, ranked: Ranked, ids: Sequence[str]) -> Iterator[Duel]:
    """All pairs of a column that were compared.

    Args:
        plan: The column.
        ranked: As it was computed.
        ids: Names of the entries, by place.
    """
    found = ranked.compared
    if found is None:
        return
    sign = -1.0 if plan.column.direction == "lower" else 1.0
    wide = margin(found.units, LEVEL) * found.error
    for i, j in zip(*np.triu_indices(len(ranked.entries), 1), strict=True):
        if np.isnan(found.difference[i, j]):
            continue
        a, b = (ids[ranked.entries[k]] for k in (i, j))
        difference = sign * float(found.difference[i, j])
        tested = not np.isnan(found.p_value[i, j])
        certain = tested and found.p_holm[i, j] <= LEVEL
        low, high = difference - float(wide[i, j]), difference + float(wide[i, j])
        yield Duel(
            a=a,
            b=b,
            column=plan.column.id,
            difference=difference,
            ci95=(low, high) if tested else None,
            p_value=float(found.p_value[i, j]) if tested else None,
            p_holm=float(found.p_holm[i, j]) if tested else None,
            n_items=int(found.units[i, j]),
            better=(a if found.difference[i, j] > 0 else b) if certain else None,
        )
