"""Tasks: where items come from. A class with a loader, or a folder without code."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import MmjudgeError, TaskError
from mmjudge.task_lists import checklist_problems, steps_problems
from mmjudge.types import (
    Failure,
    Item,
    ProtocolName,
    Ranking,
    Record,
    Reply,
    Score,
    TaskSpec,
    Verdict,
)

RECENT_IDS = 4096
"""Ids that are kept as they came before they are packed."""


class BadItem(Record):
    """An item that cannot be read or judged: reported and stored as what it is, never dropped."""

    id: str
    where: str
    problem: str


class Recorded(Record):
    """One reply of a judge that was run elsewhere; the line of a `replay:` file.

    `order` holds candidate ids as shown; left out, the recording is of the order in the file.
    One of `text` (parsed like any other reply), `verdict` (parsed already, in item order) and
    `scores` (one for each candidate as shown, on the scorer's own scale); none of them: the judge
    gave no usable reply, and `failure` may say why. `probe` names the changed way in which it was
    asked.
    """

    item: str
    criterion: str
    protocol: ProtocolName
    order: tuple[str, ...] | None = None
    repeat: int = 0
    condition: str | None = None
    probe: str | None = None
    text: str | None = None
    verdict: Verdict | None = None
    scores: tuple[float, ...] | None = None
    failure: Failure | None = None


class JudgedRow(NamedTuple):
    """One judgment with its item, as a published rule sees it."""

    item: Item
    criterion: str
    order: tuple[int, ...]
    repeat: int
    reply: Reply
    outcome: Verdict | Failure


@dataclass(frozen=True)
class PublishedTable:
    """What one published figure is computed from.

    `columns` are arrays of shape (n_rows, ...), `item[r]` an integer code of the item of row r,
    and `statistic(*columns, weights=w)` with w of shape (..., n_rows) gives values of shape (...).
    `centred`: whether it compares rows with each other, as in `metrics.resample.bootstrap`.
    """

    criterion: str
    stratum: str
    columns: tuple[NDArray[Any], ...]
    item: NDArray[np.int64]
    statistic: Callable[..., Any]
    n_failed: int = 0
    centred: bool = False


class PublishedRule(NamedTuple):
    """A published benchmark's own rule, quirks and all; named, and never the default."""

    name: str
    tables: Callable[[Sequence[JudgedRow]], Iterable[PublishedTable]]


class Task(ABC):
    """A source of items; subclass it, set `spec`, and register it as a `mmjudge.tasks` entry point.

    Args:
        data: Folder or file with the data; None for the public copy.
    """

    spec: TaskSpec

    def __init__(self, data: Path | None = None) -> None:
        self.data = data

    @property
    def root(self) -> Path | None:
        """Folder that relative media URIs start from."""
        if self.data is None or self.data.is_dir():
            return self.data
        return self.data.parent

    @abstractmethod
    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the items for a protocol, one at a time, always in the same order.

        Raises:
            TaskError: The data is missing or not what the task expects.
        """

    def recorded_judges(self) -> tuple[str, ...]:
        """Names of the judges whose replies the data holds, for `--judge replay:NAME`."""
        return ()

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """The recorded replies of one of `recorded_judges()`."""
        raise TaskError(f"task {self.spec.name} holds no recorded judge {judge!r}")

    def published(self) -> tuple[PublishedRule, ...]:
        """The published benchmark's own rules, shown beside the default figures."""
        return ()


NEEDED: Mapping[ProtocolName, tuple[int, str]] = {
    "pair": (2, "a pair"),
    "score": (1, "a score"),
    "rank": (2, "a ranking"),
    "checklist": (1, "a checklist"),
    "steps": (1, "a verdict on steps"),
}
"""How many candidates a protocol needs (a ranking: at least), and its name in messages."""


def check_item(spec: TaskSpec, item: Item, protocol: ProtocolName) -> str | None:
    """What keeps an item from being judged under a protocol, or None.

    Example:
        >>> from mmjudge.types import Candidate, Criterion, TaskCard
        >>> spec = TaskSpec(name="t", protocols=("pair",), primary="accuracy", modalities=("text",),
        ...     criteria=(Criterion(name="overall", question="?"),), card=TaskCard(summary="t"))
        >>> item = Item(id="1", prompt=("p",), candidates=(Candidate(id="a", parts=("x",)),))
        >>> check_item(spec, item, "pair")
        'candidates: a pair needs 2, found 1'
    """
    return next(item_problems(spec, item, protocol), None)


def item_problems(spec: TaskSpec, item: Item, protocol: ProtocolName) -> Iterator[str]:
    """Everything that keeps an item from being judged under a protocol."""
    found = len(item.candidates)
    needed, words = NEEDED[protocol]
    if found != needed and not (protocol == "rank" and found > needed):
        yield f"candidates: {words} needs {needed}, found {found}"
    if len({candidate.id for candidate in item.candidates}) != found:
        yield f"candidates: ids must differ, found {[c.id for c in item.candidates]}"
    names = {criterion.name for criterion in spec.criteria}
    for name in (*item.criteria, *item.gold):
        if name not in names:
            yield f"gold or criteria: unknown criterion {name!r}; the task has {sorted(names)}"
    yield from filter(None, (_check_gold(spec, item, n) for n in item.gold if n in names))
    if protocol == "checklist":
        yield from checklist_problems(spec, item)
    if protocol == "steps" and found == 1:
        yield from steps_problems(spec, item)


def _check_gold(spec: TaskSpec, item: Item, name: str) -> str | None:
    gold = item.gold[name]
    scale = spec.criterion(name).scale
    match gold:
        case Score(value=value) if scale and not scale.lowest <= value <= scale.highest:
            return (
                f"gold.{name}: {value:g} is off the scale, "
                f"which goes from {scale.lowest:g} to {scale.highest:g}"
            )
        case Ranking(ranks=ranks) if len(ranks) != len(item.candidates):
            return f"gold.{name}: {len(item.candidates)} candidates, found {len(ranks)} ranks"
    return None


class _Seen:
    """Ids that came already, in 8 bytes each: memory stays flat over many items."""

    def __init__(self) -> None:
        self._recent: set[int] = set()
        self._sorted = np.empty(0, dtype=np.int64)

    def add(self, name: str) -> bool:
        """Whether the id is new."""
        code = hash(name)
        place = int(self._sorted.searchsorted(code))
        known = place < len(self._sorted) and self._sorted[place] == code
        if known or code in self._recent:
            return False
        self._recent.add(code)
        if len(self._recent) == RECENT_IDS:
            recent = np.fromiter(self._recent, dtype=np.int64, count=RECENT_IDS)
            self._sorted = np.concatenate((self._sorted, recent))
            self._sorted.sort()
            self._recent.clear()
        return True


def checked(task: Task, protocol: ProtocolName) -> Iterator[Item | BadItem]:
    """The items of a task, each checked; what cannot be judged comes as a `BadItem`.

    Raises:
        TaskError: The task does not know the protocol, or its data cannot be read at all.
    """
    if protocol not in task.spec.protocols:
        raise TaskError(
            f"task {task.spec.name} has no protocol {protocol!r}; "
            f"it has {', '.join(task.spec.protocols)}"
        )
    seen = _Seen()
    for place, item in enumerate(_loaded(task, protocol), 1):
        if isinstance(item, BadItem):
            yield item
            continue
        where = f"item {place} ({item.id})"
        if not seen.add(item.id):
            again = f"id: {item.id!r} stands here for the second time"
            yield BadItem(id=f"{item.id}#{place}", where=where, problem=again)
            continue
        if problem := check_item(task.spec, item, protocol):
            yield BadItem(id=item.id, where=where, problem=problem)
        else:
            yield item


def _loaded(task: Task, protocol: ProtocolName) -> Iterator[Item | BadItem]:
    """What the loader yields; what it raises names the task and the item."""
    place = 0
    try:
        for item in task.load(protocol):
            yield item
            place += 1
    except MmjudgeError:
        raise
    except Exception as error:
        raise TaskError(
            f"task {task.spec.name}: its loader failed at item {place + 1}: "
            f"{type(error).__name__}: {error}"
        ) from error
