"""Gaps between modalities, and preferences for them, as text."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.report.outcome import printable
from mmjudge.scoring.sizes import word
from mmjudge.types import MetricResult

TITLES = {
    "modality_gap": ("modality, accuracy", "minus the others, of 100"),
    "tau_b_gap": ("modality, tau_b", "minus the others, of 100"),
    "rank_tau_b_gap": ("modality, rank_tau_b", "minus the others, of 100"),
    "offset_gap": ("modality, leniency", "minus the others, points"),
    "modality_preference": ("candidates of equal gold", "for the first, of 100"),
}
"""What each measure is called above its table, and what its numbers are."""


def gap_report(gaps: Sequence[MetricResult]) -> list[RenderableType]:
    """Each modality against all others, the worst first; which of two modalities is preferred.

    On the first criterion; each two modalities against each other are only in the JSON.
    """
    parts: list[RenderableType] = []
    for metric, titles in TITLES.items():
        of = [one for one in gaps if one.metric == metric and " minus " not in one.stratum]
        first = [one for one in of if one.criterion == gaps[0].criterion]
        if first:
            parts += [_table(sorted(first, key=lambda one: one.value or 0.0), titles), ""]
    return parts


def _table(gaps: Sequence[MetricResult], titles: tuple[str, str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
    table.add_column(Text(titles[0], style="bold"), overflow="fold", min_width=22, max_width=30)
    for name in ("size", titles[1], "items"):
        table.add_column(name, justify="right", no_wrap=True)
    for gap in gaps:
        name = printable(gap.stratum.partition("=")[2])
        table.add_row(name, _size(gap), _ends(gap), str(gap.n_items))
    return table


def _size(gap: MetricResult) -> str:
    """A word for a share; none for points, whose scale is the task's."""
    if gap.metric == "offset_gap":
        return ""
    middle = 0.5 if gap.metric == "modality_preference" else 0.0
    low, high = (end - middle for end in gap.ci95 or (gap.value or 0.0, gap.value or 0.0))
    near = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return word(near, max(abs(low), abs(high)), gap.n_items)


def _ends(gap: MetricResult) -> str:
    low, high = gap.ci95 or (gap.value or 0.0, gap.value or 0.0)
    numbers = (gap.value or 0.0, low, high)
    if gap.metric == "offset_gap":
        shown = [f"{number:+.2f}" for number in numbers]
    else:
        form = "d" if gap.metric == "modality_preference" else "+d"
        shown = [format(round(100 * number), form) for number in numbers]
    return f"{shown[0]} [{shown[1]}, {shown[2]}]" if gap.ci95 else shown[0]
