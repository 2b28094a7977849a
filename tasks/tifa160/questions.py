"""TIFA's questions on a prompt: each with choices, of which the prompt makes one right."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, ValidationError

from mmjudge.jsonl import explain
from mmjudge.sources.public_rows import PublicRow
from mmjudge.sources.rows import read_json_rows
from mmjudge.task import BadItem
from mmjudge.types import Question

NAME = "tifa_v1.0_question_answers.json"
FILES = (NAME, f"tifa_v1.0/{NAME}", f"../tifa_v1.0/{NAME}")
"""In the repository they stand in a folder beside that of the annotations."""


class Asked(PublicRow):
    """A row of the file: one question on one prompt."""

    id: str
    question: str
    choices: tuple[str, ...] = Field(min_length=2)
    answer: str
    element_type: str


def read_questions(path: Path) -> Iterator[tuple[str, Question] | BadItem]:
    """Every question with the id of its prompt; one that cannot be asked comes as a `BadItem`.

    Raises:
        TaskError: The file cannot be read, or is no list.
    """
    for place, row in enumerate(read_json_rows(path, Asked)):
        if isinstance(row, BadItem):
            yield row
            continue
        try:
            yield row.id, _question(place, row)
        except ValidationError as error:
            where = f"{path}: row {place}"
            yield BadItem(id=f"question {place}", where=where, problem=explain(error))


def _question(place: int, row: Asked) -> Question:
    return Question(
        id=str(place),
        text=row.question,
        answers=row.choices,
        wanted=row.answer,
        kind=row.element_type,
    )
