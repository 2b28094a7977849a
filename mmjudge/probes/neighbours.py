"""The items around an item: its twin, and others that hold the same kinds of media."""

from collections import defaultdict
from collections.abc import Iterable
from random import Random

from mmjudge.probes.base import Around
from mmjudge.protocols.plan import item_digest
from mmjudge.types import Item, Media, Parts, Record

TWIN = "twin"
"""The axis of strata whose values items of the same content share."""

KEPT = 32
"""Items of each kind that are kept to lend their media: the first ones, however long the task."""

_Kinds = tuple[tuple[str, ...], ...]


class Neighbours:
    """Items that can stand in for others; what they are does not depend on a run's limit.

    Args:
        items: All that the task has, in its order; anything else in it is passed over.
    """

    def __init__(self, items: Iterable[Record] = ()) -> None:
        self._lenders: dict[_Kinds, dict[str, Item]] = defaultdict(dict)
        self._twins: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if isinstance(item, Item):
                self._add(item)

    def _add(self, item: Item) -> None:
        kinds = _kinds(item)
        lenders = self._lenders[kinds]
        if any(kinds) and len(lenders) < KEPT:
            lenders.setdefault(item_digest(item), item)
        if TWIN in item.strata:
            self._twins[item.strata[TWIN]].append(item)

    def around(self, random: Random) -> Around:
        """What a probe may use, with this chance."""
        return Around(random, lambda item: self._other(item, random), self._twin)

    def _other(self, item: Item, random: Random) -> Item | None:
        own = item_digest(item)
        twins = item.strata.get(TWIN)
        found = [
            lender
            for digest, lender in self._lenders[_kinds(item)].items()
            if digest != own and (twins is None or lender.strata.get(TWIN) != twins)
        ]
        return random.choice(found) if found else None

    def _twin(self, item: Item) -> Item | None:
        named = self._twins.get(item.strata.get(TWIN, ""), [])
        kinds = _kinds(item)
        return next((one for one in named if one.id != item.id and _kinds(one) != kinds), None)


def _kinds(item: Item) -> _Kinds:
    """The modalities of the media in the prompt and in each candidate."""
    return tuple(_media(parts) for parts in (item.prompt, *(c.parts for c in item.candidates)))


def _media(parts: Parts) -> tuple[str, ...]:
    return tuple(part.modality for part in parts if isinstance(part, Media))
