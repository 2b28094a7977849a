"""What is the case in a scene: records of facts, and nothing of how they are drawn or said."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, TypeVar

Subject = Literal["still", "moving", "sound"]
Cell = tuple[int, int]
"""Row and column of the grid of 3 x 3 places, each from 0; (0, 0) is the top left."""

GRID = 3


class Fact(NamedTuple):
    """The name of one fact: its criterion, whose it is, and which attribute.

    `subject` is the `name` of a group, mover, move or phrase; 0 for the order of all.
    """

    criterion: str
    subject: int
    attribute: str


@dataclass(frozen=True)
class Group:
    """Equal objects that stand together in one cell of the grid."""

    name: int
    count: int
    size: str
    colour: str
    shape: str
    cell: Cell

    FACTS: ClassVar = {"count": "count", "size": "size", "colour": "colour", "shape": "shape"}

    @property
    def kind(self) -> tuple[object, ...]:
        """What tells it from other groups; no two of a scene have the same."""
        return self.colour, self.shape


@dataclass(frozen=True)
class Still:
    """Groups of objects. `pair` names two of them of which only the relation is a fact.

    All others stand at a place that is a fact. The two of the pair share a row or a column.
    """

    groups: tuple[Group, ...]
    pair: tuple[int, int] | None = None

    subject: ClassVar[Subject] = "still"

    @property
    def things(self) -> tuple[Group, ...]:
        """All that has attributes."""
        return self.groups

    @property
    def singles(self) -> tuple[Group, ...]:
        """The groups whose place is a fact."""
        return tuple(g for g in self.groups if self.pair is None or g.name not in self.pair)

    def changed(self, fact: Fact, value: Any) -> "Still":
        """The scene with another value of an attribute."""
        return replace(self, groups=_changed(self.groups, fact, value))

    def couple(self) -> tuple[Group, Group] | None:
        """The two groups of the pair."""
        if self.pair is None:
            return None
        by_name = {g.name: g for g in self.groups}
        return by_name[self.pair[0]], by_name[self.pair[1]]

    def facts(self) -> dict[Fact, object]:
        """Every fact with its value."""
        found = dict(_attributes(self.groups))
        for group in self.singles:
            found[Fact("position", group.name, "cell")] = group.cell
            found[Fact("existence", group.name, "there")] = True
        if couple := self.couple():
            found[Fact("relation", couple[0].name, "cell")] = relation(couple[0], couple[1])
        return found


@dataclass(frozen=True)
class Mover:
    """An object that moves."""

    name: int
    colour: str
    shape: str

    FACTS: ClassVar = {"colour": "colour", "shape": "shape"}

    @property
    def kind(self) -> tuple[object, ...]:
        """What tells it from other movers."""
        return "mover", self.colour, self.shape


@dataclass(frozen=True)
class Move:
    """One movement of a mover, which takes a second."""

    name: int
    mover: int
    direction: str
    path: str
    speed: str

    FACTS: ClassVar = {"direction": "motion", "path": "motion", "speed": "speed"}

    @property
    def kind(self) -> tuple[object, ...]:
        """What tells it from other moves."""
        return "move", self.mover, self.direction


@dataclass(frozen=True)
class Moving:
    """Movers, and their moves one after another in `order` (names of moves)."""

    movers: tuple[Mover, ...]
    moves: tuple[Move, ...]
    order: tuple[int, ...]

    subject: ClassVar[Subject] = "moving"

    @property
    def things(self) -> tuple[Mover | Move, ...]:
        """All that has attributes."""
        return *self.movers, *self.moves

    def changed(self, fact: Fact, value: Any) -> "Moving":
        """The scene with another value of an attribute."""
        movers = _changed(self.movers, fact, value)
        return replace(self, movers=movers, moves=_changed(self.moves, fact, value))

    def in_order(self) -> tuple[tuple[Mover, Move], ...]:
        """Each move with its mover, from the first to the last."""
        movers, moves = {m.name: m for m in self.movers}, {m.name: m for m in self.moves}
        return tuple((movers[moves[name].mover], moves[name]) for name in self.order)

    def facts(self) -> dict[Fact, object]:
        """Every fact with its value."""
        return {**dict(_attributes(self.things)), Fact("order", 0, "order"): self.order}


@dataclass(frozen=True)
class Phrase:
    """Some notes, or bursts of noise, in one timbre; noise has neither pitch nor contour."""

    name: int
    timbre: str
    count: int
    rhythm: str
    loudness: str
    pitch: str | None = None
    contour: str | None = None

    FACTS: ClassVar = {
        "timbre": "timbre",
        "count": "count",
        "rhythm": "rhythm",
        "loudness": "loudness",
        "pitch": "pitch",
        "contour": "pitch",
    }

    @property
    def kind(self) -> tuple[object, ...]:
        """What tells it from other phrases."""
        return self.timbre, self.pitch


@dataclass(frozen=True)
class Sound:
    """Phrases, one after another in `order` (their names)."""

    phrases: tuple[Phrase, ...]
    order: tuple[int, ...]

    subject: ClassVar[Subject] = "sound"

    @property
    def things(self) -> tuple[Phrase, ...]:
        """All that has attributes."""
        return self.phrases

    def changed(self, fact: Fact, value: Any) -> "Sound":
        """The scene with another value of an attribute."""
        return replace(self, phrases=_changed(self.phrases, fact, value))

    def in_order(self) -> tuple[Phrase, ...]:
        """The phrases from the first to the last."""
        by_name = {p.name: p for p in self.phrases}
        return tuple(by_name[name] for name in self.order)

    def facts(self) -> dict[Fact, object]:
        """Every fact with its value."""
        return {**dict(_attributes(self.phrases)), Fact("order", 0, "order"): self.order}


Thing: TypeAlias = Group | Mover | Move | Phrase
Scene: TypeAlias = Still | Moving | Sound

CRITERIA: dict[Subject, tuple[str, ...]] = {
    "still": ("count", "colour", "shape", "size", "position", "relation", "existence"),
    "moving": ("colour", "shape", "motion", "order", "speed"),
    "sound": ("count", "pitch", "rhythm", "loudness", "timbre", "order"),
}
"""What the facts of each kind of scene belong to."""


T = TypeVar("T", Group, Mover, Move, Phrase)


def _changed(things: tuple[T, ...], fact: Fact, value: Any) -> tuple[T, ...]:
    return tuple(
        replace(thing, **{fact.attribute: value}) if thing.name == fact.subject else thing
        for thing in things
    )


def _attributes(things: tuple[Thing, ...]) -> Iterator[tuple[Fact, object]]:
    for thing in things:
        for attribute, criterion in thing.FACTS.items():
            value = getattr(thing, attribute)
            if value is not None:
                yield Fact(criterion, thing.name, attribute), value


def relation(one: Group, other: Group) -> str:
    """Where `one` stands, seen from `other`: left, right, above or below."""
    if one.cell[0] == other.cell[0]:
        return "left" if one.cell[1] < other.cell[1] else "right"
    return "above" if one.cell[0] < other.cell[0] else "below"


def differences(one: Scene, other: Scene) -> tuple[Fact, ...]:
    """The facts that differ between two versions of a scene.

    A group that only one of them has is one fact, of the criterion existence.

    Example:
        >>> red = Still((Group(0, 2, "small", "red", "circle", (0, 0)),))
        >>> blue = Still((Group(0, 2, "small", "blue", "circle", (0, 0)),))
        >>> differences(red, blue), differences(red, Still(()))[0].criterion
        ((Fact(criterion='colour', subject=0, attribute='colour'),), 'existence')
    """
    here, there = one.facts(), other.facts()
    lonely = {t.name for t in one.things} ^ {t.name for t in other.things}
    different = [
        fact
        for fact in sorted({*here, *there})
        if fact.subject not in lonely and here.get(fact) != there.get(fact)
    ]
    return (*different, *(Fact("existence", name, "there") for name in sorted(lonely)))


def as_json(scene: Scene) -> dict[str, Any]:
    """The scene as plain values, for files and for hashes."""
    return {"subject": scene.subject, **asdict(scene)}
