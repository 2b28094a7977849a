"""The mean over tasks, with an interval from resampling the items of each task by itself."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmjudge.metrics.measure import Measure
from mmjudge.metrics.resample import Sampled, Seed, difference_of, interval_of
from mmjudge.scoring.comparison import compare_figures, sides
from mmjudge.scoring.score import Figure, figures, score_table, slices
from mmjudge.scoring.table import Table
from mmjudge.types import Comparison, MetricResult, ProtocolName, Record


class TaskFigure(Record):
    """The main measure of a task's first criterion under a protocol."""

    protocol: ProtocolName
    result: MetricResult


class Macro(Record):
    """The mean over tasks: every task counts the same, whatever its size.

    `of_tasks`: how many tasks the suite has under the protocol; of fewer, the mean is not its
    figure.
    """

    protocol: ProtocolName
    metric: str
    value: float
    ci95: tuple[float, float] | None
    n_tasks: int
    of_tasks: int


class SuiteScores(Record):
    """Figures of a suite; `missing` says what is in none of them.

    `macro` holds means over all tasks that the suite has under a protocol, `partial` those over
    fewer, or over fewer items than the suite asks: these are not the suite's figures.
    """

    suite: str
    judge: str
    tasks: tuple[TaskFigure, ...]
    macro: tuple[Macro, ...]
    partial: tuple[Macro, ...] = ()
    missing: tuple[str, ...]


class ComparedTask(Record):
    """The main measure of two judges on a task, paired over its items."""

    protocol: ProtocolName
    comparison: Comparison


class MacroDifference(Record):
    """The mean of one judge minus that of another, over tasks; items are paired within each."""

    protocol: ProtocolName
    metric: str
    a: float
    b: float
    difference: float
    ci95: tuple[float, float] | None
    p_value: float | None
    n_tasks: int
    of_tasks: int


class ComparedSuites(Record):
    """How two judges compare on a suite; `a` and `b` are folders.

    p-values of `tasks` are corrected by Holm's method over the tasks of a protocol.
    """

    suite: str
    a: str
    b: str
    judges: tuple[str, str]
    tasks: tuple[ComparedTask, ...]
    macro: tuple[MacroDifference, ...]
    partial: tuple[MacroDifference, ...] = ()
    missing: tuple[str, ...] = ()


class Drawn(NamedTuple):
    """A task's figure, and the values it has when the task's items are resampled."""

    result: MetricResult
    sampled: Sampled


class DrawnPair(NamedTuple):
    """The same of two judges: sampled is their difference."""

    comparison: Comparison
    sampled: Sampled


def stream(label: str, seed: int) -> Seed:
    """The seed of a task's own draws, so that tasks are resampled independently of each other.

    Whatever other tasks there are, a task is resampled alike.
    """
    return [seed, int.from_bytes(hashlib.sha256(label.encode()).digest()[:8])]


def draw_task(table: Table, measure: Measure, n_resamples: int, seed: int) -> Drawn | None:
    """A measure of a run's first criterion that has one, None where it is undefined of all.

    Args:
        table: The judgments of the run.
        measure: The measure.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        seed: Seed of the bootstrap.
    """
    for criterion in range(len(table.criteria)):
        figure = _figure(table, measure, criterion)
        if figure is None:
            continue
        named = (str(measure),)
        (result, *_) = score_table(table, n_resamples, (), named, seed, (criterion,))
        if result.value is None:
            continue
        units = table.units[figure.frame.item]
        own = stream(table.header.task.label, seed)
        return Drawn(result, measure.sampled(figure.frame.columns, units, n_resamples, own))
    return None


def draw_pair(
    a: Table, b: Table, measure: Measure, n_resamples: int, seed: int
) -> DrawnPair | None:
    """The difference of two judges on a task, over the items that both have; see `draw_task`.

    None where it is undefined of one of them.
    """
    for criterion in range(len(a.criteria)):
        one, other = (_figure(table, measure, criterion) for table in (a, b))
        if one is None or other is None:
            continue
        found = compare_figures((a, one), (b, other), n_resamples, seed)
        if found.difference is None:
            continue
        side_a, side_b = sides((a, one), (b, other))
        sampled, _ = measure.paired_sampled(
            (side_a.columns, side_a.unit),
            (side_b.columns, side_b.unit),
            n_resamples,
            stream(a.header.task.label, seed),
        )
        return DrawnPair(found, sampled)
    return None


def _figure(table: Table, measure: Measure, criterion: int) -> Figure | None:
    return next(figures(table, [measure], criterion, next(slices(table, ()))), None)


def macro(protocol: ProtocolName, drawn: Sequence[Drawn], of_tasks: int) -> Macro:
    """The mean over tasks, with its percentile interval.

    In each resample the items of every task are drawn anew, each task by itself, and the mean over
    tasks is taken: the interval speaks of new items of these tasks, not of other tasks. Resamples
    in which a task's figure is undefined are left out.

    Args:
        protocol: What the tasks were asked under.
        drawn: At least one task.
        of_tasks: How many tasks the suite has under it.
    """
    mean = _mean([one.sampled for one in drawn])
    span = interval_of(mean)
    return Macro(
        protocol=protocol,
        metric=drawn[0].result.metric,
        value=span.value,
        ci95=None if np.isnan(span.low) else (span.low, span.high),
        n_tasks=len(drawn),
        of_tasks=of_tasks,
    )


def macro_difference(
    protocol: ProtocolName, drawn: Sequence[DrawnPair], of_tasks: int
) -> MacroDifference:
    """The mean difference over tasks, with its interval and p-value; see `macro`.

    In each resample both judges have the same items.
    """
    mean = _mean([one.sampled for one in drawn])
    found = difference_of(mean, len(drawn))
    known = [(one.comparison.a, one.comparison.b) for one in drawn]
    a, b = (float(np.mean([pair[side] for pair in known])) for side in (0, 1))
    return MacroDifference(
        protocol=protocol,
        metric=drawn[0].comparison.metric,
        a=a,
        b=b,
        difference=found.value,
        ci95=None if np.isnan(found.low) else (found.low, found.high),
        p_value=None if np.isnan(found.p_value) else found.p_value,
        n_tasks=len(drawn),
        of_tasks=of_tasks,
    )


def _mean(found: Sequence[Sampled]) -> Sampled:
    """The mean of values drawn side by side.

    Example:
        >>> found = _mean([Sampled(0.2, np.array([0.0, 0.4])), Sampled(0.6, np.array([1.0, 0.6]))])
        >>> found.value, found.sample.tolist()
        (0.4, [0.5, 0.5])
    """
    value = float(np.mean([one.value for one in found]))
    return Sampled(value, np.mean([one.sample for one in found], axis=0))
