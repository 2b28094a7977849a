"""Judges on the same items beside each other: agreement, an order with ties, what probes move."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.measure import Measure
from mmjudge.metrics.places import Parts, compared, place_intervals
from mmjudge.scoring.biases import LOST, measures_of
from mmjudge.scoring.comparison import compare_figures, corrected
from mmjudge.scoring.frames import Frame, Slice
from mmjudge.scoring.presentations import presented
from mmjudge.scoring.probed import cards, columns, join
from mmjudge.scoring.score import Figure
from mmjudge.scoring.table import Floats, Ints, Table
from mmjudge.types import Comparison, ProbeCard, ProtocolName, Record

ALIKE: dict[ProtocolName, str] = {
    "pair": "kappa",
    "score": "tau_b",
    "rank": "rank_tau_b",
    "checklist": "question_kappa",
    "steps": "step_kappa",
}
"""How two judges' verdicts are compared with each other, by protocol."""
PRESENTED = ("presentation_flip_rate", "order_baseline", "presentation_excess")
MOVED = ("cue_shift", "robustness_gap", "robustness")
"""Measures of a probe that are compared beside what is lost."""
BLOCK = 1 << 22
"""Weights that are held at once."""


class Agreement(Record):
    """How far the verdicts of two judges agree; `a` and `b` are their places among the runs."""

    a: int
    b: int
    metric: str
    criterion: str
    value: float | None
    ci95: tuple[float, float] | None
    n_items: int


class Place(Record):
    """A judge in an order: its figure on the items that all have, and from which place to which.

    Judges that the data cannot separate have places in common; 1 is the first.
    """

    run: int
    metric: str
    criterion: str
    value: float | None
    ci95: tuple[float, float] | None
    best: int
    worst: int
    n_items: int


class _Part(NamedTuple):
    """A run's columns on the items that all have, and what each row is drawn with."""

    columns: dict[str, NDArray[Any]]
    unit: Ints


def agreements(
    tables: Sequence[Table], n_resamples: int = 1000, seed: int = 0, first_only: bool = False
) -> list[Agreement]:
    """How far each two judges agree, whatever people say: kappa, or tau-b of scores and rankings.

    Of checklists and steps it is the kappa of single questions and steps.

    Only verdicts that both gave count, on the same item in the same order and repeat; in whatever
    order, where some item was shown to them in different ones only.

    Args:
        tables: The runs, comparable as `check_comparable` says.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        seed: Seed of the bootstrap.
        first_only: Leave out all criteria but the first.
    """
    measure = Measure(ALIKE[tables[0].header.settings.protocol])
    found = []
    for (i, one), (j, other) in combinations(enumerate(tables), 2):
        for criterion in _asked(one, first_only):
            rows = _same_requests(one, other, criterion)
            data = _two_verdicts(measure, (one, rows[0]), (other, rows[1]))
            units = one.units[one.item[np.repeat(rows[0], _entries(one, rows[0]))]]
            value, ends = None, None
            if len(units):
                span = measure.interval(data, units, n_resamples or 1, seed=seed)
                value = None if np.isnan(span.value) else span.value
                known = n_resamples and value is not None and not np.isnan(span.low)
                ends = (span.low, span.high) if known else None
            items = len(np.unique(one.item[rows[0]]))
            found.append(
                Agreement(
                    a=i,
                    b=j,
                    metric=str(measure),
                    criterion=one.criteria[criterion],
                    value=value,
                    ci95=ends,
                    n_items=items,
                )
            )
    return found


def _asked(table: Table, first_only: bool) -> list[int]:
    """The criteria that were asked, or the first of them."""
    if first_only:
        return [table.first]
    found: list[int] = np.unique(table.columns.criterion[table.plain]).tolist()
    return found


