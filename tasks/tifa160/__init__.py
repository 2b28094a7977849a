"""TIFA160: faithfulness of generated images to their prompts, rated by two people."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ConfigDict

from mmjudge.cards import read_card
from mmjudge.sources.rows import data_file, missing_media, only_good, read_json_rows, read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import (
    Candidate,
    Item,
    Media,
    ProtocolName,
    Question,
    Record,
    ScoreGold,
    TaskSpec,
)

from .published import RULES
from .questions import FILES as QUESTIONS
from .questions import read_questions

FILES = ("human_with_scores.jsonl", "human_annotations_with_scores.json")
SCORERS = (
    "bleu",
    "clipscore_vitb32",
    "meteor",
    "rouge",
    "spice",
    "tifa_blip2-flant5xl",
    "tifa_git-large",
    "tifa_mplug-large",
    "tifa_ofa-large",
    "tifa_vilt",
)


class Row(Record):
    """An image with its ratings and the scores that came with it."""

    model_config = ConfigDict(extra="allow")

    id: str
    text_id: str
    image_path: str
    text: str
    human_scores: tuple[float, float]
    human_avg: float

    def scorer(self, name: str) -> float | None:
        """The score that the recording has of that scorer."""
        value = (self.model_extra or {}).get(name)
        return float(value) if isinstance(value, int | float) else None


class Tifa160(Task):
    """TIFA160, from the annotations of the public repository in either of two forms."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def _rows(self) -> Iterator[Row | BadItem]:
        path = data_file(self, *FILES)
        if path.suffix == ".json":
            return read_json_rows(path, Row, key="id")
        return read_rows(path, Row)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the images in the order of the file; for a checklist, those with questions."""
        if protocol == "checklist":
            yield from self._with_questions()
            return
        for row in self._rows():
            yield row if isinstance(row, BadItem) else self._item(row)

    def _with_questions(self) -> Iterator[Item | BadItem]:
        asked: dict[str, list[Question]] = {}
        for one in read_questions(data_file(self, *QUESTIONS)):
            if isinstance(one, BadItem):
                yield one
            else:
                asked.setdefault(one[0], []).append(one[1])
        for row in self._rows():
            if isinstance(row, BadItem):
                yield row
            elif row.text_id in asked:
                lists = {"faithfulness": tuple(asked[row.text_id])}
                yield self._item(row).model_copy(update={"checklists": lists})
            else:
                problem = f"text_id: no question on {row.text_id!r} in {QUESTIONS[0]}"
                yield BadItem(id=row.id, where=f"image {row.id}", problem=problem)

    def _item(self, row: Row) -> Item:
        image = Media(modality="image", uri=row.image_path)
        system = row.id.removeprefix(f"{row.text_id}_")
        return Item(
            id=row.id,
            prompt=(row.text,),
            candidates=(Candidate(id="image", parts=(image,), system=system),),
            gold={"faithfulness": ScoreGold(value=row.human_avg, ratings=row.human_scores)},
            strata={
                "modality": "text->image",
                "dataset": row.text_id.split("_")[0],
                "generator": system,
            },
            absent=missing_media(self, (image,)),
        )

    def recorded_judges(self) -> tuple[str, ...]:
        """The automatic metrics whose scores came with the annotations."""
        return SCORERS

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the scores of an automatic metric, on its own scale."""
        if judge not in SCORERS:
            yield from super().recorded(judge)
        for row in only_good(self._rows()):
            score = row.scorer(judge)
            yield Recorded(
                item=row.id,
                criterion="faithfulness",
                protocol="score",
                scores=None if score is None else (score,),
            )

    def published(self) -> tuple[PublishedRule, ...]:
        """The two correlations that the authors print."""
        return RULES
