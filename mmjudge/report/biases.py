"""Biases as text: one line each, the worst first; what each of them moved, probe by criterion."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmjudge.report.gaps import gap_report
from mmjudge.report.outcome import printable
from mmjudge.scoring.biases import LOST, Bias
from mmjudge.scoring.score import ALL
from mmjudge.scoring.sizes import Size
from mmjudge.types import MetricResult

MARKS: dict[Size, str] = {"strong": "***", "clear": "**", "small": "*", "few": "?", "unclear": "?"}
"""What stands behind a share in a heat map."""
ROOM, NAME = 57, 12
"""Characters beside the names of probes in a heat map, and of the name of a criterion."""
SHADES = 5
"""Steps of colour."""
STYLES: dict[Size, str] = {"strong": "bold red", "clear": "red", "small": "yellow"}
SIZES = (
    "size: by the end of the 95 % interval that is nearer to 0: strong from 20 of",
    "  100, clear from 5, else small; if it holds 0: none if within 10 of 100, else",
    "  unclear; few: under 10 items. By luck one line in 20 is small without a bias",
)
"""What the words for sizes mean."""
FEWER = ("items of a modality: its own or those of the others, whichever are fewer",)
MOVES = (
    "moved: verdicts moved to what the change speaks for, less those moved away; any",
    "  side: verdicts that change, less those that change if asked the same again.",
    "  Where an answer was emptied only a move to it counts, in the size",
    "by criterion: with a sign what moved to it, without one to any side;",
    "  *** strong, ** clear, * small, ? unclear or few",
    "stay/again: verdicts that stay under the change, and if asked the same again",
    "lost: of accuracy(ties=half), tau_b, rank_tau_b, step_accuracy, where the cue is",
    "  not on the better candidate; not: requests that do not fit, or of which nothing",
    "  changes;",
    "  broke: verdicts that were there plainly and could not be had under the change",
)
"""What the columns of the tables of probes mean."""
RELIES = {
    "none": "does not look",
    "unclear": "unclear",
    "small": "looks a little",
    "clear": "looks",
    "strong": "looks, much",
    "few": "few",
    "unknown": "unknown",
}
NO_NOISE = "noise: not known, the same was not asked again; add rerun to --probes"


def bias_report(found: Sequence[Bias], gaps: Sequence[MetricResult] = ()) -> list[RenderableType]:
    """The biases of a run on its first criterion, and the heat map of all.

    Args:
        found: As `biases` gives them.
        gaps: As `modality_gaps` and `modality_preferences` give them.
    """
    whole = [one for one in found if one.stratum == ALL]
    first = [one for one in whole if one.criterion == whole[0].criterion]
    asked = any(one.n_asked for one in whole)
    parts: list[RenderableType] = []
    if pulled := [one for one in first if one.kind == "bias" and one.n_asked > one.n_lost]:
        parts += [_table(pulled), "", *noise(first)]
        parts += [Text(sentence(one)) for one in pulled if one.size in STYLES]
        parts += [*(Text(breakage(one)) for one in pulled if one.n_broke), ""]
    if relied := [one for one in first if one.kind == "reliance" and one.n_asked > one.n_lost]:
        parts += [_reliance(relied), ""]
    if other := [line for one in first if (line := preference(one))]:
        parts += [*other, ""]
    parts += gap_report(gaps)
    if len({one.criterion for one in whole}) > 1:
        parts += heat_map(whole)
    if gone := [unanswered(one) for one in first if one.n_lost]:
        parts += [Text(f"never answered (infra, media), in no figure: {', '.join(gone)}"), ""]
    if unasked := [one.probe for one in first if not one.n_asked]:
        parts += [f"fit nothing here: {', '.join(unasked)}", ""]
    words = [*(SIZES if parts else ()), *(FEWER if gaps else ()), *(MOVES if asked else ())]
    return [*parts, *(Text(line, style="dim") for line in words)]


def hundred(value: float, signed: bool = False) -> str:
    """A share as a number of 100.

    Example:
        >>> hundred(0.314), hundred(0.314, signed=True), hundred(-0.001, signed=True)
        ('31', '+31', '0')
    """
    of = round(100 * value)
    return f"{of:+d}" if signed and of else str(of)


def moved(bias: Bias) -> str:
    """What moved to the cue in 100 verdicts, with its interval, or beyond noise to any side."""
    if bias.directed and (figure := bias.figure("cue_shift")):
        return _with_ends(figure)
    return "-" if bias.effect is None else f"{hundred(bias.effect)} any side"


def _with_ends(figure: MetricResult) -> str:
    shown = hundred(figure.value or 0.0, signed=True)
    if figure.ci95 is None:
        return shown
    low, high = (hundred(end) for end in figure.ci95)
    return f"{shown} [{low}, {high}]"


def stays(bias: Bias) -> str:
    """Verdicts that stay, of 100, under the change and when the same is asked again."""
    both = (bias.figure(name) for name in ("robustness", "baseline"))
    return "/".join("-" if one is None else hundred(one.value or 0.0) for one in both)


def lost(bias: Bias) -> MetricResult | None:
    """What is lost of the agreement with people."""
    return next((f for name in LOST.values() if (f := bias.figure(name))), None)


def sentence(bias: Bias) -> str:
    """A bias in words.

    Example:
        >>> sentence(Bias(probe="verbosity", task="t@1", criterion="c", kind="bias", effect=0.3,
        ...     cue="the padded candidate", size="strong", way="towards", certain=0.2, n_items=50,
        ...     n_asked=50, n_not_asked=0, n_failed=0, n_broke=0))
        'verbosity, strong: 30 of 100 verdicts move towards the padded candidate'
    """
    of = f"{bias.probe}, {bias.size}: {hundred(abs(bias.effect or 0.0))} of 100 verdicts"
    if bias.way == "changed":
        return f"{of} change beyond noise"
    return f"{of} move {'towards' if bias.way == 'towards' else 'away from'} {printable(bias.cue)}"


def breakage(bias: Bias) -> str:
    """That a grader broke, which is not the same as being won over."""
    asked = bias.n_asked - bias.n_failed - bias.n_lost
    return f"{bias.probe} broke the grader: {bias.n_broke} of {asked} verdicts could not be had"


def unanswered(bias: Bias) -> str:
    """How many requests never came to an answer, which says nothing of the judge."""
    return f"{bias.probe} {bias.n_lost} of {bias.n_asked}"


def noise(found: Sequence[Bias]) -> list[RenderableType]:
    """What the judge moves by itself."""
    again = next((one for one in found if one.kind == "noise"), None)
    if again is None or again.effect is None:
        return [NO_NOISE]
    of = hundred(again.effect)
    return [f"noise: asked the same again, {of} of 100 verdicts change ({again.n_asked} asked)"]


def _grid(title: str, names: Sequence[str], width: int = 22) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="")
    table.add_column(Text(title, style="bold"), overflow="fold", min_width=width, max_width=width)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _table(found: Sequence[Bias]) -> Table:
    title = f"biases, {printable(found[0].criterion)}"
    names = ("size", "moved, of 100", "stay/again", "lost", "asked", "not", "broke")
    table = _grid(title, names)
    for one in found:
        loss = lost(one)
        table.add_row(
            one.probe,
            Text(one.size, style=STYLES.get(one.size, "")),
            moved(one),
            stays(one),
            "" if loss is None else f"{loss.value:.2f}",
            str(one.n_asked),
            str(one.n_not_asked),
            str(one.n_broke),
        )
    return table


def _reliance(found: Sequence[Bias]) -> Table:
    table = _grid("does it look?", ("says", "lost without", "stay/again", "asked", "not", "broke"))
    for one in found:
        loss = lost(one)
        table.add_row(
            one.probe,
            RELIES[one.size],
            "-" if loss is None else _with_ends(loss),
            stays(one),
            str(one.n_asked),
            str(one.n_not_asked),
            str(one.n_broke),
        )
    return table


def preference(bias: Bias) -> str:
    """What decides where content contradicts, or where candidates are equally good."""
    share = bias.figure("cue_preference")
    if share is None or share.value is None or bias.probe not in ("contradicting", "mixed"):
        return ""
    low, high = (hundred(end) for end in share.ci95 or (share.value, share.value))
    return (
        f"{bias.probe}: {hundred(share.value)} [{low}, {high}] of 100 decided verdicts are "
        f"for {printable(bias.cue)}"
    )


def cell(bias: Bias | None) -> str:
    """What a bias moved in 100 verdicts, marked by its size; empty where it was not asked."""
    if bias is None or bias.effect is None or not bias.n_asked:
        return ""
    return f"{probe_share(bias)}{MARKS.get(bias.size, '')}"


def heat_map(found: Sequence[Bias]) -> list[RenderableType]:
    """Probe by criterion: what moved, of 100 verdicts; as many tables as 80 columns take."""
    cells = {(one.probe, one.criterion): one for one in found}
    shown = [one for one in found if one.kind == "bias" and one.n_asked]
    tables: list[RenderableType] = []
    for criteria in _chunks(list(dict.fromkeys(one.criterion for one in found))):
        table = _grid("moved, of 100", [printable(name, NAME) for name in criteria])
        for probe in dict.fromkeys(one.probe for one in shown):
            row = [cells.get((probe, name)) for name in criteria]
            styles = [STYLES.get(one.size, "") if one else "" for one in row]
            marked = (Text(cell(o), style=s) for o, s in zip(row, styles, strict=True))
            table.add_row(probe, *marked)
        tables += [table, ""]
    return tables


def _chunks(criteria: Sequence[str]) -> list[list[str]]:
    """Criteria in groups whose columns stand side by side."""
    groups: list[list[str]] = [[]]
    left = ROOM
    for name in criteria:
        width = max(len(printable(name, NAME)), len("+100***")) + 1
        if width > left:
            groups.append([])
            left = ROOM
        groups[-1].append(name)
        left -= width
    return groups


class MapRow(NamedTuple):
    """A row of a heat map: a probe, what it is about in words, its biases by criterion or None."""

    probe: str
    said: str
    first: Bias
    cells: tuple[Bias | None, ...]
    stays: str
    lost: str


class ProbeMap(NamedTuple):
    """Probe by criterion under one protocol, for a page.

    Attributes:
        protocol: What was judged.
        criteria: Names of the columns.
        pulled: Rows of what should move nothing, the worst first.
        relied: Rows of what took content away.
        noise: What the judge moves by itself, in words.
        unfit: Probes that fit nothing.
    """

    protocol: str
    criteria: tuple[str, ...]
    pulled: tuple[MapRow, ...]
    relied: tuple[MapRow, ...]
    noise: str
    unfit: tuple[str, ...]


def probe_map(protocol: str, found: Sequence[Bias]) -> ProbeMap | None:
    """The heat map of the biases of a judge, None where no probe was asked."""
    whole = [one for one in found if one.stratum == ALL]
    if not any(one.n_asked for one in whole):
        return None
    criteria = tuple(dict.fromkeys(one.criterion for one in whole))
    cells = {(one.probe, one.criterion): one for one in whole}
    rows: dict[str, list[MapRow]] = {"bias": [], "reliance": [], "noise": []}
    first = [one for one in whole if one.criterion == criteria[0]]
    for one in first:
        if one.n_asked:
            loss = lost(one)
            shown = "" if loss is None else f"{loss.value:.2f}"
            own = tuple(cells.get((one.probe, name)) for name in criteria)
            about = "" if one.cue == "none" else f"pulls towards {one.cue}"
            rows[one.kind].append(MapRow(one.probe, about, one, own, stays(one), shown))
    unfit = tuple(one.probe for one in first if not one.n_asked)
    said = " ".join(str(line) for line in noise(first))
    return ProbeMap(protocol, criteria, tuple(rows["bias"]), tuple(rows["reliance"]), said, unfit)


def probe_ends(bias: Bias) -> str:
    """The interval of the share in a cell, of 100; empty where there is none."""
    figure = lost(bias)
    if bias.kind == "bias":
        figure = bias.figure("cue_shift" if bias.directed else "robustness_gap")
    if figure is None or figure.ci95 is None:
        return ""
    low, high = figure.ci95
    low, high = (-high, -low) if figure.metric == "robustness_gap" else (low, high)
    return f"[{hundred(low)}, {hundred(high)}]"


def probe_share(bias: Bias) -> str:
    """What a cell says: of 100 verdicts those that moved, or what is lost.

    It has a sign where there is a side to move to.
    """
    if bias.effect is None:
        return "-"
    return hundred(bias.effect, signed=bias.kind == "bias" and bias.directed)


def probe_word(bias: Bias) -> str:
    """The size of it, and the way."""
    if bias.kind == "reliance":
        return RELIES[bias.size]
    return f"{bias.size}, {bias.way}" if bias.way in ("away", "changed") else bias.size


def probe_shade(bias: Bias) -> str:
    """The class of a cell's colour: red where it is biased, green where it relies on the media."""
    if bias.size not in STYLES or bias.effect is None:
        return "at"
    step = min(SHADES, round(abs(bias.effect) * SHADES + 0.4))
    return f"{'p' if bias.kind == 'reliance' else 'n'}{max(step, 1)}"
