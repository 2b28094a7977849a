"""`mmjudge pack`, `mmjudge leaderboard check` and `mmjudge leaderboard build`."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer

from mmjudge.leaderboard.boards.layout import Given
from mmjudge.leaderboard.cache import Cache, default_folder
from mmjudge.leaderboard.submissions.check import Report, check
from mmjudge.leaderboard.submissions.pack import pack
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.leaderboard.submissions.submission import META, UNSAID


def pack_and_say(runs: Sequence[Path], out: Path, said: Mapping[str, Any]) -> None:
    """Write a submission, and say what is left to do.

    Raises:
        MmjudgeError: The runs do not make one submission, or the folder cannot be written.
    """
    count = pack(runs, out, said)
    of = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    meta = out / META
    todo = "fill in" if UNSAID in meta.read_text(encoding="utf-8") else "look over"
    typer.echo(f"{count} judgments of {of} packed: {out}", err=True)
    typer.echo(f"{todo} {meta}, then: mmjudge leaderboard check {out}", err=True)


def sources(tasks: Sequence[Path], data: Mapping[str, str], gold: Mapping[str, str]) -> Sources:
    """Where the tasks of a submission come from, as options name it.

    Raises:
        MmjudgeError: A folder is no task.
    """
    places = [{name: Path(place) for name, place in one.items()} for one in (data, gold)]
    return Sources(tasks, *places)


def check_and_print(
    folder: Path, found: Sources, against: Path | None, resamples: int, *, as_json: bool
) -> int:
    """Check a submission and print what was found.

    Returns:
        Exit code: 0 accepted, 1 rejected.

    Raises:
        MmjudgeError: There is no such folder.
    """
    report = check(folder, found, against, resamples, Cache(default_folder()))
    typer.echo(report.model_dump_json(indent=1) if as_json else "\n".join(_lines(report)))
    return 0 if report.accepted else 1


def build_and_say(folder: Path, given: Given, out: Path | None, resamples: int) -> int:
    """Build the boards of a leaderboard, write the site, and say what was left out.

    Returns:
        Exit code: 0, or 1 where a submission was left out.

    Raises:
        MmjudgeError: `leaderboard.yaml` is wrong, something that it names is not there, or the
            site cannot be written.
    """
    from mmjudge.leaderboard.boards.build import build
    from mmjudge.leaderboard.site import write_site, write_sites

    site = out if out is not None else folder / "site"
    say = partial(typer.echo, err=True)
    built = build(folder, given, resamples, Cache(default_folder()), say)
    if len(built.boards) == 1:
        write_site(built.boards[0], site)
    else:
        write_sites(built.boards, site, built.title, built.description)
    for note in built.notes:
        say(note)
    for one in built.rejected:
        for problem in one.problems:
            say(f"{one.folder}/{problem}")
        say(f"{one.folder}: left out, {one.n_problems} problems")
    entries = sum(len(board.entries) for board in built.boards)
    what = (
        f"{entries} entries"
        if len(built.boards) == 1
        else (f"{len(built.boards)} boards of {entries} entries")
    )
    say(f"{what}: {site} (open {site / 'index.html'} in a browser)")
    return 1 if built.rejected else 0


def _lines(report: Report) -> Iterator[str]:
    yield from map(str, report.problems)
    for run in report.runs:
        failed = ", ".join(f"{n} {reason}" for reason, n in run.failures.items()) or "no failures"
        yield f"{run.task} {run.protocol}: {run.judgments} judgments on {run.items} items, {failed}"
        for figure in run.figures:
            value = "undefined" if figure.value is None else f"{figure.value:.3f}"
            span = "" if figure.ci95 is None else " [{:.3f}, {:.3f}]".format(*figure.ci95)
            yield f"  {figure.criterion}: {figure.metric} {value}{span}"
    for flag in report.flags:
        yield f"for a reviewer: {flag.name}: {flag.detail}"
    if report.accepted:
        yield f"{report.folder}: accepted, every figure recomputed from the raw replies"
    else:
        yield f"{report.folder}: rejected, {report.n_problems} problems"
