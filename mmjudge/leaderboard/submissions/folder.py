"""The folder of a submission: which files it may hold, and how they are opened."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.submissions.problems import Problem, Problems, first_of, show
from mmjudge.leaderboard.submissions.submission import JSONL, META, PARQUET, RUN

MOST_BYTES = {META: 32 * 1024, RUN: 1024**2, JSONL: 512 * 1024**2, PARQUET: 512 * 1024**2}
"""How large each file may be; judgments as they are compressed."""
MOST_FILES = 100
ALLOWED = f"{META}, {RUN}, and {JSONL} or {PARQUET}"


class Files(NamedTuple):
    """The files of a submission that are there and may be read."""

    folder: Path
    names: tuple[str, ...]

    @property
    def judgments(self) -> str | None:
        """The file of judgments, None where there is none, or two."""
        found = [name for name in (JSONL, PARQUET) if name in self.names]
        return found[0] if len(found) == 1 else None

    def open(self, name: str) -> BinaryIO:
        """Open one of them; never another file through a link.

        Raises:
            OSError: It cannot be opened.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.fdopen(os.open(self.folder / name, flags), "rb")

    def read(self, name: str) -> bytes:
        """All of one of the two small files.

        Raises:
            OSError: It cannot be read.
        """
        with self.open(name) as stream:
            return stream.read(MOST_BYTES[name])


def look(folder: Path, problems: Problems) -> Files:
    """List the folder and report what is missing, unknown, a link, or too large.

    Raises:
        MmjudgeError: There is no such folder, or it cannot be listed.
    """
    if not folder.is_dir():
        raise MmjudgeError(
            f"{folder}: no such folder; make one with mmjudge pack RUN --out {folder} "
            "(archives are never unpacked)"
        )
    try:
        with os.scandir(folder) as entries:
            found = {
                entry.name: entry for _, entry in zip(range(MOST_FILES), entries, strict=False)
            }
    except OSError as error:
        raise MmjudgeError(f"{folder}: cannot be listed: {error}") from error
    unknown = sorted(found.keys() - MOST_BYTES.keys())
    if unknown:
        _add(problems, str(folder), f"{len(unknown)} other files: {first_of(unknown)}", ALLOWED)
    readable = [name for name in MOST_BYTES if name in found and _fits(found[name], problems)]
    missing = [name for name in (META, RUN) if name not in found]
    if JSONL not in found and PARQUET not in found:
        missing.append(JSONL)
    for name in missing:
        _add(problems, name, "no such file", ALLOWED, "write the folder with mmjudge pack")
    if JSONL in found and PARQUET in found:
        _add(problems, PARQUET, f"both {JSONL} and {PARQUET}", "one of the two", "leave one out")
    return Files(folder, tuple(readable))


def _fits(entry: os.DirEntry[str], problems: Problems) -> bool:
    facts = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(facts.st_mode):
        kind = "a link" if stat.S_ISLNK(facts.st_mode) else "no plain file"
        _add(problems, entry.name, kind, "a plain file", "put the file itself there")
        return False
    if facts.st_size > MOST_BYTES[entry.name]:
        allowed = f"at most {MOST_BYTES[entry.name]} bytes"
        _add(problems, entry.name, f"{facts.st_size} bytes", allowed, "write it with mmjudge pack")
        return False
    return True


def _add(
    problems: Problems, file: str, found: str, allowed: str, next_step: str = "take them out"
) -> None:
    named = file if file in MOST_BYTES else show(file, 200)[1:-1]
    problems.add(Problem(file=named, found=found, allowed=allowed, next_step=next_step))
