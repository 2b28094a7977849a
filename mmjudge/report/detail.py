"""More of what a judge did under a protocol: strata, confidence, scores beside people's."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmjudge.metrics.calibration import risk_coverage
from mmjudge.metrics.measure import Measure
from mmjudge.report.bias_strata import Unlike, unlike_the_whole
from mmjudge.scoring.biases import biases
from mmjudge.scoring.frames import Slice, known_gold
from mmjudge.scoring.modality_gaps import modality_gaps, modality_preferences
from mmjudge.scoring.part_kinds import by_kind
from mmjudge.scoring.pooled import TASK
from mmjudge.scoring.probed import cards
from mmjudge.scoring.score import ALL, score_table
from mmjudge.scoring.table import CONTENT, MODALITY, TWIN, Floats, Ints, Table
from mmjudge.types import MetricResult, ProtocolName, Record

CONFIDENT = ("ece", "brier", "auroc", "selective_accuracy", "aurc")
PRESENTED = ("presentation_flip_rate", "order_baseline", "presentation_excess")
MOST_VALUES, MOST_LEVELS = 30, 10
"""Values of an axis that is broken down by, and bins of human scores."""
BINS, CURVE = 10, 50
"""Bins of confidence, and points of a risk-coverage curve."""


class Axis(Record):
    """The main measure on the first criterion by the values of an axis, the best first."""

    name: str
    results: tuple[MetricResult, ...]


class Bin(Record):
    """Verdicts whose confidence is above `low` and at most `high`, and how many are right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


class Kept(Record):
    """Of the most confident share of the verdicts, the share that is wrong."""

    coverage: float
    risk: float


class Level(Record):
    """What a judge gave to answers whose human score is from `low` to `high`."""

    low: float
    high: float
    n: int
    mean: float
    quarter: float
    median: float
    three_quarters: float


class Detail(Record):
    """What the first criterion shows beside its headline; empty where there is nothing of it.

    `kinds`: the share of questions of each kind, or of errors of each type, found as people did.
    `wide` names axes of strata with too many values to show. `strata_looked_at` counts the strata
    in which probes were compared with the whole, `unlike` are those that differ.
    """

    ceiling: MetricResult | None = None
    axes: tuple[Axis, ...] = ()
    kinds: tuple[MetricResult, ...] = ()
    wide: tuple[str, ...] = ()
    calibration: tuple[MetricResult, ...] = ()
    bins: tuple[Bin, ...] = ()
    curve: tuple[Kept, ...] = ()
    levels: tuple[Level, ...] = ()
    same_scale: bool = True
    offsets: tuple[MetricResult, ...] = ()
    gaps: tuple[MetricResult, ...] = ()
    preferences: tuple[MetricResult, ...] = ()
    presentations: tuple[MetricResult, ...] = ()
    unlike: tuple[Unlike, ...] = ()
    strata_looked_at: int = 0


def detail(
    table: Table, protocol: ProtocolName, main: str, n_resamples: int = 1000, seed: int = 0
) -> Detail:
    """Compute what is shown of one judge and protocol beside the main measure.

    Args:
        table: The judgments, as `pool` gives them.
        protocol: What was judged.
        main: The measure that stands for the protocol.
        n_resamples: Resamples of the bootstrap over items; 0 for no intervals.
        seed: Seed of the bootstrap.
    """
    axes, wide = _axes(table)
    first = (table.first,)

    def of(measures: Sequence[str], by: Sequence[str] = ()) -> list[MetricResult]:
        found = score_table(table, n_resamples, tuple(by), tuple(measures), seed, first)
        return [one for one in found if one.value is not None]

    ceiling = of((f"ceiling(of={main})",))
    by = (*axes, *((MODALITY,) if MODALITY in table.strata else ()))
    probed = biases(table, n_resamples, by, seed, first) if cards(table) else []
    compared = unlike_the_whole(probed)
    errors = of(("mean_error",), by[len(axes) :]) if table.scored else []
    right, confidence = _confidences(table)
    return Detail(
        ceiling=ceiling[0] if ceiling else None,
        axes=_by_axis(axes, of((main,), axes)),
        kinds=by_kind(table, n_resamples, seed, table.first),
        wide=wide,
        calibration=tuple(of(CONFIDENT)) if len(right) else (),
        bins=_bins(right, confidence),
        curve=_curve(right, confidence),
        levels=_levels(table) if table.scored else (),
        same_scale=table.same_scale(table.first),
        offsets=tuple(_offsets(errors)),
        gaps=tuple(modality_gaps(table, n_resamples, seed, first)),
        preferences=tuple(modality_preferences(table, n_resamples, seed, first)),
        presentations=tuple(of(PRESENTED)) if protocol == "pair" else (),
        unlike=compared.unlike,
        strata_looked_at=compared.looked_at,
    )


