"""Several judges as one table of text: by criterion and modality, then their biases."""

from collections.abc import Collection, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.metrics.measure import Measure
from mmjudge.metrics.places import FEW
from mmjudge.report.outcome import printable
from mmjudge.report.overview import CHANCE, MAIN, Asked, Judged, no_bias, standing
from mmjudge.report.terminal import BEST
from mmjudge.scoring.score import ALL
from mmjudge.types import MetricResult, ProtocolName

AT_CHANCE, FEW_ITEMS = "~", "?"
KEY = (
    f"{AT_CHANCE} at chance: the interval holds the value of a judge that does not look, 0.5 for",
    "  pairs, 0 for scores and rankings (by luck one cell in 20 is off chance)",
    f"{FEW_ITEMS} fewer than {FEW} items: too few to say",
    "pair: accuracy(ties=half), over pairs whose gold is decided; score: tau_b;",
    "rank: rank_tau_b. First overall, then overall by modality, then each criterion",
)
LISTS = "checklist: question_kappa, or tau_b where people gave scores; steps: step_kappa; chance: 0"
BIASED = "* the interval leaves out the value of a judge without bias"


def summary(
    judges: Sequence[Judged], brief: Collection[str] = (), no_biases: Collection[str] = ()
) -> RenderableType:
    """The figures and the biases of judges.

    Args:
        judges: As `overview` gives them.
        brief: Names of those whose figures are one row.
        no_biases: Names of those whose biases are not shown.
    """
    parts: list[RenderableType] = [_figures(judges, brief), ""]
    listed = any(one.protocol in ("checklist", "steps") for j in judges for one in j.asked)
    parts += [Text(line, style="dim") for line in (*KEY, *([LISTS] if listed else ()))]
    if plainly := [*_at_chance(judges), *_not_taken(judges)]:
        parts += ["", *plainly]
    if whole := [judged for judged in judges if judged.name not in no_biases]:
        parts += ["", _biases(whole), "", Text(BIASED, style="dim")]
    return Group(*parts)


def _figures(judges: Sequence[Judged], brief: Collection[str]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
    table.add_column(Text("judge", style="bold"), overflow="fold", min_width=18)
    columns = _columns(judges)
    for protocol, main in columns:
        several = len([one for one, _ in columns if one == protocol]) > 1
        table.add_column(f"{protocol}, {main}" if several else protocol, no_wrap=True)
    for judged in judges:
        found = {(one.protocol, one.main): one for one in judged.asked}
        asked = [found.get(column) for column in columns]
        table.add_row(Text(printable(judged.name), style="bold"), *_row(asked, "", ALL))
        if judged.name in brief:
            continue
        modalities = dict.fromkeys(m for one in judged.asked for m in one.modalities)
        for modality in modalities:
            table.add_row(f"  {printable(modality)}", *_row(asked, "", modality))
        for criterion in dict.fromkeys(c for one in judged.asked for c in one.criteria[1:]):
            table.add_row(f"  {printable(criterion)}", *_row(asked, criterion, ALL))
    return table


def _columns(judges: Sequence[Judged]) -> list[tuple[ProtocolName, str]]:
    """Protocols with what stands for them: those of old in any case, others where one was asked."""
    asked = {(one.protocol, one.main) for judged in judges for one in judged.asked}
    known: list[tuple[ProtocolName, str]] = [(p, MAIN[p]) for p in ("pair", "score", "rank")]
    places = list(MAIN)
    return known + sorted(asked - set(known), key=lambda one: (places.index(one[0]), one[1]))


def _row(asked: Sequence[Asked | None], criterion: str, modality: str) -> list[str]:
    """The cells of a row: of the first criterion where none is named."""
    cells = []
    for one in asked:
        name = criterion or (one.criteria[0] if one and one.criteria else "")
        result = one.cells.get((name, modality)) if one else None
        cells.append(_cell(result, CHANCE[one.main]) if one else "")
    return cells


def _cell(result: MetricResult | None, chance: float) -> str:
    if result is None:
        return ""
    if result.value is None:
        return "-"
    mark = {"at": f" {AT_CHANCE}", "few": f" {FEW_ITEMS}"}.get(standing(result, chance), "")
    return f"{two_places(result.value)} {ends(result)}{mark}"


def ends(result: MetricResult) -> str:
    """An interval to two places without leading zeros, empty where there is none."""
    if result.ci95 is None:
        return ""
    low, high = (two_places(end).replace("0.", ".", 1) for end in result.ci95)
    return f"[{low}, {high}]"


def two_places(value: float) -> str:
    """A value as it is shown, without a minus before a zero.

    Example:
        >>> two_places(-0.001), two_places(0.256)
        ('0.00', '0.26')
    """
    return f"{round(value, 2) or 0.0:.2f}"


def _at_chance(judges: Sequence[Judged]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for judged in judges:
        found = [o.protocol for o in judged.asked if standing(o.headline, o.chance) == "at"]
        if found:
            lines.append(f"{printable(judged.name)} is at chance on overall: {', '.join(found)}")
    return lines


def _not_taken(judges: Sequence[Judged]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for judged in judges:
        if judged.not_taken:
            names = ", ".join(map(printable, judged.not_taken))
            lines.append(f"{printable(judged.name)} does not take: {names}")
    return lines


def _biases(judges: Sequence[Judged]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
    table.add_column(Text("biases, on overall", style="bold"), overflow="fold", min_width=18)
    for name in ("value", "95 % interval", "no bias", "items"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for judged in judges:
        table.add_row(Text(printable(judged.name), style="bold"))
        for result in (r for r in judged.biases if r.stratum == ALL):
            none = no_bias(result.metric)
            seen = standing(result, none) in ("above", "below")
            table.add_row(
                f"  {result.metric}",
                two_places(result.value or 0.0),
                ends(result),
                BEST[Measure.parse(result.metric).direction].replace("low", "0"),
                str(result.n_items),
                "*" if seen else "",
            )
    return table
