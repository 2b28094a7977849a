"""CodeJudgeBench: of two answers to a task of coding, which one passes the tests."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import HubTable, PublicRow, TableTask, table_items, table_splits
from mmjudge.sources.published_rules import each, share_by
from mmjudge.task import BadItem, JudgedRow, PublishedRule, PublishedTable
from mmjudge.types import Candidate, Item, PreferenceGold, ProtocolName, TaskSpec

FAULTS = {
    -1: "it does not compile",
    -2: "it gives a wrong answer",
    -3: "it exceeds the time limit",
    -4: "it breaks off at run time",
}
"""What the error codes of the program to be repaired mean."""
SHOWN = ("inputs", "expected", "output", "error", "error_message")


class Row(PublicRow):
    """A question of coding, with an answer that passes its tests and one that does not."""

    question_content: str
    difficulty: str
    pos_response: str = Field(min_length=1)
    neg_response: str = Field(min_length=1)

    def asked(self) -> str:
        """What the answers were asked for."""
        return self.question_content

    def answers(self) -> tuple[str, str]:
        """The right answer, and the wrong one."""
        return self.pos_response, self.neg_response


class Repair(Row):
    """The same with a program that fails, which is to be repaired."""

    wrong_code: str
    wrong_meta: dict[str, Any]

    def asked(self) -> str:
        """The question, the program and how it fails."""
        facts = [f"{name}: {self.wrong_meta[name]}" for name in SHOWN if self.wrong_meta.get(name)]
        fault = FAULTS.get(self.wrong_meta.get("error_code", 0), "it fails")
        return "\n\n".join(
            (
                f"Correct the program below. Question: {self.question_content}",
                f"Program:\n```python\n{self.wrong_code}\n```",
                "\n".join((f"Its fault: {fault}.", *facts)),
            )
        )


class UnitTest(Row):
    """The same where a test is asked for: its input, and what the program is to put out."""

    pos_input: str
    neg_input: str

    def asked(self) -> str:
        """The question, and that a test is wanted."""
        return f"Give a unit test, its input and output, for: {self.question_content}"

    def answers(self) -> tuple[str, str]:
        """Input and output of the right test, and of the wrong one."""
        return (
            f"Test input:\n{self.pos_input}\n\nTest output:\n{self.pos_response}",
            f"Test input:\n{self.neg_input}\n\nTest output:\n{self.neg_response}",
        )


PARTS: dict[str, type[Row]] = {"codegen": Row, "coderepair": Repair, "testgen": UnitTest}


class CodeJudgeBench(TableTask):
    """Three configurations, a split for each model that answered; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs part by part and split by split, the right answer first in each."""
        hub = HubName("mattymchen/codejudgebench", self.spec.card.revision)
        for part, record in PARTS.items():
            for split in table_splits(self, hub, part):
                table = HubTable(hub, split, part, f"**/{part}/{split}-*.parquet")
                yield from table_items(self, table, record, partial(_items, part, split))

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracy over both orders: whole, by part, by difficulty, by model."""
        return (PublishedRule("code_judgebench.accuracy", _accuracy),)


def _items(part: str, split: str, place: int, row: Row, where: str) -> Iterator[Item]:
    yield Item(
        id=f"{part}/{split}/{place:04d}",
        prompt=(row.asked(),),
        candidates=tuple(
            Candidate(id=name, parts=(text,), system=split)
            for name, text in zip("12", row.answers(), strict=True)
        ),
        gold={"overall": PreferenceGold(value="first")},
        strata={
            "modality": "text->text",
            "part": part,
            "responses": split,
            "difficulty": row.difficulty,
        },
    )


def _accuracy(rows: Sequence[JudgedRow]) -> Iterator[PublishedTable]:
    """Each judgment counts once; no verdict is wrong. The authors tell the parts apart.

    Reference: github hongcha0/CodeJudgeBench bb88c81, src/score.py.
    """
    yield from share_by(each(rows), ("part", "difficulty", "responses"))
