"""KOFFVQA: free answers in Korean to questions about an image, graded by rules of each question."""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import keep_media
from mmjudge.sources.public_rows import PublicRow, TableTask
from mmjudge.sources.rows import absent_data, only_good
from mmjudge.sources.tables import read_table
from mmjudge.task import BadItem, PublishedRule, Recorded
from mmjudge.types import Candidate, Gold, Item, Media, ProtocolName, Score, ScoreGold, TaskSpec

from .published import RULES, is_korean

QUESTIONS = "KOFFVQA.tsv"
ANSWERS = "_gen.xlsx"
GRADED = "_eval.xlsx"
REVIEW = "review"
"""The only recorded judge: the files do not say which one wrote their reviews."""


class Question(PublicRow):
    """A question; `answer` is the rules by which an answer to it is graded."""

    index: str
    image: str
    question: str
    answer: str
    category: str


class Answer(PublicRow):
    """An answer of one model, and how it was graded if it was.

    `human_score` is a column of ours: what people give the answer, from 0 to 10.
    """

    index: int | str
    prediction: str | int | float | bool | None
    judge_score: int | None = None
    lang_filter: bool | None = None
    human_score: float | None = None


class Koffvqa(TableTask):
    """The questions, and a spreadsheet of answers for each model; data is the authors' folder."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the answers model by model."""
        questions: dict[str, tuple[Question, Media]] = {}
        for row in read_table(self._file(QUESTIONS), Question):
            if isinstance(row, BadItem):
                yield row
                continue
            try:
                image = _image(row)
                questions[row.index] = (row.model_copy(update={"image": image.uri}), image)
            except TaskError as error:
                yield BadItem(id=row.index, where=str(self.data), problem=str(error))
        for path in self._sheets():
            for answer in read_table(path, Answer):
                if isinstance(answer, BadItem):
                    yield answer
                elif str(answer.index) in questions:
                    yield _item(path, answer, *questions[str(answer.index)])
                else:
                    where = f"{path}: index {answer.index}"
                    yield BadItem(id=where, where=where, problem=f"no such question in {QUESTIONS}")

    def _file(self, name: str) -> Path:
        found = sorted(self.data.rglob(name)) if self.data is not None else []
        if not found:
            raise absent_data(self, name)
        return found[0]

    def _sheets(self) -> list[Path]:
        """One file for each model, the graded one if there are both."""
        graded = sorted((self.data or Path()).rglob(f"*{GRADED}"))
        taken = {path.with_name(path.name.replace(GRADED, ANSWERS)) for path in graded}
        plain = [path for path in (self.data or Path()).rglob(f"*{ANSWERS}") if path not in taken]
        if not graded and not plain:
            raise absent_data(self, f"a file ...{ANSWERS}")
        return sorted([*graded, *plain])

    def recorded_judges(self) -> tuple[str, ...]:
        """The reviews, where a file holds them."""
        held = self.data is not None and any(self.data.rglob(f"*{GRADED}"))
        return (REVIEW,) if held else ()

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the scores that the authors' script read in the reviews."""
        if judge not in self.recorded_judges():
            yield from super().recorded(judge)
        for path in self._sheets():
            for row in only_good(read_table(path, Answer)):
                if row.judge_score is not None:
                    yield Recorded(
                        item=_name(path, row),
                        criterion="overall",
                        protocol="score",
                        verdict=Score(value=row.judge_score),
                    )

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' score, in which an answer in another language has 0."""
        return RULES


def _image(row: Question) -> Media:
    """The image of a question, which the table holds as base64."""
    try:
        blob = base64.b64decode(row.image, validate=True)
    except binascii.Error as error:
        raise TaskError(f"question {row.index}: image: base64 is needed: {error}") from error
    return keep_media({"bytes": blob}, "image", f"question {row.index}: image")


def _name(path: Path, answer: Answer) -> str:
    return f"{path.parent.name}/{answer.index}"


def _item(path: Path, answer: Answer, question: Question, image: Media) -> Item:
    said = "" if answer.prediction is None else str(answer.prediction)
    korean = is_korean(said) if answer.lang_filter is None else answer.lang_filter
    people = answer.human_score
    gold: dict[str, Gold] = {} if people is None else {"overall": ScoreGold(value=people)}
    return Item(
        id=_name(path, answer),
        prompt=(image, question.question),
        candidates=(Candidate(id="answer", parts=(said,), system=path.parent.name),),
        reference=(question.answer,),
        gold=gold,
        strata={
            "modality": "text+image->text",
            "category": question.category,
            "system": path.parent.name,
            "korean": "yes" if korean else "no",
        },
    )
