"""All numbers of one entry: figures with the resamples that all entries share, biases and cost."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import MeasureError
from mmjudge.leaderboard.boards.tasks import Asked, AskedTask
from mmjudge.metrics.measure import Measure
from mmjudge.report.overview import BIASES, main_of
from mmjudge.scoring.biases import Bias, biases
from mmjudge.scoring.frames import Frame
from mmjudge.scoring.pooled import pool
from mmjudge.scoring.score import ALL, figures, score_table, slices
from mmjudge.scoring.table import MODALITY, Table
from mmjudge.store.run_file import FILE, connect
from mmjudge.store.run_store import RunStore
from mmjudge.types import MetricResult, ProtocolName, Record, RunHeader

Floats = NDArray[np.float64]
Resampled = NDArray[np.float32]
"""Figures of resamples, of which many entries have very many; 7 digits are more than they say."""
Rows = NDArray[np.bool_]
UNSUPPORTED = "unsupported"
USAGE = ("tokens_in", "tokens_out", "latency_s", "cost_usd")
CEILING_RESAMPLES = 200


TAKEN = "taken"
"""In place of a modality: all items but those of modalities of which a judge takes nothing."""


class Figure(Record):
    """A measure of a task, by criterion or modality; `n_units` is what was drawn as one.

    `share`, where that is `TAKEN`, from 0 to 1: of all items those that it is about; for scores
    times the judgments of these that hold one, since a correlation leaves the others out.
    """

    measure: str
    criterion: str
    modality: str = ALL
    value: float | None
    ci95: tuple[float, float] | None = None
    n_items: int
    n_failed: int
    n_units: int
    share: float = 1.0
    note: str = ""


class RunNumbers(Record):
    """One run: how it was asked, and its figures, in the order of their resamples.

    `whole`: whether it is of all items that the board asks of. `not_taken` are the modalities of
    which the judge took nothing; `ALL`, if it took no item.
    """

    header: RunHeader
    whole: bool = True
    items: int
    judgments: int
    failures: dict[str, int]
    usage: dict[str, tuple[float, int]]
    figures: tuple[Figure, ...]
    not_taken: tuple[str, ...] = ()
    ceiling: MetricResult | None = None


class Numbers(Record):
    """What one entry has, by the `id` of a task; biases by protocol, over its tasks together."""

    runs: dict[str, RunNumbers]
    positions: dict[ProtocolName, tuple[MetricResult, ...]]
    probed: dict[ProtocolName, tuple[Bias, ...]]


@dataclass(frozen=True, eq=False)
class Measured:
    """An entry's numbers, and the resamples of its figures, shape (n_figures, n_resamples)."""

    numbers: Numbers
    samples: Resampled

    @cached_property
    def rows(self) -> dict[tuple[str, str, str, str], tuple[Figure, Resampled]]:
        """Each figure with its resamples, by task, criterion, modality and measure."""
        keyed = [
            ((task, one.criterion, one.modality, one.measure), one)
            for task, run in self.numbers.runs.items()
            for one in run.figures
        ]
        return {key: (one, row) for (key, one), row in zip(keyed, self.samples, strict=True)}


def measure_entry(folders: Sequence[Path], asked: Asked) -> Measured:
    """Compute all numbers of an entry on the tasks of a board.

    Args:
        folders: Its runs; those of other tasks are left out.
        asked: The tasks.

    Raises:
        MmjudgeError: A run cannot be read.
    """
    found: dict[str, tuple[Path, Table]] = {}
    for folder in folders:
        with RunStore.open(folder) as store:
            name = _place_of(store.header, asked)
        if name is not None:
            found[name] = folder, Table.load(folder)
    runs, samples = {}, []
    for name in (name for name in asked.tasks if name in found):
        folder, table = found[name]
        numbers, drawn = _run(folder, table, asked.tasks[name], asked)
        runs[name] = numbers
        samples += drawn
    tables = [found[name][1] for name in runs]
    protocols = dict.fromkeys(table.header.settings.protocol for table in tables)
    pooled = {p: pool([t for t in tables if t.header.settings.protocol == p]) for p in protocols}
    return Measured(
        Numbers(
            runs=runs,
            positions={p: _positions(table, asked) for p, table in pooled.items()},
            probed={
                p: tuple(biases(table, asked.resamples, seed=asked.seed, criteria=(table.first,)))
                for p, table in pooled.items()
            },
        ),
        np.array(samples, dtype=np.float32).reshape(len(samples), asked.resamples),
    )


