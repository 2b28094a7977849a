"""The judgments of a submission as lines of bytes, in bounded memory whatever the file holds."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mmjudge.leaderboard.submissions.folder import Files
from mmjudge.leaderboard.submissions.problems import UnreadableError, short
from mmjudge.leaderboard.submissions.submission import JSONL

MOST_LINE = 1024**2
MOST_TOTAL = 8 * 1024**3
"""Bytes of a line, and of all lines, when they are unpacked."""
CHUNK = 256 * 1024


def judgment_lines(files: Files, name: str) -> Iterator[bytes]:
    """Yield the lines of the judgments, without their ends.

    Raises:
        UnreadableError: The file is damaged, cut off, or holds too much.
    """
    source = _zst if name == JSONL else _parquet
    with source(files, name) as stream:
        yield from split(stream)


def split(stream: BinaryIO) -> Iterator[bytes]:
    """Cut a stream into lines; no more than one line and one chunk is held.

    Raises:
        UnreadableError: A line or the whole is too long, the stream breaks, the last line has no
            end.
    """
    rest, total, number = b"", 0, 0
    while chunk := _read(stream, number):
        total += len(chunk)
        if total > MOST_TOTAL:
            raise UnreadableError(f"over {MOST_TOTAL} bytes unpacked", "less than that", number)
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            _check_length(line, number)
            yield line
        _check_length(rest, number + 1)
    if rest:
        raise UnreadableError("a line that is cut off", "a line end after each line", number + 1)


def _check_length(line: bytes, number: int) -> None:
    if len(line) > MOST_LINE:
        raise UnreadableError(f"over {MOST_LINE} bytes in a line", f"at most {MOST_LINE}", number)


def _read(stream: BinaryIO, number: int) -> bytes:
    try:
        return stream.read(CHUNK)
    except (OSError, MemoryError) as error:
        raise UnreadableError(short(str(error), 200), "a complete file", number + 1) from error


@contextmanager
def _zst(files: Files, name: str) -> Iterator[BinaryIO]:
    import pyarrow as pa

    with files.open(name) as raw, pa.CompressedInputStream(raw, "zstd") as stream:
        yield stream


@contextmanager
def _parquet(files: Files, name: str) -> Iterator[BinaryIO]:
    """What a process of its own makes of the file, which may kill it or take all its memory."""
    command = [sys.executable, "-m", "mmjudge.leaderboard.submissions.parquet_rows"]
    quiet = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
    with files.open(name) as raw, tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            command, stdin=raw, stdout=subprocess.PIPE, stderr=said, env=quiet, cwd=Path("/")
        )
        try:
            if child.stdout is None:
                raise UnreadableError("no process to read it", "one")
            yield child.stdout  # type: ignore[misc]
            if child.wait() != 0:
                said.seek(max(0, said.seek(0, os.SEEK_END) - 4000))
                reason = said.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
                found = short(reason, 200) or f"its reader died ({child.returncode})"
                raise UnreadableError(
                    found, "a whole file with the columns that docs/submit.md names"
                )
        finally:
            if child.stdout is not None:
                child.stdout.close()
            child.kill()
            child.wait()
