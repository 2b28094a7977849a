"""EvalBiasBench: pairs of texts whose worse response has what judges are known to like."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.github import GithubName, github_path
from mmjudge.sources.rows import data_file, read_grouped_rows
from mmjudge.task import BadItem, PublishedRule, Task
from mmjudge.types import (
    Candidate,
    Item,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    Record,
    TaskSpec,
)

from .published import RULES

FILE = "biasbench.json"
PLACE = f"data/evalbiasbench/{FILE}"
"""Where the file lies in the authors' repository."""
REPOSITORY = GithubName("ncsoft/offsetbias", "0bd16e4ac935315999ed23480c69673b675884b0")
LABELS: dict[int, PreferenceValue] = {1: "first", 2: "second"}


class Row(Record):
    """A pair; `label` is the number of the better response, `bias` the class that it stands in."""

    bias: str = Field(min_length=1)
    instruction: str = Field(min_length=1)
    response1: str = Field(min_length=1)
    response2: str = Field(min_length=1)
    label: Literal[1, 2]


class EvalBiasBench(Task):
    """The pairs, class by class; without data, from the authors' repository."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs in the order of the file; the order shown is balanced by the run."""
        path = github_path(REPOSITORY, PLACE) if self.data is None else data_file(self, FILE, PLACE)
        for name, place, row in read_grouped_rows(path, Row):
            yield row if isinstance(row, BadItem) else _item(_class(name), place, row)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' accuracy in one order and in both, and agreement of the two, by class."""
        return RULES


def _class(name: str) -> str:
    """A class as a word: the file writes some with spaces, and some with what they all are.

    Example:
        >>> _class("length bias"), _class("empty reference"), _class("nested_instruction")
        ('length', 'empty_reference', 'nested_instruction')
    """
    return name.strip().removesuffix(" bias").replace(" ", "_")


def _item(bias: str, place: int, row: Row) -> Item:
    return Item(
        id=f"{bias}/{place:02d}",
        prompt=(row.instruction,),
        candidates=(
            Candidate(id="1", parts=(row.response1,)),
            Candidate(id="2", parts=(row.response2,)),
        ),
        gold={"overall": PreferenceGold(value=LABELS[row.label])},
        strata={"modality": "text->text", "bias": bias},
    )
