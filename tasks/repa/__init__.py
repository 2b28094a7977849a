"""REPA: pairs of answers in Russian, compared by people under ten kinds of error and over all."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from mmjudge.cards import read_card
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import PublicRow, public_file
from mmjudge.sources.rows import grouped
from mmjudge.sources.tables import read_table
from mmjudge.task import BadItem, Task
from mmjudge.types import Candidate, Item, PreferenceGold, PreferenceValue, ProtocolName, TaskSpec

FILE = "repa_dataset.tsv"
LABELS: dict[str, PreferenceValue] = {
    "bot_1": "first",
    "bot_2": "second",
    "both_good": "both_good",
    "both_bad": "both_bad",
}
Label = Literal["bot_1", "bot_2", "both_good", "both_bad"]


class Row(PublicRow):
    """What one annotator says of a pair, by each criterion."""

    query: str
    query_category: str
    model_name_1: str
    model_name_2: str
    model_output_1: str = Field(min_length=1)
    model_output_2: str = Field(min_length=1)
    request_following: Label
    factuality: Label
    repetition: Label
    code_switching: Label
    relevance: Label
    harmfulness: Label
    fluency: Label
    contradiction: Label
    sudden_interruption: Label
    refusal: Label
    overall: Label

    @field_validator("*", mode="before")
    @classmethod
    def _without_spaces(cls, value: object) -> object:
        """The dataset card writes one of the labels with a space after it."""
        return value.strip() if isinstance(value, str) else value


class Repa(Task):
    """One table, a row an annotator; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield each pair once, with all that was said of it, in the order of its first row."""
        hub = HubName("RussianNLP/repa", self.spec.card.revision)
        rows = []
        for row in read_table(public_file(self, hub, FILE), Row):
            if isinstance(row, BadItem):
                yield row
            else:
                rows.append(row)
        pairs = grouped(rows, lambda r: (r.query, r.model_output_1, r.model_output_2))
        for place, members in enumerate(pairs.values()):
            yield self._item(place, members)

    def _item(self, place: int, rows: Sequence[Row]) -> Item:
        first = rows[0]
        models = (first.model_name_1, first.model_name_2)
        texts = (first.model_output_1, first.model_output_2)
        said = {
            criterion.name: [LABELS[getattr(row, criterion.name)] for row in rows]
            for criterion in self.spec.criteria
        }
        return Item(
            id=f"{place:04d}",
            prompt=(first.query,),
            candidates=tuple(
                Candidate(id=name, parts=(text,), system=model)
                for name, model, text in zip(("bot_1", "bot_2"), models, texts, strict=True)
            ),
            gold={name: gold for name, votes in said.items() if (gold := majority(votes))},
            strata={"modality": "text->text", "category": first.query_category, "language": "ru"},
        )


def majority(votes: Sequence[PreferenceValue]) -> PreferenceGold | None:
    """What more than half of the annotators say, with what each says; None if there is no such.

    Example:
        >>> majority(["first", "first", "both_bad"]).value, majority(["first", "second"])
        ('first', None)
    """
    value, count = Counter(votes).most_common(1)[0]
    return PreferenceGold(value=value, ratings=tuple(votes)) if 2 * count > len(votes) else None
