"""What the checks need to know of items, gathered from one after the other: memory stays flat."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmjudge.checks.flat import Spread, Stood
from mmjudge.checks.leaks import Trial
from mmjudge.media.image import MediaError
from mmjudge.media.source import check_file, is_remote, locate
from mmjudge.task import Task
from mmjudge.types import Answers, Gold, Item, Media, Preference, Ranking, Score, Steps

PROMPTED = 100
"""Items whose prompts are written, and at most twice as many, spread evenly over all."""
DECODED = 64
"""Media that are decoded, and at most twice as many, spread evenly over all."""
MOST_VALUES = 10_000
"""Values of an axis that are counted; of more, none is in nearly every item."""


class Placed(NamedTuple):
    """An item, and where it stands: a line of its file, or its place."""

    where: str
    item: Item

    @property
    def said(self) -> str:
        """Both, for a message."""
        return f"{self.where} ({self.item.id})"


class Axis:
    """The values of an axis of strata."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.n = 0
        self.all_differ = True
        self._stood = Stood()

    def add(self, value: str) -> None:
        """Count a value."""
        self.n += 1
        if self.all_differ:
            self.all_differ = self._stood.add(value, 0) is None
        if value in self.counts or len(self.counts) < MOST_VALUES:
            self.counts[value] += 1


class Golds:
    """The gold of a criterion: how many items are asked about it, and how often it is what."""

    def __init__(self) -> None:
        self.asked = 0
        self.classes: Counter[str] = Counter()

    def add(self, gold: Gold | None) -> None:
        """Take the gold of an item that is asked about the criterion, None if it has none."""
        self.asked += 1
        if gold is not None:
            self.classes[class_of(gold)] += 1


def class_of(gold: Gold) -> str:
    """What a gold says, in a word."""
    match gold:
        case Preference(value=value):
            return value
        case Score(value=score):
            return f"{score:g}"
        case Ranking(ranks=ranks):
            return " ".join(f"{rank:g}" for rank in ranks)
        case Answers(answers=answers):
            return ", ".join(answers)
        case Steps(errors=errors):
            return ", ".join(error or "right" for error in errors)


class Facts:
    """The usable items of a protocol.

    Attributes:
        n: How many there are.
        held: Each modality that is shown, with the first item that shows it.
        grouped: Whether an item has the stratum of the task's groups.
        golds: By criterion.
        axes: Strata by axis.
        again: Of items that show the same, those after the first, by the number of the first.
        twice: Items with two candidates that are the same.
        trials: What is tried on the gold.
        spread: Some items, evenly spread, with their place among the usable ones.
        golds_given: How many golds there are.
        rated: How many of them two annotators or more have rated.
        answered: Whether people answered a checklist's questions.
    """

    def __init__(self, task: Task) -> None:
        names = [criterion.name for criterion in task.spec.criteria]
        self.n = self.golds_given = self.rated = 0
        self.held: dict[str, str] = {}
        self.grouped = self.answered = False
        self.golds = {name: Golds() for name in names}
        self.axes: dict[str, Axis] = {}
        self.again: dict[int, list[str]] = {}
        self.twice: list[str] = []
        self.trials = [Trial(name, task.root) for name in names]
        self.spread: Spread[tuple[int, Placed]] = Spread(PROMPTED)
        self._groups = task.spec.groups
        self._shown = Stood()

    def add(self, number: int, placed: Placed) -> None:
        """Take the next item, and what its number is."""
        item = placed.item
        self.spread.add((self.n, placed))
        self.n += 1
        for part in shown_parts(item):
            self.held.setdefault("text" if isinstance(part, str) else part.modality, placed.where)
        self.grouped = self.grouped or self._groups in item.strata
        for name in item.criteria or self.golds:
            self.golds[name].add(item.gold.get(name))
        for gold in item.gold.values():
            self.golds_given += 1
            self.answered = self.answered or isinstance(gold, Answers)
            self.rated += len([rating for rating in gold.ratings if rating is not None]) > 1
        for axis, value in item.strata.items():
            self.axes.setdefault(axis, Axis()).add(value)
        for trial in self.trials:
            trial.add(item)
        self._same(number, placed)

    def _same(self, number: int, placed: Placed) -> None:
        """Whether something was shown before."""
        answers = tuple(candidate.parts for candidate in placed.item.candidates)
        asked = tuple(q.text for of in placed.item.checklists.values() for q in of)
        first = self._shown.add((placed.item.prompt, answers, asked), number)
        if first is not None:
            self.again.setdefault(first, []).append(placed.said)
        if len(set(answers)) < len(answers):
            self.twice.append(placed.said)


def shown_parts(item: Item) -> Iterator[str | Media]:
    """Everything that a judge may be shown of an item."""
    yield from item.prompt
    for candidate in item.candidates:
        yield from candidate.parts
    yield from item.reference or ()


class MediaFacts:
    """The media of a task, each looked at once.

    Attributes:
        n: How many files of this machine are named.
        far: How many media are at other places.
        hashed: How many files have a sha256.
        absent: Items whose media are not at hand.
        lost: What is wrong with a file, and the first item that names it.
        spread: Some files that are there, evenly spread, with the first item that names each.
    """

    def __init__(self, root: Path | None) -> None:
        self.root = root
        self.n = self.far = self.hashed = self.absent = 0
        self.lost: list[str] = []
        self.spread: Spread[tuple[Media, str]] = Spread(DECODED)
        self._stood = Stood()

    def add(self, placed: Placed) -> None:
        """Take the media of an item."""
        if placed.item.absent is not None:
            self.absent += 1
            return
        for part in shown_parts(placed.item):
            if isinstance(part, Media) and self._stood.add(part, 0) is None:
                self._look_at(part, placed.said)

    def _look_at(self, medium: Media, said: str) -> None:
        if is_remote(medium.uri):
            self.far += 1
            return
        self.n += 1
        self.hashed += medium.sha256 is not None
        try:
            check_file(locate(medium.uri, self.root), medium.uri, medium.sha256)
        except MediaError as error:
            self.lost.append(f"{said}: {error}")
        else:
            self.spread.add((medium, said))
