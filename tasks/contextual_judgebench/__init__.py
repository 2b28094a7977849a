"""ContextualJudgeBench: answers and summaries by a context, by what counts first in context."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import HubTable, PublicRow, TableTask, table_items
from mmjudge.task import BadItem
from mmjudge.types import Candidate, Item, PreferenceGold, ProtocolName, TaskSpec

SPLITS = {
    "refusal_answerable": "refusal",
    "refusal_unanswerable": "refusal",
    "faithfulness_qa": "faithfulness",
    "faithfulness_summ": "faithfulness",
    "completeness_qa": "completeness",
    "completeness_summ": "completeness",
    "conciseness_qa": "conciseness",
    "conciseness_summ": "conciseness",
}
"""Splits, and what decides in each."""


class Row(PublicRow):
    """A question with its context, the better response and the worse."""

    question: str
    context: str
    positive_response: str = Field(min_length=1)
    negative_response: str = Field(min_length=1)


class ContextualJudgeBench(TableTask):
    """Eight splits; a pair is judged by what its split is about. Without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs split by split, the better response first in each."""
        hub = HubName("Salesforce/ContextualJudgeBench", self.spec.card.revision)
        for split in SPLITS:
            table = HubTable(hub, split, files=f"**/{split}-*.parquet")
            yield from table_items(self, table, Row, partial(_items, split))


def _items(split: str, place: int, row: Row, where: str) -> Iterator[Item]:
    criterion = SPLITS[split]
    yield Item(
        id=f"{split}/{place:04d}",
        prompt=(f"Context: {row.context}", f"Question: {row.question}"),
        candidates=(
            Candidate(id="1", parts=(row.positive_response,)),
            Candidate(id="2", parts=(row.negative_response,)),
        ),
        criteria=(criterion,),
        gold={criterion: PreferenceGold(value="first")},
        strata={"modality": "text->text", "split": split},
    )