def _axes(table: Table) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Axes to break down by, and those with too many values; what only names items is neither."""
    axes: list[str] = []
    wide: list[str] = []
    for name, (codes, _) in sorted(table.strata.items()):
        values = len(set(codes[np.unique(table.item)].tolist()) - {0})
        if name in (TWIN, CONTENT, MODALITY) or values < 2:
            continue
        (axes if values <= MOST_VALUES else wide).append(name)
    return tuple(sorted(axes, key=lambda name: name == TASK)), tuple(wide)


def _by_axis(axes: Sequence[str], results: Sequence[MetricResult]) -> tuple[Axis, ...]:
    found = []
    for name in axes:
        own = [one for one in results if one.stratum.startswith(f"{name}=")]
        own.sort(key=lambda one: (-(one.value or 0.0), one.stratum))
        if len(own) > 1:
            found.append(Axis(name=name, results=tuple(own)))
    return tuple(found)


def _confidences(table: Table) -> tuple[Ints, Floats]:
    """Whether each verdict of known confidence is right, and that confidence."""
    frame = Slice(table, table.first, table.plain).frame(Measure("brier"))
    if frame is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    return frame.columns["right"], frame.columns["confidence"]


def _bins(right: Ints, confidence: Floats) -> tuple[Bin, ...]:
    """The bins of `ece` that hold anything."""
    code = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    return tuple(
        Bin(
            low=place / BINS,
            high=(place + 1) / BINS,
            n=int((code == place).sum()),
            confidence=float(confidence[code == place].mean()),
            accuracy=float(right[code == place].mean()),
        )
        for place in np.unique(code).tolist()
    )


def _curve(right: Ints, confidence: Floats) -> tuple[Kept, ...]:
    """The risk-coverage curve, thinned to points that are nearest to even steps of coverage."""
    if not len(right):
        return ()
    coverage, risk = risk_coverage(right, confidence)
    at = np.unique(np.searchsorted(coverage, np.linspace(0, 1, CURVE + 1)[1:] - 1e-12))
    points = zip(coverage[at].tolist(), risk[at].tolist(), strict=True)
    return tuple(Kept(coverage=min(share, 1.0), risk=wrong) for share, wrong in points)


def _levels(table: Table) -> tuple[Level, ...]:
    """The judge's scores by those of people: each level by itself, or bins of equal width."""
    people = table.gold[table.first]
    rows = table.plain & (table.columns.criterion == table.first) & ~table.failed
    rows = rows & known_gold(people)[table.item]
    gold, score = people[table.item[rows]], table.columns.value[rows]
    known = np.unique(gold)
    if not len(known):
        return ()
    if len(known) <= MOST_LEVELS:
        return tuple(_level((v, v), score[gold == v]) for v in known.tolist())
    ends = np.linspace(known[0], known[-1], MOST_LEVELS + 1)
    code = np.clip(np.searchsorted(ends, gold, side="right") - 1, 0, MOST_LEVELS - 1)
    return tuple(
        _level((float(ends[place]), float(ends[place + 1])), score[code == place])
        for place in np.unique(code).tolist()
    )


def _level(ends: tuple[float, float], score: NDArray[np.float64]) -> Level:
    quarter, median, three_quarters = (float(q) for q in np.quantile(score, (0.25, 0.5, 0.75)))
    return Level(
        low=ends[0],
        high=ends[1],
        n=len(score),
        mean=float(score.mean()),
        quarter=quarter,
        median=median,
        three_quarters=three_quarters,
    )


def _offsets(results: Sequence[MetricResult]) -> list[MetricResult]:
    """The mean errors, that of all first, then by modality from the most lenient down."""
    whole = [one for one in results if one.stratum == ALL]
    return whole + sorted(
        (one for one in results if one.stratum != ALL), key=lambda one: -(one.value or 0.0)
    )
