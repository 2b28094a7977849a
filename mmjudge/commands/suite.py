"""`mmjudge run --task suite:NAME` and `mmjudge score` of its folder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mmjudge.errors import MmjudgeError
from mmjudge.judges.base import Judge, JudgeContext, open_judge
from mmjudge.report.outcome import printable, read_outcome
from mmjudge.report.terminal import show
from mmjudge.suite_scores import SuiteScores, suite_scores
from mmjudge.suites import Open, Place, open_suite, open_tasks, play
from mmjudge.task import Task
from mmjudge.types import ProtocolName

NOT_FOR_SUITES = ("data", "where")
TOO_MANY_FAILED, INTERRUPTED = 1, 130


def run_suite_and_report(
    settings: Mapping[str, Any], max_failures: float, *, quiet: bool, as_json: bool
) -> int:
    """Put a suite to a judge and return the exit code.

    Args:
        settings: Arguments of `mmjudge.run`, with a suite as the task.
        max_failures: Share of failed judgments of a task that is allowed.
        quiet: Whether only errors are printed.
        as_json: Whether the figures are printed as JSON.

    Raises:
        MmjudgeError: Something must be mended first.
    """
    given = dict(settings)
    for name in NOT_FOR_SUITES:
        if given.pop(name, None):
            raise MmjudgeError(f"--{name}: a suite's file says that for each of its tasks")
    spec, judge, options, out = (given.pop(n) for n in ("task", "judge", "options", "out"))
    suite, base = open_suite(spec)
    opened, left_out = open_tasks(suite, base)
    named = "".join(c if c.isalnum() else "-" for c in judge)
    folder = Path(out) if out else Path("runs") / f"{suite.name}-{named}"
    place = Place(folder, lambda line: None if quiet else typer.echo(line, err=True))
    try:
        played = play(suite, opened, opener(judge, options), place, given)
    except KeyboardInterrupt:
        typer.echo("stopped; what was judged is stored, and the same command goes on", err=True)
        return INTERRUPTED
    for line in (*left_out, *played.left_out):
        typer.echo(f"left out: {line}", err=True)
    if not played.runs:
        raise MmjudgeError(f"suite {suite.name}: {judge} could not be asked anything")
    print_suite(folder, 1000, as_json=as_json)
    shares = [read_outcome(folder / run.folder).failed_share for run in played.runs]
    return TOO_MANY_FAILED if max(shares) > max_failures else 0


def opener(spec: str, options: Mapping[str, Any] | None) -> Open:
    """A judge that is loaded once; one that looks answers up is opened for each task."""
    kept: list[Judge] = []

    def judge(task: Task, protocol: ProtocolName) -> Judge:
        if kept and not kept[0].card.lookup:
            return kept[0]
        kept[:] = [open_judge(spec, JudgeContext(task, protocol), options)]
        return kept[0]

    return judge


def print_suite(folder: Path, resamples: int, *, as_json: bool) -> None:
    """Print the figures of a suite: by task, and their mean."""
    scores = suite_scores(folder, resamples)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), **scores.model_dump(mode="json")}, indent=2))
    else:
        show(rendered(scores, folder))


def rendered(scores: SuiteScores, folder: Path) -> Group:
    """A table with a row for each task, and one for the mean of each protocol."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for name in ("task", "value", "95 % interval", "items", "fails"):
        table.add_column(name, no_wrap=True, justify="left" if name in ("task",) else "right")
    for macro in scores.macro:
        mean = f"mean of {macro.n_tasks} tasks, {macro.metric}"
        figures = (f"{macro.value:.3f}", _span(macro.ci95))
        table.add_row(Text(f"{macro.protocol}: {mean}", "bold"), *figures, "", "")
        for one in scores.tasks:
            if one.protocol == macro.protocol:
                r = one.result
                values = (f"{r.value:.3f}", _span(r.ci95), str(r.n_items), str(r.n_failed))
                table.add_row(f"  {r.task} {r.criterion}", *values)
    lines = [Text(printable(f"not in these figures: {line}", 300)) for line in scores.missing]
    head = Text(f"suite {scores.suite} judged by {printable(scores.judge)}", style="bold")
    next_step = Text(f"each task's figures: mmjudge score {folder}/TASK-PROTOCOL", style="dim")
    return Group(head, "", table, "", *lines, next_step)


def _span(ci95: tuple[float, float] | None) -> str:
    return f"[{ci95[0]:.3f}, {ci95[1]:.3f}]" if ci95 else ""
