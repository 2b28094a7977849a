"""`mmjudge new-task`: write a skeleton, and say what comes next."""

import shlex
from pathlib import Path

import typer

from mmjudge.skeletons import Wanted, new_task

NEXT = {
    "folder": ("mmjudge check-task {out}",),
    "hub": ("mmjudge check-task {out} --data {out}/sample",),
    "package": ("pip install --editable {out}", "mmjudge check-task {name}"),
}


def write_and_print(wanted: Wanted, out: Path | None) -> None:
    """Write a skeleton.

    Raises:
        MmjudgeError: The name or the folder cannot be taken.
    """
    place = out or Path(wanted.name)
    for path in new_task(wanted, place):
        typer.echo(path)
    typer.echo("next:", err=True)
    for command in NEXT[wanted.kind]:
        typer.echo(f"  {_filled(command, place, wanted.name)}", err=True)


def _filled(command: str, out: Path, name: str) -> str:
    place = shlex.quote(out.as_posix())
    return command.format(out=place if "/" in place else f"./{place}", name=name)
