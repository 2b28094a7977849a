"""MT-Bench, human judgments: answers of six models, compared by several people each."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmjudge.cards import read_card
from mmjudge.errors import TaskError
from mmjudge.sources.hub import HubName
from mmjudge.sources.public_rows import HubTable, PublicRow, TableTask, table_items
from mmjudge.sources.published_rules import CODES, FAILED, Counted, pair_code, share_tables
from mmjudge.sources.rows import grouped
from mmjudge.task import BadItem, JudgedRow, PublishedRule, PublishedTable, Recorded
from mmjudge.types import (
    Candidate,
    Item,
    Preference,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    TaskSpec,
)

PEOPLE, GPT4 = "human", "gpt4_pair"
OWN = "author"
"""Beginning of the names of judges whose votes the authors leave out: they are their own."""
LABELS: dict[str, PreferenceValue] = {
    "model_a": "first",
    "model_b": "second",
    "tie": "tie",
    "tie (inconsistent)": "tie",
}
SWAPPED: dict[PreferenceValue, PreferenceValue] = {"first": "second", "second": "first"}
TIE = CODES["tie"]


class Turn(PublicRow):
    """What one side said."""

    role: Literal["user", "assistant"]
    content: str


class Row(PublicRow):
    """One vote on two conversations, after their first turn or their second."""

    question_id: int
    model_a: str
    model_b: str
    winner: Literal["model_a", "model_b", "tie", "tie (inconsistent)"]
    judge: str
    conversation_a: tuple[Turn, ...] = Field(min_length=2)
    conversation_b: tuple[Turn, ...] = Field(min_length=2)
    turn: Literal[1, 2]


class MtBenchHuman(TableTask):
    """Pairs of conversations with the votes of people; without data, from the Hub."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield each pair once, with all votes on it, in the order of their first vote."""
        votes = []
        for row in self._votes(PEOPLE):
            if isinstance(row, BadItem):
                yield row
            else:
                votes.append(row)
        for members in grouped(votes, lambda item: item.id).values():
            yield _with_votes(members)

    def _votes(self, split: str) -> Iterator[Item | BadItem]:
        """An item for each vote, its models in one order whichever the row has."""
        hub = HubName("lmsys/mt_bench_human_judgments", self.spec.card.revision)
        table = HubTable(hub, split, files=f"**/{split}-*.parquet")
        return table_items(self, table, Row, lambda place, row, where: _votes_of(row))

    def recorded_judges(self) -> tuple[str, ...]:
        """GPT-4 on pairs, where the local copy has its split."""
        held = self.data is not None and any(self.data.glob(f"**/{GPT4}-*.parquet"))
        return (GPT4,) if held else ()

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield GPT-4's verdicts on the pairs that people judged; inconsistent ones are ties."""
        if judge not in self.recorded_judges():
            yield from super().recorded(judge)
        known = {item.id for item in self._votes(PEOPLE) if isinstance(item, Item)}
        for item in self._votes(GPT4):
            if isinstance(item, Item) and item.id in known:
                known.discard(item.id)
                gold = item.gold["overall"]
                verdict = Preference(value=gold.value) if isinstance(gold, Preference) else None
                yield Recorded(item=item.id, criterion="overall", protocol="pair", verdict=verdict)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' agreement with single votes, with ties and without."""
        return (
            PublishedRule("mt_bench.agreement", partial(_tables, ties=True)),
            PublishedRule("mt_bench.agreement_decided", partial(_tables, ties=False)),
        )


def _votes_of(row: Row) -> list[Item]:
    return [] if row.judge.startswith(OWN) else [_vote(row)]


def _vote(row: Row) -> Item:
    sides = [(row.model_a, row.conversation_a), (row.model_b, row.conversation_b)]
    value = LABELS[row.winner]
    if row.model_a > row.model_b:
        sides.reverse()
        value = SWAPPED.get(value, value)
    shown = 2 * row.turn
    if any(len(talk) < shown for _, talk in sides):
        raise TaskError(f"conversation: {shown} messages are needed for turn {row.turn}")
    asked = [turn.content for turn in sides[0][1][:shown] if turn.role == "user"]
    return Item(
        id=f"{row.question_id}/{row.turn}/{sides[0][0]}/{sides[1][0]}",
        prompt=tuple(asked),
        candidates=tuple(
            Candidate(
                id=model,
                parts=tuple(turn.content for turn in talk[:shown] if turn.role == "assistant"),
                system=model,
            )
            for model, talk in sides
        ),
        gold={"overall": PreferenceGold(value=value)},
        strata={"modality": "text->text", "turn": str(row.turn)},
    )


def _with_votes(votes: Sequence[Item]) -> Item:
    """The pair with the most frequent of its votes, a tie where several are."""
    ratings = [v.gold["overall"].value for v in votes if isinstance(v.gold["overall"], Preference)]
    first, *rest = Counter(ratings).most_common(2)
    value = "tie" if rest and rest[0][1] == first[1] else first[0]
    gold = PreferenceGold(value=value, ratings=tuple(ratings))
    return votes[0].model_copy(update={"gold": {"overall": gold}})


def _tables(rows: Sequence[JudgedRow], ties: bool) -> Iterator[PublishedTable]:
    """Each vote with each verdict on its pair; without ties both have to be decided.

    Reference: github lm-sys/FastChat 0283a0b, fastchat/llm_judge/compute_agreement.py.
    """
    counted = []
    for row in rows:
        gold = row.item.gold["overall"]
        verdict = pair_code(row.outcome)
        for vote in gold.ratings if isinstance(gold, PreferenceGold) else ():
            code = CODES[vote] if vote else TIE
            if ties or TIE not in (code, verdict):
                counted.append(Counted(row, float(code == verdict), verdict == FAILED))
    yield from share_tables(counted, "turn")
