"""Items: which scenes they are about, and what follows as gold. Nothing is drawn here.

An item's scenes, gold and ids follow from its `Place` and the seed, whatever else is made.
"""

from collections import Counter
from typing import NamedTuple

from mmjudge.scenes.directions import DIRECTIONS
from mmjudge.scenes.edits import chain, edit
from mmjudge.scenes.facts import CRITERIA, Fact, Scene, Still, differences
from mmjudge.scenes.levels import LEVELS, Level, LevelName
from mmjudge.scenes.questions import FACTS_BROKEN_MOST
from mmjudge.scenes.sampling import sample
from mmjudge.scenes.stream import Stream
from mmjudge.types import (
    Gold,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    RankingGold,
    ScoreGold,
)

PAIRS = ("first", "both right", "second", "first", "both wrong", "second")
"""What six pairs in a row are, in random order: gold is first, second and tie equally often."""

RANKED = 4
"""Candidates of a ranking, which break 0, 1, 2 and 3 facts."""

_SECOND_CRITERION = 1 / 3
"""Share of pairs that are asked about a further criterion, which both candidates keep."""


_ALONE = {"existence", "order"}
"""Criteria that no other is asked beside: is a missing group a matter of number too, and is the
pitch of the first phrase wrong when two phrases changed places? Nor are they asked beside another
one: they would be the one that is kept, and whoever is asked both would know their gold."""
_PLACES = {"position", "relation"}


class Place(NamedTuple):
    """Where an item stands in all that a seed makes."""

    direction: str
    level: LevelName
    protocol: ProtocolName
    number: int

    @property
    def id(self) -> str:
        """Id of the item; its twin's has an ending."""
        name = self.direction.replace("->", "-to-").replace("+", "-or-")
        return f"{name}-{self.level}-{self.protocol}-{self.number:06d}"


class Edited(NamedTuple):
    """A still scene before an edit, and the fact to change."""

    before: Still
    fact: Fact


class Content(NamedTuple):
    """What an item is about, however it is shown.

    `truth` is what candidates should show; `edited` is what the prompt shows instead of it, where
    candidates are edits. `criteria` are those asked. `breaks` says which criterion is broken.
    """

    place: Place
    truth: Scene
    candidates: tuple[Scene, ...]
    criteria: tuple[str, ...]
    breaks: str
    edited: Edited | None

    def gold(self) -> dict[str, Gold]:
        """Gold on overall and each criterion asked, from the facts that candidates break."""
        broken = [Counter(f.criterion for f in differences(self.truth, c)) for c in self.candidates]
        found: dict[str, Gold] = {"overall": self._overall([b.total() for b in broken])}
        for criterion in self.criteria:
            found[criterion] = _preference([b[criterion] for b in broken])
        return found

    def _overall(self, broken: list[int]) -> Gold:
        match self.place.protocol:
            case "pair":
                return _preference(broken)
            case "score":
                return ScoreGold(value=5 - min(broken[0], FACTS_BROKEN_MOST))
            case "rank":
                return RankingGold(ranks=tuple(float(1 + n) for n in broken))
            case other:
                raise ValueError(f"no scenes are made for {other}")


def _preference(broken: list[int]) -> PreferenceGold:
    one, other = broken
    value: PreferenceValue = "tie" if one == other else "first" if one < other else "second"
    return PreferenceGold(value=value)


def content(seed: str, place: Place) -> Content:
    """The scenes of an item.

    Args:
        seed: Of the whole pack.
        place: Of the item in it.
    """
    stream = Stream(seed, place.level, place.direction, place.protocol, place.number)
    match place.protocol:
        case "pair":
            return _pair(seed, place, stream)
        case "score":
            return _score(seed, place, stream)
        case "rank":
            return _rank(seed, place, stream)
        case other:
            raise ValueError(f"no scenes are made for {other}")


def _turn(seed: str, place: Place, n: int) -> tuple[int, int]:
    """Number of the block of n items that the place is in, and its turn in the block's order."""
    block, turn = divmod(place.number, n)
    order = Stream(seed, place.level, place.direction, place.protocol, "block", block, n)
    return block, order.shuffled(range(n))[turn]


def _pair(seed: str, place: Place, stream: Stream) -> Content:
    level = LEVELS[place.level]
    block, turn = _turn(seed, place, len(PAIRS))
    criterion = _criterion(seed, place, block, turn)
    kind = PAIRS[turn]
    truth, wrong = _ends(place, level, stream, criterion)
    pair = {"first": (truth, wrong), "second": (wrong, truth), "both right": (truth, truth)}
    if kind == "both wrong":
        truth, pair[kind] = _both_wrong(place, level, stream, criterion)
    kept = _kept(truth, criterion)
    asked = [criterion]
    if stream.coin(_SECOND_CRITERION) and kept:
        asked.append(stream.choice(kept))
    breaks = "none" if kind == "both right" else criterion
    edited = _before(place, truth, wrong, stream)
    return Content(place, truth, pair[kind], tuple(asked), breaks, edited)


