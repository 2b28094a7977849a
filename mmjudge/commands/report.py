"""`mmjudge report`."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from mmjudge.report.items import files_of
from mmjudge.report.markdown import markdown
from mmjudge.report.overview import overview
from mmjudge.report.page import write_page
from mmjudge.report.record import report_record
from mmjudge.report.written import Places
from mmjudge.suites import is_suite, runs_of
from mmjudge.suites.scores import suite_scores


class Wanted(NamedTuple):
    """What to write, and of what."""

    places: Places
    items: int
    resamples: int
    seed: int


def write_report(runs: Sequence[Path], wanted: Wanted) -> None:
    """Write runs in each form that has a place, and say where it is.

    Raises:
        MmjudgeError: No form has a place, a folder holds no run, or a file cannot be written.
    """
    places = wanted.places
    places.check("report")
    suites = [suite_scores(one, wanted.resamples, wanted.seed) for one in runs if is_suite(one)]
    runs = runs_of(runs)
    if places.html is not None:
        judges = write_page(runs, places.html, wanted.items, wanted.resamples, wanted.seed, suites)
        say_where(places.html)
    else:
        judges = overview(runs, wanted.resamples, wanted.seed)
    if places.markdown is not None or places.json is not None:
        record = report_record(judges, suites)
        places.write(markdown(record), record.model_dump_json(indent=2))


def say_where(out: Path) -> None:
    """Say where a page is, how large, and what belongs to it."""
    size = f"{out.stat().st_size / 1e6:.1f} MB"
    if (beside := files_of(out)) is None:
        typer.echo(f"{out}: {size}; open it in a browser, no network is needed", err=True)
        return
    files = [file for file in beside.rglob("*") if file.is_file()]
    total = sum(file.stat().st_size for file in files) / 1e6
    typer.echo(
        f"{out}: {size}, with its items in {beside}: {len(files)} files, {total:.1f} MB; keep both "
        "side by side. Open the page in a browser, no network is needed",
        err=True,
    )
