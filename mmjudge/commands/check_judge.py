"""`mmjudge check-judge`: whether a judge keeps what every judge must."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from mmjudge.checks import Finding, Report, check_judge
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import show
from mmjudge.types import ProtocolName

SHOWN = {"ok": "ok", "warning": "warning", "broken": "BROKEN", "skipped": "skipped"}
STYLES = {"ok": "green", "warning": "yellow", "broken": "bold red", "skipped": "dim"}


def check_and_print(
    spec: str,
    options: Mapping[str, Any],
    protocol: ProtocolName | None,
    timeout_s: float,
    *,
    as_json: bool,
) -> int:
    """Check a judge, print what was found, and return the exit code.

    Raises:
        MmjudgeError: There is no such judge, or it does not take the options.
    """
    report = check_judge(spec, options, protocol, timeout_s)
    if as_json:
        body = report.model_dump_json(indent=2)
        typer.echo(f'{{\n  "code": {report.code},{body[1:]}')
    else:
        show(Group(*_rows(report)))
    return report.code


def _rows(report: Report) -> Iterator[Text | Table]:
    head = f"{report.name}: {report.requests} requests in {report.calls} calls"
    yield Text(printable(head), "bold")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for found in report.findings:
        table.add_row(Text(SHOWN[found.level], STYLES[found.level]), found.check, _said(found))
    yield table
    counts = [sum(f.level == level for f in report.findings) for level in ("broken", "warning")]
    yield Text(f"{counts[0]} broken, {counts[1]} warnings", style="bold")


def _said(found: Finding) -> Text:
    examples = () if found.level == "ok" else found.examples
    lines = [printable(found.said), *(f"  {printable(line)}" for line in examples)]
    return Text("\n".join(lines))
