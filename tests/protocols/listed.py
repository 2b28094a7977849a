"""Checklists and steps for tests."""

from collections.abc import Sequence

from mmjudge.protocols import parse
from mmjudge.types import (
    Answers,
    Candidate,
    Criterion,
    Failure,
    Media,
    Part,
    Question,
    Reply,
    Request,
    Steps,
)

CUP = (
    Question(id="cup", text="Is there a cup?"),
    Question(id="red", text="Is it red?", parents=("cup",)),
    Question(
        id="hue", text="Which color has the plate?", answers=("red", "dark blue"), wanted="red"
    ),
)
TYPES = ("calculation_error", "visual error")


def checklist(questions: Sequence[Question] = CUP, answer: str = "a red cup") -> Request:
    return Request(
        key="5c" * 16,
        task="t@1",
        item="i",
        protocol="checklist",
        criterion=Criterion(name="match", question="Does it show what was asked for?"),
        prompt=("A red cup on a plate.",),
        candidates=(Candidate(id="c0", parts=(answer,)),),
        order=(0,),
        questions=tuple(questions),
    )


def solution(
    steps: Sequence[Part] = ("2 * 2 = 4", "4 + 2 = 7", Media(modality="image", uri="a.png")),
    types: Sequence[str] = TYPES,
) -> Request:
    return Request(
        key="5c" * 16,
        task="t@1",
        item="i",
        protocol="steps",
        criterion=Criterion(name="steps", question="Is it right?", error_types=tuple(types)),
        prompt=("2 + 2 * 2?",),
        candidates=(Candidate(id="c0", parts=tuple(steps)),),
        order=(0,),
    )


def said(request: Request, reply: str | Reply) -> object:
    """The answers or errors of a reply, or `!reason` for a failure."""
    match parse(request, Reply(text=reply) if isinstance(reply, str) else reply):
        case Failure(reason=reason):
            return f"!{reason}"
        case Answers(answers=answers):
            return answers
        case Steps(errors=errors):
            return errors
        case other:
            return other
