"""`mmjudge run --task suite:NAME`, its `--dry-run`, and `mmjudge score` and `compare` of suites."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mmjudge.commands.dry_run import SHAPING, duration
from mmjudge.commands.report import say_where
from mmjudge.errors import MmjudgeError
from mmjudge.judges.base import Judge, JudgeContext, open_judge
from mmjudge.report.outcome import Outcome, printable, read_outcome
from mmjudge.report.suites import comparison_text, suite_text
from mmjudge.report.suites_markdown import comparison_markdown
from mmjudge.report.suites_page import write_suites_page
from mmjudge.report.terminal import show
from mmjudge.report.written import Places
from mmjudge.suites import Open, Opened, Place, Suite, open_suite, open_tasks, play
from mmjudge.suites.ahead import SuiteForecast, forecast_suite
from mmjudge.suites.scores import compare_suites, suite_scores
from mmjudge.task import Task
from mmjudge.types import ProtocolName

TOO_MANY_FAILED, OUT_OF_BUDGET, INTERRUPTED = 1, 3, 130


class AskedSuite(NamedTuple):
    """A suite as it was asked for.

    Attributes:
        settings: Arguments of `mmjudge.run`, with a suite as the task.
        max_failures: Share of failed judgments of a task that is allowed.
        skip_absent: Go on without the tasks that cannot be asked.
        quiet: Print errors only.
        as_json: Print the figures as JSON.
    """

    settings: Mapping[str, Any]
    max_failures: float
    skip_absent: bool
    quiet: bool
    as_json: bool


class _Ready(NamedTuple):
    """A suite whose tasks are open and whose judge is not loaded yet."""

    suite: Suite
    opened: Opened
    judge: Open
    folder: Path
    settings: dict[str, Any]


def run_suite(asked: AskedSuite, *, dry_run: bool) -> int:
    """Put a suite to a judge, or only say what that would ask, and return the exit code.

    Raises:
        MmjudgeError: Something must be mended first.
    """
    if dry_run:
        forecast_suite_and_print(asked)
        return 0
    return run_suite_and_report(asked)


def run_suite_and_report(asked: AskedSuite) -> int:
    """Put a suite to a judge and return the exit code.

    Raises:
        MmjudgeError: Something must be mended first.
    """
    ready = _ready(asked)
    place = Place(ready.folder, lambda line: None if asked.quiet else typer.echo(line, err=True))
    try:
        played = play(ready.suite, ready.opened, ready.judge, place, ready.settings)
    except KeyboardInterrupt:
        typer.echo("stopped; what was judged is stored, and the same command goes on", err=True)
        return INTERRUPTED
    for line in (*played.left_out, *played.not_asked):
        typer.echo(f"left out: {line}", err=True)
    if not played.runs:
        raise MmjudgeError(f"suite {played.suite}: {played.judge} could not be asked anything")
    print_suite(ready.folder, 1000, as_json=asked.as_json)
    if played.stopped:
        typer.echo(
            f"stopped: {played.stopped}; what was judged is stored. To go on, raise it: all runs "
            "of a suite have one budget",
            err=True,
        )
        return OUT_OF_BUDGET
    outcomes = [read_outcome(ready.folder / run.folder) for run in played.runs]
    return TOO_MANY_FAILED if max(map(_failed_share, outcomes)) > asked.max_failures else 0


def _failed_share(outcome: Outcome) -> float:
    """Share that failed of what the judge takes; what it does not take is named and no failure."""
    taken = outcome.judgments - outcome.refused + outcome.bad_items
    return (outcome.failed - outcome.refused + outcome.bad_items) / taken if taken else 0.0


def forecast_suite_and_print(asked: AskedSuite) -> None:
    """Print what a suite would ask, by task and in sum; its folder is not touched.

    Raises:
        MmjudgeError: Anything that would keep it from starting.
    """
    ready = _ready(asked)
    shaping = {name: value for name, value in ready.settings.items() if name in SHAPING}
    place = Place(ready.folder, lambda line: None)
    found = forecast_suite(ready.suite, ready.opened, ready.judge, place, shaping)
    if asked.as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        show(_ahead(found))


def _ready(asked: AskedSuite) -> _Ready:
    """Everything that can be refused before a judge is loaded."""
    given = dict(asked.settings)
    if given.pop("where", None):
        raise MmjudgeError("--where: a suite's file says that for each of its tasks")
    spec, judge, options, out = (given.pop(n) for n in ("task", "judge", "options", "out"))
    file = open_suite(spec)
    data = given.pop("data", None)
    opened = open_tasks(file, None if data is None else Path(data))
    if opened.left_out and not asked.skip_absent:
        lines = "\n".join(f"  {line}" for line in opened.left_out)
        raise MmjudgeError(
            f"suite {file.suite.name}: {len(opened.left_out)} of {len(file.suite.tasks)} tasks "
            f"cannot be asked, so nothing was loaded:\n{lines}\n"
            f"mmjudge download {spec} fetches what is public; --skip-absent asks the others, "
            "whose mean is then not the suite's figure"
        )
    named = "".join(c if c.isalnum() else "-" for c in judge)
    folder = Path(out) if out else Path("runs") / f"{file.suite.name}-{named}"
    return _Ready(file.suite, opened, opener(judge, options), folder, given)


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
    if as_json:
        typer.echo(json.dumps(suite_record(folder, resamples), indent=2))
    else:
        show(suite_text(suite_scores(folder, resamples), str(folder)))


def suite_record(folder: Path, resamples: int) -> dict[str, Any]:
    """The figures of a suite for machines."""
    scores = suite_scores(folder, resamples)
    return {"folder": str(folder), **scores.model_dump(mode="json")}


def write_suite_comparison(
    folders: Sequence[Path], places: Places, resamples: int, *, as_json: bool
) -> None:
    """Print how the suite of each folder differs from the first one's, or write it.

    Raises:
        MmjudgeError: There is only one, they are of different suites, or a file cannot be
            written.
    """
    if len(folders) < 2:
        raise MmjudgeError(f"compare needs 2 folders or more, found {len(folders)}")
    first, *others = folders
    found = [compare_suites(first, other, resamples) for other in others]
    if places.html is not None:
        write_suites_page(found, places.html)
        say_where(places.html)
    if places.markdown is not None:
        lines = [line for one in found for line in comparison_markdown(one)]
        Places(markdown=places.markdown).write("\n".join(lines), "")
    if as_json:
        pairs = [one.model_dump(mode="json") for one in found]
        typer.echo(json.dumps({"suite": found[0].suite, "pairs": pairs}, indent=2))
    elif not any(places):
        show(Group(*(comparison_text(one) for one in found)))


def _ahead(found: SuiteForecast) -> Group:
    """A forecast as a table: a row for each run, and the sums."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("task, protocol", overflow="fold")
    for name in ("items", "calls", "there", "refused", "tokens in", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in found.runs:
        counts = (one.items, one.calls, one.there, one.refused, one.tokens_in)
        time = "not known" if one.seconds is None else duration(one.seconds)
        table.add_row(f"{one.task}, {one.protocol}", *(f"{n:,}" for n in counts), time)
    total = found.sum
    counts = (total.items, total.calls, total.there, total.refused, total.tokens_in)
    time = "not known" if total.seconds is None else duration(total.seconds)
    more = " and more" if total.unpaced and total.seconds is not None else ""
    table.add_row(Text("sum", "bold"), *(f"{n:,}" for n in counts), time + more)
    head = f"suite {found.suite} by {printable(found.judge)}; nothing was asked"
    lines = [f"left out: {printable(line, 400)}" for line in found.left_out]
    if total.unknown:
        lines.append(f"not recorded: {total.unknown:,} requests will fail as infra")
    if total.shown:
        shown = ", ".join(f"{total.shown[kind]:,} {kind}" for kind in sorted(total.shown))
        lines.append(f"media: {shown}; they come on top of the tokens, which are of text alone")
    if total.unpaced:
        lines.append(
            f"time: not known of {total.unpaced} runs, since no earlier run of this judge is near"
        )
    return Group(Text(head, style="bold"), "", table, "", *map(Text, lines))
