"""Requests for tests, and outcomes as short words."""

from typing import Any

from mmjudge.protocols import parse
from mmjudge.types import (
    Candidate,
    Criterion,
    Failure,
    Preference,
    ProtocolName,
    Ranking,
    Reply,
    Request,
    Scale,
    Score,
)

SLOTS = {"pair": 2, "score": 1, "rank": 3}
KEY = "5c" * 16


def asked(
    protocol: ProtocolName = "pair",
    n: int | None = None,
    order: tuple[int, ...] | None = None,
    scale: Scale | None = None,
    **criterion: Any,
) -> Request:
    count = n or SLOTS[protocol]
    shown = order or tuple(range(count))
    candidates = [Candidate(id=f"c{i}", parts=(f"answer {i}",), system=f"s{i}") for i in shown]
    return Request(
        key=KEY,
        task="t@1",
        item="i",
        protocol=protocol,
        criterion=Criterion(name="overall", question="Which is better?", scale=scale, **criterion),
        prompt=("a prompt",),
        candidates=tuple(candidates),
        order=shown,
    )


def outcome(request: Request, reply: Reply | str) -> Any:
    """A preference, a number, a tuple of ranks; or `!reason` for a failure."""
    said = Reply(text=reply) if isinstance(reply, str) else reply
    match parse(request, said):
        case Failure(reason=reason):
            return f"!{reason}"
        case Preference(value=preference):
            return preference
        case Score(value=score):
            return score
        case Ranking(ranks=ranks):
            return ranks
