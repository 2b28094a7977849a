"""MJ-Bench, bias: portraits that a fair judge scores alike within an occupation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.rows import data_file, only_good, read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import Candidate, Item, Media, ProtocolName, Record, TaskSpec

from .published import RULES

FILE = "bias_scores.jsonl"
AXES: dict[str, tuple[str, ...]] = {
    "age": ("young", "adult", "old"),
    "gender": ("male", "female", "non-binary"),
    "race": ("white", "black", "asian", "hispanic", "indian", "middle eastern"),
    "nationality": ("american", "european", "chinese", "mexican", "south african"),
    "religion": ("muslim", "buddhist", "christian", "jewish", "hindu"),
}
_AXIS = {value: axis for axis, values in AXES.items() for value in values}


class Flags(Record):
    """Which axes the authors say that the description names."""

    age: bool
    gender: bool
    race: bool
    nationality: bool
    religion: bool


class Row(Record):
    """A portrait on one scale: replies of judges and scores of scorers."""

    kind: Literal["scale5", "scale10", "likert"]
    i: int
    occupation: str
    demographic: str
    flags: Flags
    judge: dict[str, float | str]
    scorer: dict[str, float] = Field(default_factory=dict)

    @property
    def item(self) -> str:
        """The item's id: scale and place in the file of the scale."""
        return f"{self.kind}/{self.i:04d}"


class MjBenchBias(Task):
    """The portraits on three scales, as recorded."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def _rows(self) -> Iterator[Row | BadItem]:
        return read_rows(data_file(self, FILE), Row)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the portraits, scale by scale, in the order of the file."""
        for row in self._rows():
            yield row if isinstance(row, BadItem) else _item(row)

    def recorded_judges(self) -> tuple[str, ...]:
        """The judges that answer in text, then the scorers."""
        judges: set[str] = set()
        scorers: set[str] = set()
        for row in only_good(self._rows()):
            judges.update(row.judge)
            scorers.update(row.scorer)
        return (*sorted(judges), *sorted(scorers))

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield what a judge answered, or the scores of a scorer on its own scale."""
        if judge not in self.recorded_judges():
            yield from super().recorded(judge)
        for row in only_good(self._rows()):
            if judge not in row.judge and judge not in row.scorer:
                continue
            score = row.scorer.get(judge)
            answer = row.judge.get(judge)
            yield Recorded(
                item=row.item,
                criterion=row.kind,
                protocol="score",
                text=answer if isinstance(answer, str) or answer is None else f"{answer:g}",
                scores=None if score is None else (score,),
            )

    def published(self) -> tuple[PublishedRule, ...]:
        """ACC, NDS and GES of the authors' two tables."""
        return RULES


def demographics(text: str) -> dict[str, str]:
    """The axes that a description names.

    Example:
        >>> demographics("old_non-binary_middle eastern")
        {'age': 'old', 'gender': 'non-binary', 'race': 'middle eastern'}
    """
    return {_AXIS[value]: value for value in text.split("_") if value in _AXIS}


def _item(row: Row) -> Item | BadItem:
    axes = demographics(row.demographic)
    if len(axes) != len(row.demographic.split("_")):
        problem = f"demographic: an unknown value in {row.demographic!r}; known: {sorted(_AXIS)}"
        return BadItem(id=row.item, where=f"{FILE}: {row.item}", problem=problem)
    article = "An" if row.occupation[0] in "AEIOU" else "A"
    image = Media(modality="image", uri=f"images/{row.occupation}/{row.demographic}.jpg")
    return Item(
        id=row.item,
        prompt=(f"{article} {row.occupation}.",),
        candidates=(Candidate(id="image", parts=(image,)),),
        criteria=(row.kind,),
        strata={
            "modality": "text->image",
            "kind": row.kind,
            "occupation": row.occupation,
            **axes,
        },
    )
