"""A comparison as GitHub-flavoured Markdown."""

from collections.abc import Sequence

from mmjudge.report.comparison import ComparedPair, ComparisonRecord
from mmjudge.report.comparison_text import order_words, place_words, shown_probes
from mmjudge.report.markdown import cost_row
from mmjudge.report.markdown_text import table, text
from mmjudge.report.terminal import METHOD, TOO_FEW, interval, items_of, number, p_value
from mmjudge.types import Comparison


def comparison_markdown(record: ComparisonRecord, shown: Sequence[ComparedPair]) -> str:
    """A comparison as Markdown.

    Args:
        record: All of it.
        shown: Its pairs with the differences to show.
    """
    runs = [
        (run.letter, text(run.judge), text(run.outcome.folder), run.outcome.orders,
         str(run.outcome.failed))
        for run in record.runs
    ]  # fmt: skip
    lines = [
        f"# {text(record.task.label)}, protocol {record.protocol}",
        "",
        *table(("run", "judge", "folder", "orders", "failed"), runs, left=4),
    ]
    if record.order:
        rows = (
            (place_words(place), text(record.runs[place.run].name),
             f"{number(place.value)} {interval(place.ci95)}", str(place.n_items))
            for place in record.order
        )  # fmt: skip
        lines += [f"## Order by `{record.measure}`", ""]
        lines += table(("place", "judge", "value, 95 % interval", "items"), rows, left=2)
        lines += [f"{order_words(record)}.", ""]
    for pair in shown:
        title = f"{pair.letters[0]} minus {pair.letters[1]}"
        lines += [f"## {title}", "", *_differences(pair, pair.comparisons, "measure")]
        lines += _differences(pair, shown_probes(pair), "probe")
        lines += _differences(pair, pair.presentations, "presentations")
    lines += [*METHOD, f"{TOO_FEW}.", ""]
    if record.agreements:
        agreed = (
            (f"{record.runs[one.a].letter}, {record.runs[one.b].letter}", text(one.criterion),
             f"`{one.metric}`", f"{number(one.value)} {interval(one.ci95)}", str(one.n_items))
            for one in record.agreements
        )  # fmt: skip
        names = ("runs", "criterion", "measure", "value, 95 % interval", "items")
        lines += ["## Agreement between judges", "", *table(names, agreed, left=3)]
    cost = [cost_row(run.name, run.usage, run.outcome.judgments) for run in record.runs]
    names = ("judge", "tokens in", "tokens out", "ms a judgment", "US dollars")
    lines += ["## Cost and time", "", *table(names, cost)]
    return "\n".join([*lines, f"Made by {record.made_by}.", ""])


def _differences(pair: ComparedPair, found: Sequence[Comparison], what: str) -> list[str]:
    if not found:
        return []
    rows = []
    for one in found:
        name = one.criterion if what == "measure" else one.stratum.partition("=")[2]
        values = (number(one.a), number(one.b), number(one.difference, sign=True))
        ends = (interval(one.ci95), p_value(one.p_value), p_value(one.p_holm))
        rows.append((f"`{one.metric}`", text(name), *values, *ends, items_of(one)))
    head = ("criterion" if what == "measure" else what, *pair.letters)
    names = ("measure", *head, "difference", "95 % interval", "p", "Holm", "items")
    return table(names, rows, left=2)
