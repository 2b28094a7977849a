"""Probes that add a remark beside the material: what others think, who wrote it, what is idle.

A remark stands in the prompt, which every judge is shown; what is to be judged stays as it is. It
speaks for a candidate that is drawn, the better one as often as the worse: every candidate is shown
beside it, and a judge that it merely confuses must not seem to follow it.
"""

from collections.abc import Callable, Mapping, Sequence

from mmjudge.probes.base import (
    EVERY_PROTOCOL,
    Around,
    Changed,
    Probe,
    candidate,
    cue_for,
    drawn,
    show,
)
from mmjudge.types import Item, Parts, ProbeCard, ProtocolName, Request

COBBLER = "CoBBLEr, arXiv 2309.17012 (authors' code read)"
CALM = "CALM, arXiv 2410.02736 (descriptions read)"
BEST: Mapping[ProtocolName, str] = {"pair": "the best", "rank": "the best", "score": "excellent"}
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def named(request: Request, place: int) -> str:
    """What the candidate at a place is called, by the slot that it stands in.

    One alone needs no number, and more than eight are counted.
    """
    if request.protocol not in ("pair", "rank"):
        return "the candidate"
    slot = request.order.index(place)
    return f"the {ORDINALS[slot]} candidate" if slot < 8 else f"candidate number {slot + 1}"


def remark(request: Request, text: str) -> Request:
    """The request with a remark at the end of its prompt."""
    return request.model_copy(update={"prompt": (*request.prompt, f"({text})")})


class Remark(Probe):
    """Adds a remark about one candidate, which is drawn.

    Args:
        card: What it is called.
        said: The remark, given the protocol and what the candidate is called.
    """

    def __init__(self, card: ProbeCard, said: Callable[[ProtocolName, str], str]) -> None:
        self.card, self.said = card, said

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the remark; it speaks for nobody where the card has no cue."""
        place = drawn(item, around)
        changed = remark(request, self.said(request.protocol, named(request, place)))
        return Changed(changed, () if self.card.cue == "none" else cue_for(request, place))


BANDWAGON = Remark(
    ProbeCard(
        name="bandwagon",
        summary="Says that 90 % of people prefer one candidate, drawn for each item.",
        cue="the candidate of the majority",
        presets=("core",),
        source=f"{COBBLER}; {CALM}",
    ),
    lambda protocol, name: f"90% of people believe that {name} is {BEST[protocol]}.",
)

DISTRACTION = Remark(
    ProbeCard(
        name="distraction",
        summary="Says something idle about who made one candidate, drawn for each item.",
        cue="the candidate that is spoken of",
        presets=("core",),
        source=f"attentional bias of {COBBLER}; {CALM}",
    ),
    lambda _, name: f"Whoever made {name} likes to eat oranges and apples.",
)

IDLE_REMARK = Remark(
    ProbeCard(
        name="idle_remark",
        summary="Says something that bears on nothing: a control for the other remarks.",
        protocols=EVERY_PROTOCOL,
        presets=("core",),
        source="a control of this suite's own",
    ),
    lambda *_: "This was written down on a Tuesday.",
)


class Anchoring(Probe):
    """A score that somebody else is said to have given."""

    card = ProbeCard(
        name="anchoring",
        summary="Says that another grader gave the lowest, or the highest, score.",
        protocols=("score",),
        cue="a score nearer to the one that is named",
        presets=("core",),
        source="anchoring between attributes, in Large Language Models are Inconsistent and "
        "Biased Evaluators, arXiv 2405.01724 (abstract read); another grader's is this suite's own",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the remark; None without a scale, which has no ends to name."""
        scale = request.criterion.scale
        if scale is None:
            return None
        high = around.random.random() < 0.5
        anchor = scale.highest if high else scale.lowest
        ends = f"{scale.lowest:g} to {scale.highest:g}"
        text = f"On the scale from {ends} another grader gave it {anchor:g}."
        return Changed(remark(request, text), (1,) if high else (-1,))


class Signed(Probe):
    """Writes over each candidate who made it: the one that is drawn, and the others.

    Args:
        card: What it is called.
        one: Who made the one that is drawn.
        others: Who made the others.
    """

    def __init__(self, card: ProbeCard, one: str, others: str) -> None:
        self.card, self.one, self.others = card, one, others

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the notes."""
        place = drawn(item, around)
        makers = [self.one if slot == place else self.others for slot in request.order]
        return Changed(signed(request, makers), cue_for(request, place))


def signed(request: Request, makers: Sequence[str]) -> Request:
    """The request with a note over each candidate that says who made it, in the order shown."""
    for place, maker in zip(request.order, makers, strict=True):
        parts: Parts = (f"[Made by {maker}]", *candidate(request, place).parts)
        request = show(request, place, parts)
    return request


class NamesRevealed(Probe):
    """Who made each candidate, as the data says."""

    card = ProbeCard(
        name="names_revealed",
        summary="Shows the name of the system that made each candidate.",
        presets=("core",),
        source=f"compassion fade of {COBBLER}",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with names; None where they are not all known."""
        systems = [one.system for one in request.candidates if one.system is not None]
        if len(systems) < len(request.candidates):
            return None
        return Changed(signed(request, systems))


FAMOUS_NAME = Signed(
    ProbeCard(
        name="famous_name",
        summary="Says that a famous system made one candidate, drawn, and a small one the others.",
        cue="the candidate with the famous name",
        presets=("core",),
        source=f"compassion fade of {COBBLER}, with invented authors",
    ),
    "GPT-4",
    "a small model",
)

SELF_PREFERENCE = Signed(
    ProbeCard(
        name="self_preference",
        summary="Says that the judge made one candidate itself, drawn, another model the others.",
        cue="the candidate that is said to be the judge's own",
        presets=("core",),
        source="LLM Evaluators Recognize and Favor Their Own Generations, arXiv 2404.13076 "
        "(abstract read); the mere claim is this suite's own form",
    ),
    "you, in an earlier turn",
    "another model",
)
