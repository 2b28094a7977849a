"""A comparison in words: order, agreement, what probes and presentations move; for terminals."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.report.comparison import ComparedPair, ComparisonRecord
from mmjudge.report.outcome import printable
from mmjudge.report.terminal import interval, number, p_value
from mmjudge.scoring.probed import BASELINE
from mmjudge.scoring.side_by_side import Place
from mmjudge.types import Comparison

LEVEL = 0.05
"""Corrected p-values from here on separate nothing."""


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
    """What says most of each probe, those that differ beyond chance first."""
    found: dict[str, Comparison] = {}
    for one in pair.probes:
        found.setdefault(one.stratum, one)
    found.pop(f"probe={BASELINE}", None)
    return sorted(found.values(), key=_certainty)


def _certainty(one: Comparison) -> tuple[float, float]:
    """The smallest p-value first, of equal ones the greatest difference."""
    return 1.0 if one.p_holm is None else one.p_holm, -abs(one.difference or 0.0)


def place_words(place: Place) -> str:
    """A place, or from which to which.

    Example:
        >>> facts = {"run": 0, "metric": "kappa", "criterion": "c", "value": 0.1, "ci95": None}
        >>> place_words(Place(**facts, best=1, worst=3, n_items=9))
        '1 to 3'
    """
    return str(place.best) if place.best == place.worst else f"{place.best} to {place.worst}"


def order_words(record: ComparisonRecord) -> str:
    """Which runs the data can tell apart, and which not."""
    named = [(record.runs[place.run].letter, place) for place in record.order]
    parts = []
    for letter, place in named:
        if behind := [other for other, its in named if place.worst < its.best]:
            parts.append(f"{letter} is ahead of {_listed(behind)}")
    alike = {
        tuple(letter for letter, its in named if its.best <= at <= its.worst)
        for at in range(1, len(named) + 1)
    }
    groups = [one for one in alike if len(one) > 1 and not any(set(one) < set(o) for o in alike)]
    parts += [f"the data cannot separate {_listed(one)}" for one in sorted(groups)]
    said = "; ".join(parts)
    return f"{said[:1].upper()}{said[1:]}"


def _listed(letters: Sequence[str]) -> str:
    """Letters in a sentence.

    Example:
        >>> _listed(["A", "B", "C"])
        'A, B and C'
    """
    *most, last = letters
    return f"{', '.join(most)} and {last}" if most else last


def _grid(title: str, names: Sequence[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
    table.add_column(Text(title, style="bold"), overflow="fold", min_width=18)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _order(record: ComparisonRecord) -> Table:
    table = _grid(f"order by {record.measure}", ("place", "value", "95 % interval", "items"))
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
