"""The same as the command line, from Python: run a judge on a task, open a run, score it."""

import hashlib
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mmjudge.engine.forecast import Forecast
from mmjudge.engine.forecast import forecast as count_asked
from mmjudge.engine.pipeline import Means, Progress, Stats, execute
from mmjudge.engine.planning import Plan
from mmjudge.engine.resume import check_same_run
from mmjudge.errors import JudgeError
from mmjudge.judges.base import Judge, JudgeContext, Scorer, open_judge
from mmjudge.judges.custom import as_judge
from mmjudge.probes import Probe
from mmjudge.probes.catalog import choose
from mmjudge.protocols import template_digest, wording_digest
from mmjudge.sources.folder import open_task
from mmjudge.sources.samples import SAMPLE, data_place, written_place
from mmjudge.store.run_store import RunStore
from mmjudge.task import Task
from mmjudge.types import (
    FailureReason,
    JudgeCard,
    MetricResult,
    Orders,
    ProtocolName,
    RunHeader,
    RunSettings,
)

if TYPE_CHECKING:
    import pandas as pd

    from mmjudge.scoring.biases import Bias

PACKAGES = ("mmjudge", "numpy", "pydantic", "pillow", "torch", "transformers", "open_clip_torch")
"""Packages whose versions may shape an answer; the installed ones stand in the run's header."""


@dataclass(frozen=True)
class Run:
    """A finished or interrupted run in its folder."""

    folder: Path
    stats: Stats | None = None

    @property
    def header(self) -> RunHeader:
        """What was run."""
        with RunStore.open(self.folder) as store:
            return store.header

    def scores(
        self,
        n_resamples: int = 1000,
        by: tuple[str, ...] = (),
        measures: tuple[str, ...] = (),
        own: Sequence[str] = (),
    ) -> list[MetricResult]:
        """All figures, with 95 % intervals from a bootstrap over items.

        Args:
            n_resamples: Resamples of the bootstrap; 0 for no intervals.
            by: Axes of strata to break down by.
            measures: Measures to compute instead of the task's own, as in `accuracy(ties=half)`.
            own: Systems of the judge's own family, `*` for any letters; else those on its card.
        """
        from mmjudge.scoring.score import score_run

        return score_run(self.folder, n_resamples, by, measures, own=own)

    def biases(
        self, n_resamples: int = 1000, by: tuple[str, ...] = (), seed: int = 0
    ) -> "list[Bias]":
        """What each probe of the run moved, by criterion and stratum, the worst first.

        Args:
            n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
            by: Axes of strata to break down by.
            seed: Seed of the bootstrap.
        """
        from mmjudge.scoring.biases import biases
        from mmjudge.scoring.table import Table

        return biases(Table.load(self.folder), n_resamples, by, seed)

    def dataframe(self) -> "pd.DataFrame":
        """One row a judgment: item, criterion, order, repeat, verdict, failure, reply, gold."""
        import pandas as pd

        from mmjudge.export import rows

        return pd.DataFrame(rows(self.folder))

    def __str__(self) -> str:
        from mmjudge.report.terminal import render_scores

        return render_scores(self.folder, self.scores())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def run(  # noqa: PLR0913 (every setting of a run has a default and a name)
    task: str | Task,
    judge: str | Judge | Scorer,
    *,
    data: str | Path | None = None,
    out: str | Path | None = None,
    protocol: ProtocolName | None = None,
    orders: Orders | None = None,
    repeats: int = 1,
    seed: int = 0,
    where: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    limit: int | None = None,
    workers: int = 2,
    allow_urls: bool = False,
    max_cost: float | None = None,
    retry: Sequence[FailureReason] = (),
    probes: str | Iterable[str | Probe] = (),
    progress: Progress | None = None,
) -> Run:
    """Evaluate a judge on a task; go on where an earlier run in the same folder stopped.

    Args:
        task: Name of an installed task, path of a task folder, `hub:owner/name@revision`, a task.
        judge: A spec such as `replay:gpt4o` or `path/to/file.py:MyJudge`, a YAML file, or an
            object: a judge, or a scorer.
        data: Folder or file of the task's data; `sample` for the few items that come with it, None
            for the public copy.
        out: Folder of the run; by default one under `runs/` named by task, judge and settings.
        protocol: pair, score or rank; by default the first that the task has.
        orders: `balanced` over items, `both`, or `given` as in the file; by default balanced, or as
            a recording was made.
        repeats: How often each request is asked.
        seed: Seed of the balanced order.
        where: Axis to value of strata; only such items are asked.
        options: Options of the judge.
        limit: Number of items, from the first.
        workers: Processes that decode media.
        allow_urls: Whether media at `https://` are fetched; private addresses never are.
        max_cost: US dollars after which the run stops, those spent on it before included; the judge
            must know its prices.
        retry: Failures to ask again, by reason: infra, media.
        probes: Changed ways in which each request is asked again: `all`, `core`, `attacks`,
            `modality`, names with commas between them, or probes of one's own.
        progress: Called now and then with the counts so far.

    Returns:
        The run.

    Raises:
        MmjudgeError: Anything that must be mended first; nothing that was judged is lost.
    """
    asked = _prepared(
        task,
        judge,
        data=data,
        out=out,
        protocol=protocol,
        orders=orders,
        repeats=repeats,
        seed=seed,
        where=where,
        options=options,
        probes=probes,
    )
    means = Means(limit, workers, allow_urls, max_cost, tuple(retry), asked.probes)
    with _open_or_create(asked.folder, asked.header) as store:
        stats = execute(asked.task, asked.judge, store, means, progress)
    return Run(asked.folder, stats)


