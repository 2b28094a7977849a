"""The commands. Thin: what they do stands elsewhere and is imported when a command is called."""

import sys

# In the order in which --help lists them: a module's commands are there once it is imported.
from mmjudge.cli import asking, figures, leaderboard, listing, pages, scenes  # noqa: F401
from mmjudge.cli.root import app

__all__ = ["app", "main"]


def main() -> None:
    """Entry point of the command `mmjudge`."""
    for stream in (sys.stdout, sys.stderr):
        # What is judged may hold any character; a terminal that lacks one shows a substitute.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    app()