def _place_of(header: RunHeader, asked: Asked) -> str | None:
    """The `id` of the task that a run is of: that of its own strata first, or of all items."""
    for where in (header.settings.where, {}):
        asks = (header.task.label, header.settings.protocol, where)
        for name, task in asked.tasks.items():
            choice = task.choice
            if (choice.task, choice.protocol, choice.where) == asks:
                return name
    return None


def _positions(table: Table, asked: Asked) -> tuple[MetricResult, ...]:
    names = BIASES[table.header.settings.protocol]
    if not names:
        return ()
    found = score_table(table, asked.resamples, (), names, asked.seed, (table.first,))
    return tuple(result for result in found if result.value is not None)


def _run(
    folder: Path, table: Table, task: AskedTask, asked: Asked
) -> tuple[RunNumbers, list[Floats]]:
    with RunStore.open(folder) as store:
        counts, failures, reasons = store.counts(), store.failures(), list(store.reasons())
    refused = np.array([reason == UNSUPPORTED for reason in reasons], dtype=bool)
    nothing = _not_taken(table, refused)
    made = [_figure(one, table, task, asked) for one in _wanted(table, nothing)]
    numbers = RunNumbers(
        header=table.header,
        whole=table.header.settings.where == task.choice.where,
        items=counts["items"],
        judgments=counts["judgments"],
        failures=failures,
        usage=usage(folder),
        figures=tuple(figure for figure, _ in made),
        not_taken=tuple(nothing),
        ceiling=_ceiling(table, asked.seed),
    )
    return numbers, [drawn for _, drawn in made]


def _not_taken(table: Table, refused: Rows) -> dict[str, Rows]:
    """The plain rows of modalities of which a judge takes nothing; of `ALL`, if of none."""
    plain = table.plain
    if not refused[plain].any():
        return {}
    if refused[plain].all():
        return {ALL: plain}
    return {
        value: rows & plain
        for value, rows in table.strata_of(MODALITY)
        if (rows & plain).any() and refused[rows & plain].all()
    }


class _Wanted(NamedTuple):
    """A measure of a slice of a run."""

    measure: Measure
    criterion: str
    modality: str
    frame: Frame
    share: float = 1.0


def _wanted(table: Table, nothing: Mapping[str, Rows]) -> Iterator[_Wanted]:
    """The main measure by criterion, and of the first criterion by modality; the task's own."""
    if ALL in nothing:
        return
    main = Measure.parse(main_of(table))
    own = Measure.parse(table.header.task.primary)
    by = (MODALITY,) if MODALITY in table.strata else ()
    for stratum, rows in slices(table, by):
        modality = stratum.removeprefix(f"{MODALITY}=")
        whole = stratum == ALL
        if modality in nothing:
            continue
        for criterion in range(len(table.criteria)) if whole else (table.first,):
            measures = dict.fromkeys((main, own) if whole and criterion == table.first else (main,))
            for figure in figures(table, list(measures), criterion, (stratum, rows)):
                yield _Wanted(figure.measure, figure.criterion, modality, figure.frame)
    yield from _of_taken(table, main, nothing)


