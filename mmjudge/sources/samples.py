"""Samples of tasks: a few items in the layout of the real data, which come with the task."""

import sys
from pathlib import Path

from mmjudge.errors import TaskError
from mmjudge.task import Task

SAMPLE = "sample"
"""What stands in the place of a data folder for a task's own sample."""


def data_place(said: str | Path, base: Path = Path()) -> Path:
    """Where data lies, by what a user writes: `sample` is the task's own, ./sample is a folder.

    Args:
        said: The word `sample`, or a path.
        base: The folder that a relative path starts from.

    Example:
        >>> data_place("sample"), data_place("./sample").is_absolute(), str(data_place("cups"))
        (PosixPath('sample'), True, 'cups')
    """
    if str(said) == SAMPLE:
        return Path(SAMPLE)
    path = base / said
    return path.absolute() if path == Path(SAMPLE) else path


def sample_of(task: type[Task]) -> Path | None:
    """The sample of an installed task: `sample` beside its module, or in that its name; or None."""
    file = getattr(sys.modules.get(task.__module__), "__file__", None)
    if file is None or not hasattr(task, "spec"):
        return None
    beside = Path(file).parent / SAMPLE
    own = beside / task.spec.name
    return next((folder for folder in (own, beside) if folder.is_dir()), None)


def no_sample(spec: str) -> TaskError:
    """The error of a task that has no sample."""
    return TaskError(
        f"{spec}: no sample comes with it; leave --data out, or name a folder with its data "
        f"(one that is called {SAMPLE} is ./{SAMPLE})"
    )


def written_place(task: Task) -> str | None:
    """The data of a task as a run notes it: a sample by that word, for it is on every machine."""
    if task.data is None:
        return None
    return SAMPLE if task.data == sample_of(type(task)) else str(task.data)
