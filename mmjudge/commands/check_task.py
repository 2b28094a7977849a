"""`mmjudge check-task`: whether a task is sound, and what a reviewer would ask."""

from pathlib import Path

from mmjudge.checks.task import check_task
from mmjudge.commands.findings import print_json, show_findings


def check_and_print(spec: str, data: Path | None, limit: int | None, *, as_json: bool) -> int:
    """Check a task, print what was found, and return the exit code.

    Raises:
        MmjudgeError: There is no such task.
    """
    report = check_task(spec, data, limit=limit)
    if as_json:
        print_json(report, report.code)
    else:
        counts = ", ".join(f"{n} items ({protocol})" for protocol, n in report.items.items())
        head = f"{report.name}: {counts or 'no items'}"
        show_findings(head, report.findings, ("broken", "advice"))
    return report.code
