"""A task in memory and judges that do as they are told; as a script, a run that can be killed."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from mmjudge.api import run
from mmjudge.judges.base import Judge, JudgeContext, MediaMap
from mmjudge.store.run_store import RunStore
from mmjudge.task import BadItem, Task
from mmjudge.types import (
    Candidate,
    Criterion,
    Item,
    JudgeCard,
    Judgment,
    PreferenceGold,
    PreferenceValue,
    ProtocolName,
    Reply,
    Request,
    Scale,
    TaskCard,
    TaskSpec,
)

SPEC = TaskSpec(
    name="driven",
    protocols=("pair", "score", "rank"),
    criteria=(Criterion(name="overall", question="Which is better?", scale=Scale()),),
    modalities=("text",),
    card=TaskCard(summary="In memory."),
    primary="accuracy",
)


def pair(i: int, gold: PreferenceValue = "first", **changes: Any) -> Item:
    fields = {
        "id": str(i),
        "prompt": (f"prompt {i}",),
        "candidates": (
            Candidate(id="a", parts=(f"good {i}",)),
            Candidate(id="b", parts=(f"bad {i}",)),
        ),
        "gold": {"overall": PreferenceGold(value=gold)},
    }
    return Item.model_validate(fields | changes)


class Listed(Task):
    """Items from a list."""

    spec = SPEC

    def __init__(self, items: Sequence[Item | BadItem], root: Path | None = None) -> None:
        super().__init__(root)
        self.items = items

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        yield from self.items


class Told(Judge):
    """Answers by a function, and keeps what it was asked."""

    def __init__(self, answer: Callable[[Request], Reply] | None = None, **card: Any) -> None:
        fields = {"name": "told", "summary": "As told.", "fingerprint": "told", "batch_size": 8}
        self.card = JudgeCard.model_validate(fields | card)
        self.answer = answer or good
        self.asked: list[Request] = []
        self.media: dict[Any, Any] = {}

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        return cls()

    @classmethod
    def catalog(cls) -> list[JudgeCard]:
        return []

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        self.asked += batch
        self.media.update(media)
        return [self.answer(request) for request in batch]


def good(request: Request) -> Reply:
    """The candidate that calls itself good, wherever it stands."""
    first = str(request.candidates[0].parts[0]).startswith("good")
    return Reply(text=f"Verdict: [[{'A' if first else 'B'}]]", finish_reason="stop")


def stored(folder: Path) -> list[Judgment]:
    with RunStore.open(folder) as store:
        return [judgment for _, judgment in store.judgments()]


def outcomes(folder: Path) -> dict[tuple[str, tuple[int, ...]], Any]:
    return {(j.item, j.order): j.outcome for j in stored(folder)}


def main(folder: str, count: str, seconds: str) -> None:
    def slow(request: Request) -> Reply:
        time.sleep(float(seconds))
        return good(request)

    done = run(Listed([pair(i) for i in range(int(count))]), Told(slow), out=folder, orders="both")
    print("interrupted" if done.stats and done.stats.interrupted else "finished")


if __name__ == "__main__":
    main(*sys.argv[1:])
