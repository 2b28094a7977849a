"""Figures as tables of text: readable in 80 columns, on a terminal and through a pipe."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.errors import MeasureError
from mmjudge.metrics.measure import Measure
from mmjudge.metrics.places import FEW
from mmjudge.plural import many
from mmjudge.report.outcome import Outcome, printable, read_outcome, share_of_ceiling
from mmjudge.store.run_store import RunStore
from mmjudge.types import Comparison, MetricResult, TaskSpec

BEST = {"higher": "high", "lower": "low", "zero": "0", "half": "0.5"}
"""What is good, by a measure's direction."""

LEGEND = "best: whether a high or a low value is good, or the value that is"
METHOD = (
    "diff, its 95 % interval and p: from a bootstrap paired over items;",
    "Holm: p corrected for the number of criteria that the measure is compared on",
)
TOO_FEW = f"?: fewer than {FEW} items, too few to say, whatever p is"
PUBLISHED = "the benchmark's own rule"


class Shown(NamedTuple):
    """What of a run's figures is shown, and how many are left out."""

    results: list[MetricResult]
    left_out: int


def show(content: RenderableType) -> None:
    """Print a result: with colours on a terminal, as plain text elsewhere, never with markup."""
    out = Console(markup=False, highlight=False, emoji=False)
    if out.is_terminal:
        out.print(content)
    else:
        print(plain(content, max(out.width, 80)))


def plain(content: RenderableType, width: int = 80) -> str:
    """A renderable as text without colours."""
    out = Console(file=StringIO(), width=width, color_system=None, markup=False, highlight=False)
    out.print(content)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def render_scores(folder: Path, results: Sequence[MetricResult]) -> str:
    """The report of a run as plain text of 80 columns.

    Args:
        folder: The run.
        results: Its figures, as `score_run` gives them.

    Raises:
        StoreError: There is no readable run.
    """
    return plain(score_report(folder, results))


def score_report(
    folder: Path,
    results: Sequence[MetricResult],
    every: bool = False,
    warnings: Sequence[str] = (),
    biases: Sequence[RenderableType] = (),
) -> RenderableType:
    """The report of a run: what was asked, how much failed, and the figures.

    Args:
        folder: The run.
        results: Its figures.
        every: Show what is undefined and what the task does not name, too.
        warnings: What is odd about the task, as `task_warnings` gives it.
        biases: What its probes moved, as `bias_report` gives it.
    """
    with RunStore.open(folder) as store:
        task = store.header.task
    outcome = read_outcome(folder)
    shown = choose(task, results, every)
    notes = _Notes()
    own = _with_shares([r for r in shown.results if not is_published(r.metric)])
    rules = [r for r in shown.results if is_published(r.metric)]
    parts: list[RenderableType] = [heading(outcome)]
    parts += [Text(f"warning: {printable(w)}", style="yellow") for w in warnings]
    parts.append("")
    for criterion in dict.fromkeys(r.criterion for r in own):
        of = [r for r in own if r.criterion == criterion]
        parts += [_score_table(_title(criterion), of, task.primary, notes), ""]
    if rules:
        parts += [_score_table(PUBLISHED, rules, "", notes), ""]
    parts += notes.lines()
    parts.append(Text(LEGEND, style="dim"))
    if shown.left_out:
        parts.append(Text(f"{shown.left_out} more figures with --all", style="dim"))
    return Group(*parts, *(["", *biases] if biases else []))


def _title(criterion: str) -> str:
    return "over all criteria" if criterion == "all" else printable(criterion)


def _with_shares(results: Sequence[MetricResult]) -> list[MetricResult]:
    """Human ceilings with a note of what share of them the judge reaches, where it means much."""
    judged = {(r.metric, r.criterion, r.stratum): r.value for r in results}
    noted = []
    for one in results:
        of = one.metric.removeprefix("ceiling(of=").removesuffix(")")
        value = judged.get((of, one.criterion, one.stratum)) if of != one.metric else None
        higher = _measure_fact(of, "direction") == "higher"
        share = share_of_ceiling(value, one) if value is not None and higher else ""
        if share:
            share = f"one person against the others{share}"
            noted.append(one.model_copy(update={"note": one.note or share}))
        else:
            noted.append(one)
    return noted


def choose(task: TaskSpec, results: Sequence[MetricResult], every: bool) -> Shown:
    """The figures to show: the task's own, and others that say something else than agreement."""
    if every or not any(r.metric == task.primary for r in results):
        return Shown(list(results), 0)
    kept = [r for r in results if worth_showing(task, r.metric, r.value)]
    return Shown(kept, len(results) - len(kept))


def worth_showing(task: TaskSpec, metric: str, value: float | None) -> bool:
    """Whether a figure is the task's own, or defined and about something else than agreement."""
    own = (task.primary, *task.measures, f"ceiling(of={task.primary})")
    if metric in own or is_published(metric):
        return True
    return value is not None and _measure_fact(metric, "kind") not in ("agreement", "ceiling")


def is_published(metric: str) -> bool:
    """Whether a figure follows a benchmark's published rule, whose name is `benchmark.rule`."""
    return "." in metric.partition("(")[0]


def _measure_fact(metric: str, name: str) -> str:
    try:
        return str(getattr(Measure.parse(metric), name))
    except MeasureError:
        return ""


