"""Whether gold can be told by names, ids, file sizes or lengths: simple tests with a known error.

Of the tasks in which gold has nothing to do with any of them, at most `ALARM_RATE` are blamed: each
test is an exact binomial one at that rate, divided by the number of tests (Bonferroni).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from re import findall
from typing import NamedTuple

from mmjudge.checks.flat import Words
from mmjudge.media.image import MediaError
from mmjudge.media.source import is_remote, locate
from mmjudge.types import Candidate, Item, Media, Preference, Ranking, Score

ALARM_RATE = 0.01
"""Share of tasks without any link that are blamed at most."""
LEAST = 8
"""Of fewer items no share is certain enough."""
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


def clues(items: Iterable[Item], criteria: Sequence[str], root: Path | None) -> Told:
    """Try every clue on every criterion.

    Args:
        items: The items.
        criteria: Names of the criteria.
        root: Folder of their media.
    """
    trials = [Trial(name, root) for name in criteria]
    for item in items:
        for trial in trials:
            trial.add(item)
    return told(trials)


def told(trials: Sequence["Trial"]) -> Told:
    """The clues that hold of those that were tried."""
    tried = [clue for trial in trials for clue in trial.clues()]
    alpha = ALARM_RATE / max(1, len(tried))
    return Told(tuple(clue for clue in tried if _holds(clue, alpha)), len(tried))


def _holds(clue: Clue, alpha: float) -> bool:
    from scipy.stats import binomtest

    share = max(clue.right, clue.n - clue.right) / clue.n
    return share >= STRONG and binomtest(clue.right, clue.n).pvalue <= alpha


class Trial:
    """All clues on one criterion, tried on one item after the other.

    Args:
        criterion: Its name.
        root: Folder of the items' media.
    """

    def __init__(self, criterion: str, root: Path | None) -> None:
        self.criterion = criterion
        self._numbers: dict[str, Number] = {
            "the longer text is better": _length,
            "the larger file is better": _sizes(root),
        }
        self._greater = {said: [0, 0] for said in self._numbers}
        self._words = Words()
        self._waiting: tuple[float, Candidate] | None = None

    def add(self, item: Item) -> None:
        """Take the next item."""
        case = self._case(item)
        if case is None:
            return
        for said, number in self._numbers.items():
            better, worse = number(case.better), number(case.worse)
            if better is not None and worse is not None and better != worse:
                self._greater[said][0] += better > worse
                self._greater[said][1] += 1
        # Words of ids and file names that one of the two has and the other has not.
        of_better, of_worse = set(_words(case.better)), set(_words(case.worse))
        for word in of_better ^ of_worse:
            self._words.add(word, word in of_better)

    def _case(self, item: Item) -> _Case | None:
        """A pair, or first and last of a ranking; of scores the candidates of two items."""
        match item.gold.get(self.criterion):
            case Preference(value="first" | "second" as value) if len(item.candidates) == 2:
                first, second = item.candidates
                return _Case(first, second) if value == "first" else _Case(second, first)
            case Ranking(ranks=ranks) if min(ranks) < max(ranks):
                best, last = ranks.index(min(ranks)), ranks.index(max(ranks))
                return _Case(item.candidates[best], item.candidates[last])
            case Score(value=score):
                return self._of_two(score, item.candidates[0])
        return None

    def _of_two(self, score: float, candidate: Candidate) -> _Case | None:
        """A candidate and one of an earlier item with another score; it waits for one if none."""
        if self._waiting is None or self._waiting[0] == score:
            self._waiting = self._waiting or (score, candidate)
            return None
        (other, earlier), self._waiting = self._waiting, None
        return _Case(candidate, earlier) if score > other else _Case(earlier, candidate)

    def clues(self) -> Iterator[Clue]:
        """What was tried, with how often it was right."""
        for said, (right, n) in self._greater.items():
            if n:
                shown = said if 2 * right >= n else said.replace("better", "worse")
                yield Clue(self.criterion, shown, max(right, n - right), n)
        for (kind, word), (right, n) in sorted(self._words.counts.items()):
            if n >= LEAST:
                side = "better" if 2 * right >= n else "worse"
                said = f"the candidate with {word!r} in its {kind} is {side}"
                yield Clue(self.criterion, said, max(right, n - right), n)


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


def _words(candidate: Candidate) -> Iterator[tuple[str, str]]:
    yield from (("id", word) for word in findall(r"[a-z]+|\d+", candidate.id.lower()))
    for part in candidate.parts:
        if isinstance(part, Media):
            stem = part.uri.rpartition("/")[2].rpartition(".")[0].lower()
            if len(stem) < 64:  # longer ones are hashes of what is in the file
                yield from (("file name", word) for word in findall(r"[a-z]+|\d+", stem))
