"""From a plain request to the changed ones: whether a probe fits, its key, and what went wrong."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from mmjudge.probes.base import BASELINE, Changed, Probe
from mmjudge.probes.neighbours import Neighbours
from mmjudge.protocols.plan import (
    criterion_digest,
    item_digest,
    questions_digest,
    request_key,
    shown_digest,
)
from mmjudge.types import Failure, Item, Media, Parts, ProbeCard, Request


class Probed(NamedTuple):
    """A request in a changed form. `failure` says why there is none: then it is the plain one."""

    request: Request
    cue: tuple[int, ...] = ()
    failure: Failure | None = None


class _Plain(NamedTuple):
    """A plain request, the hash of what it shows, and that of its item."""

    request: Request
    content: str
    item: str


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
        plain = _Plain(request, content_digest(request), item_digest(item))
        for probe in self.probes:
            yield probe.card.name, self._again(probe, plain, item)

    def _again(self, probe: Probe, plain: _Plain, item: Item) -> Probed | None:
        card = probe.card
        if not fits(card, plain.request):
            return None
        random = Random(f"{self.seed}/{card.name}/{card.version}/{plain.item}")
        around = self.neighbours.around(random)
        if not card.looks_around:
            around = around._replace(other=lambda _: None, twin=lambda _: None)
        try:
            changed = probe.change(plain.request, item, around)
            return None if changed is None else _checked(card, plain, changed)
        except Exception as error:  # noqa: BLE001 (a probe is a stranger's code)
            return _failed(card, plain.request, f"{type(error).__name__}: {error}")


def fits(card: ProbeCard, request: Request) -> bool:
    """Whether the card takes the request's protocol and one of its modalities."""
    shown = _modalities((request.prompt, *(one.parts for one in request.candidates)))
    return request.protocol in card.protocols and not shown.isdisjoint(card.modalities)


def _modalities(parts: Sequence[Parts]) -> set[str]:
    return {one.modality if isinstance(one, Media) else "text" for some in parts for one in some}


def _checked(card: ProbeCard, plain: _Plain, changed: Changed) -> Probed | None:
    """The changed request with its key; None where a judge would see what it saw before."""
    asked = changed.request
    if problem := _problem(plain.request, changed):
        return _failed(card, plain.request, problem)
    content = content_digest(asked)
    same = content == plain.content and asked.order == plain.request.order
    if same and card.name != BASELINE:
        return None
    shown = ",".join(map(str, asked.order))
    key = request_key((plain.request.key, card.name, str(card.version), shown, content))
    return Probed(asked.model_copy(update={"key": key, "probe": card.name}), changed.cue)


def content_digest(request: Request) -> str:
    """Hash of all that a judge may see of a request, its criterion included."""
    questions = (questions_digest(request.questions),) if request.questions else ()
    prompt = (criterion_digest(request.criterion), *questions, *request.prompt)
    return shown_digest(prompt, request.candidates, request.reference)


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