def heading(outcome: Outcome) -> RenderableType:
    """What was asked, and how much of it failed."""
    share = outcome.failed / outcome.judgments if outcome.judgments else 0.0
    reasons = ", ".join(f"{count} {reason}" for reason, count in outcome.failures.items())
    failed = f"failed {outcome.failed} ({share:.1%})" if outcome.failed else "none failed"
    unreadable = f", {outcome.bad_items} unreadable" if outcome.bad_items else ""
    return Group(
        Text(f"{outcome.task} judged by {printable(outcome.judge)}", style="bold"),
        f"protocol {outcome.protocol}, orders {outcome.orders}, "
        f"{many(outcome.items, 'item')}{unreadable}, {many(outcome.judgments, 'judgment')}",
        failed + (f": {reasons}" if reasons else ""),
    )


class _Notes:
    """Notes below the tables, each once; figures refer to them by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, note: str) -> str:
        """`[1]`, or nothing for no note."""
        return f"[{self._numbers.setdefault(note, len(self._numbers) + 1)}]" if note else ""

    def lines(self) -> list[RenderableType]:
        """The notes, with a blank line after them."""
        found: list[RenderableType] = [f"[{n}] {note}" for note, n in self._numbers.items()]
        return [*found, ""] if found else []


def _score_table(title: str, results: Sequence[MetricResult], primary: str, notes: _Notes) -> Table:
    table = _table()
    table.add_column(Text(title, style="bold"), overflow="fold", min_width=26)
    for name in ("value", "95 % interval", "best", "items", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    several = len({r.criterion for r in results}) > 1
    for metric, criterion in dict.fromkeys((r.metric, r.criterion) for r in results):
        of = [r for r in results if (r.metric, r.criterion) == (metric, criterion)]
        label = f"{metric}, {printable(criterion)}" if several else metric
        style = "bold" if metric == primary else ""
        best = BEST.get(_measure_fact(metric, "direction"), "")
        if of[0].stratum != "all":
            table.add_row(Text(label, style=style))
        for one in of:
            name = label if one.stratum == "all" else f"  {printable(one.stratum)}"
            table.add_row(
                Text(name, style=style),
                number(one.value),
                interval(one.ci95),
                best,
                str(one.n_items),
                str(one.n_failed),
                notes.mark(one.note),
            )
    return table


def comparison_report(
    runs: Sequence[tuple[str, Outcome]],
    pairs: Sequence[tuple[str, Sequence[Comparison]]],
    left_out: int = 0,
) -> RenderableType:
    """Paired differences of runs on the same items.

    Args:
        runs: Each run's letter and what became of it.
        pairs: The letter of a run, and how the first run compares with it.
        left_out: Number of differences that are not shown.
    """
    first, outcome = runs[0]
    parts: list[RenderableType] = [
        Text(f"{outcome.task}, protocol {outcome.protocol}", style="bold"),
        *(_run_line(letter, one) for letter, one in runs),
        "",
    ]
    notes = _Notes()
    for letter, found in pairs:
        parts += [_comparison_table(first, letter, found, notes), ""]
    parts += notes.lines()
    parts += [Text(line, style="dim") for line in METHOD]
    if any(one.n_items < FEW for _, found in pairs for one in found):
        parts.append(Text(TOO_FEW, style="dim"))
    if left_out:
        parts.append(Text(f"{left_out} more differences with --all", style="dim"))
    return Group(*parts)


def _run_line(letter: str, outcome: Outcome) -> str:
    asked = f"orders {outcome.orders}, {outcome.failed} failed"
    return f"{letter}  {printable(outcome.judge)}  {outcome.folder}  {asked}"


def _comparison_table(
    first: str, second: str, found: Sequence[Comparison], notes: _Notes
) -> RenderableType:
    table = _table()
    table.add_column(Text(f"{first} - {second}", style="bold"), overflow="fold", min_width=18)
    for name in (first, second, "diff", "95 % interval", "p", "Holm", "items"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    several = len({one.criterion for one in found}) > 1
    for criterion in dict.fromkeys(one.criterion for one in found):
        if several:
            table.add_row(Text(_title(criterion), "bold"))
        for one in found:
            if one.criterion == criterion:
                table.add_row(
                    ("  " if several else "") + one.metric,
                    number(one.a),
                    number(one.b),
                    number(one.difference, sign=True),
                    interval(one.ci95),
                    p_value(one.p_value),
                    p_value(one.p_holm),
                    items_of(one),
                    notes.mark(_note(one)),
                )
    return table


def items_of(one: Comparison) -> str:
    """Of how many items a difference is, marked where these are too few to say."""
    return f"{one.n_items}{'?' if one.n_items < FEW else ''}"


def _note(one: Comparison) -> str:
    if one.note or one.p_mcnemar is None:
        return one.note
    return f"exact McNemar test of right and wrong: p {p_value(one.p_mcnemar)}"


def number(value: float | None, sign: bool = False) -> str:
    """A value with the digits that are read: three places below 10, two from there on.

    Example:
        >>> number(0.48342), number(45.59077), number(None), number(0.02, sign=True)
        ('0.483', '45.59', '-', '+0.020')
    """
    if value is None:
        return "-"
    places = 3 if abs(value) < 10 else 2
    rounded = round(value, places) or 0.0  # no minus before a zero
    return f"{rounded:+.{places}f}" if sign else f"{rounded:.{places}f}"


def interval(ends: tuple[float, float] | None) -> str:
    """An interval, empty where there is none."""
    return f"[{number(ends[0])}, {number(ends[1])}]" if ends else ""


def p_value(p: float | None) -> str:
    """A p-value to three places.

    Example:
        >>> p_value(0.0004), p_value(0.03), p_value(None)
        ('<.001', '0.030', '')
    """
    if p is None:
        return ""
    return "<.001" if p < 0.001 else f"{p:.3f}"


def _table() -> Table:
    return Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
