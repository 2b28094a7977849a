"""What a check found, in plain words."""

from collections.abc import Iterable, Sequence
from typing import Literal

from mmjudge.types import Record

Level = Literal["ok", "advice", "warning", "broken", "skipped"]
MOST_SHOWN = 3
"""Examples of a finding that are kept."""


class Finding(Record):
    """One line of the result. `examples` are the first requests that show it."""

    check: str
    level: Level
    said: str
    examples: tuple[str, ...] = ()


class Report(Record):
    """What `mmjudge check-judge` found; `code` is 1 where something is broken."""

    judge: str
    name: str
    fingerprint: str
    requests: int
    calls: int
    findings: tuple[Finding, ...]

    @property
    def code(self) -> int:
        """Exit code: 0 where nothing is broken, warnings or not."""
        return int(any(finding.level == "broken" for finding in self.findings))


class TaskReport(Record):
    """What `mmjudge check-task` found; `items` is the number of usable ones by protocol."""

    task: str
    name: str
    items: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def code(self) -> int:
        """Exit code: 0 where nothing is broken, advice or not."""
        return int(any(finding.level == "broken" for finding in self.findings))


def finding(check: str, level: Level, said: str, examples: Iterable[str] = ()) -> Finding:
    """A finding with its first few examples, each once."""
    kept = tuple(dict.fromkeys(examples))[:MOST_SHOWN]
    return Finding(check=check, level=level, said=said, examples=kept)


def of(part: Sequence[object], whole: Sequence[object]) -> str:
    """A count as `3 of 8`."""
    return f"{len(part)} of {len(whole)}"
