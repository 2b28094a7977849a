"""How runs on the same items compare, as one record: what is printed, written and shown of it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from string import ascii_uppercase
from typing import Literal

from mmjudge import __version__
from mmjudge.errors import MmjudgeError
from mmjudge.metrics.measure import Measure
from mmjudge.report.outcome import Outcome, read_outcome
from mmjudge.report.overview import main_of
from mmjudge.scoring.comparison import check_comparable, compare_tables
from mmjudge.scoring.side_by_side import (
    Agreement,
    Place,
    agreements,
    compare_presentations,
    compare_probes,
    places,
)
from mmjudge.scoring.table import Table
from mmjudge.store.run_store import RunStore
from mmjudge.types import Comparison, ProtocolName, Record, TaskSpec

MOST = len(ascii_uppercase)


class ComparedRun(Record):
    """A run by its letter; `usage` holds sums, None where no reply says."""

    letter: str
    judge: str
    outcome: Outcome
    usage: Mapping[str, float | None]

    @property
    def name(self) -> str:
        """Letter and judge."""
        return f"{self.letter} {self.judge}"


class ComparedPair(Record):
    """How one run compares with another: figures of a minus those of b, paired over items.

    `a` and `b` are folders. The stratum of `probes` is `probe=NAME`, that of `presentations`
    `condition=ONE/OTHER`; both are on the first criterion.
    """

    a: str
    b: str
    letters: tuple[str, str]
    comparisons: tuple[Comparison, ...]
    probes: tuple[Comparison, ...] = ()
    presentations: tuple[Comparison, ...] = ()


class ComparisonRecord(Record):
    """Everything that a comparison says, but for the items.

    `measure` is what the order is by; `order` has a place for each run, `agreements` one entry for
    each two runs (and each criterion, of two runs), `pairs` the first run against each other one.
    `schema_version` is raised when a field goes or changes its meaning; a new one does not.
    """

    format: Literal["mmjudge.scoring.comparison"] = "mmjudge.scoring.comparison"
    schema_version: Literal[1] = 1
    made_by: str = f"mmjudge {__version__}"
    task: TaskSpec
    protocol: ProtocolName
    measure: str
    runs: tuple[ComparedRun, ...]
    order: tuple[Place, ...]
    agreements: tuple[Agreement, ...]
    pairs: tuple[ComparedPair, ...]

    @property
    def criterion(self) -> str:
        """The first criterion that was asked."""
        return self.order[0].criterion if self.order else self.task.criteria[0].name


def compare_all(
    runs: Sequence[Path], n_resamples: int = 1000, measures: tuple[str, ...] = (), seed: int = 0
) -> ComparisonRecord:
    """Compare runs on the same items.

    Args:
        runs: Folders of runs of one task, version and protocol; 2 to 26.
        n_resamples: Resamples of the bootstrap.
        measures: Names of measures of the differences; left out, all that fit.
        seed: Seed of the bootstrap.

    Raises:
        StoreError: A folder holds no run, or the runs were not asked the same.
        MmjudgeError: There are too few runs, or too many.
    """
    if not 2 <= len(runs) <= MOST:
        raise MmjudgeError(f"compare needs 2 to {MOST} runs, found {len(runs)}")
    for folder in runs:
        RunStore.open(folder).close()
    for one, other in pairwise(runs):
        check_comparable(one, other)
    tables = [Table.load(folder) for folder in runs]
    header = tables[0].header
    main = main_of(tables[0])
    first, *others = zip(ascii_uppercase, runs, tables, strict=False)
    found = zip(ascii_uppercase, runs, strict=False)
    pairs = [_pair(first, other, n_resamples, measures, seed) for other in others]
    return ComparisonRecord(
        task=header.task,
        protocol=header.settings.protocol,
        measure=main,
        runs=tuple(_run(letter, folder) for letter, folder in found),
        order=tuple(places(tables, Measure.parse(main), n_resamples, seed)),
        agreements=tuple(agreements(tables, n_resamples, seed, first_only=len(tables) > 2)),
        pairs=tuple(pairs),
    )


def _run(letter: str, folder: Path) -> ComparedRun:
    outcome = read_outcome(folder)
    with RunStore.open(folder) as store:
        usage = store.usage()
    return ComparedRun(letter=letter, judge=outcome.judge, outcome=outcome, usage=usage)


def _pair(
    one: tuple[str, Path, Table],
    other: tuple[str, Path, Table],
    n_resamples: int,
    measures: tuple[str, ...],
    seed: int,
) -> ComparedPair:
    (letter, folder, table), (other_letter, other_folder, other_table) = one, other
    both = (table, other_table)
    found = compare_tables(*both, n_resamples, measures, seed)
    main = main_of(table)
    if not measures and all(comparison.metric != main for comparison in found):
        found = compare_tables(*both, n_resamples, (main,), seed) + found
    return ComparedPair(
        a=str(folder),
        b=str(other_folder),
        letters=(letter, other_letter),
        comparisons=tuple(found),
        probes=() if measures else tuple(compare_probes(*both, n_resamples, seed)),
        presentations=() if measures else tuple(compare_presentations(*both, n_resamples, seed)),
    )
