"""What a leaderboard says, as records: all that its pages, its CSV and its JSON are made from.

A `Board` holds aggregates only: no item, no reply, no path of a machine, no time. Texts of entries
were typed by strangers: whoever shows them escapes them.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mmjudge.leaderboard.submissions.submission import Contact, Line, Link, TrainingData
from mmjudge.types import Modality, ProtocolName, Record

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=200)]
"""A name that stands in a file name and an address as it is."""

Span = tuple[float, float]
Places = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]

ColumnKind = Literal[
    "overall", "task", "hidden", "criterion", "modality", "bias", "failure", "cost"
]
Direction = Literal["higher", "lower", "zero", "none"]
Badge = Literal["recomputed", "run by us", "self-run", "recorded", "partial", "aggregates"]
"""recomputed: every figure from raw replies, judged again here; self-run: by the submitter;
recorded: replies or verdicts that others published; partial: not all tasks of the board, or not all
items; aggregates: figures that were computed where the data is, and stored."""

RuleName = Literal["mean", "plurality", "borda", "dowdall", "copeland", "minimax", "bradley_terry"]


class Cell(Record):
    """One number of one entry.

    `value` is None where it is undefined, or where the entry has nothing to say: `note` says why.
    `places` is the interval of the entry's place in this column, best first, both ends included:
    1 + how many are certainly better, and how many there are less those that are certainly worse.
    It is None in a column without an order. Entries with the same first place share it.
    """

    value: float | None
    ci95: Span | None = None
    n_items: int = Field(default=0, ge=0)
    n_failed: int = Field(default=0, ge=0)
    places: Places | None = None
    note: str = ""


class BoardTask(Record):
    """A task under one protocol, as this board asks it.

    `id` is unique on the board, as in `scenes_image-pair`. `where`: strata to which it
    is cut, if it is. `hidden`: its gold is not public.
    `measure` is what stands for it: its value is `chance` for a judge that does not look, and 1 for
    one that always agrees with people; a task without a known chance has no part in the overall
    figure. `weight` is what it counts there and in the orders. `digest` is the SHA-256 of its items
    with their gold; empty for a hidden one, whose gold could be guessed until it fits.
    """

    id: Slug
    label: str
    name: str
    version: int = Field(ge=1)
    protocol: ProtocolName
    where: dict[str, str] = Field(default_factory=dict)
    summary: str = ""
    criteria: tuple[str, ...] = ()
    modalities: tuple[Modality, ...] = ()
    measure: str
    chance: float | None = None
    n_items: int = Field(default=0, ge=0)
    licence: str = ""
    source: str = ""
    revision: str = ""
    citation: str = ""
    known_flaws: tuple[str, ...] = ()
    superseded_by: str | None = None
    hidden: bool = False
    weight: float = Field(default=1.0, ge=0)
    digest: str = ""


class Column(Record):
    """What a column of numbers means.

    `title` is short, `explanation` complete sentences with the formula. `direction` says which
    value is best: "zero" means nearest to `ideal`; "none", that no value is. `low` and `high` bound
    all possible values, where there are bounds; `chance` is the value of a judge that does not
    look; `ceiling` the same figure of a person against the others. `unit` is empty for a plain
    fraction. `ranked`: its cells have places. `shown`: whether a page shows it before anything is
    chosen. `task`, `protocol`, `criterion`, `modality`, `probe` and `measure` say what it is about,
    empty where it is about no single one; `task` is the `id` of a `BoardTask`.
    """

    id: Slug
    kind: ColumnKind
    title: str
    explanation: str
    unit: str = ""
    direction: Direction
    ideal: float | None = None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    ceiling: Cell | None = None
    ranked: bool = False
    shown: bool = False
    digits: int = Field(default=3, ge=0, le=6)
    task: str = ""
    protocol: str = ""
    criterion: str = ""
    modality: str = ""
    probe: str = ""
    measure: str = ""


class EntryFlag(Record):
    """A sign that a reviewer or reader should look at: a name and what was counted."""

    name: str
    detail: str


class EntryRun(Record):
    """One run of an entry: what was asked, and how it went.

    `settings` are those that differ between runs, as text; `failures` counts by reason.
    """

    task: Slug
    items: int = Field(ge=0)
    judgments: int = Field(ge=0)
    failures: dict[str, int] = Field(default_factory=dict)
    settings: dict[str, str] = Field(default_factory=dict)
    packages: dict[str, str] = Field(default_factory=dict)


class Entry(Record):
    """One judge, revision and setting: a row of the table.

    `judge` is the name in the table, typed by the submitter; `made_by` the judge as it was run,
    such as `clip:scenes-clip`. `setting` tells rows of one judge apart, in words. `parameters` are
    names and values as text. `files` maps the submitted files to their SHA-256; none for entries
    that were not submitted. `looks` is False for baselines, which do not look at what they judge.
    """

    id: Slug
    judge: Line
    revision: str
    setting: str = ""
    made_by: str = ""
    licence: str = ""
    contact: Contact | None = None
    links: tuple[Link, ...] = ()
    training_data: TrainingData | None = None
    badges: tuple[Badge, ...] = ()
    flags: tuple[EntryFlag, ...] = ()
    parameters: dict[str, str] = Field(default_factory=dict)
    looks: bool = True
    files: dict[str, str] = Field(default_factory=dict)
    runs: tuple[EntryRun, ...] = ()


class Standing(Record):
    """Where a rule puts one entry: entries with the same score share a place, 1 is best.

    `score` is the rule's own number; `moved` how many places better (above 0) or worse than under
    the first order of the board.
    """

    entry: Slug
    place: int = Field(ge=1)
    score: float
    moved: int = 0


class Order(Record):
    """The entries in the order of one rule, best first.

    `agreement` is Kendall's tau-b with the first order of the board over the entries of both, None
    where it is undefined. `without` are entries that the rule cannot place: `note` says why.
    """

    rule: RuleName
    title: str
    explanation: str
    source: str = ""
    standings: tuple[Standing, ...]
    without: tuple[Slug, ...] = ()
    agreement: float | None = None
    note: str = ""


class Duel(Record):
    """Two entries in one column, compared on what both have: `difference` is a minus b.

    `p_holm` is corrected over all pairs of the column; `better` names the entry that is better
    beyond chance, None where the data cannot say.
    """

    a: Slug
    b: Slug
    column: Slug
    difference: float
    ci95: Span | None = None
    p_value: float | None = None
    p_holm: float | None = None
    n_items: int = Field(default=0, ge=0)
    better: Slug | None = None


class Sibling(Record):
    """Another board of the same site; `path` leads there from the pages of this board's root."""

    name: Slug
    title: str
    path: str