def forecast(
    task: str | Task,
    judge: str | Judge | Scorer,
    *,
    limit: int | None = None,
    retry: Sequence[FailureReason] = (),
    **settings: Any,
) -> Forecast:
    """What `run` with the same arguments would ask: calls, tokens, media, time; nothing is asked.

    Args:
        task: As in `run`.
        judge: As in `run`; it is opened, to know what it takes.
        limit: Number of items, from the first.
        retry: Failures that would be asked again.
        settings: Further arguments of `run` that shape what is asked.

    Raises:
        MmjudgeError: Anything that would keep the run from starting.
    """
    asked = _prepared(task, judge, **settings)
    done: set[bytes] = set()
    if RunStore.exists(asked.folder):
        with RunStore.open(asked.folder) as store:
            check_same_run(store, asked.header)
            done = store.done_keys(retry)
    plan = Plan(asked.task, asked.header, asked.probes, limit)
    near = {asked.folder, *asked.folder.parent.glob("*"), *Path("runs").glob("*")}
    return count_asked(plan, done, near, asked.judge.knows)


class _Prepared(NamedTuple):
    task: Task
    judge: Judge
    header: RunHeader
    folder: Path
    probes: tuple[Probe, ...]


def _prepared(  # noqa: PLR0913 (one for each setting of a run)
    task: str | Task,
    judge: str | Judge | Scorer,
    *,
    data: str | Path | None = None,
    out: str | Path | None = None,
    protocol: ProtocolName | None = None,
    orders: Orders | None = None,
    repeats: int = 1,
    seed: int = 0,
    where: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    probes: str | Iterable[str | Probe] = (),
) -> _Prepared:
    """Everything that a run needs before its folder is touched."""
    again = choose(probes)
    opened = open_task(task, data_place(data) if data else None) if isinstance(task, str) else task
    chosen = protocol or opened.spec.protocols[0]
    answering = _answering(judge, JudgeContext(opened, chosen), options)
    wording = answering.card.wordings.get(chosen)
    settings = RunSettings(
        protocol=chosen,
        orders=orders or answering.card.orders or "balanced",
        repeats=repeats,
        seed=seed,
        template=wording_digest(wording) if wording else template_digest(chosen),
        where=dict(where or {}),
        probes=tuple(probe.card.name for probe in again),
    )
    header = _header(opened, answering.card, settings, again)
    folder = Path(out) if out else Path("runs") / _folder_name(header)
    return _Prepared(opened, answering, header, folder, again)


def _answering(
    judge: str | Judge | Scorer, context: JudgeContext, options: Mapping[str, Any] | None
) -> Judge:
    if isinstance(judge, str):
        return open_judge(judge, context, options)
    if options:
        raise JudgeError(f"options {sorted(options)}: pass them where the judge is made")
    return as_judge(judge)


def _open_or_create(folder: Path, header: RunHeader) -> RunStore:
    if not RunStore.exists(folder):
        return RunStore.create(folder, header)
    store = RunStore.open(folder, "append")
    try:
        check_same_run(store, header)
    except BaseException:
        store.close()
        raise
    return store


def _header(
    task: Task, card: JudgeCard, settings: RunSettings, probes: Sequence[Probe]
) -> RunHeader:
    # A run without probes keeps the name that it had before there were any.
    asked = settings.model_dump_json(exclude=None if settings.probes else {"probes"})
    facts = "\0".join((task.spec.label, card.fingerprint, asked))
    return RunHeader(
        run_id=hashlib.sha256(facts.encode()).hexdigest()[:12],
        task=task.spec,
        judge=card,
        settings=settings,
        data=written_place(task),
        packages=_packages(),
        probes=tuple(probe.card for probe in probes),
    )


def _packages() -> dict[str, str]:
    found = {name: _version(name) for name in PACKAGES}
    return {name: number for name, number in found.items() if number is not None}


@cache
def _version(package: str) -> str | None:
    """The version that is installed, or None; it stays the same while the process runs."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _folder_name(header: RunHeader) -> str:
    judge = "".join(c if c.isalnum() or c in "-_." else "-" for c in header.judge.name)
    sample = f"-{SAMPLE}" if header.data == SAMPLE else ""
    return f"{header.task.name}{sample}-{judge[:60]}-{header.run_id}"
