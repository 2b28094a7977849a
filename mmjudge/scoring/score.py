"""From a stored run to figures: every measure that fits, with intervals; and published rules."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmjudge.errors import MmjudgeError
from mmjudge.metrics.measure import RATINGS, Measure, intervals, measures
from mmjudge.metrics.registry import fits
from mmjudge.metrics.resample import Interval, bootstrap
from mmjudge.registry import TASKS, registry
from mmjudge.scoring.frames import Frame, Rows, Slice, known_gold
from mmjudge.scoring.presentations import presented
from mmjudge.scoring.table import Table
from mmjudge.sources.samples import SAMPLE
from mmjudge.store.run_store import RunStore
from mmjudge.task import BadItem, JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Item, MetricResult, TaskSpec

ALL = "all"
NO_PROBABILITIES = (
    "no probabilities in the replies: ask for them, such as with --judge hf:MODEL -J mode=logits"
)
ONE_SIDED = 0.95
"""Share of the decided items from which on a task's gold is reported to sit in one slot."""


class Figure(NamedTuple):
    """A measure of a slice, with what it is called in a report."""

    measure: Measure
    criterion: str
    stratum: str
    frame: Frame


def score_run(
    folder: Path,
    n_resamples: int = 1000,
    by: tuple[str, ...] = (),
    measures: tuple[str, ...] = (),
    seed: int = 0,
    own: Sequence[str] = (),
) -> list[MetricResult]:
    """All figures of a run, the primary measure of each criterion first.

    Args:
        folder: The run.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        by: Axes of strata to break down by, beside the whole.
        measures: Names of measures to compute instead of all that fit; with them the published
            rules are left out.
        seed: Seed of the bootstrap.
        own: Systems of the judge's own family, instead of those on its card.

    Raises:
        StoreError: There is no readable run.
        MeasureError: A measure is unknown, or an axis is.
        MmjudgeError: No system of the run is called as one of `own`.
    """
    table = Table.load(folder)
    return score_loaded(
        folder, table.with_own(own) if own else table, n_resamples, by, measures, seed
    )


def score_loaded(
    folder: Path,
    table: Table,
    n_resamples: int = 1000,
    by: tuple[str, ...] = (),
    measures: tuple[str, ...] = (),
    seed: int = 0,
) -> list[MetricResult]:
    """The same of a run whose table is loaded."""
    results = score_table(table, n_resamples, by, measures, seed)
    if not measures:
        results += published(folder, table, n_resamples, seed)
    return results


def score_table(
    table: Table,
    n_resamples: int = 1000,
    by: tuple[str, ...] = (),
    measures: tuple[str, ...] = (),
    seed: int = 0,
    criteria: Sequence[int] | None = None,
) -> list[MetricResult]:
    """All figures of judgments, but for the published rules of their task.

    Args:
        table: The judgments of a run, or of several runs pooled.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        by: Axes of strata to break down by, beside the whole.
        measures: Names of measures to compute instead of all that fit.
        seed: Seed of the bootstrap.
        criteria: Places of the criteria to score, each alone; all, and what is measured over them
            together, if left out.

    Raises:
        MeasureError: A measure is unknown.
        MmjudgeError: An axis is unknown.
    """
    chosen = choose(table.header.task, table.header.settings.protocol, measures)
    asked = (*range(len(table.criteria)), None) if criteria is None else criteria
    results: list[MetricResult] = []
    for stratum, rows in slices(table, by):
        for criterion in asked:
            found = list(figures(table, chosen, criterion, (stratum, rows)))
            results += _results(table, found, n_resamples, seed)
            results += _unsure(table, chosen if measures else (), criterion, (stratum, rows))
    for criterion in asked:
        for found in _presented(table, chosen, criterion):
            results += _results(table, found, n_resamples, seed)
    return results


def choose(spec: TaskSpec, protocol: str, names: Sequence[str]) -> list[Measure]:
    """The measures to try: those named, or the task's own and all others of the protocol.

    Fairness is only measured for a task whose card names a fairness measure.
    """
    if names:
        return [Measure.parse(name) for name in names]
    first = [Measure.parse(name) for name in (spec.primary, *spec.measures)]
    every = measures(protocol=protocol)  # type: ignore[arg-type]
    fair = any(m.kind == "fairness" for m in first)
    plain = [
        m
        for m in dict.fromkeys((*first, *every))
        if fits(m.protocol, protocol) and (m.kind != "fairness" or fair)
    ]
    ceilings = [
        Measure("ceiling", of=m) for m in plain if m.columns in RATINGS and m.direction != "zero"
    ]
    return plain + ceilings


