"""`mmjudge tasks suite:NAME`: what a suite asks, and whether it is at hand."""

import json
from collections.abc import Iterator

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mmjudge.commands.catalogue import at_hand, place_words
from mmjudge.registry import TASKS, registry
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import show
from mmjudge.sources.samples import SAMPLE
from mmjudge.suites import Entry, SuiteFile, open_suite


def print_suite_card(spec: str, *, as_json: bool) -> None:
    """Print what a suite is, and each of its tasks.

    Raises:
        MmjudgeError: There is no such suite, or its file does not fit.
    """
    file = open_suite(spec)
    rows = [(entry, _place(entry)) for entry in file.suite.tasks]
    if as_json:
        tasks = [{**entry.model_dump(mode="json"), "at_hand": place} for entry, place in rows]
        typer.echo(json.dumps({**file.suite.model_dump(mode="json"), "tasks": tasks}, indent=2))
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for entry, place in rows:
        where = "its sample" if entry.data == SAMPLE else place_words(place)
        table.add_row(printable(entry.task, 60), where, ", ".join(_said(entry)))
    show(Group(*_head(file), "", table, "", Text(_next(spec), style="dim")))


def _head(file: SuiteFile) -> Iterator[Text]:
    yield Text(f"suite {file.suite.name}", style="bold")
    yield Text(printable(file.suite.summary, 1000))


def _said(entry: Entry) -> Iterator[str]:
    """What a suite says of a task, but for its data."""
    if entry.protocols:
        yield "/".join(entry.protocols)
    if entry.takes:
        yield f"of judges that take {entry.takes}"
    if entry.where:
        yield " and ".join(f"{axis}={value}" for axis, value in entry.where.items())
    if entry.limit:
        yield f"the first {entry.limit}"


def _place(entry: Entry) -> str:
    """Whether the data is at hand; of what is no installed task, where it is."""
    if entry.data is not None:
        return printable(entry.data, 60)
    if entry.task not in registry(TASKS).points:
        return "its own"
    return at_hand(entry.task)


def _next(spec: str) -> str:
    """What to do with it."""
    asked = f"mmjudge run --task {printable(spec, 200)} --judge JUDGE"
    return f"{asked}; what is not at hand: mmjudge download {printable(spec, 200)}"
