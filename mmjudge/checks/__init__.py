"""Whether a judge keeps what every judge must: `mmjudge check-judge`; of tasks: `task.py`."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, get_args

from mmjudge.checks.asking import Answer, Asker
from mmjudge.checks.cards import Open, check_card, check_fingerprint
from mmjudge.checks.findings import Finding, Report, finding
from mmjudge.checks.laws import asked_twice, check_batches, check_ids, check_looks, check_repeats
from mmjudge.checks.material import CheckTask, is_core, make_media, missing, with_other_media
from mmjudge.checks.replies import (
    Answered,
    check_calls,
    check_claims,
    check_numbers,
    check_time,
    check_verdicts,
)
from mmjudge.errors import MmjudgeError
from mmjudge.judges.base import Judge, JudgeContext, open_judge
from mmjudge.media.loader import Loader, gather
from mmjudge.types import JudgeCard, Media, Modality, ProtocolName, Request

__all__ = ["Finding", "Report", "check_judge"]

TIMEOUT_S = 300.0
"""Seconds that one call may take unless the user says otherwise."""


class _Subject(NamedTuple):
    """The judge under check: how it is opened, and with what."""

    spec: str
    options: Mapping[str, Any]
    task: CheckTask
    timeout_s: float

    def open(self, protocol: ProtocolName, options: Mapping[str, Any]) -> Judge:
        return open_judge(self.spec, JudgeContext(self.task, protocol), options)


def check_judge(
    spec: str,
    options: Mapping[str, Any] | None = None,
    protocol: ProtocolName | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Report:
    """Ask a judge a few requests of every modality and protocol of its card, in several ways.

    Args:
        spec: `kind:name`, `file.py:Class`, or a YAML file.
        options: Options of the judge.
        protocol: Only this one; all of the card's if left out.
        timeout_s: Seconds that one call may take.

    Raises:
        MmjudgeError: There is no such judge, or it does not take the options.
    """
    with tempfile.TemporaryDirectory(prefix="mmjudge-check-") as name:
        task = CheckTask(Path(name), ("text",))
        subject = _Subject(spec, dict(options or {}), task, timeout_s)
        begun = perf_counter()
        judge = subject.open(protocol or "pair", subject.options)
        seconds = perf_counter() - begun
        findings = list(check_card(judge.card))
        findings += _prepare(task, judge.card)
        known = [p for p in get_args(ProtocolName) if p in judge.card.protocols]
        asked = [p for p in known if protocol in (None, p)]
        if not asked:
            raise MmjudgeError(
                f"{spec}: its card takes {', '.join(judge.card.protocols) or 'no protocol'}, "
                f"so {protocol or 'it'} cannot be checked"
            )
        asker, more = _asked(subject, judge, asked, seconds)
        asker.close()
        return Report(
            judge=spec,
            name=judge.card.name,
            fingerprint=judge.card.fingerprint,
            requests=len(asker.latencies_s),
            calls=asker.calls,
            findings=(*findings, *more),
        )


def _prepare(task: CheckTask, card: JudgeCard) -> Iterator[Finding]:
    """Make the media that the card asks for; a modality that cannot be made is named."""
    there: list[Modality] = []
    for modality in get_args(Modality):
        if modality not in card.modalities:
            continue
        if problem := missing(modality):
            yield finding("media", "skipped", f"{modality.upper()} WAS NOT CHECKED: {problem}")
            continue
        try:
            if modality != "text":
                make_media(task.root or Path(), modality)
        except MmjudgeError as error:
            yield finding("media", "skipped", f"{modality.upper()} WAS NOT CHECKED: {error}")
            continue
        there.append(modality)
    task.modalities = there


def _asked(
    subject: _Subject, judge: Judge, protocols: Sequence[ProtocolName], seconds: float
) -> tuple[Asker, list[Finding]]:
    requests = [r for p in protocols for r in subject.task.asked(p, judge.card.fingerprint)]
    asker = Asker(judge, _decoded(subject.task, requests, judge.card), subject.timeout_s)
    answers = _first(subject, asker, requests, protocols)
    answered = Answered(requests, answers)
    opened_for = protocols[-1:] if judge.card.lookup else protocols
    core = [i for i, r in enumerate(requests) if is_core(r) and r.protocol in opened_for]
    among = [answers[place] for place in core]
    base = asked_twice(asker, [requests[place] for place in core])
    findings = [
        *check_claims(answered, judge.card),
        *check_verdicts(answered, judge.card),
        *check_numbers(answered),
    ]
    if any(answer is not None for answer in base.answers):
        findings += check_repeats(base)
        findings += check_batches(base, among)
        findings += check_ids(base, judge.card)
        findings += check_looks(base, judge.card)
    if not asker.hung and not judge.card.lookup:
        reopen: Open = lambda options: subject.open(protocols[0], options)  # noqa: E731
        findings += check_fingerprint(base, reopen, subject.options, seconds)
    return asker, [*check_calls(asker), *findings, *check_time(asker)]


def _first(
    subject: _Subject,
    asker: Asker,
    requests: Sequence[Request],
    protocols: Sequence[ProtocolName],
) -> list[Answer]:
    """Answers to all requests; a judge that looks answers up is opened for each protocol."""
    card = asker.judge.card
    if not card.lookup:
        return asker.ask(requests, card.batch_size)
    answers: list[Answer] = []
    for protocol in protocols:
        asker.judge = subject.open(protocol, subject.options)
        asker.judge.card = card
        of_it = [request for request in requests if request.protocol == protocol]
        answers += asker.ask(of_it, card.batch_size)
    return answers


def _decoded(task: CheckTask, requests: Sequence[Request], card: JudgeCard) -> dict[Media, Any]:
    """Every medium, as the engine decodes it; none for a judge that looks at none."""
    if not card.media:
        return {}
    loader = Loader(task.root, 1, card.sampling)
    try:
        return gather(loader.submit([*requests, *map(with_other_media, requests)]))
    finally:
        loader.close()
