"""Figures of a suite: of each task, and their mean over tasks (macro), with intervals."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmjudge.report.outcome import read_outcome
from mmjudge.report.overview import MAIN, main_of
from mmjudge.scoring.score import score_table
from mmjudge.scoring.table import Table
from mmjudge.suites import read
from mmjudge.types import MetricResult, ProtocolName, Record


class TaskFigure(Record):
    """The main measure of a task's first criterion under a protocol."""

    protocol: ProtocolName
    result: MetricResult


class Macro(Record):
    """The mean over tasks: every task counts the same, whatever its size."""

    protocol: ProtocolName
    metric: str
    value: float
    ci95: tuple[float, float] | None
    n_tasks: int


class SuiteScores(Record):
    """Figures of a suite; `missing` says what is in none of them."""

    suite: str
    judge: str
    tasks: tuple[TaskFigure, ...]
    macro: tuple[Macro, ...]
    missing: tuple[str, ...]


def suite_scores(folder: Path, n_resamples: int = 1000) -> SuiteScores:
    """Score a suite's whole runs; a run that was not finished is named, and in no figure.

    Args:
        folder: Folder of the suite.
        n_resamples: Resamples of the bootstrap over the items of each task; 0 for no intervals.
    """
    played = read(folder)
    missing = list(played.left_out)
    tasks = []
    for run in played.runs:
        if not run.whole:
            missing.append(f"{run.task}, {run.protocol}: not finished: run it again")
            continue
        outcome = read_outcome(folder / run.folder)
        if outcome.judgments and outcome.failures.get("unsupported", 0) == outcome.judgments:
            missing.append(f"{run.task}, {run.protocol}: the judge takes nothing of it")
            continue
        table = Table.load(folder / run.folder)
        metric = main_of(table)
        found = score_table(table, n_resamples, measures=(metric,))
        first = next((r for r in found if r.stratum == "all" and r.value is not None), None)
        if first is None:
            missing.append(f"{run.task}, {run.protocol}: {metric} is undefined")
        else:
            tasks.append(TaskFigure(protocol=run.protocol, result=first))
    return SuiteScores(
        suite=played.suite,
        judge=played.judge,
        tasks=tuple(tasks),
        macro=tuple(macros(tasks)),
        missing=tuple(missing),
    )


def macros(tasks: Sequence[TaskFigure]) -> Iterator[Macro]:
    """The mean over the tasks of each protocol.

    Tasks are independent samples, so the squares of their intervals' halves add up: the interval is
    a normal one around the mean, for these tasks and new items of them.

    Example:
        >>> def task(value, low, high):
        ...     result = MetricResult(metric="tau_b", task="t@1", criterion="c", value=value,
        ...         ci95=(low, high), n_items=9, n_failed=0)
        ...     return TaskFigure(protocol="score", result=result)
        >>> (macro,) = macros([task(0.2, -0.1, 0.5), task(0.6, 0.2, 1.0)])
        >>> macro.value, macro.ci95, macro.n_tasks
        (0.4, (0.15, 0.65), 2)
    """
    kinds = sorted({(one.protocol, one.result.metric) for one in tasks}, key=_place)
    for protocol, metric in kinds:
        of = [one.result for one in tasks if one.protocol == protocol]
        results = [result for result in of if result.metric == metric]
        values = [r.value for r in results if r.value is not None]
        if not values:
            continue
        mean = sum(values) / len(values)
        spans = [r.ci95 for r in results if r.ci95]
        ci95 = None
        if len(spans) == len(values):
            half = math.sqrt(sum(((high - low) / 2) ** 2 for low, high in spans)) / len(spans)
            ci95 = (round(mean - half, 12), round(mean + half, 12))
        yield Macro(
            protocol=protocol,
            metric=metric,
            value=round(mean, 12),
            ci95=ci95,
            n_tasks=len(values),
        )


def _place(kind: tuple[ProtocolName, str]) -> tuple[int, str]:
    return list(MAIN).index(kind[0]), kind[1]
