"""`mmjudge check-judge`: whether a judge keeps what every judge must."""

from collections.abc import Mapping
from typing import Any

from mmjudge.checks import check_judge
from mmjudge.commands.findings import print_json, show_findings
from mmjudge.types import ProtocolName


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
        print_json(report, report.code)
    else:
        head = f"{report.name}: {report.requests} requests in {report.calls} calls"
        show_findings(head, report.findings, ("broken", "warnings"))
    return report.code
