"""Where a bias is not what it is on the whole: strata whose interval leaves that out."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.metrics.places import FEW
from mmjudge.report.outcome import printable
from mmjudge.scoring.biases import LOST, Bias
from mmjudge.scoring.score import ALL
from mmjudge.types import MetricResult, Record

MOST_SHOWN = 12
"""Strata that are shown; the others are counted."""
NO_EVENTS = 3.0
"""Of n items without an event the 95 % interval ends at 3 / n; a bootstrap knows nothing of it."""
MOVED = {
    "cue_shift": "moved to the cue",
    "robustness_gap": "changed beyond noise",
    "robustness": "changed",
    "accuracy_lost": "accuracy lost",
    "tau_b_lost": "tau_b lost",
    "rank_tau_b_lost": "rank_tau_b lost",
    "step_accuracy_lost": "step_accuracy lost",
}
"""What is compared of a probe in a stratum, in words."""


class Unlike(Record):
    """A probe in a stratum that differs from the whole.

    `metric` says what is compared: what moved to the cue, what moved beyond noise, what was lost.
    """

    probe: str
    criterion: str
    stratum: str
    metric: str
    here: MetricResult
    whole: MetricResult

    @property
    def gap(self) -> float:
        """What is more here than on the whole."""
        return (self.here.value or 0.0) - (self.whole.value or 0.0)

    @property
    def what(self) -> str:
        """What is compared, in words."""
        return MOVED[self.metric]


class Compared(NamedTuple):
    """Strata that differ from the whole, the farthest first, and how many were looked at."""

    unlike: tuple[Unlike, ...]
    looked_at: int


def unlike_the_whole(found: Sequence[Bias]) -> Compared:
    """Look for strata whose 95 % interval leaves out the value of all items.

    An interval counts as at least 3 / n long to each side, n being its items.

    Args:
        found: As `biases` gives them, with axes to break down by.
    """
    whole = {(one.probe, one.criterion): one for one in found if one.stratum == ALL}
    unlike, looked_at = [], 0
    for one in found:
        of = whole.get((one.probe, one.criterion))
        if one.stratum == ALL or of is None or one.n_items < FEW:
            continue
        metric = _compared_by(of)
        here, there = one.figure(metric), of.figure(metric)
        if here is None or there is None or here.ci95 is None or there.value is None:
            continue
        looked_at += 1
        if _leaves_out(here, there.value):
            facts = {"probe": one.probe, "criterion": one.criterion, "stratum": one.stratum}
            unlike.append(Unlike(**facts, metric=metric, here=here, whole=there))
    return Compared(tuple(sorted(unlike, key=lambda one: -abs(one.gap))), looked_at)


def _leaves_out(here: MetricResult, value: float) -> bool:
    room = NO_EVENTS / here.n_items
    at = here.value or 0.0
    low, high = here.ci95 or (at, at)
    return not min(low, at - room) <= value <= max(high, at + room)


def _compared_by(bias: Bias) -> str:
    """The figure that says what a probe did on the whole."""
    if bias.kind == "reliance":
        return next((name for name in LOST.values() if bias.figure(name)), "robustness")
    if bias.kind == "noise":
        return "robustness"
    return "cue_shift" if bias.directed else "robustness_gap"


def said(compared: Compared) -> str:
    """How many strata differ, in words.

    Example:
        >>> said(Compared((), 12))
        'by stratum: 0 of 12 strata differ from the whole (by luck one in 20 does)'
    """
    n = len(compared.unlike)
    of = f"{n} of {compared.looked_at} strata differ"
    return f"by stratum: {of} from the whole (by luck one in 20 does)"


def strata_report(found: Sequence[Bias]) -> list[RenderableType]:
    """What is not as on the whole, as a table of text; nothing where no stratum was asked for."""
    compared = unlike_the_whole(found)
    if not compared.looked_at:
        return []
    parts: list[RenderableType] = [Text(said(compared))]
    if compared.unlike:
        parts += [_table(compared.unlike[:MOST_SHOWN])]
        if more := len(compared.unlike) - MOST_SHOWN:
            parts += [f"and {more} more with --json"] if more > 0 else []
    return [*parts, ""]


def _table(unlike: Sequence[Unlike]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
    table.add_column(Text("of 100 verdicts", style="bold"), overflow="fold", max_width=36)
    for name in ("here", "whole", "items"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in unlike:
        name = f"{one.probe}, {printable(one.criterion)}, {printable(one.stratum)}"
        whole = of_100(one.whole).partition(" ")[0]
        table.add_row(name, of_100(one.here), whole, str(one.here.n_items), one.what)
    return table


def of_100(result: MetricResult) -> str:
    """What moved, changed or was lost of 100, with its interval.

    Example:
        >>> facts = {"task": "t@1", "criterion": "c", "n_items": 30, "n_failed": 0}
        >>> of_100(MetricResult(metric="cue_shift", value=0.314, ci95=(0.25, 0.4), **facts))
        '31 [25, 40]'
        >>> of_100(MetricResult(metric="robustness_gap", value=-0.1, **facts))
        '10'
    """
    value = result.value or 0.0
    low, high = result.ci95 or (value, value)
    if result.metric in ("robustness", "robustness_gap"):  # what stays, and what changes
        most = 1.0 if result.metric == "robustness" else 0.0
        value, low, high = most - value, most - high, most - low
    shown = [f"{round(100 * number) or 0:d}" for number in (value, low, high)]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]" if result.ci95 else shown[0]
