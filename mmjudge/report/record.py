"""The figures of a report as one record: what `--json` writes, and `--markdown` is made from."""

from collections.abc import Mapping, Sequence
from typing import Literal

from mmjudge import __version__
from mmjudge.report.detail import Detail
from mmjudge.report.outcome import Outcome, read_outcome
from mmjudge.report.overview import Asked, Judged
from mmjudge.scoring.biases import Bias
from mmjudge.scoring.over_tasks import SuiteScores
from mmjudge.store.run_store import RunStore
from mmjudge.types import JudgeCard, MetricResult, ProtocolName, Record, TaskSpec


class TaskFigures(Record):
    """A task, with the largest number of its items that a judge was asked of."""

    label: str
    spec: TaskSpec
    items: int


class ProtocolFigures(Record):
    """What a judge did under one protocol.

    `measure` is the main measure, `chance` its value for a judge that does not look; `figures` are
    the main measure of each criterion by the stratum `modality`, `all` for the whole; `biases` are
    on the first criterion; `probes` is what each probe moved, by criterion.
    """

    protocol: ProtocolName
    measure: str
    chance: float
    criteria: tuple[str, ...]
    not_taken: tuple[str, ...]
    headline: MetricResult | None
    figures: tuple[MetricResult, ...]
    biases: tuple[MetricResult, ...]
    probes: tuple[Bias, ...]
    detail: Detail


class JudgeFigures(Record):
    """A judge over all its runs; `usage` holds sums, None where no reply says."""

    name: str
    card: JudgeCard
    looks: bool
    runs: tuple[Outcome, ...]
    judgments: int
    failures: Mapping[str, int]
    usage: Mapping[str, float | None]
    protocols: tuple[ProtocolFigures, ...]


class ReportRecord(Record):
    """Everything that a report says, but for its items; `suites` by task and over tasks.

    `schema_version` is raised when a field goes or changes its meaning; a new one does not.
    """

    format: Literal["mmjudge.report"] = "mmjudge.report"
    schema_version: Literal[1] = 1
    made_by: str = f"mmjudge {__version__}"
    tasks: tuple[TaskFigures, ...]
    judges: tuple[JudgeFigures, ...]
    suites: tuple[SuiteScores, ...] = ()


def report_record(judges: Sequence[Judged], suites: Sequence[SuiteScores] = ()) -> ReportRecord:
    """The record of judges, as `overview` gives them, and of the suites that they were put to."""
    tasks, figures = task_figures(judges), tuple(judge_figures(one) for one in judges)
    return ReportRecord(tasks=tasks, judges=figures, suites=tuple(suites))


def judge_figures(judged: Judged) -> JudgeFigures:
    """The record of one judge."""
    return JudgeFigures(
        name=judged.name,
        card=judged.card,
        looks=judged.looks,
        runs=tuple(read_outcome(run) for run in judged.runs),
        judgments=judged.judgments,
        failures=judged.failures,
        usage=judged.usage,
        protocols=tuple(_protocol(asked) for asked in judged.asked),
    )


def _protocol(asked: Asked) -> ProtocolFigures:
    return ProtocolFigures(
        protocol=asked.protocol,
        measure=asked.main,
        chance=asked.chance,
        criteria=asked.criteria,
        not_taken=asked.not_taken,
        headline=asked.headline,
        figures=tuple(asked.cells.values()),
        biases=asked.biases,
        probes=asked.probed,
        detail=asked.detail,
    )


def task_figures(judges: Sequence[Judged]) -> tuple[TaskFigures, ...]:
    """The tasks that judges were asked, in the order of their runs."""
    found: dict[str, TaskFigures] = {}
    for judged in judges:
        sizes: dict[str, int] = {}
        for run in judged.runs:
            with RunStore.open(run) as store:
                spec, items = store.header.task, store.counts()["items"]
            sizes[spec.label] = sizes.get(spec.label, 0) + items
            known = found.get(spec.label)
            most = max(sizes[spec.label], known.items if known else 0)
            found[spec.label] = TaskFigures(label=spec.label, spec=spec, items=most)
    return tuple(found.values())
