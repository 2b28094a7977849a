"""`mmjudge scenes`."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from mmjudge.engine.interrupts import INTERRUPTED
from mmjudge.scenes.pack import Wanted, generate
from mmjudge.scenes.season import PRIVATE, PUBLIC, season


def write_pack(wanted: Wanted, folder: Path, workers: int) -> None:
    """Write a pack, and say what it holds and what can be done with it."""
    with _complete_or_named(folder):
        manifest = generate(wanted, folder, workers)
    _say(manifest, folder)
    task = shlex.quote(str(folder))
    typer.echo(f"try it: mmjudge run --task {task} --judge baseline:random", err=True)


def write_season(wanted: Wanted, seed_file: Path, folder: Path, workers: int) -> None:
    """Write a season, and say what to publish and what to keep."""
    with _complete_or_named(folder):
        manifest = season(wanted, seed_file, folder, workers)
    _say(manifest, folder)
    typer.echo(f"publish {folder / PUBLIC}; keep {folder / PRIVATE} and {seed_file}", err=True)


@contextmanager
def _complete_or_named(folder: Path) -> Iterator[None]:
    """Say of what was stopped half way that it is of no use."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"stopped: {folder} is not complete; delete it, and start again", err=True)
        raise typer.Exit(INTERRUPTED) from None


def asked(words: Sequence[str] | None) -> tuple[Any, ...]:
    """Values of a repeatable option, each once, in their order."""
    return tuple(dict.fromkeys(words or ()))


def _say(manifest: dict[str, Any], folder: Path) -> None:
    media = sum(name.startswith("media/") for name in manifest["files"])
    twins = ", each with its twin" if manifest["twins"] else ""
    typer.echo(f"{manifest['items']} items{twins}, {media} media files: {folder}", err=True)
