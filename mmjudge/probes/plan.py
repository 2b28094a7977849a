"""From a plain request to the changed ones: whether a probe fits, its key, and what went wrong."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from mmjudge.probes.base import BASELINE, Changed, Probe
from mmjudge.probes.neighbours import Neighbours
from mmjudge.protocols.plan import item_digest, request_key
from mmjudge.types import Failure, Item, Media, Parts, ProbeCard, Request


class Probed(NamedTuple):
    """A request in a changed form. `failure` says why there is none: then it is the plain one."""

    request: Request
    cue: tuple[int, ...] = ()
    failure: Failure | None = None


class Probing:
    """Asks requests again in every changed way that fits.

    Args:
        probes: The ways.
        seed: The run's.
        neighbours: The items of the task, for probes that look around.
    """

    def __init__(
        self, probes: Sequence[Probe], seed: int = 0, neighbours: Neighbours | None = None
    ) -> None:
        self.probes, self.seed = probes, seed
        self.neighbours = neighbours or Neighbours()

    def again(self, request: Request, item: Item) -> Iterator[tuple[str, Probed | None]]:
        """The name of each probe, with the changed request, or None where it does not fit."""
        for probe in self.probes:
            yield probe.card.name, self._again(probe, request, item)

    def _again(self, probe: Probe, request: Request, item: Item) -> Probed | None:
        card = probe.card
        if not fits(card, request):
            return None
        random = Random(f"{self.seed}/{card.name}/{card.version}/{item_digest(item)}")
        around = self.neighbours.around(random)
        if not card.looks_around:
            around = around._replace(other=lambda _: None, twin=lambda _: None)
        try:
            changed = probe.change(request, item, around)
            problem = None if changed is None else _problem(request, changed)
        except Exception as error:  # noqa: BLE001 (a probe is a stranger's code)
            return _failed(card, request, f"{type(error).__name__}: {error}")
        if changed is None or (problem is None and _unchanged(card, request, changed.request)):
            return None
        return _failed(card, request, problem) if problem else _keyed(card, request, changed)


def fits(card: ProbeCard, request: Request) -> bool:
    """Whether the card takes the request's protocol and one of its modalities."""
    shown = _modalities((request.prompt, *(one.parts for one in request.candidates)))
    return request.protocol in card.protocols and not shown.isdisjoint(card.modalities)


def _modalities(parts: Sequence[Parts]) -> set[str]:
    return {one.modality if isinstance(one, Media) else "text" for some in parts for one in some}


def _keyed(card: ProbeCard, plain: Request, changed: Changed) -> Probed:
    asked = changed.request
    shown = ",".join(map(str, asked.order))
    facts = (plain.key, card.name, str(card.version), shown, content_digest(asked))
    key = request_key(facts)
    return Probed(asked.model_copy(update={"key": key, "probe": card.name}), changed.cue)


def content_digest(request: Request) -> str:
    """Hash of all that a judge may see of a request, its criterion included."""
    seen = Item.model_construct(
        id="",
        prompt=(request.criterion.model_dump_json(), *request.prompt),
        candidates=request.candidates,
        reference=request.reference,
    )
    return item_digest(seen)


def _unchanged(card: ProbeCard, plain: Request, asked: Request) -> bool:
    """Whether a judge would see what it saw before, of a probe that is there to change that."""
    if card.name == BASELINE or asked.order != plain.order:
        return False
    return content_digest(asked) == content_digest(plain)


def _failed(card: ProbeCard, plain: Request, problem: str) -> Probed:
    key = request_key((plain.key, card.name, str(card.version), "failed"))
    asked = plain.model_copy(update={"key": key, "probe": card.name})
    return Probed(asked, (), Failure(reason="infra", detail=f"probe {card.name}: {problem}"))


def _problem(plain: Request, changed: Changed) -> str | None:
    """What a probe must not have done, or None."""
    asked, n = changed.request, len(plain.candidates)
    for name in ("task", "item", "protocol", "repeat", "condition"):
        if getattr(asked, name) != getattr(plain, name):
            return f"{name} must stay {getattr(plain, name)!r}, found {getattr(asked, name)!r}"
    if asked.criterion.name != plain.criterion.name:
        return f"criterion must stay {plain.criterion.name!r}, found {asked.criterion.name!r}"
    if sorted(asked.order) != sorted(plain.order) or len(asked.candidates) != n:
        return f"order: one slot for each of {n} candidates is needed, found {asked.order}"
    allowed = {1, -1} if plain.protocol == "score" else set(range(n))
    if not allowed.issuperset(changed.cue):
        return f"cue: some of {sorted(allowed)} are allowed, found {changed.cue}"
    return None
