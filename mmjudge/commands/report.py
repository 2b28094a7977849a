"""`mmjudge report`."""

from collections.abc import Sequence
from pathlib import Path

import typer

from mmjudge.report.page import write_page


def write_report(runs: Sequence[Path], out: Path, items: int, resamples: int, seed: int) -> None:
    """Write the page of runs, and say where it is.

    Raises:
        MmjudgeError: A folder holds no run, or the page cannot be written.
    """
    write_page(runs, out, items, resamples, seed)
    size = out.stat().st_size
    typer.echo(f"{out}: {size / 1e6:.1f} MB; open it in a browser, no network is needed", err=True)
