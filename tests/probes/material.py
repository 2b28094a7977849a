"""Items that probes are tried on: the embedded benchmark, and texts whose makers are known."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mmjudge.probes.catalog import every_probe
from mmjudge.probes.neighbours import Neighbours
from mmjudge.probes.plan import Probed, Probing
from mmjudge.protocols import requests
from mmjudge.sources.folder import open_task
from mmjudge.task import Task, checked
from mmjudge.types import Candidate, Item, Media, ProtocolName, Request, RunSettings, TaskSpec
from tests.engine.driven import SPEC, pair
from tests.protocols.listed import CUP

SCENES = Path(__file__).resolve().parents[2] / "assets" / "scenes"
LISTED = ("checklist", "steps")
PROBES = {probe.card.name: probe for probe in every_probe()}


def named(protocol: ProtocolName) -> list[Item]:
    """Texts whose systems are known, and pictures whose captions are."""
    ids = "ab" if protocol in ("pair", "rank") else "a"
    items = []
    for i in range(3):
        candidates = tuple(
            Candidate(id=name, parts=(f"{name} says {i}. It adds a word!",), system=f"maker {name}")
            for name in ids
        )
        items.append(pair(i, candidates=candidates))
    seen = tuple(
        Candidate(id=name, parts=(Media(modality="image", uri=f"{name}.png"),)) for name in ids
    )
    said = {f"{name}.png": f"a picture of {name}" for name in ids}
    items.append(pair(3, candidates=seen, in_words=said))
    return [i if protocol == "pair" else i.model_copy(update={"gold": {}}) for i in items]


def scenes() -> Task:
    return open_task(str(SCENES))


@cache
def asked(protocol: ProtocolName) -> tuple[tuple[Request, Item], ...]:
    """Every eighth item of the embedded benchmark, its twin beside it, and texts with makers."""
    task = scenes()
    settings = RunSettings(protocol=protocol)
    found: list[tuple[Request, Item]] = []
    for place, item in enumerate(loaded(protocol)):
        if place // 2 % 8 == 0:
            found += ((r, item) for r in requests(task.spec, item, place, settings, "judge"))
    for place, one in enumerate(named(protocol)):
        item = listed(one, SPEC) if protocol in LISTED else one
        found += ((r, item) for r in requests(SPEC, item, place, settings, "judge"))
    return tuple(found)


def loaded(protocol: ProtocolName) -> list[Item]:
    """The embedded items of a protocol; those of scores with questions, or parts as steps."""
    items = checked(scenes(), "score" if protocol in LISTED else protocol)
    found = [item for item in items if isinstance(item, Item)]
    return [listed(item, scenes().spec) for item in found] if protocol in LISTED else found


def listed(item: Item, spec: TaskSpec) -> Item:
    """A scored item with a checklist instead, whose questions are about anything but looks."""
    questions = {spec.criteria[0].name: CUP[:2]}
    return item.model_copy(update={"checklists": questions, "gold": {}})


@cache
def neighbours(protocol: ProtocolName) -> Neighbours:
    return Neighbours(loaded(protocol))


@cache
def changed(name: str, seed: int = 0) -> tuple[tuple[Request, Item, Probed], ...]:
    """What a probe makes of all of these, with the plain request and the item."""
    return tuple(fresh(name, seed))


def fresh(name: str, seed: int = 0) -> Iterator[tuple[Request, Item, Probed]]:
    """The same, made anew."""
    for protocol in PROBES[name].card.protocols:
        probing = Probing([PROBES[name]], seed, neighbours(protocol))
        for request, item in asked(protocol):
            for _, made in probing.again(request, item):
                if made is not None:
                    yield request, item, made
