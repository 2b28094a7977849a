"""Whether an entry is another one's: the same mistakes, the same words, nearly the same name."""

import json
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmjudge.leaderboard.boards.tasks import Library
from mmjudge.leaderboard.cache import Cache, key_of, submission_facts
from mmjudge.leaderboard.submissions.flags import FEW, Flag
from mmjudge.leaderboard.submissions.folder import look
from mmjudge.leaderboard.submissions.plans import Sources
from mmjudge.leaderboard.submissions.problems import Problems
from mmjudge.leaderboard.submissions.reading import (
    Rebuilt,
    read_meta,
    read_run_file,
    rebuild_submission,
)
from mmjudge.leaderboard.submissions.submission import META, Meta, RunFile
from mmjudge.store.run_store import RunStore
from mmjudge.task import BadItem
from mmjudge.types import Failure, Item

ANSWERS = "answers"
SAME = 0.95
SAME_TEXTS = 0.5
LONG = 40
"""Characters from which on the same text is no accident."""
NEAR_NAME = 88
"""Likeness of names, of 100, from which on they are reported."""
_ALIKE = str.maketrans("015i|", "olsll")
RIGHT, WRONG, FAILED, UNKNOWN = 0, 1, 2, -1


class Answers(NamedTuple):
    """What was answered plainly, as arrays of shape (n,), in the order of `cell`.

    Attributes:
        cell: Hash of task, protocol, item, criterion, order and repeat.
        verdict: Hash of the verdict or failure.
        wrong: 1 where it misses the gold, 0 where it meets it, 2 for a failure, -1 without gold.
        text: Hash of a long reply, 0 for a short one.
    """

    cell: NDArray[np.uint64]
    verdict: NDArray[np.uint64]
    wrong: NDArray[np.int8]
    text: NDArray[np.uint64]


def others_in(root: Path, own: Path) -> list[Path]:
    """The submissions below a folder, but for the one that is checked."""
    return sorted(path.parent for path in root.rglob(META) if not path.parent.samefile(own))


def likeness_flags(
    mine: Rebuilt, others: Sequence[Path], sources: Sources, cache: Cache | None = None
) -> list[Flag]:
    """Signs that an entry is that of another.

    Args:
        mine: The submission, rebuilt.
        others: Folders of the other submissions; those that cannot be read are left out.
        sources: Where tasks come from.
        cache: What was answered in submissions that were read before; none if left out.
    """
    if mine.meta is None or mine.content is None:
        return []
    tasks = {run.task for run in mine.content.runs}
    said, library = answers(mine.runs), Library(sources)
    flags: list[Flag] = []
    for other in others:
        content = read_run_file(other)
        if content is None:
            continue
        meta = read_meta(other)
        if meta is not None:
            flags += name_flags(mine.meta, meta, str(other))
        if not tasks.isdisjoint(run.task for run in content.runs):
            theirs = answers_of(other, content, library, cache or Cache(None))
            flags += copy_flags(said, theirs, str(other))
    return flags


def answers_of(folder: Path, content: RunFile | None, library: Library, cache: Cache) -> Answers:
    """What a submission answers, nothing where it is not accepted.

    Raises:
        MmjudgeError: There is no such folder.
    """
    facts = submission_facts(look(folder, Problems()), content, library)
    key = None if facts is None else key_of(ANSWERS, *facts)
    if (kept := cache.get(key)) is not None and set(kept) == set(Answers._fields):
        return Answers(**kept)
    with tempfile.TemporaryDirectory(prefix="mmjudge-") as scratch:
        found = answers(rebuild_submission(folder, Path(scratch), library.sources).runs)
    cache.put(key, found._asdict())
    return found


