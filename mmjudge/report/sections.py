"""What the templates of figures need: plots by judge, and words for what stands in tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmjudge.metrics.measure import Measure
from mmjudge.report.bias_strata import MOST_SHOWN, of_100
from mmjudge.report.detail import PRESENTED
from mmjudge.report.drawings import Drawings, at_tenths, value_of
from mmjudge.report.outcome import share_of_ceiling
from mmjudge.report.overview import Asked, Judged, no_bias
from mmjudge.report.plots import plots_missing
from mmjudge.types import MetricResult


def drawings(judges: Sequence[Judged]) -> dict[str, Drawings]:
    """What draws the plots of each judge, by its name."""
    missing = plots_missing()
    return {judged.name: Drawings(missing) for judged in judges}


def shown_in_full(judges: Sequence[Judged]) -> list[Judged]:
    """Judges that look; all of them, if none does."""
    return [judged for judged in judges if judged.looks] or list(judges)


def ceiling_words(asked: Asked) -> str:
    """What one person reaches against the others, and what share of it the judge has, if known."""
    ceiling, head = asked.detail.ceiling, asked.headline
    if ceiling is None or ceiling.value is None or head is None or head.value is None:
        return ""
    share = share_of_ceiling(head.value, ceiling)
    return f"one person against the others: {ceiling.value:.2f}{share}"


def worst_first(results: Sequence[MetricResult]) -> list[MetricResult]:
    """Measures of bias, the one whose interval is farthest from no bias first."""

    def far(one: MetricResult) -> tuple[float, float]:
        ideal = no_bias(one.metric)
        low, high = one.ci95 or (one.value or ideal, one.value or ideal)
        spread = _spread(one.metric)
        near = 0.0 if low <= ideal <= high else min(abs(low - ideal), abs(high - ideal))
        return -near / spread, -abs((one.value or 0.0) - ideal) / spread

    return sorted(results, key=far)


def _spread(metric: str) -> float:
    """The farthest that a measure can be from no bias."""
    ideal = no_bias(metric)
    farthest = max(abs(end - ideal) for end in Measure.parse(metric).spec.bounds)
    return farthest if farthest < float("inf") else 1.0


GLOBALS: Mapping[str, Any] = {
    "PRESENTED": PRESENTED,
    "MOST_STRATA": MOST_SHOWN,
    "at_tenths": at_tenths,
    "ceiling_words": ceiling_words,
    "criterion_of": lambda result: result.criterion,
    "of_100": of_100,
    "metric_of": lambda result: result.metric,
    "value_of": value_of,
    "worst_first": worst_first,
}
"""Functions and words of `figures.html.jinja`."""
