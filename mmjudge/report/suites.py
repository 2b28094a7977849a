"""Suites in words and tables: each task, and the mean over tasks, of one judge or of several."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.report.outcome import printable
from mmjudge.report.overview import CHANCE, MAIN
from mmjudge.report.terminal import interval, items_of, number, p_value
from mmjudge.scoring.over_tasks import ComparedSuites, Macro, MacroDifference, SuiteScores
from mmjudge.types import MetricResult, ProtocolName


class SuiteRow(NamedTuple):
    """A task, or the mean, with a figure for each judge; None where there is none."""

    name: str
    cells: tuple[MetricResult | Macro | None, ...]


class SuiteBlock(NamedTuple):
    """The figures of a suite under a protocol: the mean, then each task."""

    protocol: ProtocolName
    metric: str
    chance: float
    rows: tuple[SuiteRow, ...]


class SuiteGrid(NamedTuple):
    """A suite, and the judges that it was put to."""

    suite: str
    judges: tuple[str, ...]
    blocks: tuple[SuiteBlock, ...]
    missing: tuple[tuple[str, tuple[str, ...]], ...]


def means_of(scores: SuiteScores) -> tuple[Macro, ...]:
    """The means of a suite, whole ones and others, in the protocols' order."""
    return tuple(sorted((*scores.macro, *scores.partial), key=place))


def mean_words(mean: Macro | MacroDifference, whole: bool) -> str:
    """What a mean is over, and whether it is the suite's figure."""
    if whole:
        return f"mean of {mean.n_tasks} tasks" if mean.n_tasks > 1 else "its only task"
    if mean.n_tasks == mean.of_tasks:
        return "mean of some items of each task, not the suite's figure"
    return f"mean of {mean.n_tasks} of {mean.of_tasks} tasks, not the suite's figure"


def few_words(mean: Macro, whole: bool) -> str:
    """The same in a cell of a table."""
    if whole:
        return f"{mean.n_tasks} tasks"
    if mean.n_tasks == mean.of_tasks:
        return "some items only"
    return f"only {mean.n_tasks} of {mean.of_tasks} tasks"


def suite_text(scores: SuiteScores, folder: str) -> RenderableType:
    """A table with a row for each task, and one for the mean of each protocol."""
    grid = _grid("task", ("value", "95 % interval", "items", "failed"))
    for mean in means_of(scores):
        whole = mean in scores.macro
        grid.add_row(Text(f"{mean.protocol}: {mean.metric}", "bold"))
        style = "bold" if whole else "dim"
        words = Text(f"  {mean_words(mean, whole)}", style)
        grid.add_row(words, number(mean.value), interval(mean.ci95), "", "")
        for one in scores.tasks:
            if (one.protocol, one.result.metric) == (mean.protocol, mean.metric):
                r = one.result
                counts = (str(r.n_items), str(r.n_failed))
                name = f"  {r.task} {printable(r.criterion, 40)}"
                grid.add_row(name, number(r.value), interval(r.ci95), *counts)
    head = Text(f"suite {scores.suite} judged by {printable(scores.judge)}", style="bold")
    next_step = Text(f"each task's figures: mmjudge score {folder}/TASK-PROTOCOL", style="dim")
    return Group(head, "", grid, "", *_missing(scores.missing), next_step)


def comparison_text(found: ComparedSuites) -> RenderableType:
    """How two judges compare on a suite: a row for each task, and one for the mean."""
    grid = _grid("A - B", ("A", "B", "diff", "95 % interval", "p", "Holm", "items"))
    for mean in sorted((*found.macro, *found.partial), key=place):
        grid.add_row(Text(f"{mean.protocol}: {mean.metric}", "bold"))
        whole = mean in found.macro
        values = (number(mean.a), number(mean.b), number(mean.difference, sign=True))
        ends = (interval(mean.ci95), p_value(mean.p_value), "", "")
        words = Text(f"  {mean_words(mean, whole)}", "bold" if whole else "dim")
        grid.add_row(words, *values, *ends)
        for task in found.tasks:
            one = task.comparison
            if (task.protocol, one.metric) == (mean.protocol, mean.metric):
                name = f"  {one.task} {printable(one.criterion, 40)}"
                values = (number(one.a), number(one.b), number(one.difference, sign=True))
                ends = (
                    interval(one.ci95),
                    p_value(one.p_value),
                    p_value(one.p_holm),
                    items_of(one),
                )
                grid.add_row(name, *values, *ends)
    judges = [
        Text(f"{letter}  {printable(judge)}  {folder}")
        for letter, judge, folder in zip("AB", found.judges, (found.a, found.b), strict=True)
    ]
    said = Text(
        "paired over the items of each task, resampled by itself; Holm: p corrected over the tasks",
        style="dim",
    )
    head = Text(f"suite {found.suite}", style="bold")
    return Group(head, *judges, "", grid, "", *_missing(found.missing), said)


def place(mean: Macro | MacroDifference) -> int:
    """The place of a mean in the order of protocols."""
    return [*MAIN].index(mean.protocol)


def _missing(lines: Sequence[str]) -> list[Text]:
    return [Text(printable(f"not in these figures: {line}", 600)) for line in lines]


def _grid(title: str, names: Sequence[str]) -> Table:
    grid = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    grid.add_column(title, overflow="fold", min_width=24)
    for name in names:
        grid.add_column(name, justify="right", no_wrap=True)
    return grid


def suite_grids(found: Sequence[SuiteScores]) -> list[SuiteGrid]:
    """Suites as grids: tasks down, judges across."""
    by_name: dict[str, list[SuiteScores]] = {}
    for one in found:
        by_name.setdefault(one.suite, []).append(one)
    return [
        SuiteGrid(
            name,
            tuple(one.judge for one in members),
            tuple(_blocks(members)),
            tuple((one.judge, one.missing) for one in members if one.missing),
        )
        for name, members in by_name.items()
    ]


def _blocks(members: Sequence[SuiteScores]) -> Iterator[SuiteBlock]:
    every = sorted((mean for one in members for mean in means_of(one)), key=place)
    for protocol, metric in dict.fromkeys((mean.protocol, mean.metric) for mean in every):
        means = tuple(_mean_of(one, (protocol, metric)) for one in members)
        figures = [
            {
                one.result.task: one.result
                for one in of.tasks
                if (one.protocol, one.result.metric) == (protocol, metric)
            }
            for of in members
        ]
        tasks = dict.fromkeys(task for of in figures for task in of)
        rows = [SuiteRow(task, tuple(of.get(task) for of in figures)) for task in tasks]
        yield SuiteBlock(protocol, metric, CHANCE[metric], (SuiteRow("", means), *rows))


def _mean_of(scores: SuiteScores, key: tuple[ProtocolName, str]) -> Macro | None:
    return next((mean for mean in means_of(scores) if (mean.protocol, mean.metric) == key), None)
