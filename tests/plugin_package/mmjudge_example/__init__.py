"""A task and a judge that a stranger might write: all that mmjudge asks of either."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

from mmjudge.errors import JudgeError
from mmjudge.judges.base import Judge, JudgeContext, MediaMap, take_options
from mmjudge.task import BadItem, Task
from mmjudge.types import (
    Candidate,
    Criterion,
    Item,
    JudgeCard,
    PreferenceGold,
    ProtocolName,
    Reply,
    Request,
    TaskCard,
    TaskSpec,
)

COLOURS = ("red", "green", "blue", "black")


class Colours(Task):
    """Which of two sentences names the colour that was asked for?"""

    spec = TaskSpec(
        name="colours",
        protocols=("pair",),
        modalities=("text",),
        criteria=(Criterion(name="colour", question="Which sentence names the colour?"),),
        primary="accuracy",
        card=TaskCard(summary="Four pairs of sentences."),
    )

    def load(self, protocol: ProtocolName) -> Iterator[Item | BadItem]:
        """Yield one pair for each colour; the right one stands first and second in turn."""
        for place, colour in enumerate(COLOURS):
            right = Candidate(id="right", parts=(f"A {colour} cup.",))
            wrong = Candidate(id="wrong", parts=("A cup.",))
            first = place % 2 == 0
            yield Item(
                id=colour,
                prompt=(colour,),
                candidates=(right, wrong) if first else (wrong, right),
                gold={"colour": PreferenceGold(value="first" if first else "second")},
            )


class Keyword(Judge):
    """`keyword:contains` prefers the candidate that repeats the prompt."""

    card = JudgeCard(name="keyword:contains", summary="Repeats the prompt?", protocols=("pair",))

    @classmethod
    def open(cls, name: str, options: Mapping[str, Any], context: JudgeContext) -> Self:
        """Make the one judge that there is."""
        take_options("keyword", options, {})
        if name != "contains":
            raise JudgeError(f"keyword: only keyword:contains is there, found {name!r}")
        return cls()

    @classmethod
    def catalog(cls) -> Iterable[JudgeCard]:
        """The one card."""
        return [cls.card]

    def judge(self, batch: Sequence[Request], media: MediaMap) -> list[Reply]:
        """Answer in the words that the prompt asks for, as a language model would."""
        return [Reply(text=f"Verdict: [[{'AB'[self._slot(request)]}]]") for request in batch]

    def _slot(self, request: Request) -> int:
        wanted = str(request.prompt[0])
        return 0 if wanted in str(request.candidates[0].parts[0]) else 1
