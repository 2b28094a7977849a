"""The plots of a report, from its figures; nothing where plots cannot be drawn."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from mmjudge.metrics.measure import Measure
from mmjudge.report.detail import Axis, Bin, Kept, Level
from mmjudge.report.overview import Asked, no_bias, standing
from mmjudge.report.plots import Dot, Point, Side, Tone, curve, dots, intervals, to_svg
from mmjudge.scoring.score import ALL
from mmjudge.types import Comparison, MetricResult

TONES: dict[str, Tone] = {
    "above": "good",
    "below": "bad",
    "at": "soft",
    "few": "soft",
    "": "accent",
}
"""Colours by where a figure stands to chance."""
GAINS = ("modality_gap", "tau_b_gap", "rank_tau_b_gap")
"""Differences of which more is better for the modality that they are of."""
MARKED = tuple(share / 10 for share in range(1, 11))
"""Coverages that are marked on a curve, and stand in its table."""


class Drawings(NamedTuple):
    """Draws the plots of a report.

    Attributes:
        missing: Why there are none, in words; empty where there are.
    """

    missing: str = ""

    def svg(self, chart: Any, label: str) -> Markup:
        """A chart as SVG."""
        return to_svg(chart, label)

    def criteria(self, name: str, asked: Asked) -> Markup:
        """The main measure by criterion."""
        found = [asked.cells.get((criterion, ALL)) for criterion in asked.criteria]
        return self._ranked(
            [_point(one.criterion, one, asked.chance) for one in found if one is not None],
            asked,
            f"{name}, {asked.protocol}: {asked.main} by criterion",
        )

    def axis(self, name: str, asked: Asked, axis: Axis) -> Markup:
        """The main measure by the values of an axis."""
        points = [_point(value_of(one), one, asked.chance) for one in axis.results]
        label = f"{name}, {asked.protocol}: {asked.main} by {axis.name}"
        return self._ranked(points, asked, label)

    def kinds(self, name: str, results: Sequence[MetricResult]) -> Markup:
        """Questions by what they are about, or errors by their type."""
        shown = [point for one in results if (point := _point(value_of(one), one, None))]
        if self.missing or not shown:
            return Markup("")
        title = results[0].metric
        label = _with_ends(f"{name}: {title} by {results[0].stratum.partition('=')[0]}")
        return self.svg(intervals(shown, title, span=(0.0, 1.0)), label)

    def _ranked(self, points: Sequence[Point | None], asked: Asked, label: str) -> Markup:
        shown = [point for point in points if point is not None]
        if self.missing or not shown:
            return Markup("")
        span = Measure.parse(asked.main).spec.bounds
        return self.svg(intervals(shown, asked.main, asked.chance, span), _with_ends(label))

    def around(self, name: str, results: Sequence[MetricResult], title: str) -> Markup:
        """Figures that are without bias at one value, by modality."""
        shown = [one for one in results if one.value is not None]
        if self.missing or not shown:
            return Markup("")
        mark = no_bias(shown[0].metric)
        points = [_about(one, mark) for one in shown]
        return self.svg(intervals(points, title, mark), _with_ends(f"{name}: {title} by modality"))

    def curve(self, name: str, points: Sequence[Kept]) -> Markup:
        """Risk by coverage."""
        if self.missing or not points:
            return Markup("")
        marked = {id(one) for one in at_tenths(points)}
        drawn = [
            Dot(p.coverage, p.risk, said=_kept_words(p) if id(p) in marked else "") for p in points
        ]
        highest = max(0.1, *(p.risk for p in points))
        x = Side("share of verdicts kept, the surest first", (0, 1))
        chart = curve(drawn, x, Side("share that is wrong", (0, highest)))
        return self.svg(chart, f"{name}: risk by coverage")

    def reliability(self, name: str, bins: Sequence[Bin]) -> Markup:
        """Share of right verdicts by confidence."""
        if self.missing or not bins:
            return Markup("")
        drawn = [
            Dot(b.confidence, b.accuracy, said=f"sure {b.confidence:.2f}, right {b.accuracy:.2f}, "
                f"{b.n} verdicts")
            for b in bins
        ]  # fmt: skip
        chart = dots(drawn, Side("mean confidence", (0, 1)), Side("share right", (0, 1)), True)
        return self.svg(chart, f"{name}: share of right verdicts by confidence")

    def levels(self, name: str, levels: Sequence[Level], same_scale: bool) -> Markup:
        """The judge's scores by people's."""
        if self.missing or not levels:
            return Markup("")
        drawn = [
            Dot((one.low + one.high) / 2, one.median, one.quarter, one.three_quarters, _level(one))
            for one in levels
        ]
        places = [
            *(d.x for d in drawn),
            *(e for d in drawn for e in (d.low, d.high) if e is not None),
        ]
        span = (min(places), max(places)) if same_scale and min(places) < max(places) else None
        people = Side("score of people", span)
        judge = Side("judge: median, middle half", span)
        label = f"{name}: the judge's score by that of people"
        return self.svg(dots(drawn, people, judge, span is not None), label)


def at_tenths(points: Sequence[Kept]) -> list[Kept]:
    """The points of a curve that are nearest to each tenth of coverage."""
    if not points:
        return []
    coverage = np.array([point.coverage for point in points])
    near = (int(np.abs(coverage - share).argmin()) for share in MARKED)
    return [points[place] for place in dict.fromkeys(near)]


def value_of(result: MetricResult | Comparison) -> str:
    """The value of the axis that a figure's stratum names.

    Example:
        >>> value_of(MetricResult(metric="kappa", task="t@1", criterion="c", value=1.0,
        ...     stratum="level=a=b", n_items=1, n_failed=0))
        'a=b'
    """
    return result.stratum.partition("=")[2]


def _with_ends(label: str) -> str:
    return f"{label}, with 95 % intervals"


def _point(label: str, result: MetricResult, chance: float | None) -> Point | None:
    if result.value is None:
        return None
    tone = TONES["" if chance is None else standing(result, chance)]
    low, high = result.ci95 or (None, None)
    return Point(label, result.value, low, high, tone, f"{result.n_items} items")


def _about(result: MetricResult, mark: float) -> Point:
    stands = standing(result, mark)
    off = stands in ("above", "below") and result.metric not in GAINS
    tone: Tone = "bad" if off else TONES[stands]
    low, high = result.ci95 or (None, None)
    name = value_of(result) or result.stratum
    return Point(name, result.value or 0.0, low, high, tone, f"{result.n_items} items")


def _kept_words(point: Kept) -> str:
    return f"of the surest {point.coverage:.0%}, {point.risk:.1%} are wrong"


def _level(level: Level) -> str:
    ends = f"{level.low:g}" if level.low == level.high else f"{level.low:g} to {level.high:g}"
    return (
        f"people {ends}: median {level.median:.3g}, middle half {level.quarter:.3g} to "
        f"{level.three_quarters:.3g}, {level.n} scores"
    )
