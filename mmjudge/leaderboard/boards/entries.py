"""The entries of a board: submissions, each checked and judged again, and runs made here."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import TypeAdapter

from mmjudge.errors import MmjudgeError
from mmjudge.leaderboard.boards.board import Badge, Entry, EntryFlag, slug
from mmjudge.leaderboard.boards.layout import BoardPlan, RunsOf
from mmjudge.leaderboard.boards.numbers import Measured, measure_entry, packed, unpacked
from mmjudge.leaderboard.boards.ranked_columns import unique
from mmjudge.leaderboard.boards.tasks import Asked, Library
from mmjudge.leaderboard.cache import Cache, file_digests, key_of, submission_facts
from mmjudge.leaderboard.submissions.check import judged_run
from mmjudge.leaderboard.submissions.flags import Flag, entry_flags, run_flags
from mmjudge.leaderboard.submissions.folder import MOST_BYTES, look
from mmjudge.leaderboard.submissions.likeness import ANSWERS, Answers, answers
from mmjudge.leaderboard.submissions.problems import Problem, Problems
from mmjudge.leaderboard.submissions.reading import read_meta, read_run_file, rebuild_submission
from mmjudge.leaderboard.submissions.submission import Meta, RunFile, SubmittedRun
from mmjudge.store.run_store import RunStore
from mmjudge.types import JudgeCard, RunSettings

FLAG_RESAMPLES = 200
_FLAGS = TypeAdapter(tuple[Flag, ...])


class Source(NamedTuple):
    """Where an entry comes from: a submission, or runs made here (`runs` is not None)."""

    id: str
    folder: Path
    ours: bool
    content: RunFile | None
    runs: RunsOf | None = None


class Rejected(NamedTuple):
    """A submission that is left out, and why."""

    folder: Path
    problems: tuple[Problem, ...]
    n_problems: int


class Entered(NamedTuple):
    """An entry with its numbers; `entry` lacks what depends on others, runs have no `answers`."""

    source: Source
    entry: Entry
    measured: Measured
    answers: Answers | None = None


def sources_in(folder: Path, plan: BoardPlan) -> list[Source]:
    """All entries that a board may have, in the order of their ids.

    Raises:
        MmjudgeError: The folder of submissions is not there, or `run_by_us` names one that is not.
    """
    taken: set[str] = set()
    found: list[Source] = []
    for runs in plan.runs:
        found.append(Source(runs.id, folder, ours=True, content=None, runs=runs))
        taken.add(runs.id)
    if plan.submissions is not None:
        root = folder / plan.submissions
        names = {str(one.relative_to(root)): one for one in submissions_in(root)}
        if unknown := sorted(set(plan.run_by_us) - set(names)):
            raise MmjudgeError(
                f"boards: {plan.name}: run_by_us: {unknown[0]!r} is no submission in {root}; "
                f"there are {', '.join(names) or 'none'}"
            )
        for name, one in names.items():
            id_ = unique("--".join(map(slug, one.relative_to(root).parts)), taken)
            taken.add(id_)
            found.append(Source(id_, one, name in plan.run_by_us, _content(one)))
    return sorted(found, key=lambda source: source.id)


def _content(folder: Path) -> RunFile | None:
    """What a submission says of its runs, None where it cannot be read: it will be left out."""
    try:
        return read_run_file(folder)
    except MmjudgeError:
        return None


def submissions_in(root: Path) -> list[Path]:
    """The folders of submissions: those that hold a file of one, or are two levels deep.

    Raises:
        MmjudgeError: The folder is not there.
    """
    try:
        return [path for path in _folders(root) if _is_submission(path, root)]
    except OSError as error:
        raise MmjudgeError(f"{root}: cannot be listed: {error.strerror}") from error


def _folders(root: Path) -> Iterator[Path]:
    """Folders one and two levels deep, no links and none that is hidden, by name."""
    for depth in (root, *_inside(root)):
        yield from _inside(depth)


def _inside(folder: Path) -> list[Path]:
    with os.scandir(folder) as found:
        names = [e.name for e in found if e.is_dir(follow_symlinks=False)]
    return [folder / name for name in sorted(names) if not name.startswith(".")]


def _is_submission(path: Path, root: Path) -> bool:
    if path.parent != root:
        return not any((path.parent / name).exists() for name in MOST_BYTES)
    return any((path / name).exists() for name in MOST_BYTES)


def asked_in(sources: Sequence[Source], folder: Path, library: Library) -> list[tuple[str, str]]:
    """Task and protocol of every run of some entries, each once, in order.

    What a submission names and is not here is left out: it will be rejected for it.

    Raises:
        MmjudgeError: A run that was made here cannot be read.
    """
    found = set()
    for source in sources:
        for run in source.content.runs if source.content is not None else ():
            if _is_here(run, library):
                found.add((run.task, run.settings.protocol))
        for place in source.runs.runs if source.runs is not None else ():
            with RunStore.open(folder / place) as store:
                found.add((store.header.task.label, store.header.settings.protocol))
    return sorted(found)


def _is_here(run: SubmittedRun, library: Library) -> bool:
    try:
        library.items(run.task, run.settings.protocol)
    except MmjudgeError:
        return False
    return True


def enter(source: Source, asked: Asked, library: Library, cache: Cache) -> Entered | Rejected:
    """Check an entry and compute its numbers, or say why it is left out.

    Raises:
        MmjudgeError: A run that was made here cannot be read.
    """
    if source.runs is not None:
        return _ours(source, source.runs, asked)
    files = look(source.folder, Problems())
    facts = submission_facts(files, source.content, library)
    keys = _Keys(
        None if facts is None else key_of("measured", *facts, *_board_facts(asked)),
        None if facts is None else key_of(ANSWERS, *facts),
    )
    found = _kept(cache, keys)
    if found is None:
        made = _fresh(source, asked, library)
        if isinstance(made, Rejected):
            return made
        found = made
        _keep(cache, keys, found)
    meta = read_meta(source.folder)
    if meta is None or source.content is None:  # it was accepted, so both could be read
        raise MmjudgeError(f"{source.folder}: was changed while it was read; build again")
    entry = _entry(source, meta, source.content.runs, found.flags)
    whole = entry.model_copy(update={"files": file_digests(files)})
    return Entered(source, whole, found.measured, found.answers)


class _Keys(NamedTuple):
    """Where the two parts of a `_Judged` are kept; None where they are not to be."""

    measured: str | None
    answers: str | None


class _Judged(NamedTuple):
    """What comes of a submission that is judged again."""

    measured: Measured
    flags: tuple[Flag, ...]
    answers: Answers


def _board_facts(asked: Asked) -> list[str]:
    tasks = [f"{name} {task.choice.task} {task.digest}" for name, task in asked.tasks.items()]
    return [f"resamples {asked.resamples} seed {asked.seed}", *tasks]


def _kept(cache: Cache, keys: _Keys) -> _Judged | None:
    arrays, answered = cache.get(keys.measured), cache.get(keys.answers)
    if arrays is None or answered is None or set(answered) != set(Answers._fields):
        return None
    try:
        measured = unpacked(arrays)
        flags = _FLAGS.validate_json(arrays["flags"].tobytes())
    except (KeyError, ValueError):
        return None
    return None if measured is None else _Judged(measured, flags, Answers(**answered))


def _keep(cache: Cache, keys: _Keys, found: _Judged) -> None:
    flags = np.frombuffer(_FLAGS.dump_json(found.flags), dtype=np.uint8)
    cache.put(keys.measured, {**packed(found.measured), "flags": flags})
    cache.put(keys.answers, found.answers._asdict())


def _fresh(source: Source, asked: Asked, library: Library) -> Rejected | _Judged:
    with tempfile.TemporaryDirectory(prefix="mmjudge-") as scratch:
        found = rebuild_submission(source.folder, Path(scratch), library.sources)
        if found.n_problems or found.meta is None or found.content is None:
            return Rejected(source.folder, found.problems, found.n_problems)
        flags = entry_flags(found.meta, found.content)
        flags += [f for run in found.runs for f in run_flags(judged_run(run, FLAG_RESAMPLES))]
        return _Judged(measure_entry(found.runs, asked), tuple(flags), answers(found.runs))


def _entry(
    source: Source, meta: Meta, runs: Sequence[SubmittedRun], flags: Sequence[Flag]
) -> Entry:
    card = runs[0].judge
    return Entry(
        id=source.id,
        judge=meta.judge,
        revision=meta.revision,
        setting=setting_of([run.settings for run in runs]),
        made_by=card.name,
        licence=meta.licence,
        contact=meta.contact,
        links=meta.links,
        training_data=meta.training_data,
        badges=("recomputed", "run by us" if source.ours else "self-run"),
        flags=tuple(EntryFlag(name=flag.name, detail=flag.detail) for flag in flags),
        parameters=_parameters(card),
        looks=card.looks and not card.lookup,
    )


def _ours(source: Source, runs: RunsOf, asked: Asked) -> Entered:
    folders = [source.folder / run for run in runs.runs]
    headers = []
    for folder in folders:
        with RunStore.open(folder) as store:
            headers.append(store.header)
    card = headers[0].judge
    if any(header.judge.fingerprint != card.fingerprint for header in headers):
        raise MmjudgeError(f"runs: {runs.id}: runs of several judges; an entry is of one")
    badges: tuple[Badge, ...] = ("recorded",) if card.lookup else ("recomputed", "run by us")
    entry = Entry(
        id=source.id,
        judge=runs.judge or card.name,
        revision=runs.revision or card.revision or "",
        setting=setting_of([header.settings for header in headers]),
        made_by=card.name,
        licence=runs.licence,
        links=runs.links,
        badges=badges,
        parameters=_parameters(card),
        looks=card.looks,
    )
    return Entered(source, entry, measure_entry(folders, asked))


def _parameters(card: JudgeCard) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
        for name, value in sorted(card.params.items())
    }


def setting_of(settings: Sequence[RunSettings]) -> str:
    """How a judge was asked, in words.

    Example:
        >>> setting_of([RunSettings(protocol="pair", orders="both", repeats=2)])
        'both orders, 2 repeats'
    """
    orders = sorted({one.orders for one in settings if one.protocol in ("pair", "rank")})
    words = [f"{' and '.join(orders)} orders"] if orders else []
    words += [f"{n} repeats" for n in sorted({one.repeats for one in settings}) if n > 1]
    where = {f"{axis} {value}" for one in settings for axis, value in one.where.items()}
    return ", ".join(words + [f"only {one}" for one in sorted(where)])
