"""Figures of the folder of a suite: of each task, and their mean over tasks (macro)."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from mmjudge.errors import MmjudgeError, StoreError
from mmjudge.metrics.measure import Measure
from mmjudge.metrics.testing import holm
from mmjudge.report.outcome import printable, read_outcome
from mmjudge.report.overview import MAIN, main_of
from mmjudge.scoring.comparison import check_comparable
from mmjudge.scoring.frames import known_gold
from mmjudge.scoring.over_tasks import (
    ComparedSuites,
    ComparedTask,
    Drawn,
    DrawnPair,
    SuiteScores,
    TaskFigure,
    draw_pair,
    draw_task,
    macro,
    macro_difference,
)
from mmjudge.scoring.table import Table
from mmjudge.sources.samples import SAMPLE
from mmjudge.suites.playing import FILE, Played, SuiteRun, is_suite, read
from mmjudge.types import ProtocolName

T = TypeVar("T")


class _Found(NamedTuple):
    """The runs of a suite that count, and what does not, with the reason.

    `cut`: of some run only a few items were to be asked, so that no mean is the suite's figure.
    """

    runs: list[SuiteRun]
    missing: list[str]
    cut: bool


def suite_scores(folder: Path, n_resamples: int = 1000, seed: int = 0) -> SuiteScores:
    """Score a suite's whole runs; a run that was not finished is named, and in no figure.

    Args:
        folder: Folder of the suite.
        n_resamples: Resamples of the bootstrap over the items of each task; 0 for no intervals.
        seed: Seed of the bootstrap.

    Raises:
        MmjudgeError: The folder is of no suite, or cannot be read.
    """
    played = read(folder)
    runs, missing, cut = _countable(folder, played)
    drawn: list[tuple[ProtocolName, Drawn]] = []
    for run in runs:
        table = Table.load(folder / run.folder)
        measure = Measure.parse(main_of(table))
        one = draw_task(table, measure, n_resamples, seed)
        if one is None:
            has_gold = any(known_gold(gold).any() for gold in table.gold)
            why = f"{measure} is undefined" if has_gold else "no item has gold"
            missing.append(f"{run.task}, {run.protocol}: {why}")
        else:
            drawn.append((run.protocol, one))
    means = [
        macro(p, members, _of_tasks(played, p) - others)
        for p, members, others in _by_measure(drawn, lambda one: one.result.metric)
    ]
    whole = [one for one in means if one.n_tasks == one.of_tasks and not cut]
    return SuiteScores(
        suite=played.suite,
        judge=played.judge,
        tasks=tuple(TaskFigure(protocol=p, result=one.result) for p, one in drawn),
        macro=tuple(whole),
        partial=tuple(one for one in means if one not in whole),
        missing=tuple(missing),
    )


def compare_suites(a: Path, b: Path, n_resamples: int = 1000, seed: int = 0) -> ComparedSuites:
    """Compare two judges on a suite: paired over the items of each task, and over tasks.

    Args:
        a: Folder of the suite judged by the first judge.
        b: The same by the second.
        n_resamples: Resamples of the paired bootstrap.
        seed: Seed of the bootstrap.

    Raises:
        MmjudgeError: The folders are of no suite or of two suites, or no task is in both.
    """
    ours, theirs = read(a), read(b)
    if ours.suite != theirs.suite:
        raise MmjudgeError(
            f"{a} and {b} cannot be compared: suite {ours.suite} and suite {theirs.suite}; "
            "compare the runs of one task instead"
        )
    one, other = _countable(a, ours), _countable(b, theirs)
    missing = [
        *(f"{a}: {line}" for line in one.missing),
        *(f"{b}: {line}" for line in other.missing),
    ]
    there = {run.folder for run in other.runs}
    both = [run for run in one.runs if run.folder in there]
    pairs = [(run, _pair(a / run.folder, b / run.folder, n_resamples, seed)) for run in both]
    drawn = [(run.protocol, found) for run, found in pairs if isinstance(found, DrawnPair)]
    missing += [f"{run.task}, {run.protocol}: {f}" for run, f in pairs if isinstance(f, str)]
    if not drawn:
        lines = "\n".join(missing)
        raise MmjudgeError(f"{a} and {b} cannot be compared: no task is in both\n{lines}")
    of = {p: max(_of_tasks(ours, p), _of_tasks(theirs, p)) for p in MAIN}
    means = [
        macro_difference(p, members, of[p] - others)
        for p, members, others in _by_measure(drawn, lambda one: one.comparison.metric)
    ]
    cut = one.cut or other.cut
    whole = [mean for mean in means if mean.n_tasks == mean.of_tasks and not cut]
    return ComparedSuites(
        suite=ours.suite,
        a=str(a),
        b=str(b),
        judges=(ours.judge, theirs.judge),
        tasks=tuple(_corrected(drawn)),
        macro=tuple(whole),
        partial=tuple(mean for mean in means if mean not in whole),
        missing=tuple(missing),
    )


def _pair(a: Path, b: Path, n_resamples: int, seed: int) -> DrawnPair | str:
    """The difference on one task, or why there is none."""
    try:
        check_comparable(a, b)
    except StoreError as error:
        return str(error)
    one, other = Table.load(a), Table.load(b)
    measure = Measure.parse(main_of(one))
    found = draw_pair(one, other, measure, n_resamples, seed)
    return f"{measure} is undefined for one of the two" if found is None else found


def _corrected(drawn: Sequence[tuple[ProtocolName, DrawnPair]]) -> Iterator[ComparedTask]:
    """The comparisons, their p-values corrected over the tasks of a protocol."""
    for protocol, members in _by_protocol(drawn):
        known = [one.comparison.p_value for one in members]
        adjusted = holm([float("nan") if p is None else p for p in known]).tolist()
        for one, p, of in zip(members, adjusted, known, strict=True):
            update = {"p_holm": None if of is None else p}
            yield ComparedTask(
                protocol=protocol, comparison=one.comparison.model_copy(update=update)
            )


def require_suites(folders: Sequence[Path]) -> bool:
    """Whether all folders are of suites.

    Raises:
        MmjudgeError: Some are and some are not.
    """
    found = [is_suite(folder) for folder in folders]
    if any(found) and not all(found):
        odd = folders[found.index(not found[0])]
        what = (
            "holds a run, and the first a suite" if found[0] else "is a suite, and the first a run"
        )
        raise MmjudgeError(f"{odd}: {what} ({FILE}); compare suites with suites, or runs with runs")
    return all(found) and bool(found)


def _countable(folder: Path, played: Played) -> _Found:
    """The whole runs of which the judge took something."""
    runs, missing, sampled = [], [*played.left_out, *played.not_asked], False
    refused: dict[str, list[str]] = {}
    for run in played.runs:
        if not run.whole:
            why = f"not finished: {played.stopped}; " if played.stopped else "not finished: "
            missing.append(f"{run.task}, {run.protocol}: {why}run it again")
            continue
        outcome = read_outcome(folder / run.folder)
        if outcome.judgments and outcome.refused == outcome.judgments:
            _, sign, detail = outcome.examples["unsupported"].partition(": ")
            reason = f"the judge takes nothing of it{sign}{printable(detail, 120)}"
            refused.setdefault(reason, []).append(f"{run.task}, {run.protocol}")
        else:
            runs.append(run)
            sampled |= outcome.data == SAMPLE
    missing += [f"{'; '.join(names)}: {reason}" for reason, names in refused.items()]
    if played.limit is not None:
        missing.append(f"all but the first {played.limit} items of each task (--limit)")
    if sampled:
        missing.append("the real items of tasks that were asked on their sample, which is made up")
    return _Found(runs, missing, sampled or played.limit is not None)


def _of_tasks(played: Played, protocol: ProtocolName) -> int:
    """How many tasks a suite has under a protocol."""
    asked = sum(run.protocol == protocol for run in played.runs)
    return played.has.get(protocol, asked)


def _by_protocol(found: Sequence[tuple[ProtocolName, T]]) -> Iterator[tuple[ProtocolName, list[T]]]:
    """What there is of each protocol, in the protocols' order."""
    for protocol in MAIN:
        if members := [one for of, one in found if of == protocol]:
            yield protocol, members


def _by_measure(
    found: Sequence[tuple[ProtocolName, T]], metric: Callable[[T], str]
) -> Iterator[tuple[ProtocolName, list[T], int]]:
    """What there is of each protocol by each measure, and how many the others of it have.

    A checklist has one measure where people answered it, and another where they gave scores.
    """
    for protocol, members in _by_protocol(found):
        for name in dict.fromkeys(map(metric, members)):
            same = [one for one in members if metric(one) == name]
            yield protocol, same, len(members) - len(same)