def answers(runs: Sequence[Path]) -> Answers:
    """What was answered plainly in some runs."""
    rows: list[tuple[int, int, int, int]] = []
    for folder in runs:
        with RunStore.open(folder) as store:
            label = f"{store.header.task.label} {store.header.settings.protocol}"
            items = {place: item for place, item in store.items() if not isinstance(item, BadItem)}
            for place, one in store.judgments():
                if one.probe is None:
                    cell = (label, one.item, one.criterion, one.order, one.repeat)
                    outcome = one.outcome.model_dump_json(exclude={"detail"})
                    text = one.reply.text or ""
                    long = _hash(text) if len(text) >= LONG else 0
                    failed = isinstance(one.outcome, Failure)
                    wrong = FAILED if failed else _wrong(items[place], one.criterion, outcome)
                    rows.append((_hash(json.dumps(cell)), _hash(outcome), wrong, long))
    columns = list(zip(*sorted(rows), strict=True)) or [()] * 4
    kinds: tuple[Any, ...] = (np.uint64, np.uint64, np.int8, np.uint64)
    return Answers(*(np.array(c, dtype=kind) for c, kind in zip(columns, kinds, strict=True)))


def _hash(text: str) -> int:
    """A number of 64 bits, never 0."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) or 1


def _wrong(item: Item, criterion: str, outcome: str) -> int:
    gold = item.gold.get(criterion)
    if gold is None:
        return UNKNOWN
    return WRONG if gold.model_dump_json(exclude={"ratings"}) != outcome else RIGHT


def copy_flags(mine: Answers, theirs: Answers, other: str) -> Iterator[Flag]:
    """Signs that answers are those of another entry.

    Args:
        mine: What this entry answers.
        theirs: What the other one does.
        other: What the other one is called.
    """
    a, b = _shared(mine, theirs)
    # Where both are right they must agree; where one is wrong, an independent judge rarely does.
    # Two judges that do not take an item fail alike.
    alike = (a.wrong == b.wrong) & ((a.wrong == RIGHT) | (a.wrong == FAILED))
    telling = ~alike
    same, n = int((a.verdict == b.verdict)[telling].sum()), int(telling.sum())
    if n >= FEW and same >= SAME * n:
        detail = f"{same} of {n} verdicts, where not both are right, are those of {other}"
        yield Flag(name="verdicts of another entry", detail=detail)
    long = (a.text > 0) & (b.text > 0)
    same, n = int((a.text == b.text)[long].sum()), int(long.sum())
    if n >= FEW and same >= SAME_TEXTS * n:
        detail = f"{same} of {n} longer replies are word for word those of {other}"
        yield Flag(name="replies of another entry", detail=detail)


def _shared(a: Answers, b: Answers) -> tuple[Answers, Answers]:
    """The rows of both on what both were asked."""
    if np.array_equal(a.cell, b.cell):
        return a, b
    _, at_a, at_b = np.intersect1d(a.cell, b.cell, assume_unique=True, return_indices=True)
    return _rows(a, at_a), _rows(b, at_b)


def _rows(of: Answers, at: NDArray[np.int64]) -> Answers:
    return Answers(of.cell[at], of.verdict[at], of.wrong[at], of.text[at])


def name_flags(mine: Meta, theirs: Meta, other: str) -> Iterator[Flag]:
    """Signs that a name is made to look like that of another contact's entry."""
    from rapidfuzz import fuzz

    alike = fuzz.ratio(plain_name(mine.judge), plain_name(theirs.judge))
    if alike >= NEAR_NAME and mine.contact != theirs.contact:
        detail = f"{mine.judge!r} looks like {theirs.judge!r} of another contact, in {other}"
        yield Flag(name="near-copy name", detail=detail)


def plain_name(name: str) -> str:
    """A name without what the eye passes over: case, marks, figures that look like letters.

    Example:
        >>> plain_name("GPT-4o Judge"), plain_name("gpt4O-judge")
        ('gpt4ojudge', 'gpt4ojudge')
        >>> plain_name("Wr1ter") == plain_name("writer")
        True
    """
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_ALIKE)
    return "".join(c for c in folded if c.isalnum())
