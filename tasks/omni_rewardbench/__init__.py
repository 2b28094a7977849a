"""Omni-RewardBench: pairs in nine tasks over five modalities, each with a criterion in words."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.public_rows import PublicRow, marked
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
MEDIA = "media_data"
"""Folder into which the archive of the media is unpacked."""
TIE = 2


class Row(PublicRow):
    """A pair with its criterion; media by their paths below the folder `media_data`."""

    prompt: str
    response1: str = Field(min_length=1)
    response2: str = Field(min_length=1)
    model1: str | None = None
    model2: str | None = None
    image: str | None = None
    video: str | None = None
    audio: str | None = None
    criteria: str = Field(min_length=1)
    criteria_preference: Literal["response1", "response2", "tie"]


class OmniRewardBench(Task):
    """Nine files of pairs, with the media beside them."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs of each subset in turn."""
        for subset in SUBSETS:
            path = data_file(self, f"{subset.name}_preferences.json")
            for place, row in enumerate(read_json_rows(path, Row)):
                if isinstance(row, BadItem):
                    yield row
                    continue
                where = f"{path}: row {place}"
                item = _item(subset, place, row, where)
                yield item if isinstance(item, BadItem) else marked(self, item)

    def published(self) -> tuple[PublishedRule, ...]:
        """Accuracy with and without pairs that people call a tie, by subset and their mean."""
        return RULES


def _item(subset: Subset, place: int, row: Row, where: str) -> Item | BadItem:
    prompt: list[Part] = [row.prompt]
    if subset.shown != "text":
        shown = getattr(row, subset.shown)
        if not shown:
            problem = f"{subset.shown}: a path is needed, found {shown!r}"
            return BadItem(id=where, where=where, problem=problem)
        prompt.insert(0, _medium(subset.shown, shown))
    prompt.append(f"Criterion: {row.criteria}")
    shown = "text" if subset.shown == "text" else f"text+{subset.shown}"
    return Item(
        id=f"{subset.name}/{place:04d}",
        prompt=tuple(prompt),
        candidates=tuple(
            Candidate(
                id=name,
                parts=(text if subset.answered == "text" else _medium(subset.answered, text),),
                system=system,
            )
            for name, text, system in (
                ("1", row.response1, row.model1),
                ("2", row.response2, row.model2),
            )
        ),
        gold={"free": PreferenceGold(value=LABELS[row.criteria_preference])},
        strata={"modality": f"{shown}->{subset.answered}", "subset": subset.name},
    )


def _medium(kind: Kind, path: str) -> Media:
    return Media.model_validate({"modality": kind, "uri": f"{MEDIA}/{path}"})


def _tables(rows: Sequence[JudgedRow], ties: bool, macro: bool) -> Iterator[PublishedTable]:
    counted = [one for one in each(rows) if ties or gold_code(one.row) != TIE]
    yield from share_tables(counted, "subset", macro)


RULES = tuple(
    PublishedRule(f"omni_rewardbench.{name}{end}", partial(_tables, ties=ties, macro=macro))
    for name, ties in (("with_tie", True), ("without_tie", False))
    for end, macro in (("", False), ("_macro", True))
)
