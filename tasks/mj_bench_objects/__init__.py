"""MJ-Bench, objects: a generated image against a copy in which objects were spoilt."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.rows import data_file, read_json_rows
from mmjudge.task import BadItem, Task
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    Record,
    TaskSpec,
)

FILE = "captions.json"
IMAGES = "images"
GOLD: dict[int, PreferenceValue] = {1: "first", 0: "second"}


class Row(Record):
    """A pair; `label_0` is 1 where image 0 is the better one, which holds throughout."""

    caption: str = Field(min_length=1)
    image_0: str = Field(pattern=r"^[^/\\]+$")
    image_1: str = Field(pattern=r"^[^/\\]+$")
    label_0: int = Field(ge=0, le=1)


class MjBenchObjects(Task):
    """The pairs as published; the order shown is balanced by the run, as gold is always first."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs in the order of the file."""
        for row in read_json_rows(data_file(self, FILE), Row):
            yield row if isinstance(row, BadItem) else _item(row)


def _item(row: Row) -> Item:
    name = PurePosixPath(row.image_0).stem
    return Item(
        id=name,
        prompt=(row.caption,),
        candidates=(_candidate("0", row.image_0), _candidate("1", row.image_1)),
        gold={"quality": PreferenceGold(value=GOLD[row.label_0])},
        strata={"modality": "text->image", "subject": name.rstrip("0123456789").rstrip("_")},
    )


def _candidate(name: str, file: str) -> Candidate:
    return Candidate(id=name, parts=(Media(modality="image", uri=f"{IMAGES}/{file}"),))
