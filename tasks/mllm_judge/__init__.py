"""MLLM-as-a-Judge: answers of multimodal models to an image, in pairs, scored, and ranked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, model_validator

from mmjudge.cards import read_card
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import PublicRow, hub_media, marked, public_file
from mmjudge.sources.rows import read_rows
from mmjudge.task import BadItem, PublishedRule, Task
from mmjudge.types import (
    Candidate,
    Gold,
    Item,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    RankingGold,
    ScoreGold,
    TaskSpec,
)

from .published import RULES

HUB = "ONE-Lab/MLLM-as-a-Judge"
LABELS: dict[str, PreferenceValue] = {"A": "first", "B": "second", "C": "tie"}
PEOPLE = AliasChoices("human_answer", "human", "Human_answer")
"""What people said: the files name the field in three ways, some of them in one file."""


class Answer(PublicRow):
    """What one model answered."""

    name: str
    answer: str = Field(min_length=1)


class Row(PublicRow):
    """What the rows of all three files have."""

    instruction: str
    image_path: str
    original_dataset: str


class PairRow(Row):
    """A line of `pair.jsonl`."""

    pair_id: int | str
    answer1: Answer
    answer2: Answer
    human: Literal["A", "B", "C"] = Field(validation_alias=PEOPLE)


class ScoreRow(Row, Answer):
    """A line of `score.jsonl`; some scores are numbers, some digits."""

    score_id: int | str
    human: int = Field(validation_alias=PEOPLE, ge=1, le=5)


class BatchRow(Row):
    """A line of `batch.jsonl`: the letters of the answers, the best first."""

    id: int | str
    answers: tuple[Answer, ...] = Field(min_length=2, max_length=26)
    human: str = Field(validation_alias=PEOPLE)

    @model_validator(mode="after")
    def _ranks_all(self) -> "BatchRow":
        letters = "".join(chr(ord("A") + place) for place in range(len(self.answers)))
        if sorted(self.human) != [*letters]:
            raise ValueError(f"human_answer: each of {letters} once, found {self.human!r}")
        return self


FILES: dict[ProtocolName, tuple[str, type[PairRow] | type[ScoreRow] | type[BatchRow]]] = {
    "pair": ("Benchmark/pair.jsonl", PairRow),
    "score": ("Benchmark/score.jsonl", ScoreRow),
    "rank": ("Benchmark/batch.jsonl", BatchRow),
}


class MllmJudge(Task):
    """Three files, one a protocol, and a folder of images; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the lines of the protocol's file in their order."""
        hub = HubName(HUB, self.spec.card.revision)
        name, record = FILES[protocol]
        for place, row in enumerate(read_rows(public_file(self, hub, name), record)):
            yield row if isinstance(row, BadItem) else marked(self, self._item(hub, place, row))

    def _item(self, hub: HubName, place: int, row: PairRow | ScoreRow | BatchRow) -> Item:
        name, answers, gold = _judged(row)
        image = row.image_path if "/" in row.image_path else f"image/{row.image_path}"
        return Item(
            id=f"{place:05d}/{name}",
            prompt=(hub_media(self, hub, image, "image"), row.instruction),
            candidates=tuple(
                Candidate(id=chr(ord("A") + i), parts=(answer.answer,), system=answer.name)
                for i, answer in enumerate(answers)
            ),
            gold={"overall": gold},
            strata={"modality": "text+image->text", "dataset": row.original_dataset},
        )

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' figures by source dataset, and their mean over the datasets."""
        return RULES


def _judged(row: PairRow | ScoreRow | BatchRow) -> tuple[int | str, tuple[Answer, ...], Gold]:
    match row:
        case PairRow():
            gold = PreferenceGold(value=LABELS[row.human])
            return row.pair_id, (row.answer1, row.answer2), gold
        case ScoreRow():
            return row.score_id, (row,), ScoreGold(value=row.human)
        case BatchRow():
            ranks = [row.human.index(chr(ord("A") + i)) + 1 for i in range(len(row.answers))]
            return row.id, row.answers, RankingGold(ranks=tuple(ranks))
