"""`mmjudge download`: fetch what can be fetched, and say what must be asked for by hand."""

from collections.abc import Iterator, Sequence

import typer

from mmjudge.commands.catalogue import at_hand
from mmjudge.errors import MmjudgeError
from mmjudge.report.outcome import printable
from mmjudge.sources.downloads import Copy, download
from mmjudge.sources.folder import FolderTask, HubTask, open_task
from mmjudge.suites.files import PREFIX, open_suite
from mmjudge.types import TaskSpec


def download_and_print(names: Sequence[str]) -> int:
    """Download each task; one that fails keeps no other from being tried.

    Returns:
        Exit code: 0 where all are whole now, else 1.

    Raises:
        MmjudgeError: A name is no task.
    """
    opened = [(name, open_task(name)) for name in _expanded(names)]
    failed = 0
    for name, task in opened:
        if isinstance(task, HubTask):
            failed += 1
            typer.echo(
                f"{name}: is read from the Hub each time; for a copy fetch the dataset itself and "
                "pass its folder with --data",
                err=True,
            )
            continue
        if isinstance(task, FolderTask) or at_hand(name) == "yes":
            typer.echo(f"{task.spec.label}: nothing to fetch: it is read where it is")
            continue
        try:
            copy = download(getattr(task, "inner", task), lambda line: typer.echo(line, err=True))
        except MmjudgeError as error:
            failed += 1
            typer.echo(f"{task.spec.label}: not whole, so it is not used", err=True)
            typer.echo(printable(str(error), 2000), err=True)
            typer.echo(_by_hand(task.spec.card.source, task.spec.name), err=True)
            continue
        counts = ", ".join(f"{n} items ({protocol})" for protocol, n in copy.items.items())
        typer.echo(f"{task.spec.label}: whole, {counts}, in {copy.folder}")
        for line in lacking(task.spec, copy):
            typer.echo(line, err=True)
    return int(failed > 0)


def _expanded(names: Sequence[str]) -> Iterator[str]:
    """The tasks, each of a suite in the place of the suite; those with data of their own left out.

    Raises:
        MmjudgeError: There is no such suite, or its file does not fit.
    """
    for name in names:
        if not name.startswith(PREFIX):
            yield name
            continue
        suite, path = open_suite(name)
        if all(entry.data is not None for entry in suite.tasks):
            typer.echo(f"{name}: nothing to fetch: its file names the data of each task")
        for entry in suite.tasks:
            if entry.data is None:
                at_base = path.parent / entry.task
                yield str(at_base) if "/" in entry.task and at_base.is_dir() else entry.task


def lacking(spec: TaskSpec, copy: Copy) -> Iterator[str]:
    """What a public copy lacks, and where that must be asked for by hand."""
    for protocol, absent in copy.absent.items():
        if absent:
            yield (
                f"{spec.label}: {protocol}: of {absent} of {copy.items[protocol]} items the media "
                f"are not published with the rows, so only recorded judges can be asked; ask for "
                f"them by hand: {_place(spec.card.source)}, lay them beside the data, and pass its "
                "folder with --data"
            )


def _place(source: str) -> str:
    return source or "see its card"


def _by_hand(source: str, name: str) -> str:
    place = source or "where its card says"
    return f"the same command goes on; or get {name} by hand from {place} and pass it with --data"
