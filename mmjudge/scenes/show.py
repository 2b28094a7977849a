"""From the scenes of an item to records: the item and its twin, with their media files."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from mmjudge.scenes import draw, film, sound, strip, texts
from mmjudge.scenes.directions import DIRECTIONS, MODALITY, Direction, Shown, Way, family, modality
from mmjudge.scenes.facts import Moving, Scene, Sound, Still
from mmjudge.scenes.items import Content
from mmjudge.scenes.levels import LEVELS, Level
from mmjudge.scenes.stream import Stream
from mmjudge.types import Candidate, Item, Media, Part, Parts

LETTERS = "abcd"


class Made(NamedTuple):
    """An item and its twin, the content that both show, and the media written for them."""

    items: tuple[Item, ...]
    content: Content
    files: dict[str, str]


class Maker:
    """Shows contents and writes media into a folder, each under its own SHA-256.

    What is drawn depends on the seed, the item and the role of what is shown, so that an item and
    its twin share everything that they show alike.

    Args:
        seed: Of the pack.
        folder: Where media are written, under `media/`.
        twins: Whether each item comes with its twin.
        compact: Whether media are packed tighter, which takes longer.
    """

    def __init__(self, seed: str, folder: Path, twins: bool = True, compact: bool = False) -> None:
        self.seed, self.folder, self.twins, self.compact = seed, folder, twins, compact

    def make(self, asked: Content) -> Made:
        """The records of an item and of its twin."""
        direction = DIRECTIONS[asked.place.direction]
        stream = Stream(self.seed, asked.place.id, "shown")
        view = _View(asked, stream, self.folder, self.compact)
        # Which way is the item and which its twin is drawn where candidates differ in modality: so
        # each modality is first equally often without twins too.
        swapped = len(direction.shown[0].candidates) > 1 and view.stream.fork("swap").coin()
        ways = direction.shown[::-1] if swapped else direction.shown
        wanted = ways if self.twins else ways[:1]
        items = tuple(view.item(way, twin=bool(number)) for number, way in enumerate(wanted))
        return Made(items, asked, view.files)


class _View:
    """One content, shown; parts are made once for each role and way."""

    def __init__(self, asked: Content, stream: Stream, folder: Path, compact: bool) -> None:
        self.content, self.stream, self.folder = asked, stream, folder
        self.compact = compact
        self.direction: Direction = DIRECTIONS[asked.place.direction]
        self.level: Level = LEVELS[asked.place.level]
        self.files: dict[str, str] = {}
        self._parts: dict[tuple[str, Way], Part] = {}

    def item(self, shown: Shown, twin: bool) -> Item:
        place = self.content.place
        return Item(
            id=f"{place.id}-twin" if twin else place.id,
            prompt=self._prompt(shown.prompt),
            candidates=tuple(
                Candidate(
                    id=LETTERS[i], parts=(self._part(LETTERS[i], scene, self._way(shown, i)),)
                )
                for i, scene in enumerate(self.content.candidates)
            ),
            criteria=("overall", *self.content.criteria),
            gold=self.content.gold(),
            strata={
                "modality": modality(shown),
                "family": family(shown),
                "level": place.level,
                "subject": self.direction.subject,
                "twin": place.id,
                "condition": shown.condition,
                "breaks": self.content.breaks,
            },
        )

    @staticmethod
    def _way(shown: Shown, number: int) -> Way:
        return shown.candidates[number % len(shown.candidates)]

    def _prompt(self, way: Way) -> Parts:
        edited = self.content.edited
        if edited is None or not isinstance(self.content.truth, Still):
            return (self._part("prompt", self.content.truth, way),)
        how = self.stream.fork("instruction")
        text = texts.instruction(edited.before, self.content.truth, edited.fact, how)
        return self._part("prompt", edited.before, way), text

    def _part(self, role: str, scene: Scene, way: Way) -> Part:
        if (role, way) not in self._parts:
            self._parts[role, way] = self._made(scene, way, self.stream.fork(role, way))
        return self._parts[role, way]

    def _made(self, scene: Scene, way: Way, stream: Stream) -> Part:
        if way == "caption":
            return texts.caption(scene, stream)
        match scene:
            case Still():
                # An edit keeps ground and layout of what is edited; all else is drawn anew.
                look = self.stream if self.direction.edited else stream
                image = draw.draw(scene, self.level, look.fork("look"))
                return self._kept(way, *draw.encode(image, self.level, stream, self.compact))
            case Moving():
                staging = film.stage(scene, self.level, stream.fork("stage"))
                if way == "strip":
                    image = strip.strip(scene, self.level, staging)
                    return self._kept(way, *draw.encode(image, self.level, stream, self.compact))
                return self._kept(way, *film.encode(scene, self.level, staging))
            case Sound() if way == "score":
                return texts.score_sheet(scene, stream)
            case Sound():
                samples = sound.play(scene, self.level, stream.fork("play"))
                return self._kept(way, *sound.encode(samples, stream, self.compact))

    def _kept(self, way: Way, data: bytes, ending: str) -> Media:
        kind = MODALITY[way]
        if kind == "text":
            raise ValueError(f"{way} is no medium")
        digest = hashlib.sha256(data).hexdigest()
        # Named by what is in it: a name cannot tell which candidate is right.
        uri = f"media/{digest[:2]}/{digest[2:26]}{ending}"
        path = self.folder / uri
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.files[uri] = digest
        return Media(modality=kind, uri=uri, sha256=digest)
