"""`mmjudge pages`: pictures and films of web pages."""

from pathlib import Path

import typer

from mmjudge.media.films import Script
from mmjudge.report.outcome import printable
from mmjudge.sources.pages import film_pages, found_pages


def film_and_print(folder: Path, out: Path, *, drive: bool, names: list[str]) -> int:
    """Film the pages of a folder, and say what came of them.

    Args:
        folder: Where the pages are.
        out: Folder of a task's data.
        drive: Whether controls are tried; otherwise each page is opened only.
        names: Of the pages to film; all if empty.

    Returns:
        Exit code: 0 where a page was filmed, 1 where none was.
    """
    pages = found_pages(folder)
    if names:
        known = {page.name for page in pages}
        if strange := sorted(set(names) - known):
            raise typer.BadParameter(f"no page {strange[0]!r} in {folder}", param_hint="--page")
        pages = [page for page in pages if page.name in names]
    script = Script() if drive else Script(scrolls=0, actions=0, frames=1)
    done = film_pages(pages, out, script, lambda line: typer.echo(line, err=True))
    failed = [one for one in done if one.film.failed]
    for name, film, _ in failed:
        typer.echo(printable(f"{name}: not filmed: {film.failed}", 500), err=True)
    cached = sum(one.cached for one in done)
    blocked = sum(one.film.blocked for one in done)
    typer.echo(
        f"{len(done) - len(failed)} of {len(done)} pages filmed, {cached} of them taken from the "
        f"cache; {blocked} requests to other places were not let through; in {out}"
    )
    return int(len(failed) == len(done))
