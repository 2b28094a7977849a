"""`mmjudge report`."""

from collections.abc import Sequence
from pathlib import Path

import typer

from mmjudge.report.items import files_of
from mmjudge.report.page import write_page


def write_report(runs: Sequence[Path], out: Path, items: int, resamples: int, seed: int) -> None:
    """Write the page of runs, and say where it is.

    Raises:
        MmjudgeError: A folder holds no run, or the page cannot be written.
    """
    write_page(runs, out, items, resamples, seed)
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
