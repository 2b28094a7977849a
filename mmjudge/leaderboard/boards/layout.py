"""`leaderboard.yaml`: the boards of a leaderboard, what they ask, what they are made from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.board import Slug, slug
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.leaderboard.submissions.problems import UnreadableError, show
from mmjudge.leaderboard.submissions.strict import strict_yaml
from mmjudge.leaderboard.submissions.submission import Label, Link
from mmjudge.types import ProtocolName, Record

LAYOUT = "leaderboard.yaml"
MOST_BYTES = 256 * 1024
Place = Annotated[str, Field(min_length=1, max_length=500)]
"""A path, relative to the folder of `leaderboard.yaml`."""


class TaskChoice(Record):
    """A task under one protocol, as a board asks it.

    `where`: only the items of these strata, as runs of them have it in their settings. `weight`:
    what it counts in the overall figure and in the orders. `folder`: of a task that is
    not installed. `data`: of an installed one. `gold`: the private part of a season; then, or with
    `hidden`, figures count as hidden ones. `public` names the task that the season is to be held
    against: a column says how much lower or higher the hidden figure is.
    """

    task: Label
    protocol: ProtocolName
    where: dict[str, str] = Field(default_factory=dict, max_length=10)
    weight: float = Field(default=1.0, ge=0, le=1000)
    folder: Place | None = None
    data: Place | None = None
    gold: Place | None = None
    hidden: bool = False
    public: Label | None = None

    @property
    def name(self) -> str:
        """The task's name, without its version."""
        return self.task.partition("@")[0]

    @property
    def version(self) -> int:
        """The task's version."""
        return int(self.task.partition("@")[2])

    @property
    def id(self) -> str:
        """Name of its column: that of the task, the protocol, and the strata if it has any."""
        strata = [f"{slug(axis)}-{slug(value)}" for axis, value in sorted(self.where.items())]
        return "-".join((self.name, self.protocol, *strata))

    @property
    def words(self) -> str:
        """Name, protocol and strata, as a reader sees them."""
        strata = [f"{axis} {value}" for axis, value in sorted(self.where.items())]
        return f"{self.name} ({', '.join((self.protocol, *strata))})"


class RunsOf(Record):
    """Runs of one judge that were made here, as an entry: folders, and what is said of the judge.

    `judge`, `revision`, `licence` and `links` are shown as they are.
    """

    id: Slug
    runs: tuple[Place, ...]
    judge: str = ""
    revision: str = ""
    licence: str = ""
    links: tuple[Link, ...] = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.runs:
            raise ValueError("runs: at least one folder is needed")
        return self


class BoardPlan(Record):
    """One board: its tasks, and one of three sources.

    `submissions`: a folder of submissions, each checked and judged again from its raw replies;
    `run_by_us` names those, by their paths in it, that the owners of the leaderboard ran, and
    `runs` adds runs that were made here. `aggregates`: a `board.json` that was built where the data
    is; it holds figures alone. Without `tasks` a board has all that its entries were run on.
    """

    name: Slug
    title: str = Field(min_length=1)
    description: str = ""
    tasks: tuple[TaskChoice, ...] = ()
    submissions: Place | None = None
    run_by_us: tuple[str, ...] = ()
    runs: tuple[RunsOf, ...] = ()
    aggregates: Place | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        made = self.submissions is not None or bool(self.runs)
        if made == (self.aggregates is not None):
            raise ValueError("one source is needed: submissions, or runs, or both; or aggregates")
        if self.aggregates is not None and (self.tasks or self.run_by_us):
            raise ValueError("aggregates: a board.json has its tasks; leave out tasks, run_by_us")
        ids = [choice.id for choice in self.tasks]
        if twice := sorted({one for one in ids if ids.count(one) > 1}):
            raise ValueError(f"tasks: each task and protocol is allowed once, found {twice}")
        labels = {(choice.task, choice.protocol) for choice in self.tasks}
        for choice in self.tasks:
            if choice.public is not None and (choice.public, choice.protocol) not in labels:
                raise ValueError(
                    f"tasks: public: {choice.public} {choice.protocol} is not among the tasks"
                )
        return self


