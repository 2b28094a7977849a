"""What a check found, as a table of plain words."""

from collections.abc import Iterator, Sequence

import typer
from pydantic import BaseModel
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mmjudge.checks.findings import Finding
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import show

SHOWN = {"warning": "warning", "broken": "BROKEN"}
STYLES = {
    "ok": "green",
    "advice": "yellow",
    "warning": "yellow",
    "broken": "bold red",
    "skipped": "dim",
}
MOST_SHOWN = 20
"""Examples that are printed; JSON has all."""


def print_json(report: BaseModel, code: int) -> None:
    """Print a report for machines, with its exit code."""
    body = report.model_dump_json(indent=2)
    typer.echo(f'{{\n  "code": {code},{body[1:]}')


def show_findings(head: str, findings: Sequence[Finding], counted: Sequence[str]) -> None:
    """Print findings.

    Args:
        head: The first line.
        findings: What was found, in the order to show.
        counted: Levels whose numbers stand in the last line, in the plural or not.
    """
    show(Group(*_rows(head, findings, counted)))


def _rows(head: str, findings: Sequence[Finding], counted: Sequence[str]) -> Iterator[Text | Table]:
    yield Text(printable(head), "bold")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for found in findings:
        level = Text(SHOWN.get(found.level, found.level), STYLES[found.level])
        table.add_row(level, found.check, _said(found))
    yield table
    counts = [
        f"{sum(f.level == level.removesuffix('s') for f in findings)} {level}" for level in counted
    ]
    yield Text(", ".join(counts), style="bold")


def _said(found: Finding) -> Text:
    examples = () if found.level == "ok" else found.examples
    lines = [printable(found.said, 1000)]
    lines += [f"  {printable(line, 1000)}" for line in examples[:MOST_SHOWN]]
    if len(examples) > MOST_SHOWN:
        lines.append(f"  and {len(examples) - MOST_SHOWN} more: --json has all")
    return Text("\n".join(lines))
