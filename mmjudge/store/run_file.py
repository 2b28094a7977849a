"""The file of a run: its lock, connection and header, and why it cannot be used."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from mmjudge.errors import StoreError
from mmjudge.types import SCHEMA_VERSION, RunHeader

FILE = "run.db"
LOCK = "run.lock"

LISTS = SCHEMA_VERSION + 1
"""Format of the run of a task that may be asked for lists: answers of a checklist, or steps. All
other runs are of format `SCHEMA_VERSION`, so that an mmjudge that knows no lists reads them."""
NEWEST = LISTS


def format_of(header: RunHeader) -> int:
    """The format that a run is written in: an older mmjudge refuses what it could only misread."""
    asked = {header.settings.protocol, *header.task.protocols}
    return LISTS if asked & {"checklist", "steps"} else SCHEMA_VERSION


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Open the file, "ro", "rw" or "rwc" (made if it is not there).

    Raises:
        StoreError: It cannot be opened.
    """
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        if mode != "ro":
            connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA cache_size=-2048")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be opened: {error}") from error
    return connection


@contextmanager
def new_file(folder: Path) -> Iterator[sqlite3.Connection]:
    """A file under another name, that becomes the run's when it is complete: a kill leaves no half.

    Raises:
        StoreError: There is a file already, or none can be made.
    """
    path = folder / FILE
    if path.exists() and path.stat().st_size:
        raise StoreError(f"{path}: is there, and is no run; choose another --out")
    new = folder / f"{FILE}.new"
    try:
        for leftover in folder.glob(f"{new.name}*"):
            leftover.unlink()
        with closing(connect(new, "rwc")) as connection:
            # Nobody reads it before it has its name: the disk is waited for once, at the end.
            connection.execute("PRAGMA synchronous=OFF")
            yield connection
        _sync(new)
        new.replace(path)
        _sync(folder)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error}") from error


def _sync(path: Path) -> None:
    """Wait until a file, or what a folder names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_header(connection: sqlite3.Connection, path: Path) -> RunHeader:
    """The run's header.

    Raises:
        StoreError: The file is no run, is damaged, or is of a newer version.
    """
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > NEWEST:
            raise StoreError(
                f"{path}: written by a newer mmjudge (format {version}, this one reads up to "
                f"{NEWEST}): upgrade mmjudge"
            )
        row = connection.execute("SELECT value FROM meta WHERE name='header'").fetchone()
        if row is None:
            raise StoreError(f"{path}: has no header; it is not a run, or is damaged")
        return RunHeader.model_validate_json(row[0])
    except (sqlite3.Error, ValidationError) as error:
        raise StoreError(f"{path}: not a readable run: {error}") from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What SQLite says when it cannot write, as an error that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(
            f"{folder / FILE}: cannot be written: {error}; what was committed is safe, "
            "run the same command again to go on"
        ) from error


def lock_folder(folder: Path) -> IO[str]:
    """Make the folder and take its lock, which the system frees when the process ends.

    Raises:
        StoreError: The folder cannot be written, or another run has the lock.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise StoreError(
            f"{folder}: another run (process {holder}) is writing here; wait for it, "
            "or choose another --out"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
