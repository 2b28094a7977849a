"""Suites as GitHub-flavoured Markdown."""

from collections.abc import Sequence

from mmjudge.report.markdown_text import table, text
from mmjudge.report.suites import mean_words, place, suite_grids
from mmjudge.report.terminal import interval, items_of, number, p_value
from mmjudge.scoring.over_tasks import ComparedSuites, Macro, SuiteScores
from mmjudge.types import MetricResult

METHOD = (
    "The mean gives each task the same weight; its interval is from resampling the items of each "
    "task by itself: it speaks of new items of these tasks, not of other tasks."
)


def suites_markdown(found: Sequence[SuiteScores]) -> list[str]:
    """Suites as Markdown: a table for each, tasks down, judges across."""
    lines: list[str] = []
    for grid in suite_grids(found):
        whole = [mean for one in found if one.suite == grid.suite for mean in one.macro]
        lines += [f"## Suite {text(grid.suite)}", ""]
        for block in grid.blocks:
            rows = [
                (text(row.name) or "**mean**", *(_cell(cell, whole) for cell in row.cells))
                for row in block.rows
            ]
            head = f"{block.protocol}, `{block.metric}`"
            lines += table((head, *map(text, grid.judges)), rows)
        lines += [METHOD, ""]
        for judge, missing in grid.missing:
            lines += [f"- not in the figures of {text(judge)}: {text(one, 600)}" for one in missing]
        lines += [""] if grid.missing else []
    return lines


def _cell(cell: MetricResult | Macro | None, whole: Sequence[Macro]) -> str:
    if cell is None:
        return ""
    value = f"{number(cell.value)} {interval(cell.ci95)}"
    if isinstance(cell, Macro):
        return f"{value} ({mean_words(cell, cell in whole)})"
    return f"{value} ({cell.n_items})"


def comparison_markdown(found: ComparedSuites) -> list[str]:
    """How two judges compare on a suite, as Markdown."""
    first, second = map(text, found.judges)
    lines = [f"## Suite {text(found.suite)}: {first} minus {second}", ""]
    for mean in sorted((*found.macro, *found.partial), key=place):
        values = (number(mean.a), number(mean.b), number(mean.difference, sign=True))
        name = f"**{mean_words(mean, mean in found.macro)}**"
        rows = [(name, *values, interval(mean.ci95), p_value(mean.p_value), "", "")]
        for task in found.tasks:
            one = task.comparison
            if (task.protocol, one.metric) == (mean.protocol, mean.metric):
                values = (number(one.a), number(one.b), number(one.difference, sign=True))
                ends = (interval(one.ci95), p_value(one.p_value), p_value(one.p_holm))
                rows.append((text(one.task), *values, *ends, items_of(one)))
        names = ("difference", "95 % interval", "p", "Holm", "items")
        lines += table((f"{mean.protocol}, `{mean.metric}`", first, second, *names), rows)
    lines += [f"- not in these figures: {text(line, 600)}" for line in found.missing]
    return [*lines, ""]
