"""Multimodal RewardBench: a chosen and a rejected answer about an image, in six areas."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.github import GithubName, github_path
from mmjudge.sources.public_rows import PublicRow, marked
from mmjudge.sources.published_rules import each, guessed, share_tables
from mmjudge.sources.rows import data_file, read_json_rows
from mmjudge.task import BadItem, JudgedRow, PublishedRule, PublishedTable, Task
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    TaskSpec,
)

FULL = "all_data.json"
"""What the authors' script makes once it has fetched questions and images."""
RELEASED = "all_data_release.json"
REPOSITORY = "facebookresearch/multimodal_rewardbench"
BETTER: dict[str, PreferenceValue] = {"Output1": "first", "Output2": "second"}
UNFETCHED = "question and image (the authors' script 0_download_data.py fetches them)"


class Row(PublicRow):
    """A pair; `Text` is empty where the question belongs to another dataset."""

    name: str = Field(validation_alias="ID")
    category: str = Field(validation_alias="Category")
    text: str | None = Field(default=None, validation_alias="Text")
    image: str = Field(validation_alias="Image", min_length=1)
    output1: str = Field(validation_alias="Output1", min_length=1)
    output2: str = Field(validation_alias="Output2", min_length=1)
    better: Literal["Output1", "Output2"] = Field(validation_alias="Better")


class MultimodalRewardBench(Task):
    """The pairs of one JSON file; without data, as released: without questions and images."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs in the order of the file."""
        if self.data is None:
            place = GithubName(REPOSITORY, self.spec.card.revision)
            path = github_path(place, f"data/{RELEASED}")
        else:
            path = data_file(self, FULL, RELEASED)
        for place_in_file, row in enumerate(read_json_rows(path, Row)):
            if isinstance(row, BadItem):
                yield row
                continue
            item = marked(self, _item(place_in_file, row))
            absent = self.data is None or not row.text
            yield item.model_copy(update={"absent": UNFETCHED}) if absent else item

    def published(self) -> tuple[PublishedRule, ...]:
        """Accuracy by area, and the authors', who guess where there is no verdict."""
        return RULES


def area_of(row: Row) -> str:
    """The area of a pair, safety and reasoning in two parts, by its id as the authors do.

    Example:
        >>> row = {"ID": "PAIRS_1", "Category": "safety", "Image": "i", "Output1": "a"}
        >>> area_of(Row.model_validate({**row, "Output2": "b", "Better": "Output1"}))
        'safety/bias'
    """
    name = row.name.lower()
    if row.category == "safety":
        return "safety/bias" if name.startswith("pairs") else "safety/toxicity"
    if row.category == "reasoning":
        return "reasoning/math" if name.startswith("math") else "reasoning/coding"
    return row.category


def _item(place: int, row: Row) -> Item:
    question = row.text or "(not in the released file: the question to this image)"
    return Item(
        id=f"{place:04d}/{row.name}",
        prompt=(Media(modality="image", uri=row.image), question),
        candidates=(
            Candidate(id="1", parts=(row.output1,)),
            Candidate(id="2", parts=(row.output2,)),
        ),
        gold={"overall": PreferenceGold(value=BETTER[row.better])},
        strata={
            "modality": "text+image->text",
            "area": area_of(row),
            "source": row.name.partition("_")[0],
        },
    )


def _tables(rows: Sequence[JudgedRow], guess: bool) -> Iterator[PublishedTable]:
    counted = each(rows)
    yield from share_tables(guessed(counted) if guess else counted, "area")


RULES = (
    PublishedRule("multimodal_rewardbench.accuracy", partial(_tables, guess=False)),
    PublishedRule("multimodal_rewardbench.guessed", partial(_tables, guess=True)),
)
