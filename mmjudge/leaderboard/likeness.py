"""Whether an entry is another one's: the same mistakes, the same words, nearly the same name."""

import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from mmjudge.leaderboard.flags import FEW, Flag
from mmjudge.leaderboard.plans import Sources
from mmjudge.leaderboard.reading import Rebuilt, read_meta, read_run_file, rebuild_submission
from mmjudge.leaderboard.submission import META, Meta
from mmjudge.store import RunStore
from mmjudge.task import BadItem
from mmjudge.types import Item

SAME = 0.95
SAME_TEXTS = 0.5
LONG = 40
"""Characters from which on the same text is no accident."""
NEAR_NAME = 88
"""Likeness of names, of 100, from which on they are reported."""
_ALIKE = str.maketrans("015i|", "olsll")

Cell = tuple[str, str, str, tuple[int, ...], int]


class Said(NamedTuple):
    """An answer, whether it misses the gold (None without gold), and a hash of a long text."""

    verdict: str
    wrong: bool | None
    text: bytes | None


def others_in(root: Path, own: Path) -> list[Path]:
    """The submissions below a folder, but for the one that is checked."""
    return sorted(path.parent for path in root.rglob(META) if not path.parent.samefile(own))


def likeness_flags(mine: Rebuilt, others: Sequence[Path], sources: Sources) -> list[Flag]:
    """Signs that an entry is that of another.

    Args:
        mine: The submission, rebuilt.
        others: Folders of the other submissions; those that cannot be read are left out.
        sources: Where tasks come from.
    """
    if mine.meta is None or mine.content is None:
        return []
    tasks = {run.task for run in mine.content.runs}
    said = answers(mine.runs)
    flags: list[Flag] = []
    for other in others:
        with tempfile.TemporaryDirectory(prefix="mmjudge-") as scratch:
            content = read_run_file(other)
            if content is None:
                continue
            meta = read_meta(other)
            if meta is not None:
                flags += _name(mine.meta, meta, other)
            if tasks.isdisjoint(run.task for run in content.runs):
                continue
            theirs = rebuild_submission(other, Path(scratch), sources)
            flags += _copied(said, answers(theirs.runs), other)
    return flags


def answers(runs: Sequence[Path]) -> dict[Cell, Said]:
    """What was answered plainly, by task, item, criterion, order and repeat."""
    found: dict[Cell, Said] = {}
    for folder in runs:
        with RunStore.open(folder) as store:
            label = f"{store.header.task.label} {store.header.settings.protocol}"
            items = {place: item for place, item in store.items() if not isinstance(item, BadItem)}
            for place, one in store.judgments():
                if one.probe is None:
                    cell = (label, one.item, one.criterion, one.order, one.repeat)
                    outcome = one.outcome.model_dump_json(exclude={"detail"})
                    wrong = _wrong(items[place], one.criterion, outcome)
                    text = one.reply.text or ""
                    digest = blake2b(text.encode(), digest_size=8).digest()
                    found[cell] = Said(outcome, wrong, digest if len(text) >= LONG else None)
    return found


def _wrong(item: Item, criterion: str, outcome: str) -> bool | None:
    gold = item.gold.get(criterion)
    if gold is None:
        return None
    return gold.model_dump_json(exclude={"ratings"}) != outcome


def _copied(mine: dict[Cell, Said], theirs: dict[Cell, Said], other: Path) -> Iterator[Flag]:
    shared = [(said, theirs[cell]) for cell, said in mine.items() if cell in theirs]
    # Where both are right they must agree; where one is wrong, an independent judge rarely does.
    telling = [(a, b) for a, b in shared if a.wrong is not False or b.wrong is not False]
    same = sum(a.verdict == b.verdict for a, b in telling)
    if len(telling) >= FEW and same >= SAME * len(telling):
        detail = (
            f"{same} of {len(telling)} verdicts, where not both are right, are those of {other}"
        )
        yield Flag(name="verdicts of another entry", detail=detail)
    texts = [(a, b) for a, b in shared if a.text and b.text]
    same = sum(a.text == b.text for a, b in texts)
    if len(texts) >= FEW and same >= SAME_TEXTS * len(texts):
        detail = f"{same} of {len(texts)} longer replies are word for word those of {other}"
        yield Flag(name="replies of another entry", detail=detail)


def _name(mine: Meta, theirs: Meta, other: Path) -> Iterator[Flag]:
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
