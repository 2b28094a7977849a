"""RewardBench: chosen and rejected responses to prompts of chat, safety, mathematics and code."""

from collections.abc import Iterator
from pathlib import Path

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import HubTable, PublicRow, TableTask, table_items
from mmjudge.task import BadItem, PublishedRule
from mmjudge.types import Candidate, Item, PreferenceGold, ProtocolName, TaskSpec

from .published import RULES, SECTION_OF

SPLIT = "filtered"


class Row(PublicRow):
    """A prompt with the better response and the worse."""

    id: int
    prompt: str
    chosen: str
    chosen_model: str
    rejected: str
    rejected_model: str
    subset: str


class RewardBench(TableTask):
    """The filtered pairs; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs in the order of the table, the chosen response first in each."""
        hub = HubName("allenai/reward-bench", self.spec.card.revision)
        table = HubTable(hub, SPLIT, files=f"**/{SPLIT}-*.parquet")
        yield from table_items(self, table, Row, _items)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' score of each section, and the mean over the sections."""
        return RULES


def _items(place: int, row: Row, where: str) -> Iterator[Item]:
    section = SECTION_OF.get(row.subset)
    if section is None:
        raise TaskError(f"subset: one of {sorted(SECTION_OF)} is needed, found {row.subset!r}")
    yield Item(
        id=f"{place:04d}/{row.id}",
        prompt=(row.prompt,),
        candidates=(
            Candidate(id="1", parts=(row.chosen,), system=row.chosen_model),
            Candidate(id="2", parts=(row.rejected,), system=row.rejected_model),
        ),
        gold={"overall": PreferenceGold(value="first")},
        strata={"modality": "text->text", "section": section, "subset": row.subset},
    )
