"""Folders that are made once, by whichever worker comes first, and read by all."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def shared(temporary: pytest.TempPathFactory) -> Path:
    """The folder of this run of the tests that all of its workers have in common."""
    base = temporary.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """The folder, made if it is not there; another worker that wants it waits until it is whole.

    Args:
        folder: Where it is wanted, in the `shared` folder.
        make: Makes it at the path that it is given, which is not there yet.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            part = folder.with_name(f"{folder.name}.part")
            make(part)
            part.rename(folder)
    return folder
