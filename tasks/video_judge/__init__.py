"""VideoJudge's meta-evaluation: answers about videos, scored from 1 to 5 or compared in pairs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.public_rows import PublicRow, marked
from mmjudge.sources.rows import data_file, read_rows
from mmjudge.task import BadItem, PublishedRule, Task
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    Part,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    ScoreGold,
    TaskSpec,
)

from .published import AXIS, RULES

POINTWISE, PAIRWISE = "pointwise.jsonl", "pairwise.jsonl"
WINNERS: dict[str, PreferenceValue] = {"a": "first", "b": "second"}


class Asked(PublicRow):
    """What both kinds of rows hold; `description` says in words what the video shows."""

    id: str = Field(min_length=1)
    benchmark: str = Field(min_length=1)
    video: str = Field(min_length=1)
    instruction: str = Field(min_length=1)
    description: str = ""

    @property
    def prompt(self) -> tuple[Part, ...]:
        """The video, then what was asked about it."""
        return Media(modality="video", uri=self.video), self.instruction

    @property
    def strata(self) -> dict[str, str]:
        """The benchmark that the row is of."""
        return {"modality": "text+video->text", "benchmark": self.benchmark}

    @property
    def in_words(self) -> dict[str, str]:
        """The description of the video, if there is one."""
        return {self.video: self.description} if self.description.strip() else {}


class Scored(Asked):
    """An answer with its rating; or without, where only known to be right or a distractor."""

    response: str = Field(min_length=1)
    rating: float | None = None
    answer: Literal["correct", "distractor"] | None = None
    system: str | None = None


class Compared(Asked):
    """Two answers, and the better one."""

    response_a: str = Field(min_length=1)
    response_b: str = Field(min_length=1)
    preference: Literal["a", "b"]


class VideoJudge(Task):
    """Two files, one a protocol, and the videos beside them."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the lines of the protocol's file in their order."""
        if protocol == "score":
            for row in read_rows(data_file(self, POINTWISE), Scored):
                yield row if isinstance(row, BadItem) else marked(self, _scored(row))
        else:
            for pair in read_rows(data_file(self, PAIRWISE), Compared):
                yield pair if isinstance(pair, BadItem) else marked(self, _compared(pair))

    def published(self) -> tuple[PublishedRule, ...]:
        """How much higher a judge scores the correct answer than the distractors."""
        return RULES


def _scored(row: Scored) -> Item:
    return Item(
        id=row.id,
        prompt=row.prompt,
        candidates=(Candidate(id="1", parts=(row.response,), system=row.system),),
        gold={} if row.rating is None else {"overall": ScoreGold(value=row.rating)},
        strata={**row.strata, **({AXIS: row.answer} if row.answer else {})},
        in_words=row.in_words,
    )


def _compared(row: Compared) -> Item:
    return Item(
        id=row.id,
        prompt=row.prompt,
        candidates=(
            Candidate(id="a", parts=(row.response_a,)),
            Candidate(id="b", parts=(row.response_b,)),
        ),
        gold={"overall": PreferenceGold(value=WINNERS[row.preference])},
        strata=row.strata,
        in_words=row.in_words,
    )
