"""VL-RewardBench: pairs of answers to a question about an image, hard for judges."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName, keep_media
from mmjudge.sources.public_rows import HubTable, PublicRow, TableTask, table_items
from mmjudge.task import BadItem, PublishedRule
from mmjudge.types import Candidate, Item, PreferenceGold, ProtocolName, TaskSpec

from .published import RULES

SOURCES = {
    "wildvision": ("wildvision", "general"),
    "hallucination": ("povid", "hallucination"),
    "RLAIF": ("rlaif-v", "hallucination"),
    "RLHF": ("rlhf-v", "hallucination"),
    "mathverse": ("reasoning_tasks", "reasoning"),
    "mmmu": ("reasoning_tasks", "reasoning"),
}
"""First word of a row's id to its source and the authors' group; any other is of VLFeedback."""
OTHER = ("vlfeedback", "general")


class Row(PublicRow):
    """A pair; `human_ranking[i]` is the rank of response i, 0 is the better."""

    id: str
    query: str
    response: tuple[str, str]
    image: Any
    human_ranking: tuple[int, int]


class VlRewardBench(TableTask):
    """The pairs of the split test; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs in the order of the table."""
        hub = HubName("MMInstruction/VL-RewardBench", self.spec.card.revision)
        yield from table_items(self, HubTable(hub, "test"), Row, _items)

    def published(self) -> tuple[PublishedRule, ...]:
        """The majority over samples, whole, by group and macro; and without the undecided."""
        return RULES


def source_of(name: str) -> tuple[str, str]:
    """Source and group of a row, by its id as the authors' script reads it.

    Example:
        >>> source_of("RLHF-V-12"), source_of("mathverse_3"), source_of("0a1")
        (('rlhf-v', 'hallucination'), ('reasoning_tasks', 'reasoning'), ('vlfeedback', 'general'))
    """
    return SOURCES.get(name.replace("-", "_").partition("_")[0], OTHER)


def _items(place: int, row: Row, where: str) -> Iterator[Item]:
    if sorted(row.human_ranking) != [0, 1]:
        raise TaskError(f"human_ranking: [0, 1] or [1, 0] is needed, found {row.human_ranking}")
    source, group = source_of(row.id)
    yield Item(
        id=f"{place:04d}/{row.id}",
        prompt=(
            keep_media(row.image, "image", f"{where}: image"),
            row.query.replace("<image>", "").strip(),
        ),
        candidates=(
            Candidate(id="1", parts=(row.response[0],)),
            Candidate(id="2", parts=(row.response[1],)),
        ),
        gold={"overall": PreferenceGold(value="first" if row.human_ranking[0] == 0 else "second")},
        strata={"modality": "text+image->text", "group": group, "source": source},
    )
