"""What a run asks: which items, each request plainly, and again in every changed way that fits."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from mmjudge.probes import Probe
from mmjudge.probes.neighbours import Neighbours
from mmjudge.probes.plan import Probing
from mmjudge.protocols import requests
from mmjudge.store.probed_rows import Unasked
from mmjudge.task import BadItem, Task, checked
from mmjudge.types import Failure, Item, Request, RunHeader


class Planned(NamedTuple):
    """A request to be made: of which item, by which criterion, and what its change pulls towards.

    `criterion` is an index into the task's; `failed` says why it cannot be asked, where a probe
    could not make it.
    """

    place: int
    criterion: int
    request: Request
    cue: tuple[int, ...] = ()
    failed: Failure | None = None


class ItemPlan(NamedTuple):
    """All that is asked about one item, and what no probe could be asked of."""

    asked: list[Planned]
    unasked: list[Unasked]


class Plan:
    """What is asked of a judge, one item at a time.

    Where a probe looks around, the task is read once before.

    Args:
        task: Source of items.
        header: Of the run: how to ask.
        probes: The probes that its settings name.
        limit: Number of items, from the first; None for all.
    """

    def __init__(
        self,
        task: Task,
        header: RunHeader,
        probes: Sequence[Probe] = (),
        limit: int | None = None,
    ) -> None:
        self.task, self.header, self.limit = task, header, limit
        self.criteria = {c.name: i for i, c in enumerate(header.task.criteria)}
        self.probes = probes
        self._probing: Probing | None = None

    def items(self) -> Iterator[tuple[int, Item | BadItem]]:
        """The items of the run with their place in the task."""
        settings = self.header.settings
        wanted = (
            (place, item)
            for place, item in enumerate(checked(self.task, settings.protocol))
            if isinstance(item, BadItem)
            or all(item.strata.get(axis) == value for axis, value in settings.where.items())
        )
        return islice(wanted, self.limit)

    def of(self, place: int, item: Item) -> ItemPlan:
        """What is asked about an item: plainly first, then in every changed way that fits."""
        header = self.header
        plain = [
            Planned(place, self.criteria[request.criterion.name], request)
            for request in requests(
                header.task, item, place, header.settings, header.judge.fingerprint
            )
        ]
        return self._probed(plain, item) if self.probes else ItemPlan(plain, [])

    def _probed(self, plain: Sequence[Planned], item: Item) -> ItemPlan:
        asked, unasked = list(plain), Counter[tuple[int, int, str]]()
        for place, criterion, request, *_ in plain:
            for probe, again in self.probing.again(request, item):
                if again is None:
                    unasked[place, criterion, probe] += 1
                else:
                    asked.append(Planned(place, criterion, *again))
        return ItemPlan(asked, [Unasked(*where, n) for where, n in unasked.items()])

    @property
    def probing(self) -> Probing:
        """How requests are asked again."""
        if self._probing is None:
            settings = self.header.settings
            around = any(probe.card.looks_around for probe in self.probes)
            items = checked(self.task, settings.protocol) if around else ()
            self._probing = Probing(self.probes, settings.seed, Neighbours(items))
        return self._probing
