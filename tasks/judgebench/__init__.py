"""JudgeBench: pairs of texts of which one is objectively right, and replies of judges to them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from mmjudge.cards import read_card
from mmjudge.sources.github import GithubName
from mmjudge.sources.public_rows import PublicRow, public_file
from mmjudge.sources.rows import only_good, read_rows
from mmjudge.task import BadItem, PublishedRule, Recorded, Task
from mmjudge.types import (
    Candidate,
    Failure,
    Item,
    Preference,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    TaskSpec,
)

from .published import RULES

MODELS = ("gpt-4o-2024-05-13", "claude-3-5-sonnet-20240620")
"""Who made the responses: the two files, 350 pairs and 270."""
FILE = "dataset=judgebench,response_model={model}.jsonl"
LABELS: dict[str, PreferenceValue] = {"A>B": "first", "B>A": "second", "A=B": "tie"}
SWAPPED: dict[PreferenceValue, PreferenceValue] = {"first": "second", "second": "first"}
GROUPS = {
    "mmlu-pro": "knowledge",
    "livebench-reasoning": "reasoning",
    "livebench-math": "math",
    "livecodebench": "coding",
}
UNPARSED = Failure(reason="ambiguous", detail="the authors read no verdict in the reply")


class Row(PublicRow):
    """A pair."""

    pair_id: str
    source: str
    question: str
    response_model: str
    response_A: str  # noqa: N815 (the name in the file)
    response_B: str  # noqa: N815
    label: Literal["A>B", "B>A"]


class Judged(PublicRow):
    """What the authors read in one reply; of the second, the responses had swapped places."""

    decision: Literal["A>B", "B>A", "A=B"] | None = None


class Reply(PublicRow):
    """A line of a file in `outputs`; a judgment that failed is null."""

    pair_id: str
    judgments: tuple[Judged | None, ...]


class JudgeBench(Task):
    """Both files of pairs; data is the authors' repository, whose outputs are recorded judges."""

    spec = read_card(Path(__file__).with_name("task.yaml"), TaskSpec)

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield the pairs of both files in turn."""
        place = GithubName("ScalerLab/JudgeBench", self.spec.card.revision)
        for model in MODELS:
            path = public_file(self, place, f"data/{FILE.format(model=model)}")
            for row in read_rows(path, Row):
                yield row if isinstance(row, BadItem) else _item(row)

    def _outputs(self) -> dict[str, list[Path]]:
        """Files of each judge: it may have judged the pairs of both models."""
        found: dict[str, list[Path]] = {}
        folder = (self.data or Path()) / "outputs"
        for path in sorted(folder.glob("*,judge_name=*.jsonl")) if self.data else ():
            way, _, model = path.stem.partition(",judge_name=")[2].partition(",judge_model=")
            if path.stat().st_size:
                found.setdefault(f"{way}/{model}", []).append(path)
        return found

    def recorded_judges(self) -> tuple[str, ...]:
        """Way of judging and model, as in arena_hard/o1-mini-2024-09-12."""
        return tuple(sorted(self._outputs()))

    def recorded(self, judge: str) -> Iterator[Recorded]:
        """Yield the verdicts that the authors read, in both orders."""
        files = self._outputs().get(judge)
        if files is None:
            yield from super().recorded(judge)
            return
        for path in files:
            for row in only_good(read_rows(path, Reply)):
                yield from _replies(row)

    def published(self) -> tuple[PublishedRule, ...]:
        """The authors' rule over both orders, and right in both, by group."""
        return RULES


def _item(row: Row) -> Item:
    group = next((g for name, g in GROUPS.items() if row.source.startswith(name)), "other")
    return Item(
        id=row.pair_id,
        prompt=(row.question,),
        candidates=(
            Candidate(id="A", parts=(row.response_A,), system=row.response_model),
            Candidate(id="B", parts=(row.response_B,), system=row.response_model),
        ),
        gold={"overall": PreferenceGold(value=LABELS[row.label])},
        strata={
            "modality": "text->text",
            "group": group,
            "source": row.source,
            "responses": row.response_model,
        },
    )


def _replies(row: Reply) -> Iterator[Recorded]:
    for order, judged in zip((("A", "B"), ("B", "A")), row.judgments, strict=False):
        shown = LABELS.get(judged.decision or "") if judged else None
        value = SWAPPED.get(shown, shown) if shown and order == ("B", "A") else shown
        yield Recorded(
            item=row.pair_id,
            criterion="overall",
            protocol="pair",
            order=order,
            verdict=Preference(value=value) if value else None,
            failure=None if value else UNPARSED,
        )