def _same_requests(one: Table, other: Table, criterion: int) -> tuple[Ints, Ints]:
    """Rows of two runs that answer the same request, both with a verdict."""
    orders: dict[tuple[int, ...], int] = {}
    sides = []
    for table in (one, other):
        rows = np.flatnonzero(table.plain & ~table.failed & (table.columns.criterion == criterion))
        codes = [orders.setdefault(order, len(orders)) for order in table.columns.orders]
        shown = np.array([*codes, 0], dtype=np.int64)[table.columns.order[rows]]
        sides.append((rows, table.places[table.item[rows]], table.columns.repeat[rows], shown))
    most = 1 + max(int(side[2].max(initial=0)) for side in sides)
    both = len(np.intersect1d(sides[0][1], sides[1][1]))
    for with_order in (True, False):
        keys = [
            (place * most + repeat) * len(orders) + shown * with_order
            for _, place, repeat, shown in sides
        ]
        matched, at_one, at_other = np.intersect1d(keys[0], keys[1], return_indices=True)
        if len(np.unique(matched // len(orders) // most)) == both:
            break
    return sides[0][0][at_one], sides[1][0][at_other]


def _entries(table: Table, rows: Ints) -> Ints:
    """How many rows of a measure each judgment is: as many as it has questions or steps, or 1."""
    return np.ones_like(rows) if table.parts is None else table.parts.said.lengths[rows]


def _two_verdicts(
    measure: Measure, one: tuple[Table, Ints], other: tuple[Table, Ints]
) -> dict[str, NDArray[Any]]:
    """The verdicts of both as the two columns of a measure of agreement."""
    values: list[NDArray[Any]] = []
    for table, rows in (one, other):
        if table.parts is not None:
            values.append(table.parts.said.take(rows).values)
            continue
        match table.header.settings.protocol:
            case "pair":
                values.append(table.verdict[rows])
            case "score":
                values.append(table.columns.value[rows])
            case "rank":
                values.append(table.ranks[rows])
    return dict(zip(measure.columns, values, strict=True))


def places(
    tables: Sequence[Table], measure: Measure, n_resamples: int = 1000, seed: int = 0
) -> list[Place]:
    """The order of judges by a measure on the first criterion, as far as the data allow one.

    All are measured on the items that all have, with the same resamples; a place is the interval
    that Holm's method over all pairs leaves (`mmjudge.metrics.places`).

    Args:
        tables: The runs, comparable as `check_comparable` says; at least one.
        measure: One for which higher is better.
        n_resamples: Resamples of the items.
        seed: Seed of the resamples.

    Returns:
        The best first; nothing where a run has nothing to measure, or no item is in all.
    """
    first = tables[0].first
    frames = [Slice(table, first, table.plain).frame(measure) for table in tables]
    if any(frame is None for frame in frames):
        return []
    known = [frame for frame in frames if frame is not None]
    parts, units, items = _on_common_items(tables, known)
    if not units:
        return []
    values = np.array([float(np.asarray(measure(part.columns))) for part in parts])
    samples = _shared_samples(measure, parts, units, n_resamples, seed)
    counts = np.full((len(parts), 1), units)
    of = Parts(values[:, None], samples[:, None, :], counts, np.ones(1))
    spans = place_intervals(compared(of)).tolist()
    found = []
    for run, (value, sample, ends) in enumerate(zip(values, samples, spans, strict=True)):
        defined = sample[~np.isnan(sample)]
        low, high = np.quantile(defined, (0.025, 0.975)) if len(defined) else (0.0, 0.0)
        found.append(
            Place(
                run=run,
                metric=str(measure),
                criterion=tables[0].criteria[first],
                value=None if np.isnan(value) else float(value),
                ci95=(float(low), float(high)) if len(defined) else None,
                best=ends[0],
                worst=ends[1],
                n_items=items,
            )
        )
    return sorted(found, key=lambda one: (one.best, one.worst, -(one.value or 0.0), one.run))


def _on_common_items(
    tables: Sequence[Table], frames: Sequence[Frame]
) -> tuple[list[_Part], int, int]:
    """Each run's rows on the items that all have; how many units these are, and how many items."""
    at = [table.places[frame.item] for table, frame in zip(tables, frames, strict=True)]
    common = at[0]
    for other in at[1:]:
        common = np.intersect1d(common, other)
    first = tables[0]
    of_place = dict(zip(first.places.tolist(), first.units.tolist(), strict=True))
    unit_of = {place: of_place[place] for place in np.unique(common).tolist()}
    codes = {unit: code for code, unit in enumerate(sorted(set(unit_of.values())))}
    parts = []
    for frame, place in zip(frames, at, strict=True):
        kept = np.isin(place, common)
        units = [codes[unit_of[one]] for one in place[kept].tolist()]
        columns = {name: column[kept] for name, column in frame.columns.items()}
        parts.append(_Part(columns, np.array(units, dtype=np.int64)))
    return parts, len(codes), len(unit_of)


def _shared_samples(
    measure: Measure, parts: Sequence[_Part], units: int, n_resamples: int, seed: int
) -> Floats:
    """The measure of each run in the same resamples of units, shape (n_runs, n_resamples)."""
    rng = np.random.default_rng(seed)
    samples = np.full((len(parts), n_resamples), np.nan)
    rows = max(len(part.unit) for part in parts)
    block = max(1, min(n_resamples, BLOCK // max(rows, 1)))
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        drawn = rng.multinomial(units, np.full(units, 1 / units), size=size).astype(np.float64)
        for run, part in enumerate(parts):
            samples[run, start : start + size] = measure(part.columns, drawn[:, part.unit])
    return samples


def compare_probes(
    a: Table, b: Table, n_resamples: int = 1000, seed: int = 0, first_only: bool = True
) -> list[Comparison]:
    """What each probe that both runs asked moves in one judge, minus what it moves in the other.

    Args:
        a: The first run.
        b: The second run.
        n_resamples: Resamples of the paired bootstrap.
        seed: Seed of the bootstrap.
        first_only: Leave out all criteria but the first.

    Returns:
        The stratum is `probe=NAME`, the measure that says most of a probe is the first of it;
        p-values are corrected over probes and criteria by measure.
    """
    asked = {card.name for card in cards(b)}
    found = []
    for card in cards(a):
        for criterion in _asked(a, first_only):
            if card.name in asked:
                found += _probe(a, b, (card, criterion), n_resamples, seed)
    return corrected(found)


def _probe(
    a: Table, b: Table, what: tuple[ProbeCard, int], n_resamples: int, seed: int
) -> list[Comparison]:
    ours, theirs = (dict(_probe_figures(table, *what)) for table in (a, b))
    found = []
    for name, figure in ours.items():
        if name in theirs:
            one = compare_figures((a, figure), (b, theirs[name]), n_resamples, seed)
            found += [one] if one.difference is not None else []
    return found


def _probe_figures(table: Table, card: ProbeCard, criterion: int) -> Iterator[tuple[str, Figure]]:
    """The measures of a probe with their rows, the one that says most first."""
    joined = join(table, card, criterion, np.ones(len(table.item), dtype=bool))
    if not len(joined.plain):
        return
    named = columns(table, joined, criterion)
    protocol = table.header.settings.protocol
    rows_of = {
        name: rows
        for names, rows in measures_of(protocol, card, named)
        for name in names
        if name in (*MOVED, LOST[protocol])
    }
    relies = not card.keeps_gold and card.cue == "none"
    order = (LOST[protocol], *MOVED) if relies else (*MOVED, LOST[protocol])
    for name in (name for name in order if name in rows_of):
        rows = rows_of[name]
        if rows.any():
            item = table.item[joined.plain[rows]]
            data = {column: values[rows] for column, values in named.items()}
            failed = int((named["moved"][rows] < 0).sum())
            frame = Frame(data, item, len(np.unique(item)), failed)
            stratum = f"probe={card.name}"
            yield name, Figure(Measure(name), table.criteria[criterion], stratum, frame)


def compare_presentations(
    a: Table, b: Table, n_resamples: int = 1000, seed: int = 0
) -> list[Comparison]:
    """The flips between two presentations of the same pairs, one judge's minus the other's.

    Args:
        a: The first run.
        b: The second run.
        n_resamples: Resamples of the paired bootstrap.
        seed: Seed of the bootstrap.
    """
    theirs = dict(presented(b, 0))
    found = []
    for stratum, frame in presented(a, 0):
        if stratum not in theirs:
            continue
        for name in PRESENTED:
            ours = Figure(Measure(name), a.criteria[0], stratum, frame)
            other = Figure(Measure(name), b.criteria[0], stratum, theirs[stratum])
            found.append(compare_figures((a, ours), (b, other), n_resamples, seed))
    return corrected([one for one in found if one.difference is not None])
