"""Which questions a request becomes when its verdict is read from probabilities."""

from collections.abc import Callable, Generator
from itertools import combinations

from mmjudge.judges.base import EVERY_PROTOCOL, check_protocol
from mmjudge.judges.hf.options import Query
from mmjudge.protocols import checklist, render_parts
from mmjudge.protocols.render import OPTIONS, Alone, slot_labels
from mmjudge.types import Failure, ProtocolName, Reply, Request, Wording

MAX_LEVELS = 101
"""Levels of a scale that are compared; a finer one must be asked in words."""

IN_WORDS = "hf: with mode=generate can be asked"

WEIGHED: tuple[ProtocolName, ...] = ("pair", "score", "rank", "checklist")
"""Protocols whose verdict can be read from probabilities."""

RANKINGS = ("wins", "choice")
"""`wins`: every two candidates are compared. `choice`: the best of those left, again and again."""

Shares = list[float] | Failure
Asking = Generator[list[Query], list[Shares], Reply]
"""Yields the queries of a round, is sent the probabilities of their options, ends in a reply."""


def asking(
    request: Request, ranking: str, wording: Wording | None = None, *, form: bool = False
) -> Asking:
    """How a request is asked: the rounds of its questions, and the reply that they make.

    Args:
        request: What is asked.
        ranking: One of `RANKINGS`.
        wording: The judge's own form; only a score has one that is read from probabilities.
        form: Whether all questions of a round stand in one form, where a later one sees the
            earlier ones; then those of a checklist are asked in one round.
    """
    if wording is not None:
        return _worded(request, wording)
    if form and request.protocol == "checklist":
        return _in_one_form(request)
    if request.protocol == "rank":
        return _RANKED[ranking](request)
    return _ASKED[request.protocol](request)


def protocols_of(mode: str) -> tuple[ProtocolName, ...]:
    """The protocols that a chat model can be asked in a mode, `generate` or `logits`."""
    return EVERY_PROTOCOL if mode == "generate" else WEIGHED


def check_mode(judge: str, mode: str, protocol: ProtocolName) -> None:
    """Refuse a protocol that no probabilities can answer, before a model is loaded.

    Raises:
        JudgeError: The mode does not fit the protocol.
    """
    why = "; mode=generate does"
    check_protocol(f"{judge} with mode={mode}", protocol, protocols_of(mode), why)


def _pair(request: Request) -> Asking:
    options = tuple(OPTIONS[value][0] for value in request.criterion.options)
    (shares,) = yield [Query(_question(request), "Verdict: [[", options)]
    return _distribution(options, shares)


def _score(request: Request) -> Asking:
    levels = score_levels(request)
    if isinstance(levels, Failure):
        return Reply(error=levels)
    (shares,) = yield [Query(_question(request), "Score: [[", levels)]
    return _distribution(levels, shares)


def _worded(request: Request, wording: Wording) -> Asking:
    if request.protocol != "score" or not wording.anchor:
        detail = f"mode=logits: the family has no words of its own for a {request.protocol}"
        return Reply(error=Failure(reason="unsupported", detail=detail))
    levels = score_levels(request)
    if isinstance(levels, Failure):
        return Reply(error=levels)
    question = render_parts(request, reasons=False, wording=wording).question
    (shares,) = yield [Query(question, wording.anchor, levels, wording.closing)]
    return _distribution(levels, shares)


def _checklist(request: Request) -> Asking:
    """Each question alone, after those that it depends on, whose answers stand in its prompt."""
    said: dict[int, str] = {}
    found: dict[int, list[float]] = {}
    for level in checklist.levels(request.questions):
        queries = []
        for place in level:
            before = checklist.before(request.questions, place)
            given = tuple((one + 1, said[one]) for one in before)
            alone = Alone(place + 1, given)
            question = render_parts(request, reasons=False, alone=alone).question
            answers = request.questions[place].answers
            queries.append(Query(question, f"Answer {place + 1}: [[", answers))
        for place, shares in zip(level, (yield queries), strict=True):
            if isinstance(shares, Failure):
                return Reply(error=shares)
            found[place] = shares
            said[place] = request.questions[place].answers[shares.index(max(shares))]
    return Reply(probabilities=checklist.named(request, [found[i] for i in sorted(found)]))


