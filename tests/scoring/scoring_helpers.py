"""Scripted judges, and small tasks made of a list of items."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mmjudge.judges.base import Judge, MediaMap
from mmjudge.task import BadItem, Task
from mmjudge.types import (
    Candidate,
    Criterion,
    Item,
    JudgeCard,
    PreferenceGold,
    ProtocolName,
    RankingGold,
    Reply,
    Request,
    Scale,
    ScoreGold,
    TaskCard,
    TaskSpec,
)


class ListTask(Task):
    """A task whose items stand in a list."""

    def __init__(self, spec: TaskSpec, items: Sequence[Item | BadItem]) -> None:
        super().__init__(None)
        self.spec = spec  # type: ignore[misc]
        self.items = items

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        yield from self.items


class Scripted(Judge):
    """A judge that is a function of the request."""

    def __init__(self, answer: Callable[[Request], Reply], **card: Any) -> None:
        self.card = JudgeCard(
            name="scripted", summary="", fingerprint=str(id(answer)), batch_size=7, **card
        )
        self.answer = answer

    @classmethod
    def open(cls, name: str, options: Any, context: Any) -> "Scripted":
        raise NotImplementedError

    @classmethod
    def catalog(cls) -> list[JudgeCard]:
        return []

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        return [self.answer(request) for request in batch]


def spec(protocol: ProtocolName, criteria: Sequence[str] = ("overall",), **more: Any) -> TaskSpec:
    primary = {"pair": "accuracy", "score": "spearman", "rank": "rank_tau_b"}[protocol]
    scale = Scale() if protocol == "score" else None
    facts: dict[str, Any] = {
        "name": "listed",
        "protocols": (protocol,),
        "criteria": tuple(Criterion(name=c, question="?", scale=scale) for c in criteria),
        "modalities": ("text",),
        "primary": primary,
        "card": TaskCard(summary="for tests"),
    }
    return TaskSpec.model_validate(facts | more)


def candidates(name: str, n: int) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(id=f"c{i}", parts=(f"answer {i} of {name}",), system=f"system{i}")
        for i in range(n)
    )


def pair_item(name: str, gold: str, ratings: Sequence[str] = (), **strata: str) -> Item:
    return Item(
        id=name,
        prompt=(f"prompt {name}",),
        candidates=candidates(name, 2),
        gold={"overall": PreferenceGold.model_validate({"value": gold, "ratings": ratings})},
        strata=strata,
    )


def score_item(name: str, gold: float, ratings: Sequence[float] = (), **strata: str) -> Item:
    return Item(
        id=name,
        prompt=(f"prompt {name}",),
        candidates=candidates(name, 1),
        gold={"overall": ScoreGold(value=gold, ratings=tuple(ratings))},
        strata=strata,
    )


def rank_item(name: str, ranks: Sequence[float]) -> Item:
    return Item(
        id=name,
        prompt=(f"prompt {name}",),
        candidates=candidates(name, len(ranks)),
        gold={"overall": RankingGold(ranks=tuple(ranks))},
    )
