"""Two judges on the same items: paired differences, with intervals and corrected p-values."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmjudge.errors import MeasureError, StoreError
from mmjudge.metrics.agreement import three_way
from mmjudge.metrics.measure import Measure
from mmjudge.metrics.resample import holm, mcnemar
from mmjudge.scoring import Figure, choose, figures, slices
from mmjudge.store import RunStore
from mmjudge.table import Table
from mmjudge.types import Comparison


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
    a, b = Table.load(folder_a), Table.load(folder_b)
    chosen = [m for m in _chosen(a, measures) if m.kind != "ceiling"]
    found = []
    for criterion in (*range(len(a.criteria)), None):
        here = _figures(b, chosen, criterion)
        for measure, figure in _figures(a, chosen, criterion).items():
            if measure in here:
                found.append(_compare((a, figure), (b, here[measure]), n_resamples, seed))
    return _corrected(found)


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


def _compare(
    a: tuple[Table, Figure], b: tuple[Table, Figure], n_resamples: int, seed: int
) -> Comparison:
    (table_a, figure_a), (table_b, figure_b) = a, b
    measure = figure_a.measure
    side_a = (figure_a.frame.columns, table_a.places[figure_a.frame.item])
    side_b = (figure_b.frame.columns, table_b.places[figure_b.frame.item])
    facts: dict[str, Any] = {
        "metric": str(measure),
        "task": table_a.header.task.label,
        "criterion": figure_a.criterion,
    }
    try:
        found = measure.paired(side_a, side_b, n_resamples, seed=seed)
    except MeasureError as error:
        return Comparison(**facts, a=None, b=None, difference=None, n_items=0, note=str(error))
    value_a, value_b = _value(measure, side_a, side_b), _value(measure, side_b, side_a)
    undefined = np.isnan(found.value)
    return Comparison(
        **facts,
        a=_number(value_a),
        b=_number(value_b),
        difference=_number(found.value),
        ci95=None if np.isnan(found.low) else (found.low, found.high),
        p_value=_number(found.p_value),
        p_mcnemar=None if undefined else _exact(measure, side_a, side_b),
        n_items=found.n_items,
        note="undefined for one of the two" if undefined else "",
    )


Side = tuple[Any, NDArray[np.int64]]


def _value(measure: Measure, mine: Side, other: Side) -> float:
    """The measure of one judge on the items that both have."""
    kept = np.isin(mine[1], other[1])
    return float(np.asarray(measure({k: v[kept] for k, v in mine[0].items()})))


def _exact(measure: Measure, a: Side, b: Side) -> float | None:
    """McNemar's test where each item is right or wrong once: plain accuracy of pairs."""
    if str(measure) != "accuracy" or any(len(np.unique(s[1])) != len(s[1]) for s in (a, b)):
        return None
    _, at_a, at_b = np.intersect1d(a[1], b[1], return_indices=True)
    right = [
        three_way(columns["gold"][at]) == three_way(columns["verdict"][at])
        for (columns, _), at in ((a, at_a), (b, at_b))
    ]
    return mcnemar(right[0], right[1])


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _corrected(found: Sequence[Comparison]) -> list[Comparison]:
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
