"""Files of suites, and their tasks: opened, and looked at before any judge is loaded."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, field_validator

from mmjudge.cards import line_of, read_card
from mmjudge.errors import MmjudgeError, TaskError, unknown
from mmjudge.report.outcome import printable
from mmjudge.sources.folder import open_task
from mmjudge.sources.samples import data_place
from mmjudge.task import Task
from mmjudge.types import Modality, Orders, ProtocolName, Record

PREFIX = "suite:"


class Entry(Record):
    """A task of a suite.

    `protocols`: those that are asked, all of the task's if left out; `orders`: both for pairs,
    balanced for the others if left out; `takes`: the modality that a judge must take to be asked at
    all; `data`: from the folder of the suite's file on, or `sample`.
    """

    task: str = Field(min_length=1)
    protocols: tuple[ProtocolName, ...] = ()
    orders: Orders | None = None
    takes: Modality | None = None
    data: str | None = None
    where: dict[str, str] = Field(default_factory=dict)
    limit: int | None = Field(default=None, ge=1)

    @field_validator("task")
    @classmethod
    def _no_suite(cls, task: str) -> str:
        if task.startswith(PREFIX):
            raise ValueError("a suite holds tasks and no other suite; name the tasks of that one")
        return task


class Suite(Record):
    """Tasks that belong together."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    summary: str = ""
    tasks: tuple[Entry, ...] = Field(min_length=1)


class SuiteFile(NamedTuple):
    """A suite, and the file that says so; paths in it start from the file's folder."""

    suite: Suite
    path: Path

    def at(self, place: int, field: str) -> str:
        """Where a field of a task stands: file, line, field; of a suite that came along, field."""
        named = f"tasks.{place}.{field}"
        if self.path.parent == _here():
            return named
        return f"{self.path}:{line_of(self.path, ('tasks', place, field))}: {named}"


class Opened(NamedTuple):
    """The tasks of a suite.

    Attributes:
        tasks: Those that can be asked, by their place in the suite.
        left_out: The others, each with the reason.
        protocols: Those of each task that is known, whether it can be asked or not.
    """

    tasks: Mapping[int, Task]
    left_out: tuple[str, ...] = ()
    protocols: Mapping[int, tuple[ProtocolName, ...]] = {}


def _here() -> Path:
    """The folder of the suites that come with mmjudge."""
    return Path(str(files("mmjudge") / "suite_files"))


def builtin() -> list[str]:
    """Names of the suites that come with mmjudge."""
    return sorted(path.stem for path in _here().glob("*.yaml"))


def open_suite(spec: str) -> SuiteFile:
    """Open a suite by what a user writes, `suite:NAME` or `suite:path/to/file.yaml`.

    Raises:
        MmjudgeError: There is no such suite, or its file does not fit.
    """
    name = spec.removeprefix(PREFIX)
    if name.endswith((".yaml", ".yml")):
        return SuiteFile(read_card(Path(name), Suite), Path(name))
    if name not in builtin():
        raise MmjudgeError(unknown("suite", name, builtin()) + "; or suite:FILE.yaml")
    path = _here() / f"{name}.yaml"
    return SuiteFile(read_card(path, Suite), path)


def open_tasks(file: SuiteFile, data: Path | None = None) -> Opened:
    """Open the tasks of a suite, and read the first item of each, so that what is absent is known.

    Args:
        file: The suite.
        data: A folder that holds the data of some of the tasks, each in a folder of its name.

    Raises:
        MmjudgeError: No task can be asked, two are called alike, one has no such protocol, or
            `data` holds nothing for any of them.
    """
    own = _own_data(file.suite, data)
    tasks: dict[int, Task] = {}
    left_out = []
    for place, entry in enumerate(file.suite.tasks):
        try:
            tasks[place] = _opened(file.path.parent, entry, own.get(place))
        except MmjudgeError as error:
            left_out.append(f"{file.at(place, 'task')}: {why(entry.task, error)}")
    if problems := [*_called_alike(file, tasks), *_no_protocols(file, tasks)]:
        raise MmjudgeError("\n".join(problems))
    protocols = {place: task.spec.protocols for place, task in tasks.items()}
    for place, task in list(tasks.items()):
        entry = file.suite.tasks[place]
        if reason := absent(task, entry.protocols or task.spec.protocols):
            left_out.append(f"{file.at(place, 'task')}: {entry.task}: {reason}")
            del tasks[place]
    if not tasks:
        lines = "\n".join(left_out)
        raise MmjudgeError(f"suite {file.suite.name}: no task can be asked:\n{lines}")
    return Opened(tasks, tuple(left_out), protocols)


def _own_data(suite: Suite, data: Path | None) -> dict[int, Path]:
    """What a user's folder holds for the tasks of a suite, by their place."""
    if data is None:
        return {}
    folders = {place: data / Path(entry.task).name for place, entry in enumerate(suite.tasks)}
    own = {place: folder for place, folder in folders.items() if folder.is_dir()}
    if not own:
        names = ", ".join(folder.name for folder in folders.values())
        raise MmjudgeError(
            f"--data {data}: for a suite, a folder is needed with a folder for each task whose "
            f"data you have, called like it ({names}); found none. Samples are in suite:samples"
        )
    return own


def _opened(base: Path, entry: Entry, own: Path | None) -> Task:
    at_base = base / entry.task
    spec = str(at_base) if "/" in entry.task and at_base.is_dir() else entry.task
    return open_task(spec, own or (data_place(entry.data, base) if entry.data else None))


def _called_alike(file: SuiteFile, tasks: Mapping[int, Task]) -> Iterator[str]:
    """Tasks of one name: their runs would be in one folder."""
    seen: dict[str, int] = {}
    for place, task in tasks.items():
        first = seen.setdefault(task.spec.name, place)
        if first != place:
            yield (
                f"{file.at(place, 'task')}: each task stands there once; {task.spec.name} is "
                f"tasks.{first}, too"
            )


def _no_protocols(file: SuiteFile, tasks: Mapping[int, Task]) -> Iterator[str]:
    """Protocols that a task does not have."""
    for place, task in tasks.items():
        for name in file.suite.tasks[place].protocols:
            if name not in task.spec.protocols:
                yield (
                    f"{file.at(place, 'protocols')}: {task.spec.name} has no protocol {name!r}; "
                    f"it has {', '.join(task.spec.protocols)}"
                )


def absent(task: Task, protocols: tuple[ProtocolName, ...]) -> str:
    """Why a task cannot be asked, from an attempt to read its first items; empty if it can."""
    try:
        for protocol in protocols:
            if next(iter(task.load(protocol)), None) is None:
                return f"{protocol}: it has no items"
    except Exception as error:  # noqa: BLE001 (a loader is a stranger's code)
        said = str(error) if isinstance(error, MmjudgeError) else f"{type(error).__name__}: {error}"
        return why(task.spec.name, TaskError(said)).partition(": ")[2]
    return ""


def why(what: str, error: MmjudgeError) -> str:
    """What was left out, and the first line of the reason."""
    return printable(f"{what}: {str(error).partition(chr(10))[0]}", 400)
