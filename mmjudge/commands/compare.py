"""`mmjudge compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer
from rich.console import Group

from mmjudge.commands.report import say_where
from mmjudge.commands.suite import write_suite_comparison
from mmjudge.report.comparison import ComparedPair, ComparisonRecord, compare_all
from mmjudge.report.comparison_markdown import comparison_markdown
from mmjudge.report.comparison_page import write_comparison_page
from mmjudge.report.comparison_text import more_of
from mmjudge.report.terminal import comparison_report, show, worth_showing
from mmjudge.report.written import Places
from mmjudge.suites.scores import require_suites


class Wanted(NamedTuple):
    """What of a comparison is wanted, and how.

    Attributes:
        places: Files to write; with none of them the comparison is printed.
        measures: Names of measures; all that fit, if there are none.
        resamples: Of the bootstrap.
        every: Show every difference.
        as_json: Print JSON.
    """

    places: Places
    measures: tuple[str, ...]
    resamples: int
    every: bool
    as_json: bool


def write_comparison(runs: Sequence[Path], wanted: Wanted) -> None:
    """Print how each run differs from the first, or write it.

    Raises:
        MmjudgeError: There is only one run, they were not asked the same, or a file cannot be
            written.
    """
    places = wanted.places
    if any(places):
        places.check("compare")
    if require_suites(runs):
        write_suite_comparison(runs, places, wanted.resamples, as_json=wanted.as_json)
        return
    record = compare_all(runs, wanted.resamples, wanted.measures)
    shown = [_shown(record, pair, wanted) for pair in record.pairs]
    if places.html is not None:
        write_comparison_page(record, shown, places.html)
        say_where(places.html)
    if places.markdown is not None:
        Places(markdown=places.markdown).write(comparison_markdown(record, shown), "")
    if wanted.as_json:
        typer.echo(record.model_dump_json(indent=2))
    elif not any(places):
        _print(record, shown)


def _shown(record: ComparisonRecord, pair: ComparedPair, wanted: Wanted) -> ComparedPair:
    """The pair with the differences that are worth showing."""
    if wanted.every or wanted.measures:
        return pair
    kept = [
        one
        for one in pair.comparisons
        if one.metric == record.measure or worth_showing(record.task, one.metric, one.difference)
    ]
    return pair.model_copy(update={"comparisons": tuple(kept)})


def _print(record: ComparisonRecord, shown: Sequence[ComparedPair]) -> None:
    named = [(run.letter, run.outcome) for run in record.runs]
    lettered = [(pair.letters[1], pair.comparisons) for pair in shown]
    left_out = sum(
        len(whole.comparisons) - len(pair.comparisons)
        for whole, pair in zip(record.pairs, shown, strict=True)
    )
    show(Group(comparison_report(named, lettered, left_out), *more_of(record)))
