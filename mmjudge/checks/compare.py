"""How far two answers to one request are apart."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from mmjudge.checks.asking import Answer
from mmjudge.protocols import parse
from mmjudge.types import Failure, Reply, Request, Score, Verdict

NEAR = 1e-3
"""Numbers that lie closer, in relation to the larger one or to 1, count as the same."""

ROUNDING = 1e-6
"""What rounding alone may make of a number that nothing has changed."""

Kind = Literal["same", "reply", "verdict"]


class Gap(NamedTuple):
    """`kind`: what of two answers differs most; `apart`: the largest difference of their numbers.

    Numbers that lie close are the same reply, and so are verdicts that rest on them: the order in
    which floats are added up may decide between two equal candidates.
    """

    kind: Kind
    apart: float

    @property
    def changed(self) -> bool:
        """Whether anything differs at all, but for the rounding of floats."""
        return self.kind != "same" or self.apart > ROUNDING


def gap(request: Request, one: Answer, other: Answer) -> Gap:
    """What two answers to a request have in common."""
    if one is None or other is None:
        return Gap("same" if one is other else "verdict", 0.0)
    apart = _apart(_numbers(one), _numbers(other))
    if 0 <= apart <= NEAR:
        return Gap("same", apart)
    if _differ(parse(request, one), parse(request, other)):
        return Gap("verdict", abs(apart))
    if apart > NEAR or one.text != other.text:
        return Gap("reply", abs(apart))
    return Gap("same", 0.0)


def _numbers(reply: Reply) -> list[float]:
    if reply.scores is not None:
        return list(reply.scores)
    if reply.probabilities is not None:
        return [p for _, p in sorted(reply.probabilities.items())]
    return [reply.verdict.value] if isinstance(reply.verdict, Score) else []


def _apart(one: Sequence[float], other: Sequence[float]) -> float:
    """The largest difference; -1 where there are no numbers, or another count of them."""
    if not one or len(one) != len(other):
        return -1.0
    return max(abs(a - b) / max(1.0, abs(a), abs(b)) for a, b in zip(one, other, strict=True))


def _differ(one: Verdict | Failure, other: Verdict | Failure) -> bool:
    if isinstance(one, Failure) and isinstance(other, Failure):
        return one.reason != other.reason
    return one != other
