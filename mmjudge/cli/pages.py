"""The command that films web pages."""

from pathlib import Path
from typing import Annotated

import typer

from mmjudge.cli.root import app


@app.command()
def pages(
    folder: Annotated[Path, typer.Argument(help="With NAME/index.html or NAME.html of each page.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of a task's data.")],
    drive: Annotated[
        bool, typer.Option(help="Scroll and use the controls; or only open the page.")
    ] = True,
    page: Annotated[list[str] | None, typer.Option(help="Only this one; repeatable.")] = None,
) -> None:
    """Take screenshots and films of web pages.

    In the system's Chromium; they are never let out to a network. Goes on where it stopped; what
    was filmed is kept.
    """
    from mmjudge.commands.pages import film_and_print

    raise typer.Exit(film_and_print(folder, out, drive=drive, names=page or []))
