"""`mmjudge pack` and `mmjudge leaderboard check`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from mmjudge.leaderboard.pack import pack
from mmjudge.leaderboard.submission import META


def pack_and_say(runs: Sequence[Path], out: Path, said: Mapping[str, Any]) -> None:
    """Write a submission, and say what is left to do.

    Raises:
        MmjudgeError: The runs do not make one submission, or the folder cannot be written.
    """
    count = pack(runs, out, said)
    typer.echo(f"{count} judgments of {len(runs)} runs packed: {out}", err=True)
    typer.echo(f"fill in {out / META}, then: mmjudge leaderboard check {out}", err=True)
