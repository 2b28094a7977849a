"""Suites: several tasks put to one judge that is loaded once, as a folder of runs."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, field_validator

from mmjudge import api
from mmjudge.cards import read_card
from mmjudge.errors import MissingExtraError, MmjudgeError, TaskError, unknown
from mmjudge.judges.base import Judge
from mmjudge.report.outcome import printable, read_outcome
from mmjudge.sources.folder import open_task
from mmjudge.sources.samples import data_place
from mmjudge.task import Task
from mmjudge.types import JudgeCard, Modality, Orders, ProtocolName, Record

PREFIX = "suite:"
FILE = "suite.json"

Open = Callable[[Task, ProtocolName], Judge]
"""The judge for a task and a protocol: the same one, unless it looks answers up."""


class Entry(Record):
    """A task of a suite.

    `protocols`: those that are asked, all of the task's if left out; `orders`: both for pairs,
    balanced for the others if left out; `takes`: the modality that a judge must take to be asked at
    all; `data`: from the folder of the suite's file on, or `sample`.
    """

    task: str
    protocols: tuple[ProtocolName, ...] = ()
    orders: Orders | None = None
    takes: Modality | None = None
    data: str | None = None
    where: dict[str, str] = Field(default_factory=dict)
    limit: int | None = Field(default=None, ge=1)


class Suite(Record):
    """Tasks that belong together."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    summary: str = ""
    tasks: tuple[Entry, ...] = Field(min_length=1)

    @field_validator("tasks")
    @classmethod
    def _each_once(cls, tasks: tuple[Entry, ...]) -> tuple[Entry, ...]:
        names = [entry.task.rstrip("/").rpartition("/")[2] for entry in tasks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each task stands there once, found twice: {', '.join(twice)}")
        return tasks


class SuiteRun(Record):
    """One run of a suite: whether all was asked that the task has."""

    folder: str
    task: str
    protocol: ProtocolName
    whole: bool


class Played(Record):
    """What became of a suite: its runs, and what was left out, with the reason."""

    suite: str
    judge: str
    runs: tuple[SuiteRun, ...] = ()
    left_out: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where the runs go, and who is told."""

    out: Path
    say: Callable[[str], None]


def builtin() -> list[str]:
    """Names of the suites that come with mmjudge."""
    here = Path(str(files("mmjudge") / "suite_files"))
    return sorted(path.stem for path in here.glob("*.yaml"))


def open_suite(spec: str) -> tuple[Suite, Path]:
    """Open a suite by what a user writes, `suite:NAME` or `suite:path/to/file.yaml`.

    Returns:
        The suite, and the folder that its paths start from.

    Raises:
        MmjudgeError: There is no such suite, or its file does not fit.
    """
    name = spec.removeprefix(PREFIX)
    if name.endswith((".yaml", ".yml")):
        return read_card(Path(name), Suite), Path(name).parent
    if name not in builtin():
        raise MmjudgeError(unknown("suite", name, builtin()) + "; or suite:FILE.yaml")
    path = Path(str(files("mmjudge") / "suite_files" / f"{name}.yaml"))
    return read_card(path, Suite), Path()


def open_tasks(suite: Suite, base: Path) -> tuple[dict[int, Task], list[str]]:
    """The tasks of a suite by their place in it, and those that do not open, with the reason.

    Raises:
        MmjudgeError: No task opens.
    """
    opened: dict[int, Task] = {}
    left_out = []
    for place, entry in enumerate(suite.tasks):
        at_base = base / entry.task
        spec = str(at_base) if "/" in entry.task and at_base.is_dir() else entry.task
        try:
            opened[place] = open_task(spec, data_place(entry.data, base) if entry.data else None)
        except MmjudgeError as error:
            left_out.append(why(entry.task, error))
    if not opened:
        raise MmjudgeError(f"suite {suite.name}: no task opens: " + "; ".join(left_out))
    return opened, left_out


def play(
    suite: Suite,
    opened: Mapping[int, Task],
    judge: Open,
    place: Place,
    settings: Mapping[str, Any] | None = None,
) -> Played:
    """Put every task to a judge in each protocol that both have; go on where it stopped.

    Args:
        suite: The suite.
        opened: Its tasks, by place.
        judge: The judge.
        place: Folder of the runs, and who is told.
        settings: Further arguments of `mmjudge.run`; `protocol`, if given, is the only one.

    Raises:
        KeyboardInterrupt: The user stopped it; what was judged is stored.
        MmjudgeError: An earlier run in the folder was another one, or the judge gives up.
    """
    more = dict(settings or {})
    only = more.pop("protocol", None)
    first = next(iter(opened.values()))
    card = judge(first, only or first.spec.protocols[0]).card
    planned = [
        (
            number,
            SuiteRun(
                folder=f"{opened[number].spec.name}-{p}",
                task=opened[number].spec.label,
                protocol=p,
                whole=False,
            ),
        )
        for number, p in _asked(suite, opened, card)
        if only in (None, p)
    ]
    played = Played(suite=suite.name, judge=card.name, runs=tuple(run for _, run in planned))
    for number, run in planned:
        write(place.out, played)
        entry, task = suite.tasks[number], opened[number]
        try:
            said = _run(place.out / run.folder, judge, task, run.protocol, (entry, more))
        except (MissingExtraError, TaskError) as error:
            played = _without(played, run, why(f"{card.name} on {entry.task}", error))
            continue
        place.say(f"{card.name:18} {said}")
        whole = [one.model_copy(update={"whole": one.whole or one == run}) for one in played.runs]
        played = played.model_copy(update={"runs": tuple(whole)})
    write(place.out, played)
    return played


def _without(played: Played, run: SuiteRun, reason: str) -> Played:
    """The same without a run that could not be asked."""
    kept = tuple(one for one in played.runs if one != run)
    reasons = dict.fromkeys((*played.left_out, reason))
    return played.model_copy(update={"runs": kept, "left_out": tuple(reasons)})


def _asked(
    suite: Suite, opened: Mapping[int, Task], card: JudgeCard
) -> Iterator[tuple[int, ProtocolName]]:
    """The tasks by place, with each protocol that both they and the judge have."""
    for number, task in opened.items():
        entry = suite.tasks[number]
        if entry.takes in (None, *card.modalities):
            wanted = entry.protocols or task.spec.protocols
            yield from ((number, p) for p in wanted if p in card.protocols)


def _run(
    out: Path,
    judge: Open,
    task: Task,
    protocol: ProtocolName,
    how: tuple[Entry, Mapping[str, Any]],
) -> str:
    """Put a task to a judge, or go on with it, and say in a line what became of it."""
    entry, more = how
    started = time.monotonic()
    usual: Orders = "both" if protocol == "pair" else "balanced"
    given = {name: value for name, value in more.items() if value is not None}
    settings = {"orders": entry.orders or usual, "where": entry.where, "limit": entry.limit} | given
    done = api.run(task, judge(task, protocol), protocol=protocol, out=out, **settings)
    if done.stats is not None and (done.stats.interrupted or done.stats.out_of_budget):
        raise KeyboardInterrupt
    outcome = read_outcome(out)
    refused = outcome.failures.get("unsupported", 0)
    parts = [f"{outcome.judgments} judgments"]
    parts += [f"{refused} not taken"] if refused else []
    parts += [f"{outcome.failed - refused} failed", f"{time.monotonic() - started:.1f} s"]
    return f"{task.spec.name:13} {protocol:6} {', '.join(parts)}"


def why(what: str, error: MmjudgeError) -> str:
    """What was left out, and the first line of the reason."""
    return printable(f"{what}: {str(error).partition(chr(10))[0]}", 240)


def write(out: Path, played: Played) -> None:
    """Write what became of a suite, so that `score` and `report` take its folder."""
    out.mkdir(parents=True, exist_ok=True)
    part = out / f"{FILE}.{os.getpid()}.part"
    part.write_text(played.model_dump_json(indent=2), encoding="utf-8")
    part.replace(out / FILE)


def read(folder: Path) -> Played:
    """What became of a suite in a folder.

    Raises:
        MmjudgeError: Its file cannot be read.
    """
    return read_card(folder / FILE, Played)


def runs_of(folders: Sequence[Path]) -> list[Path]:
    """Folders of runs, each of a suite in the place of the suite's."""
    return [
        run
        for folder in folders
        for run in (
            [folder / one.folder for one in read(folder).runs if (folder / one.folder).is_dir()]
            if (folder / FILE).is_file()
            else [folder]
        )
    ]
