"""Whether gold can be told by names, ids, file sizes or lengths: simple tests with a known error.

Of the tasks in which gold has nothing to do with any of them, at most `ALARM_RATE` are blamed: each
test is an exact binomial one at that rate, divided by the number of tests (Bonferroni).
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from re import findall
from typing import NamedTuple

from mmjudge.media.image import MediaError
from mmjudge.media.source import is_remote, locate
from mmjudge.types import Candidate, Item, Media, Preference, Ranking, Score

ALARM_RATE = 0.01
"""Share of tasks without any link that are blamed at most."""
STRONG = 0.7
"""What is true of a smaller share of the items is no leak, however certain."""

Number = Callable[[Candidate], float | None]


class Clue(NamedTuple):
    """Something that tells the gold: how often it is right, and of how many items."""

    criterion: str
    said: str
    right: int
    n: int


class Told(NamedTuple):
    """The clues that hold, and how many were tried."""

    found: tuple[Clue, ...]
    tests: int


class _Case(NamedTuple):
    """Two candidates of which one is better."""

    better: Candidate
    worse: Candidate


def clues(items: Sequence[Item], criteria: Sequence[str], root: Path | None) -> Told:
    """Try every clue on every criterion.

    Args:
        items: The items.
        criteria: Names of the criteria.
        root: Folder of their media.
    """
    tried = [clue for name in criteria for clue in _tried(name, list(_cases(items, name)), root)]
    alpha = ALARM_RATE / max(1, len(tried))
    return Told(tuple(clue for clue in tried if _holds(clue, alpha)), len(tried))


def _holds(clue: Clue, alpha: float) -> bool:
    from scipy.stats import binomtest

    share = max(clue.right, clue.n - clue.right) / clue.n
    return share >= STRONG and binomtest(clue.right, clue.n).pvalue <= alpha


def _cases(items: Sequence[Item], criterion: str) -> Iterator[_Case]:
    """A case an item: of a pair, or first and last of a ranking; of scores one in two items."""
    waiting: tuple[float, Candidate] | None = None
    for item in items:
        match item.gold.get(criterion):
            case Preference(value="first" | "second" as value) if len(item.candidates) == 2:
                first, second = item.candidates
                yield _Case(first, second) if value == "first" else _Case(second, first)
            case Ranking(ranks=ranks) if min(ranks) < max(ranks):
                best, last = ranks.index(min(ranks)), ranks.index(max(ranks))
                yield _Case(item.candidates[best], item.candidates[last])
            case Score(value=score) if waiting is None:
                waiting = (score, item.candidates[0])
            case Score(value=score) if waiting is not None and score != waiting[0]:
                other, waiting = waiting, None
                pair = (item.candidates[0], other[1])
                yield _Case(*pair) if score > other[0] else _Case(*reversed(pair))


def _tried(criterion: str, cases: Sequence[_Case], root: Path | None) -> Iterator[Clue]:
    yield from _by_number(criterion, "the longer text is better", cases, _length)
    yield from _by_number(criterion, "the larger file is better", cases, _sizes(root))
    yield from _by_word(criterion, cases)


def _by_number(criterion: str, said: str, cases: Sequence[_Case], number: Number) -> Iterator[Clue]:
    right = n = 0
    for case in cases:
        better, worse = number(case.better), number(case.worse)
        if better is not None and worse is not None and better != worse:
            n += 1
            right += better > worse
    if n:
        said = said if 2 * right >= n else said.replace("better", "worse")
        yield Clue(criterion, said, max(right, n - right), n)


def _length(candidate: Candidate) -> float | None:
    texts = [len(part) for part in candidate.parts if isinstance(part, str)]
    return float(sum(texts)) if texts else None


def _sizes(root: Path | None) -> Number:
    def size(candidate: Candidate) -> float | None:
        files = [p for p in candidate.parts if isinstance(p, Media) and not is_remote(p.uri)]
        try:
            return float(sum(locate(f.uri, root).stat().st_size for f in files)) if files else None
        except (OSError, MediaError):
            return None

    return size


def _by_word(criterion: str, cases: Sequence[_Case]) -> Iterator[Clue]:
    """Words of ids and file names that one candidate of an item has and the other has not."""
    counts: dict[tuple[str, str], list[int]] = {}
    for case in cases:
        better, worse = set(_words(case.better)), set(_words(case.worse))
        for found in better ^ worse:
            count = counts.setdefault(found, [0, 0])
            count[0] += found in better
            count[1] += 1
    least = 8  # of fewer items no share is certain enough
    for (kind, word), (right, n) in sorted(counts.items()):
        if n >= least:
            side = "better" if 2 * right >= n else "worse"
            said = f"the candidate with {word!r} in its {kind} is {side}"
            yield Clue(criterion, said, max(right, n - right), n)


def _words(candidate: Candidate) -> Iterator[tuple[str, str]]:
    yield from (("id", word) for word in findall(r"[a-z]+|\d+", candidate.id.lower()))
    for part in candidate.parts:
        if isinstance(part, Media):
            stem = part.uri.rpartition("/")[2].rpartition(".")[0].lower()
            if len(stem) < 64:  # longer ones are hashes of what is in the file
                yield from (("file name", word) for word in findall(r"[a-z]+|\d+", stem))