def slices(table: Table, by: Sequence[str]) -> Iterator[tuple[str, Rows]]:
    """The plain judgments of the whole run, then those of each value of each axis."""
    yield ALL, table.plain
    for axis in by:
        if axis not in table.strata:
            known = ", ".join(sorted(table.strata)) or "none"
            raise MmjudgeError(f"--by {axis}: no such axis of strata; this run has {known}")
        for value, rows in table.strata_of(axis):
            yield f"{axis}={value}", rows & table.plain


def figures(
    table: Table, chosen: Sequence[Measure], criterion: int | None, stratum: tuple[str, Rows]
) -> Iterator[Figure]:
    """The measures that a slice has something for; criterion None is for those over several."""
    if criterion is None and len(table.criteria) < 2:
        return
    cut = Slice(table, criterion, stratum[1])
    name = ALL if criterion is None else table.criteria[criterion]
    for measure in chosen:
        frame = cut.frame(measure)
        if frame is not None:
            yield Figure(measure, name, stratum[0], frame)


def _presented(
    table: Table, chosen: Sequence[Measure], criterion: int | None
) -> Iterator[list[Figure]]:
    """The measures of each two presentations of the same pairs, where a run has several."""
    these = [measure for measure in chosen if measure.kind == "presentation"]
    if criterion is None or not these:
        return
    for stratum, frame in presented(table, criterion):
        yield [Figure(measure, table.criteria[criterion], stratum, frame) for measure in these]


def _results(
    table: Table, found: Sequence[Figure], n_resamples: int, seed: int
) -> list[MetricResult]:
    """Measures of the same rows share their resamples."""
    shared: dict[tuple[str, ...], list[Figure]] = defaultdict(list)
    for figure in found:
        shared[figure.measure.columns].append(figure)
    computed: dict[Measure, Interval] = {}
    for group in shared.values():
        frame = group[0].frame
        these = [figure.measure for figure in group]
        if n_resamples:
            units = table.units[frame.item]
            spans = intervals(these, frame.columns, units, n_resamples, seed=seed)
        else:
            spans = [_plain(measure, frame) for measure in these]
        computed.update(zip(these, spans, strict=True))
    return [_result(table, figure, computed[figure.measure], n_resamples) for figure in found]


def _plain(measure: Measure, frame: Frame) -> Interval:
    value = float(np.asarray(measure(frame.columns)))
    return Interval(value, np.nan, np.nan, 0)


def _result(table: Table, figure: Figure, span: Interval, n_resamples: int) -> MetricResult:
    return MetricResult(
        metric=str(figure.measure),
        task=table.header.task.label,
        criterion=figure.criterion,
        stratum=figure.stratum,
        value=None if np.isnan(span.value) else span.value,
        ci95=None if np.isnan(span.low) else (span.low, span.high),
        n_items=figure.frame.n_items,
        n_failed=figure.frame.n_failed,
        note="; ".join(filter(None, (_note(span, n_resamples), figure.frame.note))),
    )


def _unsure(
    table: Table, named: Sequence[Measure], criterion: int | None, stratum: tuple[str, Rows]
) -> list[MetricResult]:
    """What is said of the measures of confidence that were asked for where there is none."""
    if criterion is None or table.confidence is not None:
        return []
    rows = stratum[1] & (table.columns.criterion == criterion)
    return [
        MetricResult(
            metric=str(measure),
            task=table.header.task.label,
            criterion=table.criteria[criterion],
            stratum=stratum[0],
            value=None,
            ci95=None,
            n_items=len(np.unique(table.item[rows])),
            n_failed=int(table.failed[rows].sum()),
            note=NO_PROBABILITIES,
        )
        for measure in named
        if "confidence" in measure.columns
    ]


def _note(span: Interval, n_resamples: int) -> str:
    if np.isnan(span.value):
        return "undefined: the judge or the gold is constant, or nothing is left to compare"
    if span.n_undefined:
        return f"undefined in {span.n_undefined} of {n_resamples} resamples"
    return ""


