"""Probes of what a judge looks at: media taken away, exchanged, shown otherwise, contradicted."""

import re
from collections.abc import Mapping
from typing import TypeGuard

from mmjudge.media.changes import changed, written
from mmjudge.probes.altered import about, all_parts
from mmjudge.probes.base import (
    Around,
    Changed,
    Probe,
    candidate,
    cue_for,
    is_text,
    show,
    text_of,
    worse,
)
from mmjudge.types import (
    Item,
    Media,
    Modality,
    Part,
    Parts,
    Preference,
    ProbeCard,
    Request,
    Score,
)

PRESENTED = (
    "AudioJudge's text, audio and transcript of one pair, arXiv 2507.12705 (abstract, and the "
    "authors' files of verdicts read)"
)
MEDIA: tuple[Modality, ...] = ("image", "video", "audio")


class Blind(Probe):
    """Takes all media away."""

    card = ProbeCard(
        name="blind",
        summary="Removes every image, video and sound; a note says that something is missing.",
        modalities=MEDIA,
        presets=("modality",),
        source="Are We on the Right Way for Evaluating Large Vision-Language Models?, "
        "arXiv 2403.20330 (not checked)",
        keeps_gold=False,
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request without media."""
        return Changed(_with_parts(request, *map(_removed, all_parts(request))))


def _removed(parts: Parts) -> Parts:
    return tuple(f"[{p.modality} not shown]" if isinstance(p, Media) else p for p in parts)


def _with_parts(request: Request, prompt: Parts, reference: Parts, *shown: Parts) -> Request:
    candidates = tuple(
        one.model_copy(update={"parts": parts})
        for one, parts in zip(request.candidates, shown, strict=True)
    )
    update = {"prompt": prompt, "reference": reference or None, "candidates": candidates}
    return request.model_copy(update=update)


class Mismatched(Probe):
    """Shows the media of another item."""

    card = ProbeCard(
        name="mismatched",
        summary="Shows another item's media of the same kind, in prompt and candidates; which "
        "candidate gets whose is drawn by lot, so that the gold of the other item is no help.",
        modalities=MEDIA,
        presets=("modality",),
        source="shuffled images, a control of visual question answering (no single source)",
        keeps_gold=False,
        looks_around=True,
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the other media; None where no other item has such."""
        other = around.other(item)
        if other is None:
            return None
        lots = _lots(other, around)
        lent = (other.prompt, (), *(other.candidates[lots[place]].parts for place in request.order))
        parts = [_exchanged(own, its) for own, its in zip(all_parts(request), lent, strict=True)]
        return Changed(_with_parts(request, *parts))


def _lots(other: Item, around: Around) -> list[int]:
    """Which candidate of the other item each place gets; its own where they differ in kind.

    Where the gold of a task sits at one place, media lent place by place would keep the gold, and
    a judge that looks would seem not to.
    """
    places = list(range(len(other.candidates)))
    kinds = {tuple(p.modality for p in c.parts if isinstance(p, Media)) for c in other.candidates}
    if len(kinds) == 1:
        around.random.shuffle(places)
    return places


def _exchanged(own: Parts, other: Parts) -> Parts:
    media = iter(part for part in other if isinstance(part, Media))
    return tuple(next(media, part) if isinstance(part, Media) else part for part in own)


class Swapped(Probe):
    """Shows the same content in another modality."""

    card = ProbeCard(
        name="swapped",
        summary="Shows the item's twin in the task: the same content as caption, picture, strip.",
        presets=("modality",),
        source=PRESENTED,
        looks_around=True,
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request about the twin; None where there is none, or its gold is another one."""
        twin = around.twin(item)
        if twin is None or not _same_gold(request, item, twin):
            return None
        shown = (twin.candidates[place].parts for place in request.order)
        return Changed(_with_parts(request, twin.prompt, twin.reference or (), *shown))


class SwappedWords(Probe):
    """Shows words instead of media."""

    card = ProbeCard(
        name="swapped_words",
        summary="Shows what media show or say in words instead: the caption or transcript that the "
        "task has of each (in_words). Only where it has one of every medium that is shown.",
        modalities=MEDIA,
        presets=("modality",),
        source=PRESENTED,
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request in words; None where the task has no words for one of the media."""
        said = item.in_words
        shown = all_parts(request)
        if any(isinstance(part, Media) and part.uri not in said for one in shown for part in one):
            return None
        return Changed(_with_parts(request, *(_in_words(parts, said) for parts in shown)))


def _in_words(parts: Parts, said: Mapping[str, str]) -> Parts:
    return tuple(said.get(part.uri, part) if isinstance(part, Media) else part for part in parts)


FRAMES = 8
"""Pictures that a film is shown as: as many frames as a judge sees of it, unless it says more."""

TIMED = re.compile(
    r"\b(smooth|fluid|flicker|jerk|stutter|frame|speed|fast|slow|duration|how long|tempo|rhythm)",
    re.IGNORECASE,
)
"""Words of criteria about what pictures without their times do not show."""


class SwappedFrames(Probe):
    """Shows the frames of a film as pictures."""

    card = ProbeCard(
        name="swapped_frames",
        summary=f"Shows every film as {FRAMES} pictures, one from the middle of each equal part, "
        "in order. Not on criteria about speed or smoothness, which pictures do not show.",
        modalities=("video",),
        presets=("modality",),
        source="frames as pictures, as judges of pictures are given films; this suite's own form",
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with pictures; None where the criterion is about time."""
        shown = all_parts(request)
        films = [part for parts in shown for part in parts if _is_film(part)]
        if not films or any(film.changes for film in films) or about(request, TIMED):
            return None
        return Changed(_with_parts(request, *map(_in_frames, shown)))


def _is_film(part: Part) -> TypeGuard[Media]:
    return isinstance(part, Media) and part.modality == "video"


def _in_frames(parts: Parts) -> Parts:
    return tuple(shown for part in parts for shown in (_cut(part) if _is_film(part) else (part,)))


def _cut(film: Media) -> Parts:
    cuts = (written("frame", number=number, of=FRAMES) for number in range(1, FRAMES + 1))
    return tuple(changed(film, cut) for cut in cuts)


def _same_gold(request: Request, item: Item, twin: Item) -> bool:
    """Whether the twin has the same candidates, and the same gold for the request's criterion."""
    name = request.criterion.name
    asked = not twin.criteria or name in twin.criteria
    alike = [one.id for one in item.candidates] == [one.id for one in twin.candidates]
    return asked and alike and item.gold.get(name) == twin.gold.get(name)


class Mixed(Probe):
    """Shows one of two equally good candidates in another modality."""

    card = ProbeCard(
        name="mixed",
        summary="Of two candidates of equal gold shows one as the item's twin does, or in the "
        "words that the task has of it.",
        protocols=("pair",),
        cue="the candidate that is a medium, where the other is text",
        presets=("modality",),
        source="modality bias of judges; this suite's own form",
        looks_around=True,
        version=2,
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The mixed request; None where gold prefers one, or nothing shows one otherwise."""
        gold = item.gold.get(request.criterion.name)
        if not isinstance(gold, Preference) or gold.value in ("first", "second"):
            return None
        twin = around.twin(item)
        if twin is not None and not (
            twin.prompt == item.prompt and _same_gold(request, item, twin)
        ):
            twin = None
        for place in around.random.sample((0, 1), 2):
            kept = candidate(request, 1 - place).parts
            own = candidate(request, place).parts
            parts = twin.candidates[place].parts if twin else _in_words(own, item.in_words)
            if is_text(parts) != is_text(kept):
                medium = 1 - place if is_text(parts) else place
                return Changed(show(request, place, parts), (medium,))
        return None


class Contradicting(Probe):
    """Adds a text that says what the media do not show."""

    card = ProbeCard(
        name="contradicting",
        summary="Adds a caption that speaks for the worse candidate, against what the media show.",
        modalities=MEDIA,
        protocols=("pair", "score"),
        cue="what the text says, against the media",
        presets=("modality",),
        source="Words or Vision: Do Vision-Language Models Have Blind Faith in Text?, "
        "arXiv 2503.02199 (abstract read)",
        keeps_gold=False,
    )

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the caption; None where text and media do not stand on two sides."""
        place = worse(request, item, around)
        if not _wrong(request, item):
            return None
        claimed, prompt = candidate(request, place).parts, request.prompt
        if is_text(claimed) and not is_text(prompt):
            caption = f"(What is shown here, in words: {text_of(claimed)})"
            changed = request.model_copy(update={"prompt": (*prompt, caption)})
        elif is_text(prompt) and any(isinstance(part, Media) for part in claimed):
            caption = f"(What is shown here, in words: {text_of(prompt)})"
            changed = show(request, place, (*claimed, caption))
        else:
            return None
        return Changed(changed, cue_for(request, place))


def _wrong(request: Request, item: Item) -> bool:
    """Whether the gold finds fault with the worse candidate, so that praise of it is untrue."""
    gold, scale = item.gold.get(request.criterion.name), request.criterion.scale
    match gold:
        case Preference(value=value):
            return value in ("first", "second")
        case Score(value=score):
            return scale is not None and score < scale.highest
    return False
