"""Figures as GitHub-flavoured Markdown: for a README, an issue, a pull request."""

from collections.abc import Mapping, Sequence

from mmjudge.metrics.measure import Measure
from mmjudge.metrics.places import FEW
from mmjudge.report.bias_strata import MOST_SHOWN, of_100
from mmjudge.report.biases import cell, lost, moved, stays
from mmjudge.report.detail import PRESENTED, Detail
from mmjudge.report.drawings import at_tenths, value_of
from mmjudge.report.markdown_text import table, text
from mmjudge.report.overview import modality_of, no_bias, standing
from mmjudge.report.record import JudgeFigures, ProtocolFigures, ReportRecord
from mmjudge.report.sections import worst_first
from mmjudge.report.suites_markdown import suites_markdown
from mmjudge.report.summary import two_places
from mmjudge.scoring.biases import Bias
from mmjudge.scoring.score import ALL
from mmjudge.types import MetricResult

STANDS = {"above": "above chance", "below": "below chance", "at": "at chance", "few": "too few"}
INTERVALS = (
    "Figures with their 95 % intervals from a bootstrap over items, and the number of items in "
    "brackets; ~ at chance, where the interval holds the value of a judge that does not look, and "
    f"? of fewer than {FEW} items."
)


def figure(result: MetricResult | None, chance: float | None = None) -> str:
    """A figure with its interval and its number of items."""
    if result is None:
        return ""
    if result.value is None:
        return "-"
    ends = ""
    if result.ci95 is not None:
        ends = f" [{two_places(result.ci95[0])}, {two_places(result.ci95[1])}]"
    marks = {"at": " ~", "few": " ?"}
    mark = "" if chance is None else marks.get(standing(result, chance), "")
    return f"{two_places(result.value)}{ends}{mark} ({result.n_items})"


def markdown(record: ReportRecord) -> str:
    """A report as Markdown."""
    lines = [
        "# Report of mmjudge",
        "",
        *(f"- {text(task.label)}: {task.items} items" for task in record.tasks),
        "",
        INTERVALS,
        "",
        "## Headline",
        "",
        *_headlines(record),
    ]
    lines += suites_markdown(record.suites)
    for judge in record.judges:
        lines += [f"## {text(judge.name)}", ""]
        if judge.card.summary:
            lines += [text(judge.card.summary, 400), ""]
        for asked in judge.protocols:
            lines += _protocol(asked)
    lines += [*_failures(record), *_cost(record.judges)]
    return "\n".join([*lines, f"Made by {record.made_by}.", ""])


def _headlines(record: ReportRecord) -> list[str]:
    rows = []
    for judge in record.judges:
        for asked in judge.protocols:
            head, ceiling = asked.headline, asked.detail.ceiling
            stands = STANDS.get(standing(head, asked.chance), "")
            name = head.criterion if head else ""
            failed = str(head.n_failed) if head else ""
            cells = (figure(head), stands, figure(ceiling), failed)
            rows.append(
                (text(judge.name), asked.protocol, f"`{asked.measure}`", text(name), *cells)
            )
    names = ("judge", "protocol", "measure", "criterion", "value", "", "one person", "failed")
    return table(names, rows, left=4)


def _protocol(asked: ProtocolFigures) -> list[str]:
    lines = [f"### {asked.protocol}", ""]
    if asked.not_taken:
        lines += [f"Does not take: {', '.join(map(text, asked.not_taken))}", ""]
    more = asked.detail
    lines += [*_by_criterion(asked), *_axes(asked), *_confidence(more), *_scores(more)]
    return [*lines, *_biases(asked), *_probes(asked)]


def _by_criterion(asked: ProtocolFigures) -> list[str]:
    cells = {(one.criterion, modality_of(one)): one for one in asked.figures}
    columns = list(dict.fromkeys(modality for _, modality in cells))
    rows = [
        (text(name), *(figure(cells.get((name, column)), asked.chance) for column in columns))
        for name in asked.criteria
    ]
    return table((f"`{asked.measure}`", *map(text, columns)), rows) if rows else []


def _axes(asked: ProtocolFigures) -> list[str]:
    lines: list[str] = []
    if kinds := asked.detail.kinds:
        of = kinds[0].stratum.partition("=")[0]
        each = [(text(value_of(one)), figure(one)) for one in kinds]
        lines += table((f"by {of}", f"`{kinds[0].metric}`"), each)
    for axis in asked.detail.axes:
        rows = [(text(value_of(one)), figure(one, asked.chance)) for one in axis.results]
        lines += table((f"by {text(axis.name)}", f"`{asked.measure}`"), rows)
    if asked.detail.wide:
        lines += [f"Too many values to show: {', '.join(map(text, asked.detail.wide))}", ""]
    return lines


def _confidence(more: Detail) -> list[str]:
    if not more.calibration:
        return []
    lines = table(("confidence", ""), ((f"`{r.metric}`", figure(r)) for r in more.calibration))
    kept = ((f"{p.coverage:.0%}", two_places(p.risk)) for p in at_tenths(more.curve))
    lines += table(("kept, the surest first", "share that is wrong"), kept)
    bins = (
        (f"{b.low:.1f} to {b.high:.1f}", two_places(b.confidence), two_places(b.accuracy), str(b.n))
        for b in more.bins
    )
    return lines + table(("sure", "mean confidence", "share right", "verdicts"), bins)


