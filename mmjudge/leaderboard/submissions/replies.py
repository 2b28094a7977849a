"""The raw replies of a submission, staged on the disk by run and key."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from pydantic import ValidationError

from mmjudge.leaderboard.submissions.folder import Files
from mmjudge.leaderboard.submissions.lines import judgment_lines
from mmjudge.leaderboard.submissions.plans import RunPlan
from mmjudge.leaderboard.submissions.problems import (
    MOST_LINES,
    Problem,
    Problems,
    UnreadableError,
    show,
)
from mmjudge.leaderboard.submissions.strict import check_shape, strict_json
from mmjudge.leaderboard.submissions.submission import JudgmentLine

PACK_AGAIN = "pack the run again with mmjudge pack, and change nothing in the file"


class Staged(NamedTuple):
    """A line of the judgments with its number."""

    line: int
    judgment: JudgmentLine


class Staging:
    """Replies on the disk, found by run and key; the file goes with its folder."""

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "replies.db", isolation_level=None)
        self.connection.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8192;"
            "CREATE TABLE replies (run INTEGER, key BLOB, line INTEGER, body TEXT,"
            " PRIMARY KEY (run, key)) WITHOUT ROWID; BEGIN;"
        )

    def add(self, line: int, judgment: JudgmentLine) -> None:
        """Keep a line."""
        row = (judgment.run, bytes.fromhex(judgment.key), line, judgment.model_dump_json())
        self.connection.execute("INSERT INTO replies VALUES (?,?,?,?)", row)

    def get(self, run: int, key: str) -> Staged | None:
        """The line of that run and key, None where there is none."""
        query = "SELECT line, body FROM replies WHERE run=? AND key=?"
        row = self.connection.execute(query, (run, bytes.fromhex(key))).fetchone()
        return None if row is None else Staged(row[0], JudgmentLine.model_validate_json(row[1]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.connection.close()


def read_replies(
    files: Files, plans: Mapping[int, RunPlan], staging: Staging, problems: Problems
) -> None:
    """Stage every reply that a plan asks for; report all others, and those that are missing."""
    name = files.judgments
    if name is None:
        return
    most = sum(len(run.keys) for run in plans.values()) + MOST_LINES
    before = problems.total
    try:
        with closing(judgment_lines(files, name)) as lines:  # type: ignore[type-var]
            for number, raw in enumerate(lines, 1):
                if number > most or problems.total - before >= MOST_LINES:
                    allowed = "the judgments of the plan"
                    raise UnreadableError("so much more that reading stopped", allowed, number)
                _take(name, number, raw, (plans, staging, problems))
    except UnreadableError as error:
        problems.unreadable(name, error, PACK_AGAIN)
        return
    except OSError as error:
        problems.unreadable(name, UnreadableError(str(error), "a readable file"), PACK_AGAIN)
        return
    for run in plans.values():
        _report_missing(name, run, problems)


def _take(
    name: str, number: int, raw: bytes, into: tuple[Mapping[int, RunPlan], Staging, Problems]
) -> None:
    plans, staging, problems = into
    try:
        content = strict_json(raw, number)
        check_shape(content)
        judgment = JudgmentLine.model_validate(content)
    except UnreadableError as error:
        error.line = number
        problems.unreadable(name, error, PACK_AGAIN)
        return
    except ValidationError as error:
        problems.invalid(name, error, PACK_AGAIN, number)
        return
    run = plans.get(judgment.run)
    if run is None:
        _add(problems, name, number, "run", show(judgment.run), "the place of a run in run.json")
        return
    key = bytes.fromhex(judgment.key)
    if key not in run.keys:
        found = f"{judgment.key} (item {show(judgment.item)}), which {run.name} does not ask"
        _add(problems, name, number, "key", found, "the keys of the plan")
    elif run.keys[key]:
        found = f"{judgment.key} (item {show(judgment.item)}) again"
        _add(problems, name, number, "key", found, "each key once")
    else:
        run.keys[key] = True
        staging.add(number, judgment)


def _add(
    problems: Problems, file: str, line: int | None, field: str, found: str, allowed: str
) -> None:
    problems.add(
        Problem(
            file=file, line=line, field=field, found=found, allowed=allowed, next_step=PACK_AGAIN
        )
    )


def _report_missing(name: str, run: RunPlan, problems: Problems) -> None:
    lacking = sum(not found for found in run.keys.values())
    if not lacking:
        return
    first = run.missing(1)[0].request
    probe = f", probe {first.probe}" if first.probe else ""
    found = (
        f"no reply to {lacking} of {len(run.keys)} requests of {run.name}, first that of item "
        f"{show(first.item)}, {first.criterion.name}, order {first.order}{probe}"
    )
    problems.add(
        Problem(
            file=name,
            field=f"runs.{run.place}",
            found=found,
            allowed="a reply, or a failure, for each request of the plan",
            next_step="finish the run (the same command, without --limit) and pack it again",
        )
    )
