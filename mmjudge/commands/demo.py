"""`mmjudge demo`: run what is at hand, print one table, write the page."""

import os
import time
from pathlib import Path

import typer

from mmjudge.demo import JUDGES, play
from mmjudge.errors import MmjudgeError
from mmjudge.report.page import write_page
from mmjudge.report.summary import summary
from mmjudge.report.terminal import show

PAGE = "report.html"
QUIET = {"TQDM_DISABLE": "1", "TRANSFORMERS_VERBOSITY": "error"}
"""What keeps libraries from writing between the lines of the demo."""


def play_and_print(out: Path) -> None:
    """Run the demo in a folder.

    Raises:
        MmjudgeError: Nothing could be run.
    """
    started = time.monotonic()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)

    def say(line: str) -> None:
        typer.echo(line, err=True)

    played = play(out, say)
    for line in played.left_out:
        say(f"left out: {line}")
    if not played.runs:
        raise MmjudgeError("no judge could be run; see what was left out above")
    say("scoring, and writing the page")
    judges = write_page(played.runs, out / PAGE)
    brief = [judge.spec for judge in JUDGES if judge.shown != "all"]
    show(summary(judges, brief, [judge.spec for judge in JUDGES if judge.shown == "row"]))
    say(f"{len(played.runs)} runs, {time.monotonic() - started:.0f} s, stored in {out}")
    say(f"with pictures: {out / PAGE} (open it in a browser)")
