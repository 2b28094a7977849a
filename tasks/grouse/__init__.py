"""GroUSE: unit tests of a judge of grounded answers, a condition on each of its scores."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import PublicRow, public_file
from mmjudge.sources.rows import read_rows
from mmjudge.task import BadItem, PublishedRule, Task
from mmjudge.types import Candidate, Gold, Item, ProtocolName, ScoreGold, TaskSpec

from .published import RULES, WANTED, wanted

CONDITION = r"^(==None|(==|<=|>=|<|>) ?\d+(\.\d+)?)$"


class Conditions(PublicRow):
    """What each score is to be, as in <5, ==1 or ==None."""

    answer_relevancy_condition: str = Field(pattern=CONDITION)
    completeness_condition: str = Field(pattern=CONDITION)
    faithfulness_condition: str = Field(pattern=CONDITION)
    usefulness_condition: str = Field(pattern=CONDITION)


class Metadata(PublicRow):
    """What the test is about."""

    test_type: str


class Row(PublicRow):
    """A test."""

    references: tuple[str, ...]
    input: str
    expected_output: str
    actual_output: str = Field(min_length=1)
    conditions: Conditions
    metadata: Metadata


class Grouse(Task):
    """The 144 tests; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the tests in the order of their file."""
        hub = HubName("illuin/grouse", self.spec.card.revision)
        for place, row in enumerate(read_rows(public_file(self, hub, "test.jsonl"), Row)):
            yield row if isinstance(row, BadItem) else self._item(place, row)

    def published(self) -> tuple[PublishedRule, ...]:
        """The share of tests passed, by metric and in all."""
        return RULES

    def _item(self, place: int, row: Row) -> Item:
        """One test; a condition that leaves one score only is gold, too."""
        conditions = {
            one.name: getattr(row.conditions, f"{one.name}_condition") for one in self.spec.criteria
        }
        gold: dict[str, Gold] = {}
        for criterion in self.spec.criteria:
            value = wanted(criterion, conditions[criterion.name])
            if value is not None:
                gold[criterion.name] = ScoreGold(value=value)
        references = (f"Reference {i}: {text}" for i, text in enumerate(row.references, 1))
        return Item(
            id=f"{place:03d}/{'_'.join(row.metadata.test_type.lower().split())}",
            prompt=(*references, f"User request: {row.input}"),
            candidates=(Candidate(id="actual", parts=(row.actual_output,)),),
            reference=(row.expected_output,),
            gold=gold,
            strata={
                "modality": "text->text",
                "test_type": row.metadata.test_type,
                **{WANTED.format(name): text for name, text in conditions.items()},
            },
        )
