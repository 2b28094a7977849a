"""What a probe is: it asks a request again in a changed way, and says what the change pulls to.

A probe is a pure function of the request, the item and what is around the item: the same run asks
the same again. It never judges. What the change pulls towards, its cue, is stored beside the
judgment (`Judgment.cue`, `Columns.cues`), so that nothing has to be worked out again at scoring.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from random import Random
from typing import NamedTuple, get_args

from mmjudge.types import (
    Candidate,
    Item,
    Media,
    Parts,
    Preference,
    ProbeCard,
    ProtocolName,
    Ranking,
    Request,
)

EVERY_PROTOCOL: tuple[ProtocolName, ...] = get_args(ProtocolName)
"""For probes that speak for no candidate, and after which the right answer is what it was."""

BASELINE = "rerun"
"""The probe that changes nothing: what it moves is the noise that all others are compared with."""


class Changed(NamedTuple):
    """A request in its changed form, and the cue of the change.

    `cue`: places of the candidates, in item order, that the change speaks for; for a score (1,)
    where it speaks for a higher and (-1,) where it speaks for a lower one; empty where it speaks
    for nothing. Key and `probe` of the request are filled in by whoever asks.
    """

    request: Request
    cue: tuple[int, ...] = ()


class Around(NamedTuple):
    """What a probe may use beside the item.

    `random` is seeded by the run's seed, the probe and what the item shows. `other(item)` is
    another item of the task whose prompt and candidates hold the same kinds of media and show
    something else; `twin(item)` one with the same content in another modality. Both give None where
    there is none, and always unless the card says `looks_around`.
    """

    random: Random
    other: Callable[[Item], Item | None] = lambda _: None
    twin: Callable[[Item], Item | None] = lambda _: None


class Probe(ABC):
    """Asks a request in a changed way; register it, or an object of it, under `mmjudge.probes`.

    The right answer of the changed request is that of the plain one, unless the card says
    otherwise. A judge never sees the name of a probe.
    """

    card: ProbeCard

    @abstractmethod
    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request in its changed form; None where the change does not fit it.

        What does not fit is counted as not asked, never as unchanged.

        Args:
            request: As it was asked plainly; `order[s]` is the place of the candidate in slot s.
            item: The item that it asks about, with its gold, which the judge never sees.
            around: Chance and neighbours.
        """


def show(request: Request, place: int, parts: Parts) -> Request:
    """The request with other parts for the candidate at a place in item order."""
    slot = request.order.index(place)
    candidates = list(request.candidates)
    candidates[slot] = candidates[slot].model_copy(update={"parts": parts})
    return request.model_copy(update={"candidates": tuple(candidates)})


def candidate(request: Request, place: int) -> Candidate:
    """The candidate at a place in item order."""
    return request.candidates[request.order.index(place)]


def map_media(
    request: Request,
    change: Callable[[Media], Media],
    places: tuple[int, ...] | None = None,
    prompt: bool = False,
) -> Request:
    """The request with its media changed.

    Args:
        request: What is asked.
        change: What becomes of a medium.
        places: Candidates to change, in item order; None for all.
        prompt: Whether the media of prompt and reference are changed as well.
    """

    def new(parts: Parts) -> Parts:
        return tuple(change(part) if isinstance(part, Media) else part for part in parts)

    chosen = request.order if places is None else places
    candidates = tuple(
        one.model_copy(update={"parts": new(one.parts)}) if place in chosen else one
        for place, one in zip(request.order, request.candidates, strict=True)
    )
    update: dict[str, object] = {"candidates": candidates}
    if prompt:
        update["prompt"] = new(request.prompt)
        update["reference"] = None if request.reference is None else new(request.reference)
    return request.model_copy(update=update)


def worse(request: Request, item: Item, around: Around) -> int:
    """The place of the candidate that the gold likes least; any, where it has no such.

    A cue on the worse candidate is one that a judge can lose by.
    """
    gold = item.gold.get(request.criterion.name)
    last = list(range(len(item.candidates)))
    match gold:
        case Preference(value="first"):
            last = [1]
        case Preference(value="second"):
            last = [0]
        case Ranking(ranks=ranks):
            last = [place for place in last if ranks[place] == max(ranks)]
    return around.random.choice(last)


def only_worst(request: Request, item: Item) -> bool:
    """Whether the gold puts one candidate alone last, so that it is still last when it is worse."""
    match item.gold.get(request.criterion.name):
        case Preference(value=value):
            return value in ("first", "second")
        case Ranking(ranks=ranks):
            return ranks.count(max(ranks)) == 1
    return False


def drawn(item: Item, around: Around) -> int:
    """The place of any candidate, by chance.

    For a change after which every candidate is as good as before: a judge that it merely confuses
    then moves towards the cue as often as away from it.
    """
    return around.random.randrange(len(item.candidates))


def cue_for(request: Request, place: int) -> tuple[int, ...]:
    """The cue of a change that speaks for the candidate at a place; of a score: upwards."""
    return (1,) if request.protocol == "score" else (place,)


def text_of(parts: Parts) -> str:
    """All text of it, in lines."""
    return "\n".join(part for part in parts if isinstance(part, str))


def is_text(parts: Parts) -> bool:
    """Whether it is text and nothing else.

    Example:
        >>> is_text(("a",)), is_text((" ",)), is_text(("a", Media(modality="image", uri="a.png")))
        (True, False, False)
    """
    return all(isinstance(part, str) for part in parts) and bool(text_of(parts).strip())