def _of_taken(table: Table, main: Measure, nothing: Mapping[str, Rows]) -> Iterator[_Wanted]:
    """The main measure of the first criterion over what the judge takes, and the share of that.

    A pair or a ranking without a verdict is wrong; a score that is missing leaves the correlation,
    so it lessens the share: else a judge would gain by failing on what it is bad at.
    """
    rows = table.plain & ~np.logical_or.reduce([*nothing.values(), np.zeros_like(table.plain)])
    asked = table.plain & (table.columns.criterion == table.first)
    share = len(np.unique(table.item[rows & asked])) / max(1, len(np.unique(table.item[asked])))
    if main.protocol == "score" and (rows & asked).any():
        share *= 1 - float(table.failed[rows & asked].mean())
    for figure in figures(table, [main], table.first, (ALL, rows)):
        yield _Wanted(main, figure.criterion, TAKEN, figure.frame, share)


def _figure(wanted: _Wanted, table: Table, task: AskedTask, asked: Asked) -> tuple[Figure, Floats]:
    frame, measure = wanted.frame, wanted.measure
    units = task.unit[table.places[frame.item]]
    sample = np.full(asked.resamples, np.nan)
    value = float(np.asarray(measure(frame.columns))) if len(units) else np.nan
    if not np.isnan(value):
        for start, weights in asked.draws(task.choice.protocol):
            sample[start : start + len(weights)] = measure(frame.columns, weights[:, units])
        if measure.of is None and measure.spec.centred:
            sample += value - np.nanmean(sample)
    defined = sample[~np.isnan(sample)]
    figure = Figure(
        measure=str(measure),
        criterion=wanted.criterion,
        modality=wanted.modality,
        value=None if np.isnan(value) else value,
        ci95=interval(sample),
        n_items=frame.n_items,
        n_failed=frame.n_failed,
        n_units=len(np.unique(units)),
        share=wanted.share,
        note=_note(value, len(sample) - len(defined), asked.resamples),
    )
    return figure, sample


def interval(sample: NDArray[np.floating[Any]]) -> tuple[float, float] | None:
    """Percentile interval of the resamples that are defined, None where none is."""
    defined = sample[~np.isnan(sample)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def _note(value: float, undefined: int, resamples: int) -> str:
    if np.isnan(value):
        return "undefined: the judge or the gold is constant, or nothing is left to compare"
    return f"undefined in {undefined} of {resamples} resamples" if undefined else ""


def _ceiling(table: Table, seed: int) -> MetricResult | None:
    """What one person reaches against the others, by the main measure of the first criterion."""
    if not table.ratings or table.ratings[table.first] is None:
        return None
    name = f"ceiling(of={main_of(table)})"
    try:
        found = score_table(table, CEILING_RESAMPLES, (), (name,), seed, (table.first,))
    except MeasureError:
        return None
    return next((one for one in found if one.value is not None), None)


def usage(folder: Path) -> dict[str, tuple[float, int]]:
    """Sum of what replies say that they took, and how many of them say it, by field."""
    parts = ", ".join(
        f"total(json_extract(reply, '$.{name}')), count(json_extract(reply, '$.{name}'))"
        for name in USAGE
    )
    with closing(connect(folder / FILE, "ro")) as connection:
        row = connection.execute(f"SELECT {parts} FROM judgments").fetchone()
    return {name: (float(row[2 * i]), int(row[2 * i + 1])) for i, name in enumerate(USAGE)}


def packed(measured: Measured) -> Mapping[str, NDArray[np.generic]]:
    """An entry's numbers as arrays, for the cache."""
    text = measured.numbers.model_dump_json().encode()
    return {"numbers": np.frombuffer(text, dtype=np.uint8), "samples": measured.samples}


def unpacked(arrays: Mapping[str, NDArray[np.generic]]) -> Measured | None:
    """An entry's numbers as they were packed, None where they are damaged."""
    try:
        numbers = Numbers.model_validate_json(arrays["numbers"].tobytes())
        samples = np.asarray(arrays["samples"], dtype=np.float32)
    except (KeyError, ValueError):
        return None
    count = sum(len(run.figures) for run in numbers.runs.values())
    return Measured(numbers, samples) if samples.shape[:1] == (count,) else None
