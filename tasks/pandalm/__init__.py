"""PandaLM test set: pairs of text responses, each judged by three people."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.jsonl import explain
from mmjudge.sources.rows import data_file, only_good, read_json_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import (
    Candidate,
    Failure,
    Gold,
    Item,
    Preference,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    Record,
    TaskSpec,
)

from .published import RULES

RECORDING = "verdicts.csv"
TEXTS = "testset-v1.json"
LABELS: tuple[PreferenceValue, ...] = ("tie", "first", "second")
UNPARSED = Failure(reason="ambiguous", detail="the authors could not parse the reply")

Label = Literal[0, 1, 2]


class Labels(Record):
    """A line of `verdicts.csv`."""

    idx: int
    cmp_key: str
    a1: Label
    a2: Label
    a3: Label
    gpt35: Literal[-1, 0, 1, 2]
    pandalm7b: Literal[-1, 0, 1, 2]


class Texts(Record):
    """A row of `testset-v1.json`."""

    idx: int
    motivation_app: str
    cmp_key: str
    instruction: str
    input: str
    response1: str | bool
    response2: str | bool
    annotator1: Label
    annotator2: Label
    annotator3: Label


class Pandalm(Task):
    """The PandaLM test set: texts from `testset-v1.json`, or labels from `verdicts.csv`."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs, with their texts if the data folder has them."""
        path = data_file(self, TEXTS, RECORDING)
        if path.suffix == ".json":
            for row in read_json_rows(path, Texts):
                yield row if isinstance(row, BadItem) else _public_item(row)
        else:
            for line in read_labels(path):
                yield line if isinstance(line, BadItem) else _recorded_item(line)

    def recorded_judges(self) -> tuple[str, ...]:
        """The two judges of `verdicts.csv`."""
        return ("gpt35", "pandalm7b")

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the verdicts of a judge; one that was not parsed is a failure."""
        if judge not in self.recorded_judges():
            yield from super().recorded(judge)
        for line in only_good(read_labels(data_file(self, RECORDING))):
            label = line.gpt35 if judge == "gpt35" else line.pandalm7b
            yield Recorded(
                item=str(line.idx),
                criterion="overall",
                protocol="pair",
                verdict=None if label < 0 else Preference(value=LABELS[label]),
                failure=UNPARSED if label < 0 else None,
            )

    def published(self) -> tuple[PublishedRule, ...]:
        """Agreement with the majority, macro averages, and kappa between annotators."""
        return RULES


def read_labels(path: Path) -> Iterator[Labels | BadItem]:
    """The lines of `verdicts.csv`; a bad one comes as a `BadItem`.

    Raises:
        TaskError: The file cannot be read or has other columns.
    """
    wanted = list(Labels.model_fields)
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            lines = csv.DictReader(text)
            if lines.fieldnames != wanted:
                raise TaskError(f"{path}:1: columns {wanted} are needed, found {lines.fieldnames}")
            for line in lines:
                yield _labels(path, lines.line_num, line)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaskError(f"{path}: cannot be read: {error}") from error


def _labels(path: Path, number: int, line: dict[str, str]) -> Labels | BadItem:
    try:
        values = {k: v if k == "cmp_key" else int(v) for k, v in line.items() if k is not None}
        return Labels.model_validate(values)
    except ValidationError as error:
        problem = explain(error)
    except (TypeError, ValueError) as error:
        problem = str(error)
    return BadItem(id=f"line {number}", where=f"{path}:{number}", problem=problem)


def gold(labels: tuple[int, int, int]) -> dict[str, Gold]:
    """The majority of the three annotators; nothing where all of them differ.

    Example:
        >>> gold((0, 2, 2))["overall"].value, gold((0, 1, 2))
        ('second', {})
    """
    (label, count), *_ = Counter(labels).most_common()
    if count == 1:
        return {}
    ratings = tuple(LABELS[value] for value in labels)
    return {"overall": PreferenceGold(value=LABELS[label], ratings=ratings)}


def _public_item(row: Texts) -> Item:
    systems = row.cmp_key.split("_", 1)
    prompt = (row.instruction, row.input) if row.input else (row.instruction,)
    return Item(
        id=str(row.idx),
        prompt=prompt,
        candidates=(
            Candidate(id="1", parts=(str(row.response1),), system=systems[0]),
            Candidate(id="2", parts=(str(row.response2),), system=systems[-1]),
        ),
        gold=gold((row.annotator1, row.annotator2, row.annotator3)),
        strata={"modality": "text->text", "systems": row.cmp_key},
    )


def _recorded_item(line: Labels) -> Item:
    systems = line.cmp_key.split("_", 1)
    place = f"not in this recording: PandaLM {TEXTS}, idx {line.idx}"
    return Item(
        id=str(line.idx),
        prompt=(f"({place}, instruction)",),
        candidates=(
            Candidate(id="1", parts=(f"({place}, response1)",), system=systems[0]),
            Candidate(id="2", parts=(f"({place}, response2)",), system=systems[-1]),
        ),
        gold=gold((line.a1, line.a2, line.a3)),
        strata={"modality": "text->text", "systems": line.cmp_key},
        absent=f"instruction and responses (they are in {TEXTS})",
    )
