"""A task in the real engine: prompts, and judges whose figures are known beforehand."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmjudge import api
from mmjudge.checks.findings import Finding
from mmjudge.checks.task_items import Read, described
from mmjudge.protocols import requests
from mmjudge.protocols.render import render
from mmjudge.task import Task
from mmjudge.types import MetricResult, ProtocolName, RunSettings

PERFECT = {
    "pair": ("accuracy", 1.0),
    "score": ("mae", 0.0),
    "rank": ("rank_tau_b", 1.0),
    "checklist": ("question_accuracy", 1.0),
    "steps": ("step_accuracy(types=apart)", 1.0),
}
"""What the gold itself must reach."""

USUAL = {
    "pair": "accuracy(ties=half)",
    "score": "tau_b",
    "rank": "rank_tau_b",
    "checklist": "question_accuracy",
    "steps": "step_kappa",
}
"""What is said of judges that know nothing."""

_OF_ANSWERS = ("question_accuracy", "question_kappa")
"""Measures that need people's answers to the questions."""


def check_prompts(task: Task, reads: Sequence[Read]) -> Iterator[Finding]:
    """Every request of a spread of items, written as a chat model reads it."""
    for found in reads:
        settings = RunSettings(protocol=found.protocol, orders="both")
        count, longest, problems = 0, 0, []
        for place, placed in found.facts.spread:
            try:
                for request in requests(task.spec, placed.item, place, settings, ""):
                    parts = render(request)[-1].parts
                    longest = max(longest, sum(len(p) for p in parts if isinstance(p, str)))
                    count += 1
            except Exception as error:  # noqa: BLE001 (whatever it is, it would end a run)
                problems.append(f"{placed.said}: {described(error)}")
        if problems:
            said = f"{found.protocol}: {len(problems)} prompts cannot be written"
            yield Finding(check="prompts", level="broken", said=said, examples=tuple(problems))
        elif count:
            said = f"{found.protocol}: {count} prompts written, the longest of {longest} characters"
            yield Finding(check="prompts", level="ok", said=said)


def check_runs(task: Task, reads: Sequence[Read], limit: int | None) -> Iterator[Finding]:
    """The gold itself, always the first, and a coin, in both orders."""
    with tempfile.TemporaryDirectory(prefix="mmjudge-check-") as name:
        for found in reads:
            if found.facts.golds_given:
                yield from _of_protocol(task, found, Path(name), limit)


def _of_protocol(task: Task, found: Read, out: Path, limit: int | None) -> Iterator[Finding]:
    scored = found.protocol == "checklist" and not found.facts.answered
    metric, _ = PERFECT[found.protocol]
    usual = USUAL["score" if scored else found.protocol]
    judges = ("oracle", "first", "random") if scored else ("first", "random")
    try:
        perfect = [] if scored else _figures(task, found, "oracle", metric, (out, limit))
        blind = {name: _figures(task, found, name, usual, (out, limit)) for name in judges}
    except Exception as error:  # noqa: BLE001 (a loader is a stranger's code)
        said = f"{found.protocol}: a run broke: {described(error)}"
        yield Finding(check="runs", level="broken", said=said)
        return
    if scored:
        yield _of_scores(task.spec.primary)
    else:
        yield _of_the_gold(found.protocol, perfect)
    told = "; ".join(f"baseline:{name} {_told(results)}" for name, results in blind.items())
    said = f"{found.protocol}: {usual}, in both orders: {told}"
    yield Finding(check="baselines", level="ok", said=said)


def _of_scores(primary: str) -> Finding:
    """What may be asked of a checklist whose gold is a score of the candidate."""
    if primary.partition("(")[0] in _OF_ANSWERS:
        said = (
            f"checklist: gold is a score, so that the primary measure {primary} has no figure: it "
            "needs people's answers to the questions; tau_b goes by scores"
        )
        return Finding(check="oracle", level="advice", said=said)
    said = "checklist: gold is a score, to which a share of questions can only come near"
    return Finding(check="oracle", level="ok", said=said)


def _of_the_gold(protocol: ProtocolName, figures: Sequence[MetricResult]) -> Finding:
    """Whether the gold itself, run as a judge, is perfect."""
    metric, best = PERFECT[protocol]
    wrong = [r for r in figures if r.value is not None and abs(r.value - best) > 1e-9]
    known = [r for r in figures if r.value is not None]
    if not known:
        notes = tuple(f"{r.criterion}: {r.note}" for r in figures)
        said = f"{protocol}: {metric} is undefined even for the gold itself"
        return Finding(check="oracle", level="advice", said=said, examples=notes)
    if wrong:
        examples = tuple(f"{r.criterion}: {metric} {r.value} of {r.n_items} items" for r in wrong)
        said = f"{protocol}: the gold itself does not reach {metric} {best:g}"
        return Finding(check="oracle", level="broken", said=said, examples=examples)
    judged = max(r.n_items for r in known)
    said = f"{protocol}: the gold itself has {metric} {best:g} on {judged} items"
    return Finding(check="oracle", level="ok", said=said)


def _figures(
    task: Task, found: Read, judge: str, measure: str, how: tuple[Path, int | None]
) -> list[MetricResult]:
    out, limit = how
    run = api.run(
        task,
        f"baseline:{judge}",
        out=out / f"{found.protocol}-{judge}",
        protocol=found.protocol,
        orders="both",
        limit=limit,
        workers=1,
    )
    return [r for r in run.scores(n_resamples=0, measures=(measure,)) if r.stratum == "all"]


def _told(results: Sequence[MetricResult]) -> str:
    known = [r for r in results if r.value is not None]
    return ", ".join(f"{r.criterion} {r.value:.2f}" for r in known) or "undefined"