class Layout(Record):
    """`leaderboard.yaml`. A single board is the site; of several, each is a folder of it.

    `source` is an https link to where the submissions are kept.
    """

    title: str = Field(min_length=1)
    description: str = ""
    licence: str = ""
    contact: str = ""
    source: str = Field(default="", pattern=r"^(https://.*)?$")
    boards: tuple[BoardPlan, ...]

    @model_validator(mode="after")
    def _names(self) -> Self:
        if not self.boards:
            raise ValueError("boards: at least one is needed")
        names = [board.name for board in self.boards]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"boards: each name is allowed once, found {', '.join(twice)} twice")
        return self


def read_layout(folder: Path) -> Layout:
    """Read `leaderboard.yaml`.

    Raises:
        MmjudgeError: It cannot be read, or says something that is not allowed; all problems with
            their lines.
    """
    path = folder / LAYOUT
    lines: dict[str, int] = {}
    try:
        if path.stat().st_size > MOST_BYTES:
            raise MmjudgeError(f"{path}: over {MOST_BYTES} bytes; at most that is allowed")
        content, lines = strict_yaml(path.read_bytes())
        return Layout.model_validate(content)
    except UnreadableError as error:
        where = "" if error.line is None else f":{error.line}"
        field = f" {error.field}:" if error.field else ""
        raise MmjudgeError(
            f"{path}{where}:{field} found {error.found}; allowed: {error.allowed}"
        ) from error
    except ValidationError as error:
        raise MmjudgeError("\n".join(_problems(path, error, lines))) from error
    except OSError as error:
        raise MmjudgeError(
            f"{path}: cannot be read: {error.strerror}; docs/leaderboard.md says what it holds"
        ) from error


def _problems(path: Path, error: ValidationError, lines: Mapping[str, int]) -> list[str]:
    found = []
    for one in error.errors(include_url=False, include_context=False):
        names = list(map(str, one["loc"]))
        field = ".".join(names)
        near = next((lines[at] for at in _upwards(names) if at in lines), 1)
        value = "nothing" if one["type"] == "missing" else show(one["input"])
        allowed = one["msg"].removeprefix("Value error, ").replace("Field required", "it is needed")
        if one["type"] == "extra_forbidden":
            allowed = f"only {', '.join(_fields(names[:-1]))}"
        said = f"{field}: " if field else ""
        found.append(f"{path}:{near}: {said}found {value}; allowed: {allowed}")
    return found


def _upwards(names: Sequence[str]) -> list[str]:
    return [".".join(names[:end]) for end in range(len(names), -1, -1)]


def _fields(names: Sequence[str]) -> list[str]:
    """The fields of the record in which an unknown one was found."""
    records: dict[str, Any] = {"boards": BoardPlan, "tasks": TaskChoice, "runs": RunsOf}
    inside = [name for name in names if name in records]
    return list((records[inside[-1]] if inside else Layout).model_fields)


class Given(Record):
    """Where tasks are, as the command line says, which overrules `leaderboard.yaml`."""

    tasks: tuple[Path, ...] = ()
    data: dict[str, Path] = Field(default_factory=dict)
    gold: dict[str, Path] = Field(default_factory=dict)


def sources_of(folder: Path, layout: Layout, given: Given) -> tuple[Sources, list[str]]:
    """Where the tasks of all boards come from, and what is not there, in words.

    Gold that is not there is left out: a season's secret is only where its owners build the board.

    Raises:
        MmjudgeError: A task folder is not there, or is no task.
    """
    choices = [choice for board in layout.boards for choice in board.tasks]
    folders = dict.fromkeys([*(folder / c.folder for c in choices if c.folder), *given.tasks])
    data = {c.name: folder / c.data for c in choices if c.data} | given.data
    gold = {c.name: folder / c.gold for c in choices if c.gold} | given.gold
    absent = [name for name, place in gold.items() if not place.is_dir()]
    notes = [
        f"{name}: its hidden gold ({gold[name].name}) is not here: its figures are left out"
        for name in absent
    ]
    there = {name: place for name, place in gold.items() if name not in absent}
    return Sources(tuple(folders), data, there), notes
