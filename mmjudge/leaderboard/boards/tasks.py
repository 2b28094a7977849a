"""The tasks of a board: read once, with their items' digests, and drawn once for all entries."""

import hashlib
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.layout import TaskChoice
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.metrics.patterns import Patterns
from mmjudge.metrics.resample import draw
from mmjudge.scoring.table import CONDITION, CONTENT, TWIN
from mmjudge.task import BadItem, checked
from mmjudge.types import Item, ProtocolName, TaskSpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_EVERY: Mapping[str, str] = MappingProxyType({})
KEPT = 1 << 25
"""Weights of all resamples that are kept between entries: 256 MiB."""


class AskedTask(NamedTuple):
    """A task under one protocol, as it is asked here.

    Attributes:
        choice: What the board says of it.
        spec: Its card and questions.
        digest: SHA-256 of its items with their gold, in order.
        n_items: Items that can be judged.
        unit: What the item at each place is drawn with, -1 for one that cannot be judged.
    """

    choice: TaskChoice
    spec: TaskSpec
    digest: str
    n_items: int
    unit: Ints


class TaskItems(NamedTuple):
    """What is kept of a task's items.

    Attributes:
        spec: The task's card and questions.
        digest: SHA-256 of the items with their gold, in order.
        keys: What each item is drawn with, None for one that cannot be judged.
    """

    spec: TaskSpec
    digest: str
    keys: list[tuple[str, str, Hashable] | None]


class Library:
    """Tasks as they are here, each read once.

    Args:
        sources: Where they come from.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._read: dict[tuple[str, ProtocolName, frozenset[tuple[str, str]]], TaskItems] = {}

    def items(
        self, label: str, protocol: ProtocolName, where: Mapping[str, str] = _EVERY
    ) -> TaskItems:
        """The items of a task, or of some strata of it.

        Raises:
            MmjudgeError: It is not there, is of another version, or cannot be read.
        """
        key = label, protocol, frozenset(where.items())
        if key not in self._read:
            self._read[key] = read_task(label, protocol, self.sources, where)
        return self._read[key]


class Asked:
    """All tasks of a board, and the resamples of their items.

    Items of the same content are drawn together, in whichever tasks they are, as in a run.

    Args:
        choices: The tasks.
        library: Where they come from.
        resamples: Number of resamples.
        seed: Seed of the draws.

    Raises:
        MmjudgeError: A task is not there, is of another version, or cannot be read.
    """

    def __init__(
        self, choices: Sequence[TaskChoice], library: Library, resamples: int, seed: int = 0
    ) -> None:
        self.resamples, self.seed = resamples, seed
        read = {one.id: library.items(one.task, one.protocol, one.where) for one in choices}
        self._units: dict[ProtocolName, int] = {}
        self._kept: dict[ProtocolName, list[tuple[int, Floats]]] = {}
        self.tasks: dict[str, AskedTask] = {}
        for protocol in dict.fromkeys(choice.protocol for choice in choices):
            these = [choice for choice in choices if choice.protocol == protocol]
            codes = _coded([read[choice.id] for choice in these])
            self._units[protocol] = 1 + max((int(c.max(initial=-1)) for c in codes), default=-1)
            for choice, unit in zip(these, codes, strict=True):
                spec, digest, keys = read[choice.id]
                known = sum(key is not None for key in keys)
                self.tasks[choice.id] = AskedTask(choice, spec, digest, known, unit)
        self.tasks = {choice.id: self.tasks[choice.id] for choice in choices}

    def draws(self, protocol: ProtocolName) -> Iterator[tuple[int, Floats]]:
        """Weights of the units of all tasks under a protocol, the same for every entry.

        Yields:
            Index of the first resample of a block, and weights of shape (block, n_units).
        """
        n = self._units[protocol]
        every = np.arange(n)
        fresh = draw(Patterns({}, every, np.ones(n, dtype=np.int64)), self.resamples, self._seed(n))
        if n * self.resamples > KEPT:
            return fresh
        if protocol not in self._kept:
            self._kept[protocol] = list(fresh)
        return iter(self._kept[protocol])

    def _seed(self, n_units: int) -> int:
        said = f"{self.seed} {n_units}".encode()
        return int.from_bytes(hashlib.sha256(said).digest()[:8])


def read_task(
    label: str, protocol: ProtocolName, sources: Sources, where: Mapping[str, str] = _EVERY
) -> TaskItems:
    """Read a task's items; those of other strata are as if they could not be judged.

    Raises:
        MmjudgeError: It is not there, is of another version, or cannot be read.
    """
    name = label.partition("@")[0]
    task = sources.open(name)
    if task.spec.label != label:
        raise MmjudgeError(
            f"tasks: {label}: {task.spec.label} is installed; name that, or install the other"
        )
    complete = sources.complete(name, protocol)
    digest = hashlib.sha256(task.spec.model_dump_json().encode())
    keys: list[tuple[str, str, Hashable] | None] = []
    for place, item in enumerate(checked(task, protocol)):
        if isinstance(item, BadItem):
            keys.append(None)
            continue
        if any(item.strata.get(axis) != value for axis, value in where.items()):
            keys.append(None)
            continue
        whole = complete.get(item.id, item)
        digest.update(whole.model_dump_json(exclude_none=True).encode() + b"\n")
        keys.append(_key(label, place, whole))
    return TaskItems(task.spec, digest.hexdigest(), keys)


def _key(label: str, place: int, item: Item) -> tuple[str, str, Hashable]:
    """What an item is drawn with: kind, task, and a name that all of its content share."""
    strata = item.strata
    if strata.get(TWIN):
        return ("twin" if strata[TWIN] != item.id else "original", label, strata[TWIN])
    if strata.get(CONDITION) and strata.get(CONTENT):
        return ("content", label, strata[CONTENT])
    return ("alone", label, place)


def _coded(read: Sequence[TaskItems]) -> list[Ints]:
    """Units of several tasks: twins of one original are one, in whichever tasks they are.

    An original's name that several tasks have given to one of their own is several originals'.
    """
    owners = Counter(
        {key[1:] for one in read for key in one.keys if key is not None and key[0] == "original"}
    )
    taken = Counter(name for _, name in owners)
    codes: dict[Hashable, int] = {}
    found = []
    for one in read:
        units = np.full(len(one.keys), -1, dtype=np.int64)
        for place, key in enumerate(one.keys):
            if key is None:
                continue
            kind, label, name = key
            shared = kind in ("twin", "original")
            unit: Hashable = (kind, label, name)
            if shared:
                unit = ("twin", label if taken[name] > 1 else "", name)
            units[place] = codes.setdefault(unit, len(codes))
        found.append(units)
    return found
