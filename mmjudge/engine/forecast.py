"""What a run would ask, before anything is asked: calls, tokens, media, and about how long."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mmjudge.engine.planning import Plan, Planned
from mmjudge.engine.refusal import refuse
from mmjudge.errors import MmjudgeError
from mmjudge.media.loader import media_of, parts_of
from mmjudge.protocols import render
from mmjudge.store.pace import Pace
from mmjudge.store.run_file import FILE
from mmjudge.store.run_store import RunStore
from mmjudge.task import BadItem
from mmjudge.types import JudgeCard, Media, Record, Request, RunHeader

CHARACTERS = 4
"""Characters of a token, about, in English."""

Knows = Callable[[Request], bool]

LOOKED_AT = 200
"""Folders of earlier runs that are looked at."""


class ProbeCount(Record):
    """Requests that a probe asks again, those it does not fit, and those it could not make."""

    asked: int = 0
    unasked: int = 0
    failed: int = 0


class Forecast(Record):
    """What a run would ask.

    `calls` are the requests that a judge is asked now; `there` those that the run's folder holds
    already, `refused` those that fail without a call, `unknown` those, of all, that a recording has
    no reply to. `tokens_in` counts text alone, estimated from
    its characters; what media take comes on top. `shown` counts media by modality, each time that
    one is shown, `media` each once. `seconds` is None where no earlier run of the judge says how
    fast it is, `measured` names the folder of the one that does.
    """

    task: str
    judge: str
    protocol: str
    items: int
    bad_items: int
    plain: int
    probed: int
    there: int
    refused: int
    unknown: int = 0
    calls: int
    tokens_in: int
    shown: dict[str, int]
    media: dict[str, int]
    probes: dict[str, ProbeCount]
    seconds: float | None
    measured: str


@dataclass
class _Sums:
    items: int = 0
    bad: int = 0
    plain: int = 0
    probed: int = 0
    there: int = 0
    refused: int = 0
    unknown: int = 0
    calls: int = 0
    characters: int = 0
    shown: Counter[str] = field(default_factory=Counter)
    media: set[Media] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    unasked: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


def forecast(
    plan: Plan, done: Collection[bytes], near: Iterable[Path], knows: Knows = lambda _: True
) -> Forecast:
    """Count what a run would ask; its task is read, and no judge is asked.

    Args:
        plan: What is asked.
        done: Keys of what is answered already.
        near: Folders that may hold earlier runs.
        knows: Whether the judge can have an answer to a request.
    """
    sums = _Sums()
    frame = 0
    for place, item in plan.items():
        sums.items += 1
        if isinstance(item, BadItem):
            sums.bad += 1
            continue
        asked, unasked = plan.of(place, item)
        if not frame and asked:
            frame = _frame(asked[0].request, plan.header)
        for row in unasked:
            sums.unasked[row.probe] += row.requests
        for one in asked:
            _count(sums, one, plan.header.judge, bytes.fromhex(one.request.key) in done)
            sums.unknown += not (one.failed or knows(one.request))
    sums.characters += frame * sums.calls
    return _forecast(sums, plan.header, near)


def _count(sums: _Sums, planned: Planned, card: JudgeCard, there: bool) -> None:
    request = planned.request
    if request.probe is None:
        sums.plain += 1
    else:
        sums.probed += 1
        counted = sums.asked if planned.failed is None else sums.failed
        counted[request.probe] += 1
    if there:
        sums.there += 1
    elif planned.failed or refuse(request, card):
        sums.refused += 1
    else:
        sums.calls += 1
        sums.characters += _characters(request)
        shown = media_of(request) if card.media else []
        sums.shown.update(medium.modality for medium in shown)
        sums.media.update(shown)


def _characters(request: Request) -> int:
    return sum(len(part) for part in parts_of(request) if isinstance(part, str))


def _frame(request: Request, header: RunHeader) -> int:
    """Characters of what stands around the material; a scorer reads the material alone."""
    if header.judge.scale == "own":
        return 0
    wording = header.judge.wordings.get(request.protocol)
    text = (part for message in render(request, wording=wording) for part in message.parts)
    return sum(len(part) for part in text if isinstance(part, str)) - _characters(request)


def _forecast(sums: _Sums, header: RunHeader, near: Iterable[Path]) -> Forecast:
    pace, measured = earlier_pace(header, near)
    rate = pace.judged / pace.seconds if pace.seconds else 0.0
    return Forecast(
        task=header.task.label,
        judge=header.judge.name,
        protocol=header.settings.protocol,
        items=sums.items,
        bad_items=sums.bad,
        plain=sums.plain,
        probed=sums.probed,
        there=sums.there,
        refused=sums.refused,
        unknown=sums.unknown,
        calls=sums.calls,
        tokens_in=round(sums.characters / CHARACTERS),
        shown=dict(sums.shown),
        media=dict(Counter(medium.modality for medium in sums.media)),
        probes={
            name: ProbeCount(
                asked=sums.asked[name], unasked=sums.unasked[name], failed=sums.failed[name]
            )
            for name in header.settings.probes
        },
        seconds=sums.calls / rate if rate else None,
        measured=measured,
    )


def earlier_pace(header: RunHeader, near: Iterable[Path]) -> tuple[Pace, str]:
    """How fast the judge was in an earlier run, of the same task if there is one, and which."""
    found: dict[bool, tuple[Pace, str]] = {}
    for folder in sorted({path for path in near if (path / FILE).is_file()})[:LOOKED_AT]:
        try:
            with RunStore.open(folder) as store:
                before, pace = store.header, store.pace()
        except MmjudgeError:
            continue
        same = before.judge.fingerprint == header.judge.fingerprint
        if same and before.settings.protocol == header.settings.protocol and pace.judged:
            task = before.task.label == header.task.label
            best = found.get(task, (Pace(), ""))
            found[task] = max(best, (pace, str(folder)))
    return found.get(True) or found.get(False) or (Pace(), "")
