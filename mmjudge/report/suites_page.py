"""A comparison of judges on a suite as one HTML page."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from mmjudge import __version__
from mmjudge.report.comparison_page import tone
from mmjudge.report.items import still_policy
from mmjudge.report.look import stylesheet
from mmjudge.report.page import environment, require_place
from mmjudge.report.plots import Point, Tone, intervals, plots_missing, to_svg
from mmjudge.report.suites import mean_words, place
from mmjudge.report.terminal import interval, items_of, number, p_value
from mmjudge.report.written import write_text
from mmjudge.scoring.over_tasks import ComparedSuites, ComparedTask, MacroDifference

LEVEL = 0.05
"""p-values from here on separate nothing."""


class ComparedBlock(NamedTuple):
    """The difference over tasks under a protocol, and that of each task, with a plot of both."""

    mean: MacroDifference
    whole: bool
    tasks: tuple[ComparedTask, ...]
    plot: Markup


def write_suites_page(found: Sequence[ComparedSuites], out: Path) -> None:
    """Write how the judges of suites compare with the first one, as a page.

    Args:
        found: One comparison or more, of one suite and one first judge.
        out: The page; replaced as a whole if it is there.

    Raises:
        MmjudgeError: The page cannot be written.
    """
    require_place(out)
    write_text(out, render_suites(found))


def render_suites(found: Sequence[ComparedSuites]) -> str:
    """The page as text."""
    style = stylesheet("base.css", "report.css", "figures.css", "comparison.css")
    made = environment()
    made.filters |= {"number": number, "p": p_value, "interval": interval, "items": items_of}
    made.filters |= {"signed": lambda value: number(value, sign=True)}
    return made.get_template("suite_comparison.html.jinja").render(
        suite=found[0].suite,
        pairs=[(one, blocks(one)) for one in found],
        style=Markup(style),
        policy=still_policy(style),
        plots_missing=plots_missing(),
        mean_words=mean_words,
        tone=tone,
        mean_tone=mean_tone,
        version=__version__,
    )


def blocks(found: ComparedSuites) -> list[ComparedBlock]:
    """The differences of two judges, by protocol and measure."""
    made = []
    for mean in sorted((*found.macro, *found.partial), key=place):
        key = (mean.protocol, mean.metric)
        tasks = tuple(t for t in found.tasks if (t.protocol, t.comparison.metric) == key)
        plot = Markup("") if plots_missing() else _plot(found, mean, tasks)
        made.append(ComparedBlock(mean, mean in found.macro, tasks, plot))
    return made


def mean_tone(mean: MacroDifference) -> Tone:
    """The colour of a mean difference: none where chance may have made it; higher is better."""
    if mean.p_value is None or mean.p_value >= LEVEL or not mean.difference:
        return "soft"
    return "good" if mean.difference > 0 else "bad"


def _plot(found: ComparedSuites, mean: MacroDifference, tasks: Sequence[ComparedTask]) -> Markup:
    low, high = mean.ci95 or (None, None)
    note = f"p {p_value(mean.p_value)}, {mean.n_tasks} tasks"
    points = [Point("mean over tasks", mean.difference, low, high, mean_tone(mean), note)]
    for one in (task.comparison for task in tasks):
        if one.difference is not None:
            low, high = one.ci95 or (None, None)
            note = f"p {p_value(one.p_holm)} by Holm, {one.n_items} items"
            points.append(Point(one.task, one.difference, low, high, tone(one), note))
    title = f"{found.judges[0]} minus {found.judges[1]}: {mean.metric}"
    return to_svg(intervals(points, title, 0.0), f"{title}, with 95 % intervals")
