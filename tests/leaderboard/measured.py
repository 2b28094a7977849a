"""Checks in a process of their own, so that what they take of memory is theirs alone.

    python -m tests.leaderboard.measured TASK MODULE:CHECK

reads the folder of a submission from each line of its standard input, and answers with a line of
JSON for each: what the check says, and the most memory that the process ever held.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from mmjudge.leaderboard.submissions import check as checking
from mmjudge.leaderboard.submissions.check import Report
from mmjudge.leaderboard.submissions.plans import Sources

ROOT = Path(__file__).parents[2]
CHECK = "tests.leaderboard.measured:plain"
ONE_MIB = 1024**2


class Answer(NamedTuple):
    """What a check in the process said.

    Attributes:
        accepted: Whether the submission was.
        problems: As they are printed.
        peak: The most bytes that the process held since it started.
    """

    accepted: bool
    problems: list[str]
    peak: int


class Checker:
    """The process: it checks one folder after another, and ends with the block."""

    def __init__(self, task: Path, scratch: Path, check: str = CHECK) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.leaderboard.measured", str(task), check],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={"TMPDIR": str(scratch), "OMP_NUM_THREADS": "1"},
        )

    def __call__(self, entry: Path) -> Answer:
        """Check a submission there."""
        assert self._process.stdin
        assert self._process.stdout
        print(entry, file=self._process.stdin, flush=True)
        return Answer(*json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=60)


def plain(entry: Path, sources: Sources) -> Report:
    """The check as it is."""
    return checking.check(entry, sources, resamples=0)


def hungry(entry: Path, sources: Sources) -> Report:
    """The check, and 600 MiB for a moment: what the measurement must not miss."""
    held = bytearray(600 * ONE_MIB)
    held[::4096] = b"x" * len(held[::4096])
    del held
    return plain(entry, sources)


def _peak() -> int:
    """The high-water mark of this program, in bytes; `ru_maxrss` may be that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _main(task: str, name: str) -> None:
    module, _, function = name.partition(":")
    check: Callable[[Path, Sources], Report] = getattr(importlib.import_module(module), function)
    sources = Sources([Path(task)])
    for line in sys.stdin:
        report = check(Path(line.rstrip("\n")), sources)
        said: list[Any] = [report.accepted, list(map(str, report.problems)), _peak()]
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
