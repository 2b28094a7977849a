"""How large an effect is, in words: by the end of its interval that is nearer to 0."""

from collections.abc import Mapping
from typing import Any, Literal

from mmjudge.metrics.places import FEW
from mmjudge.types import MetricResult, ProbeCard

Size = Literal["strong", "clear", "small", "unclear", "none", "few", "unknown"]
STRONG, CLEAR, NEGLIGIBLE = 0.20, 0.05, 0.10
WORST: tuple[Size, ...] = ("strong", "clear", "small", "unclear", "few", "unknown", "none")
"""Sizes, the worst first."""


def word(near: float, far: float, n_items: int = FEW) -> Size:
    """A size in words, from the ends of its interval as shares of all verdicts.

    Args:
        near: The end nearer to 0, 0 where the interval holds 0.
        far: The end farther from 0.
        n_items: Of how many items.

    Example:
        >>> word(0.25, 0.4), word(0.06, 0.4), word(0.01, 0.4), word(0, 0.4), word(0, 0.05)
        ('strong', 'clear', 'small', 'unclear', 'none')
    """
    if n_items < FEW:
        return "few"
    if near > 0:
        return "strong" if near >= STRONG else "clear" if near >= CLEAR else "small"
    return "none" if far <= NEGLIGIBLE else "unclear"


def pull(card: ProbeCard, named: Mapping[str, MetricResult], n_items: int) -> dict[str, Any]:
    """The greater of two effects: towards or away from the cue, and beyond noise to any side."""
    shift, near, far = effect_of(named.get("cue_shift"))
    found: dict[str, Any] = {"effect": shift, "certain": near, "size": "unknown"}
    if shift is not None:
        away = shift < 0
        if card.empties or not card.keeps_gold:  # without its content an answer ought to lose
            near, far = upwards(named["cue_shift"])
        found |= {"size": word(near, far, n_items), "certain": near}
        found["way"] = ("away" if away else "towards") if near > 0 else ""
    beyond, sure, most = effect_of(named.get("robustness_gap"), flipped=True)
    if beyond is None or card.empties or not card.keeps_gold:
        return found
    beyond, sure, most = (beyond, sure, most) if beyond > 0 else (0.0, 0.0, max(most, 0.0))
    if shift is None or (near == 0 < sure) or sure > near + CLEAR:  # more than its pull explains
        size = word(sure, most, n_items)
        found = {"effect": beyond, "certain": sure, "size": size}
        found["way"] = "changed" if sure > 0 else ""
    return found


def effect_of(
    figure: MetricResult | None, flipped: bool = False
) -> tuple[float | None, float, float]:
    """A figure's value, and the ends of its interval nearest to 0 and farthest from it, as sizes.

    `flipped` takes 1 - robustness, or minus the gap, for what has changed.
    """
    if figure is None or figure.value is None:
        return None, 0.0, 0.0
    value, (low, high) = figure.value, figure.ci95 or (figure.value, figure.value)
    if flipped:
        start = 1.0 if figure.metric == "robustness" else 0.0
        value, low, high = start - value, start - high, start - low
    near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return value, near, max(abs(low), abs(high))


def upwards(figure: MetricResult) -> tuple[float, float]:
    """The ends of an interval as sizes of what is above 0, the nearer one first."""
    value = figure.value or 0.0
    low, high = figure.ci95 or (value, value)
    return max(low, 0.0), max(high, 0.0)