def _in_one_form(request: Request) -> Asking:
    """All questions of a checklist at once, each in its place; their answers are not filled in."""
    queries = []
    for number, one in enumerate(request.questions, 1):
        alone = Alone(number, others=False)
        question = render_parts(request, reasons=False, alone=alone).question
        queries.append(Query(question, f"Answer {number}: [[", one.answers))
    found: list[list[float]] = []
    for shares in (yield queries):
        if isinstance(shares, Failure):
            return Reply(error=shares)
        found.append(shares)
    return Reply(probabilities=checklist.named(request, found))


def _steps(request: Request) -> Asking:
    """None of the protocol's verdicts is one of a few options."""
    yield from ()
    detail = f"steps are not read from probabilities; {IN_WORDS}"
    return Reply(error=Failure(reason="unsupported", detail=detail))


def score_levels(request: Request) -> tuple[str, ...] | Failure:
    """The levels of a scale, by their names or as numbers."""
    scale = request.criterion.scale
    if scale is None:
        detail = f"a score without a scale has no levels to compare; {IN_WORDS}"
        return Failure(reason="unsupported", detail=detail)
    count = int(scale.highest - scale.lowest) + 1
    if not 2 <= count <= MAX_LEVELS:
        detail = f"{count} levels; 2 to {MAX_LEVELS} are compared; {IN_WORDS}"
        return Failure(reason="unsupported", detail=detail)
    return scale.labels or tuple(f"{scale.lowest + step:g}" for step in range(count))


def _by_wins(request: Request) -> Asking:
    """A candidate's score is its expected number of wins over the others."""
    labels = slot_labels(len(request.candidates))
    pairs = list(combinations(range(len(labels)), 2))
    replies = yield [_between(request, (labels[i], labels[j])) for i, j in pairs]
    wins = [0.0] * len(labels)
    for (i, j), shares in zip(pairs, replies, strict=True):
        if isinstance(shares, Failure):
            return Reply(error=shares)
        wins[i] += shares[0]
        wins[j] += shares[1]
    return Reply(scores=tuple(wins))


def _between(request: Request, labels: tuple[str, str]) -> Query:
    question = render_parts(request, reasons=False, between=labels).question
    return Query(question, "Verdict: [[", labels)


def _by_choice(request: Request) -> Asking:
    """The most probable of those left is next; what was chosen stands before it."""
    left = slot_labels(len(request.candidates))
    places = {label: slot for slot, label in enumerate(left)}
    scores = [0.0] * len(left)
    anchor, question = "Ranking: [[", _question(request)
    while len(left) > 1:
        (shares,) = yield [Query(question, anchor, tuple(left), closing=" >")]
        if isinstance(shares, Failure):
            return Reply(error=shares)
        best = left[shares.index(max(shares))]
        scores[places[best]] = float(len(left))
        left.remove(best)
        anchor += f"{best} > "
    scores[places[left[0]]] = 1.0
    return Reply(scores=tuple(scores))


def _question(request: Request) -> str:
    return render_parts(request, reasons=False).question


def _distribution(options: tuple[str, ...], shares: Shares) -> Reply:
    if isinstance(shares, Failure):
        return Reply(error=shares)
    return Reply(probabilities=dict(zip(options, shares, strict=True)))


_ASKED: dict[str, Callable[[Request], Asking]] = {
    "pair": _pair,
    "score": _score,
    "checklist": _checklist,
    "steps": _steps,
}

_RANKED: dict[str, Callable[[Request], Asking]] = {"wins": _by_wins, "choice": _by_choice}
