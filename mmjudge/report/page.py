"""The report as an HTML page that opens from a file and fetches nothing from a network."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mmjudge import __version__
from mmjudge.errors import MmjudgeError
from mmjudge.metrics.measure import Measure
from mmjudge.report.biases import (
    ProbeMap,
    probe_ends,
    probe_map,
    probe_shade,
    probe_share,
    probe_word,
)
from mmjudge.report.browser import browse
from mmjudge.report.items import Browser, item_browser, place_page, still_policy
from mmjudge.report.look import stylesheet
from mmjudge.report.outcome import Outcome, printable, read_outcome
from mmjudge.report.overview import (
    CHANCE,
    MAIN,
    Asked,
    Judged,
    modality_of,
    no_bias,
    overview,
    standing,
)
from mmjudge.report.plots import plots_missing
from mmjudge.report.sections import GLOBALS, drawings, shown_in_full
from mmjudge.report.suites import few_words, suite_grids
from mmjudge.report.summary import ends, two_places
from mmjudge.report.untrusted import visible
from mmjudge.scoring.over_tasks import SuiteScores
from mmjudge.scoring.score import ALL
from mmjudge.store.run_store import RunStore
from mmjudge.types import MetricResult, TaskSpec

ITEMS = 60
"""Items that a page shows, unless told otherwise."""
SHADES = 5
"""Steps of colour on each side of chance."""
THINNEST = 3.0
"""Length that an interval has at least, on a line of 100 units, to be seen."""
MEANS = {
    "accuracy(ties=half)": "of the pairs that people decided, the share where the judge chose as "
    "they did; a judge's tie counts half",
    "tau_b": "how well the judge's scores order the items as people's do, from -1 to 1",
    "rank_tau_b": "how well the judge's ranking of an item agrees with people's, from -1 to 1",
    "question_kappa": "how much more often than by chance the judge answers a question of a "
    "checklist as people did, from -1 to 1; always saying the same is chance",
    "step_kappa": "how much more often than by chance the judge finds a step right or wrong as "
    "people did, from -1 to 1; finding no error, or nothing else, is chance",
}
"""What a main measure is, to someone who does not know it."""
SAYS = {
    "flip_rate": "verdicts that change when the candidates swap places",
    "first_slot_share": "decided verdicts for the candidate shown first",
    "position_bias": "accuracy with the better one shown first, minus shown second",
    "top_slot": "mean place of the candidate ranked best, 0 shown first, 1 shown last",
    "slot_tau_b": "agreement of the ranking with the order shown",
    "swap_flip_rate": "verdicts that change when the same content is shown in another modality",
    "swap_gap": "accuracy as shown, minus with the same content in another modality",
    "understanding_gap": "accuracy with the media in the prompt, minus in the candidates",
    "incoherence": "questions answered as if what they build on were there, where the judge itself "
    "found it is not",
    "modality_preference": "of equally good candidates, the medium chosen over the text",
}
"""What a measure of bias says to someone who does not know it."""
BY_MODALITY = ("swap_flip_rate", "swap_gap", "modality_preference")
"""Measures of bias that are shown by modality, too."""


class Row(NamedTuple):
    """A row of a heat map: what it is about, how it was asked, and a figure a column or None.

    `asked` is the protocol, and the measure where that is not the usual one.
    """

    name: str
    asked: str
    main: str
    chance: float
    cells: tuple[MetricResult | None, ...]


class Heat(NamedTuple):
    """Criterion by modality of one judge."""

    judged: Judged
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def write_page(
    runs: Sequence[Path],
    out: Path,
    items: int = ITEMS,
    n_resamples: int = 1000,
    seed: int = 0,
    suites: Sequence[SuiteScores] = (),
) -> list[Judged]:
    """Write the report of runs as one page.

    Args:
        runs: Folders of runs, of any judges, tasks and protocols.
        out: The page; replaced as a whole if it is there.
        items: Number of items to show.
        n_resamples: Resamples of the bootstrap over items.
        seed: Seed of the bootstrap, and of the choice of items.
        suites: Suites that the runs are of.

    Returns:
        The figures on it.

    Raises:
        StoreError: A folder holds no run, or two runs are of one judge, protocol and task.
        MmjudgeError: The page cannot be written.
    """
    require_place(out)
    judges = overview(runs, n_resamples, seed)
    browser = item_browser(judges, out)
    try:
        place_page(out, render(judges, items, seed, browser, suites), browser)
    finally:
        browser.discard()
    return judges


def require_place(out: Path) -> None:
    """Refuse a place where no file can be, before the figures, which take time."""
    if out.is_dir():
        raise MmjudgeError(f"{out}: is a folder; name a file in it, such as {out / 'report.html'}")
    above = next(folder for folder in out.absolute().parents if folder.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        raise MmjudgeError(
            f"{out}: cannot be written: {above} is no folder that you may write to; "
            "name another file"
        )


def render(
    judges: Sequence[Judged],
    items: int = ITEMS,
    seed: int = 0,
    browser: Browser | None = None,
    suites: Sequence[SuiteScores] = (),
) -> str:
    """The page of judges, as `overview` gives them; a browser takes the place of chosen items.

    These are shown to those who let no script run.
    """
    style = stylesheet("base.css", "report.css", "figures.css") + (browser.style if browser else "")
    outcomes = {judged.name: [read_outcome(run) for run in judged.runs] for judged in judges}
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            version=__version__,
            style=Markup(style),
            policy=browser.policy(style) if browser else still_policy(style),
            browser=browser,
            judges=judges,
            suites=suite_grids(suites),
            whole=[mean for one in suites for mean in one.macro],
            tasks=_tasks(judges),
            heats=[_heat(judged) for judged in judges],
            probed={judged.name: _probe_maps(judged) for judged in judges},
            outcomes=outcomes,
            reasons=list(dict.fromkeys(reason for judged in judges for reason in judged.failures)),
            drawings=drawings(judges),
            shown_in_full=shown_in_full(judges),
            plots_missing=plots_missing(),
            items=browse(judges, items, seed),
        )
    )


def environment() -> Environment:
    """Templates of pages, with the filters and functions that they use; all text is escaped."""
    made = Environment(
        loader=PackageLoader("mmjudge.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "line": printable,
        "shown": visible,
        "two": two_places,
        "ends": ends,
        "arrow": lambda text: printable(text).replace("->", " → "),
    }
    made.tests["several"] = lambda found: len(found) > 1
    made.globals |= GLOBALS
    made.globals |= {
        "ALL": ALL,
        "SAYS": SAYS,
        "MEANS": MEANS,
        "CHANCE": CHANCE,
        "standing": standing,
        "shade": shade,
        "no_bias": no_bias,
        "modality_of": modality_of,
        "BY_MODALITY": BY_MODALITY,
        "lowest": lambda metric: Measure.parse(metric).spec.bounds[0],
        "bar": bar,
        "few_words": few_words,
        "examples": _examples,
        "probe_ends": probe_ends,
        "probe_share": probe_share,
        "probe_word": probe_word,
        "probe_shade": probe_shade,
    }
    return made


def shade(result: MetricResult, chance: float) -> str:
    """The class of a cell's colour: how far above (p) or below (n) chance its value is, in steps.

    Example:
        >>> best = MetricResult(metric="tau_b", task="t@1", criterion="c", value=1.0, n_items=9,
        ...     n_failed=0)
        >>> shade(best, 0.0), shade(best.model_copy(update={"value": -0.1}), 0.0)
        ('p5', 'n1')
    """
    if result.value is None:
        return "p0"
    far = (result.value - chance) / (1 - chance)
    step = min(SHADES, round(abs(far) * SHADES + 0.4))
    return f"{'p' if far >= 0 else 'n'}{step}"


class Bar(NamedTuple):
    """Where an interval begins, how long it is, a value and a mark, on a line of 100 units."""

    start: float
    length: float
    value: float
    mark: float


def bar(result: MetricResult, mark: float, lowest: float, highest: float) -> Bar:
    """An interval as places on a line from the lowest to the highest value, 0 to 100.

    Example:
        >>> bar(MetricResult(metric="kappa", task="t@1", criterion="c", value=0.5, n_items=9,
        ...     ci95=(0.25, 1.0), n_failed=0), 0.5, 0.0, 1.0)
        Bar(start=25.0, length=75.0, value=50.0, mark=50.0)
    """
    value = result.value if result.value is not None else mark
    spots = [
        100 * (x - lowest) / (highest - lowest)
        for x in (*(result.ci95 or (value, value)), value, mark)
    ]
    low, high, at, chance = (round(min(max(spot, 0.0), 100.0), 2) for spot in spots)
    return Bar(min(low, 100 - THINNEST), max(high - low, THINNEST), at, chance)


def _tasks(judges: Sequence[Judged]) -> Mapping[str, tuple[TaskSpec, int]]:
    """Each task by its label, with the largest number of its items that a run has."""
    found: dict[str, tuple[TaskSpec, int]] = {}
    for judged in judges:
        sizes: dict[str, int] = {}
        for run in judged.runs:
            with RunStore.open(run) as store:
                spec = store.header.task
                sizes[spec.label] = sizes.get(spec.label, 0) + store.counts()["items"]
            known = found.get(spec.label, (spec, 0))[1]
            found[spec.label] = (spec, max(known, sizes[spec.label]))
    return found


def _heat(judged: Judged) -> Heat:
    modalities = dict.fromkeys(m for asked in judged.asked for m in asked.modalities)
    columns = (ALL, *modalities)
    rows = [row for asked in judged.asked for row in _rows(asked, columns)]
    return Heat(judged, columns, tuple(rows))


def _rows(asked: Asked, columns: Sequence[str]) -> list[Row]:
    return [
        Row(
            criterion,
            asked.protocol if asked.main == MAIN[asked.protocol] else f"{asked.protocol} of scores",
            asked.main,
            asked.chance,
            tuple(asked.cells.get((criterion, column)) for column in columns),
        )
        for criterion in asked.criteria
    ]


def _probe_maps(judged: Judged) -> list[ProbeMap]:
    maps = (probe_map(asked.protocol, asked.probed) for asked in judged.asked)
    return [one for one in maps if one is not None]


def _examples(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The first example of each reason of failure."""
    found: dict[str, Any] = {}
    for outcome in outcomes:
        for reason, example in outcome.examples.items():
            found.setdefault(reason, example)
    return found
