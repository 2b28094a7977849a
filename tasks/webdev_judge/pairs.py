"""A pair of pages as items: compared in each way to show them, or each page for itself."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from mmjudge.errors import TaskError
from mmjudge.sources.public_rows import PublicRow
from mmjudge.types import Candidate, Item, PreferenceGold, PreferenceValue, ProtocolName

from .rubric import Checklists
from .shown import SHOWN, Look, Shown

Label = Literal["model_a", "model_b", "tie"]
LABELS: dict[Label, PreferenceValue] = {"model_a": "first", "model_b": "second", "tie": "tie"}
SIDES = ("a", "b")
LIKERT = (
    "core_functionality",
    "content",
    "corner_cases",
    "error_handling",
    "consistency",
    "layout",
    "aesthetics",
    "readability",
    "modularity",
    "efficiency",
    "effectiveness",
    "logic",
    "accessibility",
)
"""The authors' 13 sub-criteria, each from 1 to 5, in their order."""


class Said(PublicRow):
    """A piece of what was said; what is no text has none."""

    text: str | None = None


class Made(PublicRow):
    """What a model made."""

    code: str | None = None


class Turn(PublicRow):
    """One turn of a conversation; the last one of a model holds its page."""

    role: str
    content: tuple[Said, ...] | None = None
    object: Made | None = None


class ArenaRow(PublicRow):
    """A row of the arena's dataset, as the Hub has it."""

    question_id: str
    model_a: str
    model_b: str
    conversation_a: tuple[Turn, ...] = Field(min_length=1)
    conversation_b: tuple[Turn, ...] = Field(min_length=1)


class LabelledRow(ArenaRow):
    """The same with the authors' label: a line of `all.jsonl`, which their script makes."""

    label: Label


class Category(NamedTuple):
    """What a request is about."""

    category: str = "unknown"
    subcategory: str = "unknown"


class Pair:
    """Two pages for one request, and which of them people prefer.

    Args:
        row: The request and the pages.
        label: What people prefer.
        category: What the request is about.
        shown: Pictures of pages; None where there are none.
        checklists: The questions of the request's rubric tree, by branch.
    """

    def __init__(
        self,
        row: ArenaRow,
        label: Label,
        category: Category,
        shown: Shown | None,
        checklists: Checklists | None = None,
    ) -> None:
        self.row, self.label, self.category, self.shown = row, label, category, shown
        self.checklists = checklists
        asked = [_text(turn) for turn in row.conversation_a if turn.role == "user"]
        self.prompt = ("\n\n".join(filter(None, asked)),)
        self.codes = [_code(row.question_id, row.conversation_a, "a")]
        self.codes.append(_code(row.question_id, row.conversation_b, "b"))
        self.systems = (row.model_a, row.model_b)

    def items(self, protocol: ProtocolName) -> Iterator[Item]:
        """The pair in each way to show it, or its pages one by one."""
        for way in ("code", *(self.shown.ways if self.shown else ())):
            looks = [self._look(way, n) for n in range(2)]
            if protocol == "pair":
                yield self._compared(way, looks)
                continue
            for n, look in enumerate(looks):
                page = self._alone(way, n, look)
                yield page if protocol == "score" else self._questioned(page)

    def _look(self, way: str, n: int) -> Look:
        if self.shown is None or way == "code":
            return Look((self.codes[n],))
        return self.shown.look(way, f"{self.row.question_id}_{SIDES[n]}", self.codes[n])

    def _compared(self, way: str, looks: Sequence[Look]) -> Item:
        return Item(
            id=f"{self.row.question_id}/{way}",
            prompt=self.prompt,
            candidates=tuple(self._candidate(n, look) for n, look in enumerate(looks)),
            criteria=("overall",),
            gold={"overall": PreferenceGold(value=LABELS[self.label])},
            strata=self._strata(way),
            absent=next((look.absent for look in looks if look.absent), None),
        )

    def _alone(self, way: str, n: int, look: Look) -> Item:
        """One page; what people prefer is no gold of it, and is told to published rules only."""
        return Item(
            id=f"{self.row.question_id}/{way}/{SIDES[n]}",
            prompt=self.prompt,
            candidates=(self._candidate(n, look),),
            criteria=LIKERT,
            strata={**self._strata(way), "side": SIDES[n], "preferred": self.label},
            absent=look.absent,
        )

    def _questioned(self, page: Item) -> Item:
        if self.checklists is None:
            raise TaskError(f"{self.row.question_id}: has no rubric tree in rubric.jsonl")
        update = {"criteria": tuple(self.checklists), "checklists": self.checklists}
        return page.model_copy(update=update)

    def _candidate(self, n: int, look: Look) -> Candidate:
        return Candidate(id=SIDES[n], parts=look.parts, system=self.systems[n])

    def _strata(self, way: str) -> dict[str, str]:
        return {
            "condition": way,
            "pair": self.row.question_id,
            "modality": SHOWN[way],
            **self.category._asdict(),
        }


def _text(turn: Turn) -> str:
    return (turn.content[0].text if turn.content else None) or ""


def _code(question: str, turns: Sequence[Turn], side: str) -> str:
    last = turns[-1].object
    if last is None or not last.code:
        raise TaskError(f"{question}: conversation_{side}: its last turn has no object.code")
    return last.code
