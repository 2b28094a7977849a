"""A comparison in words: order, agreement, what probes and presentations move; for terminals."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.report.comparison import ComparedPair, ComparisonRecord
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import interval, number, p_value
from mmjudge.side_by_side import Place
from mmjudge.types import Comparison

LEVEL = 0.05
"""Corrected p-values from here on separate nothing."""
PROBED = ("cue_shift", "robustness_gap", "accuracy_lost", "tau_b_lost", "rank_tau_b_lost")
"""Measures of a probe that are shown; the others are in the JSON."""


def more_of(record: ComparisonRecord) -> list[RenderableType]:
    """What a comparison says beside the differences of its measures."""
    parts: list[RenderableType] = []
    if record.order:
        parts += ["", _order(record), Text(order_words(record))]
    if record.agreements:
        parts += ["", _agreement(record)]
    for pair in record.pairs:
        if shown := shown_probes(pair):
            parts += ["", _moved(pair, shown, "probes")]
        if pair.presentations:
            parts += ["", _moved(pair, pair.presentations, "presentations")]
    return parts


def shown_probes(pair: ComparedPair) -> list[Comparison]:
    """What is shown of the probes: those that differ beyond chance first."""
    found = [one for one in pair.probes if one.metric in PROBED and one.stratum != "probe=rerun"]
    return sorted(found, key=lambda one: (one.p_holm if one.p_holm is not None else 1.0, -abs(one.difference or 0.0)))


def place_words(place: Place) -> str:
    """A place, or from which to which.

    Example:
        >>> facts = {"run": 0, "metric": "kappa", "criterion": "c", "value": 0.1, "ci95": None}
        >>> place_words(Place(**facts, best=1, worst=3, n_items=9))
        '1 to 3'
    """
    return str(place.best) if place.best == place.worst else f"{place.best} to {place.worst}"


def order_words(record: ComparisonRecord) -> str:
    """Which runs the data can tell apart."""
    letters = [record.runs[place.run].letter for place in record.order]
    ends = [(place.best, place.worst) for place in record.order]
    if all(best == worst for best, worst in ends):
        return f"{' is better than '.join(letters)}, beyond chance"
    if all(best == 1 and worst == len(ends) for best, worst in ends):
        return "the data cannot separate them"
    return "runs whose places overlap cannot be separated by these data"


def _grid(title: str, names: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
    table.add_column(Text(title, style="bold"), overflow="fold", min_width=18)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _order(record: ComparisonRecord) -> Table:
    table = _grid(f"order by {record.measure}", ("place", "value", "95 % interval", "units"))
    for place in record.order:
        run = record.runs[place.run]
        ends = interval(place.ci95)
        name = Text(printable(run.name, 60))
        table.add_row(name, place_words(place), number(place.value), ends, str(place.n_items))
    return table


def _agreement(record: ComparisonRecord) -> Table:
    table = _grid("agreement with each other", ("measure", "value", "95 % interval", "items"))
    for one in record.agreements:
        letters = f"{record.runs[one.a].letter}, {record.runs[one.b].letter}"
        name = f"{letters}: {printable(one.criterion)}"
        ends = interval(one.ci95)
        table.add_row(Text(name), one.metric, number(one.value), ends, str(one.n_items))
    return table


def _moved(pair: ComparedPair, found: Sequence[Comparison], what: str) -> Table:
    first, second = pair.letters
    names = (first, second, "diff", "95 % interval", "Holm", "items")
    table = _grid(f"{what}, {first} - {second}", names)
    for one in found:
        name = f"{printable(one.stratum.partition('=')[2], 40)} {one.metric}"
        values = (number(one.a), number(one.b), number(one.difference, sign=True))
        ends = interval(one.ci95)
        table.add_row(Text(name), *values, ends, p_value(one.p_holm), str(one.n_items))
    return table
