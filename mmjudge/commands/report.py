"""`mmjudge report`."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from mmjudge.report.markdown import markdown
from mmjudge.report.overview import overview
from mmjudge.report.page import write_page
from mmjudge.report.record import report_record
from mmjudge.report.written import Places


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
    if places.html is not None:
        judges = write_page(runs, places.html, wanted.items, wanted.resamples, wanted.seed)
        size = places.html.stat().st_size
        said = f"{places.html}: {size / 1e6:.1f} MB; open it in a browser, no network is needed"
        typer.echo(said, err=True)
    else:
        judges = overview(runs, wanted.resamples, wanted.seed)
    if places.markdown is not None or places.json is not None:
        record = report_record(judges)
        places.write(markdown(record), record.model_dump_json(indent=2))