def _scores(more: Detail) -> list[str]:
    lines: list[str] = []
    if more.levels:
        rows = (
            (f"{one.low:g}" if one.low == one.high else f"{one.low:g} to {one.high:g}",
             *(f"{v:.3g}" for v in (one.mean, one.quarter, one.median, one.three_quarters)),
             str(one.n))
            for one in more.levels
        )  # fmt: skip
        head = ("score of people", "judge's mean", "quarter", "median", "three quarters", "scores")
        lines += table(head, rows)
    if more.offsets:
        rows_of = ((text(modality_of(one)), figure(one)) for one in more.offsets)
        lines += table(("leniency by modality", "judge minus people, points"), rows_of)
    return lines


def _biases(asked: ProtocolFigures) -> list[str]:
    whole = worst_first([one for one in asked.biases if one.stratum == ALL])
    lines: list[str] = []
    if whole:
        rows = [(f"`{r.metric}`", figure(r), f"{no_bias(r.metric):g}", _says(r)) for r in whole]
        lines += table(("bias", "value", "no bias", ""), rows)
    if asked.detail.gaps:
        gaps = (
            (text(modality_of(one)), f"`{one.metric}`", figure(one)) for one in asked.detail.gaps
        )
        lines += table(("modality", "gap", "minus the others"), gaps)
    if liked := asked.detail.preferences:
        shares = ((text(value_of(r)), f"`{r.metric}`", figure(r)) for r in liked)
        lines += table(("candidates of equal gold", "measure", "for the first"), shares, left=2)
    if found := asked.detail.presentations:
        strata = dict.fromkeys(one.stratum for one in found)
        cells = {(one.stratum, one.metric): one for one in found}
        each = (
            (text(s.partition("=")[2]), *(figure(cells.get((s, name))) for name in PRESENTED))
            for s in strata
        )
        lines += table(("presentations", *(f"`{name}`" for name in PRESENTED)), each)
    return lines


def _says(result: MetricResult) -> str:
    off = standing(result, no_bias(result.metric)) in ("above", "below")
    return f"{Measure.parse(result.metric).spec.summary}{'; biased' if off else ''}"


def _probes(asked: ProtocolFigures) -> list[str]:
    whole = [one for one in asked.probes if one.stratum == ALL]
    first = [one for one in whole if one.n_asked and one.criterion == whole[0].criterion]
    lines: list[str] = []
    if first:
        head = ("size", "moved, of 100", "stay/again", "lost", "asked", "not", "broke")
        lines += table((f"probes, {text(first[0].criterion)}", *head), map(_probe, first))
    criteria = list(dict.fromkeys(one.criterion for one in whole))
    if len(criteria) > 1:
        cells = {(one.probe, one.criterion): one for one in whole}
        rows = (
            (one.probe, *(text(cell(cells.get((one.probe, name)))) for name in criteria))
            for one in first
            if one.kind == "bias"
        )
        lines += table(("moved, of 100", *map(text, criteria)), rows)
        lines += [r"\*\*\* strong, \*\* clear, \* small, ? unclear or too few items", ""]
    more = asked.detail
    if more.strata_looked_at:
        n = len(more.unlike)
        lines += [f"{n} of {more.strata_looked_at} strata of probes differ from the whole.", ""]
    if more.unlike:
        rows_of = (
            (text(one.probe), text(one.stratum), of_100(one.here),
             of_100(one.whole).partition(" ")[0], str(one.here.n_items), one.what)
            for one in more.unlike[:MOST_SHOWN]
        )  # fmt: skip
        lines += table(("probe", "stratum", "here, of 100", "whole", "items", "what"), rows_of)
    return lines


def _probe(bias: Bias) -> list[str]:
    loss = lost(bias)
    shown = "" if loss is None or loss.value is None else two_places(loss.value)
    counts = (str(bias.n_asked), str(bias.n_not_asked), str(bias.n_broke))
    return [text(bias.probe), bias.size, moved(bias), stays(bias), shown, *counts]


def _failures(record: ReportRecord) -> list[str]:
    reasons = list(dict.fromkeys(reason for judge in record.judges for reason in judge.failures))
    if not reasons:
        return ["## Failures", "", "No judgment failed.", ""]
    rows = (
        (text(judge.name), str(judge.judgments), *(str(judge.failures.get(r, 0)) for r in reasons))
        for judge in record.judges
    )
    return ["## Failures", "", *table(("judge", "judgments", *reasons), rows)]


def _cost(judges: Sequence[JudgeFigures]) -> list[str]:
    rows = [cost_row(judge.name, judge.usage, judge.judgments) for judge in judges]
    head = ("judge", "tokens in", "tokens out", "ms a judgment", "US dollars")
    return ["## Cost and time", "", *table(head, rows)]


def cost_row(name: str, used: Mapping[str, float | None], judgments: int) -> list[str]:
    """Tokens, time and dollars of a judge, a dash where its replies do not say."""
    latency = used["latency_s"]
    each = 1000 * latency / judgments if latency is not None and judgments else None
    amounts = (
        (used["tokens_in"], ",.0f"),
        (used["tokens_out"], ",.0f"),
        (each, ",.1f"),
        (used["cost_usd"], ",.4f"),
    )
    said = ["-" if value is None else format(value, form) for value, form in amounts]
    return [text(name), *said]
