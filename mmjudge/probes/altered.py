"""Probes of media: a cue on the medium of one candidate, or all media made worse alike.

Nothing is decoded here: a probe names a change on a `Media`, and it is made where media are
decoded. The gold stays right because a cue adds nothing to what is judged and covers nothing, and
because what is made worse is so for every candidate. Where that does not hold, a probe does not
ask; its card says when.
"""

import re

from mmjudge.media.changes import changed
from mmjudge.probes.base import (
    Around,
    Changed,
    Probe,
    candidate,
    cue_for,
    drawn,
    map_media,
    only_worst,
    worse,
)
from mmjudge.types import Item, Media, ProbeCard, Request

LVLM = "Fooling the LVLM Judges, arXiv 2505.15249 (descriptions read)"


class Cued(Probe):
    """Puts a change on the media of one candidate, which is drawn.

    Args:
        card: What it is called.
        modality: Of the media that are changed.
        change: As it is written on them.
        spoils: Words of criteria by which the change makes a candidate worse: there it is on the
            worse one, and asked only where the gold puts that one last in any case.
    """

    def __init__(self, card: ProbeCard, modality: str, change: str, spoils: str) -> None:
        self.card, self.modality, self.change_made = card, modality, change
        self.spoils = re.compile(rf"\b({spoils})", re.IGNORECASE)

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with the cue; None where the candidate has no such medium."""
        spoilt = about(request, self.spoils)
        place = worse(request, item, around) if spoilt else drawn(item, around)
        if not has(candidate(request, place).parts, self.modality):
            return None
        if spoilt and not only_worst(request, item):
            return None
        asked = altered(request, self.modality, self.change_made, (place,))
        return Changed(asked, cue_for(request, place))


class Degraded(Probe):
    """Makes all media of a kind worse alike, those of prompt and reference too.

    Args:
        card: What it is called.
        modality: Of the media that are changed.
        change: As it is written on them.
        spoils: Words of criteria that a single candidate is not asked on: a score would have to be
            a lower one, an answer another.
    """

    def __init__(self, card: ProbeCard, modality: str, change: str, spoils: str) -> None:
        self.card, self.modality, self.change_made = card, modality, change
        self.spoils = re.compile(rf"\b({spoils})", re.IGNORECASE)

    def change(self, request: Request, item: Item, around: Around) -> Changed | None:
        """The request with all such media changed; None where there are none."""
        if request.protocol not in ("pair", "rank") and about(request, self.spoils):
            return None
        if not any(has(parts, self.modality) for parts in all_parts(request)):
            return None
        return Changed(altered(request, self.modality, self.change_made, prompt=True))


def all_parts(request: Request) -> tuple[tuple[str | Media, ...], ...]:
    """Parts of the prompt, of the reference, and of each candidate."""
    return request.prompt, request.reference or (), *(one.parts for one in request.candidates)


def has(parts: tuple[str | Media, ...], modality: str) -> bool:
    """Whether there is a medium of that modality."""
    return any(isinstance(part, Media) and part.modality == modality for part in parts)


def altered(
    request: Request,
    modality: str,
    change: str,
    places: tuple[int, ...] | None = None,
    prompt: bool = False,
) -> Request:
    """The request with a change on its media of one modality.

    Args:
        request: What is asked.
        modality: Of the media that are changed; others stay.
        change: As it is written.
        places: Candidates to change, in item order; None for all.
        prompt: Whether prompt and reference are changed as well.
    """

    def new(medium: Media) -> Media:
        return changed(medium, change) if medium.modality == modality else medium

    return map_media(request, new, places, prompt)


def about(request: Request, words: re.Pattern[str]) -> bool:
    """Whether name or question of the criterion has one of the words, or one of a checklist."""
    criterion = request.criterion
    asked = [criterion.name.replace("_", " "), criterion.question]
    return bool(words.search(" ".join((*asked, *(one.text for one in request.questions)))))
