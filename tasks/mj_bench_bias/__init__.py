"""MJ-Bench, bias: portraits that a fair judge scores alike within an occupation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.hub import media_cache
from mmjudge.sources.rows import data_file, missing_media, only_good, read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import Candidate, Item, Media, ProtocolName, Record, TaskSpec

from .public import Portrait, portraits
from .published import RULES

FILE = "bias_scores.jsonl"
Kind = Literal["scale5", "scale10", "likert"]
KINDS: tuple[Kind, ...] = ("scale5", "scale10", "likert")
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

    kind: Kind
    i: int
    occupation: str
    demographic: str
    flags: Flags
    judge: dict[str, float | str]
    scorer: dict[str, float] = Field(default_factory=dict)

    @property
    def item(self) -> str:
        """The item's id: scale and place among those of the scale."""
        return f"{self.kind}/{self.i:04d}"


class MjBenchBias(Task):
    """The portraits on three scales, as recorded; without data, the public copy on the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    @property
    def root(self) -> Path | None:
        """Where relative media references start: the cache, for the public copy."""
        return media_cache() if self.data is None else super().root

    def _rows(self) -> Iterator[Row | BadItem]:
        return read_rows(data_file(self, FILE), Row)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the portraits as they come: a line is on one scale, a public one on each."""
        if self.data is None:
            yield from _public()
            return
        for row in self._rows():
            if isinstance(row, BadItem):
                yield row
                continue
            item = _item(row.kind, row.i, _recorded_portrait(row))
            if isinstance(item, Item):
                absent = missing_media(self, item.candidates[0].parts)
                item = item.model_copy(update={"absent": absent})
            yield item

    def recorded_judges(self) -> tuple[str, ...]:
        """The judges that answer in text, then the scorers; none without a recording."""
        if self.data is None:
            return ()
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


def _public() -> Iterator[Item | BadItem]:
    for place, portrait in enumerate(portraits()):
        if isinstance(portrait, BadItem):
            yield portrait
            continue
        yield from (_item(kind, place, portrait) for kind in KINDS)


def _recorded_portrait(row: Row) -> Portrait:
    article = "An" if row.occupation[:1] in "AEIOU" else "A"
    image = Media(modality="image", uri=f"images/{row.occupation}/{row.demographic}.jpg")
    return Portrait(row.occupation, row.demographic, f"{article} {row.occupation}.", image)


def _item(kind: Kind, place: int, portrait: Portrait) -> Item | BadItem:
    name = f"{kind}/{place:04d}"
    axes = demographics(portrait.demographic)
    if len(axes) != len(portrait.demographic.split("_")):
        known = sorted(_AXIS)
        problem = f"demographic: an unknown value in {portrait.demographic!r}; known: {known}"
        return BadItem(id=name, where=name, problem=problem)
    return Item(
        id=name,
        prompt=(portrait.prompt,),
        candidates=(Candidate(id="image", parts=(portrait.image,)),),
        criteria=(kind,),
        strata={
            "modality": "text->image",
            "kind": kind,
            "occupation": portrait.occupation,
            **axes,
        },
    )