def _kept(truth: Scene, broken: str) -> list[str]:
    """Criteria of the scene that are plainly kept where another one is broken."""
    if broken in _ALONE:
        return []
    near = {broken} | _ALONE | (_PLACES if broken in _PLACES else set())
    return sorted({fact.criterion for fact in truth.facts()} - near)


def _criterion(seed: str, place: Place, block: int, turn: int) -> str:
    """The criterion that a pair is about.

    Each kind of pair meets each criterion once in as many blocks as there are criteria, in an order
    of its own that follows from the seed: so the place and the criterion, which are public, do not
    tell the kind.
    """
    names = CRITERIA[DIRECTIONS[place.direction].subject]
    number, at = divmod(block, len(names))
    words = (place.level, place.direction, "criteria", number, turn)
    return Stream(seed, *words).shuffled(names)[at]


def _ends(place: Place, level: Level, stream: Stream, criterion: str) -> tuple[Scene, Scene]:
    """Two scenes one fact apart; a coin says which of them is the truth."""
    subject = DIRECTIONS[place.direction].subject
    start = sample(subject, level, stream.fork("scene"), criterion)
    scenes = chain(start, 1, level, stream.fork("edit"), criterion).scenes
    return (scenes[0], scenes[1]) if stream.coin() else (scenes[1], scenes[0])


def _both_wrong(
    place: Place, level: Level, stream: Stream, criterion: str
) -> tuple[Scene, tuple[Scene, Scene]]:
    """A truth, and two scenes that break one fact of it each, of one criterion.

    Where a fact has a third value, both break the same fact: then the candidates differ in one
    fact, as they do where one of them is right. A single fact of two values is broken one way only.
    """
    subject = DIRECTIONS[place.direction].subject
    truth = sample(subject, level, stream.fork("truth"), criterion)
    one = chain(truth, 1, level, stream.fork("one"), criterion)
    for attempt in range(8):
        again = edit(truth, one.facts[0], level, stream.fork("same", attempt))
        other = chain(truth, 1, level, stream.fork("other", attempt), criterion).scenes[1]
        for found in (again, other):
            if differences(one.scenes[1], found):
                return truth, (one.scenes[1], found)
    return truth, (one.scenes[1], one.scenes[1])


def _score(seed: str, place: Place, stream: Stream) -> Content:
    _, broken = _turn(seed, place, FACTS_BROKEN_MOST + 1)
    truth, scenes, facts = _chained(place, broken, stream)
    names = {fact.criterion for fact in facts}
    breaks = "none" if not names else "several" if len(names) > 1 else min(names)
    edited = _before(place, truth, scenes[-1], stream)
    return Content(place, truth, (scenes[-1],), (), breaks, edited)


def _rank(seed: str, place: Place, stream: Stream) -> Content:
    truth, scenes, _ = _chained(place, RANKED - 1, stream)
    block, turn = _turn(seed, place, RANKED)
    order = Stream(seed, place.level, place.direction, "ranks", block).shuffled(range(RANKED))
    shown = tuple(scenes[i] for i in order[turn:] + order[:turn])
    edited = _before(place, truth, scenes[-1], stream)
    return Content(place, truth, shown, (), "several", edited)


def _chained(
    place: Place, n: int, stream: Stream
) -> tuple[Scene, tuple[Scene, ...], tuple[Fact, ...]]:
    """A truth and scenes that break 0 to n facts of it; a coin says at which end the truth is."""
    subject, level = DIRECTIONS[place.direction].subject, LEVELS[place.level]
    start = sample(subject, level, stream.fork("scene"))
    scenes, facts = chain(start, n, level, stream.fork("edit"))
    if stream.coin():
        scenes = scenes[::-1]
    return scenes[0], scenes, facts


def _before(place: Place, truth: Scene, wrong: Scene, stream: Stream) -> Edited | None:
    """What an edit starts from: in half of the items a candidate that was left as it was."""
    if not (DIRECTIONS[place.direction].edited and isinstance(truth, Still)):
        return None
    different = differences(truth, wrong)
    if isinstance(wrong, Still) and len(different) == 1 and stream.coin():
        return Edited(wrong, different[0])
    scenes, facts = chain(truth, 1, LEVELS[place.level], stream.fork("before"))
    before = scenes[1]
    return Edited(before, facts[0]) if isinstance(before, Still) else None
