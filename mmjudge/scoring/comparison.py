"""Two judges on the same items: paired differences, with intervals and corrected p-values."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import MeasureError, StoreError
from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.measure import Measure
from mmjudge.metrics.testing import holm, mcnemar
from mmjudge.scoring.score import Figure, choose, figures, slices
from mmjudge.scoring.table import Table
from mmjudge.store.run_store import RunStore
from mmjudge.types import Comparison


class Side(NamedTuple):
    """One judge's rows on the items that both have.

    Attributes:
        columns: What the measure takes, each of shape (n, ...).
        item: Place of the item of each row, shape (n,).
        unit: What each row is drawn with in a bootstrap, shape (n,): an item and its twins.
    """

    columns: Mapping[str, NDArray[Any]]
    item: NDArray[np.int64]
    unit: NDArray[np.int64]


def compare_runs(
    folder_a: Path,
    folder_b: Path,
    n_resamples: int = 1000,
    measures: tuple[str, ...] = (),
    seed: int = 0,
) -> list[Comparison]:
    """Differences a minus b of every measure that both runs have, paired over items.

    p-values are corrected by Holm's method over all the criteria that a measure was compared on.

    Args:
        folder_a: The first run.
        folder_b: The second run, of the same task, protocol and items.
        n_resamples: Resamples of the paired bootstrap.
        measures: Names of measures; left out, all that fit.
        seed: Seed of the bootstrap.

    Raises:
        StoreError: The runs are of different tasks, protocols or items.
    """
    check_comparable(folder_a, folder_b)
    return compare_tables(Table.load(folder_a), Table.load(folder_b), n_resamples, measures, seed)


def compare_tables(
    a: Table,
    b: Table,
    n_resamples: int = 1000,
    measures: tuple[str, ...] = (),
    seed: int = 0,
) -> list[Comparison]:
    """The same of runs that are loaded, comparable as `check_comparable` says."""
    chosen = [m for m in _chosen(a, measures) if m.kind != "ceiling"]
    found = []
    for criterion in (*range(len(a.criteria)), None):
        here = _figures(b, chosen, criterion)
        for measure, figure in _figures(a, chosen, criterion).items():
            if measure in here:
                found.append(compare_figures((a, figure), (b, here[measure]), n_resamples, seed))
    return corrected(found)


def check_comparable(folder_a: Path, folder_b: Path) -> None:
    """Refuse to compare what was not asked the same.

    Raises:
        StoreError: Task, version, protocol or items differ; the message says in what.
    """
    with RunStore.open(folder_a) as a, RunStore.open(folder_b) as b:
        ours, theirs = a.header, b.header
        for name, mine, other in (
            ("task", ours.task.label, theirs.task.label),
            ("protocol", ours.settings.protocol, theirs.settings.protocol),
        ):
            if mine != other:
                raise StoreError(
                    f"{folder_a} and {folder_b} cannot be compared: {name} {mine} and {other}"
                )
        digests = dict(a.digests())
        common = 0
        for place, digest in b.digests():
            if place in digests and digests[place] != digest:
                raise StoreError(
                    f"{folder_a} and {folder_b} cannot be compared: item {b.item(place).id!r} "
                    "is not the same in both"
                )
            common += place in digests
        if not common:
            raise StoreError(f"{folder_a} and {folder_b} cannot be compared: no item is in both")


def _chosen(table: Table, names: Sequence[str]) -> list[Measure]:
    return choose(table.header.task, table.header.settings.protocol, names)


def _figures(
    table: Table, chosen: Sequence[Measure], criterion: int | None
) -> dict[Measure, Figure]:
    whole = next(slices(table, ()))
    return {figure.measure: figure for figure in figures(table, chosen, criterion, whole)}


def compare_figures(
    a: tuple[Table, Figure], b: tuple[Table, Figure], n_resamples: int, seed: int
) -> Comparison:
    """A figure of one judge minus that of another, paired over the items that both have."""
    table, figure = a
    measure = figure.measure
    side_a, side_b = sides(a, b)
    facts: dict[str, Any] = {
        "metric": str(measure),
        "task": table.header.task.label,
        "criterion": figure.criterion,
        "stratum": figure.stratum,
    }
    try:
        found = measure.paired(
            (side_a.columns, side_a.unit), (side_b.columns, side_b.unit), n_resamples, seed=seed
        )
    except MeasureError as error:
        return Comparison(**facts, a=None, b=None, difference=None, n_items=0, note=str(error))
    value_a, value_b = (float(np.asarray(measure(side.columns))) for side in (side_a, side_b))
    undefined = np.isnan(found.value)
    return Comparison(
        **facts,
        a=_number(value_a),
        b=_number(value_b),
        difference=_number(found.value),
        ci95=None if np.isnan(found.low) else (found.low, found.high),
        p_value=_number(found.p_value),
        p_mcnemar=None if undefined else _exact(measure, side_a, side_b),
        n_items=len(np.unique(side_a.item)),
        note="undefined for one of the two" if undefined else "",
    )


def sides(a: tuple[Table, Figure], b: tuple[Table, Figure]) -> tuple[Side, Side]:
    """The rows of both judges on the items that both have."""
    (table, figure_a), (other, figure_b) = a, b
    item_a, item_b = table.places[figure_a.frame.item], other.places[figure_b.frame.item]
    # One table says what is drawn as one: the other may lack an item's twin.
    unit = dict(zip(table.places.tolist(), table.units.tolist(), strict=True))
    sides = []
    for figure, item in ((figure_a, item_a), (figure_b, item_b)):
        kept = np.isin(item, item_a) & np.isin(item, item_b)
        columns = {name: column[kept] for name, column in figure.frame.columns.items()}
        units = np.array([unit[place] for place in item[kept].tolist()], dtype=np.int64)
        sides.append(Side(columns, item[kept], units))
    return sides[0], sides[1]


def _exact(measure: Measure, a: Side, b: Side) -> float | None:
    """McNemar's test where each draw is right or wrong once: plain accuracy of pairs."""
    if str(measure) != "accuracy" or any(len(np.unique(s.unit)) != len(s.unit) for s in (a, b)):
        return None
    _, at_a, at_b = np.intersect1d(a.item, b.item, return_indices=True)
    right = [
        three_way(side.columns["gold"][at]) == three_way(side.columns["verdict"][at])
        for side, at in ((a, at_a), (b, at_b))
    ]
    return mcnemar(right[0], right[1])


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def corrected(found: Sequence[Comparison]) -> list[Comparison]:
    """The same with p-values corrected by Holm's method over all that share a measure."""
    by_measure: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(found):
        if one.p_value is not None:
            by_measure[one.metric].append(index)
    corrected = list(found)
    for indices in by_measure.values():
        adjusted = holm([found[i].p_value or 0.0 for i in indices])
        for index, p in zip(indices, adjusted.tolist(), strict=True):
            corrected[index] = found[index].model_copy(update={"p_holm": p})
    return corrected