def task_warnings(table: Table) -> list[str]:
    """What a reader must know of a task and a run before believing the figures.

    A pair task whose gold is nearly always the same candidate of the file rewards a judge that
    always picks one slot, unless the orders are balanced. Without any gold nothing can be right.
    """
    warnings = []
    if not any(known_gold(gold).any() for gold in table.gold):
        warnings.append("no item has gold: whether the judge is right cannot be said")
    warnings += _part(table)
    warnings += _all_failed(table)
    for criterion, gold in zip(table.criteria, table.gold, strict=True):
        if table.header.settings.protocol != "pair":
            continue
        decided = gold[(gold == 0) | (gold == 1)]
        for code, name in enumerate(("first", "second")):
            alike = int((decided == code).sum())
            if len(decided) >= 20 and alike >= ONE_SIDED * len(decided):
                warnings.append(
                    f"{criterion}: the gold is the {name} candidate in {alike} of {len(decided)} "
                    "items; with --orders given a judge that always picks one slot would seem good"
                )
    return warnings


def _part(table: Table) -> Iterator[str]:
    """That a run has fewer items than the task: of a part, whatever kept it from the others."""
    settings, card = table.header.settings, table.header.task.card
    if table.header.data == SAMPLE:
        yield "made-up items that come with the task: their figures say nothing of a judge"
        return
    stated, found = card.size.get(settings.protocol), len(table.places) + table.n_bad_items
    if stated is not None and found < stated and not settings.where:
        yield (
            f"{found} of the {stated} items that the task has: a part of it (--limit, or a run "
            "that was not finished), and no figure of the whole"
        )


def _all_failed(table: Table) -> Iterator[str]:
    """Criteria of which there is no verdict wherever there is gold: all is wrong by that alone."""
    for criterion, (name, gold) in enumerate(zip(table.criteria, table.gold, strict=True)):
        mine = table.plain & (table.columns.criterion == criterion)
        rows = mine & known_gold(gold)[table.item]
        if rows.any() and table.failed[rows].all():
            count = f"all {rows.sum()} judgments of items with gold failed"
            yield f"{name}: {count}; what counts failures as wrong is at its worst by that alone"


def published(folder: Path, table: Table, n_resamples: int, seed: int) -> list[MetricResult]:
    """The figures of the benchmark's own rules, if its task is installed and has any."""
    rules = _rules(table.header.task)
    if not rules:
        return []
    rows = list(judged_rows(folder))
    results = []
    for rule in rules:
        for part in rule.tables(rows):
            span = _published_interval(part, n_resamples, seed)
            results.append(
                MetricResult(
                    metric=rule.name,
                    task=table.header.task.label,
                    criterion=part.criterion,
                    stratum=part.stratum,
                    value=None if np.isnan(span.value) else span.value,
                    ci95=None if np.isnan(span.low) else (span.low, span.high),
                    n_items=len(np.unique(part.item)),
                    n_failed=part.n_failed,
                    note=_note(span, n_resamples),
                )
            )
    return results


def _published_interval(part: PublishedTable, n_resamples: int, seed: int) -> Interval:
    if n_resamples and len(part.item):
        return bootstrap(
            part.columns, part.item, part.statistic, n_resamples, seed=seed, centred=part.centred
        )
    value = float(np.asarray(part.statistic(*part.columns, weights=None)))
    return Interval(value, np.nan, np.nan, 0)


def _rules(spec: TaskSpec) -> tuple[PublishedRule, ...]:
    points = registry(TASKS)
    if spec.name not in points.points:
        return ()
    task = points.load(spec.name)
    return () if task.spec.version != spec.version else tuple(task(None).published())


def judged_rows(folder: Path) -> Iterator[JudgedRow]:
    """Every plain judgment of a run with its item, bad items left out."""
    with RunStore.open(folder) as store:
        items: dict[int, Item] = {
            place: item for place, item in store.items() if not isinstance(item, BadItem)
        }
        for place, judgment in store.judgments():
            if judgment.probe is None:
                yield JudgedRow(
                    items[place],
                    judgment.criterion,
                    judgment.order,
                    judgment.repeat,
                    judgment.reply,
                    judgment.outcome,
                )
