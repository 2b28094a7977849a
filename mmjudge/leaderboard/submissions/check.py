"""Check a submission, here or in CI: all errors at once, the figures recomputed, the flags."""

import tempfile
from pathlib import Path

from mmjudge.errors import MeasureError
from mmjudge.leaderboard.cache import Cache
from mmjudge.leaderboard.submissions.flags import Flag, Judged, entry_flags, run_flags
from mmjudge.leaderboard.submissions.likeness import likeness_flags, others_in
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.leaderboard.submissions.problems import Problem
from mmjudge.leaderboard.submissions.reading import rebuild_submission
from mmjudge.leaderboard.submissions.submission import Meta
from mmjudge.report.overview import main_of
from mmjudge.scoring.score import score_table
from mmjudge.scoring.table import Table
from mmjudge.store.run_store import RunStore
from mmjudge.types import MetricResult, Record


class CheckedRun(Record):
    """A run of a submission as it was judged again.

    `failures` counts by reason; `figures` are the task's primary measure, or that of the
    protocol, and its human ceiling.
    """

    task: str
    protocol: str
    items: int
    judgments: int
    failures: dict[str, int]
    figures: tuple[MetricResult, ...]


class Report(Record):
    """What `mmjudge leaderboard check` says. Accepted means no problem; flags are for a person.

    `n_problems` counts those alike that are not listed too.
    """

    folder: str
    accepted: bool
    meta: Meta | None
    problems: tuple[Problem, ...]
    n_problems: int
    flags: tuple[Flag, ...] = ()
    runs: tuple[CheckedRun, ...] = ()


def check(
    folder: Path,
    sources: Sources | None = None,
    against: Path | None = None,
    resamples: int = 200,
    cache: Cache | None = None,
) -> Report:
    """Check a submission; nothing is written but to the cache, and to a folder that is gone then.

    Args:
        folder: The submission.
        sources: Where tasks come from, beside the installed ones.
        against: A folder of other submissions, to find copies.
        resamples: Resamples of the bootstrap; 0 for no intervals.
        cache: Of what other submissions answer; none if left out.

    Raises:
        MmjudgeError: There is no such folder.
    """
    sources = sources or Sources()
    with tempfile.TemporaryDirectory(prefix="mmjudge-") as scratch:
        found = rebuild_submission(folder, Path(scratch), sources)
        report = Report(
            folder=str(folder),
            accepted=found.n_problems == 0,
            meta=found.meta,
            problems=found.problems,
            n_problems=found.n_problems,
        )
        if not report.accepted or found.meta is None or found.content is None:
            return report
        judged = [judged_run(run, resamples) for run in found.runs]
        flags = entry_flags(found.meta, found.content)
        flags += [flag for run in judged for flag in run_flags(run)]
        if against is not None:
            flags += likeness_flags(found, others_in(against, folder), sources, cache)
        runs = tuple(map(_checked, judged))
        return report.model_copy(update={"flags": tuple(flags), "runs": runs})


def judged_run(folder: Path, resamples: int) -> Judged:
    """The run with its task's primary measure, and the ceiling of that where there is one.

    Where that is of another protocol, the measure that stands for the run's own takes its place.
    """
    table = Table.load(folder)
    measure = table.header.task.primary
    figures = score_table(table, resamples, measures=(measure,))
    if not figures:
        measure = main_of(table)
        figures = score_table(table, resamples, measures=(measure,))
    figures += _ceiling(table, measure, resamples)
    return Judged(folder, table, tuple(figures))


def _ceiling(table: Table, measure: str, resamples: int) -> list[MetricResult]:
    if all(ratings is None for ratings in table.ratings):
        return []
    try:
        return score_table(table, resamples, measures=(f"ceiling(of={measure})",))
    except MeasureError:
        return []


def _checked(run: Judged) -> CheckedRun:
    with RunStore.open(run.folder) as store:
        counts, failures = store.counts(), store.failures()
    return CheckedRun(
        task=run.table.header.task.label,
        protocol=run.table.header.settings.protocol,
        items=counts["items"],
        judgments=counts["judgments"],
        failures=failures,
        figures=run.figures,
    )
