"""A comparison as one HTML page, with the items on which the judges disagree."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from mmjudge.metrics.measure import Measure
from mmjudge.metrics.places import FEW
from mmjudge.report.comparison import ComparedPair, ComparisonRecord
from mmjudge.report.comparison_text import LEVEL, order_words, place_words, shown_probes
from mmjudge.report.drawings import value_of
from mmjudge.report.items import Browser, item_browser, place_page, still_policy
from mmjudge.report.look import stylesheet
from mmjudge.report.overview import CHANCE, Judged, alone
from mmjudge.report.page import environment, require_place
from mmjudge.report.plots import Point, Tone, intervals, plots_missing, to_svg
from mmjudge.report.terminal import interval, number, p_value
from mmjudge.scoring.side_by_side import Agreement
from mmjudge.types import Comparison


class Cell(NamedTuple):
    """Agreement of two judges in a matrix, and the class of its colour."""

    agreement: Agreement
    shade: str


def write_comparison_page(
    record: ComparisonRecord, shown: Sequence[ComparedPair], out: Path
) -> None:
    """Write a comparison as a page, with a browser of the items.

    Args:
        record: All of it.
        shown: Its pairs with the differences to show.
        out: The page; replaced as a whole if it is there.

    Raises:
        MmjudgeError: The page cannot be written.
    """
    require_place(out)
    judges = judges_of(record)
    browser = item_browser(judges, out, {"agreement": ["disagree"]})
    try:
        place_page(out, render_comparison(record, shown, browser), browser)
    finally:
        browser.discard()


def judges_of(record: ComparisonRecord) -> list[Judged]:
    """Each run as a judge of its own, named by its letter too: two may be of one judge."""
    return [alone(Path(run.outcome.folder), run.name) for run in record.runs]


def render_comparison(
    record: ComparisonRecord, shown: Sequence[ComparedPair], browser: Browser | None = None
) -> str:
    """The page of a comparison, with or without its items."""
    names = ("base.css", "report.css", "figures.css", "comparison.css")
    style = stylesheet(*names) + (browser.style if browser else "")
    missing = plots_missing()
    made = environment()
    made.filters |= {"number": number, "p": p_value}
    made.filters |= {"signed": lambda value: number(value, sign=True), "interval": interval}
    return made.get_template("comparison.html.jinja").render(
        record=record,
        pairs=shown,
        probes=[shown_probes(pair) for pair in shown],
        style=Markup(style),
        policy=browser.policy(style) if browser else still_policy(style),
        browser=browser,
        plots_missing=missing,
        plots=Markup("") if missing else order_plot(record),
        pair_plots=[("", "") if missing else pair_plots(record, pair) for pair in shown],
        matrix=matrix(record),
        order_words=order_words(record),
        place_words=place_words,
        tone=tone,
        summary_of=lambda metric: Measure.parse(metric).spec.summary,
    )


def order_plot(record: ComparisonRecord) -> Markup:
    """The judges in their order, each with its figure and interval."""
    points = []
    for place in record.order:
        if place.value is not None:
            low, high = place.ci95 or (None, None)
            note = f"place {place_words(place)}"
            points.append(Point(record.runs[place.run].name, place.value, low, high, note=note))
    if not points:
        return Markup("")
    span = Measure.parse(record.measure).spec.bounds
    chart = intervals(points, record.measure, CHANCE[record.measure], span)
    return to_svg(chart, f"Order by {record.measure}, with 95 % intervals")


def pair_plots(record: ComparisonRecord, pair: ComparedPair) -> tuple[Markup, Markup]:
    """Differences of the main measure by criterion, and of what the probes move."""
    one, other = pair.letters
    main = [found for found in pair.comparisons if found.metric == record.measure]
    title = f"{one} minus {other}"
    return (
        _differences(main, [found.criterion for found in main], f"{title}: {record.measure}"),
        _differences(
            probes := shown_probes(pair),
            [value_of(found) for found in probes],
            f"{title}: what probes move",
        ),
    )


def _differences(found: Sequence[Comparison], labels: Sequence[str], title: str) -> Markup:
    points = []
    for one, label in zip(found, labels, strict=True):
        if one.difference is not None:
            low, high = one.ci95 or (None, None)
            note = f"p {p_value(one.p_holm)} by Holm, {one.n_items} items"
            points.append(Point(label, one.difference, low, high, tone(one), note))
    if not points:
        return Markup("")
    return to_svg(intervals(points, title, 0.0), f"{title}, with 95 % intervals")


def tone(one: Comparison) -> Tone:
    """The colour of a difference: none where chance may have made it.

    Example:
        >>> tone(Comparison(metric="accuracy", task="t@1", criterion="c", a=0.5, b=0.4,
        ...     difference=0.1, p_holm=0.2, n_items=9))
        'soft'
    """
    if one.p_holm is None or one.p_holm >= LEVEL or not one.difference or one.n_items < FEW:
        return "soft"
    match Measure.parse(one.metric).direction:
        case "higher":
            return "good" if one.difference > 0 else "bad"
        case "lower":
            return "bad" if one.difference > 0 else "good"
    return "accent"


def matrix(record: ComparisonRecord) -> list[list[Cell | None]]:
    """Agreement on the first criterion of each run with each other one, None with itself."""
    n = len(record.runs)
    found: list[list[Cell | None]] = [[None] * n for _ in range(n)]
    for one in record.agreements:
        if one.criterion == record.criterion:
            cell = Cell(one, _shade(one))
            found[one.a][one.b] = found[one.b][one.a] = cell
    return found


def _shade(one: Agreement) -> str:
    """A colour where the interval leaves chance out."""
    low, high = one.ci95 or (0.0, 0.0)
    if one.value is None or low <= 0 <= high:
        return "at"
    return f"{'p' if one.value > 0 else 'n'}{min(5, round(abs(one.value) * 5 + 0.4))}"
