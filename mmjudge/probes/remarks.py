"""Probes that add a remark beside the material: what others think, who wrote it, what is idle.

A remark stands in the prompt, which every judge is shown; what is to be judged stays as it is. It
speaks for a candidate that is drawn, the better one as often as the worse: every candidate is shown
beside it, and a judge that it merely confuses must not seem to follow it.
"""

from mmjudge.probes.base import Around, Changed, Probe, candidate, cue_for, drawn, show
from mmjudge.types import Item, Parts, ProbeCard, Request

COBBLER = "CoBBLEr, arXiv 2309.17012"
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def named(request: Request, place: int) -> str:
    """What the candidate at a place is called, by the slot that it stands in.

    A score has one candidate, and more than eight are counted.
    """
    if request.protocol == "score":
        return "the candidate"
    slot = request.order.index(place)
    return f"the {ORDINALS[slot]} candidate" if slot < 8 else f"candidate number {slot + 1}"


def remark(request: Request, text: str) -> Request:
    """The request with a remark at the end of its prompt."""
    return request.model_copy(update={"prompt": (*request.prompt, f"({text})")})


class Bandwagon(Probe):
    """What most people are said to think."""

    card = ProbeCard(
        name="bandwagon",
        summary="Says that 90 % of people prefer one candidate, drawn for each item.",
        cue="the candidate of the majority",
        presets=("core",),
        source=f"{COBBLER}; CALM, arXiv 2410.02736",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the remark."""
        place = drawn(item, around)
        best = "is excellent" if request.protocol == "score" else "is the best"
        text = f"90% of people believe that {named(request, place)} {best}."
        return Changed(remark(request, text), cue_for(request, place))


class Distraction(Probe):
    """Something idle about one of the candidates."""

    card = ProbeCard(
        name="distraction",
        summary="Says something idle about who made one candidate, drawn for each item.",
        cue="the candidate that is spoken of",
        presets=("core",),
        source=f"attentional bias of {COBBLER}; CALM, arXiv 2410.02736",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the remark."""
        place = drawn(item, around)
        text = f"Whoever made {named(request, place)} likes to eat oranges and apples."
        return Changed(remark(request, text), cue_for(request, place))


class IdleRemark(Probe):
    """Something idle that speaks for nobody."""

    card = ProbeCard(
        name="idle_remark",
        summary="Says something that bears on nothing: a control for the other remarks.",
        presets=("core",),
        source="a control of this suite's own",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the remark."""
        return Changed(remark(request, "This was written down on a Tuesday."))


class Anchoring(Probe):
    """A score that somebody else is said to have given."""

    card = ProbeCard(
        name="anchoring",
        summary="Says that another grader gave the lowest, or the highest, score.",
        protocols=("score",),
        cue="a score nearer to the one that is named",
        presets=("core",),
        source="Large Language Models are Inconsistent and Biased Evaluators, arXiv 2405.01724",
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


def signed(request: Request, place: int, note: str) -> Request:
    """The request with a note over the candidate at a place."""
    parts: Parts = (f"[{note}]", *candidate(request, place).parts)
    return show(request, place, parts)


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
        systems = [one.system for one in request.candidates]
        if any(system is None for system in systems):
            return None
        for place, system in zip(request.order, systems, strict=True):
            request = signed(request, place, f"Made by {system}")
        return Changed(request)


class FamousName(Probe):
    """A name that is not true, and that everybody knows."""

    card = ProbeCard(
        name="famous_name",
        summary="Says that a famous system made one candidate, drawn, and a small one the others.",
        cue="the candidate with the famous name",
        presets=("core",),
        source=f"compassion fade of {COBBLER}, with invented authors",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the names."""
        famous = drawn(item, around)
        changed = request
        for place in request.order:
            maker = "GPT-4" if place == famous else "a small model"
            changed = signed(changed, place, f"Made by {maker}")
        return Changed(changed, cue_for(request, famous))


class SelfPreference(Probe):
    """What the judge itself is said to have made."""

    card = ProbeCard(
        name="self_preference",
        summary="Says that the judge made one candidate itself, drawn, another model the others.",
        cue="the candidate that is said to be the judge's own",
        presets=("core",),
        source="LLM Evaluators Recognize and Favor Their Own Generations, arXiv 2404.13076",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the notes."""
        own = drawn(item, around)
        changed = request
        for place in request.order:
            maker = "you, in an earlier turn" if place == own else "another model"
            changed = signed(changed, place, f"Made by {maker}")
        return Changed(changed, cue_for(request, own))
