"""Checks of the replies by themselves: their form, their numbers, their verdicts, their time."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from mmjudge.checks.asking import Answer, Asker, ProblemKind
from mmjudge.checks.findings import Finding, finding, of
from mmjudge.checks.material import label, modality_of
from mmjudge.protocols import parse
from mmjudge.types import Failure, JudgeCard, Reply, Request

SUM_TOLERANCE = 0.01
"""How far from 1 probabilities may add up."""


class Answered(NamedTuple):
    """Requests and what the judge answered to each."""

    requests: Sequence[Request]
    answers: Sequence[Answer]

    def replies(self) -> list[tuple[Request, Reply]]:
        """Those that were answered at all."""
        pairs = zip(self.requests, self.answers, strict=True)
        return [(request, answer) for request, answer in pairs if answer is not None]


PROBLEMS: dict[ProblemKind, tuple[str, str]] = {
    "hung": ("time", "a call took too long, so nothing more was asked"),
    "stopped": ("run", "the judge gave up, which ends a run"),
    "raised": ("exceptions", "the judge raised an exception"),
    "count": ("one reply a request", "the judge gave another number of replies"),
    "type": ("one reply a request", "the judge gave something else than replies"),
}


def check_calls(asker: Asker) -> Iterator[Finding]:
    """What went wrong in any call."""
    clean = True
    for kind, (check, said) in PROBLEMS.items():
        found = [problem for problem in asker.problems if problem.kind == kind]
        if found:
            clean = False
            examples = [f"{problem.where}: {problem.said}" for problem in found]
            yield finding(check, "broken", f"{said}: {len(found)} times", examples)
    if clean:
        asked = len(asker.latencies_s)
        said = f"{asked} replies to {asked} requests in {asker.calls} calls, no exception"
        yield finding("one reply a request", "ok", said)


def check_verdicts(answered: Answered, card: JudgeCard) -> Iterator[Finding]:
    """The share of replies that are no verdict, by reason."""
    outcomes = [(request, parse(request, reply)) for request, reply in answered.replies()]
    failed = [(r, o) for r, o in outcomes if isinstance(o, Failure)]
    reasons = Counter(outcome.reason for _, outcome in failed)
    shares = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    examples = [f"{label(request)}: {o.reason}: {o.detail:.160}" for request, o in failed]
    said = f"{of(failed, outcomes)} replies are no verdict ({shares})" if failed else ""
    if not outcomes:
        return
    if card.lookup:
        note = said or "all replies are verdicts"
        yield finding("verdicts", "skipped", f"it looks items up, and these are made up: {note}")
    elif len(failed) == len(outcomes) or reasons["infra"]:
        yield finding("verdicts", "broken", said, examples)
    elif len(failed) > len(outcomes) / 2:
        yield finding("verdicts", "warning", said, examples)
    else:
        yield finding("verdicts", "ok", said or f"all {len(outcomes)} replies are verdicts")


def check_claims(answered: Answered, card: JudgeCard) -> Iterator[Finding]:
    """Protocols and modalities that the card claims, and of which nothing is taken."""
    if card.lookup:
        return
    claims: tuple[tuple[str, Callable[[Request], str]], ...] = (
        ("protocol", lambda request: request.protocol),
        ("modality", modality_of),
    )
    clean = True
    for kind, named in claims:
        refused: dict[str, list[Failure | None]] = defaultdict(list)
        for request, reply in answered.replies():
            outcome = reply.error
            unsupported = outcome is not None and outcome.reason == "unsupported"
            refused[named(request)].append(outcome if unsupported else None)
        for name, failures in refused.items():
            if all(failures):
                clean = False
                said = f"the card claims the {kind} {name}, and every request is refused"
                level = "broken" if kind == "protocol" else "warning"
                details = [failure.detail for failure in failures if failure]
                yield finding("claims", level, said, details)  # type: ignore[arg-type]
    if clean:
        yield finding("claims", "ok", "it answers every protocol and modality of its card")


def check_numbers(answered: Answered) -> Iterator[Finding]:
    """Scores and probabilities: how many, finite, adding up to 1."""
    replies = answered.replies()
    wrong = [
        f"{label(request)}: {len(reply.scores)} scores for {len(request.candidates)} candidates"
        for request, reply in replies
        if reply.scores is not None and len(reply.scores) != len(request.candidates)
    ]
    odd = [
        f"{label(request)}: {number}"
        for request, reply in replies
        for number in _numbers(reply)
        if not math.isfinite(number)
    ]
    negative = [
        f"{label(request)}: {reply.probabilities}"
        for request, reply in replies
        if reply.probabilities is not None and min(reply.probabilities.values(), default=0) < 0
    ]
    sums = [
        f"{label(request)}: they add up to {total:.4g}"
        for request, reply in replies
        if reply.probabilities
        and abs((total := _total(request, reply.probabilities)) - 1) > SUM_TOLERANCE
    ]
    if wrong:
        yield finding("numbers", "broken", f"wrong number of scores: {of(wrong, replies)}", wrong)
    if odd:
        yield finding("numbers", "broken", f"not finite: {len(odd)} numbers", odd)
    if negative:
        said = f"negative probabilities: {of(negative, replies)}"
        yield finding("numbers", "broken", said, negative)
    if sums:
        said = f"probabilities do not add up to 1: {of(sums, replies)}"
        yield finding("numbers", "warning", said, sums)
    numeric = [reply for _, reply in replies if _numbers(reply)]
    if numeric and not (wrong or odd or negative or sums):
        said = f"{len(numeric)} replies with numbers: all finite, as many as asked for"
        yield finding("numbers", "ok", said)


def _total(request: Request, probabilities: Mapping[str, float]) -> float:
    """What probabilities add up to, for each question of a checklist on average."""
    return sum(probabilities.values()) / max(1, len(request.questions))


def _numbers(reply: Reply) -> list[float]:
    return [*(reply.scores or ()), *(reply.probabilities or {}).values()]


def check_time(asker: Asker) -> Iterator[Finding]:
    """Latency of a request; what else ran on the machine counts too."""
    if asker.latencies_s:
        middle, most = median(asker.latencies_s), max(asker.latencies_s)
        said = f"{middle:.3g} s a request in the middle, {most:.3g} s at most"
        yield finding("latency", "ok", said)
