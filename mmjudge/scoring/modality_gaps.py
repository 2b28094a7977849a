"""What a judge has in one modality beyond others, and which of two modalities it prefers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.measure import Measure, intervals
from mmjudge.metrics.resample import Interval
from mmjudge.scoring.frames import TIE, known_gold
from mmjudge.scoring.table import KINDS, MODALITY, Ints, Table
from mmjudge.types import MetricResult, ProtocolName

GAPS: Mapping[ProtocolName, tuple[str, ...]] = {
    "pair": ("modality_gap",),
    "score": ("tau_b_gap", "offset_gap"),
    "rank": ("rank_tau_b_gap",),
    "checklist": ("tau_b_gap", "offset_gap"),
    "steps": (),
}
"""What is compared between modalities, by protocol."""
PREFERENCES = ("modality_preference", "modality_preference_log_odds")
AGAINST = " against "

Columns = Mapping[str, NDArray[Any]]


class _Part(NamedTuple):
    """What is measured: of which criterion and stratum, its columns, items and failures."""

    criterion: int
    stratum: str
    columns: Columns
    item: Ints
    n_items: int
    n_failed: int


def modality_gaps(
    table: Table, n_resamples: int = 1000, seed: int = 0, criteria: Sequence[int] | None = None
) -> list[MetricResult]:
    """Each modality against all others, and against each other one.

    Of pairs accuracy, of scores tau-b and, on the scale of people, leniency, of rankings tau-b.
    The stratum is `modality=X` against all others, and `modality=X minus Y` of two; `n_items` are
    those of the side with fewer.

    Args:
        table: The judgments.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        seed: Seed of the bootstrap.
        criteria: Places of the criteria; all, if left out.
    """
    if MODALITY not in table.strata:
        return []
    every = [Measure(name) for name in GAPS[table.header.settings.protocol]]
    found = []
    for criterion in range(len(table.criteria)) if criteria is None else criteria:
        alike = table.same_scale(criterion)
        measures = [one for one in every if alike or not one.spec.same_scale]
        for part in _sides(table, criterion) if measures else ():
            found += _results(table, measures, part, n_resamples, seed)
    return found


def _sides(table: Table, criterion: int) -> Iterator[_Part]:
    """Each modality against all others, then each two of them, where there are more than two."""
    codes, names = table.strata[MODALITY]
    gold = table.gold[criterion]
    rows = table.plain & (table.columns.criterion == criterion) & known_gold(gold)[table.item]
    own = codes[table.item[rows]]
    there = [code for code in np.unique(own).tolist() if code]
    if len(there) < 2:
        return
    sides = [(f"{MODALITY}={names[c]}", _here(own, c, there)) for c in there]
    if len(there) > 2:
        sides += [
            (f"{MODALITY}={names[a]} minus {names[b]}", _here(own, a, (b,)))
            for a, b in combinations(there, 2)
        ]
    at = np.flatnonzero(rows)
    for stratum, here in sides:
        asked, side = at[here >= 0], here[here >= 0]
        failed = table.failed[asked]
        kept = ~failed if table.scored else np.ones_like(failed)
        data = _verdicts(table, criterion, asked[kept]) | {"here": side[kept]}
        n_items = min(len(np.unique(table.item[asked[side == k]])) for k in (0, 1))
        item = table.item[asked[kept]]
        yield _Part(criterion, stratum, data, item, n_items, int(failed.sum()))


def _here(own: Ints, code: int, others: Sequence[int]) -> Ints:
    """1 in the modality, 0 in the others that it is compared with, -1 in none of them."""
    return np.where(own == code, 1, np.where(np.isin(own, others), 0, -1))


def _verdicts(table: Table, criterion: int, rows: Ints) -> dict[str, NDArray[Any]]:
    """Gold and verdicts as the protocol's measures take them."""
    gold = table.gold[criterion][table.item[rows]]
    match table.header.settings.protocol:
        case "pair":
            return {"gold": gold, "verdict": table.verdict[rows]}
        case "score" | "checklist":
            return {"gold": gold, "verdict": table.columns.value[rows]}
    ranks = table.ranks[rows]
    return {
        "gold_ranks": np.pad(gold, ((0, 0), (0, ranks.shape[1] - gold.shape[1]))),
        "ranks": ranks,
    }


def modality_preferences(
    table: Table, n_resamples: int = 1000, seed: int = 0, criteria: Sequence[int] | None = None
) -> list[MetricResult]:
    """Which of two modalities is chosen among candidates of equal gold, for each two there are.

    The stratum is `candidates=X against Y`; the value is for X: the share of the decisive
    verdicts, and its log-odds.

    Args:
        table: The judgments.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        seed: Seed of the bootstrap.
        criteria: Places of the criteria; all, if left out.
    """
    if table.header.settings.protocol != "pair":
        return []
    measures = [Measure(name) for name in PREFERENCES]
    found = []
    for criterion in range(len(table.criteria)) if criteria is None else criteria:
        for part in _preferred(table, criterion):
            found += _results(table, measures, part, n_resamples, seed)
    return found


def _preferred(table: Table, criterion: int) -> Iterator[_Part]:
    """Pairs of equal gold whose candidates differ in modality, by the two modalities."""
    gold = table.gold[criterion]
    rows = table.plain & (table.columns.criterion == criterion)
    at = np.flatnonzero(rows & (gold >= TIE)[table.item])
    one, other = table.shown.kind_first[table.item[at]], table.shown.kind_second[table.item[at]]
    lower, higher = np.minimum(one, other), np.maximum(one, other)
    apart = (lower > 0) & (lower != higher)
    for a, b in sorted(set(zip(higher[apart].tolist(), lower[apart].tolist(), strict=True))):
        here = apart & (higher == a) & (lower == b)
        asked = at[here]
        medium = np.where(one[here] == a, 0, 1)
        data = _verdicts(table, criterion, asked) | {"medium": medium}
        item = table.item[asked]
        stratum = f"candidates={kind_name(a)}{AGAINST}{kind_name(b)}"
        failed = int(table.failed[asked].sum())
        yield _Part(criterion, stratum, data, item, len(np.unique(item)), failed)


def kind_name(code: int) -> str:
    """The modalities of a candidate, from their code.

    Example:
        >>> kind_name(1), kind_name(3)
        ('text', 'image+text')
    """
    return "+".join(name for name, bit in reversed(KINDS.items()) if code & bit)


def _results(
    table: Table, measures: Sequence[Measure], part: _Part, n_resamples: int, seed: int
) -> list[MetricResult]:
    if not len(part.item):
        return []
    if n_resamples:
        spans = intervals(measures, part.columns, table.units[part.item], n_resamples, seed=seed)
    else:
        values = (float(np.asarray(measure(part.columns))) for measure in measures)
        spans = [Interval(value, np.nan, np.nan, 0) for value in values]
    return [
        MetricResult(
            metric=str(measure),
            task=table.header.task.label,
            criterion=table.criteria[part.criterion],
            stratum=part.stratum,
            value=span.value,
            ci95=None if np.isnan(span.low) else (span.low, span.high),
            n_items=part.n_items,
            n_failed=part.n_failed,
        )
        for measure, span in zip(measures, spans, strict=True)
        if not np.isnan(span.value)
    ]