class Board(Record):
    """A leaderboard: tasks, columns, entries, and a cell where an entry has something to say.

    `cells` maps the id of an entry, then that of a column, to a cell; a missing cell means that the
    entry was not asked. `voters` are the ids of the columns that the orders are made of.
    `condorcet` is the entry that beats each other one in a majority of them, if there is one.
    `separated` counts pairs by column: those that the data separate, and all that were compared.
    `leaderboard` is the title of the site that it is a board of.
    """

    format: Literal[1] = 1
    name: Slug
    title: str
    leaderboard: str = ""
    description: str = ""
    licence: str = ""
    contact: str = ""
    source: str = ""
    made_with: str
    resamples: int = Field(ge=0)
    seed: int = 0
    level: float = Field(default=0.05, gt=0, lt=1)
    overall: str = ""
    tasks: tuple[BoardTask, ...]
    columns: tuple[Column, ...]
    entries: tuple[Entry, ...]
    cells: dict[Slug, dict[Slug, Cell]]
    orders: tuple[Order, ...] = ()
    voters: tuple[Slug, ...] = ()
    condorcet: Slug | None = None
    duels: tuple[Duel, ...] = ()
    separated: dict[Slug, tuple[int, int]] = Field(default_factory=dict)
    siblings: tuple[Sibling, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        tasks = _unique("tasks", (task.id for task in self.tasks))
        columns = _unique("columns", (column.id for column in self.columns))
        entries = _unique("entries", (entry.id for entry in self.entries))
        _known("cells", self.cells, entries)
        for cells in self.cells.values():
            _known("cells", cells, columns)
        _known("voters", self.voters, columns)
        _known("separated", self.separated, columns)
        _known("columns.task", (c.task for c in self.columns if c.task), tasks)
        _known("entries.runs.task", (r.task for e in self.entries for r in e.runs), tasks)
        for order in self.orders:
            _known("orders", [*(s.entry for s in order.standings), *order.without], entries)
        for duel in self.duels:
            _known("duels", (duel.a, duel.b), entries)
            _known("duels.column", (duel.column,), columns)
        _known("condorcet", (self.condorcet,) if self.condorcet else (), entries)
        return self

    def cell(self, entry: str, column: str) -> Cell | None:
        """The cell of an entry in a column, None where it was not asked."""
        return self.cells.get(entry, {}).get(column)

    def column(self, name: str) -> Column:
        """The column of that id.

        Raises:
            KeyError: There is none.
        """
        return {column.id: column for column in self.columns}[name]

    def entry(self, name: str) -> Entry:
        """The entry of that id.

        Raises:
            KeyError: There is none.
        """
        return {entry.id: entry for entry in self.entries}[name]

    def task(self, name: str) -> BoardTask:
        """The task of that id.

        Raises:
            KeyError: There is none.
        """
        return {task.id: task for task in self.tasks}[name]


def _unique(field: str, names: Iterable[str]) -> set[str]:
    counts = Counter(names)
    if twice := sorted(name for name, count in counts.items() if count > 1):
        raise ValueError(f"{field}: each id is allowed once, found {', '.join(twice)} twice")
    return set(counts)


def _known(field: str, names: Iterable[str], allowed: set[str]) -> None:
    if other := sorted(set(names) - allowed):
        raise ValueError(f"{field}: {other[0]!r} is no id of this board")


def slug(text: str) -> str:
    """A text as a part of a name: lower case, figures, hyphens.

    Example:
        >>> slug("text->image"), slug("***")
        ('text-image', 'x')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:80] or "x"
