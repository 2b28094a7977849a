"""Multi-Crit: pairs of answers about an image with a preference of people for each criterion."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName, keep_media
from mmjudge.sources.public_rows import HubTable, PublicRow, TableTask, table_items
from mmjudge.sources.rows import grouped
from mmjudge.task import BadItem
from mmjudge.types import Candidate, Item, PreferenceGold, PreferenceValue, ProtocolName, TaskSpec

SPLITS = ("open_ended", "reasoning")
LABELS: dict[str, PreferenceValue] = {"model_a": "first", "model_b": "second"}
WORDS = {
    "complete": "completeness",
    "ground": "grounding",
    "hallucin": "hallucination",
    "factual": "hallucination",
    "express": "expressiveness",
    "creativ": "expressiveness",
    "clarity": "clarity",
    "logic": "logic",
    "explor": "exploration",
    "reflect": "exploration",
    "efficien": "efficiency",
    "concise": "efficiency",
}
"""What the name of a criterion contains, to what it is called here."""


class Row(PublicRow):
    """A pair under one criterion."""

    prompt_id: str
    question: str
    image: Any
    pred_a: str
    pred_b: str
    model_a: str
    model_b: str
    criterion: str
    preference: Literal["model_a", "model_b"]


class MultiCrit(TableTask):
    """Both splits; a pair is one item with all its criteria. Without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs of both splits, each in the order of its first row."""
        hub = HubName("txiong23/Multi-Crit", self.spec.card.revision)
        for split in SPLITS:
            table = HubTable(hub, split, files=f"**/{split}-*.parquet")
            rows = table_items(self, table, Row, lambda place, row, where: [_item(row, where)])
            items = []
            for row in rows:
                if isinstance(row, BadItem):
                    yield row
                else:
                    items.append(row)
            yield from _joined(items, split)


def criterion_of(name: str) -> str:
    """The criterion that a name means.

    Raises:
        TaskError: The name has none of the known words.

    Example:
        >>> criterion_of("No Hallucination"), criterion_of("efficiency")
        ('hallucination', 'efficiency')
    """
    for word, criterion in WORDS.items():
        if word in name.lower():
            return criterion
    raise TaskError(f"criterion: one with a word of {sorted(WORDS)} is needed, found {name!r}")


def _item(row: Row, where: str) -> Item:
    """The pair under the one criterion of its row."""
    criterion = criterion_of(row.criterion)
    return Item(
        id=row.prompt_id,
        prompt=(
            keep_media(row.image, "image", f"{where}: image"),
            row.question.replace("<image>", "").strip(),
        ),
        candidates=(
            Candidate(id="a", parts=(row.pred_a,), system=row.model_a),
            Candidate(id="b", parts=(row.pred_b,), system=row.model_b),
        ),
        criteria=(criterion,),
        gold={criterion: PreferenceGold(value=LABELS[row.preference])},
        strata={"modality": "text+image->text"},
    )


def _joined(items: list[Item], split: str) -> Iterator[Item]:
    """One item for each pair of answers to a prompt, with the criteria of all its rows."""
    names: dict[str, int] = {}
    for members in grouped(items, lambda item: (item.id, item.candidates)).values():
        first = members[0]
        names[first.id] = names.get(first.id, 0) + 1
        again = f"#{names[first.id]}" if names[first.id] > 1 else ""
        gold = {name: value for member in members for name, value in member.gold.items()}
        yield first.model_copy(
            update={
                "id": f"{split}/{first.id}{again}",
                "criteria": tuple(gold),
                "gold": gold,
                "strata": {**first.strata, "split": split},
            }
        )
