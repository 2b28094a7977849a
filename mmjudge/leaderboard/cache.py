"""What was computed of a submission before: it can be deleted at any time, and changes no output.

It is in the home folder, never beside the submissions: what strangers add there would be believed.
"""

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

import mmjudge
from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.tasks import Library
from mmjudge.leaderboard.submissions.folder import MOST_BYTES, Files
from mmjudge.leaderboard.submissions.submission import RunFile

FORMAT = "1"
CHUNK = 1 << 20
_NO_CODE = (".pyc", ".so")


def default_folder() -> Path:
    """`leaderboard` in `MMJUDGE_CACHE`, or in `.cache/mmjudge` of the home folder."""
    chosen = os.environ.get("MMJUDGE_CACHE")
    return (Path(chosen) if chosen else Path.home() / ".cache" / "mmjudge") / "leaderboard"


class Cache:
    """Arrays under keys, one file each; a file that cannot be read or written is as if not there.

    Args:
        folder: Where; None for no cache.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: str | None) -> dict[str, NDArray[Any]] | None:
        """The arrays of a key, None where there are none."""
        if self.folder is None or key is None:
            return None
        try:
            with (self.folder / f"{key}.npz").open("rb") as raw, np.load(raw) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None

    def put(self, key: str | None, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays under a key; all of them, or nothing."""
        if self.folder is None or key is None:
            return
        made: Path | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.folder, suffix=".new", delete=False) as file:
                made = Path(file.name)
                np.savez(file, allow_pickle=False, **arrays)
            made.replace(self.folder / f"{key}.npz")
        except OSError:
            if made is not None:
                made.unlink(missing_ok=True)


def key_of(kind: str, *facts: str) -> str:
    """The key of what follows from some facts and from this version of mmjudge.

    Example:
        >>> len(key_of("answers", "a")), key_of("answers", "a") == key_of("answers", "b")
        (71, False)
    """
    told = "\0".join((FORMAT, kind, code_digest(), *facts))
    return f"{kind}-{hashlib.sha256(told.encode()).hexdigest()[:63]}"


@cache
def code_digest() -> str:
    """SHA-256 of this version of mmjudge, all its files, and of numpy's version."""
    digest = hashlib.sha256(f"{mmjudge.__version__} {np.__version__}".encode())
    root = Path(mmjudge.__file__).parent
    for path in sorted(p for p in root.rglob("*") if p.is_file() and p.suffix not in _NO_CODE):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def file_digests(files: Files) -> dict[str, str]:
    """SHA-256 of each file of a submission.

    Raises:
        MmjudgeError: One cannot be read.
    """
    found = {}
    for name in sorted(set(files.names) & set(MOST_BYTES)):
        digest = hashlib.sha256()
        try:
            with files.open(name) as stream:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
        except OSError as error:
            raise MmjudgeError(f"{files.folder / name}: cannot be read: {error}") from error
        found[name] = digest.hexdigest()
    return found


def task_digests(content: RunFile | None, library: Library) -> list[str] | None:
    """Digests of the tasks that a submission names; None where one of them is not here."""
    try:
        return [
            f"{run.task} {run.settings.protocol} "
            f"{library.items(run.task, run.settings.protocol).digest}"
            for run in (content.runs if content is not None else ())
        ]
    except MmjudgeError:
        return None


def submission_facts(files: Files, content: RunFile | None, library: Library) -> list[str] | None:
    """All that what is computed of a submission follows from; None where a task is not here.

    Raises:
        MmjudgeError: A file cannot be read.
    """
    tasks = task_digests(content, library)
    if tasks is None:
        return None
    return [*(f"{name} {digest}" for name, digest in file_digests(files).items()), *tasks]
