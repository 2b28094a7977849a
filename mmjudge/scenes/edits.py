"""Minimal edits: from a scene to one in which exactly one fact differs.

Every edit is as likely as the one that undoes it: an attribute takes any other allowed value with
equal probability, a group comes or goes, a pair changes places. So an edited scene is distributed
as one that was not edited, and nothing in a candidate alone tells whether it was.
"""

from dataclasses import replace
from typing import NamedTuple

from mmjudge.scenes.facts import Fact, Group, Moving, Phrase, Scene, Sound, Still
from mmjudge.scenes.levels import Level
from mmjudge.scenes.sampling import CELLS, new_group
from mmjudge.scenes.stream import Stream


class Chain(NamedTuple):
    """Scenes, each one fact further from the first; `facts[i]` leads from i to i + 1."""

    scenes: tuple[Scene, ...]
    facts: tuple[Fact, ...]


def editable(
    scene: Scene, level: Level, touched: frozenset[Fact] = frozenset()
) -> tuple[Fact, ...]:
    """The facts that one edit can change, after those in `touched` were changed.

    A fact changes once. So does existence, and what was touched does not go. Loudness changes once
    in a scene, as it is heard by comparison: two soft phrases sound like two loud ones played
    softly.
    """
    subjects = {fact.subject for fact in touched if fact.criterion != "order"}
    new = {fact.subject for fact in touched if fact.criterion == "existence"}
    criteria = {fact.criterion for fact in touched}
    found = []
    for fact in scene.facts():
        once = fact.criterion in {"existence", "loudness"} and fact.criterion in criteria
        if fact in touched or once or fact.subject in new:
            continue
        if fact.criterion == "existence":
            if not (isinstance(scene, Still) and len(scene.groups) > level.groups):
                continue
            if fact.subject in subjects:
                continue
        found.append(fact)
    if (
        isinstance(scene, Still)
        and len(scene.groups) == level.groups
        and "existence" not in criteria
    ):
        found.append(Fact("existence", max(g.name for g in scene.groups) + 1, "there"))
    return tuple(
        fact for fact in found if fact.criterion == "existence" or _possible(scene, fact, level)
    )


def edit(scene: Scene, fact: Fact, level: Level, stream: Stream) -> Scene:
    """The scene with that fact changed, all other values equally likely."""
    match scene, fact.criterion:
        case Still(), "existence":
            return _toggled(scene, fact.subject, level, stream)
        case Still(), "relation":
            return _swapped(scene)
        case ((Moving() | Sound()), "order"):
            return _reordered(scene, stream)
    return scene.changed(fact, stream.choice(_options(scene, fact, level)))


def chain(
    scene: Scene, n: int, level: Level, stream: Stream, criterion: str | None = None
) -> Chain:
    """Edit a scene n times, each time another fact; criteria are equally likely, then their facts.

    Args:
        scene: The first of the chain.
        n: Number of edits.
        level: Allowed values.
        stream: Decides what is edited.
        criterion: The criterion of the first edit; any if left out.

    Raises:
        ValueError: The scene has no fact left that can be edited.
    """
    scenes, facts = [scene], list[Fact]()
    for place in range(n):
        open_facts = editable(scenes[-1], level, frozenset(facts))
        wanted = criterion if place == 0 else None
        names = [wanted] if wanted else sorted({fact.criterion for fact in open_facts})
        chosen = stream.choice(names) if names else ""
        possible = [fact for fact in open_facts if fact.criterion == chosen]
        if not possible:
            raise ValueError(f"no fact of {chosen or 'any criterion'} can be edited in {scene}")
        fact = stream.choice(possible)
        scenes.append(edit(scenes[-1], fact, level, stream))
        facts.append(fact)
    return Chain(tuple(scenes), tuple(facts))


def _possible(scene: Scene, fact: Fact, level: Level) -> bool:
    if fact.criterion in {"order", "relation"}:
        return True
    return bool(_options(scene, fact, level))


def _options(scene: Scene, fact: Fact, level: Level) -> list[object]:
    """Other values that the fact can take, without two things becoming of one kind."""
    thing = next(t for t in scene.things if t.name == fact.subject)
    now = getattr(thing, fact.attribute)
    if isinstance(thing, Group) and fact.attribute == "cell":
        taken = {g.cell for g in scene.things if isinstance(g, Group)}
        return [cell for cell in CELLS if cell not in taken]
    name = fact.attribute
    if isinstance(thing, Phrase):
        noise = {"timbre": "noise"} if thing.pitch is None else {}
        name = {"count": "notes", **noise}.get(name, name)
    others = {t.kind for t in scene.things if t.name != thing.name}
    return [
        value
        for value in level.values[name]
        if value != now and replace(thing, **{fact.attribute: value}).kind not in others  # type: ignore[arg-type]
    ]


def _toggled(scene: Still, name: int, level: Level, stream: Stream) -> Still:
    rest = tuple(g for g in scene.groups if g.name != name)
    if len(rest) < len(scene.groups):
        return replace(scene, groups=rest)
    return replace(scene, groups=(*rest, new_group(name, rest, level, stream)))


def _reordered(scene: Moving | Sound, stream: Stream) -> Scene:
    """Two neighbours in time change places."""
    order = list(scene.order)
    at = stream.below(len(order) - 1)
    order[at], order[at + 1] = order[at + 1], order[at]
    return replace(scene, order=tuple(order))


def _swapped(scene: Still) -> Still:
    """The two groups of the pair change places."""
    couple = scene.couple() or ()
    cells = {one.name: other.cell for one, other in zip(couple, couple[::-1], strict=True)}
    groups = tuple(replace(g, cell=cells.get(g.name, g.cell)) for g in scene.groups)
    return replace(scene, groups=groups)
