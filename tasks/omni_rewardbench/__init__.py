"""Omni-RewardBench: pairs in nine tasks over five modalities, each with a criterion in words."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName, keep_media, media_cache
from mmjudge.sources.public_rows import HubTable, PublicRow, marked, table_items
from mmjudge.sources.published_rules import each, gold_code, share_tables
from mmjudge.sources.rows import data_file, read_json_rows
from mmjudge.task import BadItem, JudgedRow, PublishedRule, PublishedTable, Task
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    Part,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    TaskSpec,
)

Kind = Literal["text", "image", "video", "audio"]


class Subset(NamedTuple):
    """A task of the benchmark: what the prompt holds beside its text, and what is answered."""

    name: str
    shown: Kind
    answered: Kind


SUBSETS = (
    Subset("text_to_text", "text", "text"),
    Subset("text_image_to_text", "image", "text"),
    Subset("text_video_to_text", "video", "text"),
    Subset("text_audio_to_text", "audio", "text"),
    Subset("text_to_image", "text", "image"),
    Subset("text_to_video", "text", "video"),
    Subset("text_to_audio", "text", "audio"),
    Subset("text_to_3D", "text", "image"),
    Subset("text_image_to_image", "image", "image"),
)
LABELS: dict[str, PreferenceValue] = {"response1": "first", "response2": "second", "tie": "tie"}
HUB = HubName("HongbangYuan/OmniRewardBench", "main")
MEDIA = "media_data"
"""Folder into which the archive of the media is unpacked."""
TIE = 2


class Pair(PublicRow):
    """What a pair has wherever it is read; a response is a text or a medium."""

    prompt: str
    response1: Any
    response2: Any
    model1: str | None = None
    model2: str | None = None
    criteria: str = Field(min_length=1)
    criteria_preference: Literal["response1", "response2", "tie"]


class Row(Pair):
    """A row of a file; media by their paths below the folder `media_data`."""

    response1: str = Field(min_length=1)
    response2: str = Field(min_length=1)
    image: str | None = None
    video: str | None = None
    audio: str | None = None


class ImagePair(Pair):
    """A row of the Hub about an image."""

    image: Any


class VideoPair(Pair):
    """A row of the Hub about a video."""

    video: Any


class AudioPair(Pair):
    """A row of the Hub about a sound."""

    audio: Any


PUBLIC: dict[Kind, type[Pair]] = {
    "text": Pair,
    "image": ImagePair,
    "video": VideoPair,
    "audio": AudioPair,
}
"""The columns of the Hub, by what is shown: images and sounds stand in them, videos by path."""


class OmniRewardBench(Task):
    """Nine files of pairs, with the media beside them; without data, nine tables of the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    @property
    def root(self) -> Path | None:
        """The cache, in which media of the Hub's rows are kept, or the data."""
        return media_cache() if self.data is None else super().root

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs of each subset in turn."""
        for subset in SUBSETS:
            if self.data is None:
                table = HubTable(HUB, "test", subset.name)
                made = partial(_public_items, subset)
                yield from table_items(self, table, PUBLIC[subset.shown], made)
            else:
                yield from self._local(subset)

    def _local(self, subset: Subset) -> Iterator[Item | BadItem]:
        path = data_file(self, f"{subset.name}_preferences.json")
        for place, row in enumerate(read_json_rows(path, Row)):
            if isinstance(row, BadItem):
                yield row
                continue
            where = f"{path}: row {place}"
            try:
                yield marked(self, _item(subset, place, row, where))
            except TaskError as error:
                yield BadItem(id=where, where=where, problem=str(error))

    def published(self) -> tuple[PublishedRule, ...]:
        """Accuracy with and without pairs that people call a tie, by subset and their mean."""
        return RULES


def _item(subset: Subset, place: int, row: Pair, where: str) -> Item:
    def part(column: str, kind: Kind) -> Part:
        value = getattr(row, column)
        if isinstance(value, str) and value:
            uri = f"{MEDIA}/{value}"
            return value if kind == "text" else Media(modality=kind, uri=uri)
        if kind == "text":
            raise TaskError(f"{where}: {column}: a text is needed, found {str(value)[:60]!r}")
        return keep_media(value, kind, f"{where}: {column}")

    shown = () if subset.shown == "text" else (part(subset.shown, subset.shown),)
    asked = "text" if subset.shown == "text" else f"text+{subset.shown}"
    sides = (("1", "response1", row.model1), ("2", "response2", row.model2))
    return Item(
        id=f"{subset.name}/{place:04d}",
        prompt=(*shown, row.prompt, f"Criterion: {row.criteria}"),
        candidates=tuple(
            Candidate(id=name, parts=(part(column, subset.answered),), system=system)
            for name, column, system in sides
        ),
        gold={"free": PreferenceGold(value=LABELS[row.criteria_preference])},
        strata={"modality": f"{asked}->{subset.answered}", "subset": subset.name},
    )


def _public_items(subset: Subset, place: int, row: Pair, where: str) -> Iterator[Item]:
    """The item of a row of the Hub; a medium that is only named there is absent."""
    item = _item(subset, place, row, where)
    parts = [*item.prompt, *(part for one in item.candidates for part in one.parts)]
    media = (part for part in parts if isinstance(part, Media))
    lacks = next((one for one in media if one.uri.startswith(f"{MEDIA}/")), None)
    said = f"{lacks.modality} {lacks.uri} (in {MEDIA}.zip of the dataset)" if lacks else None
    yield item.model_copy(update={"absent": said})


def _tables(rows: Sequence[JudgedRow], ties: bool, macro: bool) -> Iterator[PublishedTable]:
    counted = [one for one in each(rows) if ties or gold_code(one.row) != TIE]
    yield from share_tables(counted, "subset", macro)


RULES = tuple(
    PublishedRule(f"omni_rewardbench.{name}{end}", partial(_tables, ties=ties, macro=macro))
    for name, ties in (("with_tie", True), ("without_tie", False))
    for end, macro in (("", False), ("_macro", True))
)
