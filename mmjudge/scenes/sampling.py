"""Scenes of a level, drawn so that no value of a fact is more likely than another."""

from typing import Any

from mmjudge.scenes.facts import (
    GRID,
    Cell,
    Group,
    Move,
    Mover,
    Moving,
    Phrase,
    Scene,
    Sound,
    Still,
    Subject,
)
from mmjudge.scenes.levels import Level
from mmjudge.scenes.stream import Stream

CELLS: tuple[Cell, ...] = tuple((row, column) for row in range(GRID) for column in range(GRID))
_ALIGNED = [(a, b) for a in CELLS for b in CELLS if a != b and (a[0] == b[0] or a[1] == b[1])]
_FIRST_MOVE = 10
"""Names of moves start here, so that no mover has the same."""


def sample(subject: Subject, level: Level, stream: Stream, criterion: str | None = None) -> Scene:
    """A scene.

    Args:
        subject: Which kind of scene.
        level: Its difficulty.
        stream: Decides everything.
        criterion: The scene has a fact of this criterion; any if left out.
    """
    match subject:
        case "still":
            return _still(level, stream, criterion)
        case "moving":
            return _moving(level, stream)
        case "sound":
            return _sound(level, stream)


def value(level: Level, attribute: str, stream: Stream) -> Any:
    """A value of an attribute, all equally likely."""
    return stream.choice(level.values[attribute])


def new_group(name: int, others: tuple[Group, ...], level: Level, stream: Stream) -> Group:
    """A group that differs from others in kind and stands in a cell that is free."""
    free = [cell for cell in CELLS if cell not in {g.cell for g in others}]
    kind = _new_kind({g.kind for g in others}, level, stream)
    return Group(
        name=name,
        count=value(level, "count", stream),
        size=value(level, "size", stream),
        colour=kind[0],
        shape=kind[1],
        cell=stream.choice(free),
    )


def _new_kind(taken: set[tuple[object, ...]], level: Level, stream: Stream) -> tuple[str, str]:
    kinds = [(c, s) for c in level.values["colour"] for s in level.values["shape"]]
    return stream.choice([kind for kind in kinds if kind not in taken])  # type: ignore[return-value]


def _still(level: Level, stream: Stream, criterion: str | None) -> Still:
    paired = criterion == "relation" or (criterion != "position" and stream.coin())
    groups: tuple[Group, ...] = ()
    for name in range(level.groups + stream.below(2)):
        groups = (*groups, new_group(name, groups, level, stream))
    if not paired:
        return Still(groups)
    places = stream.choice(_ALIGNED)
    free = stream.shuffled([cell for cell in CELLS if cell not in places])
    cells = [*places, *free]
    placed = (Group(**{**vars(g), "cell": cells[g.name]}) for g in groups)
    return Still(tuple(placed), pair=(0, 1))


def _moving(level: Level, stream: Stream) -> Moving:
    movers: list[Mover] = []
    for name in range(level.movers):
        kind = _new_kind({(m.colour, m.shape) for m in movers}, level, stream)
        movers.append(Mover(name, *kind))
    again = stream.shuffled(range(level.movers))
    moves: list[Move] = []
    for place in range(level.moves):
        mover = place if place < level.movers else again[place - level.movers]
        taken = {m.direction for m in moves if m.mover == mover}
        directions = [d for d in level.values["direction"] if d not in taken]
        moves.append(
            Move(
                name=_FIRST_MOVE + place,
                mover=mover,
                direction=str(stream.choice(directions)),
                path=value(level, "path", stream),
                speed=value(level, "speed", stream),
            )
        )
    return Moving(tuple(movers), tuple(moves), tuple(stream.shuffled([m.name for m in moves])))


def _sound(level: Level, stream: Stream) -> Sound:
    phrases: tuple[Phrase, ...] = ()
    while len(phrases) < level.phrases:
        tone = not phrases or stream.below(4) > 0
        phrase = _phrase(len(phrases), tone, level, stream)
        if phrase.kind not in {p.kind for p in phrases}:
            phrases = (*phrases, phrase)
    return Sound(phrases, tuple(stream.shuffled([p.name for p in phrases])))


def _phrase(name: int, tone: bool, level: Level, stream: Stream) -> Phrase:
    return Phrase(
        name=name,
        timbre=value(level, "timbre" if tone else "noise", stream),
        count=value(level, "notes", stream),
        rhythm=value(level, "rhythm", stream),
        loudness=value(level, "loudness", stream),
        pitch=value(level, "pitch", stream) if tone else None,
        contour=value(level, "contour", stream) if tone else None,
    )
